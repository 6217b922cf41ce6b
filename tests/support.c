/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------------------------- memory */

static void *memory_alloc(size_t size, void *payload)
{
    memory *m = payload;
    const size_t call = m->calls++;
    ck_assert_uint_gt(size, 0);
    m->bytes += size;
    if (m->for_good ? call >= m->fail_at : call == m->fail_at) {
        m->refused++;
        return NULL;
    }
    void *ptr = malloc(size);
    m->live += ptr != NULL;
    return ptr;
}

static void memory_free(void *ptr, void *payload)
{
    memory *m = payload;
    ck_assert_ptr_nonnull(ptr);
    ck_assert_uint_gt(m->live, 0);
    m->live--;
    free(ptr);
}

aep_allocator memory_allocator(memory *m)
{
    *m = (memory){.fail_at = NEVER};
    return (aep_allocator){memory_alloc, memory_free, m};
}

/* ------------------------------------------------------------------------------------------------ messages */

void record_message(int level, const char *message, void *payload)
{
    messages *m = payload;
    ck_assert(level >= AEP_LOG_ERROR && level <= AEP_LOG_INFO);
    ck_assert(message[0] && !strchr(message, '\n'));
    m->n[level]++;
    snprintf(m->last, sizeof m->last, "%s", message);
}

/* -------------------------------------------------------------------------------------------------- numbers */

double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* What column j makes of the hidden variables a and b, each within -1 and 1. */
static double follow(size_t j, double a, double b)
{
    const double t = (double)(j * 37 % 64) / 10;
    return cos(t) * a + sin(t) * b + (j % 3 == 2 ? 0.5 * a * b : 0);
}

float *new_rows(const char *columns, size_t n_rows, uint64_t seed)
{
    const size_t n_cols = strlen(columns);
    float *rows = malloc((n_rows * n_cols + 1) * sizeof *rows);
    uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    uniform(&state);
    for (size_t i = 0; i < n_rows; i++) {
        const double a = 2 * uniform(&state) - 1, b = 2 * uniform(&state) - 1;
        for (size_t j = 0; j < n_cols; j++) {
            const double noise = 0.04 * (uniform(&state) - 0.5);
            const double x = follow(j, a, b) + noise;
            const int levels = columns[j] - '0';
            rows[i * n_cols + j] = columns[j] == 'n' ? (float)((double)(j % 5) + pow(10, (double)(j % 4) - 1) * x)
                                                     : (float)fmin(fmax(floor((x + 1) / 2 * levels), 0), levels - 1);
        }
    }
    return rows;
}

void break_correlation(float *rows, size_t n_rows, size_t n_cols, uint64_t seed)
{
    uint64_t state = seed;
    for (size_t j = 0; j < n_cols; j++)
        for (size_t i = n_rows; i-- > 1;) {
            const size_t k = (size_t)(uniform(&state) * (double)(i + 1));
            const float swap = rows[i * n_cols + j];
            rows[i * n_cols + j] = rows[k * n_cols + j];
            rows[k * n_cols + j] = swap;
        }
}

const char *numeric(size_t n)
{
    static char letters[1001];
    if (!letters[0])
        memset(letters, 'n', sizeof letters - 1);
    ck_assert_uint_lt(n, sizeof letters);
    return letters + sizeof letters - 1 - n;
}

/* --------------------------------------------------------------------------------------------------- models */

static void describe(aep_options *options, const char *columns)
{
    static const char *const levels[] = {"l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8"};
    for (size_t j = 0; columns[j]; j++) {
        char name[32];
        snprintf(name, sizeof name, "c%zu", j);
        if (columns[j] == 'n')
            AEP_CHECK(aep_options_set_column(options, j, name, AEP_COLUMN_NUMERIC, NULL, 0));
        else
            AEP_CHECK(
                aep_options_set_column(options, j, name, AEP_COLUMN_CATEGORICAL, levels, (size_t)(columns[j] - '0')));
    }
}

aep_options *new_options(const char *columns, const setting *settings, const aep_allocator *allocator)
{
    static const size_t encoder[] = {8, 2}, head[] = {8};
    aep_options *options;
    AEP_CHECK(aep_options_new_with(&options, allocator));
    describe(options, columns);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 2));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, head, 1));
    AEP_CHECK(aep_options_set(options, AEP_OPT_EPOCHS, 10));
    AEP_CHECK(aep_options_set(options, AEP_OPT_BATCH, 64));
    for (; settings && settings->key; settings++)
        AEP_CHECK(aep_options_set(options, settings->key, settings->value));
    return options;
}

