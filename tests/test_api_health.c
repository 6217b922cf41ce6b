/* SPDX-License-Identifier: BSD-2-Clause */
/* Divergence is undone and reported, collapse is reported, and a healthy model detects. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 64, COLS = 3 };

/* Linear layers, huge values, squared norms, the largest learning rate. */
static const setting explosive[] = {{AEP_OPT_SCALING, AEP_SCALING_NONE},
                                    {AEP_OPT_SQUASH, AEP_SQUASH_NONE},
                                    {AEP_OPT_SQUARED, 1},
                                    {AEP_OPT_LEARNING_RATE, 1},
                                    {AEP_OPT_ACTIVATION, AEP_IDENTITY},
                                    {AEP_OPT_HEAD_ACTIVATION, AEP_IDENTITY},
                                    {AEP_OPT_SCHEDULE, AEP_SCHEDULE_CONSTANT},
                                    {AEP_OPT_VALIDATION, 0.2},
                                    {AEP_OPT_EPOCHS, 200},
                                    {0, 0}};

static float *huge_rows(float factor)
{
    float *rows = new_rows("nnn", N, 1);
    for (size_t i = 0; i < N * COLS; i++)
        rows[i] *= factor;
    return rows;
}

static void assert_scores_are_finite(const aep_model *model, const float *rows)
{
    float *scores = scores_of(model, rows, N);
    for (size_t i = 0; i < N; i++)
        ck_assert(isfinite(scores[i]));
    free(scores);
}

START_TEST(a_step_that_diverges_is_undone)
{
    messages log = {0};
    float *rows = huge_rows(1e9f);
    aep_model *model = new_model("nnn", explosive);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    int status = AEP_OK;
    for (int step = 0; step < 500 && !status; step++) {
        bytes before = save(model);
        status = aep_fit_batch(model, rows, N, COLS);
        if (status)
            ck_assert(saves_as(model, before));
        free(before.data);
    }
    AEP_CHECK_STATUS(status, AEP_E_DIVERGED);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 1);
    ck_assert_ptr_nonnull(strstr(log.last, "learning_rate"));
    assert_scores_are_finite(model, rows);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(a_fit_that_diverges_is_undone)
{
    messages log = {0};
    float *rows = huge_rows(1e9f);
    aep_model *model = new_model("nnn", explosive);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    bytes before = save(model);
    AEP_CHECK_STATUS(aep_fit(model, rows, N, COLS, NULL, NULL), AEP_E_DIVERGED);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 1);
    assert_unchanged(model, before);
    AEP_CHECK(aep_fit_scaling(model, rows, N, COLS)); /* not even the scaling is over */
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(a_ready_model_that_diverges_stays_as_it_was)
{
    float *rows = new_rows("nnn", N, 1), *huge = huge_rows(1e9f);
    aep_model *model = new_model("nnn", explosive);
    AEP_CHECK(aep_model_set(model, AEP_OPT_LEARNING_RATE, 1e-3));
    AEP_CHECK(aep_model_set(model, AEP_OPT_EPOCHS, 5));
    AEP_CHECK(aep_fit(model, rows, N, COLS, NULL, NULL));
    AEP_CHECK(aep_calibrate(model, rows, N, COLS));
    AEP_CHECK(aep_model_set(model, AEP_OPT_LEARNING_RATE, 1));
    AEP_CHECK(aep_model_set(model, AEP_OPT_EPOCHS, 200));
    bytes before = save(model);
    AEP_CHECK_STATUS(aep_fit(model, huge, N, COLS, NULL, NULL), AEP_E_DIVERGED);
    assert_unchanged(model, before);
    AEP_CHECK(aep_model_set(model, AEP_OPT_LEARNING_RATE, 1e-3));
    AEP_CHECK(aep_model_set(model, AEP_OPT_EPOCHS, 5));
    AEP_CHECK(aep_fit(model, rows, N, COLS, NULL, NULL));
    assert_scores_are_finite(model, rows);
    free(rows);
    free(huge);
    aep_model_free(model);
}
END_TEST

