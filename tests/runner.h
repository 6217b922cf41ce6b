/* SPDX-License-Identifier: BSD-2-Clause */
/* What the main function of every Check program does. */
#ifndef AEP_TESTS_RUNNER_H
#define AEP_TESTS_RUNNER_H

#include <check.h>
#include <stddef.h>

/* Run the tests of a case, which is the whole program; the exit status. */
static inline int run_case(const char *name, TCase *tc)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

/* The same for a list of tests, each of which may take `seconds`. */
static inline int run_list(const char *name, const TTest *const *tests, size_t n, double seconds)
{
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, seconds);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(tc, tests[i]);
    return run_case(name, tc);
}

#endif
