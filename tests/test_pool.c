/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"
#include "window_fixture.h"

enum { WINDOWS = 300, MOST_ROWS = 4 };

/* Values under the window at place p of a map: the largest, their sum, their number, where the largest stands first. */
typedef struct under {
    double largest, sum;
    size_t n, at;
} under;

static under look_under(const real *map, const aep__window *w, size_t p, size_t channel)
{
    under u = {.largest = -INFINITY};
    FOR_EACH_UNDER(w, p, k, pixel)
    {
        const size_t at = pixel * w->channels + channel;
        if ((double)map[at] > u.largest)
            u.largest = (double)map[at], u.at = at;
        u.sum += (double)map[at];
        u.n++;
    }
    return u;
}

#define NEAR(a, b) ck_assert_double_eq_tol((double)(a), (double)(b), 1e-5 * (1 + fabs((double)(b))))

/* For each place of each row: y and dy at i, the window's values in u, those of its row from x and dx on. */
START_TEST(pools_see_the_part_of_a_window_that_lies_on_the_map)
{
    uint32_t state = 1;
    for (uint64_t seed = 0; seed < WINDOWS; seed++) {
        const aep__window w = draw_window(&state, true);
        const size_t rows = draw(&state, 1, MOST_ROWS), map = aep__window_map(&w), channels = w.channels;
        const size_t n = aep__window_places(&w) * channels;
        real *x = random_array(rows * map, seed), *dy = random_array(rows * n, seed + 1);
        real *largest = random_array(rows * n, 3), *mean = random_array(rows * n, 4);
        real *d_largest = random_array(rows * map, 5), *d_mean = copy_of(d_largest, rows * map);
        real *e_largest = copy_of(d_largest, rows * map), *e_mean = copy_of(d_largest, rows * map);
        aep__max_pool_forward(largest, x, &w, rows);
        aep__average_pool_forward(mean, x, &w, rows);
        aep__max_pool_backward(d_largest, dy, x, largest, &w, rows);
        aep__average_pool_backward(d_mean, dy, &w, rows);
        for (size_t i = 0; i < rows * n; i++) {
            const size_t row = i / n, p = i % n / channels, c = i % channels;
            const under u = look_under(x + row * map, &w, p, c);
            ck_assert_uint_gt(u.n, 0);
            ck_assert(largest[i] == (real)u.largest);
            NEAR(mean[i], u.sum / (double)u.n);
            e_largest[row * map + u.at] += dy[i];
            FOR_EACH_UNDER(&w, p, k, pixel)
            e_mean[row * map + pixel * channels + c] += dy[i] / (real)u.n;
        }
        for (size_t i = 0; i < rows * map; i++) {
            NEAR(d_largest[i], e_largest[i]);
            NEAR(d_mean[i], e_mean[i]);
        }
        free(x), free(dy), free(largest), free(mean), free(d_largest), free(d_mean), free(e_largest), free(e_mean);
    }
}
END_TEST

static const aep__window row_of_six = {1, 1, 6, 1, 3, 1, 3, 0, 0, 1, 2};

/* A diverging network must not be hidden by a pool. */
START_TEST(a_nan_under_the_window_stays_nan)
{
    for (size_t at = 0; at < 3; at++) {
        real x[6] = {1, 5, 3, 2, 9, 4}, y[2], dx[6] = {0}, dy[2] = {10, 20};
        x[at] = NAN;
        aep__max_pool_forward(y, x, &row_of_six, 1);
        ck_assert(isnan(y[0]) && y[1] == 9);
        aep__max_pool_backward(dx, dy, x, y, &row_of_six, 1); /* goes somewhere under the window */
        ck_assert(dx[0] + dx[1] + dx[2] == 10 && dx[4] == 20);
        aep__average_pool_forward(y, x, &row_of_six, 1);
        ck_assert(isnan(y[0]) && y[1] == 5);
    }
}
END_TEST

