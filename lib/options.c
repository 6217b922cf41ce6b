/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const activations[] = {"identity", "relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", NULL};
static const char *const noises[] = {"none", "gaussian", "masking", "block", NULL};
static const char *const errors[] = {"norm", "vector", NULL};
static const char *const schedules[] = {"constant", "cosine", NULL};
static const char *const scores[] = {"prediction", "reconstruction", "signed", "joint", NULL};
static const char *const scalings[] = {"none", "zscore", "minmax", "robust", "rank", NULL};
static const char *const squashes[] = {"none", "tanh", "clip", NULL};
static const char *const missings[] = {"error", "impute", NULL};
static const char *const unseens[] = {"zero", "error", NULL};

typedef struct option {
    int key, type;
    bool changeable; /* in a model that exists */
    const char *name;
    double low, high, preset;
    const char *const *choices; /* of type choice: their names, value by position */
    const char *help;
} option;

#define WHOLE         9007199254740992.0 /* 2^53: the largest whole number that a double counts to */
#define REAL          AEP_TYPE_REAL, true
#define INTEGER       AEP_TYPE_INTEGER, true
#define CHOICE(names) 0, (double)(sizeof(names) / sizeof *(names)-2)

/* In the order of the keys, which count from 1 without a gap. */
static const option table[AEP__OPTION_COUNT] = {
    {AEP_OPT_SEED, AEP_TYPE_INTEGER, false, "seed", 0, WHOLE, 0, NULL, "all randomness follows from it"},
    {AEP_OPT_ACTIVATION, AEP_TYPE_CHOICE, false, "activation", CHOICE(activations), AEP_TANH, activations,
     "activation of the hidden layers of encoder and decoder"},
    {AEP_OPT_HEAD_ACTIVATION, AEP_TYPE_CHOICE, false, "head_activation", CHOICE(activations), AEP_TANH, activations,
     "activation of the hidden layers of the head"},
    {AEP_OPT_CODE_ACTIVATION, AEP_TYPE_CHOICE, false, "code_activation", CHOICE(activations), AEP_IDENTITY, activations,
     "activation of the latent variables"},
    {AEP_OPT_OUTPUT_ACTIVATION, AEP_TYPE_CHOICE, false, "output_activation", CHOICE(activations), AEP_IDENTITY,
     activations, "activation of the reconstruction"},
    {AEP_OPT_NOISE, AEP_TYPE_CHOICE, true, "noise", CHOICE(noises), AEP_NOISE_GAUSSIAN, noises,
     "what the autoencoder learns to undo: nothing, Gaussian noise, features masked with 0, or squares of an image"},
    {AEP_OPT_NOISE_LEVEL, REAL, "noise_level", 0, 10, 0.1, NULL,
     "standard deviation of Gaussian noise, or share of features or of the image masked (0 to 1)"},
    {AEP_OPT_ERROR, AEP_TYPE_CHOICE, false, "error", CHOICE(errors), AEP_ERROR_NORM, errors,
     "what the head predicts: the norm of the reconstruction error, or the error of each feature"},
    {AEP_OPT_SQUARED, AEP_TYPE_SWITCH, false, "squared", 0, 1, 0, NULL, "use squared norms in the losses"},
    {AEP_OPT_HEAD_GRADIENT, AEP_TYPE_SWITCH, false, "head_gradient", 0, 1, 0, NULL,
     "let the gradient of the head reach the autoencoder"},
    {AEP_OPT_WEIGHT_DECAY, REAL, "weight_decay", 0, 1e6, 1e-6, NULL,
     "lambda1: weight of the squared parameters of encoder and decoder in the loss"},
    {AEP_OPT_COMPACTNESS, REAL, "compactness", 0, 1e6, 0.01, NULL,
     "lambda2: weight of the compactness of the latent variables"},
    {AEP_OPT_HEAD_WEIGHT, REAL, "head_weight", 0, 1e6, 1, NULL, "lambda3: weight of the head's prediction error"},
    {AEP_OPT_LEARNING_RATE, REAL, "learning_rate", 0, 1, 1e-3, NULL, "learning rate of Adam"},
    {AEP_OPT_HEAD_RATE, REAL, "head_rate", 0, 1000, 1, NULL, "learning rate of the head over that of the autoencoder"},
    {AEP_OPT_BETA1, REAL, "beta1", 0, 0.999999, 0.9, NULL, "Adam's decay of the mean gradient"},
    {AEP_OPT_BETA2, REAL, "beta2", 0, 0.999999, 0.999, NULL, "Adam's decay of the mean squared gradient"},
    {AEP_OPT_EPSILON, REAL, "epsilon", 1e-16, 1, 1e-8, NULL, "Adam's guard against division by zero"},
    {AEP_OPT_SCHEDULE, AEP_TYPE_CHOICE, true, "schedule", CHOICE(schedules), AEP_SCHEDULE_COSINE, schedules,
     "learning rate over a run: constant, or falling to zero along a cosine"},
    {AEP_OPT_SCHEDULE_STEPS, INTEGER, "schedule_steps", 0, WHOLE, 0, NULL,
     "steps that the schedule lasts when batches are given one by one; 0: constant"},
    {AEP_OPT_GRADIENT_CLIP, REAL, "gradient_clip", 0, 1e9, 0, NULL, "largest norm of the gradient; 0: no limit"},
    {AEP_OPT_EPOCHS, INTEGER, "epochs", 1, 1e6, 100, NULL, "passes over the rows in a run"},
    {AEP_OPT_BATCH, INTEGER, "batch", 2, 1e6, 256, NULL, "rows a step in a run"},
    {AEP_OPT_VALIDATION, REAL, "validation", 0, 0.9, 0, NULL,
     "share of the rows held back from training to choose the best weights"},
    {AEP_OPT_PATIENCE, INTEGER, "patience", 0, 1e6, 0, NULL,
     "epochs without a better validation loss before a run stops; 0: never"},
    {AEP_OPT_SCORE, AEP_TYPE_CHOICE, true, "score", CHOICE(scores), AEP_SCORE_PREDICTION, scores,
     "what rows are scored by: error of the predicted error, reconstruction error, error minus predicted error, or "
     "errors and distance of the code together"},
    {AEP_OPT_SCALING, AEP_TYPE_CHOICE, false, "scaling", CHOICE(scalings), AEP_SCALING_ZSCORE, scalings,
     "how numeric columns are scaled; none: used as they are, not squashed either"},
    {AEP_OPT_SQUASH, AEP_TYPE_CHOICE, false, "squash", CHOICE(squashes), AEP_SQUASH_TANH, squashes,
     "what is done to scaled values far out: nothing, s tanh(x / s), or cut at -s and s"},
    {AEP_OPT_SQUASH_LIMIT, AEP_TYPE_REAL, false, "squash_limit", 0.1, 1e6, 5, NULL, "the s of squash"},
    {AEP_OPT_MISSING, AEP_TYPE_CHOICE, false, "missing", CHOICE(missings), AEP_MISSING_ERROR, missings,
     "what a missing value (NaN) is: an error, or the usual value of its column"},
    {AEP_OPT_MISSING_INDICATOR, AEP_TYPE_SWITCH, false, "missing_indicator", 0, 1, 0, NULL,
     "with missing=impute: one more feature for each numeric column that says whether its value was missing"},
    {AEP_OPT_UNSEEN, AEP_TYPE_CHOICE, false, "unseen", CHOICE(unseens), AEP_UNSEEN_ZERO, unseens,
     "what a level unknown to the model is when scoring: none of the known levels, or an error"},
    {AEP_OPT_ALARM_RATE, REAL, "alarm_rate", 0, 1, 0.01, NULL, "share of normal rows that may be flagged"},
    {AEP_OPT_CALIBRATION_SIZE, INTEGER, "calibration_size", 100, 1e7, 10000, NULL,
     "most calibration scores kept in the model"},
    {AEP_OPT_SAVE_TRAINING, AEP_TYPE_SWITCH, true, "save_training", 0, 1, 1, NULL,
     "save what training needs to go on; triples the file"},
    {AEP_OPT_SCALE_LEVELS, AEP_TYPE_SWITCH, false, "scale_levels", 0, 1, 0, NULL,
     "scale the features of categorical columns like numeric ones"},
    {AEP_OPT_NOISE_BLOCK, INTEGER, "noise_block", 1, 1024, 4, NULL, "edge of the squares of block noise, in pixels"},
    {AEP_OPT_CHANNEL_SCALING, AEP_TYPE_SWITCH, false, "channel_scaling", 0, 1, 1, NULL,
     "scale all pixels of an image's channel alike"},
    {AEP_OPT_LEARNING_GATE, REAL, "learning_gate", 0, 0.5, 0, NULL,
     "rows whose p-value is at most this are kept out when batches are given one by one; 0: none"},
};

