/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that describe the options and parse their text. */
#include "option_table.h"
#include "runner.h"

#include <check.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------------------------------------- the table */

START_TEST(the_table_is_as_released)
{
    ck_assert_uint_eq(aep_option_count(), N(table));
    ck_assert_uint_eq(AEP__OPTION_COUNT, N(table));
    for (size_t i = 0; i < N(table); i++) {
        const struct expected *e = &table[i];
        double low, high, preset;
        ck_assert_int_eq(e->key, (int)i + 1);
        ck_assert_int_eq(aep_option_at(i), e->key);
        ck_assert_str_eq(aep_option_name(e->key), e->name);
        ck_assert_int_eq(aep_option_find(e->name), e->key);
        ck_assert_int_eq(aep_option_type(e->key), e->type);
        ck_assert_int_eq(aep_option_is_changeable(e->key), e->changeable);
        ck_assert_int_eq(aep_option_bounds(&low, &high, &preset, e->key), AEP_OK);
        ck_assert_msg(low == e->low && high == e->high && preset == e->preset, "%s: %g to %g, %g", e->name, low, high,
                      preset);
    }
}
END_TEST

START_TEST(choices_have_names)
{
    for (size_t i = 0; i < N(table); i++) {
        const struct expected *e = &table[i];
        char names[256] = "";
        for (int value = 0; aep_option_choice(e->key, value); value++)
            strcat(strcat(names, aep_option_choice(e->key, value)), " ");
        ck_assert_str_eq(names, e->choices);
        ck_assert_ptr_null(aep_option_choice(e->key, -1));
        ck_assert_ptr_null(aep_option_choice(e->key, (int)fmin(e->high, 1000) + 1));
        ck_assert_ptr_null(aep_option_choice(e->key, INT_MAX));
        ck_assert_ptr_null(aep_option_choice(e->key, INT_MIN));
    }
}
END_TEST

START_TEST(every_option_has_a_sentence_of_help)
{
    for (size_t i = 0; i < N(table); i++) {
        const char *help = aep_option_help(table[i].key);
        ck_assert_ptr_nonnull(help);
        ck_assert(strlen(help) >= 10 && strlen(help) < 200);
        ck_assert_ptr_null(strchr(help, '\n'));
    }
}
END_TEST

START_TEST(what_is_no_option_is_refused)
{
    static const int no_keys[] = {0, -1, AEP__OPTION_COUNT + 1, INT_MAX, INT_MIN};
    double value = 7;
    for (size_t i = 0; i < N(no_keys); i++) {
        const int key = no_keys[i];
        ck_assert_ptr_null(aep_option_name(key));
        ck_assert_ptr_null(aep_option_help(key));
        ck_assert_ptr_null(aep_option_choice(key, 0));
        ck_assert_int_eq(aep_option_type(key), AEP_E_OPTION);
        ck_assert_int_eq(aep_option_is_changeable(key), AEP_E_OPTION);
        ck_assert_int_eq(aep_option_bounds(&value, &value, &value, key), AEP_E_OPTION);
        ck_assert_int_eq(aep_option_parse(&value, key, "1"), AEP_E_OPTION);
    }
    ck_assert(value == 7);
    ck_assert_int_eq(aep_option_at(N(table)), AEP_E_OPTION);
    ck_assert_int_eq(aep_option_at(SIZE_MAX), AEP_E_OPTION);
    ck_assert_int_eq(aep_option_find("seeds"), AEP_E_OPTION);
    ck_assert_int_eq(aep_option_find("see"), AEP_E_OPTION);
    ck_assert_int_eq(aep_option_find("Seed"), AEP_E_OPTION);
    ck_assert_int_eq(aep_option_find(""), AEP_E_OPTION);
    ck_assert_int_eq(aep_option_find(NULL), AEP_E_OPTION);
}
END_TEST

START_TEST(bounds_that_are_not_wanted_may_be_null)
{
    double value = 0;
    ck_assert_int_eq(aep_option_bounds(NULL, NULL, NULL, AEP_OPT_BATCH), AEP_OK);
    ck_assert_int_eq(aep_option_bounds(NULL, &value, NULL, AEP_OPT_BATCH), AEP_OK);
    ck_assert(value == 1e6);
}
END_TEST

