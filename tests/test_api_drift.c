/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows that move away from those calibrated on, and the gate that keeps anomalies from being learned. The figures
   themselves: test_profile.c. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 600, COLS = 5 };

static const char columns[] = "nn3nn";

static aep_model *calibrated(const setting *settings)
{
    aep_model *model = fitted_model(columns, settings);
    float *rows = new_rows(columns, 2000, 2);
    AEP_CHECK(aep_calibrate(model, rows, 2000, COLS));
    free(rows);
    return model;
}

static double figure(const aep_drift *drift, int kind, size_t index, int which)
{
    double value;
    AEP_CHECK(aep_drift_get(&value, drift, kind, index, which));
    return value;
}

static aep_drift *drift_of(const aep_model *model, const float *rows, size_t n)
{
    aep_drift *drift;
    AEP_CHECK(aep_drift_new(&drift, model));
    AEP_CHECK(aep_drift_add(drift, model, NULL, rows, n, COLS));
    return drift;
}

/* The number of variables whose index is beyond what chance explains. */
static size_t count_moved(const aep_drift *drift, const aep_model *model)
{
    size_t moved = 0;
    for (int kind = AEP_DRIFT_SCORE; kind <= AEP_DRIFT_COLUMN; kind++) {
        const size_t n = kind == AEP_DRIFT_SCORE ? 1 : kind == AEP_DRIFT_CODE ? aep_model_code_size(model) : COLS;
        for (size_t i = 0; i < n; i++)
            moved += figure(drift, kind, i, AEP_DRIFT_PSI_PVALUE) < 1e-3;
    }
    return moved;
}

/* ------------------------------------------------------------------------------------------------------ drift */

START_TEST(rows_of_the_same_kind_have_not_moved)
{
    aep_model *model = calibrated(NULL);
    float *rows = new_rows(columns, N, 3);
    aep_drift *drift = drift_of(model, rows, N);
    size_t n, n_reference;
    AEP_CHECK(aep_drift_rows(&n, &n_reference, drift));
    ck_assert(n == N && n_reference == 2000);
    ck_assert_uint_eq(count_moved(drift, model), 0);
    for (size_t i = 0; i < COLS; i++)
        ck_assert(figure(drift, AEP_DRIFT_COLUMN, i, AEP_DRIFT_PSI) < 0.1);
    aep_drift_free(drift);
    aep_model_free(model);
    free(rows);
}
END_TEST

START_TEST(a_column_that_moves_is_the_one_named)
{
    aep_model *model = calibrated(NULL);
    for (size_t column = 0; column < COLS; column++) {
        float *rows = new_rows(columns, N, 3);
        double mean = 0, squares = 0;
        for (size_t i = 0; i < N; i++)
            mean += (double)rows[i * COLS + column] / N;
        for (size_t i = 0; i < N; i++)
            squares += pow((double)rows[i * COLS + column] - mean, 2) / N;
        for (size_t i = 0; i < N; i++)
            rows[i * COLS + column] = column == 2 ? 0 : rows[i * COLS + column] + 2 * (float)sqrt(squares);
        aep_drift *drift = drift_of(model, rows, N);
        for (size_t i = 0; i < COLS; i++) {
            const double psi = figure(drift, AEP_DRIFT_COLUMN, i, AEP_DRIFT_PSI);
            ck_assert_msg((psi > 0.25) == (i == column), "column %zu: %g, where %zu has moved", i, psi, column);
        }
        double ks;
        AEP_CHECK_STATUS(aep_drift_get(&ks, drift, AEP_DRIFT_COLUMN, column, AEP_DRIFT_KS),
                         column == 2 ? AEP_E_STATE : AEP_OK);
        ck_assert(column == 2 ? isnan(ks) : ks > 0.3);
        if (column != 2) /* one level for all is usual in each row */
            ck_assert(figure(drift, AEP_DRIFT_SCORE, 0, AEP_DRIFT_PSI_PVALUE) < 1e-6);
        aep_drift_free(drift);
        free(rows);
    }
    aep_model_free(model);
}
END_TEST

