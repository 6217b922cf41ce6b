/* SPDX-License-Identifier: BSD-2-Clause */
/* Which columns of a file are the features of the model, and where the labels stand. */
#ifndef AEPRED_COLUMNS_H
#define AEPRED_COLUMNS_H

#include "label_files.h"

#include <aepred.h>
#include <stdint.h>

#define NO_COLUMN    SIZE_MAX
#define LABEL_COLUMN (SIZE_MAX - 1) /* no column of the file, but the label that each row has besides */

typedef struct columns {
    image_size image;       /* that a row must be; all 0: any, or none */
    const char *image_from; /* who says so: "the model's are" */
    bool image_given;       /* by --image */
    const char *wanted_by;  /* who says what columns there must be: "the model wants" */
    size_t n;               /* features; 0: all that the first file has, neither label nor dropped */
    list names;             /* of the features; empty when they have none, and position decides */
    size_t *where;          /* (n): the feature's column in the file being read, from 0 */
    size_t label;           /* likewise, or NO_COLUMN */
    size_t *kept;           /* columns of --keep, likewise */
    list kept_names;
    label_files label_files;
    const cell *label_cell; /* of the row just read; NULL: it has no label */
    size_t file;            /* for which file that holds; 0: none yet */
    bool noted;             /* that columns are ignored has been said */
} columns;

/* What labels have occurred. */
typedef struct label_counts {
    size_t *named; /* by value of --normal or --anomaly: how often */
    list others;   /* some labels that are none of those */
} label_counts;

/* A column of the open file by name, number from 1, or "last"; NO_COLUMN if there is none. */
size_t column_find(const input *in, const char *which);

/* What to do about a file that has n columns besides those left out, and not as many as wanted: "; ...", or "". */
const char *columns_advice(const input *in, size_t n, size_t wanted);

/* Bring `where` and `label` up to date with the file being read. */
bool columns_follow(columns *c, const input *in, const source_args *args);

/* The features of a model. */
bool columns_of_model(columns *c, const aep_model *model);
void columns_free(columns *c);

/* Labels: is the row an anomaly? 1 or 0 (also without --normal and --anomaly), or -1 having said what is wrong. */
int label_read(columns *c, input *in, const source_args *args, label_counts *seen);

/* The row's cell for the i-th column of --keep, once its label has been read. */
const cell *columns_kept(const columns *c, const input *in, size_t i);

/* Warn of values of --normal and --anomaly that never occurred. */
void labels_check(const source_args *args, const label_counts *seen);

bool label_counts_init(label_counts *seen, const source_args *args); /* false: out of memory, said so */
void label_counts_free(label_counts *seen);

#endif
