/* SPDX-License-Identifier: BSD-2-Clause */
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static void *default_alloc(size_t size, void *payload)
{
    (void)payload;
    return malloc(size);
}

static void default_free(void *ptr, void *payload)
{
    (void)payload;
    free(ptr);
}

int aep__mem_init(aep_allocator *mem, const aep_allocator *allocator)
{
    static const aep_allocator default_allocator = {default_alloc, default_free, NULL};
    if (!allocator)
        allocator = &default_allocator;
    if (!allocator->alloc || !allocator->free)
        return AEP_E_ARGUMENT;
    *mem = *allocator;
    return AEP_OK;
}

bool aep__mul(size_t *out, size_t a, size_t b)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool aep__add(size_t *out, size_t a, size_t b)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

void *aep__alloc(const aep_allocator *mem, size_t n, size_t size)
{
    size_t bytes;
    if (!aep__mul(&bytes, n, size))
        return NULL;
    if (!bytes)
        bytes = 1;
    void *ptr = mem->alloc(bytes, mem->payload);
    if (ptr)
        memset(ptr, 0, bytes);
    return ptr;
}

void *aep__alloc_copy(const aep_allocator *mem, const void *from, size_t n, size_t size)
{
    void *ptr = aep__alloc(mem, n, size);
    if (ptr && n && size)
        memcpy(ptr, from, n * size);
    return ptr;
}

void aep__free(const aep_allocator *mem, void *ptr)
{
    if (ptr)
        mem->free(ptr, mem->payload);
}
