/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"
#include "runner.h"

#include <check.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was written, as a string. */
#define WRITTEN(text, call)                                                                                            \
    char text[256] = {0};                                                                                              \
    do {                                                                                                               \
        aep__writer w = {(uint8_t *)text, 0}, counter = {0}, *to = &counter;                                           \
        call;                                                                                                          \
        to = &w;                                                                                                       \
        call;                                                                                                          \
        ck_assert_uint_eq(w.pos, strlen(text));                                                                        \
        ck_assert_uint_eq(w.pos, counter.pos);                                                                         \
    } while (0)

START_TEST(text_is_counted_and_written_alike)
{
    WRITTEN(text, (aep__text(to, "%s[%zu]", "row", (size_t)12), aep__text_put(to, ";")));
    ck_assert_str_eq(text, "row[12];");
    WRITTEN(upper, aep__text_put_upper(to, "pump_2a"));
    ck_assert_str_eq(upper, "PUMP_2A");
}
END_TEST

static void check_float(float value)
{
    char text[AEP__TEXT_NUMBER], *end;
    aep__text_float(text, value);
    const float read = strtof(text, &end);
    ck_assert_msg(!memcmp(&read, &value, sizeof value), "%s is not %a", text, (double)value);
    ck_assert_str_eq(end, "f");
    ck_assert_msg(strpbrk(text, ".e") != NULL, "%s is an integer", text);
}

static void check_double(double value)
{
    char text[AEP__TEXT_NUMBER], *end;
    aep__text_double(text, value);
    const double read = strtod(text, &end);
    ck_assert_msg(!memcmp(&read, &value, sizeof value), "%s is not %a", text, value);
    ck_assert_str_eq(end, "");
    ck_assert_msg(strpbrk(text, ".e") != NULL, "%s is an integer", text);
}

START_TEST(numbers_read_back_as_what_they_were)
{
    static const double ends[] = {0, -0.0, 1, -1, 5, 0.1, 1e9, 1e22, 123456789};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        check_float((float)ends[i]);
        check_double(ends[i]);
    }
    check_float(FLT_MAX), check_float(-FLT_MAX), check_float(FLT_MIN), check_float(FLT_MIN / 8388608);
    check_double(DBL_MAX), check_double(-DBL_MAX), check_double(DBL_MIN), check_double(DBL_MIN / 4503599627370496);
    uint64_t state = 1;
    for (int i = 0; i < 20000; i++) {
        float f;
        double d;
        state = state * 6364136223846793005u + 1442695040888963407u;
        const uint32_t bits = (uint32_t)(state >> 32);
        memcpy(&f, &bits, sizeof f);
        memcpy(&d, &state, sizeof d);
        if (isfinite(f))
            check_float(f);
        if (isfinite(d))
            check_double(d);
    }
}
END_TEST

START_TEST(numbers_are_the_same_in_every_locale)
{
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ps_AF.UTF-8", "tr_TR.UTF-8"};
    char here[AEP__TEXT_NUMBER], there[AEP__TEXT_NUMBER];
    int n = 0;
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        setlocale(LC_ALL, "C");
        aep__text_double(here, -1234567.25);
        if (!setlocale(LC_ALL, locales[i]))
            continue;
        n += strcmp(localeconv()->decimal_point, ".") != 0;
        aep__text_double(there, -1234567.25);
        ck_assert_str_eq(here, there);
        aep__text_about(there, 0.125);
        ck_assert_str_eq(there, "0.125");
    }
    setlocale(LC_ALL, "C");
    if (!n)
        puts("skipped numbers_are_the_same_in_every_locale: no locale with a decimal comma is installed");
}
END_TEST

static void check_comment(const char *name, const char *expected)
{
    WRITTEN(text, aep__text_comment(to, name));
    ck_assert_str_eq(text, expected);
}

START_TEST(a_name_cannot_leave_its_comment)
{
    check_comment("speed [m/s]", "speed [m/s]");
    check_comment("Öldruck °C", "Öldruck °C");
    check_comment("压力 \xf0\x9f\x9a\x80", "压力 \xf0\x9f\x9a\x80");
    check_comment("*/ int x; /*", "*? int x; /?");
    check_comment("**//", "**?/");
    check_comment("a\nb\tc\x7f\\", "a?b?c??");
    check_comment("\xff\xc0\x80\xed\xa0\x80\xf8", "??????"
                                                  "?");
    check_comment("\xe2\x80", "??");
    check_comment("a\xe2\x80\xae"
                  "b\xe2\x80\xa8"
                  "c\xc2\x85",
                  "a?b?c?");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {text_is_counted_and_written_alike, numbers_read_back_as_what_they_were,
                                  numbers_are_the_same_in_every_locale, a_name_cannot_leave_its_comment};
    return run_list("text", tests, sizeof tests / sizeof *tests, 60);
}