static const option *find(int key) { return key >= 1 && key <= AEP__OPTION_COUNT ? &table[key - 1] : NULL; }

/* -------------------------------------------------------------------------------------------------- the table */

size_t aep_option_count(void) { return AEP__OPTION_COUNT; }

int aep_option_at(size_t i) { return i < AEP__OPTION_COUNT ? table[i].key : AEP_E_OPTION; }

int aep_option_find(const char *name)
{
    for (size_t i = 0; name && i < AEP__OPTION_COUNT; i++)
        if (!strcmp(table[i].name, name))
            return table[i].key;
    return AEP_E_OPTION;
}

const char *aep_option_name(int key)
{
    const option *o = find(key);
    return o ? o->name : NULL;
}

const char *aep_option_help(int key)
{
    const option *o = find(key);
    return o ? o->help : NULL;
}

int aep_option_type(int key)
{
    const option *o = find(key);
    return o ? o->type : AEP_E_OPTION;
}

int aep_option_is_changeable(int key)
{
    const option *o = find(key);
    return o ? o->changeable : AEP_E_OPTION;
}

int aep_option_bounds(double *low, double *high, double *preset, int key)
{
    const option *o = find(key);
    if (!o)
        return AEP_E_OPTION;
    if (low)
        *low = o->low;
    if (high)
        *high = o->high;
    if (preset)
        *preset = o->preset;
    return AEP_OK;
}

