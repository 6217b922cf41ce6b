/* SPDX-License-Identifier: BSD-2-Clause */
/* Calibration, threshold, labels, p-values. Bad input to aep_calibrate: test_api_training.c. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 300, COLS = 3 };

static const char columns[] = "nnn";

/* A fitted model calibrated on n rows of seed 5, and the scores of those rows. */
static aep_model *calibrated(float **scores, size_t n, const setting *settings)
{
    aep_model *model = fitted_model(columns, settings);
    float *rows = new_rows(columns, n, 5);
    AEP_CHECK(aep_calibrate(model, rows, n, COLS));
    *scores = scores_of(model, rows, n);
    free(rows);
    return model;
}

static float pvalue_of(const aep_model *model, float score)
{
    float p;
    AEP_CHECK(aep_pvalue(&p, model, &score, 1));
    return p;
}

static size_t count_from(const float *scores, size_t n, double least)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += (double)scores[i] >= least;
    return count;
}

START_TEST(calibrating_needs_a_trained_model)
{
    messages log = {0};
    aep_model *model = new_model(columns, NULL);
    float *rows = new_rows(columns, N, 5);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK(aep_fit_scaling(model, rows, N, COLS));
    bytes before = save(model);
    AEP_CHECK_STATUS(aep_calibrate(model, rows, N, COLS), AEP_E_STATE);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 1);
    assert_unchanged(model, before);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(a_bad_row_leaves_the_old_calibration)
{
    aep_model *model = ready_model(columns, NULL);
    float *rows = new_rows(columns, N, 5);
    bytes before = save(model);
    rows[N * COLS - 1] = NAN;
    AEP_CHECK_STATUS(aep_calibrate(model, rows, N, COLS), AEP_E_NOT_FINITE);
    assert_unchanged(model, before);
    AEP_CHECK(aep_calibrate(model, rows, N - 1, COLS));
    ck_assert_double_eq(stat_of(model, AEP_STAT_CALIBRATION_ROWS), N - 1);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(p_values_count_the_scores_at_least_as_high)
{
    for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_SIGNED; kind++) {
        float *scores;
        aep_model *model = calibrated(&scores, N, SET({AEP_OPT_SCORE, kind}));
        for (size_t i = 0; i < N; i++) {
            const float near[] = {scores[i], nextafterf(scores[i], INFINITY), nextafterf(scores[i], -INFINITY)};
            for (size_t k = 0; k < 3; k++) {
                const double expected = (1 + (double)count_from(scores, N, (double)near[k])) / (1 + N);
                ck_assert_float_eq(pvalue_of(model, near[k]), (float)expected);
            }
        }
        ck_assert_float_eq(pvalue_of(model, -FLT_MAX), 1);
        ck_assert_float_eq(pvalue_of(model, FLT_MAX), (float)(1.0 / (1 + N)));
        free(scores);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(the_threshold_is_the_smallest_score_of_its_p_value)
{
    static const double rates[] = {0.004, 0.01, 0.05, 0.1, 0.333, 0.5, 0.9};
    float *scores;
    aep_model *model = calibrated(&scores, N, NULL);
    for (size_t i = 0; i < COUNT_OF(rates); i++) {
        AEP_CHECK(aep_set_alarm_rate(model, rates[i]));
        ck_assert_double_eq(option_of(model, AEP_OPT_ALARM_RATE), rates[i]);
        const double tau = stat_of(model, AEP_STAT_THRESHOLD);
        const float at = (float)tau;
        ck_assert_double_eq(tau, (double)at);
        ck_assert_double_le((1 + (double)count_from(scores, N, tau)) / (1 + N), rates[i]);
        const double below = (double)nextafterf(at, -INFINITY);
        ck_assert_double_gt((1 + (double)count_from(scores, N, below)) / (1 + N), rates[i]);
    }
    free(scores);
    aep_model_free(model);
}
END_TEST

START_TEST(calibration_sets_the_threshold_of_the_alarm_rate)
{
    float *scores;
    aep_model *model = calibrated(&scores, N, SET({AEP_OPT_ALARM_RATE, 0.1}));
    const double tau = stat_of(model, AEP_STAT_THRESHOLD);
    AEP_CHECK(aep_set_alarm_rate(model, 0.2));
    ck_assert_double_lt(stat_of(model, AEP_STAT_THRESHOLD), tau);
    AEP_CHECK(aep_set_alarm_rate(model, 0.1));
    ck_assert_double_eq(stat_of(model, AEP_STAT_THRESHOLD), tau);
    free(scores);
    aep_model_free(model);
}
END_TEST

START_TEST(about_the_alarm_rate_of_normal_rows_is_flagged)
{
    enum { FRESH = 20000 };
    static const double rates[] = {0.01, 0.05, 0.2};
    float *scores, *rows = new_rows(columns, FRESH, 77);
    uint8_t *labels = malloc(FRESH);
    aep_model *model = calibrated(&scores, 5000, NULL);
    float *fresh = scores_of(model, rows, FRESH);
    for (size_t i = 0; i < COUNT_OF(rates); i++) {
        size_t flagged = 0;
        AEP_CHECK(aep_set_alarm_rate(model, rates[i]));
        AEP_CHECK(aep_predict(labels, model, fresh, FRESH));
        for (size_t k = 0; k < FRESH; k++)
            flagged += labels[k];
        /* five standard deviations of the calibration quantile and of the count together */
        const double deviation = sqrt(rates[i] * (1 - rates[i]) * (1.0 / 5000 + 1.0 / FRESH));
        ck_assert_double_eq_tol((double)flagged / FRESH, rates[i], 5 * deviation);
    }
    free(rows);
    free(scores);
    free(fresh);
    free(labels);
    aep_model_free(model);
}
END_TEST

START_TEST(a_rate_finer_than_the_calibration_lies_above_all_scores)
{
    for (size_t n = 1; n <= 20; n += 19) {
        messages log = {0};
        float *scores;
        aep_model *model = calibrated(&scores, n, NULL);
        float largest = scores[0];
        for (size_t i = 1; i < n; i++)
            largest = fmaxf(largest, scores[i]);
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        AEP_CHECK(aep_set_alarm_rate(model, 0.01));
        ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 1);
        const double tau = stat_of(model, AEP_STAT_THRESHOLD);
        ck_assert_double_gt(tau, (double)largest);
        ck_assert_double_le(tau, (double)nextafterf(largest, INFINITY));
        AEP_CHECK(aep_set_alarm_rate(model, 0));
        ck_assert_double_eq(stat_of(model, AEP_STAT_THRESHOLD), tau);
        ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 1); /* no alarm at all was asked for */
        free(scores);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(the_rows_that_a_rate_needs_are_named)
{
    static const struct {
        double rate;
        size_t rows;
        const char *named;
    } cases[] = {{0.01, 99, " 99 "}, {0.05, 19, " 19 "}, {0.07, 14, " 14 "}, {0.003, 333, " 333 "}};
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t n = cases[i].rows - 1; n <= cases[i].rows; n++) {
            messages log = {0};
            float *scores;
            aep_model *model = calibrated(&scores, n, NULL);
            AEP_CHECK(aep_model_set_log(model, record_message, &log));
            AEP_CHECK(aep_set_alarm_rate(model, cases[i].rate));
            ck_assert_uint_eq(log.n[AEP_LOG_WARNING], n < cases[i].rows);
            if (n < cases[i].rows)
                ck_assert_msg(strstr(log.last, cases[i].named), "%zu rows: %s", cases[i].rows, log.last);
            free(scores);
            aep_model_free(model);
        }
}
END_TEST

START_TEST(a_rate_of_one_flags_everything)
{
    float *scores;
    uint8_t labels[N];
    aep_model *model = calibrated(&scores, N, NULL);
    AEP_CHECK(aep_set_alarm_rate(model, 1));
    AEP_CHECK(aep_predict(labels, model, scores, N));
    for (size_t i = 0; i < N; i++)
        ck_assert_uint_eq(labels[i], 1);
    free(scores);
    aep_model_free(model);
}
END_TEST

START_TEST(rates_that_are_no_share_are_refused)
{
    static const double bad[] = {-0.01, 1.01, NAN, INFINITY, -INFINITY};
    messages log = {0};
    aep_model *model = ready_model(columns, NULL), *raw = fitted_model(columns, NULL);
    bytes before = save(model);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        AEP_CHECK_STATUS(aep_set_alarm_rate(model, bad[i]), AEP_E_RANGE);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], COUNT_OF(bad));
    assert_unchanged(model, before);
    AEP_CHECK_STATUS(aep_set_alarm_rate(NULL, 0.1), AEP_E_ARGUMENT);
    before = save(raw);
    AEP_CHECK_STATUS(aep_set_alarm_rate(raw, 0.1), AEP_E_STATE);
    assert_unchanged(raw, before);
    aep_model_free(model);
    aep_model_free(raw);
}
END_TEST

