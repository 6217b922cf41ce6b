/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of cells from one file after another, each plain or gzip and of a format of its own; headers found; places for
 * messages.
 */
#ifndef AEPRED_INPUT_H
#define AEPRED_INPUT_H

#include "array_file.h"
#include "csv_file.h"
#include "list.h"

enum input_format { FORMAT_AUTO, FORMAT_CSV, FORMAT_NPY, FORMAT_IDX, FORMAT_CIFAR10 };
enum input_header { HEADER_AUTO, HEADER_YES, HEADER_NO };

typedef struct input {
    /* set by the caller */
    const list *files;
    enum input_format format_choice;
    enum input_header header_choice;
    char delimiter;
    bool keep_raw;
    /* of the file being read */
    size_t file; /* counted from 1 */
    bool is_open, first_kept;
    enum input_format format; /* not FORMAT_AUTO */
    stream stream;
    csv_file csv;     /* of FORMAT_CSV */
    array_file array; /* of the others */
    size_t n_columns;
    image_size image; /* that the file says a row is */
    list names;       /* of the columns; empty without a header */
    list header;      /* the header line as it stood, if keep_raw; else empty */
    /* the row just read */
    const cell *cells; /* n_columns of them */
    const cell *label; /* that the file has besides the cells; NULL: none */
    size_t row;        /* counted from 1 over all files */
} input;

/* The format of that name, or -1; the name of a format as it is written in messages. */
int input_format_find(const char *name);
const char *input_format_name(enum input_format format);

/* The next row: 1, 0 after the last file, -1 having said why. */
int input_next(input *in);
void input_close(input *in);

/* Where a cell of the row stands (column counted from 0): "FILE:LINE: column 3 (name)". */
enum { PLACE_SIZE = 1024 };
void input_place(char *text, size_t size, const input *in, size_t column);

/* Say what is wrong with a cell, behind its place. Returns false. */
bool input_refuse(const input *in, size_t column, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The row's line as it stood in the file (keep_raw); NULL where rows are no lines. */
const char *input_raw(const input *in);

#endif
