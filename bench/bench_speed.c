/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Training and scoring rows per second of a 118-60-30-8 network (mirrored decoder, head 64-64, tanh), as medians.
 *   bench_speed [--json] [--scaled]
 * --scaled: with the preset scaling (z-score, squashed by tanh) instead of none. Threads are those of the BLAS: set
 * OPENBLAS_NUM_THREADS=1 to measure one.
 */
#include <aepred.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS = 118, ROWS = 4096, REPEATS = 9 };

static const double seconds_a_repeat = 0.1;

typedef struct bench {
    aep_model *model;
    aep_workspace *workspace;
    float *rows, *scores;
    size_t batch, next; /* rows a call; first row of the next call */
} bench;

typedef struct measure {
    const char *name;
    int (*call)(bench *b);
    size_t batch;
} measure;

static double now(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const float *next_rows(bench *b)
{
    if (b->next + b->batch > ROWS)
        b->next = 0;
    const float *rows = b->rows + b->next * COLUMNS;
    b->next += b->batch;
    return rows;
}

static int train(bench *b) { return aep_fit_batch(b->model, next_rows(b), b->batch, COLUMNS); }

static int score(bench *b) { return aep_score(b->scores, b->model, b->workspace, next_rows(b), b->batch, COLUMNS); }

static int run(bench *b, const measure *m, size_t calls)
{
    for (size_t i = 0; i < calls; i++) {
        int status = m->call(b);
        if (status)
            return status;
    }
    return AEP_OK;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int rows_per_second(double *rate, bench *b, const measure *m)
{
    double rates[REPEATS], took = 0;
    size_t calls = 1;
    int status = AEP_OK;
    b->batch = m->batch;
    for (; !status && took < seconds_a_repeat; calls *= 2) {
        const double start = now();
        status = run(b, m, calls);
        took = now() - start;
    }
    for (int i = 0; !status && i < REPEATS; i++) {
        const double start = now();
        status = run(b, m, calls / 2);
        rates[i] = (double)(calls / 2 * m->batch) / (now() - start);
    }
    if (status)
        return status;
    qsort(rates, REPEATS, sizeof *rates, by_size);
    *rate = rates[REPEATS / 2];
    return AEP_OK;
}

static int make_model(aep_model **model, bool scaled, const float *rows)
{
    static const size_t encoder[] = {60, 30, 8}, head[] = {64, 64};
    aep_options *options;
    int status = aep_options_new(&options);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 3);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_HEAD, head, 2);
    if (!status && !scaled)
        status = aep_options_set(options, AEP_OPT_SCALING, AEP_SCALING_NONE);
    if (!status && !scaled)
        status = aep_options_set(options, AEP_OPT_SQUASH, AEP_SQUASH_NONE);
    if (!status)
        status = aep_model_new(model, options, COLUMNS);
    if (!status && scaled)
        status = aep_fit_scaling(*model, rows, ROWS, COLUMNS);
    aep_options_free(options);
    return status;
}

/* uniform in [-1, 1), by a linear congruential generator */
static void draw(float *rows, size_t n)
{
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        rows[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

static int measure_all(bench *b, bool json)
{
    static const measure measures[] = {{"train_32", train, 32}, {"train_256", train, 256}, {"train_1024", train, 1024},
                                       {"score_1", score, 1},   {"score_64", score, 64},   {"score_4096", score, 4096}};
    const size_t n = sizeof measures / sizeof *measures;
    for (size_t i = 0; i < n; i++) {
        double rate;
        int status = rows_per_second(&rate, b, &measures[i]);
        if (status)
            return status;
        if (json)
            printf("%s\"%s\": %.1f%s", i ? ", " : "{", measures[i].name, rate, i + 1 < n ? "" : "}\n");
        else
            printf("%-12s %14.0f rows/s\n", measures[i].name, rate);
        fflush(stdout);
    }
    return AEP_OK;
}

int main(int argc, char **argv)
{
    bool json = false, scaled = false;
    for (int i = 1; i < argc; i++) {
        json |= !strcmp(argv[i], "--json");
        scaled |= !strcmp(argv[i], "--scaled");
    }
    bench b = {.rows = malloc(sizeof(float) * ROWS * COLUMNS), .scores = malloc(sizeof(float) * ROWS)};
    int status = AEP_E_MEMORY;
    if (b.rows && b.scores) {
        draw(b.rows, (size_t)ROWS * COLUMNS);
        status = make_model(&b.model, scaled, b.rows);
    }
    if (!status)
        status = aep_workspace_new(&b.workspace, b.model);
    if (!status)
        status = measure_all(&b, json);
    if (status)
        fprintf(stderr, "bench_speed: %s\n", aep_status_str(status));
    aep_workspace_free(b.workspace);
    aep_model_free(b.model);
    free(b.rows);
    free(b.scores);
    return status ? 1 : 0;
}
