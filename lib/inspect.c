/* SPDX-License-Identifier: BSD-2-Clause */
/* What a model tells about itself: sizes, layers, columns, options, and its statistics. */
#include "model.h"

#include <math.h>

size_t aep_model_n_columns(const aep_model *model) { return model ? model->schema.n_columns : 0; }
size_t aep_model_n_features(const aep_model *model) { return model ? model->net.n_features : 0; }
size_t aep_model_code_size(const aep_model *model) { return model ? model->net.code_size : 0; }
size_t aep_model_error_size(const aep_model *model) { return model ? model->net.error_size : 0; }

size_t aep_model_threads(const aep_model *model) { return model ? model->n_threads : 0; }

int aep_model_layers(size_t *widths, size_t capacity, const aep_model *model, int part)
{
    if (!model || (!widths && capacity))
        return AEP_E_ARGUMENT;
    if (part < 0 || part >= AEP__PART_COUNT)
        return aep__fail(&model->log, AEP_E_OPTION, "there is no part %d of a model", part);
    const aep__layers *layers = &model->settings.layers[part];
    for (size_t i = 0; i < layers->n && i < capacity; i++)
        widths[i] = layers->width[i];
    return (int)layers->n;
}

static void put_shape(size_t *channels, size_t *height, size_t *width, const aep__shape *shape)
{
    if (channels)
        *channels = shape->channels;
    if (height)
        *height = shape->height;
    if (width)
        *width = shape->width;
}

int aep_model_image(size_t *channels, size_t *height, size_t *width, const aep_model *model)
{
    if (!model)
        return AEP_E_ARGUMENT;
    put_shape(channels, height, width, &model->settings.image.shape);
    return model->settings.image.shape.channels ? AEP_OK : AEP_E_STATE;
}

static int find_map_layer(const aep__map_layer **found, const aep_model *model, int part, size_t layer)
{
    if (!model)
        return AEP_E_ARGUMENT;
    if (part != AEP_PART_ENCODER && part != AEP_PART_DECODER)
        return AEP_E_OPTION;
    const aep__map_stack *layers = part == AEP_PART_ENCODER ? &model->plan.encoder : &model->plan.decoder;
    if (layer >= layers->n)
        return AEP_E_RANGE;
    *found = &layers->layer[layer];
    return AEP_OK;
}

int aep_model_image_layer(int *kind, size_t *size, size_t *kernel, size_t *stride, size_t *padding,
                          const aep_model *model, int part, size_t layer)
{
    const aep__map_layer *found;
    int status = find_map_layer(&found, model, part, layer);
    if (status)
        return status;
    if (kind)
        *kind = found->layer.kind;
    if (size)
        *size = found->layer.size;
    if (kernel)
        *kernel = found->layer.kernel;
    if (stride)
        *stride = found->layer.stride;
    if (padding)
        *padding = found->layer.padding;
    return AEP_OK;
}

int aep_model_image_map(size_t *channels, size_t *height, size_t *width, const aep_model *model, int part, size_t layer)
{
    const aep__map_layer *found;
    int status = find_map_layer(&found, model, part, layer);
    if (!status)
        put_shape(channels, height, width, &found->out);
    return status;
}

static const aep__column *find_column(const aep_model *model, size_t column)
{
    return model && column < model->schema.n_columns ? &model->schema.columns[column] : NULL;
}

const char *aep_model_column_name(const aep_model *model, size_t column)
{
    const aep__column *c = find_column(model, column);
    return c ? c->name : NULL;
}

int aep_model_column_kind(const aep_model *model, size_t column)
{
    const aep__column *c = find_column(model, column);
    if (!model)
        return AEP_E_ARGUMENT;
    return c ? c->kind : AEP_E_COLUMNS;
}

size_t aep_model_column_levels(const aep_model *model, size_t column)
{
    const aep__column *c = find_column(model, column);
    return c ? c->n_levels : 0;
}

const char *aep_model_level_name(const aep_model *model, size_t column, size_t level)
{
    const aep__column *c = find_column(model, column);
    return c && c->levels && level < c->n_levels ? c->levels[level] : NULL;
}

int aep_model_get(double *value, const aep_model *model, int key)
{
    return value && model ? aep__settings_get(value, &model->settings, key) : AEP_E_ARGUMENT;
}

/* ------------------------------------------------------------------------------------------------- statistics */

