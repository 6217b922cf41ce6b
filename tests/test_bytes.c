/* SPDX-License-Identifier: BSD-2-Clause */
#include "bytes.h"
#include "runner.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static aep__reader reader(const void *data, size_t size) { return (aep__reader){.data = data, .size = size}; }

START_TEST(numbers_are_written_little_endian)
{
    static const uint8_t expected[] = {0xab, 0x04, 0x03, 0x02, 0x01, 8, 7, 6, 5,    4,   3,
                                       2,    1,    0,    0,    0,    0, 0, 0, 0xf0, 0x3f};
    uint8_t data[sizeof expected];
    aep__writer w = {data, 0};
    aep__put_u8(&w, 0xab);
    aep__put_u32(&w, 0x01020304);
    aep__put_u64(&w, 0x0102030405060708);
    aep__put_f64(&w, 1.0);
    ck_assert_uint_eq(w.pos, sizeof expected);
    ck_assert_mem_eq(data, expected, sizeof expected);
}
END_TEST

START_TEST(numbers_come_back_as_they_went)
{
    static const double doubles[] = {0, -0.0, 1.5, DBL_MAX, -DBL_MIN / 8, INFINITY};
    static const float floats[] = {0, -0.0f, -1.5f, FLT_MAX, FLT_MIN / 8, -INFINITY};
    uint8_t data[256];
    aep__writer w = {data, 0};
    aep__put_u8(&w, 255);
    aep__put_u32(&w, UINT32_MAX - 1);
    aep__put_u64(&w, UINT64_MAX - 1);
    aep__put_f64(&w, -0.1);
    aep__put_f64s(&w, doubles, 6);
    aep__put_f32s(&w, floats, 6);

    double doubles_read[6];
    float floats_read[6];
    aep__reader r = reader(data, w.pos);
    ck_assert_uint_eq(aep__get_u8(&r), 255);
    ck_assert_uint_eq(aep__get_u32(&r), UINT32_MAX - 1);
    ck_assert_uint_eq(aep__get_u64(&r), UINT64_MAX - 1);
    ck_assert_double_eq(aep__get_f64(&r), -0.1);
    aep__get_f64s(&r, doubles_read, 6);
    aep__get_f32s(&r, floats_read, 6);
    ck_assert_mem_eq(doubles_read, doubles, sizeof doubles);
    ck_assert_mem_eq(floats_read, floats, sizeof floats);
    ck_assert_uint_eq(r.pos, r.size);
    ck_assert(!r.bad);
}
END_TEST

START_TEST(nan_keeps_its_bits)
{
    uint8_t data[8];
    uint64_t bits = 0x7ff8000000abcdef;
    double nan_in, nan_out;
    memcpy(&nan_in, &bits, 8);
    aep__writer w = {data, 0};
    aep__put_f64(&w, nan_in);
    aep__reader r = reader(data, 8);
    nan_out = aep__get_f64(&r);
    ck_assert_mem_eq(&nan_out, &bits, 8);
}
END_TEST

static void put_everything(aep__writer *w)
{
    static const float floats[3] = {1, 2, 3};
    static const double doubles[2] = {4, 5};
    aep__put_u8(w, 1);
    aep__put_u32(w, 2);
    aep__put_u64(w, 3);
    aep__put_f64(w, 4);
    aep__put_f32s(w, floats, 3);
    aep__put_f64s(w, doubles, 2);
    aep__put_string(w, NULL);
    aep__put_string(w, "");
    aep__put_string(w, "name");
}

START_TEST(a_writer_without_a_buffer_counts)
{
    uint8_t data[128];
    aep__writer counter = {NULL, 0}, w = {data, 0};
    put_everything(&counter);
    put_everything(&w);
    ck_assert_uint_eq(counter.pos, w.pos);
    ck_assert_uint_eq(w.pos, 1 + 4 + 8 + 8 + 12 + 16 + 4 + 4 + 8);
}
END_TEST

START_TEST(strings_come_back_as_they_went)
{
    uint8_t data[64];
    size_t length;
    aep__writer w = {data, 0};
    aep__put_string(&w, NULL);
    aep__put_string(&w, "");
    aep__put_string(&w, "name");
    aep__reader r = reader(data, w.pos);
    ck_assert_ptr_null(aep__get_string(&r, &length, 4));
    ck_assert_uint_eq(length, 0);
    ck_assert_ptr_nonnull(aep__get_string(&r, &length, 4));
    ck_assert_uint_eq(length, 0);
    const char *s = aep__get_string(&r, &length, 4);
    ck_assert_uint_eq(length, 4);
    ck_assert_mem_eq(s, "name", 4);
    ck_assert(!r.bad);
}
END_TEST

static void get_everything(aep__reader *r)
{
    float floats[3];
    double doubles[2];
    size_t length;
    aep__get_u8(r);
    aep__get_u32(r);
    aep__get_u64(r);
    aep__get_f64(r);
    aep__get_f32s(r, floats, 3);
    aep__get_f64s(r, doubles, 2);
    for (int i = 0; i < 3; i++)
        aep__get_string(r, &length, 4);
}

