/* SPDX-License-Identifier: BSD-2-Clause */
#define _POSIX_C_SOURCE 200809L
#include "team.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define RELAX() _mm_pause()
#else
#define RELAX() ((void)0)
#endif

/* How often a flag is looked at before a thread goes to sleep, about 0.1 ms: longer than what one thread does between
   two runs of a step. */
enum { SPINS = 5000 };

/* Of a run: whether members may still enter, and how many are at work. */
enum { OPEN = 1 << 16 };

typedef struct member {
    aep__team *team;
    size_t index;
    pthread_t thread;
} member;

struct aep__team {
    size_t n_others;
    pid_t process;               /* that has the threads */
    atomic_uint run;             /* counts them */
    atomic_uint state;           /* OPEN and the number at work */
    atomic_bool ended;           /* no run will come */
    atomic_uint asleep, waiting; /* members without work; the caller, when others are still at work */
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    aep__work_fn *fn;
    void *payload;
    member member[];
};

static bool has_news(aep__team *team, unsigned seen) { return atomic_load(&team->run) != seen; }

static void wait_for_news(aep__team *team, unsigned seen)
{
    for (int i = 0; i < SPINS && !has_news(team, seen); i++)
        RELAX();
    if (has_news(team, seen))
        return;
    pthread_mutex_lock(&team->mutex);
    atomic_fetch_add(&team->asleep, 1); /* before the last look: who announces a run looks at it afterwards */
    while (!has_news(team, seen))
        pthread_cond_wait(&team->work, &team->mutex);
    atomic_fetch_sub(&team->asleep, 1);
    pthread_mutex_unlock(&team->mutex);
}

/* False when the caller is through already. */
static bool enter(aep__team *team)
{
    unsigned state = atomic_load(&team->state);
    while (state & OPEN)
        if (atomic_compare_exchange_weak(&team->state, &state, state + 1))
            return true;
    return false;
}

static void leave(aep__team *team)
{
    if (atomic_fetch_sub(&team->state, 1) != 1 || !atomic_load(&team->waiting))
        return;
    pthread_mutex_lock(&team->mutex);
    pthread_cond_signal(&team->done);
    pthread_mutex_unlock(&team->mutex);
}

static void *live(void *payload)
{
    member *self = payload;
    aep__team *team = self->team;
    for (unsigned seen = 0;;) {
        wait_for_news(team, seen);
        seen = atomic_load(&team->run);
        if (atomic_load(&team->ended))
            return NULL;
        if (enter(team)) {
            team->fn(team->payload, self->index);
            leave(team);
        }
    }
}

static void announce(aep__team *team)
{
    atomic_fetch_add(&team->run, 1);
    if (!atomic_load(&team->asleep))
        return;
    pthread_mutex_lock(&team->mutex);
    pthread_cond_broadcast(&team->work);
    pthread_mutex_unlock(&team->mutex);
}

static void wait_for_members(aep__team *team)
{
    for (int i = 0; i < SPINS && atomic_load(&team->state); i++)
        RELAX();
    if (!atomic_load(&team->state))
        return;
    pthread_mutex_lock(&team->mutex);
    atomic_store(&team->waiting, 1);
    while (atomic_load(&team->state))
        pthread_cond_wait(&team->done, &team->mutex);
    atomic_store(&team->waiting, 0);
    pthread_mutex_unlock(&team->mutex);
}

void aep__team_run(aep__team *team, aep__work_fn *fn, void *payload)
{
    if (!team || team->process != getpid()) {
        fn(payload, 0);
        return;
    }
    team->fn = fn;
    team->payload = payload;
    atomic_store(&team->state, OPEN);
    announce(team);
    fn(payload, 0);
    atomic_fetch_sub(&team->state, OPEN);
    wait_for_members(team);
}

/* The host's signals are not for these threads. */
static size_t start(aep__team *team, size_t n)
{
    sigset_t all, before;
    size_t started = 0;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before))
        return 0;
    for (; started < n; started++) {
        member *m = &team->member[started];
        *m = (member){.team = team, .index = started + 1};
        if (pthread_create(&m->thread, NULL, live, m))
            break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

aep__team *aep__team_new(const aep_allocator *mem, size_t n)
{
    size_t bytes;
    if (n < 2 || !aep__mul(&bytes, n - 1, sizeof(member)) || !aep__add(&bytes, bytes, sizeof(aep__team)))
        return NULL;
    aep__team *team = aep__alloc(mem, bytes, 1);
    if (!team)
        return NULL;
    if (pthread_mutex_init(&team->mutex, NULL))
        goto no_mutex;
    if (pthread_cond_init(&team->work, NULL))
        goto no_work;
    if (pthread_cond_init(&team->done, NULL))
        goto no_done;
    team->process = getpid();
    team->n_others = start(team, n - 1);
    if (team->n_others)
        return team;
    pthread_cond_destroy(&team->done);
no_done:
    pthread_cond_destroy(&team->work);
no_work:
    pthread_mutex_destroy(&team->mutex);
no_mutex:
    aep__free(mem, team);
    return NULL;
}

void aep__team_free(aep__team *team, const aep_allocator *mem)
{
    if (!team)
        return;
    if (team->process != getpid()) { /* nobody to join, and mutexes in whatever state */
        aep__free(mem, team);
        return;
    }
    atomic_store(&team->ended, true);
    announce(team);
    for (size_t i = 0; i < team->n_others; i++)
        pthread_join(team->member[i].thread, NULL);
    pthread_cond_destroy(&team->done);
    pthread_cond_destroy(&team->work);
    pthread_mutex_destroy(&team->mutex);
    aep__free(mem, team);
}

void aep__pieces_init(aep__pieces *pieces, size_t n, size_t each)
{
    atomic_init(&pieces->next, 0);
    pieces->n = n;
    pieces->each = each;
}

bool aep__pieces_take(size_t *first, size_t *count, aep__pieces *pieces)
{
    const size_t piece = atomic_fetch_add(&pieces->next, 1);
    if (piece > (pieces->n - 1) / pieces->each || !pieces->n)
        return false;
    *first = piece * pieces->each;
    *count = pieces->n - *first < pieces->each ? pieces->n - *first : pieces->each;
    return true;
}
