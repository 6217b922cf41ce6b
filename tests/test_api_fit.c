/* SPDX-License-Identifier: BSD-2-Clause */
/* aep_fit: its course, early stop, cancelling, checkpoints. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 203, COLS = 4 };

static const char columns[] = "nnn3";

static float *rows;

static void make_rows(void)
{
    free(rows);
    rows = new_rows(columns, N, 1);
}

/* ---------------------------------------------------------------------------------------------------- course */

typedef struct course {
    size_t epoch, batch; /* of the last call */
    size_t epochs, batches, calls;
} course;

static int follow(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *payload)
{
    course *c = payload;
    if (c->calls) {
        ck_assert_uint_eq(epochs, c->epochs);
        ck_assert_uint_eq(batches, c->batches);
        ck_assert_uint_eq(batch, c->batch == batches ? 1 : c->batch + 1);
        ck_assert_uint_eq(epoch, c->epoch + (batch == 1));
    } else {
        ck_assert(epoch == 1 && batch == 1);
    }
    *c = (course){epoch, batch, epochs, batches, c->calls + 1};
    ck_assert_double_eq(stat_of(model, AEP_STAT_STEPS), (double)c->calls);
    ck_assert_double_eq(stat_of(model, AEP_STAT_EPOCHS), (double)(batch == batches ? epoch : epoch - 1));
    return 0;
}

START_TEST(epochs_and_batches_come_in_order)
{
    static const struct {
        size_t n_rows, batch, batches;
    } cases[] = {{N, 64, 4}, {N, 203, 1}, {N, 1000000, 1}, {5, 4, 2},   {2, 2, 1},
                 {3, 2, 1},  {4, 3, 2},   {9, 2, 4},       {129, 64, 3}};
    make_rows();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        course c = {0};
        aep_model *model = new_model(columns, SET({AEP_OPT_EPOCHS, 3}, {AEP_OPT_BATCH, (double)cases[i].batch}));
        AEP_CHECK(aep_fit(model, rows, cases[i].n_rows, COLS, follow, &c));
        ck_assert_uint_eq(c.epochs, 3);
        ck_assert_uint_eq(c.epoch, 3);
        ck_assert_uint_eq(c.batches, cases[i].batches);
        ck_assert_uint_eq(c.calls, 3 * cases[i].batches);
        aep_model_free(model);
    }
}
END_TEST

START_TEST(fit_learns_the_scaling_if_nothing_has)
{
    make_rows();
    aep_model *by_itself = new_model(columns, NULL), *before = new_model(columns, NULL);
    AEP_CHECK(aep_fit(by_itself, rows, N, COLS, NULL, NULL));
    AEP_CHECK(aep_fit_scaling(before, rows, N, COLS));
    AEP_CHECK(aep_fit(before, rows, N, COLS, NULL, NULL));
    assert_unchanged(by_itself, save(before));
    ck_assert_double_eq(stat_of(by_itself, AEP_STAT_SCALING_ROWS), N);
    AEP_CHECK_STATUS(aep_fit_scaling(by_itself, rows, N, COLS), AEP_E_STATE);
    aep_model_free(by_itself);
    aep_model_free(before);

    aep_model *other = new_model(columns, NULL);
    AEP_CHECK(aep_fit_scaling(other, rows, 50, COLS));
    AEP_CHECK(aep_fit(other, rows, N, COLS, NULL, NULL));
    ck_assert_double_eq(stat_of(other, AEP_STAT_SCALING_ROWS), 50);
    aep_model_free(other);
}
END_TEST

START_TEST(the_same_rows_and_seed_give_the_same_model)
{
    make_rows();
    static const setting variants[][4] = {
        {{AEP_OPT_SEED, 5}},
        {{AEP_OPT_VALIDATION, 0.3}, {AEP_OPT_PATIENCE, 2}, {AEP_OPT_NOISE, AEP_NOISE_MASKING}},
        {{AEP_OPT_ERROR, AEP_ERROR_VECTOR}, {AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_ACTIVATION, AEP_GELU}}};
    for (size_t i = 0; i < COUNT_OF(variants); i++) {
        aep_model *a = new_model(columns, variants[i]), *b = new_model(columns, variants[i]);
        AEP_CHECK(aep_fit(a, rows, N, COLS, NULL, NULL));
        AEP_CHECK(aep_fit(b, rows, N, COLS, NULL, NULL));
        assert_unchanged(a, save(b));
        aep_model_free(a);
        aep_model_free(b);
    }
}
END_TEST

