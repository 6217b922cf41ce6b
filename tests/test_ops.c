/* SPDX-License-Identifier: BSD-2-Clause */
#define _DEFAULT_SOURCE
#include "block_fixture.h"
#include "kernels_fixture.h"
#include "ops.h"
#include "runner.h"

#include <aepred.h>
#include <float.h>

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
    aep__noise_forward(aep__kernels_best(), &noise, to, x, &(aep__block){.rows = rows}, &(aep__grid){1, 1, WIDTH}, 0);
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
    aep__noise_forward(aep__kernels_best(), &noise, to, x, &(aep__block){.rows = rows}, grid, 0);
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

/* A block of a batch has the numbers of its rows in it, by row and by lane. */
START_TEST(noise_of_a_block_is_that_of_its_rows_in_the_batch)
{
    const aep__grid grid = {1, 1, WIDTH};
    FOR_EACH_SET(k)
    for (int kind = AEP_NOISE_NONE; kind <= AEP_NOISE_MASKING; kind++) {
        const aep__noise what = {.kind = kind, .level = (real)0.4, .seed = 1, .step = 0x500000007};
        aep__noise_forward(k, &what, y, x, &(aep__block){.rows = ROWS}, &grid, 0);
        for (size_t first = 0; first < ROWS; first += 37)
            for (size_t rows = 1; rows <= 40 && first + rows <= ROWS; rows += 13)
                for (int layout = 0; layout < BLOCK_LAYOUTS; layout++) {
                    const aep__block block = block_of(rows, layout);
                    real *in = laid_out(&block, x + first * WIDTH, WIDTH, 5), *out = array(block_reals(&block, WIDTH));
                    aep__noise_forward(k, &what, out, in, &block, &grid, first);
                    real *got = row_by_row(&block, out, WIDTH);
                    for (size_t at = 0; at < rows * WIDTH; at++) { /* normal numbers but for rounding, see kernels.h */
                        const double expected = (double)y[first * WIDTH + at];
                        const double bound = kind == AEP_NOISE_GAUSSIAN ? 1e-6 * (1 + fabs(expected)) : 0;
                        ck_assert(fabs((double)got[at] - expected) <= bound);
                    }
                    ck_assert(rest_is(&block, out, WIDTH, NAN));
                    free(in), free(out), free(got);
                }
    }
}
END_TEST

START_TEST(squares_of_a_block_are_those_of_its_images_in_the_batch)
{
    const aep__noise what = {.kind = AEP_NOISE_BLOCK, .level = (real)0.4, .block = 4, .seed = 1, .step = 2};
    noise_on_images(AEP_NOISE_BLOCK, (real)0.4, 4, &colour, y, IMAGES);
    for (size_t first = 0; first < IMAGES; first += 5) {
        const aep__block block = {.rows = IMAGES - first};
        aep__noise_forward(aep__kernels_best(), &what, again, x + first * IMAGE, &block, &colour, first);
        ck_assert_mem_eq(again, y + first * IMAGE, block.rows * IMAGE * sizeof *y);
    }
}
END_TEST

/* ---------------------------------------------------------------------------------------------------------- blocks */

/* Of rows and a width, every layout. */
#define FOR_EACH_BLOCK(block, n, width)                                                                                \
    for (size_t n = 1; n <= 50; n += n < 20 ? 1 : 7)                                                                   \
        for (size_t width = 1; width <= 40; width += width < 10 ? 1 : 7)                                               \
            for (int layout_ = 0; layout_ < BLOCK_LAYOUTS; layout_++)                                                  \
                for (aep__block block = block_of(n, layout_); block.rows; block.rows = 0)

START_TEST(rows_are_put_into_a_block_and_come_back)
{
    FOR_EACH_SET(k)
    FOR_EACH_BLOCK(block, n, width)
    {
        const size_t reals = block_reals(&block, width);
        real *rows = random_array(n * width, n), *matrix = edge_array(0, reals, 1), *back = edge_array(1, n * width, 2);
        real *expected = laid_out(&block, rows, width, 0);
        for (size_t i = 0; i < reals; i++)
            matrix[i] = NAN;
        aep__block_put(k, matrix, &block, rows, width);
        ck_assert_mem_eq(matrix, expected, reals * sizeof *matrix);
        aep__block_get(k, back, matrix, &block, width);
        ck_assert_mem_eq(back, rows, n * width * sizeof *rows);
        assert_untouched_before(matrix);
        assert_untouched_before(back);
        ck_assert_uint_eq(aep__block_size(&block), block.lanes ? block.lanes : n);
        free(rows), free(expected);
    }
}
END_TEST

