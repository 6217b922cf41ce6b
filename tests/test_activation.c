/* SPDX-License-Identifier: BSD-2-Clause */
#define _DEFAULT_SOURCE
#include "kernels_fixture.h"

#include <aepred.h>
#include <float.h>

enum { KINDS = AEP_SILU + 1, N = 1000 };

#define FOR_EACH_KIND(kind) for (int kind = AEP_IDENTITY + 1; kind < KINDS; kind++)

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

static double exact_slope(int kind, double x)
{
    const double s = 1 / (1 + exp(-x)), t = tanh(x);
    switch (kind) {
    case AEP_RELU:
        return x > 0 ? 1 : 0;
    case AEP_LEAKY_RELU:
        return x > 0 ? 1 : 0.01;
    case AEP_TANH:
        return 1 - t * t;
    case AEP_SIGMOID:
        return s * (1 - s);
    case AEP_GELU:
        return 0.5 * erfc(-x * sqrt(0.5)) + x * exp(-0.5 * x * x) / sqrt(8 * atan(1));
    default:
        return s + x * s * (1 - s);
    }
}

/* Relative. gelu's tail is computed from a rounded argument, which costs a factor of about x^2. */
static bool is_accurate(int kind, float y, double x)
{
    const double bound = kind == AEP_GELU ? 2e-7 * (1 + x * x) : 2e-7, wanted = exact(kind, x);
    return fabs(wanted) > 1e-35 ? fabs((double)y - wanted) <= bound * fabs(wanted) : fabs((double)y) <= 1e-34;
}

/* From 1e-6 to 80, both signs. */
static void spread(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((i % 2 ? 1 : -1) * pow(10, -6 + 7.9 * (double)i / (double)n));
}

START_TEST(values_are_within_2e_7_of_the_exact_ones)
{
    float x[N], y[N];
    spread(x, N);
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    {
        k->activation_forward(kind, y, x, N);
        for (size_t i = 0; i < N; i++)
            ck_assert_msg(is_accurate(kind, y[i], (double)x[i]), "%s, kind %d: f(%.9g) = %.9g", k->name, kind,
                          (double)x[i], (double)y[i]);
    }
}
END_TEST

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Every `step`-th float between two, `sign` taken; within the bound, and the bits of the other sets of its kind. */
static void sweep(const aep__kernels *k, int kind, float from, float to, float sign, uint32_t step)
{
    enum { BLOCK = 4096 };
    float x[BLOCK], y[BLOCK], expected[BLOCK];
    size_t wrong = 0, different = 0;
    float last = 0;
    for (uint32_t bits = bits_of(from); bits <= bits_of(to); bits += BLOCK * step) {
        for (uint32_t i = 0; i < BLOCK; i++)
            x[i] = sign * float_of(bits + i * step);
        k->activation_forward(kind, y, x, BLOCK);
        twin(k, true)->activation_forward(kind, expected, x, BLOCK);
        different += n_different(y, expected, BLOCK);
        for (size_t i = 0; i < BLOCK; i++)
            if (!is_accurate(kind, y[i], (double)x[i]))
                wrong++, last = x[i];
    }
    ck_assert_msg(!wrong, "%s, kind %d: %zu values, the last f(%.9g)", k->name, kind, wrong, (double)last);
    ck_assert_uint_eq(different, 0);
}

START_TEST(tanh_is_within_2e_7_wherever_it_is_no_constant)
{
    FOR_EACH_SET(k)
    for (int negative = 0; negative < 2; negative++) {
        sweep(k, AEP_TANH, 1e-9f, 20, negative ? -1.0f : 1.0f, 499);
        sweep(k, AEP_TANH, 0.05f, 9.5f, negative ? -1.0f : 1.0f, 61); /* where exponents of 2 change */
    }
}
END_TEST

START_TEST(all_functions_are_within_2e_7_between_the_values_above)
{
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    for (int negative = 0; negative < 2; negative++)
        sweep(k, kind, 1e-9f, 70, negative ? -1.0f : 1.0f, 4999);
}
END_TEST

START_TEST(tanh_is_odd_never_beyond_1_and_1_from_9_on)
{
    FOR_EACH_SET(k)
    for (uint32_t bits = bits_of(1e-9f); bits < bits_of(INFINITY); bits += 100003) {
        const float x[2] = {float_of(bits), -float_of(bits)};
        float y[2];
        k->activation_forward(AEP_TANH, y, x, 2);
        ck_assert(y[0] == -y[1] && y[0] > 0 && y[0] <= 1);
        ck_assert_msg(x[0] < 9 || y[0] == 1, "%s: f(%.9g) = %.9g", k->name, (double)x[0], (double)y[0]);
    }
}
END_TEST

