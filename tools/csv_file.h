/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of cells from CSV (RFC 4180), with the line on which each begins. libcsv says what a row is; one that has no
 * quotes and stands as a whole in the stream's buffer is split there, which is several times as fast.
 */
#ifndef AEPRED_CSV_FILE_H
#define AEPRED_CSV_FILE_H

#include "cell.h"
#include "stream.h"

#include <csv.h>

typedef struct csv_file {
    stream *in;
    struct csv_parser parser;
    size_t line, next_line; /* of the row, and of the next byte */
    bool after_return;      /* the last byte was \r, so \n ends no other line */
    bool row_done, failed, ended;
    bool zero_seen;          /* among the bytes that libcsv has got */
    unsigned char kind[256]; /* of each byte, in rows without quotes */
    cell *cells;
    size_t n_cells, cells_capacity;
    char *text; /* the texts of cells that libcsv has split, one behind the other */
    size_t n_text, text_capacity;
    bool keep_raw;
    char *raw; /* the row as it stood in the file, without the line's end */
    size_t n_raw, raw_capacity;
} csv_file;

bool csv_file_open(csv_file *c, stream *in, char delimiter, bool keep_raw);
void csv_file_close(csv_file *c);

/* The next row that is not blank into cells: 1, 0 at the end, -1 having said why. */
int csv_file_next(csv_file *c);

#endif
