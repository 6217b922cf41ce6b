/* SPDX-License-Identifier: BSD-2-Clause */
/* The joint score: what it needs, what it is made of, when it goes stale. Its formulas: test_joint.c. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 300, COLS = 5 };

static const char columns[] = "nnn3n";

/* Prediction error, reconstruction error, of rows. */
static float *scores_by(aep_model *model, int kind, const float *rows, size_t n)
{
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, kind));
    return scores_of(model, rows, n);
}

static void standardise(double *values, const double *by, size_t n_by, size_t n)
{
    double mean = 0, variance = 0;
    for (size_t i = 0; i < n_by; i++)
        mean += by[i] / (double)n_by;
    for (size_t i = 0; i < n_by; i++)
        variance += (by[i] - mean) * (by[i] - mean) / (double)n_by;
    for (size_t i = 0; i < n; i++)
        values[i] = (values[i] - mean) / sqrt(variance);
}

/* With a code of one variable the distance is the number of standard deviations from the mean of the codes. */
START_TEST(it_is_the_sum_of_its_standardised_parts)
{
    for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++) {
        aep_options *options = new_options(columns, SET({AEP_OPT_ERROR, form}, {AEP_OPT_EPOCHS, 5}), NULL);
        aep_model *model;
        AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, (const size_t[]){4, 1}, 2));
        AEP_CHECK(aep_model_new(&model, options, COLS));
        float *rows = new_rows(columns, N, 1), *normal = new_rows(columns, N, 2), codes[N], of_normal[N];
        AEP_CHECK(aep_fit(model, rows, N, COLS, NULL, NULL));
        AEP_CHECK(aep_encode(codes, model, NULL, rows, N, COLS));
        AEP_CHECK(aep_encode(of_normal, model, NULL, normal, N, COLS));
        double mean = 0, variance = 0, sum[N] = {0};
        for (size_t i = 0; i < N; i++)
            mean += (double)codes[i] / N;
        for (size_t i = 0; i < N; i++)
            variance += ((double)codes[i] - mean) * ((double)codes[i] - mean) / N;
        for (int part = 0; part < 3; part++) {
            static const int kinds[] = {AEP_SCORE_PREDICTION, AEP_SCORE_RECONSTRUCTION};
            double values[N], by[N];
            float *scores = part < 2 ? scores_by(model, kinds[part], normal, N) : NULL;
            for (size_t i = 0; i < N; i++)
                values[i] = by[i] = scores ? (double)scores[i] : fabs((double)of_normal[i] - mean) / sqrt(variance);
            standardise(values, by, N, N);
            for (size_t i = 0; i < N; i++)
                sum[i] += values[i];
            free(scores);
        }
        AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, AEP_SCORE_JOINT));
        AEP_CHECK(aep_calibrate(model, normal, N, COLS));
        float *joint = scores_of(model, normal, N);
        for (size_t i = 0; i < N; i++)
            ck_assert_msg(fabs((double)joint[i] - sum[i]) < 1e-3, "row %zu: %g, not %g", i, (double)joint[i], sum[i]);
        free(joint), free(rows), free(normal);
        aep_options_free(options);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(it_needs_calibration)
{
    messages log = {0};
    aep_model *model = fitted_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    float *rows = new_rows(columns, N, 2), scores[N];
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK_STATUS(aep_score(scores, model, NULL, rows, N, COLS), AEP_E_STATE);
    ck_assert(log.n[AEP_LOG_ERROR] == 1 && strstr(log.last, "aep_calibrate"));
    AEP_CHECK_STATUS(aep_explain(scores, model, NULL, rows, 1, COLS), AEP_E_STATE);
    AEP_CHECK(aep_calibrate(model, rows, N, COLS));
    AEP_CHECK(aep_score(scores, model, NULL, rows, N, COLS));
    free(rows);
    aep_model_free(model);
}
END_TEST

/* Another kind of score and back: what was standardised is still known, the threshold is not. */
START_TEST(another_kind_and_back_needs_no_new_rows)
{
    aep_model *model = ready_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    float *rows = new_rows(columns, N, 3), *before = scores_of(model, rows, N);
    uint8_t labels[N];
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, AEP_SCORE_PREDICTION));
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, AEP_SCORE_JOINT));
    float *after = scores_of(model, rows, N);
    ck_assert_mem_eq(before, after, N * sizeof *before);
    AEP_CHECK_STATUS(aep_predict(labels, model, after, N), AEP_E_STATE);
    free(rows), free(before), free(after);
    aep_model_free(model);
}
END_TEST