/* x s (1 - s) of silu loses by rounding s what x makes larger */
START_TEST(slopes_are_those_of_the_exact_functions)
{
    float x[N], y[N], dx[N], dy[N];
    spread(x, N);
    for (size_t i = 0; i < N; i++)
        dy[i] = 1;
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    {
        k->activation_forward(kind, y, x, N);
        k->activation_backward(kind, dx, dy, x, y, N, false);
        for (size_t i = 0; i < N; i++)
            ck_assert_msg(fabs((double)dx[i] - exact_slope(kind, (double)x[i])) <= 2e-7 * (1 + fabs((double)x[i])),
                          "%s, kind %d: f'(%.9g) = %.9g", k->name, kind, (double)x[i], (double)dx[i]);
    }
}
END_TEST

/* A value's result depends on that value only: the vector loops and what is left over behind them agree. */
START_TEST(a_value_gives_the_same_at_every_place)
{
    float x[N], together[N], alone;
    spread(x, N);
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    for (size_t n = 1; n < 70; n++) {
        size_t wrong = 0;
        k->activation_forward(kind, together, x + n, n);
        for (size_t i = 0; i < n; i++) {
            k->activation_forward(kind, &alone, x + n + i, 1);
            wrong += n_different(&alone, &together[i], 1);
        }
        ck_assert_uint_eq(wrong, 0);
    }
}
END_TEST

START_TEST(gradients_are_set_or_added_at_every_place_alike)
{
    float x[N], y[N], dy[N], dx[N], alone;
    spread(x, N);
    for (size_t i = 0; i < N; i++)
        dy[i] = 1 + (float)i / N;
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    {
        for (size_t i = 0; i < N; i++)
            dx[i] = NAN;
        k->activation_forward(kind, y, x, N);
        k->activation_backward(kind, dx, dy, x, y, N, false);
        k->activation_backward(kind, dx, dy, x, y, N, true);
        for (size_t i = 0; i < N; i++) {
            alone = NAN;
            k->activation_backward(kind, &alone, dy + i, x + i, y + i, 1, false);
            ck_assert_float_eq(dx[i], 2 * alone);
            k->activation_backward(kind, &alone, dy + i, x + i, y + i, 1, true);
            ck_assert_float_eq(dx[i], alone);
        }
    }
}
END_TEST

/* Normal numbers and special ones, for every size. */
static float *operand(int i, size_t n)
{
    static const float special[] = {0, -0.0f, 3e38f, -3e38f, 1e-40f, -1e-45f, 100, -100, NAN, INFINITY, -INFINITY};
    float *x = edge_array(i, n, n);
    for (size_t j = (size_t)i; j < n; j += 3)
        x[j] = special[(j / 3 + n) % COUNT_OF(special)];
    return x;
}

START_TEST(sets_with_vectors_give_the_same_bits)
{
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    for (size_t n = 0; n < 140; n++) {
        const float *x = operand(0, n), *dy = operand(1, n);
        float *y = operand(2, n), *dx = operand(3, n), *y_expected = array(n), *expected = copy_of(dx, n);
        k->activation_forward(kind, y, x, n);
        twin(k, true)->activation_forward(kind, y_expected, x, n);
        ck_assert_uint_eq(n_different(y, y_expected, n), 0);
        for (int add = 1; add >= 0; add--) {
            k->activation_backward(kind, dx, dy, x, y, n, add);
            twin(k, true)->activation_backward(kind, expected, dy, x, y, n, add);
            ck_assert_uint_eq(n_different(dx, expected, n), 0);
        }
        assert_untouched_before(y);
        assert_untouched_before(dx);
        free(y_expected), free(expected);
    }
}
END_TEST

START_TEST(values_and_gradients_may_overwrite_what_they_come_from)
{
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    for (size_t n = 0; n < 140; n++) {
        const float *x = operand(0, n), *dy = operand(1, n);
        float *y = array(n), *dx = array(n), *in_place = operand(2, n);
        k->activation_forward(kind, y, x, n);
        memcpy(in_place, x, n * sizeof *x);
        k->activation_forward(kind, in_place, in_place, n);
        ck_assert_uint_eq(n_different(in_place, y, n), 0);
        for (int add = 0; add < 2; add++) {
            memcpy(in_place, dy, n * sizeof *dy);
            memcpy(dx, dy, n * sizeof *dy);
            k->activation_backward(kind, dx, dy, x, y, n, add);
            k->activation_backward(kind, in_place, in_place, x, y, n, add);
            ck_assert_uint_eq(n_different(in_place, dx, n), 0);
        }
        free(y), free(dx);
    }
}
END_TEST

