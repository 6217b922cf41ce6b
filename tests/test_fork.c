/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host that forks: the parent has trained and scored with threads, and with a CBLAS where the library has one. A child,
 * and a child of the child, scores, trains, saves and loads, with the parent's objects and with its own, to the same bytes,
 * and in time: what hangs is ended by an alarm.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Batches that are worth threads, and products of 32 by 32 and more, which a CBLAS would compute. */
enum { ROWS = 1200, SCORED = 3000, THREADS = 3, SECONDS = 120 };

static const char columns[] = "nnnnnnnn3nnnnnnnn4nnnnnnnnnnnnnnnnnnnnnn";

typedef struct host {
    size_t cols;
    float *rows, *scores;
    aep_options *options;
    aep_model *model;
    aep_workspace *ws;
    bytes saved;   /* the model */
    bytes trained; /* the same after one more step */
} host;

static aep_options *dense_options(void)
{
    static const size_t encoder[] = {64, 32};
    aep_options *options = new_options(columns, SET({AEP_OPT_BATCH, 600}, {AEP_OPT_EPOCHS, 1}), NULL);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 2));
    return options;
}

static aep_model *train(const aep_options *options, const float *rows, size_t cols, size_t threads)
{
    aep_model *model;
    AEP_CHECK(aep_model_new(&model, options, cols));
    AEP_CHECK(aep_model_set_threads(model, threads));
    AEP_CHECK(aep_fit(model, rows, ROWS, cols, NULL, NULL));
    return model;
}

static bytes one_step_on(const host *h)
{
    aep_model *copy;
    AEP_CHECK(aep_model_copy(&copy, h->model));
    AEP_CHECK(aep_fit_batch(copy, h->rows, ROWS, h->cols));
    bytes b = save(copy);
    aep_model_free(copy);
    return b;
}

/* Takes the options and the rows. */
static host new_host(aep_options *options, float *rows, size_t cols)
{
    host h = {.cols = cols, .rows = rows, .options = options, .scores = malloc(SCORED * sizeof *h.scores)};
    h.model = train(options, rows, cols, THREADS);
    h.saved = save(h.model);
    AEP_CHECK(aep_workspace_new(&h.ws, h.model));
    AEP_CHECK(aep_score(h.scores, h.model, h.ws, rows, SCORED, cols));
    h.trained = one_step_on(&h);
    return h;
}

static void free_host(host *h)
{
    aep_workspace_free(h->ws);
    aep_model_free(h->model);
    aep_options_free(h->options);
    free(h->rows), free(h->scores), free(h->saved.data), free(h->trained.data);
}

/* --------------------------------------------------------------------------------------------------- in a child */

/* Without Check's assertions, which talk to its own parent. */

static bool scores_alike(const host *h, const aep_model *model, aep_workspace *ws)
{
    float *scores = malloc(SCORED * sizeof *scores);
    const bool ok =
        !aep_score(scores, model, ws, h->rows, SCORED, h->cols) && !memcmp(scores, h->scores, SCORED * sizeof *scores);
    free(scores);
    return ok;
}

static bool saves_to(const aep_model *model, bytes b)
{
    size_t size;
    uint8_t *data = malloc(b.size);
    const bool ok = !aep_model_save_size(&size, model) && size == b.size && !aep_model_save(data, size, model) &&
                    !memcmp(data, b.data, size);
    free(data);
    return ok;
}

static bool own_model_is_the_same(const host *h)
{
    aep_model *own = NULL;
    aep_workspace *ws = NULL;
    const bool ok = !aep_model_new(&own, h->options, h->cols) && !aep_model_set_threads(own, 2) &&
                    !aep_fit(own, h->rows, ROWS, h->cols, NULL, NULL) && saves_to(own, h->saved) &&
                    !aep_workspace_new(&ws, own) && scores_alike(h, own, ws);
    aep_workspace_free(ws);
    aep_model_free(own);
    return ok;
}

