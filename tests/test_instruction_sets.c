/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a processor's instruction set changes of results: rounding, within the bounds that docs/method.md states. Models
 * are trained with the fastest set, and run again with each of the others.
 */
#include "model.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 150 };

/* Of the largest score, and of the norm of the gradient. */
static const double score_bound = 2e-7, gradient_bound = 1e-6;

static void use(aep_model *model, const aep__kernels *kernels)
{
    model->net.tape.kernels = kernels;
    model->scaler.kernels = kernels;
}

typedef struct source {
    const aep_model *model;
    const float *rows;
} source;

static void load_features(real *features, void *payload, size_t first, size_t n)
{
    const source *s = payload;
    for (size_t i = 0; i < n; i++)
        aep__scaler_apply(&s->model->scaler, s->rows + (first + i) * s->model->schema.n_columns,
                          features + i * s->model->net.n_features);
}

/* The gradient of a batch without noise; also its norm. To be freed. */
static real *gradient_of(double *norm, const aep_model *model, const float *rows)
{
    source s = {model, rows};
    aep__trainer trainer;
    const size_t n = model->net.tape.n_params;
    const aep__batch batch = {.rows = N,
                              .load = load_features,
                              .payload = &s,
                              .params = model->weights.params,
                              .training = true,
                              .lambda1 = 1e-4,
                              .lambda2 = 0.1,
                              .lambda3 = 1};
    real *copy = calloc(n, sizeof *copy);
    ck_assert(aep__trainer_init(&trainer, &model->mem, &model->net, N, 1));
    aep__trainer_run(&trainer, &model->net, &batch);
    memcpy(copy, aep__trainer_gradient(&trainer, norm, &model->net), n * sizeof *copy);
    aep__trainer_free(&trainer, &model->mem);
    return copy;
}

static double distance(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pow((double)a[i] - (double)b[i], 2);
    return sqrt(sum);
}

static double largest(const float *a, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)a[i]));
    return most;
}

/* Frees both. */
static void compare(aep_model *model, float *rows)
{
    float *expected = scores_of(model, rows, N);
    double norm, other_norm;
    real *gradient = gradient_of(&norm, model, rows);
    for (size_t i = 0; aep__kernels_at(i); i++) {
        use(model, aep__kernels_at(i));
        float *scores = scores_of(model, rows, N);
        real *other = gradient_of(&other_norm, model, rows);
        const double apart = distance(scores, expected, N) / sqrt(N);
        const double gradient_apart = distance(other, gradient, model->net.tape.n_params);
        printf("%s: scores %.2g of the largest, gradient %.2g of its norm\n", aep__kernels_at(i)->name,
               apart / largest(expected, N), gradient_apart / norm);
        ck_assert_double_le(apart, score_bound * largest(expected, N));
        ck_assert_double_le(gradient_apart, gradient_bound * norm);
        if (strcmp(aep__kernels_at(i)->name, "plain")) /* those with vectors give the same bits */
            ck_assert(i == 0 || (apart == 0 && gradient_apart == 0));
        free(scores), free(other);
    }
    aep_model_free(model);
    free(expected), free(gradient), free(rows);
}

START_TEST(the_instruction_set_changes_rounding_only)
{
    static const int activations[] = {AEP_TANH, AEP_RELU, AEP_GELU, AEP_SILU, AEP_SIGMOID, AEP_LEAKY_RELU};
    static const char columns[] = "nnnnnnnnn7n4n";
    for (size_t i = 0; i < COUNT_OF(activations); i++)
        for (int vector = 0; vector < 2; vector++)
            compare(ready_model(columns, SET({AEP_OPT_ACTIVATION, activations[i]}, {AEP_OPT_ERROR, vector})),
                    new_rows(columns, N, 3));
    for (size_t k = 0; k < N_PICTURES; k++)
        compare(ready_picture_model(&pictures[k], NULL), new_pictures(&pictures[k], N, 3));
}
END_TEST

RUN_TESTS("instruction_sets", the_instruction_set_changes_rounding_only)
