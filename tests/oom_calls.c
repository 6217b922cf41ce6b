/* SPDX-License-Identifier: BSD-2-Clause */
#include "oom_calls.h"

#include <stdlib.h>

enum { WRONG = -1000 }; /* the call went through, with a wrong result */

#define CALL(id, expression)                                                                                           \
    static int id(world *w)                                                                                            \
    {                                                                                                                  \
        (void)w;                                                                                                       \
        return (expression);                                                                                           \
    }
#define GIVES(id, expression) CALL(id, (expression) ? AEP_OK : WRONG)

static float out[2 * ROWS * 8];
static double value;
static size_t sizes[2];
static char text[1 << 17];

/* ------------------------------------------------------------------------------------ functions that allocate */

CALL(options_new, aep_options_new(&w->made_options))
CALL(options_new_with, aep_options_new_with(&w->made_options, &w->allocator))
CALL(set_layers, aep_options_set_layers(w->options, AEP_PART_HEAD, (const size_t[]){5, 4, 3}, 3))

static int with_image(world *w, int (*add)(aep_options *options))
{
    int status = aep_options_set_image(w->options, 1, 4, 4);
    if (!status && add)
        status = add(w->options);
    return status ? status : aep_options_set_image(w->options, 0, 0, 0);
}

static int conv(aep_options *options) { return aep_options_add_conv(options, 2, 3, 1); }

static int upsampling(aep_options *options)
{
    return aep_options_add_image_layer(options, AEP_PART_DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0);
}

CALL(set_image, with_image(w, NULL))
CALL(add_conv, with_image(w, conv))
CALL(add_image_layer, with_image(w, upsampling))

static const char *const levels[] = {"red", "green", NULL, "blue"};
CALL(set_column_new, aep_options_set_column(w->options, COLS, "colour", AEP_COLUMN_CATEGORICAL, levels, 4))
CALL(set_column_again, aep_options_set_column(w->options, 0, "colour", AEP_COLUMN_CATEGORICAL, levels, 4))
CALL(set_column_name, aep_options_set_column(w->options, 2, "level", AEP_COLUMN_NUMERIC, NULL, 0))

CALL(model_new, aep_model_new(&w->made_model, w->options, COLS))
CALL(model_new_presets, aep_model_new(&w->made_model, NULL, COLS))
CALL(model_copy, aep_model_copy(&w->made_model, w->ready))
CALL(model_copy_fresh, aep_model_copy(&w->made_model, w->fresh))
CALL(model_copy_streamed, aep_model_copy(&w->made_model, w->streamed))
CALL(model_copy_paused, aep_model_copy(&w->made_model, w->paused))

CALL(fit_scaling_rank, aep_fit_scaling(w->fresh, w->rows, ROWS, COLS))
CALL(fit_scaling_more, aep_fit_scaling(w->streamed, w->rows, ROWS, COLS))
CALL(fit_batch_first, aep_fit_batch(w->streamed, w->rows, ROWS, COLS))
CALL(fit_batch_larger, aep_fit_batch(w->started, w->rows, ROWS, COLS))
CALL(fit_batch_same, aep_fit_batch(w->started, w->rows, 2, COLS))
CALL(fit_first, aep_fit(w->fresh, w->rows, ROWS, COLS, NULL, NULL))
CALL(fit_scaled, aep_fit(w->streamed, w->rows, ROWS, COLS, NULL, NULL))
CALL(fit_again, aep_fit(w->ready, w->rows, ROWS, COLS, NULL, NULL))
CALL(fit_paused, aep_fit(w->paused, w->rows, ROWS, COLS, NULL, NULL))
CALL(calibrate_first, aep_calibrate(w->started, w->rows, ROWS, COLS))
CALL(calibrate_again, aep_calibrate(w->ready, w->rows, ROWS, COLS))
CALL(calibrate_joint, aep_calibrate(w->joint, w->rows, ROWS, COLS))
CALL(calibrate_codes, aep_calibrate(w->batched, w->rows, ROWS, COLS))
CALL(fit_batch_gated, aep_fit_batch(w->gated, w->rows, ROWS, COLS))
CALL(drift_new, aep_drift_new(&w->made_drift, w->ready))
CALL(drift_add_alone, aep_drift_add(w->drift, w->ready, NULL, w->rows, ROWS, COLS))
CALL(model_copy_joint, aep_model_copy(&w->made_model, w->joint))
CALL(fit_joint, aep_fit(w->joint, w->rows, ROWS, COLS, NULL, NULL))

