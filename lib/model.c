/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include "layer.h"

#include <math.h>
#include <string.h>

enum { MOST_THREADS = 256 };

/* ------------------------------------------------------------------------------------------- parts of a model */

double aep__option(const aep_model *model, int key) { return model->settings.value[key]; }

bool aep__choice(const aep_model *model, int key, int value) { return (int)aep__option(model, key) == value; }

bool aep__weights_init(aep__weights *weights, const aep_allocator *mem, size_t n_params)
{
    size_t bytes = 0;
    *weights = (aep__weights){0};
    for (int i = 0; i < 3; i++)
        if (!aep__arena_count(&bytes, n_params))
            return false;
    if (!aep__arena_init(&weights->arena, mem, bytes))
        return false;
    weights->params = aep__arena_take(&weights->arena, n_params);
    weights->m = aep__arena_take(&weights->arena, n_params);
    weights->v = aep__arena_take(&weights->arena, n_params);
    return true;
}

void aep__weights_copy(aep__weights *to, const aep__weights *from, size_t n_params)
{
    memcpy(to->params, from->params, n_params * sizeof(real));
    memcpy(to->m, from->m, n_params * sizeof(real));
    memcpy(to->v, from->v, n_params * sizeof(real));
    to->age = from->age;
}

void aep__weights_free(aep__weights *weights, const aep_allocator *mem)
{
    aep__arena_free(&weights->arena, mem);
    *weights = (aep__weights){0};
}

bool aep__history_reserve(aep__history *history, const aep_allocator *mem, size_t n)
{
    size_t capacity = n < AEP__MAX_HISTORY - history->n ? history->n + n : AEP__MAX_HISTORY;
    if (capacity <= history->capacity)
        return true;
    void *epochs = aep__alloc(mem, capacity, sizeof *history->epochs);
    if (!epochs)
        return false;
    if (history->n)
        memcpy(epochs, history->epochs, history->n * sizeof *history->epochs);
    aep__free(mem, history->epochs);
    history->epochs = epochs;
    history->capacity = capacity;
    return true;
}

void aep__history_add(aep__history *history, const double figures[AEP__FIGURE_COUNT])
{
    if (history->n == AEP__MAX_HISTORY)
        memmove(history->epochs, history->epochs + 1, --history->n * sizeof *history->epochs);
    memcpy(history->epochs[history->n++], figures, sizeof *history->epochs);
}

void aep__run_end(aep_model *model)
{
    aep__weights_free(&model->run.best, &model->mem);
    model->run = (aep__run){0};
}

/* ---------------------------------------------------------------------------------------------------- making */

/* Two hidden widths on the way from n features down to a code of about their root; image layers do that of images. */
static void preset_encoder(aep__layers *encoder, size_t n_features, bool image)
{
    if (image) {
        *encoder = (aep__layers){.n = 1, .width = {32}};
        return;
    }
    const double n = (double)n_features;
    const double code = fmin(fmax(round(sqrt(n)), 1), 32);
    encoder->n = 3;
    encoder->width[0] = (size_t)fmin(fmax(round(n / 2), 8), 256);
    encoder->width[1] = (size_t)fmin(fmax(round(n / 4), 8), 128);
    encoder->width[2] = (size_t)code;
}

static void resolve_layers(aep__settings *settings, size_t n_features)
{
    aep__layers *layers = settings->layers;
    aep__layers *encoder = &layers[AEP_PART_ENCODER], *decoder = &layers[AEP_PART_DECODER];
    aep__layers *head = &layers[AEP_PART_HEAD];
    if (!encoder->n)
        preset_encoder(encoder, n_features, settings->image.shape.channels > 0);
    if (!decoder->n)
        for (size_t i = encoder->n - 1; i-- > 0;)
            decoder->width[decoder->n++] = encoder->width[i];
    if (!head->n)
        *head = (aep__layers){.n = 2, .width = {32, 32}};
    aep__image_resolve(&settings->image);
}

