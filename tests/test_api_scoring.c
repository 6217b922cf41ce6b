/* SPDX-License-Identifier: BSD-2-Clause */
/* Workspaces and the functions that take one. That scores do not depend on the call: test_api_same_score.c. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 100, MOST = 64 }; /* most values a row that any function below writes */

/* ------------------------------------------------------------------------------- the functions that score rows */

static int errors(float *out, const aep_model *model, aep_workspace *ws, const float *rows, size_t n_rows,
                  size_t n_cols)
{
    return aep_errors(out, out ? out + N * MOST / 2 : NULL, model, ws, rows, n_rows, n_cols);
}

static const struct {
    const char *name;
    int (*call)(float *out, const aep_model *model, aep_workspace *ws, const float *rows, size_t n_rows, size_t n_cols);
    bool needs_out;
} calls[] = {{"aep_score", aep_score, true},
             {"aep_encode", aep_encode, true},
             {"aep_reconstruct", aep_reconstruct, true},
             {"aep_errors", errors, false},
             {"aep_explain", aep_explain, true}};

/* Calls with an output that must stay as it was. */
static void refuse(size_t i, int expected, const aep_model *model, aep_workspace *ws, const float *rows, size_t n_rows,
                   size_t n_cols)
{
    static float out[N * MOST];
    for (size_t k = 0; k < N * MOST; k++)
        out[k] = -7;
    const int status = calls[i].call(out, model, ws, rows, n_rows, n_cols);
    ck_assert_msg(status == expected, "%s: %d (%s), expected %d", calls[i].name, status, aep_status_str(status),
                  expected);
    for (size_t k = 0; k < N * MOST; k++)
        ck_assert_msg(out[k] == -7, "%s wrote although it failed", calls[i].name);
}

START_TEST(null_is_refused)
{
    aep_model *model = ready_model("nn3", NULL);
    float *rows = new_rows("nn3", N, 3);
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        refuse(i, AEP_E_ARGUMENT, NULL, NULL, rows, N, 3);
        refuse(i, AEP_E_ARGUMENT, model, NULL, NULL, N, 3);
        if (calls[i].needs_out)
            AEP_CHECK_STATUS(calls[i].call(NULL, model, NULL, rows, N, 3), AEP_E_ARGUMENT);
    }
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(bad_rows_are_refused_and_nothing_is_written)
{
    static const struct {
        size_t at;
        float value;
        int status;
    } bad[] = {{0, NAN, AEP_E_NOT_FINITE},
               {N * 3 - 2, INFINITY, AEP_E_NOT_FINITE},
               {4, -INFINITY, AEP_E_NOT_FINITE},
               {N * 3 - 1, 0.5f, AEP_E_LEVEL},
               {5, 3, AEP_E_LEVEL},
               {8, -1, AEP_E_LEVEL},
               {11, NAN, AEP_E_NOT_FINITE}};
    messages log = {0};
    aep_model *model = ready_model("nn3", SET({AEP_OPT_UNSEEN, AEP_UNSEEN_ERROR}));
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    size_t refused = 0;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        for (size_t k = 0; k < COUNT_OF(bad); k++) {
            float *rows = new_rows("nn3", N, 3);
            rows[bad[k].at] = bad[k].value;
            refuse(i, bad[k].status, model, NULL, rows, N, 3);
            ck_assert_uint_eq(log.n[AEP_LOG_ERROR], ++refused);
            free(rows);
        }
        float *rows = new_rows("nn3", N, 3);
        refuse(i, AEP_E_COLUMNS, model, NULL, rows, N, 2);
        refuse(i, AEP_E_COLUMNS, model, NULL, rows, N, 4);
        refuse(i, AEP_E_ROWS, model, NULL, rows, 0, 3);
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], refused += 3);
        free(rows);
    }
    aep_model_free(model);
}
END_TEST

START_TEST(a_model_without_scaling_does_not_score)
{
    messages log = {0};
    aep_model *model = new_model("nn", NULL), *unscaled = new_model("nn", SET({AEP_OPT_SCALING, AEP_SCALING_NONE}));
    float *rows = new_rows("nn", N, 3), out[N * MOST];
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        refuse(i, AEP_E_STATE, model, NULL, rows, N, 2);
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], i + 1);
        AEP_CHECK(calls[i].call(out, unscaled, NULL, rows, N, 2));
    }
    free(rows);
    aep_model_free(model);
    aep_model_free(unscaled);
}
END_TEST

