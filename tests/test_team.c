/* SPDX-License-Identifier: BSD-2-Clause */
/* Also under the thread sanitizer, which sees what is not ordered. Nothing is asserted on other threads than the test's. */
#define _DEFAULT_SOURCE
#include "team.h"
#include "failing.h"
#include "runner.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 8, PIECES = 100 };

static failing memory;
static aep_allocator mem;

static void set_up(void) { mem = failing_allocator(&memory, NEVER); }
static void tear_down(void) { ck_assert_uint_eq(memory.live, 0); }

/* ------------------------------------------------------------------------------------------------------------ work */

/* What a run works on: numbers that are not atomic, written by whoever took the piece; who is at work. */
typedef struct work {
    aep__pieces pieces;
    size_t n_workers;
    unsigned given[PIECES], made[PIECES];
    atomic_uint at_work[MOST]; /* by index */
    atomic_bool open;          /* the caller has not come back */
    atomic_uint wrong;         /* indices out of range, or in use already; or at work when the run was over */
} work;

static void make_pieces(void *payload, size_t worker)
{
    work *w = payload;
    if (worker >= w->n_workers || !atomic_load(&w->open) || atomic_fetch_add(&w->at_work[worker], 1)) {
        atomic_fetch_add(&w->wrong, 1);
        return;
    }
    for (size_t piece, one; aep__pieces_take(&piece, &one, &w->pieces);)
        w->made[piece] += w->given[piece];
    atomic_fetch_sub(&w->at_work[worker], 1);
}

/* One run over n pieces; how many were not made exactly once, or by a worker that should not be. */
static size_t run_pieces(aep__team *team, work *w, size_t n, unsigned seed)
{
    size_t wrong = 0;
    aep__pieces_init(&w->pieces, n, 1);
    for (size_t i = 0; i < PIECES; i++)
        w->given[i] = seed + (unsigned)i + 1, w->made[i] = 0;
    atomic_store(&w->open, true);
    aep__team_run(team, make_pieces, w);
    atomic_store(&w->open, false);
    for (size_t i = 0; i < PIECES; i++)
        wrong += w->made[i] != (i < n ? seed + (unsigned)i + 1 : 0);
    for (size_t i = 0; i < MOST; i++)
        wrong += atomic_load(&w->at_work[i]) != 0;
    return wrong + atomic_load(&w->wrong);
}

static void rest(long nanoseconds) { nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL); }

/* ----------------------------------------------------------------------------------------------------------- tests */

START_TEST(every_piece_is_taken_once_by_any_number_of_threads)
{
    for (size_t n = 1; n <= MOST; n++) {
        aep__team *team = aep__team_new(&mem, n);
        work w = {.n_workers = n};
        ck_assert(!team == (n < 2));
        for (unsigned run = 0; run < 300; run++)
            ck_assert_uint_eq(run_pieces(team, &w, run % (PIECES + 1), run), 0);
        aep__team_free(team, &mem);
    }
}
END_TEST