/* ----------------------------------------------------------------------------------------------------------- dense */

START_TEST(dense_layers_add_their_biases)
{
    const real in[] = {1, 2, 3, 4, 5, 6}, w[] = {1, 10, 2, 20, 3, 30}, b[] = {100, 1000};
    const real expected[] = {114, 1140, 132, 1320};
    real out[4];
    aep__dense_forward(aep__kernels_best(), out, in, w, b, &(aep__block){.rows = 2}, 3, 2, true);
    ck_assert_mem_eq(out, expected, sizeof out);
}
END_TEST

START_TEST(dense_layers_add_to_all_three_gradients)
{
    const real in[] = {1, 2, 3, 4, 5, 6}, w[] = {1, 10, 2, 20, 3, 30}, dy[] = {1, 0, 1, 2};
    const real expected_w[] = {6, 9, 8, 11, 10, 13}, expected_b[] = {3, 3}, expected_x[] = {2, 3, 4, 22, 43, 64};
    const aep__kernels *k = aep__kernels_best();
    const aep__block block = {.rows = 2};
    real dw[] = {1, 1, 1, 1, 1, 1}, db[] = {1, 1}, dx[] = {1, 1, 1, 1, 1, 1}, scratch[6];
    aep__dense_backward(k, dx, true, dw, db, dy, in, w, scratch, &block, 3, 2);
    ck_assert_mem_eq(dw, expected_w, sizeof dw);
    ck_assert_mem_eq(db, expected_b, sizeof db);
    ck_assert_mem_eq(dx, expected_x, sizeof dx);
    aep__dense_backward(k, NULL, true, dw, db, dy, in, w, scratch, &block, 3, 2); /* the first layer wants no dx */
    ck_assert(dw[0] == 11 && db[1] == 5 && dx[0] == 2);
    aep__dense_backward(k, dx, false, dw, db, dy, in, w, scratch, &block, 3, 2); /* one less in each */
    for (size_t i = 0; i < 6; i++)
        ck_assert(dx[i] == expected_x[i] - 1);
}
END_TEST

typedef struct shape {
    size_t rows, in, out;
} shape;

static const shape shapes[] = {{1, 1, 1},     {1, 118, 60}, {2, 3, 2},    {5, 10, 3},   {16, 16, 16}, {17, 1, 33},
                               {32, 60, 118}, {33, 7, 1},   {48, 30, 10}, {50, 17, 31}, {64, 300, 5}, {100, 5, 300}};

/* sum_q a b in double beside what bounds the rounding of any order of adding. */
typedef struct sum {
    double value, size;
    size_t terms;
} sum;

static void add_term(sum *s, real a, real b)
{
    s->value += (double)a * (double)b;
    s->size += fabs((double)a * (double)b);
    s->terms++;
}

static bool is_sum(real got, const sum *s)
{
    return fabs((double)got - s->value) <= (double)(s->terms + 2) * FLT_EPSILON * s->size;
}

static size_t n_wrong_outputs(const real *y_, const real *in, const real *w, const real *b, const shape *s)
{
    size_t wrong = 0;
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < s->out; j++) {
            sum e = {0};
            add_term(&e, b[j], 1);
            for (size_t p = 0; p < s->in; p++)
                add_term(&e, in[i * s->in + p], w[p * s->out + j]);
            wrong += !is_sum(y_[i * s->out + j], &e);
        }
    return wrong;
}

START_TEST(dense_layers_give_the_same_bits_in_every_layout)
{
    FOR_EACH_SET(k)
    for (size_t i = 0; i < COUNT_OF(shapes) * 2; i++) {
        const shape *s = &shapes[i / 2];
        const bool exact = i % 2;
        real *rows = random_array(s->rows * s->in, 1), *w = random_array(s->in * s->out, 2);
        real *b = random_array(s->out, 3), *first = NULL;
        for (int layout = 0; layout < BLOCK_LAYOUTS; layout++) {
            const aep__block block = block_of(s->rows, layout);
            real *in = laid_out(&block, rows, s->in, 1000), *out = edge_array(0, block_reals(&block, s->out), 1);
            aep__dense_forward(k, out, in, w, b, &block, s->in, s->out, exact);
            real *got = row_by_row(&block, out, s->out);
            ck_assert_uint_eq(n_wrong_outputs(got, rows, w, b, s), 0);
            ck_assert(rest_is(&block, out, s->out, NAN));
            assert_untouched_before(out);
            if (first && exact)
                ck_assert_uint_eq(n_different(got, first, s->rows * s->out), 0);
            free(in), free(first);
            first = got;
        }
        free(rows), free(w), free(b), free(first);
    }
}
END_TEST

