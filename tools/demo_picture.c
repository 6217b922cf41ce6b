/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The picture of the demonstration: prediction error above, plain reconstruction error below, on the same axes, with
 * thresholds, alarms and the true faults. Made to be told apart in grey as well.
 */
#include "canvas.h"
#include "demo.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 1200, HEIGHT = 784, LEFT = 72, RIGHT = 24, PANEL_HEIGHT = 250, STRIP = 9, MARK = 18 };
enum { FIRST_PANEL = 142, SECOND_PANEL = FIRST_PANEL + PANEL_HEIGHT + 62 };

/* The logarithmic axis, in standard deviations of the sensors. */
#define SCORE_LOW  0.01
#define SCORE_HIGH 30.0

static const color band = {0.90, 0.90, 0.92}, range = {0.62, 0.74, 0.87}, line = {0.06, 0.24, 0.50};

static double x_of(const demo_result *result, double minute)
{
    return LEFT + minute / (double)result->n * (WIDTH - LEFT - RIGHT);
}

static double y_of(double top, double score)
{
    double share = log(fmax(SCORE_LOW, fmin(SCORE_HIGH, score)) / SCORE_LOW) / log(SCORE_HIGH / SCORE_LOW);
    return top + PANEL_HEIGHT * (1 - share);
}

/* ---------------------------------------------------------------------------------------------------------- axes */

static void draw_score_axis(cairo_t *c, double top)
{
    canvas_font(c, 12, false);
    for (double decade = SCORE_LOW; decade < SCORE_HIGH; decade *= 10) {
        char text[16];
        snprintf(text, sizeof text, "%g", decade);
        canvas_line(c, canvas_faint, 1, LEFT, y_of(top, decade), WIDTH - RIGHT, y_of(top, decade));
        canvas_use(c, canvas_ink);
        canvas_text(c, LEFT - 8, y_of(top, decade) + 4, 1, text);
        for (int i = 2; i < 10 && i * decade < SCORE_HIGH; i++)
            canvas_line(c, canvas_ink, 0.7, LEFT - 4, y_of(top, i * decade), LEFT, y_of(top, i * decade));
    }
    canvas_turned(c, 20, top + PANEL_HEIGHT / 2.0, -DEMO_PI / 2, 0.5, "score (standard deviations)");
}

