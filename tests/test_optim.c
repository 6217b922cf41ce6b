/* SPDX-License-Identifier: BSD-2-Clause */
#include "optim.h"
#include "runner.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* relative to the larger of 1 and the value */
static void assert_near(double got, double expected)
{
    ck_assert_double_eq_tol(got, expected, 1e-6 * fmax(1, fabs(expected)));
}

/*
 * By hand, with rate 0.1, beta1 0.9, beta2 0.999, theta 1 and gradients 0.5, -0.25:
 *   m = 0.05,  v = 0.00025,    m^ = 0.5,        v^ = 0.25:       theta = 1 - 0.1 0.5 / 0.5 = 0.9
 *   m = 0.02,  v = 0.00031225, m^ = 0.02/0.19,  v^ = v/0.001999: theta = 0.9 - 0.1 0.10526316 / 0.39522538 = 0.87336621
 */
START_TEST(adam_takes_the_steps_worked_out_by_hand)
{
    aep__adam adam = {.rate = 0.1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .step = 1};
    real theta = 1, m = 0, v = 0, gradient = (real)0.5;
    aep__adam_step(aep__kernels_best(), &adam, &theta, &m, &v, &gradient, 1, 1);
    assert_near((double)theta, 0.9);
    assert_near((double)m, 0.05);
    ck_assert_double_eq_tol((double)v, 0.00025, 1e-9);
    adam.step = 2;
    gradient = (real)-0.25;
    aep__adam_step(aep__kernels_best(), &adam, &theta, &m, &v, &gradient, 1, 1);
    assert_near((double)theta, 0.87336621);
    assert_near((double)m, 0.02);
    ck_assert_double_eq_tol((double)v, 0.00031225, 1e-9);
}
END_TEST

START_TEST(the_first_step_of_adam_is_the_rate_against_the_sign)
{
    const aep__adam adam = {.rate = 0.01, .beta1 = 0.8, .beta2 = 0.9, .epsilon = 0, .step = 1};
    real theta[] = {1, 1, 1, 1}, m[4] = {0}, v[4] = {0};
    const real gradient[] = {1000, (real)-0.001, 3, -7};
    aep__adam_step(aep__kernels_best(), &adam, theta, m, v, gradient, 1, 4);
    for (int i = 0; i < 4; i++)
        assert_near((double)theta[i], gradient[i] > 0 ? 0.99 : 1.01);
}
END_TEST

START_TEST(epsilon_is_added_to_the_corrected_root)
{
    const aep__adam adam = {.rate = 1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 0.5, .step = 1};
    real theta = 0, m = 0, v = 0;
    const real gradient = (real)0.25;
    aep__adam_step(aep__kernels_best(), &adam, &theta, &m, &v, &gradient, 1, 1);
    assert_near((double)theta, -0.25 / (0.25 + 0.5));
}
END_TEST

/* the algorithm as the paper prints it, over many steps */
START_TEST(adam_follows_the_published_algorithm)
{
    const double rate = 0.02, beta1 = 0.85, beta2 = 0.98, epsilon = 1e-6;
    real theta = 2, m = 0, v = 0;
    double theta_expected = 2, m_expected = 0, v_expected = 0;
    for (uint64_t step = 1; step <= 200; step++) {
        const double g = sin((double)step) + 0.3;
        const real gradient = (real)g;
        const aep__adam adam = {rate, beta1, beta2, epsilon, step};
        aep__adam_step(aep__kernels_best(), &adam, &theta, &m, &v, &gradient, 1, 1);
        m_expected = beta1 * m_expected + (1 - beta1) * g;
        v_expected = beta2 * v_expected + (1 - beta2) * g * g;
        const double m_hat = m_expected / (1 - pow(beta1, (double)step)),
                     v_hat = v_expected / (1 - pow(beta2, (double)step));
        theta_expected -= rate * m_hat / (sqrt(v_hat) + epsilon);
        ck_assert_double_eq_tol((double)theta, theta_expected, 2e-5);
    }
}
END_TEST

