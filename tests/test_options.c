/* SPDX-License-Identifier: BSD-2-Clause */
#include "failing.h"
#include "option_table.h"
#include "runner.h"

#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static failing memory;
static aep_allocator mem;
static aep_options *options;
static struct {
    int n, level;
    char last[512];
} messages;

static void record(int level, const char *message, void *payload)
{
    ck_assert_ptr_eq(payload, &messages);
    messages.n++;
    messages.level = level;
    snprintf(messages.last, sizeof messages.last, "%s", message);
}

static void set_up(void)
{
    memset(&messages, 0, sizeof messages);
    mem = failing_allocator(&memory, NEVER);
    ck_assert_int_eq(aep_options_new_with(&options, &mem), AEP_OK);
    ck_assert_int_eq(aep_options_set_log(options, record, &messages), AEP_OK);
}

static void tear_down(void)
{
    aep_options_free(options);
    ck_assert_uint_eq(memory.live, 0);
}

/* The call failed with this status and logged this, once, as an error. */
static void check_failed(int status, int expected, const char *message)
{
    ck_assert_int_eq(status, expected);
    ck_assert_int_eq(messages.n, 1);
    ck_assert_int_eq(messages.level, AEP_LOG_ERROR);
    ck_assert_str_eq(messages.last, message);
    messages.n = 0;
}

static double get(int key)
{
    double value = NAN;
    ck_assert_int_eq(aep_options_get(&value, options, key), AEP_OK);
    return value;
}

/* ------------------------------------------------------------------------------------------ setting and reading */

START_TEST(new_options_have_every_preset)
{
    for (size_t i = 0; i < N(table); i++)
        ck_assert(get(table[i].key) == table[i].preset);
    for (int part = 0; part < AEP__PART_COUNT; part++)
        ck_assert_uint_eq(options->settings.layers[part].n, 0);
    ck_assert_uint_eq(options->schema.n_columns, 0);
}
END_TEST

/* Refused as out of range, with one message that names the option; nothing has changed. */
static void check_refused(const struct expected *e, double value)
{
    const aep__settings before = options->settings;
    char beginning[64];
    snprintf(beginning, sizeof beginning, "option %s: ", e->name);
    messages.n = 0;
    ck_assert_msg(aep_options_set(options, e->key, value) == AEP_E_RANGE, "%s = %.17g", e->name, value);
    ck_assert_int_eq(messages.n, 1);
    ck_assert_int_eq(strncmp(messages.last, beginning, strlen(beginning)), 0);
    ck_assert_mem_eq(&options->settings, &before, sizeof before);
}

START_TEST(bounds_belong_to_the_values_and_nothing_beyond_does)
{
    for (size_t i = 0; i < N(table); i++) {
        const struct expected *e = &table[i];
        ck_assert_int_eq(aep_options_set(options, e->key, e->high), AEP_OK);
        ck_assert(get(e->key) == e->high);
        ck_assert_int_eq(aep_options_set(options, e->key, e->low), AEP_OK);
        ck_assert(get(e->key) == e->low);
        check_refused(e, nextafter(e->low, -INFINITY));
        check_refused(e, nextafter(e->high, INFINITY));
        check_refused(e, e->low - 1);
        check_refused(e, e->high + 2);
        check_refused(e, -INFINITY);
        check_refused(e, INFINITY);
        check_refused(e, NAN);
        if (e->type != AEP_TYPE_REAL)
            check_refused(e, e->low + 0.5);
        else
            ck_assert_int_eq(aep_options_set(options, e->key, e->low + (e->high - e->low) * 0.3), AEP_OK);
    }
}
END_TEST

START_TEST(what_is_no_option_is_neither_set_nor_read)
{
    static const int no_keys[] = {0, -1, AEP__OPTION_COUNT + 1, INT_MAX, INT_MIN};
    double value = 7;
    for (size_t i = 0; i < N(no_keys); i++) {
        char message[64];
        snprintf(message, sizeof message, "there is no option %d; they are 1 to 39", no_keys[i]);
        check_failed(aep_options_set(options, no_keys[i], 1), AEP_E_OPTION, message);
        check_failed(aep_options_get(&value, options, no_keys[i]), AEP_E_OPTION, message);
    }
    ck_assert(value == 7);
}
END_TEST

