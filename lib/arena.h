/* SPDX-License-Identifier: BSD-2-Clause */
/* One allocation carved into 64-byte-aligned arrays: counted first, then taken in the same order. */
#ifndef AEP_ARENA_H
#define AEP_ARENA_H

#include "mem.h"
#include "real.h"

typedef struct aep__arena {
    void *block;
    unsigned char *next; /* 64-byte-aligned */
} aep__arena;

/* *total += the bytes that an array of n reals takes; false on overflow. */
bool aep__arena_count(size_t *total, size_t n);

/* Memory for the counted bytes, zeroed. False without memory. */
bool aep__arena_init(aep__arena *arena, const aep_allocator *mem, size_t total);
real *aep__arena_take(aep__arena *arena, size_t n);
void aep__arena_free(aep__arena *arena, const aep_allocator *mem); /* to all zero; accepts all zero */

#endif
