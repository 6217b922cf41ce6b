/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trains models in the locale that the environment asks for, and prints a hash of each model file, of its scores and
 * explanations, how options read numbers, and messages that contain numbers. check_same_bytes.py compares the output of
 * several runs.
 */
#include "support.h"

#include <locale.h>
#include <math.h>
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

static void print_floats(const char *name, const char *what, const float *values, size_t n)
{
    printf("%s: %s %016llx\n", name, what, (unsigned long long)hash(values, n * sizeof *values));
}

/* Scores, p-values and explanations of 100 rows, which are freed. */
static void print_results(const char *name, const aep_model *model, float *rows)
{
    enum { N = 100 };
    const size_t cols = aep_model_n_columns(model);
    float *scores = scores_of(model, rows, N), *shares = malloc(N * cols * sizeof *shares), p[N];
    AEP_CHECK(aep_pvalue(p, model, scores, N));
    AEP_CHECK(aep_explain(shares, model, NULL, rows, N, cols));
    print_floats(name, "scores", scores, N);
    print_floats(name, "p-values", p, N);
    print_floats(name, "explanations", shares, N * cols);
    free(rows), free(scores), free(shares);
}

static void train_small(const char *name, const char *columns, const setting *settings)
{
    aep_model *model = ready_model(columns, settings);
    print_model(name, model);
    print_results(name, model, new_rows(columns, 100, 3));
    aep_model_free(model);
}