/* One after the other while members still come and go. */
START_TEST(many_short_runs_follow_each_other)
{
    size_t wrong = 0;
    aep__team *team = aep__team_new(&mem, 4);
    work w = {.n_workers = 4};
    ck_assert_ptr_nonnull(team);
    for (unsigned run = 0; run < 10000; run++)
        wrong += run_pieces(team, &w, run % 5, run);
    aep__team_free(team, &mem);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* Members that have gone to sleep, and those that are about to, hear of the next run all the same. */
START_TEST(runs_may_come_after_any_pause)
{
    size_t wrong = 0;
    aep__team *team = aep__team_new(&mem, 3);
    work w = {.n_workers = 3};
    ck_assert_ptr_nonnull(team);
    for (unsigned run = 0; run < 300; run++) {
        wrong += run_pieces(team, &w, PIECES, run);
        rest(1000L * (run * 37 % 400));
    }
    aep__team_free(team, &mem);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(without_a_team_the_caller_works_alone)
{
    work w = {.n_workers = 1};
    ck_assert_ptr_null(aep__team_new(&mem, 0));
    ck_assert_ptr_null(aep__team_new(&mem, 1));
    ck_assert_uint_eq(run_pieces(NULL, &w, PIECES, 5), 0);
    ck_assert_uint_eq(run_pieces(NULL, &w, 0, 5), 0);
    aep__team_free(NULL, &mem);
    ck_assert_uint_eq(memory.calls, 0);
}
END_TEST

START_TEST(teams_are_freed_whether_or_not_they_ran)
{
    for (size_t i = 0; i < 200; i++) {
        const size_t n = 2 + i % (MOST - 1);
        aep__team *team = aep__team_new(&mem, n);
        work w = {.n_workers = n};
        ck_assert_ptr_nonnull(team);
        for (unsigned run = 0; run < i % 3; run++)
            ck_assert_uint_eq(run_pieces(team, &w, PIECES, run), 0);
        if (i % 5 == 4)
            rest(300000); /* all asleep */
        aep__team_free(team, &mem);
        ck_assert_uint_eq(memory.live, 0);
    }
}
END_TEST

START_TEST(a_team_that_cannot_be_had_is_null)
{
    mem = failing_allocator(&memory, 0);
    ck_assert_ptr_null(aep__team_new(&mem, 4));
    mem = failing_allocator(&memory, NEVER);
    ck_assert_ptr_null(aep__team_new(&mem, SIZE_MAX));
    ck_assert_ptr_null(aep__team_new(&mem, SIZE_MAX / 16));
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

/* ------------------------------------------------------------------------------------------ when all members come */

typedef struct meeting {
    size_t n;
    atomic_size_t here;
    atomic_bool came[MOST]; /* by index */
    pthread_t thread[MOST];
    bool handles[MOST]; /* signals of the host */
} meeting;

/* Nobody goes before all are there. */
static void meet(void *payload, size_t worker)
{
    meeting *m = payload;
    if (worker >= m->n || atomic_exchange(&m->came[worker], true))
        return;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    m->handles[worker] = !sigismember(&blocked, SIGINT) || !sigismember(&blocked, SIGALRM);
    m->thread[worker] = pthread_self();
    atomic_fetch_add(&m->here, 1);
    while (atomic_load(&m->here) < m->n)
        sched_yield();
}

START_TEST(every_member_comes_while_there_is_work)
{
    for (size_t n = 2; n <= MOST; n++) {
        aep__team *team = aep__team_new(&mem, n);
        ck_assert_ptr_nonnull(team);
        for (int run = 0; run < 50; run++) {
            meeting m = {.n = n};
            aep__team_run(team, meet, &m);
            ck_assert_uint_eq(atomic_load(&m.here), n);
            ck_assert(pthread_equal(m.thread[0], pthread_self()));
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < i; j++)
                    ck_assert(!pthread_equal(m.thread[i], m.thread[j]));
            if (run % 10 == 9)
                rest(300000);
        }
        aep__team_free(team, &mem);
    }
}
END_TEST

START_TEST(signals_of_the_host_are_left_to_its_own_threads)
{
    aep__team *team = aep__team_new(&mem, 4);
    meeting m = {.n = 4};
    sigset_t before, after;
    ck_assert_ptr_nonnull(team);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    aep__team_run(team, meet, &m);
    aep__team_free(team, &mem);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (size_t i = 0; i < m.n; i++)
        ck_assert_int_eq(m.handles[i], i == 0);
    for (int s = 1; s < 32; s++)
        ck_assert_int_eq(sigismember(&before, s), sigismember(&after, s));
}
END_TEST

/* ------------------------------------------------------------------------------------------------- several teams */

enum { HOSTS = 4 };

typedef struct host {
    pthread_t thread;
    size_t wrong;
} host;

static void *live(void *payload)
{
    host *h = payload;
    const aep_allocator own = {failing_alloc, failing_free, &(failing){.fail_at = NEVER}};
    for (unsigned i = 0; i < 20; i++) {
        const size_t n = 2 + i % 3;
        aep__team *team = aep__team_new(&own, n);
        work w = {.n_workers = n};
        for (unsigned run = 0; run < 50; run++)
            h->wrong += run_pieces(team, &w, run % PIECES, run);
        h->wrong += !team;
        aep__team_free(team, &own);
    }
    return NULL;
}

START_TEST(teams_of_several_threads_do_not_meet)
{
    host hosts[HOSTS] = {{.wrong = 0}};
    for (size_t i = 0; i < HOSTS; i++)
        ck_assert_int_eq(pthread_create(&hosts[i].thread, NULL, live, &hosts[i]), 0);
    for (size_t i = 0; i < HOSTS; i++)
        pthread_join(hosts[i].thread, NULL);
    for (size_t i = 0; i < HOSTS; i++)
        ck_assert_uint_eq(hosts[i].wrong, 0);
}
END_TEST

START_TEST(one_thread_may_have_several_teams)
{
    aep__team *a = aep__team_new(&mem, 3), *b = aep__team_new(&mem, 2);
    work w = {.n_workers = 3}, v = {.n_workers = 2};
    ck_assert(a && b);
    for (unsigned run = 0; run < 500; run++) {
        ck_assert_uint_eq(run_pieces(a, &w, PIECES, run), 0);
        ck_assert_uint_eq(run_pieces(b, &v, PIECES, run), 0);
    }
    aep__team_free(a, &mem);
    aep__team_free(b, &mem);
}
END_TEST

/* ------------------------------------------------------------------------------------ threads that are not given */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#ifndef SANITIZED /* they take more address space than the limit */
enum { MANY = 3000 };

typedef struct crowd {
    aep__pieces pieces;
    atomic_uint made[PIECES], wrong;
} crowd;

static void make_in_crowd(void *payload, size_t worker)
{
    crowd *c = payload;
    if (worker >= MANY)
        atomic_fetch_add(&c->wrong, 1);
    for (size_t piece, one; aep__pieces_take(&piece, &one, &c->pieces);)
        atomic_fetch_add(&c->made[piece], 1);
}

/* The address space, where stacks go, is used up before; the test has a process of its own. */
START_TEST(a_team_is_smaller_where_the_system_refuses_threads)
{
    const rlim_t bytes = (rlim_t)1 << 29;
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
    if (getenv("CK_FORK") && !strcmp(getenv("CK_FORK"), "no"))
        return;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    aep__team *team = aep__team_new(&mem, MANY);
    for (int run = 0; run < 20; run++) {
        crowd c = {.wrong = 0};
        aep__pieces_init(&c.pieces, PIECES, 1);
        aep__team_run(team, make_in_crowd, &c);
        for (size_t i = 0; i < PIECES; i++)
            ck_assert_uint_eq(atomic_load(&c.made[i]), 1);
        ck_assert_uint_eq(atomic_load(&c.wrong), 0);
    }
    aep__team_free(team, &mem);
}
END_TEST
#endif

/* What the system is asked for, by --wrap; the call `fail_at`, from 0, and all later ones are refused. */
static atomic_size_t asked;
static size_t fail_at = NEVER;
static atomic_int held; /* mutexes and conditions not destroyed */

static int ask(void) { return asked++ < fail_at ? 0 : EAGAIN; }

int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __real_pthread_mutex_destroy(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex);
int __real_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __real_pthread_cond_destroy(pthread_cond_t *condition);
int __wrap_pthread_cond_destroy(pthread_cond_t *condition);
int __real_pthread_sigmask(int how, const sigset_t *set, sigset_t *before);
int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *before);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *), void *payload);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *), void *payload);

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    const int status = ask();
    held += !status;
    return status ? status : __real_pthread_mutex_init(mutex, attributes);
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    held--;
    return __real_pthread_mutex_destroy(mutex);
}

