/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows that are images: what can be described, what a model tells of it, and what it is good for. */
#include "support.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STALE ((aep_model *)(uintptr_t)8)

enum { E = AEP_PART_ENCODER, D = AEP_PART_DECODER };

/* Options with a log, and one image of 3 x 8 x 6 with a layer. */
static aep_options *image_options(messages *log)
{
    aep_options *options;
    AEP_CHECK(aep_options_new(&options));
    AEP_CHECK(aep_options_set_log(options, record_message, log));
    AEP_CHECK(aep_options_set_image(options, 3, 8, 6));
    AEP_CHECK(aep_options_add_conv(options, 4, 3, 2));
    return options;
}

static bytes model_bytes(const aep_options *options, size_t n_cols)
{
    aep_model *model;
    AEP_CHECK(aep_model_new(&model, options, n_cols));
    bytes b = save(model);
    aep_model_free(model);
    return b;
}

/* ----------------------------------------------------------------------------------------------------- options */

START_TEST(null_options_are_refused)
{
    AEP_CHECK_STATUS(aep_options_set_image(NULL, 1, 2, 3), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_options_add_conv(NULL, 1, 3, 1), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_options_add_image_layer(NULL, E, AEP_LAYER_CONV, 1, 3, 1, 1), AEP_E_ARGUMENT);
}
END_TEST

START_TEST(layers_come_after_their_image)
{
    messages log = {0};
    aep_options *options;
    AEP_CHECK(aep_options_new(&options));
    AEP_CHECK(aep_options_set_log(options, record_message, &log));
    AEP_CHECK_STATUS(aep_options_add_conv(options, 4, 3, 2), AEP_E_STATE);
    ck_assert_ptr_nonnull(strstr(log.last, "aep_options_set_image"));
    AEP_CHECK_STATUS(aep_options_add_image_layer(options, D, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0), AEP_E_STATE);
    AEP_CHECK(aep_options_set_image(options, 1, 9, 9));
    AEP_CHECK(aep_options_add_conv(options, 4, 3, 2));
    AEP_CHECK(aep_options_set_image(options, 0, 0, 0)); /* columns again */
    AEP_CHECK_STATUS(aep_options_add_conv(options, 4, 3, 2), AEP_E_STATE);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 3);
    aep_options_free(options);
}
END_TEST

/* Each call that fails logs once and leaves the options as they were. */
START_TEST(what_cannot_be_is_refused_and_changes_nothing)
{
    static const struct {
        int part, kind;
        size_t size, kernel, stride, padding;
        int status;
    } layers[] = {
        {2, AEP_LAYER_CONV, 4, 3, 1, 1, AEP_E_OPTION},
        {-1, AEP_LAYER_CONV, 4, 3, 1, 1, AEP_E_OPTION},
        {INT_MAX, AEP_LAYER_CONV, 4, 3, 1, 1, AEP_E_OPTION},
        {E, 6, 4, 3, 1, 1, AEP_E_OPTION},
        {E, INT_MIN, 4, 3, 1, AEP_PADDING_AUTO, AEP_E_OPTION},
        {D, INT_MAX, 4, 3, 1, AEP_PADDING_AUTO, AEP_E_OPTION},
        {E, AEP_LAYER_CONV_TRANSPOSED, 4, 3, 1, 1, AEP_E_OPTION},
        {E, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0, AEP_E_OPTION},
        {D, AEP_LAYER_MAX_POOL, 0, 2, 2, 0, AEP_E_OPTION},
        {D, AEP_LAYER_AVERAGE_POOL, 0, 2, 2, 0, AEP_E_OPTION},
        {E, AEP_LAYER_CONV, 0, 3, 1, 1, AEP_E_RANGE},
        {E, AEP_LAYER_CONV, 4, 0, 1, AEP_PADDING_AUTO, AEP_E_RANGE},
        {E, AEP_LAYER_CONV, 4, 3, 0, 1, AEP_E_RANGE},
        {E, AEP_LAYER_CONV, 4, 3, 1, 3, AEP_E_RANGE},
        {E, AEP_LAYER_CONV, 4, 5, 1, 2, AEP_E_RANGE}, /* its input is 4 x 3 */
        {E, AEP_LAYER_MAX_POOL, 0, 4, 4, 0, AEP_E_RANGE},
        {E, AEP_LAYER_NORM, 3, 0, 0, 0, AEP_E_RANGE}, /* of 4 channels */
        {E, AEP_LAYER_CONV, SIZE_MAX, 3, 1, 1, AEP_E_LIMIT},
        {E, AEP_LAYER_CONV, 65537, 3, 1, 1, AEP_E_LIMIT},
        {E, AEP_LAYER_CONV, 4, SIZE_MAX, SIZE_MAX, SIZE_MAX - 1, AEP_E_RANGE},
        {D, AEP_LAYER_CONV_TRANSPOSED, SIZE_MAX, SIZE_MAX, SIZE_MAX, AEP_PADDING_AUTO, AEP_E_LIMIT},
    };
    static const size_t sizes[][3] = {{0, 8, 6}, {3, 0, 6}, {3, 8, 0}, {0, 0, 6}, {1, 0, 0}};
    messages log = {0};
    aep_options *options = image_options(&log);
    bytes before = model_bytes(options, 3 * 8 * 6);
    for (size_t i = 0; i < COUNT_OF(layers); i++) {
        AEP_CHECK_STATUS(aep_options_add_image_layer(options, layers[i].part, layers[i].kind, layers[i].size,
                                                     layers[i].kernel, layers[i].stride, layers[i].padding),
                         layers[i].status);
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], i + 1);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        AEP_CHECK_STATUS(aep_options_set_image(options, sizes[i][0], sizes[i][1], sizes[i][2]), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_options_set_image(options, 1, 4096, 4097), AEP_E_LIMIT);
    AEP_CHECK_STATUS(aep_options_set_image(options, SIZE_MAX, SIZE_MAX, SIZE_MAX), AEP_E_LIMIT);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], COUNT_OF(layers) + COUNT_OF(sizes) + 2);
    bytes after = model_bytes(options, 3 * 8 * 6);
    ck_assert(same_bytes(before, after));
    free(before.data);
    free(after.data);
    aep_options_free(options);
}
END_TEST

