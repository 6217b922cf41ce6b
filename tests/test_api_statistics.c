/* SPDX-License-Identifier: BSD-2-Clause */
/* What a model tells about itself and about rows: statistics, history, aep_check_rows. */
#include "support.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int by_epoch[] = {AEP_STAT_LOSS,
                               AEP_STAT_LOSS_RECONSTRUCTION,
                               AEP_STAT_LOSS_COMPACTNESS,
                               AEP_STAT_LOSS_PREDICTION,
                               AEP_STAT_LOSS_VALIDATION,
                               AEP_STAT_LEARNING_RATE};

static bool is_by_epoch(int stat)
{
    for (size_t i = 0; i < COUNT_OF(by_epoch); i++)
        if (by_epoch[i] == stat)
            return true;
    return false;
}

START_TEST(statistics_have_names_without_a_gap)
{
    static const char *const names[] = {"loss",
                                        "loss_reconstruction",
                                        "loss_compactness",
                                        "loss_prediction",
                                        "loss_validation",
                                        "gradient_norm",
                                        "learning_rate",
                                        "steps",
                                        "epochs",
                                        "best_epoch",
                                        "latent_spread",
                                        "parameters",
                                        "scaling_rows",
                                        "constant_columns",
                                        "threshold",
                                        "calibration_rows",
                                        "distinct_scores",
                                        "calibration_step",
                                        "gated_rows"};
    ck_assert_uint_eq(COUNT_OF(names), AEP_STAT_GATED_ROWS);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        ck_assert_str_eq(aep_stat_name((int)i + 1), names[i]);
    ck_assert_ptr_null(aep_stat_name(0));
    ck_assert_ptr_null(aep_stat_name(-1));
    ck_assert_ptr_null(aep_stat_name((int)COUNT_OF(names) + 1));
    ck_assert_ptr_null(aep_stat_name(INT_MAX));
    ck_assert_ptr_null(aep_stat_name(INT_MIN));
}
END_TEST

START_TEST(what_is_not_known_yet_is_nan)
{
    static const int unknown[] = {AEP_STAT_LOSS,
                                  AEP_STAT_LOSS_RECONSTRUCTION,
                                  AEP_STAT_LOSS_COMPACTNESS,
                                  AEP_STAT_LOSS_PREDICTION,
                                  AEP_STAT_LOSS_VALIDATION,
                                  AEP_STAT_GRADIENT_NORM,
                                  AEP_STAT_LEARNING_RATE,
                                  AEP_STAT_BEST_EPOCH,
                                  AEP_STAT_LATENT_SPREAD,
                                  AEP_STAT_THRESHOLD,
                                  AEP_STAT_DISTINCT_SCORES,
                                  AEP_STAT_CALIBRATION_STEP};
    static const int zero[] = {AEP_STAT_STEPS,
                               AEP_STAT_EPOCHS,
                               AEP_STAT_SCALING_ROWS,
                               AEP_STAT_CONSTANT_COLUMNS,
                               AEP_STAT_CALIBRATION_ROWS,
                               AEP_STAT_GATED_ROWS};
    aep_model *model = new_model("nn", NULL);
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        double value = 0;
        AEP_CHECK_STATUS(aep_model_stat(&value, model, unknown[i]), AEP_E_STATE);
        ck_assert_double_nan(value);
    }
    for (size_t i = 0; i < COUNT_OF(zero); i++)
        ck_assert_double_eq(stat_of(model, zero[i]), 0);
    aep_model_free(model);
}
END_TEST

START_TEST(stat_refuses_what_is_not_there)
{
    aep_model *model = new_model("nn", NULL);
    double value;
    AEP_CHECK_STATUS(aep_model_stat(&value, model, 0), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_stat(&value, model, 20), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_stat(&value, model, INT_MIN), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_stat(NULL, model, AEP_STAT_STEPS), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_stat(&value, NULL, AEP_STAT_STEPS), AEP_E_ARGUMENT);
    aep_model_free(model);
}
END_TEST

