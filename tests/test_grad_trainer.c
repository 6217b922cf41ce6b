/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches of many blocks and groups: the loss is that of the whole batch, its gradient agrees with central differences,
 * and neither depends on how many threads there are or on what the trainer has room for.
 */
#include "gradient.h"
#include "rng.h"
#include "trainer.h"
#include "runner.h"

#include <stdlib.h>
#include <string.h>

enum { FEATURES = 40, MOST_ROWS = 1100, SAMPLE = 25 };

typedef struct fixture {
    aep_allocator mem;
    aep__net net;
    aep__trainer trainer;
    aep__batch batch;
    aep__losses losses;
    real *params, *rows;
} fixture;

static void load(real *features, void *payload, size_t first, size_t n)
{
    const fixture *f = payload;
    memcpy(features, f->rows + first * FEATURES, n * FEATURES * sizeof *features);
}

static void set_up_net(fixture *f, size_t width, size_t rows, size_t room, size_t n_threads)
{
    const size_t encoder[] = {width, 5}, decoder[] = {width}, head[] = {7};
    const aep__net_config config = {.n_features = FEATURES,
                                    .encoder = encoder,
                                    .decoder = decoder,
                                    .head = head,
                                    .n_encoder = 2,
                                    .n_decoder = 1,
                                    .n_head = 1,
                                    .activation = AEP_TANH,
                                    .head_activation = AEP_TANH,
                                    .head_gradient = true};
    *f = (fixture){0};
    ck_assert_int_eq(aep__mem_init(&f->mem, NULL), AEP_OK);
    ck_assert_int_eq(aep__net_init(&f->net, &f->mem, &config), AEP_OK);
    ck_assert(aep__trainer_init(&f->trainer, &f->mem, &f->net, room, n_threads));
    const size_t n_params = f->net.tape.n_params;
    f->params = calloc(n_params, sizeof *f->params);
    f->rows = calloc(MOST_ROWS * FEATURES, sizeof *f->rows);
    aep__rng_normal(f->params, n_params, 1, AEP__STREAM_WEIGHTS, 0, 0);
    for (size_t i = 0; i < n_params; i++)
        f->params[i] *= 0.2;
    for (size_t i = 0; i < MOST_ROWS; i++)
        aep__rng_normal(f->rows + i * FEATURES, FEATURES, 2, AEP__STREAM_SHUFFLE, 0, (uint32_t)i);
    f->batch = (aep__batch){.rows = rows,
                            .load = load,
                            .payload = f,
                            .params = f->params,
                            .training = true,
                            .noise = {.kind = AEP_NOISE_GAUSSIAN, .level = 0.1, .seed = 5, .step = 6},
                            .lambda1 = 1e-3,
                            .lambda2 = 0.5,
                            .lambda3 = 0.7};
}

/* 40-60-5, about 5,700 parameters: from some 800 rows on there are two groups. */
static void set_up(fixture *f, size_t rows, size_t room, size_t n_threads) { set_up_net(f, 60, rows, room, n_threads); }

static void tear_down(fixture *f)
{
    free(f->params);
    free(f->rows);
    aep__trainer_free(&f->trainer, &f->mem);
    aep__net_free(&f->net, &f->mem);
}

static double joint_loss(void *payload)
{
    fixture *f = payload;
    f->losses = aep__trainer_run(&f->trainer, &f->net, &f->batch);
    return f->losses.total;
}

static const real *run(fixture *f, double *norm)
{
    joint_loss(f);
    return aep__trainer_gradient(&f->trainer, norm, &f->net);
}

static const size_t batches[] = {64, 65, 200, 1024, 1100};

START_TEST(the_gradient_of_many_blocks_agrees_with_central_differences)
{
    const size_t rows = batches[_i];
    fixture f;
    double norm, sum = 0;
    set_up(&f, rows, rows, 1);
    ck_assert_uint_eq(f.trainer.n_groups, rows < 1000 ? 1 : 2);
    const size_t n_params = f.net.tape.n_params;
    real *got = calloc(n_params, sizeof *got);
    memcpy(got, run(&f, &norm), n_params * sizeof *got);
    for (size_t i = 0; i < n_params; i++)
        sum += got[i] * got[i];
    ck_assert_double_eq_tol(norm, sqrt(sum), 1e-12 * norm);
    for (size_t i = 0; i < SAMPLE; i++) {
        const size_t at = i * (n_params - 1) / (SAMPLE - 1);
        assert_gradient(got + at, f.params + at, 1, joint_loss, &f, "parameter");
    }
    free(got);
    tear_down(&f);
}
END_TEST

