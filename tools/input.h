/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of cells from one file after another, each CSV or NPY, plain or gzip; headers found; places for messages. */
#ifndef AEPRED_INPUT_H
#define AEPRED_INPUT_H

#include "csv_file.h"
#include "list.h"
#include "npy_file.h"

enum input_header { HEADER_AUTO, HEADER_YES, HEADER_NO };

typedef struct input {
    /* set by the caller */
    const list *files;
    enum input_header header_choice;
    char delimiter;
    bool keep_raw;
    /* of the file being read */
    size_t file; /* counted from 1 */
    bool is_open, is_npy, first_kept;
    stream stream;
    csv_file csv;
    npy_file npy;
    size_t n_columns;
    list names;  /* of the columns; empty without a header */
    list header; /* the header line as it stood, if keep_raw; else empty */
    /* the row just read */
    const cell *cells; /* n_columns of them */
    size_t row;        /* counted from 1 over all files */
} input;

/* The next row: 1, 0 after the last file, -1 having said why. */
int input_next(input *in);
void input_close(input *in);

/* Where a cell of the row stands (column counted from 0): "FILE:LINE: column 3 (name)". */
enum { PLACE_SIZE = 1024 };
void input_place(char *text, size_t size, const input *in, size_t column);

/* Say what is wrong with a cell, behind its place. Returns false. */
bool input_refuse(const input *in, size_t column, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The row's line as it stood in the file (keep_raw); NULL for NPY. */
const char *input_raw(const input *in);

#endif