int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    const int status = ask();
    held += !status;
    return status ? status : __real_pthread_cond_init(condition, attributes);
}

int __wrap_pthread_cond_destroy(pthread_cond_t *condition)
{
    held--;
    return __real_pthread_cond_destroy(condition);
}

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
    const int status = before && set && fail_at != NEVER ? ask() : 0; /* giving the mask back is never refused */
    return status ? status : __real_pthread_sigmask(how, set, before);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *), void *payload)
{
    const int status = fail_at != NEVER ? ask() : 0;
    return status ? status : __real_pthread_create(thread, attributes, fn, payload);
}

/* A mutex, two conditions, the mask of signals, two threads. */
START_TEST(what_the_system_refuses_leaves_no_team_and_nothing_behind)
{
    enum { BEFORE_THREADS = 4 };
    for (size_t at = 0; at <= BEFORE_THREADS; at++) {
        asked = 0;
        held = 0;
        fail_at = at;
        ck_assert_ptr_null(aep__team_new(&mem, 3));
        fail_at = NEVER;
        ck_assert_int_eq(held, 0);
        ck_assert_uint_eq(memory.live, 0);
    }
    asked = 0;
    fail_at = BEFORE_THREADS + 1; /* one thread is had */
    aep__team *team = aep__team_new(&mem, 3);
    fail_at = NEVER;
    ck_assert_ptr_nonnull(team);
    meeting m = {.n = 2};
    aep__team_run(team, meet, &m);
    ck_assert_uint_eq(atomic_load(&m.here), 2);
    ck_assert(m.handles[0] && !m.handles[1]);
    aep__team_free(team, &mem);
    ck_assert_int_eq(held, 0);
}
END_TEST

