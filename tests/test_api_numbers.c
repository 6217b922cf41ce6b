/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers at the ends of float, columns that say nothing, and batches that come out odd: a fit and everything after it gives
 * finite numbers, or the error that the table names.
 */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 130, BATCH = 64 };

#define DENORMAL_MIN 1.40129846e-45f

/* ---------------------------------------------------------------------------------------------------- the rows */

typedef void fill_fn(float *rows, size_t n_rows, size_t n_cols);

static void scale(float *rows, size_t n, float factor)
{
    for (size_t i = 0; i < n; i++)
        rows[i] *= factor;
}

static void usual(float *rows, size_t n_rows, size_t n_cols) { (void)rows, (void)n_rows, (void)n_cols; }

static void denormal(float *rows, size_t n_rows, size_t n_cols) { scale(rows, n_rows * n_cols, 1e-41f); }

static void least_of_all(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 0; i < n_rows * n_cols; i++)
        rows[i] = rows[i] > 1 ? DENORMAL_MIN : -DENORMAL_MIN;
}

static void huge(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 0; i < n_rows * n_cols; i++)
        rows[i] = (rows[i] - floorf(rows[i])) * 2e38f - 1e38f;
}

static void ends_of_float(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 0; i < n_rows * n_cols; i++)
        rows[i] = (i / n_cols + i) % 3 ? FLT_MAX : -FLT_MAX;
}

static void one_outlier(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t j = 0; j < n_cols; j++)
        rows[n_rows / 2 * n_cols + j] = j % 2 ? 1e38f : -1e38f;
}

static void all_equal(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 1; i < n_rows; i++)
        memcpy(rows + i * n_cols, rows, n_cols * sizeof *rows);
}

static void all_equal_and_huge(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 0; i < n_rows * n_cols; i++)
        rows[i] = i % n_cols % 2 ? FLT_MAX : -FLT_MAX;
}

static void all_zero(float *rows, size_t n_rows, size_t n_cols) { memset(rows, 0, n_rows * n_cols * sizeof *rows); }

/* Every second column, at values from the least to the largest. */
static void constant_columns(float *rows, size_t n_rows, size_t n_cols)
{
    static const float values[] = {0, DENORMAL_MIN, 1e-30f, -1, 1e30f, -FLT_MAX};
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_cols; j += 2)
            rows[i * n_cols + j] = values[j / 2 % COUNT_OF(values)];
}

static void duplicated(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 2; i < n_rows; i++)
        memcpy(rows + i * n_cols, rows + i % 2 * n_cols, n_cols * sizeof *rows);
}

static void scales_of_24_decades(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t j = 0; j < n_cols; j++)
        for (size_t i = 0; i < n_rows; i++)
            rows[i * n_cols + j] *= powf(10, -12 + 24 * (float)j / (float)(n_cols - 1));
}

/* A column that hardly moves, far from zero. */
static void last_bits(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 0; i < n_rows * n_cols; i++)
        rows[i] = rows[i] > 1 ? 16777216.0f : 16777218.0f;
}

static void missing_column(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 0; i < n_rows; i++)
        rows[i * n_cols + 1] = NAN;
}

static void missing_all(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 0; i < n_rows * n_cols; i++)
        rows[i] = NAN;
}

static void present_once(float *rows, size_t n_rows, size_t n_cols)
{
    for (size_t i = 1; i < n_rows; i++)
        rows[i * n_cols + 1] = NAN;
}

static const struct {
    const char *name;
    fill_fn *fill;
    size_t n_rows;
    bool missing; /* values are */
    int status;   /* of aep_fit */
} cases[] = {
    {"denormals", denormal, 100, false, AEP_OK},
    {"the least denormals", least_of_all, 100, false, AEP_OK},
    {"numbers to 1e38", huge, 100, false, AEP_OK},
    {"the ends of float", ends_of_float, 100, false, AEP_OK},
    {"one row at 1e38", one_outlier, 100, false, AEP_OK},
    {"all rows equal", all_equal, 100, false, AEP_OK},
    {"all rows equal at the ends of float", all_equal_and_huge, 100, false, AEP_OK},
    {"nothing but zeros", all_zero, 100, false, AEP_OK},
    {"constant columns", constant_columns, 100, false, AEP_OK},
    {"two rows many times", duplicated, 100, false, AEP_OK},
    {"scales from 1e-12 to 1e12", scales_of_24_decades, 100, false, AEP_OK},
    {"the last bits of large numbers", last_bits, 100, false, AEP_OK},
    {"a column without values", missing_column, 100, true, AEP_OK},
    {"a column with one value", present_once, 100, true, AEP_OK},
    {"no values at all", missing_all, 100, true, AEP_OK},
    {"one row", usual, 1, false, AEP_E_ROWS},
    {"two rows", usual, 2, false, AEP_OK},
    {"three rows", usual, 3, false, AEP_OK},
    {"a row more than a batch", usual, BATCH + 1, false, AEP_OK},
    {"a row less than two batches", usual, 2 * BATCH - 1, false, AEP_OK},
    {"a row more than two batches", usual, 2 * BATCH + 1, false, AEP_OK},
};

