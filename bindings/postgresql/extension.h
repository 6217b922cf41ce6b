/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the PostgreSQL extension share. */
#ifndef AEPRED_POSTGRESQL_EXTENSION_H
#define AEPRED_POSTGRESQL_EXTENSION_H

#include "postgres.h"

#include "fmgr.h"

#include "../sql/levels.h"

#include <aepred.h>

/* A model that was parsed, with what it takes to score a row; all in a memory context of its own. */
typedef struct pg_model {
    MemoryContext context;
    aep_allocator memory;
    struct varatt_external stored; /* where the table holds the bytes, if `is_stored` */
    bool is_stored;
    LocalTransactionId transaction; /* in which that holds */
    char *bytes;
    size_t size;
    aep_model *model;
    aep_workspace *workspace;
    size_t n_columns;
    sql_levels *levels; /* (n_columns), of named levels */
    bool missing_allowed, unseen_allowed;
    float *row, *shares; /* (n_columns) */
    float *scored;       /* (n_columns): the row of `score`, if has_score */
    float score;
    bool has_score;
    char message[512]; /* the library's last error */
} pg_model;

/* The model in the first argument; parsed if it is not one of the last that this call has seen. */
pg_model *pg_model_of(FunctionCallInfo fcinfo);

/* How many models this session has parsed. */
int64 pg_models_parsed(void);

/* Raise a status of the library as an error, with its message if there is one. */
void pg_fail(int status, const char *message) pg_attribute_noreturn();

/* A name in a model, which is UTF-8, in the encoding of the database; what is not UTF-8 is an error. NULL stays NULL. */
const char *pg_name(const char *name);

/* The values of an array as a row of the model. */
void pg_row_read(pg_model *m, Datum array);

#endif
