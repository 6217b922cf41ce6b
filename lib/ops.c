/* SPDX-License-Identifier: BSD-2-Clause */
#include "ops.h"

#include "gemm.h"
#include "mem.h"
#include "rng.h"

#include <aepred.h>
#include <math.h>
#include <string.h>

void aep__block_put(const aep__kernels *k, real *matrix, const aep__block *block, const real *rows, size_t width)
{
    if (!block->lanes) {
        memcpy(matrix, rows, block->rows * width * sizeof *rows);
        return;
    }
    k->transpose(matrix, block->lanes, rows, width, block->rows, width);
    for (size_t j = 0; j < width && block->rows < block->lanes; j++)
        memset(matrix + j * block->lanes + block->rows, 0, (block->lanes - block->rows) * sizeof *matrix);
}

void aep__block_get(const aep__kernels *k, real *rows, const real *matrix, const aep__block *block, size_t width)
{
    if (block->lanes)
        k->transpose(rows, width, matrix, block->lanes, width, block->rows);
    else
        memcpy(rows, matrix, block->rows * width * sizeof *rows);
}

/* ---------------------------------------------------------------------------------------------------------- dense */

void aep__dense_forward(const aep__kernels *k, real *y, const real *x, const real *w, const real *b,
                        const aep__block *block, size_t n_in, size_t n_out, bool row_exact)
{
    if (block->lanes) /* y' = w' x' */
        aep__multiply(k, y, w, true, x, n_out, block->lanes, n_in, AEP__START_ROWS, b, row_exact);
    else
        aep__multiply(k, y, x, false, w, block->rows, n_out, n_in, AEP__START_COLUMNS, b, row_exact);
}

bool aep__dense_scratch(size_t *reals, size_t rows, bool panels, size_t n_in, size_t n_out)
{
    return panels ? n_out <= SIZE_MAX - AEP__LANES && aep__mul(reals, rows, aep__whole_lanes(n_out))
                  : aep__mul(reals, n_in, n_out);
}

static void backward_rows(const aep__kernels *k, real *dx, int start, real *dw, real *db, const real *dy, const real *x,
                          const real *w, real *scratch, size_t rows, size_t n_in, size_t n_out)
{
    aep__multiply(k, dw, x, true, dy, n_in, n_out, rows, AEP__START_C, NULL, false);
    aep__add_rows(k, db, dy, n_out, rows, n_out);
    if (!dx)
        return;
    k->transpose(scratch, n_in, w, n_out, n_in, n_out);
    aep__multiply(k, dx, dy, false, scratch, rows, n_in, n_out, start, NULL, false);
}

static void backward_panel(const aep__kernels *k, real *dx, int start, real *dw, real *db, const real *dy,
                           const real *x, const real *w, real *scratch, const aep__block *block, size_t n_in,
                           size_t n_out)
{
    const size_t lanes = block->lanes, width = aep__whole_lanes(n_out); /* scratch: dy row by row */
    const aep__product by_w = {.c = dw,
                               .c_row = n_out,
                               .a = x,
                               .a_row = lanes,
                               .a_col = 1,
                               .b = scratch,
                               .b_row = width,
                               .m = n_in,
                               .n = n_out,
                               .k = block->rows,
                               .start = AEP__START_C};
    k->transpose(scratch, width, dy, lanes, n_out, block->rows);
    aep__gemm(k, &by_w, false);
    aep__add_rows(k, db, scratch, width, block->rows, n_out);
    if (dx)
        aep__multiply(k, dx, w, false, dy, n_in, lanes, n_out, start, NULL, false);
}

void aep__dense_backward(const aep__kernels *k, real *dx, bool add, real *dw, real *db, const real *dy, const real *x,
                         const real *w, real *scratch, const aep__block *block, size_t n_in, size_t n_out)
{
    const int start = add ? AEP__START_C : AEP__START_ZERO;
    if (block->lanes)
        backward_panel(k, dx, start, dw, db, dy, x, w, scratch, block, n_in, n_out);
    else
        backward_rows(k, dx, start, dw, db, dy, x, w, scratch, block->rows, n_in, n_out);
}

/* ---------------------------------------------------------------------------------------------------------- noise */

static void add_normal(const aep__kernels *k, const aep__noise *noise, real *y, const real *x, size_t n, uint32_t row)
{
    aep__rng_normal(y, n, noise->seed, AEP__STREAM_NOISE, noise->step, row);
    k->add_noise(y, x, noise->level, n);
}

/* Squares of `block` pixels; one uniform number each, kept in front of y until they have been used: a pixel's square
   comes no later in memory than the pixel. */
