/* SPDX-License-Identifier: BSD-2-Clause */
#include "failing.h"
#include "schema.h"
#include "runner.h"

#include <check.h>
#include <string.h>

static failing memory;
static aep_allocator mem;
static aep__schema schema;

static const char *const colours[] = {"red", "green", NULL};

static void set_up(void)
{
    mem = failing_allocator(&memory, NEVER);
    memset(&schema, 0, sizeof schema);
}

static void tear_down(void)
{
    aep__schema_free(&schema, &mem);
    ck_assert_uint_eq(memory.live, 0);
}

static int set(size_t column, const char *name, int kind, const char *const *levels, size_t n_levels)
{
    return aep__schema_set(&schema, &mem, column, name, kind, levels, n_levels);
}

/* number "speed", three colours, two levels without names, a number without a name */
static void fill(void)
{
    ck_assert_int_eq(set(0, "speed", AEP_COLUMN_NUMERIC, NULL, 0), AEP_OK);
    ck_assert_int_eq(set(1, "colour", AEP_COLUMN_CATEGORICAL, colours, 3), AEP_OK);
    ck_assert_int_eq(set(2, NULL, AEP_COLUMN_CATEGORICAL, NULL, 2), AEP_OK);
    ck_assert_int_eq(set(3, NULL, AEP_COLUMN_NUMERIC, NULL, 0), AEP_OK);
}

static size_t bytes_of(uint8_t *data, const aep__schema *s)
{
    aep__writer counter = {NULL, 0}, w = {data, 0};
    aep__schema_write(s, &counter);
    aep__schema_write(s, &w);
    ck_assert_uint_eq(counter.pos, w.pos);
    return w.pos;
}

static void assert_same(const aep__schema *a, const aep__schema *b)
{
    uint8_t data_a[1024], data_b[1024];
    size_t n = bytes_of(data_a, a);
    ck_assert_uint_eq(bytes_of(data_b, b), n);
    ck_assert_mem_eq(data_a, data_b, n);
}

static int read_bytes(aep__schema *s, const aep_allocator *allocator, const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* for the address sanitizer */
    memcpy(exact, data, size);
    aep__reader r = {.data = exact, .size = size};
    int status = aep__schema_read(s, allocator, &r);
    free(exact);
    return status;
}

static void assert_empty(const aep__schema *s)
{
    static const aep__schema empty;
    ck_assert_mem_eq(s, &empty, sizeof empty);
}

START_TEST(a_description_is_kept)
{
    fill();
    ck_assert_uint_eq(schema.n_columns, 4);
    ck_assert_str_eq(schema.columns[0].name, "speed");
    ck_assert_int_eq(schema.columns[0].kind, AEP_COLUMN_NUMERIC);
    ck_assert_str_eq(schema.columns[1].name, "colour");
    ck_assert_int_eq(schema.columns[1].kind, AEP_COLUMN_CATEGORICAL);
    ck_assert_uint_eq(schema.columns[1].n_levels, 3);
    ck_assert_str_eq(schema.columns[1].levels[0], "red");
    ck_assert_str_eq(schema.columns[1].levels[1], "green");
    ck_assert_ptr_null(schema.columns[1].levels[2]);
    ck_assert_ptr_null(schema.columns[2].levels);
    ck_assert_uint_eq(schema.columns[2].n_levels, 2);
    ck_assert_ptr_null(schema.columns[3].name);
}
END_TEST

START_TEST(names_are_copied)
{
    char name[] = "old", level[] = "old";
    const char *levels[] = {level};
    ck_assert_int_eq(set(0, name, AEP_COLUMN_CATEGORICAL, levels, 1), AEP_OK);
    strcpy(name, "new");
    strcpy(level, "new");
    ck_assert_str_eq(schema.columns[0].name, "old");
    ck_assert_str_eq(schema.columns[0].levels[0], "old");
}
END_TEST