static const setting variants[][3] = {
    {{0, 0}},
    {{AEP_OPT_SCALING, AEP_SCALING_MINMAX}, {AEP_OPT_SQUASH, AEP_SQUASH_CLIP}},
    {{AEP_OPT_SCALING, AEP_SCALING_ROBUST}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}},
    {{AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_SCORE, AEP_SCORE_SIGNED}},
    {{AEP_OPT_SCORE, AEP_SCORE_JOINT}},
};

/* ------------------------------------------------------------------------------------------------------- checks */

static void assert_finite(const float *values, size_t n, const char *what, size_t c, size_t v)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(isfinite(values[i]), "%s, variant %zu: %s[%zu] is %g", cases[c].name, v, what, i,
                      (double)values[i]);
}

/* Whatever the rows. */
static void check_results(const aep_model *model, const float *rows, size_t n_rows, size_t c, size_t v)
{
    const size_t cols = aep_model_n_columns(model), most = cols > 8 ? cols : 8;
    float *out = malloc(n_rows * most * sizeof *out), *scores = scores_of(model, rows, n_rows);
    assert_finite(scores, n_rows, "score", c, v);
    AEP_CHECK(aep_encode(out, model, NULL, rows, n_rows, cols));
    assert_finite(out, n_rows * aep_model_code_size(model), "code", c, v);
    AEP_CHECK(aep_reconstruct(out, model, NULL, rows, n_rows, cols));
    assert_finite(out, n_rows * cols, "reconstruction", c, v);
    AEP_CHECK(aep_explain(out, model, NULL, rows, n_rows, cols));
    assert_finite(out, n_rows * cols, "share", c, v);
    AEP_CHECK(aep_pvalue(out, model, scores, n_rows));
    for (size_t i = 0; i < n_rows; i++)
        ck_assert(out[i] > 0 && out[i] <= 1);
    free(out);
    free(scores);
}

/* Rows that the model has never seen, of extremes. */
static void check_extremes(const aep_model *model, size_t c, size_t v)
{
    static const float values[] = {0, DENORMAL_MIN, -1e-38f, 1, 1e12f, -1e38f, FLT_MAX, -FLT_MAX};
    const size_t cols = aep_model_n_columns(model);
    float *rows = malloc(COUNT_OF(values) * cols * sizeof *rows);
    for (size_t i = 0; i < COUNT_OF(values); i++)
        for (size_t j = 0; j < cols; j++)
            rows[i * cols + j] = values[i];
    check_results(model, rows, COUNT_OF(values), c, v);
    free(rows);
}

static void assert_statistics_are_finite(const aep_model *model, size_t c, size_t v)
{
    for (int stat = 1; aep_stat_name(stat); stat++) {
        double value;
        if (!aep_model_stat(&value, model, stat))
            ck_assert_msg(isfinite(value), "%s, variant %zu: %s is %g", cases[c].name, v, aep_stat_name(stat), value);
    }
}

static void check_trained(aep_model *model, const float *rows, size_t c, size_t v)
{
    const size_t n = cases[c].n_rows, cols = aep_model_n_columns(model);
    AEP_CHECK(aep_calibrate(model, rows, n, cols));
    assert_statistics_are_finite(model, c, v);
    check_results(model, rows, n, c, v);
    check_extremes(model, c, v);
    bytes b = save(model);
    aep_model *loaded = load(b); /* a file with a number that is not finite would be refused */
    check_results(loaded, rows, n, c, v);
    aep_model_free(loaded);
    free(b.data);
    AEP_CHECK(aep_fit_batch(model, rows, n, cols)); /* and training goes on */
}

