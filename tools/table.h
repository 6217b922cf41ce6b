/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows to train on, in memory. What kind a column is shows only as rows come in, so a column begins as codes of its
 * different texts; it becomes numbers when it has had too many of them, or at the end if all of them were numbers. The
 * columns of images are numbers from the beginning, and nothing is kept of them but those.
 */
#ifndef AEPRED_TABLE_H
#define AEPRED_TABLE_H

#include "input.h"
#include "levels.h"

#include <aepred.h>

typedef struct table_column {
    size_t number;    /* of the column in the first file, from 1 */
    bool numeric;     /* the matrix holds its numbers, not codes */
    bool categorical; /* as asked for by the user */
    size_t words;     /* cells that are words */
    size_t others;    /* cells that are numbers, as long as the column is not numeric */
    char *first_word; /* what the first word is and where it stands, for messages */
    levels levels;
    double *numbers; /* by code; NaN for words */
    size_t numbers_capacity;
} table_column;

typedef struct table {
    size_t n_columns, n_rows, capacity, most_levels;
    bool missing_allowed;
    table_column *columns; /* NULL: all are numbers */
    float *rows;           /* (n_rows, n_columns) */
} table;

bool table_init(table *t, size_t n_columns, bool all_numbers, size_t most_levels, bool missing_allowed);
void table_free(table *t);

/* Add the row just read; where (n_columns): the input's column of each of the table's. */
bool table_add(table *t, const input *in, const size_t *where);

/* No more rows: settle what each column is. names may be NULL. */
bool table_finish(table *t, char *const *names, bool quiet);

/* Describe the columns to the library: an aep_status. */
int table_describe(const table *t, aep_options *options, char *const *names);

#endif