START_TEST(an_image_taken_back_leaves_columns)
{
    aep_options *options;
    AEP_CHECK(aep_options_new(&options));
    bytes columns = model_bytes(options, 12);
    AEP_CHECK(aep_options_set_image(options, 3, 2, 2));
    AEP_CHECK(aep_options_add_conv(options, 4, 1, 1));
    bytes image = model_bytes(options, 12);
    AEP_CHECK(aep_options_set_image(options, 0, 0, 0));
    bytes again = model_bytes(options, 12);
    ck_assert(same_bytes(columns, again) && !same_bytes(columns, image));
    free(columns.data), free(image.data), free(again.data);
    aep_options_free(options);
}
END_TEST

START_TEST(an_image_set_again_forgets_the_layers)
{
    messages log = {0};
    size_t size;
    aep_model *model;
    aep_options *options = image_options(&log);
    AEP_CHECK(aep_options_set_image(options, 3, 8, 6));
    AEP_CHECK(aep_options_add_conv(options, 5, 3, 1));
    AEP_CHECK(aep_model_new(&model, options, 3 * 8 * 6));
    AEP_CHECK(aep_model_image_layer(NULL, &size, NULL, NULL, NULL, model, E, 0));
    ck_assert_uint_eq(size, 5);
    AEP_CHECK_STATUS(aep_model_image_layer(NULL, &size, NULL, NULL, NULL, model, E, 1), AEP_E_RANGE);
    aep_options_free(options);
    aep_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ making a model */

/* No model, one message with these words. */
static void assert_not_made(const aep_options *options, size_t n_cols, int status, messages *log, const char *words)
{
    aep_model *model = STALE;
    log->n[AEP_LOG_ERROR] = 0;
    AEP_CHECK_STATUS(aep_model_new(&model, options, n_cols), status);
    ck_assert_ptr_null(model);
    ck_assert_uint_eq(log->n[AEP_LOG_ERROR], 1);
    ck_assert_msg(!words || strstr(log->last, words), "%s", log->last);
}

START_TEST(rows_must_be_as_long_as_the_image)
{
    messages log = {0};
    aep_options *options = image_options(&log);
    static const size_t n_cols[] = {1, 8 * 6, 3 * 8 * 6 - 1, 3 * 8 * 6 + 1};
    for (size_t i = 0; i < COUNT_OF(n_cols); i++)
        assert_not_made(options, n_cols[i], AEP_E_COLUMNS, &log, "144");
    free(model_bytes(options, 3 * 8 * 6).data);
    aep_options_free(options);
}
END_TEST

START_TEST(images_are_numbers_without_indicators)
{
    messages log = {0};
    aep_options *options = image_options(&log);
    AEP_CHECK(aep_options_set_column(options, 7, "brightness", AEP_COLUMN_NUMERIC, NULL, 0)); /* a name is fine */
    free(model_bytes(options, 3 * 8 * 6).data);
    AEP_CHECK(aep_options_set(options, AEP_OPT_MISSING_INDICATOR, 1)); /* without missing values it means nothing */
    free(model_bytes(options, 3 * 8 * 6).data);
    AEP_CHECK(aep_options_set(options, AEP_OPT_MISSING, AEP_MISSING_IMPUTE));
    assert_not_made(options, 3 * 8 * 6, AEP_E_RANGE, &log, "missing_indicator");
    AEP_CHECK(aep_options_set(options, AEP_OPT_MISSING_INDICATOR, 0));
    AEP_CHECK(aep_options_set_column(options, 5, "colour", AEP_COLUMN_CATEGORICAL, NULL, 3));
    assert_not_made(options, 3 * 8 * 6, AEP_E_RANGE, &log, "column 5 is categorical");
    aep_options_free(options);
}
END_TEST

START_TEST(a_decoder_must_end_at_the_image)
{
    messages log = {0};
    aep_options *options = image_options(&log);
    AEP_CHECK(aep_options_add_image_layer(options, D, AEP_LAYER_CONV_TRANSPOSED, 2, 3, 2, 1));
    assert_not_made(options, 3 * 8 * 6, AEP_E_RANGE, &log, "end at 2 x 8 x 6");
    AEP_CHECK(aep_options_add_image_layer(options, D, AEP_LAYER_CONV, 3, 1, 1, 0));
    free(model_bytes(options, 3 * 8 * 6).data);
    aep_options_free(options);
}
END_TEST

START_TEST(block_noise_is_for_images)
{
    messages log = {0};
    aep_options *options;
    AEP_CHECK(aep_options_new(&options));
    AEP_CHECK(aep_options_set_log(options, record_message, &log));
    AEP_CHECK(aep_options_set(options, AEP_OPT_NOISE, AEP_NOISE_BLOCK));
    assert_not_made(options, 12, AEP_E_RANGE, &log, "block is for images only");
    AEP_CHECK(aep_options_set_image(options, 1, 3, 4));
    AEP_CHECK(aep_options_set(options, AEP_OPT_NOISE_LEVEL, 1.5));
    assert_not_made(options, 12, AEP_E_RANGE, &log, "noise_level");
    AEP_CHECK(aep_options_set(options, AEP_OPT_NOISE_LEVEL, 1));
    free(model_bytes(options, 12).data);
    aep_options_free(options);
}
END_TEST

START_TEST(noise_of_a_model_can_become_blocks_where_it_has_an_image)
{
    aep_model *columns = new_model("nnn", NULL), *image = new_picture_model(&pictures[GREY], NULL);
    AEP_CHECK_STATUS(aep_model_set(columns, AEP_OPT_NOISE, AEP_NOISE_BLOCK), AEP_E_RANGE);
    ck_assert_double_eq(option_of(columns, AEP_OPT_NOISE), AEP_NOISE_GAUSSIAN);
    AEP_CHECK(aep_model_set(image, AEP_OPT_NOISE, AEP_NOISE_BLOCK));
    AEP_CHECK(aep_model_set(image, AEP_OPT_NOISE_BLOCK, 100)); /* larger than the image */
    AEP_CHECK_STATUS(aep_model_set(image, AEP_OPT_NOISE_LEVEL, 1.01), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_model_set(image, AEP_OPT_NOISE_BLOCK, 0), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_model_set(image, AEP_OPT_CHANNEL_SCALING, 0), AEP_E_STATE);
    float *rows = new_pictures(&pictures[GREY], 50, 1);
    AEP_CHECK(aep_fit(image, rows, 50, 63, NULL, NULL));
    free(rows);
    aep_model_free(columns);
    aep_model_free(image);
}
END_TEST

/* ----------------------------------------------------------------------------------------------------- getters */

static void assert_layer(const aep_model *model, int part, size_t layer, const size_t expected[5], const size_t map[3])
{
    int kind;
    size_t got[5], out[3];
    AEP_CHECK(aep_model_image_layer(&kind, &got[1], &got[2], &got[3], &got[4], model, part, layer));
    got[0] = (size_t)kind;
    for (size_t i = 0; i < 5; i++)
        ck_assert_msg(got[i] == expected[i], "part %d, layer %zu, number %zu: %zu, expected %zu", part, layer, i,
                      got[i], expected[i]);
    AEP_CHECK(aep_model_image_map(&out[0], &out[1], &out[2], model, part, layer));
    ck_assert_mem_eq(out, map, sizeof out);
}

#define LAYER(...) ((const size_t[]){__VA_ARGS__})

START_TEST(a_model_tells_its_image_and_layers)
{
    size_t channels = 9, height = 9, width = 9, widths[3];
    aep_model *model = new_picture_model(&pictures[COLOUR], NULL);
    AEP_CHECK(aep_model_image(&channels, &height, &width, model));
    ck_assert(channels == 3 && height == 6 && width == 5);
    ck_assert_uint_eq(aep_model_n_columns(model), 90);
    ck_assert_uint_eq(aep_model_n_features(model), 90);
    ck_assert_uint_eq(aep_model_error_size(model), 90);
    assert_layer(model, E, 0, LAYER(AEP_LAYER_CONV, 6, 3, 1, 1), LAYER(6, 6, 5));
    assert_layer(model, E, 1, LAYER(AEP_LAYER_NORM, 3, 0, 0, 0), LAYER(6, 6, 5));
    assert_layer(model, E, 2, LAYER(AEP_LAYER_MAX_POOL, 0, 2, 2, 0), LAYER(6, 3, 3));
    assert_layer(model, D, 0, LAYER(AEP_LAYER_UPSAMPLE, 0, 0, 2, 0), LAYER(6, 6, 5));
    assert_layer(model, D, 3, LAYER(AEP_LAYER_CONV, 3, 1, 1, 0), LAYER(3, 6, 5));
    ck_assert_int_eq(aep_model_layers(widths, 3, model, E), 2); /* the dense ones */
    ck_assert(widths[0] == 8 && widths[1] == 3);
    ck_assert_int_eq(aep_model_layers(widths, 3, model, D), 1);
    /* convolutions, norms, dense layers, head */
    ck_assert_double_eq(stat_of(model, AEP_STAT_PARAMETERS), 3 * 9 * 6 + 6 + 12 + (54 * 8 + 8) + (8 * 3 + 3) +
                                                                 (3 * 8 + 8) + (8 * 54 + 54) + (6 * 9 * 6 + 6) + 12 +
                                                                 (6 * 3 + 3) + (3 * 8 + 8) + (8 * 90 + 90));
    aep_model_free(model);
}
END_TEST

START_TEST(a_model_tells_the_layers_that_mirror_its_encoder)
{
    aep_model *model = new_picture_model(&pictures[SIGNAL], NULL);
    assert_layer(model, E, 0, LAYER(AEP_LAYER_CONV, 4, 5, 2, 2), LAYER(4, 1, 8));
    assert_layer(model, E, 1, LAYER(AEP_LAYER_AVERAGE_POOL, 0, 3, 3, 0), LAYER(4, 1, 3));
    assert_layer(model, D, 0, LAYER(AEP_LAYER_UPSAMPLE, 0, 0, 3, 0), LAYER(4, 1, 8));
    assert_layer(model, D, 1, LAYER(AEP_LAYER_CONV_TRANSPOSED, 2, 5, 2, 2), LAYER(2, 1, 15));
    AEP_CHECK_STATUS(aep_model_image_layer(NULL, NULL, NULL, NULL, NULL, model, D, 2), AEP_E_RANGE);
    aep_model_free(model);
}
END_TEST

START_TEST(presets_are_two_convolutions_and_a_code_of_32)
{
    aep_options *options;
    aep_model *model;
    size_t widths[4];
    AEP_CHECK(aep_options_new(&options));
    AEP_CHECK(aep_options_set_image(options, 1, 28, 28));
    AEP_CHECK(aep_model_new(&model, options, 784));
    assert_layer(model, E, 0, LAYER(AEP_LAYER_CONV, 16, 3, 2, 1), LAYER(16, 14, 14));
    assert_layer(model, E, 1, LAYER(AEP_LAYER_CONV, 32, 3, 2, 1), LAYER(32, 7, 7));
    assert_layer(model, D, 0, LAYER(AEP_LAYER_CONV_TRANSPOSED, 16, 3, 2, 1), LAYER(16, 14, 14));
    assert_layer(model, D, 1, LAYER(AEP_LAYER_CONV_TRANSPOSED, 1, 3, 2, 1), LAYER(1, 28, 28));
    ck_assert_int_eq(aep_model_layers(widths, 4, model, E), 1);
    ck_assert_uint_eq(widths[0], 32);
    ck_assert_int_eq(aep_model_layers(widths, 4, model, D), 0);
    ck_assert_uint_eq(aep_model_code_size(model), 32);
    aep_options_free(options);
    aep_model_free(model);
}
END_TEST

START_TEST(getters_refuse_what_is_not_there)
{
    size_t n = 7;
    int kind;
    aep_model *columns = new_model("nnn", NULL), *image = new_picture_model(&pictures[GREY], NULL);
    AEP_CHECK_STATUS(aep_model_image(&n, NULL, NULL, NULL), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_image_layer(&kind, NULL, NULL, NULL, NULL, NULL, E, 0), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_image_map(&n, NULL, NULL, NULL, E, 0), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_image(&n, NULL, NULL, columns), AEP_E_STATE);
    ck_assert_uint_eq(n, 0);
    AEP_CHECK_STATUS(aep_model_image_layer(&kind, NULL, NULL, NULL, NULL, columns, E, 0), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_model_image_map(&n, NULL, NULL, columns, D, 0), AEP_E_RANGE);
    static const int parts[] = {AEP_PART_HEAD, 3, -1, INT_MAX, INT_MIN};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        AEP_CHECK_STATUS(aep_model_image_layer(&kind, NULL, NULL, NULL, NULL, image, parts[i], 0), AEP_E_OPTION);
        AEP_CHECK_STATUS(aep_model_image_map(&n, NULL, NULL, image, parts[i], 0), AEP_E_OPTION);
    }
    AEP_CHECK_STATUS(aep_model_image_layer(&kind, NULL, NULL, NULL, NULL, image, E, 2), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_model_image_map(&n, NULL, NULL, image, D, SIZE_MAX), AEP_E_RANGE);
    AEP_CHECK(aep_model_image(NULL, NULL, NULL, image)); /* nothing is wanted */
    AEP_CHECK(aep_model_image_layer(NULL, NULL, NULL, NULL, NULL, image, E, 0));
    AEP_CHECK(aep_model_image_map(NULL, NULL, NULL, image, E, 0));
    aep_model_free(columns);
    aep_model_free(image);
}
END_TEST