START_TEST(columns_below_a_described_one_are_numeric_and_nameless)
{
    ck_assert_int_eq(set(1000, "last", AEP_COLUMN_CATEGORICAL, NULL, 2), AEP_OK);
    ck_assert_uint_eq(schema.n_columns, 1001);
    for (size_t i = 0; i < 1000; i++) {
        ck_assert_int_eq(schema.columns[i].kind, AEP_COLUMN_NUMERIC);
        ck_assert_ptr_null(schema.columns[i].name);
    }
    ck_assert_str_eq(schema.columns[1000].name, "last");
}
END_TEST

START_TEST(a_second_description_replaces_the_first)
{
    fill();
    ck_assert_int_eq(set(1, NULL, AEP_COLUMN_NUMERIC, NULL, 0), AEP_OK);
    ck_assert_int_eq(set(0, schema.columns[0].name, AEP_COLUMN_CATEGORICAL, NULL, 7), AEP_OK); /* its own name */
    ck_assert_uint_eq(schema.n_columns, 4);
    ck_assert_ptr_null(schema.columns[1].name);
    ck_assert_ptr_null(schema.columns[1].levels);
    ck_assert_str_eq(schema.columns[0].name, "speed");
    ck_assert_uint_eq(schema.columns[0].n_levels, 7);
}
END_TEST

START_TEST(many_columns_are_described_with_few_allocations)
{
    for (size_t i = 0; i < 10000; i++)
        ck_assert_int_eq(set(i, NULL, AEP_COLUMN_NUMERIC, NULL, 0), AEP_OK);
    ck_assert_uint_lt(memory.calls, 20);
}
END_TEST

START_TEST(what_is_out_of_bounds_is_refused_and_changes_nothing)
{
    char longest[AEP__MAX_NAME + 1], too_long[AEP__MAX_NAME + 2];
    memset(longest, 'x', sizeof longest);
    memset(too_long, 'x', sizeof too_long);
    longest[AEP__MAX_NAME] = too_long[AEP__MAX_NAME + 1] = 0;
    const char *levels[] = {"a", too_long};
    aep__schema before;
    fill();
    ck_assert_int_eq(aep__schema_copy(&before, &mem, &schema, 4), AEP_OK);

    ck_assert_int_eq(set(0, NULL, 2, NULL, 0), AEP_E_OPTION);
    ck_assert_int_eq(set(0, NULL, -1, NULL, 0), AEP_E_OPTION);
    ck_assert_int_eq(set(0, NULL, AEP_COLUMN_NUMERIC, NULL, 1), AEP_E_RANGE);
    ck_assert_int_eq(set(0, NULL, AEP_COLUMN_CATEGORICAL, NULL, 0), AEP_E_RANGE);
    ck_assert_int_eq(set(0, NULL, AEP_COLUMN_CATEGORICAL, NULL, AEP__MAX_LEVELS + 1), AEP_E_RANGE);
    ck_assert_int_eq(set(AEP__MAX_COLUMNS, NULL, AEP_COLUMN_NUMERIC, NULL, 0), AEP_E_LIMIT);
    ck_assert_int_eq(set(SIZE_MAX, NULL, AEP_COLUMN_NUMERIC, NULL, 0), AEP_E_LIMIT);
    ck_assert_int_eq(set(0, too_long, AEP_COLUMN_NUMERIC, NULL, 0), AEP_E_LIMIT);
    ck_assert_int_eq(set(0, NULL, AEP_COLUMN_CATEGORICAL, levels, 2), AEP_E_LIMIT);
    assert_same(&schema, &before);

    levels[1] = longest;
    ck_assert_int_eq(set(0, longest, AEP_COLUMN_CATEGORICAL, levels, 2), AEP_OK);
    ck_assert_int_eq(set(1, NULL, AEP_COLUMN_CATEGORICAL, NULL, AEP__MAX_LEVELS), AEP_OK);
    aep__schema_free(&before, &mem);
}
END_TEST

