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
    aep_model *fitted = fitted_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT})), *other, *twice;
    float *rows = new_rows(columns, N, 2), *far = new_rows(columns, N, 7);
    for (size_t i = 0; i < N * COLS; i++)
        far[i] = i % COLS == 3 ? far[i] : far[i] / 2;
    AEP_CHECK(aep_model_copy(&other, fitted));
    AEP_CHECK(aep_calibrate(fitted, rows, N, COLS));
    AEP_CHECK(aep_model_set(other, AEP_OPT_LEARNING_RATE, 1e-9)); /* a step that moves nothing */
    AEP_CHECK(aep_fit_batch(other, rows, N, COLS));
    AEP_CHECK(aep_model_copy(&twice, other));
    AEP_CHECK(aep_calibrate(other, rows, N, COLS));
    float *by_training = scores_of(fitted, rows, N), *by_calibration = scores_of(other, rows, N);
    double apart = 0;
    for (size_t i = 0; i < N; i++)
        apart = fmax(apart, fabs((double)by_training[i] - (double)by_calibration[i]));
    ck_assert(apart > 0.01);
    /* the rows of an earlier calibration have left nothing, not even through a file */
    AEP_CHECK(aep_calibrate(twice, far, N, COLS));
    bytes saved = save(twice);
    aep_model_free(twice);
    AEP_CHECK(aep_model_load(&twice, saved.data, saved.size, NULL));
    AEP_CHECK(aep_calibrate(twice, rows, N, COLS));
    float *again = scores_of(twice, rows, N);
    ck_assert_mem_eq(by_calibration, again, N * sizeof *again);
    free(rows), free(far), free(by_training), free(by_calibration), free(again), free(saved.data);
    aep_model_free(fitted);
    aep_model_free(other);
    aep_model_free(twice);
}
END_TEST

/* After aep_fit the codes are those trained on, whatever was calibrated on before. */
START_TEST(a_second_calibration_replaces_the_first)
{
    aep_model *once = fitted_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT})), *twice;
    float *rows = new_rows(columns, N, 2), *others = new_rows(columns, N / 2, 7);
    AEP_CHECK(aep_model_copy(&twice, once));
    AEP_CHECK(aep_calibrate(twice, others, N / 2, COLS));
    AEP_CHECK(aep_model_set(twice, AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION));
    AEP_CHECK(aep_calibrate(twice, others, N / 2, COLS)); /* of another kind: touches nothing of it */
    AEP_CHECK(aep_model_set(twice, AEP_OPT_SCORE, AEP_SCORE_JOINT));
    AEP_CHECK(aep_calibrate(once, rows, N, COLS));
    AEP_CHECK(aep_calibrate(twice, rows, N, COLS));
    float *a = scores_of(once, rows, N), *b = scores_of(twice, rows, N);
    ck_assert_mem_eq(a, b, N * sizeof *a);
    free(rows), free(others), free(a), free(b);
    aep_model_free(once);
    aep_model_free(twice);
}
END_TEST

/* Like the threshold, what it was standardised by outlives further steps, until it is calibrated again. */
START_TEST(steps_leave_it_until_it_is_calibrated_again)
{
    aep_model *model = ready_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    float *rows = new_rows(columns, N, 2), sum = 0;
    AEP_CHECK(aep_fit_batch(model, rows, N, COLS));
    float *stale = scores_of(model, rows, N);
    AEP_CHECK(aep_calibrate(model, rows, N, COLS));
    float *fresh = scores_of(model, rows, N);
    ck_assert_mem_ne(stale, fresh, N * sizeof *stale);
    for (size_t i = 0; i < N; i++)
        sum += fresh[i] / N;
    ck_assert(fabsf(sum) < 1e-3f); /* each part has mean 0 over the rows calibrated on */
    free(rows), free(stale), free(fresh);
    aep_model_free(model);
}
END_TEST

START_TEST(one_row_is_too_few)
{
    messages log = {0};
    aep_model *model = fitted_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    float *rows = new_rows(columns, 2, 2), scores[2];
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK_STATUS(aep_calibrate(model, rows, 1, COLS), AEP_E_ROWS);
    ck_assert(log.n[AEP_LOG_ERROR] == 1 && strstr(log.last, "two rows"));
    AEP_CHECK_STATUS(aep_score(scores, model, NULL, rows, 2, COLS), AEP_E_STATE);
    AEP_CHECK(aep_calibrate(model, rows, 2, COLS));
    AEP_CHECK(aep_score(scores, model, NULL, rows, 2, COLS));
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(parts_that_do_not_vary_are_reported)
{
    messages log = {0};
    aep_model *model = fitted_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_ALARM_RATE, 0.5}));
    float *row = new_rows(columns, 1, 2), rows[3 * COLS];
    for (size_t i = 0; i < 3 * COLS; i++)
        rows[i] = row[i % COLS];
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK(aep_calibrate(model, rows, 3, COLS));
    ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 3);
    ck_assert_ptr_nonnull(strstr(log.last, "distance of the code"));
    free(row);
    aep_model_free(model);
}
END_TEST