START_TEST(messages_say_what_would_be_right)
{
    check_failed(aep_options_set(options, AEP_OPT_LEARNING_RATE, 7), AEP_E_RANGE,
                 "option learning_rate: 7 is not within 0 to 1");
    check_failed(aep_options_set(options, AEP_OPT_BATCH, 2.5), AEP_E_RANGE,
                 "option batch: 2.5 is not a whole number within 2 to 1000000");
    check_failed(aep_options_set(options, AEP_OPT_NOISE, 4), AEP_E_RANGE,
                 "option noise: 4 is not one of none, gaussian, masking, block (0 to 3)");
    check_failed(aep_options_set(options, AEP_OPT_ACTIVATION, -1), AEP_E_RANGE,
                 "option activation: -1 is not one of identity, relu, leaky_relu, tanh, sigmoid, gelu, silu (0 to 6)");
    check_failed(aep_options_set(options, AEP_OPT_SQUARED, 2), AEP_E_RANGE,
                 "option squared: 2 is neither 0 (no) nor 1 (yes)");
    check_failed(aep_options_set(options, AEP_OPT_SEED, WHOLE + 2), AEP_E_RANGE,
                 "option seed: 9007199254740994 is not a whole number within 0 to 9007199254740992");
}
END_TEST

START_TEST(minus_zero_is_zero)
{
    ck_assert_int_eq(aep_options_set(options, AEP_OPT_COMPACTNESS, -0.0), AEP_OK);
    ck_assert(get(AEP_OPT_COMPACTNESS) == 0 && !signbit(get(AEP_OPT_COMPACTNESS)));
}
END_TEST

START_TEST(null_is_refused)
{
    double value = 7;
    const aep_allocator no_alloc = {NULL, failing_free, NULL}, no_free = {failing_alloc, NULL, NULL};
    aep_options *new = options;
    ck_assert_int_eq(aep_options_new(NULL), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_options_new_with(NULL, &mem), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_options_new_with(&new, &no_alloc), AEP_E_ARGUMENT);
    ck_assert_ptr_null(new);
    new = options;
    ck_assert_int_eq(aep_options_new_with(&new, &no_free), AEP_E_ARGUMENT);
    ck_assert_ptr_null(new);
    ck_assert_int_eq(aep_options_set(NULL, AEP_OPT_SEED, 1), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_options_get(&value, NULL, AEP_OPT_SEED), AEP_E_ARGUMENT);
    check_failed(aep_options_get(NULL, options, AEP_OPT_SEED), AEP_E_ARGUMENT, "aep_options_get: value is NULL");
    ck_assert_int_eq(aep_options_set_layers(NULL, AEP_PART_HEAD, NULL, 0), AEP_E_ARGUMENT);
    check_failed(aep_options_set_layers(options, AEP_PART_HEAD, NULL, 2), AEP_E_ARGUMENT,
                 "aep_options_set_layers: 2 widths, but widths is NULL");
    ck_assert_int_eq(aep_options_set_column(NULL, 0, NULL, AEP_COLUMN_NUMERIC, NULL, 0), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_options_set_log(NULL, record, &messages), AEP_E_ARGUMENT);
    ck_assert(value == 7);
    aep_options_free(NULL);
}
END_TEST

START_TEST(without_a_log_failures_are_silent)
{
    ck_assert_int_eq(aep_options_set_log(options, NULL, NULL), AEP_OK);
    ck_assert_int_eq(aep_options_set(options, AEP_OPT_SEED, -1), AEP_E_RANGE);
    ck_assert_int_eq(messages.n, 0);
}
END_TEST

/* ------------------------------------------------------------------------------------------ layers and columns */

START_TEST(layers_are_kept_and_can_be_reset)
{
    static const size_t widths[] = {60, 30, 8}, extremes[] = {1, AEP__MAX_WIDTH};
    for (int part = 0; part < AEP__PART_COUNT; part++) {
        const aep__layers *layers = &options->settings.layers[part];
        ck_assert_int_eq(aep_options_set_layers(options, part, widths, 3), AEP_OK);
        ck_assert_uint_eq(layers->n, 3);
        ck_assert_mem_eq(layers->width, widths, sizeof widths);
        ck_assert_int_eq(aep_options_set_layers(options, part, extremes, 2), AEP_OK);
        ck_assert_uint_eq(layers->n, 2);
        ck_assert_mem_eq(layers->width, extremes, sizeof extremes);
        ck_assert_int_eq(aep_options_set_layers(options, part, NULL, 0), AEP_OK);
        ck_assert_uint_eq(layers->n, 0);
    }
}
END_TEST

