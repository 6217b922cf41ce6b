/* SPDX-License-Identifier: BSD-2-Clause */
#include "sort.h"
#include "runner.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 200000 }; /* more than the block that heapsort is given at once */

static uint32_t next(uint32_t *state) { return (*state = *state * 1664525u + 1013904223u) >> 8; }

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Sorts v and a copy of it by qsort. */
static void check_sort(float *v, size_t n)
{
    float *expected = malloc((n ? n : 1) * sizeof *v);
    memcpy(expected, v, n * sizeof *v);
    qsort(expected, n, sizeof *expected, compare);
    aep__sort(v, n);
    for (size_t i = 0; i < n; i++)
        if (v[i] != expected[i]) /* an assertion for each would take longer than the sort */
            ck_abort_msg("%zu of %zu: %g, expected %g", i, n, (double)v[i], (double)expected[i]);
    free(expected);
}

START_TEST(every_order_of_few_values_is_sorted)
{
    for (size_t n = 0; n <= 6; n++) {
        size_t orders = 1;
        for (size_t i = 0; i < n; i++)
            orders *= n;
        for (size_t order = 0; order < orders; order++) { /* with all ties */
            float v[6];
            for (size_t i = 0, rest = order; i < n; i++, rest /= n)
                v[i] = (float)(rest % n);
            check_sort(v, n);
        }
    }
}
END_TEST

START_TEST(random_values_are_sorted)
{
    uint32_t state = 1;
    for (size_t n = 1; n < LARGE; n += n / 2 + 1)
        for (uint32_t different = 2; different < 1u << 24; different *= 50) {
            float *v = malloc(n * sizeof *v);
            for (size_t i = 0; i < n; i++)
                v[i] = (float)(next(&state) % different) - (float)(different / 2);
            check_sort(v, n);
            free(v);
        }
}
END_TEST

/* i-th of n values in orders that are bad for one sort or another */
static float pattern(int kind, size_t i, size_t n)
{
    switch (kind) {
    case 0: /* sorted */
        return (float)i;
    case 1: /* reversed */
        return -(float)i;
    case 2: /* equal */
        return 3;
    case 3: /* up, then down */
        return (float)(i < n / 2 ? i : n - i);
    case 4: /* down, then up */
        return (float)(i < n / 2 ? n - i : i);
    case 5: /* the largest first, middle and last */
        return i == 0 || i == n / 2 || i == n - 1 ? 1e9f : (float)(i * 7919 % n);
    case 6: /* the smallest first, middle and last */
        return i == 0 || i == n / 2 || i == n - 1 ? -1e9f : (float)(i * 7919 % n);
    default: /* few runs */
        return (float)(i % 1000);
    }
}

START_TEST(orders_that_are_hard_for_some_sorts_are_sorted)
{
    static const size_t sizes[] = {100, 16385, LARGE};
    float *v = malloc(LARGE * sizeof *v);
    for (size_t s = 0; s < 3; s++)
        for (int kind = 0; kind < 8; kind++) {
            for (size_t i = 0; i < sizes[s]; i++)
                v[i] = pattern(kind, i, sizes[s]);
            check_sort(v, sizes[s]);
        }
    free(v);
}
END_TEST

START_TEST(extremes_are_sorted)
{
    float v[] = {FLT_MAX, 0.0f, -FLT_MAX, -0.0f, FLT_MIN, -FLT_MIN, FLT_TRUE_MIN, INFINITY, -INFINITY, 1.0f, -1.0f};
    const size_t n = sizeof v / sizeof *v;
    check_sort(v, n);
    ck_assert(v[0] == -INFINITY && v[n - 1] == INFINITY);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("sort");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, every_order_of_few_values_is_sorted);
    tcase_add_test(tc, random_values_are_sorted);
    tcase_add_test(tc, orders_that_are_hard_for_some_sorts_are_sorted);
    tcase_add_test(tc, extremes_are_sorted);
    return run_case("sort", tc);
}
