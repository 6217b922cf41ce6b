/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "exercise.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 4, MOST_VALUES = 1 << 16, STEPS = 3 };

/* Processor time that loading may take: MOST_SECONDS, and MOST_SECONDS_A_BYTE. Usual is a hundredth of that; sanitizers
   and valgrind take ten times as long. */
#define MOST_SECONDS        1e-3
#define MOST_SECONDS_A_BYTE 1e-6

typedef struct counter {
    size_t bytes, live;
} counter;

static void *count_alloc(size_t size, void *payload)
{
    counter *c = payload;
    c->bytes += size;
    c->live++;
    return malloc(size);
}

static void count_free(void *ptr, void *payload)
{
    ((counter *)payload)->live--;
    free(ptr);
}

/* A status that the header lists for a call with these arguments. */
static bool allowed(int status)
{
    return status == AEP_OK || status == AEP_E_STATE || status == AEP_E_DIVERGED || status == AEP_E_CANCELLED ||
           status == AEP_E_LEVEL || status == AEP_E_NOT_FINITE;
}

/* What was saved must load, to a model that saves to the same bytes. */
static const char *save_again(const aep_model *model)
{
    size_t size, again;
    aep_model *loaded = NULL;
    if (aep_model_save_size(&size, model))
        return "aep_model_save_size failed";
    uint8_t *first = malloc(2 * size), *second = first + size;
    const char *wrong = NULL;
    if (!first || aep_model_save(first, size, model))
        wrong = "aep_model_save failed";
    else if (aep_model_load(&loaded, first, size, NULL))
        wrong = "what was saved does not load";
    else if (aep_model_save_size(&again, loaded) || again != size || aep_model_save(second, size, loaded) ||
             memcmp(first, second, size) != 0)
        wrong = "what was loaded saves to other bytes";
    aep_model_free(loaded);
    free(first);
    return wrong;
}

/* A model is exported, or not trained. */
static const char *export_it(const aep_model *model)
{
    size_t size;
    const int status = aep_export_c_size(&size, model, "m");
    if (status)
        return allowed(status) ? NULL : "aep_export_c_size gave a status that it may not";
    char *text = malloc(size);
    const char *wrong = NULL;
    if (!text || aep_export_c(text, size, model, "m"))
        wrong = "aep_export_c failed";
    else if (memchr(text, 0, size) || text[size - 1] != '\n')
        wrong = "what was exported is no text";
    free(text);
    return wrong;
}

static void read_everything(const aep_model *model)
{
    size_t widths[32], sizes[6];
    double value;
    int kind;
    for (int part = AEP_PART_ENCODER; part <= AEP_PART_HEAD; part++)
        (void)aep_model_layers(widths, 32, model, part);
    (void)aep_model_image(&sizes[0], &sizes[1], &sizes[2], model);
    for (int part = AEP_PART_ENCODER; part <= AEP_PART_DECODER; part++)
        for (size_t i = 0; !aep_model_image_map(&sizes[0], &sizes[1], &sizes[2], model, part, i); i++)
            (void)aep_model_image_layer(&kind, &sizes[2], &sizes[3], &sizes[4], &sizes[5], model, part, i);
    for (size_t j = 0; j < aep_model_n_columns(model); j++) {
        const char *name = aep_model_column_name(model, j);
        (void)(name && strlen(name));
        for (size_t k = 0; k < aep_model_column_levels(model, j); k++) {
            name = aep_model_level_name(model, j, k);
            (void)(name && strlen(name));
        }
    }
    for (size_t i = 0; i < aep_option_count(); i++)
        (void)aep_model_get(&value, model, aep_option_at(i));
    for (int stat = 1; aep_stat_name(stat); stat++) {
        (void)aep_model_stat(&value, model, stat);
        (void)aep_model_history(&value, model, 0, stat);
    }
}

static int stop(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *payload)
{
    (void)model, (void)epoch, (void)epochs, (void)batch, (void)batches;
    return ++*(int *)payload == STEPS;
}

static const char *score(const aep_model *model, const float *rows, size_t n_cols, float *out)
{
    uint8_t labels[ROWS];
    float scores[ROWS], p[ROWS];
    int status = aep_score(scores, model, NULL, rows, ROWS, n_cols);
    if (!allowed(status))
        return "aep_score gave a status that is not its own";
    if (!status && (!allowed(aep_predict(labels, model, scores, ROWS)) || !allowed(aep_pvalue(p, model, scores, ROWS))))
        return "labels or p-values gave a status that is not theirs";
    if (!allowed(aep_reconstruct(out, model, NULL, rows, ROWS, n_cols)) ||
        !allowed(aep_explain(out, model, NULL, rows, ROWS, n_cols)))
        return "aep_reconstruct or aep_explain gave a status that is not its own";
    return NULL;
}

