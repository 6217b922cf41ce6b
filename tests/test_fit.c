/* SPDX-License-Identifier: BSD-2-Clause */
/* What aep_fit does in terms of aep_fit_batch. Linked with the inside of the library for its permutations. */
#include "rng.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { N = 61, COLS = 3, BATCH = 7, N_BATCHES = 9, SEED = 5 };

/* ceil(n / batch) batches of about equal size; each epoch of the model's life has a shuffle of its own. */
static void fit_by_steps(aep_model *model, const float *rows, uint64_t first_epoch, uint64_t epochs)
{
    uint32_t split[N], order[N];
    float batch[N * COLS];
    aep__rng_permute(split, N, SEED, AEP__STREAM_VALIDATION, 0);
    for (uint64_t epoch = first_epoch; epoch < first_epoch + epochs; epoch++) {
        aep__rng_permute(order, N, SEED, AEP__STREAM_SHUFFLE, epoch);
        for (size_t b = 0; b < N_BATCHES; b++) {
            const size_t begin = b * N / N_BATCHES, n = (b + 1) * N / N_BATCHES - begin;
            for (size_t i = 0; i < n; i++)
                memcpy(batch + i * COLS, rows + (size_t)split[order[begin + i]] * COLS, COLS * sizeof *batch);
            AEP_CHECK(aep_fit_batch(model, batch, n, COLS));
        }
    }
}

static void assert_same_weights(const aep_model *a, const aep_model *b)
{
    size_t n_a, n_b;
    float *of_a = weights_of(a, &n_a), *of_b = weights_of(b, &n_b);
    ck_assert_uint_eq(n_a, n_b);
    ck_assert_mem_eq(of_a, of_b, n_a * sizeof *of_a);
    free(of_a);
    free(of_b);
}

START_TEST(a_fit_is_the_steps_of_its_shuffled_batches)
{
    enum { EPOCHS = 3 };
    const setting *settings =
        SET({AEP_OPT_EPOCHS, EPOCHS}, {AEP_OPT_BATCH, BATCH}, {AEP_OPT_SEED, SEED},
            {AEP_OPT_SCHEDULE, AEP_SCHEDULE_CONSTANT}, {AEP_OPT_VALIDATION, 0}, {AEP_OPT_PATIENCE, 0});
    aep_model *fitted = new_model("nnn", settings), *stepped = new_model("nnn", settings);
    float *rows = new_rows("nnn", N, 3);
    AEP_CHECK(aep_fit_scaling(stepped, rows, N, COLS));
    for (uint64_t run = 0; run < 3; run++) { /* a later run goes on, with other shuffles */
        AEP_CHECK(aep_fit(fitted, rows, N, COLS, NULL, NULL));
        fit_by_steps(stepped, rows, run * EPOCHS, EPOCHS);
        assert_same_weights(fitted, stepped);
        ck_assert_double_eq(stat_of(fitted, AEP_STAT_STEPS), stat_of(stepped, AEP_STAT_STEPS));
    }
    free(rows);
    aep_model_free(fitted);
    aep_model_free(stepped);
}
END_TEST

RUN_TESTS("fit", a_fit_is_the_steps_of_its_shuffled_batches)