aep_model *new_model(const char *columns, const setting *settings)
{
    aep_options *options = new_options(columns, settings, NULL);
    aep_model *model;
    AEP_CHECK(aep_model_new(&model, options, strlen(columns)));
    aep_options_free(options);
    return model;
}

aep_model *fitted_model(const char *columns, const setting *settings)
{
    aep_model *model = new_model(columns, settings);
    float *rows = new_rows(columns, 400, 1);
    AEP_CHECK(aep_fit(model, rows, 400, strlen(columns), NULL, NULL));
    free(rows);
    return model;
}

aep_model *ready_model(const char *columns, const setting *settings)
{
    aep_model *model = fitted_model(columns, settings);
    float *rows = new_rows(columns, 200, 2);
    AEP_CHECK(aep_calibrate(model, rows, 200, strlen(columns)));
    free(rows);
    return model;
}

/* --------------------------------------------------------------------------------------------------- images */

const picture pictures[N_PICTURES] = {
    [GREY] = {"grey",
              1,
              9,
              7,
              2,
              {{AEP_PART_ENCODER, AEP_LAYER_CONV, 4, 3, 2, AEP_PADDING_AUTO},
               {AEP_PART_ENCODER, AEP_LAYER_CONV, 6, 3, 2, AEP_PADDING_AUTO}},
              {{0, 0}}},
    [COLOUR] = {"colour",
                3,
                6,
                5,
                7,
                {{AEP_PART_ENCODER, AEP_LAYER_CONV, 6, 3, 1, 1},
                 {AEP_PART_ENCODER, AEP_LAYER_NORM, 3, 0, 0, 0},
                 {AEP_PART_ENCODER, AEP_LAYER_MAX_POOL, 0, 2, 2, 0},
                 {AEP_PART_DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0},
                 {AEP_PART_DECODER, AEP_LAYER_CONV, 6, 3, 1, 1},
                 {AEP_PART_DECODER, AEP_LAYER_NORM, 1, 0, 0, 0},
                 {AEP_PART_DECODER, AEP_LAYER_CONV, 3, 1, 1, 0}},
                {{AEP_OPT_ERROR, AEP_ERROR_VECTOR}}},
    [SIGNAL] = {"signal",
                2,
                1,
                15,
                2,
                {{AEP_PART_ENCODER, AEP_LAYER_CONV, 4, 5, 2, 2},
                 {AEP_PART_ENCODER, AEP_LAYER_AVERAGE_POOL, 0, 3, 3, 0}},
                {{AEP_OPT_NOISE, AEP_NOISE_BLOCK}, {AEP_OPT_NOISE_BLOCK, 3}}},
};

size_t picture_size(const picture *p) { return p->channels * p->height * p->width; }

float *new_pictures(const picture *p, size_t n, uint64_t seed)
{
    const size_t plane = p->height * p->width, size = picture_size(p);
    float *rows = malloc((n * size + 1) * sizeof *rows);
    uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    uniform(&state);
    for (size_t i = 0; i < n; i++) {
        const double phase = 2 * uniform(&state), contrast = 0.4 + 0.6 * uniform(&state);
        for (size_t j = 0; j < size; j++) {
            const size_t c = j / plane, y = j % plane / p->width, x = j % p->width;
            const double wave = contrast * sin(0.5 * (double)y + 0.7 * (double)x + phase + 0.8 * (double)c);
            const double noise = 0.04 * (uniform(&state) - 0.5);
            rows[i * size + j] = (float)(100 * (double)c + pow(10, (double)c) * (0.5 + 0.5 * wave + noise));
        }
    }
    return rows;
}

aep_options *picture_options(const picture *p, const setting *settings, const aep_allocator *allocator)
{
    static const size_t encoder[] = {8, 3};
    aep_options *options = new_options("", p->settings, allocator);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 2));
    AEP_CHECK(aep_options_set_image(options, p->channels, p->height, p->width));
    for (size_t i = 0; i < p->n_layers; i++) {
        const picture_layer *l = &p->layers[i];
        AEP_CHECK(aep_options_add_image_layer(options, l->part, l->kind, l->size, l->kernel, l->stride, l->padding));
    }
    for (; settings && settings->key; settings++)
        AEP_CHECK(aep_options_set(options, settings->key, settings->value));
    return options;
}

