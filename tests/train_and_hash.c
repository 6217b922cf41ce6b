/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trains models in the locale that the environment asks for, and prints a hash of each model file. check_same_bytes.py
 * compares the output of several runs.
 */
#include "support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bit */
static uint64_t hash(const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

static void print_model(const char *name, const aep_model *model)
{
    bytes b = save(model);
    printf("%s: %zu bytes, hash %016llx\n", name, b.size, (unsigned long long)hash(b.data, b.size));
    free(b.data);
}

static void train_small(const char *name, const char *columns, const setting *settings)
{
    aep_model *model = ready_model(columns, settings);
    print_model(name, model);
    float *rows = new_rows(columns, 100, 3), *scores = scores_of(model, rows, 100);
    printf("%s: scores %016llx\n", name, (unsigned long long)hash(scores, 100 * sizeof *scores));
    free(rows);
    free(scores);
    aep_model_free(model);
}

static void train_pictures(const picture *p)
{
    aep_model *model = ready_picture_model(p, NULL);
    print_model(p->name, model);
    float *rows = new_pictures(p, 100, 3), *scores = scores_of(model, rows, 100);
    printf("%s: scores %016llx\n", p->name, (unsigned long long)hash(scores, 100 * sizeof *scores));
    free(rows);
    free(scores);
    aep_model_free(model);
}

/* Layers and batches that fill many blocks of the matrix product, in shapes that are round and that are not. The vector
   kernels keep these products even in a library built with a CBLAS, which is for processors without them; for those
   docs/errors.md promises the same bytes for the same number of BLAS threads alone. */
static void train_large(const char *name, size_t cols, size_t hidden, size_t batch)
{
    const size_t encoder[] = {hidden, 256, 32};
    aep_options *options = new_options("", NULL, NULL);
    aep_model *model;
    float *rows = new_rows(numeric(cols), batch, 1);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 3));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, encoder, 2));
    AEP_CHECK(aep_model_new(&model, options, cols));
    AEP_CHECK(aep_fit_scaling(model, rows, batch, cols));
    for (int step = 0; step < 4; step++)
        AEP_CHECK(aep_fit_batch(model, rows, batch, cols));
    AEP_CHECK(aep_calibrate(model, rows, batch, cols));
    print_model(name, model);
    free(rows);
    aep_options_free(options);
    aep_model_free(model);
}

static void print_options(void)
{
    static const char *const texts[] = {"0.5", "1e-3", "0,5"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        double value = -1;
        const int status = aep_option_parse(&value, AEP_OPT_NOISE_LEVEL, texts[i]);
        printf("%s: status %d, %d thousandths\n", texts[i], status, (int)(value * 1000));
    }
    for (size_t i = 0; i < aep_option_count(); i++)
        if (aep_option_find(aep_option_name(aep_option_at(i))) != aep_option_at(i))
            printf("option %zu is not found by its name\n", i);
    printf("TITLE is option %d, TANH is status %d\n", aep_option_find("TITLE"),
           aep_option_parse(&(double){0}, AEP_OPT_ACTIVATION, "TANH"));
}

START_TEST(train)
{
    print_options();
    train_small("numeric", "nnnnn", NULL);
    train_small("categorical", "nn4n3", SET({AEP_OPT_VALIDATION, 0.2}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}));
    train_small("rank", "nnnn", SET({AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_NOISE, AEP_NOISE_MASKING}));
    for (size_t i = 0; i < N_PICTURES; i++)
        train_pictures(&pictures[i]);
    train_large("large", 256, 512, 1024);
    train_large("large and odd", 301, 517, 1000);
}
END_TEST

int main(int argc, char **argv)
{
    const char *decimal_point = argc > 1 ? argv[1] : ".";
    if (!setlocale(LC_ALL, "")) {
        fprintf(stderr, "the locale of the environment does not exist\n");
        return EXIT_FAILURE;
    }
    if (strcmp(localeconv()->decimal_point, decimal_point) != 0) {
        fprintf(stderr, "the decimal point is %s, expected %s\n", localeconv()->decimal_point, decimal_point);
        return EXIT_FAILURE;
    }
    return run_list("train_and_hash", &train, 1, 600);
}