START_TEST(the_seed_decides_the_course)
{
    make_rows();
    aep_model *a = fitted_model(columns, SET({AEP_OPT_SEED, 1})), *b = fitted_model(columns, SET({AEP_OPT_SEED, 2}));
    float *scores_a = scores_of(a, rows, N), *scores_b = scores_of(b, rows, N);
    ck_assert_mem_ne(scores_a, scores_b, N * sizeof *scores_a);
    free(scores_a);
    free(scores_b);
    aep_model_free(a);
    aep_model_free(b);
}
END_TEST

START_TEST(a_validation_share_must_leave_two_rows)
{
    make_rows();
    messages log = {0};
    aep_model *model = new_model(columns, SET({AEP_OPT_VALIDATION, 0.9}));
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    bytes before = save(model);
    AEP_CHECK_STATUS(aep_fit(model, rows, 10, COLS, NULL, NULL), AEP_E_ROWS);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], 1);
    assert_unchanged(model, before);
    AEP_CHECK(aep_fit(model, rows, 20, COLS, NULL, NULL));
    aep_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ early stop */

typedef struct epochs {
    float *scores[200]; /* after each epoch */
    double loss[200];
    size_t n, stop_after;
} epochs;

static int keep_epochs(const aep_model *model, size_t epoch, size_t n_epochs, size_t batch, size_t batches,
                       void *payload)
{
    epochs *e = payload;
    (void)n_epochs;
    if (batch < batches)
        return 0;
    ck_assert_uint_eq(epoch, e->n + 1);
    e->loss[e->n] = stat_of(model, AEP_STAT_LOSS_VALIDATION);
    e->scores[e->n++] = scores_of(model, rows, N);
    return e->n == e->stop_after;
}

static size_t best_of(const epochs *e)
{
    size_t best = 0;
    for (size_t i = 1; i < e->n; i++)
        if (e->loss[i] < e->loss[best])
            best = i;
    return best;
}

static void free_epochs(epochs *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->scores[i]);
}

/* a rate so high that the validation loss goes up and down */
static const setting restless[] = {{AEP_OPT_VALIDATION, 0.25},   {AEP_OPT_EPOCHS, 200},
                                   {AEP_OPT_LEARNING_RATE, 0.1}, {AEP_OPT_SCHEDULE, AEP_SCHEDULE_CONSTANT},
                                   {AEP_OPT_PATIENCE, 4},        {0, 0}};

START_TEST(an_early_stop_keeps_the_best_weights)
{
    make_rows();
    epochs e = {0};
    aep_model *model = new_model(columns, restless);
    AEP_CHECK(aep_fit(model, rows, N, COLS, keep_epochs, &e));
    const size_t best = best_of(&e);
    ck_assert_uint_lt(e.n, 200);
    ck_assert_uint_eq(e.n, best + 1 + 4);
    ck_assert_double_eq(stat_of(model, AEP_STAT_BEST_EPOCH), (double)best + 1);
    float *scores = scores_of(model, rows, N);
    ck_assert_mem_eq(scores, e.scores[best], N * sizeof *scores);
    ck_assert_mem_ne(scores, e.scores[e.n - 1], N * sizeof *scores);
    free(scores);
    free_epochs(&e);
    aep_model_free(model);
}
END_TEST

START_TEST(without_patience_the_best_weights_are_kept_all_the_same)
{
    make_rows();
    epochs e = {0};
    aep_model *model = new_model(columns, restless);
    AEP_CHECK(aep_model_set(model, AEP_OPT_PATIENCE, 0));
    AEP_CHECK(aep_model_set(model, AEP_OPT_EPOCHS, 30));
    AEP_CHECK(aep_fit(model, rows, N, COLS, keep_epochs, &e));
    ck_assert_uint_eq(e.n, 30);
    float *scores = scores_of(model, rows, N);
    ck_assert_mem_eq(scores, e.scores[best_of(&e)], N * sizeof *scores);
    free(scores);
    free_epochs(&e);
    aep_model_free(model);
}
END_TEST

START_TEST(cancelling_keeps_the_best_weights_so_far)
{
    make_rows();
    for (size_t stop = 1; stop <= 12; stop++) {
        epochs e = {.stop_after = stop};
        aep_model *model = new_model(columns, restless);
        AEP_CHECK(aep_model_set(model, AEP_OPT_PATIENCE, 0));
        AEP_CHECK_STATUS(aep_fit(model, rows, N, COLS, keep_epochs, &e), AEP_E_CANCELLED);
        ck_assert_uint_eq(e.n, stop);
        float *scores = scores_of(model, rows, N);
        ck_assert_mem_eq(scores, e.scores[best_of(&e)], N * sizeof *scores);
        AEP_CHECK(aep_calibrate(model, rows, N, COLS));
        free(scores);
        free_epochs(&e);
        aep_model_free(model);
    }
}
END_TEST

