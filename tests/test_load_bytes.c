/* SPDX-License-Identifier: BSD-2-Clause */
/* Every truncation and every single-bit error of small models: refused, or a model that works. */
#include "fuzz/exercise.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 24 };

typedef struct small {
    const char *columns;
    setting settings[6];
    size_t stop_at;         /* the step within aep_fit at which the model is saved; 0: when it is ready */
    const picture *picture; /* in place of columns, or NULL */
} small;

static const picture mirrored = {.name = "mirrored",
                                 .channels = 1,
                                 .height = 2,
                                 .width = 3,
                                 .n_layers = 1,
                                 .layers = {{AEP_PART_ENCODER, AEP_LAYER_CONV, 2, 2, 1, AEP_PADDING_AUTO}}};
static const picture given = {.name = "given",
                              .channels = 2,
                              .height = 1,
                              .width = 3,
                              .n_layers = 5,
                              .layers = {{AEP_PART_ENCODER, AEP_LAYER_CONV, 2, 2, 1, 0},
                                         {AEP_PART_ENCODER, AEP_LAYER_NORM, 2, 0, 0, 0},
                                         {AEP_PART_ENCODER, AEP_LAYER_MAX_POOL, 0, 2, 2, 0},
                                         {AEP_PART_DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0},
                                         {AEP_PART_DECODER, AEP_LAYER_CONV_TRANSPOSED, 2, 2, 1, 0}}};

/* dense, also by the joint score; categorical with names and everything that can be missing; a rank transform; a run under way; convolutions,
   mirrored and given */
static const small models[] = {
    {"nn", {{AEP_OPT_EPOCHS, 2}}, 0, NULL},
    {"nnn", {{AEP_OPT_EPOCHS, 1}, {AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_SAVE_TRAINING, 0}}, 0, NULL},
    {"3n",
     {{AEP_OPT_EPOCHS, 1}, {AEP_OPT_MISSING, 1}, {AEP_OPT_MISSING_INDICATOR, 1}, {AEP_OPT_SCALE_LEVELS, 1}},
     0,
     NULL},
    {"n", {{AEP_OPT_EPOCHS, 1}, {AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}}, 0, NULL},
    {"nn", {{AEP_OPT_EPOCHS, 3}, {AEP_OPT_BATCH, 8}, {AEP_OPT_VALIDATION, 0.25}}, 4, NULL},
    {"", {{AEP_OPT_EPOCHS, 1}, {AEP_OPT_NOISE, AEP_NOISE_BLOCK}, {AEP_OPT_SAVE_TRAINING, 0}}, 0, &mirrored},
    {"", {{AEP_OPT_EPOCHS, 1}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}, {AEP_OPT_SAVE_TRAINING, 0}}, 0, &given},
};

typedef struct capture {
    size_t left;
    bytes saved;
} capture;

static int save_at_step(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches,
                        void *payload)
{
    capture *c = payload;
    (void)epoch, (void)epochs, (void)batch, (void)batches;
    if (--c->left)
        return 0;
    c->saved = save(model);
    return 1;
}

static bytes small_model(const small *s)
{
    const size_t cols = s->picture ? picture_size(s->picture) : strlen(s->columns);
    capture c = {.left = s->stop_at};
    aep_options *options =
        s->picture ? picture_options(s->picture, s->settings, NULL) : new_options(s->columns, s->settings, NULL);
    aep_model *model;
    float *rows = s->picture ? new_pictures(s->picture, ROWS, 1) : new_rows(s->columns, ROWS, 1);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, (const size_t[]){2, 1}, 2));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, (const size_t[]){2}, 1));
    AEP_CHECK(aep_model_new(&model, options, cols));
    aep_options_free(options);
    if (s->stop_at) {
        AEP_CHECK_STATUS(aep_fit(model, rows, ROWS, cols, save_at_step, &c), AEP_E_CANCELLED);
    } else {
        AEP_CHECK(aep_fit(model, rows, ROWS, cols, NULL, NULL));
        AEP_CHECK(aep_calibrate(model, rows, 12, cols));
        c.saved = save(model);
    }
    free(rows);
    aep_model_free(model);
    return c.saved;
}

