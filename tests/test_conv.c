/* SPDX-License-Identifier: BSD-2-Clause */
/* Convolutions against the sums that define them, written with explicit indices and in double. */
#define _DEFAULT_SOURCE
#include "conv.h"
#include "kernels_fixture.h"
#include "window_fixture.h"

#include <float.h>

enum { WINDOWS = 400, MOST_ROWS = 4, MOST_FILTERS = 20, GUARD = 16 };

typedef struct sizes {
    aep__window w;
    size_t filters, rows, map, places, patch;
} sizes;

static sizes draw_sizes(uint32_t *state)
{
    sizes s = {.w = draw_window(state, false), .filters = draw(state, 1, MOST_FILTERS)};
    s.rows = draw(state, 1, MOST_ROWS);
    s.map = aep__window_map(&s.w), s.places = aep__window_places(&s.w), s.patch = aep__window_patch(&s.w);
    return s;
}

static real *new_scratch(const sizes *s, bool backward)
{
    size_t reals;
    ck_assert(aep__conv_scratch(&reals, &s->w, s->filters, backward));
    real *scratch = random_array(reals + GUARD, 99); /* what it held does not matter */
    memset(scratch + reals, 0x5a, GUARD * sizeof *scratch);
    return scratch;
}

static void free_scratch(real *scratch, const sizes *s, bool backward)
{
    size_t reals;
    aep__conv_scratch(&reals, &s->w, s->filters, backward);
    for (size_t i = 0; i < GUARD * sizeof *scratch; i++)
        ck_assert_uint_eq(((unsigned char *)(scratch + reals))[i], 0x5a);
    free(scratch);
}

/* Sums in double beside the sums of magnitudes, which bound the rounding of any order of adding. */
typedef struct sums {
    double *value, *size;
    size_t n;
} sums;

static sums new_sums(const real *begin, size_t n)
{
    sums s = {calloc(n, sizeof(double)), calloc(n, sizeof(double)), n};
    ck_assert(s.value && s.size);
    for (size_t i = 0; begin && i < n; i++)
        s.value[i] = (double)begin[i], s.size[i] = fabs((double)begin[i]);
    return s;
}

static void add(sums *s, size_t i, double term)
{
    s->value[i] += term;
    s->size[i] += fabs(term);
}

/* terms: most that one element is the sum of. Frees the sums. */
static void assert_sums(const real *got, sums *s, size_t terms, const char *what)
{
    for (size_t i = 0; i < s->n; i++)
        ck_assert_msg(fabs((double)got[i] - s->value[i]) <= (double)(terms + 2) * FLT_EPSILON * s->size[i],
                      "%s, value %zu: %.9g, expected %.9g", what, i, (double)got[i], s->value[i]);
    free(s->value), free(s->size);
}

/*
 * Every product of the definition, y[place, filter] of a row with x[pixel, channel] and w: the same triples for both
 * operations, which differ in where the weight lies and in which side is given.
 */
#define FOR_EACH_PRODUCT(s, i, p, k, pixel, f, c)                                                                      \
    for (size_t i = 0; i < (s)->rows; i++)                                                                             \
        FOR_EACH_PLACE(&(s)->w, p)                                                                                     \
    FOR_EACH_UNDER(&(s)->w, p, k, pixel)                                                                               \
    for (size_t f = 0; f < (s)->filters; f++)                                                                          \
        for (size_t c = 0; c < (s)->w.channels; c++)

START_TEST(convolution_is_the_sum_of_the_definition)
{
    uint32_t state = 1;
    for (uint64_t seed = 0; seed < WINDOWS; seed++) {
        const sizes s = draw_sizes(&state);
        const size_t n_y = s.rows * s.places * s.filters;
        real *x = random_array(s.rows * s.map, seed), *w = random_array(s.patch * s.filters, seed + 1);
        real *b = random_array(s.filters, seed + 2), *y = random_array(n_y + GUARD, 7);
        real *guard = copy_of(y + n_y, GUARD), *scratch = new_scratch(&s, false);
        aep__conv_forward(any_set(seed), y, x, w, b, &s.w, s.filters, scratch, s.rows, seed % 2);
        sums expected = new_sums(NULL, n_y);
        for (size_t j = 0; j < n_y; j++)
            add(&expected, j, (double)b[j % s.filters]);
        FOR_EACH_PRODUCT(&s, i, p, k, pixel, f, c)
        add(&expected, (i * s.places + p) * s.filters + f,
            (double)x[i * s.map + pixel * s.w.channels + c] * (double)w[(k * s.w.channels + c) * s.filters + f]);
        assert_sums(y, &expected, s.patch, "y");
        ck_assert_mem_eq(y + n_y, guard, GUARD * sizeof *y);
        free_scratch(scratch, &s, false);
        free(x), free(w), free(b), free(y), free(guard);
    }
}
END_TEST

