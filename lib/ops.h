/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations of a network over arrays of rows: forward beside backward. No allocation; nothing can fail. dx stands for
 * the gradient of the loss by x; gradients are always added to (+=).
 */
#ifndef AEP_OPS_H
#define AEP_OPS_H

#include "real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* y (rows, n_out) = x (rows, n_in) w (n_in, n_out) + b (n_out). row_exact: see gemm.h. */
void aep__dense_forward(real *y, const real *x, const real *w, const real *b, size_t rows, size_t n_in, size_t n_out,
                        bool row_exact);
/* dw += x' dy, db += column sums of dy, dx += dy w' (unless dx is NULL); scratch (n_in * n_out) */
void aep__dense_backward(real *dx, real *dw, real *db, const real *dy, const real *x, const real *w, real *scratch,
                         size_t rows, size_t n_in, size_t n_out);

/* Rows as noise sees them: channels of height by width pixels; columns that are no image are one channel, 1 by n. */
typedef struct aep__grid {
    size_t channels, height, width;
} aep__grid;

typedef struct aep__noise {
    int kind; /* enum aep_noise */
    real level;
    size_t block;        /* edge of the squares of AEP_NOISE_BLOCK */
    uint64_t seed, step; /* what is random follows from these, the row and the place in it */
} aep__noise;

/* Denoising: y = x + level N(0, 1); or y = x with 0 at a share `level` of the pixels, or at the squares of a grid,
   shifted at random, a share `level` of which is drawn. x, y (rows, channels, height, width). */
void aep__noise_forward(const aep__noise *noise, real *y, const real *x, size_t rows, const aep__grid *grid);

/* y = |a - b| */
void aep__abs_diff_forward(real *y, const real *a, const real *b, size_t n);
/* da += sign(a - b) dy, db -= the same */
void aep__abs_diff_backward(real *da, real *db, const real *dy, const real *a, const real *b, size_t n);

#endif