/* ---------------------------------------------------------------------------------------------------- training */

/* Learned well enough for the tests below. */
static aep_model *trained(const picture *p, const setting *settings)
{
    aep_model *model = new_picture_model(p, settings);
    float *rows = new_pictures(p, 600, 1);
    AEP_CHECK(aep_model_set(model, AEP_OPT_EPOCHS, 60));
    AEP_CHECK(aep_model_set(model, AEP_OPT_LEARNING_RATE, 5e-3));
    AEP_CHECK(aep_fit(model, rows, 600, picture_size(p), NULL, NULL));
    free(rows);
    return model;
}

START_TEST(training_lowers_the_loss)
{
    for (size_t k = 0; k < N_PICTURES; k++)
        for (int noise = AEP_NOISE_NONE; noise <= AEP_NOISE_BLOCK; noise++) {
            aep_model *model = trained(&pictures[k], SET({AEP_OPT_NOISE, noise}));
            double first, last;
            AEP_CHECK(aep_model_history(&first, model, 0, AEP_STAT_LOSS_RECONSTRUCTION));
            AEP_CHECK(aep_model_history(&last, model, 59, AEP_STAT_LOSS_RECONSTRUCTION));
            ck_assert_msg(last < 0.5 * first, "%s, noise %d: %g, at first %g", pictures[k].name, noise, last, first);
            aep_model_free(model);
        }
}
END_TEST