START_TEST(convolutions_that_diverge_are_put_back)
{
    for (size_t k = 0; k < N_PICTURES; k++) {
        const picture *p = &pictures[k];
        const size_t cols = picture_size(p);
        messages log = {0};
        float *rows = new_pictures(p, N, 1);
        for (size_t i = 0; i < N * cols; i++)
            rows[i] *= 1e9f;
        aep_model *model = new_picture_model(p, explosive);
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        int status = AEP_OK;
        for (int step = 0; step < 500 && !status; step++) {
            bytes before = save(model);
            status = aep_fit_batch(model, rows, N, cols);
            if (status)
                ck_assert(saves_as(model, before));
            free(before.data);
        }
        AEP_CHECK_STATUS(status, AEP_E_DIVERGED);
        bytes before = save(model);
        AEP_CHECK_STATUS(aep_fit(model, rows, N, cols, NULL, NULL), AEP_E_DIVERGED);
        assert_unchanged(model, before);
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 2);
        ck_assert_ptr_nonnull(strstr(log.last, "learning_rate"));
        float *scores = scores_of(model, rows, N);
        for (size_t i = 0; i < N; i++)
            ck_assert(isfinite(scores[i]));
        free(scores);
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

static int count_epochs(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches,
                        void *payload)
{
    (void)model, (void)epoch, (void)epochs;
    *(size_t *)payload += batch == batches;
    return 0;
}

/* Many linear layers, which one step at the largest rate lets grow beyond every float. The loss before that step, and
   its gradient, are sound. */
START_TEST(a_fit_whose_last_step_diverges_is_undone)
{
    static const double validation[] = {0, 0.25};
    size_t widths[32];
    float *rows = new_rows("nnn", N, 1);
    for (size_t i = 0; i < COUNT_OF(widths); i++)
        widths[i] = 32;
    for (size_t v = 0; v < COUNT_OF(validation); v++) {
        messages log = {0};
        aep_options *options = new_options("nnn",
                                           SET({AEP_OPT_ACTIVATION, AEP_IDENTITY}, {AEP_OPT_LEARNING_RATE, 1},
                                               {AEP_OPT_EPOCHS, 1}, {AEP_OPT_VALIDATION, validation[v]}),
                                           NULL);
        AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, widths, COUNT_OF(widths)));
        AEP_CHECK(aep_options_set_log(options, record_message, &log));
        aep_model *model;
        AEP_CHECK(aep_model_new(&model, options, COLS));
        bytes before = save(model);
        size_t epochs = 0;
        AEP_CHECK_STATUS(aep_fit(model, rows, N, COLS, count_epochs, &epochs), AEP_E_DIVERGED);
        ck_assert_uint_eq(epochs, 1); /* the step itself had nothing to refuse */
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 1);
        ck_assert_ptr_nonnull(strstr(log.last, "learning_rate"));
        assert_unchanged(model, before);
        aep_options_free(options);
        aep_model_free(model);
    }
    free(rows);
}
END_TEST

START_TEST(weights_that_have_diverged_do_not_score)
{
    static const uint8_t huge[] = {0xff, 0xff, 0x7f, 0x7f}; /* FLT_MAX, little-endian */
    for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++)
        for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_JOINT; kind++) {
            messages log = {0};
            float *rows = new_rows("nnn", N, 3), scores[N];
            aep_model *model = ready_model("nnn", SET({AEP_OPT_ERROR, form}, {AEP_OPT_SCORE, kind}));
            bytes b = save(model);
            uint8_t *weights = b.data + find_section(b, "WGHT") + 8;
            for (size_t i = 0; i < (size_t)stat_of(model, AEP_STAT_PARAMETERS); i++)
                memcpy(weights + i * sizeof huge, huge, sizeof huge);
            repair_checksum(b.data, b.size);
            aep_model *diverged = load(b);
            AEP_CHECK(aep_model_set_log(diverged, record_message, &log));
            AEP_CHECK_STATUS(aep_score(scores, diverged, NULL, rows, N, COLS), AEP_E_DIVERGED);
            AEP_CHECK_STATUS(aep_calibrate(diverged, rows, N, COLS), AEP_E_DIVERGED);
            ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 2);
            ck_assert(saves_as(diverged, b));
            free(rows);
            free(b.data);
            aep_model_free(diverged);
            aep_model_free(model);
        }
}
END_TEST

static int save_once(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *payload)
{
    (void)epoch, (void)epochs, (void)batch, (void)batches;
    *(bytes *)payload = save(model);
    return 1;
}

