/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes are a list of calls that describe a model: options, layers, columns, images. Whatever they say is refused or
 * gives a model, which then trains, scores, saves and loads.
 */
#include "exercise.h"
#include "fuzz.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 4, MOST_COLUMNS = 300, MOST_MEMORY = 1 << 22 };

typedef struct reader {
    const uint8_t *data;
    size_t left;
} reader;

static unsigned next(reader *r)
{
    if (r->left == 0)
        return 0;
    r->left--;
    return *r->data++;
}

/* Small, or at a limit. */
static size_t next_size(reader *r)
{
    static const size_t edges[] = {255, 256, 65535, 65536, 65537, (size_t)1 << 24, SIZE_MAX / 4, SIZE_MAX};
    const unsigned byte = next(r);
    return byte < 248 ? byte % 32 : edges[byte - 248];
}

static double next_value(reader *r, int key)
{
    double low = 0, high = 0, preset = 0;
    (void)aep_option_bounds(&low, &high, &preset, key);
    const unsigned way = next(r);
    const double values[] = {low, high, preset, nextafter(low, -1e300), nextafter(high, 1e300), NAN, INFINITY, -1, 0.5};
    return way < sizeof values / sizeof *values ? values[way] : low + (double)(way % 16);
}

/* More than this a host of the fuzzer should not get; what is refused so far is a test of failing allocations, too. */
static void *bounded_alloc(size_t size, void *payload)
{
    size_t *left = payload;
    if (size > *left)
        return NULL;
    *left -= size;
    return malloc(size);
}

static void bounded_free(void *ptr, void *payload)
{
    (void)payload;
    free(ptr);
}

static int add_column(aep_options *options, reader *r)
{
    static const char *const names[] = {"a", "b", "", "\xff", "name"};
    const size_t column = next_size(r), levels = next_size(r);
    const unsigned how = next(r);
    const char *const *level_names = how & 1 && levels <= 5 ? names : NULL;
    return aep_options_set_column(options, column, how & 2 ? names[how % 5] : NULL, (int)(how >> 2 & 3) - (how > 200),
                                  level_names, levels);
}

static int set_layers(aep_options *options, reader *r)
{
    size_t widths[40];
    const int part = (int)(next(r) % 5) - 1;
    const size_t n = next(r) % 40;
    for (size_t i = 0; i < n; i++)
        widths[i] = next_size(r);
    return aep_options_set_layers(options, part, widths, n);
}

static int add_layer(aep_options *options, reader *r)
{
    const int part = (int)(next(r) % 4), kind = (int)(next(r) % 8) - 1;
    const size_t size = next_size(r), kernel = next_size(r), stride = next_size(r), padding = next_size(r);
    return aep_options_add_image_layer(options, part, kind, size, kernel, stride, padding);
}

static int set_image(aep_options *options, reader *r)
{
    const size_t channels = next_size(r), height = next_size(r), width = next_size(r);
    return aep_options_set_image(options, channels, height, width);
}

static int call(aep_options *options, reader *r)
{
    const unsigned what = next(r) % 8;
    const int key = (int)(next(r) % 42) - 1;
    switch (what) {
    case 0:
        return add_column(options, r);
    case 1:
        return set_layers(options, r);
    case 2:
        return set_image(options, r);
    case 3:
        return add_layer(options, r);
    default:
        return aep_options_set(options, key, next_value(r, key));
    }
}

/* A status that the header lists for describing or making a model. */
static bool allowed(int status)
{
    return status == AEP_OK || status == AEP_E_OPTION || status == AEP_E_RANGE || status == AEP_E_LIMIT ||
           status == AEP_E_STATE || status == AEP_E_COLUMNS || status == AEP_E_MEMORY;
}

static int stop(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *payload)
{
    (void)model, (void)epoch, (void)epochs, (void)batch, (void)batches, (void)payload;
    return 1;
}

static const char *save_and_load(const aep_model *model)
{
    size_t size;
    if (aep_model_save_size(&size, model))
        return "aep_model_save_size failed";
    uint8_t *bytes = malloc(size);
    const char *wrong = NULL;
    if (bytes && aep_model_save(bytes, size, model))
        wrong = "aep_model_save failed";
    else if (bytes && size < 1 << 13)
        wrong = exercise_bytes(NULL, bytes, size);
    else if (bytes) {
        aep_model *loaded = NULL;
        wrong = aep_model_load(&loaded, bytes, size, NULL) ? "what was saved does not load" : NULL;
        aep_model_free(loaded);
    }
    free(bytes);
    return wrong;
}

static const char *use(aep_model *model)
{
    const size_t n_cols = aep_model_n_columns(model);
    float rows[ROWS * MOST_COLUMNS], scores[ROWS];
    for (size_t i = 0; i < ROWS * n_cols; i++)
        rows[i] = (float)(i * 7 % 5) / 4;
    for (size_t i = 0; i < ROWS * n_cols; i++)
        if (aep_model_column_levels(model, i % n_cols))
            rows[i] = (float)(i % aep_model_column_levels(model, i % n_cols));
    int status = aep_fit(model, rows, ROWS, n_cols, stop, NULL);
    if (status && status != AEP_E_CANCELLED && status != AEP_E_DIVERGED && status != AEP_E_MEMORY &&
        status != AEP_E_ROWS)
        return "aep_fit gave a status that is not its own";
    status = aep_score(scores, model, NULL, rows, ROWS, n_cols);
    for (int i = 0; i < ROWS && !status; i++)
        if (!isfinite(scores[i]))
            return "a score is not finite";
    if (status && status != AEP_E_STATE && status != AEP_E_DIVERGED && status != AEP_E_MEMORY)
        return "aep_score gave a status that is not its own";
    return save_and_load(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t memory = MOST_MEMORY;
    const aep_allocator allocator = {bounded_alloc, bounded_free, &memory};
    reader r = {data, size};
    aep_options *options;
    aep_model *model = NULL;
    const size_t n_cols = next(&r) + (next(&r) & 1 ? 0 : 1);
    if (aep_options_new_with(&options, &allocator))
        return 0;
    while (r.left)
        if (!allowed(call(options, &r)))
            fuzz_check("a call that describes a model gave a status that is not its own");
    const int status = aep_model_new(&model, options, n_cols);
    if (!allowed(status) || !model != (status != AEP_OK))
        fuzz_check("aep_model_new gave a status that is not its own");
    aep_options_free(options);
    if (model)
        fuzz_check(use(model));
    aep_model_free(model);
    return 0;
}
