/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What more threads gain, on the dense network: training in batches of 1,024 (aep_fit_batch, and an epoch of aep_fit),
 * scoring of many rows in one call, and scoring on one model by several threads of the host, each with a workspace.
 *   bench_threads [--threads N] [--busy] [--check]
 * --busy: another process keeps one core busy meanwhile. --check: exit 1 unless N threads are 1.8 times as fast as one
 * (0.9 with --busy), and give the same bytes.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"
#include "dense.h"
#include "timing.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 1000000, FIT_ROWS = 200000, BATCH = 1024, STEPS = 150, REPEATS = 9, MOST_THREADS = 64 };

typedef struct scene {
    aep_model *model[2]; /* of one thread, and of many */
    aep_workspace *workspace[2];
    size_t threads[2];
    float *rows, *scores[2];
} scene;

/* ------------------------------------------------------------------------------------------------------- measures */

static int fit_batches(scene *s, int which)
{
    int status = AEP_OK;
    for (size_t i = 0; !status && i < STEPS; i++)
        status = aep_fit_batch(s->model[which], s->rows + i * BATCH * DENSE_COLUMNS, BATCH, DENSE_COLUMNS);
    return status;
}

static int fit_epoch(scene *s, int which)
{
    return aep_fit(s->model[which], s->rows, FIT_ROWS, DENSE_COLUMNS, NULL, NULL);
}

static int score(scene *s, int which)
{
    return aep_score(s->scores[which], s->model[which], s->workspace[which], s->rows, ROWS, DENSE_COLUMNS);
}

typedef struct share {
    pthread_t thread;
    const aep_model *model;
    const float *rows;
    float *scores;
    size_t n;
    int status;
} share;

/* As a server does: small calls. */
static void *score_share(void *payload)
{
    share *h = payload;
    aep_workspace *workspace;
    h->status = aep_workspace_new(&workspace, h->model);
    for (size_t i = 0, n; !h->status && i < h->n; i += n) {
        n = h->n - i < 64 ? h->n - i : 64;
        h->status = aep_score(h->scores + i, h->model, workspace, h->rows + i * DENSE_COLUMNS, n, DENSE_COLUMNS);
    }
    aep_workspace_free(workspace);
    return NULL;
}

/* Threads of the host, on the model that was allowed one. */
static int score_by_host(scene *s, int which)
{
    share shares[MOST_THREADS];
    const size_t n = s->threads[which];
    int status = AEP_OK;
    for (size_t i = 0; i < n; i++) {
        const size_t first = i * ROWS / n, end = (i + 1) * ROWS / n;
        shares[i] = (share){.model = s->model[0],
                            .rows = s->rows + first * DENSE_COLUMNS,
                            .scores = s->scores[which] + first,
                            .n = end - first};
        if (pthread_create(&shares[i].thread, NULL, score_share, &shares[i]))
            exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < n; i++) {
        pthread_join(shares[i].thread, NULL);
        status = status ? status : shares[i].status;
    }
    return status;
}

static const struct {
    const char *name;
    int (*run)(scene *s, int which);
    size_t rows;
    bool scores; /* else trains */
} measures[] = {{"aep_fit_batch, 1,024 rows", fit_batches, STEPS *BATCH, false},
                {"aep_fit, batches of 1,024", fit_epoch, FIT_ROWS, false},
                {"aep_score, 1,000,000 rows", score, ROWS, true},
                {"host threads, calls of 64", score_by_host, ROWS, true}};
enum { N_MEASURES = sizeof measures / sizeof *measures };

/* ---------------------------------------------------------------------------------------------------------- making */

static int make(scene *s, size_t threads)
{
    *s = (scene){.threads = {1, threads}};
    s->rows = malloc((size_t)ROWS * DENSE_COLUMNS * sizeof *s->rows);
    if (!s->rows)
        return AEP_E_MEMORY;
    bench_draw(s->rows, (size_t)ROWS * DENSE_COLUMNS);
    int status = AEP_OK;
    for (int i = 0; !status && i < 2; i++) {
        s->scores[i] = malloc(ROWS * sizeof *s->scores[i]);
        status = s->scores[i] ? dense_model(&s->model[i], NULL, NULL) : AEP_E_MEMORY;
        if (!status)
            status = aep_model_set(s->model[i], AEP_OPT_EPOCHS, 1);
        if (!status)
            status = aep_model_set(s->model[i], AEP_OPT_BATCH, BATCH);
        if (!status)
            status = aep_model_set_threads(s->model[i], s->threads[i]);
        if (!status)
            status = aep_workspace_new(&s->workspace[i], s->model[i]);
    }
    return status;
}

