/* SPDX-License-Identifier: BSD-2-Clause */
/* Const functions on one model from many threads at once; separate models trained at once. */
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, N = 500, COLS = 5, MOST_COLS = 90, ROUNDS = 20 };

static const char columns[] = "nnn3n";

typedef struct task {
    pthread_t thread;
    size_t index, cols;
    const aep_model *model;
    const float *rows, *scores;
    bytes saved;
    int failed; /* the first thing that was wrong */
} task;

#define EXPECT(t, condition)                                                                                           \
    do {                                                                                                               \
        if (!(condition) && !(t)->failed)                                                                              \
            (t)->failed = __LINE__;                                                                                    \
    } while (0)

static void *read_model(void *argument)
{
    task *t = argument;
    const size_t cols = t->cols;
    float scores[N], out[50 * MOST_COLS], p[N];
    uint8_t labels[N];
    double value;
    for (size_t round = 0; round < ROUNDS; round++) {
        aep_workspace *ws = NULL;
        const size_t first = (t->index * 37 + round * 11) % 200;
        if (round % 2)
            EXPECT(t, !aep_workspace_new(&ws, t->model));
        EXPECT(t, !aep_score(scores, t->model, ws, t->rows + first * cols, N - first, cols));
        EXPECT(t, !memcmp(scores, t->scores + first, (N - first) * sizeof *scores));
        EXPECT(t, !aep_encode(out, t->model, ws, t->rows, 50, cols));
        EXPECT(t, !aep_reconstruct(out, t->model, ws, t->rows, 50, cols));
        EXPECT(t, !aep_errors(out, NULL, t->model, ws, t->rows, 50, cols));
        EXPECT(t, !aep_explain(out, t->model, ws, t->rows, 5, cols));
        EXPECT(t, !aep_predict(labels, t->model, scores, N - first));
        EXPECT(t, !aep_pvalue(p, t->model, scores, N - first));
        EXPECT(t, !aep_model_stat(&value, t->model, AEP_STAT_THRESHOLD));
        EXPECT(t, !aep_model_get(&value, t->model, AEP_OPT_SEED));
        aep_workspace_free(ws);

        aep_model *copy = NULL, *loaded = NULL;
        uint8_t *data = malloc(t->saved.size);
        EXPECT(t, !aep_model_save(data, t->saved.size, t->model));
        EXPECT(t, !memcmp(data, t->saved.data, t->saved.size));
        EXPECT(t, !aep_model_copy(&copy, t->model));
        EXPECT(t, !aep_model_load(&loaded, data, t->saved.size, NULL));
        EXPECT(t, !aep_fit_batch(copy, t->rows, 100, cols)); /* its own by now */
        EXPECT(t, !aep_score(scores, loaded, NULL, t->rows, N, cols));
        EXPECT(t, !memcmp(scores, t->scores, sizeof scores));
        free(data);
        aep_model_free(copy);
        aep_model_free(loaded);
    }
    return NULL;
}

static void run(task *tasks, void *(*function)(void *))
{
    for (size_t i = 0; i < THREADS; i++) {
        tasks[i].index = i;
        ck_assert_int_eq(pthread_create(&tasks[i].thread, NULL, function, &tasks[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(tasks[i].thread, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_msg(!tasks[i].failed, "thread %zu: line %d", i, tasks[i].failed);
}

/* Frees the rows. */
static void share(const aep_model *model, float *rows)
{
    task tasks[THREADS] = {0};
    float *scores = scores_of(model, rows, N);
    bytes before = save(model);
    for (size_t i = 0; i < THREADS; i++)
        tasks[i] =
            (task){.cols = aep_model_n_columns(model), .model = model, .rows = rows, .scores = scores, .saved = before};
    run(tasks, read_model);
    assert_unchanged(model, before);
    free(rows);
    free(scores);
}

START_TEST(const_functions_share_a_model)
{
    aep_model *model = ready_model(columns, NULL);
    share(model, new_rows(columns, N, 3));
    aep_model_free(model);
}
END_TEST

START_TEST(const_functions_share_a_model_of_images)
{
    for (size_t k = 0; k < N_PICTURES; k++) {
        aep_model *model = ready_picture_model(&pictures[k], SET({AEP_OPT_EPOCHS, 2}));
        share(model, new_pictures(&pictures[k], N, 3));
        aep_model_free(model);
    }
}
END_TEST

/* Thread i trains with seed i / 2, so that each model has a twin. */
static void *train_model(void *argument)
{
    task *t = argument;
    aep_options *options = NULL;
    aep_model *model = NULL;
    EXPECT(t, !aep_options_new(&options));
    EXPECT(t, !aep_options_set(options, AEP_OPT_SEED, (double)(t->index / 2)));
    EXPECT(t, !aep_options_set(options, AEP_OPT_EPOCHS, 20));
    EXPECT(t, !aep_options_set(options, AEP_OPT_VALIDATION, 0.2));
    EXPECT(t, !aep_model_new(&model, options, COLS));
    EXPECT(t, !aep_fit(model, t->rows, N, COLS, NULL, NULL));
    EXPECT(t, !aep_calibrate(model, t->rows, N, COLS));
    EXPECT(t, !aep_model_save_size(&t->saved.size, model));
    t->saved.data = malloc(t->saved.size);
    EXPECT(t, !aep_model_save(t->saved.data, t->saved.size, model));
    aep_options_free(options);
    aep_model_free(model);
    return NULL;
}

START_TEST(separate_models_train_at_once)
{
    task tasks[THREADS] = {0}, alone = {0};
    float *rows = new_rows(columns, N, 1);
    alone.rows = rows;
    train_model(&alone);
    ck_assert_int_eq(alone.failed, 0);
    for (size_t i = 0; i < THREADS; i++)
        tasks[i].rows = rows;
    run(tasks, train_model);
    ck_assert(same_bytes(tasks[0].saved, alone.saved));
    ck_assert(same_bytes(tasks[0].saved, tasks[1].saved));
    ck_assert(same_bytes(tasks[2].saved, tasks[3].saved));
    ck_assert(!same_bytes(tasks[0].saved, tasks[2].saved));
    for (size_t i = 0; i < THREADS; i++)
        free(tasks[i].saved.data);
    free(alone.saved.data);
    free(rows);
}
END_TEST

RUN_TESTS("threads", const_functions_share_a_model, const_functions_share_a_model_of_images,
          separate_models_train_at_once)
