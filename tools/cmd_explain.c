/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aepred explain: the columns that contribute most to each row's score, beside what the model expected there; of images
 * also pictures of that.
 */
#include "feed.h"
#include "output.h"
#include "pictures.h"
#include "tools.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_OUTPUT = OPTION_MODEL_OWN, OPTION_TOP, OPTION_FLAGGED, OPTION_PNG, OPTION_TOP_ROWS };

enum { MOST_TOP_ROWS = 100000, TOP = 3, TOP_ROWS = 10 };

typedef struct explain_args {
    model_args model;
    char *output;
    char *png;            /* folder for pictures; NULL: none */
    size_t top, top_rows; /* 0: not given */
    bool flagged;
} explain_args;

typedef struct ranked {
    float share;
    size_t column;
} ranked;

typedef struct explanation {
    const explain_args *args;
    feed feed;
    output out;
    image_size image; /* that a row is; all 0: none */
    pictures pictures;
    aep_workspace *workspace;
    uint8_t *flags;
    size_t error_size;
    float *scores, *shares, *expected; /* (rows), (rows, columns), (rows, columns) */
    float *errors, *predicted;         /* (rows, error size) */
    ranked *order;                     /* (columns) */
} explanation;

static int by_share(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return (x->column > y->column) - (x->column < y->column);
}

static bool open_all(explanation *e, const explain_args *args, const aep_model *model)
{
    *e = (explanation){.args = args};
    aep_model_image(&e->image.channels, &e->image.height, &e->image.width, model);
    if (args->png && !pictures_open(&e->pictures, model, args->png, args->top_rows ? args->top_rows : TOP_ROWS))
        return false;
    if (!feed_open(&e->feed, model, &args->model.source) || !output_open(&e->out, args->output))
        return false;
    size_t n = e->feed.capacity, n_columns = e->feed.columns.n;
    e->flags = malloc(n);
    e->scores = malloc(n * sizeof *e->scores);
    e->feed.unseen_kept = true;
    e->error_size = aep_model_error_size(model);
    e->errors = malloc(n * e->error_size * sizeof *e->errors);
    e->predicted = malloc(n * e->error_size * sizeof *e->predicted);
    e->shares = malloc(n * n_columns * sizeof *e->shares);
    e->expected = malloc(n * n_columns * sizeof *e->expected);
    e->order = malloc(n_columns * sizeof *e->order);
    if (e->flags && e->scores && e->shares && e->expected && e->errors && e->predicted && e->order &&
        aep_workspace_new(&e->workspace, model) == AEP_OK)
        return true;
    say_error("out of memory");
    return false;
}

static void close_all(explanation *e)
{
    aep_workspace_free(e->workspace);
    free(e->flags);
    free(e->scores);
    free(e->shares);
    free(e->expected);
    free(e->errors);
    free(e->predicted);
    free(e->order);
    output_drop(&e->out);
    pictures_close(&e->pictures);
    feed_close(&e->feed);
}

static void print_value(explanation *e, size_t column, float value)
{
    const feed *f = &e->feed;
    if (isnan(value) || (f->categorical[column] && (value < 0 || value >= (float)f->levels[column].n)))
        return; /* missing, or a word that the model does not know */
    if (f->categorical[column])
        output_cell(&e->out, f->levels[column].names[(size_t)value]);
    else
        output_float(&e->out, value);
}

static void print_found(explanation *e, size_t row, size_t column)
{
    const char *unseen = feed_unseen(&e->feed, row, column);
    if (unseen)
        output_cell(&e->out, unseen);
    else
        print_value(e, column, e->feed.rows[row * e->feed.columns.n + column]);
}

/* An error of the vector form shows as its norm. */
static float norm(const float *values, size_t n)
{
    if (n == 1)
        return values[0];
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)values[i] * values[i];
    return (float)sqrt(sum);
}

