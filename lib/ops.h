/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations of a network over the rows of a block: forward beside backward. No allocation; nothing can fail. dx stands
 * for the gradient of the loss by x; it is written, or added to where `add` says so. Gradients of parameters are always
 * added to.
 */
#ifndef AEP_OPS_H
#define AEP_OPS_H

#include "kernels.h"

/* n rounded up to whole vectors of AEP__LANES; n is at most SIZE_MAX - AEP__LANES. */
static inline size_t aep__whole_lanes(size_t n) { return (n + (AEP__LANES - 1)) / AEP__LANES * AEP__LANES; }

/* How a matrix of rows lies in memory: row by row (rows, width) where lanes is 0, else as a panel (width, lanes). */
typedef struct aep__block {
    size_t rows;
    size_t lanes;
} aep__block;

/* Values that a matrix of one column takes: its rows, or all lanes. */
static inline size_t aep__block_size(const aep__block *block) { return block->lanes ? block->lanes : block->rows; }

/* Where the value of a row and a column lies in a matrix of so many columns. */
static inline size_t aep__block_at(const aep__block *block, size_t width, size_t row, size_t column)
{
    return block->lanes ? column * block->lanes + row : row * width + column;
}

/* Copy n_rows rows row by row into a panel, where lanes beyond them become 0, and back. Into or from a matrix that lies
   row by row it is a plain copy. */
void aep__block_put(const aep__kernels *k, real *matrix, const aep__block *block, const real *rows, size_t width);
void aep__block_get(const aep__kernels *k, real *rows, const real *matrix, const aep__block *block, size_t width);

/* y (n_out) = x (n_in) w (n_in, n_out) + b (n_out), by row. row_exact: see gemm.h. */
void aep__dense_forward(const aep__kernels *k, real *y, const real *x, const real *w, const real *b,
                        const aep__block *block, size_t n_in, size_t n_out, bool row_exact);

/* dw += x' dy, db += column sums of dy, dx = or += dy w' (unless dx is NULL). */
void aep__dense_backward(const aep__kernels *k, real *dx, bool add, real *dw, real *db, const real *dy, const real *x,
                         const real *w, real *scratch, const aep__block *block, size_t n_in, size_t n_out);

/* What dense_backward needs of scratch for blocks of up to `rows`. False on overflow. */
bool aep__dense_scratch(size_t *reals, size_t rows, bool panels, size_t n_in, size_t n_out);

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
   shifted at random, a share `level` of which is drawn. Rows are channels by height by width; first_row is the place
   in the batch of the block's first. Panels have no squares. */
void aep__noise_forward(const aep__kernels *k, const aep__noise *noise, real *y, const real *x, const aep__block *block,
                        const aep__grid *grid, size_t first_row);

/* y: ||a - b||_2 by row, of rows of n. The reconstruction error and the prediction error. */
void aep__row_norm_forward(const aep__kernels *k, real *y, const real *a, const real *b, const aep__block *block,
                           size_t n);

/* d = dy (a - b) / y by row, 0 where y is 0, which is a subgradient; da = or += d, db = or -= d (-d). da or db may be
   NULL. scratch: aep__block_size. */
void aep__row_norm_backward(const aep__kernels *k, real *da, bool add_a, real *db, bool add_b, const real *dy,
                            const real *a, const real *b, const real *y, real *scratch, const aep__block *block,
                            size_t n);

#endif
