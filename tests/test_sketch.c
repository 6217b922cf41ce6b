/* SPDX-License-Identifier: BSD-2-Clause */
#include "failing.h"
#include "sketch.h"
#include "runner.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { N_OUT = 129 };

static failing memory;
static aep_allocator mem;
static aep__sketch sketch;

static void set_up(void)
{
    mem = failing_allocator(&memory, NEVER);
    memset(&sketch, 0, sizeof sketch);
}

static void tear_down(void)
{
    aep__sketch_free(&sketch, &mem);
    ck_assert_uint_eq(memory.live, 0);
}

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525 + 1013904223; }

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void add_all(aep__sketch *s, const float *values, size_t n)
{
    ck_assert_int_eq(aep__sketch_reserve(s, &mem, n), AEP_OK);
    for (size_t i = 0; i < n; i++)
        aep__sketch_add(s, values[i]);
}

static float *random_values(size_t n)
{
    uint32_t state = 7;
    float *values = malloc(n * sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(next_random(&state) >> 8) / 4096 - 2048;
    return values;
}

START_TEST(quantiles_are_exact_while_everything_fits)
{
    static const size_t sizes[] = {1, 2, 3, 5, 16, 17, 100, 1000, AEP__SKETCH_SIZE - 1, AEP__SKETCH_SIZE};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t n = sizes[k];
        double q[N_OUT];
        float *values = random_values(n);
        aep__sketch_free(&sketch, &mem);
        add_all(&sketch, values, n);
        aep__sketch_quantiles(q, N_OUT, &sketch);
        qsort(values, n, sizeof *values, compare);
        for (size_t j = 0; j < N_OUT; j++) {
            double place = (double)j * (double)(n - 1) / (N_OUT - 1);
            size_t i = (size_t)place, above = i + 1 < n ? i + 1 : i;
            double expected = values[i] + ((double)values[above] - values[i]) * (place - (double)i);
            ck_assert_double_eq_tol(q[j], expected, 1e-9);
        }
        free(values);
    }
}
END_TEST

START_TEST(the_median_of_an_even_number_is_the_mean_of_the_middle_two)
{
    static const float values[] = {10, 1, 4, 3};
    double q[3];
    add_all(&sketch, values, 4);
    aep__sketch_quantiles(q, 3, &sketch);
    ck_assert_double_eq(q[0], 1);
    ck_assert_double_eq(q[1], 3.5);
    ck_assert_double_eq(q[2], 10);
}
END_TEST

START_TEST(an_empty_sketch_has_zero_quantiles)
{
    double q[3] = {1, 1, 1};
    aep__sketch_quantiles(q, 3, &sketch);
    ck_assert(q[0] == 0 && q[1] == 0 && q[2] == 0);
}
END_TEST

/* Permutations of 0 to n - 1 (n a power of ten up to 1e7, so that floats hold them), where the rank of a value is
   itself. */
static size_t ascending(size_t i, size_t n)
{
    (void)n;
    return i;
}
static size_t descending(size_t i, size_t n) { return n - 1 - i; }
static size_t shuffled(size_t i, size_t n) { return (size_t)((uint64_t)i * 6180339887 % n); }
static size_t from_both_ends(size_t i, size_t n) { return i % 2 ? n - 1 - i / 2 : i / 2; }
static size_t in_blocks(size_t i, size_t n) { return i % 1000 * (n / 1000) + i / 1000; }

static double worst_rank_error(size_t (*permutation)(size_t, size_t), size_t n)
{
    double q[N_OUT], worst = 0;
    aep__sketch_free(&sketch, &mem);
    ck_assert_int_eq(aep__sketch_reserve(&sketch, &mem, n), AEP_OK);
    for (size_t i = 0; i < n; i++)
        aep__sketch_add(&sketch, (float)permutation(i, n));
    aep__sketch_quantiles(q, N_OUT, &sketch);
    for (size_t j = 0; j < N_OUT; j++)
        worst = fmax(worst, fabs(q[j] - (double)j * (double)(n - 1) / (N_OUT - 1)) / (double)n);
    ck_assert_double_eq(q[0], 0);
    ck_assert_double_eq(q[N_OUT - 1], (double)(n - 1));
    return worst;
}

