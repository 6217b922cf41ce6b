/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Matrix products by the kernels, or in training by a CBLAS where the build has one, the processor has no vector
 * instructions that the kernels know, and a product is large enough to gain from it; its results can depend on the size
 * of the batch.
 */
#ifndef AEP_GEMM_H
#define AEP_GEMM_H

#include "kernels.h"

/* row_exact: by the kernels only, see there. */
void aep__gemm(const aep__kernels *kernels, const aep__product *p, bool row_exact);

/* C (m, n) = start + A B of matrices without gaps, B (k, n), A (m, k), or given as its transpose (k, m). */
void aep__multiply(const aep__kernels *kernels, real *c, const real *a, bool transposed, const real *b, size_t m,
                   size_t n, size_t k, int start, const real *bias, bool row_exact);

/* sums (n) += the rows of x, which are x_row apart: a product with ones. */
void aep__add_rows(const aep__kernels *kernels, real *sums, const real *x, size_t x_row, size_t rows, size_t n);

#endif
