/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Training runs recorded from PyTorch, replayed in float through aep_fit_batch. A sum of some 100 products is good to
 * about 1e-6 in float; Adam divides by the root of the second moment, which hands relative errors of gradients on to
 * the weights, and 24 steps add them up. Observed: at most 3e-6.
 */
#include "golden.h"
#include "model.h"
#include "../runner.h"

#include <string.h>

static const double tolerance = 3e-5;

static void set(aep_options *options, int key, double value)
{
    ck_assert_int_eq(aep_options_set(options, key, value), AEP_OK);
}

static void set_layers(aep_options *options, int part, const golden_layers *layers)
{
    ck_assert_int_eq(aep_options_set_layers(options, part, layers->width, layers->n), AEP_OK);
}

static void add_layers(aep_options *options, int part, const golden_image_layers *layers)
{
    for (size_t i = 0; i < layers->n; i++)
        ck_assert_int_eq(aep_options_add_image_layer(options, part, layers->layer[i].kind, layers->layer[i].size,
                                                     layers->layer[i].kernel, layers->layer[i].stride,
                                                     layers->layer[i].padding),
                         AEP_OK);
}

static aep_options *options_of(const golden_run *run)
{
    aep_options *options;
    ck_assert_int_eq(aep_options_new(&options), AEP_OK);
    set_layers(options, AEP_PART_ENCODER, &run->encoder);
    set_layers(options, AEP_PART_DECODER, &run->decoder);
    set_layers(options, AEP_PART_HEAD, &run->head);
    ck_assert_int_eq(aep_options_set_image(options, run->channels, run->height, run->width), AEP_OK);
    add_layers(options, AEP_PART_ENCODER, &run->encoder_maps);
    add_layers(options, AEP_PART_DECODER, &run->decoder_maps);
    set(options, AEP_OPT_SCALING, AEP_SCALING_NONE);
    set(options, AEP_OPT_SQUASH, AEP_SQUASH_NONE);
    set(options, AEP_OPT_NOISE, AEP_NOISE_NONE);
    set(options, AEP_OPT_ACTIVATION, run->activation);
    set(options, AEP_OPT_CODE_ACTIVATION, run->code_activation);
    set(options, AEP_OPT_OUTPUT_ACTIVATION, run->output_activation);
    set(options, AEP_OPT_HEAD_ACTIVATION, run->head_activation);
    set(options, AEP_OPT_ERROR, run->vector_error ? AEP_ERROR_VECTOR : AEP_ERROR_NORM);
    set(options, AEP_OPT_SQUARED, run->squared);
    set(options, AEP_OPT_HEAD_GRADIENT, run->head_gradient);
    set(options, AEP_OPT_WEIGHT_DECAY, run->lambda1);
    set(options, AEP_OPT_COMPACTNESS, run->lambda2);
    set(options, AEP_OPT_HEAD_WEIGHT, run->lambda3);
    set(options, AEP_OPT_LEARNING_RATE, run->rate);
    set(options, AEP_OPT_HEAD_RATE, run->head_rate);
    set(options, AEP_OPT_BETA1, run->beta1);
    set(options, AEP_OPT_BETA2, run->beta2);
    set(options, AEP_OPT_EPSILON, run->epsilon);
    set(options, AEP_OPT_SCHEDULE, run->cosine ? AEP_SCHEDULE_COSINE : AEP_SCHEDULE_CONSTANT);
    set(options, AEP_OPT_SCHEDULE_STEPS, (double)run->n_steps);
    set(options, AEP_OPT_GRADIENT_CLIP, run->clip);
    return options;
}

static aep_model *model_of(golden_run *run)
{
    aep_options *options = options_of(run);
    aep_model *model;
    ck_assert_int_eq(aep_model_new(&model, options, run->n_features), AEP_OK);
    aep_options_free(options);
    const size_t n = model->net.tape.n_params;
    real *params = golden_read(run, n);
    memcpy(model->weights.params, params, n * sizeof *params);
    free(params);
    return model;
}

static void assert_stat(const aep_model *model, int stat, double expected)
{
    double got;
    ck_assert_int_eq(aep_model_stat(&got, model, stat), AEP_OK);
    ck_assert_msg(fabs(got - expected) <= tolerance * fabs(expected), "%s: %.9g, recorded %.9g", aep_stat_name(stat),
                  got, expected);
}

static void assert_losses(const aep_model *model, golden_run *run)
{
    double expected[GOLDEN_LOSSES];
    for (int i = 0; i < GOLDEN_LOSSES; i++)
        expected[i] = golden_number(run);
    assert_stat(model, AEP_STAT_LOSS_RECONSTRUCTION, expected[GOLDEN_RECONSTRUCTION]);
    assert_stat(model, AEP_STAT_LOSS_COMPACTNESS, expected[GOLDEN_COMPACTNESS]);
    assert_stat(model, AEP_STAT_LOSS_PREDICTION, expected[GOLDEN_PREDICTION]);
    assert_stat(model, AEP_STAT_LOSS, expected[GOLDEN_JOINT]);
    assert_stat(model, AEP_STAT_LATENT_SPREAD, sqrt(expected[GOLDEN_COMPACTNESS]));
}

/* what one batch left behind, against the next numbers of the recording */
static void assert_values(const real *got, golden_run *run, size_t n, const char *what, size_t step)
{
    real *expected = golden_read(run, n);
    const double distance = golden_distance(got, expected, n);
    ck_assert_msg(distance <= tolerance, "%s after %zu steps: off by %g", what, step, distance);
    free(expected);
}

START_TEST(fit_batch_agrees_with_pytorch)
{
    golden_run *run = golden_open(golden_variants[_i]);
    aep_model *model = model_of(run);
    const size_t n = model->net.tape.n_params;
    for (size_t step = 1; step <= run->n_steps; step++) {
        const size_t rows = golden_size(run);
        real *x = golden_read(run, rows * run->n_features);
        ck_assert_int_eq(aep_fit_batch(model, x, rows, run->n_features), AEP_OK);
        free(x);
        assert_losses(model, run);
        assert_values(model->trainer.gradients, run, n, "gradients", step);
    }
    assert_values(model->weights.params, run, n, "weights", run->n_steps);
    aep_model_free(model);
    golden_close(run);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("golden_fit");
    tcase_add_loop_test(tc, fit_batch_agrees_with_pytorch, 0, GOLDEN_VARIANTS);
    return run_case("golden_fit", tc);
}
