/* SPDX-License-Identifier: BSD-2-Clause */
/* Labels that stand in files of their own (--labels): in one for all rows of the input, or in one for each file. */
#ifndef AEPRED_LABEL_FILES_H
#define AEPRED_LABEL_FILES_H

#include "args.h"

/* All zero: nothing read yet. */
typedef struct label_files {
    input *in;
    list path;     /* the one file that `in` reads; the item is not owned */
    size_t file;   /* of the input, from 1: the first whose rows these labels belong to; 0: none yet */
    size_t n_rows; /* that have got their label from this file */
} label_files;

/* The label of the row just read; NULL having said why. */
const cell *label_files_next(label_files *l, input *rows, const source_args *args);

/* There are no more rows: are there no more labels? If there are, says so. */
bool label_files_end(label_files *l, const source_args *args);

void label_files_close(label_files *l);

#endif