START_TEST(a_ready_model_knows_everything)
{
    aep_model *model = ready_model("nnn2", SET({AEP_OPT_VALIDATION, 0.25}, {AEP_OPT_SCHEDULE, AEP_SCHEDULE_CONSTANT}));
    for (int stat = 1; aep_stat_name(stat); stat++)
        ck_assert_msg(isfinite(stat_of(model, stat)), "%s", aep_stat_name(stat));
    ck_assert_double_eq(stat_of(model, AEP_STAT_STEPS), 10 * 5); /* 300 rows in batches of at most 64 */
    ck_assert_double_eq(stat_of(model, AEP_STAT_EPOCHS), 10);
    ck_assert_double_eq(stat_of(model, AEP_STAT_LEARNING_RATE), 1e-3);
    ck_assert_double_eq(stat_of(model, AEP_STAT_SCALING_ROWS), 400);
    ck_assert_double_eq(stat_of(model, AEP_STAT_CALIBRATION_ROWS), 200);
    ck_assert_double_eq(stat_of(model, AEP_STAT_CALIBRATION_STEP), stat_of(model, AEP_STAT_STEPS));
    ck_assert_double_le(stat_of(model, AEP_STAT_DISTINCT_SCORES), 200);
    ck_assert_double_gt(stat_of(model, AEP_STAT_DISTINCT_SCORES), 150);
    ck_assert_double_gt(stat_of(model, AEP_STAT_GRADIENT_NORM), 0);
    aep_model_free(model);
}
END_TEST

START_TEST(losses_add_up)
{
    aep_model *model =
        fitted_model("nnnn", SET({AEP_OPT_WEIGHT_DECAY, 0}, {AEP_OPT_COMPACTNESS, 0.5}, {AEP_OPT_HEAD_WEIGHT, 2}));
    const double sum = stat_of(model, AEP_STAT_LOSS_RECONSTRUCTION) + 0.5 * stat_of(model, AEP_STAT_LOSS_COMPACTNESS) +
                       2 * stat_of(model, AEP_STAT_LOSS_PREDICTION);
    ck_assert_double_eq_tol(stat_of(model, AEP_STAT_LOSS), sum, 1e-5 * sum);
    double loss, parts[3];
    AEP_CHECK(aep_model_history(&loss, model, 4, AEP_STAT_LOSS));
    AEP_CHECK(aep_model_history(&parts[0], model, 4, AEP_STAT_LOSS_RECONSTRUCTION));
    AEP_CHECK(aep_model_history(&parts[1], model, 4, AEP_STAT_LOSS_COMPACTNESS));
    AEP_CHECK(aep_model_history(&parts[2], model, 4, AEP_STAT_LOSS_PREDICTION));
    ck_assert_double_eq_tol(loss, parts[0] + 0.5 * parts[1] + 2 * parts[2], 1e-5 * loss);
    aep_model_free(model);
}
END_TEST

