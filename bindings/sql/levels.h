/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts, each with a code: 0, 1, 2 ... in the order in which they were added. What extensions of databases share. */
#ifndef AEPRED_SQL_LEVELS_H
#define AEPRED_SQL_LEVELS_H

#include <aepred.h>
#include <stddef.h>

typedef struct sql_levels {
    char **names;
    size_t n, capacity;
    size_t *slots; /* open addressing: code + 1, or 0 */
    size_t n_slots;
} sql_levels;

/* The code, or -1. The text needs no NUL at its end. */
long sql_levels_find(const sql_levels *l, const char *text, size_t length);

/* The code, or -1 without memory. */
long sql_levels_add(sql_levels *l, const char *text, size_t length, const aep_allocator *memory);

/*
 * Add all levels of a column by the names that a model has for them, each with its code; those without go by their code,
 * and a column without any adds nothing. Of two with one name, the first is found. 0 without memory.
 */
int sql_levels_add_column(sql_levels *l, const aep_model *model, size_t column, const aep_allocator *memory);
void sql_levels_free(sql_levels *l, const aep_allocator *memory);

#endif