START_TEST(a_threshold_can_be_set_at_any_time)
{
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    aep_model *model = new_model(columns, NULL);
    AEP_CHECK(aep_set_threshold(model, 2.5));
    ck_assert_double_eq(stat_of(model, AEP_STAT_THRESHOLD), 2.5);
    bytes before = save(model);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        AEP_CHECK_STATUS(aep_set_threshold(model, bad[i]), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_set_threshold(NULL, 1), AEP_E_ARGUMENT);
    ck_assert(saves_as(model, before));
    aep_model *loaded = load(before);
    ck_assert_double_eq(stat_of(loaded, AEP_STAT_THRESHOLD), 2.5);
    AEP_CHECK(aep_set_threshold(loaded, -1));
    ck_assert_double_eq(stat_of(loaded, AEP_STAT_THRESHOLD), -1);
    free(before.data);
    aep_model_free(model);
    aep_model_free(loaded);
}
END_TEST

START_TEST(labels_are_scores_at_or_above_the_threshold)
{
    const float scores[] = {1, 2, 3, nextafterf(2, 3), nextafterf(2, 1), -5, 0, FLT_MAX};
    static const uint8_t expected[] = {0, 1, 1, 1, 0, 0, 0, 1};
    uint8_t labels[COUNT_OF(scores)];
    aep_model *model = new_model(columns, NULL);
    AEP_CHECK(aep_set_threshold(model, 2));
    AEP_CHECK(aep_predict(labels, model, scores, COUNT_OF(scores)));
    ck_assert_mem_eq(labels, expected, sizeof labels);
    memset(labels, 9, sizeof labels);
    AEP_CHECK(aep_predict(labels, model, scores, 0));
    ck_assert_uint_eq(labels[0], 9);
    aep_model_free(model);
}
END_TEST

