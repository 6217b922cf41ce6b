/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of arrays of numbers share. */
#ifndef AEP_TESTS_NUMBERS_FIXTURE_H
#define AEP_TESTS_NUMBERS_FIXTURE_H

#include "rng.h"
#include "runner.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* One of low .. high */
static inline size_t draw(uint32_t *state, size_t low, size_t high)
{
    *state = *state * 1664525 + 1013904223;
    return low + (size_t)(*state >> 8) % (high - low + 1);
}

static inline real *array(size_t n)
{
    real *a = calloc(n ? n : 1, sizeof *a);
    ck_assert_ptr_nonnull(a);
    return a;
}

/* normal, to be freed */
static inline real *random_array(size_t n, uint64_t seed)
{
    real *a = array(n);
    aep__rng_normal(a, n, seed, AEP__STREAM_NOISE, 0, 0);
    return a;
}

static inline real *copy_of(const real *a, size_t n)
{
    real *copy = array(n);
    memcpy(copy, a, n * sizeof *copy);
    return copy;
}

#endif
