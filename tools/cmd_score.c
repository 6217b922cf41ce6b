/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred score: a CSV line of score, p-value and verdict for each row. */
#include "feed.h"
#include "output.h"
#include "tools.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_OUTPUT = OPTION_MODEL_OWN, OPTION_KEEP };

typedef struct score_args {
    model_args model;
    char *output;
} score_args;

typedef struct results {
    float *scores, *pvalues;
    uint8_t *anomalies;
    bool calibrated, has_threshold;
} results;

static bool results_init(results *r, const aep_model *model, size_t capacity)
{
    double rows = 0, threshold;
    aep_model_stat(&rows, model, AEP_STAT_CALIBRATION_ROWS);
    *r = (results){
        .scores = malloc(capacity * sizeof *r->scores),
        .pvalues = malloc(capacity * sizeof *r->pvalues),
        .anomalies = malloc(capacity),
        .calibrated = rows > 0,
        .has_threshold = aep_model_stat(&threshold, model, AEP_STAT_THRESHOLD) == AEP_OK,
    };
    if (r->scores && r->pvalues && r->anomalies)
        return true;
    say_error("out of memory");
    return false;
}

static void results_free(results *r)
{
    free(r->scores);
    free(r->pvalues);
    free(r->anomalies);
}

static int compute(results *r, const feed *f, aep_workspace *workspace)
{
    int status = aep_score(r->scores, f->model, workspace, f->rows, f->n_rows, f->columns.n);
    if (status == AEP_OK && r->calibrated)
        status = aep_pvalue(r->pvalues, f->model, r->scores, f->n_rows);
    if (status == AEP_OK && r->has_threshold)
        status = aep_predict(r->anomalies, f->model, r->scores, f->n_rows);
    return status;
}

static void print_header(const feed *f, output *out)
{
    const list *keep = &f->args->keep, *names = f->columns.kept_names.n ? &f->columns.kept_names : keep;
    fputs("row", out->file);
    for (size_t i = 0; i < keep->n; i++) {
        putc(',', out->file);
        output_cell(out, names->items[i]);
    }
    fputs(",score,p_value,anomaly\n", out->file);
}

static void print(const results *r, const feed *f, output *out)
{
    for (size_t i = 0; i < f->n_rows; i++) {
        size_t n_kept = f->columns.kept_names.n;
        fprintf(out->file, "%zu,", f->first_row + i);
        for (size_t k = 0; k < n_kept; k++) {
            output_cell(out, f->kept.items[i * n_kept + k]);
            putc(',', out->file);
        }
        output_float(out, r->scores[i]);
        putc(',', out->file);
        if (r->calibrated)
            output_float(out, r->pvalues[i]);
        fputs(r->has_threshold ? r->anomalies[i] ? ",1\n" : ",0\n" : ",\n", out->file);
    }
}

static bool score_all(feed *f, results *r, aep_workspace *workspace, output *out)
{
    int got = feed_next(f);
    if (got >= 0)
        print_header(f, out);
    for (; got > 0; got = feed_next(f)) {
        int status = compute(r, f, workspace);
        if (status != AEP_OK) {
            say_error("rows %zu to %zu: %s", f->first_row, f->first_row + f->n_rows - 1, aep_status_str(status));
            return false;
        }
        print(r, f, out);
        if (!output_good(out))
            return false;
    }
    return got == 0;
}

static int run(const score_args *args)
{
    aep_model *model = model_open(&args->model);
    if (!model)
        return STATUS_BAD;
    feed f;
    results r = {0};
    output out = {0};
    aep_workspace *workspace = NULL;
    bool ok = feed_open(&f, model, &args->model.source) && results_init(&r, model, f.capacity) &&
              output_open(&out, args->output);
    if (ok && aep_workspace_new(&workspace, model) != AEP_OK) {
        say_error("out of memory");
        ok = false;
    }
    ok = ok && score_all(&f, &r, workspace, &out) && output_close(&out);
    output_drop(&out);
    aep_workspace_free(workspace);
    results_free(&r);
    feed_close(&f);
    aep_model_free(model);
    return ok ? STATUS_OK : STATUS_BAD;
}

static const command_help help = {
    "[OPTION...] MODEL FILE...",
    "Score the rows of CSV, NPY, IDX or CIFAR-10 files (plain or gzip; - is standard input): a CSV line\n"
    "row,score,p_value,anomaly for each. Columns are matched by name where the model and the file have names, else\n"
    "by position.\n",
    NULL};

static bool take(void *payload, int code, const char *value)
{
    score_args *args = payload;
    switch (code) {
    case OPTION_OUTPUT:
        return set_string(&args->output, value);
    case OPTION_KEEP:
        return list_add_commas(&args->model.source.keep, value);
    default:
        return model_args_take(&args->model, code, value);
    }
}

int aepred_score(int argc, char **argv)
{
    const struct poptOption options[] = {
        {"output", 'o', POPT_ARG_STRING, NULL, OPTION_OUTPUT, "Write to FILE instead of standard output (-)", "FILE"},
        {"keep", '\0', POPT_ARG_STRING, NULL, OPTION_KEEP, "Columns of the input to show behind the row's number",
         "COL,..."},
        MODEL_OPTIONS,
        SOURCE_OPTIONS,
        HELP_OPTION,
        POPT_TABLEEND};
    score_args args = {0};
    model_args_init(&args.model);
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    int status = take_options(context, &help, take, &args);
    if (status == STATUS_OK && !source_args_rest(&args.model.source, &args.model.path, context))
        status = STATUS_USAGE;
    if (status == STATUS_OK && model_args_overwritten(&args.model, args.output))
        status = STATUS_USAGE;
    if (status == STATUS_OK)
        status = run(&args);
    poptFreeContext(context);
    model_args_free(&args.model);
    free(args.output);
    return status == HELP_SHOWN ? STATUS_OK : status;
}
