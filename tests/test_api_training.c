/* SPDX-License-Identifier: BSD-2-Clause */
/* aep_fit_scaling and aep_fit_batch; what they refuse, together with aep_fit and aep_calibrate. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------- bad input */

static int fit(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    return aep_fit(model, rows, n_rows, n_cols, NULL, NULL);
}

static const struct {
    const char *name;
    int (*call)(aep_model *model, const float *rows, size_t n_rows, size_t n_cols);
    size_t least_rows;
} calls[] = {
    {"aep_fit_scaling", aep_fit_scaling, 1},
    {"aep_fit_batch", aep_fit_batch, 2},
    {"aep_fit", fit, 2},
    {"aep_calibrate", aep_calibrate, 1},
};

/* A model on which the call is allowed. */
static aep_model *model_for(size_t call, const char *columns, const setting *settings)
{
    return calls[call].call == aep_fit_scaling ? new_model(columns, settings) : fitted_model(columns, settings);
}

START_TEST(null_is_refused)
{
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        aep_model *model = model_for(i, "nn", NULL);
        bytes before = save(model);
        const float rows[4] = {1, 2, 3, 4};
        AEP_CHECK_STATUS(calls[i].call(NULL, rows, 2, 2), AEP_E_ARGUMENT);
        AEP_CHECK_STATUS(calls[i].call(model, NULL, 2, 2), AEP_E_ARGUMENT);
        assert_unchanged(model, before);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(another_number_of_columns_is_refused)
{
    static const size_t n_cols[] = {0, 1, 3, SIZE_MAX};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        messages log = {0};
        aep_model *model = model_for(i, "nn", NULL);
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        bytes before = save(model);
        const float rows[6] = {1, 2, 3, 4, 5, 6};
        for (size_t k = 0; k < COUNT_OF(n_cols); k++)
            AEP_CHECK_STATUS(calls[i].call(model, rows, 2, n_cols[k]), AEP_E_COLUMNS);
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], COUNT_OF(n_cols));
        assert_unchanged(model, before);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(too_few_rows_are_refused)
{
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        messages log = {0};
        aep_model *model = model_for(i, "nn", NULL);
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        bytes before = save(model);
        const float rows[4] = {1, 2, 3, 4};
        for (size_t n = 0; n < calls[i].least_rows; n++)
            AEP_CHECK_STATUS(calls[i].call(model, rows, n, 2), AEP_E_ROWS);
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], calls[i].least_rows);
        assert_unchanged(model, before);
        AEP_CHECK(calls[i].call(model, rows, calls[i].least_rows, 2));
        aep_model_free(model);
    }
}
END_TEST

