/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a call that scores one row takes, call by call, on the dense network with a workspace.
 *   bench_latency [--check]
 * Prints quantiles of a million calls, each between two readings of the clock, and of as many readings with no call in
 * between, which the figures contain. Counts what the calls allocate. --check exits 1 if they allocate, or if a
 * hundredth of them take more than twice the median.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"
#include "dense.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALLS = 1000000, WARM_UP = 10000 };

static const double largest_ratio = 2; /* of p99 to the median */

typedef struct latency {
    aep_model *model;
    aep_workspace *workspace;
    float *rows;
    size_t allocations;
    uint32_t *nanoseconds; /* CALLS, of one series */
} latency;

typedef struct quantiles {
    uint32_t median, p90, p99, p999, max;
} quantiles;

/* ---------------------------------------------------------------------------------------------------------- making */

static void *counted_alloc(size_t size, void *payload)
{
    ++*(size_t *)payload;
    return malloc(size);
}

static void plain_free(void *ptr, void *payload)
{
    (void)payload;
    free(ptr);
}

static int make(latency *l)
{
    const aep_allocator counted = {counted_alloc, plain_free, &l->allocations};
    const size_t n_values = (size_t)BENCH_ROWS * DENSE_COLUMNS;
    l->rows = malloc(n_values * sizeof *l->rows);
    l->nanoseconds = malloc(CALLS * sizeof *l->nanoseconds);
    if (!l->rows || !l->nanoseconds)
        return AEP_E_MEMORY;
    bench_draw(l->rows, n_values);
    int status = dense_model(&l->model, &counted, NULL);
    return status ? status : aep_workspace_new(&l->workspace, l->model);
}

static void discard(latency *l)
{
    aep_workspace_free(l->workspace);
    aep_model_free(l->model);
    free(l->rows);
    free(l->nanoseconds);
}

/* ---------------------------------------------------------------------------------------------------------- timing */

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int score_one(const latency *l, size_t call)
{
    float score;
    return aep_score(&score, l->model, l->workspace, l->rows + call % BENCH_ROWS * DENSE_COLUMNS, 1, DENSE_COLUMNS);
}

static int time_scores(latency *l)
{
    int status = AEP_OK;
    for (size_t i = 0; !status && i < WARM_UP; i++)
        status = score_one(l, i);
    for (size_t i = 0; !status && i < CALLS; i++) {
        const uint64_t start = now();
        status = score_one(l, i);
        l->nanoseconds[i] = (uint32_t)(now() - start);
    }
    return status;
}

static void time_nothing(latency *l)
{
    for (size_t i = 0; i < CALLS; i++) {
        const uint64_t start = now();
        l->nanoseconds[i] = (uint32_t)(now() - start);
    }
}

/* -------------------------------------------------------------------------------------------------------- reporting */

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static quantiles quantiles_of(latency *l)
{
    uint32_t *const ns = l->nanoseconds;
    qsort(ns, CALLS, sizeof *ns, by_size);
    return (quantiles){ns[CALLS / 2], ns[CALLS / 10 * 9], ns[CALLS / 100 * 99], ns[CALLS / 1000 * 999], ns[CALLS - 1]};
}

static void print_quantiles(const char *name, quantiles q)
{
    printf("%-10s %8u %8u %8u %8u %10u %12.2f\n", name, q.median, q.p90, q.p99, q.p999, q.max,
           (double)q.p99 / q.median);
}

static int measure(latency *l, quantiles *score, quantiles *nothing)
{
    const size_t before = l->allocations;
    int status = time_scores(l);
    l->allocations -= before;
    *score = quantiles_of(l);
    time_nothing(l);
    *nothing = quantiles_of(l);
    return status;
}

static bool verdict(const char *what, bool holds)
{
    printf("%s: %s\n", what, holds ? "yes" : "NO");
    return holds;
}

int main(int argc, char **argv)
{
    const bool checking = argc > 1 && !strcmp(argv[1], "--check");
    latency l = {0};
    quantiles score = {0}, nothing = {0};
    int status = make(&l);
    if (!status)
        status = measure(&l, &score, &nothing);
    discard(&l);
    if (status) {
        fprintf(stderr, "%s: %s\n", argv[0], aep_status_str(status));
        return EXIT_FAILURE;
    }
    printf("%-10s %8s %8s %8s %8s %10s %12s\n", "ns", "median", "p90", "p99", "p99.9", "max", "p99/median");
    print_quantiles("score 1", score);
    print_quantiles("no call", nothing);
    bool held = verdict("no allocation in a call", l.allocations == 0);
    held &= verdict("p99 of at most twice the median", score.p99 <= largest_ratio * score.median);
    return held || !checking ? EXIT_SUCCESS : EXIT_FAILURE;
}