static void print_place(explanation *e, size_t column)
{
    const list *names = &e->feed.columns.names;
    size_t width = e->image.width, area = e->image.height * width;
    if (names->n)
        output_cell(&e->out, names->items[column]);
    else if (area)
        fprintf(e->out.file, "%zu:%zu:%zu", column / area + 1, column % area / width + 1, column % width + 1);
    else
        fprintf(e->out.file, "%zu", column + 1);
}

static void print_column(explanation *e, size_t row, size_t rank)
{
    const feed *f = &e->feed;
    FILE *to = e->out.file;
    ranked r = e->order[rank];
    fprintf(to, "%zu,", f->first_row + row);
    output_float(&e->out, e->scores[row]);
    putc(',', to);
    output_float(&e->out, norm(e->errors + row * e->error_size, e->error_size));
    putc(',', to);
    output_float(&e->out, norm(e->predicted + row * e->error_size, e->error_size));
    fprintf(to, ",%zu,", rank + 1);
    print_place(e, r.column);
    putc(',', to);
    output_float(&e->out, r.share);
    putc(',', to);
    print_found(e, row, r.column);
    putc(',', to);
    print_value(e, r.column, e->expected[row * f->columns.n + r.column]);
    putc('\n', to);
}

static void print_row(explanation *e, size_t row)
{
    size_t n = e->feed.columns.n, top = e->args->top ? e->args->top : TOP;
    for (size_t i = 0; i < n; i++)
        e->order[i] = (ranked){e->shares[row * n + i], i};
    qsort(e->order, n, sizeof *e->order, by_share);
    for (size_t rank = 0; rank < n && rank < top; rank++)
        print_column(e, row, rank);
}

static int compute(explanation *e)
{
    const feed *f = &e->feed;
    size_t n = f->n_rows, n_columns = f->columns.n;
    int status = aep_score(e->scores, f->model, e->workspace, f->rows, n, n_columns);
    if (status == AEP_OK && e->args->flagged)
        status = aep_predict(e->flags, f->model, e->scores, n);
    if (status != AEP_OK || e->args->png)
        return status;
    status = aep_explain(e->shares, f->model, e->workspace, f->rows, n, n_columns);
    if (status == AEP_OK)
        status = aep_reconstruct(e->expected, f->model, e->workspace, f->rows, n, n_columns);
    if (status == AEP_OK)
        status = aep_errors(e->errors, e->predicted, f->model, e->workspace, f->rows, n, n_columns);
    return status;
}

static bool explain_rows(explanation *e)
{
    int status = compute(e);
    if (status != AEP_OK) {
        say_error("rows %zu to %zu: %s", e->feed.first_row, e->feed.first_row + e->feed.n_rows - 1,
                  aep_status_str(status));
        return false;
    }
    const uint8_t *flags = e->args->flagged ? e->flags : NULL;
    if (e->args->png)
        return pictures_offer(&e->pictures, &e->feed, e->scores, flags);
    for (size_t i = 0; i < e->feed.n_rows; i++)
        if (!flags || flags[i])
            print_row(e, i);
    return output_good(&e->out);
}

static bool explain_all(explanation *e)
{
    if (!e->args->png)
        fputs("row,score,error,predicted,rank,column,share,value,expected\n", e->out.file);
    int got;
    while ((got = feed_next(&e->feed)) > 0)
        if (!explain_rows(e))
            return false;
    if (got == 0 && e->args->png && !pictures_write(&e->pictures, e->workspace, &e->out))
        return false;
    if (got == 0 && e->args->png && e->args->flagged && e->pictures.best.n == 0)
        say_note(e->args->model.source.quiet, "no row reaches the threshold, so nothing is drawn");
    return got == 0 && output_close(&e->out);
}