START_TEST(layers_out_of_bounds_are_refused_and_change_nothing)
{
    static const size_t fine[] = {5, 4}, narrow[] = {5, 0}, wide[] = {AEP__MAX_WIDTH + 1};
    size_t many[AEP__MAX_LAYERS + 1];
    for (size_t i = 0; i < N(many); i++)
        many[i] = 3;
    ck_assert_int_eq(aep_options_set_layers(options, AEP_PART_DECODER, many, AEP__MAX_LAYERS), AEP_OK);
    ck_assert_int_eq(aep_options_set_layers(options, AEP_PART_ENCODER, fine, 2), AEP_OK);
    const aep__settings before = options->settings;
    check_failed(aep_options_set_layers(options, AEP_PART_ENCODER, narrow, 2), AEP_E_RANGE,
                 "encoder: the width 0 of layer 2 is not within 1 to 65536");
    check_failed(aep_options_set_layers(options, AEP_PART_DECODER, wide, 1), AEP_E_RANGE,
                 "decoder: the width 65537 of layer 1 is not within 1 to 65536");
    check_failed(aep_options_set_layers(options, AEP_PART_HEAD, many, AEP__MAX_LAYERS + 1), AEP_E_LIMIT,
                 "head: 33 layers are more than 32");
    check_failed(aep_options_set_layers(options, 3, fine, 2), AEP_E_OPTION,
                 "there is no part 3; 0 is the encoder, 1 the decoder, 2 the head");
    check_failed(aep_options_set_layers(options, -1, fine, 2), AEP_E_OPTION,
                 "there is no part -1; 0 is the encoder, 1 the decoder, 2 the head");
    ck_assert_mem_eq(&options->settings, &before, sizeof before);
}
END_TEST

START_TEST(columns_are_described)
{
    static const char *const levels[] = {"tcp", "udp"};
    ck_assert_int_eq(aep_options_set_column(options, 1, "protocol", AEP_COLUMN_CATEGORICAL, levels, 2), AEP_OK);
    ck_assert_uint_eq(options->schema.n_columns, 2);
    ck_assert_str_eq(options->schema.columns[1].name, "protocol");
    ck_assert_str_eq(options->schema.columns[1].levels[1], "udp");
    ck_assert_int_eq(messages.n, 0);
}
END_TEST

START_TEST(columns_out_of_bounds_are_refused_with_the_reason)
{
    char name[AEP__MAX_NAME + 2];
    const char *const levels[] = {name};
    memset(name, 'x', sizeof name);
    name[AEP__MAX_NAME + 1] = 0;
    check_failed(aep_options_set_column(options, 4, NULL, 2, NULL, 0), AEP_E_OPTION,
                 "column 4: there is no kind 2; 0 is numeric, 1 categorical");
    check_failed(aep_options_set_column(options, 4, NULL, AEP_COLUMN_NUMERIC, NULL, 3), AEP_E_RANGE,
                 "column 4: 3 levels; a categorical column has 1 to 65536, a numeric one none");
    check_failed(aep_options_set_column(options, 4, name, AEP_COLUMN_NUMERIC, NULL, 0), AEP_E_LIMIT,
                 "column 4: its name or a level's is longer than 255 bytes");
    check_failed(aep_options_set_column(options, 4, NULL, AEP_COLUMN_CATEGORICAL, levels, 1), AEP_E_LIMIT,
                 "column 4: its name or a level's is longer than 255 bytes");
    check_failed(aep_options_set_column(options, AEP__MAX_COLUMNS, NULL, AEP_COLUMN_NUMERIC, NULL, 0), AEP_E_LIMIT,
                 "column 16777216: the largest index is 16777215");
    ck_assert_uint_eq(options->schema.n_columns, 0);
}
END_TEST

/* ------------------------------------------------------------------------------------------------------ memory */

START_TEST(a_failed_allocation_gives_no_options)
{
    failing f;
    const aep_allocator allocator = failing_allocator(&f, 0);
    aep_options *new = options;
    ck_assert_int_eq(aep_options_new_with(&new, &allocator), AEP_E_MEMORY);
    ck_assert_ptr_null(new);
    ck_assert_uint_eq(f.live, 0);
}
END_TEST

