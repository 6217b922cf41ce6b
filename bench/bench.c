/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    const bench_network *network;
    aep_model *model;
    aep_workspace *workspace;
    float *rows, *scores;
    size_t next; /* first row of the next call */
    size_t used; /* bytes that the library holds */
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

static const float *next_rows(bench *b, size_t batch)
{
    if (b->next + batch > BENCH_ROWS)
        b->next = 0;
    const float *rows = b->rows + b->next * b->network->n_columns;
    b->next += batch;
    return rows;
}

int bench_train(bench *b, size_t batch)
{
    return aep_fit_batch(b->model, next_rows(b, batch), batch, b->network->n_columns);
}

int bench_score(bench *b, size_t batch)
{
    return aep_score(b->scores, b->model, b->workspace, next_rows(b, batch), batch, b->network->n_columns);
}

/* ---------------------------------------------------------------------------------------------------------- making */

/* by a linear congruential generator */
void bench_draw(float *rows, size_t n_values)
{
    uint32_t state = 1;
    for (size_t i = 0; i < n_values; i++) {
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
        if (b->network->measures[i].call == bench_train)
            status = bench_train(b, b->network->measures[i].batch);
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
    bench_draw(b->rows, n_values);
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

/* -------------------------------------------------------------------------------------------------------- reporting */

static int print_table(const bench *b, rates *r)
{
    int status = rates_print(r);
    if (!status)
        printf("bytes: model %zu, workspace %zu, training %zu\n", b->model_bytes, b->workspace_bytes,
               b->training_bytes);
    return status;
}

static int serve(const bench *b, rates *r)
{
    printf("{\"model_bytes\": %zu, \"workspace_bytes\": %zu, \"training_bytes\": %zu, \"measures\": ", b->model_bytes,
           b->workspace_bytes, b->training_bytes);
    rates_print_names(r);
    printf("}\n");
    fflush(stdout);
    return rates_serve(r, AEP_E_OPTION);
}

int bench_main(const bench_network *network, int argc, char **argv)
{
    bool serving = false;
    for (int i = 1; i < argc; i++)
        serving |= !strcmp(argv[i], "--serve");
    bench b;
    rates r = {.subject = &b, .measures = network->measures, .n_measures = network->n_measures};
    int status = make(&b, network);
    if (!status)
        status = serving ? serve(&b, &r) : print_table(&b, &r);
    if (status)
        fprintf(stderr, "%s: %s\n", argv[0], aep_status_str(status));
    discard(&b);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
