/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A pointer that a failing call must have replaced by NULL. */
#define STALE ((aep_model *)(uintptr_t)8)

/* -------------------------------------------------------------------------------------------- new, copy, free */

START_TEST(a_model_has_the_sizes_asked_for)
{
    aep_model *model = new_model("nn3n", NULL);
    ck_assert_uint_eq(aep_model_n_columns(model), 4);
    ck_assert_uint_eq(aep_model_n_features(model), 6);
    ck_assert_uint_eq(aep_model_code_size(model), 2);
    ck_assert_uint_eq(aep_model_error_size(model), 1);
    aep_model_free(model);

    model = new_model("nn3n", SET({AEP_OPT_ERROR, AEP_ERROR_VECTOR}, {AEP_OPT_MISSING, AEP_MISSING_IMPUTE},
                                  {AEP_OPT_MISSING_INDICATOR, 1}));
    ck_assert_uint_eq(aep_model_n_features(model), 9);
    ck_assert_uint_eq(aep_model_error_size(model), 9);
    aep_model_free(model);
}
END_TEST

START_TEST(sizes_of_no_model_are_zero)
{
    ck_assert_uint_eq(aep_model_n_columns(NULL), 0);
    ck_assert_uint_eq(aep_model_n_features(NULL), 0);
    ck_assert_uint_eq(aep_model_code_size(NULL), 0);
    ck_assert_uint_eq(aep_model_error_size(NULL), 0);
    aep_model_free(NULL);
}
END_TEST

START_TEST(presets_serve_any_width)
{
    for (size_t n = 1; n <= 300; n += n < 40 ? 1 : 37) {
        aep_model *model;
        AEP_CHECK(aep_model_new(&model, NULL, n));
        ck_assert_uint_eq(aep_model_n_columns(model), n);
        ck_assert_uint_eq(aep_model_n_features(model), n);
        ck_assert_uint_ge(aep_model_code_size(model), 1);
        size_t encoder[32], decoder[32], head[32];
        const int n_encoder = aep_model_layers(encoder, 32, model, AEP_PART_ENCODER);
        const int n_decoder = aep_model_layers(decoder, 32, model, AEP_PART_DECODER);
        ck_assert_int_ge(n_encoder, 1);
        ck_assert_int_eq(n_decoder, n_encoder - 1);
        for (int i = 0; i < n_decoder; i++)
            ck_assert_uint_eq(decoder[i], encoder[n_decoder - 1 - i]);
        ck_assert_int_eq(aep_model_layers(head, 32, model, AEP_PART_HEAD), 2);
        ck_assert(head[0] == 32 && head[1] == 32);
        ck_assert_uint_eq(encoder[n_encoder - 1], aep_model_code_size(model));
        aep_model_free(model);
    }
}
END_TEST

START_TEST(new_refuses_what_cannot_be)
{
    messages log = {0};
    aep_model *model = STALE;
    aep_options *options = new_options("nnn", NULL, NULL);
    AEP_CHECK(aep_options_set_log(options, record_message, &log));
    AEP_CHECK_STATUS(aep_model_new(NULL, options, 3), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_new(&model, options, 0), AEP_E_COLUMNS);
    ck_assert_ptr_null(model);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 1);
    model = STALE;
    AEP_CHECK_STATUS(aep_model_new(&model, options, 2), AEP_E_COLUMNS);
    ck_assert_ptr_null(model);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 2);
    model = STALE;
    AEP_CHECK_STATUS(aep_model_new(&model, options, SIZE_MAX), AEP_E_LIMIT);
    ck_assert_ptr_null(model);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 3);
    model = STALE;
    AEP_CHECK_STATUS(aep_model_new(&model, NULL, 0), AEP_E_COLUMNS);
    ck_assert_ptr_null(model);
    AEP_CHECK(aep_model_new(&model, options, 3));
    aep_model_free(model);
    aep_options_free(options);
}
END_TEST

