/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Training runs recorded from PyTorch, replayed in double on the network and the optimiser: the same but for rounding.
 */
#include "golden.h"
#include "optim.h"
#include "trainer.h"
#include "../runner.h"

#include <string.h>

enum { MOST_ROWS = 32 };

static const double tolerance = 1e-11;

typedef struct fixture {
    aep_allocator mem;
    aep__net net;
    aep__trainer trainer;
    real *params, *m, *v, *rows;
    const real *gradient;
    double norm;
    size_t n_clipped;
} fixture;

static void add_layers(aep__image *image, int part, const golden_image_layers *layers)
{
    for (size_t i = 0; i < layers->n; i++) {
        const aep__image_layer layer = {layers->layer[i].kind, layers->layer[i].size, layers->layer[i].kernel,
                                        layers->layer[i].stride, layers->layer[i].padding};
        ck_assert_int_eq(aep__image_add(image, NULL, part, &layer), AEP_OK);
    }
}

static void set_up(fixture *f, golden_run *run)
{
    aep__image image = {.shape = {run->channels, run->height, run->width}};
    aep__image_plan plan;
    add_layers(&image, AEP_PART_ENCODER, &run->encoder_maps);
    add_layers(&image, AEP_PART_DECODER, &run->decoder_maps);
    if (run->channels)
        ck_assert_int_eq(aep__image_plan_make(&plan, &image, NULL), AEP_OK);
    const aep__net_config config = {.plan = run->channels ? &plan : NULL,
                                    .image = image.shape,
                                    .n_features = run->n_features,
                                    .encoder = run->encoder.width,
                                    .decoder = run->decoder.width,
                                    .head = run->head.width,
                                    .n_encoder = run->encoder.n,
                                    .n_decoder = run->decoder.n,
                                    .n_head = run->head.n,
                                    .activation = run->activation,
                                    .code_activation = run->code_activation,
                                    .output_activation = run->output_activation,
                                    .head_activation = run->head_activation,
                                    .vector_error = run->vector_error,
                                    .head_gradient = run->head_gradient};
    *f = (fixture){0};
    ck_assert_int_eq(aep__mem_init(&f->mem, NULL), AEP_OK);
    ck_assert_int_eq(aep__net_init(&f->net, &f->mem, &config), AEP_OK);
    ck_assert(aep__trainer_init(&f->trainer, &f->mem, &f->net, MOST_ROWS, 1));
    f->params = golden_read(run, f->net.tape.n_params);
    f->m = calloc(f->net.tape.n_params, sizeof *f->m);
    f->v = calloc(f->net.tape.n_params, sizeof *f->v);
}

static void tear_down(fixture *f)
{
    free(f->params), free(f->m), free(f->v);
    aep__trainer_free(&f->trainer, &f->mem);
    aep__net_free(&f->net, &f->mem);
}

static void assert_losses(const aep__losses *losses, golden_run *run, size_t step)
{
    const double values[GOLDEN_LOSSES] = {losses->reconstruction, losses->decay, losses->compactness,
                                          losses->prediction, losses->total};
    for (size_t i = 0; i < GOLDEN_LOSSES; i++) {
        const double expected = golden_number(run);
        ck_assert_msg(fabs(values[i] - expected) <= tolerance * fabs(expected),
                      "step %zu, loss %zu: %.15g, recorded %.15g", step, i, values[i], expected);
    }
}

static void assert_gradients(const fixture *f, golden_run *run, size_t step)
{
    const size_t n = f->net.tape.n_params;
    real *expected = golden_read(run, n);
    const double distance = golden_distance(f->gradient, expected, n);
    ck_assert_msg(distance <= tolerance, "step %zu: a gradient is off by %g", step, distance);
    free(expected);
}

static void update(fixture *f, const golden_run *run, size_t step)
{
    const size_t split = f->net.n_autoencoder, n = f->net.tape.n_params;
    const bool clips = run->clip > 0 && f->norm > run->clip;
    const double scale = clips ? run->clip / f->norm : 1;
    const aep__kernels *k = f->net.tape.kernels;
    aep__adam adam = {.rate = run->cosine ? aep__cosine_rate(run->rate, step, run->n_steps) : run->rate,
                      .beta1 = run->beta1,
                      .beta2 = run->beta2,
                      .epsilon = run->epsilon,
                      .step = step + 1};
    aep__adam_step(k, &adam, f->params, f->m, f->v, f->gradient, scale, split);
    adam.rate *= run->head_rate;
    aep__adam_step(k, &adam, f->params + split, f->m + split, f->v + split, f->gradient + split, scale, n - split);
    f->n_clipped += clips;
}

static void load(real *features, void *payload, size_t first, size_t n)
{
    const fixture *f = payload;
    memcpy(features, f->rows + first * f->net.n_features, n * f->net.n_features * sizeof *features);
}

static void replay_step(fixture *f, golden_run *run, size_t step)
{
    const size_t rows = golden_size(run);
    const aep__batch batch = {.rows = rows,
                              .load = load,
                              .payload = f,
                              .params = f->params,
                              .training = true,
                              .noise = {.kind = AEP_NOISE_NONE},
                              .lambda1 = run->lambda1,
                              .lambda2 = run->lambda2,
                              .lambda3 = run->lambda3,
                              .squared = run->squared};
    ck_assert_uint_le(rows, MOST_ROWS);
    f->rows = golden_read(run, rows * run->n_features);
    const aep__losses losses = aep__trainer_run(&f->trainer, &f->net, &batch);
    free(f->rows);
    f->gradient = aep__trainer_gradient(&f->trainer, &f->norm, &f->net);
    assert_losses(&losses, run, step);
    assert_gradients(f, run, step);
    update(f, run, step);
}

START_TEST(a_run_agrees_with_pytorch)
{
    golden_run *run = golden_open(golden_variants[_i]);
    fixture f;
    set_up(&f, run);
    for (size_t step = 0; step < run->n_steps; step++)
        replay_step(&f, run, step);
    real *expected = golden_read(run, f.net.tape.n_params);
    ck_assert_double_le(golden_distance(f.params, expected, f.net.tape.n_params), tolerance);
    ck_assert(run->clip > 0 ? f.n_clipped > 0 : f.n_clipped == 0);
    free(expected);
    tear_down(&f);
    golden_close(run);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("golden_net");
    tcase_add_loop_test(tc, a_run_agrees_with_pytorch, 0, GOLDEN_VARIANTS);
    return run_case("golden_net", tc);
}
