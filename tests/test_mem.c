/* SPDX-License-Identifier: BSD-2-Clause */
#include "failing.h"
#include "mem.h"
#include "runner.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

static failing memory;
static aep_allocator mem;

static void set_up(void) { mem = failing_allocator(&memory, NEVER); }
static void tear_down(void) { ck_assert_uint_eq(memory.live, 0); }

START_TEST(products_are_exact_or_refused)
{
    const size_t half = (size_t)1 << (sizeof(size_t) * 4); /* half * half is one more than SIZE_MAX */
    const struct {
        size_t a, b;
        bool fits;
    } cases[] = {{0, 0, true},
                 {0, SIZE_MAX, true},
                 {SIZE_MAX, 0, true},
                 {1, SIZE_MAX, true},
                 {SIZE_MAX, 1, true},
                 {SIZE_MAX / 3, 3, true},
                 {half - 1, half + 1, true},
                 {half, half, false},
                 {SIZE_MAX / 2 + 1, 2, false},
                 {SIZE_MAX, SIZE_MAX, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t product = 77;
        ck_assert_int_eq(aep__mul(&product, cases[i].a, cases[i].b), cases[i].fits);
        ck_assert_uint_eq(product, cases[i].fits ? cases[i].a * cases[i].b : 77);
    }
}
END_TEST

START_TEST(sums_are_exact_or_refused)
{
    const struct {
        size_t a, b;
        bool fits;
    } cases[] = {{0, 0, true},         {0, SIZE_MAX, true},  {SIZE_MAX, 0, true},        {SIZE_MAX - 5, 5, true},
                 {SIZE_MAX, 1, false}, {1, SIZE_MAX, false}, {SIZE_MAX, SIZE_MAX, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t sum = 77;
        ck_assert_int_eq(aep__add(&sum, cases[i].a, cases[i].b), cases[i].fits);
        ck_assert_uint_eq(sum, cases[i].fits ? cases[i].a + cases[i].b : 77);
    }
}
END_TEST

START_TEST(memory_is_zero_and_of_the_size_asked_for)
{
    unsigned char *data = aep__alloc(&mem, 7, 3);
    for (size_t i = 0; i < 21; i++)
        ck_assert_uint_eq(data[i], 0);
    ck_assert_uint_eq(memory.bytes, 21);
    aep__free(&mem, data);
}
END_TEST

START_TEST(nothing_is_a_block_all_the_same)
{
    void *none = aep__alloc(&mem, 0, 8), *copy = aep__alloc_copy(&mem, NULL, 0, 8);
    ck_assert(none && copy && none != copy);
    ck_assert_uint_eq(memory.bytes, 2); /* a host's allocator need not know sizes of 0 */
    aep__free(&mem, none);
    aep__free(&mem, copy);
    copy = aep__alloc_copy(&mem, NULL, 8, 0);
    ck_assert_ptr_nonnull(copy);
    aep__free(&mem, copy);
}
END_TEST

START_TEST(a_copy_has_every_byte)
{
    const uint16_t values[] = {1, 0x8002, 3, 0xffff};
    uint16_t *copy = aep__alloc_copy(&mem, values, 4, sizeof *values);
    ck_assert_mem_eq(copy, values, sizeof values);
    ck_assert_uint_eq(memory.bytes, sizeof values);
    aep__free(&mem, copy);
}
END_TEST

START_TEST(what_cannot_be_had_is_null)
{
    ck_assert_ptr_null(aep__alloc(&mem, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(aep__alloc_copy(&mem, &memory, SIZE_MAX, 2));
    ck_assert_uint_eq(memory.calls, 0); /* the host is not asked for less than is needed */
    mem = failing_allocator(&memory, 0);
    ck_assert_ptr_null(aep__alloc(&mem, 1, 1));
    mem = failing_allocator(&memory, 0);
    ck_assert_ptr_null(aep__alloc_copy(&mem, &memory, 1, 1));
    aep__free(&mem, NULL);
}
END_TEST

START_TEST(an_allocator_has_both_functions)
{
    aep_allocator kept = {0};
    const aep_allocator no_alloc = {NULL, failing_free, &memory}, no_free = {failing_alloc, NULL, &memory};
    ck_assert_int_eq(aep__mem_init(&kept, &no_alloc), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep__mem_init(&kept, &no_free), AEP_E_ARGUMENT);
    ck_assert(!kept.alloc && !kept.free);
    ck_assert_int_eq(aep__mem_init(&kept, &mem), AEP_OK);
    ck_assert(kept.alloc == failing_alloc && kept.free == failing_free && kept.payload == &memory);
    ck_assert_int_eq(aep__mem_init(&kept, NULL), AEP_OK); /* malloc */
    void *block = aep__alloc(&kept, 1, 1);
    ck_assert_ptr_nonnull(block);
    aep__free(&kept, block);
    ck_assert_uint_eq(memory.calls, 0);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("mem");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, products_are_exact_or_refused);
    tcase_add_test(tc, sums_are_exact_or_refused);
    tcase_add_test(tc, memory_is_zero_and_of_the_size_asked_for);
    tcase_add_test(tc, nothing_is_a_block_all_the_same);
    tcase_add_test(tc, a_copy_has_every_byte);
    tcase_add_test(tc, what_cannot_be_had_is_null);
    tcase_add_test(tc, an_allocator_has_both_functions);
    return run_case("mem", tc);
}