/* ----------------------------------------------------------------------------------------------------- parsing */

static double parse(int key, const char *text)
{
    double value = NAN;
    ck_assert_msg(aep_option_parse(&value, key, text) == AEP_OK, "'%s'", text);
    return value;
}

static void check_not_parsed(int key, const char *text, int expected)
{
    double value = 7;
    const int status = aep_option_parse(&value, key, text);
    ck_assert_msg(status == expected, "%s = '%s': %d", aep_option_name(key), text, status);
    ck_assert(value == 7);
}

START_TEST(numbers_are_parsed)
{
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "0.001") == 0.001);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "1e-3") == 1e-3);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "+1E-03") == 1e-3);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, ".5") == 0.5);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "1.") == 1);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "-0.0") == 0);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "0e99999999999999999999") == 0);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "1e-99999999999999999999") == 0);
    ck_assert(parse(AEP_OPT_GRADIENT_CLIP, "00123.4500e+2") == 12345);
    ck_assert(parse(AEP_OPT_SEED, "9007199254740992") == WHOLE);
    ck_assert(parse(AEP_OPT_SEED, "9007199254740991") == WHOLE - 1);
    ck_assert(parse(AEP_OPT_EPOCHS, "1e3") == 1000);
    ck_assert(parse(AEP_OPT_EPOCHS, "12.0") == 12);
}
END_TEST

START_TEST(numbers_with_many_digits_are_parsed)
{
    char text[400];
    memset(text, '0', sizeof text);
    text[1] = '.';
    strcpy(text + 300, "25e300"); /* 0.000...025e300 */
    ck_assert(parse(AEP_OPT_GRADIENT_CLIP, text) == 25);
    memset(text, '3', sizeof text);
    text[0] = '0';
    text[1] = '.';
    text[399] = 0;
    ck_assert(parse(AEP_OPT_LEARNING_RATE, text) == 1. / 3);
    memset(text, '0', sizeof text);
    text[0] = '5';
    strcpy(text + 300, "e-299");
    ck_assert(parse(AEP_OPT_GRADIENT_CLIP, text) == 5);
}
END_TEST

START_TEST(parsed_numbers_are_the_nearest_doubles)
{
    static const char *const formats[] = {"%.17g", "%.17e", "%.30f", "%.6g", "%.60e"};
    uint32_t state = 9;
    for (int trial = 0; trial < 20000; trial++) {
        char text[128];
        double value = 0;
        for (int i = 0; i < 3; i++)
            value = (value + (double)((state = state * 1664525u + 1013904223u) >> 8)) / 16777216;
        value = ldexp(value, 20 - trial % 60);
        snprintf(text, sizeof text, formats[trial % 5], value);
        const double expected = strtod(text, NULL); /* in the locale C */
        ck_assert_msg(parse(AEP_OPT_GRADIENT_CLIP, text) == expected, "%s", text);
    }
}
END_TEST

START_TEST(text_that_is_no_number_is_refused)
{
    static const char *const bad[] = {"",         " ",   ".",    "-",     "+.",  "e5",   "1e",    "1e+", "1 ",  " 1",
                                      "1.2.3",    "1,5", "0x10", "1e5.0", "--1", "1-",   "nan",   "NaN", "inf", "-inf",
                                      "infinity", "one", "1f",   "1e5e5", "yes", "tanh", "1_000", "1\n"};
    for (size_t i = 0; i < N(bad); i++) {
        check_not_parsed(AEP_OPT_GRADIENT_CLIP, bad[i], AEP_E_RANGE);
        check_not_parsed(AEP_OPT_EPOCHS, bad[i], AEP_E_RANGE);
        check_not_parsed(AEP_OPT_NOISE, bad[i], AEP_E_OPTION);
        if (strcmp(bad[i], "yes") != 0)
            check_not_parsed(AEP_OPT_SQUARED, bad[i], AEP_E_RANGE);
    }
}
END_TEST