START_TEST(every_truncation_is_noticed)
{
    uint8_t data[128];
    aep__writer w = {data, 0};
    put_everything(&w);
    for (size_t size = 0; size <= w.pos; size++) {
        uint8_t *cut = malloc(size ? size : 1); /* of the exact size, for the address sanitizer */
        memcpy(cut, data, size);
        aep__reader r = reader(cut, size);
        get_everything(&r);
        ck_assert_msg(r.bad == (size < w.pos), "cut to %zu bytes", size);
        ck_assert_uint_le(r.pos, size);
        free(cut);
    }
}
END_TEST

START_TEST(reads_past_the_end_give_zeros_from_then_on)
{
    static const uint8_t data[] = {9, 9, 9, 9, 9, 9, 9};
    float floats[2] = {7, 7};
    double doubles[2] = {7, 7};
    size_t length = 7;
    aep__reader r = reader(data, sizeof data);
    ck_assert_uint_eq(aep__get_u64(&r), 0);
    ck_assert(r.bad);
    ck_assert_uint_eq(aep__get_u8(&r), 0); /* though a byte is left */
    ck_assert_uint_eq(aep__get_u32(&r), 0);
    ck_assert_double_eq(aep__get_f64(&r), 0);
    aep__get_f32s(&r, floats, 2);
    aep__get_f64s(&r, doubles, 2);
    ck_assert(floats[0] == 0 && floats[1] == 0 && doubles[0] == 0 && doubles[1] == 0);
    ck_assert_ptr_null(aep__get_string(&r, &length, 9));
    ck_assert_uint_eq(length, 0);
    ck_assert_uint_eq(aep__get_count(&r, 1), 0);
    ck_assert(r.bad);
}
END_TEST

static bool count_is_believed(uint64_t count, size_t size, size_t following)
{
    uint8_t data[64] = {0};
    aep__writer w = {data, 0};
    aep__put_u64(&w, count);
    aep__reader r = reader(data, 8 + following);
    size_t n = aep__get_count(&r, size);
    ck_assert_uint_eq(n, r.bad ? 0 : count);
    return !r.bad;
}

START_TEST(a_count_of_more_than_can_follow_is_refused)
{
    ck_assert(count_is_believed(0, 8, 0));
    ck_assert(count_is_believed(3, 8, 24));
    ck_assert(count_is_believed(3, 8, 25));
    ck_assert(!count_is_believed(3, 8, 23));
    ck_assert(!count_is_believed(1, 1, 0));
    ck_assert(!count_is_believed(UINT64_MAX, 8, 56));
    ck_assert(!count_is_believed(UINT64_MAX / 8 + 2, 8, 56)); /* times 8 this is 8 */
    ck_assert(!count_is_believed(UINT64_MAX, 1, 56));
    ck_assert(count_is_believed(56, 0, 56));
    ck_assert(!count_is_believed(57, 0, 56));
}
END_TEST

static bool string_is_believed(uint32_t length_field, const char *bytes, size_t n, size_t max)
{
    uint8_t data[64] = {0};
    size_t length;
    aep__writer w = {data, 0};
    aep__put_u32(&w, length_field);
    memcpy(data + w.pos, bytes, n);
    aep__reader r = reader(data, w.pos + n);
    ck_assert((aep__get_string(&r, &length, max) != NULL) == !r.bad);
    return !r.bad;
}

START_TEST(a_string_that_lies_is_refused)
{
    ck_assert(string_is_believed(5, "name", 4, 4));
    ck_assert(!string_is_believed(5, "name", 4, 3));  /* longer than allowed */
    ck_assert(!string_is_believed(6, "name", 4, 99)); /* longer than what follows */
    ck_assert(!string_is_believed(UINT32_MAX, "name", 4, 99));
    ck_assert(!string_is_believed(5, "na\0e", 4, 99)); /* a terminator inside */
}
END_TEST

START_TEST(crc32_is_that_of_zip_and_png)
{
    const char *fox = "The quick brown fox jumps over the lazy dog";
    ck_assert_uint_eq(aep__crc32((const uint8_t *)"123456789", 9), 0xcbf43926);
    ck_assert_uint_eq(aep__crc32((const uint8_t *)fox, strlen(fox)), 0x414fa339);
    ck_assert_uint_eq(aep__crc32((const uint8_t *)"", 0), 0);
}
END_TEST

START_TEST(crc32_notices_every_single_bit)
{
    uint8_t data[32];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37);
    uint32_t crc = aep__crc32(data, sizeof data);
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_uint_ne(aep__crc32(data, sizeof data), crc);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("bytes");
    tcase_add_test(tc, numbers_are_written_little_endian);
    tcase_add_test(tc, numbers_come_back_as_they_went);
    tcase_add_test(tc, nan_keeps_its_bits);
    tcase_add_test(tc, a_writer_without_a_buffer_counts);
    tcase_add_test(tc, strings_come_back_as_they_went);
    tcase_add_test(tc, every_truncation_is_noticed);
    tcase_add_test(tc, reads_past_the_end_give_zeros_from_then_on);
    tcase_add_test(tc, a_count_of_more_than_can_follow_is_refused);
    tcase_add_test(tc, a_string_that_lies_is_refused);
    tcase_add_test(tc, crc32_is_that_of_zip_and_png);
    tcase_add_test(tc, crc32_notices_every_single_bit);
    return run_case("bytes", tc);
}
