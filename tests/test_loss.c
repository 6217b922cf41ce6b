/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss.h"
#include "block_fixture.h"

#include <float.h>

enum { MOST_ROWS = 40, MOST_WIDTH = 9 };

static void draw_rows(real *z, size_t n, size_t k, uint64_t seed)
{
    aep__rng_normal(z, n * k, seed, AEP__STREAM_NOISE, 0, 0);
    for (size_t i = 0; i < n * k; i++)
        z[i] = 3 * z[i] + (real)(i % k); /* columns of other means */
}

/* A batch cut into blocks of these many rows, the last smaller, each in the next layout, lanes past the rows with
   numbers that would be noticed. */
typedef struct cut {
    aep__block block;
    real *z;
    size_t first;
} cut;

static cut next_cut(const real *z, size_t n, size_t k, size_t first, size_t size)
{
    cut c = {.block = block_of(n - first < size ? n - first : size, (int)(first / size % BLOCK_LAYOUTS)),
             .first = first};
    c.z = laid_out(&c.block, z + first * k, k, (real)1e6);
    return c;
}

#define FOR_EACH_CUT(c, rows_, n, k, size)                                                                             \
    for (size_t first_ = 0; first_ < n; first_ += size)                                                                \
        for (cut c = next_cut(rows_, n, k, first_, size); c.z; free(c.z), c.z = NULL)

