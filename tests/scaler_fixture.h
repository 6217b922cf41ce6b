/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the scaler share. */
#ifndef AEP_TESTS_SCALER_FIXTURE_H
#define AEP_TESTS_SCALER_FIXTURE_H

#include "failing.h"
#include "scaler.h"
#include "runner.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { SCALINGS = 5 };

static failing memory;
static aep_allocator mem;
static aep__schema schema;
static aep__scaling_config config;
static aep__scaler scaler;

static void set_up(void)
{
    mem = failing_allocator(&memory, NEVER);
    memset(&schema, 0, sizeof schema);
    memset(&scaler, 0, sizeof scaler);
    config = (aep__scaling_config){.scaling = AEP_SCALING_ZSCORE, .squash_limit = 5};
}

static void clear(void)
{
    aep__scaler_free(&scaler, &mem);
    aep__schema_free(&schema, &mem);
}

static void tear_down(void)
{
    clear();
    ck_assert_uint_eq(memory.live, 0);
}

/* Columns by letter: n is numeric, a digit is categorical with as many levels. */
static void describe(const char *columns)
{
    for (size_t i = 0; columns[i]; i++) {
        int kind = columns[i] == 'n' ? AEP_COLUMN_NUMERIC : AEP_COLUMN_CATEGORICAL;
        size_t n_levels = columns[i] == 'n' ? 0 : (size_t)(columns[i] - '0');
        ck_assert_int_eq(aep__schema_set(&schema, &mem, i, NULL, kind, NULL, n_levels), AEP_OK);
    }
}

static void fit(const char *columns, const float *rows, size_t n_rows)
{
    clear();
    describe(columns);
    ck_assert_int_eq(aep__scaler_init(&scaler, &mem, &schema, &config), AEP_OK);
    ck_assert_int_eq(aep__scaler_update(&scaler, &mem, rows, n_rows), AEP_OK);
}

static double uniform(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) / 16777216.0;
}

/* Rows of "n3n2": the numbers and levels vary, some are missing under impute. */
static float *random_rows(size_t n_rows)
{
    uint32_t state = 11;
    float *rows = malloc(n_rows * 4 * sizeof *rows);
    for (size_t i = 0; i < n_rows; i++) {
        float *row = rows + 4 * i;
        row[0] = (float)(uniform(&state) * uniform(&state) * 100 - 20);
        row[1] = (float)(int)(uniform(&state) * 3);
        row[2] = (float)exp(20 * uniform(&state) - 10);
        row[3] = uniform(&state) < 0.1;
        for (size_t c = 0; c < 4 && config.missing == AEP_MISSING_IMPUTE; c++)
            row[c] = uniform(&state) < 0.1 ? NAN : row[c];
    }
    return rows;
}

static int run(const char *name, const TTest *const *tests, size_t n)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 120);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(tc, tests[i]);
    return run_case(name, tc);
}

#endif