START_TEST(features_are_counted_as_columns_expand)
{
    size_t n;
    ck_assert_int_eq(aep__schema_features(&n, &schema, false), AEP_OK);
    ck_assert_uint_eq(n, 0);
    fill();
    ck_assert_int_eq(aep__schema_features(&n, &schema, false), AEP_OK);
    ck_assert_uint_eq(n, 1 + 3 + 2 + 1);
    ck_assert_int_eq(aep__schema_features(&n, &schema, true), AEP_OK);
    ck_assert_uint_eq(n, 2 + 3 + 2 + 2);
}
END_TEST

START_TEST(too_many_features_are_refused)
{
    size_t n = 0;
    for (size_t i = 0; i < 256; i++)
        ck_assert_int_eq(set(i, NULL, AEP_COLUMN_CATEGORICAL, NULL, AEP__MAX_LEVELS), AEP_OK);
    ck_assert_int_eq(aep__schema_features(&n, &schema, false), AEP_OK);
    ck_assert_uint_eq(n, AEP__MAX_COLUMNS);
    ck_assert_int_eq(set(256, NULL, AEP_COLUMN_NUMERIC, NULL, 0), AEP_OK);
    ck_assert_int_eq(aep__schema_features(&n, &schema, false), AEP_E_LIMIT);
}
END_TEST

START_TEST(a_copy_is_equal_and_independent)
{
    aep__schema copy;
    fill();
    ck_assert_int_eq(aep__schema_copy(&copy, &mem, &schema, 4), AEP_OK);
    assert_same(&copy, &schema);
    aep__schema_free(&schema, &mem);
    assert_empty(&schema);
    ck_assert_str_eq(copy.columns[1].levels[1], "green");
    aep__schema_free(&copy, &mem);
}
END_TEST

START_TEST(a_copy_is_cut_or_grown_to_its_number_of_columns)
{
    aep__schema cut, grown;
    fill();
    ck_assert_int_eq(aep__schema_copy(&cut, &mem, &schema, 2), AEP_OK);
    ck_assert_int_eq(aep__schema_copy(&grown, &mem, &schema, 6), AEP_OK);
    ck_assert_uint_eq(cut.n_columns, 2);
    ck_assert_str_eq(cut.columns[1].name, "colour");
    ck_assert_uint_eq(grown.n_columns, 6);
    ck_assert_str_eq(grown.columns[1].name, "colour");
    ck_assert_int_eq(grown.columns[5].kind, AEP_COLUMN_NUMERIC);
    ck_assert_ptr_null(grown.columns[5].name);
    aep__schema_free(&cut, &mem);
    aep__schema_free(&grown, &mem);
    ck_assert_int_eq(aep__schema_copy(&cut, &mem, &schema, (size_t)AEP__MAX_COLUMNS + 1), AEP_E_LIMIT);
    assert_empty(&cut);
}
END_TEST

START_TEST(reading_gives_what_was_written)
{
    uint8_t data[1024];
    aep__schema read;
    fill();
    size_t n = bytes_of(data, &schema);
    aep__reader r = {.data = data, .size = n};
    ck_assert_int_eq(aep__schema_read(&read, &mem, &r), AEP_OK);
    ck_assert_uint_eq(r.pos, n);
    assert_same(&read, &schema);
    ck_assert_str_eq(read.columns[1].levels[1], "green");
    ck_assert_ptr_null(read.columns[1].levels[2]);
    aep__schema_free(&read, &mem);
}
END_TEST

START_TEST(an_empty_schema_can_be_written_and_read)
{
    uint8_t data[8];
    aep__schema read;
    ck_assert_uint_eq(bytes_of(data, &schema), 8);
    ck_assert_int_eq(read_bytes(&read, &mem, data, 8), AEP_OK);
    assert_empty(&read);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    uint8_t data[1024];
    aep__schema read;
    fill();
    size_t n = bytes_of(data, &schema);
    for (size_t size = 0; size < n; size++) {
        ck_assert_int_eq(read_bytes(&read, &mem, data, size), AEP_E_FORMAT);
        assert_empty(&read);
    }
}
END_TEST