START_TEST(where_the_output_is_enough_the_input_is_not_looked_at)
{
    static const bool by_output[KINDS] = {
        [AEP_RELU] = true, [AEP_LEAKY_RELU] = true, [AEP_TANH] = true, [AEP_SIGMOID] = true};
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    {
        ck_assert_int_eq(aep__activation_by_output(kind), by_output[kind]);
        for (size_t n = 0; by_output[kind] && n < 140; n++) {
            const float *x = operand(0, n), *dy = operand(1, n);
            float *y = array(n), *dx = array(n), *from_output = array(n);
            k->activation_forward(kind, y, x, n);
            k->activation_backward(kind, dx, dy, x, y, n, false);
            k->activation_backward(kind, from_output, dy, y, y, n, false);
            ck_assert_uint_eq(n_different(from_output, dx, n), 0);
            free(y), free(dx), free(from_output);
        }
    }
}
END_TEST

START_TEST(extreme_values_stay_finite_and_nan_stays_nan)
{
    const float x[] = {0, -0.0f, 3e38f, -3e38f, 100, -100, 1e-40f, -1e-40f, NAN, -NAN};
    enum { COUNT = sizeof x / sizeof *x, REPEATS = 9 };
    float many[COUNT * REPEATS], y[COUNT * REPEATS];
    for (size_t i = 0; i < COUNT * REPEATS; i++)
        many[i] = x[i % COUNT];
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    {
        k->activation_forward(kind, y, many, COUNT * REPEATS);
        for (size_t i = 0; i < COUNT * REPEATS; i++)
            ck_assert_msg(isnan(many[i]) ? isnan(y[i]) : isfinite(y[i]), "%s, kind %d: f(%g) = %g", k->name, kind,
                          (double)many[i], (double)y[i]);
    }
}
END_TEST

/* What has diverged must not come out as an ordinary value. */
START_TEST(infinite_values_give_the_limits)
{
    static const float limits[KINDS][2] = {[AEP_RELU] = {0, INFINITY},   [AEP_LEAKY_RELU] = {-INFINITY, INFINITY},
                                           [AEP_TANH] = {-1, 1},         [AEP_SIGMOID] = {0, 1},
                                           [AEP_GELU] = {NAN, INFINITY}, [AEP_SILU] = {-INFINITY, INFINITY}};
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    for (size_t n = 1; n < 40; n++)
        for (size_t i = 0; i < n; i++) {
            float *x = edge_array(0, n, n), y[40];
            for (int positive = 0; positive < 2; positive++) {
                x[i] = positive ? INFINITY : -INFINITY;
                k->activation_forward(kind, y, x, n);
                const float limit = limits[kind][positive];
                ck_assert_msg(isnan(limit) ? isnan(y[i]) : y[i] == limit || fabsf(y[i] - limit) < 1e-37f,
                              "%s, kind %d: f(%g) = %g", k->name, kind, (double)x[i], (double)y[i]);
            }
        }
}
END_TEST

START_TEST(zero_keeps_its_sign)
{
    FOR_EACH_SET(k)
    FOR_EACH_KIND(kind)
    for (size_t n = 1; n < 40; n++) {
        float x[40], y[40];
        for (size_t i = 0; i < n; i++)
            x[i] = i % 2 ? 0 : -0.0f;
        k->activation_forward(kind, y, x, n);
        for (size_t i = 0; i < n; i++)
            ck_assert(kind == AEP_SIGMOID ? y[i] == 0.5f : y[i] == 0 && !signbit(y[i]) == !signbit(x[i]));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {values_are_within_2e_7_of_the_exact_ones,
                                  tanh_is_within_2e_7_wherever_it_is_no_constant,
                                  all_functions_are_within_2e_7_between_the_values_above,
                                  tanh_is_odd_never_beyond_1_and_1_from_9_on,
                                  slopes_are_those_of_the_exact_functions,
                                  a_value_gives_the_same_at_every_place,
                                  gradients_are_set_or_added_at_every_place_alike,
                                  sets_with_vectors_give_the_same_bits,
                                  values_and_gradients_may_overwrite_what_they_come_from,
                                  where_the_output_is_enough_the_input_is_not_looked_at,
                                  extreme_values_stay_finite_and_nan_stays_nan,
                                  infinite_values_give_the_limits,
                                  zero_keeps_its_sign};
    return run_list("activation", tests, COUNT_OF(tests), 120);
}
