/* SPDX-License-Identifier: BSD-2-Clause */
/* What all benchmarks do with times. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include <stddef.h>

/* Seconds of a clock that nobody sets. */
double seconds_now(void);

/* Sorts n >= 1 values; of an even number the larger of the two in the middle. */
double median(double *values, size_t n);

#endif
