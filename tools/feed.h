/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of files in a model's terms, some at a time: columns matched, words turned into level codes. */
#ifndef AEPRED_FEED_H
#define AEPRED_FEED_H

#include "columns.h"
#include "levels.h"

#include <stdint.h>

/* A model as a command uses it, with the options that all of them take. */
typedef struct model_args {
    source_args source;
    char *path;
    char *score;            /* --score, or NULL */
    double rate, threshold; /* --alarm-rate, --threshold; NaN: as in the model */
} model_args;

enum { OPTION_SCORE = OPTION_OWN, OPTION_RATE, OPTION_THRESHOLD, OPTION_MODEL_OWN };
extern const struct poptOption model_options[];
#define MODEL_OPTIONS                                                                                                  \
    {                                                                                                                  \
        NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)model_options, 0, "Scores:", NULL                                  \
    }

void model_args_init(model_args *args);
void model_args_free(model_args *args);
bool model_args_take(model_args *args, int code, const char *value); /* below OPTION_MODEL_OWN */

/* Is the output the model or one of the input files? Says so. */
bool model_args_overwritten(const model_args *args, const char *path);

/* The model, adjusted as the options say; NULL having said why. */
aep_model *model_open(const model_args *args);

typedef struct feed {
    const aep_model *model;
    const source_args *args;
    input *in;
    columns columns;
    levels *levels;    /* (columns.n): names of each categorical column's levels */
    bool *categorical; /* (columns.n) */
    bool missing_allowed, unseen_allowed;
    label_counts labels_seen;
    bool unseen_kept;                   /* set by the caller, who will call feed_unseen */
    list unseen;                        /* words that the model does not know ... */
    size_t *unseen_at, unseen_capacity; /* ... and their places in rows, ascending */
    size_t capacity;
    /* what feed_next has read */
    list kept;                /* (n_rows, columns.kept_names.n): texts of the columns of --keep */
    float *rows;              /* (n_rows, columns.n) */
    uint8_t *labels;          /* (n_rows), 1: anomaly */
    size_t n_rows, first_row; /* number of the first of them in the input, from 1 */
} feed;

bool feed_open(feed *f, const aep_model *model, const source_args *args);
void feed_close(feed *f);

/* Read up to `capacity` rows: 1, 0 after the last, -1 having said why. */
int feed_next(feed *f);

/* The word in a cell of `rows` that the model does not know; NULL if it holds none. */
const char *feed_unseen(const feed *f, size_t row, size_t column);

#endif
