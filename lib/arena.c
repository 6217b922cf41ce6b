/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

enum { ALIGNMENT = 64 };

static size_t round_up(size_t n) { return (n + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1); }

bool aep__arena_count(size_t *total, size_t n)
{
    size_t bytes;
    return aep__mul(&bytes, n, sizeof(real)) && bytes <= SIZE_MAX - ALIGNMENT &&
           aep__add(total, *total, round_up(bytes));
}

bool aep__arena_init(aep__arena *arena, const aep_allocator *mem, size_t total)
{
    size_t bytes;
    *arena = (aep__arena){0};
    if (!aep__add(&bytes, total, ALIGNMENT))
        return false;
    arena->block = aep__alloc(mem, bytes, 1);
    if (!arena->block)
        return false;
    uintptr_t address = (uintptr_t)arena->block;
    arena->next = (unsigned char *)arena->block + (round_up(address) - address);
    return true;
}

real *aep__arena_take(aep__arena *arena, size_t n)
{
    real *array = (real *)(void *)arena->next;
    arena->next += round_up(n * sizeof(real));
    return array;
}

void aep__arena_free(aep__arena *arena, const aep_allocator *mem)
{
    aep__free(mem, arena->block);
    *arena = (aep__arena){0};
}
