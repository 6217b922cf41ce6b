/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terms of the loss J, taken block by block: what a block adds to their sums, in double, and the gradients of
 * its rows, which need the number of rows of the whole batch and its mean. Lanes of a panel past its rows get a
 * gradient of 0.
 */
#ifndef AEP_LOSS_H
#define AEP_LOSS_H

#include "ops.h"

/* Of the mean of y, or of the squares of y, over a batch: the sum over a block, and dy = d y', with d the weight of the
   mean over the number of rows of the batch. */
double aep__mean_sum(const real *y, const aep__block *block, bool squared);
void aep__mean_backward(real *dy, real d, const real *y, const aep__block *block, bool squared);

/*
 * Compactness, L_C = 1/(n k) sum_i (z_i - m)'(z_i - m), m the batch mean, of z (n, k): the sums (k) that the mean is
 * made of are added to; then the sum over a block; then dz = d (z - m), with d the weight of the loss times 2 / (n k):
 * what goes through m adds up to zero.
 */
void aep__column_sums(double *sums, const real *z, const aep__block *block, size_t k);
double aep__compactness_sum(const real *z, const real *mean, const aep__block *block, size_t k);
void aep__compactness_backward(real *dz, real d, const real *z, const real *mean, const aep__block *block, size_t k);

#endif