START_TEST(columns_may_add_up_to_too_many_features)
{
    aep_model *model = STALE;
    aep_options *options = new_options("", NULL, NULL);
    for (size_t j = 0; j < 257; j++)
        AEP_CHECK(aep_options_set_column(options, j, NULL, AEP_COLUMN_CATEGORICAL, NULL, 65536));
    AEP_CHECK_STATUS(aep_model_new(&model, options, 257), AEP_E_LIMIT);
    ck_assert_ptr_null(model);
    aep_options_free(options);
}
END_TEST

START_TEST(the_seed_decides_the_weights)
{
    aep_model *a = new_model("nnn", SET({AEP_OPT_SEED, 1}));
    aep_model *same = new_model("nnn", SET({AEP_OPT_SEED, 1}));
    aep_model *other = new_model("nnn", SET({AEP_OPT_SEED, 2}));
    float *rows = new_rows("nnn", 50, 1), codes[3][100];
    aep_model *const models[] = {a, same, other};
    for (size_t i = 0; i < 3; i++) {
        AEP_CHECK(aep_fit_scaling(models[i], rows, 50, 3));
        AEP_CHECK(aep_encode(codes[i], models[i], NULL, rows, 50, 3));
    }
    ck_assert_mem_eq(codes[0], codes[1], sizeof codes[0]);
    ck_assert_mem_ne(codes[0], codes[2], sizeof codes[0]);
    free(rows);
    aep_model_free(a);
    aep_model_free(same);
    aep_model_free(other);
}
END_TEST

START_TEST(a_copy_has_everything)
{
    static const setting kept[] = {{AEP_OPT_VALIDATION, 0.2}, {AEP_OPT_SCORE, AEP_SCORE_SIGNED}, {0, 0}};
    aep_model *model = ready_model("nn4n", kept), *copy;
    AEP_CHECK(aep_model_copy(&copy, model));
    bytes before = save(model);
    ck_assert(saves_as(copy, before));
    aep_model_free(model);
    ck_assert(saves_as(copy, before)); /* shares nothing with the original */
    ck_assert_str_eq(aep_model_column_name(copy, 3), "c3");
    ck_assert_str_eq(aep_model_level_name(copy, 2, 1), "l1");
    free(before.data);
    aep_model_free(copy);
}
END_TEST

START_TEST(a_copy_goes_its_own_way)
{
    aep_model *model = ready_model("nnn", NULL), *copy;
    AEP_CHECK(aep_model_copy(&copy, model));
    bytes before = save(model);
    float *rows = new_rows("nnn", 64, 3);
    AEP_CHECK(aep_fit_batch(copy, rows, 64, 3));
    AEP_CHECK(aep_set_threshold(copy, 77));
    AEP_CHECK(aep_model_set(copy, AEP_OPT_NOISE_LEVEL, 0.3));
    assert_unchanged(model, before);

    AEP_CHECK(aep_fit_batch(model, rows, 64, 3)); /* and the same way, where it is asked to */
    AEP_CHECK(aep_set_threshold(model, 77));
    AEP_CHECK(aep_model_set(model, AEP_OPT_NOISE_LEVEL, 0.3));
    assert_unchanged(copy, save(model));
    free(rows);
    aep_model_free(model);
    aep_model_free(copy);
}
END_TEST

START_TEST(a_copy_goes_on_learning_the_scaling)
{
    for (int scaling = AEP_SCALING_NONE; scaling <= AEP_SCALING_RANK; scaling++) {
        aep_model *model = new_model("nn3", SET({AEP_OPT_SCALING, scaling})), *copy;
        float *rows = new_rows("nn3", 200, 1);
        AEP_CHECK(aep_fit_scaling(model, rows, 120, 3));
        AEP_CHECK(aep_model_copy(&copy, model));
        AEP_CHECK(aep_fit_scaling(model, rows + 120 * 3, 80, 3));
        AEP_CHECK(aep_fit_scaling(copy, rows + 120 * 3, 80, 3));
        assert_unchanged(copy, save(model));
        free(rows);
        aep_model_free(model);
        aep_model_free(copy);
    }
}
END_TEST

