/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred train: read, split, fit, calibrate, save. */
#include "columns.h"
#include "output.h"
#include "sample.h"
#include "table.h"
#include "tools.h"
#include "train_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_ROWS = 100 };

typedef struct training {
    train_args *args;
    input *in;
    columns columns;
    table table;
    sample share;
    label_counts labels;
    output rest;
    list rest_header; /* as written: empty before, or without header */
    size_t n_anomalies;
    uint64_t seed;
} training;

static bool setup(training *t, train_args *args)
{
    double seed = 0;
    aep_options_get(&seed, args->options, AEP_OPT_SEED);
    *t = (training){.args = args, .seed = (uint64_t)seed, .in = input_new(&args->source, args->rest)};
    t->columns.image = args->image;
    t->columns.image_from = "--image says";
    t->columns.image_given = args->image.channels > 0;
    t->columns.wanted_by = "the files before have";
    sample_share(&t->share, t->seed, args->share);
    return t->in && label_counts_init(&t->labels, &args->source) && (!args->rest || output_open(&t->rest, args->rest));
}

static void cleanup(training *t)
{
    output_drop(&t->rest);
    list_free(&t->rest_header);
    table_free(&t->table);
    columns_free(&t->columns);
    label_counts_free(&t->labels);
    input_free(t->in);
}

/* What the library's log has said of image layers. */
typedef struct layer_log {
    bool *quiet;
    bool refused, in_decoder;
} layer_log;

static void say_layer_log(int level, const char *message, void *payload)
{
    layer_log *log = payload;
    log->refused = log->refused || (level == AEP_LOG_ERROR && strstr(message, "image layer"));
    log->in_decoder = log->in_decoder || strstr(message, "of the decoder");
    say_log(level, message, log->quiet);
}

static bool fit_layers(const train_args *args, const image_size *image, size_t n_columns)
{
    aep_model *model;
    if (aep_options_set_image(args->options, image->channels, image->height, image->width) != AEP_OK ||
        conv_spec_apply(&args->conv, AEP_PART_ENCODER, args->options) != AEP_OK ||
        conv_spec_apply(&args->deconv, AEP_PART_DECODER, args->options) != AEP_OK ||
        aep_model_new(&model, args->options, n_columns) != AEP_OK)
        return false; /* the library has told why */
    aep_model_free(model);
    return true;
}

/* What the options say of images is tried before all rows are read. */
static bool try_image(training *t)
{
    train_args *args = t->args;
    layer_log log = {.quiet = &args->source.quiet};
    char size[IMAGE_TEXT_SIZE];
    aep_options_set_log(args->options, say_layer_log, &log);
    bool ok = fit_layers(args, &t->columns.image, t->columns.n);
    aep_options_set_log(args->options, say_log, &args->source.quiet);
    const char *option = log.in_decoder && args->deconv.n ? "--deconv" : args->conv.n ? "--conv" : NULL;
    image_text(size, &t->columns.image);
    if (log.refused && option)
        say_error("%s: its layers do not fit images of %s (channels,height,width)", option, size);
    else if (log.refused)
        say_error("the default layers do not fit images of %s (channels,height,width); give others by --conv", size);
    return ok;
}

/* The rows are no images: what asks for them is refused. */
static bool check_no_image(const training *t)
{
    const train_args *args = t->args;
    double noise = AEP_NOISE_NONE;
    aep_options_get(&noise, args->options, AEP_OPT_NOISE);
    const char *option = args->conv.n                    ? "--conv"
                         : args->deconv.n                ? "--deconv"
                         : (int)noise == AEP_NOISE_BLOCK ? "--set noise=block"
                                                         : NULL;
    if (option && args->no_image)
        say_error("--image none: without images there is nothing for %s to do", option);
    else if (option)
        say_error("%s: %s is for images; give their size by --image CHANNELS,HEIGHT,WIDTH", t->in->stream.name, option);
    return !option;
}

