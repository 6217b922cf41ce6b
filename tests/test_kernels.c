/* SPDX-License-Identifier: BSD-2-Clause */
/* Every loop of every set against the plain set and against its definition; activations are in test_activation.c. */
#define _DEFAULT_SOURCE
#include "gemm.h"
#include "kernels_fixture.h"
#include "ops.h"

#include <aepred.h>
#include <float.h>

START_TEST(the_fastest_set_comes_first_and_the_plain_one_last)
{
    size_t n = 0;
    FOR_EACH_SET(k)
    {
        ck_assert(k->name && (!strcmp(k->name, "plain")) == !set_after(k));
        n++;
    }
    ck_assert_ptr_eq(aep__kernels_best(), aep__kernels_at(0));
    for (size_t i = n; i < n + 9; i++)
        ck_assert_ptr_null(aep__kernels_at(i));
}
END_TEST

/* Each pointer of a table, as bytes: none may be NULL. */
START_TEST(every_set_has_every_loop)
{
    FOR_EACH_SET(k)
    for (size_t at = offsetof(aep__kernels, product); at < sizeof *k; at += sizeof k->product) {
        static const unsigned char null[sizeof k->product];
        ck_assert_mem_ne((const unsigned char *)k + at, null, sizeof null);
    }
}
END_TEST

/* ------------------------------------------------------------------------------------------------------- products */

/* A is given by rows, by columns (as X' in dW = X' dY), as part of a wider matrix, as one row for all, as one number for
   all (column sums). */
enum { BY_ROWS, BY_COLUMNS, PART_BY_ROWS, PART_BY_COLUMNS, ONE_ROW, ONE_NUMBER, LAYOUTS };
enum { STARTS = AEP__START_ROWS + 1, DEPTH = 256 };

typedef struct shape {
    size_t m, n, k;
    int layout, start;
    size_t b_more, c_more; /* by which rows of B and C lie apart beyond n */
} shape;

static void set_strides(aep__product *p, int layout)
{
    const size_t strides[LAYOUTS][2] = {{p->k, 1}, {1, p->m}, {p->k + 3, 1}, {1, p->m + 3}, {0, 1}, {0, 0}};
    p->a_row = strides[layout][0];
    p->a_col = strides[layout][1];
}

static size_t span(size_t rows, size_t row, size_t columns, size_t column)
{
    return rows && columns ? (rows - 1) * row + (columns - 1) * column + 1 : 0;
}

/* A product of normal numbers. What C holds is NaN where it is not to be used. */
static aep__product new_product(const shape *s, uint64_t seed)
{
    aep__product p = {.m = s->m, .n = s->n, .k = s->k, .start = s->start};
    set_strides(&p, s->layout);
    p.b_row = p.n + s->b_more;
    p.c_row = p.n + s->c_more;
    p.a = edge_array(0, span(p.m, p.a_row, p.k, p.a_col), seed);
    p.b = edge_array(1, span(p.k, p.b_row, p.n, 1), seed);
    p.c = edge_array(2, span(p.m, p.c_row, p.n, 1), seed);
    if (p.start == AEP__START_COLUMNS || p.start == AEP__START_ROWS)
        p.bias = edge_array(3, p.start == AEP__START_COLUMNS ? p.n : p.m, seed);
    for (size_t i = 0; i < p.m && p.start != AEP__START_C; i++)
        for (size_t j = 0; j < p.n; j++)
            p.c[i * p.c_row + j] = NAN;
    return p;
}

/*
 * The element in double. `bound`: how far an order of adding in float may lie from it: with u = FLT_EPSILON / 2, within
 * (k + 1) u S to first order, where S = |start| + sum_q |a_q| |b_q| (Higham 2002, section 3.1).
 */
static double element(double *bound, const aep__product *p, double start, size_t i, size_t j)
{
    double sum = start, size = fabs(start);
    for (size_t q = 0; q < p->k; q++) {
        const double term = (double)p->a[i * p->a_row + q * p->a_col] * (double)p->b[q * p->b_row + j];
        sum += term;
        size += fabs(term);
    }
    *bound = (double)(p->k + 2) * FLT_EPSILON / 2 * size;
    return sum;
}

static double start_of(const aep__product *p, const real *before, size_t i, size_t j)
{
    switch (p->start) {
    case AEP__START_C:
        return (double)before[i * p->c_row + j];
    case AEP__START_COLUMNS:
        return (double)p->bias[j];
    case AEP__START_ROWS:
        return (double)p->bias[i];
    default:
        return 0;
    }
}

static void check_product(const aep__kernels *k, const shape *s, uint64_t seed)
{
    const aep__product p = new_product(s, seed);
    const size_t size = span(p.m, p.c_row, p.n, 1);
    real *before = copy_of(p.c, size);
    size_t wrong = 0;
    k->product(&p);
    for (size_t at = 0; at < size; at++) {
        const size_t i = at / p.c_row, j = at % p.c_row;
        double bound = 0;
        if (j < p.n)
            wrong += !(fabs((double)p.c[at] - element(&bound, &p, start_of(&p, before, i, j), i, j)) <= bound);
        else
            wrong += n_different(p.c + at, before + at, 1); /* between rows */
    }
    assert_untouched_before(p.c);
    ck_assert_msg(!wrong, "%s: %zu values of m %zu, n %zu, k %zu, layout %d, start %d, b_row %zu, c_row %zu", k->name,
                  wrong, p.m, p.n, p.k, s->layout, s->start, p.b_row, p.c_row);
    free(before);
}

