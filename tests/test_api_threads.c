/* SPDX-License-Identifier: BSD-2-Clause */
/* Const functions on one model from many threads at once; separate models trained at once; both together. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* --------------------------------------------------------------------------------- scorers beside trainers */

/* A million scores in all; a tenth of them where each access is watched. */
#ifdef AEP_SANITIZED
enum { ALL_SCORES = 100 * 1000 };
#else
enum { ALL_SCORES = 1000 * 1000 };
#endif
enum { SCORERS = 4, TRAINERS = 2, POOL = 5000 };

/* What scorers and trainers share. Scorers wait until all trainers are at it; trainers go on until all scorers are
   done. */
typedef struct meeting {
    const aep_model *model;
    const aep_options *options;
    const float *rows, *alone; /* POOL of them, and the score of each in a call of its own */
    size_t cols;
    bytes trained; /* what a trainer gets alone */
    atomic_size_t at_work, left, compared, fits;
} meeting;

typedef struct guest {
    pthread_t thread;
    size_t index;
    meeting *at;
    int failed;
} guest;

/* One row a call, some, and many, at places that differ from thread to thread; with a workspace and without. */
static void *score_many(void *argument)
{
    static const size_t sizes[] = {1, 7, 64, 1, 333, 1000};
    guest *t = argument;
    meeting *m = t->at;
    aep_workspace *ws = NULL;
    float scores[1000];
    EXPECT(t, !aep_workspace_new(&ws, m->model));
    while (m->at_work < TRAINERS)
        sched_yield();
    for (size_t done = 0, call = 0; done < ALL_SCORES / SCORERS && !t->failed; call++) {
        const size_t n = sizes[(call + t->index) % COUNT_OF(sizes)];
        const size_t first = (t->index * 1237 + done) % (POOL - n + 1);
        EXPECT(t, !aep_score(scores, m->model, call % 16 ? ws : NULL, m->rows + first * m->cols, n, m->cols));
        EXPECT(t, !memcmp(scores, m->alone + first, n * sizeof *scores));
        done += n;
        m->compared += n;
    }
    aep_workspace_free(ws);
    m->left--;
    return NULL;
}

static bytes train_once(guest *t, const meeting *m)
{
    aep_model *model = NULL;
    bytes saved = {0};
    EXPECT(t, !aep_model_new(&model, m->options, m->cols));
    EXPECT(t, !aep_model_set_threads(model, 2));
    EXPECT(t, !aep_fit(model, m->rows, N, m->cols, NULL, NULL));
    EXPECT(t, !aep_calibrate(model, m->rows + N * m->cols, N, m->cols));
    EXPECT(t, !aep_model_save_size(&saved.size, model));
    saved.data = malloc(saved.size);
    EXPECT(t, !aep_model_save(saved.data, saved.size, model));
    aep_model_free(model);
    return saved;
}

/* The same model again and again, from the options that all trainers share, on rows that the scorers read. */
static void *train_until_all_scored(void *argument)
{
    guest *t = argument;
    meeting *m = t->at;
    m->at_work++;
    do {
        bytes saved = train_once(t, m);
        EXPECT(t, same_bytes(saved, m->trained));
        free(saved.data);
        m->fits++;
    } while (m->left && !t->failed);
    return NULL;
}