static int stop_at_step(const aep_model *model, size_t epoch, size_t n_epochs, size_t batch, size_t batches,
                        void *payload)
{
    (void)epoch, (void)n_epochs, (void)batch, (void)batches;
    return stat_of(model, AEP_STAT_STEPS) >= *(const double *)payload ? 42 : 0;
}

START_TEST(a_fit_cancelled_at_once_has_no_best_epoch)
{
    make_rows();
    double best, at = 0;
    aep_model *model = new_model(columns, SET({AEP_OPT_VALIDATION, 0.25}));
    AEP_CHECK(aep_fit(model, rows, N, COLS, NULL, NULL));
    ck_assert_double_ge(stat_of(model, AEP_STAT_BEST_EPOCH), 1);
    AEP_CHECK_STATUS(aep_fit(model, rows, N, COLS, stop_at_step, &at), AEP_E_CANCELLED);
    AEP_CHECK_STATUS(aep_model_stat(&best, model, AEP_STAT_BEST_EPOCH), AEP_E_STATE);
    aep_model_free(model);
}
END_TEST

START_TEST(a_cancelled_model_can_be_fitted_again)
{
    make_rows();
    const double at = 6; /* within the second epoch of four batches */
    aep_model *model = new_model(columns, NULL);
    AEP_CHECK_STATUS(aep_fit(model, rows, N, COLS, stop_at_step, (void *)&at), AEP_E_CANCELLED);
    ck_assert_double_eq(stat_of(model, AEP_STAT_STEPS), 6);
    float *scores = scores_of(model, rows, N);
    free(scores);
    AEP_CHECK(aep_fit(model, rows, 150, COLS, NULL, NULL)); /* any number of rows: the run is over */
    ck_assert_double_eq(stat_of(model, AEP_STAT_STEPS), 6 + 10 * 3);
    aep_model_free(model);
}
END_TEST

START_TEST(patience_without_validation_is_pointed_out)
{
    make_rows();
    messages log = {0};
    aep_model *model = new_model(columns, SET({AEP_OPT_PATIENCE, 3}));
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    AEP_CHECK(aep_fit(model, rows, N, COLS, NULL, NULL));
    ck_assert_double_eq(stat_of(model, AEP_STAT_EPOCHS), 10);
    ck_assert_uint_eq(log.n[AEP_LOG_WARNING], 1);
    aep_model_free(model);
}
END_TEST

/* ----------------------------------------------------------------------------------------------- checkpoints */

typedef struct checkpoints {
    bytes saved[64];
    aep_model *copies[64];
    size_t n;
} checkpoints;

static int save_each(const aep_model *model, size_t epoch, size_t n_epochs, size_t batch, size_t batches, void *payload)
{
    checkpoints *c = payload;
    (void)epoch, (void)n_epochs, (void)batch, (void)batches;
    AEP_CHECK(aep_model_copy(&c->copies[c->n], model));
    c->saved[c->n++] = save(model);
    return 0;
}

START_TEST(a_checkpoint_goes_on_to_the_same_model)
{
    static const setting variants[][6] = {
        {{AEP_OPT_EPOCHS, 4}},
        {{AEP_OPT_EPOCHS, 6}, {AEP_OPT_VALIDATION, 0.2}},
        {{AEP_OPT_EPOCHS, 9}, {AEP_OPT_VALIDATION, 0.25}, {AEP_OPT_PATIENCE, 2}, {AEP_OPT_LEARNING_RATE, 0.1}},
        {{AEP_OPT_EPOCHS, 3},
         {AEP_OPT_NOISE, AEP_NOISE_MASKING},
         {AEP_OPT_ERROR, AEP_ERROR_VECTOR},
         {AEP_OPT_SEED, 9}}};
    make_rows();
    for (size_t v = 0; v < COUNT_OF(variants); v++) {
        checkpoints c = {0};
        aep_model *model = new_model(columns, variants[v]);
        AEP_CHECK(aep_fit(model, rows, N, COLS, save_each, &c));
        ck_assert_uint_ge(c.n, 6);
        bytes expected = save(model);
        for (size_t i = 0; i < c.n; i++) {
            aep_model *loaded = load(c.saved[i]);
            AEP_CHECK(aep_fit(loaded, rows, N, COLS, NULL, NULL));
            ck_assert_msg(saves_as(loaded, expected), "variant %zu: another model after the checkpoint of step %zu", v,
                          i + 1);
            AEP_CHECK(aep_fit(c.copies[i], rows, N, COLS, NULL, NULL));
            ck_assert_msg(saves_as(c.copies[i], expected), "variant %zu: another model from the copy of step %zu", v,
                          i + 1);
            aep_model_free(loaded);
            aep_model_free(c.copies[i]);
            free(c.saved[i].data);
        }
        free(expected.data);
        aep_model_free(model);
    }
}
END_TEST