/* A square (a stretch of a signal) is moved by a part of its channel's range, in all channels. */
static void tamper(float *row, const picture *p, size_t top, size_t left, size_t edge)
{
    for (size_t j = 0; j < picture_size(p); j++) {
        const size_t c = j / (p->height * p->width), y = j / p->width % p->height, x = j % p->width;
        if (y >= top && y < top + edge && x >= left && x < left + edge)
            row[j] += (float)((x + y) % 2 ? pow(10, (double)c) : -pow(10, (double)c));
    }
}

START_TEST(tampered_images_score_higher)
{
    enum { N = 200 };
    for (size_t k = 0; k < N_PICTURES; k++) {
        const picture *p = &pictures[k];
        aep_model *model = trained(p, NULL);
        float *rows = new_pictures(p, 2 * N, 3);
        uint8_t labels[2 * N] = {0};
        memset(labels, 1, N);
        for (size_t i = 0; i < N; i++)
            tamper(rows + i * picture_size(p), p, p->height > 1 ? i % 4 : 0, i % 3, 2);
        for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_JOINT; kind++) {
            double auroc;
            score_by(model, kind, NULL, p);
            float *scores = scores_of(model, rows, 2 * N);
            AEP_CHECK(aep_metrics_auroc(&auroc, scores, labels, 2 * N, NULL));
            ck_assert_msg(auroc > 0.95, "%s, score %d: AUROC %g", p->name, kind, auroc);
            free(scores);
        }
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

/* Columns of one channel that are all 7 in one picture, and pixels that never change in all of them. */
START_TEST(channel_scaling_shares_location_and_scale)
{
    const picture *p = &pictures[COLOUR];
    float *rows = new_pictures(p, 100, 1);
    for (size_t i = 0; i < 100; i++) {
        rows[i * 90 + 3] = 0.5f; /* a dead pixel in the first channel */
        for (size_t j = 60; j < 90; j++)
            rows[i * 90 + j] = 7; /* the last channel is dead */
    }
    for (int together = 0; together <= 1; together++) {
        aep_model *model = new_picture_model(p, SET({AEP_OPT_CHANNEL_SCALING, together}));
        AEP_CHECK(aep_fit_scaling(model, rows, 100, 90));
        ck_assert_double_eq(stat_of(model, AEP_STAT_CONSTANT_COLUMNS), together ? 30 : 31);
        aep_model_free(model);
    }
    free(rows);
}
END_TEST

START_TEST(steps_go_on_after_a_load_as_if_nothing_had_been)
{
    for (size_t k = 0; k < N_PICTURES; k++) {
        const size_t cols = picture_size(&pictures[k]);
        float *rows = new_pictures(&pictures[k], 60, 1);
        aep_model *model = new_picture_model(&pictures[k], NULL);
        AEP_CHECK(aep_fit_scaling(model, rows, 60, cols));
        AEP_CHECK(aep_fit_batch(model, rows, 40, cols));
        bytes b = save(model);
        aep_model *loaded = load(b);
        for (size_t step = 0; step < 3; step++) {
            AEP_CHECK(aep_fit_batch(model, rows + step * cols, 40, cols));
            AEP_CHECK(aep_fit_batch(loaded, rows + step * cols, 40, cols));
        }
        bytes after = save(model);
        assert_unchanged(loaded, after);
        free(b.data);
        free(rows);
        aep_model_free(model);
        aep_model_free(loaded);
    }
}
END_TEST

typedef struct checkpoints {
    bytes saved[32];
    size_t n;
} checkpoints;

static int save_each(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *payload)
{
    checkpoints *c = payload;
    (void)epoch, (void)epochs, (void)batch, (void)batches;
    ck_assert_uint_lt(c->n, COUNT_OF(c->saved));
    c->saved[c->n++] = save(model);
    return 0;
}

START_TEST(a_checkpoint_goes_on_to_the_same_model)
{
    for (size_t k = 0; k < N_PICTURES; k++)
        for (int validation = 0; validation <= 1; validation++) {
            const size_t cols = picture_size(&pictures[k]);
            checkpoints c = {0};
            float *rows = new_pictures(&pictures[k], 100, 1);
            aep_model *model = new_picture_model(
                &pictures[k], SET({AEP_OPT_EPOCHS, 4}, {AEP_OPT_BATCH, 30}, {AEP_OPT_VALIDATION, 0.2 * validation}));
            AEP_CHECK(aep_fit(model, rows, 100, cols, save_each, &c));
            bytes expected = save(model);
            for (size_t i = 0; i < c.n; i++) {
                aep_model *loaded = load(c.saved[i]);
                AEP_CHECK(aep_fit(loaded, rows, 100, cols, NULL, NULL));
                ck_assert_msg(saves_as(loaded, expected), "%s: another model after the checkpoint of step %zu",
                              pictures[k].name, i + 1);
                free(c.saved[i].data);
                aep_model_free(loaded);
            }
            free(expected.data);
            free(rows);
            aep_model_free(model);
        }
}
END_TEST

/* ----------------------------------------------------------------------------------------------------- scoring */

/* Of each of n rows, tampered with at that place: shares add up to 1; how many have most of them on the patch. */
static size_t count_found(const float *shares, const picture *p, size_t n)
{
    const size_t cols = picture_size(p);
    size_t found = 0;
    float *mark = malloc(cols * sizeof *mark);
    for (size_t i = 0; i < n; i++) {
        double sum = 0, patch = 0, least = 0;
        memset(mark, 0, cols * sizeof *mark);
        tamper(mark, p, p->height > 1 ? i % 4 : 0, i % 3, 3);
        for (size_t j = 0; j < cols; j++) {
            const double share = (double)shares[i * cols + j];
            least = fmin(least, share);
            sum += share;
            patch += mark[j] != 0 ? share : 0;
        }
        ck_assert_double_ge(least, 0);
        ck_assert_double_eq_tol(sum, 1, 1e-5);
        found += patch > 0.6;
    }
    free(mark);
    return found;
}

START_TEST(a_heat_map_shows_the_tampered_patch)
{
    enum { N = 30 };
    for (size_t k = 0; k < N_PICTURES; k++) {
        const picture *p = &pictures[k];
        const size_t cols = picture_size(p);
        aep_model *model = trained(p, NULL);
        float *rows = new_pictures(p, N, 3), *shares = malloc(N * cols * sizeof *shares);
        for (size_t i = 0; i < N; i++)
            tamper(rows + i * cols, p, p->height > 1 ? i % 4 : 0, i % 3, 3);
        for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_JOINT; kind++) {
            score_by(model, kind, NULL, p);
            AEP_CHECK(aep_explain(shares, model, NULL, rows, N, cols));
            const size_t found = count_found(shares, p, N);
            ck_assert_msg(found >= N * 9 / 10, "%s, score %d: the patch of %zu of %d images", p->name, kind, found, N);
        }
        free(rows), free(shares);
        aep_model_free(model);
    }
}
END_TEST

