/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of numbers in a binary file: what NPY, IDX and CIFAR-10 files have in common once their header has been read. */
#ifndef AEPRED_ARRAY_FILE_H
#define AEPRED_ARRAY_FILE_H

#include "cell.h"
#include "image_size.h"
#include "stream.h"

#include <stdint.h>

/* How a number is stored. */
typedef struct number_type {
    char kind;    /* f: float, i: integer, u: integer without sign, b: 0 or 1 */
    size_t size;  /* bytes: 1, 2, 4 or 8 */
    bool swapped; /* not in the order of this machine */
} number_type;

#define ROWS_TO_THE_END SIZE_MAX

typedef struct array_file {
    stream *in;
    /* set by whoever reads the header */
    size_t n_rows; /* or ROWS_TO_THE_END */
    size_t n_columns;
    number_type type;
    image_size image; /* that a row is, channel by channel */
    bool labelled;    /* a byte in front of each row is its label */
    bool exact;       /* nothing may follow the last row */
    /* the row just read */
    size_t row; /* counted from 1 */
    cell *cells, label;
    unsigned char *bytes; /* of one row with its label */
    size_t capacity;      /* of bytes */
} array_file;

bool big_endian_is_swapped(void);

/* Get ready to read rows, once the header is known. */
bool array_file_begin(array_file *f);
void array_file_close(array_file *f);

/* The next row into cells: 1, 0 at the end, -1 having said why. */
int array_file_next(array_file *f);

/* Where a value (from 0) of the row just read stands: "row 3, column 5", or of images also channel, row and column. */
void array_file_place(char *text, size_t size, const array_file *f, size_t column);

#endif