static const size_t depths[] = {1, 2, 7, DEPTH - 1, DEPTH, DEPTH + 1, 2 * DEPTH, 600};

static shape draw_shape(uint32_t *state)
{
    return (shape){.m = draw(state, 1, 40),
                   .n = draw(state, 1, 140),
                   .k = draw(state, 0, 1) ? depths[draw(state, 0, COUNT_OF(depths) - 1)] : draw(state, 1, 70),
                   .layout = (int)draw(state, 0, LAYOUTS - 1),
                   .start = (int)draw(state, 0, STARTS - 1),
                   .b_more = draw(state, 0, 1) * draw(state, 1, 20),
                   .c_more = draw(state, 0, 1) * draw(state, 1, 20)};
}

START_TEST(products_of_any_shape_are_those_of_the_definition)
{
    FOR_EACH_SET(k)
    {
        uint32_t state = 1;
        for (uint64_t seed = 0; seed < 300; seed++) {
            const shape s = draw_shape(&state);
            check_product(k, &s, seed);
        }
    }
}
END_TEST

START_TEST(products_are_right_in_every_layout_from_every_start_at_every_depth)
{
    static const size_t rows[] = {1, 2, 13}, columns[] = {1, 16, 37, 130};
    FOR_EACH_SET(k)
    for (size_t i = 0; i < COUNT_OF(rows) * COUNT_OF(columns) * COUNT_OF(depths) * LAYOUTS * STARTS * 2; i++) {
        size_t rest = i;
        shape s = {.m = rows[rest % COUNT_OF(rows)]};
        s.n = columns[(rest /= COUNT_OF(rows)) % COUNT_OF(columns)];
        s.k = depths[(rest /= COUNT_OF(columns)) % COUNT_OF(depths)];
        s.layout = (int)((rest /= COUNT_OF(depths)) % LAYOUTS);
        s.start = (int)((rest /= LAYOUTS) % STARTS);
        s.b_more = s.c_more = rest / STARTS * 5;
        check_product(k, &s, i);
    }
}
END_TEST

START_TEST(products_are_right_at_every_width_and_height)
{
    FOR_EACH_SET(k)
    for (size_t size = 0; size <= 140; size++)
        for (int start = 0; start < STARTS; start++) {
            check_product(k, &(shape){.m = 13, .n = size, .k = 7, .start = start, .c_more = 3}, size);
            check_product(k, &(shape){.m = 1, .n = size, .k = 7, .start = start, .c_more = 3}, size);
            check_product(k, &(shape){.m = size, .n = 17, .k = 7, .start = start, .c_more = 3}, size);
        }
}
END_TEST

START_TEST(the_plain_product_is_that_of_the_textbook)
{
    const real a[] = {1, 2, 3, 4, 5, 6}, b[] = {7, 8, 9, 10, 11, 12}, expected[] = {59, 65, 140, 155};
    real c[] = {1, 1, 1, 1};
    aep__product p = {.c = c, .a = a, .b = b, .c_row = 2, .a_row = 3, .a_col = 1, .b_row = 2, .m = 2, .n = 2, .k = 3};
    p.start = AEP__START_C;
    plain()->product(&p);
    ck_assert_mem_eq(c, expected, sizeof c);
}
END_TEST

/* The rows first .. first + m - 1 and columns from .. from + n - 1 of a product, computed by themselves. */
static aep__product part_of(const aep__product *whole, real *c, size_t first, size_t m, size_t from, size_t n)
{
    aep__product p = *whole;
    p.a += first * p.a_row;
    p.b += from;
    p.bias += p.start == AEP__START_COLUMNS ? from : p.start == AEP__START_ROWS ? first : 0;
    p.c = c;
    p.c_row = n;
    p.m = m;
    p.n = n;
    return p;
}

static void assert_part(const aep__kernels *k, const aep__product *whole, const real *before, size_t first, size_t m,
                        size_t from, size_t n)
{
    real *c = edge_array(4, m * n, 0);
    size_t wrong = 0;
    for (size_t i = 0; i < m; i++)
        memcpy(c + i * n, before + (first + i) * whole->c_row + from, n * sizeof *c);
    const aep__product part = part_of(whole, c, first, m, from, n);
    k->product(&part);
    for (size_t i = 0; i < m; i++)
        wrong += n_different(c + i * n, whole->c + (first + i) * whole->c_row + from, n);
    ck_assert_msg(!wrong, "%s: %zu values of rows %zu + %zu, columns %zu + %zu of (%zu, %zu), k %zu", k->name, wrong,
                  first, m, from, n, whole->m, whole->n, whole->k);
}