/* 40-400-5: 36,900 parameters, which are worked on in three pieces; the head lies in the last. */
START_TEST(weights_of_the_autoencoder_decay_and_those_of_the_head_do_not)
{
    fixture f;
    double norm, sum = 0;
    set_up_net(&f, 400, 64, 64, 1);
    const size_t n_params = f.net.tape.n_params, n = f.net.n_autoencoder;
    ck_assert(n > 2 * 16384 && n < n_params && n_params < 3 * 16384);
    real *without = calloc(n_params, sizeof *without);
    f.batch.lambda1 = 0;
    memcpy(without, run(&f, &norm), n_params * sizeof *without);
    const double loss = f.losses.total;
    f.batch.lambda1 = 1e-3;
    const real *with = run(&f, &norm);
    for (size_t i = 0; i < n_params; i++) {
        ck_assert_double_eq_tol(with[i] - without[i], i < n ? 2e-3 * f.params[i] : 0, 1e-12);
        sum += with[i] * with[i];
    }
    ck_assert_double_eq_tol(norm, sqrt(sum), 1e-12 * norm);
    sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += f.params[i] * f.params[i];
    ck_assert_double_eq_tol(f.losses.total - loss, 1e-3 * sum, 1e-10);
    free(without);
    tear_down(&f);
}
END_TEST

/* The mean over the batch, and compactness about the mean of the whole batch, not of a block. */
START_TEST(the_losses_are_those_of_the_whole_batch)
{
    fixture f, part;
    double reconstruction = 0, prediction = 0;
    set_up(&f, 1100, 1100, 1);
    joint_loss(&f);
    for (size_t first = 0; first < 1100; first += 55) {
        set_up(&part, 55, 55, 1);
        memmove(part.rows, part.rows + first * FEATURES, 55 * FEATURES * sizeof *part.rows);
        part.batch.training = false;
        joint_loss(&part);
        reconstruction += part.losses.reconstruction / 20;
        prediction += part.losses.prediction / 20;
        tear_down(&part);
    }
    f.batch.training = false;
    joint_loss(&f);
    ck_assert_double_eq_tol(f.losses.reconstruction, reconstruction, 1e-12);
    ck_assert_double_eq_tol(f.losses.prediction, prediction, 1e-12);
    ck_assert_double_eq(f.losses.decay, 0); /* which belongs to training */
    for (size_t i = 0; i < 1100; i++)       /* every row the same: nothing is left of compactness */
        memcpy(f.rows + i * FEATURES, f.rows, FEATURES * sizeof *f.rows);
    const double spread = f.losses.compactness;
    joint_loss(&f);
    ck_assert_double_gt(spread, 1e-3);
    ck_assert_double_lt(f.losses.compactness, 1e-20);
    tear_down(&f);
}
END_TEST

START_TEST(neither_threads_nor_room_change_a_bit)
{
    const size_t rows = batches[_i];
    for (size_t n_threads = 1; n_threads <= 5; n_threads++)
        for (size_t room = rows; room <= MOST_ROWS; room += MOST_ROWS - rows + 1) {
            fixture one, f;
            double norm_one, norm;
            set_up(&one, rows, rows, 1);
            set_up(&f, rows, room, n_threads);
            for (int repeat = 0; repeat < 3; repeat++) {
                const real *expected = run(&one, &norm_one), *got = run(&f, &norm);
                ck_assert_mem_eq(got, expected, f.net.tape.n_params * sizeof *got);
                ck_assert(norm == norm_one && !memcmp(&f.losses, &one.losses, sizeof f.losses));
            }
            tear_down(&one);
            tear_down(&f);
        }
}
END_TEST

START_TEST(what_a_reconstruction_keeps_of_the_variance)
{
    fixture f;
    set_up(&f, 300, 300, 1);
    f.batch.training = false;
    const double share = aep__trainer_kept_variance(&f.trainer, &f.net, &f.batch);
    ck_assert(share > 0 && share < 10);
    for (size_t i = 0; i < 300 * FEATURES; i++) /* however small it is */
        f.rows[i] *= 1e-8;
    ck_assert_double_ne(aep__trainer_kept_variance(&f.trainer, &f.net, &f.batch), 1);
    memset(f.params, 0, f.net.tape.n_params * sizeof *f.params); /* the mean row, whatever the row */
    ck_assert_double_lt(aep__trainer_kept_variance(&f.trainer, &f.net, &f.batch), 1e-12);
    for (size_t i = 1; i < 300; i++)
        memcpy(f.rows + i * FEATURES, f.rows, FEATURES * sizeof *f.rows);
    ck_assert_double_eq(aep__trainer_kept_variance(&f.trainer, &f.net, &f.batch), 1);
    tear_down(&f);
}
END_TEST

int main(void)
{
    enum { BATCHES = sizeof batches / sizeof *batches };
    TCase *tc = tcase_create("grad_trainer");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, the_gradient_of_many_blocks_agrees_with_central_differences, 0, BATCHES);
    tcase_add_test(tc, weights_of_the_autoencoder_decay_and_those_of_the_head_do_not);
    tcase_add_test(tc, the_losses_are_those_of_the_whole_batch);
    tcase_add_loop_test(tc, neither_threads_nor_room_change_a_bit, 0, BATCHES);
    tcase_add_test(tc, what_a_reconstruction_keeps_of_the_variance);
    return run_case("grad_trainer", tc);
}