/* As when the run began: its share of validation, its epochs, its batches. */
START_TEST(a_checkpoint_keeps_to_its_run_whatever_is_set)
{
    static const setting settings[] = {{AEP_OPT_EPOCHS, 4}, {AEP_OPT_VALIDATION, 0.2}, {AEP_OPT_BATCH, 64}, {0, 0}};
    static const setting changes[] = {{AEP_OPT_EPOCHS, 9}, {AEP_OPT_VALIDATION, 0.5}, {AEP_OPT_BATCH, 17}};
    make_rows();
    checkpoints c = {0};
    aep_model *model = new_model(columns, settings);
    AEP_CHECK(aep_fit(model, rows, N, COLS, save_each, &c));
    bytes expected = save(model);
    aep_model_free(model);
    for (size_t i = 0; i < c.n; i++) {
        model = load(c.saved[i]);
        for (size_t k = 0; k < COUNT_OF(changes); k++)
            AEP_CHECK(aep_model_set(model, changes[k].key, changes[k].value));
        AEP_CHECK(aep_fit(model, rows, N, COLS, NULL, NULL));
        for (const setting *s = settings; s->key; s++) /* the options are saved too */
            AEP_CHECK(aep_model_set(model, s->key, s->value));
        ck_assert_msg(saves_as(model, expected), "another model after the checkpoint of step %zu", i + 1);
        aep_model_free(model);
        aep_model_free(c.copies[i]);
        free(c.saved[i].data);
    }
    free(expected.data);
}
END_TEST

START_TEST(a_checkpoint_wants_the_same_number_of_rows)
{
    make_rows();
    messages log = {0};
    checkpoints c = {0};
    aep_model *model = new_model(columns, SET({AEP_OPT_EPOCHS, 2}, {AEP_OPT_VALIDATION, 0.2}));
    AEP_CHECK(aep_fit(model, rows, N, COLS, save_each, &c));
    aep_model_free(model);
    for (size_t i = 0; i < c.n; i++) {
        model = load(c.saved[i]);
        AEP_CHECK(aep_model_set_log(model, record_message, &log));
        AEP_CHECK_STATUS(aep_fit(model, rows, N - 1, COLS, NULL, NULL), AEP_E_STATE);
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], i + 1);
        ck_assert(saves_as(model, c.saved[i]));
        AEP_CHECK(aep_fit_batch(model, rows, 30, COLS)); /* ends the run */
        AEP_CHECK(aep_fit(model, rows, N - 1, COLS, NULL, NULL));
        aep_model_free(model);
        aep_model_free(c.copies[i]);
        free(c.saved[i].data);
    }
}
END_TEST

START_TEST(two_fits_are_two_fits_with_a_load_between)
{
    static const setting variants[][3] = {{{AEP_OPT_EPOCHS, 10}}, {{AEP_OPT_EPOCHS, 5}, {AEP_OPT_VALIDATION, 0.2}}};
    make_rows();
    for (size_t v = 0; v < COUNT_OF(variants); v++) {
        aep_model *straight = new_model(columns, variants[v]);
        AEP_CHECK(aep_fit(straight, rows, N, COLS, NULL, NULL));
        bytes b = save(straight);
        aep_model *broken = load(b);
        AEP_CHECK(aep_fit(straight, rows, N, COLS, NULL, NULL));
        AEP_CHECK(aep_fit(broken, rows, N, COLS, NULL, NULL));
        ck_assert(!saves_as(straight, b));
        assert_unchanged(broken, save(straight));
        ck_assert_double_eq(stat_of(broken, AEP_STAT_EPOCHS), 2 * variants[v][0].value);
        free(b.data);
        aep_model_free(straight);
        aep_model_free(broken);
    }
}
END_TEST