START_TEST(an_element_is_the_same_alone_and_at_any_place_of_any_product)
{
    FOR_EACH_SET(k)
    {
        uint32_t state = 2;
        for (uint64_t seed = 0; seed < 150; seed++) {
            const shape s = draw_shape(&state);
            const aep__product p = new_product(&s, seed);
            real *before = copy_of(p.c, span(p.m, p.c_row, p.n, 1));
            k->product(&p);
            for (size_t i = 0; i < p.m; i++) {
                const size_t n = draw(&state, 1, p.n), from = draw(&state, 0, p.n - n);
                assert_part(k, &p, before, i, 1, 0, p.n);                         /* alone */
                assert_part(k, &p, before, i, p.m - i, 0, p.n);                   /* elsewhere in a shorter batch */
                assert_part(k, &p, before, i, draw(&state, 1, p.m - i), from, n); /* among fewer columns */
            }
            free(before);
        }
    }
}
END_TEST

/* c' (n, m) = start' + b' a', where the rows of c are columns: lanes of a panel */
static void assert_transposed(const aep__kernels *k, const aep__product *p, const real *before)
{
    static const int starts[STARTS] = {AEP__START_ZERO, AEP__START_C, AEP__START_ROWS, AEP__START_COLUMNS};
    real *a = edge_array(4, p->k * p->m, 0), *c = edge_array(5, p->n * p->m, 0);
    for (size_t i = 0; i < p->m; i++) {
        for (size_t q = 0; q < p->k; q++)
            a[q * p->m + i] = p->a[i * p->a_row + q * p->a_col];
        for (size_t j = 0; j < p->n; j++)
            c[j * p->m + i] = before[i * p->c_row + j];
    }
    const aep__product transposed = {.c = c,
                                     .a = p->b,
                                     .b = a,
                                     .c_row = p->m,
                                     .a_row = 1,
                                     .a_col = p->b_row,
                                     .b_row = p->m,
                                     .m = p->n,
                                     .n = p->m,
                                     .k = p->k,
                                     .start = starts[p->start],
                                     .bias = p->bias};
    size_t wrong = 0;
    k->product(&transposed);
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j++)
            wrong += n_different(&c[j * p->m + i], &p->c[i * p->c_row + j], 1);
    ck_assert_msg(!wrong, "%s: %zu values, m %zu, n %zu, k %zu", k->name, wrong, p->m, p->n, p->k);
}

START_TEST(a_row_is_the_same_as_a_column_of_a_panel)
{
    FOR_EACH_SET(k)
    {
        uint32_t state = 3;
        for (uint64_t seed = 0; seed < 150; seed++) {
            const shape s = draw_shape(&state);
            const aep__product p = new_product(&s, seed);
            real *before = copy_of(p.c, span(p.m, p.c_row, p.n, 1));
            k->product(&p);
            assert_transposed(k, &p, before);
            free(before);
        }
    }
}
END_TEST

/* What is not finite in one row or one column stays there. */
START_TEST(a_nan_goes_no_further_than_its_row_and_its_column)
{
    static const real values[] = {NAN, INFINITY, -INFINITY};
    FOR_EACH_SET(k)
    {
        uint32_t state = 4;
        for (uint64_t seed = 0; seed < 60; seed++) {
            shape s = draw_shape(&state);
            s.layout = (int)draw(&state, BY_ROWS, PART_BY_COLUMNS);
            const aep__product p = new_product(&s, seed);
            const size_t size = span(p.m, p.c_row, p.n, 1), row = draw(&state, 0, p.m - 1);
            const size_t column = draw(&state, 0, p.n - 1), q = draw(&state, 0, p.k - 1);
            real *before = copy_of(p.c, size), *sound;
            size_t wrong = 0;
            k->product(&p);
            sound = copy_of(p.c, size);
            memcpy(p.c, before, size * sizeof *before);
            ((real *)(uintptr_t)p.a)[row * p.a_row + q * p.a_col] = values[seed % 3];
            ((real *)(uintptr_t)p.b)[q * p.b_row + column] = values[seed % 3];
            k->product(&p);
            for (size_t at = 0; at < size; at++) {
                const size_t i = at / p.c_row, j = at % p.c_row;
                const bool touched = j < p.n && (i == row || j == column);
                wrong += touched ? isfinite(p.c[at]) != 0 : n_different(p.c + at, sound + at, 1);
            }
            ck_assert_uint_eq(wrong, 0);
            free(before), free(sound);
        }
    }
}
END_TEST

/* ----------------------------------------------------------------------------------------- loops over one index */

enum { OPERANDS = 6 };

/* One call of a loop on n values of each operand, some of which it writes; the result, if it gives one. */
typedef double loop_fn(const aep__kernels *k, real *const *x, size_t n, int variant);

typedef struct loop {
    const char *name;
    loop_fn *run;
    int variants;
    bool fused; /* by the sets with vectors */
} loop;

static double add_noise(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    k->add_noise(x[0], x[1], (real)0.3, n);
    return 0;
}

static double abs_diff(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    k->abs_diff(x[0], x[1], x[2], n);
    return 0;
}

