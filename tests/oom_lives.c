/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a host does with a model, as one call, on two threads: describe, train, calibrate, score, copy, save, load and
 * score again; dense, with categories, and of images, both with values missing. A call that found no memory is made once
 * more, as a host may do that has freed something; then everything must come out as if nothing had been.
 */
#include "oom_calls.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of both kinds: so many rows and multiplications that there is work for two threads. */
enum { TRAINED = 1030, SCORED = 4600, PIXELS = 2 * 8 * 8 };

#ifndef THREADS /* a build for coverage has one: its atomic counters make two wait for each other at every line */
#define THREADS 2
#endif

typedef struct life {
    world *w;
    const float *rows; /* SCORED, of which TRAINED are trained on */
    size_t cols;
    char path[96];
    aep_options *options;
    aep_model *model, *copy;
    aep_workspace *ws;
    float *scores, *again; /* of all rows, by the model and by the loaded one */
} life;

/* Twice if need be. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        int status_ = (call);                                                                                          \
        if (status_ == AEP_E_MEMORY)                                                                                   \
            status_ = (call);                                                                                          \
        if (status_)                                                                                                   \
            return status_;                                                                                            \
    } while (0)

static int set_options(aep_options *options, const setting *settings)
{
    for (; settings->key; settings++)
        TRY(aep_options_set(options, settings->key, settings->value));
    return AEP_OK;
}

/* ------------------------------------------------------------------------------------------------------ two kinds */

static int describe_table(life *l)
{
    static const char *const levels[] = {"low", "middle", "high"};
    static const size_t encoder[] = {96, 16}, head[] = {16};
    TRY(aep_options_set_column(l->options, 3, "grade", AEP_COLUMN_CATEGORICAL, levels, 3));
    TRY(aep_options_set_column(l->options, 5, "time", AEP_COLUMN_NUMERIC, NULL, 0));
    TRY(aep_options_set_layers(l->options, AEP_PART_ENCODER, encoder, 2));
    TRY(aep_options_set_layers(l->options, AEP_PART_HEAD, head, 1));
    return set_options(l->options, SET({AEP_OPT_MISSING_INDICATOR, 1}, {AEP_OPT_SCALING, AEP_SCALING_RANK},
                                       {AEP_OPT_SCORE, AEP_SCORE_JOINT}));
}

static int describe_pictures(life *l)
{
    TRY(aep_options_set_image(l->options, 2, 8, 8));
    TRY(aep_options_add_conv(l->options, 4, 3, 2));
    TRY(aep_options_add_image_layer(l->options, AEP_PART_ENCODER, AEP_LAYER_NORM, 2, 0, 0, 0));
    TRY(aep_options_add_image_layer(l->options, AEP_PART_ENCODER, AEP_LAYER_MAX_POOL, 0, 2, 2, 0));
    return set_options(l->options, SET({AEP_OPT_NOISE, AEP_NOISE_BLOCK}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}));
}

/* Made at the first call, which meets no fault, and kept. */
static const float *rows_with_gaps(const char *columns)
{
    float *rows = new_rows(columns, SCORED, 7);
    const size_t n = SCORED * strlen(columns);
    for (size_t i = 0; i < n; i += 41)
        rows[i] = NAN;
    return rows;
}

/* --------------------------------------------------------------------------------------------------------- a life */

static int train(life *l)
{
    TRY(set_options(l->options, SET({AEP_OPT_MISSING, AEP_MISSING_IMPUTE}, {AEP_OPT_EPOCHS, 1}, {AEP_OPT_BATCH, 1000},
                                    {AEP_OPT_VALIDATION, 0.02})));
    TRY(aep_model_new(&l->model, l->options, l->cols));
    TRY(aep_model_set_threads(l->model, THREADS));
    TRY(aep_fit(l->model, l->rows, TRAINED, l->cols, NULL, NULL));
    TRY(aep_fit_batch(l->model, l->rows, TRAINED, l->cols));
    TRY(aep_calibrate(l->model, l->rows, TRAINED / 2, l->cols));
    return AEP_OK;
}

static int use(life *l)
{
    TRY(aep_workspace_new(&l->ws, l->model));
    TRY(aep_score(l->scores, l->model, l->ws, l->rows, SCORED, l->cols));
    TRY(aep_explain(l->again, l->model, l->ws, l->rows, 4, l->cols));
    TRY(aep_model_copy(&l->copy, l->model));
    TRY(aep_model_save_file(l->copy, l->path));
    TRY(aep_model_load_file(&l->w->made_model, l->path, &l->w->allocator));
    TRY(aep_model_set_threads(l->w->made_model, THREADS));
    TRY(aep_score(l->again, l->w->made_model, NULL, l->rows, SCORED, l->cols));
    return memcmp(l->again, l->scores, SCORED * sizeof *l->scores) ? -1000 : AEP_OK;
}

static void end(life *l, int status)
{
    aep_options_free(l->options);
    aep_model_free(l->model);
    aep_model_free(l->copy);
    aep_workspace_free(l->ws);
    unlink(l->path);
    if (!status)
        return;
    aep_model_free(l->w->made_model);
    l->w->made_model = NULL;
}

static int live(world *w, const char *columns, const float **rows, int (*describe)(life *l))
{
    static float scores[2][SCORED];
    if (!*rows)
        *rows = rows_with_gaps(columns);
    life l = {.w = w, .rows = *rows, .cols = strlen(columns), .scores = scores[0], .again = scores[1]};
    snprintf(l.path, sizeof l.path, "%s/life", w->folder);
    w->tries_again = true;
    int status = aep_options_new_with(&l.options, &w->allocator);
    if (status == AEP_E_MEMORY)
        status = aep_options_new_with(&l.options, &w->allocator);
    if (!status)
        status = describe(&l);
    if (!status)
        status = train(&l);
    if (!status)
        status = use(&l);
    end(&l, status);
    return status;
}

int life_of_a_table(world *w)
{
    static const float *rows;
    return live(w, "nnn3nnnn", &rows, describe_table);
}

int life_of_pictures(world *w)
{
    static const float *rows;
    static char columns[PIXELS + 1]; /* by hand: Check's assertions allocate */
    memset(columns, 'n', PIXELS);
    return live(w, columns, &rows, describe_pictures);
}