/* What aep_model_load said; fails if a promise was broken. */
static int check_bytes(const uint8_t *data, size_t size, const char *what, size_t at)
{
    int status;
    /* a block of just this size, so that a memory checker sees every read beyond it */
    uint8_t *exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    const char *wrong = exercise_bytes(&status, exact, size);
    free(exact);
    ck_assert_msg(!wrong, "%s %zu: %s", what, at, wrong);
    return status;
}

START_TEST(whole_models_are_accepted)
{
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        bytes b = small_model(&models[m]);
        ck_assert_int_eq(check_bytes(b.data, b.size, "model", m), AEP_OK);
        ck_assert_uint_lt(b.size, 8192);
        free(b.data);
    }
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        bytes b = small_model(&models[m]);
        for (size_t size = 0; size < b.size; size++) {
            const int status = check_bytes(b.data, size, "truncation to", size);
            ck_assert_int_eq(status, size < 8 ? AEP_E_FORMAT : AEP_E_CHECKSUM);
        }
        free(b.data);
    }
}
END_TEST

START_TEST(every_truncation_with_its_own_checksum_is_refused)
{
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        bytes b = small_model(&models[m]);
        uint8_t *cut = malloc(b.size);
        for (size_t size = 4; size < b.size; size++) {
            memcpy(cut, b.data, size);
            repair_checksum(cut, size);
            ck_assert_int_ne(check_bytes(cut, size, "truncation to", size), AEP_OK);
            if (size >= 28) { /* the size in the header put right, too */
                for (size_t i = 0; i < 8; i++)
                    cut[16 + i] = (uint8_t)(size >> 8 * i);
                repair_checksum(cut, size);
                ck_assert_int_ne(check_bytes(cut, size, "truncation to", size), AEP_OK);
            }
        }
        free(cut);
        free(b.data);
    }
}
END_TEST

START_TEST(bytes_behind_the_end_are_refused)
{
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        bytes b = small_model(&models[m]);
        uint8_t *longer = calloc(b.size + 16, 1);
        memcpy(longer, b.data, b.size);
        for (size_t more = 1; more <= 16; more++) {
            ck_assert_int_ne(check_bytes(longer, b.size + more, "more", more), AEP_OK);
            uint8_t *repaired = malloc(b.size + more);
            memcpy(repaired, longer, b.size + more);
            repair_checksum(repaired, b.size + more);
            ck_assert_int_ne(check_bytes(repaired, b.size + more, "more", more), AEP_OK);
            free(repaired);
        }
        free(longer);
        free(b.data);
    }
}
END_TEST

START_TEST(every_bit_error_is_refused)
{
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        bytes b = small_model(&models[m]);
        for (size_t bit = 0; bit < 8 * b.size; bit++) {
            b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ck_assert_int_ne(check_bytes(b.data, b.size, "bit", bit), AEP_OK);
            b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(b.data);
    }
}
END_TEST

START_TEST(every_bit_error_under_a_right_checksum_is_refused_or_harmless)
{
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        bytes b = small_model(&models[m]);
        size_t accepted = 0;
        for (size_t bit = 0; bit < 8 * (b.size - 4); bit++) {
            b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            repair_checksum(b.data, b.size);
            accepted += check_bytes(b.data, b.size, "bit", bit) == AEP_OK;
            b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        ck_assert_uint_gt(accepted, 0); /* the mantissas of weights, at least */
        ck_assert_uint_lt(accepted, 8 * b.size);
        free(b.data);
    }
}
END_TEST

