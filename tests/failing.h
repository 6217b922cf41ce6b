/* SPDX-License-Identifier: BSD-2-Clause */
/* An allocator that fails once, at the call asked for, and counts what is not freed. */
#ifndef AEP_TESTS_FAILING_H
#define AEP_TESTS_FAILING_H

#include <aepred.h>
#include <stdlib.h>

typedef struct failing {
    size_t fail_at; /* the call, from 0, that gives NULL; NEVER: none */
    size_t calls;
    size_t live;  /* blocks not freed */
    size_t bytes; /* asked for in all */
} failing;

#define NEVER ((size_t)-1)

static void *failing_alloc(size_t size, void *payload)
{
    failing *f = payload;
    f->bytes += size;
    if (f->calls++ == f->fail_at)
        return NULL;
    void *ptr = malloc(size);
    f->live += ptr != NULL;
    return ptr;
}

static void failing_free(void *ptr, void *payload)
{
    ((failing *)payload)->live--;
    free(ptr);
}

static inline aep_allocator failing_allocator(failing *f, size_t fail_at)
{
    *f = (failing){.fail_at = fail_at};
    return (aep_allocator){failing_alloc, failing_free, f};
}

#endif