START_TEST(gradients_of_convolution_are_those_of_the_definition)
{
    uint32_t state = 2;
    for (uint64_t seed = 0; seed < WINDOWS; seed++) {
        const sizes s = draw_sizes(&state);
        const size_t n_w = s.patch * s.filters, n_y = s.rows * s.places * s.filters;
        real *x = random_array(s.rows * s.map, seed), *w = random_array(n_w, seed + 1);
        real *dy = random_array(n_y, seed + 2), *scratch = new_scratch(&s, true);
        real *dx = random_array(s.rows * s.map, 3), *dw = random_array(n_w, 4), *db = random_array(s.filters, 5);
        sums ex = new_sums(dx, s.rows * s.map), ew = new_sums(dw, n_w), eb = new_sums(db, s.filters);
        aep__conv_backward(any_set(seed), dx, dw, db, dy, x, w, &s.w, s.filters, scratch, s.rows);
        for (size_t j = 0; j < n_y; j++)
            add(&eb, j % s.filters, (double)dy[j]);
        FOR_EACH_PRODUCT(&s, i, p, k, pixel, f, c)
        {
            const size_t at_x = i * s.map + pixel * s.w.channels + c, at_w = (k * s.w.channels + c) * s.filters + f;
            const double d = (double)dy[(i * s.places + p) * s.filters + f];
            add(&ew, at_w, d * (double)x[at_x]);
            add(&ex, at_x, d * (double)w[at_w]);
        }
        assert_sums(dw, &ew, s.rows * s.places, "dw");
        assert_sums(db, &eb, s.rows * s.places, "db");
        assert_sums(dx, &ex, s.filters * s.w.kernel_h * s.w.kernel_w, "dx");
        free_scratch(scratch, &s, true);
        free(x), free(w), free(dy), free(dx), free(dw), free(db);
    }
}
END_TEST

START_TEST(transposed_convolution_is_the_sum_of_the_definition)
{
    uint32_t state = 3;
    for (uint64_t seed = 0; seed < WINDOWS; seed++) {
        const sizes s = draw_sizes(&state);
        const size_t n_y = s.rows * s.map;
        real *x = random_array(s.rows * s.places * s.filters, seed), *w = random_array(s.filters * s.patch, seed + 1);
        real *b = random_array(s.w.channels, seed + 2), *y = random_array(n_y + GUARD, 7);
        real *guard = copy_of(y + n_y, GUARD), *scratch = new_scratch(&s, false);
        aep__conv_transposed_forward(any_set(seed), y, x, w, b, &s.w, s.filters, scratch, s.rows, seed % 2);
        sums expected = new_sums(NULL, n_y);
        for (size_t j = 0; j < n_y; j++)
            add(&expected, j, (double)b[j % s.w.channels]);
        FOR_EACH_PRODUCT(&s, i, p, k, pixel, f, c)
        add(&expected, i * s.map + pixel * s.w.channels + c,
            (double)x[(i * s.places + p) * s.filters + f] * (double)w[f * s.patch + k * s.w.channels + c]);
        assert_sums(y, &expected, s.filters * s.w.kernel_h * s.w.kernel_w, "y");
        ck_assert_mem_eq(y + n_y, guard, GUARD * sizeof *y);
        free_scratch(scratch, &s, false);
        free(x), free(w), free(b), free(y), free(guard);
    }
}
END_TEST

START_TEST(gradients_of_transposed_convolution_are_those_of_the_definition)
{
    uint32_t state = 4;
    for (uint64_t seed = 0; seed < WINDOWS; seed++) {
        const sizes s = draw_sizes(&state);
        const size_t n_w = s.filters * s.patch, n_x = s.rows * s.places * s.filters;
        real *x = random_array(n_x, seed), *w = random_array(n_w, seed + 1),
             *dy = random_array(s.rows * s.map, seed + 2);
        real *dx = random_array(n_x, 3), *dw = random_array(n_w, 4), *db = random_array(s.w.channels, 5);
        real *scratch = new_scratch(&s, true);
        sums ex = new_sums(dx, n_x), ew = new_sums(dw, n_w), eb = new_sums(db, s.w.channels);
        aep__conv_transposed_backward(any_set(seed), dx, dw, db, dy, x, w, &s.w, s.filters, scratch, s.rows);
        for (size_t j = 0; j < s.rows * s.map; j++)
            add(&eb, j % s.w.channels, (double)dy[j]);
        FOR_EACH_PRODUCT(&s, i, p, k, pixel, f, c)
        {
            const size_t at_x = (i * s.places + p) * s.filters + f, at_w = f * s.patch + k * s.w.channels + c;
            const double d = (double)dy[i * s.map + pixel * s.w.channels + c];
            add(&ew, at_w, d * (double)x[at_x]);
            add(&ex, at_x, d * (double)w[at_w]);
        }
        assert_sums(dw, &ew, s.rows * s.places, "dw");
        assert_sums(db, &eb, s.rows * s.map, "db");
        assert_sums(dx, &ex, s.patch, "dx");
        free_scratch(scratch, &s, true);
        free(x), free(w), free(dy), free(dx), free(dw), free(db);
    }
}
END_TEST

