/* SPDX-License-Identifier: BSD-2-Clause */
#include "canvas.h"

#include <cairo-svg.h>

#include <string.h>

enum { PNG_SCALE = 2 };

const color canvas_ink = {0.13, 0.13, 0.15}, canvas_faint = {0.80, 0.81, 0.83}, canvas_limit = {0.75, 0.15, 0.10};

void canvas_use(cairo_t *c, color k) { cairo_set_source_rgb(c, k.r, k.g, k.b); }

void canvas_font(cairo_t *c, double size, bool bold)
{
    cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c, size);
    canvas_use(c, canvas_ink);
}

void canvas_line(cairo_t *c, color k, double width, double x0, double y0, double x1, double y1)
{
    canvas_use(c, k);
    cairo_set_line_width(c, width);
    cairo_move_to(c, x0, y0);
    cairo_line_to(c, x1, y1);
    cairo_stroke(c);
}

void canvas_dashed(cairo_t *c, color k, double width, double x0, double y0, double x1, double y1)
{
    static const double dashes[] = {7, 4};
    cairo_set_dash(c, dashes, 2, 0);
    canvas_line(c, k, width, x0, y0, x1, y1);
    cairo_set_dash(c, NULL, 0, 0);
}

void canvas_text(cairo_t *c, double x, double y, double anchor, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(c, text, &extents);
    cairo_move_to(c, x - anchor * extents.x_advance, y);
    cairo_show_text(c, text);
}

void canvas_turned(cairo_t *c, double x, double y, double angle, double anchor, const char *text)
{
    cairo_save(c);
    cairo_translate(c, x, y);
    cairo_rotate(c, angle);
    canvas_text(c, 0, 0, anchor, text);
    cairo_restore(c);
}

static bool ends_in(const char *path, const char *ending)
{
    const char *dot = strrchr(path, '.');
    return dot && strcmp(dot, ending) == 0;
}

const char *canvas_name(const char *path)
{
    return ends_in(path, ".png") || ends_in(path, ".svg") ? NULL : "the name of a picture ends in .png or .svg";
}

const char *canvas_save(const char *path, int width, int height, void (*draw)(cairo_t *c, const void *payload),
                        const void *payload)
{
    const bool png = ends_in(path, ".png");
    if (canvas_name(path))
        return canvas_name(path);
    cairo_surface_t *surface =
        png ? cairo_image_surface_create(CAIRO_FORMAT_RGB24, width * PNG_SCALE, height * PNG_SCALE)
            : cairo_svg_surface_create(path, width, height);
    cairo_t *c = cairo_create(surface);
    if (png)
        cairo_scale(c, PNG_SCALE, PNG_SCALE);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    draw(c, payload);
    cairo_status_t status = cairo_status(c);
    cairo_destroy(c);
    if (status == CAIRO_STATUS_SUCCESS && png)
        status = cairo_surface_write_to_png(surface, path);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS ? NULL : cairo_status_to_string(status);
}