static void discard(scene *s)
{
    for (int i = 0; i < 2; i++) {
        aep_workspace_free(s->workspace[i]);
        aep_model_free(s->model[i]);
        free(s->scores[i]);
    }
    free(s->rows);
}

static bool same_models(const scene *s)
{
    size_t size[2] = {0};
    unsigned char *data[2] = {NULL};
    for (int i = 0; i < 2; i++) {
        aep_model_save_size(&size[i], s->model[i]);
        data[i] = malloc(size[i]);
        if (!data[i] || aep_model_save(data[i], size[i], s->model[i]))
            size[i] = (size_t)i;
    }
    const bool same = size[0] == size[1] && !memcmp(data[0], data[1], size[0]);
    free(data[0]), free(data[1]);
    return same;
}

/* --------------------------------------------------------------------------------------------------------- running */

/* In turns; *seconds of one thread and of many. */
static int measure(double seconds[2], scene *s, size_t which)
{
    double taken[2][REPEATS];
    for (int r = 0; r < REPEATS; r++)
        for (int i = 0; i < 2; i++) {
            const double start = seconds_now();
            int status = measures[which].run(s, i);
            if (status)
                return status;
            taken[i][r] = seconds_now() - start;
        }
    for (int i = 0; i < 2; i++)
        seconds[i] = median(taken[i], REPEATS);
    return AEP_OK;
}

/* Until this process kills it, or ends. */
static pid_t keep_a_core_busy(void)
{
    const pid_t parent = getpid(), child = fork();
    while (!child)
        for (volatile unsigned i = 0; i < 10000000; i++)
            if (i == 0 && getppid() != parent)
                _exit(0);
    return child;
}

static int run(bool *holds, scene *s, double bound)
{
    for (size_t i = 0; i < N_MEASURES; i++) {
        double seconds[2];
        int status = measure(seconds, s, i);
        if (status)
            return status;
        const bool same =
            measures[i].scores ? !memcmp(s->scores[0], s->scores[1], ROWS * sizeof *s->scores[0]) : same_models(s);
        const double ratio = seconds[0] / seconds[1], rows = (double)measures[i].rows;
        printf("%-28s 1 thread %10.0f rows/s, %zu threads %10.0f rows/s: %.2f times, %s\n", measures[i].name,
               rows / seconds[0], s->threads[1], rows / seconds[1], ratio, same ? "same bytes" : "OTHER BYTES");
        fflush(stdout);
        *holds &= same && ratio >= bound;
    }
    return AEP_OK;
}

int main(int argc, char **argv)
{
    scene s;
    size_t threads = 2;
    bool busy = false, check = false, holds = true;
    for (int i = 1; i < argc; i++) {
        busy |= !strcmp(argv[i], "--busy");
        check |= !strcmp(argv[i], "--check");
        if (!strcmp(argv[i], "--threads") && i + 1 < argc)
            threads = strtoul(argv[++i], NULL, 10);
    }
    if (threads < 2 || threads > MOST_THREADS) {
        fprintf(stderr, "%s: --threads takes 2 to %d\n", argv[0], MOST_THREADS);
        return EXIT_FAILURE;
    }
    const double bound = busy ? 0.9 : 1.8;
    const pid_t child = busy ? keep_a_core_busy() : 0;
    int status = make(&s, threads);
    if (!status)
        status = run(&holds, &s, bound);
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    if (status)
        fprintf(stderr, "%s: %s\n", argv[0], aep_status_str(status));
    discard(&s);
    if (check)
        printf("at least %g times and the same bytes: %s\n", bound, holds ? "yes" : "NO");
    return status || (check && !holds) ? EXIT_FAILURE : EXIT_SUCCESS;
}