static const char *const stat_names[] = {
    [AEP_STAT_LOSS] = "loss",
    [AEP_STAT_LOSS_RECONSTRUCTION] = "loss_reconstruction",
    [AEP_STAT_LOSS_COMPACTNESS] = "loss_compactness",
    [AEP_STAT_LOSS_PREDICTION] = "loss_prediction",
    [AEP_STAT_LOSS_VALIDATION] = "loss_validation",
    [AEP_STAT_GRADIENT_NORM] = "gradient_norm",
    [AEP_STAT_LEARNING_RATE] = "learning_rate",
    [AEP_STAT_STEPS] = "steps",
    [AEP_STAT_EPOCHS] = "epochs",
    [AEP_STAT_BEST_EPOCH] = "best_epoch",
    [AEP_STAT_LATENT_SPREAD] = "latent_spread",
    [AEP_STAT_PARAMETERS] = "parameters",
    [AEP_STAT_SCALING_ROWS] = "scaling_rows",
    [AEP_STAT_CONSTANT_COLUMNS] = "constant_columns",
    [AEP_STAT_THRESHOLD] = "threshold",
    [AEP_STAT_CALIBRATION_ROWS] = "calibration_rows",
    [AEP_STAT_DISTINCT_SCORES] = "distinct_scores",
    [AEP_STAT_CALIBRATION_STEP] = "calibration_step",
    [AEP_STAT_GATED_ROWS] = "gated_rows",
};

const char *aep_stat_name(int stat)
{
    return stat > 0 && stat < (int)(sizeof stat_names / sizeof *stat_names) ? stat_names[stat] : NULL;
}

/* The figure that a statistic of the losses is, or -1. */
static int figure_of(int stat)
{
    switch (stat) {
    case AEP_STAT_LOSS:
        return AEP__FIGURE_LOSS;
    case AEP_STAT_LOSS_RECONSTRUCTION:
        return AEP__FIGURE_RECONSTRUCTION;
    case AEP_STAT_LOSS_COMPACTNESS:
        return AEP__FIGURE_COMPACTNESS;
    case AEP_STAT_LOSS_PREDICTION:
        return AEP__FIGURE_PREDICTION;
    case AEP_STAT_LOSS_VALIDATION:
        return AEP__FIGURE_VALIDATION;
    case AEP_STAT_LEARNING_RATE:
        return AEP__FIGURE_RATE;
    default:
        return -1;
    }
}

static double known_if(bool known, double value) { return known ? value : NAN; }

static double other_stat(const aep_model *m, int stat)
{
    const aep__calibration *c = &m->calibration;
    switch (stat) {
    case AEP_STAT_GRADIENT_NORM:
        return m->gradient_norm;
    case AEP_STAT_STEPS:
        return (double)m->steps;
    case AEP_STAT_EPOCHS:
        return (double)m->history.n;
    case AEP_STAT_BEST_EPOCH:
        return known_if(m->best_epoch, (double)m->best_epoch);
    case AEP_STAT_LATENT_SPREAD: /* L_C is the mean square over rows and latent variables */
        return sqrt(m->last[AEP__FIGURE_COMPACTNESS]);
    case AEP_STAT_PARAMETERS:
        return (double)m->net.tape.n_params;
    case AEP_STAT_SCALING_ROWS:
        return (double)m->scaler.n_rows;
    case AEP_STAT_CONSTANT_COLUMNS:
        return (double)m->scaler.n_constant;
    case AEP_STAT_THRESHOLD:
        return known_if(c->has_threshold, c->threshold);
    case AEP_STAT_CALIBRATION_ROWS:
        return (double)c->n_rows;
    case AEP_STAT_DISTINCT_SCORES:
        return known_if(c->n_rows, (double)c->distinct);
    case AEP_STAT_CALIBRATION_STEP:
        return known_if(c->n_rows, (double)c->step);
    default: /* AEP_STAT_GATED_ROWS */
        return (double)m->n_gated;
    }
}

int aep_model_stat(double *value, const aep_model *model, int stat)
{
    if (!value || !model)
        return AEP_E_ARGUMENT;
    if (!aep_stat_name(stat))
        return aep__fail(&model->log, AEP_E_OPTION, "there is no statistic %d", stat);
    *value = figure_of(stat) >= 0 ? model->last[figure_of(stat)] : other_stat(model, stat);
    return isnan(*value) ? AEP_E_STATE : AEP_OK;
}

int aep_model_history(double *value, const aep_model *model, size_t epoch, int stat)
{
    if (!value || !model)
        return AEP_E_ARGUMENT;
    if (figure_of(stat) < 0)
        return aep__fail(&model->log, AEP_E_OPTION, "statistic %d is not kept by epoch", stat);
    if (epoch >= model->history.n)
        return aep__fail(&model->log, AEP_E_RANGE, "epoch %zu: the history holds %zu", epoch, model->history.n);
    *value = model->history.epochs[epoch][figure_of(stat)];
    return isnan(*value) ? AEP_E_STATE : AEP_OK;
}
