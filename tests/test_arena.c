/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"
#include "failing.h"
#include "runner.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

enum { ALIGNED = 64, SIZES = 7 };
static const size_t sizes[SIZES] = {1, 15, 16, 17, 0, 1000, 3};

/* Gives blocks that begin `odd` bytes after an address that malloc gave, and end where asked for. */
typedef struct crooked {
    unsigned char *block;
    size_t odd, size;
} crooked;

static void *crooked_alloc(size_t size, void *payload)
{
    crooked *c = payload;
    c->size = size;
    c->block = malloc(size + c->odd);
    return c->block + c->odd;
}

static void crooked_free(void *ptr, void *payload)
{
    crooked *c = payload;
    ck_assert_ptr_eq(ptr, c->block + c->odd);
    free(c->block);
    c->block = NULL;
}

START_TEST(arrays_are_aligned_apart_and_within_the_block_wherever_that_begins)
{
    for (size_t odd = 0; odd < ALIGNED; odd += 4) {
        crooked c = {.odd = odd};
        const aep_allocator mem = {crooked_alloc, crooked_free, &c};
        aep__arena arena;
        size_t total = 0;
        for (size_t i = 0; i < SIZES; i++)
            ck_assert(aep__arena_count(&total, sizes[i]));
        ck_assert(aep__arena_init(&arena, &mem, total));
        unsigned char *end = c.block + odd;
        for (size_t i = 0; i < SIZES; i++) {
            unsigned char *array = (unsigned char *)aep__arena_take(&arena, sizes[i]);
            ck_assert_uint_eq((uintptr_t)array % ALIGNED, 0);
            ck_assert(array >= end && (i == 0 || array < end + ALIGNED));
            end = array + sizes[i] * sizeof(real);
            ck_assert(end <= c.block + odd + c.size);
        }
        aep__arena_free(&arena, &mem);
        ck_assert(!c.block && !arena.block);
    }
}
END_TEST

START_TEST(what_no_memory_holds_is_refused)
{
    failing memory;
    const aep_allocator mem = failing_allocator(&memory, NEVER);
    const size_t most = (SIZE_MAX - ALIGNED) / sizeof(real);
    aep__arena arena;
    size_t total = 0;
    ck_assert(!aep__arena_count(&total, SIZE_MAX / sizeof(real) + 1));
    ck_assert(!aep__arena_count(&total, SIZE_MAX / sizeof(real))); /* rounded up, it is more than SIZE_MAX */
    ck_assert_uint_eq(total, 0);
    ck_assert(aep__arena_count(&total, most));
    ck_assert_uint_eq(total, SIZE_MAX - ALIGNED + 1);
    ck_assert(!aep__arena_count(&total, ALIGNED / sizeof(real)));
    ck_assert(!aep__arena_init(&arena, &mem, total)); /* with what alignment takes, one more than SIZE_MAX */
    ck_assert_uint_eq(memory.calls, 0);
    aep__arena_free(&arena, &mem);
}
END_TEST

START_TEST(without_memory_there_is_no_arena)
{
    failing memory;
    const aep_allocator mem = failing_allocator(&memory, 0);
    aep__arena arena;
    ck_assert(!aep__arena_init(&arena, &mem, 1000));
    ck_assert_ptr_null(arena.block);
    aep__arena_free(&arena, &mem);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {arrays_are_aligned_apart_and_within_the_block_wherever_that_begins,
                                  what_no_memory_holds_is_refused, without_memory_there_is_no_arena};
    return run_list("arena", tests, sizeof tests / sizeof *tests, 60);
}
