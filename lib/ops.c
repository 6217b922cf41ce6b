/* SPDX-License-Identifier: BSD-2-Clause */
#include "ops.h"

#include "gemm.h"
#include "rng.h"

#include <aepred.h>
#include <math.h>
#include <string.h>

void aep__dense_forward(real *y, const real *x, const real *w, const real *b, size_t rows, size_t n_in, size_t n_out,
                        bool row_exact)
{
    aep__gemm_forward(y, x, w, b, rows, n_out, n_in, row_exact);
}

void aep__dense_backward(real *dx, real *dw, real *db, const real *dy, const real *x, const real *w, real *scratch,
                         size_t rows, size_t n_in, size_t n_out)
{
    aep__gemm_dw(dw, x, dy, rows, n_out, n_in);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n_out; j++)
            db[j] += dy[i * n_out + j];
    if (dx)
        aep__gemm_dx(dx, dy, w, scratch, rows, n_out, n_in);
}

static void add_normal(const aep__noise *noise, real *y, const real *x, size_t n, uint32_t row)
{
    aep__rng_normal(y, n, noise->seed, AEP__STREAM_NOISE, noise->step, row);
    for (size_t j = 0; j < n; j++)
        y[j] = x[j] + noise->level * y[j];
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

void aep__noise_forward(const aep__noise *noise, real *y, const real *x, size_t rows, const aep__grid *grid)
{
    const size_t n = grid->channels * grid->height * grid->width;
    for (size_t i = 0; i < rows; i++, x += n, y += n)
        switch (noise->kind) {
        case AEP_NOISE_NONE:
            memcpy(y, x, n * sizeof *y);
            break;
        case AEP_NOISE_GAUSSIAN:
            add_normal(noise, y, x, n, (uint32_t)i);
            break;
        default: /* AEP_NOISE_MASKING, AEP_NOISE_BLOCK */
            mask(noise, y, x, grid, noise->kind == AEP_NOISE_BLOCK ? noise->block : 1, (uint32_t)i);
            break;
        }
}

void aep__abs_diff_forward(real *y, const real *a, const real *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = AEP_R(fabs)(a[i] - b[i]);
}

void aep__abs_diff_backward(real *da, real *db, const real *dy, const real *a, const real *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        real d = a[i] > b[i] ? dy[i] : a[i] < b[i] ? -dy[i] : 0;
        if (da)
            da[i] += d;
        if (db)
            db[i] -= d;
    }
}
