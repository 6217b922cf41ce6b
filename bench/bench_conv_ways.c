/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three ways to compute a convolution forward, on the layers of the image networks of this folder:
 *   direct   no patches: the map is copied with its padding once, and each row of places is a sum of matrix products
 *            with the rows of the kernel, read from the map where they lie
 *   patches  the patches of so many places at a time are gathered (im2col), then multiplied; by how many reals a block
 *            of them may have, up to those of the whole batch at once
 * GFLOP/s as medians, one thread, batches of 128 and of one image. lib/conv.c does what was fastest.
 */
#include "conv.h"
#include "gemm.h"
#include "timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 9 };

static const size_t block_reals[] = {1536, 3072, 6144, 12288, 49152, (size_t)1 << 40};
enum { BLOCKS = sizeof block_reals / sizeof *block_reals, WAYS = BLOCKS + 1 };

typedef struct layer {
    const char *name;
    aep__window window;
    size_t filters;
} layer;

static const layer layers[] = {
    {"MNIST 16x3/2", {1, 28, 28, 3, 3, 2, 2, 1, 1, 14, 14}, 16},
    {"MNIST 32x3/2", {16, 14, 14, 3, 3, 2, 2, 1, 1, 7, 7}, 32},
    {"CIFAR-10 24x3/2", {3, 32, 32, 3, 3, 2, 2, 1, 1, 16, 16}, 24},
    {"CIFAR-10 48x3/2", {24, 16, 16, 3, 3, 2, 2, 1, 1, 8, 8}, 48},
    {"CIFAR-10 96x3/2", {48, 8, 8, 3, 3, 2, 2, 1, 1, 4, 4}, 96},
    {"64x3/1 on 28x28", {64, 28, 28, 3, 3, 1, 1, 1, 1, 28, 28}, 64},
};
enum { N_LAYERS = sizeof layers / sizeof *layers };

typedef struct arrays {
    real *x, *y, *w, *b, *scratch;
    size_t rows;
} arrays;

/* processor time: what other programs do meanwhile does not count */
static double now(void) { return (double)clock() / CLOCKS_PER_SEC; }

static void by_patches(const layer *l, const arrays *a, size_t most)
{
    const size_t patch = aep__window_patch(&l->window), total = a->rows * aep__window_places(&l->window);
    size_t block = most / patch / 12 * 12;
    block = block < 12 ? 12 : block;
    for (size_t start = 0, n; start < total; start += n) {
        n = total - start < block ? total - start : block;
        aep__patches_read(a->scratch, a->x, &l->window, start, n);
        const aep__product p = {.c = a->y + start * l->filters,
                                .c_row = l->filters,
                                .a = a->scratch,
                                .a_row = patch,
                                .a_col = 1,
                                .b = a->w,
                                .b_row = l->filters,
                                .m = n,
                                .n = l->filters,
                                .k = patch,
                                .start = AEP__START_COLUMNS,
                                .bias = a->b};
        aep__gemm(aep__kernels_best(), &p, true);
    }
}

static void direct(const layer *l, const arrays *a)
{
    const aep__window *w = &l->window;
    const aep__kernels *kernels = aep__kernels_best();
    const size_t height = w->height + 2 * w->pad_h, width = w->width + 2 * w->pad_w, c = w->channels;
    real *y = a->y;
    memset(a->scratch, 0, height * width * c * sizeof *a->scratch);
    for (size_t i = 0; i < a->rows; i++) {
        for (size_t row = 0; row < w->height; row++)
            memcpy(a->scratch + ((row + w->pad_h) * width + w->pad_w) * c, a->x + (i * w->height + row) * w->width * c,
                   w->width * c * sizeof *a->x);
        for (size_t row = 0; row < w->rows; row++, y += w->columns * l->filters) {
            for (size_t k = 0; k < w->kernel_h; k++) {
                const aep__product p = {.c = y,
                                        .c_row = l->filters,
                                        .a = a->scratch + (row * w->stride_h + k) * width * c,
                                        .a_row = w->stride_w * c,
                                        .a_col = 1,
                                        .b = a->w + k * w->kernel_w * c * l->filters,
                                        .b_row = l->filters,
                                        .m = w->columns,
                                        .n = l->filters,
                                        .k = w->kernel_w * c,
                                        .start = k ? AEP__START_C : AEP__START_COLUMNS,
                                        .bias = a->b};
                kernels->product(&p);
            }
        }
    }
}

static void run(const layer *l, const arrays *a, size_t way)
{
    if (way < BLOCKS)
        by_patches(l, a, block_reals[way]);
    else
        direct(l, a);
}

static void *filled(size_t n)
{
    real *values = malloc(n * sizeof *values);
    for (size_t i = 0; values && i < n; i++)
        values[i] = (real)(i % 17) / 16 - (real)0.5;
    return values;
}

/* Medians over repeats in which the ways take turns. */
static int measure(const layer *l, size_t rows)
{
    double rates[WAYS][REPEATS];
    const aep__window *w = &l->window;
    const size_t places = aep__window_places(w), patch = aep__window_patch(w);
    const double flops = 2.0 * (double)(rows * places * patch * l->filters);
    const size_t calls = 1 + (size_t)(3e8 / flops);
    arrays a = {.rows = rows,
                .x = filled(rows * aep__window_map(w)),
                .y = filled(rows * places * l->filters),
                .w = filled(patch * l->filters),
                .b = filled(l->filters),
                .scratch = filled((rows * places + 12) * patch + 4 * aep__window_map(w))};
    const int ok = a.x && a.y && a.w && a.b && a.scratch;
    for (int r = 0; ok && r < REPEATS; r++)
        for (size_t way = 0; way < WAYS; way++) {
            const double start = now();
            for (size_t i = 0; i < calls; i++)
                run(l, &a, way);
            rates[way][r] = (double)calls * flops / (now() - start) / 1e9;
        }
    if (ok)
        printf("%-16s %5zu", l->name, rows);
    for (size_t way = 0; ok && way < WAYS; way++) {
        printf(" %8.1f", median(rates[way], REPEATS));
    }
    printf("\n");
    free(a.x);
    free(a.y);
    free(a.w);
    free(a.b);
    free(a.scratch);
    return ok;
}

int main(void)
{
    printf("%-16s %5s", "GFLOP/s", "rows");
    for (size_t way = 0; way + 1 < BLOCKS; way++)
        printf(" %5zu K", block_reals[way] * sizeof(real) / 1024);
    printf(" %8s %8s\n", "all", "direct");
    for (size_t i = 0; i < N_LAYERS; i++)
        if (!measure(&layers[i], 128) || !measure(&layers[i], 1))
            return 1;
    return 0;
}