static aep__scaling_config scaling_config(const aep__settings *settings)
{
    const double *value = settings->value;
    const aep__shape *image = &settings->image.shape;
    return (aep__scaling_config){
        .scaling = (int)value[AEP_OPT_SCALING],
        .squash = (int)value[AEP_OPT_SCALING] == AEP_SCALING_NONE ? AEP_SQUASH_NONE : (int)value[AEP_OPT_SQUASH],
        .missing = (int)value[AEP_OPT_MISSING],
        .unseen = (int)value[AEP_OPT_UNSEEN],
        .squash_limit = value[AEP_OPT_SQUASH_LIMIT],
        .indicator = value[AEP_OPT_MISSING_INDICATOR] != 0 && (int)value[AEP_OPT_MISSING] == AEP_MISSING_IMPUTE,
        .scale_levels = value[AEP_OPT_SCALE_LEVELS] != 0,
        .group = image->channels && value[AEP_OPT_CHANNEL_SCALING] != 0 ? image->height * image->width : 1,
    };
}

static int check_image(const aep__settings *settings, const aep__schema *schema, const aep__log *log)
{
    const aep__shape *s = &settings->image.shape;
    if (!s->channels)
        return AEP_OK;
    if (aep__shape_size(s) != schema->n_columns)
        return aep__fail(
            log, AEP_E_COLUMNS,
            "an image of %zu x %zu x %zu (channels, height, width) has %zu values, the rows have %zu columns",
            s->channels, s->height, s->width, aep__shape_size(s), schema->n_columns);
    for (size_t c = 0; c < schema->n_columns; c++)
        if (schema->columns[c].kind != AEP_COLUMN_NUMERIC)
            return aep__fail(log, AEP_E_RANGE, "column %zu is categorical: all columns of an image are numeric", c);
    if (scaling_config(settings).indicator)
        return aep__fail(log, AEP_E_RANGE, "option missing_indicator: an image has no room for it; set it to 0");
    return AEP_OK;
}

static int check_noise(const aep__settings *settings, const aep__log *log)
{
    const int noise = (int)settings->value[AEP_OPT_NOISE];
    const double level = settings->value[AEP_OPT_NOISE_LEVEL];
    if ((noise == AEP_NOISE_MASKING || noise == AEP_NOISE_BLOCK) && level > 1)
        return aep__fail(log, AEP_E_RANGE, "option noise_level: %g is no share; masking and block noise take 0 to 1",
                         level);
    if (noise == AEP_NOISE_BLOCK && !settings->image.shape.channels)
        return aep__fail(log, AEP_E_RANGE, "option noise: block is for images only, and rows are columns");
    return AEP_OK;
}

/* What depends on more than one option. */
static int check_settings(const aep__settings *settings, const aep__schema *schema, const aep__log *log)
{
    int status = check_noise(settings, log);
    return status ? status : check_image(settings, schema, log);
}

/* Check what depends on more than one option, put what is to be in the place of what was left open, and plan the image
   layers. Logs what it refuses. */
static int resolve(aep__settings *settings, aep__image_plan *plan, size_t *n_features, const aep__schema *schema,
                   const aep__log *log)
{
    int status = check_settings(settings, schema, log);
    if (status)
        return status;
    status = aep__schema_features(n_features, schema, scaling_config(settings).indicator);
    if (status)
        return aep__fail(log, status, "a model of %zu columns: %s", schema->n_columns, aep_status_str(status));
    resolve_layers(settings, *n_features);
    return settings->image.shape.channels ? aep__image_plan_make(plan, &settings->image, log) : AEP_OK;
}

static int make_net(aep__net *net, const aep_allocator *mem, const aep__settings *settings, const aep__image_plan *plan,
                    size_t n_features)
{
    const double *value = settings->value;
    const aep__layers *encoder = &settings->layers[AEP_PART_ENCODER], *decoder = &settings->layers[AEP_PART_DECODER];
    const aep__layers *head = &settings->layers[AEP_PART_HEAD];
    const aep__net_config config = {
        .n_features = n_features,
        .plan = settings->image.shape.channels ? plan : NULL,
        .image = settings->image.shape,
        .encoder = encoder->width,
        .n_encoder = encoder->n,
        .decoder = decoder->width,
        .n_decoder = decoder->n,
        .head = head->width,
        .n_head = head->n,
        .activation = (int)value[AEP_OPT_ACTIVATION],
        .code_activation = (int)value[AEP_OPT_CODE_ACTIVATION],
        .output_activation = (int)value[AEP_OPT_OUTPUT_ACTIVATION],
        .head_activation = (int)value[AEP_OPT_HEAD_ACTIVATION],
        .vector_error = (int)value[AEP_OPT_ERROR] == AEP_ERROR_VECTOR,
        .head_gradient = value[AEP_OPT_HEAD_GRADIENT] != 0,
    };
    return aep__net_init(net, mem, &config);
}