START_TEST(copy_refuses_null)
{
    aep_model *copy = STALE, *model = new_model("n", NULL);
    AEP_CHECK_STATUS(aep_model_copy(&copy, NULL), AEP_E_ARGUMENT);
    ck_assert_ptr_null(copy);
    AEP_CHECK_STATUS(aep_model_copy(NULL, model), AEP_E_ARGUMENT);
    aep_model_free(model);
}
END_TEST

/* --------------------------------------------------------------------------------------- layers and columns */

START_TEST(layers_are_those_asked_for)
{
    static const size_t encoder[] = {7, 5, 3}, decoder[] = {11}, head[] = {4, 6, 8, 10};
    aep_options *options = new_options("nnnn", NULL, NULL);
    aep_model *model;
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 3));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_DECODER, decoder, 1));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, head, 4));
    AEP_CHECK(aep_model_new(&model, options, 4));
    aep_options_free(options);
    size_t widths[4] = {0};
    ck_assert_int_eq(aep_model_layers(widths, 4, model, AEP_PART_ENCODER), 3);
    ck_assert_mem_eq(widths, encoder, sizeof encoder);
    ck_assert_int_eq(aep_model_layers(widths, 4, model, AEP_PART_DECODER), 1);
    ck_assert_mem_eq(widths, decoder, sizeof decoder);
    ck_assert_int_eq(aep_model_layers(widths, 4, model, AEP_PART_HEAD), 4);
    ck_assert_mem_eq(widths, head, sizeof head);
    ck_assert_uint_eq(aep_model_code_size(model), 3);
    /* weights and biases: encoder 4-7-5-3, decoder 3-11-4, head 3-4-6-8-10-1 */
    const double autoencoder = 4 * 7 + 7 + 7 * 5 + 5 + 5 * 3 + 3 + 3 * 11 + 11 + 11 * 4 + 4;
    const double predictor = 3 * 4 + 4 + 4 * 6 + 6 + 6 * 8 + 8 + 8 * 10 + 10 + 10 + 1;
    ck_assert_double_eq(stat_of(model, AEP_STAT_PARAMETERS), autoencoder + predictor);

    memset(widths, 0, sizeof widths);
    ck_assert_int_eq(aep_model_layers(widths, 2, model, AEP_PART_HEAD), 4);
    ck_assert(widths[0] == 4 && widths[1] == 6 && widths[2] == 0);
    ck_assert_int_eq(aep_model_layers(NULL, 0, model, AEP_PART_HEAD), 4);
    AEP_CHECK_STATUS(aep_model_layers(NULL, 1, model, AEP_PART_HEAD), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_layers(widths, 4, NULL, AEP_PART_HEAD), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_layers(widths, 4, model, -1), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_layers(widths, 4, model, 3), AEP_E_OPTION);
    aep_model_free(model);
}
END_TEST