START_TEST(any_changed_byte_gives_an_error_or_a_schema_within_bounds)
{
    uint8_t data[1024], again[1024];
    aep__schema read;
    fill();
    size_t n = bytes_of(data, &schema);
    for (size_t i = 0; i < n; i++)
        for (int change = 1; change < 256; change++) {
            data[i] ^= (uint8_t)change;
            int status = read_bytes(&read, &mem, data, n);
            ck_assert(status == AEP_OK || status == AEP_E_FORMAT);
            ck_assert_uint_le(bytes_of(again, &read), n);
            for (size_t c = 0; c < read.n_columns; c++)
                ck_assert_uint_le(read.columns[c].n_levels, AEP__MAX_LEVELS);
            aep__schema_free(&read, &mem);
            data[i] ^= (uint8_t)change;
        }
}
END_TEST

/* A schema of one column, given by its parts. */
static int read_column(uint64_t n_columns, uint8_t kind, const char *name, uint32_t n_levels, uint8_t named)
{
    uint8_t data[1024];
    aep__schema read;
    aep__writer w = {data, 0};
    aep__put_u64(&w, n_columns);
    aep__put_u8(&w, kind);
    aep__put_string(&w, name);
    aep__put_u32(&w, n_levels);
    aep__put_u8(&w, named);
    aep__put_string(&w, "level");
    int status = read_bytes(&read, &mem, data, w.pos);
    aep__schema_free(&read, &mem);
    return status;
}

START_TEST(malformed_columns_are_refused)
{
    char too_long[AEP__MAX_NAME + 2];
    memset(too_long, 'x', sizeof too_long);
    too_long[AEP__MAX_NAME + 1] = 0;
    ck_assert_int_eq(read_column(1, AEP_COLUMN_CATEGORICAL, "name", 1, 1), AEP_OK);
    ck_assert_int_eq(read_column(1, AEP_COLUMN_CATEGORICAL, "name", AEP__MAX_LEVELS, 0), AEP_OK);
    ck_assert_int_eq(read_column(1, 2, "name", 1, 1), AEP_E_FORMAT);
    ck_assert_int_eq(read_column(1, AEP_COLUMN_CATEGORICAL, too_long, 1, 1), AEP_E_FORMAT);
    ck_assert_int_eq(read_column(1, AEP_COLUMN_CATEGORICAL, "name", 0, 0), AEP_E_FORMAT);
    ck_assert_int_eq(read_column(1, AEP_COLUMN_CATEGORICAL, "name", AEP__MAX_LEVELS + 1, 0), AEP_E_FORMAT);
    ck_assert_int_eq(read_column(1, AEP_COLUMN_CATEGORICAL, "name", 2, 1), AEP_E_FORMAT);
    ck_assert_int_eq(read_column(1, AEP_COLUMN_CATEGORICAL, "name", 1, 2), AEP_E_FORMAT);
    ck_assert_int_eq(read_column(UINT64_MAX, AEP_COLUMN_NUMERIC, "name", 0, 0), AEP_E_FORMAT);
}
END_TEST

START_TEST(counts_that_lie_cost_no_memory)
{
    ck_assert_int_eq(read_column(1 << 20, AEP_COLUMN_NUMERIC, "name", 0, 0), AEP_E_FORMAT);
    ck_assert_int_eq(read_column(1, AEP_COLUMN_CATEGORICAL, NULL, AEP__MAX_LEVELS, 1), AEP_E_FORMAT);
    ck_assert_uint_lt(memory.bytes, 1024);
}
END_TEST

START_TEST(more_columns_than_the_limit_are_refused)
{
    size_t size = 8 + 5 * ((size_t)AEP__MAX_COLUMNS + 1);
    uint8_t *data = calloc(size, 1); /* numeric columns without names */
    aep__schema read;
    ck_assert_ptr_nonnull(data);
    aep__writer w = {data, 0};
    aep__put_u64(&w, (uint64_t)AEP__MAX_COLUMNS + 1);
    aep__reader r = {.data = data, .size = size};
    ck_assert_int_eq(aep__schema_read(&read, &mem, &r), AEP_E_FORMAT);
    assert_empty(&read);
    free(data);
}
END_TEST