/* Each column on its own is as it was; together they are not, and score and latent variables say so. */
START_TEST(rows_whose_columns_do_not_fit_each_other_show_in_score_and_latent_variables)
{
    aep_model *model = calibrated(NULL);
    float *rows = new_rows(columns, N, 3);
    break_correlation(rows, N, COLS, 1);
    aep_drift *drift = drift_of(model, rows, N);
    for (size_t i = 0; i < COLS; i++)
        ck_assert(figure(drift, AEP_DRIFT_COLUMN, i, AEP_DRIFT_PSI) < 0.1);
    ck_assert(figure(drift, AEP_DRIFT_SCORE, 0, AEP_DRIFT_PSI) > 0.25);
    ck_assert(figure(drift, AEP_DRIFT_SCORE, 0, AEP_DRIFT_KS_PVALUE) < 1e-6);
    aep_drift_free(drift);
    aep_model_free(model);
    free(rows);
}
END_TEST

/* Rows that come by the hour: whatever the number of rows, those of all hours are in the reference alike. */
START_TEST(rows_that_repeat_with_a_period_are_not_mistaken)
{
    static const size_t sizes[] = {16384, 16385, 24 * 3000};
    aep_model *model = fitted_model("nn", SET({AEP_OPT_EPOCHS, 2}));
    float *rows = malloc(2 * 24 * 3000 * sizeof *rows);
    for (size_t i = 0; i < 24 * 3000; i++) {
        rows[2 * i] = (float)(i % 24) / 8;
        rows[2 * i + 1] = (float)(i % 24 / 6);
    }
    for (size_t k = 0; k < COUNT_OF(sizes); k++) {
        size_t n_reference;
        AEP_CHECK(aep_calibrate(model, rows, sizes[k], 2));
        aep_drift *drift;
        AEP_CHECK(aep_drift_new(&drift, model));
        AEP_CHECK(aep_drift_add(drift, model, NULL, rows, 2400, 2));
        AEP_CHECK(aep_drift_rows(NULL, &n_reference, drift));
        ck_assert_uint_eq(n_reference, 16384);
        for (size_t i = 0; i < 2; i++)
            ck_assert(figure(drift, AEP_DRIFT_COLUMN, i, AEP_DRIFT_PSI) < 0.01);
        ck_assert(figure(drift, AEP_DRIFT_SCORE, 0, AEP_DRIFT_PSI) < 0.01);
        aep_drift_free(drift);
    }
    aep_model_free(model);
    free(rows);
}
END_TEST

START_TEST(missing_values_are_a_change)
{
    aep_model *model = calibrated(SET({AEP_OPT_MISSING, AEP_MISSING_IMPUTE}));
    float *rows = new_rows(columns, N, 3);
    for (size_t i = 0; i < N; i += 3)
        rows[i * COLS + 1] = rows[i * COLS + 2] = NAN;
    aep_drift *drift = drift_of(model, rows, N);
    for (size_t i = 0; i < COLS; i++)
        ck_assert((figure(drift, AEP_DRIFT_COLUMN, i, AEP_DRIFT_PSI) > 0.25) == (i == 1 || i == 2));
    ck_assert(figure(drift, AEP_DRIFT_COLUMN, 1, AEP_DRIFT_KS_PVALUE) > 1e-3); /* those that are there have not moved */
    aep_drift_free(drift);
    aep_model_free(model);
    free(rows);
}
END_TEST