START_TEST(numbers_of_rows_that_nothing_holds_are_refused)
{
    const size_t too_many[] = {SIZE_MAX / 2 + 1, SIZE_MAX / 8 + 1, SIZE_MAX};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        messages log = {0};
        aep_model *model = model_for(i, "nn", NULL);
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        bytes before = save(model);
        const float rows[4] = {1, 2, 3, 4};
        for (size_t k = 0; k < COUNT_OF(too_many); k++)
            AEP_CHECK_STATUS(calls[i].call(model, rows, too_many[k], 2), AEP_E_LIMIT);
        ck_assert_ptr_nonnull(strstr(log.last, "rows of 2 columns do not fit into memory"));
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], COUNT_OF(too_many));
        if (calls[i].call == fit) { /* rows are numbered in 32 bits; none of them is looked at */
            AEP_CHECK_STATUS(fit(model, rows, (size_t)UINT32_MAX + 1, 2), AEP_E_LIMIT);
            ck_assert_ptr_nonnull(strstr(log.last, "4294967296 rows in one call"));
        }
        assert_unchanged(model, before);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(bad_values_are_refused_wherever_they_are)
{
    enum { N = 9, COLS = 3 };
    static const struct {
        size_t col;
        float value;
        int status;
    } bad[] = {{0, NAN, AEP_E_NOT_FINITE}, {1, INFINITY, AEP_E_NOT_FINITE}, {1, -INFINITY, AEP_E_NOT_FINITE},
               {2, NAN, AEP_E_NOT_FINITE}, {2, INFINITY, AEP_E_NOT_FINITE}, {2, 0.25f, AEP_E_LEVEL},
               {2, -0.5f, AEP_E_LEVEL},    {2, 1e-30f, AEP_E_LEVEL}};
    static const size_t at[] = {0, 4, N - 1};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        messages log = {0};
        size_t refused = 0;
        aep_model *model = model_for(i, "nn3", NULL);
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        bytes before = save(model);
        for (size_t k = 0; k < COUNT_OF(bad) * COUNT_OF(at); k++) {
            float *rows = new_rows("nn3", N, 1);
            rows[at[k % COUNT_OF(at)] * COLS + bad[k / COUNT_OF(at)].col] = bad[k / COUNT_OF(at)].value;
            AEP_CHECK_STATUS(calls[i].call(model, rows, N, COLS), bad[k / COUNT_OF(at)].status);
            ck_assert_uint_eq(log.n[AEP_LOG_ERROR], ++refused);
            free(rows);
        }
        assert_unchanged(model, before);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(unseen_levels_are_refused_in_training_always)
{
    static const float unseen[] = {3, -1, 1e9f, 65536};
    for (size_t i = 0; i < 3; i++) /* calibrating is scoring */
        for (size_t k = 0; k < COUNT_OF(unseen); k++) {
            aep_model *model = model_for(i, "nn3", SET({AEP_OPT_UNSEEN, AEP_UNSEEN_ZERO}));
            bytes before = save(model);
            float *rows = new_rows("nn3", 8, 1);
            rows[5 * 3 + 2] = unseen[k];
            AEP_CHECK_STATUS(calls[i].call(model, rows, 8, 3), AEP_E_LEVEL);
            assert_unchanged(model, before);
            free(rows);
            aep_model_free(model);
        }
}
END_TEST

START_TEST(nan_is_allowed_under_impute_and_infinity_never)
{
    static const setting impute[] = {{AEP_OPT_MISSING, AEP_MISSING_IMPUTE}, {AEP_OPT_MISSING_INDICATOR, 1}, {0, 0}};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        aep_model *model = model_for(i, "nn3", impute);
        float *rows = new_rows("nn3", 20, 1);
        for (size_t k = 0; k < 60; k += 7)
            rows[k] = NAN;
        bytes before = save(model);
        rows[30] = -INFINITY;
        AEP_CHECK_STATUS(calls[i].call(model, rows, 20, 3), AEP_E_NOT_FINITE);
        assert_unchanged(model, before);
        rows[30] = NAN;
        AEP_CHECK(calls[i].call(model, rows, 20, 3));
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

/* Whatever finite numbers come: training goes on or says that it diverged, and scores are finite. */
START_TEST(extreme_finite_values_do_no_harm)
{
    static const float extremes[] = {1e30f, -1e30f, 3.4e38f, -3.4e38f, 1e-38f, 1e-45f, 0, 1};
    for (int scaling = AEP_SCALING_NONE; scaling <= AEP_SCALING_RANK; scaling++)
        for (int squash = AEP_SQUASH_NONE; squash <= AEP_SQUASH_CLIP; squash++) {
            aep_model *model = new_model("nnn", SET({AEP_OPT_SCALING, scaling}, {AEP_OPT_SQUASH, squash}));
            float rows[16 * 3], scores[16];
            for (size_t i = 0; i < 48; i++)
                rows[i] = extremes[(i * i + i / 3) % COUNT_OF(extremes)];
            AEP_CHECK(aep_fit_scaling(model, rows, 16, 3));
            bytes before = save(model);
            const int status = fit(model, rows, 16, 3);
            if (status == AEP_E_DIVERGED)
                ck_assert(saves_as(model, before));
            else
                AEP_CHECK(status);
            AEP_CHECK(aep_score(scores, model, NULL, rows, 16, 3));
            for (size_t i = 0; i < 16; i++)
                ck_assert(isfinite(scores[i]));
            free(before.data);
            aep_model_free(model);
        }
}
END_TEST

START_TEST(constant_columns_are_harmless_and_counted)
{
    for (int scaling = AEP_SCALING_NONE; scaling <= AEP_SCALING_RANK; scaling++) {
        aep_model *model = new_model("nnnn", SET({AEP_OPT_SCALING, scaling}));
        float *rows = new_rows("nnnn", 100, 1);
        for (size_t i = 0; i < 100; i++)
            rows[i * 4 + 1] = 1e20f, rows[i * 4 + 3] = 0;
        if (scaling == AEP_SCALING_NONE)
            for (size_t i = 0; i < 100; i++)
                rows[i * 4 + 1] = 7;
        AEP_CHECK(fit(model, rows, 100, 4));
        ck_assert_double_eq(stat_of(model, AEP_STAT_CONSTANT_COLUMNS), 2);
        float *scores = scores_of(model, rows, 100);
        for (size_t i = 0; i < 100; i++)
            ck_assert(isfinite(scores[i]));
        free(scores);
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

/* -------------------------------------------------------------------------------------------------- scaling */

START_TEST(scaling_does_not_depend_on_how_rows_are_cut)
{
    enum { N = 3000, COLS = 4 };
    static const size_t chunks[] = {N, 1, 7, 1000};
    for (int scaling = AEP_SCALING_NONE; scaling <= AEP_SCALING_RANK; scaling++) {
        float *rows = new_rows("nn3n", N, 1);
        bytes first = {0};
        for (size_t k = 0; k < COUNT_OF(chunks); k++) {
            if (chunks[k] == 1 && scaling >= AEP_SCALING_ROBUST)
                continue; /* each call sorts what the sketch holds */
            aep_model *model = new_model("nn3n", SET({AEP_OPT_SCALING, scaling}));
            for (size_t i = 0; i < N; i += chunks[k])
                AEP_CHECK(aep_fit_scaling(model, rows + i * COLS, N - i < chunks[k] ? N - i : chunks[k], COLS));
            ck_assert_double_eq(stat_of(model, AEP_STAT_SCALING_ROWS), N);
            if (first.data)
                ck_assert_msg(saves_as(model, first), "scaling %d, chunks of %zu", scaling, chunks[k]);
            else
                first = save(model);
            aep_model_free(model);
        }
        free(first.data);
        free(rows);
    }
}
END_TEST

START_TEST(the_first_step_ends_the_scaling)
{
    messages log = {0};
    aep_model *model = new_model("nn", NULL);
    float *rows = new_rows("nn", 64, 1);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK(aep_fit_scaling(model, rows, 64, 2));
    AEP_CHECK(aep_fit_batch(model, rows, 64, 2));
    bytes before = save(model);
    AEP_CHECK_STATUS(aep_fit_scaling(model, rows, 64, 2), AEP_E_STATE);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 1);
    assert_unchanged(model, before);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(loading_ends_the_scaling)
{
    aep_model *model = new_model("nn", NULL);
    float *rows = new_rows("nn", 64, 1);
    AEP_CHECK(aep_fit_scaling(model, rows, 64, 2));
    bytes before = save(model);
    aep_model *loaded = load(before);
    AEP_CHECK_STATUS(aep_fit_scaling(loaded, rows, 64, 2), AEP_E_STATE);
    assert_unchanged(loaded, before);
    AEP_CHECK(aep_fit_batch(model, rows, 64, 2));
    AEP_CHECK(aep_fit_batch(loaded, rows, 64, 2));
    assert_unchanged(loaded, save(model));
    free(rows);
    aep_model_free(model);
    aep_model_free(loaded);
}
END_TEST

START_TEST(zscore_is_what_it_says)
{
    enum { N = 500 };
    aep_model *model =
        new_model("nn", SET({AEP_OPT_SQUASH, AEP_SQUASH_NONE}, {AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION}));
    float *rows = new_rows("nn", N, 1), rebuilt[2 * N];
    double mean[2] = {0}, deviation[2] = {0};
    for (size_t i = 0; i < 2 * N; i++)
        mean[i % 2] += (double)rows[i] / N;
    for (size_t i = 0; i < 2 * N; i++)
        deviation[i % 2] += pow((double)rows[i] - mean[i % 2], 2) / N;
    AEP_CHECK(aep_fit_scaling(model, rows, N, 2));
    AEP_CHECK(aep_reconstruct(rebuilt, model, NULL, rows, N, 2));
    float *scores = scores_of(model, rows, N);
    for (size_t i = 0; i < N; i++) {
        double square = 0;
        for (size_t j = 0; j < 2; j++)
            square += pow((double)rows[2 * i + j] - (double)rebuilt[2 * i + j], 2) / deviation[j];
        /* the deviation may be that of the sample or of the population */
        ck_assert_double_eq_tol((double)scores[i], sqrt(square), 0.002 * sqrt(square) + 1e-4);
    }
    free(scores);
    free(rows);
    aep_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------- one step */

START_TEST(a_step_needs_the_scaling)
{
    messages log = {0};
    float *rows = new_rows("nn", 32, 1);
    aep_model *model = new_model("nn", NULL);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    bytes before = save(model);
    AEP_CHECK_STATUS(aep_fit_batch(model, rows, 32, 2), AEP_E_STATE);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 1);
    assert_unchanged(model, before);
    aep_model_free(model);

    model = new_model("nn", SET({AEP_OPT_SCALING, AEP_SCALING_NONE}));
    AEP_CHECK(aep_fit_batch(model, rows, 32, 2));
    ck_assert_double_eq(stat_of(model, AEP_STAT_STEPS), 1);
    aep_model_free(model);
    free(rows);
}
END_TEST

START_TEST(steps_lower_the_loss)
{
    static const setting variants[][3] = {{{AEP_OPT_ERROR, AEP_ERROR_NORM}},
                                          {{AEP_OPT_ERROR, AEP_ERROR_VECTOR}},
                                          {{AEP_OPT_SQUARED, 1}},
                                          {{AEP_OPT_HEAD_GRADIENT, 1}},
                                          {{AEP_OPT_NOISE, AEP_NOISE_MASKING}},
                                          {{AEP_OPT_ERROR, AEP_ERROR_VECTOR}, {AEP_OPT_SQUARED, 1}}};
    float *rows = new_rows("nnnnnn3", 256, 1);
    for (size_t v = 0; v < COUNT_OF(variants); v++) {
        aep_model *model = new_model("nnnnnn3", variants[v]);
        double first = 0, last = 0;
        AEP_CHECK(aep_fit_scaling(model, rows, 256, 7));
        for (size_t i = 0; i < 600; i++) {
            AEP_CHECK(aep_fit_batch(model, rows, 256, 7));
            ck_assert_double_eq(stat_of(model, AEP_STAT_STEPS), (double)(i + 1));
            first += i < 20 ? stat_of(model, AEP_STAT_LOSS) : 0;
            last += i >= 580 ? stat_of(model, AEP_STAT_LOSS) : 0;
        }
        ck_assert_msg(last < 0.6 * first, "variant %zu: from %g to %g", v, first / 20, last / 20);
        aep_model_free(model);
    }
    free(rows);
}
END_TEST

START_TEST(a_step_follows_the_schedule)
{
    enum { STEPS = 20 };
    aep_model *model = new_model("nn", SET({AEP_OPT_SCHEDULE_STEPS, STEPS}, {AEP_OPT_LEARNING_RATE, 0.5}));
    float *rows = new_rows("nn", 32, 1);
    AEP_CHECK(aep_fit_scaling(model, rows, 32, 2));
    for (int t = 0; t < STEPS; t++) {
        AEP_CHECK(aep_fit_batch(model, rows, 32, 2));
        ck_assert_double_eq_tol(stat_of(model, AEP_STAT_LEARNING_RATE),
                                0.25 * (1 + cos(3.14159265358979323846 * t / STEPS)), 1e-9);
    }
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCHEDULE_STEPS, 0));
    AEP_CHECK(aep_fit_batch(model, rows, 32, 2));
    ck_assert_double_eq(stat_of(model, AEP_STAT_LEARNING_RATE), 0.5);
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCHEDULE_STEPS, 1000));
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCHEDULE, AEP_SCHEDULE_CONSTANT));
    AEP_CHECK(aep_fit_batch(model, rows, 32, 2));
    ck_assert_double_eq(stat_of(model, AEP_STAT_LEARNING_RATE), 0.5);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(the_end_of_the_schedule_is_pointed_out_once)
{
    enum { STEPS = 5 };
    for (int schedule = AEP_SCHEDULE_CONSTANT; schedule <= AEP_SCHEDULE_COSINE; schedule++) {
        messages log = {0};
        aep_model *model = new_model("nn", SET({AEP_OPT_SCHEDULE_STEPS, STEPS}, {AEP_OPT_SCHEDULE, schedule}));
        float *rows = new_rows("nn", 32, 1);
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        AEP_CHECK(aep_fit_scaling(model, rows, 32, 2));
        for (int t = 0; t < 3 * STEPS; t++) {
            AEP_CHECK(aep_fit_batch(model, rows, 32, 2));
            ck_assert_uint_eq(log.n[AEP_LOG_WARNING], schedule == AEP_SCHEDULE_COSINE && t >= STEPS);
        }
        if (schedule == AEP_SCHEDULE_COSINE)
            ck_assert_ptr_nonnull(strstr(log.last, "schedule_steps"));
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(the_gradient_norm_is_that_before_clipping)
{
    float *rows = new_rows("nnn", 64, 1);
    double norm[2];
    for (int i = 0; i < 2; i++) {
        aep_model *model = new_model("nnn", SET({AEP_OPT_GRADIENT_CLIP, i ? 1e-3 : 0}));
        AEP_CHECK(aep_fit_scaling(model, rows, 64, 3));
        AEP_CHECK(aep_fit_batch(model, rows, 64, 3));
        norm[i] = stat_of(model, AEP_STAT_GRADIENT_NORM);
        aep_model_free(model);
    }
    ck_assert_double_gt(norm[0], 1e-3);
    ck_assert_double_eq(norm[0], norm[1]);
    free(rows);
}
END_TEST

START_TEST(settings_of_training_matter_from_the_next_step_on)
{
    static const setting changes[] = {
        {AEP_OPT_NOISE, AEP_NOISE_NONE}, {AEP_OPT_NOISE_LEVEL, 0.5},   {AEP_OPT_WEIGHT_DECAY, 0.1},
        {AEP_OPT_COMPACTNESS, 1},        {AEP_OPT_HEAD_WEIGHT, 0},     {AEP_OPT_LEARNING_RATE, 0.01},
        {AEP_OPT_HEAD_RATE, 0.5},        {AEP_OPT_BETA1, 0.5},         {AEP_OPT_BETA2, 0.5},
        {AEP_OPT_EPSILON, 1e-3},         {AEP_OPT_GRADIENT_CLIP, 1e-4}};
    float *rows = new_rows("nnn", 64, 1);
    aep_model *model = new_model("nnn", NULL), *plain;
    AEP_CHECK(aep_fit_scaling(model, rows, 64, 3));
    AEP_CHECK(aep_fit_batch(model, rows, 64, 3));
    AEP_CHECK(aep_model_copy(&plain, model));
    AEP_CHECK(aep_fit_batch(plain, rows, 64, 3));
    AEP_CHECK(aep_fit_batch(plain, rows, 64, 3));
    float *scores = scores_of(plain, rows, 64);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        aep_model *changed;
        AEP_CHECK(aep_model_copy(&changed, model));
        AEP_CHECK(aep_model_set(changed, changes[i].key, changes[i].value));
        AEP_CHECK(aep_fit_batch(changed, rows, 64, 3));
        AEP_CHECK(aep_fit_batch(changed, rows, 64, 3));
        float *other = scores_of(changed, rows, 64);
        ck_assert_msg(memcmp(scores, other, 64 * sizeof *scores) != 0, "%s has no effect",
                      aep_option_name(changes[i].key));
        free(other);
        aep_model_free(changed);
    }
    free(scores);
    free(rows);
    aep_model_free(plain);
    aep_model_free(model);
}
END_TEST

START_TEST(steps_go_on_after_a_load_as_if_nothing_had_been)
{
    float *rows = new_rows("nn3", 120, 1);
    aep_model *straight = new_model("nn3", NULL), *broken;
    AEP_CHECK(aep_fit_scaling(straight, rows, 120, 3));
    for (int i = 0; i < 7; i++)
        AEP_CHECK(aep_fit_batch(straight, rows + i * 30, 40, 3));
    bytes b = save(straight);
    broken = load(b);
    free(b.data);
    for (int i = 0; i < 7; i++) {
        AEP_CHECK(aep_fit_batch(straight, rows + i * 30, 30, 3));
        AEP_CHECK(aep_fit_batch(broken, rows + i * 30, 30, 3));
    }
    assert_unchanged(broken, save(straight));
    free(rows);
    aep_model_free(straight);
    aep_model_free(broken);
}
END_TEST

RUN_TESTS("training", null_is_refused, another_number_of_columns_is_refused, too_few_rows_are_refused,
          numbers_of_rows_that_nothing_holds_are_refused, bad_values_are_refused_wherever_they_are,
          unseen_levels_are_refused_in_training_always, nan_is_allowed_under_impute_and_infinity_never,
          extreme_finite_values_do_no_harm, constant_columns_are_harmless_and_counted,
          scaling_does_not_depend_on_how_rows_are_cut, the_first_step_ends_the_scaling, loading_ends_the_scaling,
          zscore_is_what_it_says, a_step_needs_the_scaling, steps_lower_the_loss, a_step_follows_the_schedule,
          the_end_of_the_schedule_is_pointed_out_once, the_gradient_norm_is_that_before_clipping,
          settings_of_training_matter_from_the_next_step_on, steps_go_on_after_a_load_as_if_nothing_had_been)