/* What was asked for, and the model cannot give. */
static bool check_model(const explain_args *args, const aep_model *model)
{
    double threshold;
    if (args->flagged && aep_model_stat(&threshold, model, AEP_STAT_THRESHOLD) != AEP_OK) {
        say_error("--flagged: %s has no threshold; give one by --threshold", args->model.path);
        return false;
    }
    if (args->png && aep_model_image(NULL, NULL, NULL, model) != AEP_OK) {
        say_error("--png: the rows of %s are no images; train with --image", args->model.path);
        return false;
    }
    return true;
}

static int run(const explain_args *args)
{
    aep_model *model = model_open(&args->model);
    if (!model)
        return STATUS_BAD;
    bool ok = check_model(args, model);
    if (ok) {
        explanation e;
        ok = open_all(&e, args, model) && explain_all(&e);
        close_all(&e);
    }
    aep_model_free(model);
    return ok ? STATUS_OK : STATUS_BAD;
}

static const command_help help = {
    "[OPTION...] MODEL FILE...",
    "Show the columns that contribute most to each row's score: for each a CSV line\n"
    "row,score,error,predicted,rank,column,share,value,expected. error is the row's reconstruction error and "
    "predicted\n"
    "what the model predicted it to be; shares of a row's columns add up to 1; expected is what the model rebuilt.\n"
    "With --png draw that for images instead: a CSV line rank,row,score,picture for each picture.\n",
    NULL};

static bool take(void *payload, int code, const char *value)
{
    explain_args *args = payload;
    double number;
    switch (code) {
    case OPTION_OUTPUT:
        return set_string(&args->output, value);
    case OPTION_TOP:
        if (!parse_number(&number, "--top", value, 1, 1e9))
            return false;
        args->top = (size_t)number;
        return true;
    case OPTION_PNG:
        return set_string(&args->png, value);
    case OPTION_TOP_ROWS:
        if (!parse_number(&number, "--top-rows", value, 1, MOST_TOP_ROWS))
            return false;
        args->top_rows = (size_t)number;
        return true;
    case OPTION_FLAGGED:
        args->flagged = true;
        return true;
    default:
        return model_args_take(&args->model, code, value);
    }
}

int aepred_explain(int argc, char **argv)
{
    const struct poptOption options[] = {
        {"top", 'k', POPT_ARG_STRING, NULL, OPTION_TOP, "Columns to show for a row (default 3)", "K"},
        {"png", '\0', POPT_ARG_STRING, NULL, OPTION_PNG,
         "Draw the rows with the highest scores, if rows are images, into PNG files in this folder: input, "
         "reconstruction, heat map",
         "DIR"},
        {"top-rows", '\0', POPT_ARG_STRING, NULL, OPTION_TOP_ROWS, "How many rows to draw (default 10)", "N"},
        {"flagged", '\0', POPT_ARG_NONE, NULL, OPTION_FLAGGED, "Show only rows that reach the threshold", NULL},
        {"output", 'o', POPT_ARG_STRING, NULL, OPTION_OUTPUT, "Write to FILE instead of standard output (-)", "FILE"},
        MODEL_OPTIONS,
        SOURCE_OPTIONS,
        HELP_OPTION,
        POPT_TABLEEND};
    explain_args args = {0};
    model_args_init(&args.model);
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    int status = take_options(context, &help, take, &args);
    if (status == STATUS_OK && !source_args_rest(&args.model.source, &args.model.path, context))
        status = STATUS_USAGE;
    if (status == STATUS_OK && model_args_overwritten(&args.model, args.output))
        status = STATUS_USAGE;
    if (status == STATUS_OK && args.top_rows && !args.png) {
        usage_error(context, "--top-rows is for --png DIR; --top says how many columns to show");
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK && args.top && args.png) {
        usage_error(context, "--top is for the table of columns, which --png replaces; --top-rows says how many rows "
                             "to draw");
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK)
        status = run(&args);
    poptFreeContext(context);
    model_args_free(&args.model);
    free(args.output);
    free(args.png);
    return status == HELP_SHOWN ? STATUS_OK : status;
}
