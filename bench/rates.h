/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows per second of calls, in repeats of about a tenth of a second; also on demand, so that compare.py can measure
 * several programs in turn. A program defines struct bench, which is what its calls work on, and lists its measures.
 */
#ifndef BENCH_RATES_H
#define BENCH_RATES_H

#include <stddef.h>

enum { MOST_MEASURES = 16 };

typedef struct bench bench;

typedef struct bench_measure {
    const char *name;
    int (*call)(bench *b, size_t batch); /* 0, or a status that ends the program */
    size_t batch;                        /* rows a call */
} bench_measure;

typedef struct rates {
    bench *subject;
    const bench_measure *measures;
    size_t n_measures;
    size_t calls[MOST_MEASURES]; /* of a repeat; 0: not known yet */
} rates;

/* The rate of one repeat. All return 0, or the status of the call that failed. */
int rates_repeat(double *rows_per_second, rates *r, size_t measure);

/* The median of several repeats of each measure, as a table. */
int rates_print(rates *r);

/* For each line of input, which names a measure, the rate of a repeat; unknown: the status for a name not known. */
int rates_serve(rates *r, int unknown);

/* ["train_32", "score_1"], for the line of JSON that tells about a program before it serves. */
void rates_print_names(const rates *r);

#endif