START_TEST(a_run_that_diverges_after_a_load_can_be_gone_on_with)
{
    float *usual = new_rows("nnn", N, 1), *rows = huge_rows(1e9f);
    bytes paused = {0};
    aep_model *model = new_model("nnn", explosive);
    AEP_CHECK_STATUS(aep_fit(model, usual, N, COLS, save_once, &paused), AEP_E_CANCELLED);
    aep_model_free(model);
    model = load(paused);
    AEP_CHECK_STATUS(aep_fit(model, rows, N, COLS, NULL, NULL), AEP_E_DIVERGED);
    ck_assert(saves_as(model, paused));
    AEP_CHECK_STATUS(aep_fit(model, rows, N - 1, COLS, NULL, NULL), AEP_E_STATE); /* still the same run */
    AEP_CHECK_STATUS(aep_fit(model, rows, N, COLS, NULL, NULL), AEP_E_DIVERGED);
    assert_unchanged(model, paused);
    free(usual);
    free(rows);
    aep_model_free(model);
}
END_TEST

START_TEST(a_diverging_fit_keeps_a_full_history)
{
    enum { MOST = 100000 };
    float *huge = huge_rows(1e6f);
    static const float rows[] = {0, 1, 2, 3, 4, 5, 1, 1, 1, 2, 2, 2};
    aep_model *model = new_model("nnn", explosive);
    AEP_CHECK(aep_model_set(model, AEP_OPT_LEARNING_RATE, 1e-6));
    AEP_CHECK(aep_model_set(model, AEP_OPT_VALIDATION, 0));
    AEP_CHECK(aep_model_set(model, AEP_OPT_EPOCHS, MOST));
    AEP_CHECK(aep_fit(model, rows, 4, COLS, NULL, NULL));
    ck_assert_double_eq(stat_of(model, AEP_STAT_EPOCHS), MOST);
    AEP_CHECK(aep_model_set(model, AEP_OPT_LEARNING_RATE, 1));
    bytes before = save(model);
    size_t epochs = 0; /* it takes some to diverge */
    AEP_CHECK_STATUS(aep_fit(model, huge, N, COLS, count_epochs, &epochs), AEP_E_DIVERGED);
    ck_assert_uint_ge(epochs, 1);
    assert_unchanged(model, before);
    free(huge);
    aep_model_free(model);
}
END_TEST

/* -------------------------------------------------------------------------------------------------- collapse */

/* Compactness that outweighs everything leaves latent variables which tell rows apart no more: the reconstruction is
   the mean row, whose error is about the root of the number of columns. */
START_TEST(collapsed_latent_variables_are_reported)
{
    static const double weights[] = {1e3, 1e6};
    float *rows = new_rows("nnnnnn", 400, 1);
    messages none = {0};
    aep_model *sound = new_model("nnnnnn", SET({AEP_OPT_EPOCHS, 200}, {AEP_OPT_LEARNING_RATE, 0.003}));
    AEP_CHECK(aep_model_set_log(sound, record_message, &none));
    AEP_CHECK(aep_fit(sound, rows, 400, 6, NULL, NULL));
    AEP_CHECK(aep_calibrate(sound, rows, 400, 6));
    ck_assert_double_gt(stat_of(sound, AEP_STAT_DISTINCT_SCORES), 300);
    ck_assert_double_lt(stat_of(sound, AEP_STAT_LOSS_RECONSTRUCTION), 0.2 * sqrt(6));
    ck_assert_msg(none.n[AEP_LOG_WARNING] == 0, "%s", none.last);
    for (size_t i = 0; i < COUNT_OF(weights); i++) {
        messages log = {0};
        aep_model *model = new_model(
            "nnnnnn", SET({AEP_OPT_COMPACTNESS, weights[i]}, {AEP_OPT_EPOCHS, 200}, {AEP_OPT_LEARNING_RATE, 0.003}));
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        AEP_CHECK(aep_fit(model, rows, 400, 6, NULL, NULL));
        const double spread = stat_of(model, AEP_STAT_LATENT_SPREAD);
        ck_assert_double_lt(spread, 0.2 * stat_of(sound, AEP_STAT_LATENT_SPREAD));
        ck_assert_double_gt(stat_of(model, AEP_STAT_LOSS_RECONSTRUCTION), 0.7 * sqrt(6));
        ck_assert_msg(log.n[AEP_LOG_WARNING] == 1, "compactness %g: no warning at a spread of %g", weights[i], spread);
        ck_assert_ptr_nonnull(strstr(log.last, "compactness"));
        aep_model_free(model);
    }
    free(rows);
    aep_model_free(sound);
}
END_TEST

