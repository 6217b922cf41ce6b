/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 9, MOST_MEASURES = 16 };

static const double seconds_a_repeat = 0.1;

struct bench {
    const bench_network *network;
    aep_model *model;
    aep_workspace *workspace;
    float *rows, *scores;
    size_t batch, next;          /* rows a call; first row of the next call */
    size_t calls[MOST_MEASURES]; /* that take about seconds_a_repeat, 0: not known yet */
    size_t used;                 /* bytes that the library holds */
    size_t model_bytes, workspace_bytes, training_bytes;
};

/* --------------------------------------------------------------------------------------------------------- memory */

/* Stands before every block and remembers its size; the union keeps what follows aligned for any type. */
union header {
    size_t size;
    max_align_t align;
};

static void *counted_alloc(size_t size, void *payload)
{
    union header *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    *(size_t *)payload += size;
    return block + 1;
}

static void counted_free(void *ptr, void *payload)
{
    union header *block = (union header *)ptr - 1;
    *(size_t *)payload -= block->size;
    free(block);
}

/* ---------------------------------------------------------------------------------------------------------- calls */

static const float *next_rows(bench *b)
{
    if (b->next + b->batch > BENCH_ROWS)
        b->next = 0;
    const float *rows = b->rows + b->next * b->network->n_columns;
    b->next += b->batch;
    return rows;
}

int bench_train(bench *b) { return aep_fit_batch(b->model, next_rows(b), b->batch, b->network->n_columns); }

int bench_score(bench *b)
{
    return aep_score(b->scores, b->model, b->workspace, next_rows(b), b->batch, b->network->n_columns);
}

/* ---------------------------------------------------------------------------------------------------------- making */

/* uniform in [-1, 1), by a linear congruential generator */
static void draw(float *rows, size_t n)
{
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        rows[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

/* What training holds for its largest batch. */
static int measure_training_bytes(bench *b)
{
    const size_t before = b->used;
    int status = AEP_OK;
    for (size_t i = 0; !status && i < b->network->n_measures; i++)
        if (b->network->measures[i].call == bench_train) {
            b->batch = b->network->measures[i].batch;
            status = bench_train(b);
        }
    b->training_bytes = b->used - before;
    return status;
}

static int make(bench *b, const bench_network *network)
{
    const aep_allocator counted = {counted_alloc, counted_free, &b->used};
    const size_t n_values = BENCH_ROWS * network->n_columns;
    *b = (bench){.network = network};
    b->rows = malloc(n_values * sizeof *b->rows);
    b->scores = malloc(BENCH_ROWS * sizeof *b->scores);
    if (!b->rows || !b->scores)
        return AEP_E_MEMORY;
    draw(b->rows, n_values);
    int status = network->make(&b->model, &counted, b->rows);
    b->model_bytes = b->used;
    if (!status)
        status = aep_workspace_new(&b->workspace, b->model);
    b->workspace_bytes = b->used - b->model_bytes;
    return status ? status : measure_training_bytes(b);
}

static void discard(bench *b)
{
    aep_workspace_free(b->workspace);
    aep_model_free(b->model);
    free(b->rows);
    free(b->scores);
}

/* ---------------------------------------------------------------------------------------------------------- timing */

static double now(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int run(double *seconds, bench *b, const bench_measure *m, size_t calls)
{
    const double start = now();
    b->batch = m->batch;
    for (size_t i = 0; i < calls; i++) {
        int status = m->call(b);
        if (status)
            return status;
    }
    *seconds = now() - start;
    return AEP_OK;
}

/* Rows per second of one repeat. */
static int repeat(double *rate, bench *b, size_t measure)
{
    const bench_measure *m = &b->network->measures[measure];
    double seconds = 0;
    int status = AEP_OK;
    if (!b->calls[measure]) {
        size_t calls = 1;
        while (!(status = run(&seconds, b, m, calls)) && seconds < seconds_a_repeat)
            calls *= 2;
        b->calls[measure] = calls;
    }
    if (!status)
        status = run(&seconds, b, m, b->calls[measure]);
    *rate = (double)(b->calls[measure] * m->batch) / seconds;
    return status;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* -------------------------------------------------------------------------------------------------------- reporting */

static int print_table(bench *b)
{
    for (size_t i = 0; i < b->network->n_measures; i++) {
        double rates[REPEATS];
        for (int j = 0; j < REPEATS; j++) {
            int status = repeat(&rates[j], b, i);
            if (status)
                return status;
        }
        qsort(rates, REPEATS, sizeof *rates, by_size);
        printf("%-12s %14.0f rows/s\n", b->network->measures[i].name, rates[REPEATS / 2]);
        fflush(stdout);
    }
    printf("bytes: model %zu, workspace %zu, training %zu\n", b->model_bytes, b->workspace_bytes, b->training_bytes);
    return AEP_OK;
}

static size_t find(const bench_network *network, const char *name)
{
    size_t i = 0;
    while (i < network->n_measures && strcmp(network->measures[i].name, name))
        i++;
    return i;
}

static int serve(bench *b)
{
    char name[64];
    printf("{\"model_bytes\": %zu, \"workspace_bytes\": %zu, \"training_bytes\": %zu, \"measures\": [", b->model_bytes,
           b->workspace_bytes, b->training_bytes);
    for (size_t i = 0; i < b->network->n_measures; i++)
        printf("%s\"%s\"", i ? ", " : "", b->network->measures[i].name);
    printf("]}\n");
    fflush(stdout);
    while (fgets(name, sizeof name, stdin)) {
        double rate;
        name[strcspn(name, "\n")] = '\0';
        const size_t measure = find(b->network, name);
        int status = measure < b->network->n_measures ? repeat(&rate, b, measure) : AEP_E_OPTION;
        if (status)
            return status;
        printf("%.1f\n", rate);
        fflush(stdout);
    }
    return AEP_OK;
}

int bench_main(const bench_network *network, int argc, char **argv)
{
    bool serving = false;
    for (int i = 1; i < argc; i++)
        serving |= !strcmp(argv[i], "--serve");
    bench b;
    int status = make(&b, network);
    if (!status)
        status = serving ? serve(&b) : print_table(&b);
    if (status)
        fprintf(stderr, "%s: %s\n", argv[0], aep_status_str(status));
    discard(&b);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