static void mask(const aep__noise *noise, real *y, const real *x, const aep__grid *grid, size_t block, uint32_t row)
{
    const size_t plane = grid->height * grid->width;
    size_t shift_y = 0, shift_x = 0;
    if (block > 1) {
        real shift[2];
        aep__rng_uniform(shift, 2, noise->seed, AEP__STREAM_BLOCK, noise->step, row);
        shift_y = grid->height > 1 ? (size_t)(shift[0] * (real)block) : 0;
        shift_x = grid->width > 1 ? (size_t)(shift[1] * (real)block) : 0;
    }
    const size_t across = (grid->width + shift_x + block - 1) / block;
    const size_t down = (grid->height + shift_y + block - 1) / block;
    aep__rng_uniform(y, down * across, noise->seed, AEP__STREAM_NOISE, noise->step, row);
    for (size_t i = plane; i-- > 0;) {
        const size_t square = (i / grid->width + shift_y) / block * across + (i % grid->width + shift_x) / block;
        const bool masked = y[square] < noise->level;
        for (size_t c = grid->channels; c-- > 0;)
            y[c * plane + i] = masked ? 0 : x[c * plane + i];
    }
}

static void noise_rows(const aep__kernels *k, const aep__noise *noise, real *y, const real *x, size_t rows,
                       const aep__grid *grid, size_t first_row)
{
    const size_t n = grid->channels * grid->height * grid->width;
    for (size_t i = 0; i < rows; i++, x += n, y += n)
        if (noise->kind == AEP_NOISE_GAUSSIAN)
            add_normal(k, noise, y, x, n, (uint32_t)(first_row + i));
        else
            mask(noise, y, x, grid, noise->kind == AEP_NOISE_BLOCK ? noise->block : 1, (uint32_t)(first_row + i));
}

static void noise_panel(const aep__kernels *k, const aep__noise *noise, real *y, const real *x, size_t lanes,
                        size_t width, size_t first_row)
{
    const aep__draw draw = {
        .seed = noise->seed, .step = noise->step, .stream = AEP__STREAM_NOISE, .first_row = (uint32_t)first_row};
    (noise->kind == AEP_NOISE_GAUSSIAN ? k->normal_panel : k->mask_panel)(y, x, noise->level, width, lanes, &draw);
}

void aep__noise_forward(const aep__kernels *k, const aep__noise *noise, real *y, const real *x, const aep__block *block,
                        const aep__grid *grid, size_t first_row)
{
    const size_t n = grid->channels * grid->height * grid->width;
    if (noise->kind == AEP_NOISE_NONE)
        memcpy(y, x, n * aep__block_size(block) * sizeof *y);
    else if (block->lanes)
        noise_panel(k, noise, y, x, block->lanes, n, first_row);
    else
        noise_rows(k, noise, y, x, block->rows, grid, first_row);
}

/* ------------------------------------------------------------------------------------------------------ distances */

/* In four chains, so that it does not wait for each addition; norm_panel of the kernels does the same. */
static real distance(const real *a, const real *b, size_t n)
{
    double sum[4] = {0};
    size_t j = 0;
    for (; j + 4 <= n; j += 4)
        for (size_t chain = 0; chain < 4; chain++) {
            const double d = (double)(a[j + chain] - b[j + chain]);
            sum[chain] += d * d;
        }
    for (; j < n; j++) {
        const double d = (double)(a[j] - b[j]);
        sum[0] += d * d;
    }
    return (real)sqrt((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

void aep__row_norm_forward(const aep__kernels *k, real *y, const real *a, const real *b, const aep__block *block,
                           size_t n)
{
    if (block->lanes)
        k->norm_panel(y, a, b, n, block->lanes);
    else
        for (size_t i = 0; i < block->rows; i++)
            y[i] = distance(a + i * n, b + i * n, n);
}

void aep__row_norm_backward(const aep__kernels *k, real *da, bool add_a, real *db, bool add_b, const real *dy,
                            const real *a, const real *b, const real *y, real *scratch, const aep__block *block,
                            size_t n)
{
    for (size_t i = 0; i < aep__block_size(block); i++)
        scratch[i] = y[i] > 0 ? dy[i] / y[i] : 0;
    if (block->lanes) {
        k->norm_panel_backward(da, add_a, db, add_b, scratch, a, b, n, block->lanes);
        return;
    }
    for (size_t i = 0; i < block->rows; i++)
        for (size_t j = i * n; j < (i + 1) * n; j++) {
            const real d = scratch[i] * (a[j] - b[j]);
            if (da)
                da[j] = add_a ? da[j] + d : d;
            if (db)
                db[j] = add_b ? db[j] - d : -d;
        }
}
