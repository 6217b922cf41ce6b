/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "oom_calls.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char columns[] = "nn3";

/* ---------------------------------------------------------------------------------------------------- faults */

static struct {
    bool armed, for_good;
    size_t calls, fail_at, refused;
} faults;

void *__real_malloc(size_t size); /* what the linker makes of malloc under --wrap */
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    if (faults.armed) {
        const size_t call = faults.calls++;
        if (faults.for_good ? call >= faults.fail_at : call == faults.fail_at) {
            faults.refused++;
            return NULL;
        }
    }
    return __real_malloc(size);
}

static void *world_alloc(size_t size, void *payload)
{
    void *ptr = malloc(size); /* that is, the one above */
    ((memory *)payload)->live += ptr != NULL;
    return ptr;
}

static void world_free(void *ptr, void *payload)
{
    ((memory *)payload)->live--;
    free(ptr);
}

void oom_arm(world *w, size_t n, bool for_good)
{
    aep_options_free(w->made_options);
    aep_model_free(w->made_model);
    aep_workspace_free(w->made_workspace);
    aep_drift_free(w->made_drift);
    w->made_options = NULL;
    w->made_model = NULL;
    w->made_workspace = NULL;
    w->made_drift = NULL;
    faults.calls = faults.refused = 0;
    faults.fail_at = n;
    faults.for_good = for_good;
    faults.armed = true;
}

bool oom_disarm(world *w)
{
    (void)w;
    faults.armed = false;
    return faults.refused > 0;
}

/* --------------------------------------------------------------------------------------------------- objects */

static aep_model *make(world *w, const setting *settings)
{
    aep_options *options = new_options(columns, settings, &w->allocator);
    aep_model *model;
    AEP_CHECK(aep_options_set(options, AEP_OPT_EPOCHS, 2));
    AEP_CHECK(aep_options_set(options, AEP_OPT_BATCH, 16));
    AEP_CHECK(aep_model_new(&model, options, COLS));
    aep_options_free(options);
    return model;
}

static int pause_at_step(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches,
                         void *payload)
{
    (void)epoch, (void)epochs, (void)batch, (void)batches;
    if (stat_of(model, AEP_STAT_STEPS) < 3)
        return 0;
    AEP_CHECK(aep_model_copy(payload, model));
    return 1;
}

void new_world(world *w)
{
    memset(w, 0, sizeof *w);
    w->allocator = (aep_allocator){world_alloc, world_free, &w->memory};
    w->rows = new_rows(columns, ROWS, 1);
    w->options = new_options(columns, NULL, &w->allocator);

    w->ready = make(w, NULL);
    AEP_CHECK(aep_fit(w->ready, w->rows, ROWS, COLS, NULL, NULL));
    AEP_CHECK(aep_calibrate(w->ready, w->rows, ROWS / 2, COLS));
    AEP_CHECK(aep_drift_new(&w->drift, w->ready));
    AEP_CHECK(aep_model_copy(&w->gated, w->ready));
    AEP_CHECK(aep_model_set(w->gated, AEP_OPT_LEARNING_GATE, 0.5));
    w->fresh = make(w, SET({AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_VALIDATION, 0.25}));
    w->streamed = make(w, SET({AEP_OPT_SCALING, AEP_SCALING_ROBUST}));
    AEP_CHECK(aep_fit_scaling(w->streamed, w->rows, ROWS / 2, COLS));
    aep_model *running = make(w, SET({AEP_OPT_VALIDATION, 0.25}));
    AEP_CHECK_STATUS(aep_fit(running, w->rows, ROWS, COLS, pause_at_step, &w->paused), AEP_E_CANCELLED);
    aep_model_free(running);
    w->started = make(w, NULL);
    AEP_CHECK(aep_fit_scaling(w->started, w->rows, ROWS, COLS));
    AEP_CHECK(aep_fit_batch(w->started, w->rows, 2, COLS));
    w->joint = make(w, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    AEP_CHECK(aep_fit(w->joint, w->rows, ROWS, COLS, NULL, NULL));
    AEP_CHECK(aep_calibrate(w->joint, w->rows, ROWS / 2, COLS));
    w->batched = make(w, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    AEP_CHECK(aep_fit_scaling(w->batched, w->rows, ROWS, COLS));
    AEP_CHECK(aep_fit_batch(w->batched, w->rows, 2, COLS));

    AEP_CHECK(aep_workspace_new(&w->workspace, w->ready));
    w->saved = save(w->ready);
    AEP_CHECK(aep_score(w->scores, w->ready, w->workspace, w->rows, ROWS, COLS));
    for (size_t i = 0; i < ROWS; i++)
        w->labels[i] = i % 3 == 0;
    snprintf(w->folder, sizeof w->folder, P_tmpdir "/aepred-oom-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(w->folder));
    snprintf(w->path, sizeof w->path, "%s/model", w->folder);
    AEP_CHECK(aep_model_save_file(w->fresh, w->path));
}

void free_world(world *w)
{
    oom_arm(w, NEVER, false);
    oom_disarm(w);
    aep_options_free(w->options);
    aep_model_free(w->ready);
    aep_model_free(w->gated);
    aep_drift_free(w->drift);
    aep_model_free(w->fresh);
    aep_model_free(w->streamed);
    aep_model_free(w->paused);
    aep_model_free(w->started);
    aep_model_free(w->joint);
    aep_model_free(w->batched);
    aep_workspace_free(w->workspace);
    free(w->rows);
    free(w->saved.data);
    ck_assert_int_eq(unlink(w->path), 0);
    ck_assert_int_eq(rmdir(w->folder), 0);
}

bool file_is_untouched(const world *w)
{
    aep_model *model;
    size_t n = 0;
    DIR *d = opendir(w->folder);
    for (struct dirent *entry; d && (entry = readdir(d)) != NULL;)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(d);
    if (n != 1 || aep_model_load_file(&model, w->path, NULL))
        return false;
    bytes b = save(w->fresh);
    const bool same = saves_as(model, b);
    free(b.data);
    aep_model_free(model);
    return same;
}