CALL(workspace_new, aep_workspace_new(&w->made_workspace, w->ready))
CALL(score_alone, aep_score(out, w->ready, NULL, w->rows, ROWS, COLS))
CALL(encode_alone, aep_encode(out, w->ready, NULL, w->rows, ROWS, COLS))
CALL(reconstruct_alone, aep_reconstruct(out, w->ready, NULL, w->rows, ROWS, COLS))
CALL(errors_alone, aep_errors(out, out + ROWS * 8, w->ready, NULL, w->rows, ROWS, COLS))
CALL(explain_alone, aep_explain(out, w->ready, NULL, w->rows, ROWS, COLS))

CALL(metrics_at_count, aep_metrics_at_count(&value, NULL, NULL, w->scores, w->labels, ROWS, 5, &w->allocator))
CALL(metrics_auroc, aep_metrics_auroc(&value, w->scores, w->labels, ROWS, &w->allocator))
CALL(metrics_auroc_malloc, aep_metrics_auroc(&value, w->scores, w->labels, ROWS, NULL))
CALL(metrics_average_precision, aep_metrics_average_precision(&value, w->scores, w->labels, ROWS, &w->allocator))

CALL(load_here, aep_model_load(&w->made_model, w->saved.data, w->saved.size, &w->allocator))
CALL(load_malloc, aep_model_load(&w->made_model, w->saved.data, w->saved.size, NULL))
CALL(load_file, aep_model_load_file(&w->made_model, w->path, &w->allocator))

/* What the folder holds afterwards is the same model again, so that the check of the files holds for this call too. */
CALL(save_file, aep_model_save_file(w->fresh, w->path))

static int save_and_load(aep_model **loaded, const world *w, const aep_model *model)
{
    bytes b;
    int status = aep_model_save_size(&b.size, model);
    if (status)
        return status;
    b.data = calloc(b.size, 1); /* calloc is not made to fail: the test needs this memory */
    status = aep_model_save(b.data, b.size, model);
    if (!status)
        status = aep_model_load(loaded, b.data, b.size, &w->allocator);
    free(b.data);
    return status;
}

CALL(save_and_load_paused, save_and_load(&w->made_model, w, w->paused))

/* Everything that a host does, in one go. */
static int train_and_score(world *w, aep_options *options, aep_model **model)
{
    aep_workspace *ws = NULL;
    int status = aep_options_set_column(options, 0, "first", AEP_COLUMN_NUMERIC, NULL, 0);
    if (!status)
        status = aep_options_set(options, AEP_OPT_VALIDATION, 0.2);
    if (!status)
        status = aep_options_set(options, AEP_OPT_EPOCHS, 2);
    if (!status)
        status = aep_model_new(model, options, COLS);
    if (!status)
        status = aep_fit(*model, w->rows, ROWS, COLS, NULL, NULL);
    if (!status)
        status = aep_calibrate(*model, w->rows, ROWS, COLS);
    if (!status)
        status = aep_workspace_new(&ws, *model);
    if (!status)
        status = aep_score(out, *model, ws, w->rows, ROWS, COLS);
    if (!status)
        status = aep_explain(out, *model, NULL, w->rows, ROWS, COLS);
    aep_workspace_free(ws);
    return status;
}

static int whole_life(world *w)
{
    aep_options *options = NULL;
    aep_model *model = NULL, *loaded = NULL;
    int status = aep_options_new_with(&options, &w->allocator);
    if (!status)
        status = train_and_score(w, options, &model);
    if (!status)
        status = save_and_load(&loaded, w, model);
    if (!status)
        status = aep_score(out, loaded, NULL, w->rows, ROWS, COLS);
    aep_options_free(options);
    aep_model_free(model);
    aep_model_free(loaded);
    return status;
}

/* The same with images: the columns as a signal. */
static int describe_image(aep_options *options)
{
    int status = aep_options_set_image(options, 1, 1, COLS);
    if (!status)
        status = aep_options_add_conv(options, 2, 2, 1);
    if (!status)
        status = aep_options_add_image_layer(options, AEP_PART_ENCODER, AEP_LAYER_NORM, 1, 0, 0, 0);
    if (!status)
        status = aep_options_add_image_layer(options, AEP_PART_ENCODER, AEP_LAYER_MAX_POOL, 0, 2, 2, 0);
    if (!status)
        status = aep_options_set(options, AEP_OPT_NOISE, AEP_NOISE_BLOCK);
    return status;
}

