/* SPDX-License-Identifier: BSD-2-Clause */
#include "ops.h"
#include "rng.h"

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

/* ---------------------------------------------------------------------------------------------- noise on images */

enum { HEIGHT = 12, BREADTH = 15, CHANNELS = 3, PLANE = HEIGHT * BREADTH, IMAGE = CHANNELS * PLANE, IMAGES = 37 };
/* IMAGES * IMAGE values fit into x, y and again */

static void noise_on_images(int kind, real level, size_t block, const aep__grid *grid, real *to, size_t rows)
{
    const aep__noise noise = {.kind = kind, .level = level, .block = block, .seed = 1, .step = 2};
    const size_t end = rows * grid->channels * grid->height * grid->width;
    for (size_t i = end; i < ROWS * WIDTH; i++)
        to[i] = -7;
    aep__noise_forward(&noise, to, x, rows, grid);
    for (size_t i = end; i < ROWS * WIDTH; i++) /* the numbers of squares are kept within the rows */
        ck_assert(to[i] == -7);
}

static const aep__grid colour = {CHANNELS, HEIGHT, BREADTH};

/* The mask of a channel-first image: whether pixels are 0; the others are what they were, in all channels. */
static size_t read_mask(bool *masked, const real *image, const real *from, const aep__grid *grid)
{
    const size_t plane = grid->height * grid->width;
    size_t n = 0, wrong = 0;
    for (size_t i = 0; i < plane; i++) {
        masked[i] = image[i] == 0;
        n += masked[i];
        for (size_t c = 0; c < grid->channels; c++)
            wrong += image[c * plane + i] != (masked[i] ? 0 : from[c * plane + i]);
    }
    ck_assert_uint_eq(wrong, 0);
    return n;
}

START_TEST(a_masked_pixel_is_masked_in_all_channels)
{
    static const real levels[] = {0, (real)0.1, (real)0.5, 1};
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++)
        for (size_t block = 1; block <= 20; block++) {
            const int kind = block > 1 ? AEP_NOISE_BLOCK : AEP_NOISE_MASKING;
            const double level = (double)levels[l], n_squares = (double)(IMAGES * PLANE) / (double)(block * block);
            bool mask[PLANE];
            size_t n = 0;
            noise_on_images(kind, levels[l], block, &colour, y, IMAGES);
            for (size_t i = 0; i < IMAGES; i++)
                n += read_mask(mask, y + i * IMAGE, x + i * IMAGE, &colour);
            ck_assert_double_eq_tol((double)n / (IMAGES * PLANE), level,
                                    5 * sqrt(level * (1 - level) / n_squares) + 1e-9);
        }
}
END_TEST

/* Whether a mask consists of whole squares of a grid that is shifted so. */
static bool is_of_squares(const bool *mask, const aep__grid *grid, size_t block, size_t shift_y, size_t shift_x)
{
    const size_t across = (grid->width + shift_x) / block + 1;
    int square[1024];
    memset(square, -1, sizeof square);
    for (size_t i = 0; i < grid->height * grid->width; i++) {
        const size_t at = (i / grid->width + shift_y) / block * across + (i % grid->width + shift_x) / block;
        if (square[at] >= 0 && square[at] != mask[i])
            return false;
        square[at] = mask[i];
    }
    return true;
}

/* So that no edge of a square is where it was in all images. The one shift that fits is mostly found at a level of a
   half. */
START_TEST(squares_are_whole_and_their_grid_is_shifted_at_random)
{
    static const aep__grid grids[] = {{CHANNELS, HEIGHT, BREADTH}, {1, 1, 60}, {1, 60, 1}, {2, 3, 25}, {1, 2, 2}};
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++)
        for (size_t block = 2; block <= 5; block++) {
            const aep__grid *grid = &grids[g];
            const size_t size = grid->channels * grid->height * grid->width;
            bool mask[PLANE], seen[25] = {false};
            size_t n_seen = 0;
            noise_on_images(AEP_NOISE_BLOCK, (real)0.5, block, grid, y, IMAGES);
            for (size_t i = 0; i < IMAGES; i++) {
                size_t fitting = 0, last = 0;
                read_mask(mask, y + i * size, x + i * size, grid);
                for (size_t shift = 0; shift < block * block; shift++) {
                    const size_t down = shift / block, right = shift % block;
                    if ((grid->height == 1 && down) || (grid->width == 1 && right)) /* a signal: in one direction */
                        continue;
                    if (is_of_squares(mask, grid, block, down, right))
                        fitting++, last = shift;
                }
                ck_assert_uint_gt(fitting, 0);
                n_seen += fitting == 1 && !seen[last];
                seen[last] |= fitting == 1;
            }
            if (size > 40)
                ck_assert_uint_gt(n_seen, block / 2);
        }
}
END_TEST

START_TEST(a_square_larger_than_the_image_masks_all_of_it_or_parts)
{
    bool mask[PLANE];
    size_t n_whole = 0, n_none = 0;
    noise_on_images(AEP_NOISE_BLOCK, (real)0.5, 1000, &colour, y, IMAGES);
    for (size_t i = 0; i < IMAGES; i++) {
        const size_t n = read_mask(mask, y + i * IMAGE, x + i * IMAGE, &colour);
        n_whole += n == PLANE;
        n_none += n == 0;
    }
    ck_assert_uint_gt(n_whole, IMAGES / 4);
    ck_assert_uint_gt(n_none, IMAGES / 4);
}
END_TEST

START_TEST(noise_on_an_image_is_the_same_in_any_batch)
{
    for (int kind = AEP_NOISE_GAUSSIAN; kind <= AEP_NOISE_BLOCK; kind++) {
        noise_on_images(kind, (real)0.4, 4, &colour, y, IMAGES);
        for (size_t rows = 1; rows < IMAGES; rows++) {
            noise_on_images(kind, (real)0.4, 4, &colour, again, rows);
            ck_assert_mem_eq(again, y, rows * IMAGE * sizeof *y);
        }
        for (size_t i = 1; i < IMAGES; i++)
            ck_assert_mem_ne(y + i * IMAGE, y, IMAGE * sizeof *y);
    }
}
END_TEST

/* What a seed means: of columns, and of the pixels of an image, the numbers decide that they always did. */
START_TEST(masking_compares_the_numbers_of_a_row_with_the_level)
{
    real u[WIDTH];
    noise(AEP_NOISE_MASKING, (real)0.3, 1, 2, y, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        aep__rng_uniform(u, WIDTH, 1, AEP__STREAM_NOISE, 2, (uint32_t)i);
        for (size_t j = 0; j < WIDTH; j++)
            ck_assert(y[i * WIDTH + j] == (u[j] < (real)0.3 ? 0 : x[i * WIDTH + j]));
    }
    noise_on_images(AEP_NOISE_BLOCK, (real)0.3, 1, &(aep__grid){1, 5, 10}, again, ROWS); /* squares of one pixel */
    ck_assert_mem_eq(again, y, sizeof x);
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
    tcase_add_test(tc, a_masked_pixel_is_masked_in_all_channels);
    tcase_add_test(tc, squares_are_whole_and_their_grid_is_shifted_at_random);
    tcase_add_test(tc, a_square_larger_than_the_image_masks_all_of_it_or_parts);
    tcase_add_test(tc, noise_on_an_image_is_the_same_in_any_batch);
    tcase_add_test(tc, masking_compares_the_numbers_of_a_row_with_the_level);
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