START_TEST(a_failed_allocation_leaves_a_schema_as_it_was)
{
    aep__schema before;
    fill();
    ck_assert_int_eq(aep__schema_copy(&before, &mem, &schema, 4), AEP_OK);
    size_t live = memory.live, first = memory.calls;
    for (size_t n = 0;; n++) {
        memory.fail_at = first + n;
        memory.calls = first;
        int status = set(4, "new", AEP_COLUMN_CATEGORICAL, colours, 3);
        if (!status) {
            ck_assert_uint_eq(n, 3); /* name, levels, columns */
            break;
        }
        ck_assert_int_eq(status, AEP_E_MEMORY);
        ck_assert_uint_eq(memory.live, live);
        assert_same(&schema, &before);
    }
    memory.fail_at = NEVER;
    ck_assert_str_eq(schema.columns[4].levels[1], "green");
    aep__schema_free(&before, &mem);
}
END_TEST

START_TEST(a_failed_allocation_in_copying_leaks_nothing)
{
    fill();
    for (size_t n = 0;; n++) {
        failing f;
        aep_allocator allocator = failing_allocator(&f, n);
        aep__schema copy;
        int status = aep__schema_copy(&copy, &allocator, &schema, 4);
        if (!status) {
            ck_assert_uint_eq(n, 4); /* columns, two names, levels */
            assert_same(&copy, &schema);
            aep__schema_free(&copy, &allocator);
            break;
        }
        ck_assert_int_eq(status, AEP_E_MEMORY);
        ck_assert_uint_eq(f.live, 0);
        assert_empty(&copy);
    }
}
END_TEST

START_TEST(a_failed_allocation_in_reading_leaks_nothing)
{
    uint8_t data[1024];
    fill();
    size_t size = bytes_of(data, &schema);
    for (size_t n = 0;; n++) {
        failing f;
        aep_allocator allocator = failing_allocator(&f, n);
        aep__schema read;
        int status = read_bytes(&read, &allocator, data, size);
        if (!status) {
            ck_assert_uint_eq(n, 4);
            assert_same(&read, &schema);
            aep__schema_free(&read, &allocator);
            break;
        }
        ck_assert_int_eq(status, AEP_E_MEMORY);
        ck_assert_uint_eq(f.live, 0);
        assert_empty(&read);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("schema");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_description_is_kept);
    tcase_add_test(tc, names_are_copied);
    tcase_add_test(tc, columns_below_a_described_one_are_numeric_and_nameless);
    tcase_add_test(tc, a_second_description_replaces_the_first);
    tcase_add_test(tc, many_columns_are_described_with_few_allocations);
    tcase_add_test(tc, what_is_out_of_bounds_is_refused_and_changes_nothing);
    tcase_add_test(tc, features_are_counted_as_columns_expand);
    tcase_add_test(tc, too_many_features_are_refused);
    tcase_add_test(tc, a_copy_is_equal_and_independent);
    tcase_add_test(tc, a_copy_is_cut_or_grown_to_its_number_of_columns);
    tcase_add_test(tc, reading_gives_what_was_written);
    tcase_add_test(tc, an_empty_schema_can_be_written_and_read);
    tcase_add_test(tc, every_truncation_is_refused);
    tcase_add_test(tc, any_changed_byte_gives_an_error_or_a_schema_within_bounds);
    tcase_add_test(tc, malformed_columns_are_refused);
    tcase_add_test(tc, counts_that_lie_cost_no_memory);
    tcase_add_test(tc, more_columns_than_the_limit_are_refused);
    tcase_add_test(tc, a_failed_allocation_leaves_a_schema_as_it_was);
    tcase_add_test(tc, a_failed_allocation_in_copying_leaks_nothing);
    tcase_add_test(tc, a_failed_allocation_in_reading_leaks_nothing);
    return run_case("schema", tc);
}