static int life_with_images(world *w)
{
    aep_options *options = NULL;
    aep_model *model = NULL, *copy = NULL, *loaded = NULL;
    int status = aep_options_new_with(&options, &w->allocator);
    if (!status)
        status = describe_image(options);
    if (!status)
        status = train_and_score(w, options, &model);
    if (!status)
        status = aep_fit_batch(model, w->rows, ROWS, COLS);
    if (!status)
        status = aep_model_copy(&copy, model);
    if (!status)
        status = aep_reconstruct(out, copy, NULL, w->rows, ROWS, COLS);
    if (!status)
        status = save_and_load(&loaded, w, model);
    if (!status)
        status = aep_score(out, loaded, NULL, w->rows, ROWS, COLS);
    aep_options_free(options);
    aep_model_free(model);
    aep_model_free(copy);
    aep_model_free(loaded);
    return status;
}

/* -------------------------------------------------------------------------------- functions that must not allocate */

GIVES(version, aep_version() != NULL)
GIVES(version_number, aep_version_number() == AEP_VERSION_NUMBER)
GIVES(status_str, aep_status_str(AEP_E_MEMORY) != NULL)
CALL(options_set, aep_options_set(w->options, AEP_OPT_SEED, 3))
CALL(options_get, aep_options_get(&value, w->options, AEP_OPT_SEED))
CALL(options_set_log, aep_options_set_log(w->options, NULL, NULL))
CALL(options_free, (aep_options_free(NULL), AEP_OK))
GIVES(option_count, aep_option_count() > 0)
GIVES(option_at, aep_option_at(0) > 0)
GIVES(option_find, aep_option_find("seed") == AEP_OPT_SEED)
GIVES(option_name, aep_option_name(AEP_OPT_SEED) != NULL)
GIVES(option_help, aep_option_help(AEP_OPT_SEED) != NULL)
GIVES(option_type, aep_option_type(AEP_OPT_SEED) == AEP_TYPE_INTEGER)
CALL(option_bounds, aep_option_bounds(&value, NULL, NULL, AEP_OPT_SEED))
GIVES(option_choice, aep_option_choice(AEP_OPT_ACTIVATION, AEP_TANH) != NULL)
GIVES(option_is_changeable, aep_option_is_changeable(AEP_OPT_EPOCHS) == 1)
CALL(option_parse, aep_option_parse(&value, AEP_OPT_ACTIVATION, "tanh"))
CALL(model_free, (aep_model_free(NULL), AEP_OK))
GIVES(n_columns, aep_model_n_columns(w->ready) == COLS)
GIVES(image, aep_model_image(sizes, NULL, NULL, w->ready) == AEP_E_STATE && !sizes[0])
GIVES(image_layer, aep_model_image_layer(NULL, sizes, NULL, NULL, NULL, w->ready, 0, 0) == AEP_E_RANGE)
GIVES(image_map, aep_model_image_map(sizes, NULL, NULL, w->ready, 0, 0) == AEP_E_RANGE)
GIVES(n_features, aep_model_n_features(w->ready) == 5)
GIVES(code_size, aep_model_code_size(w->ready) == 2)
GIVES(error_size, aep_model_error_size(w->ready) == 1)
GIVES(layers, aep_model_layers(sizes, 2, w->ready, AEP_PART_ENCODER) == 2)
CALL(set_threads, aep_model_set_threads(w->fresh, 2))
GIVES(threads, aep_model_threads(w->ready) == 1)
GIVES(column_name, aep_model_column_name(w->ready, 0) != NULL)
GIVES(column_kind, aep_model_column_kind(w->ready, 2) == AEP_COLUMN_CATEGORICAL)
GIVES(column_levels, aep_model_column_levels(w->ready, 2) == 3)
GIVES(level_name, aep_model_level_name(w->ready, 2, 0) != NULL)
CALL(model_get, aep_model_get(&value, w->ready, AEP_OPT_SEED))
CALL(model_set, aep_model_set(w->ready, AEP_OPT_SCORE, AEP_SCORE_SIGNED))
CALL(model_set_log, aep_model_set_log(w->ready, NULL, NULL))
GIVES(stat_name, aep_stat_name(AEP_STAT_LOSS) != NULL)
CALL(model_stat, aep_model_stat(&value, w->ready, AEP_STAT_LOSS))
CALL(model_history, aep_model_history(&value, w->ready, 0, AEP_STAT_LOSS))
CALL(check_rows, aep_check_rows(NULL, NULL, w->ready, w->rows, ROWS, COLS))
CALL(set_alarm_rate, aep_set_alarm_rate(w->ready, 0.1))
CALL(set_threshold, aep_set_threshold(w->ready, 1))
CALL(predict, aep_predict((uint8_t *)out, w->ready, w->scores, ROWS))
CALL(pvalue, aep_pvalue(out, w->ready, w->scores, ROWS))
CALL(workspace_free, (aep_workspace_free(NULL), AEP_OK))
CALL(score, aep_score(out, w->ready, w->workspace, w->rows, ROWS, COLS))
CALL(encode, aep_encode(out, w->ready, w->workspace, w->rows, ROWS, COLS))
CALL(reconstruct, aep_reconstruct(out, w->ready, w->workspace, w->rows, ROWS, COLS))
CALL(errors, aep_errors(out, NULL, w->ready, w->workspace, w->rows, ROWS, COLS))
CALL(explain, aep_explain(out, w->ready, w->workspace, w->rows, ROWS, COLS))
CALL(drift_free, (aep_drift_free(NULL), AEP_OK))
CALL(drift_add, aep_drift_add(w->drift, w->ready, w->workspace, w->rows, ROWS, COLS))
CALL(drift_clear, aep_drift_clear(w->drift))
CALL(drift_rows, aep_drift_rows(&sizes[0], &sizes[1], w->drift))

