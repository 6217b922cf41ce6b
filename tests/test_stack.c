/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every public function runs on a thread with a stack of 64 KiB, as small as hosts make them, and uses less than a bound
 * of it. The stack is painted before a call, and what has lost its paint afterwards was used. Prints what each took.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif
#include "oom_calls.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STACK = 64 * 1024, PAINT = 0xa5 };

/* Of optimised builds; the dynamic linker, which keeps all registers when a function is called first, and the C library
   included. docs/reliability.md states it. */
enum { BOUND = 16 * 1024 };

static int nothing(world *w)
{
    (void)w;
    return AEP_OK;
}

/* ---------------------------------------------------------------------------------------------- calls that fail */

/* Messages are formatted on the stack, the longest with numbers of 300 digits. */

static void discard(int level, const char *message, void *payload) { (void)level, (void)message, (void)payload; }

static int refuse_option(world *w)
{
    aep_options_set_log(w->options, discard, NULL);
    return aep_options_set(w->options, AEP_OPT_LEARNING_RATE, -1.2345678901234567e300) == AEP_E_RANGE ? AEP_OK : -1;
}

static int refuse_setting(world *w)
{
    aep_model_set_log(w->ready, discard, NULL);
    return aep_model_set(w->ready, AEP_OPT_LEARNING_RATE, -1e300) == AEP_E_RANGE ? AEP_OK : -1;
}

static int save_nowhere(world *w)
{
    aep_model_set_log(w->ready, discard, NULL);
    return aep_model_save_file(w->ready, "/nowhere/at/all") == AEP_E_IO ? AEP_OK : -1;
}

static int save_through_a_link(world *w)
{
    char link[96];
    snprintf(link, sizeof link, "%s/link", w->folder);
    if (symlink("model", link))
        return -1;
    const int status = aep_model_save_file(w->fresh, link);
    return unlink(link) ? -1 : status;
}

static int load_nothing(world *w)
{
    return aep_model_load_file(&w->made_model, "/nowhere/at/all", NULL) == AEP_E_IO ? AEP_OK : -1;
}

static const oom_call failing[] = {
    {"aep_options_set", "refused", refuse_option, false},
    {"aep_model_set", "refused", refuse_setting, false},
    {"aep_model_save_file", "no folder", save_nowhere, false},
    {"aep_model_save_file", "through a link", save_through_a_link, false},
    {"aep_model_load_file", "no file", load_nothing, false},
};

/* ------------------------------------------------------------------------------------------------------ measuring */

typedef struct task {
    const oom_call *call;
    world *w;
    int status;
} task;

static void *run(void *argument)
{
    task *t = argument;
    t->status = t->call->call(t->w);
    return NULL;
}

/* A painted stack above a page that nobody may touch. */
static uint8_t *new_stack(size_t page)
{
    uint8_t *pages = mmap(NULL, page + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(pages != MAP_FAILED && !mprotect(pages, page, PROT_NONE));
    return memset(pages + page, PAINT, STACK);
}

static void run_on(uint8_t *stack, task *t)
{
    pthread_attr_t attributes;
    pthread_t thread;
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstack(&attributes, stack, STACK), 0);
    ck_assert_int_eq(pthread_create(&thread, &attributes, run, t), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

static size_t measure(const oom_call *call)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    world w;
    new_world(&w);
    oom_arm(&w, NEVER, false);
    uint8_t *stack = new_stack(page);
    task t = {call, &w, 0};
    run_on(stack, &t);
    oom_disarm(&w);
    ck_assert_msg(!t.status, "%s (%s): %s", call->name, call->variant, aep_status_str(t.status));
    size_t unused = 0;
    while (unused < STACK && stack[unused] == PAINT)
        unused++;
    munmap(stack - page, page + STACK);
    free_world(&w);
    return STACK - unused;
}

/* What a thread takes that does nothing: its descriptor and thread-local variables. */
static size_t measure_nothing(void)
{
    static const oom_call call = {"nothing", "", nothing, false};
    measure(&call); /* the dynamic linker has its part in what a thread does first */
    return measure(&call);
}

typedef struct used {
    const char *name, *variant;
    size_t size; /* the most of any variant */
} used;

static size_t note(used *table, size_t n, const oom_call *call, size_t size)
{
    size_t i = 0;
    while (i < n && strcmp(table[i].name, call->name) != 0)
        i++;
    if (i == n || size > table[i].size)
        table[i] = (used){call->name, call->variant, size};
    return i == n ? n + 1 : n;
}

static int by_size(const void *a, const void *b)
{
    const size_t x = ((const used *)a)->size, y = ((const used *)b)->size;
    return (x < y) - (x > y);
}

static void print_table(used *table, size_t n)
{
    qsort(table, n, sizeof *table, by_size);
    for (size_t i = 0; i < n; i++)
        printf("%6zu  %s%s%s\n", table[i].size, table[i].name, table[i].variant[0] ? ", " : "", table[i].variant);
}

START_TEST(every_function_runs_on_a_small_stack_and_uses_little_of_it)
{
    static used table[200];
    size_t n = 0, n_calls;
    const oom_call *calls = oom_calls(&n_calls);
    const size_t base = measure_nothing();
    ck_assert_uint_le(n_calls + COUNT_OF(failing), COUNT_OF(table));
    for (size_t i = 0; i < n_calls; i++)
        n = note(table, n, &calls[i], measure(&calls[i]) - base);
    for (size_t i = 0; i < COUNT_OF(failing); i++)
        n = note(table, n, &failing[i], measure(&failing[i]) - base);
    print_table(table, n);
    printf("%zu bytes of stack at most, by %s; the bound is %d\n", table[0].size, table[0].name, BOUND);
#ifdef __OPTIMIZE__
    ck_assert_msg(table[0].size <= BOUND, "%s: %zu bytes", table[0].name, table[0].size);
#endif
}
END_TEST

RUN_TESTS("stack", every_function_runs_on_a_small_stack_and_uses_little_of_it)
