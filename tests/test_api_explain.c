/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 200, MOST = 40 };

static aep_model *model_of(const char *columns, int form, int kind)
{
    aep_options *options;
    aep_model *model;
    const size_t n_cols = strlen(columns);
    float *rows = new_rows(columns, 2000, 1);
    options = new_options(columns, SET({AEP_OPT_ERROR, form}, {AEP_OPT_EPOCHS, 60}), NULL);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, (const size_t[]){24, 12, 2}, 3));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, NULL, 0));
    AEP_CHECK(aep_options_set(options, AEP_OPT_LEARNING_RATE, 3e-3));
    AEP_CHECK(aep_model_new(&model, options, n_cols));
    AEP_CHECK(aep_fit(model, rows, 2000, n_cols, NULL, NULL));
    score_by(model, kind, columns, NULL);
    aep_options_free(options);
    free(rows);
    return model;
}

static size_t largest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

START_TEST(shares_are_not_negative_and_add_up_to_one)
{
    static const char *const columns[] = {"n", "nn", "nnnnn", "nn3n", "4", "3n5", "n2n2n2"};
    for (size_t k = 0; k < COUNT_OF(columns); k++)
        for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++)
            for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_JOINT; kind++) {
                const size_t cols = strlen(columns[k]);
                aep_model *model = fitted_model(columns[k], SET({AEP_OPT_ERROR, form}));
                float *rows = new_rows(columns[k], N, 3), shares[N * MOST];
                score_by(model, kind, columns[k], NULL);
                break_correlation(rows, N / 2, cols, 4);
                AEP_CHECK(aep_explain(shares, model, NULL, rows, N, cols));
                for (size_t i = 0; i < N; i++) {
                    double sum = 0;
                    for (size_t j = 0; j < cols; j++) {
                        ck_assert(shares[i * cols + j] >= 0);
                        sum += (double)shares[i * cols + j];
                    }
                    ck_assert_double_eq_tol(sum, 1, 1e-5);
                }
                free(rows);
                aep_model_free(model);
            }
}
END_TEST

/* Of the values that this column has in the other rows the one farthest from this row's. */
static float farthest_value(const float *rows, size_t n_cols, size_t row, size_t col)
{
    const float own = rows[row * n_cols + col];
    float best = own;
    for (size_t i = 0; i < N; i++) {
        const float other = rows[i * n_cols + col];
        if (fabsf(other - own) > fabsf(best - own))
            best = other;
    }
    ck_assert_float_ne(best, own);
    return best;
}

static double deviation(const float *rows, size_t n_cols, size_t col)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < N; i++)
        mean += (double)rows[i * n_cols + col] / N;
    for (size_t i = 0; i < N; i++)
        square += pow((double)rows[i * n_cols + col] - mean, 2) / N;
    return sqrt(square);
}

/* Tampers with one column of each row in turn; the share of rows where that column comes first. */
static double share_found(const aep_model *model, const char *columns, double outside)
{
    const size_t cols = strlen(columns);
    float *rows = new_rows(columns, N, 3), *row = malloc(cols * sizeof *row), shares[MOST];
    size_t found = 0;
    for (size_t i = 0; i < N; i++) {
        const size_t col = i % cols;
        memcpy(row, rows + i * cols, cols * sizeof *row);
        if (columns[col] == 'n' && outside > 0)
            row[col] += (float)((i % 2 ? outside : -outside) * deviation(rows, cols, col));
        else
            row[col] = farthest_value(rows, cols, i, col);
        AEP_CHECK(aep_explain(shares, model, NULL, row, 1, cols));
        found += largest(shares, cols) == col;
    }
    free(row);
    free(rows);
    return (double)found / N;
}

static const struct {
    const char *columns;
    double outside; /* numeric columns: this many standard deviations off; 0: the value of another row */
} tamperings[] = {{"nnnnnnnn", 6},
                  {"nnnnnnnn", 0},
                  {"nnnnn6nnnn6n", 6},
                  {"nnnnnnnnnnnnnnnnnnnnnnnn", 6},
                  {"nnnnnnnnnnnnnnnnnnnnnnnn", 0},
                  {"666666666666", 0}};

static void check_tampering(int form, int kind)
{
    for (size_t k = 0; k < COUNT_OF(tamperings); k++) {
        aep_model *model = model_of(tamperings[k].columns, form, kind);
        const double found = share_found(model, tamperings[k].columns, tamperings[k].outside);
        ck_assert_msg(found >= 0.95, "columns %s, %g off, error form %d, score %d: found in %g %% of the rows",
                      tamperings[k].columns, tamperings[k].outside, form, kind, 100 * found);
        aep_model_free(model);
    }
}

START_TEST(a_tampered_column_comes_first_by_prediction_error) { check_tampering(AEP_ERROR_NORM, AEP_SCORE_PREDICTION); }
END_TEST

START_TEST(a_tampered_column_comes_first_by_vector_error) { check_tampering(AEP_ERROR_VECTOR, AEP_SCORE_PREDICTION); }
END_TEST

START_TEST(a_tampered_column_comes_first_by_reconstruction_error)
{
    check_tampering(AEP_ERROR_NORM, AEP_SCORE_RECONSTRUCTION);
}
END_TEST

START_TEST(a_tampered_column_comes_first_by_signed_error) { check_tampering(AEP_ERROR_NORM, AEP_SCORE_SIGNED); }
END_TEST

START_TEST(a_tampered_column_comes_first_by_joint_score) { check_tampering(AEP_ERROR_NORM, AEP_SCORE_JOINT); }
END_TEST

START_TEST(a_tampered_column_comes_first_by_joint_score_of_vectors)
{
    check_tampering(AEP_ERROR_VECTOR, AEP_SCORE_JOINT);
}
END_TEST

RUN_TESTS("explain", shares_are_not_negative_and_add_up_to_one, a_tampered_column_comes_first_by_prediction_error,
          a_tampered_column_comes_first_by_vector_error, a_tampered_column_comes_first_by_reconstruction_error,
          a_tampered_column_comes_first_by_signed_error, a_tampered_column_comes_first_by_joint_score,
          a_tampered_column_comes_first_by_joint_score_of_vectors)
