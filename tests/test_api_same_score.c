/* SPDX-License-Identifier: BSD-2-Clause */
/* A row's results are the same alone, in any batch, at any position, from any thread, after a copy and after a load. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { N = 67, WIDEST = 70 };

typedef struct results {
    float *scores, *codes, *rebuilt, *errors, *predicted, *shares;
} results;

static float *array(size_t n)
{
    float *a = malloc(n * sizeof *a);
    for (size_t i = 0; i < n; i++)
        a[i] = -7;
    return a;
}

static results new_results(const aep_model *model)
{
    const size_t cols = aep_model_n_columns(model), width = aep_model_error_size(model);
    return (results){array(N),         array(N * aep_model_code_size(model)),
                     array(N * cols),  array(N * width),
                     array(N * width), array(N * cols)};
}

static void free_results(results *r)
{
    free(r->scores);
    free(r->codes);
    free(r->rebuilt);
    free(r->errors);
    free(r->predicted);
    free(r->shares);
}

/* Everything about rows first to first + n - 1, put where it belongs; shares, which take 2 n_cols runs a row, only if
   asked to. */
static void run(results *r, const aep_model *model, aep_workspace *ws, const float *rows, size_t first, size_t n,
                bool explain)
{
    const size_t cols = aep_model_n_columns(model), width = aep_model_error_size(model),
                 code = aep_model_code_size(model);
    const float *at = rows + first * cols;
    AEP_CHECK(aep_score(r->scores + first, model, ws, at, n, cols));
    AEP_CHECK(aep_encode(r->codes + first * code, model, ws, at, n, cols));
    AEP_CHECK(aep_reconstruct(r->rebuilt + first * cols, model, ws, at, n, cols));
    AEP_CHECK(aep_errors(r->errors + first * width, r->predicted + first * width, model, ws, at, n, cols));
    if (explain)
        AEP_CHECK(aep_explain(r->shares + first * cols, model, ws, at, n, cols));
}

static void assert_same(const results *a, const results *b, const aep_model *model, const char *how)
{
    const size_t cols = aep_model_n_columns(model), width = aep_model_error_size(model),
                 code = aep_model_code_size(model);
    const struct {
        const char *name;
        const float *a, *b;
        size_t n;
    } parts[] = {{"scores", a->scores, b->scores, N},
                 {"codes", a->codes, b->codes, N * code},
                 {"reconstructions", a->rebuilt, b->rebuilt, N * cols},
                 {"errors", a->errors, b->errors, N * width},
                 {"predicted errors", a->predicted, b->predicted, N * width},
                 {"shares", a->shares, b->shares, N * cols}};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        ck_assert_msg(!memcmp(parts[i].a, parts[i].b, parts[i].n * sizeof(float)), "%zu columns: other %s %s", cols,
                      parts[i].name, how);
}

/* Against all rows in one call. */
static void check_model(const aep_model *model, const float *rows)
{
    static const size_t batches[] = {5, 2, 3, 8, 13, 31, 33, 64, 66};
    results all = new_results(model), parts = new_results(model);
    aep_workspace *ws;
    AEP_CHECK(aep_workspace_new(&ws, model));
    run(&all, model, NULL, rows, 0, N, true);
    for (size_t i = 0; i < COUNT_OF(batches); i++) {
        for (size_t first = 0; first < N; first += batches[i])
            run(&parts, model, ws, rows, first, N - first < batches[i] ? N - first : batches[i], i == 0);
        assert_same(&all, &parts, model, "in small batches");
    }
    for (size_t first = N; first-- > 0;) /* alone, last first */
        run(&parts, model, first % 2 ? ws : NULL, rows, first, 1, first % 16 == 0);
    assert_same(&all, &parts, model, "alone");

    bytes b = save(model);
    aep_model *loaded = load(b), *copy;
    run(&parts, loaded, ws, rows, 0, N, false);
    assert_same(&all, &parts, model, "after a load");
    AEP_CHECK(aep_model_copy(&copy, model));
    run(&parts, copy, NULL, rows, 0, N, false);
    assert_same(&all, &parts, model, "of a copy");
    free(b.data);
    aep_model_free(loaded);
    aep_model_free(copy);
    aep_workspace_free(ws);
    free_results(&all);
    free_results(&parts);
}

static void check_all_kinds(aep_model *model, const char *columns)
{
    float *rows = new_rows(columns, N, 3);
    for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_JOINT; kind++) {
        score_by(model, kind, columns, NULL);
        check_model(model, rows);
    }
    free(rows);
    aep_model_free(model);
}

static aep_model *preset_model(const char *columns, int form)
{
    aep_options *options;
    aep_model *model;
    float *rows = new_rows(columns, 40, 1);
    AEP_CHECK(aep_options_new(&options));
    AEP_CHECK(aep_options_set(options, AEP_OPT_ERROR, form));
    AEP_CHECK(aep_options_set(options, AEP_OPT_EPOCHS, 2));
    AEP_CHECK(aep_model_new(&model, options, strlen(columns)));
    AEP_CHECK(aep_fit(model, rows, 40, strlen(columns), NULL, NULL));
    aep_options_free(options);
    free(rows);
    return model;
}

START_TEST(results_do_not_depend_on_the_call_for_any_width)
{
    for (size_t width = 1; width <= WIDEST; width++)
        for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++)
            check_all_kinds(preset_model(numeric(width), form), numeric(width));
}
END_TEST

