/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Matrix products. All matrices are row-major.
 *
 * The built-in kernels compute each element of the result as one chain of multiply-adds over p = 0, 1, ..., k - 1,
 * whatever the other rows are: a row's result is the same alone and in any batch, bit for bit. Training may take a
 * CBLAS instead where a product is large enough to gain from it; its results can depend on the size of the batch.
 */
#ifndef AEP_GEMM_H
#define AEP_GEMM_H

#include "real.h"

#include <stdbool.h>
#include <stddef.h>

/* Y (m, n) = X (m, k) W (k, n) + bias (n). row_exact: built-in kernels only. */
void aep__gemm_forward(real *y, const real *x, const real *w, const real *bias, size_t m, size_t n, size_t k,
                       bool row_exact);

/* C (m, n) += A (m, k) B (k, n) */
void aep__gemm_add(real *c, const real *a, const real *b, size_t m, size_t n, size_t k, bool row_exact);

/* to (n, m) = from (m, n)' */
void aep__gemm_transpose(real *to, const real *from, size_t m, size_t n);

/* dW (k, n) += X' (k, m) dY (m, n) */
void aep__gemm_dw(real *dw, const real *x, const real *dy, size_t m, size_t n, size_t k);

/* dX (m, k) += dY (m, n) W' (n, k); scratch (k * n) */
void aep__gemm_dx(real *dx, const real *dy, const real *w, real *scratch, size_t m, size_t n, size_t k);

/*
 * A kernel: C (m, n) += A B, where A's element (i, p) is a[i * a_row + p * a_col] and B (k, n) has rows of n.
 * The table is for the tests, which hold the kernels against each other; it ends with a NULL name.
 */
typedef void (*aep__gemm_fn)(real *c, const real *a, size_t a_row, size_t a_col, const real *b, size_t m, size_t n,
                             size_t k);
typedef struct aep__gemm_kernel {
    const char *name;
    aep__gemm_fn run;
    bool supported; /* by this processor */
} aep__gemm_kernel;

/* The i-th kernel of this build, fastest first; name NULL past the last, which is always "plain" and supported. */
aep__gemm_kernel aep__gemm_kernel_at(size_t i);

#endif