START_TEST(columns_keep_their_description)
{
    static const char *const levels[] = {"red", NULL, "blue"};
    aep_options *options = new_options("", NULL, NULL);
    aep_model *model;
    AEP_CHECK(aep_options_set_column(options, 1, "colour", AEP_COLUMN_CATEGORICAL, levels, 3));
    AEP_CHECK(aep_options_set_column(options, 2, NULL, AEP_COLUMN_CATEGORICAL, NULL, 2));
    AEP_CHECK(aep_options_set_column(options, 3, "größe", AEP_COLUMN_NUMERIC, NULL, 0));
    AEP_CHECK(aep_model_new(&model, options, 5));
    aep_options_free(options);
    ck_assert_ptr_null(aep_model_column_name(model, 0));
    ck_assert_str_eq(aep_model_column_name(model, 1), "colour");
    ck_assert_ptr_null(aep_model_column_name(model, 2));
    ck_assert_str_eq(aep_model_column_name(model, 3), "größe");
    ck_assert_ptr_null(aep_model_column_name(model, 5));
    ck_assert_ptr_null(aep_model_column_name(NULL, 1));
    static const int kinds[] = {AEP_COLUMN_NUMERIC, AEP_COLUMN_CATEGORICAL, AEP_COLUMN_CATEGORICAL, AEP_COLUMN_NUMERIC,
                                AEP_COLUMN_NUMERIC};
    static const size_t n_levels[] = {0, 3, 2, 0, 0};
    for (size_t j = 0; j < 5; j++) {
        ck_assert_int_eq(aep_model_column_kind(model, j), kinds[j]);
        ck_assert_uint_eq(aep_model_column_levels(model, j), n_levels[j]);
    }
    AEP_CHECK_STATUS(aep_model_column_kind(model, 5), AEP_E_COLUMNS);
    AEP_CHECK_STATUS(aep_model_column_kind(NULL, 0), AEP_E_ARGUMENT);
    ck_assert_uint_eq(aep_model_column_levels(model, 5), 0);
    ck_assert_uint_eq(aep_model_column_levels(NULL, 1), 0);
    ck_assert_str_eq(aep_model_level_name(model, 1, 0), "red");
    ck_assert_ptr_null(aep_model_level_name(model, 1, 1));
    ck_assert_str_eq(aep_model_level_name(model, 1, 2), "blue");
    ck_assert_ptr_null(aep_model_level_name(model, 1, 3));
    ck_assert_ptr_null(aep_model_level_name(model, 2, 0));
    ck_assert_ptr_null(aep_model_level_name(model, 0, 0));
    ck_assert_ptr_null(aep_model_level_name(model, 5, 0));
    ck_assert_ptr_null(aep_model_level_name(NULL, 1, 0));
    aep_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ get and set */

START_TEST(a_model_has_the_options_it_was_made_with)
{
    for (size_t i = 0; i < aep_option_count(); i++) {
        const int key = aep_option_at(i);
        double low, high, value;
        if (key == AEP_OPT_NOISE_LEVEL || key == AEP_OPT_NOISE)
            continue; /* their bounds depend on one another */
        AEP_CHECK(aep_option_bounds(&low, &high, NULL, key));
        const double bounds[] = {low, high};
        for (size_t b = 0; b < 2; b++) {
            aep_model *model = new_model("nn", (const setting[]){{key, bounds[b]}, {0, 0}});
            AEP_CHECK(aep_model_get(&value, model, key));
            ck_assert_msg(value == bounds[b], "%s: %g, expected %g", aep_option_name(key), value, bounds[b]);
            aep_model_free(model);
        }
    }
}
END_TEST

START_TEST(get_refuses_what_is_not_there)
{
    static const int keys[] = {0, -1, 40, INT_MAX, INT_MIN};
    aep_model *model = new_model("n", NULL);
    double value;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        AEP_CHECK_STATUS(aep_model_get(&value, model, keys[i]), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_get(NULL, model, AEP_OPT_SEED), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_get(&value, NULL, AEP_OPT_SEED), AEP_E_ARGUMENT);
    aep_model_free(model);
}
END_TEST

START_TEST(only_some_options_change_in_a_model)
{
    static const int any_time[] = {
        AEP_OPT_NOISE,         AEP_OPT_NOISE_LEVEL,   AEP_OPT_WEIGHT_DECAY, AEP_OPT_COMPACTNESS,
        AEP_OPT_HEAD_WEIGHT,   AEP_OPT_LEARNING_RATE, AEP_OPT_HEAD_RATE,    AEP_OPT_BETA1,
        AEP_OPT_BETA2,         AEP_OPT_EPSILON,       AEP_OPT_SCHEDULE,     AEP_OPT_SCHEDULE_STEPS,
        AEP_OPT_GRADIENT_CLIP, AEP_OPT_EPOCHS,        AEP_OPT_BATCH,        AEP_OPT_VALIDATION,
        AEP_OPT_PATIENCE,      AEP_OPT_SCORE,         AEP_OPT_ALARM_RATE,   AEP_OPT_CALIBRATION_SIZE,
        AEP_OPT_SAVE_TRAINING, AEP_OPT_NOISE_BLOCK,   AEP_OPT_LEARNING_GATE};
    aep_model *model = fitted_model("nn", NULL);
    for (size_t i = 0; i < aep_option_count(); i++) {
        const int key = aep_option_at(i);
        bool changeable = false;
        for (size_t k = 0; k < COUNT_OF(any_time); k++)
            changeable |= any_time[k] == key;
        double low, high;
        AEP_CHECK(aep_option_bounds(&low, &high, NULL, key));
        ck_assert_int_eq(aep_option_is_changeable(key), changeable);
        if (changeable) {
            AEP_CHECK(aep_model_set(model, key, low));
            ck_assert_double_eq(option_of(model, key), low);
        } else {
            bytes before = save(model);
            AEP_CHECK_STATUS(aep_model_set(model, key, high), AEP_E_STATE);
            assert_unchanged(model, before);
        }
    }
    aep_model_free(model);
}
END_TEST

START_TEST(set_refuses_bad_values_and_changes_nothing)
{
    messages log = {0};
    aep_model *model = ready_model("nn", NULL);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    bytes before = save(model);
    size_t refused = 0;
    for (size_t i = 0; i < aep_option_count(); i++) {
        const int key = aep_option_at(i);
        double low, high;
        AEP_CHECK(aep_option_bounds(&low, &high, NULL, key));
        const double whole = aep_option_type(key) == AEP_TYPE_REAL ? NAN : low + 0.5;
        const double bad[] = {low - 1, high * 2 + 1, NAN, INFINITY, -INFINITY, whole};
        for (size_t k = 0; k < COUNT_OF(bad); k++) {
            AEP_CHECK_STATUS(aep_model_set(model, key, bad[k]), AEP_E_RANGE);
            refused++;
            ck_assert_uint_eq(log.n[AEP_LOG_ERROR], refused);
            ck_assert_ptr_nonnull(strstr(log.last, aep_option_name(key)));
        }
    }
    AEP_CHECK_STATUS(aep_model_set(model, 0, 0), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_set(model, 40, 0), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_set(NULL, AEP_OPT_EPOCHS, 1), AEP_E_ARGUMENT);
    assert_unchanged(model, before);
    aep_model_free(model);
}
END_TEST

START_TEST(masking_noise_takes_a_share)
{
    aep_model *model = new_model("nn", SET({AEP_OPT_NOISE, AEP_NOISE_MASKING}, {AEP_OPT_NOISE_LEVEL, 1}));
    bytes before = save(model);
    AEP_CHECK_STATUS(aep_model_set(model, AEP_OPT_NOISE_LEVEL, 1.5), AEP_E_RANGE);
    assert_unchanged(model, before);
    AEP_CHECK(aep_model_set(model, AEP_OPT_NOISE, AEP_NOISE_GAUSSIAN));
    AEP_CHECK(aep_model_set(model, AEP_OPT_NOISE_LEVEL, 1.5));
    before = save(model);
    AEP_CHECK_STATUS(aep_model_set(model, AEP_OPT_NOISE, AEP_NOISE_MASKING), AEP_E_RANGE);
    assert_unchanged(model, before);
    aep_model_free(model);

    aep_options *options = new_options("nn", SET({AEP_OPT_NOISE, AEP_NOISE_MASKING}, {AEP_OPT_NOISE_LEVEL, 1.5}), NULL);
    model = STALE;
    AEP_CHECK_STATUS(aep_model_new(&model, options, 2), AEP_E_RANGE);
    ck_assert_ptr_null(model);
    aep_options_free(options);
}
END_TEST

START_TEST(another_score_drops_calibration_and_threshold)
{
    aep_model *model = ready_model("nnn", NULL);
    double value;
    bytes before = save(model);
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, AEP_SCORE_PREDICTION)); /* no other than it was */
    assert_unchanged(model, before);
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION));
    AEP_CHECK_STATUS(aep_model_stat(&value, model, AEP_STAT_THRESHOLD), AEP_E_STATE);
    AEP_CHECK_STATUS(aep_set_alarm_rate(model, 0.1), AEP_E_STATE);
    ck_assert_double_eq(stat_of(model, AEP_STAT_CALIBRATION_ROWS), 0);
    aep_model_free(model);
}
END_TEST