/* Eight bytes at every place made largest, and zero: counts, sizes, steps, floating-point numbers. */
START_TEST(every_extreme_number_is_refused_or_harmless)
{
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        bytes b = small_model(&models[m]);
        uint8_t *changed = malloc(b.size);
        for (size_t at = 0; at + 12 <= b.size; at++)
            for (int k = 0; k < 4; k++) {
                memcpy(changed, b.data, b.size);
                memset(changed + at, k & 1 ? 0xff : 0, k & 2 ? 8 : 4);
                repair_checksum(changed, b.size);
                check_bytes(changed, b.size, "number at", at);
            }
        free(changed);
        free(b.data);
    }
}
END_TEST

static void put_u32(uint8_t *at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* Where the image begins, which closes the section of the options. */
static size_t find_image(bytes b, size_t n_layers) { return find_section(b, "COLS") - 12 - 4 * (3 + 2 + 5 * n_layers); }

/* Networks that would be gigantic, or impossible, from few bytes: the weights that follow are not theirs, and nothing
   is allocated for them; check_bytes holds that. The largest numbers that each place could take, and beyond. */
START_TEST(layers_without_their_weights_are_refused)
{
    static const uint32_t numbers[] = {0, 255, 256, 65536, 65537, 1 << 24, 0x7fffffff, 0xffffffff};
    for (size_t m = 0; m < COUNT_OF(models); m++) {
        if (!models[m].picture)
            continue;
        bytes b = small_model(&models[m]);
        const size_t image = find_image(b, models[m].picture->n_layers), end = find_section(b, "COLS") - 12;
        uint8_t *changed = malloc(b.size);
        for (size_t at = image; at < end; at += 4)
            for (size_t i = 0; i < COUNT_OF(numbers); i++) {
                memcpy(changed, b.data, b.size);
                put_u32(changed + at, numbers[i]);
                repair_checksum(changed, b.size);
                const int status = check_bytes(changed, b.size, "number at", at);
                ck_assert_msg(status == AEP_E_FORMAT || status == AEP_E_LIMIT ||
                                  (status == AEP_OK && numbers[i] <= 255), /* a kernel's number, or what it was */
                              "number at %zu made %u: %d", at - image, (unsigned)numbers[i], status);
            }
        free(changed);
        free(b.data);
    }
}
END_TEST

/* 32 layers of the most filters that there can be, with kernels and maps to match. */
START_TEST(the_largest_network_that_can_be_described_is_refused)
{
    bytes b = small_model(&models[4]);
    const size_t image = find_image(b, mirrored.n_layers), more = 4 * 5 * 31;
    const size_t options = find_section(b, "OPTS"), columns = find_section(b, "COLS") - 12;
    static const uint32_t filters[] = {1, 4, 1000, 65536};
    for (size_t f = 0; f < COUNT_OF(filters); f++) {
        uint8_t *huge = malloc(b.size + more);
        memcpy(huge, b.data, image + 16);
        for (size_t i = 0; i < 32; i++) {
            const uint32_t layer[] = {AEP_LAYER_CONV, filters[f], 3, 1, 1};
            for (size_t j = 0; j < 5; j++)
                put_u32(huge + image + 16 + 20 * i + 4 * j, layer[j]);
        }
        memcpy(huge + image + 16 + 20 * 32, b.data + image + 16 + 20, b.size - image - 16 - 20);
        put_u32(huge + image + 12, 32);
        put_u32(huge + options - 8, (uint32_t)(columns - options + more)); /* lengths of the section and the file */
        put_u32(huge + 16, (uint32_t)(b.size + more));
        repair_checksum(huge, b.size + more);
        ck_assert_int_eq(check_bytes(huge, b.size + more, "filters", filters[f]), AEP_E_FORMAT);
        free(huge);
    }
    free(b.data);
}
END_TEST

RUN_TESTS("load_bytes", whole_models_are_accepted, every_truncation_is_refused,
          every_truncation_with_its_own_checksum_is_refused, bytes_behind_the_end_are_refused,
          every_bit_error_is_refused, every_bit_error_under_a_right_checksum_is_refused_or_harmless,
          every_extreme_number_is_refused_or_harmless, layers_without_their_weights_are_refused,
          the_largest_network_that_can_be_described_is_refused)