START_TEST(rows_may_come_one_by_one_and_from_a_file_of_the_model)
{
    aep_model *model = calibrated(SET({AEP_OPT_SCORE, AEP_SCORE_SIGNED}));
    const bytes saved = save(model);
    aep_model *loaded = load(saved);
    float *rows = new_rows(columns, N, 3);
    break_correlation(rows, N, COLS, 1);
    aep_drift *together = drift_of(model, rows, N), *single;
    aep_workspace *workspace;
    AEP_CHECK(aep_drift_new(&single, loaded));
    AEP_CHECK(aep_workspace_new(&workspace, loaded));
    for (size_t i = 0; i < N; i++)
        AEP_CHECK(aep_drift_add(single, loaded, workspace, rows + i * COLS, 1, COLS));
    for (int kind = AEP_DRIFT_SCORE; kind <= AEP_DRIFT_COLUMN; kind++)
        for (int which = AEP_DRIFT_PSI; which <= AEP_DRIFT_KS_PVALUE; which++)
            ck_assert(figure(together, kind, 0, which) == figure(single, kind, 0, which));
    AEP_CHECK(aep_drift_clear(single));
    size_t n;
    AEP_CHECK(aep_drift_rows(&n, NULL, single));
    ck_assert_uint_eq(n, 0);
    double value;
    AEP_CHECK_STATUS(aep_drift_get(&value, single, AEP_DRIFT_SCORE, 0, AEP_DRIFT_PSI), AEP_E_STATE);
    ck_assert(isnan(value));
    aep_model_free(model);
    aep_model_free(loaded);
    AEP_CHECK(aep_drift_rows(&n, NULL, together)); /* its model is gone */
    ck_assert_uint_eq(n, N);
    aep_drift_free(together);
    aep_drift_free(single);
    aep_workspace_free(workspace);
    free(rows);
    free(saved.data);
}
END_TEST

START_TEST(nothing_is_allocated_with_a_workspace)
{
    memory m;
    const aep_allocator allocator = memory_allocator(&m);
    aep_options *options = new_options(columns, SET({AEP_OPT_EPOCHS, 2}), &allocator);
    aep_model *model;
    AEP_CHECK(aep_model_new(&model, options, COLS));
    float *rows = new_rows(columns, N, 1);
    AEP_CHECK(aep_fit(model, rows, N, COLS, NULL, NULL));
    AEP_CHECK(aep_calibrate(model, rows, N, COLS));
    aep_workspace *workspace;
    aep_drift *drift;
    AEP_CHECK(aep_workspace_new(&workspace, model));
    AEP_CHECK(aep_drift_new(&drift, model));
    const size_t calls = m.calls;
    AEP_CHECK(aep_drift_add(drift, model, workspace, rows, N, COLS));
    ck_assert_uint_eq(m.calls, calls);
    aep_drift_free(drift);
    aep_workspace_free(workspace);
    aep_model_free(model);
    aep_options_free(options);
    ck_assert_uint_eq(m.live, 0);
    free(rows);
}
END_TEST

START_TEST(images_have_scores_and_latent_variables_but_no_columns)
{
    const picture *p = &pictures[GREY];
    aep_model *model = ready_picture_model(p, NULL);
    float *images = new_pictures(p, 100, 5);
    aep_drift *drift;
    double value;
    AEP_CHECK(aep_drift_new(&drift, model));
    AEP_CHECK(aep_drift_add(drift, model, NULL, images, 100, picture_size(p)));
    ck_assert(figure(drift, AEP_DRIFT_SCORE, 0, AEP_DRIFT_PSI_PVALUE) > 1e-4);
    ck_assert(figure(drift, AEP_DRIFT_CODE, aep_model_code_size(model) - 1, AEP_DRIFT_KS_PVALUE) > 1e-4);
    AEP_CHECK_STATUS(aep_drift_get(&value, drift, AEP_DRIFT_COLUMN, 0, AEP_DRIFT_PSI), AEP_E_RANGE);
    aep_drift_free(drift);
    aep_model_free(model);
    free(images);
}
END_TEST

