/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pooling, its opposite, and the order of channels, over maps (height, width, channels). Pools see only what lies on
 * the map: a window that reaches over the edge is smaller. Gradients are added to (+=).
 */
#ifndef AEP_POOL_H
#define AEP_POOL_H

#include "window.h"

/* y (rows, places, channels) = the largest value under each window of x (rows, map); NaN if one is */
void aep__max_pool_forward(real *y, const real *x, const aep__window *w, size_t rows);
/* dx += dy where the first such value stands */
void aep__max_pool_backward(real *dx, const real *dy, const real *x, const real *y, const aep__window *w, size_t rows);

/* y = the mean of the values under each window */
void aep__average_pool_forward(real *y, const real *x, const aep__window *w, size_t rows);
void aep__average_pool_backward(real *dx, const real *dy, const aep__window *w, size_t rows);

/* y (rows, map) = the value of the place x (rows, places, channels) that stride by stride pixels belong to */
void aep__upsample_forward(real *y, const real *x, const aep__window *w, size_t rows);
void aep__upsample_backward(real *dx, const real *dy, const aep__window *w, size_t rows);

/* y (rows, n, channels) += x (rows, channels, n), and back: y (rows, channels, n) += x (rows, n, channels) */
void aep__channels_last(real *y, const real *x, size_t rows, size_t channels, size_t n);
void aep__channels_first(real *y, const real *x, size_t rows, size_t channels, size_t n);

#endif