/* Are the rows images? The first file is open, and its columns are known. */
static bool begin_image(training *t)
{
    const train_args *args = t->args;
    const char *name = t->in->stream.name;
    image_size *image = &t->columns.image;
    char size[IMAGE_TEXT_SIZE];
    if (args->no_image)
        return check_no_image(t);
    if (!image->channels) {
        *image = t->in->image;
        t->columns.image_from = "those before are";
    }
    if (!image->channels)
        return check_no_image(t);
    if (image_values(image) != t->columns.n) {
        const char *advice = columns_advice(t->in, t->columns.n, image_values(image));
        say_error("%s: has %zu column%s, and images of %s (channels,height,width) have %zu%s%s", name, t->columns.n,
                  t->columns.n == 1 ? "" : "s", image_text(size, image), image_values(image), advice,
                  t->in->image.channels ? ""
                  : *advice             ? ", or check --image"
                                        : "; check --image");
        return false;
    }
    say_note(args->source.quiet, "rows are images of %s (channels,height,width)", image_text(size, image));
    return try_image(t);
}

/* The first file has told what columns there are. */
static bool begin_table(training *t)
{
    double missing = AEP_MISSING_ERROR;
    aep_options_get(&missing, t->args->options, AEP_OPT_MISSING);
    if (!table_init(&t->table, t->columns.n, t->columns.image.channels > 0, t->args->most_levels,
                    (int)missing == AEP_MISSING_IMPUTE))
        return false;
    const list *wanted = &t->args->categorical;
    if (wanted->n && t->columns.image.channels) {
        say_error("--categorical: all columns of an image are numeric");
        return false;
    }
    for (size_t i = 0; i < wanted->n; i++) {
        size_t from = column_find(t->in, wanted->items[i]), column = 0;
        while (column < t->columns.n && t->columns.where[column] != from)
            column++;
        if (column == t->columns.n) {
            say_error("%s: --categorical: there is no feature '%s'", t->in->stream.name, wanted->items[i]);
            return false;
        }
        t->table.columns[column].categorical = true;
    }
    return true;
}

static bool follow_file(training *t)
{
    bool first = t->columns.file == 0, changed = t->columns.file != t->in->file;
    if (!columns_follow(&t->columns, t->in, &t->args->source) || (first && (!begin_image(t) || !begin_table(t))))
        return false;
    if (!changed || !t->args->rest)
        return true;
    if (t->in->format != FORMAT_CSV) {
        say_error("%s: --rest writes lines of CSV files, and this is %s", t->in->stream.name,
                  input_format_name(t->in->format));
        return false;
    }
    if (first && t->in->header.n) {
        fprintf(t->rest.file, "%s\n", t->in->header.items[0]);
        return list_copy(&t->rest_header, &t->in->header);
    }
    if (!first && (t->in->header.n != t->rest_header.n ||
                   (t->in->header.n && strcmp(t->in->header.items[0], t->rest_header.items[0]) != 0))) {
        say_error("%s: --rest needs the same header line in all files", t->in->stream.name);
        return false;
    }
    return true;
}

static bool take_row(training *t)
{
    if (!follow_file(t))
        return false;
    int anomaly = label_read(&t->columns, t->in, &t->args->source, &t->labels);
    if (anomaly < 0)
        return false;
    t->n_anomalies += (size_t)anomaly;
    if (!anomaly && sample_take(&t->share))
        return table_add(&t->table, t->in, t->columns.where);
    if (!t->args->rest)
        return true;
    fprintf(t->rest.file, "%s\n", input_raw(t->in));
    return output_good(&t->rest);
}

static bool read_rows(training *t)
{
    int got;
    while ((got = input_next(t->in)) > 0)
        if (!take_row(t))
            return false;
    if (got < 0 || !label_files_end(&t->columns.label_files, &t->args->source))
        return false;
    bool quiet = t->args->source.quiet;
    labels_check(&t->args->source, &t->labels);
    say_note(quiet, "%zu rows read, %zu anomalies and %zu normal ones left out", t->in->row, t->n_anomalies,
             t->in->row - t->n_anomalies - t->table.n_rows);
    if (t->table.n_rows < 2) {
        say_error("training needs at least 2 normal rows, there are %zu", t->table.n_rows);
        return false;
    }
    char *const *names = t->columns.names.n ? t->columns.names.items : NULL;
    return table_finish(&t->table, names, quiet) &&
           (table_describe(&t->table, t->args->options, names) == AEP_OK || (say_error("out of memory"), false));
}