/* Gradients in the definition's order, each from what was there before; d lies row by row. */
static size_t n_wrong_gradients(const real *dx, const real *dw, const real *db, const real *before_x,
                                const real *before_w, const real *before_b, const real *dy, const real *in,
                                const real *w, const shape *s)
{
    size_t wrong = 0;
    for (size_t j = 0; j < s->out; j++) {
        sum bias = {0};
        add_term(&bias, before_b[j], 1);
        for (size_t i = 0; i < s->rows; i++)
            add_term(&bias, dy[i * s->out + j], 1);
        wrong += !is_sum(db[j], &bias);
        for (size_t p = 0; p < s->in; p++) {
            sum weight = {0};
            add_term(&weight, before_w[p * s->out + j], 1);
            for (size_t i = 0; i < s->rows; i++)
                add_term(&weight, in[i * s->in + p], dy[i * s->out + j]);
            wrong += !is_sum(dw[p * s->out + j], &weight);
        }
    }
    for (size_t i = 0; dx && i < s->rows; i++)
        for (size_t p = 0; p < s->in; p++) {
            sum input = {0};
            if (before_x)
                add_term(&input, before_x[i * s->in + p], 1);
            for (size_t j = 0; j < s->out; j++)
                add_term(&input, dy[i * s->out + j], w[p * s->out + j]);
            wrong += !is_sum(dx[i * s->in + p], &input);
        }
    return wrong;
}

/* mode 0: dx is written; 1: it is added to; 2: it is not wanted */
static void check_gradients(const aep__kernels *k, const shape *s, const aep__block *block, int mode)
{
    size_t reals;
    real *rows = random_array(s->rows * s->in, 1), *w = random_array(s->in * s->out, 2);
    real *rows_dy = random_array(s->rows * s->out, 3), *before_x = random_array(s->rows * s->in, 4);
    real *in = laid_out(block, rows, s->in, 1000), *dy = laid_out(block, rows_dy, s->out, 1000);
    real *begin_x = laid_out(block, before_x, s->in, 1), *dx = edge_array(0, block_reals(block, s->in), 0);
    real *dw = edge_array(1, s->in * s->out, 6), *db = edge_array(2, s->out, 7);
    real *before_w = copy_of(dw, s->in * s->out), *before_b = copy_of(db, s->out);
    ck_assert(aep__dense_scratch(&reals, block->rows, block->lanes > 0, s->in, s->out));
    real *scratch = edge_array(3, reals, 8);
    for (size_t i = 0; i < block_reals(block, s->in); i++)
        dx[i] = mode == 1 ? begin_x[i] : NAN;
    aep__dense_backward(k, mode == 2 ? NULL : dx, mode == 1, dw, db, dy, in, w, scratch, block, s->in, s->out);
    real *got = row_by_row(block, dx, s->in);
    ck_assert_uint_eq(n_wrong_gradients(mode == 2 ? NULL : got, dw, db, mode == 1 ? before_x : NULL, before_w, before_b,
                                        rows_dy, rows, w, s),
                      0);
    ck_assert(mode == 2 || rest_is(block, dx, s->in, NAN));
    assert_untouched_before(dx);
    assert_untouched_before(dw);
    assert_untouched_before(db);
    assert_untouched_before(scratch);
    free(rows), free(w), free(rows_dy), free(before_x), free(in), free(dy), free(begin_x), free(before_w);
    free(before_b), free(got);
}

START_TEST(gradients_of_dense_layers_are_those_of_the_definition)
{
    FOR_EACH_SET(k)
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        for (int layout = 0; layout < BLOCK_LAYOUTS; layout++)
            for (int mode = 0; mode < 3; mode++) {
                const aep__block block = block_of(shapes[i].rows, layout);
                check_gradients(k, &shapes[i], &block, mode);
            }
}
END_TEST