/* Takes the rows and the model. */
static void check_case(aep_model *model, float *rows, size_t c, size_t v)
{
    const size_t n = cases[c].n_rows, cols = aep_model_n_columns(model);
    cases[c].fill(rows, n, cols);
    bytes before = save(model);
    const int status = aep_fit(model, rows, n, cols, NULL, NULL);
    ck_assert_msg(status == cases[c].status, "%s, variant %zu: %s", cases[c].name, v, aep_status_str(status));
    if (status)
        assert_unchanged(model, before);
    else {
        free(before.data);
        check_trained(model, rows, c, v);
    }
    free(rows);
    aep_model_free(model);
}

START_TEST(any_rows_of_a_table_give_finite_numbers_or_a_specific_error)
{
    static const char columns[] = "nnnnnn";
    for (size_t c = 0; c < COUNT_OF(cases); c++)
        for (size_t v = 0; v < COUNT_OF(variants); v++)
            for (int indicator = 0; indicator <= cases[c].missing; indicator++) {
                aep_options *options = new_options(columns, variants[v], NULL);
                AEP_CHECK(aep_options_set(options, AEP_OPT_MISSING, cases[c].missing));
                AEP_CHECK(aep_options_set(options, AEP_OPT_MISSING_INDICATOR, indicator));
                aep_model *model;
                AEP_CHECK(aep_model_new(&model, options, strlen(columns)));
                aep_options_free(options);
                check_case(model, new_rows(columns, MOST_ROWS, 1), c, v);
            }
}
END_TEST

START_TEST(any_images_give_finite_numbers_or_a_specific_error)
{
    const picture *p = &pictures[SIGNAL];
    for (size_t c = 0; c < COUNT_OF(cases); c++)
        for (size_t v = 0; v < COUNT_OF(variants); v++) {
            aep_options *options = picture_options(p, variants[v], NULL);
            AEP_CHECK(aep_options_set(options, AEP_OPT_MISSING, cases[c].missing));
            AEP_CHECK(aep_options_set(options, AEP_OPT_CHANNEL_SCALING, v % 2));
            aep_model *model;
            AEP_CHECK(aep_model_new(&model, options, picture_size(p)));
            aep_options_free(options);
            check_case(model, new_pictures(p, MOST_ROWS, 1), c, v);
        }
}
END_TEST

/* ------------------------------------------------------------------------------------------------- what is said */

/* The warning, or none, that a calibration on these rows ends with. */
static void expect_warning(fill_fn *fill, const char *word)
{
    messages log = {0};
    float *rows = new_rows("nnnnnn", MOST_ROWS, 1);
    aep_model *model = new_model("nnnnnn", NULL);
    fill(rows, MOST_ROWS, 6);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK(aep_fit(model, rows, MOST_ROWS, 6, NULL, NULL));
    AEP_CHECK(aep_calibrate(model, rows, MOST_ROWS, 6));
    ck_assert_uint_ge(log.n[AEP_LOG_WARNING], 1);
    ck_assert_msg(strstr(log.last, word) != NULL, "%s", log.last);
    free(rows);
    aep_model_free(model);
}

START_TEST(scores_that_tell_nothing_are_reported)
{
    static fill_fn *const fills[] = {all_equal, all_zero, all_equal_and_huge};
    for (size_t i = 0; i < COUNT_OF(fills); i++)
        expect_warning(fills[i], "different scores");
}
END_TEST

START_TEST(columns_that_never_move_are_counted)
{
    static const struct {
        fill_fn *fill;
        double constant;
    } counts[] = {{usual, 0}, {all_equal, 6}, {constant_columns, 3}, {all_equal_and_huge, 6}, {denormal, 0}};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        float *rows = new_rows("nnnnnn", MOST_ROWS, 1);
        aep_model *model = new_model("nnnnnn", NULL);
        counts[i].fill(rows, MOST_ROWS, 6);
        AEP_CHECK(aep_fit(model, rows, MOST_ROWS, 6, NULL, NULL));
        ck_assert_double_eq(stat_of(model, AEP_STAT_CONSTANT_COLUMNS), counts[i].constant);
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

RUN_TESTS("numbers", any_rows_of_a_table_give_finite_numbers_or_a_specific_error,
          any_images_give_finite_numbers_or_a_specific_error, scores_that_tell_nothing_are_reported,
          columns_that_never_move_are_counted)