START_TEST(a_workspace_of_another_shape_is_refused)
{
    aep_model *model = ready_model("nn3", NULL), *other = ready_model("nnnn", NULL);
    aep_model *vector = ready_model("nn3", SET({AEP_OPT_ERROR, AEP_ERROR_VECTOR}));
    aep_model *const others[] = {other, vector};
    float *rows = new_rows("nn3", N, 3);
    for (size_t k = 0; k < 2; k++) {
        aep_workspace *ws;
        AEP_CHECK(aep_workspace_new(&ws, others[k]));
        for (size_t i = 0; i < COUNT_OF(calls); i++)
            refuse(i, AEP_E_WORKSPACE, model, ws, rows, N, 3);
        aep_workspace_free(ws);
        aep_model_free(others[k]);
    }
    free(rows);
    aep_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ workspaces */

START_TEST(workspace_refuses_null)
{
    aep_model *model = new_model("n", NULL);
    aep_workspace *ws = (aep_workspace *)(uintptr_t)8;
    AEP_CHECK_STATUS(aep_workspace_new(NULL, model), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_workspace_new(&ws, NULL), AEP_E_ARGUMENT);
    ck_assert_ptr_null(ws);
    aep_workspace_free(NULL);
    aep_model_free(model);
}
END_TEST

START_TEST(with_a_workspace_nothing_is_allocated)
{
    memory m;
    const aep_allocator allocator = memory_allocator(&m);
    aep_options *options = new_options("nn3n", SET({AEP_OPT_ERROR, AEP_ERROR_VECTOR}), &allocator);
    aep_model *model;
    aep_workspace *ws;
    AEP_CHECK(aep_model_new(&model, options, 4));
    aep_options_free(options);
    float *rows = new_rows("nn3n", N, 3), out[N * MOST], scores[N], p[N];
    uint8_t labels[N];
    AEP_CHECK(aep_fit(model, rows, N, 4, NULL, NULL));
    AEP_CHECK(aep_calibrate(model, rows, N, 4));
    AEP_CHECK(aep_workspace_new(&ws, model));
    const size_t before = m.calls;
    for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_SIGNED; kind++) {
        AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, kind));
        for (size_t i = 0; i < COUNT_OF(calls); i++)
            AEP_CHECK(calls[i].call(out, model, ws, rows, N, 4));
        AEP_CHECK(aep_score(scores, model, ws, rows, N, 4));
        if (kind == AEP_SCORE_PREDICTION) {
            AEP_CHECK(aep_predict(labels, model, scores, N));
            AEP_CHECK(aep_pvalue(p, model, scores, N));
        }
    }
    AEP_CHECK(aep_check_rows(NULL, NULL, model, rows, N, 4));
    ck_assert_uint_eq(m.calls, before);
    aep_workspace_free(ws);
    aep_model_free(model);
    ck_assert_uint_eq(m.live, 0);
    free(rows);
}
END_TEST

START_TEST(a_workspace_outlives_its_model)
{
    aep_model *model = ready_model("nnn", NULL);
    aep_workspace *ws;
    AEP_CHECK(aep_workspace_new(&ws, model));
    bytes b = save(model);
    float *rows = new_rows("nnn", N, 3), scores[N];
    float *expected = scores_of(model, rows, N);
    aep_model_free(model);
    model = load(b);
    AEP_CHECK(aep_score(scores, model, ws, rows, N, 3));
    ck_assert_mem_eq(scores, expected, sizeof scores);
    free(expected);
    AEP_CHECK(aep_fit_batch(model, rows, N, 3));
    expected = scores_of(model, rows, N);
    AEP_CHECK(aep_score(scores, model, ws, rows, N, 3));
    ck_assert_mem_eq(scores, expected, sizeof scores);
    free(expected);
    free(b.data);
    free(rows);
    aep_model_free(model);
    aep_workspace_free(ws);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ what is scored */

START_TEST(scores_are_made_of_the_errors)
{
    for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++)
        for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_SIGNED; kind++) {
            aep_model *model = fitted_model("nn3n", SET({AEP_OPT_ERROR, form}, {AEP_OPT_SCORE, kind}));
            const size_t width = form == AEP_ERROR_NORM ? 1 : 6;
            float *rows = new_rows("nn3n", N, 3), e[N * 6], predicted[N * 6];
            float *scores = scores_of(model, rows, N);
            ck_assert_uint_eq(aep_model_error_size(model), width);
            AEP_CHECK(aep_errors(e, predicted, model, NULL, rows, N, 4));
            for (size_t i = 0; i < N; i++) {
                double distance = 0, sum = 0, norm = 0;
                for (size_t k = i * width; k < (i + 1) * width; k++) {
                    const double difference = (double)e[k] - (double)predicted[k];
                    ck_assert(e[k] >= 0);
                    distance += difference * difference;
                    sum += difference;
                    norm += (double)e[k] * (double)e[k];
                }
                const double expected[] = {sqrt(distance), sqrt(norm), sum};
                ck_assert_double_eq_tol((double)scores[i], expected[kind], 1e-5 * sqrt(norm) + 1e-6);
            }
            free(rows);
            free(scores);
            aep_model_free(model);
        }
}
END_TEST