START_TEST(what_is_wrong_is_said_and_counts_nothing)
{
    messages log = {{0}, ""};
    aep_model *model = calibrated(NULL), *raw = fitted_model(columns, NULL), *other = ready_model("nnnnn", NULL);
    float *rows = new_rows(columns, N, 3);
    aep_drift *drift = (aep_drift *)&log;
    AEP_CHECK(aep_model_set_log(raw, record_message, &log));
    AEP_CHECK_STATUS(aep_drift_new(&drift, raw), AEP_E_STATE);
    ck_assert_ptr_null(drift);
    ck_assert_ptr_nonnull(strstr(log.last, "aep_calibrate"));
    AEP_CHECK_STATUS(aep_drift_new(NULL, model), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_drift_new(&drift, NULL), AEP_E_ARGUMENT);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    drift = drift_of(model, rows, 10);
    AEP_CHECK_STATUS(aep_drift_add(NULL, model, NULL, rows, 1, COLS), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_drift_add(drift, NULL, NULL, rows, 1, COLS), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_drift_add(drift, model, NULL, NULL, 1, COLS), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_drift_add(drift, model, NULL, rows, 1, COLS - 1), AEP_E_COLUMNS);
    AEP_CHECK_STATUS(aep_drift_add(drift, model, NULL, rows, 0, COLS), AEP_E_ROWS);
    AEP_CHECK_STATUS(aep_drift_add(drift, other, NULL, rows, 1, COLS), AEP_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(log.last, "aep_drift_new"));
    rows[555 * COLS + 3] = NAN;
    AEP_CHECK_STATUS(aep_drift_add(drift, model, NULL, rows, N, COLS), AEP_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(log.last, "row 555, column 3"));
    size_t n;
    AEP_CHECK(aep_drift_rows(&n, NULL, drift));
    ck_assert_uint_eq(n, 10);
    double value;
    AEP_CHECK_STATUS(aep_drift_get(NULL, drift, AEP_DRIFT_SCORE, 0, AEP_DRIFT_PSI), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_drift_get(&value, NULL, AEP_DRIFT_SCORE, 0, AEP_DRIFT_PSI), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_drift_get(&value, drift, 3, 0, AEP_DRIFT_PSI), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_drift_get(&value, drift, AEP_DRIFT_SCORE, 0, 0), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_drift_get(&value, drift, AEP_DRIFT_SCORE, 0, 7), AEP_E_OPTION);
    AEP_CHECK_STATUS(aep_drift_get(&value, drift, AEP_DRIFT_SCORE, 1, AEP_DRIFT_PSI), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_drift_get(&value, drift, AEP_DRIFT_COLUMN, COLS, AEP_DRIFT_PSI), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_drift_clear(NULL), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_drift_rows(&n, NULL, NULL), AEP_E_ARGUMENT);
    aep_drift_free(NULL);
    aep_drift_free(drift);
    aep_model_free(model);
    aep_model_free(raw);
    aep_model_free(other);
    free(rows);
}
END_TEST

START_TEST(training_since_the_calibration_is_warned_of)
{
    messages log = {{0}, ""};
    aep_model *model = calibrated(NULL);
    float *rows = new_rows(columns, N, 3);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    aep_drift *drift;
    AEP_CHECK(aep_drift_new(&drift, model));
    aep_drift_free(drift);
    ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 0);
    AEP_CHECK(aep_fit_batch(model, rows, N, COLS));
    AEP_CHECK(aep_drift_new(&drift, model));
    aep_drift_free(drift);
    ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 1);
    ck_assert_ptr_nonnull(strstr(log.last, "calibrate again"));
    AEP_CHECK(aep_calibrate(model, rows, N, COLS));
    AEP_CHECK(aep_drift_new(&drift, model)); /* once, when it happens meanwhile */
    AEP_CHECK(aep_drift_add(drift, model, NULL, rows, N, COLS));
    ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 1);
    AEP_CHECK(aep_fit_batch(model, rows, N, COLS));
    for (int i = 0; i < 3; i++)
        AEP_CHECK(aep_drift_add(drift, model, NULL, rows, 1, COLS));
    ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 2);
    aep_drift_free(drift);
    aep_model_free(model);
    free(rows);
}
END_TEST

START_TEST(another_score_has_no_distribution_until_it_is_calibrated)
{
    aep_model *model = calibrated(NULL);
    float *rows = new_rows(columns, N, 3);
    aep_drift *drift;
    AEP_CHECK(aep_model_set(model, AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION));
    AEP_CHECK_STATUS(aep_drift_new(&drift, model), AEP_E_STATE);
    AEP_CHECK(aep_calibrate(model, rows, N, COLS));
    AEP_CHECK(aep_drift_new(&drift, model));
    aep_drift_free(drift);
    aep_model_free(model);
    free(rows);
}
END_TEST

/* ------------------------------------------------------------------------------------------------------- gate */

