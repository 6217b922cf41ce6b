/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred drift: how far rows have moved from those that a model was calibrated on. */
#include "canvas.h"
#include "drift.h"
#include "feed.h"
#include "output.h"
#include "shown.h"
#include "tools.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_OUTPUT = OPTION_MODEL_OWN, OPTION_CSV, OPTION_ALL, OPTION_PLOT };
enum { SHOWN = 20, NAME_SIZE = 64, NAME_WIDTH = 28 };

/* A change is called one where chance gives it in one case of a hundred, over all variables together. */
static const double significance = 0.01;

typedef struct drift_args {
    model_args model;
    char *output, *plot;
    bool csv, all;
} drift_args;

static const char *const kinds[] = {"score", "latent", "column"};
static const char *const verdicts[] = {"", "moderate", "large"};

/* ----------------------------------------------------------------------------------------------------- figures */

static double figure(const aep_drift *drift, int kind, size_t index, int which)
{
    double value;
    return aep_drift_get(&value, drift, kind, index, which) == AEP_OK ? value : NAN;
}

static char *name_of(const aep_model *model, int kind, size_t index)
{
    const char *name = kind == AEP_DRIFT_SCORE ? "score" : aep_model_column_name(model, index);
    char text[NAME_SIZE];
    if (kind != AEP_DRIFT_CODE && name)
        return strdup(name);
    snprintf(text, sizeof text, kind == AEP_DRIFT_CODE ? "latent %zu" : "column %zu", index + 1);
    return strdup(text);
}

static bool add_shifts(drift_report *report, const aep_drift *drift, const aep_model *model, int kind, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        shift *s = &report->shifts[report->n++];
        *s = (shift){.name = name_of(model, kind, i),
                     .kind = kind,
                     .index = i,
                     .psi = figure(drift, kind, i, AEP_DRIFT_PSI),
                     .psi_noise = figure(drift, kind, i, AEP_DRIFT_PSI_NOISE),
                     .psi_p = figure(drift, kind, i, AEP_DRIFT_PSI_PVALUE),
                     .ks = figure(drift, kind, i, AEP_DRIFT_KS),
                     .ks_p = figure(drift, kind, i, AEP_DRIFT_KS_PVALUE),
                     .rows_needed = figure(drift, kind, i, AEP_DRIFT_ROWS_NEEDED)};
        if (!s->name)
            return false;
    }
    return true;
}

static int in_order(const void *a, const void *b)
{
    const shift *s = a, *t = b;
    const bool same_change = (s->moved != MOVED_NOT) == (t->moved != MOVED_NOT);
    if (!same_change)
        return s->moved ? -1 : 1;
    if (s->psi != t->psi)
        return s->psi < t->psi ? 1 : -1;
    if (s->kind != t->kind)
        return s->kind < t->kind ? -1 : 1;
    return s->index < t->index ? -1 : s->index > t->index;
}

static void judge(drift_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        shift *s = &report->shifts[i];
        const bool chance = s->psi_p * (double)report->n > significance || s->psi <= s->psi_noise;
        s->moved = chance || s->psi < DRIFT_SOME ? MOVED_NOT : s->psi < DRIFT_MUCH ? MOVED_SOME : MOVED_MUCH;
    }
}

static bool report_init(drift_report *report, const aep_drift *drift, const aep_model *model)
{
    size_t sizes[3];
    const bool image = aep_model_image(&sizes[0], &sizes[1], &sizes[2], model) == AEP_OK;
    const size_t n_codes = aep_model_code_size(model), n_columns = image ? 0 : aep_model_n_columns(model);
    *report = (drift_report){.shifts = calloc(1 + n_codes + n_columns, sizeof *report->shifts)};
    aep_drift_rows(&report->n_rows, &report->n_reference, drift);
    if (!report->shifts || !add_shifts(report, drift, model, AEP_DRIFT_SCORE, 1) ||
        !add_shifts(report, drift, model, AEP_DRIFT_CODE, n_codes) ||
        !add_shifts(report, drift, model, AEP_DRIFT_COLUMN, n_columns)) {
        say_error("out of memory");
        return false;
    }
    judge(report);
    return true;
}

static void report_free(drift_report *report)
{
    for (size_t i = 0; i < report->n; i++)
        free(report->shifts[i].name);
    free(report->shifts);
}

/* ------------------------------------------------------------------------------------------------------ output */

static void print_csv_number(output *out, double value)
{
    putc(',', out->file);
    if (!isnan(value))
        fprintf(out->file, "%.9g", value);
}