/* by variant: which of the gradients are added to, which are wanted */
static double abs_diff_backward(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    k->abs_diff_backward(variant & 4 ? NULL : x[0], variant & 1, variant & 8 ? NULL : x[1], variant & 2, x[2], x[3],
                         x[4], n);
    return 0;
}

static double add(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    k->add(x[0], x[1], n);
    return 0;
}

static double add_scaled(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    k->add_scaled(x[0], x[1], (real)-0.7, n);
    return 0;
}

static const aep__adam_factors factors = {.b1 = (real)0.9,
                                          .b2 = (real)0.999,
                                          .a1 = (real)0.1,
                                          .a2 = (real)0.001,
                                          .rate = (real)0.02,
                                          .root2 = (real)1.7,
                                          .epsilon = (real)1e-8,
                                          .factor = (real)0.4};

static double adam(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    aep__adam_factors f = factors;
    for (size_t i = 0; i < n; i++)
        x[2][i] = (real)fabs((double)x[2][i]); /* second moments */
    if (variant)
        f.epsilon = 0, f.rate = (real)3e30; /* updates are infinite, or held */
    k->adam(&f, x[0], x[1], x[2], x[3], n);
    return 0;
}

static double sum_of_squares(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    return k->sum_of_squares(x[0], n);
}

static double all_finite(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    return k->all_finite(x[0], n);
}

static double fill(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    k->fill(x[0], x[1], x[2], n);
    return 0;
}

static double scale(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    double *numbers = malloc((2 * n + 1) * sizeof *numbers);
    ck_assert_ptr_nonnull(numbers);
    for (size_t i = 0; i < n; i++) {
        numbers[i] = (double)x[1][i] / 3;
        numbers[n + i] = (double)x[2][i] * 7;
    }
    k->scale(x[0], numbers, numbers + n, variant ? 1e9 : 2.3, n);
    free(numbers);
    return 0;
}

static double hold(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    k->hold(x[0], (real)0.8, n);
    return 0;
}

static double squash(const aep__kernels *k, real *const *x, size_t n, int variant)
{
    (void)variant;
    for (size_t i = 0; i < n; i++)
        x[1][i] = x[1][i] > 0;
    k->squash(x[0], x[1], (real)1.5, (real)(1 / 1.5), n);
    return 0;
}

static const loop loops[] = {{"add_noise", add_noise, 1, false},
                             {"abs_diff", abs_diff, 1, false},
                             {"abs_diff_backward", abs_diff_backward, 16, false},
                             {"add", add, 1, false},
                             {"add_scaled", add_scaled, 1, false},
                             {"adam", adam, 2, false},
                             {"sum_of_squares", sum_of_squares, 1, false},
                             {"all_finite", all_finite, 1, false},
                             {"fill", fill, 1, false},
                             {"scale", scale, 2, false},
                             {"hold", hold, 1, false},
                             {"squash", squash, 1, true}};

/* Every size up to two vectors of the widest set and more, and around larger multiples of it. */
static const size_t larger[] = {95, 96, 97, 127, 128, 129, 255, 256, 257, 1000, 1024, 1025};

#define FOR_EACH_SIZE(n)                                                                                               \
    for (size_t at_ = 0, n; at_ < 70 + COUNT_OF(larger) && (n = at_ < 70 ? at_ : larger[at_ - 70], true); at_++)

/* Operands of normal numbers, among them special ones, and some that are equal in several operands. */
static void make_operands(real **x, size_t n, uint64_t seed, bool finite)
{
    static const real special[] = {0,          (real)-0.0,  1,   -1,       (real)1e-40, (real)-1e-45,
                                   (real)3e38, (real)-3e38, NAN, INFINITY, -INFINITY};
    const size_t n_special = COUNT_OF(special) - (finite ? 3 : 0);
    uint32_t state = (uint32_t)seed;
    for (int o = 0; o < OPERANDS; o++)
        x[o] = edge_array(o, n, seed);
    for (size_t i = 0; i < n; i++) {
        if (draw(&state, 0, 3) == 0)
            x[draw(&state, 0, OPERANDS - 1)][i] = special[draw(&state, 0, n_special - 1)];
        if (draw(&state, 0, 3) == 0)
            x[draw(&state, 0, OPERANDS - 1)][i] = x[draw(&state, 0, OPERANDS - 1)][i];
    }
}

/* The n operands as they are left, one behind the other, then the result. */
static real *outcome(const loop *l, const aep__kernels *k, size_t n, uint64_t seed, int variant, double *result)
{
    real *x[OPERANDS], *all = array(OPERANDS * n);
    make_operands(x, n, seed, seed % 2);
    *result = l->run(k, x, n, variant);
    for (int o = 0; o < OPERANDS; o++) {
        assert_untouched_before(x[o]);
        memcpy(all + (size_t)o * n, x[o], n * sizeof *all);
    }
    return all;
}

