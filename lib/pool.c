/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include <string.h>

/* Where a pool stands: a place, its window, and where both lie in memory. */
typedef struct stand {
    aep__cut cut;
    size_t map, place; /* offsets of the map and of the place's values */
} stand;

typedef void stand_fn(void *payload, const aep__window *w, const stand *s);

static void for_each_place(stand_fn *fn, void *payload, const aep__window *w, size_t rows)
{
    stand s = {.map = 0, .place = 0};
    for (size_t i = 0; i < rows; i++, s.map += aep__window_map(w))
        for (size_t row = 0; row < w->rows; row++)
            for (size_t column = 0; column < w->columns; column++, s.place += w->channels) {
                s.cut = aep__window_cut(w, row, column);
                fn(payload, w, &s);
            }
}

/* Offset of the channels under (y, x) of a window. */
static size_t under(const aep__window *w, const stand *s, size_t y, size_t x)
{
    const size_t row = (size_t)(s->cut.y0 + (ptrdiff_t)y), column = (size_t)(s->cut.x0 + (ptrdiff_t)x);
    return s->map + (row * w->width + column) * w->channels;
}

#define FOR_EACH_PIXEL(s)                                                                                              \
    for (size_t y = (s)->cut.top; y < (s)->cut.bottom; y++)                                                            \
        for (size_t x = (s)->cut.left; x < (s)->cut.right; x++)

typedef struct arrays {
    real *dx, *to; /* written */
    const real *dy, *x, *y;
} arrays;

/* ------------------------------------------------------------------------------------------------ largest value */

static void take_largest(void *payload, const aep__window *w, const stand *s)
{
    const arrays *a = payload;
    real *to = a->to + s->place;
    memcpy(to, a->x + under(w, s, s->cut.top, s->cut.left), w->channels * sizeof *to);
    FOR_EACH_PIXEL(s)
    {
        const real *from = a->x + under(w, s, y, x);
        for (size_t c = 0; c < w->channels; c++)
            to[c] = to[c] >= from[c] || to[c] != to[c] ? to[c] : from[c];
    }
}

void aep__max_pool_forward(real *y, const real *x, const aep__window *w, size_t rows)
{
    for_each_place(take_largest, &(arrays){.to = y, .x = x}, w, rows);
}

/* Where the first value of a channel stands that is the largest; it is there unless it is NaN. */
static size_t find_largest(const arrays *a, const aep__window *w, const stand *s, size_t channel)
{
    FOR_EACH_PIXEL(s)
    {
        const size_t at = under(w, s, y, x) + channel;
        if (a->x[at] == a->y[s->place + channel])
            return at;
    }
    return under(w, s, s->cut.top, s->cut.left) + channel;
}

static void give_to_largest(void *payload, const aep__window *w, const stand *s)
{
    const arrays *a = payload;
    for (size_t c = 0; c < w->channels; c++)
        a->dx[find_largest(a, w, s, c)] += a->dy[s->place + c];
}

void aep__max_pool_backward(real *dx, const real *dy, const real *x, const real *y, const aep__window *w, size_t rows)
{
    for_each_place(give_to_largest, &(arrays){.dx = dx, .dy = dy, .x = x, .y = y}, w, rows);
}

/* --------------------------------------------------------------------------------------------------------- mean */

static real share(const stand *s) { return 1 / (real)((s->cut.bottom - s->cut.top) * (s->cut.right - s->cut.left)); }

static void take_mean(void *payload, const aep__window *w, const stand *s)
{
    const arrays *a = payload;
    const real factor = share(s);
    real *to = a->to + s->place;
    memset(to, 0, w->channels * sizeof *to);
    FOR_EACH_PIXEL(s)
    {
        const real *from = a->x + under(w, s, y, x);
        for (size_t c = 0; c < w->channels; c++)
            to[c] += from[c];
    }
    for (size_t c = 0; c < w->channels; c++)
        to[c] *= factor;
}

void aep__average_pool_forward(real *y, const real *x, const aep__window *w, size_t rows)
{
    for_each_place(take_mean, &(arrays){.to = y, .x = x}, w, rows);
}

static void give_shares(void *payload, const aep__window *w, const stand *s)
{
    const arrays *a = payload;
    const real factor = share(s);
    FOR_EACH_PIXEL(s)
    {
        real *to = a->dx + under(w, s, y, x);
        for (size_t c = 0; c < w->channels; c++)
            to[c] += factor * a->dy[s->place + c];
    }
}

void aep__average_pool_backward(real *dx, const real *dy, const aep__window *w, size_t rows)
{
    for_each_place(give_shares, &(arrays){.dx = dx, .dy = dy}, w, rows);
}

/* --------------------------------------------------------------------------------------------------- upsampling */

static void spread(void *payload, const aep__window *w, const stand *s)
{
    const arrays *a = payload;
    FOR_EACH_PIXEL(s)
    memcpy(a->to + under(w, s, y, x), a->x + s->place, w->channels * sizeof *a->to);
}

void aep__upsample_forward(real *y, const real *x, const aep__window *w, size_t rows)
{
    for_each_place(spread, &(arrays){.to = y, .x = x}, w, rows);
}

static void gather(void *payload, const aep__window *w, const stand *s)
{
    const arrays *a = payload;
    FOR_EACH_PIXEL(s)
    {
        const real *from = a->dy + under(w, s, y, x);
        for (size_t c = 0; c < w->channels; c++)
            a->dx[s->place + c] += from[c];
    }
}

void aep__upsample_backward(real *dx, const real *dy, const aep__window *w, size_t rows)
{
    for_each_place(gather, &(arrays){.dx = dx, .dy = dy}, w, rows);
}

/* ---------------------------------------------------------------------------------------------- order of channels */

void aep__channels_last(real *y, const real *x, size_t rows, size_t channels, size_t n)
{
    for (size_t i = 0; i < rows; i++, x += channels * n, y += channels * n)
        for (size_t c = 0; c < channels; c++)
            for (size_t j = 0; j < n; j++)
                y[j * channels + c] += x[c * n + j];
}

void aep__channels_first(real *y, const real *x, size_t rows, size_t channels, size_t n)
{
    for (size_t i = 0; i < rows; i++, x += channels * n, y += channels * n)
        for (size_t c = 0; c < channels; c++)
            for (size_t j = 0; j < n; j++)
                y[c * n + j] += x[j * channels + c];
}