/* How many rows to hold out: at least one where a share is asked for, but at least two are left to train on. */
static size_t count_held(const training *t)
{
    double share = t->args->calibration;
    size_t n = (size_t)((double)t->table.n_rows * share + 0.5);
    if (n == 0 && share > 0)
        n = 1;
    return n + 2 > t->table.n_rows ? t->table.n_rows - 2 : n;
}

/* Move n rows, at random, behind the others; both keep their order. */
static bool hold_out(training *t, size_t n)
{
    if (n == 0)
        return true;
    table *rows = &t->table;
    float *held = malloc(n * rows->n_columns * sizeof *held);
    if (!held) {
        say_error("out of memory");
        return false;
    }
    sample chosen;
    sample_of(&chosen, t->seed, n, rows->n_rows);
    size_t row_size = rows->n_columns * sizeof *held, n_held = 0, n_kept = 0;
    for (size_t i = 0; i < rows->n_rows; i++) {
        const float *row = rows->rows + i * rows->n_columns;
        if (sample_take(&chosen))
            memcpy(held + n_held++ * rows->n_columns, row, row_size);
        else
            memmove(rows->rows + n_kept++ * rows->n_columns, row, row_size);
    }
    memcpy(rows->rows + n_kept * rows->n_columns, held, n_held * row_size);
    free(held);
    return true;
}

static bool failed(const char *what, int status)
{
    say_error("%s: %s", what, aep_status_str(status));
    return false;
}

static bool fit(training *t, aep_model *model)
{
    const table *rows = &t->table;
    bool quiet = t->args->source.quiet;
    size_t n_held = count_held(t), n_fit = rows->n_rows - n_held;
    if (!hold_out(t, n_held))
        return false;
    if (n_fit < FEW_ROWS)
        say_warning("only %zu rows to train on; with fewer than %d scores mean little", n_fit, FEW_ROWS);
    if (n_held == 0 && t->args->calibration > 0)
        say_warning("too few rows to hold any out: the model gets no threshold");
    progress bar;
    progress_begin(&bar, quiet);
    int status = aep_fit(model, rows->rows, n_fit, rows->n_columns, progress_step, &bar);
    progress_end(&bar);
    if (status == AEP_E_CANCELLED)
        say_warning("interrupted in epoch %zu of %zu; the model so far is calibrated and saved", bar.epoch, bar.epochs);
    else if (status != AEP_OK)
        return failed("training", status);
    double loss = 0, threshold = 0;
    aep_model_stat(&loss, model, AEP_STAT_LOSS);
    if (n_held) {
        status = aep_calibrate(model, rows->rows + n_fit * rows->n_columns, n_held, rows->n_columns);
        if (status != AEP_OK)
            return failed("calibration", status);
        aep_model_stat(&threshold, model, AEP_STAT_THRESHOLD);
        say_note(quiet, "trained on %zu rows, loss %.5g; threshold %.6g from %zu rows held out", n_fit, loss, threshold,
                 n_held);
    } else {
        say_note(quiet, "trained on %zu rows, loss %.5g; no threshold, since no rows were held out", n_fit, loss);
    }
    return true;
}

static bool make_model(training *t)
{
    aep_model *model;
    int status = aep_model_new(&model, t->args->options, t->table.n_columns);
    if (status != AEP_OK)
        return failed("cannot make the model", status);
    aep_model_set_threads(model, t->args->source.threads);
    bool ok = fit(t, model) && (!t->args->rest || output_close(&t->rest));
    if (ok) {
        aep_model_set_log(model, NULL, NULL); /* what goes wrong is told here */
        status = aep_model_save_file(model, t->args->output);
        if (status != AEP_OK) {
            say_error("cannot write %s: %s", t->args->output,
                      status == AEP_E_IO ? strerror(errno) : aep_status_str(status));
            ok = false;
        }
    }
    aep_model_free(model);
    return ok;
}

int aepred_train(int argc, char **argv)
{
    train_args args;
    int status = train_args_parse(&args, argc, argv);
    if (status == STATUS_OK) {
        training t = {0};
        bool ok = output_possible(args.output) && setup(&t, &args) && read_rows(&t) && make_model(&t);
        cleanup(&t);
        status = ok ? STATUS_OK : STATUS_BAD;
    }
    train_args_free(&args);
    return status == HELP_SHOWN ? STATUS_OK : status;
}
