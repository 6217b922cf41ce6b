/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every allocation may fail: N succeed, the next one fails (or that and all later ones), for N = 0, 1, 2, ... until the
 * call goes through untouched. Each time the call must say AEP_E_MEMORY, leave everything as it was, leak nothing, and
 * work when it is called again. The table covers every public function; the symbol map says which there are.
 * Linked with --wrap=malloc, so that calls without a caller's allocator fail in the same way.
 */
#include "oom_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------- two worlds */

typedef struct state {
    bytes parts[11];
} state;

/* Rows counted, and a figure of them. */
static bytes counts_of(const aep_drift *drift)
{
    size_t n_rows;
    double psi;
    bytes b = {malloc(sizeof n_rows + sizeof psi), sizeof n_rows + sizeof psi};
    AEP_CHECK(aep_drift_rows(&n_rows, NULL, drift));
    (void)aep_drift_get(&psi, drift, AEP_DRIFT_SCORE, 0, AEP_DRIFT_PSI);
    memcpy(b.data, &n_rows, sizeof n_rows);
    memcpy(b.data + sizeof n_rows, &psi, sizeof psi);
    return b;
}

static state look(const world *w)
{
    aep_model *model;
    const aep_model *const models[] = {w->ready, w->fresh, w->streamed, w->paused, w->started, w->joint, w->batched, w->gated};
    state s;
    for (size_t i = 0; i < COUNT_OF(models); i++)
        s.parts[i] = save(models[i]);
    AEP_CHECK(aep_model_new(&model, w->options, COLS + 1)); /* the options are what they make */
    s.parts[COUNT_OF(models)] = save(model);
    aep_model_free(model);
    s.parts[COUNT_OF(models) + 1] = w->made_model ? save(w->made_model) : (bytes){0};
    s.parts[COUNT_OF(models) + 2] = counts_of(w->drift);
    return s;
}

static bool same_state(const state *a, const state *b)
{
    for (size_t i = 0; i < COUNT_OF(a->parts); i++)
        if (!same_bytes(a->parts[i], b->parts[i]))
            return false;
    return true;
}

static void forget(state *s)
{
    for (size_t i = 0; i < COUNT_OF(s->parts); i++)
        free(s->parts[i].data);
}

/* ------------------------------------------------------------------------------------------------- one entry */

typedef struct outcome {
    int status;
    bool refused; /* an allocation was */
} outcome;

static outcome run(const oom_call *entry, world *w, size_t n, bool for_good)
{
    oom_arm(w, n, for_good);
    const int status = entry->call(w);
    return (outcome){status, oom_disarm(w)};
}

#define FAULT_CHECK(condition, what)                                                                                   \
    ck_assert_msg(condition, "%s (%s), allocation %zu%s: %s", entry->name, entry->variant, n,                          \
                  for_good ? " and all later ones" : "", what)

/* False when the call went through without a fault. */
static bool check_fault(const oom_call *entry, size_t n, bool for_good, const state *before, const state *after)
{
    world w;
    new_world(&w);
    const outcome o = run(entry, &w, n, for_good);
    state now = look(&w);
    if (o.refused && !(w.tries_again && o.status == AEP_OK)) {
        FAULT_CHECK(!w.tries_again || for_good, "once more did not help");
        FAULT_CHECK(o.status == AEP_E_MEMORY, aep_status_str(o.status));
        FAULT_CHECK(same_state(&now, before), "something has changed");
        FAULT_CHECK(!w.made_options && !w.made_model && !w.made_workspace && !w.made_drift, "a handle is not NULL");
        FAULT_CHECK(file_is_untouched(&w), "files have changed");
        forget(&now);
        const outcome again = run(entry, &w, NEVER, false);
        FAULT_CHECK(again.status == AEP_OK, "it does not work afterwards");
        now = look(&w);
    }
    FAULT_CHECK(same_state(&now, after), "another result than without the fault");
    forget(&now);
    free_world(&w);
    FAULT_CHECK(w.memory.live == 0, "memory has leaked");
    return o.refused;
}

static size_t check_entry(const oom_call *entry)
{
    size_t points = 0;
    world w;
    new_world(&w);
    state before = look(&w);
    const outcome o = run(entry, &w, NEVER, false);
    ck_assert_msg(o.status == AEP_OK, "%s (%s): %s", entry->name, entry->variant, aep_status_str(o.status));
    state after = look(&w);
    free_world(&w);
    for (int for_good = 0; for_good <= 1; for_good++) {
        size_t n = 0;
        while (check_fault(entry, n, for_good, &before, &after))
            n++;
        points += n;
    }
    forget(&before);
    forget(&after);
    return points;
}

START_TEST(every_allocation_of_every_call_may_fail)
{
    size_t points = 0, with_points = 0, n;
    const oom_call *calls = oom_calls(&n);
    for (size_t i = 0; i < n; i++) {
        const size_t found = check_entry(&calls[i]);
        ck_assert_msg((found > 0) == calls[i].allocates, "%s (%s): %zu fault points", calls[i].name, calls[i].variant,
                      found);
        points += found;
        with_points += found > 0;
    }
    printf("%zu fault points in %zu of %zu calls\n", points, with_points, n);
}
END_TEST

/* ------------------------------------------------------------------------------------------- the symbol map */

static bool in_table(const char *name)
{
    size_t n;
    const oom_call *calls = oom_calls(&n);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(calls[i].name, name))
            return true;
    return false;
}

START_TEST(the_table_covers_the_symbol_map)
{
    const char *path = getenv("AEPRED_SYMBOL_MAP");
    ck_assert_msg(path != NULL, "AEPRED_SYMBOL_MAP is not set");
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", path);
    size_t functions = 0;
    for (char line[256]; fgets(line, sizeof line, f);) {
        char name[256];
        if (sscanf(line, " %255[a-z0-9_];", name) != 1 || strncmp(name, "aep_", 4) != 0)
            continue;
        functions++;
        ck_assert_msg(in_table(name), "%s has no entry in the table", name);
    }
    fclose(f);
    ck_assert_uint_ge(functions, 60);
}
END_TEST

/* Longer than RUN_TESTS gives: two threads on a busy machine wait for each other. */
int main(void)
{
    const TTest *const tests[] = {every_allocation_of_every_call_may_fail, the_table_covers_the_symbol_map};
    return run_list("oom", tests, COUNT_OF(tests), 3600);
}