static void print_csv(const drift_report *report, output *out)
{
    fputs("kind,variable,psi,psi_noise,psi_p_value,ks,ks_p_value,rows_needed,change\n", out->file);
    for (size_t i = 0; i < report->n; i++) {
        const shift *s = &report->shifts[i];
        fprintf(out->file, "%s,", kinds[s->kind]);
        output_cell(out, s->name);
        print_csv_number(out, s->psi);
        print_csv_number(out, s->psi_noise);
        print_csv_number(out, s->psi_p);
        print_csv_number(out, s->ks);
        print_csv_number(out, s->ks_p);
        print_csv_number(out, s->rows_needed);
        fprintf(out->file, ",%s\n", verdicts[s->moved]);
    }
}

static void print_row(const shift *s, output *out)
{
    char name[SHOWN_SIZE];
    const size_t width = shown_name(name, s->name, NAME_WIDTH);
    fprintf(out->file, "%s%*s %8.3f %8.3f %9.2g", name, (int)(NAME_WIDTH - width), "", s->psi, s->psi_noise, s->psi_p);
    if (isnan(s->ks))
        fprintf(out->file, " %7s %9s", "-", "-");
    else
        fprintf(out->file, " %7.3f %9.2g", s->ks, s->ks_p);
    fprintf(out->file, s->moved ? "  %s\n" : "\n", verdicts[s->moved]);
}

static void print_table(const drift_report *report, output *out, bool all)
{
    size_t n_moved = 0, shown = 0;
    for (size_t i = 0; i < report->n; i++)
        n_moved += report->shifts[i].moved != MOVED_NOT;
    fprintf(out->file, "%zu rows beside %zu of the calibration: %zu of %zu variables have moved\n\n", report->n_rows,
            report->n_reference, n_moved, report->n);
    fprintf(out->file, "%-*s %8s %8s %9s %7s %9s  %s\n", NAME_WIDTH, "variable", "PSI", "chance", "p", "KS", "p",
            "change");
    for (; shown < report->n && (all || shown < SHOWN || report->shifts[shown].moved); shown++)
        print_row(&report->shifts[shown], out);
    if (shown < report->n)
        fprintf(out->file, "and %zu more; --all shows them\n", report->n - shown);
}

/* Of the variable that needs most. */
static void warn_of_few_rows(const drift_report *report)
{
    const shift *most = report->shifts;
    char name[SHOWN_SIZE];
    for (size_t i = 1; i < report->n; i++)
        most = report->shifts[i].psi_noise > most->psi_noise ? &report->shifts[i] : most;
    if (most->psi_noise <= DRIFT_SOME)
        return;
    shown_name(name, most->name, NAME_WIDTH);
    const double n = (double)report->n_rows, m = (double)report->n_reference;
    if (isfinite(most->rows_needed))
        say_warning("%zu rows are few: the index of %s reaches %.2f by chance; give at least %.0f rows", report->n_rows,
                    name, most->psi_noise, most->rows_needed);
    else
        say_warning(
            "the model was calibrated on %zu rows, too few for a moderate change of %s, whose index reaches %.2f "
            "by chance: calibrate on more than %.0f rows (train --calibration)",
            report->n_reference, name, most->psi_noise, most->psi_noise / (1 / n + 1 / m) / DRIFT_SOME);
}

/* --------------------------------------------------------------------------------------------------------- run */

/* Moves the rows that their labels call normal to the front, as those are that were calibrated on. */
static size_t keep_normal(feed *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_rows; i++) {
        if (f->labels[i])
            continue;
        memmove(f->rows + n * f->columns.n, f->rows + i * f->columns.n, f->columns.n * sizeof *f->rows);
        n++;
    }
    return n;
}

static bool add_all(size_t *left_out, aep_drift *drift, feed *f, aep_workspace *workspace)
{
    int got;
    while ((got = feed_next(f)) > 0) {
        const size_t n = keep_normal(f);
        *left_out += f->n_rows - n;
        const int status = n ? aep_drift_add(drift, f->model, workspace, f->rows, n, f->columns.n) : AEP_OK;
        if (status != AEP_OK) {
            say_error("rows %zu to %zu: %s", f->first_row, f->first_row + f->n_rows - 1, aep_status_str(status));
            return false;
        }
    }
    return got == 0;
}