const char *aep_option_choice(int key, int value)
{
    const option *o = find(key);
    return o && o->choices && value >= 0 && value <= (int)o->high ? o->choices[value] : NULL;
}

/* Whether a value is one that the option takes. */
static bool allows(const option *o, double value)
{
    return value >= o->low && value <= o->high && (o->type == AEP_TYPE_REAL || value == floor(value));
}

/* -------------------------------------------------------------------------------------------------- parsing text */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

enum { MAX_DIGITS = 40, MAX_EXPONENT = 99999 };

/* Reads "e-3" at *text, if it is there, and moves *text past it; leaves it at the e where no digits follow. */
static int64_t parse_exponent(const char **text)
{
    const char *s = *text;
    int64_t exponent = 0;
    if (*s != 'e' && *s != 'E')
        return 0;
    s++;
    const bool negative = *s == '-';
    s += *s == '-' || *s == '+';
    for (; is_digit(*s); s++, *text = s)
        exponent = exponent < MAX_EXPONENT ? 10 * exponent + (*s - '0') : exponent;
    return negative ? -exponent : exponent;
}

static void print_exponent(char *to, int64_t exponent)
{
    exponent = exponent > MAX_EXPONENT ? MAX_EXPONENT : exponent < -MAX_EXPONENT ? -MAX_EXPONENT : exponent;
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    exponent = exponent < 0 ? -exponent : exponent;
    for (int64_t unit = 10000; unit; unit /= 10)
        *to++ = (char)('0' + exponent / unit % 10);
    *to = 0;
}

