/* SPDX-License-Identifier: BSD-2-Clause */
/* Models as C: sizes, errors, bytes. That the code scores as the library does: export/check_export.py. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As a string. To be freed. */
static char *text_of(const aep_model *model, const char *prefix)
{
    size_t size;
    AEP_CHECK(aep_export_c_size(&size, model, prefix));
    char *text = calloc(size + 1, 1);
    AEP_CHECK(aep_export_c(text, size, model, prefix));
    ck_assert_uint_eq(strlen(text), size);
    return text;
}

START_TEST(export_uses_the_bytes_that_export_size_says)
{
    aep_model *model = ready_model("nn3", NULL);
    size_t size;
    AEP_CHECK(aep_export_c_size(&size, model, "pump"));
    char *buffer = malloc(size + 100), *expected = text_of(model, "pump");
    memset(buffer, 0x25, size + 100);
    AEP_CHECK(aep_export_c(buffer, size + 100, model, "pump"));
    for (size_t i = size; i < size + 100; i++)
        ck_assert_int_eq(buffer[i], 0x25);
    ck_assert_mem_eq(buffer, expected, size);
    memset(buffer, 0x25, size);
    AEP_CHECK_STATUS(aep_export_c(buffer, size - 1, model, "pump"), AEP_E_BUFFER);
    for (size_t i = 0; i < size; i++)
        ck_assert_int_eq(buffer[i], 0x25);
    free(buffer), free(expected);
    aep_model_free(model);
}
END_TEST

START_TEST(the_same_model_gives_the_same_text_also_saved_and_loaded)
{
    aep_model *model = ready_model("nn3", SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    bytes saved = save(model);
    aep_model *loaded = load(saved);
    char *text = text_of(model, "m"), *again = text_of(model, "m"), *of_loaded = text_of(loaded, "m");
    ck_assert_str_eq(text, again);
    ck_assert_str_eq(text, of_loaded);
    assert_unchanged(model, saved);
    free(text), free(again), free(of_loaded);
    aep_model_free(model), aep_model_free(loaded);
}
END_TEST

START_TEST(a_prefix_is_an_identifier)
{
    static const char *const good[] = {"m", "Pump_2", "a234567890123456789012345678901"};
    static const char *const bad[] = {"",    "2m",  "_m",        "a b",
                                      "a-b", "a\n", "\xc3\xb6l", "a2345678901234567890123456789012"};
    messages heard = {{0}, ""};
    aep_model *model = ready_model("nn", NULL);
    size_t size;
    AEP_CHECK(aep_model_set_log(model, record_message, &heard));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        AEP_CHECK(aep_export_c_size(&size, model, good[i]));
    ck_assert_uint_eq(heard.n[AEP_LOG_ERROR], 0);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        size = 77;
        AEP_CHECK_STATUS(aep_export_c_size(&size, model, bad[i]), AEP_E_ARGUMENT);
        ck_assert_uint_eq(size, 77);
    }
    ck_assert_uint_eq(heard.n[AEP_LOG_ERROR], COUNT_OF(bad));
    AEP_CHECK_STATUS(aep_export_c_size(&size, model, NULL), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_export_c_size(NULL, model, "m"), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_export_c_size(&size, NULL, "m"), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_export_c(NULL, 10, model, "m"), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_export_c(&size, 0, NULL, "m"), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_export_c(&size, 0, model, NULL), AEP_E_ARGUMENT);
    aep_model_free(model);
}
END_TEST

