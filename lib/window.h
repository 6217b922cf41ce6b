/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows that slide over a map: what convolutions and pools have in common. A map is an array (height, width,
 * channels), channels last, so that what lies under a row of a window is one run of memory. A place is where a window
 * stands; a patch (kernel_h, kernel_w, channels) is what lies under it, 0 outside of the map.
 */
#ifndef AEP_WINDOW_H
#define AEP_WINDOW_H

#include "real.h"

#include <stddef.h>

typedef struct aep__window {
    size_t channels, height, width; /* of the map */
    size_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
    size_t rows, columns; /* of places */
} aep__window;

static inline size_t aep__window_map(const aep__window *w) { return w->height * w->width * w->channels; }
static inline size_t aep__window_places(const aep__window *w) { return w->rows * w->columns; }
static inline size_t aep__window_patch(const aep__window *w) { return w->kernel_h * w->kernel_w * w->channels; }

/* The part of a window that lies on the map, for the place (row, column): kernel rows top <= y < bottom stand on rows
   y + y0 of the map, likewise left, right and x0. */
typedef struct aep__cut {
    ptrdiff_t y0, x0;
    size_t top, bottom, left, right;
} aep__cut;
aep__cut aep__window_cut(const aep__window *w, size_t row, size_t column);

/* patches (n, patch) of n places from `first` on, of maps one behind the other: place p of map i is i * places + p. */
void aep__patches_read(real *patches, const real *maps, const aep__window *w, size_t first, size_t n);

/* maps += patches, where they came from; what lay outside of the maps is dropped. Order: place by place. */
void aep__patches_add(real *maps, const real *patches, const aep__window *w, size_t first, size_t n);

#endif