START_TEST(results_do_not_depend_on_the_call_for_wide_layers)
{
    static const size_t encoder[] = {300, 129, 16}, head[] = {257, 65};
    for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++) {
        aep_options *options = new_options("", SET({AEP_OPT_ERROR, form}), NULL);
        aep_model *model;
        float *rows = new_rows(numeric(260), 40, 1);
        AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 3));
        AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, head, 2));
        AEP_CHECK(aep_model_new(&model, options, 260));
        AEP_CHECK(aep_fit_scaling(model, rows, 40, 260));
        AEP_CHECK(aep_fit_batch(model, rows, 40, 260));
        float *scored = new_rows(numeric(260), N, 3);
        const size_t batches[] = {1, 7, 64};
        float *all = scores_of(model, scored, N), part[N];
        for (size_t i = 0; i < COUNT_OF(batches); i++)
            for (size_t first = 0; first < N; first += batches[i]) {
                const size_t n = N - first < batches[i] ? N - first : batches[i];
                AEP_CHECK(aep_score(part, model, NULL, scored + first * 260, n, 260));
                ck_assert_mem_eq(part, all + first, n * sizeof *part);
            }
        free(all);
        free(scored);
        free(rows);
        aep_options_free(options);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(results_do_not_depend_on_the_call_for_any_columns_and_activations)
{
    static const char *const columns[] = {"3", "nn3n", "99n", "n2n2n2n", "nnnnnnn5nnnn8"};
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        for (int activation = AEP_IDENTITY; activation <= AEP_SILU; activation++)
            check_all_kinds(
                fitted_model(columns[i], SET({AEP_OPT_ACTIVATION, activation}, {AEP_OPT_EPOCHS, 2},
                                             {AEP_OPT_HEAD_ACTIVATION, activation},
                                             {AEP_OPT_CODE_ACTIVATION, AEP_SILU - activation},
                                             {AEP_OPT_OUTPUT_ACTIVATION, activation}, {AEP_OPT_SCALING, activation % 5},
                                             {AEP_OPT_MISSING, activation % 2}, {AEP_OPT_MISSING_INDICATOR, 1})),
                columns[i]);
}
END_TEST

START_TEST(results_do_not_depend_on_the_call_for_images)
{
    for (size_t k = 0; k < N_PICTURES; k++)
        for (int form = AEP_ERROR_NORM; form <= AEP_ERROR_VECTOR; form++) {
            aep_model *model = fitted_picture_model(&pictures[k], SET({AEP_OPT_ERROR, form}, {AEP_OPT_EPOCHS, 2}));
            float *rows = new_pictures(&pictures[k], N, 3);
            for (int kind = AEP_SCORE_PREDICTION; kind <= AEP_SCORE_JOINT; kind++) {
                score_by(model, kind, NULL, &pictures[k]);
                check_model(model, rows);
            }
            free(rows);
            aep_model_free(model);
        }
}
END_TEST

/* The preset network for images of a real size: blocks of places that end anywhere in an image, chunks of one row. */
START_TEST(results_do_not_depend_on_the_call_for_large_images)
{
    static const picture large[] = {{.name = "28 x 28", .channels = 1, .height = 28, .width = 28},
                                    {.name = "3 x 33 x 31", .channels = 3, .height = 33, .width = 31}};
    enum { MANY = 19 };
    for (size_t k = 0; k < COUNT_OF(large); k++) {
        const size_t cols = picture_size(&large[k]), batches[] = {1, 2, 5, 8};
        aep_model *model = new_picture_model(&large[k], NULL);
        float *rows = new_pictures(&large[k], MANY, 1), part[MANY];
        AEP_CHECK(aep_fit_scaling(model, rows, MANY, cols));
        AEP_CHECK(aep_fit_batch(model, rows, MANY, cols));
        float *all = scores_of(model, rows, MANY);
        for (size_t i = 0; i < COUNT_OF(batches); i++)
            for (size_t first = 0; first < MANY; first += batches[i]) {
                const size_t n = MANY - first < batches[i] ? MANY - first : batches[i];
                AEP_CHECK(aep_score(part, model, NULL, rows + first * cols, n, cols));
                ck_assert_mem_eq(part, all + first, n * sizeof *part);
            }
        free(all);
        free(rows);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(a_million_rows_score_as_each_does_alone)
{
    enum { MANY = 1000000, EVERY = 997 };
    aep_model *model = ready_model("nnnn", NULL);
    float *rows = new_rows("nnnn", MANY, 3), *all = scores_of(model, rows, MANY), alone;
    for (size_t i = 0; i < MANY; i += EVERY) {
        AEP_CHECK(aep_score(&alone, model, NULL, rows + 4 * i, 1, 4));
        ck_assert_mem_eq(&alone, &all[i], sizeof alone);
    }
    free(rows);
    free(all);
    aep_model_free(model);
}
END_TEST

/* What else is in the batch does not matter either: outliers beside a row, or copies of it. */
START_TEST(neighbours_do_not_matter)
{
    aep_model *model = ready_model("nnn", NULL);
    float *rows = new_rows("nnn", N, 3), crowd[N * 3], scores[N];
    float *expected = scores_of(model, rows, N);
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < N * 3; k++)
            crowd[k] = k % 2 ? 1e30f : -3e4f;
        memcpy(crowd + i * 3, rows + i * 3, 3 * sizeof *rows);
        AEP_CHECK(aep_score(scores, model, NULL, crowd, N, 3));
        ck_assert_mem_eq(&scores[i], &expected[i], sizeof *scores);
    }
    free(rows);
    free(expected);
    aep_model_free(model);
}
END_TEST

RUN_TESTS("same_score", results_do_not_depend_on_the_call_for_any_width,
          results_do_not_depend_on_the_call_for_wide_layers,
          results_do_not_depend_on_the_call_for_any_columns_and_activations,
          results_do_not_depend_on_the_call_for_images, results_do_not_depend_on_the_call_for_large_images,
          a_million_rows_score_as_each_does_alone, neighbours_do_not_matter)
