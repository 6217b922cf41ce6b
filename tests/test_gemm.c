/* SPDX-License-Identifier: BSD-2-Clause */
/* Which way a product takes: the kernels, or in training a CBLAS, which must compute the same. */
#define _DEFAULT_SOURCE
#include "gemm.h"
#include "kernels_fixture.h"

#include <float.h>

enum { STARTS = AEP__START_ROWS + 1, C_MORE = 3, SMALL = 6 };

typedef struct matrices {
    real *a, *b, *bias, *c, *expected;
    size_t reals; /* of c, with what lies between its rows */
    aep__product product;
} matrices;

static matrices new_matrices(size_t m, size_t n, size_t k, bool transposed, int start)
{
    const size_t reals = m * (n + C_MORE);
    matrices x = {.a = random_array(m * k, 1), .b = random_array(k * n, 2), .bias = random_array(m + n, 3)};
    x.reals = reals;
    x.c = random_array(reals, 4);
    x.expected = copy_of(x.c, reals);
    x.product = (aep__product){.c = x.c,
                               .c_row = n + C_MORE,
                               .a = x.a,
                               .a_row = transposed ? 1 : k,
                               .a_col = transposed ? m : 1,
                               .b = x.b,
                               .b_row = n,
                               .m = m,
                               .n = n,
                               .k = k,
                               .start = start,
                               .bias = x.bias};
    return x;
}

static void free_matrices(matrices *x) { free(x->a), free(x->b), free(x->bias), free(x->c), free(x->expected); }

/* The most that one element can be the sum of, in magnitude, whatever it starts with. */
static double largest_sum(const matrices *x)
{
    double a = 0, b = 0, start = 0;
    for (size_t i = 0; i < x->product.m * x->product.k; i++)
        a = fmax(a, fabs((double)x->a[i]));
    for (size_t i = 0; i < x->product.k * x->product.n; i++)
        b = fmax(b, fabs((double)x->b[i]));
    for (size_t i = 0; i < x->reals; i++)
        start = fmax(start, fabs((double)x->expected[i]));
    for (size_t i = 0; i < x->product.m + x->product.n; i++)
        start = fmax(start, fabs((double)x->bias[i]));
    return start + (double)x->product.k * a * b;
}

static void check(const aep__kernels *k, size_t m, size_t n, size_t depth, bool transposed, int start)
{
    matrices x = new_matrices(m, n, depth, transposed, start);
    const double bound = (double)(depth + 2) * FLT_EPSILON * largest_sum(&x);
    size_t wrong = 0;
    aep__product p = x.product;
    p.c = x.expected;
    k->product(&p);
    aep__gemm(k, &x.product, false);
    for (size_t i = 0; i < x.reals; i++)
        if (i % p.c_row < n)
            wrong += !(fabs((double)x.c[i] - (double)x.expected[i]) <= bound);
        else
            wrong += n_different(x.c + i, x.expected + i, 1);
    ck_assert_msg(!wrong, "%s: %zu of m %zu, n %zu, k %zu, start %d", k->name, wrong, m, n, depth, start);
    memcpy(x.c, x.expected, x.reals * sizeof *x.c); /* begins with what C has become */
    k->product(&p);
    aep__gemm(k, &x.product, true);
    ck_assert_uint_eq(n_different(x.c, x.expected, x.reals), 0);
    free_matrices(&x);
}

/* Of the size of layers, one row, one column, one input, and large enough for a CBLAS, with the plain set and with
   others. */
START_TEST(products_are_the_same_whichever_way_they_take)
{
    static const size_t shapes[][3] = {{32, 60, 118},  {1, 30, 60},     {64, 1, 64},      {33, 7, 1},
                                       {64, 192, 192}, {130, 210, 300}, {32, 1024, 1030}, {33, 1025, 1024}};
    FOR_EACH_SET(k)
    for (size_t s = 0; s < COUNT_OF(shapes); s++)
        for (int start = 0; start < (s < SMALL ? STARTS : 1); start++) {
            check(k, shapes[s][0], shapes[s][1], shapes[s][2], false, start);
            check(k, shapes[s][0], shapes[s][1], shapes[s][2], true, start);
        }
}
END_TEST

/* A sum of columns is a product with a matrix of strides 0, which no CBLAS knows. */
START_TEST(strides_of_zero_are_for_the_kernels)
{
    enum { ROWS = 40, N = 1100, K = 1100 };
    static const real one = 1;
    real *b = random_array((size_t)K * N, 1), *c = array((size_t)ROWS * N), *expected = array((size_t)ROWS * N);
    FOR_EACH_SET(k)
    {
        aep__product p = {.c = c, .c_row = N, .a = &one, .b = b, .b_row = N, .m = ROWS, .n = N, .k = K};
        aep__gemm(k, &p, false);
        p.c = expected;
        k->product(&p);
        ck_assert_uint_eq(n_different(c, expected, (size_t)ROWS * N), 0);
    }
    free(b), free(c), free(expected);
}
END_TEST

static void assert_rows_do_not_depend_on_the_batch(const aep__kernels *k, size_t m, size_t n, size_t depth)
{
    matrices x = new_matrices(m, n, depth, false, AEP__START_COLUMNS);
    aep__gemm(k, &x.product, true);
    for (size_t first = 0; first < m; first += m < 30 ? 1 : 9)
        for (size_t rows = 1; rows <= m - first; rows += m - first > 1 ? m - first - 1 : 1) {
            aep__product part = x.product;
            part.c = x.expected;
            part.a += first * part.a_row;
            part.m = rows;
            aep__gemm(k, &part, true);
            for (size_t i = 0; i < rows; i++)
                ck_assert_mem_eq(part.c + i * part.c_row, x.c + (first + i) * part.c_row, n * sizeof *x.c);
        }
    free_matrices(&x);
}

START_TEST(a_row_is_the_same_alone_and_at_any_place_of_any_batch)
{
    FOR_EACH_SET(k)
    {
        uint32_t state = 1;
        for (int i = 0; i < 60; i++)
            assert_rows_do_not_depend_on_the_batch(k, draw(&state, 1, 70), draw(&state, 1, 70), draw(&state, 1, 70));
        assert_rows_do_not_depend_on_the_batch(k, 80, 200, 210); /* where training would take a CBLAS */
        assert_rows_do_not_depend_on_the_batch(k, 34, 1030, 1030);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {products_are_the_same_whichever_way_they_take, strides_of_zero_are_for_the_kernels,
                                  a_row_is_the_same_alone_and_at_any_place_of_any_batch};
    return run_list("gemm", tests, COUNT_OF(tests), 120);
}