static int drift_get(world *w)
{
    const int status = aep_drift_add(w->drift, w->ready, w->workspace, w->rows, ROWS, COLS);
    return status ? status : aep_drift_get(&value, w->drift, AEP_DRIFT_CODE, 0, AEP_DRIFT_KS);
}

CALL(metrics_at_threshold, aep_metrics_at_threshold(&value, NULL, NULL, w->scores, w->labels, ROWS, 1))
CALL(save_size, aep_model_save_size(sizes, w->ready))
CALL(save_bytes, aep_model_save(w->saved.data, w->saved.size, w->ready))
CALL(export_c_size, aep_export_c_size(sizes, w->ready, "pump"))
CALL(export_c, aep_export_c(text, sizeof text, w->ready, "pump"))

static const oom_call calls[] = {
    {"aep_options_new", "malloc", options_new, true},
    {"aep_options_new_with", "", options_new_with, true},
    {"aep_options_set_layers", "", set_layers, false},
    {"aep_options_set_image", "", set_image, false},
    {"aep_options_add_conv", "", add_conv, false},
    {"aep_options_add_image_layer", "", add_image_layer, false},
    {"aep_options_set_column", "one more", set_column_new, true},
    {"aep_options_set_column", "in place of one", set_column_again, true},
    {"aep_options_set_column", "only a name", set_column_name, true},
    {"aep_model_new", "", model_new, true},
    {"aep_model_new", "presets, malloc", model_new_presets, true},
    {"aep_model_copy", "", model_copy, true},
    {"aep_model_copy", "not trained", model_copy_fresh, true},
    {"aep_model_copy", "learning its scaling", model_copy_streamed, true},
    {"aep_model_copy", "in a run", model_copy_paused, true},
    {"aep_model_copy", "joint", model_copy_joint, true},
    {"aep_fit", "joint", fit_joint, true},
    {"aep_fit_scaling", "rank", fit_scaling_rank, true},
    {"aep_fit_scaling", "robust, more rows", fit_scaling_more, true},
    {"aep_fit_batch", "first", fit_batch_first, true},
    {"aep_fit_batch", "larger than before", fit_batch_larger, true},
    {"aep_fit_batch", "like the one before", fit_batch_same, false},
    {"aep_fit_batch", "learning gate", fit_batch_gated, true},
    {"aep_drift_new", "", drift_new, true},
    {"aep_drift_add", "no workspace", drift_add_alone, true},
    {"aep_fit", "with scaling and validation", fit_first, true},
    {"aep_fit", "scaled already", fit_scaled, true},
    {"aep_fit", "again", fit_again, true},
    {"aep_fit", "going on", fit_paused, true},
    {"aep_calibrate", "first", calibrate_first, true},
    {"aep_calibrate", "again", calibrate_again, true},
    {"aep_calibrate", "joint", calibrate_joint, true},
    {"aep_calibrate", "joint, codes of its rows", calibrate_codes, true},
    {"aep_workspace_new", "", workspace_new, true},
    {"aep_score", "no workspace", score_alone, true},
    {"aep_encode", "no workspace", encode_alone, true},
    {"aep_reconstruct", "no workspace", reconstruct_alone, true},
    {"aep_errors", "no workspace", errors_alone, true},
    {"aep_explain", "no workspace", explain_alone, true},
    {"aep_metrics_at_count", "", metrics_at_count, true},
    {"aep_metrics_auroc", "", metrics_auroc, true},
    {"aep_metrics_auroc", "malloc", metrics_auroc_malloc, true},
    {"aep_metrics_average_precision", "", metrics_average_precision, true},
    {"aep_model_load", "", load_here, true},
    {"aep_model_load", "malloc", load_malloc, true},
    {"aep_model_load", "in a run", save_and_load_paused, true},
    {"aep_model_load_file", "", load_file, true},
    {"aep_model_save_file", "", save_file, true},
    {"a whole life", "", whole_life, true},
    {"a whole life", "with images", life_with_images, true},
    {"a whole life", "threads, categories, missing values, files", life_of_a_table, true},
    {"a whole life", "threads, convolutions, missing values, files", life_of_pictures, true},

    {"aep_version", "", version, false},
    {"aep_version_number", "", version_number, false},
    {"aep_status_str", "", status_str, false},
    {"aep_options_set", "", options_set, false},
    {"aep_options_get", "", options_get, false},
    {"aep_options_set_log", "", options_set_log, false},
    {"aep_options_free", "", options_free, false},
    {"aep_option_count", "", option_count, false},
    {"aep_option_at", "", option_at, false},
    {"aep_option_find", "", option_find, false},
    {"aep_option_name", "", option_name, false},
    {"aep_option_help", "", option_help, false},
    {"aep_option_type", "", option_type, false},
    {"aep_option_bounds", "", option_bounds, false},
    {"aep_option_choice", "", option_choice, false},
    {"aep_option_is_changeable", "", option_is_changeable, false},
    {"aep_option_parse", "", option_parse, false},
    {"aep_model_free", "", model_free, false},
    {"aep_model_n_columns", "", n_columns, false},
    {"aep_model_n_features", "", n_features, false},
    {"aep_model_code_size", "", code_size, false},
    {"aep_model_error_size", "", error_size, false},
    {"aep_model_layers", "", layers, false},
    {"aep_model_image", "", image, false},
    {"aep_model_image_layer", "", image_layer, false},
    {"aep_model_image_map", "", image_map, false},
    {"aep_model_set_threads", "", set_threads, false},
    {"aep_model_threads", "", threads, false},
    {"aep_model_column_name", "", column_name, false},
    {"aep_model_column_kind", "", column_kind, false},
    {"aep_model_column_levels", "", column_levels, false},
    {"aep_model_level_name", "", level_name, false},
    {"aep_model_get", "", model_get, false},
    {"aep_model_set", "", model_set, false},
    {"aep_model_set_log", "", model_set_log, false},
    {"aep_stat_name", "", stat_name, false},
    {"aep_model_stat", "", model_stat, false},
    {"aep_model_history", "", model_history, false},
    {"aep_check_rows", "", check_rows, false},
    {"aep_set_alarm_rate", "", set_alarm_rate, false},
    {"aep_set_threshold", "", set_threshold, false},
    {"aep_predict", "", predict, false},
    {"aep_pvalue", "", pvalue, false},
    {"aep_workspace_free", "", workspace_free, false},
    {"aep_score", "", score, false},
    {"aep_encode", "", encode, false},
    {"aep_reconstruct", "", reconstruct, false},
    {"aep_errors", "", errors, false},
    {"aep_explain", "", explain, false},
    {"aep_drift_free", "", drift_free, false},
    {"aep_drift_add", "", drift_add, false},
    {"aep_drift_clear", "", drift_clear, false},
    {"aep_drift_rows", "", drift_rows, false},
    {"aep_drift_get", "", drift_get, false},
    {"aep_metrics_at_threshold", "", metrics_at_threshold, false},
    {"aep_model_save_size", "", save_size, false},
    {"aep_model_save", "", save_bytes, false},
    {"aep_export_c_size", "", export_c_size, false},
    {"aep_export_c", "", export_c, false},
};

const oom_call *oom_calls(size_t *n)
{
    *n = COUNT_OF(calls);
    return calls;
}
