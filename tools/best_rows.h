/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows with the highest scores of a stream, so far. */
#ifndef AEPRED_BEST_ROWS_H
#define AEPRED_BEST_ROWS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct best_row {
    float score;
    size_t number; /* in the input */
    float *values; /* (n_columns) */
} best_row;

typedef struct best_rows {
    best_row *rows; /* n of them, the highest score first; of equal scores the first row */
    size_t n, most, n_columns;
} best_rows;

/* Each returns false when memory is short, having said so. */
bool best_rows_init(best_rows *b, size_t most, size_t n_columns);
bool best_rows_offer(best_rows *b, float score, size_t number, const float *values);
void best_rows_free(best_rows *b);

#endif
