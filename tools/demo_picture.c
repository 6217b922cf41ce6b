/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The picture of the demonstration: prediction error above, plain reconstruction error below, on the same axes, with
 * thresholds, alarms and the true faults. Made to be told apart in grey as well.
 */
#include "demo.h"

#include <cairo-svg.h>
#include <cairo.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 1200, HEIGHT = 784, LEFT = 72, RIGHT = 24, PANEL_HEIGHT = 250, STRIP = 9, MARK = 18, PNG_SCALE = 2 };
enum { FIRST_PANEL = 142, SECOND_PANEL = FIRST_PANEL + PANEL_HEIGHT + 62 };

/* The logarithmic axis, in standard deviations of the sensors. */
#define SCORE_LOW  0.01
#define SCORE_HIGH 30.0

typedef struct color {
    double r, g, b;
} color;

static const color ink = {0.13, 0.13, 0.15}, faint = {0.80, 0.81, 0.83}, band = {0.90, 0.90, 0.92};
static const color range = {0.62, 0.74, 0.87}, line = {0.06, 0.24, 0.50}, limit = {0.75, 0.15, 0.10};

static void use(cairo_t *c, color k) { cairo_set_source_rgb(c, k.r, k.g, k.b); }

static double x_of(const demo_result *result, double minute)
{
    return LEFT + minute / (double)result->n * (WIDTH - LEFT - RIGHT);
}

static double y_of(double top, double score)
{
    double share = log(fmax(SCORE_LOW, fmin(SCORE_HIGH, score)) / SCORE_LOW) / log(SCORE_HIGH / SCORE_LOW);
    return top + PANEL_HEIGHT * (1 - share);
}

static void stroke(cairo_t *c, color k, double width, double x0, double y0, double x1, double y1)
{
    use(c, k);
    cairo_set_line_width(c, width);
    cairo_move_to(c, x0, y0);
    cairo_line_to(c, x1, y1);
    cairo_stroke(c);
}

/* ---------------------------------------------------------------------------------------------------------- text */

static void set_font(cairo_t *c, double size, bool bold)
{
    cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c, size);
    use(c, ink);
}

/* Text whose left (0), middle (0.5) or right (1) edge is at x. */
static void put_text(cairo_t *c, double x, double y, double anchor, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(c, text, &extents);
    cairo_move_to(c, x - anchor * extents.x_advance, y);
    cairo_show_text(c, text);
}

static void put_turned(cairo_t *c, double x, double y, double angle, double anchor, const char *text)
{
    cairo_save(c);
    cairo_translate(c, x, y);
    cairo_rotate(c, angle);
    put_text(c, 0, 0, anchor, text);
    cairo_restore(c);
}

/* ---------------------------------------------------------------------------------------------------------- axes */

static void draw_score_axis(cairo_t *c, double top)
{
    set_font(c, 12, false);
    for (double decade = SCORE_LOW; decade < SCORE_HIGH; decade *= 10) {
        char text[16];
        snprintf(text, sizeof text, "%g", decade);
        stroke(c, faint, 1, LEFT, y_of(top, decade), WIDTH - RIGHT, y_of(top, decade));
        use(c, ink);
        put_text(c, LEFT - 8, y_of(top, decade) + 4, 1, text);
        for (int i = 2; i < 10 && i * decade < SCORE_HIGH; i++)
            stroke(c, ink, 0.7, LEFT - 4, y_of(top, i * decade), LEFT, y_of(top, i * decade));
    }
    put_turned(c, 20, top + PANEL_HEIGHT / 2.0, -DEMO_PI / 2, 0.5, "score (standard deviations)");
}

static void draw_time_axis(cairo_t *c, const demo_result *result, double top)
{
    set_font(c, 12, false);
    for (size_t day = 0; day <= result->n / DEMO_DAY; day++) {
        double x = x_of(result, (double)(day * DEMO_DAY));
        stroke(c, ink, 1, x, top + PANEL_HEIGHT, x, top + PANEL_HEIGHT + 5);
        if (day < result->n / DEMO_DAY) {
            char text[24];
            snprintf(text, sizeof text, "%zu", day + 1);
            put_text(c, x_of(result, ((double)day + 0.5) * DEMO_DAY), top + PANEL_HEIGHT + 17, 0.5, text);
        }
    }
}

/* --------------------------------------------------------------------------------------------------------- panels */