START_TEST(p_values_and_threshold_belong_to_it)
{
    aep_model *model = fitted_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_ALARM_RATE, 0.1}));
    float *normal = new_rows(columns, N, 2), p[N];
    uint8_t labels[N];
    size_t flagged = 0;
    AEP_CHECK(aep_calibrate(model, normal, N, COLS));
    float *scores = scores_of(model, normal, N);
    AEP_CHECK(aep_predict(labels, model, scores, N));
    AEP_CHECK(aep_pvalue(p, model, scores, N));
    for (size_t i = 0; i < N; i++) {
        flagged += labels[i];
        ck_assert(labels[i] == (p[i] <= 0.1f));
    }
    ck_assert(flagged >= N / 20 && flagged <= N / 10);
    free(normal), free(scores);
    aep_model_free(model);
}
END_TEST

/* Trained batch by batch, the codes are those of the rows calibrated on. */
START_TEST(batches_leave_the_codes_to_calibration)
{
    aep_model *fitted = fitted_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT})), *other;
    float *rows = new_rows(columns, N, 2), *far = new_rows(columns, N, 7);
    for (size_t i = 0; i < N * COLS; i++)
        far[i] = i % COLS == 3 ? far[i] : far[i] / 2;
    AEP_CHECK(aep_model_copy(&other, fitted));
    AEP_CHECK(aep_calibrate(fitted, rows, N, COLS));
    AEP_CHECK(aep_model_set(other, AEP_OPT_LEARNING_RATE, 1e-9)); /* a step that moves nothing */
    AEP_CHECK(aep_fit_batch(other, rows, N, COLS));
    AEP_CHECK(aep_calibrate(other, rows, N, COLS));
    float *by_training = scores_of(fitted, rows, N), *by_calibration = scores_of(other, rows, N);
    ck_assert_mem_ne(by_training, by_calibration, N * sizeof *by_training);
    AEP_CHECK(aep_calibrate(other, rows, N, COLS)); /* the same rows, the same codes */
    float *again = scores_of(other, rows, N);
    ck_assert_mem_eq(by_calibration, again, N * sizeof *again);
    free(rows), free(far), free(by_training), free(by_calibration), free(again);
    aep_model_free(fitted);
    aep_model_free(other);
}
END_TEST

START_TEST(bad_rows_leave_it_as_it_was)
{
    aep_model *model = ready_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    float *rows = new_rows(columns, N, 2);
    bytes before = save(model);
    rows[7] = INFINITY;
    AEP_CHECK_STATUS(aep_calibrate(model, rows, N, COLS), AEP_E_NOT_FINITE);
    assert_unchanged(model, before);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(threads_change_nothing)
{
    bytes saved[3];
    for (size_t i = 0; i < COUNT_OF(saved); i++) {
        aep_model *model = new_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_EPOCHS, 1}));
        float *rows = new_rows(columns, 3000, 1);
        AEP_CHECK(aep_model_set(model, AEP_OPT_BATCH, 3000));
        AEP_CHECK(aep_model_set_threads(model, i + 1));
        AEP_CHECK(aep_fit(model, rows, 3000, COLS, NULL, NULL));
        AEP_CHECK(aep_calibrate(model, rows, 3000, COLS));
        saved[i] = save(model);
        ck_assert(saved[i].size == saved[0].size && !memcmp(saved[i].data, saved[0].data, saved[0].size));
        free(rows);
        aep_model_free(model);
    }
    for (size_t i = 0; i < COUNT_OF(saved); i++)
        free(saved[i].data);
}
END_TEST

START_TEST(wide_codes_are_refused)
{
    static const size_t widths[] = {512, 513};
    for (size_t i = 0; i < COUNT_OF(widths); i++) {
        messages log = {0};
        aep_options *options = new_options("nn", SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_EPOCHS, 1}), NULL);
        aep_model *model;
        float *rows = new_rows("nn", 40, 1);
        AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, &widths[i], 1));
        AEP_CHECK(aep_model_new(&model, options, 2));
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        AEP_CHECK(aep_fit(model, rows, 40, 2, NULL, NULL));
        AEP_CHECK_STATUS(aep_calibrate(model, rows, 40, 2), i ? AEP_E_LIMIT : AEP_OK);
        ck_assert(!i || strstr(log.last, "512"));
        free(rows);
        aep_options_free(options);
        aep_model_free(model);
    }
}
END_TEST

RUN_TESTS("joint", it_is_the_sum_of_its_standardised_parts, it_needs_calibration,
          another_kind_and_back_needs_no_new_rows, p_values_and_threshold_belong_to_it,
          batches_leave_the_codes_to_calibration, bad_rows_leave_it_as_it_was, threads_change_nothing,
          wide_codes_are_refused)