/* Frees the rows. */
static void meet(const aep_model *model, const aep_options *options, float *rows)
{
    guest guests[SCORERS + TRAINERS] = {0}, first = {0};
    const size_t cols = aep_model_n_columns(model);
    float *alone = malloc(POOL * sizeof *alone);
    meeting m = {.model = model, .options = options, .rows = rows, .alone = alone, .cols = cols, .left = SCORERS};
    for (size_t i = 0; i < POOL; i++)
        AEP_CHECK(aep_score(&alone[i], model, NULL, rows + i * cols, 1, cols));
    m.trained = train_once(&first, &m);
    ck_assert_int_eq(first.failed, 0);
    for (size_t i = 0; i < COUNT_OF(guests); i++) {
        guests[i].index = i;
        guests[i].at = &m;
        ck_assert_int_eq(
            pthread_create(&guests[i].thread, NULL, i < SCORERS ? score_many : train_until_all_scored, &guests[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(guests); i++)
        ck_assert_int_eq(pthread_join(guests[i].thread, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(guests); i++)
        ck_assert_msg(!guests[i].failed, "thread %zu: line %d", i, guests[i].failed);
    ck_assert_uint_ge(m.compared, ALL_SCORES);
    printf("%zu scores by %d threads beside %d that trained %zu models: the same bits as alone\n", m.compared, SCORERS,
           TRAINERS, m.fits);
    free(m.trained.data);
    free(alone);
    free(rows);
}

START_TEST(a_million_scores_beside_trainers_are_those_made_alone)
{
    const setting settings[] = {{AEP_OPT_EPOCHS, 3}, {AEP_OPT_BATCH, 200}, {AEP_OPT_VALIDATION, 0.2}, {0, 0}};
    aep_model *model = ready_model(columns, NULL);
    aep_options *options = new_options(columns, settings, NULL);
    meet(model, options, new_rows(columns, POOL, 3));
    aep_options_free(options);
    aep_model_free(model);

    const picture *p = &pictures[SIGNAL];
    model = ready_picture_model(p, NULL);
    options = picture_options(p, settings, NULL);
    meet(model, options, new_pictures(p, POOL, 3));
    aep_options_free(options);
    aep_model_free(model);
}
END_TEST

/* ---------------------------------------------------------------------------------------------- shared options */

enum { MODELS_EACH = 50 };

typedef struct maker {
    pthread_t thread;
    const aep_options *options;
    size_t cols;
    bytes expected;
    int failed;
} maker;

/* Models, and all that can be read of the options. */
static void *make_models(void *argument)
{
    maker *t = argument;
    double value;
    for (int i = 0; i < MODELS_EACH; i++) {
        aep_model *model = NULL;
        EXPECT(t, !aep_model_new(&model, t->options, t->cols));
        EXPECT(t, model && saves_as(model, t->expected));
        for (size_t k = 0; k < aep_option_count(); k++)
            EXPECT(t, !aep_options_get(&value, t->options, aep_option_at(k)));
        aep_model_free(model);
    }
    return NULL;
}

/* Frees the options. */
static void share_options(aep_options *options, size_t cols)
{
    maker makers[2 * THREADS] = {0};
    aep_model *model;
    AEP_CHECK(aep_model_new(&model, options, cols));
    bytes expected = save(model);
    aep_model_free(model);
    for (size_t i = 0; i < COUNT_OF(makers); i++) {
        makers[i].options = options;
        makers[i].cols = cols;
        makers[i].expected = expected;
        ck_assert_int_eq(pthread_create(&makers[i].thread, NULL, make_models, &makers[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(makers); i++)
        ck_assert_int_eq(pthread_join(makers[i].thread, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(makers); i++)
        ck_assert_msg(!makers[i].failed, "thread %zu: line %d", i, makers[i].failed);
    AEP_CHECK(aep_model_new(&model, options, cols)); /* the options are as they were */
    aep_options_free(options);
    assert_unchanged(model, expected);
    aep_model_free(model);
}

START_TEST(options_are_shared_by_threads_that_make_models)
{
    share_options(new_options(columns, NULL, NULL), COLS);
    for (size_t k = 0; k < N_PICTURES; k++)
        share_options(picture_options(&pictures[k], NULL, NULL), picture_size(&pictures[k]));
}
END_TEST

/* ------------------------------------------------------------------------------------- threads of the library */

/* Everything that a model and its scores are, after training by `threads`. */
typedef struct outcome {
    bytes saved, stepped;
    float *scores, *codes, *rebuilt, *errors;
} outcome;

enum { MANY = 6000, BATCH = 1500 };

static const char wide[] = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn5n3";

/* Layers wide enough that a batch is worth more than one thread. */
static outcome outcome_of(size_t threads, bool vector)
{
    static const size_t encoder[] = {64, 16}, head[] = {32};
    outcome o;
    const size_t cols = strlen(wide);
    aep_options *options = new_options(
        wide, SET({AEP_OPT_EPOCHS, 2}, {AEP_OPT_BATCH, BATCH}, {AEP_OPT_VALIDATION, 0.3}, {AEP_OPT_ERROR, vector}),
        NULL);
    aep_model *model;
    aep_workspace *ws;
    float *rows = new_rows(wide, MANY, 4);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 2));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, head, 1));
    AEP_CHECK(aep_model_new(&model, options, cols));
    AEP_CHECK(aep_model_set_threads(model, threads));
    ck_assert_uint_eq(aep_model_threads(model), threads);
    AEP_CHECK(aep_fit(model, rows, MANY, cols, NULL, NULL));
    AEP_CHECK(aep_calibrate(model, rows, MANY, cols));
    o.saved = save(model);
    AEP_CHECK(aep_workspace_new(&ws, model));
    o.scores = calloc(MANY, sizeof *o.scores);
    o.codes = calloc(MANY * 16, sizeof *o.codes);
    o.rebuilt = calloc(MANY * cols, sizeof *o.rebuilt);
    o.errors = calloc(MANY * aep_model_error_size(model), sizeof *o.errors);
    AEP_CHECK(aep_score(o.scores, model, ws, rows, MANY, cols));
    AEP_CHECK(aep_encode(o.codes, model, ws, rows, MANY, cols));
    AEP_CHECK(aep_reconstruct(o.rebuilt, model, NULL, rows, MANY, cols));
    AEP_CHECK(aep_errors(NULL, o.errors, model, ws, rows, MANY, cols));
    for (int i = 0; i < 3; i++)
        AEP_CHECK(aep_fit_batch(model, rows, BATCH, cols));
    o.stepped = save(model);
    aep_workspace_free(ws);
    aep_model_free(model);
    aep_options_free(options);
    free(rows);
    return o;
}

static void free_outcome(outcome *o)
{
    free(o->saved.data), free(o->stepped.data);
    free(o->scores), free(o->codes), free(o->rebuilt), free(o->errors);
}

static void compare_threads(bool vector)
{
    const size_t cols = strlen(wide), width = vector ? cols - 2 + 8 : 1; /* two columns of 5 + 3 levels */
    outcome one = outcome_of(1, vector);
    for (size_t threads = 2; threads <= 5; threads++) {
        outcome more = outcome_of(threads, vector);
        ck_assert(same_bytes(more.saved, one.saved));
        ck_assert(same_bytes(more.stepped, one.stepped));
        ck_assert_mem_eq(more.scores, one.scores, MANY * sizeof *one.scores);
        ck_assert_mem_eq(more.codes, one.codes, MANY * 16 * sizeof *one.codes);
        ck_assert_mem_eq(more.rebuilt, one.rebuilt, MANY * cols * sizeof *one.rebuilt);
        ck_assert_mem_eq(more.errors, one.errors, MANY * width * sizeof *one.errors);
        free_outcome(&more);
    }
    free_outcome(&one);
}

START_TEST(any_number_of_threads_gives_the_same_bytes)
{
    compare_threads(false);
    compare_threads(true);
}
END_TEST

START_TEST(images_train_the_same_on_any_number_of_threads)
{
    for (size_t k = 0; k < N_PICTURES; k++) {
        bytes saved[2];
        for (size_t threads = 1; threads <= 2; threads++) {
            aep_model *model = new_picture_model(&pictures[k], SET({AEP_OPT_EPOCHS, 1}, {AEP_OPT_BATCH, 400}));
            float *rows = new_pictures(&pictures[k], 400, 3);
            AEP_CHECK(aep_model_set_threads(model, threads));
            AEP_CHECK(aep_fit(model, rows, 400, aep_model_n_columns(model), NULL, NULL));
            saved[threads - 1] = save(model);
            free(rows);
            aep_model_free(model);
        }
        ck_assert(same_bytes(saved[0], saved[1]));
        free(saved[0].data), free(saved[1].data);
    }
}
END_TEST

START_TEST(the_number_of_threads_is_no_part_of_a_model)
{
    aep_model *model = ready_model(columns, NULL), *loaded, *copy;
    const bytes before = save(model);
    ck_assert_uint_eq(aep_model_threads(model), 1);
    AEP_CHECK(aep_model_set_threads(model, 3));
    assert_unchanged(model, before);
    bytes saved = save(model);
    AEP_CHECK(aep_model_load(&loaded, saved.data, saved.size, NULL));
    AEP_CHECK(aep_model_copy(&copy, model));
    ck_assert_uint_eq(aep_model_threads(loaded), 1);
    ck_assert_uint_eq(aep_model_threads(copy), 3);
    AEP_CHECK_STATUS(aep_model_set_threads(model, 0), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_model_set_threads(model, 257), AEP_E_RANGE);
    AEP_CHECK_STATUS(aep_model_set_threads(NULL, 1), AEP_E_ARGUMENT);
    ck_assert_uint_eq(aep_model_threads(model), 3);
    ck_assert_uint_eq(aep_model_threads(NULL), 0);
    free(saved.data);
    aep_model_free(model), aep_model_free(loaded), aep_model_free(copy);
}
END_TEST

/* A child has none of its parent's threads: it goes on alone, with the same results. */
START_TEST(a_child_goes_on_alone)
{
    static const size_t encoder[] = {64, 16};
    const size_t cols = strlen(wide);
    aep_options *options = new_options(wide, SET({AEP_OPT_BATCH, BATCH}, {AEP_OPT_EPOCHS, 1}), NULL);
    aep_model *model, *twin;
    aep_workspace *ws;
    float *rows = new_rows(wide, MANY, 4), *scores = calloc(MANY, sizeof *scores);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 2));
    AEP_CHECK(aep_model_new(&model, options, cols));
    AEP_CHECK(aep_model_set_threads(model, 3));
    AEP_CHECK(aep_fit(model, rows, MANY, cols, NULL, NULL));
    AEP_CHECK(aep_workspace_new(&ws, model));
    AEP_CHECK(aep_score(scores, model, ws, rows, MANY, cols));
    AEP_CHECK(aep_model_copy(&twin, model));
    AEP_CHECK(aep_fit_batch(twin, rows, BATCH, cols));
    bytes expected = save(twin);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (!child) {
        float *again = calloc(MANY, sizeof *again);
        bool same = !aep_score(again, model, ws, rows, MANY, cols) && !memcmp(again, scores, MANY * sizeof *scores) &&
                    !aep_fit_batch(model, rows, BATCH, cols) && same_bytes(save(model), expected);
        aep_workspace_free(ws);
        aep_model_free(model);
        _exit(!same);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && !WEXITSTATUS(status));
    AEP_CHECK(aep_fit_batch(model, rows, BATCH, cols)); /* the parent's threads are still there */
    bytes saved = save(model);
    ck_assert(same_bytes(saved, expected));
    free(saved.data), free(expected.data), free(rows), free(scores);
    aep_workspace_free(ws);
    aep_model_free(model), aep_model_free(twin);
    aep_options_free(options);
}
END_TEST

RUN_TESTS("threads", const_functions_share_a_model, const_functions_share_a_model_of_images,
          separate_models_train_at_once, a_million_scores_beside_trainers_are_those_made_alone,
          options_are_shared_by_threads_that_make_models, any_number_of_threads_gives_the_same_bytes,
          images_train_the_same_on_any_number_of_threads, the_number_of_threads_is_no_part_of_a_model,
          a_child_goes_on_alone)