/* On the heap, since hosts have small stacks. */
typedef struct draft {
    aep__settings settings;
    aep__image_plan plan;
} draft;

static int count_params(size_t *n_params, draft *d, const aep_allocator *mem, const aep__schema *schema)
{
    aep__net net;
    size_t n_features;
    int status = resolve(&d->settings, &d->plan, &n_features, schema, NULL);
    if (!status)
        status = make_net(&net, mem, &d->settings, &d->plan, n_features);
    if (status)
        return status;
    *n_params = net.tape.n_params;
    aep__net_free(&net, mem);
    return AEP_OK;
}

int aep__model_count(size_t *n_params, const aep_allocator *mem, const aep__settings *settings,
                     const aep__schema *schema)
{
    draft *d = aep__alloc(mem, 1, sizeof *d);
    if (!d)
        return AEP_E_MEMORY;
    d->settings = *settings;
    const int status = count_params(n_params, d, mem, schema);
    aep__free(mem, d);
    return status;
}

static int fill_model(aep_model *m, const aep__schema *schema, size_t n_features)
{
    const aep__scaling_config scaling = scaling_config(&m->settings);
    int status = aep__schema_copy(&m->schema, &m->mem, schema, schema->n_columns);
    if (!status)
        status = aep__scaler_init(&m->scaler, &m->mem, &m->schema, &scaling);
    if (!status)
        status = make_net(&m->net, &m->mem, &m->settings, &m->plan, n_features);
    if (status)
        return status;
    return aep__weights_init(&m->weights, &m->mem, m->net.tape.n_params) ? AEP_OK : AEP_E_MEMORY;
}

int aep__model_make(aep_model **model, const aep_allocator *mem, const aep__log *log, const aep__settings *settings,
                    const aep__schema *schema)
{
    size_t n_features;
    *model = NULL;
    aep_model *m = aep__alloc(mem, 1, sizeof *m);
    if (!m)
        return aep__fail(log, AEP_E_MEMORY, "no memory for a model");
    m->mem = *mem;
    m->n_threads = 1;
    m->log = *log;
    m->settings = *settings;
    for (int i = 0; i < AEP__FIGURE_COUNT; i++)
        m->last[i] = NAN;
    m->gradient_norm = NAN;
    int status = resolve(&m->settings, &m->plan, &n_features, schema, log);
    if (status) {
        aep_model_free(m);
        return status;
    }
    status = fill_model(m, schema, n_features);
    if (status) {
        aep_model_free(m);
        return aep__fail(log, status, "a model of %zu columns: %s", schema->n_columns, aep_status_str(status));
    }
    *model = m;
    return AEP_OK;
}

static int new_model(aep_model **model, const aep_options *options, size_t n_cols)
{
    aep__schema schema = {0};
    if (!n_cols)
        return aep__fail(&options->log, AEP_E_COLUMNS, "a model needs at least one column");
    if (options->schema.n_columns > n_cols)
        return aep__fail(&options->log, AEP_E_COLUMNS, "column %zu was described, but the model has %zu columns",
                         options->schema.n_columns - 1, n_cols);
    int status = aep__schema_copy(&schema, &options->mem, &options->schema, n_cols);
    if (status)
        return aep__fail(&options->log, status, "a model of %zu columns: %s", n_cols, aep_status_str(status));
    status = aep__model_make(model, &options->mem, &options->log, &options->settings, &schema);
    aep__schema_free(&schema, &options->mem);
    if (!status)
        aep__layers_init(&(*model)->net.tape, (*model)->weights.params, (uint64_t)aep__option(*model, AEP_OPT_SEED));
    return status;
}

int aep_model_new(aep_model **model, const aep_options *options, size_t n_cols)
{
    aep_options *presets = NULL;
    if (!model)
        return AEP_E_ARGUMENT;
    *model = NULL;
    if (!options) {
        int status = aep_options_new(&presets);
        if (status)
            return status;
    }
    int status = new_model(model, options ? options : presets, n_cols);
    aep_options_free(presets);
    return status;
}

static int copy_run(aep_model *c, const aep_model *model)
{
    c->run = model->run;
    c->run.best = (aep__weights){0};
    if (!model->run.best.params)
        return AEP_OK;
    const size_t n_params = model->net.tape.n_params;
    if (!aep__weights_init(&c->run.best, &c->mem, n_params))
        return AEP_E_MEMORY;
    aep__weights_copy(&c->run.best, &model->run.best, n_params);
    return AEP_OK;
}