START_TEST(the_alarm_rate_as_an_option_leaves_the_threshold)
{
    aep_model *model = ready_model("nnn", NULL);
    const double threshold = stat_of(model, AEP_STAT_THRESHOLD);
    AEP_CHECK(aep_model_set(model, AEP_OPT_ALARM_RATE, 0.2));
    ck_assert_double_eq(stat_of(model, AEP_STAT_THRESHOLD), threshold);
    AEP_CHECK(aep_set_alarm_rate(model, 0.2));
    ck_assert_double_lt(stat_of(model, AEP_STAT_THRESHOLD), threshold);
    aep_model_free(model);
}
END_TEST

START_TEST(messages_go_where_they_are_wanted)
{
    messages of_options = {0}, of_model = {0};
    aep_options *options = new_options("nn", NULL, NULL);
    aep_model *model, *copy;
    AEP_CHECK(aep_options_set_log(options, record_message, &of_options));
    AEP_CHECK(aep_model_new(&model, options, 2));
    aep_options_free(options);
    const float rows[] = {1, 2, 3, INFINITY};
    AEP_CHECK_STATUS(aep_fit_scaling(model, rows, 2, 2), AEP_E_NOT_FINITE);
    ck_assert_uint_eq(of_options.n[AEP_LOG_ERROR], 1);
    ck_assert_ptr_nonnull(strstr(of_options.last, "row 1"));
    ck_assert_ptr_nonnull(strstr(of_options.last, "c1"));
    AEP_CHECK(aep_model_copy(&copy, model));
    AEP_CHECK_STATUS(aep_fit_scaling(copy, rows, 2, 2), AEP_E_NOT_FINITE);
    ck_assert_uint_eq(of_options.n[AEP_LOG_ERROR], 2);
    AEP_CHECK(aep_model_set_log(model, record_message, &of_model));
    AEP_CHECK_STATUS(aep_fit_scaling(model, rows, 2, 2), AEP_E_NOT_FINITE);
    ck_assert_uint_eq(of_model.n[AEP_LOG_ERROR], 1);
    AEP_CHECK(aep_model_set_log(model, NULL, NULL));
    AEP_CHECK_STATUS(aep_fit_scaling(model, rows, 2, 2), AEP_E_NOT_FINITE);
    ck_assert_uint_eq(of_options.n[AEP_LOG_ERROR], 2);
    ck_assert_uint_eq(of_model.n[AEP_LOG_ERROR], 1);
    AEP_CHECK_STATUS(aep_model_set_log(NULL, record_message, &of_model), AEP_E_ARGUMENT);
    aep_model_free(model);
    aep_model_free(copy);
}
END_TEST

