/* SPDX-License-Identifier: BSD-2-Clause */
#include "ops.h"

#include <aepred.h>
#include <check.h>
#include <math.h>
#include <string.h>

enum { ROWS = 400, WIDTH = 50 };

static real x[ROWS * WIDTH], y[ROWS * WIDTH], again[ROWS * WIDTH];

static void set_up(void)
{
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        x[i] = (real)2 + (real)(i % 7); /* never 0 */
}

static void noise(int kind, real level, uint64_t seed, uint64_t step, real *to, size_t rows)
{
    const aep__noise noise = {.kind = kind, .level = level, .seed = seed, .step = step};
    aep__noise_forward(&noise, to, x, rows, &(aep__grid){1, 1, WIDTH});
}

START_TEST(no_noise_is_the_rows_themselves)
{
    noise(AEP_NOISE_NONE, (real)0.5, 1, 2, y, ROWS);
    ck_assert_mem_eq(y, x, sizeof x);
}
END_TEST

START_TEST(gaussian_noise_has_the_level_as_its_standard_deviation)
{
    const double level = 0.3, n = ROWS * WIDTH;
    double sum = 0, squares = 0;
    noise(AEP_NOISE_GAUSSIAN, (real)level, 1, 2, y, ROWS);
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        const double d = ((double)y[i] - (double)x[i]) / level;
        sum += d;
        squares += d * d;
    }
    ck_assert_double_eq_tol(sum / n, 0, 4 / sqrt(n));
    ck_assert_double_eq_tol(squares / n, 1, 4 * sqrt(2 / n));
}
END_TEST

START_TEST(masking_puts_the_share_of_its_level_at_zero)
{
    static const double levels[] = {0, 0.1, 0.5, 1};
    const double level = levels[_i], n = ROWS * WIDTH;
    size_t masked = 0;
    noise(AEP_NOISE_MASKING, (real)level, 1, 2, y, ROWS);
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        ck_assert(y[i] == 0 || y[i] == x[i]);
        masked += y[i] == 0;
    }
    ck_assert_double_eq_tol((double)masked / n, level, 4 * sqrt(level * (1 - level) / n) + 1e-9);
}
END_TEST

START_TEST(noise_is_that_of_seed_step_and_row)
{
    const int kind = _i;
    noise(kind, (real)0.4, 1, 2, y, ROWS);
    noise(kind, (real)0.4, 1, 2, again, ROWS / 2); /* the same in a smaller batch */
    ck_assert_mem_eq(again, y, sizeof x / 2);
    for (size_t i = 1; i < 7; i++) /* other rows, the same x */
        ck_assert_mem_ne(y + i * 7 * WIDTH, y, WIDTH * sizeof *y);
    noise(kind, (real)0.4, 3, 2, again, ROWS);
    ck_assert_mem_ne(again, y, sizeof x);
    noise(kind, (real)0.4, 1, 3, again, ROWS);
    ck_assert_mem_ne(again, y, sizeof x);
}
END_TEST

START_TEST(dense_layers_add_their_biases)
{
    const real in[] = {1, 2, 3, 4, 5, 6}, w[] = {1, 10, 2, 20, 3, 30}, b[] = {100, 1000};
    const real expected[] = {114, 1140, 132, 1320};
    real out[4];
    aep__dense_forward(out, in, w, b, 2, 3, 2, true);
    ck_assert_mem_eq(out, expected, sizeof out);
}
END_TEST

START_TEST(dense_layers_add_to_all_three_gradients)
{
    const real in[] = {1, 2, 3, 4, 5, 6}, w[] = {1, 10, 2, 20, 3, 30}, dy[] = {1, 0, 1, 2};
    const real expected_w[] = {6, 9, 8, 11, 10, 13}, expected_b[] = {3, 3}, expected_x[] = {2, 3, 4, 22, 43, 64};
    real dw[] = {1, 1, 1, 1, 1, 1}, db[] = {1, 1}, dx[] = {1, 1, 1, 1, 1, 1}, scratch[6];
    aep__dense_backward(dx, dw, db, dy, in, w, scratch, 2, 3, 2);
    ck_assert_mem_eq(dw, expected_w, sizeof dw);
    ck_assert_mem_eq(db, expected_b, sizeof db);
    ck_assert_mem_eq(dx, expected_x, sizeof dx);
    aep__dense_backward(NULL, dw, db, dy, in, w, scratch, 2, 3, 2); /* the first layer wants no dx */
    ck_assert(dw[0] == 11 && db[1] == 5 && dx[0] == 2);
}
END_TEST

START_TEST(absolute_differences_have_no_gradient_where_they_are_zero)
{
    const real a[] = {3, 1, 2}, b[] = {1, 3, 2}, dy[] = {5, 5, 5}, expected[] = {2, 2, 0};
    const real expected_a[] = {5, -5, 0}, expected_b[] = {-5, 5, 0};
    real out[3], da[3] = {0}, db[3] = {0};
    aep__abs_diff_forward(out, a, b, 3);
    ck_assert_mem_eq(out, expected, sizeof out);
    aep__abs_diff_backward(da, NULL, dy, a, b, 3);
    aep__abs_diff_backward(NULL, db, dy, a, b, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert(da[i] == expected_a[i] && db[i] == expected_b[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops");
    TCase *tc = tcase_create("ops");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, no_noise_is_the_rows_themselves);
    tcase_add_test(tc, gaussian_noise_has_the_level_as_its_standard_deviation);
    tcase_add_loop_test(tc, masking_puts_the_share_of_its_level_at_zero, 0, 4);
    tcase_add_loop_test(tc, noise_is_that_of_seed_step_and_row, AEP_NOISE_GAUSSIAN, AEP_NOISE_MASKING + 1);
    tcase_add_test(tc, dense_layers_add_their_biases);
    tcase_add_test(tc, dense_layers_add_to_all_three_gradients);
    tcase_add_test(tc, absolute_differences_have_no_gradient_where_they_are_zero);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
