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
    size_t stop_at; /* the step within aep_fit at which the model is saved; 0: when it is ready */
} small;

/* dense; categorical with names and everything that can be missing; a rank transform; a run under way */
static const small models[] = {
    {"nn", {{AEP_OPT_EPOCHS, 2}}, 0},
    {"3n", {{AEP_OPT_EPOCHS, 1}, {AEP_OPT_MISSING, 1}, {AEP_OPT_MISSING_INDICATOR, 1}, {AEP_OPT_SCALE_LEVELS, 1}}, 0},
    {"n", {{AEP_OPT_EPOCHS, 1}, {AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}}, 0},
    {"nn", {{AEP_OPT_EPOCHS, 3}, {AEP_OPT_BATCH, 8}, {AEP_OPT_VALIDATION, 0.25}}, 4},
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
    const size_t cols = strlen(s->columns);
    capture c = {.left = s->stop_at};
    aep_options *options = new_options(s->columns, s->settings, NULL);
    aep_model *model;
    float *rows = new_rows(s->columns, ROWS, 1);
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

RUN_TESTS("load_bytes", whole_models_are_accepted, every_truncation_is_refused,
          every_truncation_with_its_own_checksum_is_refused, bytes_behind_the_end_are_refused,
          every_bit_error_is_refused, every_bit_error_under_a_right_checksum_is_refused_or_harmless,
          every_extreme_number_is_refused_or_harmless)