START_TEST(every_loop_gives_the_same_bits_in_every_set_that_fuses_alike)
{
    FOR_EACH_SET(k)
    for (size_t l = 0; l < COUNT_OF(loops); l++)
        for (int variant = 0; variant < loops[l].variants; variant++)
            FOR_EACH_SIZE(n)
            {
                double result, expected_result;
                const uint64_t seed = l * 10000 + n;
                real *got = outcome(&loops[l], k, n, seed, variant, &result);
                real *expected = outcome(&loops[l], twin(k, loops[l].fused), n, seed, variant, &expected_result);
                const size_t wrong = n_different(got, expected, OPERANDS * n);
                ck_assert_msg(!wrong, "%s, %s, variant %d, n %zu: %zu differ", k->name, loops[l].name, variant, n,
                              wrong);
                ck_assert((isnan(result) && isnan(expected_result)) || result == expected_result);
                free(got), free(expected);
            }
}
END_TEST

/* a within rounding of b, where the terms of b are at most `size` */
static bool is_close(real a, double b, double size)
{
    return fabs((double)a - b) <= 2 * FLT_EPSILON * (size + fabs(b)) + 1e-44;
}

static void copy_operands(real **to, real *const *from, size_t n)
{
    for (int o = 0; o < OPERANDS; o++)
        to[o] = copy_of(from[o], n);
}

static void finish(real **x, size_t wrong)
{
    ck_assert_uint_eq(wrong, 0);
    for (int o = 0; o < OPERANDS; o++)
        free(x[o]);
}

/* Finite operands of moderate size, before and after a call. */
#define CALL(loop_name, variant)                                                                                       \
    real *x[OPERANDS], *b[OPERANDS];                                                                                   \
    for (int o_ = 0; o_ < OPERANDS; o_++)                                                                              \
        x[o_] = edge_array(o_, n, n);                                                                                  \
    for (size_t i_ = 0; i_ < n; i_ += 3)                                                                               \
        x[4][i_] = x[3][i_]; /* differences of 0 */                                                                    \
    copy_operands(b, x, n);                                                                                            \
    const double result = loop_name(k, x, n, variant);                                                                 \
    size_t wrong = 0;                                                                                                  \
    (void)result

START_TEST(noise_is_added)
{
    FOR_EACH_SET(k)
    FOR_EACH_SIZE(n)
    {
        CALL(add_noise, 0);
        for (size_t i = 0; i < n; i++) {
            const double noise = (double)(real)0.3 * (double)b[0][i];
            wrong += !is_close(x[0][i], (double)b[1][i] + noise, fabs(noise));
        }
        finish(b, wrong);
    }
}
END_TEST

START_TEST(absolute_differences_have_no_gradient_where_they_are_zero)
{
    FOR_EACH_SET(k)
    FOR_EACH_SIZE(n)
    {
        {
            CALL(abs_diff, 0);
            for (size_t i = 0; i < n; i++)
                wrong += !(x[0][i] == (real)fabs((double)(b[1][i] - b[2][i])));
            finish(b, wrong);
        }
        for (int variant = 0; variant < 16; variant++) {
            CALL(abs_diff_backward, variant);
            for (size_t i = 0; i < n; i++) {
                const real d = b[3][i] > b[4][i] ? b[2][i] : b[3][i] < b[4][i] ? -b[2][i] : 0;
                wrong += !(b[3][i] == b[4][i] ? d == 0 : d != 0);
                wrong += !(x[0][i] == (variant & 4 ? b[0][i] : variant & 1 ? b[0][i] + d : d));
                wrong += !(x[1][i] == (variant & 8 ? b[1][i] : variant & 2 ? b[1][i] - d : -d));
            }
            finish(b, wrong);
        }
    }
}
END_TEST

START_TEST(sums_are_those_of_the_definition)
{
    FOR_EACH_SET(k)
    FOR_EACH_SIZE(n)
    {
        {
            CALL(add, 0);
            for (size_t i = 0; i < n; i++)
                wrong += !(x[0][i] == b[0][i] + b[1][i]);
            finish(b, wrong);
        }
        {
            CALL(add_scaled, 0);
            for (size_t i = 0; i < n; i++) {
                const double term = (double)(real)-0.7 * (double)b[1][i];
                wrong += !is_close(x[0][i], (double)b[0][i] + term, fabs(term));
            }
            finish(b, wrong);
        }
        double sum = 0;
        CALL(sum_of_squares, 0);
        for (size_t i = 0; i < n; i++)
            sum += (double)b[0][i] * (double)b[0][i];
        ck_assert_double_eq_tol(result, sum, 1e-13 * sum + DBL_MIN);
        finish(b, wrong);
    }
}
END_TEST

/* Clipping of gradients and the check for divergence rely on it. */
START_TEST(a_sum_of_squares_is_finite_only_if_all_values_are)
{
    FOR_EACH_SET(k)
    for (size_t n = 1; n < 70; n++)
        for (size_t i = 0; i < n; i++) {
            real *x = edge_array(0, n, n);
            for (size_t j = 0; j < n; j++)
                x[j] = (real)-3e38; /* whose square no float holds */
            ck_assert_double_eq_tol(k->sum_of_squares(x, n), (double)n * 9e76, (double)n * 1e71);
            x[i] = i % 2 ? NAN : -INFINITY;
            ck_assert(!isfinite(k->sum_of_squares(x, n)));
        }
}
END_TEST