START_TEST(ranks_are_within_half_a_percent_whatever_the_order)
{
    static size_t (*const permutations[])(size_t, size_t) = {ascending, descending, shuffled, from_both_ends,
                                                             in_blocks};
    for (size_t k = 0; k < sizeof permutations / sizeof *permutations; k++)
        for (size_t n = 10000; n <= 1000000; n *= 10)
            ck_assert_double_lt(worst_rank_error(permutations[k], n), 0.005);
}
END_TEST

START_TEST(ten_million_values_are_within_a_tenth_of_a_percent_in_little_memory)
{
    ck_assert_double_lt(worst_rank_error(shuffled, 10000000), 0.001); /* errors of shuffled values cancel out */
    ck_assert_uint_lt(memory.bytes, 200000);
}
END_TEST

/* q must lie between the values whose true ranks are half a percent around its own. */
static void assert_ranks(const double *q, float *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    for (size_t j = 0; j < N_OUT; j++) {
        double place = (double)j * (double)(n - 1) / (N_OUT - 1), slack = 0.005 * (double)n;
        ck_assert_double_ge(q[j], values[(size_t)fmax(place - slack, 0)]);
        ck_assert_double_le(q[j], values[(size_t)fmin(place + slack, (double)n - 1)]);
    }
}

START_TEST(ranks_of_random_and_of_tied_values_are_within_half_a_percent)
{
    enum { N = 1000000 };
    double q[N_OUT];
    float *values = random_values(N);
    for (int tied = 0; tied < 2; tied++) {
        for (size_t i = 0; tied && i < N; i++)
            values[i] = roundf(values[i] / 500);
        aep__sketch_free(&sketch, &mem);
        add_all(&sketch, values, N);
        aep__sketch_quantiles(q, N_OUT, &sketch);
        assert_ranks(q, values, N);
    }
    free(values);
}
END_TEST

START_TEST(a_constant_stream_has_constant_quantiles)
{
    double q[N_OUT];
    ck_assert_int_eq(aep__sketch_reserve(&sketch, &mem, 1000000), AEP_OK);
    for (size_t i = 0; i < 1000000; i++)
        aep__sketch_add(&sketch, 0.1f);
    aep__sketch_quantiles(q, N_OUT, &sketch);
    for (size_t j = 0; j < N_OUT; j++)
        ck_assert_double_eq(q[j], 0.1f);
}
END_TEST

START_TEST(quantiles_ascend_between_the_extremes)
{
    enum { N = 300000 };
    double q[N_OUT];
    float *values = random_values(N);
    values[0] = 3e38f;                 /* the first move keeps even positions, of which the last is none */
    values[AEP__SKETCH_SIZE] = -1e30f; /* the second move keeps odd ones */
    values[N - 2] = 2e38f;             /* these two are in level 0 at the end */
    values[N - 1] = -1e29f;
    add_all(&sketch, values, N);
    aep__sketch_quantiles(q, N_OUT, &sketch);
    for (size_t j = 1; j < N_OUT; j++)
        ck_assert_double_ge(q[j], q[j - 1]);
    ck_assert_double_eq(q[0], -1e30f);
    ck_assert_double_eq(q[N_OUT - 1], 3e38f);
    free(values);
}
END_TEST

START_TEST(a_quantile_that_falls_on_a_value_is_that_value)
{
    double q[3];
    add_all(&sketch, (const float[]){-1, -1e-20f, 5}, 3); /* -1 + (-1e-20 + 1) is 0 */
    aep__sketch_quantiles(q, 3, &sketch);
    ck_assert_double_eq(q[1], -1e-20f);
}
END_TEST

START_TEST(the_largest_floats_are_interpolated)
{
    static const float values[] = {FLT_MAX, -FLT_MAX, FLT_MAX, -FLT_MAX};
    double q[3];
    add_all(&sketch, values, 4);
    aep__sketch_quantiles(q, 3, &sketch);
    ck_assert_double_eq(q[1], 0);
}
END_TEST

START_TEST(quantiles_do_not_depend_on_how_the_stream_is_cut)
{
    enum { N = 100000 };
    double whole[N_OUT], parts[N_OUT];
    float *values = random_values(N);
    aep__sketch other = {0};
    uint32_t state = 1;
    add_all(&sketch, values, N);
    aep__sketch_quantiles(whole, N_OUT, &sketch);
    for (size_t i = 0, n; i < N; i += n) {
        n = next_random(&state) >> 20;
        n = n < N - i ? n : N - i;
        add_all(&other, values + i, n);
        aep__sketch_quantiles(parts, N_OUT, &other); /* sorts inside: must not matter either */
    }
    ck_assert_mem_eq(parts, whole, sizeof whole);
    aep__sketch_free(&other, &mem);
    free(values);
}
END_TEST

