/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in messages are those of the locale C, whatever the host's. */
#include "log.h"
#include "runner.h"

#include <check.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double numbers[] = {0,         -0.0,   1,        -1.5,      0.1,    1.0 / 3,
                                 1e-5,      123456, 1234567,  1e22,      5e-324, 1.7976931348623157e308,
                                 -2.5e-300, 0.001,  INFINITY, -INFINITY, NAN};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers, MOST_DIGITS = 17 };

static void check_numbers(void)
{
    static const char *const half[] = {"0.5", "-1.25e-10"};
    char text[AEP__NUMBER_SIZE];
    ck_assert_str_eq(aep__number_text(text, 0.5, 6), half[0]);
    ck_assert_str_eq(aep__number_text(text, -1.25e-10, 6), half[1]);
}

START_TEST(numbers_are_those_of_printf)
{
    for (size_t i = 0; i < N_NUMBERS; i++)
        for (int digits = 1; digits <= MOST_DIGITS; digits++) {
            char expected[64], text[AEP__NUMBER_SIZE];
            snprintf(expected, sizeof expected, "%.*g", digits, numbers[i]);
            ck_assert_str_eq(aep__number_text(text, numbers[i], digits), expected);
        }
    check_numbers();
}
END_TEST

/* a comma; in Pashto and Persian one of two bytes */
START_TEST(the_decimal_point_of_the_locale_changes_nothing)
{
    static const char *const locales[] = {"de_DE.UTF-8", "tr_TR.UTF-8", "ps_AF.UTF-8", "fa_IR.UTF-8"};
    char plain[N_NUMBERS][AEP__NUMBER_SIZE], text[AEP__NUMBER_SIZE];
    for (size_t i = 0; i < N_NUMBERS; i++)
        aep__number_text(plain[i], numbers[i], MOST_DIGITS);
    for (size_t k = 0; k < sizeof locales / sizeof *locales; k++) {
        if (!setlocale(LC_ALL, locales[k])) {
            printf("skipped: the locale %s is not installed\n", locales[k]);
            continue;
        }
        ck_assert_str_ne(localeconv()->decimal_point, ".");
        check_numbers();
        for (size_t i = 0; i < N_NUMBERS; i++)
            ck_assert_str_eq(aep__number_text(text, numbers[i], MOST_DIGITS), plain[i]);
        setlocale(LC_ALL, "C");
    }
}
END_TEST

static void keep(int level, const char *message, void *payload)
{
    ck_assert_int_eq(level, AEP_LOG_ERROR);
    snprintf(payload, 600, "%s", message);
}

START_TEST(long_messages_are_cut)
{
    char long_text[1000], got[600] = "";
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    const aep__log log = {keep, got};
    ck_assert_int_eq(aep__fail(&log, AEP_E_RANGE, "%s", long_text), AEP_E_RANGE);
    ck_assert_uint_eq(strlen(got), 511);
    ck_assert_int_eq(aep__fail(NULL, AEP_E_RANGE, "%s", long_text), AEP_E_RANGE);
    ck_assert_int_eq(aep__fail(&log, AEP_E_ROWS, "%s of %s", AEP__NUMBER(0.25, 6), AEP__NUMBER(1.5, 2)), AEP_E_ROWS);
    ck_assert_str_eq(got, "0.25 of 1.5");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {numbers_are_those_of_printf, the_decimal_point_of_the_locale_changes_nothing,
                                  long_messages_are_cut};
    return run_list("log", tests, sizeof tests / sizeof *tests, 60);
}