static int copy_state(aep_model *c, const aep_model *model)
{
    aep__scaler scaler;
    int status = aep__scaler_copy(&scaler, &c->mem, &model->scaler);
    if (status)
        return status;
    aep__scaler_free(&c->scaler, &c->mem);
    c->scaler = scaler;
    aep__weights_copy(&c->weights, &model->weights, model->net.tape.n_params);
    c->n_threads = model->n_threads;
    c->steps = model->steps;
    c->epochs = model->epochs;
    c->best_epoch = model->best_epoch;
    memcpy(c->last, model->last, sizeof c->last);
    c->gradient_norm = model->gradient_norm;
    if (!aep__history_reserve(&c->history, &c->mem, model->history.n))
        return AEP_E_MEMORY;
    for (size_t i = 0; i < model->history.n; i++)
        aep__history_add(&c->history, model->history.epochs[i]);
    status = aep__calibration_copy(&c->calibration, &c->mem, &model->calibration);
    return status ? status : copy_run(c, model);
}

int aep_model_copy(aep_model **copy, const aep_model *model)
{
    if (!copy)
        return AEP_E_ARGUMENT;
    *copy = NULL;
    if (!model)
        return AEP_E_ARGUMENT;
    int status = aep__model_make(copy, &model->mem, &model->log, &model->settings, &model->schema);
    if (status)
        return status;
    status = copy_state(*copy, model);
    if (status) {
        aep_model_free(*copy);
        *copy = NULL;
        return aep__fail(&model->log, status, "copying a model: %s", aep_status_str(status));
    }
    return AEP_OK;
}

void aep_model_free(aep_model *model)
{
    if (!model)
        return;
    const aep_allocator mem = model->mem;
    aep__run_end(model);
    aep__trainer_free(&model->trainer, &mem);
    aep__calibration_free(&model->calibration, &mem);
    aep__free(&mem, model->history.epochs);
    aep__weights_free(&model->weights, &mem);
    aep__net_free(&model->net, &mem);
    aep__scaler_free(&model->scaler, &mem);
    aep__schema_free(&model->schema, &mem);
    aep__free(&mem, model);
}

/* --------------------------------------------------------------------------------------------------- checking */

static int report_value(const aep_model *model, int status, float value, size_t row, size_t col)
{
    const char *name = aep_model_column_name(model, col);
    const char *open = name ? " (" : "", *close = name ? ")" : "";
    name = name ? name : "";
    if (status == AEP_E_LEVEL)
        return aep__fail(&model->log, status,
                         "row %zu, column %zu%s%s%s: %g is no level code of a column with %zu levels", row, col, open,
                         name, close, (double)value, aep_model_column_levels(model, col));
    const char *advice = isnan(value) ? "; set the option missing to impute if values can be missing" : "";
    return aep__fail(&model->log, status, "row %zu, column %zu%s%s%s: the value is %s%s", row, col, open, name, close,
                     isnan(value) ? "NaN" : "infinite", advice);
}

int aep__shape_check(const aep_model *model, const float *rows, size_t n_rows, size_t n_cols, size_t least)
{
    size_t n_values;
    if (!model)
        return AEP_E_ARGUMENT;
    if (!rows)
        return aep__fail(&model->log, AEP_E_ARGUMENT, "rows is NULL");
    if (n_cols != model->schema.n_columns)
        return aep__fail(&model->log, AEP_E_COLUMNS, "the rows have %zu columns, the model has %zu", n_cols,
                         model->schema.n_columns);
    if (n_rows < least)
        return aep__fail(&model->log, AEP_E_ROWS, "%zu rows were given, at least %zu are needed", n_rows, least);
    if (!aep__mul(&n_values, n_rows, n_cols) || !aep__mul(&n_values, n_values, sizeof *rows))
        return aep__fail(&model->log, AEP_E_LIMIT, "%zu rows of %zu columns do not fit into memory", n_rows, n_cols);
    return AEP_OK;
}

/* A check of many rows, in pieces. */
typedef struct values_check {
    const aep_model *model;
    const float *rows;
    size_t n_rows;
    bool training;
    atomic_size_t first_bad; /* piece, or the number of pieces */
    aep__pieces pieces;
} values_check;

enum { CHECKED_AT_A_TIME = 4096 };

