/* SPDX-License-Identifier: BSD-2-Clause */
/* What the network refuses. What it computes: test_grad_net.c and the recorded runs. */
#include "failing.h"
#include "net.h"
#include "runner.h"

#include <check.h>
#include <stdint.h>

static failing memory;

static int make(size_t width)
{
    const size_t encoder[] = {width, 2}, decoder[] = {3}, head[] = {3};
    const aep_allocator mem = failing_allocator(&memory, NEVER);
    const aep__net_config config = {.n_features = 3,
                                    .encoder = encoder,
                                    .decoder = decoder,
                                    .head = head,
                                    .n_encoder = 2,
                                    .n_decoder = 1,
                                    .n_head = 1};
    aep__net net;
    const int status = aep__net_init(&net, &mem, &config);
    if (!status)
        aep__net_free(&net, &mem);
    ck_assert_uint_eq(memory.live, 0);
    return status;
}

START_TEST(a_row_that_takes_a_gibibyte_is_refused)
{
    ck_assert_int_eq(make(AEP__MAX_ROW_REALS / 2), AEP_OK);
    ck_assert_int_eq(make(AEP__MAX_ROW_REALS), AEP_E_LIMIT);
}
END_TEST

START_TEST(sizes_that_no_memory_can_hold_are_refused)
{
    for (size_t width = SIZE_MAX; width > SIZE_MAX / 64; width /= 2)
        ck_assert_int_eq(make(width), AEP_E_LIMIT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_row_that_takes_a_gibibyte_is_refused, sizes_that_no_memory_can_hold_are_refused};
    return run_list("net", tests, sizeof tests / sizeof *tests, 60);
}
