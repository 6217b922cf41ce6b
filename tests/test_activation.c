/* SPDX-License-Identifier: BSD-2-Clause */
#include "activation.h"

#include <aepred.h>
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = AEP_SILU + 1, N = 1000 };

static double exact(int kind, double x)
{
    switch (kind) {
    case AEP_RELU:
        return x > 0 ? x : 0;
    case AEP_LEAKY_RELU:
        return x > 0 ? x : 0.01 * x;
    case AEP_TANH:
        return tanh(x);
    case AEP_SIGMOID:
        return 1 / (1 + exp(-x));
    case AEP_GELU:
        return x * 0.5 * erfc(-x * sqrt(0.5));
    default:
        return x / (1 + exp(-x));
    }
}

/* From 1e-6 to 80, both signs. */
static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((i % 2 ? 1 : -1) * pow(10, -6 + 7.9 * (double)i / (double)n));
}

START_TEST(values_are_within_2e_7_of_the_exact_ones)
{
    float x[N], y[N];
    const int kind = _i;
    fill(x, N);
    aep__activation_forward(kind, y, x, N);
    for (size_t i = 0; i < N; i++) {
        /* gelu's tail is computed from a rounded argument, which costs a factor of about x^2 */
        const double bound = kind == AEP_GELU ? 2e-7 * (1 + (double)x[i] * (double)x[i]) : 2e-7;
        const double wanted = exact(kind, (double)x[i]);
        if (fabs(wanted) > 1e-35)
            ck_assert_double_le(fabs((double)y[i] - wanted), bound * fabs(wanted));
        else
            ck_assert_double_le(fabs((double)y[i]), 1e-34);
    }
}
END_TEST

/* A value's result depends on that value only: the vector loops and what is left over behind them agree. */
START_TEST(a_value_gives_the_same_at_every_place)
{
    float x[N], together[N], alone;
    fill(x, N);
    for (size_t n = 1; n < 70; n++) {
        aep__activation_forward(_i, together, x + n, n);
        for (size_t i = 0; i < n; i++) {
            aep__activation_forward(_i, &alone, x + n + i, 1);
            ck_assert_mem_eq(&alone, &together[i], sizeof alone);
        }
    }
}
END_TEST

START_TEST(gradients_are_added_at_every_place_alike)
{
    float x[N], y[N], dy[N], dx[N], alone;
    fill(x, N);
    for (size_t i = 0; i < N; i++)
        dy[i] = 1 + (float)i / N;
    aep__activation_forward(_i, y, x, N);
    memset(dx, 0, sizeof dx);
    aep__activation_backward(_i, dx, dy, x, y, N);
    aep__activation_backward(_i, dx, dy, x, y, N);
    for (size_t i = 0; i < N; i++) {
        alone = 0;
        aep__activation_backward(_i, &alone, dy + i, x + i, y + i, 1);
        ck_assert_float_eq(dx[i], 2 * alone);
    }
}
END_TEST

START_TEST(extreme_values_stay_finite_and_nan_stays_nan)
{
    const float x[] = {0, 3e38f, -3e38f, 100, -100, 1e-40f, NAN};
    enum { COUNT = sizeof x / sizeof *x };
    float y[COUNT];
    aep__activation_forward(_i, y, x, COUNT);
    for (size_t i = 0; i + 1 < COUNT; i++)
        ck_assert_msg(isfinite(y[i]), "kind %d: f(%g) = %g", _i, (double)x[i], (double)y[i]);
    ck_assert(isnan(y[COUNT - 1]));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("activation");
    TCase *tests = tcase_create("activation");
    tcase_add_loop_test(tests, values_are_within_2e_7_of_the_exact_ones, 1, KINDS);
    tcase_add_loop_test(tests, a_value_gives_the_same_at_every_place, 1, KINDS);
    tcase_add_loop_test(tests, gradients_are_added_at_every_place_alike, 1, KINDS);
    tcase_add_loop_test(tests, extreme_values_stay_finite_and_nan_stays_nan, 1, KINDS);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
