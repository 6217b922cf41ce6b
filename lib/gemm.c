/* SPDX-License-Identifier: BSD-2-Clause */
#include "gemm.h"

#include <limits.h>
#include <string.h>

#if defined(AEP_HAVE_CBLAS) && !defined(AEP_REAL_DOUBLE)
#include <cblas.h>

/* Vector kernels lead at every size that blocks come in (bench/bench_gemm.c); the plain one is overtaken early. */
static bool worth_cblas(const aep__kernels *kernels, const aep__product *p)
{
    enum { LEAST = 32 };
    const bool fits = p->m <= INT_MAX && p->n <= INT_MAX && p->k <= INT_MAX && p->a_row <= INT_MAX &&
                      p->a_col <= INT_MAX && p->b_row <= INT_MAX && p->c_row <= INT_MAX;
    return fits && !strcmp(kernels->name, "plain") && p->m >= LEAST && p->n >= LEAST && p->k >= LEAST &&
           (p->a_col == 1 || p->a_row == 1);
}

static void begin(const aep__product *p)
{
    for (size_t i = 0; i < p->m && p->start != AEP__START_C; i++)
        for (size_t j = 0; j < p->n; j++)
            p->c[i * p->c_row + j] = p->start == AEP__START_COLUMNS ? p->bias[j]
                                     : p->start == AEP__START_ROWS  ? p->bias[i]
                                                                    : 0;
}

/* False where the kernels are better. */
static bool multiply_by_cblas(const aep__kernels *kernels, const aep__product *p)
{
    const bool transposed = p->a_col != 1;
    if (!worth_cblas(kernels, p))
        return false;
    begin(p);
    cblas_sgemm(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, (int)p->m, (int)p->n, (int)p->k, 1,
                p->a, (int)(transposed ? p->a_col : p->a_row), p->b, (int)p->b_row, 1, p->c, (int)p->c_row);
    return true;
}
#endif

void aep__gemm(const aep__kernels *kernels, const aep__product *p, bool row_exact)
{
#if defined(AEP_HAVE_CBLAS) && !defined(AEP_REAL_DOUBLE)
    if (!row_exact && multiply_by_cblas(kernels, p))
        return;
#else
    (void)row_exact;
#endif
    kernels->product(p);
}

void aep__multiply(const aep__kernels *kernels, real *c, const real *a, bool transposed, const real *b, size_t m,
                   size_t n, size_t k, int start, const real *bias, bool row_exact)
{
    const aep__product p = {.c = c,
                            .c_row = n,
                            .a = a,
                            .a_row = transposed ? 1 : k,
                            .a_col = transposed ? m : 1,
                            .b = b,
                            .b_row = n,
                            .m = m,
                            .n = n,
                            .k = k,
                            .start = start,
                            .bias = bias};
    aep__gemm(kernels, &p, row_exact);
}

void aep__add_rows(const aep__kernels *kernels, real *sums, const real *x, size_t x_row, size_t rows, size_t n)
{
    static const real one = 1;
    const aep__product p = {
        .c = sums, .c_row = n, .a = &one, .b = x, .b_row = x_row, .m = 1, .n = n, .k = rows, .start = AEP__START_C};
    kernels->product(&p);
}