static void draw_time_axis(cairo_t *c, const demo_result *result, double top)
{
    canvas_font(c, 12, false);
    for (size_t day = 0; day <= result->n / DEMO_DAY; day++) {
        double x = x_of(result, (double)(day * DEMO_DAY));
        canvas_line(c, canvas_ink, 1, x, top + PANEL_HEIGHT, x, top + PANEL_HEIGHT + 5);
        if (day < result->n / DEMO_DAY) {
            char text[24];
            snprintf(text, sizeof text, "%zu", day + 1);
            canvas_text(c, x_of(result, ((double)day + 0.5) * DEMO_DAY), top + PANEL_HEIGHT + 17, 0.5, text);
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
    canvas_use(c, band);
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
    canvas_use(c, range);
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
    canvas_use(c, line);
    for (size_t col = 0; col < COLUMNS; col++)
        cairo_line_to(c, LEFT + (double)col + 0.5, y_of(top, median[col]));
    cairo_stroke(c);
}

static void draw_alarms(cairo_t *c, const demo_result *result, const demo_rule *rule, double top)
{
    canvas_use(c, canvas_ink);
    for (size_t i = 0; i < result->n; i++) {
        size_t begin = i;
        while (i < result->n && rule->alarms[i])
            i++;
        if (i > begin)
            cairo_rectangle(c, x_of(result, (double)begin), top - STRIP,
                            x_of(result, (double)i) - x_of(result, (double)begin), STRIP - 2);
    }
    cairo_fill(c);
    canvas_font(c, 11, false);
    canvas_text(c, LEFT - 8, top - 1, 1, "alarm");
}

/* A tick for a fault that was found, a cross for one that was missed. */
static void draw_mark(cairo_t *c, double x, double y, bool found)
{
    canvas_use(c, found ? canvas_ink : canvas_limit);
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
    canvas_dashed(c, canvas_limit, 1.6, LEFT, y_of(top, rule->threshold), WIDTH - RIGHT, y_of(top, rule->threshold));
    draw_alarms(c, result, rule, top);
    for (size_t i = 0; i < DEMO_N_FAULTS; i++)
        draw_mark(c, center_of(result, machine, i), top - STRIP - 5, rule->findings[i].found);
    canvas_use(c, canvas_ink);
    cairo_set_line_width(c, 1);
    cairo_rectangle(c, LEFT, top, WIDTH - LEFT - RIGHT, PANEL_HEIGHT);
    cairo_stroke(c);
    draw_time_axis(c, result, top);
    snprintf(title, sizeof title, "%s: %zu of %d faults, %.1f false alarms a day", titles[kind], rule->found,
             DEMO_N_FAULTS, rule->false_alarms);
    canvas_font(c, 13, true);
    canvas_text(c, LEFT + 8, top + 18, 0, title);
}

/* --------------------------------------------------------------------------------------------------------- legend */

static void draw_legend(cairo_t *c, const demo_result *result)
{
    double y = HEIGHT - 18, x = LEFT;
    char text[64];
    canvas_font(c, 12, false);
    canvas_use(c, band);
    cairo_rectangle(c, x, y - 11, 26, 14);
    cairo_fill(c);
    canvas_use(c, canvas_ink);
    canvas_text(c, x + 32, y, 0, "true fault");
    x += 120;
    canvas_use(c, range);
    cairo_rectangle(c, x, y - 11, 26, 14);
    cairo_fill(c);
    canvas_line(c, line, 1.5, x, y - 4, x + 26, y - 4);
    snprintf(text, sizeof text, "median and range of %zu minutes", result->n / (WIDTH - LEFT - RIGHT));
    canvas_use(c, canvas_ink);
    canvas_text(c, x + 32, y, 0, text);
    x += 262;
    canvas_dashed(c, canvas_limit, 1.6, x, y - 4, x + 26, y - 4);
    snprintf(text, sizeof text, "threshold (%.0f %% of normal minutes)", 100 * DEMO_ALARM_RATE);
    canvas_use(c, canvas_ink);
    canvas_text(c, x + 32, y, 0, text);
    x += 285;
    canvas_use(c, canvas_ink);
    cairo_rectangle(c, x, y - 8, 26, STRIP - 2);
    cairo_fill(c);
    snprintf(text, sizeof text, "alarm (%d of %d minutes)", DEMO_NEEDED, DEMO_WINDOW);
    canvas_text(c, x + 32, y, 0, text);
    draw_mark(c, x + 218, y, true);
    canvas_use(c, canvas_ink);
    canvas_text(c, x + 230, y, 0, "found");
    draw_mark(c, x + 292, y, false);
    canvas_use(c, canvas_ink);
    canvas_text(c, x + 303, y, 0, "missed");
}

/* What there is to draw. */
typedef struct story {
    const demo_result *result;
    const demo_machine *machine;
} story;

static void draw_all(cairo_t *c, const void *payload)
{
    const story *s = payload;
    const demo_result *result = s->result;
    const demo_machine *machine = s->machine;
    canvas_font(c, 16, true);
    canvas_text(c, LEFT, 26, 0, "A pump for two weeks: one network, two ways to use its error, the same alarm rate");
    draw_panel(c, result, machine, DEMO_PREDICTION, FIRST_PANEL);
    draw_panel(c, result, machine, DEMO_RECONSTRUCTION, SECOND_PANEL);
    canvas_font(c, 12, false);
    for (size_t i = 0; i < DEMO_N_FAULTS; i++)
        canvas_turned(c, center_of(result, machine, i) - 2, FIRST_PANEL - STRIP - MARK - 4, -DEMO_PI / 6, 0,
                      machine->faults[i].name);
    canvas_text(c, LEFT + (WIDTH - LEFT - RIGHT) / 2.0, SECOND_PANEL + PANEL_HEIGHT + 36, 0.5, "day");
    draw_legend(c, result);
}

const char *demo_draw(const char *path, const demo_result *result, const demo_machine *machine)
{
    return canvas_save(path, WIDTH, HEIGHT, draw_all, &(story){result, machine});
}