static bool write_report(drift_report *report, const drift_args *args)
{
    output out = {0};
    warn_of_few_rows(report);
    bool ok = output_open(&out, args->output);
    if (ok && args->csv)
        print_csv(report, &out);
    qsort(report->shifts, report->n, sizeof *report->shifts, in_order);
    if (ok && !args->csv)
        print_table(report, &out, args->all);
    ok = ok && output_close(&out);
    output_drop(&out);
    const char *wrong = ok && args->plot ? drift_draw(args->plot, report, args->model.path) : NULL;
    if (wrong)
        say_error("%s: %s", args->plot, wrong);
    return ok && !wrong;
}

static bool compare(const aep_model *model, feed *f, const drift_args *args)
{
    aep_drift *drift = NULL;
    aep_workspace *workspace = NULL;
    drift_report report = {0};
    size_t n_rows = 0, left_out = 0;
    int status = aep_drift_new(&drift, model);
    if (status == AEP_OK)
        status = aep_workspace_new(&workspace, model);
    bool ok = status == AEP_OK && add_all(&left_out, drift, f, workspace);
    if (status == AEP_E_STATE)
        say_error(
            "%s: the model was not calibrated, or by a version before 0.4: train it again, with --calibration above 0",
            args->model.path);
    else if (status != AEP_OK)
        say_error("%s", aep_status_str(status));
    if (ok && (aep_drift_rows(&n_rows, NULL, drift) != AEP_OK || !n_rows)) {
        say_error(left_out ? "there are no normal rows to compare" : "there are no rows to compare");
        ok = false;
    }
    if (ok && left_out)
        say_note(args->model.source.quiet, "%zu rows with labels of anomalies are left out", left_out);
    ok = ok && report_init(&report, drift, model) && write_report(&report, args);
    report_free(&report);
    aep_workspace_free(workspace);
    aep_drift_free(drift);
    return ok;
}

static int run(const drift_args *args)
{
    aep_model *model = model_open(&args->model);
    if (!model)
        return STATUS_BAD;
    feed f;
    const bool ok = feed_open(&f, model, &args->model.source) && compare(model, &f, args);
    feed_close(&f);
    aep_model_free(model);
    return ok ? STATUS_OK : STATUS_BAD;
}

/* --------------------------------------------------------------------------------------------------- arguments */

static const command_help help = {
    "[OPTION...] MODEL FILE...",
    "Compare rows with those that the model was calibrated on: the score, each latent variable, each column, by the\n"
    "population stability index (0.1: moderate, 0.25: large change) and the distance of Kolmogorov and Smirnov. A "
    "change\n"
    "is named where chance would give it in less than one case of a hundred. Rows whose labels call them anomalies are "
    "left out.\n",
    NULL};

static bool take(void *payload, int code, const char *value)
{
    drift_args *args = payload;
    switch (code) {
    case OPTION_OUTPUT:
        return set_string(&args->output, value);
    case OPTION_CSV:
        args->csv = true;
        return true;
    case OPTION_ALL:
        args->all = true;
        return true;
    case OPTION_PLOT:
        if (canvas_name(value)) {
            say_error("--plot %s: %s", value, canvas_name(value));
            return false;
        }
        return set_string(&args->plot, value);
    default:
        return model_args_take(&args->model, code, value);
    }
}

int aepred_drift(int argc, char **argv)
{
    const struct poptOption options[] = {
        {"output", 'o', POPT_ARG_STRING, NULL, OPTION_OUTPUT, "Write to FILE instead of standard output (-)", "FILE"},
        {"csv", '\0', POPT_ARG_NONE, NULL, OPTION_CSV, "Write all figures as CSV instead of a table", NULL},
        {"all", '\0', POPT_ARG_NONE, NULL, OPTION_ALL, "Show all variables, not the first 20 and those that moved",
         NULL},
        {"plot", '\0', POPT_ARG_STRING, NULL, OPTION_PLOT, "Draw a picture too; the name ends in .png or .svg", "FILE"},
        SOURCE_OPTIONS,
        HELP_OPTION,
        POPT_TABLEEND};
    drift_args args = {0};
    model_args_init(&args.model);
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    int status = take_options(context, &help, take, &args);
    if (status == STATUS_OK && !source_args_rest(&args.model.source, &args.model.path, context))
        status = STATUS_USAGE;
    if (status == STATUS_OK &&
        (model_args_overwritten(&args.model, args.output) || model_args_overwritten(&args.model, args.plot)))
        status = STATUS_USAGE;
    if (status == STATUS_OK)
        status = run(&args);
    poptFreeContext(context);
    model_args_free(&args.model);
    free(args.output);
    free(args.plot);
    return status == HELP_SHOWN ? STATUS_OK : status;
}