START_TEST(layers_that_are_not_given_grow_with_the_columns_between_bounds)
{
    static const struct {
        size_t n_columns, widths[3];
    } cases[] = {{1, {8, 8, 1}}, {40, {20, 10, 6}}, {1024, {256, 128, 32}}, {2000, {256, 128, 32}}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        aep_model *model;
        size_t widths[3] = {0};
        AEP_CHECK(aep_model_new(&model, NULL, cases[i].n_columns));
        ck_assert_int_eq(aep_model_layers(widths, 3, model, AEP_PART_ENCODER), 3);
        ck_assert_mem_eq(widths, cases[i].widths, sizeof widths);
        ck_assert_uint_eq(aep_model_code_size(model), widths[2]);
        aep_model_free(model);
    }
}
END_TEST

RUN_TESTS("model", layers_that_are_not_given_grow_with_the_columns_between_bounds, a_model_has_the_sizes_asked_for,
          sizes_of_no_model_are_zero, presets_serve_any_width, new_refuses_what_cannot_be,
          columns_may_add_up_to_too_many_features, the_seed_decides_the_weights, a_copy_has_everything,
          a_copy_goes_its_own_way, a_copy_goes_on_learning_the_scaling, copy_refuses_null, layers_are_those_asked_for,
          columns_keep_their_description, a_model_has_the_options_it_was_made_with, get_refuses_what_is_not_there,
          only_some_options_change_in_a_model, set_refuses_bad_values_and_changes_nothing, masking_noise_takes_a_share,
          another_score_drops_calibration_and_threshold, the_alarm_rate_as_an_option_leaves_the_threshold,
          messages_go_where_they_are_wanted)