START_TEST(a_collapsed_model_of_images_is_reported)
{
    const picture *p = &pictures[GREY];
    float *rows = new_pictures(p, 400, 1);
    for (int collapsed = 0; collapsed <= 1; collapsed++) {
        messages log = {0};
        aep_model *model = new_picture_model(
            p, SET({AEP_OPT_COMPACTNESS, collapsed ? 1e4 : 0.1}, {AEP_OPT_EPOCHS, 60}, {AEP_OPT_LEARNING_RATE, 0.003}));
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        AEP_CHECK(aep_fit(model, rows, 400, picture_size(p), NULL, NULL));
        ck_assert_msg(log.n[AEP_LOG_WARNING] == (size_t)collapsed, "%s", log.last);
        ck_assert(!collapsed || strstr(log.last, "compactness"));
        aep_model_free(model);
    }
    free(rows);
}
END_TEST

START_TEST(few_distinct_scores_are_reported)
{
    messages log = {0};
    aep_model *model = ready_model("nnn", NULL);
    float *rows = new_rows("nnn", 300, 1);
    for (size_t i = 3; i < 300; i++) /* three different rows in all */
        memcpy(rows + i * COLS, rows + i % 3 * COLS, COLS * sizeof *rows);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK(aep_calibrate(model, rows, 300, COLS));
    ck_assert_double_eq(stat_of(model, AEP_STAT_DISTINCT_SCORES), 3);
    ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 1);
    free(rows);
    aep_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------- detection */

START_TEST(rows_whose_columns_do_not_fit_together_are_found)
{
    enum { MANY = 1000 };
    static const char *const columns[] = {"nnnnnnnn", "nnnnn6nn", "nnnnnnnnnnnnnnnnnnnn"};
    static const setting variants[][4] = {
        {{AEP_OPT_ERROR, AEP_ERROR_NORM}},           {{AEP_OPT_ERROR, AEP_ERROR_VECTOR}},
        {{AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION}}, {{AEP_OPT_SCORE, AEP_SCORE_SIGNED}},
        {{AEP_OPT_SCORE, AEP_SCORE_JOINT}},          {{AEP_OPT_SCALING, AEP_SCALING_ROBUST}},
        {{AEP_OPT_SCALING, AEP_SCALING_RANK}}};
    for (size_t k = 0; k < COUNT_OF(columns); k++)
        for (size_t v = 0; v < COUNT_OF(variants); v++) {
            const size_t cols = strlen(columns[k]);
            aep_model *model = new_model(columns[k], variants[v]);
            AEP_CHECK(aep_model_set(model, AEP_OPT_EPOCHS, 80));
            AEP_CHECK(aep_model_set(model, AEP_OPT_LEARNING_RATE, 5e-3));
            float *rows = new_rows(columns[k], 2 * MANY, 1), *tested = new_rows(columns[k], 2 * MANY, 2);
            uint8_t labels[2 * MANY] = {0};
            AEP_CHECK(aep_fit(model, rows, 2 * MANY, cols, NULL, NULL));
            break_correlation(tested, MANY, cols, 3);
            memset(labels, 1, MANY);
            score_by(model, (int)option_of(model, AEP_OPT_SCORE), columns[k], NULL);
            float *scores = scores_of(model, tested, 2 * MANY);
            double auroc;
            AEP_CHECK(aep_metrics_auroc(&auroc, scores, labels, 2 * MANY, NULL));
            ck_assert_msg(auroc > 0.95, "columns %s, variant %zu: AUROC %g", columns[k], v, auroc);
            free(rows);
            free(tested);
            free(scores);
            aep_model_free(model);
        }
}
END_TEST

RUN_TESTS("health", a_step_that_diverges_is_undone, convolutions_that_diverge_are_put_back,
          a_fit_that_diverges_is_undone, a_ready_model_that_diverges_stays_as_it_was,
          a_fit_whose_last_step_diverges_is_undone, weights_that_have_diverged_do_not_score,
          a_run_that_diverges_after_a_load_can_be_gone_on_with, a_diverging_fit_keeps_a_full_history,
          collapsed_latent_variables_are_reported, a_collapsed_model_of_images_is_reported,
          few_distinct_scores_are_reported, rows_whose_columns_do_not_fit_together_are_found)