static bool loaded_model_is_the_same(const host *h)
{
    aep_model *loaded = NULL;
    const bool ok = !aep_model_load(&loaded, h->saved.data, h->saved.size, NULL) && scores_alike(h, loaded, NULL);
    aep_model_free(loaded);
    return ok;
}

/* Everything, and at last the parent's model is trained on and freed. */
static bool works(host *h)
{
    if (!scores_alike(h, h->model, h->ws) || !scores_alike(h, h->model, NULL))
        return false;
    if (!own_model_is_the_same(h) || !loaded_model_is_the_same(h))
        return false;
    if (aep_fit_batch(h->model, h->rows, ROWS, h->cols) || !saves_to(h->model, h->trained))
        return false;
    aep_workspace_free(h->ws);
    aep_model_free(h->model);
    return true;
}

static bool in_a_child(host *h, bool (*does)(host *h))
{
    int how;
    const pid_t child = fork();
    if (!child) {
        alarm(SECONDS);
        _exit(!does(h));
    }
    return child > 0 && waitpid(child, &how, 0) == child && WIFEXITED(how) && !WEXITSTATUS(how);
}

static bool works_in_a_child(host *h) { return in_a_child(h, works) && works(h); }

/* --------------------------------------------------------------------------------------------------------- tests */

static void check_host(host *h)
{
    ck_assert_msg(in_a_child(h, works), "a child");
    ck_assert_msg(in_a_child(h, works_in_a_child), "a child and its child");
    ck_assert_msg(scores_alike(h, h->model, h->ws), "the parent scores no more");
    AEP_CHECK(aep_fit_batch(h->model, h->rows, ROWS, h->cols));
    ck_assert(saves_as(h->model, h->trained));
    free_host(h);
}

START_TEST(children_of_a_parent_that_trained_score_and_train)
{
    host h = new_host(dense_options(), new_rows(columns, SCORED, 5), strlen(columns));
    check_host(&h);
}
END_TEST

START_TEST(children_of_a_parent_that_trained_on_images_score_and_train)
{
    const picture *p = &pictures[COLOUR];
    host h = new_host(picture_options(p, SET({AEP_OPT_BATCH, 600}, {AEP_OPT_EPOCHS, 1}), NULL),
                      new_pictures(p, SCORED, 5), picture_size(p));
    check_host(&h);
}
END_TEST

/* ------------------------------------------------------------------------------------------- while others work */

typedef struct other {
    pthread_t thread;
    const host *h;
    atomic_bool end;
    atomic_size_t rounds;
} other;

static void *train_and_score(void *argument)
{
    other *o = argument;
    while (!atomic_load(&o->end)) {
        aep_model *model = train(o->h->options, o->h->rows, o->h->cols, 2);
        ck_assert(scores_alike(o->h, model, NULL));
        aep_model_free(model);
        atomic_fetch_add(&o->rounds, 1);
    }
    return NULL;
}

/* What the other thread had under way does not exist in the child; all else does. */
START_TEST(a_child_works_whatever_the_other_threads_were_at)
{
    enum { FORKS = 10 };
    host h = new_host(dense_options(), new_rows(columns, SCORED, 5), strlen(columns));
    other o = {.h = &h};
    ck_assert_int_eq(pthread_create(&o.thread, NULL, train_and_score, &o), 0);
    for (int i = 0; i < FORKS; i++)
        ck_assert_msg(in_a_child(&h, works), "fork %d", i);
    atomic_store(&o.end, true);
    ck_assert_int_eq(pthread_join(o.thread, NULL), 0);
    ck_assert_uint_gt(atomic_load(&o.rounds), 0);
    free_host(&h);
}
END_TEST

RUN_TESTS("fork", children_of_a_parent_that_trained_score_and_train,
          children_of_a_parent_that_trained_on_images_score_and_train, a_child_works_whatever_the_other_threads_were_at)