START_TEST(bad_scores_are_refused_and_nothing_is_written)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    aep_model *model = ready_model(columns, NULL);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const float scores[] = {1, 2, bad[i]};
        uint8_t labels[3] = {9, 9, 9};
        float p[3] = {9, 9, 9};
        AEP_CHECK_STATUS(aep_predict(labels, model, scores, 3), AEP_E_NOT_FINITE);
        AEP_CHECK_STATUS(aep_pvalue(p, model, scores, 3), AEP_E_NOT_FINITE);
        ck_assert(labels[0] == 9 && labels[1] == 9 && labels[2] == 9);
        ck_assert(p[0] == 9 && p[1] == 9 && p[2] == 9);
    }
    aep_model_free(model);
}
END_TEST

START_TEST(labels_and_p_values_refuse_wrong_calls)
{
    static const float scores[] = {1};
    uint8_t label = 9;
    float p = 9;
    aep_model *model = ready_model(columns, NULL), *raw = fitted_model(columns, NULL);
    AEP_CHECK_STATUS(aep_predict(NULL, model, scores, 1), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_predict(&label, NULL, scores, 1), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_predict(&label, model, NULL, 1), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_predict(&label, raw, scores, 1), AEP_E_STATE);
    AEP_CHECK_STATUS(aep_pvalue(NULL, model, scores, 1), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_pvalue(&p, NULL, scores, 1), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_pvalue(&p, model, NULL, 1), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_pvalue(&p, raw, scores, 1), AEP_E_STATE);
    AEP_CHECK(aep_set_threshold(raw, 1)); /* a threshold, but no calibration */
    AEP_CHECK(aep_predict(&label, raw, scores, 1));
    ck_assert_uint_eq(label, 1);
    AEP_CHECK_STATUS(aep_pvalue(&p, raw, scores, 1), AEP_E_STATE);
    ck_assert_float_eq(p, 9);
    aep_model_free(model);
    aep_model_free(raw);
}
END_TEST