static void train_pictures(const picture *p)
{
    aep_model *model = ready_picture_model(p, NULL);
    print_model(p->name, model);
    print_results(p->name, model, new_pictures(p, 100, 3));
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

/* What text reads as: with every kind of number that an option takes, and with words of its choices in capitals, whose
   small letters are others in Turkish. */
static void print_options(void)
{
    static const char *const texts[] = {"0.5",   "1e-3", "0,5",   "1.000", "1.000,5", ".25",
                                        "1,5e3", "3",    "TITLE", "TANH",  "INF"};
    for (size_t i = 0; i < aep_option_count(); i++) {
        const int key = aep_option_at(i);
        if (aep_option_find(aep_option_name(key)) != key)
            printf("option %d is not found by its name\n", key);
        for (size_t j = 0; j < COUNT_OF(texts); j++) {
            double value = -1;
            const int status = aep_option_parse(&value, key, texts[j]);
            printf("%s=%s: status %d, %d thousandths\n", aep_option_name(key), texts[j], status, (int)(value * 1000));
        }
        for (int choice = 0; aep_option_choice(key, choice); choice++) {
            double value = -1;
            AEP_CHECK(aep_option_parse(&value, key, aep_option_choice(key, choice)));
            ck_assert_double_eq(value, choice);
        }
    }
    printf("TITLE is option %d\n", aep_option_find("TITLE"));
}

/* ------------------------------------------------------------------------------------------------- messages */

static size_t n_messages;

static void print_message(int level, const char *message, void *payload)
{
    (void)payload;
    n_messages++;
    printf("message %d: %s\n", level, message);
}

/* Every message that has a number which is no whole one, but that of a row whose score is infinite, which takes a model
   whose weights were changed by hand. */
static void print_refused_options(void)
{
    aep_options *options = new_options("n3", NULL, NULL);
    aep_model *model;
    AEP_CHECK(aep_options_set_log(options, print_message, NULL));
    for (size_t i = 0; i < aep_option_count(); i++) {
        AEP_CHECK_STATUS(aep_options_set(options, aep_option_at(i), -1.25), AEP_E_RANGE);
        AEP_CHECK_STATUS(aep_options_set(options, aep_option_at(i), 12345678.9e200), AEP_E_RANGE);
    }
    AEP_CHECK(aep_options_set(options, AEP_OPT_NOISE, AEP_NOISE_MASKING));
    AEP_CHECK(aep_options_set(options, AEP_OPT_NOISE_LEVEL, 1.5));
    AEP_CHECK_STATUS(aep_model_new(&model, options, 2), AEP_E_RANGE);
    aep_options_free(options);
}

/* Layers that take too much memory, and layers that take too long. */
static void print_refused_images(void)
{
    for (int slow = 0; slow < 2; slow++) {
        const size_t side = slow ? 128 : 1024;
        aep_options *options;
        aep_model *model;
        AEP_CHECK(aep_options_new(&options));
        AEP_CHECK(aep_options_set_log(options, print_message, NULL));
        AEP_CHECK(aep_options_set_image(options, 1, side, side));
        for (int layer = 0; layer < (slow ? 2 : 16); layer++)
            AEP_CHECK(aep_options_add_image_layer(options, AEP_PART_ENCODER, AEP_LAYER_CONV, slow ? 64 : 2,
                                                  slow ? 127 : 1, 1, slow ? 63 : 0));
        AEP_CHECK_STATUS(aep_model_new(&model, options, side * side), AEP_E_LIMIT);
        aep_options_free(options);
    }
}

static void print_refused_rows(void)
{
    aep_model *model = ready_model("n3", NULL);
    float score, label = 1.5f;
    uint8_t predicted;
    AEP_CHECK(aep_model_set_log(model, print_message, NULL));
    AEP_CHECK_STATUS(aep_score(&score, model, NULL, (const float[]){0, label}, 1, 2), AEP_E_LEVEL);
    AEP_CHECK_STATUS(aep_score(&score, model, NULL, (const float[]){NAN, 1}, 1, 2), AEP_E_NOT_FINITE);
    AEP_CHECK_STATUS(aep_predict(&predicted, model, (const float[]){INFINITY}, 1), AEP_E_NOT_FINITE);
    AEP_CHECK_STATUS(aep_set_threshold(model, NAN), AEP_E_RANGE);
    AEP_CHECK(aep_set_alarm_rate(model, 0.00125));
    aep_model_free(model);
}

/* Steps of the largest rate on huge numbers; and compactness that leaves nothing of the latent variables. */
static void print_ill_models(void)
{
    aep_model *model =
        new_model("nnn", SET({AEP_OPT_SCALING, AEP_SCALING_NONE}, {AEP_OPT_SQUASH, AEP_SQUASH_NONE},
                             {AEP_OPT_SQUARED, 1}, {AEP_OPT_LEARNING_RATE, 1}, {AEP_OPT_ACTIVATION, AEP_IDENTITY}));
    float *rows = new_rows("nnn", 400, 1);
    for (size_t i = 0; i < 400 * 3; i++)
        rows[i] *= 1e9f;
    AEP_CHECK(aep_model_set_log(model, print_message, NULL));
    int status = AEP_OK;
    for (int step = 0; step < 500 && !status; step++)
        status = aep_fit_batch(model, rows, 64, 3);
    AEP_CHECK_STATUS(status, AEP_E_DIVERGED);
    aep_model_free(model);
    free(rows);

    rows = new_rows("nnn", 400, 1);
    model = new_model("nnn", SET({AEP_OPT_COMPACTNESS, 1e6}, {AEP_OPT_EPOCHS, 30}, {AEP_OPT_LEARNING_RATE, 1e-2}));
    AEP_CHECK(aep_model_set_log(model, print_message, NULL));
    AEP_CHECK(aep_fit(model, rows, 400, 3, NULL, NULL));
    free(rows);
    aep_model_free(model);
}

static void print_messages(void)
{
    print_refused_options();
    print_refused_images();
    print_refused_rows();
    const size_t before = n_messages;
    print_ill_models();
    ck_assert_uint_ge(n_messages, before + 2);
    for (int status = AEP_OK; status >= AEP_E_LIMIT; status--)
        printf("status %d: %s\n", status, aep_status_str(status));
}

START_TEST(train)
{
    print_options();
    print_messages();
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