START_TEST(of_equal_values_the_first_gets_the_gradient)
{
    const real x[6] = {7, 7, 7, 1, 2, 2}, dy[2] = {10, 20}, expected[6] = {10, 0, 0, 0, 20, 0};
    real y[2], dx[6] = {0};
    aep__max_pool_forward(y, x, &row_of_six, 1);
    aep__max_pool_backward(dx, dy, x, y, &row_of_six, 1);
    for (size_t i = 0; i < 6; i++)
        ck_assert(dx[i] == expected[i]);
}
END_TEST

START_TEST(infinite_values_are_the_largest_or_never)
{
    const real x[6] = {-INFINITY, -INFINITY, -INFINITY, 1, INFINITY, 2};
    real y[2], dx[6] = {0}, dy[2] = {10, 20};
    aep__max_pool_forward(y, x, &row_of_six, 1);
    ck_assert(y[0] == -INFINITY && y[1] == INFINITY);
    aep__max_pool_backward(dx, dy, x, y, &row_of_six, 1);
    ck_assert(dx[0] == 10 && dx[4] == 20);
}
END_TEST

/* Sizes that are no multiple of the stride: the last block is smaller. */
START_TEST(upsampling_repeats_a_value_over_its_block)
{
    uint32_t state = 2;
    for (uint64_t seed = 0; seed < WINDOWS; seed++) {
        aep__window w = {.channels = draw(&state, 1, 5), .height = draw(&state, 1, 11), .width = draw(&state, 1, 11)};
        w.stride_h = w.kernel_h = draw(&state, 1, 4), w.stride_w = w.kernel_w = draw(&state, 1, 4);
        w.rows = (w.height + w.stride_h - 1) / w.stride_h, w.columns = (w.width + w.stride_w - 1) / w.stride_w;
        const size_t rows = draw(&state, 1, MOST_ROWS), map = aep__window_map(&w);
        const size_t n = aep__window_places(&w) * w.channels;
        real *x = random_array(rows * n, seed), *y = random_array(rows * map, 3), *dy = random_array(rows * map, 4);
        real *dx = random_array(rows * n, 5), *expected = copy_of(dx, rows * n);
        aep__upsample_forward(y, x, &w, rows);
        aep__upsample_backward(dx, dy, &w, rows);
        for (size_t i = 0; i < rows * map; i++) {
            const size_t row = i / map, pixel = i % map / w.channels, c = i % w.channels;
            const size_t place = pixel / w.width / w.stride_h * w.columns + pixel % w.width / w.stride_w;
            const size_t from = row * n + place * w.channels + c;
            ck_assert(y[i] == x[from]);
            expected[from] += dy[i];
        }
        for (size_t i = 0; i < rows * n; i++)
            NEAR(dx[i], expected[i]);
        free(x), free(y), free(dy), free(dx), free(expected);
    }
}
END_TEST

START_TEST(channels_are_put_last_and_first_again)
{
    uint32_t state = 3;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const size_t rows = draw(&state, 1, MOST_ROWS), channels = draw(&state, 1, 5), n = draw(&state, 1, 30);
        const size_t size = rows * channels * n;
        real *x = random_array(size, seed), *last = array(size), *first = array(size);
        aep__channels_last(last, x, rows, channels, n);
        for (size_t i = 0; i < size; i++)
            ck_assert(last[i] ==
                      x[i / (channels * n) * channels * n + i % channels * n + i % (channels * n) / channels]);
        aep__channels_first(first, last, rows, channels, n);
        ck_assert_mem_eq(first, x, size * sizeof *x);
        aep__channels_first(first, last, rows, channels, n); /* both add */
        aep__channels_last(last, x, rows, channels, n);
        for (size_t i = 0; i < size; i++)
            ck_assert(first[i] == 2 * x[i]);
        aep__channels_first(first, last, rows, channels, n);
        for (size_t i = 0; i < size; i++)
            ck_assert(first[i] == 4 * x[i]);
        free(x), free(last), free(first);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pools_see_the_part_of_a_window_that_lies_on_the_map, a_nan_under_the_window_stays_nan,
        of_equal_values_the_first_gets_the_gradient,         infinite_values_are_the_largest_or_never,
        upsampling_repeats_a_value_over_its_block,           channels_are_put_last_and_first_again};
    return run_list("pool", tests, COUNT_OF(tests), 120);
}
