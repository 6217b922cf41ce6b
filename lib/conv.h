/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Convolution and its transpose over maps with channels last; an input of height 1 makes them one-dimensional. With P
 * (places, patch) the patches under the windows:
 *   conv        y (places, filters) = P(x) w + b, w (patch, filters), b (filters)
 *   transposed  y (map) = the sum of x w over the windows, put back where they stand, + b by channel, with x (places,
 *               filters), w (filters, patch), b (channels)
 * A batch is computed in blocks of places whose patches stay in a core's first-level cache; docs/performance.md says
 * why. A row's result does not depend on the other rows.
 */
#ifndef AEP_CONV_H
#define AEP_CONV_H

#include "kernels.h"
#include "window.h"

#include <stdbool.h>

/* Reals of scratch that a forward pass needs, or a backward pass; false where they overflow. */
bool aep__conv_scratch(size_t *reals, const aep__window *w, size_t filters, bool backward);

/* x (rows, map) to y (rows, places, filters). row_exact: see gemm.h. */
void aep__conv_forward(const aep__kernels *k, real *y, const real *x, const real *w, const real *b,
                       const aep__window *win, size_t filters, real *scratch, size_t rows, bool row_exact);
/* dw += P(x)' dy, db += sums of dy, dx += dy w' put back (unless dx is NULL) */
void aep__conv_backward(const aep__kernels *k, real *dx, real *dw, real *db, const real *dy, const real *x,
                        const real *w, const aep__window *win, size_t filters, real *scratch, size_t rows);

/* x (rows, places, filters) to y (rows, map) */
void aep__conv_transposed_forward(const aep__kernels *k, real *y, const real *x, const real *w, const real *b,
                                  const aep__window *win, size_t filters, real *scratch, size_t rows, bool row_exact);
/* dw += x' P(dy), db += sums of dy by channel, dx += P(dy) w' (unless dx is NULL) */
void aep__conv_transposed_backward(const aep__kernels *k, real *dx, real *dw, real *db, const real *dy, const real *x,
                                   const real *w, const aep__window *win, size_t filters, real *scratch, size_t rows);

#endif