START_TEST(a_scale_is_a_factor_on_the_gradient)
{
    const aep__adam adam = {.rate = 0.1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 0.1, .step = 3};
    const real gradient[] = {1, -2, 3, 0}, quarter[] = {(real)0.25, (real)-0.5, (real)0.75, 0};
    real theta[2][4] = {{1, 2, 3, 4}, {1, 2, 3, 4}}, m[2][4] = {{0}}, v[2][4] = {{0}};
    aep__adam_step(aep__kernels_best(), &adam, theta[0], m[0], v[0], gradient, 0.25, 4);
    aep__adam_step(aep__kernels_best(), &adam, theta[1], m[1], v[1], quarter, 1, 4);
    ck_assert_mem_eq(theta[0], theta[1], sizeof theta[0]);
    ck_assert_mem_eq(m[0], m[1], sizeof m[0]);
    ck_assert_mem_eq(v[0], v[1], sizeof v[0]);
    ck_assert(theta[0][0] < 1 && theta[0][1] > 2 && theta[0][2] < 3 && theta[0][3] == 4);
}
END_TEST

/* From a hostile file; one step more is taken when fitting goes on. */
START_TEST(any_finite_moments_leave_finite_parameters)
{
    static const real first[] = {0, 1, FLT_MAX, -FLT_MAX}, second[] = {0, (real)1e-45, 1, FLT_MAX};
    static const double rates[] = {1e-6, 1, 100};
    for (size_t i = 0; i < 4 * 4 * 3; i++) {
        const aep__adam adam = {rates[i / 16], 0.9, 0.999, 1e-8, 1 + i};
        real theta[17], m[17], v[17], gradient[17];
        for (size_t j = 0; j < 17; j++) /* a vector, and what is left */
            theta[j] = 1, m[j] = first[i % 4], v[j] = second[i / 4 % 4], gradient[j] = (real)j - 8;
        aep__adam_step(aep__kernels_best(), &adam, theta, m, v, gradient, 1, 17);
        for (size_t j = 0; j < 17; j++)
            ck_assert_msg(isfinite(theta[j]), "rate %g, m %g, v %g", adam.rate, (double)first[i % 4],
                          (double)second[i / 4 % 4]);
    }
}
END_TEST

START_TEST(the_cosine_schedule_falls_from_the_rate_to_zero)
{
    const uint64_t n = 1000;
    ck_assert_double_eq(aep__cosine_rate(0.02, 0, n), 0.02);
    ck_assert_double_eq_tol(aep__cosine_rate(0.02, n / 4, n), 0.02 * (2 + sqrt(2)) / 4, 1e-12);
    ck_assert_double_eq_tol(aep__cosine_rate(0.02, n / 2, n), 0.01, 1e-12);
    ck_assert_double_eq(aep__cosine_rate(0.02, n, n), 0);
    ck_assert_double_eq(aep__cosine_rate(0.02, n + 5, n), 0);
    for (uint64_t t = 0; t < n; t++) {
        ck_assert_double_gt(aep__cosine_rate(0.02, t, n), aep__cosine_rate(0.02, t + 1, n));
        ck_assert_double_eq_tol(aep__cosine_rate(0.02, t, n) + aep__cosine_rate(0.02, n - t, n), 0.02, 1e-12);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("optim");
    tcase_add_test(tc, adam_takes_the_steps_worked_out_by_hand);
    tcase_add_test(tc, the_first_step_of_adam_is_the_rate_against_the_sign);
    tcase_add_test(tc, epsilon_is_added_to_the_corrected_root);
    tcase_add_test(tc, adam_follows_the_published_algorithm);
    tcase_add_test(tc, a_scale_is_a_factor_on_the_gradient);
    tcase_add_test(tc, any_finite_moments_leave_finite_parameters);
    tcase_add_test(tc, the_cosine_schedule_falls_from_the_rate_to_zero);
    return run_case("optim", tc);
}