static double mean_pvalue(const aep_model *model, const float *rows, size_t n)
{
    float *scores = scores_of(model, rows, n), *p = malloc(n * sizeof *p);
    double mean = 0;
    AEP_CHECK(aep_pvalue(p, model, scores, n));
    for (size_t i = 0; i < n; i++)
        mean += (double)p[i] / (double)n;
    free(scores);
    free(p);
    return mean;
}

START_TEST(a_gate_that_all_rows_pass_changes_nothing)
{
    aep_model *open = calibrated(NULL), *gated;
    AEP_CHECK(aep_model_copy(&gated, open));
    float *rows = new_rows(columns, 64, 3), p[64];
    float *scores = scores_of(open, rows, 64);
    AEP_CHECK(aep_pvalue(p, open, scores, 64));
    double least = 1;
    for (size_t i = 0; i < 64; i++)
        least = (double)p[i] < least ? (double)p[i] : least;
    AEP_CHECK(aep_model_set(gated, AEP_OPT_LEARNING_GATE, least / 2));
    AEP_CHECK(aep_fit_batch(open, rows, 64, COLS));
    AEP_CHECK(aep_fit_batch(gated, rows, 64, COLS));
    ck_assert(stat_of(gated, AEP_STAT_GATED_ROWS) == 0);
    AEP_CHECK(aep_model_set(gated, AEP_OPT_LEARNING_GATE, 0));
    const bytes b = save(open);
    ck_assert(saves_as(gated, b));
    free(b.data);
    free(rows);
    free(scores);
    aep_model_free(open);
    aep_model_free(gated);
}
END_TEST

/* What the gate lets through is what a caller would have picked by the p-values. */
START_TEST(gated_rows_are_as_if_they_had_not_come)
{
    aep_model *picked = calibrated(NULL), *gated;
    AEP_CHECK(aep_model_set(picked, AEP_OPT_LEARNING_GATE, 0.3));
    AEP_CHECK(aep_model_copy(&gated, picked));
    float *rows = new_rows(columns, N, 3), *kept = malloc(N * COLS * sizeof *kept), p[N];
    float *scores = scores_of(gated, rows, N);
    size_t n = 0;
    AEP_CHECK(aep_pvalue(p, gated, scores, N));
    for (size_t i = 0; i < N; i++)
        if ((double)p[i] > 0.3)
            memcpy(kept + n++ * COLS, rows + i * COLS, COLS * sizeof *kept);
    ck_assert(n > N / 2 && n < N * 9 / 10);
    AEP_CHECK(aep_fit_batch(gated, rows, N, COLS));
    AEP_CHECK(aep_fit_batch(picked, kept, n, COLS));
    ck_assert(stat_of(gated, AEP_STAT_GATED_ROWS) == (double)(N - n));
    size_t n_weights;
    float *a = weights_of(gated, &n_weights), *b = weights_of(picked, &n_weights);
    ck_assert_mem_eq(a, b, n_weights * sizeof *a);
    const bytes saved = save(gated);
    aep_model *loaded = load(saved), *copy;
    AEP_CHECK(aep_model_copy(&copy, gated));
    ck_assert(stat_of(loaded, AEP_STAT_GATED_ROWS) == (double)(N - n));
    ck_assert(stat_of(copy, AEP_STAT_GATED_ROWS) == (double)(N - n));
    aep_model_free(loaded);
    aep_model_free(copy);
    aep_model_free(picked);
    aep_model_free(gated);
    free(saved.data), free(a), free(b), free(rows), free(kept), free(scores);
}
END_TEST