aep_model *new_picture_model(const picture *p, const setting *settings)
{
    aep_options *options = picture_options(p, settings, NULL);
    aep_model *model;
    AEP_CHECK(aep_model_new(&model, options, picture_size(p)));
    aep_options_free(options);
    return model;
}

aep_model *fitted_picture_model(const picture *p, const setting *settings)
{
    aep_model *model = new_picture_model(p, settings);
    float *rows = new_pictures(p, 400, 1);
    AEP_CHECK(aep_fit(model, rows, 400, picture_size(p), NULL, NULL));
    free(rows);
    return model;
}

aep_model *ready_picture_model(const picture *p, const setting *settings)
{
    aep_model *model = fitted_picture_model(p, settings);
    float *rows = new_pictures(p, 200, 2);
    AEP_CHECK(aep_calibrate(model, rows, 200, picture_size(p)));
    free(rows);
    return model;
}

double option_of(const aep_model *model, int key)
{
    double value;
    AEP_CHECK(aep_model_get(&value, model, key));
    return value;
}

double stat_of(const aep_model *model, int stat)
{
    double value;
    AEP_CHECK(aep_model_stat(&value, model, stat));
    return value;
}

void score_by(aep_model *model, int kind, const char *columns, const picture *p)
{
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, kind));
    if (kind != AEP_SCORE_JOINT)
        return;
    float *rows = p ? new_pictures(p, 200, 2) : new_rows(columns, 200, 2);
    AEP_CHECK(aep_calibrate(model, rows, 200, aep_model_n_columns(model)));
    free(rows);
}

float *scores_of(const aep_model *model, const float *rows, size_t n_rows)
{
    float *scores = malloc(n_rows * sizeof *scores);
    AEP_CHECK(aep_score(scores, model, NULL, rows, n_rows, aep_model_n_columns(model)));
    return scores;
}

/* --------------------------------------------------------------------------------------------------- saving */

bytes save(const aep_model *model)
{
    bytes b;
    AEP_CHECK(aep_model_save_size(&b.size, model));
    b.data = malloc(b.size);
    AEP_CHECK(aep_model_save(b.data, b.size, model));
    return b;
}

aep_model *load(bytes b)
{
    aep_model *model;
    AEP_CHECK(aep_model_load(&model, b.data, b.size, NULL));
    return model;
}

bool same_bytes(bytes a, bytes b) { return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size)); }

bool saves_as(const aep_model *model, bytes b)
{
    bytes now = save(model);
    const bool same = same_bytes(now, b);
    free(now.data);
    return same;
}

void assert_unchanged(const aep_model *model, bytes before)
{
    ck_assert_msg(saves_as(model, before), "the model has changed");
    free(before.data);
}

static uint64_t little_endian(const uint8_t *data, size_t size)
{
    uint64_t value = 0;
    while (size--)
        value = value << 8 | data[size];
    return value;
}

size_t find_section(bytes b, const char *tag)
{
    enum { HEADER_SIZE = 24, CHECKSUM_SIZE = 4 };
    size_t at = HEADER_SIZE;
    while (at + CHECKSUM_SIZE < b.size && memcmp(b.data + at, tag, 4) != 0)
        at += 12 + (size_t)little_endian(b.data + at + 4, 8);
    ck_assert_msg(at + CHECKSUM_SIZE < b.size, "no section %s", tag);
    return at + 12;
}

float *weights_of(const aep_model *model, size_t *n)
{
    bytes b = save(model);
    const uint8_t *data = b.data + find_section(b, "WGHT");
    *n = (size_t)little_endian(data, 8);
    float *weights = malloc(*n * sizeof *weights);
    for (size_t i = 0; i < *n; i++) {
        const uint32_t bits = (uint32_t)little_endian(data + 8 + 4 * i, 4);
        memcpy(weights + i, &bits, sizeof bits);
    }
    free(b.data);
    return weights;
}

void repair_checksum(uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size - 4; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    for (size_t i = 0; i < 4; i++)
        data[size - 4 + i] = (uint8_t)(~crc >> 8 * i);
}
