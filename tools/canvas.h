/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures as PNG or SVG: what those of several commands share. Coordinates are pixels of an SVG; a PNG has twice as many. */
#ifndef AEPRED_CANVAS_H
#define AEPRED_CANVAS_H

#include <cairo.h>
#include <stdbool.h>

typedef struct color {
    double r, g, b;
} color;

extern const color canvas_ink, canvas_faint, canvas_limit;

void canvas_use(cairo_t *c, color k);
void canvas_font(cairo_t *c, double size, bool bold); /* in ink */
void canvas_line(cairo_t *c, color k, double width, double x0, double y0, double x1, double y1);
void canvas_dashed(cairo_t *c, color k, double width, double x0, double y0, double x1, double y1);

/* Text whose left (0), middle (0.5) or right (1) edge is at x; the same turned around (x, y). */
void canvas_text(cairo_t *c, double x, double y, double anchor, const char *text);
void canvas_turned(cairo_t *c, double x, double y, double angle, double anchor, const char *text);

/* Whether a picture may have that name; then draw it on white. What went wrong, or NULL. */
const char *canvas_name(const char *path);
const char *canvas_save(const char *path, int width, int height, void (*draw)(cairo_t *c, const void *payload),
                        const void *payload);

#endif
