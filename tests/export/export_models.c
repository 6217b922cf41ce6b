/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Models as C, with rows and what the library makes of them, for check_export.py.
 *
 * Usage: export_models FOLDER              models of every kind, made here
 *        export_models FOLDER MODEL ROWS   a model from a file, and its rows as floats
 *
 * Of each model NAME.c, NAME.rows and NAME.expected; the last holds for each row, as floats: the score by the plain
 * kernels and by the fastest ones, p-value and label of the first, and the size of what the score is a difference of. A
 * row that the library refuses has NaN for scores.
 */
#include "../support.h"
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOOD = 10000, ROWS = GOOD + 1000, ODD = 100 };

static void use(aep_model *model, const aep__kernels *kernels)
{
    model->net.tape.kernels = kernels;
    model->scaler.kernels = kernels;
}

static const aep__kernels *plain_kernels(void)
{
    size_t i = 0;
    while (aep__kernels_at(i + 1))
        i++;
    return aep__kernels_at(i);
}

/* What levels become was worked out by the fastest kernels when a model was loaded: once more by the plain ones. */
static void settle_plainly(aep_model *model)
{
    const aep__kernels *k = plain_kernels();
    aep__scaler *s = &model->scaler;
    const size_t n = s->n_features;
    if (!aep__scales_levels(&s->config))
        return;
    for (size_t f = 0; f < n; f++)
        s->absent[f] = 0, s->present[f] = 1;
    k->scale(s->absent, s->location, s->inverse, AEP__FEATURE_LIMIT, n);
    k->scale(s->present, s->location, s->inverse, AEP__FEATURE_LIMIT, n);
    ck_assert_int_eq(s->config.squash, AEP_SQUASH_TANH);
    const real limit = (real)s->config.squash_limit, inverse = (real)(1 / s->config.squash_limit);
    k->squash(s->absent, s->squashed, limit, inverse, n);
    k->squash(s->present, s->squashed, limit, inverse, n);
}

/* ----------------------------------------------------------------------------------------------------- writing */

static const char *folder, *model_path, *rows_path;

static void write_file(const char *name, const char *suffix, const void *data, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *f = fopen(path, "wb");
    ck_assert_msg(f != NULL, "%s cannot be written", path);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    fclose(f);
}

static void write_code(const char *name, const aep_model *model)
{
    size_t size;
    AEP_CHECK(aep_export_c_size(&size, model, "model"));
    char *text = malloc(size);
    AEP_CHECK(aep_export_c(text, size, model, "model"));
    write_file(name, ".c", text, size);
    free(text);
}