static const char *compare(const aep_model *model, const float *rows, size_t n_cols)
{
    aep_drift *drift;
    double value;
    int status = aep_drift_new(&drift, model);
    if (status)
        return allowed(status) ? NULL : "aep_drift_new gave a status that is not its own";
    status = aep_drift_add(drift, model, NULL, rows, ROWS, n_cols);
    for (int kind = AEP_DRIFT_SCORE; !status && kind <= AEP_DRIFT_COLUMN; kind++)
        for (size_t i = 0; aep_drift_get(&value, drift, kind, i, AEP_DRIFT_PSI) == AEP_OK; i++)
            (void)aep_drift_get(&value, drift, kind, i, AEP_DRIFT_KS_PVALUE);
    aep_drift_free(drift);
    return allowed(status) ? NULL : "aep_drift_add gave a status that is not its own";
}

static const char *use(aep_model *model, const float *rows, size_t n_cols, float *out)
{
    int calls = 0;
    const char *wrong = save_again(model);
    if (!wrong)
        wrong = score(model, rows, n_cols, out);
    if (!wrong)
        wrong = compare(model, rows, n_cols);
    if (!wrong && !allowed(aep_calibrate(model, rows, ROWS, n_cols)))
        wrong = "aep_calibrate gave a status that is not its own";
    if (!wrong)
        wrong = save_again(model);
    if (!wrong && !allowed(aep_fit(model, rows, ROWS, n_cols, stop, &calls)))
        wrong = "aep_fit gave a status that is not its own";
    if (!wrong)
        wrong = save_again(model);
    if (!wrong && !allowed(aep_fit_batch(model, rows, ROWS, n_cols)))
        wrong = "aep_fit_batch gave a status that is not its own";
    if (!wrong)
        wrong = save_again(model);
    return wrong ? wrong : score(model, rows, n_cols, out);
}

/* Rows of small numbers that are levels of every categorical column. */
static const char *use_on_rows(aep_model *model)
{
    const size_t n_cols = aep_model_n_columns(model);
    if (n_cols > MOST_VALUES / ROWS)
        return NULL;
    float *rows = malloc(2 * ROWS * n_cols * sizeof *rows);
    if (!rows)
        return "no memory for the test itself";
    for (size_t i = 0; i < ROWS * n_cols; i++) {
        const size_t levels = aep_model_column_levels(model, i % n_cols);
        rows[i] = levels ? (float)(i % levels) : (float)(i * 7 % 5) - 2;
    }
    const char *wrong = use(model, rows, n_cols, rows + ROWS * n_cols);
    free(rows);
    return wrong;
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A page fault or an interrupt may take as long as loading does: what counts is the quickest of some tries. */
static bool loads_in_time(const uint8_t *data, size_t size)
{
    enum { TRIES = 5 };
    const double most = MOST_SECONDS + MOST_SECONDS_A_BYTE * (double)size;
    for (int i = 0; i < TRIES; i++) {
        aep_model *model;
        const double begin = processor_seconds();
        (void)aep_model_load(&model, data, size, NULL);
        const double took = processor_seconds() - begin;
        aep_model_free(model);
        if (took <= most)
            return true;
    }
    return false;
}

const char *exercise_bytes(int *status, const uint8_t *data, size_t size)
{
    counter c = {0};
    const aep_allocator allocator = {count_alloc, count_free, &c};
    aep_model *model = NULL;
    const char *wrong = NULL;
    const int result = aep_model_load(&model, data, size, &allocator);
    if (status)
        *status = result;
    if (c.bytes > 64 * size + 65536)
        wrong = "loading asked for memory out of proportion to the bytes";
    else if (result ? model != NULL : model == NULL)
        wrong = "the status and the model do not agree";
    else if (result && result != AEP_E_FORMAT && result != AEP_E_CHECKSUM && result != AEP_E_VERSION &&
             result != AEP_E_LIMIT)
        wrong = "aep_model_load gave a status that is not its own";
    if (!wrong && !loads_in_time(data, size))
        wrong = "loading took time out of proportion to the bytes";
    if (model && !wrong) {
        read_everything(model);
        wrong = export_it(model);
        wrong = wrong ? wrong : use_on_rows(model);
    }
    aep_model_free(model);
    if (!wrong && c.live)
        wrong = "memory leaked";
    return wrong;
}
