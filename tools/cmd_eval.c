/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred eval: detection quality on labelled rows. */
#include "feed.h"
#include "tools.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_JSON = OPTION_MODEL_OWN };

typedef struct eval_args {
    model_args model;
    bool json;
} eval_args;

typedef struct scored {
    float *scores;
    uint8_t *labels;
    size_t n, capacity, labels_capacity;
} scored;

/* NaN: not defined, for want of a threshold, of flagged rows or of rows of one class. */
typedef struct quality {
    size_t rows, anomalies;
    double threshold, precision, recall, f1, f1_at_true_count, auroc, average_precision;
} quality;

static bool add(scored *all, const feed *f, const float *scores)
{
    for (size_t i = 0; i < f->n_rows; i++) {
        if (!grow(&all->scores, all->n, &all->capacity, sizeof *all->scores) ||
            !grow(&all->labels, all->n, &all->labels_capacity, sizeof *all->labels))
            return false;
        all->scores[all->n] = scores[i];
        all->labels[all->n++] = f->labels[i];
    }
    return true;
}

static bool score_rows(scored *all, feed *f)
{
    aep_workspace *workspace = NULL;
    float *scores = malloc(f->capacity * sizeof *scores);
    bool ok = scores && aep_workspace_new(&workspace, f->model) == AEP_OK;
    if (!ok)
        say_error("out of memory");
    int got = 0;
    while (ok && (got = feed_next(f)) > 0) {
        int status = aep_score(scores, f->model, workspace, f->rows, f->n_rows, f->columns.n);
        if (status != AEP_OK)
            say_error("rows %zu to %zu: %s", f->first_row, f->first_row + f->n_rows - 1, aep_status_str(status));
        ok = status == AEP_OK && add(all, f, scores);
    }
    aep_workspace_free(workspace);
    free(scores);
    return ok && got == 0;
}

static bool any_flagged(const scored *all, double threshold)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->scores[i] >= threshold)
            return true;
    return false;
}

static int measure(quality *q, const scored *all, const aep_model *model)
{
    *q = (quality){.rows = all->n, .precision = NAN, .recall = NAN, .f1 = NAN, .f1_at_true_count = NAN};
    for (size_t i = 0; i < all->n; i++)
        q->anomalies += all->labels[i];
    int status = AEP_OK;
    if (aep_model_stat(&q->threshold, model, AEP_STAT_THRESHOLD) == AEP_OK && q->anomalies) {
        status =
            aep_metrics_at_threshold(&q->precision, &q->recall, &q->f1, all->scores, all->labels, all->n, q->threshold);
        if (!any_flagged(all, q->threshold))
            q->precision = NAN;
    }
    if (status == AEP_OK && q->anomalies)
        status = aep_metrics_at_count(NULL, NULL, &q->f1_at_true_count, all->scores, all->labels, all->n, q->anomalies,
                                      NULL);
    if (status == AEP_OK)
        status = aep_metrics_auroc(&q->auroc, all->scores, all->labels, all->n, NULL);
    if (status == AEP_OK || status == AEP_E_STATE)
        status = aep_metrics_average_precision(&q->average_precision, all->scores, all->labels, all->n, NULL);
    return status == AEP_E_STATE ? AEP_OK : status;
}

static void print_figure(const char *name, double value)
{
    if (isnan(value))
        printf("%-21s-\n", name);
    else
        printf("%-21s%.6g\n", name, value);
}

static void print_text(const quality *q)
{
    printf("%-21s%zu\n%-21s%zu\n", "rows", q->rows, "anomalies", q->anomalies);
    print_figure("threshold", q->threshold);
    print_figure("precision", q->precision);
    print_figure("recall", q->recall);
    print_figure("F1", q->f1);
    print_figure("F1 at true count", q->f1_at_true_count);
    print_figure("AUROC", q->auroc);
    print_figure("average precision", q->average_precision);
}

static json_t *figure(double value) { return isnan(value) ? json_null() : json_real(value); }

static bool print_json(const quality *q)
{
    json_t *object =
        json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rows", (json_int_t)q->rows, "anomalies",
                  (json_int_t)q->anomalies, "threshold", figure(q->threshold), "precision", figure(q->precision),
                  "recall", figure(q->recall), "f1", figure(q->f1), "f1_at_true_count", figure(q->f1_at_true_count),
                  "auroc", figure(q->auroc), "average_precision", figure(q->average_precision));
    if (!object) {
        say_error("out of memory");
        return false;
    }
    json_dumpf(object, stdout, JSON_COMPACT); /* a failure shows in stdout's error flag */
    putchar('\n');
    json_decref(object);
    return true;
}

static bool evaluate(const eval_args *args, const aep_model *model, feed *f, scored *all)
{
    if (!feed_open(f, model, &args->model.source) || !score_rows(all, f))
        return false;
    if (all->n == 0) {
        say_error("the input has no rows");
        return false;
    }
    labels_check(&args->model.source, &f->labels_seen);
    quality q;
    int status = measure(&q, all, model);
    if (status != AEP_OK) {
        say_error("evaluation: %s", aep_status_str(status));
        return false;
    }
    if (q.anomalies == 0 || q.anomalies == q.rows)
        say_warning("all rows are %s, so not every figure is defined", q.anomalies ? "anomalies" : "normal");
    if (args->json)
        return print_json(&q);
    print_text(&q);
    return true;
}

static int run(const eval_args *args)
{
    aep_model *model = model_open(&args->model);
    if (!model)
        return STATUS_BAD;
    feed f;
    scored all = {0};
    bool ok = evaluate(args, model, &f, &all);
    feed_close(&f);
    free(all.scores);
    free(all.labels);
    aep_model_free(model);
    return ok ? STATUS_OK : STATUS_BAD;
}

static const command_help help = {
    "[OPTION...] MODEL FILE... --label COL|--labels FILE --anomaly|--normal VALUE,...",
    "Score labelled rows and print how well the model tells anomalies from normal rows.\n", NULL};

static bool take(void *payload, int code, const char *value)
{
    eval_args *args = payload;
    if (code != OPTION_JSON)
        return model_args_take(&args->model, code, value);
    args->json = true;
    return true;
}

int aepred_eval(int argc, char **argv)
{
    const struct poptOption options[] = {
        {"json", '\0', POPT_ARG_NONE, NULL, OPTION_JSON, "Print one JSON object", NULL},
        MODEL_OPTIONS,
        SOURCE_OPTIONS,
        HELP_OPTION,
        POPT_TABLEEND};
    eval_args args = {0};
    model_args_init(&args.model);
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    int status = take_options(context, &help, take, &args);
    if (status == STATUS_OK && !source_args_rest(&args.model.source, &args.model.path, context))
        status = STATUS_USAGE;
    if (status == STATUS_OK && !args.model.source.normal.n && !args.model.source.anomaly.n) {
        usage_error(context,
                    "--normal or --anomaly VALUE,... and --label COL or --labels FILE are needed, to know the truth");
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK)
        status = run(&args);
    poptFreeContext(context);
    model_args_free(&args.model);
    return status == HELP_SHOWN ? STATUS_OK : status;
}