/* One batch that is the whole set: sums over the latent variables are those of aep_encode before the step. */
START_TEST(latent_spread_and_losses_are_those_of_the_batch)
{
    enum { N = 50, CODE = 2 };
    aep_model *model = new_model("nnnn", SET({AEP_OPT_NOISE, AEP_NOISE_NONE}));
    float *rows = new_rows("nnnn", N, 1), codes[N * CODE], errors[N], predicted[N];
    AEP_CHECK(aep_fit_scaling(model, rows, N, 4));
    AEP_CHECK(aep_encode(codes, model, NULL, rows, N, 4));
    AEP_CHECK(aep_errors(errors, predicted, model, NULL, rows, N, 4));
    AEP_CHECK(aep_fit_batch(model, rows, N, 4));
    double mean[CODE] = {0}, square = 0, error = 0, prediction = 0;
    for (size_t i = 0; i < N * CODE; i++)
        mean[i % CODE] += (double)codes[i] / N;
    for (size_t i = 0; i < N * CODE; i++)
        square += ((double)codes[i] - mean[i % CODE]) * ((double)codes[i] - mean[i % CODE]);
    for (size_t i = 0; i < N; i++) {
        error += (double)errors[i] / N;
        prediction += fabs((double)errors[i] - (double)predicted[i]) / N;
    }
    const double compactness = square / (N * CODE);
    ck_assert_double_eq_tol(stat_of(model, AEP_STAT_LOSS_COMPACTNESS), compactness, 1e-5 * compactness);
    ck_assert_double_eq_tol(stat_of(model, AEP_STAT_LOSS_RECONSTRUCTION), error, 1e-5 * error);
    ck_assert_double_eq_tol(stat_of(model, AEP_STAT_LOSS_PREDICTION), prediction, 1e-5 * prediction);
    ck_assert_double_eq_tol(stat_of(model, AEP_STAT_LATENT_SPREAD), sqrt(compactness), 1e-5 * sqrt(compactness));
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(history_is_kept_by_epoch)
{
    aep_model *model = fitted_model("nnn", SET({AEP_OPT_VALIDATION, 0.2}, {AEP_OPT_EPOCHS, 7}));
    double value, best = INFINITY;
    size_t best_epoch = 0;
    for (size_t epoch = 0; epoch < 7; epoch++) {
        for (int stat = 1; aep_stat_name(stat); stat++)
            if (is_by_epoch(stat)) {
                AEP_CHECK(aep_model_history(&value, model, epoch, stat));
                ck_assert(isfinite(value) && value >= 0);
            } else {
                AEP_CHECK_STATUS(aep_model_history(&value, model, epoch, stat), AEP_E_OPTION);
            }
        AEP_CHECK(aep_model_history(&value, model, epoch, AEP_STAT_LOSS_VALIDATION));
        if (value < best)
            best = value, best_epoch = epoch + 1;
    }
    ck_assert_double_eq(stat_of(model, AEP_STAT_BEST_EPOCH), (double)best_epoch);
    AEP_CHECK_STATUS(aep_model_history(&value, model, 7, AEP_STAT_LOSS), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_model_history(&value, model, SIZE_MAX, AEP_STAT_LOSS), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_model_history(&value, model, 0, 0), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_history(&value, model, 0, 19), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_model_history(NULL, model, 0, AEP_STAT_LOSS), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_history(&value, NULL, 0, AEP_STAT_LOSS), AEP_E_ARGUMENT);
    aep_model_free(model);
}
END_TEST

START_TEST(history_without_validation_has_none)
{
    aep_model *model = fitted_model("nnn", SET({AEP_OPT_EPOCHS, 2}));
    double value = 0;
    AEP_CHECK_STATUS(aep_model_history(&value, model, 1, AEP_STAT_LOSS_VALIDATION), AEP_E_STATE);
    ck_assert_double_nan(value);
    AEP_CHECK_STATUS(aep_model_stat(&value, model, AEP_STAT_BEST_EPOCH), AEP_E_STATE);
    aep_model_free(model);
}
END_TEST

START_TEST(the_learning_rate_follows_a_cosine_to_zero)
{
    aep_model *model = fitted_model("nnn", SET({AEP_OPT_EPOCHS, 20}, {AEP_OPT_LEARNING_RATE, 0.01}));
    double before = 0.01, now;
    for (size_t epoch = 0; epoch < 20; epoch++) {
        AEP_CHECK(aep_model_history(&now, model, epoch, AEP_STAT_LEARNING_RATE));
        ck_assert_double_lt(now, before);
        const double t = (double)(epoch * 7 + 6) / 140; /* 7 steps an epoch, the last of this one */
        ck_assert_double_eq_tol(now, 0.005 * (1 + cos(3.14159265358979 * t)), 0.005 * 0.15);
        before = now;
    }
    ck_assert_double_lt(now, 1e-5);
    aep_model_free(model);
}
END_TEST

START_TEST(the_history_holds_the_last_hundred_thousand_epochs)
{
    enum { MOST = 100000, MORE = 10 };
    aep_model *model = new_model("n", SET({AEP_OPT_EPOCHS, MOST + MORE}, {AEP_OPT_LEARNING_RATE, 1e-3}));
    static const float rows[] = {0, 1};
    double first, last, value;
    AEP_CHECK(aep_fit(model, rows, 2, 1, NULL, NULL));
    ck_assert_double_eq(stat_of(model, AEP_STAT_EPOCHS), MOST);
    ck_assert_double_eq(stat_of(model, AEP_STAT_STEPS), MOST + MORE);
    AEP_CHECK(aep_model_history(&first, model, 0, AEP_STAT_LEARNING_RATE));
    ck_assert_double_eq_tol(first, 0.0005 * (1 + cos(3.14159265358979 * MORE / (MOST + MORE))), 1e-9);
    AEP_CHECK(aep_model_history(&last, model, MOST - 1, AEP_STAT_LEARNING_RATE));
    ck_assert_double_lt(last, 1e-9);
    AEP_CHECK_STATUS(aep_model_history(&value, model, MOST, AEP_STAT_LOSS), AEP_E_RANGE);
    aep_model_free(model);
}
END_TEST

/* --------------------------------------------------------------------------------------------- aep_check_rows */

START_TEST(check_rows_finds_the_first_bad_value)
{
    enum { N = 6, COLS = 3 };
    static const struct {
        size_t row, col;
        float value;
        int status;
    } cases[] = {{0, 0, NAN, AEP_E_NOT_FINITE},
                 {5, 2, 0.5f, AEP_E_LEVEL},
                 {2, 1, INFINITY, AEP_E_NOT_FINITE},
                 {3, 0, -INFINITY, AEP_E_NOT_FINITE},
                 {4, 2, 3, AEP_E_LEVEL},
                 {1, 2, -1, AEP_E_LEVEL},
                 {1, 2, NAN, AEP_E_NOT_FINITE},
                 {1, 2, INFINITY, AEP_E_NOT_FINITE}};
    aep_model *model = fitted_model("nn3", SET({AEP_OPT_UNSEEN, AEP_UNSEEN_ERROR}));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        float *rows = new_rows("nn3", N, 1), scores[N];
        AEP_CHECK(aep_check_rows(NULL, NULL, model, rows, N, COLS));
        rows[cases[i].row * COLS + cases[i].col] = cases[i].value;
        size_t row = 99, col = 99;
        AEP_CHECK_STATUS(aep_check_rows(&row, &col, model, rows, N, COLS), cases[i].status);
        ck_assert_uint_eq(row, cases[i].row);
        ck_assert_uint_eq(col, cases[i].col);
        AEP_CHECK_STATUS(aep_check_rows(NULL, NULL, model, rows, N, COLS), cases[i].status);
        AEP_CHECK_STATUS(aep_score(scores, model, NULL, rows, N, COLS), cases[i].status);
        rows[N * COLS - 1] = 1.5f; /* a later one does not count */
        AEP_CHECK_STATUS(aep_check_rows(&row, NULL, model, rows, N, COLS), cases[i].status);
        ck_assert_uint_eq(row, cases[i].row);
        free(rows);
    }
    aep_model_free(model);
}
END_TEST