/* The danger: what has changed for good is taken for an anomaly for ever. */
START_TEST(a_level_that_has_shifted_is_learned_without_a_gate_and_never_with_one)
{
    enum { STEPS = 400, BATCH = 64 };
    static const setting settings[] = {{AEP_OPT_LEARNING_RATE, 0.005}, {0, 0}};
    aep_model *models[2] = {calibrated(settings), calibrated(settings)};
    float *shifted = new_rows(columns, STEPS * BATCH, 7);
    for (size_t i = 0; i < STEPS * BATCH; i++) {
        shifted[i * COLS] += 6;
        shifted[i * COLS + 1] -= 6;
    }
    AEP_CHECK(aep_model_set(models[1], AEP_OPT_LEARNING_GATE, 0.02));
    for (int gated = 0; gated < 2; gated++) {
        const double before = mean_pvalue(models[gated], shifted, N), steps = stat_of(models[gated], AEP_STAT_STEPS);
        ck_assert_msg(before < 0.02, "%g", before);
        for (size_t i = 0; i < STEPS; i++)
            AEP_CHECK(aep_fit_batch(models[gated], shifted + i * BATCH * COLS, BATCH, COLS));
        const double after = mean_pvalue(models[gated], shifted, N);
        ck_assert_msg(gated ? after < 0.02 : after > 0.1, "%s gate: %g", gated ? "with a" : "without", after);
        ck_assert(gated ? stat_of(models[1], AEP_STAT_GATED_ROWS) > 0.95 * STEPS * BATCH
                        : stat_of(models[0], AEP_STAT_STEPS) == steps + STEPS);
    }
    /* opened, it learns it after all */
    AEP_CHECK(aep_model_set(models[1], AEP_OPT_LEARNING_GATE, 0));
    for (size_t i = 0; i < STEPS; i++)
        AEP_CHECK(aep_fit_batch(models[1], shifted + i * BATCH * COLS, BATCH, COLS));
    ck_assert(mean_pvalue(models[1], shifted, N) > 0.1);
    aep_model_free(models[0]);
    aep_model_free(models[1]);
    free(shifted);
}
END_TEST

START_TEST(a_gate_without_a_calibration_is_refused_and_one_that_lets_nothing_through_makes_no_step)
{
    messages log = {{0}, ""};
    aep_model *model = fitted_model(columns, NULL);
    float *rows = new_rows(columns, N, 3);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK(aep_model_set(model, AEP_OPT_LEARNING_GATE, 0.01));
    const bytes before = save(model);
    AEP_CHECK_STATUS(aep_fit_batch(model, rows, N, COLS), AEP_E_STATE);
    ck_assert_ptr_nonnull(strstr(log.last, "learning_gate"));
    assert_unchanged(model, before);
    AEP_CHECK(aep_calibrate(model, rows, 98, COLS)); /* the least p-value is 1 / 99 */
    AEP_CHECK_STATUS(aep_fit_batch(model, rows, N, COLS), AEP_E_STATE);
    ck_assert_ptr_nonnull(strstr(log.last, "needs 99 calibration rows, there are 98"));
    AEP_CHECK(aep_calibrate(model, rows, N, COLS));
    const double steps = stat_of(model, AEP_STAT_STEPS);
    for (size_t i = 0; i < N; i++)
        rows[i * COLS] = 1e6f;
    size_t n_weights;
    float *weights = weights_of(model, &n_weights);
    AEP_CHECK(aep_fit_batch(model, rows, N, COLS));
    float *after = weights_of(model, &n_weights);
    ck_assert_mem_eq(weights, after, n_weights * sizeof *after);
    ck_assert(stat_of(model, AEP_STAT_STEPS) == steps && stat_of(model, AEP_STAT_GATED_ROWS) == N);
    ck_assert_ptr_nonnull(strstr(log.last, "0 of 600 rows"));
    aep_model_free(model);
    free(weights), free(after), free(rows);
}
END_TEST

RUN_TESTS("api_drift", rows_of_the_same_kind_have_not_moved, a_column_that_moves_is_the_one_named,
          rows_whose_columns_do_not_fit_each_other_show_in_score_and_latent_variables,
          rows_that_repeat_with_a_period_are_not_mistaken, missing_values_are_a_change,
          rows_may_come_one_by_one_and_from_a_file_of_the_model, nothing_is_allocated_with_a_workspace,
          images_have_scores_and_latent_variables_but_no_columns, what_is_wrong_is_said_and_counts_nothing,
          training_since_the_calibration_is_warned_of, another_score_has_no_distribution_until_it_is_calibrated,
          a_gate_that_all_rows_pass_changes_nothing, gated_rows_are_as_if_they_had_not_come,
          a_level_that_has_shifted_is_learned_without_a_gate_and_never_with_one,
          a_gate_without_a_calibration_is_refused_and_one_that_lets_nothing_through_makes_no_step)