static double center_of(const demo_result *result, const demo_machine *machine, size_t fault)
{
    const demo_fault *f = &machine->faults[fault];
    return x_of(result, (double)(f->begin + f->end) / 2 - (double)machine->test);
}

static void draw_bands(cairo_t *c, const demo_result *result, const demo_machine *machine, double top)
{
    use(c, band);
    for (size_t i = 0; i < DEMO_N_FAULTS; i++) {
        double x = x_of(result, (double)(machine->faults[i].begin - machine->test));
        double end = x_of(result, (double)(machine->faults[i].end - machine->test));
        cairo_rectangle(c, x, top, end - x, PANEL_HEIGHT);
    }
    cairo_fill(c);
}

/* By picture column, the range of its minutes' scores, and their median. */
static void draw_scores(cairo_t *c, const demo_result *result, const demo_rule *rule, double top)
{
    enum { COLUMNS = WIDTH - LEFT - RIGHT, MOST = 64 };
    double median[COLUMNS];
    use(c, range);
    cairo_set_line_width(c, 1);
    for (size_t col = 0; col < COLUMNS; col++) {
        float sorted[MOST];
        size_t begin = col * result->n / COLUMNS, count = (col + 1) * result->n / COLUMNS - begin;
        count = count < MOST ? count : MOST;
        memcpy(sorted, rule->scores + begin, count * sizeof *sorted);
        demo_sort(sorted, count);
        median[col] = sorted[count / 2];
        cairo_move_to(c, LEFT + (double)col + 0.5, y_of(top, sorted[count - 1]) - 0.5);
        cairo_line_to(c, LEFT + (double)col + 0.5, y_of(top, sorted[0]) + 0.5);
    }
    cairo_stroke(c);
    use(c, line);
    for (size_t col = 0; col < COLUMNS; col++)
        cairo_line_to(c, LEFT + (double)col + 0.5, y_of(top, median[col]));
    cairo_stroke(c);
}

static void draw_threshold(cairo_t *c, double y, double x0, double x1)
{
    static const double dashes[] = {7, 4};
    cairo_set_dash(c, dashes, 2, 0);
    stroke(c, limit, 1.6, x0, y, x1, y);
    cairo_set_dash(c, NULL, 0, 0);
}

static void draw_alarms(cairo_t *c, const demo_result *result, const demo_rule *rule, double top)
{
    use(c, ink);
    for (size_t i = 0; i < result->n; i++) {
        size_t begin = i;
        while (i < result->n && rule->alarms[i])
            i++;
        if (i > begin)
            cairo_rectangle(c, x_of(result, (double)begin), top - STRIP,
                            x_of(result, (double)i) - x_of(result, (double)begin), STRIP - 2);
    }
    cairo_fill(c);
    set_font(c, 11, false);
    put_text(c, LEFT - 8, top - 1, 1, "alarm");
}

/* A tick for a fault that was found, a cross for one that was missed. */
static void draw_mark(cairo_t *c, double x, double y, bool found)
{
    use(c, found ? ink : limit);
    cairo_set_line_width(c, 2);
    if (found) {
        cairo_move_to(c, x - 5, y - 4);
        cairo_line_to(c, x - 1.5, y);
        cairo_line_to(c, x + 5, y - 9);
    } else {
        cairo_move_to(c, x - 4, y - 8.5);
        cairo_line_to(c, x + 4, y - 0.5);
        cairo_move_to(c, x + 4, y - 8.5);
        cairo_line_to(c, x - 4, y - 0.5);
    }
    cairo_stroke(c);
}

static void draw_panel(cairo_t *c, const demo_result *result, const demo_machine *machine, int kind, double top)
{
    static const char *const titles[] = {"Prediction error |e \xe2\x88\x92 e\xe2\x80\xb2|", "Reconstruction error e"};
    const demo_rule *rule = &result->rules[kind];
    char title[128];
    draw_bands(c, result, machine, top);
    draw_score_axis(c, top);
    draw_scores(c, result, rule, top);
    draw_threshold(c, y_of(top, rule->threshold), LEFT, WIDTH - RIGHT);
    draw_alarms(c, result, rule, top);
    for (size_t i = 0; i < DEMO_N_FAULTS; i++)
        draw_mark(c, center_of(result, machine, i), top - STRIP - 5, rule->findings[i].found);
    use(c, ink);
    cairo_set_line_width(c, 1);
    cairo_rectangle(c, LEFT, top, WIDTH - LEFT - RIGHT, PANEL_HEIGHT);
    cairo_stroke(c);
    draw_time_axis(c, result, top);
    snprintf(title, sizeof title, "%s: %zu of %d faults, %.1f false alarms a day", titles[kind], rule->found,
             DEMO_N_FAULTS, rule->false_alarms);
    set_font(c, 13, true);
    put_text(c, LEFT + 8, top + 18, 0, title);
}