/* Fits the model and what it saves to; frees it. */
static void assert_fits_the_same_after_a_load(aep_model *model, const float *data, size_t n)
{
    bytes b = save(model);
    aep_model *loaded = load(b);
    free(b.data);
    AEP_CHECK(aep_fit(model, data, n, COLS, NULL, NULL));
    AEP_CHECK(aep_fit(loaded, data, n, COLS, NULL, NULL));
    assert_unchanged(loaded, save(model));
    aep_model_free(loaded);
    aep_model_free(model);
}

START_TEST(validation_does_not_depend_on_the_batches_before)
{
    enum { MANY = 1000 }; /* more than there are rows held back, which are more than a batch */
    make_rows();
    float *many = new_rows(columns, MANY, 2);
    aep_model *model =
        new_model(columns, SET({AEP_OPT_VALIDATION, 0.4}, {AEP_OPT_BATCH, 64}, {AEP_OPT_COMPACTNESS, 1}));
    AEP_CHECK(aep_fit_scaling(model, many, MANY, COLS));
    AEP_CHECK(aep_fit_batch(model, many, MANY, COLS));
    assert_fits_the_same_after_a_load(model, rows, N);
    free(many);
}
END_TEST

START_TEST(a_fit_without_scaling_imputes_the_same_after_a_load)
{
    make_rows();
    for (size_t i = 0; i < N; i += 3)
        rows[i * COLS + i % 2] = NAN;
    assert_fits_the_same_after_a_load(
        new_model(columns, SET({AEP_OPT_SCALING, AEP_SCALING_NONE}, {AEP_OPT_MISSING, AEP_MISSING_IMPUTE})), rows, N);
}
END_TEST

/* Adam's first update is the learning rate by the sign of the gradient; with moments of 0 that passed for old ones it
   would be three times as much. */
START_TEST(without_its_training_state_adam_begins_afresh)
{
    const double rate = 1e-3;
    size_t n;
    make_rows();
    aep_model *model = fitted_model(
        columns, SET({AEP_OPT_SAVE_TRAINING, 0}, {AEP_OPT_LEARNING_RATE, rate}, {AEP_OPT_VALIDATION, 0.2}));
    bytes b = save(model);
    aep_model *loaded = load(b);
    float *before = weights_of(loaded, &n);
    AEP_CHECK(aep_fit_batch(loaded, rows, N, COLS));
    float *after = weights_of(loaded, &n);
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)after[i] - (double)before[i]));
    ck_assert_double_eq_tol(largest, rate, 0.01 * rate);

    AEP_CHECK(aep_model_set(loaded, AEP_OPT_SAVE_TRAINING, 1)); /* the age of the moments, which is not the steps' */
    assert_fits_the_same_after_a_load(loaded, rows, N);
    free(before);
    free(after);
    free(b.data);
    aep_model_free(model);
}
END_TEST

START_TEST(without_its_training_state_a_file_is_smaller_and_scores_the_same)
{
    make_rows();
    aep_model *model = fitted_model(columns, NULL);
    bytes with = save(model);
    AEP_CHECK(aep_model_set(model, AEP_OPT_SAVE_TRAINING, 0));
    bytes without = save(model);
    ck_assert_uint_lt(without.size, with.size - 7 * (size_t)stat_of(model, AEP_STAT_PARAMETERS));
    aep_model *loaded = load(without);
    float *scores = scores_of(model, rows, N), *others = scores_of(loaded, rows, N);
    ck_assert_mem_eq(scores, others, N * sizeof *scores);
    AEP_CHECK(aep_fit(loaded, rows, N, COLS, NULL, NULL));
    free(scores);
    free(others);
    free(with.data);
    free(without.data);
    aep_model_free(model);
    aep_model_free(loaded);
}
END_TEST

RUN_TESTS("fit", epochs_and_batches_come_in_order, fit_learns_the_scaling_if_nothing_has,
          the_same_rows_and_seed_give_the_same_model, the_seed_decides_the_course,
          a_validation_share_must_leave_two_rows, an_early_stop_keeps_the_best_weights,
          without_patience_the_best_weights_are_kept_all_the_same, cancelling_keeps_the_best_weights_so_far,
          a_fit_cancelled_at_once_has_no_best_epoch, a_cancelled_model_can_be_fitted_again,
          patience_without_validation_is_pointed_out, a_checkpoint_goes_on_to_the_same_model,
          a_checkpoint_keeps_to_its_run_whatever_is_set, a_checkpoint_wants_the_same_number_of_rows,
          two_fits_are_two_fits_with_a_load_between, validation_does_not_depend_on_the_batches_before,
          a_fit_without_scaling_imputes_the_same_after_a_load, without_its_training_state_adam_begins_afresh,
          without_its_training_state_a_file_is_smaller_and_scores_the_same)