START_TEST(the_order_of_calibration_rows_does_not_matter)
{
    aep_model *model = fitted_model(columns, NULL), *other;
    AEP_CHECK(aep_model_copy(&other, model));
    float *rows = new_rows(columns, N, 5), *turned = malloc(N * COLS * sizeof *turned);
    for (size_t i = 0; i < N; i++)
        memcpy(turned + (N - 1 - i) * COLS, rows + i * COLS, COLS * sizeof *rows);
    AEP_CHECK(aep_calibrate(model, rows, N, COLS));
    AEP_CHECK(aep_calibrate(other, turned, N, COLS));
    assert_unchanged(other, save(model));
    free(rows);
    free(turned);
    aep_model_free(model);
    aep_model_free(other);
}
END_TEST

START_TEST(a_large_calibration_is_kept_by_rank_and_stays_conservative)
{
    enum { MANY = 5000 };
    float *scores;
    aep_model *model = calibrated(&scores, MANY, SET({AEP_OPT_CALIBRATION_SIZE, 200}));
    ck_assert_double_eq(stat_of(model, AEP_STAT_CALIBRATION_ROWS), MANY);
    ck_assert_double_gt(stat_of(model, AEP_STAT_DISTINCT_SCORES), 0.9 * MANY);
    for (size_t i = 0; i < MANY; i += 13) {
        const double exact = (1 + (double)count_from(scores, MANY, (double)scores[i])) / (1 + MANY);
        const double p = (double)pvalue_of(model, scores[i]);
        ck_assert_double_ge(p, exact - 1e-6);
        ck_assert_double_le(p, exact + 1.0 / 200 + 1e-6);
    }
    AEP_CHECK(aep_set_alarm_rate(model, 0.1));
    const double flagged = (double)count_from(scores, MANY, stat_of(model, AEP_STAT_THRESHOLD)) / MANY;
    ck_assert_double_le(flagged, 0.1);
    ck_assert_double_ge(flagged, 0.1 - 1.5 / 200);
    AEP_CHECK(aep_model_set(model, AEP_OPT_CALIBRATION_SIZE, 10000));
    bytes small = save(model);
    float *rows = new_rows(columns, MANY, 5);
    AEP_CHECK(aep_calibrate(model, rows, MANY, COLS));
    bytes large = save(model);
    ck_assert_uint_eq(large.size - small.size, 4 * (MANY - 200));
    free(small.data);
    free(large.data);
    free(rows);
    free(scores);
    aep_model_free(model);
}
END_TEST

START_TEST(a_calibration_tells_when_training_went_on)
{
    aep_model *model = ready_model(columns, NULL);
    float *rows = new_rows(columns, 50, 1);
    const double steps = stat_of(model, AEP_STAT_STEPS);
    AEP_CHECK(aep_fit_batch(model, rows, 50, COLS));
    ck_assert_double_eq(stat_of(model, AEP_STAT_CALIBRATION_STEP), steps);
    ck_assert_double_eq(stat_of(model, AEP_STAT_STEPS), steps + 1);
    AEP_CHECK(aep_calibrate(model, rows, 50, COLS));
    ck_assert_double_eq(stat_of(model, AEP_STAT_CALIBRATION_STEP), steps + 1);
    free(rows);
    aep_model_free(model);
}
END_TEST

RUN_TESTS("threshold", calibrating_needs_a_trained_model, a_bad_row_leaves_the_old_calibration,
          p_values_count_the_scores_at_least_as_high, the_threshold_is_the_smallest_score_of_its_p_value,
          calibration_sets_the_threshold_of_the_alarm_rate, about_the_alarm_rate_of_normal_rows_is_flagged,
          a_rate_finer_than_the_calibration_lies_above_all_scores, the_rows_that_a_rate_needs_are_named,
          a_rate_of_one_flags_everything, rates_that_are_no_share_are_refused, a_threshold_can_be_set_at_any_time,
          labels_are_scores_at_or_above_the_threshold, bad_scores_are_refused_and_nothing_is_written,
          labels_and_p_values_refuse_wrong_calls, the_order_of_calibration_rows_does_not_matter,
          a_large_calibration_is_kept_by_rank_and_stays_conservative, a_calibration_tells_when_training_went_on)