START_TEST(a_failed_allocation_leaves_the_columns_as_they_were)
{
    static const char *const levels[] = {"tcp", "udp"};
    int status, failures = 0;
    do {
        memory.fail_at = memory.calls + (size_t)failures;
        messages.n = 0;
        status = aep_options_set_column(options, 0, "protocol", AEP_COLUMN_CATEGORICAL, levels, 2);
        if (status) {
            check_failed(status, AEP_E_MEMORY, "column 0: no memory to describe it");
            ck_assert_uint_eq(options->schema.n_columns, 0);
            ck_assert_uint_eq(memory.live, 1);
            failures++;
        }
    } while (status);
    ck_assert_int_ge(failures, 3); /* name, levels, columns */
}
END_TEST

START_TEST(options_without_an_allocator_use_malloc)
{
    aep_options *new;
    ck_assert_int_eq(aep_options_new(&new), AEP_OK);
    aep_options_free(new);
    ck_assert_int_eq(aep_options_new_with(&new, NULL), AEP_OK);
    aep_options_free(new);
}
END_TEST

/* ------------------------------------------------------------------------------------------------------ saving */

static int read_bytes(aep__settings *settings, const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* for the address sanitizer */
    memcpy(exact, data, size);
    aep__reader r = {.data = exact, .size = size};
    const int status = aep__settings_read(settings, &r, 2);
    free(exact);
    return status;
}

/* Refused, and the settings are as they were. */
static void check_malformed(const uint8_t *data, size_t size)
{
    aep__settings settings, before;
    memset(&settings, 0x5a, sizeof settings);
    before = settings;
    ck_assert_int_eq(read_bytes(&settings, data, size), AEP_E_FORMAT);
    ck_assert_mem_eq(&settings, &before, sizeof before);
}

/* Every option moved off its preset, and layers. */
static void fill(void)
{
    static const size_t encoder[] = {60, 30, 8}, head[] = {AEP__MAX_WIDTH};
    for (size_t i = 0; i < N(table); i++)
        ck_assert_int_eq(
            aep_options_set(options, table[i].key, table[i].preset == table[i].high ? table[i].low : table[i].high),
            AEP_OK);
    ck_assert_int_eq(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 3), AEP_OK);
    ck_assert_int_eq(aep_options_set_layers(options, AEP_PART_HEAD, head, 1), AEP_OK);
}

static size_t write_bytes(uint8_t *data)
{
    aep__writer counter = {NULL, 0}, w = {data, 0};
    aep__settings_write(&options->settings, &counter);
    aep__settings_write(&options->settings, &w);
    ck_assert_uint_eq(counter.pos, w.pos);
    return w.pos;
}

START_TEST(reading_gives_what_was_written)
{
    uint8_t data[1024];
    aep__settings settings;
    for (int round = 0; round < 2; round++) {
        const size_t n = write_bytes(data);
        ck_assert_int_eq(read_bytes(&settings, data, n), AEP_OK);
        ck_assert_mem_eq(&settings, &options->settings, sizeof settings);
        fill();
    }
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    uint8_t data[1024];
    fill();
    const size_t n = write_bytes(data);
    for (size_t size = 0; size < n; size++)
        check_malformed(data, size);
}
END_TEST

typedef struct pair {
    uint32_t key;
    double value;
} pair;

/* A count, pairs, and parts of one layer each: widths[i], or none where it is 0. */
static size_t forge(uint8_t *data, uint32_t count, const pair *pairs, size_t n, const uint32_t *widths)
{
    aep__writer w = {data, 0};
    aep__put_u32(&w, count);
    for (size_t i = 0; i < n; i++) {
        aep__put_u32(&w, pairs[i].key);
        aep__put_f64(&w, pairs[i].value);
    }
    for (int part = 0; part < AEP__PART_COUNT; part++) {
        aep__put_u32(&w, widths[part] != 0);
        if (widths[part])
            aep__put_u32(&w, widths[part]);
    }
    aep__put_u32(&w, 0); /* no image */
    return w.pos;
}

static const uint32_t no_layers[AEP__PART_COUNT];