/* The squared errors of the pixels, and nothing of what changing them one by one would do. */
START_TEST(a_heat_map_is_made_of_the_errors_of_the_pixels)
{
    enum { N = 20 };
    const picture *p = &pictures[GREY]; /* pixels about 0 to 1, which need no scaling */
    const size_t cols = picture_size(p);
    aep_model *model =
        fitted_picture_model(p, SET({AEP_OPT_SCALING, AEP_SCALING_NONE}, {AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION}));
    float *rows = new_pictures(p, N, 3), *shares = malloc(N * cols * sizeof *shares);
    float *rebuilt = malloc(N * cols * sizeof *rebuilt);
    AEP_CHECK(aep_explain(shares, model, NULL, rows, N, cols));
    AEP_CHECK(aep_reconstruct(rebuilt, model, NULL, rows, N, cols));
    for (size_t i = 0; i < N; i++) {
        double sum = 0;
        for (size_t j = i * cols; j < (i + 1) * cols; j++)
            sum += pow((double)rows[j] - (double)rebuilt[j], 2);
        for (size_t j = i * cols; j < (i + 1) * cols; j++)
            ck_assert_double_eq_tol((double)shares[j], pow((double)rows[j] - (double)rebuilt[j], 2) / sum, 1e-5);
    }
    free(rows), free(shares), free(rebuilt);
    aep_model_free(model);
}
END_TEST

