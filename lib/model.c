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
        return aep__fail(log, AEP_E_RANGE, "option noise_level: %s is no share; masking and block noise take 0 to 1",
                         AEP__NUMBER(level, 6));
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
    c->n_gated = model->n_gated;
    memcpy(c->last, model->last, sizeof c->last);
    c->gradient_norm = model->gradient_norm;
    if (!aep__history_reserve(&c->history, &c->mem, model->history.n))
        return AEP_E_MEMORY;
    for (size_t i = 0; i < model->history.n; i++)
        aep__history_add(&c->history, model->history.epochs[i]);
    status = aep__calibration_copy(&c->calibration, &c->mem, &model->calibration);
    if (!status)
        status = aep__profile_copy(&c->profile, &c->mem, &model->profile);
    if (!status)
        status = aep__joint_copy(&c->joint, &c->mem, &model->joint);
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
    aep__profile_free(&model->profile, &mem);
    aep__joint_free(&model->joint, &mem);
    aep__free(&mem, model->history.epochs);
    aep__weights_free(&model->weights, &mem);
    aep__net_free(&model->net, &mem);
    aep__scaler_free(&model->scaler, &mem);
    aep__schema_free(&model->schema, &mem);
    aep__free(&mem, model);
}

/* ---------------------------------------------------------------------------------------------------- changing */

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
    if (key == AEP_OPT_SCORE && value != aep__option(model, key)) {
        aep__calibration_free(&model->calibration, &model->mem);
        aep__profile_free(&model->profile, &model->mem);
    }
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

int aep_model_set_threads(aep_model *model, size_t n_threads)
{
    if (!model)
        return AEP_E_ARGUMENT;
    if (n_threads < 1 || n_threads > MOST_THREADS)
        return aep__fail(&model->log, AEP_E_RANGE, "%zu threads: a model may use 1 to %d", n_threads, MOST_THREADS);
    model->n_threads = n_threads;
    return AEP_OK;
}