static double norm(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/* ||x|| of the features, which the reconstruction error is a difference of; of the joint score by its largest 1 / scale. */
static double size_of_row(const aep_model *model, const float *row, float *features)
{
    double factor = 1;
    for (size_t i = 0; model->joint.standardised && i < AEP__JOINT_PARTS; i++)
        factor = fmax(factor, model->joint.inverse[i]);
    aep__scaler_apply(&model->scaler, row, features);
    return factor * norm(features, model->net.n_features);
}

static void expect_row(float *expected, aep_model *model, aep_workspace *workspace, const float *row, float *features)
{
    const size_t cols = aep_model_n_columns(model);
    uint8_t label = 0;
    use(model, plain_kernels());
    if (aep_check_rows(NULL, NULL, model, row, 1, cols)) {
        memcpy(expected, (const float[]){NAN, NAN, NAN, 1, 1}, 5 * sizeof *expected);
        return;
    }
    AEP_CHECK(aep_score(&expected[0], model, workspace, row, 1, cols));
    if (model->calibration.n_scores)
        AEP_CHECK(aep_pvalue(&expected[2], model, &expected[0], 1));
    if (model->calibration.has_threshold)
        AEP_CHECK(aep_predict(&label, model, &expected[0], 1));
    expected[3] = label;
    expected[4] = (float)size_of_row(model, row, features);
    use(model, aep__kernels_best());
    AEP_CHECK(aep_score(&expected[1], model, workspace, row, 1, cols));
}

static void write_model(const char *name, aep_model *model, const float *rows, size_t n)
{
    const size_t cols = aep_model_n_columns(model);
    float *expected = calloc(n, 5 * sizeof *expected), *features = malloc(model->net.n_features * sizeof *features);
    aep_workspace *workspace;
    AEP_CHECK(aep_workspace_new(&workspace, model));
    for (size_t i = 0; i < n; i++)
        expect_row(expected + 5 * i, model, workspace, rows + i * cols, features);
    write_code(name, model);
    write_file(name, ".rows", rows, n * cols * sizeof *rows);
    write_file(name, ".expected", expected, n * 5 * sizeof *expected);
    aep_workspace_free(workspace);
    free(features), free(expected);
}

/* ----------------------------------------------------------------------------------------------------- made here */

/* columns: as of new_rows; or NULL, and a picture. calibrated: not so where only a threshold is set, or nothing (-1). */
typedef struct made {
    const char *name, *columns;
    int picture, calibrated;
    setting settings[8];
} made;

static const made models[] = {
    {"presets", "nnnnnn", 0, 1, {{0, 0}}},
    {"one_column", "n", 0, 1, {{AEP_OPT_ERROR, AEP_ERROR_VECTOR}}},
    {"levels", "nn3nn7n", 0, 1, {{0, 0}}},
    {"only_levels", "352", 0, 1, {{AEP_OPT_UNSEEN, AEP_UNSEEN_ERROR}}},
    {"scaled_levels", "nn3n5", 0, 1, {{AEP_OPT_SCALE_LEVELS, 1}, {AEP_OPT_MISSING, AEP_MISSING_IMPUTE}}},
    {"missing", "nn3nn", 0, 1, {{AEP_OPT_MISSING, AEP_MISSING_IMPUTE}, {AEP_OPT_UNSEEN, AEP_UNSEEN_ERROR}}},
    {"missing_numbers", "nnnnn", 0, 1, {{AEP_OPT_MISSING, AEP_MISSING_IMPUTE}}},
    {"indicators", "nnnn", 0, 1, {{AEP_OPT_MISSING, AEP_MISSING_IMPUTE}, {AEP_OPT_MISSING_INDICATOR, 1}}},
    {"indicators_scaled",
     "nn3nn",
     0,
     1,
     {{AEP_OPT_MISSING, AEP_MISSING_IMPUTE},
      {AEP_OPT_MISSING_INDICATOR, 1},
      {AEP_OPT_SCALE_LEVELS, 1},
      {AEP_OPT_SCALING, AEP_SCALING_ROBUST}}},
    {"unscaled", "nn3n", 0, 1, {{AEP_OPT_SCALING, AEP_SCALING_NONE}, {AEP_OPT_SQUASH, AEP_SQUASH_NONE}}},
    {"unscaled_squashed", "nnn", 0, 1, {{AEP_OPT_SCALING, AEP_SCALING_NONE}, {AEP_OPT_MISSING, AEP_MISSING_IMPUTE}}},
    {"minmax", "nnnn", 0, 1, {{AEP_OPT_SCALING, AEP_SCALING_MINMAX}, {AEP_OPT_SQUASH, AEP_SQUASH_NONE}}},
    {"robust",
     "nnnn",
     0,
     1,
     {{AEP_OPT_SCALING, AEP_SCALING_ROBUST}, {AEP_OPT_SQUASH, AEP_SQUASH_CLIP}, {AEP_OPT_SQUASH_LIMIT, 1.1}}},
    {"rank", "nn2nn", 0, 1, {{AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_MISSING, AEP_MISSING_IMPUTE}}},
    {"rank_numbers", "nnn", 0, 1, {{AEP_OPT_SCALING, AEP_SCALING_RANK}}},
    {"relu", "nnnnn", 0, 1, {{AEP_OPT_ACTIVATION, AEP_RELU}, {AEP_OPT_HEAD_ACTIVATION, AEP_LEAKY_RELU}}},
    {"sigmoid",
     "nnnnn",
     0,
     1,
     {{AEP_OPT_ACTIVATION, AEP_SIGMOID},
      {AEP_OPT_CODE_ACTIVATION, AEP_TANH},
      {AEP_OPT_SCALING, AEP_SCALING_MINMAX},
      {AEP_OPT_OUTPUT_ACTIVATION, AEP_SIGMOID}}},
    {"gelu", "nnnnn", 0, 1, {{AEP_OPT_ACTIVATION, AEP_GELU}, {AEP_OPT_SQUASH, AEP_SQUASH_NONE}}},
    {"silu", "nnnnn", 0, 1, {{AEP_OPT_ACTIVATION, AEP_SILU}, {AEP_OPT_CODE_ACTIVATION, AEP_SILU}}},
    {"identity", "nnn", 0, 1, {{AEP_OPT_ACTIVATION, AEP_IDENTITY}, {AEP_OPT_HEAD_ACTIVATION, AEP_IDENTITY}}},
    {"vector", "nn3nn", 0, 1, {{AEP_OPT_ERROR, AEP_ERROR_VECTOR}}},
    {"reconstruction", "nn3nn", 0, 1, {{AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION}}},
    {"reconstruction_vector",
     "nnnn",
     0,
     1,
     {{AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}}},
    {"signed", "nn3nn", 0, 1, {{AEP_OPT_SCORE, AEP_SCORE_SIGNED}}},
    {"signed_vector", "nn3nn", 0, 1, {{AEP_OPT_SCORE, AEP_SCORE_SIGNED}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}}},
    {"joint", "nn3nn", 0, 1, {{AEP_OPT_SCORE, AEP_SCORE_JOINT}}},
    {"joint_vector", "nnnn", 0, 1, {{AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}}},
    {"few_scores_kept", "nnnn", 0, 1, {{AEP_OPT_CALIBRATION_SIZE, 130}}},
    {"threshold_alone", "nnnn", 0, 0, {{0, 0}}},
    {"not_calibrated", "nnnn", 0, -1, {{0, 0}}},
    {"grey", NULL, GREY, 1, {{0, 0}}},
    {"colour", NULL, COLOUR, 1, {{AEP_OPT_ACTIVATION, AEP_SILU}}},
    {"signal", NULL, SIGNAL, 1, {{AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_MISSING, AEP_MISSING_IMPUTE}}},
    {"pixels_apart", NULL, GREY, 1, {{AEP_OPT_CHANNEL_SCALING, 0}, {AEP_OPT_ACTIVATION, AEP_RELU}}},
    {"rank_pixels", NULL, COLOUR, 1, {{AEP_OPT_SCALING, AEP_SCALING_RANK}}},
    {"unscaled_pixels", NULL, SIGNAL, 1, {{AEP_OPT_SCALING, AEP_SCALING_NONE}, {AEP_OPT_SQUASH, AEP_SQUASH_NONE}}},
};