START_TEST(scratch_that_no_memory_can_hold_is_refused)
{
    size_t reals;
    ck_assert(aep__dense_scratch(&reals, 5, false, 7, 11));
    ck_assert_uint_ge(reals, 7 * 11);
    ck_assert(!aep__dense_scratch(&reals, 5, false, SIZE_MAX / 4, 11));
    ck_assert(!aep__dense_scratch(&reals, SIZE_MAX / 4, true, 7, 11));
    ck_assert(!aep__dense_scratch(&reals, 5, true, 7, SIZE_MAX));
}
END_TEST

/* ------------------------------------------------------------------------------------------------------- distances */

START_TEST(row_norms_are_euclidean)
{
    const real a[] = {1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0}, b[18] = {0};
    const aep__kernels *k = aep__kernels_best();
    real norms[3];
    aep__row_norm_forward(k, norms, a, b, &(aep__block){.rows = 3}, 6);
    ck_assert_double_eq_tol((double)norms[0], sqrt(91), 1e-6);
    ck_assert(norms[1] == 0 && norms[2] == 1);
    for (size_t n = 1; n <= 18; n++) { /* every remainder of the chains of additions */
        double squares = 0;
        for (size_t j = 0; j < n; j++)
            squares += (double)a[j] * (double)a[j];
        aep__row_norm_forward(k, norms, b, a, &(aep__block){.rows = 1}, n);
        ck_assert_double_eq_tol((double)norms[0], sqrt(squares), 1e-6);
    }
}
END_TEST

START_TEST(row_norms_are_the_same_bits_in_every_layout)
{
    FOR_EACH_SET(k)
    FOR_EACH_BLOCK(block, n, width)
    {
        real *a = random_array(n * width, n), *b = random_array(n * width, width), *alone = array(n);
        real *in_a = laid_out(&block, a, width, 3), *in_b = laid_out(&block, b, width, 7);
        real *norms = edge_array(0, block_reals(&block, 1), 0);
        for (size_t i = 0; i < n; i++)
            aep__row_norm_forward(k, &alone[i], a + i * width, b + i * width, &(aep__block){.rows = 1}, width);
        aep__row_norm_forward(k, norms, in_a, in_b, &block, width);
        ck_assert_mem_eq(norms, alone, n * sizeof *norms);
        ck_assert(rest_is(&block, norms, 1, NAN));
        assert_untouched_before(norms);
        free(a), free(b), free(alone), free(in_a), free(in_b);
    }
}
END_TEST

START_TEST(row_norms_of_huge_rows_do_not_overflow)
{
    const real a[] = {(real)3e30, (real)-4e30}, b[] = {0, 0}, one = 1;
    for (int layout = 0; layout < BLOCK_LAYOUTS; layout++) {
        const aep__block block = block_of(1, layout);
        real *in_a = laid_out(&block, a, 2, 1), *in_b = laid_out(&block, b, 2, 1), *dy = laid_out(&block, &one, 1, 0);
        real *norm = array(block_reals(&block, 1)), *scratch = array(block_reals(&block, 1));
        real *da = array(block_reals(&block, 2));
        aep__row_norm_forward(aep__kernels_best(), norm, in_a, in_b, &block, 2);
        ck_assert_double_eq_tol((double)norm[0], 5e30, 1e24);
        aep__row_norm_backward(aep__kernels_best(), da, false, NULL, false, dy, in_a, in_b, norm, scratch, &block, 2);
        ck_assert_double_eq_tol((double)da[0], 0.6, 1e-6);
        ck_assert_double_eq_tol((double)da[place(&block, 2, 0, 1)], -0.8, 1e-6);
        free(in_a), free(in_b), free(dy), free(norm), free(scratch), free(da);
    }
}
END_TEST