static int check_piece(size_t *row, size_t *col, const values_check *c, size_t piece)
{
    const size_t first = piece * CHECKED_AT_A_TIME, left = c->n_rows - first, n_cols = c->model->schema.n_columns;
    int status = aep__scaler_check(row, col, &c->model->scaler, c->rows + first * n_cols,
                                   left < CHECKED_AT_A_TIME ? left : CHECKED_AT_A_TIME, c->training);
    *row += first;
    return status;
}

static void check_pieces(void *payload, size_t worker)
{
    values_check *c = payload;
    (void)worker;
    for (size_t piece, row = 0, col; aep__pieces_take(&piece, &c->pieces);) {
        size_t first = atomic_load(&c->first_bad);
        if (piece < first && check_piece(&row, &col, c, piece))
            while (piece < first && !atomic_compare_exchange_weak(&c->first_bad, &first, piece))
                ;
    }
}

int aep__values_check(const aep_model *model, const float *rows, size_t n_rows, bool training, aep__team *team)
{
    size_t row = 0, col = 0;
    values_check c = {.model = model, .rows = rows, .n_rows = n_rows, .training = training};
    aep__pieces_init(&c.pieces, (n_rows - 1) / CHECKED_AT_A_TIME + 1);
    atomic_init(&c.first_bad, c.pieces.n);
    aep__team_run(c.pieces.n > 1 ? team : NULL, check_pieces, &c);
    const size_t bad = atomic_load(&c.first_bad);
    if (bad == c.pieces.n)
        return AEP_OK;
    const int status = check_piece(&row, &col, &c, bad);
    return report_value(model, status, rows[row * model->schema.n_columns + col], row, col);
}

int aep__rows_check(const aep_model *model, const float *rows, size_t n_rows, size_t n_cols, size_t least,
                    bool training)
{
    const int status = aep__shape_check(model, rows, n_rows, n_cols, least);
    return status ? status : aep__values_check(model, rows, n_rows, training, NULL);
}

int aep_check_rows(size_t *row, size_t *col, const aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    size_t bad_row, bad_col;
    if (!model || !rows)
        return AEP_E_ARGUMENT;
    if (n_cols != model->schema.n_columns)
        return AEP_E_COLUMNS;
    if (!n_rows)
        return AEP_E_ROWS;
    int status = aep__scaler_check(&bad_row, &bad_col, &model->scaler, rows, n_rows, false);
    if (status && row)
        *row = bad_row;
    if (status && col)
        *col = bad_col;
    return status;
}

/* --------------------------------------------------------------------------------------------------- getters */

size_t aep_model_n_columns(const aep_model *model) { return model ? model->schema.n_columns : 0; }
size_t aep_model_n_features(const aep_model *model) { return model ? model->net.n_features : 0; }
size_t aep_model_code_size(const aep_model *model) { return model ? model->net.code_size : 0; }
size_t aep_model_error_size(const aep_model *model) { return model ? model->net.error_size : 0; }

int aep_model_set_threads(aep_model *model, size_t n_threads)
{
    if (!model)
        return AEP_E_ARGUMENT;
    if (n_threads < 1 || n_threads > MOST_THREADS)
        return aep__fail(&model->log, AEP_E_RANGE, "%zu threads: a model may use 1 to %d", n_threads, MOST_THREADS);
    model->n_threads = n_threads;
    return AEP_OK;
}

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

int aep_model_set(aep_model *model, int key, double value)
{
    if (!model)
        return AEP_E_ARGUMENT;
    aep__settings changed = model->settings;
    int status = aep__settings_set(&changed, &model->log, key, value);
    if (status)
        return status;
    if (!aep_option_is_changeable(key))
        return aep__fail(&model->log, AEP_E_STATE, "option %s is fixed when the model is made", aep_option_name(key));
    status = check_noise(&changed, &model->log);
    if (status)
        return status;
    if (key == AEP_OPT_SCORE && value != aep__option(model, key))
        aep__calibration_free(&model->calibration, &model->mem);
    model->settings = changed;
    return AEP_OK;
}

int aep_model_set_log(aep_model *model, aep_log_fn log, void *payload)
{
    if (!model)
        return AEP_E_ARGUMENT;
    model->log = (aep__log){log, payload};
    return AEP_OK;
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
    default: /* AEP_STAT_CALIBRATION_STEP */
        return known_if(c->n_rows, (double)c->step);
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
