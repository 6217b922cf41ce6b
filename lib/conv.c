/* SPDX-License-Identifier: BSD-2-Clause */
#include "conv.h"

#include "gemm.h"
#include "mem.h"

#include <string.h>

/* Places whose patches are gathered at a time: about BLOCK_REALS in all, a multiple of the rows that the widest kernel
   of gemm works on at once. */
enum { BLOCK_REALS = 6144, TILE = 12, MOST_PLACES = 240 };

static size_t block_places(const aep__window *w)
{
    const size_t n = BLOCK_REALS / aep__window_patch(w) / TILE * TILE;
    return n < TILE ? TILE : n > MOST_PLACES ? MOST_PLACES : n;
}

bool aep__conv_scratch(size_t *reals, const aep__window *w, size_t filters, bool backward)
{
    size_t weights;
    const size_t patch = aep__window_patch(w);
    return aep__mul(reals, block_places(w), patch) && aep__mul(&weights, patch, filters) &&
           (!backward || aep__add(reals, *reals, weights));
}

/* Scratch is a block of patches, then transposed weights. */
static real *transposed_weights(real *scratch, const real *w, const aep__window *win, size_t rows, size_t columns)
{
    real *transposed = scratch + block_places(win) * aep__window_patch(win);
    aep__gemm_transpose(transposed, w, rows, columns);
    return transposed;
}

static void add_sums(real *db, const real *dy, size_t rows, size_t n)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n; j++)
            db[j] += dy[i * n + j];
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void aep__conv_forward(real *y, const real *x, const real *w, const real *b, const aep__window *win, size_t filters,
                       real *scratch, size_t rows, bool row_exact)
{
    const size_t total = rows * aep__window_places(win), patch = aep__window_patch(win), block = block_places(win);
    for (size_t start = 0; start < total; start += block) {
        const size_t n = least(block, total - start);
        aep__patches_read(scratch, x, win, start, n);
        aep__gemm_forward(y + start * filters, scratch, w, b, n, filters, patch, row_exact);
    }
}

void aep__conv_backward(real *dx, real *dw, real *db, const real *dy, const real *x, const real *w,
                        const aep__window *win, size_t filters, real *scratch, size_t rows)
{
    const size_t total = rows * aep__window_places(win), patch = aep__window_patch(win), block = block_places(win);
    const real *wt = dx ? transposed_weights(scratch, w, win, patch, filters) : NULL;
    add_sums(db, dy, total, filters);
    for (size_t start = 0; start < total; start += block) {
        const size_t n = least(block, total - start);
        aep__patches_read(scratch, x, win, start, n);
        aep__gemm_dw(dw, scratch, dy + start * filters, n, filters, patch);
        if (!dx)
            continue;
        memset(scratch, 0, n * patch * sizeof *scratch);
        aep__gemm_add(scratch, dy + start * filters, wt, n, patch, filters, false);
        aep__patches_add(dx, scratch, win, start, n);
    }
}

void aep__conv_transposed_forward(real *y, const real *x, const real *w, const real *b, const aep__window *win,
                                  size_t filters, real *scratch, size_t rows, bool row_exact)
{
    const size_t total = rows * aep__window_places(win), patch = aep__window_patch(win), block = block_places(win);
    for (size_t i = 0; i < rows * win->height * win->width; i++)
        for (size_t j = 0; j < win->channels; j++)
            y[i * win->channels + j] = b[j];
    for (size_t start = 0; start < total; start += block) {
        const size_t n = least(block, total - start);
        memset(scratch, 0, n * patch * sizeof *scratch);
        aep__gemm_add(scratch, x + start * filters, w, n, patch, filters, row_exact);
        aep__patches_add(y, scratch, win, start, n);
    }
}

void aep__conv_transposed_backward(real *dx, real *dw, real *db, const real *dy, const real *x, const real *w,
                                   const aep__window *win, size_t filters, real *scratch, size_t rows)
{
    const size_t total = rows * aep__window_places(win), patch = aep__window_patch(win), block = block_places(win);
    const real *wt = dx ? transposed_weights(scratch, w, win, filters, patch) : NULL;
    add_sums(db, dy, rows * win->height * win->width, win->channels);
    for (size_t start = 0; start < total; start += block) {
        const size_t n = least(block, total - start);
        aep__patches_read(scratch, dy, win, start, n);
        aep__gemm_dw(dw, x + start * filters, scratch, n, patch, filters);
        if (dx)
            aep__gemm_add(dx + start * filters, scratch, wt, n, filters, patch, false);
    }
}