/* --------------------------------------------------------------------------------------------------------- legend */

static void draw_legend(cairo_t *c, const demo_result *result)
{
    double y = HEIGHT - 18, x = LEFT;
    char text[64];
    set_font(c, 12, false);
    use(c, band);
    cairo_rectangle(c, x, y - 11, 26, 14);
    cairo_fill(c);
    use(c, ink);
    put_text(c, x + 32, y, 0, "true fault");
    x += 120;
    use(c, range);
    cairo_rectangle(c, x, y - 11, 26, 14);
    cairo_fill(c);
    stroke(c, line, 1.5, x, y - 4, x + 26, y - 4);
    snprintf(text, sizeof text, "median and range of %zu minutes", result->n / (WIDTH - LEFT - RIGHT));
    use(c, ink);
    put_text(c, x + 32, y, 0, text);
    x += 262;
    draw_threshold(c, y - 4, x, x + 26);
    snprintf(text, sizeof text, "threshold (%.0f %% of normal minutes)", 100 * DEMO_ALARM_RATE);
    use(c, ink);
    put_text(c, x + 32, y, 0, text);
    x += 285;
    use(c, ink);
    cairo_rectangle(c, x, y - 8, 26, STRIP - 2);
    cairo_fill(c);
    snprintf(text, sizeof text, "alarm (%d of %d minutes)", DEMO_NEEDED, DEMO_WINDOW);
    put_text(c, x + 32, y, 0, text);
    draw_mark(c, x + 218, y, true);
    use(c, ink);
    put_text(c, x + 230, y, 0, "found");
    draw_mark(c, x + 292, y, false);
    use(c, ink);
    put_text(c, x + 303, y, 0, "missed");
}

static void draw_all(cairo_t *c, const demo_result *result, const demo_machine *machine)
{
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    set_font(c, 16, true);
    put_text(c, LEFT, 26, 0, "A pump for two weeks: one network, two ways to use its error, the same alarm rate");
    draw_panel(c, result, machine, DEMO_PREDICTION, FIRST_PANEL);
    draw_panel(c, result, machine, DEMO_RECONSTRUCTION, SECOND_PANEL);
    set_font(c, 12, false);
    for (size_t i = 0; i < DEMO_N_FAULTS; i++)
        put_turned(c, center_of(result, machine, i) - 2, FIRST_PANEL - STRIP - MARK - 4, -DEMO_PI / 6, 0,
                   machine->faults[i].name);
    put_text(c, LEFT + (WIDTH - LEFT - RIGHT) / 2.0, SECOND_PANEL + PANEL_HEIGHT + 36, 0.5, "day");
    draw_legend(c, result);
}

static cairo_status_t draw_on(cairo_surface_t *surface, const demo_result *result, const demo_machine *machine,
                              double scale)
{
    cairo_t *c = cairo_create(surface);
    cairo_scale(c, scale, scale);
    draw_all(c, result, machine);
    cairo_status_t status = cairo_status(c);
    cairo_destroy(c);
    return status;
}

static cairo_status_t draw_png(const char *path, const demo_result *result, const demo_machine *machine)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH * PNG_SCALE, HEIGHT * PNG_SCALE);
    cairo_status_t status = draw_on(surface, result, machine, PNG_SCALE);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png(surface, path);
    cairo_surface_destroy(surface);
    return status;
}

static cairo_status_t draw_svg(const char *path, const demo_result *result, const demo_machine *machine)
{
    cairo_surface_t *surface = cairo_svg_surface_create(path, WIDTH, HEIGHT);
    cairo_status_t status = draw_on(surface, result, machine, 1);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status;
}

const char *demo_draw(const char *path, const demo_result *result, const demo_machine *machine)
{
    const char *ending = strrchr(path, '.');
    cairo_status_t status;
    if (ending && strcmp(ending, ".png") == 0)
        status = draw_png(path, result, machine);
    else if (ending && strcmp(ending, ".svg") == 0)
        status = draw_svg(path, result, machine);
    else
        return "the name of a picture ends in .png or .svg";
    return status == CAIRO_STATUS_SUCCESS ? NULL : cairo_status_to_string(status);
}