START_TEST(what_is_not_trained_is_not_exported)
{
    messages heard = {{0}, ""};
    aep_model *model = new_model("nn", SET({AEP_OPT_SCALING, AEP_SCALING_NONE}));
    size_t size = 77;
    AEP_CHECK(aep_model_set_log(model, record_message, &heard));
    AEP_CHECK_STATUS(aep_export_c_size(&size, model, "m"), AEP_E_STATE);
    ck_assert_ptr_nonnull(strstr(heard.last, "not trained"));
    aep_model_free(model);
    model = fitted_model("nn", SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}));
    AEP_CHECK(aep_model_set_log(model, record_message, &heard));
    AEP_CHECK_STATUS(aep_export_c_size(&size, model, "m"), AEP_E_STATE);
    ck_assert_ptr_nonnull(strstr(heard.last, "aep_calibrate"));
    AEP_CHECK_STATUS(aep_export_c(&size, sizeof size, model, "m"), AEP_E_STATE);
    ck_assert_uint_eq(size, 77);
    aep_model_free(model);
}
END_TEST

START_TEST(there_are_functions_for_what_the_model_knows)
{
    aep_model *model = fitted_model("nn", NULL);
    char *text = text_of(model, "m");
    ck_assert(strstr(text, "float m_score(") && !strstr(text, "m_pvalue") && !strstr(text, "m_is_anomaly"));
    ck_assert(strstr(text, "not calibrated") && strstr(text, "no threshold"));
    free(text);
    AEP_CHECK(aep_set_threshold(model, 0.5));
    text = text_of(model, "m");
    ck_assert(!strstr(text, "m_pvalue") && strstr(text, "int m_is_anomaly(") && strstr(text, "not calibrated"));
    free(text);
    aep_model_free(model);
    model = ready_model("nn", NULL);
    text = text_of(model, "m");
    ck_assert(strstr(text, "float m_pvalue(") && strstr(text, "int m_is_anomaly(") && !strstr(text, "not calibrated"));
    free(text);
    aep_model_free(model);
}
END_TEST

START_TEST(columns_and_levels_stand_in_the_comment_and_do_not_end_it)
{
    static const char *const levels[] = {"off", "*/ #error", NULL};
    aep_options *options = new_options("", NULL, NULL);
    aep_model *model;
    float *rows = new_rows("nnn3n", 400, 1);
    AEP_CHECK(aep_options_set_column(options, 0, "Druck [bar]\n#error", AEP_COLUMN_NUMERIC, NULL, 0));
    AEP_CHECK(aep_options_set_column(options, 3, "mode", AEP_COLUMN_CATEGORICAL, levels, 3));
    AEP_CHECK(aep_model_new(&model, options, 5));
    AEP_CHECK(aep_fit(model, rows, 400, 5, NULL, NULL));
    char *text = text_of(model, "m");
    ck_assert_ptr_nonnull(strstr(text, "row[0]  Druck [bar]?#error, a number\n"));
    ck_assert_ptr_nonnull(strstr(text, "row[1] to row[2]  numbers\n"));
    ck_assert_ptr_nonnull(strstr(text, "row[3]  mode, one of 3 levels: 0 off, 1 *? #error, 2 (no name)\n"));
    ck_assert_ptr_null(strstr(text, "*/ #error"));
    free(text), free(rows);
    aep_options_free(options);
    aep_model_free(model);
}
END_TEST

START_TEST(nothing_is_allocated)
{
    memory m;
    const aep_allocator allocator = memory_allocator(&m);
    aep_options *options = new_options("nn3", NULL, &allocator);
    aep_model *model;
    float *rows = new_rows("nn3", 400, 1);
    AEP_CHECK(aep_model_new(&model, options, 3));
    AEP_CHECK(aep_fit(model, rows, 400, 3, NULL, NULL));
    const size_t calls = m.calls;
    free(text_of(model, "m"));
    ck_assert_uint_eq(m.calls, calls);
    aep_model_free(model);
    aep_options_free(options);
    free(rows);
}
END_TEST

RUN_TESTS("export", export_uses_the_bytes_that_export_size_says,
          the_same_model_gives_the_same_text_also_saved_and_loaded, a_prefix_is_an_identifier,
          what_is_not_trained_is_not_exported, there_are_functions_for_what_the_model_knows,
          columns_and_levels_stand_in_the_comment_and_do_not_end_it, nothing_is_allocated)