START_TEST(errors_are_the_distance_to_the_reconstruction)
{
    for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++) {
        aep_model *model = fitted_model(
            "nnn", SET({AEP_OPT_ERROR, form}, {AEP_OPT_SCALING, AEP_SCALING_NONE}, {AEP_OPT_SQUASH, AEP_SQUASH_NONE}));
        float *rows = new_rows("nnn", N, 3), rebuilt[N * 3], e[N * 3];
        AEP_CHECK(aep_reconstruct(rebuilt, model, NULL, rows, N, 3));
        AEP_CHECK(aep_errors(e, NULL, model, NULL, rows, N, 3));
        for (size_t i = 0; i < N; i++) {
            double square = 0;
            for (size_t j = 0; j < 3; j++) {
                const double difference = fabs((double)rows[3 * i + j] - (double)rebuilt[3 * i + j]);
                square += difference * difference;
                if (form == AEP_ERROR_VECTOR)
                    ck_assert_double_eq_tol((double)e[3 * i + j], difference, 1e-5);
            }
            if (form == AEP_ERROR_NORM)
                ck_assert_double_eq_tol((double)e[i], sqrt(square), 1e-4);
        }
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(either_half_of_the_errors_may_be_left_out)
{
    aep_model *model = ready_model("nnn", NULL);
    float *rows = new_rows("nnn", N, 3), e[N], predicted[N], alone[N];
    AEP_CHECK(aep_errors(e, predicted, model, NULL, rows, N, 3));
    AEP_CHECK(aep_errors(alone, NULL, model, NULL, rows, N, 3));
    ck_assert_mem_eq(alone, e, sizeof e);
    AEP_CHECK(aep_errors(NULL, alone, model, NULL, rows, N, 3));
    ck_assert_mem_eq(alone, predicted, sizeof predicted);
    AEP_CHECK_STATUS(aep_errors(NULL, NULL, model, NULL, rows, N, 3), AEP_E_ARGUMENT);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(reconstructions_are_in_the_units_of_the_input)
{
    for (int scaling = AEP_SCALING_ZSCORE; scaling <= AEP_SCALING_RANK; scaling++) {
        aep_model *model = fitted_model("nnnn4", SET({AEP_OPT_SCALING, scaling}, {AEP_OPT_EPOCHS, 300},
                                                     {AEP_OPT_LEARNING_RATE, 0.01}, {AEP_OPT_NOISE, AEP_NOISE_NONE}));
        float *rows = new_rows("nnnn4", N, 3), rebuilt[N * 5];
        AEP_CHECK(aep_reconstruct(rebuilt, model, NULL, rows, N, 5));
        size_t right = 0;
        for (size_t i = 0; i < N; i++) {
            const float level = rebuilt[5 * i + 4];
            ck_assert(level == 0 || level == 1 || level == 2 || level == 3);
            right += level == rows[5 * i + 4];
        }
        ck_assert_msg(right > N * 6 / 10, "scaling %d: %zu of %d levels", scaling, right, N);
        for (size_t j = 0; j < 4; j++) {
            double mean = 0, spread = 0, error = 0;
            for (size_t i = 0; i < N; i++)
                mean += (double)rows[5 * i + j] / N;
            for (size_t i = 0; i < N; i++) {
                spread += pow((double)rows[5 * i + j] - mean, 2);
                error += pow((double)rows[5 * i + j] - (double)rebuilt[5 * i + j], 2);
            }
            ck_assert_msg(error < 0.25 * spread, "scaling %d, column %zu: %g of %g", scaling, j, error, spread);
        }
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(unseen_levels_are_no_level_in_scoring)
{
    static const float unseen[] = {3, 4, -1, -7, 1e9f};
    aep_model *model = ready_model("nn3", NULL);
    float *rows = new_rows("nn3", 1, 3), first = 0, score;
    for (size_t i = 0; i < COUNT_OF(unseen); i++) {
        rows[2] = unseen[i];
        AEP_CHECK(aep_check_rows(NULL, NULL, model, rows, 1, 3));
        AEP_CHECK(aep_score(&score, model, NULL, rows, 1, 3));
        ck_assert(isfinite(score) && (i == 0 || score == first)); /* none is like any other */
        first = score;
    }
    rows[2] = 2.5f;
    AEP_CHECK_STATUS(aep_score(&score, model, NULL, rows, 1, 3), AEP_E_LEVEL);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(missing_values_are_scored_under_impute)
{
    for (int indicator = 0; indicator <= 1; indicator++) {
        aep_model *model =
            fitted_model("nn3", SET({AEP_OPT_MISSING, AEP_MISSING_IMPUTE}, {AEP_OPT_MISSING_INDICATOR, indicator}));
        float *rows = new_rows("nn3", 2, 3), scores[2], out[2 * MOST];
        for (size_t j = 0; j < 3; j++)
            rows[j] = NAN;
        AEP_CHECK(aep_score(scores, model, NULL, rows, 2, 3));
        ck_assert(isfinite(scores[0]) && isfinite(scores[1]));
        AEP_CHECK(aep_reconstruct(out, model, NULL, rows, 2, 3));
        ck_assert(isfinite(out[0]) && isfinite(out[1]) && isfinite(out[2]));
        rows[4] = INFINITY;
        AEP_CHECK_STATUS(aep_score(scores, model, NULL, rows, 2, 3), AEP_E_NOT_FINITE);
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(any_finite_row_has_a_finite_score)
{
    static const float values[] = {0, 1e30f, -1e30f, FLT_MAX, -FLT_MAX, FLT_MIN, FLT_TRUE_MIN, -0.0f};
    for (int scaling = AEP_SCALING_NONE; scaling <= AEP_SCALING_RANK; scaling++)
        for (int squash = AEP_SQUASH_NONE; squash <= AEP_SQUASH_CLIP; squash++)
            for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++) {
                aep_model *model = fitted_model("nn", SET({AEP_OPT_SCALING, scaling}, {AEP_OPT_SQUASH, squash},
                                                          {AEP_OPT_ERROR, form}, {AEP_OPT_EPOCHS, 2}));
                for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_SIGNED; kind++) {
                    AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, kind));
                    for (size_t i = 0; i < COUNT_OF(values) * COUNT_OF(values); i++) {
                        const float row[] = {values[i / COUNT_OF(values)], values[i % COUNT_OF(values)]};
                        float score, shares[2];
                        AEP_CHECK(aep_score(&score, model, NULL, row, 1, 2));
                        ck_assert_msg(isfinite(score), "scaling %d, squash %d, form %d, kind %d: %g %g", scaling,
                                      squash, form, kind, (double)row[0], (double)row[1]);
                        AEP_CHECK(aep_explain(shares, model, NULL, row, 1, 2));
                        ck_assert(shares[0] >= 0 && shares[1] >= 0);
                        ck_assert_float_eq_tol(shares[0] + shares[1], 1, 1e-5f);
                    }
                }
                aep_model_free(model);
            }
}
END_TEST

/* Networks whose values take the same memory in all, but not of each part. */
START_TEST(a_workspace_of_another_shape_is_refused_even_if_it_is_as_large)
{
    static const size_t narrow[] = {8, 2}, wide[] = {8, 8, 8, 2}, one[] = {8}, three[] = {8, 8, 8};
    static const struct {
        const char *columns;
        const size_t *encoder, *decoder;
        size_t n_encoder, n_decoder;
    } shapes[] = {
        {"nnn", narrow, one, 2, 1}, {"9nn", narrow, one, 2, 1}, {"nnn", wide, one, 4, 1}, {"nnn", narrow, three, 2, 3}};
    aep_model *models[4];
    aep_workspace *ws[4];
    float scores[64], rows[64 * 3] = {0}; /* a level, too */
    for (size_t i = 0; i < 4; i++) {
        aep_options *options = new_options(shapes[i].columns, NULL, NULL);
        float *fitted = new_rows(shapes[i].columns, 64, 1);
        AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, shapes[i].encoder, shapes[i].n_encoder));
        AEP_CHECK(aep_options_set_layers(options, AEP_PART_DECODER, shapes[i].decoder, shapes[i].n_decoder));
        AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, one, 1));
        AEP_CHECK(aep_model_new(&models[i], options, 3));
        AEP_CHECK(aep_fit_scaling(models[i], fitted, 64, 3));
        AEP_CHECK(aep_workspace_new(&ws[i], models[i]));
        aep_options_free(options);
        free(fitted);
    }
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            AEP_CHECK_STATUS(aep_score(scores, models[i], ws[j], rows, 64, 3), i == j ? AEP_OK : AEP_E_WORKSPACE);
    for (size_t i = 0; i < 4; i++) {
        aep_workspace_free(ws[i]);
        aep_model_free(models[i]);
    }
}
END_TEST

RUN_TESTS("scoring", null_is_refused, bad_rows_are_refused_and_nothing_is_written,
          a_model_without_scaling_does_not_score, a_workspace_of_another_shape_is_refused, workspace_refuses_null,
          with_a_workspace_nothing_is_allocated, a_workspace_outlives_its_model, scores_are_made_of_the_errors,
          errors_are_the_distance_to_the_reconstruction, either_half_of_the_errors_may_be_left_out,
          reconstructions_are_in_the_units_of_the_input, unseen_levels_are_no_level_in_scoring,
          missing_values_are_scored_under_impute, any_finite_row_has_a_finite_score,
          a_workspace_of_another_shape_is_refused_even_if_it_is_as_large)