START_TEST(check_rows_refuses_wrong_calls)
{
    aep_model *model = new_model("nn", NULL);
    const float rows[4] = {0};
    size_t row = 99, col = 99;
    AEP_CHECK_STATUS(aep_check_rows(&row, &col, NULL, rows, 2, 2), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_check_rows(&row, &col, model, NULL, 2, 2), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_check_rows(&row, &col, model, rows, 2, 1), AEP_E_COLUMNS);
    AEP_CHECK_STATUS(aep_check_rows(&row, &col, model, rows, 0, 2), AEP_E_ROWS);
    ck_assert(row == 99 && col == 99);
    AEP_CHECK(aep_check_rows(&row, &col, model, rows, 2, 2));
    aep_model_free(model);
}
END_TEST

RUN_TESTS("statistics", statistics_have_names_without_a_gap, what_is_not_known_yet_is_nan,
          stat_refuses_what_is_not_there, a_ready_model_knows_everything, losses_add_up,
          latent_spread_and_losses_are_those_of_the_batch, history_is_kept_by_epoch,
          history_without_validation_has_none, the_learning_rate_follows_a_cosine_to_zero,
          the_history_holds_the_last_hundred_thousand_epochs, check_rows_finds_the_first_bad_value,
          check_rows_refuses_wrong_calls)
