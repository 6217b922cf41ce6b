/* SPDX-License-Identifier: BSD-2-Clause */
/* What the input columns are: numeric or categorical, their names, their levels, and how they expand into features. */
#ifndef AEP_SCHEMA_H
#define AEP_SCHEMA_H

#include "bytes.h"
#include "mem.h"

enum { AEP__MAX_NAME = 255, AEP__MAX_LEVELS = 65536, AEP__MAX_COLUMNS = 1 << 24 };

typedef struct aep__column {
    char *name; /* NULL: none */
    int kind;   /* enum aep_column_kind */
    size_t n_levels;
    char **levels; /* n_levels names, each may be NULL; NULL: none has a name. One block with the names behind */
} aep__column;

/* All zero is an empty schema. */
typedef struct aep__schema {
    aep__column *columns;
    size_t n_columns;
    size_t capacity;
} aep__schema;

/* Describe a column (arguments checked: see aep_options_set_column), growing with numeric columns up to it. On failure
   nothing has changed. Returns OK, OPTION, RANGE, LIMIT or MEMORY. */
int aep__schema_set(aep__schema *schema, const aep_allocator *mem, size_t column, const char *name, int kind,
                    const char *const *levels, size_t n_levels);

/* *to = from, cut or grown (numeric) to n_columns. All zero on failure: LIMIT, MEMORY. */
int aep__schema_copy(aep__schema *to, const aep_allocator *mem, const aep__schema *from, size_t n_columns);
void aep__schema_free(aep__schema *schema, const aep_allocator *mem); /* to all zero */

/* Number of features: a numeric column is one (and one more, right behind it, if indicators), a categorical one
   n_levels. LIMIT when there are more than AEP__MAX_COLUMNS. */
int aep__schema_features(size_t *n_features, const aep__schema *schema, bool indicators);

void aep__schema_write(const aep__schema *schema, aep__writer *w);

/* All zero on failure: FORMAT, MEMORY. */
int aep__schema_read(aep__schema *schema, const aep_allocator *mem, aep__reader *r);

#endif