START_TEST(a_value_that_is_not_finite_is_seen_at_every_place)
{
    static const float finite[] = {0, -0.0f, FLT_MAX, -FLT_MAX, 1e-45f}, wrong[] = {INFINITY, -INFINITY, NAN, -NAN};
    FOR_EACH_SET(k)
    {
        ck_assert(k->all_finite(edge_array(0, 0, 0), 0));
        for (size_t n = 1; n < 70; n++)
            for (size_t i = 0; i < n; i++) {
                float *x = edge_array(0, n, n);
                x[i] = finite[i % COUNT_OF(finite)];
                ck_assert(k->all_finite(x, n));
                x[i] = wrong[i % COUNT_OF(wrong)];
                ck_assert(!k->all_finite(x, n));
            }
    }
}
END_TEST

START_TEST(missing_values_are_filled_and_others_kept)
{
    FOR_EACH_SET(k)
    FOR_EACH_SIZE(n)
    {
        real *to = edge_array(0, n, n);
        float *from = edge_array(1, n, n), *missing = edge_array(2, n, n);
        for (size_t i = 0; i < n; i += 1 + i % 3)
            from[i] = i % 2 ? NAN : -NAN;
        size_t wrong = 0;
        k->fill(to, from, missing, n);
        for (size_t i = 0; i < n; i++)
            wrong += to[i] != (isnan(from[i]) ? missing[i] : from[i]);
        ck_assert_uint_eq(wrong, 0);
    }
}
END_TEST

START_TEST(scaled_values_are_held_within_the_limit)
{
    FOR_EACH_SET(k)
    FOR_EACH_SIZE(n)
    {
        for (int variant = 0; variant < 2; variant++) {
            CALL(scale, variant);
            for (size_t i = 0; i < n; i++) {
                const double limit = variant ? 1e9 : 2.3;
                const double z = ((double)b[0][i] - (double)b[1][i] / 3) * ((double)b[2][i] * 7);
                wrong += !(x[0][i] == (real)fmax(fmin(z, limit), -limit));
            }
            finish(b, wrong);
        }
        CALL(hold, 0);
        for (size_t i = 0; i < n; i++)
            wrong += !(x[0][i] == (real)fmax(fmin((double)b[0][i], (double)(real)0.8), (double)(real)-0.8));
        finish(b, wrong);
    }
}
END_TEST

START_TEST(squashing_applies_where_it_is_asked_for)
{
    FOR_EACH_SET(k)
    FOR_EACH_SIZE(n)
    {
        CALL(squash, 0);
        for (size_t i = 0; i < n; i++) {
            if (b[1][i] > 0)
                wrong += !is_close(x[0][i], 1.5 * tanh((double)b[0][i] / 1.5), 0);
            else
                wrong += !(x[0][i] == b[0][i]);
        }
        finish(b, wrong);
    }
}
END_TEST

/* As in test_optim.c, which has the algorithm; here value by value in double. */
START_TEST(adam_is_that_of_the_definition)
{
    FOR_EACH_SET(k)
    FOR_EACH_SIZE(n)
    {
        const aep__adam_factors *f = &factors;
        CALL(adam, 0);
        for (size_t i = 0; i < n; i++) {
            const double g = (double)f->factor * (double)b[3][i], old_v = fabs((double)b[2][i]);
            const double m = (double)f->b1 * (double)b[1][i] + (double)f->a1 * g;
            const double v = (double)f->b2 * old_v + (double)f->a2 * g * g;
            wrong += !is_close(x[1][i], m, fabs((double)b[1][i]) + fabs(g));
            wrong += !is_close(x[2][i], v, v);
            const double update =
                (double)f->rate * (double)x[1][i] / (sqrt((double)x[2][i]) * (double)f->root2 + (double)f->epsilon);
            wrong += !is_close(x[0][i], (double)b[0][i] - update, 2 * fabs(update));
        }
        finish(b, wrong);
    }
}
END_TEST

/* ---------------------------------------------------------------------------------------- loops over two indices */

static const size_t edges[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 67};

#define FOR_EACH_PAIR(m, n)                                                                                            \
    for (size_t i_ = 0, m; i_ < COUNT_OF(edges) && (m = edges[i_], true); i_++)                                        \
        for (size_t j_ = 0, n; j_ < COUNT_OF(edges) && (n = edges[j_], true); j_++)

static void check_transpose(const aep__kernels *k, size_t m, size_t n, size_t to_more, size_t from_more)
{
    const size_t to_row = m + to_more, from_row = n + from_more, size = span(n, to_row, m, 1);
    const real *from = edge_array(0, span(m, from_row, n, 1), 1);
    real *to = edge_array(1, size, 2), *before = copy_of(to, size);
    k->transpose(to, to_row, from, from_row, m, n);
    size_t wrong = 0;
    for (size_t at = 0; at < size; at++)
        wrong += to[at] != (at % to_row < m ? from[at % to_row * from_row + at / to_row] : before[at]);
    ck_assert_uint_eq(wrong, 0);
    assert_untouched_before(to);
    free(before);
}

