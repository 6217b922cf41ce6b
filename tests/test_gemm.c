/* SPDX-License-Identifier: BSD-2-Clause */
#include "gemm.h"
#include "rng.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 70, SHAPES = 300, GUARD = 16 };

static real *array(size_t n)
{
    real *a = malloc((n ? n : 1) * sizeof *a);
    ck_assert_ptr_nonnull(a);
    return a;
}

static real *random_array(size_t n, uint64_t seed)
{
    real *a = array(n);
    aep__rng_normal(a, n, seed, AEP__STREAM_NOISE, 0, 0);
    return a;
}

static real *copy_of(const real *a, size_t n)
{
    real *b = array(n);
    memcpy(b, a, n * sizeof *b);
    return b;
}

static size_t random_size(uint64_t seed, uint64_t which)
{
    real u;
    aep__rng_uniform(&u, 1, seed, AEP__STREAM_SHUFFLE, which, 0);
    return 1 + (size_t)(u * (real)(LARGEST - 1) + (real)0.5);
}

static aep__gemm_kernel plain(void)
{
    size_t i = 0;
    while (aep__gemm_kernel_at(i + 1).name)
        i++;
    return aep__gemm_kernel_at(i);
}

/*
 * How far two orders of adding may lie apart: with u = FLT_EPSILON / 2 each is within (k + 1) u S of the exact value
 * to first order, where S = |c| + sum_p |a_p| |b_p| (Higham 2002, section 3.1).
 */
static double tolerance(const real *c, const real *a, size_t a_row, size_t a_col, const real *b, size_t i, size_t j,
                        size_t n, size_t k)
{
    double sum = fabs((double)c[i * n + j]);
    for (size_t p = 0; p < k; p++)
        sum += fabs((double)a[i * a_row + p * a_col] * (double)b[p * n + j]);
    return (double)(k + 2) * FLT_EPSILON * sum;
}

/* got against what the plain kernel makes of c */
static void assert_product(const real *got, const real *c, const real *a, size_t a_row, size_t a_col, const real *b,
                           size_t m, size_t n, size_t k)
{
    real *expected = copy_of(c, m * n);
    plain().run(expected, a, a_row, a_col, b, m, n, k);
    size_t wrong = 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            const double difference = fabs((double)got[i * n + j] - (double)expected[i * n + j]);
            wrong += !(difference <= tolerance(c, a, a_row, a_col, b, i, j, n, k));
        }
    ck_assert_uint_eq(wrong, 0);
    free(expected);
}

/* A is given by rows, by columns (as X' in dW = X' dY), and as part of a wider matrix. */
static void check_kernel(const aep__gemm_kernel *kernel, size_t m, size_t n, size_t k, uint64_t seed)
{
    const size_t strides[][2] = {{k, 1}, {1, m}, {k + 3, 1}, {1, m + 3}};
    for (size_t s = 0; s < sizeof strides / sizeof *strides; s++) {
        const size_t a_row = strides[s][0], a_col = strides[s][1];
        real *a = random_array((m - 1) * a_row + (k - 1) * a_col + 1, seed), *b = random_array(k * n, seed + 1);
        real *c = random_array(m * n + GUARD, seed + 2), *got = copy_of(c, m * n + GUARD);
        kernel->run(got, a, a_row, a_col, b, m, n, k);
        assert_product(got, c, a, a_row, a_col, b, m, n, k);
        ck_assert_mem_eq(got + m * n, c + m * n, GUARD * sizeof *c);
        free(a), free(b), free(c), free(got);
    }
}

START_TEST(every_kernel_agrees_with_the_plain_one)
{
    const aep__gemm_kernel kernel = aep__gemm_kernel_at((size_t)_i);
    if (!kernel.name || !kernel.supported)
        return;
    for (uint64_t seed = 0; seed < SHAPES; seed++)
        check_kernel(&kernel, random_size(seed, 0), random_size(seed, 1), random_size(seed, 2), seed);
    for (size_t n = 1; n <= LARGEST; n++) /* every width of the last strip of columns */
        check_kernel(&kernel, 13, n, 7, n);
    for (size_t m = 1; m <= LARGEST; m++) /* every height of the last tile of rows */
        check_kernel(&kernel, m, 17, 7, m);
}
END_TEST

