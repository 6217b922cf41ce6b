/* SPDX-License-Identifier: BSD-2-Clause */
#include "norm.h"
#include "window_fixture.h"

enum { ROWS = 4, CHANNELS = 12 };

static const size_t groups[] = {1, 2, 3, 4, 6, 12}, pixels[] = {1, 2, 7, 30};

/* Mean and standard deviation of a group of a row, from the definition. */
static void moments(double *mean, double *sd, const real *row, const aep__norm *norm, size_t group)
{
    const size_t width = norm->channels / norm->groups;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < norm->n * norm->channels; i++)
        sum += i % norm->channels / width == group ? (double)row[i] : 0;
    *mean = sum / (double)(norm->n * width);
    for (size_t i = 0; i < norm->n * norm->channels; i++)
        squares += i % norm->channels / width == group ? pow((double)row[i] - *mean, 2) : 0;
    *sd = sqrt(squares / (double)(norm->n * width) + 1e-5);
}

START_TEST(values_have_the_mean_and_deviation_of_their_group_taken_out)
{
    for (size_t g = 0; g < COUNT_OF(groups); g++)
        for (size_t p = 0; p < COUNT_OF(pixels); p++) {
            const aep__norm norm = {.n = pixels[p], .channels = CHANNELS, .groups = groups[g]};
            const size_t size = norm.n * CHANNELS;
            real *x = random_array(ROWS * size, g), *y = random_array(ROWS * size, 1);
            real *gamma = random_array(CHANNELS, 2), *beta = random_array(CHANNELS, 3);
            for (size_t i = 0; i < ROWS * size; i++)
                x[i] = 3 * x[i] + (real)(i % CHANNELS); /* channels of different means */
            aep__norm_forward(y, x, gamma, beta, &norm, ROWS);
            for (size_t i = 0; i < ROWS * size; i++) {
                const size_t c = i % CHANNELS;
                double mean, sd;
                moments(&mean, &sd, x + i / size * size, &norm, c / (CHANNELS / norm.groups));
                const double h = ((double)x[i] - mean) / sd;
                ck_assert_double_eq_tol((double)y[i], (double)gamma[c] * h + (double)beta[c], 1e-5);
            }
            free(x), free(y), free(gamma), free(beta);
        }
}
END_TEST

START_TEST(gradients_are_those_of_the_definition)
{
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        const aep__norm norm = {.n = 7, .channels = CHANNELS, .groups = groups[g]};
        const size_t size = norm.n * CHANNELS, width = CHANNELS / norm.groups;
        const double count = (double)(norm.n * width);
        real *x = random_array(ROWS * size, 1), *dy = random_array(ROWS * size, 2), *gamma = random_array(CHANNELS, 3);
        real dgamma[CHANNELS], dbeta[CHANNELS], *dx = array(ROWS * size);
        double e_gamma[CHANNELS], e_beta[CHANNELS];
        for (size_t c = 0; c < CHANNELS; c++) /* gradients are added to */
            dgamma[c] = 1, dbeta[c] = 2, e_gamma[c] = 1, e_beta[c] = 2;
        for (size_t i = 0; i < ROWS * size; i++)
            dx[i] = 3;
        aep__norm_backward(dx, dgamma, dbeta, dy, x, gamma, &norm, ROWS);
        for (size_t i = 0; i < ROWS * size; i++) {
            const size_t c = i % CHANNELS, first = i / size * size;
            double mean, sd, sum = 0, sum_h = 0;
            moments(&mean, &sd, x + first, &norm, c / width);
            const double h = ((double)x[i] - mean) / sd;
            for (size_t j = first; j < first + size; j++)
                if (j % CHANNELS / width == c / width) {
                    sum += (double)gamma[j % CHANNELS] * (double)dy[j];
                    sum_h += (double)gamma[j % CHANNELS] * (double)dy[j] * ((double)x[j] - mean) / sd;
                }
            e_gamma[c] += (double)dy[i] * h;
            e_beta[c] += (double)dy[i];
            const double own = (double)gamma[c] * (double)dy[i];
            ck_assert_double_eq_tol((double)dx[i], 3 + (own - sum / count - h * sum_h / count) / sd, 1e-4);
        }
        for (size_t c = 0; c < CHANNELS; c++) {
            ck_assert_double_eq_tol((double)dgamma[c], e_gamma[c], 1e-4);
            ck_assert_double_eq_tol((double)dbeta[c], e_beta[c], 1e-4);
        }
        aep__norm_backward(NULL, dgamma, dbeta, dy, x, gamma, &norm, ROWS); /* the first layer wants no dx */
        for (size_t c = 0; c < CHANNELS; c++)
            ck_assert_double_eq_tol((double)dgamma[c], 2 * e_gamma[c] - 1, 1e-4);
        free(x), free(dy), free(gamma), free(dx);
    }
}
END_TEST

START_TEST(a_row_is_the_same_alone_and_in_a_batch)
{
    const aep__norm norm = {.n = 9, .channels = CHANNELS, .groups = 3};
    const size_t size = norm.n * CHANNELS;
    real *x = random_array(ROWS * size, 1), *gamma = random_array(CHANNELS, 2), *beta = random_array(CHANNELS, 3);
    real *y = array(ROWS * size), *alone = array(size);
    aep__norm_forward(y, x, gamma, beta, &norm, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        aep__norm_forward(alone, x + i * size, gamma, beta, &norm, 1);
        ck_assert_mem_eq(alone, y + i * size, size * sizeof *y);
    }
    free(x), free(gamma), free(beta), free(y), free(alone);
}
END_TEST

/* A dark image is all alike: nothing is divided by zero, and rounding does not become noise. */
START_TEST(a_group_of_equal_values_becomes_beta)
{
    const aep__norm norm = {.n = 50, .channels = 2, .groups = 1};
    const real gamma[2] = {2, 3}, beta[2] = {-1, 4};
    real x[100], y[100];
    for (size_t i = 0; i < 100; i++)
        x[i] = (real)1e6 / 3;
    aep__norm_forward(y, x, gamma, beta, &norm, 1);
    for (size_t i = 0; i < 100; i++)
        ck_assert(y[i] == beta[i % 2]);
}
END_TEST

/* 10,000 plus little: the mean square less the square of the mean would have no digit left. */
START_TEST(small_deviations_from_a_large_mean_are_told_apart)
{
    const aep__norm norm = {.n = 64, .channels = 1, .groups = 1};
    const real gamma = 1, beta = 0;
    real x[64], y[64];
    for (size_t i = 0; i < 64; i++)
        x[i] = i % 2 ? 10000 + (real)0.0625 : 10000 - (real)0.0625;
    aep__norm_forward(y, x, &gamma, &beta, &norm, 1);
    for (size_t i = 0; i < 64; i++)
        ck_assert_double_eq_tol((double)y[i], (i % 2 ? 1 : -1) * 0.0625 / sqrt(0.0625 * 0.0625 + 1e-5), 1e-5);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {values_have_the_mean_and_deviation_of_their_group_taken_out,
                                  gradients_are_those_of_the_definition, a_row_is_the_same_alone_and_in_a_batch,
                                  a_group_of_equal_values_becomes_beta,
                                  small_deviations_from_a_large_mean_are_told_apart};
    return run_list("norm", tests, COUNT_OF(tests), 120);
}