START_TEST(transposing_leaves_what_lies_between_rows)
{
    FOR_EACH_SET(k)
    {
        FOR_EACH_PAIR(m, n)
        for (size_t more = 0; more < 4; more++)
            check_transpose(k, m, n, more % 2 * 5, more / 2 * 3);
        check_transpose(k, 0, 5, 1, 0);
        check_transpose(k, 5, 0, 0, 1);
    }
}
END_TEST

START_TEST(rows_are_added_one_after_the_other)
{
    FOR_EACH_SET(k)
    FOR_EACH_PAIR(rows, n)
    for (size_t more = 0; more < 8; more += 7) {
        const real *x = edge_array(0, span(rows, n + more, n, 1), 1);
        real *sums = edge_array(1, n, 2), *expected = copy_of(sums, n);
        aep__add_rows(k, sums, x, n + more, rows, n);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < n; j++)
                expected[j] += x[i * (n + more) + j];
        ck_assert_mem_eq(sums, expected, n * sizeof *sums);
        aep__add_rows(k, sums, x, n + more, 0, n);
        ck_assert_mem_eq(sums, expected, n * sizeof *sums);
        assert_untouched_before(sums);
        free(expected);
    }
}
END_TEST

static const size_t widths[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 63, 64, 65, 131};

#define FOR_EACH_PANEL(width, lanes)                                                                                   \
    for (size_t i_ = 0, width; i_ < COUNT_OF(widths) && (width = widths[i_], true); i_++)                              \
        for (size_t lanes = AEP__LANES; lanes <= 5 * AEP__LANES; lanes += AEP__LANES)

/* The noise of a panel is that of its rows: of normal numbers but for the rounding of what the sets fuse, for which those
   with vectors agree. */
static void check_noise(const aep__kernels *k, size_t width, size_t lanes, const aep__draw *draw)
{
    const real level = (real)0.7;
    const real *x = edge_array(0, width * lanes, 1);
    real *normal = edge_array(1, width * lanes, 2), *masked = edge_array(2, width * lanes, 3);
    real *other = array(width * lanes), *numbers = array(width), *uniform = array(width);
    size_t wrong = 0;
    k->normal_panel(normal, x, level, width, lanes, draw);
    k->mask_panel(masked, x, level, width, lanes, draw);
    twin(k, true)->normal_panel(other, x, level, width, lanes, draw);
    wrong += n_different(normal, other, width * lanes);
    for (size_t i = 0; i < lanes; i++) {
        const uint32_t row = draw->first_row + (uint32_t)i;
        aep__rng_normal(numbers, width, draw->seed, draw->stream, draw->step, row);
        aep__rng_uniform(uniform, width, draw->seed, draw->stream, draw->step, row);
        for (size_t j = 0; j < width; j++) {
            const size_t at = j * lanes + i;
            const double noise = (double)level * (double)numbers[j];
            wrong += !(fabs((double)normal[at] - ((double)x[at] + noise)) <= 2e-6 * (1 + fabs((double)x[at])));
            wrong += masked[at] != (uniform[j] < level ? 0 : x[at]);
        }
    }
    ck_assert_uint_eq(wrong, 0);
    assert_untouched_before(normal);
    assert_untouched_before(masked);
    free(other), free(numbers), free(uniform);
}

START_TEST(noise_of_a_panel_is_that_of_its_rows)
{
    static const uint64_t seeds[] = {0, 1, 0x123456789abcd, 0x1fffffffffffff}, steps[] = {0, 7, 0x500000007};
    static const uint32_t rows[] = {0, 3, 0x7ffffff0, 0xffffff00};
    FOR_EACH_SET(k)
    FOR_EACH_PANEL(width, lanes)
    for (size_t i = 0; i < 4; i++)
        for (uint32_t stream = AEP__STREAM_WEIGHTS; stream <= AEP__STREAM_BLOCK; stream++) {
            const aep__draw draw = {
                .seed = seeds[i], .step = steps[i % 3], .stream = stream, .first_row = rows[(i + 1) % 4]};
            check_noise(k, width, lanes, &draw);
        }
}
END_TEST

START_TEST(norms_of_a_panel_are_those_of_its_rows)
{
    FOR_EACH_SET(k)
    FOR_EACH_PANEL(width, lanes)
    {
        const aep__block one = {.rows = 1};
        real *a = edge_array(0, width * lanes, width), *b = edge_array(1, width * lanes, lanes);
        real *y = edge_array(2, lanes, 1), *row_a = array(width), *row_b = array(width), alone;
        for (size_t at = 0; at < width * lanes; at += 1 + at % 5)
            b[at] = a[at];
        k->norm_panel(y, a, b, width, lanes);
        for (size_t i = 0; i < lanes; i++) {
            double sum = 0;
            for (size_t j = 0; j < width; j++) {
                row_a[j] = a[j * lanes + i], row_b[j] = b[j * lanes + i];
                sum += pow((double)(row_a[j] - row_b[j]), 2);
            }
            aep__row_norm_forward(k, &alone, row_a, row_b, &one, width);
            ck_assert_mem_eq(&y[i], &alone, sizeof alone);
            ck_assert_double_eq_tol((double)alone, sqrt(sum), FLT_EPSILON * sqrt(sum) + DBL_MIN);
        }
        assert_untouched_before(y);
        free(row_a), free(row_b);
    }
}
END_TEST

