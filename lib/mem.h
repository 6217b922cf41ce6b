/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's allocator. Every allocation of the library, and every product of sizes, goes through here. */
#ifndef AEP_MEM_H
#define AEP_MEM_H

#include <aepred.h>
#include <stdbool.h>

/* *mem = *allocator, or malloc and free when allocator is NULL. AEP_E_ARGUMENT if a function is missing. */
int aep__mem_init(aep_allocator *mem, const aep_allocator *allocator);

/* n elements of size bytes, zeroed; NULL when there is no memory or n * size overflows. n * size 0 gives one byte. */
void *aep__alloc(const aep_allocator *mem, size_t n, size_t size);

/* A copy of n elements; NULL as above. */
void *aep__alloc_copy(const aep_allocator *mem, const void *from, size_t n, size_t size);

/* Accepts NULL. */
void aep__free(const aep_allocator *mem, void *ptr);

/* *out = a * b (or a + b); false, and *out untouched, on overflow. */
bool aep__mul(size_t *out, size_t a, size_t b);
bool aep__add(size_t *out, size_t a, size_t b);

#endif