/* A child has none of the threads: it works alone, and waits for nobody. */
START_TEST(a_child_works_alone_and_frees_the_team)
{
    aep__team *team = aep__team_new(&mem, 4);
    work w = {.n_workers = 1};
    int status;
    ck_assert_ptr_nonnull(team);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (!child) {
        const size_t wrong = run_pieces(team, &w, PIECES, 3);
        aep__team_free(team, &mem);
        exit(wrong || memory.live);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    w = (work){.n_workers = 4};
    ck_assert_uint_eq(run_pieces(team, &w, PIECES, 3), 0);
    aep__team_free(team, &mem);
}
END_TEST

START_TEST(pieces_are_taken_in_their_order_and_then_no_more)
{
    aep__pieces pieces;
    size_t piece, one;
    for (size_t n = 0; n < 5; n++) {
        aep__pieces_init(&pieces, n, 1);
        for (size_t i = 0; i < n; i++) {
            ck_assert(aep__pieces_take(&piece, &one, &pieces));
            ck_assert_uint_eq(piece, i);
            ck_assert_uint_eq(one, 1);
        }
        for (int i = 0; i < 3; i++)
            ck_assert(!aep__pieces_take(&piece, &one, &pieces));
    }
}
END_TEST

START_TEST(pieces_cover_all_numbers_and_none_twice)
{
    for (size_t n = 0; n < 40; n++)
        for (size_t each = 1; each < 45; each++) {
            aep__pieces pieces;
            size_t first, count, next = 0;
            aep__pieces_init(&pieces, n, each);
            while (aep__pieces_take(&first, &count, &pieces)) {
                ck_assert(first == next && count >= 1 && count <= each);
                next = first + count;
            }
            ck_assert_uint_eq(next, n);
        }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_piece_is_taken_once_by_any_number_of_threads,
                                  many_short_runs_follow_each_other,
                                  runs_may_come_after_any_pause,
                                  without_a_team_the_caller_works_alone,
                                  teams_are_freed_whether_or_not_they_ran,
                                  a_team_that_cannot_be_had_is_null,
                                  every_member_comes_while_there_is_work,
                                  signals_of_the_host_are_left_to_its_own_threads,
                                  teams_of_several_threads_do_not_meet,
                                  one_thread_may_have_several_teams,
#ifndef SANITIZED
                                  a_team_is_smaller_where_the_system_refuses_threads,
#endif
                                  what_the_system_refuses_leaves_no_team_and_nothing_behind,
                                  a_child_works_alone_and_frees_the_team,
                                  pieces_are_taken_in_their_order_and_then_no_more,
                                  pieces_cover_all_numbers_and_none_twice};
    TCase *tc = tcase_create("team");
    tcase_set_timeout(tc, 100);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tc, tests[i]);
    return run_case("team", tc);
}