/*
 * A row and a panel add in the same chains. The sum is on the edge between two floats, and each of two small squares is
 * lost in rounding unless they meet: t = 1.5 + 2^-24, t^2 = 1.5^2 + 3 2^-24 + 2^-48, and 0.77 2^-52 twice.
 */
START_TEST(norms_are_added_in_the_same_chains)
{
    enum { WIDTH = 10 };
    const real small = (real)ldexp(1.75, -27), a[WIDTH] = {[0] = (real)1.5,
                                                           [1] = small,
                                                           [2] = (real)ldexp(1, -12),
                                                           [3] = (real)ldexp(1, -12),
                                                           [4] = (real)ldexp(1, -12),
                                                           [6] = (real)ldexp(1, -24),
                                                           [9] = small};
    const real zero[WIDTH * AEP__LANES] = {0};
    real panel[WIDTH * AEP__LANES], norms[AEP__LANES], alone;
    for (size_t j = 0; j < WIDTH; j++)
        for (size_t i = 0; i < AEP__LANES; i++)
            panel[j * AEP__LANES + i] = a[j];
    FOR_EACH_SET(k)
    {
        k->norm_panel(norms, panel, zero, WIDTH, AEP__LANES);
        aep__row_norm_forward(k, &alone, a, zero, &(aep__block){.rows = 1}, WIDTH);
        ck_assert(alone == (real)1.5);
        for (size_t i = 0; i < AEP__LANES; i++)
            ck_assert(norms[i] == alone);
    }
}
END_TEST

/* by variant: which of the gradients are added to, which are wanted */
static void check_norm_backward(const aep__kernels *k, size_t width, size_t lanes, int variant)
{
    const size_t n = width * lanes;
    const real *a = edge_array(2, n, 1), *b = edge_array(3, n, 2), *factor = edge_array(4, lanes, 3);
    real *da = edge_array(0, n, 4), *db = edge_array(1, n, 5);
    real *before_a = copy_of(da, n), *before_b = copy_of(db, n);
    size_t wrong = 0;
    k->norm_panel_backward(variant & 4 ? NULL : da, variant & 1, variant & 8 ? NULL : db, variant & 2, factor, a, b,
                           width, lanes);
    for (size_t at = 0; at < n; at++) {
        const real product = factor[at % lanes] * (a[at] - b[at]);
        const real sum = variant & 1 ? before_a[at] + product : product;
        const real difference = variant & 2 ? before_b[at] - product : -product;
        wrong += da[at] != (variant & 4 ? before_a[at] : sum);
        wrong += db[at] != (variant & 8 ? before_b[at] : difference);
    }
    ck_assert_uint_eq(wrong, 0);
    assert_untouched_before(da);
    assert_untouched_before(db);
    free(before_a), free(before_b);
}

START_TEST(gradients_of_norms_go_by_lane)
{
    FOR_EACH_SET(k)
    FOR_EACH_PANEL(width, lanes)
    for (int variant = 0; variant < 16; variant++)
        check_norm_backward(k, width, lanes, variant);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_fastest_set_comes_first_and_the_plain_one_last,
                                  every_set_has_every_loop,
                                  products_of_any_shape_are_those_of_the_definition,
                                  products_are_right_in_every_layout_from_every_start_at_every_depth,
                                  products_are_right_at_every_width_and_height,
                                  the_plain_product_is_that_of_the_textbook,
                                  an_element_is_the_same_alone_and_at_any_place_of_any_product,
                                  a_row_is_the_same_as_a_column_of_a_panel,
                                  a_nan_goes_no_further_than_its_row_and_its_column,
                                  every_loop_gives_the_same_bits_in_every_set_that_fuses_alike,
                                  noise_is_added,
                                  absolute_differences_have_no_gradient_where_they_are_zero,
                                  sums_are_those_of_the_definition,
                                  a_sum_of_squares_is_finite_only_if_all_values_are,
                                  a_value_that_is_not_finite_is_seen_at_every_place,
                                  missing_values_are_filled_and_others_kept,
                                  scaled_values_are_held_within_the_limit,
                                  squashing_applies_where_it_is_asked_for,
                                  adam_is_that_of_the_definition,
                                  transposing_leaves_what_lies_between_rows,
                                  rows_are_added_one_after_the_other,
                                  noise_of_a_panel_is_that_of_its_rows,
                                  norms_of_a_panel_are_those_of_its_rows,
                                  norms_are_added_in_the_same_chains,
                                  gradients_of_norms_go_by_lane};
    return run_list("kernels", tests, COUNT_OF(tests), 120);
}