/*
 * A decimal number with a point, whatever the locale. strtod, which would look for the locale's point, is shown none:
 * "0.25" goes to it as "25e-00002". Digits after the first 40 that count cannot matter.
 */
static bool parse_number(double *value, const char *text)
{
    char plain[MAX_DIGITS + sizeof "e-99999"];
    size_t n = 0;
    int64_t exponent = 0;
    bool fraction = false, any = false;
    const bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    for (; is_digit(*text) || (*text == '.' && !fraction); text++) {
        if (*text == '.') {
            fraction = true;
            continue;
        }
        any = true;
        exponent -= fraction;
        if (n == MAX_DIGITS)
            exponent++;
        else if (n || *text != '0')
            plain[n++] = *text;
    }
    if (!any)
        return false;
    if (!n)
        plain[n++] = '0';
    exponent += parse_exponent(&text);
    print_exponent(plain + n, exponent);
    if (*text)
        return false;
    *value = strtod(plain, NULL);
    *value = negative ? -*value : *value;
    return true;
}

static bool parse_switch(double *value, const char *text)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    for (int i = 0; i < 6; i++)
        if (!strcmp(text, words[i])) {
            *value = i % 2;
            return true;
        }
    return false;
}

int aep_option_parse(double *value, int key, const char *text)
{
    const option *o = find(key);
    double parsed;
    if (!value || !text)
        return AEP_E_ARGUMENT;
    if (!o)
        return AEP_E_OPTION;
    for (int i = 0; o->choices && o->choices[i]; i++)
        if (!strcmp(o->choices[i], text)) {
            *value = i;
            return AEP_OK;
        }
    if (o->type == AEP_TYPE_SWITCH && parse_switch(value, text))
        return AEP_OK;
    if (!parse_number(&parsed, text))
        return o->choices ? AEP_E_OPTION : AEP_E_RANGE;
    if (!allows(o, parsed))
        return AEP_E_RANGE;
    *value = parsed;
    return AEP_OK;
}

/* -------------------------------------------------------------------------------------------------- settings */

void aep__settings_init(aep__settings *settings)
{
    *settings = (aep__settings){0};
    for (size_t i = 0; i < AEP__OPTION_COUNT; i++)
        settings->value[table[i].key] = table[i].preset;
}

static int no_option(const aep__log *log, int key)
{
    return aep__fail(log, AEP_E_OPTION, "there is no option %d; they are 1 to %d", key, AEP__OPTION_COUNT);
}

static int refuse_choice(const aep__log *log, const option *o, double value)
{
    char names[128] = "";
    for (int i = 0; o->choices[i]; i++) {
        strncat(names, i ? ", " : "", sizeof names - 1 - strlen(names));
        strncat(names, o->choices[i], sizeof names - 1 - strlen(names));
    }
    return aep__fail(log, AEP_E_RANGE, "option %s: %s is not one of %s (0 to %.0f)", o->name, AEP__NUMBER(value, 6),
                     names, o->high);
}

static int refuse(const aep__log *log, const option *o, double value)
{
    switch (o->type) {
    case AEP_TYPE_INTEGER:
        return aep__fail(log, AEP_E_RANGE, "option %s: %s is not a whole number within %.0f to %.0f", o->name,
                         AEP__NUMBER(value, 16), o->low, o->high);
    case AEP_TYPE_CHOICE:
        return refuse_choice(log, o, value);
    case AEP_TYPE_SWITCH:
        return aep__fail(log, AEP_E_RANGE, "option %s: %s is neither 0 (no) nor 1 (yes)", o->name,
                         AEP__NUMBER(value, 6));
    default:
        return aep__fail(log, AEP_E_RANGE, "option %s: %s is not within %s to %s", o->name, AEP__NUMBER(value, 6),
                         AEP__NUMBER(o->low, 6), AEP__NUMBER(o->high, 6));
    }
}

