/* SPDX-License-Identifier: BSD-2-Clause */
#include "conv.h"

#include "gemm.h"
#include "mem.h"

/* Places whose patches are gathered at a time: about BLOCK_REALS in all, a multiple of the rows that the widest kernel
   works on at once. */
enum { BLOCK_REALS = 6144, TILE_ROWS = 12, MOST_PLACES = 240 };

static size_t block_places(const aep__window *w)
{
    const size_t n = BLOCK_REALS / aep__window_patch(w) / TILE_ROWS * TILE_ROWS;
    return n < TILE_ROWS ? TILE_ROWS : n > MOST_PLACES ? MOST_PLACES : n;
}

bool aep__conv_scratch(size_t *reals, const aep__window *w, size_t filters, bool backward)
{
    size_t weights;
    const size_t patch = aep__window_patch(w);
    return aep__mul(reals, block_places(w), patch) && aep__mul(&weights, patch, filters) &&
           (!backward || aep__add(reals, *reals, weights));
}

/* Scratch is a block of patches, then transposed weights. */
static real *transposed_weights(const aep__kernels *k, real *scratch, const real *w, const aep__window *win,
                                size_t rows, size_t columns)
{
    real *transposed = scratch + block_places(win) * aep__window_patch(win);
    k->transpose(transposed, rows, w, columns, rows, columns);
    return transposed;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void aep__conv_forward(const aep__kernels *k, real *y, const real *x, const real *w, const real *b,
                       const aep__window *win, size_t filters, real *scratch, size_t rows, bool row_exact)
{
    const size_t total = rows * aep__window_places(win), patch = aep__window_patch(win), block = block_places(win);
    for (size_t start = 0; start < total; start += block) {
        const size_t n = least(block, total - start);
        aep__patches_read(scratch, x, win, start, n);
        aep__multiply(k, y + start * filters, scratch, false, w, n, filters, patch, AEP__START_COLUMNS, b, row_exact);
    }
}

void aep__conv_backward(const aep__kernels *k, real *dx, real *dw, real *db, const real *dy, const real *x,
                        const real *w, const aep__window *win, size_t filters, real *scratch, size_t rows)
{
    const size_t total = rows * aep__window_places(win), patch = aep__window_patch(win), block = block_places(win);
    const real *wt = dx ? transposed_weights(k, scratch, w, win, patch, filters) : NULL;
    aep__add_rows(k, db, dy, filters, total, filters);
    for (size_t start = 0; start < total; start += block) {
        const size_t n = least(block, total - start);
        aep__patches_read(scratch, x, win, start, n);
        aep__multiply(k, dw, scratch, true, dy + start * filters, patch, filters, n, AEP__START_C, NULL, false);
        if (!dx)
            continue;
        aep__multiply(k, scratch, dy + start * filters, false, wt, n, patch, filters, AEP__START_ZERO, NULL, false);
        aep__patches_add(dx, scratch, win, start, n);
    }
}

void aep__conv_transposed_forward(const aep__kernels *k, real *y, const real *x, const real *w, const real *b,
                                  const aep__window *win, size_t filters, real *scratch, size_t rows, bool row_exact)
{
    const size_t total = rows * aep__window_places(win), patch = aep__window_patch(win), block = block_places(win);
    for (size_t i = 0; i < rows * win->height * win->width; i++)
        for (size_t j = 0; j < win->channels; j++)
            y[i * win->channels + j] = b[j];
    for (size_t start = 0; start < total; start += block) {
        const size_t n = least(block, total - start);
        aep__multiply(k, scratch, x + start * filters, false, w, n, patch, filters, AEP__START_ZERO, NULL, row_exact);
        aep__patches_add(y, scratch, win, start, n);
    }
}

void aep__conv_transposed_backward(const aep__kernels *k, real *dx, real *dw, real *db, const real *dy, const real *x,
                                   const real *w, const aep__window *win, size_t filters, real *scratch, size_t rows)
{
    const size_t total = rows * aep__window_places(win), patch = aep__window_patch(win), block = block_places(win);
    const real *wt = dx ? transposed_weights(k, scratch, w, win, filters, patch) : NULL;
    aep__add_rows(k, db, dy, win->channels, rows * win->height * win->width, win->channels);
    for (size_t start = 0; start < total; start += block) {
        const size_t n = least(block, total - start);
        aep__patches_read(scratch, dy, win, start, n);
        aep__multiply(k, dw, x + start * filters, true, scratch, filters, patch, n, AEP__START_C, NULL, false);
        if (dx)
            aep__multiply(k, dx + start * filters, scratch, false, wt, n, filters, patch, AEP__START_C, NULL, false);
    }
}
