/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss.h"
#include "rng.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST_ROWS = 40, MOST_WIDTH = 9 };

static void draw(real *z, size_t n, size_t k, uint64_t seed)
{
    aep__rng_normal(z, n * k, seed, AEP__STREAM_NOISE, 0, 0);
    for (size_t i = 0; i < n * k; i++)
        z[i] = 3 * z[i] + (real)(i % k); /* columns of other means */
}

/* (1/(n k)) sum_i ||z_i - m_i||^2, where m_i is the mean of all rows, or of all rows but the i-th */
static double compactness_by_definition(const real *z, size_t n, size_t k, bool leave_one_out)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++) {
            double total = 0;
            for (size_t other = 0; other < n; other++)
                total += leave_one_out && other == i ? 0 : (double)z[other * k + j];
            const double d = (double)z[i * k + j] - total / (double)(n - leave_one_out);
            sum += d * d;
        }
    return sum / ((double)n * (double)k);
}

static void assert_compactness(size_t n, size_t k, uint64_t seed)
{
    real z[MOST_ROWS * MOST_WIDTH], mean[MOST_WIDTH];
    draw(z, n, k, seed);
    const double got = (double)aep__compactness_forward(mean, z, n, k);
    const double expected = compactness_by_definition(z, n, k, false);
    ck_assert_double_eq_tol(got, expected, 1e-6 * expected);
    /* Perera and Patel's mean of the other rows: the same up to n^2 / (n - 1)^2 */
    const double ratio = (double)(n * n) / (double)((n - 1) * (n - 1));
    const double left_out = compactness_by_definition(z, n, k, true);
    ck_assert_double_eq_tol(got * ratio, left_out, 1e-6 * left_out);
    for (size_t j = 0; j < k; j++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)z[i * k + j];
        ck_assert_double_eq_tol((double)mean[j], sum / (double)n, 1e-5);
    }
}

START_TEST(compactness_is_that_of_the_definition)
{
    for (size_t n = 2; n <= MOST_ROWS; n++)
        for (size_t k = 1; k <= MOST_WIDTH; k++)
            assert_compactness(n, k, n * 100 + k);
}
END_TEST

START_TEST(compactness_does_not_see_where_the_rows_lie)
{
    real z[] = {1, 5, 3, 7}, far[] = {100001, 5, 100003, 7}, same[] = {4, 4, 4, 4}, mean[2];
    ck_assert_double_eq((double)aep__compactness_forward(mean, z, 2, 2), 1);
    ck_assert_double_eq((double)aep__compactness_forward(mean, far, 2, 2), 1);
    ck_assert_double_eq((double)aep__compactness_forward(mean, same, 2, 2), 0);
}
END_TEST

START_TEST(the_gradient_of_compactness_adds_up_to_nothing)
{
    real z[20 * 3], dz[20 * 3] = {0}, mean[3];
    draw(z, 20, 3, 1);
    aep__compactness_forward(mean, z, 20, 3);
    aep__compactness_backward(dz, 2, z, mean, 20, 3);
    for (size_t j = 0; j < 3; j++) {
        double sum = 0;
        for (size_t i = 0; i < 20; i++) {
            const double expected = 2 * 2 * ((double)z[i * 3 + j] - (double)mean[j]) / (20 * 3);
            ck_assert_double_eq_tol((double)dz[i * 3 + j], expected, 1e-6);
            sum += (double)dz[i * 3 + j];
        }
        ck_assert_double_eq_tol(sum, 0, 1e-5);
    }
}
END_TEST

START_TEST(row_norms_are_euclidean)
{
    const real a[] = {1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0}, b[18] = {0};
    real y[3];
    aep__row_norm_forward(y, a, b, 3, 6);
    ck_assert_double_eq_tol((double)y[0], sqrt(91), 1e-6);
    ck_assert(y[1] == 0 && y[2] == 1);
    for (size_t n = 1; n <= 18; n++) { /* every remainder of the chains of additions */
        double sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += (double)a[j] * (double)a[j];
        aep__row_norm_forward(y, b, a, 1, n);
        ck_assert_double_eq_tol((double)y[0], sqrt(sum), 1e-6);
    }
}
END_TEST

START_TEST(row_norms_of_huge_rows_do_not_overflow)
{
    const real a[] = {(real)3e30, (real)-4e30}, b[] = {0, 0};
    real y, da[2] = {0}, one = 1;
    aep__row_norm_forward(&y, a, b, 1, 2);
    ck_assert_double_eq_tol((double)y, 5e30, 1e24);
    aep__row_norm_backward(da, NULL, &one, a, b, &y, 1, 2);
    ck_assert_double_eq_tol((double)da[0], 0.6, 1e-6);
    ck_assert_double_eq_tol((double)da[1], -0.8, 1e-6);
}
END_TEST

START_TEST(the_gradient_of_a_row_norm_is_the_unit_vector)
{
    const real a[] = {4, 6, 7, 7}, b[] = {1, 2, 7, 7}, y[] = {5, 0}, dy[] = {10, 10};
    real da[] = {1, 1, 1, 1}, db[] = {1, 1, 1, 1}, alone[] = {1, 1, 1, 1};
    const real expected_a[] = {7, 9, 1, 1}, expected_b[] = {-5, -7, 1, 1}; /* nothing where the norm is 0 */
    aep__row_norm_backward(da, db, dy, a, b, y, 2, 2);
    ck_assert_mem_eq(da, expected_a, sizeof da);
    ck_assert_mem_eq(db, expected_b, sizeof db);
    aep__row_norm_backward(NULL, alone, dy, a, b, y, 2, 2);
    ck_assert_mem_eq(alone, expected_b, sizeof alone);
}
END_TEST

START_TEST(means_are_plain_or_of_squares)
{
    const real y[] = {1, 2, 6};
    real dy[] = {1, 1, 1};
    ck_assert_double_eq((double)aep__mean_forward(y, 3, false), 3);
    ck_assert_double_eq_tol((double)aep__mean_forward(y, 3, true), 41.0 / 3, 1e-6);
    aep__mean_backward(dy, 6, y, 3, false);
    for (size_t i = 0; i < 3; i++)
        ck_assert_double_eq((double)dy[i], 1 + 2);
    aep__mean_backward(dy, 6, y, 3, true);
    for (size_t i = 0; i < 3; i++)
        ck_assert_double_eq((double)dy[i], 3 + 4 * (double)y[i]);
}
END_TEST

START_TEST(weight_decay_is_the_sum_of_squares)
{
    const real theta[] = {1, -2, 3, 0};
    real dtheta[] = {1, 1, 1, 1};
    ck_assert_double_eq((double)aep__weight_decay_forward(theta, 4), 14);
    ck_assert_double_eq((double)aep__weight_decay_forward(theta, 0), 0);
    aep__weight_decay_backward(dtheta, (real)0.5, theta, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_double_eq((double)dtheta[i], 1 + (double)theta[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loss");
    TCase *tc = tcase_create("loss");
    tcase_add_test(tc, compactness_is_that_of_the_definition);
    tcase_add_test(tc, compactness_does_not_see_where_the_rows_lie);
    tcase_add_test(tc, the_gradient_of_compactness_adds_up_to_nothing);
    tcase_add_test(tc, row_norms_are_euclidean);
    tcase_add_test(tc, row_norms_of_huge_rows_do_not_overflow);
    tcase_add_test(tc, the_gradient_of_a_row_norm_is_the_unit_vector);
    tcase_add_test(tc, means_are_plain_or_of_squares);
    tcase_add_test(tc, weight_decay_is_the_sum_of_squares);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