/* More rows than codes are taken of: 65,536 of 70,000 in training, every second one in calibration. */
START_TEST(codes_of_many_rows_are_a_sample)
{
    enum { MANY = 70000 };
    aep_model *model =
                  new_model("nn", SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_EPOCHS, 1}, {AEP_OPT_BATCH, 5000})),
              *half;
    float *rows = new_rows("nn", MANY, 1), *seconds = malloc(MANY * sizeof *seconds);
    ck_assert_ptr_nonnull(seconds);
    AEP_CHECK(aep_fit(model, rows, MANY, 2, NULL, NULL));
    AEP_CHECK(aep_calibrate(model, rows, MANY, 2));
    float *scores = scores_of(model, rows, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert(isfinite(scores[i]));
    AEP_CHECK(aep_fit_batch(model, rows, 100, 2));
    AEP_CHECK(aep_model_copy(&half, model));
    for (size_t i = 0; i < MANY; i++)
        seconds[i] = rows[(i / 2) * 4 + i % 2];
    AEP_CHECK(aep_calibrate(model, rows, MANY, 2));
    AEP_CHECK(aep_calibrate(half, seconds, MANY / 2, 2));
    /* the same codes, standardised on other rows: the scores hang together linearly but for the parts' own scales */
    float *a = scores_of(model, rows, 100), *b = scores_of(half, rows, 100);
    for (size_t i = 0; i < 100; i++)
        ck_assert(fabsf(a[i] - b[i]) < 0.05f + 0.05f * fabsf(a[i]));
    free(rows), free(seconds), free(scores), free(a), free(b);
    aep_model_free(model);
    aep_model_free(half);
}
END_TEST

START_TEST(bad_rows_leave_it_as_it_was)
{
    messages log = {0};
    aep_model *model = ready_model(columns, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    float *rows = new_rows(columns, N, 2);
    AEP_CHECK(aep_fit_batch(model, rows, N, COLS)); /* so that codes are taken of the rows given */
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    bytes before = save(model);
    rows[7 * COLS] = INFINITY;
    AEP_CHECK_STATUS(aep_calibrate(model, rows, N, COLS), AEP_E_NOT_FINITE);
    ck_assert(log.n[AEP_LOG_ERROR] == 1 && strstr(log.last, "row 7,"));
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

/* Rows that the codes in a saved model are those of. */
static size_t rows_of_codes(const aep_model *model)
{
    bytes b = save(model);
    const uint8_t *section = b.data + find_section(b, "JOIN");
    const size_t n = section[0] | (size_t)section[1] << 8;
    free(b.data);
    return n;
}

START_TEST(codes_of_training_are_used_until_a_step_has_moved_them)
{
    aep_model *model = fitted_model("nn", SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_VALIDATION, 0}));
    float *rows = new_rows("nn", 200, 2);
    AEP_CHECK(aep_calibrate(model, rows, 200, 2));
    ck_assert_uint_eq(rows_of_codes(model), 400); /* those trained on */
    AEP_CHECK(aep_fit_batch(model, rows, 200, 2));
    AEP_CHECK(aep_calibrate(model, rows, 200, 2));
    ck_assert_uint_eq(rows_of_codes(model), 200);
    AEP_CHECK(aep_calibrate(model, rows, 150, 2));
    ck_assert_uint_eq(rows_of_codes(model), 150);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(codes_that_are_not_finite_are_reported)
{
    static const uint8_t huge[] = {0xff, 0xff, 0x7f, 0x7f}; /* FLT_MAX, little-endian */
    messages log = {0};
    aep_model *model = new_model("nn", SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    float *rows = new_rows("nn", 40, 1);
    AEP_CHECK(aep_fit_scaling(model, rows, 40, 2));
    AEP_CHECK(aep_fit_batch(model, rows, 40, 2)); /* calibration has to look at the codes itself */
    bytes b = save(model);
    uint8_t *weights = b.data + find_section(b, "WGHT") + 8;
    for (size_t i = 0; i < (size_t)stat_of(model, AEP_STAT_PARAMETERS); i++)
        memcpy(weights + i * sizeof huge, huge, sizeof huge);
    repair_checksum(b.data, b.size);
    aep_model *diverged = load(b);
    AEP_CHECK(aep_model_set_log(diverged, record_message, &log));
    AEP_CHECK_STATUS(aep_calibrate(diverged, rows, 40, 2), AEP_E_DIVERGED);
    ck_assert_ptr_nonnull(strstr(log.last, "latent variables are not finite"));
    ck_assert(saves_as(diverged, b));
    free(rows);
    free(b.data);
    aep_model_free(diverged);
    aep_model_free(model);
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
          batches_leave_the_codes_to_calibration, a_second_calibration_replaces_the_first,
          steps_leave_it_until_it_is_calibrated_again, one_row_is_too_few, parts_that_do_not_vary_are_reported,
          codes_of_many_rows_are_a_sample, bad_rows_leave_it_as_it_was, threads_change_nothing,
          codes_of_training_are_used_until_a_step_has_moved_them, codes_that_are_not_finite_are_reported,
          wide_codes_are_refused)