START_TEST(the_plain_kernel_is_the_textbook_product)
{
    const real a[] = {1, 2, 3, 4, 5, 6}, b[] = {7, 8, 9, 10, 11, 12}, expected[] = {59, 65, 140, 155};
    real c[] = {1, 1, 1, 1};
    ck_assert_str_eq(plain().name, "plain");
    ck_assert(plain().supported);
    plain().run(c, a, 3, 1, b, 2, 2, 3);
    ck_assert_mem_eq(c, expected, sizeof c);
}
END_TEST

static void assert_rows_do_not_depend_on_the_batch(size_t m, size_t n, size_t k)
{
    real *x = random_array(m * k, 1), *w = random_array(k * n, 2), *bias = random_array(n, 3);
    real *y = array(m * n), *part = array(m * n);
    aep__gemm_forward(y, x, w, bias, m, n, k, true);
    for (size_t i = 0; i < m; i++) {
        aep__gemm_forward(part, x + i * k, w, bias, 1, n, k, true);
        ck_assert_mem_eq(part, y + i * n, n * sizeof *y);
    }
    for (size_t start = 0; start < m; start++) { /* the same rows, moved to other positions in a shorter batch */
        aep__gemm_forward(part, x + start * k, w, bias, m - start, n, k, true);
        ck_assert_mem_eq(part, y + start * n, (m - start) * n * sizeof *y);
    }
    free(x), free(w), free(bias), free(y), free(part);
}

START_TEST(a_row_is_the_same_alone_and_at_any_place_of_any_batch)
{
    for (uint64_t seed = 0; seed < 60; seed++)
        assert_rows_do_not_depend_on_the_batch(random_size(seed, 3), random_size(seed, 4), random_size(seed, 5));
    assert_rows_do_not_depend_on_the_batch(80, 200, 210); /* where training would take a CBLAS */
}
END_TEST

static void check_forward(size_t m, size_t n, size_t k, bool row_exact)
{
    real *x = random_array(m * k, 4), *w = random_array(k * n, 5), *bias = random_array(n, 6);
    real *y = array(m * n), *c = array(m * n);
    for (size_t i = 0; i < m; i++)
        memcpy(c + i * n, bias, n * sizeof *c);
    aep__gemm_forward(y, x, w, bias, m, n, k, row_exact);
    assert_product(y, c, x, k, 1, w, m, n, k);
    free(x), free(w), free(bias), free(y), free(c);
}

static void check_dw(size_t m, size_t n, size_t k)
{
    real *x = random_array(m * k, 7), *dy = random_array(m * n, 8);
    real *c = random_array(k * n, 9), *dw = copy_of(c, k * n);
    aep__gemm_dw(dw, x, dy, m, n, k);
    assert_product(dw, c, x, 1, k, dy, k, n, m);
    free(x), free(dy), free(c), free(dw);
}

static void check_dx(size_t m, size_t n, size_t k)
{
    real *dy = random_array(m * n, 10), *w = random_array(k * n, 11), *scratch = array(k * n);
    real *c = random_array(m * k, 12), *dx = copy_of(c, m * k), *w_transposed = array(n * k);
    for (size_t p = 0; p < k; p++)
        for (size_t j = 0; j < n; j++)
            w_transposed[j * k + p] = w[p * n + j];
    aep__gemm_dx(dx, dy, w, scratch, m, n, k);
    assert_product(dx, c, dy, n, 1, w_transposed, m, k, n);
    free(dy), free(w), free(scratch), free(c), free(dx), free(w_transposed);
}

START_TEST(the_three_products_agree_with_the_plain_kernel)
{
    /* of the size of layers, one row, one column, one input, and large enough for a CBLAS */
    static const size_t shapes[][3] = {{32, 60, 118}, {1, 30, 60},    {64, 1, 64},
                                       {33, 7, 1},    {64, 192, 192}, {130, 210, 300}};
    const size_t m = shapes[_i][0], n = shapes[_i][1], k = shapes[_i][2];
    check_forward(m, n, k, true);
    check_forward(m, n, k, false);
    check_dw(m, n, k);
    check_dx(m, n, k);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *tc = tcase_create("gemm");
    int kernels = 0;
    while (aep__gemm_kernel_at((size_t)kernels).name)
        kernels++;
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, every_kernel_agrees_with_the_plain_one, 0, kernels);
    tcase_add_test(tc, the_plain_kernel_is_the_textbook_product);
    tcase_add_test(tc, a_row_is_the_same_alone_and_at_any_place_of_any_batch);
    tcase_add_loop_test(tc, the_three_products_agree_with_the_plain_kernel, 0, 6);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
