/* SPDX-License-Identifier: BSD-2-Clause */
#include "runner.h"

#include <aepred.h>

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

START_TEST(the_version_is_that_of_the_header)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%d.%d.%d", AEP_VERSION_MAJOR, AEP_VERSION_MINOR, AEP_VERSION_PATCH);
    ck_assert_str_eq(aep_version(), expected);
    ck_assert_int_eq(aep_version_number(), AEP_VERSION_NUMBER);
}
END_TEST

START_TEST(the_version_number_has_two_digits_a_part)
{
    int major, minor, patch;
    ck_assert_int_eq(sscanf(aep_version(), "%d.%d.%d", &major, &minor, &patch), 3);
    ck_assert_int_eq(aep_version_number(), major * 10000 + minor * 100 + patch);
    ck_assert(minor < 100 && patch < 100);
}
END_TEST

/* released numbers: they never change */
START_TEST(status_codes_have_their_numbers)
{
    static const int codes[] = {AEP_OK,         AEP_E_ARGUMENT,  AEP_E_MEMORY,     AEP_E_OPTION,  AEP_E_RANGE,
                                AEP_E_COLUMNS,  AEP_E_ROWS,      AEP_E_NOT_FINITE, AEP_E_LEVEL,   AEP_E_STATE,
                                AEP_E_DIVERGED, AEP_E_CANCELLED, AEP_E_FORMAT,     AEP_E_VERSION, AEP_E_CHECKSUM,
                                AEP_E_IO,       AEP_E_BUFFER,    AEP_E_WORKSPACE,  AEP_E_LIMIT};
    for (int i = 0; i < (int)(sizeof codes / sizeof *codes); i++)
        ck_assert_int_eq(codes[i], -i);
}
END_TEST

START_TEST(every_status_has_a_sentence_of_its_own)
{
    const char *unknown = aep_status_str(1);
    for (int a = 0; a >= AEP_E_LIMIT; a--) {
        const char *text = aep_status_str(a);
        ck_assert_ptr_nonnull(text);
        ck_assert_uint_gt(strlen(text), 15);
        ck_assert_ptr_null(strchr(text, '\n'));
        ck_assert_str_ne(text, unknown);
        for (int b = 0; b > a; b--)
            ck_assert_str_ne(text, aep_status_str(b));
    }
}
END_TEST

START_TEST(an_unknown_status_has_a_sentence_too)
{
    static const int unknown[] = {1, 2, AEP_E_LIMIT - 1, INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        ck_assert_ptr_nonnull(aep_status_str(unknown[i]));
        ck_assert_str_eq(aep_status_str(unknown[i]), aep_status_str(1));
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("status");
    tcase_add_test(tc, the_version_is_that_of_the_header);
    tcase_add_test(tc, the_version_number_has_two_digits_a_part);
    tcase_add_test(tc, status_codes_have_their_numbers);
    tcase_add_test(tc, every_status_has_a_sentence_of_its_own);
    tcase_add_test(tc, an_unknown_status_has_a_sentence_too);
    return run_case("status", tc);
}