START_TEST(a_copy_goes_on_like_the_original)
{
    enum { N = 30000 };
    double q[N_OUT], q_copy[N_OUT];
    float *values = random_values(2 * N);
    aep__sketch copy;
    add_all(&sketch, values, N);
    ck_assert_int_eq(aep__sketch_copy(&copy, &mem, &sketch), AEP_OK);
    add_all(&sketch, values + N, N);
    aep__sketch_quantiles(q, N_OUT, &sketch);
    add_all(&copy, values + N, N);
    aep__sketch_quantiles(q_copy, N_OUT, &copy);
    ck_assert_mem_eq(q, q_copy, sizeof q);
    aep__sketch_free(&copy, &mem);
    free(values);
}
END_TEST

START_TEST(an_empty_sketch_can_be_copied)
{
    aep__sketch copy;
    ck_assert_int_eq(aep__sketch_copy(&copy, &mem, &sketch), AEP_OK);
    ck_assert_ptr_null(copy.values);
    ck_assert_uint_eq(memory.calls, 0);
}
END_TEST

START_TEST(few_values_take_little_memory)
{
    ck_assert_int_eq(aep__sketch_reserve(&sketch, &mem, 10), AEP_OK);
    ck_assert_uint_le(memory.bytes, 64);
}
END_TEST

START_TEST(room_for_what_no_memory_holds_is_refused)
{
    add_all(&sketch, (const float[]){1, 2, 3}, 3);
    ck_assert_int_eq(aep__sketch_reserve(&sketch, &mem, UINT64_MAX), AEP_E_MEMORY);
    ck_assert_int_eq(aep__sketch_reserve(&sketch, &mem, (uint64_t)1 << 60), AEP_E_MEMORY);
    ck_assert_uint_eq(sketch.n, 3);
}
END_TEST

START_TEST(a_failed_allocation_leaves_a_sketch_as_it_was)
{
    float *values = random_values(5000);
    aep__sketch before, copy;
    add_all(&sketch, values, 5000);
    before = sketch;
    memory.fail_at = memory.calls;
    ck_assert_int_eq(aep__sketch_reserve(&sketch, &mem, 100000), AEP_E_MEMORY);
    ck_assert_mem_eq(&sketch, &before, sizeof before);
    memory.fail_at = memory.calls;
    ck_assert_int_eq(aep__sketch_copy(&copy, &mem, &sketch), AEP_E_MEMORY);
    ck_assert_ptr_null(copy.values);
    ck_assert_uint_eq(copy.n, 0);
    ck_assert_uint_eq(memory.live, 1);
    free(values);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("sketch");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, quantiles_are_exact_while_everything_fits);
    tcase_add_test(tc, the_median_of_an_even_number_is_the_mean_of_the_middle_two);
    tcase_add_test(tc, an_empty_sketch_has_zero_quantiles);
    tcase_add_test(tc, ranks_are_within_half_a_percent_whatever_the_order);
    tcase_add_test(tc, ten_million_values_are_within_a_tenth_of_a_percent_in_little_memory);
    tcase_add_test(tc, ranks_of_random_and_of_tied_values_are_within_half_a_percent);
    tcase_add_test(tc, a_constant_stream_has_constant_quantiles);
    tcase_add_test(tc, quantiles_ascend_between_the_extremes);
    tcase_add_test(tc, a_quantile_that_falls_on_a_value_is_that_value);
    tcase_add_test(tc, the_largest_floats_are_interpolated);
    tcase_add_test(tc, quantiles_do_not_depend_on_how_the_stream_is_cut);
    tcase_add_test(tc, a_copy_goes_on_like_the_original);
    tcase_add_test(tc, an_empty_sketch_can_be_copied);
    tcase_add_test(tc, few_values_take_little_memory);
    tcase_add_test(tc, room_for_what_no_memory_holds_is_refused);
    tcase_add_test(tc, a_failed_allocation_leaves_a_sketch_as_it_was);
    return run_case("sketch", tc);
}