int aep__settings_set(aep__settings *settings, const aep__log *log, int key, double value)
{
    const option *o = find(key);
    if (!o)
        return no_option(log, key);
    if (!allows(o, value))
        return refuse(log, o, value);
    settings->value[key] = value + 0.0; /* -0 becomes 0, so that equal settings have equal bytes */
    return AEP_OK;
}

int aep__settings_get(double *value, const aep__settings *settings, int key)
{
    if (!find(key))
        return AEP_E_OPTION;
    *value = settings->value[key];
    return AEP_OK;
}

void aep__settings_write(const aep__settings *settings, aep__writer *w)
{
    aep__put_u32(w, AEP__OPTION_COUNT);
    for (size_t i = 0; i < AEP__OPTION_COUNT; i++) {
        aep__put_u32(w, (uint32_t)table[i].key);
        aep__put_f64(w, settings->value[table[i].key]);
    }
    for (int part = 0; part < AEP__PART_COUNT; part++) {
        aep__put_u32(w, (uint32_t)settings->layers[part].n);
        for (size_t i = 0; i < settings->layers[part].n; i++)
            aep__put_u32(w, (uint32_t)settings->layers[part].width[i]);
    }
    aep__image_write(&settings->image, w);
}

static void read_layers(aep__layers *layers, aep__reader *r)
{
    layers->n = aep__get_u32(r);
    if (layers->n > AEP__MAX_LAYERS) {
        layers->n = 0;
        r->bad = true;
    }
    for (size_t i = 0; i < layers->n; i++) {
        layers->width[i] = aep__get_u32(r);
        if (layers->width[i] < 1 || layers->width[i] > AEP__MAX_WIDTH)
            r->bad = true;
    }
}

int aep__settings_read(aep__settings *settings, aep__reader *r, uint32_t version)
{
    aep__settings read;
    aep__settings_init(&read);
    uint32_t last = 0;
    for (uint32_t n = aep__get_u32(r); n > 0 && !r->bad; n--) {
        const uint32_t key = aep__get_u32(r);
        const double value = aep__get_f64(r);
        if (key <= last || key > AEP__OPTION_COUNT || aep__settings_set(&read, NULL, (int)key, value))
            r->bad = true;
        last = key;
    }
    for (int part = 0; part < AEP__PART_COUNT && !r->bad; part++)
        read_layers(&read.layers[part], r);
    if (r->bad || (version > 1 && aep__image_read(&read.image, r)))
        return AEP_E_FORMAT;
    *settings = read;
    return AEP_OK;
}

/* -------------------------------------------------------------------------------------------------- the object */

int aep_options_new_with(aep_options **options, const aep_allocator *allocator)
{
    aep_allocator mem;
    if (!options)
        return AEP_E_ARGUMENT;
    *options = NULL;
    if (aep__mem_init(&mem, allocator))
        return AEP_E_ARGUMENT;
    aep_options *o = aep__alloc(&mem, 1, sizeof *o);
    if (!o)
        return AEP_E_MEMORY;
    o->mem = mem;
    aep__settings_init(&o->settings);
    *options = o;
    return AEP_OK;
}

int aep_options_new(aep_options **options) { return aep_options_new_with(options, NULL); }

void aep_options_free(aep_options *options)
{
    if (!options)
        return;
    const aep_allocator mem = options->mem;
    aep__schema_free(&options->schema, &mem);
    aep__free(&mem, options);
}

int aep_options_set(aep_options *options, int key, double value)
{
    return options ? aep__settings_set(&options->settings, &options->log, key, value) : AEP_E_ARGUMENT;
}

int aep_options_get(double *value, const aep_options *options, int key)
{
    if (!options)
        return AEP_E_ARGUMENT;
    if (!value)
        return aep__fail(&options->log, AEP_E_ARGUMENT, "aep_options_get: value is NULL");
    return aep__settings_get(value, &options->settings, key) ? no_option(&options->log, key) : AEP_OK;
}