/* As the trainer goes about it: the sums of all blocks, the mean, and then the blocks again. */
static double compactness(real *mean, const real *z, size_t n, size_t k, size_t size)
{
    double sums[MOST_WIDTH] = {0}, total = 0;
    FOR_EACH_CUT(c, z, n, k, size)
    aep__column_sums(sums, c.z, &c.block, k);
    for (size_t j = 0; j < k; j++)
        mean[j] = (real)(sums[j] / (double)n);
    FOR_EACH_CUT(c, z, n, k, size)
    total += aep__compactness_sum(c.z, mean, &c.block, k);
    return total / ((double)n * (double)k);
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

static void assert_compactness(size_t n, size_t k, size_t size, uint64_t seed)
{
    real z[MOST_ROWS * MOST_WIDTH], mean[MOST_WIDTH];
    draw_rows(z, n, k, seed);
    const double got = compactness(mean, z, n, k, size);
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
        for (size_t k = 1; k <= MOST_WIDTH; k++) {
            assert_compactness(n, k, n, n * 100 + k);
            assert_compactness(n, k, 1 + n / 3, n * 100 + k); /* in several blocks, of every layout */
        }
}
END_TEST

START_TEST(sums_of_blocks_do_not_depend_on_their_layout)
{
    for (size_t n = 1; n <= MOST_ROWS; n++)
        for (size_t k = 1; k <= MOST_WIDTH; k++) {
            real rows[MOST_ROWS * MOST_WIDTH], mean[MOST_WIDTH];
            double sums[BLOCK_LAYOUTS][MOST_WIDTH], total[BLOCK_LAYOUTS];
            draw_rows(rows, n, k, n);
            for (size_t j = 0; j < k; j++)
                mean[j] = (real)j;
            for (int layout = 0; layout < BLOCK_LAYOUTS; layout++) {
                const aep__block block = block_of(n, layout);
                real *z = laid_out(&block, rows, k, (real)1e6);
                for (size_t j = 0; j < MOST_WIDTH; j++)
                    sums[layout][j] = 100; /* added to, no further than k */
                aep__column_sums(sums[layout], z, &block, k);
                total[layout] = aep__compactness_sum(z, mean, &block, k);
                ck_assert_mem_eq(sums[layout], sums[0], sizeof sums[0]);
                ck_assert_double_eq(total[layout], total[0]);
                free(z);
            }
            for (size_t j = 0; j < MOST_WIDTH; j++) {
                double sum = 100;
                for (size_t i = 0; j < k && i < n; i++)
                    sum += (double)rows[i * k + j];
                ck_assert_double_eq_tol(sums[0][j], sum, 1e-9);
            }
        }
}
END_TEST

START_TEST(compactness_does_not_see_where_the_rows_lie)
{
    real z[] = {1, 5, 3, 7}, far[] = {100001, 5, 100003, 7}, same[] = {4, 4, 4, 4}, mean[2];
    ck_assert_double_eq(compactness(mean, z, 2, 2, 2), 1);
    ck_assert_double_eq(compactness(mean, far, 2, 2, 2), 1);
    ck_assert_double_eq(compactness(mean, same, 2, 2, 2), 0);
    ck_assert_double_eq(compactness(mean, far, 2, 2, 1), 1);
}
END_TEST

START_TEST(the_gradient_of_compactness_adds_up_to_nothing)
{
    enum { N = 20, K = 3 };
    for (size_t size = 1; size <= N; size++) {
        real z[N * K], mean[K];
        double sums[K] = {0};
        draw_rows(z, N, K, 1);
        compactness(mean, z, N, K, size);
        FOR_EACH_CUT(c, z, N, K, size)
        {
            real *dz = array(block_reals(&c.block, K));
            for (size_t i = 0; i < block_reals(&c.block, K); i++)
                dz[i] = NAN; /* is written */
            aep__compactness_backward(dz, (real)(2 * 2.0 / (N * K)), c.z, mean, &c.block, K);
            for (size_t i = 0; i < c.block.rows; i++)
                for (size_t j = 0; j < K; j++) {
                    const double got = (double)dz[place(&c.block, K, i, j)];
                    const double expected = 2 * 2 * ((double)z[(c.first + i) * K + j] - (double)mean[j]) / (N * K);
                    ck_assert_double_eq_tol(got, expected, 1e-6);
                    sums[j] += got;
                }
            ck_assert(rest_is(&c.block, dz, K, 0));
            free(dz);
        }
        for (size_t j = 0; j < K; j++)
            ck_assert_double_eq_tol(sums[j], 0, 1e-5);
    }
}
END_TEST

START_TEST(means_are_plain_or_of_squares)
{
    const real y[] = {1, 2, 6};
    for (size_t size = 1; size <= 3; size++) {
        double sum = 0, squares = 0;
        FOR_EACH_CUT(c, y, 3, 1, size)
        {
            real *dy = array(block_reals(&c.block, 1));
            sum += aep__mean_sum(c.z, &c.block, false);
            squares += aep__mean_sum(c.z, &c.block, true);
            for (int squared = 0; squared < 2; squared++) {
                for (size_t i = 0; i < block_reals(&c.block, 1); i++)
                    dy[i] = NAN; /* is written */
                aep__mean_backward(dy, 2, c.z, &c.block, squared);
                for (size_t i = 0; i < c.block.rows; i++)
                    ck_assert_double_eq((double)dy[i], squared ? 4 * (double)y[c.first + i] : 2);
                ck_assert(rest_is(&c.block, dy, 1, 0));
            }
            free(dy);
        }
        ck_assert_double_eq(sum, 9);
        ck_assert_double_eq(squares, 41);
    }
}
END_TEST

/* Whose sum, or whose square, no float holds. */
START_TEST(means_of_huge_values_do_not_overflow)
{
    const real y[] = {FLT_MAX, FLT_MAX, FLT_MAX};
    const aep__block block = {.rows = 3};
    ck_assert_double_eq(aep__mean_sum(y, &block, false), 3 * (double)FLT_MAX);
    ck_assert_double_eq_tol(aep__mean_sum(y, &block, true), 3 * (double)FLT_MAX * (double)FLT_MAX, 1e62);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {compactness_is_that_of_the_definition,
                                  sums_of_blocks_do_not_depend_on_their_layout,
                                  compactness_does_not_see_where_the_rows_lie,
                                  the_gradient_of_compactness_adds_up_to_nothing,
                                  means_are_plain_or_of_squares,
                                  means_of_huge_values_do_not_overflow};
    return run_list("loss", tests, COUNT_OF(tests), 120);
}