static float *rows_of(const made *m, size_t n, uint64_t seed)
{
    return m->columns ? new_rows(m->columns, n, seed) : new_pictures(&pictures[m->picture], n, seed);
}

/* Trained by the plain kernels, so that the file is the same on every processor. */
static aep_model *make(const made *m)
{
    aep_model *model =
        m->columns ? new_model(m->columns, m->settings) : new_picture_model(&pictures[m->picture], m->settings);
    const size_t cols = aep_model_n_columns(model);
    float *rows = rows_of(m, 400, 1), *others = rows_of(m, 200, 2);
    use(model, plain_kernels());
    AEP_CHECK(aep_fit(model, rows, 400, cols, NULL, NULL));
    if (m->calibrated > 0)
        AEP_CHECK(aep_calibrate(model, others, 200, cols));
    else if (!m->calibrated)
        AEP_CHECK(aep_set_threshold(model, 0.7));
    free(rows), free(others);
    return model;
}

/* GOOD ones, of which half are not normal; then rows with values missing, far away, at the bounds, or that scoring
   refuses. */
static float *test_rows(const made *m, size_t cols)
{
    static const float odd[] = {0,      -0.0f, 1e-30f, 1e6f,     -1e6f,     3e38f, -3e38f,
                                1e-45f, 7,     -1,     INFINITY, -INFINITY, NAN,   0.5f};
    float *rows = rows_of(m, ROWS, 3);
    uint64_t state = 5;
    break_correlation(rows, GOOD / 2, cols, 4);
    for (size_t i = GOOD; i < ROWS - ODD; i++) { /* a cell that is missing, far away or of another level */
        const size_t c = (size_t)(uniform(&state) * (double)cols);
        const bool number = !m->columns || m->columns[c] == 'n';
        rows[i * cols + c] = i % 2 ? NAN : number ? 100 * rows[i * cols + c] : 9;
    }
    for (size_t i = ROWS - ODD; i < ROWS; i++)
        for (size_t k = 0; k < 2; k++)
            rows[i * cols + (size_t)(uniform(&state) * (double)cols)] = odd[(i + 3 * k) % COUNT_OF(odd)];
    return rows;
}

START_TEST(write_made)
{
    for (size_t i = 0; i < COUNT_OF(models); i++) {
        aep_model *model = make(&models[i]);
        float *rows = test_rows(&models[i], aep_model_n_columns(model));
        write_model(models[i].name, model, rows, ROWS);
        aep_model_free(model);
        free(rows);
    }
}
END_TEST

/* --------------------------------------------------------------------------------------------------- from a file */

START_TEST(write_given)
{
    aep_model *model;
    AEP_CHECK(aep_model_load_file(&model, model_path, NULL));
    const size_t size = aep_model_n_columns(model) * sizeof(float);
    FILE *f = fopen(rows_path, "rb");
    ck_assert_msg(f != NULL, "%s is missing", rows_path);
    float *rows = malloc(ROWS * size);
    const size_t n = fread(rows, size, ROWS, f);
    ck_assert_uint_gt(n, 0);
    fclose(f);
    settle_plainly(model);
    write_model("given", model, rows, n);
    aep_model_free(model);
    free(rows);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: export_models FOLDER [MODEL ROWS]\n");
        return 2;
    }
    folder = argv[1];
    if (argc == 2)
        return run_list("export_models", &write_made, 1, 600);
    model_path = argv[2];
    rows_path = argv[3];
    return run_list("export_models", &write_given, 1, 600);
}
