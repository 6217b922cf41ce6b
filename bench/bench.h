/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the speed benchmarks share: rows per second of training and scoring one network with batches of several sizes,
 * and the memory that it takes. A benchmark describes its network and its measures, and calls bench_main.
 */
#ifndef BENCH_H
#define BENCH_H

#include "rates.h"

#include <aepred.h>

enum { BENCH_ROWS = 4096 }; /* that calls take their batches from */

typedef struct bench_network {
    size_t n_columns;
    /* a model that can train and score; rows: BENCH_ROWS of them, uniform in [-1, 1) */
    int (*make)(aep_model **model, const aep_allocator *allocator, const float *rows);
    const bench_measure *measures;
    size_t n_measures;
} bench_network;

/* Calls to measure: aep_fit_batch, and aep_score with a workspace. */
int bench_train(bench *b, size_t batch);
int bench_score(bench *b, size_t batch);

/* Rows uniform in [-1, 1), the same each time. */
void bench_draw(float *rows, size_t n_values);

/*
 * Without arguments print a table of medians. With --serve print a line of JSON that names the measures and tells the
 * memory, then, for each line of input, which names a measure, the rows per second of about a tenth of a second: so two
 * programs can be measured in turn. Returns the status of the process. Threads are those of the BLAS: set
 * OPENBLAS_NUM_THREADS=1 to measure one.
 */
int bench_main(const bench_network *network, int argc, char **argv);

#endif