START_TEST(the_gradient_of_a_row_norm_is_the_unit_vector)
{
    const real a[] = {4, 6, 7, 7}, b[] = {1, 2, 7, 7}, norms[] = {5, 0}, dy[] = {10, 10};
    const real unit[] = {6, 8, 0, 0};              /* nothing where the norm is 0 */
    for (int i = 0; i < BLOCK_LAYOUTS * 16; i++) { /* added to or written, wanted or not */
        const aep__block block = block_of(2, i / 16);
        const size_t reals = block_reals(&block, 2);
        const bool add_a = i & 1, add_b = i & 2, no_a = i & 4, no_b = i & 8;
        real *in_a = laid_out(&block, a, 2, 3), *in_b = laid_out(&block, b, 2, 1),
             *in_y = laid_out(&block, norms, 1, 2);
        real *in_dy = laid_out(&block, dy, 1, 0), *da = edge_array(0, reals, 0), *db = edge_array(1, reals, 0);
        real *scratch = edge_array(2, block_reals(&block, 1), 0);
        for (size_t j = 0; j < reals; j++)
            da[j] = add_a || no_a ? 1 : NAN, db[j] = add_b || no_b ? 1 : NAN;
        aep__row_norm_backward(aep__kernels_best(), no_a ? NULL : da, add_a, no_b ? NULL : db, add_b, in_dy, in_a, in_b,
                               in_y, scratch, &block, 2);
        for (size_t j = 0; j < 4; j++) {
            const size_t at = place(&block, 2, j / 2, j % 2);
            ck_assert(da[at] == (no_a ? 1 : add_a ? 1 + unit[j] : unit[j]));
            ck_assert(db[at] == (no_b ? 1 : add_b ? 1 - unit[j] : -unit[j]));
        }
        ck_assert(rest_is(&block, da, 2, add_a || no_a ? 1 : 0)); /* where dy is 0 */
        ck_assert(rest_is(&block, db, 2, add_b || no_b ? 1 : 0));
        assert_untouched_before(da);
        assert_untouched_before(db);
        assert_untouched_before(scratch);
        free(in_a), free(in_b), free(in_y), free(in_dy);
    }
}
END_TEST

START_TEST(gradients_of_row_norms_are_the_same_in_every_layout)
{
    FOR_EACH_SET(k)
    FOR_EACH_BLOCK(block, n, width)
    {
        const aep__block by_row = {.rows = n};
        const size_t reals = block_reals(&block, width);
        real *a = random_array(n * width, n), *b = random_array(n * width, width), *dy = random_array(n, 5);
        real *norms = array(n), *scratch = array(block_reals(&block, 1));
        real *da = array(n * width), *db = array(n * width), *got_a = array(reals), *got_b = array(reals);
        aep__row_norm_forward(k, norms, a, b, &by_row, width);
        norms[n / 2] = 0;
        real *in_a = laid_out(&block, a, width, 3), *in_b = laid_out(&block, b, width, 7);
        real *in_y = laid_out(&block, norms, 1, 1), *in_dy = laid_out(&block, dy, 1, 0);
        aep__row_norm_backward(k, da, true, db, true, dy, a, b, norms, scratch, &by_row, width);
        aep__row_norm_backward(k, got_a, true, got_b, true, in_dy, in_a, in_b, in_y, scratch, &block, width);
        real *rows_a = row_by_row(&block, got_a, width), *rows_b = row_by_row(&block, got_b, width);
        ck_assert_mem_eq(rows_a, da, n * width * sizeof *da);
        ck_assert_mem_eq(rows_b, db, n * width * sizeof *db);
        size_t wrong = 0;
        for (size_t i = 0; i < n * width; i++) {
            const double norm = (double)norms[i / width], d = (double)a[i] - (double)b[i];
            wrong += !(fabs((double)da[i] - (norm > 0 ? (double)dy[i / width] * d / norm : 0)) <= 2e-6);
        }
        ck_assert_uint_eq(wrong, 0);
        free(a), free(b), free(dy), free(norms), free(scratch), free(da), free(db), free(got_a), free(got_b);
        free(in_a), free(in_b), free(in_y), free(in_dy), free(rows_a), free(rows_b);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("ops");
    tcase_set_timeout(tc, 60);
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
    tcase_add_test(tc, noise_of_a_block_is_that_of_its_rows_in_the_batch);
    tcase_add_test(tc, squares_of_a_block_are_those_of_its_images_in_the_batch);
    tcase_add_test(tc, rows_are_put_into_a_block_and_come_back);
    tcase_add_test(tc, dense_layers_add_their_biases);
    tcase_add_test(tc, dense_layers_add_to_all_three_gradients);
    tcase_add_test(tc, dense_layers_give_the_same_bits_in_every_layout);
    tcase_add_test(tc, gradients_of_dense_layers_are_those_of_the_definition);
    tcase_add_test(tc, scratch_that_no_memory_can_hold_is_refused);
    tcase_add_test(tc, row_norms_are_euclidean);
    tcase_add_test(tc, row_norms_are_the_same_bits_in_every_layout);
    tcase_add_test(tc, row_norms_of_huge_rows_do_not_overflow);
    tcase_add_test(tc, the_gradient_of_a_row_norm_is_the_unit_vector);
    tcase_add_test(tc, gradients_of_row_norms_are_the_same_in_every_layout);
    return run_case("ops", tc);
}
