/* SPDX-License-Identifier: BSD-2-Clause */
/* The picture of `aepred drift`: a bar for each variable, the largest first. Made to be told apart in grey as well. */
#include "drift.h"

#include "canvas.h"
#include "shown.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 900, LEFT = 230, RIGHT = 70, TOP = 74, ROW = 22, BAR = 13, MOST = 30, NAME_WIDTH = 28, FOOT = 64 };

/* The logarithmic axis. */
#define PSI_LOW  0.001
#define PSI_HIGH 10.0

typedef struct scene {
    const drift_report *report;
    const char *model;
    size_t n; /* variables drawn */
} scene;

static const color fills[] = {
    [MOVED_NOT] = {0.74, 0.80, 0.87}, [MOVED_SOME] = {0.36, 0.55, 0.75}, [MOVED_MUCH] = {0.06, 0.24, 0.50}};

static const color paper = {1, 1, 1};

static double x_of(double psi)
{
    return LEFT + log(fmax(PSI_LOW, fmin(PSI_HIGH, psi)) / PSI_LOW) / log(PSI_HIGH / PSI_LOW) * (WIDTH - LEFT - RIGHT);
}

static double bottom_of(const scene *s) { return TOP + (double)s->n * ROW + 6; }

static void draw_axis(cairo_t *c, const scene *s)
{
    const double bottom = bottom_of(s);
    canvas_font(c, 12, false);
    for (double decade = PSI_LOW; decade < PSI_HIGH * 1.5; decade *= 10) {
        char text[16];
        snprintf(text, sizeof text, "%g", decade);
        canvas_line(c, canvas_faint, 1, x_of(decade), TOP - 6, x_of(decade), bottom);
        canvas_use(c, canvas_ink);
        canvas_text(c, x_of(decade), bottom + 16, 0.5, text);
    }
    canvas_text(c, (LEFT + WIDTH - RIGHT) / 2.0, bottom + 34, 0.5, "population stability index");
}

static void draw_limits(cairo_t *c, const scene *s)
{
    const double bottom = bottom_of(s);
    canvas_dashed(c, canvas_limit, 1.4, x_of(DRIFT_SOME), TOP - 6, x_of(DRIFT_SOME), bottom);
    canvas_dashed(c, canvas_limit, 1.4, x_of(DRIFT_MUCH), TOP - 6, x_of(DRIFT_MUCH), bottom);
    canvas_font(c, 11, false);
    canvas_text(c, x_of(DRIFT_SOME) - 3, TOP - 10, 1, "moderate");
    canvas_text(c, x_of(DRIFT_MUCH) + 3, TOP - 10, 0, "large");
}

static void draw_variable(cairo_t *c, const shift *v, double y)
{
    char text[32], name[SHOWN_SIZE];
    shown_name(name, v->name, NAME_WIDTH);
    canvas_use(c, fills[v->moved]);
    cairo_rectangle(c, LEFT, y, x_of(v->psi) - LEFT, BAR);
    cairo_fill(c);
    canvas_line(c, paper, 5, x_of(v->psi_noise), y - 2, x_of(v->psi_noise), y + BAR + 2);
    canvas_line(c, canvas_ink, 2, x_of(v->psi_noise), y - 2, x_of(v->psi_noise), y + BAR + 2);
    canvas_font(c, 12, v->moved != MOVED_NOT);
    canvas_text(c, LEFT - 8, y + BAR - 2, 1, name);
    snprintf(text, sizeof text, "%.3f", v->psi);
    canvas_font(c, 11, false);
    canvas_text(c, WIDTH - RIGHT + 8, y + BAR - 2, 0, text);
}

static void draw(cairo_t *c, const void *payload)
{
    const scene *s = payload;
    char text[512], model[SHOWN_SIZE];
    const char *slash = strrchr(s->model, '/');
    shown_name(model, slash ? slash + 1 : s->model, NAME_WIDTH);
    canvas_font(c, 15, true);
    snprintf(text, sizeof text, "%zu rows beside the %zu that %s was calibrated on", s->report->n_rows,
             s->report->n_reference, model);
    canvas_text(c, 16, 26, 0, text);
    draw_axis(c, s);
    for (size_t i = 0; i < s->n; i++)
        draw_variable(c, &s->report->shifts[i], TOP + (double)i * ROW);
    draw_limits(c, s);
    canvas_line(c, canvas_ink, 2, 20, bottom_of(s) + 24, 20, bottom_of(s) + 38);
    canvas_font(c, 11, false);
    canvas_text(c, 28, bottom_of(s) + 35, 0, "what chance explains");
    if (s->n < s->report->n) {
        snprintf(text, sizeof text, "and %zu variables below", s->report->n - s->n);
        canvas_text(c, WIDTH - 16, bottom_of(s) + 35, 1, text);
    }
}

const char *drift_draw(const char *path, const drift_report *report, const char *model)
{
    const scene s = {report, model, report->n < MOST ? report->n : MOST};
    return canvas_save(path, WIDTH, (int)bottom_of(&s) + FOOT - 14, draw, &s);
}
