/* SPDX-License-Identifier: BSD-2-Clause */
/* The dense network that is measured: 118-60-30-10-3, mirrored decoder, head 10-10, tanh. */
#ifndef BENCH_DENSE_H
#define BENCH_DENSE_H

#include <aepred.h>

enum { DENSE_COLUMNS = 118 };

/* Scales as preset (z-score, squashed by tanh), learned from BENCH_ROWS rows, or not at all if rows is NULL. */
int dense_model(aep_model **model, const aep_allocator *allocator, const float *rows);

#endif
