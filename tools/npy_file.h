/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of a NumPy array file (NEP 1, format versions 1 to 3): one or two dimensions, C order, real numbers. */
#ifndef AEPRED_NPY_FILE_H
#define AEPRED_NPY_FILE_H

#include "cell.h"
#include "stream.h"

typedef struct npy_file {
    stream *in;
    size_t n_rows, n_columns, row; /* row: how many have been read */
    char type;                     /* of dtype: f, i, u or b */
    size_t size;                   /* bytes an element */
    bool swapped;                  /* not in the order of this machine */
    unsigned char *bytes;          /* of one row */
    cell *cells;
} npy_file;

bool npy_file_is(const stream *in); /* whether the bytes there begin an NPY file */
bool npy_file_open(npy_file *f, stream *in);
void npy_file_close(npy_file *f);

/* The next row into cells: 1, 0 at the end, -1 having said why. */
int npy_file_next(npy_file *f);

#endif