START_TEST(numbers_out_of_bounds_are_refused)
{
    check_not_parsed(AEP_OPT_LEARNING_RATE, "1.0000000000000003", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_LEARNING_RATE, "-1e-9", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_LEARNING_RATE, "1e400", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_LEARNING_RATE, "1e99999999999999999999", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_BATCH, "1", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_BATCH, "1000001", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_BATCH, "2.5", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_SEED, "9007199254740994", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_SEED, "99999999999999999999999999999999999999999999", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_NOISE, "4", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_NOISE, "0.5", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_SQUARED, "2", AEP_E_RANGE);
}
END_TEST

START_TEST(null_is_not_parsed)
{
    double value = 7;
    ck_assert_int_eq(aep_option_parse(NULL, AEP_OPT_SEED, "1"), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_option_parse(&value, AEP_OPT_SEED, NULL), AEP_E_ARGUMENT);
    ck_assert(value == 7);
}
END_TEST

START_TEST(choices_are_parsed_by_name_and_by_number)
{
    for (size_t i = 0; i < N(table); i++)
        for (int value = 0; aep_option_choice(table[i].key, value); value++) {
            char number[16];
            snprintf(number, sizeof number, "%d", value);
            ck_assert(parse(table[i].key, aep_option_choice(table[i].key, value)) == value);
            ck_assert(parse(table[i].key, number) == value);
        }
    check_not_parsed(AEP_OPT_NOISE, "gauss", AEP_E_OPTION);
    check_not_parsed(AEP_OPT_NOISE, "gaussian ", AEP_E_OPTION);
    check_not_parsed(AEP_OPT_NOISE, "rank", AEP_E_OPTION); /* of another option */
}
END_TEST

START_TEST(switches_are_parsed_as_words)
{
    static const char *const yes[] = {"1", "yes", "true", "on"}, *const no[] = {"0", "no", "false", "off"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert(parse(AEP_OPT_SQUARED, yes[i]) == 1);
        ck_assert(parse(AEP_OPT_SQUARED, no[i]) == 0);
    }
    check_not_parsed(AEP_OPT_SQUARED, "maybe", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_SQUARED, "Yes", AEP_E_RANGE);
    check_not_parsed(AEP_OPT_EPOCHS, "on", AEP_E_RANGE);
}
END_TEST

START_TEST(a_decimal_comma_of_the_locale_changes_nothing)
{
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "fr_FR", "pl_PL.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < N(locales) && !found; i++)
        found = setlocale(LC_ALL, locales[i]) && !strcmp(localeconv()->decimal_point, ",");
    if (!found) {
        puts("skipped a_decimal_comma_of_the_locale_changes_nothing: no locale with a decimal comma is installed");
        return;
    }
    ck_assert(strtod("0,25", NULL) == 0.25);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "0.25") == 0.25);
    ck_assert(parse(AEP_OPT_LEARNING_RATE, "2.5e-3") == 0.0025);
    check_not_parsed(AEP_OPT_LEARNING_RATE, "0,25", AEP_E_RANGE);
    setlocale(LC_ALL, "C");
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("option_table");
    tcase_add_test(tc, the_table_is_as_released);
    tcase_add_test(tc, choices_have_names);
    tcase_add_test(tc, every_option_has_a_sentence_of_help);
    tcase_add_test(tc, what_is_no_option_is_refused);
    tcase_add_test(tc, bounds_that_are_not_wanted_may_be_null);
    tcase_add_test(tc, numbers_are_parsed);
    tcase_add_test(tc, numbers_with_many_digits_are_parsed);
    tcase_add_test(tc, parsed_numbers_are_the_nearest_doubles);
    tcase_add_test(tc, text_that_is_no_number_is_refused);
    tcase_add_test(tc, numbers_out_of_bounds_are_refused);
    tcase_add_test(tc, null_is_not_parsed);
    tcase_add_test(tc, choices_are_parsed_by_name_and_by_number);
    tcase_add_test(tc, switches_are_parsed_as_words);
    tcase_add_test(tc, a_decimal_comma_of_the_locale_changes_nothing);
    return run_case("option_table", tc);
}
