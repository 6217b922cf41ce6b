/* SPDX-License-Identifier: BSD-2-Clause */
/* The terms of the joint loss: value beside gradient. Sums are in double; gradients are always added to (+=). */
#ifndef AEP_LOSS_H
#define AEP_LOSS_H

#include "real.h"

#include <stdbool.h>
#include <stddef.h>

/* y (rows): y_i = ||a_i - b_i||_2 for a, b (rows, n). Reconstruction error and prediction error. */
void aep__row_norm_forward(real *y, const real *a, const real *b, size_t rows, size_t n);
/* da_i += dy_i (a_i - b_i) / y_i, db_i -= the same; 0 where y_i is 0, which is a subgradient. da or db may be NULL. */
void aep__row_norm_backward(real *da, real *db, const real *dy, const real *a, const real *b, const real *y,
                            size_t rows, size_t n);

/* (1/rows) sum_i y_i, or of the squares */
real aep__mean_forward(const real *y, size_t rows, bool squared);
void aep__mean_backward(real *dy, real d, const real *y, size_t rows, bool squared);

/* L_C = 1/(n k) sum_i (z_i - m)'(z_i - m), m the batch mean, for z (n, k); mean (k) is written */
real aep__compactness_forward(real *mean, const real *z, size_t n, size_t k);
/* dz_i += d 2 (z_i - m) / (n k); what goes through m adds up to zero */
void aep__compactness_backward(real *dz, real d, const real *z, const real *mean, size_t n, size_t k);

double aep__sum_of_squares(const real *x, size_t n);

/* sum theta^2 */
real aep__weight_decay_forward(const real *theta, size_t n);
void aep__weight_decay_backward(real *dtheta, real d, const real *theta, size_t n);

#endif
