/* SPDX-License-Identifier: BSD-2-Clause */
#include "window.h"

#include <stdbool.h>
#include <string.h>

/* Of `kernel` positions from `start` on, those within 0 .. size - 1. */
static void cut(size_t *from, size_t *to, ptrdiff_t start, size_t kernel, size_t size)
{
    const ptrdiff_t room = (ptrdiff_t)size - start; /* kernel positions before the far edge */
    *from = start < 0 ? (size_t)-start : 0;
    *from = *from < kernel ? *from : kernel;
    *to = room < (ptrdiff_t)kernel ? room > 0 ? (size_t)room : 0 : kernel;
    *to = *to > *from ? *to : *from;
}

aep__cut aep__window_cut(const aep__window *w, size_t row, size_t column)
{
    aep__cut c = {.y0 = (ptrdiff_t)(row * w->stride_h) - (ptrdiff_t)w->pad_h,
                  .x0 = (ptrdiff_t)(column * w->stride_w) - (ptrdiff_t)w->pad_w};
    cut(&c.top, &c.bottom, c.y0, w->kernel_h, w->height);
    cut(&c.left, &c.right, c.x0, w->kernel_w, w->width);
    return c;
}

/* A place and the map that it belongs to, counted on without dividing. */
typedef struct walk {
    size_t map, row, column;
} walk;

static walk walk_from(const aep__window *w, size_t first)
{
    const size_t places = aep__window_places(w), place = first % places;
    return (walk){.map = first / places, .row = place / w->columns, .column = place % w->columns};
}

static void walk_on(walk *at, const aep__window *w)
{
    if (++at->column < w->columns)
        return;
    at->column = 0;
    if (++at->row < w->rows)
        return;
    at->row = 0;
    at->map++;
}

/* The runs of an image with one channel are a few values long: calling memcpy would cost more than it does. */
static inline void copy_run(real *restrict to, const real *restrict from, size_t n)
{
    enum { SHORT = 16 };
    if (n >= SHORT)
        memcpy(to, from, n * sizeof *to);
    else
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
}

/* The whole window lies on the map. */
static void read_inner(real *restrict patch, const real *restrict from, const aep__window *w)
{
    const size_t line = w->kernel_w * w->channels, down = w->width * w->channels;
    if (line == 3) /* the usual kernel on one channel: with a constant, copied in two moves */
        for (size_t y = 0; y < w->kernel_h; y++)
            memcpy(patch + y * 3, from + y * down, 3 * sizeof *patch);
    else
        for (size_t y = 0; y < w->kernel_h; y++)
            copy_run(patch + y * line, from + y * down, line);
}

static void read_patch(real *patch, const real *map, const aep__window *w, const aep__cut *c)
{
    const size_t line = w->kernel_w * w->channels, before = c->left * w->channels;
    const size_t n = (c->right - c->left) * w->channels;
    memset(patch, 0, aep__window_patch(w) * sizeof *patch);
    for (size_t y = c->top; y < c->bottom; y++) {
        const size_t row = (size_t)(c->y0 + (ptrdiff_t)y), column = (size_t)(c->x0 + (ptrdiff_t)c->left);
        copy_run(patch + y * line + before, map + (row * w->width + column) * w->channels, n);
    }
}

static bool is_inner(const aep__window *w, const aep__cut *c)
{
    return !c->top && !c->left && c->bottom == w->kernel_h && c->right == w->kernel_w;
}

void aep__patches_read(real *patches, const real *maps, const aep__window *w, size_t first, size_t n)
{
    const size_t size = aep__window_patch(w);
    walk at = walk_from(w, first);
    for (size_t i = 0; i < n; i++, walk_on(&at, w)) {
        const aep__cut c = aep__window_cut(w, at.row, at.column);
        const real *map = maps + at.map * aep__window_map(w);
        if (is_inner(w, &c))
            read_inner(patches + i * size, map + ((size_t)c.y0 * w->width + (size_t)c.x0) * w->channels, w);
        else
            read_patch(patches + i * size, map, w, &c);
    }
}

static void add_patch(real *map, const real *patch, const aep__window *w, const aep__cut *c)
{
    const size_t n = (c->right - c->left) * w->channels;
    for (size_t y = c->top; y < c->bottom; y++) {
        const size_t row = (size_t)(c->y0 + (ptrdiff_t)y), column = (size_t)(c->x0 + (ptrdiff_t)c->left);
        real *restrict to = map + (row * w->width + column) * w->channels;
        const real *restrict from = patch + (y * w->kernel_w + c->left) * w->channels;
        for (size_t i = 0; i < n; i++)
            to[i] += from[i];
    }
}

void aep__patches_add(real *maps, const real *patches, const aep__window *w, size_t first, size_t n)
{
    const size_t size = aep__window_patch(w);
    walk at = walk_from(w, first);
    for (size_t i = 0; i < n; i++, walk_on(&at, w)) {
        const aep__cut c = aep__window_cut(w, at.row, at.column);
        add_patch(maps + at.map * aep__window_map(w), patches + i * size, w, &c);
    }
}