int aep_options_set_layers(aep_options *options, int part, const size_t *widths, size_t n_widths)
{
    static const char *const names[AEP__PART_COUNT] = {"encoder", "decoder", "head"};
    if (!options)
        return AEP_E_ARGUMENT;
    const aep__log *log = &options->log;
    if (!widths && n_widths)
        return aep__fail(log, AEP_E_ARGUMENT, "aep_options_set_layers: %zu widths, but widths is NULL", n_widths);
    if (part < 0 || part >= AEP__PART_COUNT)
        return aep__fail(log, AEP_E_OPTION, "there is no part %d; 0 is the encoder, 1 the decoder, 2 the head", part);
    if (n_widths > AEP__MAX_LAYERS)
        return aep__fail(log, AEP_E_LIMIT, "%s: %zu layers are more than %d", names[part], n_widths, AEP__MAX_LAYERS);
    for (size_t i = 0; i < n_widths; i++)
        if (widths[i] < 1 || widths[i] > AEP__MAX_WIDTH)
            return aep__fail(log, AEP_E_RANGE, "%s: the width %zu of layer %zu is not within 1 to %d", names[part],
                             widths[i], i + 1, AEP__MAX_WIDTH);
    aep__layers *layers = &options->settings.layers[part];
    *layers = (aep__layers){.n = n_widths};
    for (size_t i = 0; i < n_widths; i++)
        layers->width[i] = widths[i];
    return AEP_OK;
}

int aep_options_set_image(aep_options *options, size_t channels, size_t height, size_t width)
{
    return options ? aep__image_set(&options->settings.image, &options->log, channels, height, width) : AEP_E_ARGUMENT;
}

int aep_options_add_image_layer(aep_options *options, int part, int kind, size_t size, size_t kernel, size_t stride,
                                size_t padding)
{
    const aep__image_layer layer = {kind, size, kernel, stride, padding};
    if (!options)
        return AEP_E_ARGUMENT;
    if (part != AEP_PART_ENCODER && part != AEP_PART_DECODER)
        return aep__fail(&options->log, AEP_E_OPTION, "part %d has no image layers; 0 is the encoder, 1 the decoder",
                         part);
    if (!options->settings.image.shape.channels)
        return aep__fail(&options->log, AEP_E_STATE, "an image layer, and no image: call aep_options_set_image first");
    return aep__image_add(&options->settings.image, &options->log, part, &layer);
}

int aep_options_add_conv(aep_options *options, size_t filters, size_t kernel, size_t stride)
{
    return aep_options_add_image_layer(options, AEP_PART_ENCODER, AEP_LAYER_CONV, filters, kernel, stride,
                                       AEP_PADDING_AUTO);
}

int aep_options_set_column(aep_options *options, size_t column, const char *name, int kind, const char *const *levels,
                           size_t n_levels)
{
    if (!options)
        return AEP_E_ARGUMENT;
    const aep__log *log = &options->log;
    int status = aep__schema_set(&options->schema, &options->mem, column, name, kind, levels, n_levels);
    switch (status) {
    case AEP_OK:
        return AEP_OK;
    case AEP_E_OPTION:
        return aep__fail(log, status, "column %zu: there is no kind %d; 0 is numeric, 1 categorical", column, kind);
    case AEP_E_RANGE:
        return aep__fail(log, status, "column %zu: %zu levels; a categorical column has 1 to %d, a numeric one none",
                         column, n_levels, AEP__MAX_LEVELS);
    case AEP_E_LIMIT:
        return column < AEP__MAX_COLUMNS
                   ? aep__fail(log, status, "column %zu: its name or a level's is longer than %d bytes", column,
                               AEP__MAX_NAME)
                   : aep__fail(log, status, "column %zu: the largest index is %d", column, AEP__MAX_COLUMNS - 1);
    default:
        return aep__fail(log, status, "column %zu: no memory to describe it", column);
    }
}

int aep_options_set_log(aep_options *options, aep_log_fn log, void *payload)
{
    if (!options)
        return AEP_E_ARGUMENT;
    options->log = (aep__log){log, payload};
    return AEP_OK;
}