/* An image whose error is smaller than predicted has no pixels to blame for it; the shares are still shares. */
START_TEST(shares_of_normal_images_add_up_too)
{
    enum { N = 60 };
    for (size_t k = 0; k < N_PICTURES; k++) {
        const size_t cols = picture_size(&pictures[k]);
        aep_model *model = fitted_picture_model(&pictures[k], NULL);
        float *rows = new_pictures(&pictures[k], N, 3), *shares = malloc(N * cols * sizeof *shares);
        for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_JOINT; kind++) {
            score_by(model, kind, NULL, &pictures[k]);
            AEP_CHECK(aep_explain(shares, model, NULL, rows, N, cols));
            (void)count_found(shares, &pictures[k], N);
        }
        free(rows), free(shares);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(reconstructions_are_in_the_units_and_the_order_of_the_input)
{
    enum { N = 100 };
    const picture *p = &pictures[COLOUR];
    for (int scaling = AEP_SCALING_NONE; scaling <= AEP_SCALING_RANK; scaling++) {
        if (scaling == AEP_SCALING_NONE) /* pixels of thousands are no input for a network */
            continue;
        aep_model *model = trained(p, SET({AEP_OPT_SCALING, scaling}, {AEP_OPT_NOISE, AEP_NOISE_NONE}));
        float *rows = new_pictures(p, N, 3), *rebuilt = malloc(N * 90 * sizeof *rebuilt);
        AEP_CHECK(aep_reconstruct(rebuilt, model, NULL, rows, N, 90));
        for (size_t j = 0; j < 90; j++) { /* each pixel of each channel follows its own values */
            double mean = 0, spread = 0, error = 0;
            for (size_t i = 0; i < N; i++)
                mean += (double)rows[90 * i + j] / N;
            for (size_t i = 0; i < N; i++) {
                spread += pow((double)rows[90 * i + j] - mean, 2);
                error += pow((double)rows[90 * i + j] - (double)rebuilt[90 * i + j], 2);
            }
            ck_assert_msg(error < 0.5 * spread, "scaling %d, value %zu: %g of %g", scaling, j, error, spread);
        }
        free(rows), free(rebuilt);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(missing_pixels_are_imputed)
{
    enum { N = 20 };
    for (size_t k = 0; k < N_PICTURES; k++) {
        const picture *p = &pictures[k];
        const size_t cols = picture_size(p), plane = p->height * p->width;
        aep_model *strict = fitted_picture_model(p, NULL);
        aep_model *model = fitted_picture_model(p, SET({AEP_OPT_MISSING, AEP_MISSING_IMPUTE}));
        float *training = new_pictures(p, 400, 1), *rows = new_pictures(p, N, 3), *holes = new_pictures(p, N, 3);
        double mean[3] = {0};
        for (size_t i = 0; i < 400 * cols; i++)
            mean[i % cols / plane] += (double)training[i] / (400 * (double)plane);
        for (size_t i = 0; i < N; i++)
            for (size_t j = i % 5; j < cols; j += 5) {
                rows[i * cols + j] = (float)mean[j / plane]; /* what its channel usually is */
                holes[i * cols + j] = NAN;
            }
        float *expected = scores_of(model, rows, N), *scores = scores_of(model, holes, N);
        for (size_t i = 0; i < N; i++)
            ck_assert_float_eq_tol(scores[i], expected[i], 1e-3f * (1 + fabsf(expected[i])));
        AEP_CHECK_STATUS(aep_score(scores, strict, NULL, holes, N, cols), AEP_E_NOT_FINITE);
        AEP_CHECK(aep_fit(model, holes, N, cols, NULL, NULL));
        free(training), free(rows), free(holes), free(expected), free(scores);
        aep_model_free(strict);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(with_a_workspace_nothing_is_allocated)
{
    for (size_t k = 0; k < N_PICTURES; k++) {
        const picture *p = &pictures[k];
        const size_t cols = picture_size(p);
        memory m;
        const aep_allocator allocator = memory_allocator(&m);
        aep_options *options = picture_options(p, NULL, &allocator);
        aep_model *model;
        aep_workspace *ws;
        float *rows = new_pictures(p, 50, 1), scores[50], *out = malloc(50 * cols * sizeof *out);
        AEP_CHECK(aep_model_new(&model, options, cols));
        AEP_CHECK(aep_fit_scaling(model, rows, 50, cols));
        AEP_CHECK(aep_fit_batch(model, rows, 50, cols));
        AEP_CHECK(aep_workspace_new(&ws, model));
        const size_t calls = m.calls;
        AEP_CHECK(aep_score(scores, model, ws, rows, 50, cols));
        AEP_CHECK(aep_encode(out, model, ws, rows, 50, cols));
        AEP_CHECK(aep_reconstruct(out, model, ws, rows, 50, cols));
        AEP_CHECK(aep_errors(out, NULL, model, ws, rows, 50, cols));
        AEP_CHECK(aep_explain(out, model, ws, rows, 50, cols));
        AEP_CHECK(aep_fit_batch(model, rows, 50, cols)); /* nor by a step like the one before */
        ck_assert_uint_eq(m.calls, calls);
        AEP_CHECK_STATUS(aep_score(scores, model, ws, rows, 50, cols - 1), AEP_E_COLUMNS);
        aep_workspace_free(ws);
        aep_model_free(model);
        aep_options_free(options);
        ck_assert_uint_eq(m.live, 0);
        free(rows), free(out);
    }
}
END_TEST

START_TEST(a_workspace_of_another_network_is_refused)
{
    for (size_t k = 0; k < N_PICTURES; k++) {
        const picture *p = &pictures[k];
        const size_t cols = picture_size(p);
        aep_model *model = fitted_picture_model(p, SET({AEP_OPT_EPOCHS, 1})), *other = new_model(numeric(cols), NULL);
        aep_workspace *ws;
        float *rows = new_pictures(p, 5, 1), scores[5];
        AEP_CHECK(aep_workspace_new(&ws, other));
        AEP_CHECK_STATUS(aep_score(scores, model, ws, rows, 5, cols), AEP_E_WORKSPACE);
        aep_workspace_free(ws);
        aep_model_free(model);
        aep_model_free(other);
        free(rows);
    }
}
END_TEST

/* Two networks whose maps are all alike, and whose kernels are not: their scratch differs. */
START_TEST(a_workspace_of_other_kernels_is_refused)
{
    aep_model *models[2];
    const size_t cols = 12 * 12;
    float *rows = new_rows(numeric(cols), 8, 1), scores[8];
    for (size_t k = 0; k < 2; k++) {
        aep_options *options;
        AEP_CHECK(aep_options_new(&options));
        AEP_CHECK(aep_options_set_image(options, 1, 12, 12));
        AEP_CHECK(aep_options_add_conv(options, 4, 3, 1));
        AEP_CHECK(aep_options_add_conv(options, 4, k ? 11 : 3, 1));
        AEP_CHECK(aep_model_new(&models[k], options, cols));
        AEP_CHECK(aep_fit_scaling(models[k], rows, 8, cols));
        aep_options_free(options);
    }
    for (size_t k = 0; k < 2; k++) {
        aep_workspace *ws;
        AEP_CHECK(aep_workspace_new(&ws, models[k]));
        AEP_CHECK_STATUS(aep_score(scores, models[!k], ws, rows, 8, cols), AEP_E_WORKSPACE);
        AEP_CHECK(aep_score(scores, models[k], ws, rows, 8, cols));
        aep_workspace_free(ws);
    }
    aep_model_free(models[0]);
    aep_model_free(models[1]);
    free(rows);
}
END_TEST

START_TEST(any_finite_image_has_a_finite_score)
{
    static const float extremes[] = {3.4e38f, -3.4e38f, 1e30f, 1e-38f, 0, -0.0f};
    for (size_t k = 0; k < N_PICTURES; k++) {
        const size_t cols = picture_size(&pictures[k]);
        aep_model *model = fitted_picture_model(&pictures[k], NULL);
        float *rows = new_pictures(&pictures[k], COUNT_OF(extremes) * 2, 3), *out = malloc(cols * sizeof *out);
        for (size_t i = 0; i < COUNT_OF(extremes); i++) {
            rows[2 * i * cols + cols / 2] = extremes[i];
            for (size_t j = 0; j < cols; j++)
                rows[(2 * i + 1) * cols + j] = extremes[i];
        }
        float *scores = scores_of(model, rows, 2 * COUNT_OF(extremes));
        for (size_t i = 0; i < 2 * COUNT_OF(extremes); i++) {
            ck_assert(isfinite(scores[i]));
            AEP_CHECK(aep_reconstruct(out, model, NULL, rows + i * cols, 1, cols));
            for (size_t j = 0; j < cols; j++)
                ck_assert(isfinite(out[j]));
        }
        free(rows), free(out), free(scores);
        aep_model_free(model);
    }
}
END_TEST

RUN_TESTS("api_image", null_options_are_refused, layers_come_after_their_image,
          what_cannot_be_is_refused_and_changes_nothing, an_image_taken_back_leaves_columns,
          an_image_set_again_forgets_the_layers, rows_must_be_as_long_as_the_image,
          images_are_numbers_without_indicators, a_decoder_must_end_at_the_image, block_noise_is_for_images,
          noise_of_a_model_can_become_blocks_where_it_has_an_image, a_model_tells_its_image_and_layers,
          a_model_tells_the_layers_that_mirror_its_encoder, presets_are_two_convolutions_and_a_code_of_32,
          getters_refuse_what_is_not_there, training_lowers_the_loss, tampered_images_score_higher,
          channel_scaling_shares_location_and_scale, steps_go_on_after_a_load_as_if_nothing_had_been,
          a_checkpoint_goes_on_to_the_same_model, a_heat_map_shows_the_tampered_patch,
          a_heat_map_is_made_of_the_errors_of_the_pixels, shares_of_normal_images_add_up_too,
          reconstructions_are_in_the_units_and_the_order_of_the_input, missing_pixels_are_imputed,
          with_a_workspace_nothing_is_allocated, a_workspace_of_another_network_is_refused,
          a_workspace_of_other_kernels_is_refused, any_finite_image_has_a_finite_score)
