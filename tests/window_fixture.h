/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of convolutions, pools and norms share: windows of every sort, drawn from a seed. */
#ifndef AEP_TESTS_WINDOW_FIXTURE_H
#define AEP_TESTS_WINDOW_FIXTURE_H

#include "numbers_fixture.h"
#include "window.h"

/* One direction of a window: all that fits on the padded map, or one more that reaches over the far edge. */
static inline void draw_span(uint32_t *state, size_t *size, size_t *kernel, size_t *stride, size_t *pad, size_t *places,
                             bool over_edge)
{
    *size = draw(state, 1, 11);
    *kernel = draw(state, 1, *size < 5 ? *size : 5);
    *stride = draw(state, 1, 3);
    *pad = over_edge ? 0 : draw(state, 0, *kernel - 1);
    *places = (*size + 2 * *pad - *kernel) / *stride + 1;
    if (over_edge && *places * *stride < *size && (*places - 1) * *stride + *kernel < *size)
        ++*places;
}

/* Kernels 1 to 5, strides 1 to 3, up to 11 pixels, 5 channels; every fourth one-dimensional. over_edge: a pool's. */
static inline aep__window draw_window(uint32_t *state, bool over_edge)
{
    aep__window w = {.channels = draw(state, 1, 5)};
    draw_span(state, &w.height, &w.kernel_h, &w.stride_h, &w.pad_h, &w.rows, over_edge);
    draw_span(state, &w.width, &w.kernel_w, &w.stride_w, &w.pad_w, &w.columns, over_edge);
    if (draw(state, 0, 3) == 0)
        w.height = w.kernel_h = w.stride_h = w.rows = 1, w.pad_h = 0;
    return w;
}

/* Whether kernel position (y, x) of the window at place (row, column) lies on the map, and at which pixel. */
static inline bool pixel_under(size_t *pixel, const aep__window *w, size_t row, size_t column, size_t y, size_t x)
{
    const long py = (long)(row * w->stride_h + y) - (long)w->pad_h,
               px = (long)(column * w->stride_w + x) - (long)w->pad_w;
    if (py < 0 || py >= (long)w->height || px < 0 || px >= (long)w->width)
        return false;
    *pixel = (size_t)py * w->width + (size_t)px;
    return true;
}

/* Every pair of a place and a kernel position that lies on the map: (row, column) is p, (y, x) is k, `pixel`. */
#define FOR_EACH_PLACE(w, p) for (size_t p = 0; p < aep__window_places(w); p++)
#define FOR_EACH_UNDER(w, p, k, pixel)                                                                                 \
    for (size_t k = 0, pixel = 0; k < (w)->kernel_h * (w)->kernel_w; k++)                                              \
        if (pixel_under(&pixel, w, (p) / (w)->columns, (p) % (w)->columns, k / (w)->kernel_w, k % (w)->kernel_w))

#endif