/* The first layer of a network: nobody asks for the gradient of its input. The others are the same as with it. */
START_TEST(a_gradient_that_is_not_wanted_is_left_out)
{
    uint32_t state = 5;
    for (uint64_t seed = 0; seed < 40; seed++) {
        const sizes s = draw_sizes(&state);
        const size_t n_w = s.patch * s.filters, most = s.rows * (s.map + s.places * s.filters);
        real *x = random_array(most, seed), *w = random_array(n_w, seed + 1), *dy = random_array(most, seed + 2);
        real *scratch = new_scratch(&s, true), *dx = array(most);
        for (int transposed = 0; transposed < 2; transposed++) {
            real *dw[2] = {array(n_w), array(n_w)}, *db[2] = {array(MOST_FILTERS), array(MOST_FILTERS)};
            for (int i = 0; i < 2; i++)
                (transposed ? aep__conv_transposed_backward : aep__conv_backward)(
                    any_set(seed), i ? NULL : dx, dw[i], db[i], dy, x, w, &s.w, s.filters, scratch, s.rows);
            ck_assert_mem_eq(dw[0], dw[1], n_w * sizeof **dw);
            ck_assert_mem_eq(db[0], db[1], MOST_FILTERS * sizeof **db);
            free(dw[0]), free(dw[1]), free(db[0]), free(db[1]);
        }
        free_scratch(scratch, &s, true);
        free(x), free(w), free(dy), free(dx);
    }
}
END_TEST

typedef void forward_fn(const aep__kernels *k, real *y, const real *x, const real *w, const real *b,
                        const aep__window *win, size_t filters, real *scratch, size_t rows, bool row_exact);

/* Rows alone, and those from each on, as in the whole batch. */
static void assert_rows_are_their_own(const aep__kernels *k, forward_fn *forward, const sizes *s, size_t n_in,
                                      size_t n_out)
{
    real *x = random_array(s->rows * n_in, 1), *w = random_array(s->patch * s->filters, 2);
    real *b = random_array(s->filters + s->w.channels, 3), *scratch = new_scratch(s, false);
    real *y = array(s->rows * n_out), *part = array(s->rows * n_out);
    forward(k, y, x, w, b, &s->w, s->filters, scratch, s->rows, true);
    for (size_t first = 0; first < s->rows; first++) {
        forward(k, part, x + first * n_in, w, b, &s->w, s->filters, scratch, 1, true);
        ck_assert_mem_eq(part, y + first * n_out, n_out * sizeof *y);
        forward(k, part, x + first * n_in, w, b, &s->w, s->filters, scratch, s->rows - first, true);
        ck_assert_mem_eq(part, y + first * n_out, (s->rows - first) * n_out * sizeof *y);
    }
    free_scratch(scratch, s, false);
    free(x), free(w), free(b), free(y), free(part);
}

static void assert_both_ways(const aep__kernels *k, sizes s)
{
    s.map = aep__window_map(&s.w), s.places = aep__window_places(&s.w), s.patch = aep__window_patch(&s.w);
    assert_rows_are_their_own(k, aep__conv_forward, &s, s.map, s.places * s.filters);
    assert_rows_are_their_own(k, aep__conv_transposed_forward, &s, s.places * s.filters, s.map);
}

START_TEST(a_row_is_the_same_alone_and_at_any_place_of_any_batch)
{
    uint32_t state = 6;
    for (uint64_t i = 0; i < WINDOWS; i++)
        assert_both_ways(any_set(i), draw_sizes(&state));
    /* of the size of real layers: many blocks of places, and products for which training would take a CBLAS */
    FOR_EACH_SET(k)
    {
        assert_both_ways(k, (sizes){.w = {1, 28, 28, 3, 3, 2, 2, 1, 1, 14, 14}, .filters = 16, .rows = 9});
        assert_both_ways(k, (sizes){.w = {16, 14, 14, 3, 3, 2, 2, 1, 1, 7, 7}, .filters = 32, .rows = 13});
        assert_both_ways(k, (sizes){.w = {130, 9, 9, 5, 5, 1, 1, 2, 2, 9, 9}, .filters = 100, .rows = 5});
    }
}
END_TEST

START_TEST(scratch_that_no_memory_can_hold_is_refused)
{
    const aep__window w = {.channels = 1000, .height = 9, .width = 9, .kernel_h = 3, .kernel_w = 3};
    size_t reals;
    ck_assert(aep__conv_scratch(&reals, &w, 1, true));
    ck_assert(!aep__conv_scratch(&reals, &w, SIZE_MAX / 1000, true));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {convolution_is_the_sum_of_the_definition,
                                  gradients_of_convolution_are_those_of_the_definition,
                                  transposed_convolution_is_the_sum_of_the_definition,
                                  gradients_of_transposed_convolution_are_those_of_the_definition,
                                  a_gradient_that_is_not_wanted_is_left_out,
                                  a_row_is_the_same_alone_and_at_any_place_of_any_batch,
                                  scratch_that_no_memory_can_hold_is_refused};
    return run_list("conv", tests, COUNT_OF(tests), 120);
}
