/* SPDX-License-Identifier: BSD-2-Clause */
/* A training run recorded by golden/record.py, which describes the file. */
#ifndef AEP_TESTS_GOLDEN_H
#define AEP_TESTS_GOLDEN_H

#include "bytes.h"
#include "real.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLDEN_LAYERS = 8, GOLDEN_SIZE = 400 * 1000 };

/* The order of the file. */
enum golden_loss {
    GOLDEN_RECONSTRUCTION,
    GOLDEN_DECAY,
    GOLDEN_COMPACTNESS,
    GOLDEN_PREDICTION,
    GOLDEN_JOINT,
    GOLDEN_LOSSES
};

typedef struct golden_layers {
    size_t n, width[GOLDEN_LAYERS];
} golden_layers;

typedef struct golden_image_layers {
    size_t n;
    struct {
        int kind;
        size_t size, kernel, stride, padding;
    } layer[GOLDEN_LAYERS];
} golden_image_layers;

typedef struct golden_run {
    aep__reader reader;
    uint8_t bytes[GOLDEN_SIZE];
    size_t n_features;
    int activation, code_activation, output_activation, head_activation;
    bool vector_error, squared, head_gradient, cosine;
    double lambda1, lambda2, lambda3, rate, head_rate, beta1, beta2, epsilon, clip;
    size_t n_steps;
    golden_layers encoder, decoder, head;
    size_t channels, height, width; /* 0: no image */
    golden_image_layers encoder_maps, decoder_maps;
} golden_run;

static const char *const golden_variants[] = {"default", "vector",       "layers",      "open",
                                              "image",   "image-colour", "image-signal"};
enum { GOLDEN_VARIANTS = sizeof golden_variants / sizeof *golden_variants };

static inline double golden_number(golden_run *run) { return aep__get_f64(&run->reader); }

static inline size_t golden_size(golden_run *run)
{
    const double number = golden_number(run);
    ck_assert(number >= 0 && number < 1e6 && number == floor(number));
    return (size_t)number;
}

static inline void golden_read_layers(golden_run *run, golden_layers *layers)
{
    layers->n = golden_size(run);
    ck_assert_uint_le(layers->n, GOLDEN_LAYERS);
    for (size_t i = 0; i < layers->n; i++)
        layers->width[i] = golden_size(run);
}

static inline void golden_read_image_layers(golden_run *run, golden_image_layers *layers)
{
    layers->n = golden_size(run);
    ck_assert_uint_le(layers->n, GOLDEN_LAYERS);
    for (size_t i = 0; i < layers->n; i++) {
        layers->layer[i].kind = (int)golden_size(run);
        layers->layer[i].size = golden_size(run);
        layers->layer[i].kernel = golden_size(run);
        layers->layer[i].stride = golden_size(run);
        layers->layer[i].padding = golden_size(run);
    }
}

static inline void golden_read_image(golden_run *run)
{
    run->channels = golden_size(run);
    run->height = golden_size(run);
    run->width = golden_size(run);
    golden_read_image_layers(run, &run->encoder_maps);
    golden_read_image_layers(run, &run->decoder_maps);
}

/* n numbers as reals, to be freed */
static inline real *golden_read(golden_run *run, size_t n)
{
    real *values = malloc(n * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (size_t i = 0; i < n; i++)
        values[i] = (real)golden_number(run);
    return values;
}

/* Open a variant in the folder that the environment names; to be freed. */
static inline golden_run *golden_open(const char *variant)
{
    golden_run *run = calloc(1, sizeof *run);
    const char *folder = getenv("AEPRED_GOLDEN");
    char path[4096];
    ck_assert_msg(run && folder, "set AEPRED_GOLDEN to the folder tests/golden");
    snprintf(path, sizeof path, "%s/%s.bin", folder, variant);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    run->reader = (aep__reader){.data = run->bytes, .size = fread(run->bytes, 1, sizeof run->bytes, file)};
    fclose(file);
    run->n_features = golden_size(run);
    run->activation = (int)golden_size(run);
    run->code_activation = (int)golden_size(run);
    run->output_activation = (int)golden_size(run);
    run->head_activation = (int)golden_size(run);
    run->vector_error = golden_size(run);
    run->squared = golden_size(run);
    run->head_gradient = golden_size(run);
    run->lambda1 = golden_number(run);
    run->lambda2 = golden_number(run);
    run->lambda3 = golden_number(run);
    run->rate = golden_number(run);
    run->head_rate = golden_number(run);
    run->beta1 = golden_number(run);
    run->beta2 = golden_number(run);
    run->epsilon = golden_number(run);
    run->cosine = golden_size(run);
    run->clip = golden_number(run);
    run->n_steps = golden_size(run);
    golden_read_layers(run, &run->encoder);
    golden_read_layers(run, &run->decoder);
    golden_read_layers(run, &run->head);
    if (!strncmp(variant, "image", 5))
        golden_read_image(run);
    ck_assert_uint_ge(run->n_steps, 20);
    return run;
}

/* The run must have been read to its last byte. */
static inline void golden_close(golden_run *run)
{
    ck_assert(!run->reader.bad);
    ck_assert_uint_eq(run->reader.pos, run->reader.size);
    free(run);
}

/*
 * The largest |got - expected| against |expected| plus the root mean square of all expected: a small element is a sum
 * of terms as large as those of the others, and inherits their rounding.
 */
static inline double golden_distance(const real *got, const real *expected, size_t n)
{
    double sum = 0, largest = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)expected[i] * (double)expected[i];
    const double rms = sqrt(sum / (double)n);
    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)got[i] - (double)expected[i]) / (fabs((double)expected[i]) + rms);
        largest = d <= largest ? largest : d; /* a NaN counts as larger */
    }
    return largest;
}

#endif