START_TEST(options_that_are_absent_have_their_presets)
{
    static const pair two[] = {{AEP_OPT_BATCH, 9}, {AEP_OPT_ALARM_RATE, 0.5}};
    uint8_t data[256];
    aep__settings settings;
    ck_assert_int_eq(read_bytes(&settings, data, forge(data, 2, two, 2, no_layers)), AEP_OK);
    for (size_t i = 0; i < N(table); i++) {
        double value = NAN;
        ck_assert_int_eq(aep__settings_get(&value, &settings, table[i].key), AEP_OK);
        ck_assert(value == (table[i].key == AEP_OPT_BATCH        ? 9
                            : table[i].key == AEP_OPT_ALARM_RATE ? 0.5
                                                                 : table[i].preset));
    }
    ck_assert_int_eq(read_bytes(&settings, data, forge(data, 0, NULL, 0, no_layers)), AEP_OK);
    aep__settings presets;
    aep__settings_init(&presets);
    ck_assert_mem_eq(&settings, &presets, sizeof presets);
}
END_TEST

START_TEST(malformed_settings_are_refused)
{
    static const pair bad[][2] = {
        {{0, 1}, {2, 1}},                                 /* no such key */
        {{1, 1}, {AEP__OPTION_COUNT + 1, 1}},             /* nor this */
        {{1, 1}, {UINT32_MAX, 1}},                        /* nor this, which is -1 as an int */
        {{AEP_OPT_BATCH, 9}, {AEP_OPT_BATCH, 9}},         /* twice */
        {{AEP_OPT_BATCH, 9}, {AEP_OPT_SEED, 9}},          /* out of order */
        {{AEP_OPT_SEED, 9}, {AEP_OPT_BATCH, 1}},          /* out of bounds */
        {{AEP_OPT_SEED, 9}, {AEP_OPT_BATCH, 2.5}},        /* not whole */
        {{AEP_OPT_SEED, 9}, {AEP_OPT_LEARNING_RATE, NAN}} /* not a number */
    };
    static const uint32_t bad_widths[][AEP__PART_COUNT] = {{AEP__MAX_WIDTH + 1, 0, 0}, {1, 1, UINT32_MAX}};
    uint8_t data[256];
    for (size_t i = 0; i < N(bad); i++)
        check_malformed(data, forge(data, 2, bad[i], 2, no_layers));
    for (size_t i = 0; i < N(bad_widths); i++)
        check_malformed(data, forge(data, 0, NULL, 0, bad_widths[i]));
    check_malformed(data, forge(data, UINT32_MAX, NULL, 0, no_layers));
}
END_TEST

START_TEST(layers_that_are_too_many_or_of_no_width_are_refused)
{
    uint8_t data[512] = {0};
    aep__settings settings;
    aep__writer w = {data, 4}; /* no options */
    aep__put_u32(&w, AEP__MAX_LAYERS + 1);
    for (int i = 0; i <= AEP__MAX_LAYERS; i++)
        aep__put_u32(&w, 1);
    check_malformed(data, sizeof data);
    w.pos -= 4;
    aep__put_u32(&w, 0); /* of the next part */
    w.pos = 4;
    aep__put_u32(&w, AEP__MAX_LAYERS);
    ck_assert_int_eq(read_bytes(&settings, data, sizeof data), AEP_OK);
    ck_assert_uint_eq(settings.layers[AEP_PART_ENCODER].n, AEP__MAX_LAYERS);
    w.pos = 8;
    aep__put_u32(&w, 0);
    check_malformed(data, sizeof data);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("options");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, new_options_have_every_preset);
    tcase_add_test(tc, bounds_belong_to_the_values_and_nothing_beyond_does);
    tcase_add_test(tc, what_is_no_option_is_neither_set_nor_read);
    tcase_add_test(tc, messages_say_what_would_be_right);
    tcase_add_test(tc, minus_zero_is_zero);
    tcase_add_test(tc, null_is_refused);
    tcase_add_test(tc, without_a_log_failures_are_silent);
    tcase_add_test(tc, layers_are_kept_and_can_be_reset);
    tcase_add_test(tc, layers_out_of_bounds_are_refused_and_change_nothing);
    tcase_add_test(tc, columns_are_described);
    tcase_add_test(tc, columns_out_of_bounds_are_refused_with_the_reason);
    tcase_add_test(tc, a_failed_allocation_gives_no_options);
    tcase_add_test(tc, a_failed_allocation_leaves_the_columns_as_they_were);
    tcase_add_test(tc, options_without_an_allocator_use_malloc);
    tcase_add_test(tc, reading_gives_what_was_written);
    tcase_add_test(tc, every_truncation_is_refused);
    tcase_add_test(tc, options_that_are_absent_have_their_presets);
    tcase_add_test(tc, malformed_settings_are_refused);
    tcase_add_test(tc, layers_that_are_too_many_or_of_no_width_are_refused);
    return run_case("options", tc);
}
