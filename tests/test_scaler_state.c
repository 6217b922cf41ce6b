/* SPDX-License-Identifier: BSD-2-Clause */
/* The scaler's state: fitted in a stream, copied, saved, and left alone when memory runs out. */
#include "scaler_fixture.h"

enum { MAX_BYTES = 16384 };

static size_t bytes_of(uint8_t *data, const aep__scaler *s)
{
    aep__writer counter = {NULL, 0}, w = {data, 0};
    aep__scaler_write(s, &counter);
    ck_assert_uint_le(counter.pos, MAX_BYTES);
    aep__scaler_write(s, &w);
    ck_assert_uint_eq(counter.pos, w.pos);
    return w.pos;
}

static void assert_same(const aep__scaler *a, const aep__scaler *b)
{
    static uint8_t data_a[MAX_BYTES], data_b[MAX_BYTES];
    size_t n = bytes_of(data_a, a);
    ck_assert_uint_eq(bytes_of(data_b, b), n);
    ck_assert_mem_eq(data_a, data_b, n);
}

static void assert_empty(const aep__scaler *s)
{
    static const aep__scaler empty;
    ck_assert_mem_eq(s, &empty, sizeof empty);
}

/* Fitted to n_rows random rows of "n3n2". */
static void fit_random(size_t n_rows)
{
    float *rows = random_rows(n_rows);
    fit("n3n2", rows, n_rows);
    free(rows);
}

static int read_bytes(aep__scaler *s, const aep_allocator *allocator, const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* for the address sanitizer */
    memcpy(exact, data, size);
    aep__reader r = {.data = exact, .size = size};
    int status = aep__scaler_read(s, allocator, &schema, &config, &r);
    ck_assert(status || r.pos == size);
    free(exact);
    return status;
}

START_TEST(the_fit_does_not_depend_on_how_rows_are_cut_into_calls)
{
    enum { N = 6000 };
    config.missing = AEP_MISSING_IMPUTE;
    config.indicator = config.scale_levels = true;
    float *rows = random_rows(N);
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        aep__scaler parts;
        uint32_t state = 3;
        config.scaling = scaling;
        fit("n3n2", rows, N);
        ck_assert_int_eq(aep__scaler_init(&parts, &mem, &schema, &config), AEP_OK);
        for (size_t i = 0, n; i < N; i += n) {
            n = (size_t)(uniform(&state) * 300);
            n = n < N - i ? n : N - i;
            ck_assert_int_eq(aep__scaler_update(&parts, &mem, rows + 4 * i, n), AEP_OK);
        }
        assert_same(&parts, &scaler);
        aep__scaler_free(&parts, &mem);
    }
    free(rows);
}
END_TEST

/* Two channels of two pixels, more values than a sketch holds exactly. */
START_TEST(the_fit_of_channels_does_not_depend_on_how_images_are_cut_into_calls)
{
    enum { N = 3000 };
    config.missing = AEP_MISSING_IMPUTE;
    config.group = 2;
    float *rows = random_rows(N);
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        aep__scaler parts;
        uint32_t state = 3;
        config.scaling = scaling;
        fit("nnnn", rows, N);
        ck_assert_int_eq(aep__scaler_init(&parts, &mem, &schema, &config), AEP_OK);
        for (size_t at = 0, n; at < N; at += n) {
            n = 1 + (size_t)(uniform(&state) * 50);
            n = n < N - at ? n : N - at;
            ck_assert_int_eq(aep__scaler_update(&parts, &mem, rows + 4 * at, n), AEP_OK);
        }
        assert_same(&scaler, &parts);
        aep__scaler_free(&parts, &mem);
    }
    free(rows);
}
END_TEST

START_TEST(channels_travel_with_their_scaler)
{
    static uint8_t data[MAX_BYTES];
    config.missing = AEP_MISSING_IMPUTE;
    config.group = 2;
    float *rows = random_rows(100);
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        aep__scaler read, copy;
        config.scaling = scaling;
        fit("nnnn", rows, 100);
        ck_assert_int_eq(read_bytes(&read, &mem, data, bytes_of(data, &scaler)), AEP_OK);
        assert_same(&scaler, &read);
        ck_assert_int_eq(aep__scaler_copy(&copy, &mem, &scaler), AEP_OK);
        ck_assert_int_eq(aep__scaler_update(&copy, &mem, rows, 50), AEP_OK);
        ck_assert_int_eq(aep__scaler_update(&scaler, &mem, rows, 50), AEP_OK);
        assert_same(&scaler, &copy);
        aep__scaler_free(&read, &mem);
        aep__scaler_free(&copy, &mem);
    }
    free(rows);
}
END_TEST

START_TEST(a_copy_goes_on_like_the_original)
{
    enum { N = 5000 };
    float *rows = random_rows(N);
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        aep__scaler copy;
        config.scaling = scaling;
        fit("n3n2", rows, N / 2);
        ck_assert_int_eq(aep__scaler_copy(&copy, &mem, &scaler), AEP_OK);
        assert_same(&copy, &scaler);
        ck_assert_int_eq(aep__scaler_update(&scaler, &mem, rows + 4 * (N / 2), N / 2), AEP_OK);
        ck_assert_int_eq(aep__scaler_update(&copy, &mem, rows + 4 * (N / 2), N / 2), AEP_OK);
        assert_same(&copy, &scaler);
        aep__scaler_free(&copy, &mem);
    }
    free(rows);
}
END_TEST

START_TEST(freezing_gives_memory_back_and_keeps_the_fit)
{
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        aep__scaler copy;
        config.scaling = scaling;
        fit("n3n2", (const float[]){1, 2, 3, 0, 5, 0, 7, 1}, 2);
        ck_assert_int_eq(aep__scaler_copy(&copy, &mem, &scaler), AEP_OK);
        size_t live = memory.live;
        aep__scaler_freeze(&copy, &mem);
        ck_assert_uint_lt(memory.live, live);
        ck_assert_ptr_null(copy.moments);
        ck_assert_ptr_null(copy.sketches);
        assert_same(&copy, &scaler);
        aep__scaler_free(&copy, &mem);
        assert_empty(&copy);
    }
}
END_TEST

/* ------------------------------------------------------------------------------------------------------ saving */

START_TEST(reading_gives_what_was_written)
{
    uint8_t data[MAX_BYTES];
    float *rows = random_rows(100);
    config.missing = AEP_MISSING_IMPUTE;
    config.indicator = config.scale_levels = true;
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        aep__scaler read;
        real features[9], features_read[9];
        config.scaling = scaling;
        fit_random(3000);
        ck_assert_int_eq(read_bytes(&read, &mem, data, bytes_of(data, &scaler)), AEP_OK);
        assert_same(&read, &scaler);
        ck_assert_ptr_null(read.moments);
        ck_assert_uint_eq(read.n_features, 9);
        for (size_t i = 0; i < 100; i++) {
            aep__scaler_apply(&scaler, rows + 4 * i, features);
            aep__scaler_apply(&read, rows + 4 * i, features_read);
            ck_assert_mem_eq(features, features_read, sizeof features);
        }
        aep__scaler_free(&read, &mem);
    }
    free(rows);
}
END_TEST

START_TEST(a_scaler_saved_before_fitting_can_be_fitted_when_read)
{
    uint8_t data[MAX_BYTES];
    float *rows = random_rows(50);
    for (int scaling = AEP_SCALING_ZSCORE; scaling < SCALINGS; scaling++) {
        aep__scaler read;
        config.scaling = scaling;
        fit_random(50);
        aep__scaler_free(&scaler, &mem);
        ck_assert_int_eq(aep__scaler_init(&scaler, &mem, &schema, &config), AEP_OK);
        ck_assert_int_eq(read_bytes(&read, &mem, data, bytes_of(data, &scaler)), AEP_OK);
        ck_assert(!aep__scaler_ready(&read));
        ck_assert_int_eq(aep__scaler_update(&scaler, &mem, rows, 50), AEP_OK);
        ck_assert_int_eq(aep__scaler_update(&read, &mem, rows, 50), AEP_OK);
        assert_same(&read, &scaler);
        aep__scaler_free(&read, &mem);
    }
    free(rows);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    uint8_t data[MAX_BYTES];
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        aep__scaler read;
        config.scaling = scaling;
        fit_random(50);
        size_t n = bytes_of(data, &scaler);
        for (size_t size = 0; size < n; size++) {
            ck_assert_int_eq(read_bytes(&read, &mem, data, size), AEP_E_FORMAT);
            assert_empty(&read);
        }
    }
}
END_TEST

START_TEST(any_changed_byte_gives_an_error_or_bounded_features)
{
    uint8_t data[MAX_BYTES];
    config.scaling = AEP_SCALING_RANK;
    fit_random(50);
    size_t n = bytes_of(data, &scaler);
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            aep__scaler read;
            real features[7];
            float back[4];
            data[i] ^= (uint8_t)(1 << bit);
            if (read_bytes(&read, &mem, data, n) == AEP_OK) {
                aep__scaler_apply(&read, (const float[]){1, 2, 3, 1}, features);
                for (size_t f = 0; f < 7; f++)
                    ck_assert_double_le(fabs((double)features[f]), 1);
                aep__scaler_invert(&read, features, back);
                ck_assert(isfinite(back[0]) && isfinite(back[2]));
            }
            aep__scaler_free(&read, &mem);
            data[i] ^= (uint8_t)(1 << bit);
        }
}
END_TEST

/* The status of reading the scaler after `change`; the scaler itself is fitted anew. */
static int read_changed(void (*change)(aep__scaler *))
{
    uint8_t data[MAX_BYTES];
    aep__scaler read;
    fit_random(50);
    change(&scaler);
    int status = read_bytes(&read, &mem, data, bytes_of(data, &scaler));
    aep__scaler_free(&read, &mem);
    return status;
}

static void keep(aep__scaler *s) { (void)s; }
static void zero_scale(aep__scaler *s) { s->scale[0] = 0; }
static void negative_scale(aep__scaler *s) { s->scale[6] = -1; }
static void nan_scale(aep__scaler *s) { s->scale[1] = NAN; }
static void infinite_scale(aep__scaler *s) { s->scale[1] = INFINITY; }
static void nan_location(aep__scaler *s) { s->location[0] = NAN; }
static void infinite_location(aep__scaler *s) { s->location[6] = -INFINITY; }
static void nan_fill(aep__scaler *s) { s->fill[2] = NAN; }
static void infinite_fill(aep__scaler *s) { s->fill[0] = INFINITY; }
static void nan_knot(aep__scaler *s) { s->knots[5] = NAN; }
static void infinite_knot(aep__scaler *s) { s->knots[AEP__KNOTS - 1] = INFINITY; }
static void descending_knots(aep__scaler *s) { s->knots[3 * AEP__KNOTS - 1] = s->knots[2 * AEP__KNOTS] - 1; }
static void too_many_constant(aep__scaler *s) { s->n_constant = 5; }

START_TEST(values_that_make_no_sense_are_refused)
{
    static void (*const changes[])(aep__scaler *) = {
        zero_scale, negative_scale, nan_scale, infinite_scale, nan_location,     infinite_location,
        nan_fill,   infinite_fill,  nan_knot,  infinite_knot,  descending_knots, too_many_constant,
    };
    config.scaling = AEP_SCALING_RANK;
    ck_assert_int_eq(read_changed(keep), AEP_OK);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        ck_assert_msg(read_changed(changes[i]) == AEP_E_FORMAT, "change %zu", i);
}
END_TEST

/* Features of a read scaler and of a copy, which work out anew what is not saved. */
START_TEST(what_was_read_or_copied_gives_the_same_features)
{
    enum { N = 50 };
    static const char *const columns[] = {"nnnn", "n3n2"};
    config.missing = AEP_MISSING_IMPUTE;
    float *rows = random_rows(N);
    for (int set = 0; set < SCALINGS * 3 * 2 * 2; set++) {
        uint8_t data[MAX_BYTES];
        aep__scaler read, copy;
        config.scaling = set % SCALINGS;
        config.squash = set / SCALINGS % 3;
        config.scale_levels = config.indicator = set / SCALINGS / 3 % 2;
        fit(columns[set / SCALINGS / 6], rows, N);
        ck_assert_int_eq(read_bytes(&read, &mem, data, bytes_of(data, &scaler)), AEP_OK);
        ck_assert_int_eq(aep__scaler_copy(&copy, &mem, &scaler), AEP_OK);
        for (size_t i = 0; i < N; i++) {
            real features[3][16];
            aep__scaler_apply(&scaler, rows + 4 * i, features[0]);
            aep__scaler_apply(&read, rows + 4 * i, features[1]);
            aep__scaler_apply(&copy, rows + 4 * i, features[2]);
            ck_assert_mem_eq(features[1], features[0], scaler.n_features * sizeof(real));
            ck_assert_mem_eq(features[2], features[0], scaler.n_features * sizeof(real));
        }
        aep__scaler_free(&read, &mem);
        aep__scaler_free(&copy, &mem);
    }
    free(rows);
}
END_TEST

/* Of a file that another program made, or nobody: any that is not refused. */
START_TEST(whatever_scale_is_read_features_are_within_the_limit)
{
    static const double scales[] = {1e-320, 1e-310, 5e-309, 1e-300, 1e-30, 1, 1e30, 1e300, 1.7e308};
    static const double locations[] = {0, 1, 1e-310, -1e30, 1.7e308, -1.7e308};
    static const char *const columns[] = {"nnnn", "n3n2"};
    for (int set = 0; set < SCALINGS * 2 * 2; set++)
        for (size_t i = 0; i < sizeof scales / sizeof *scales * (sizeof locations / sizeof *locations); i++) {
            uint8_t data[MAX_BYTES];
            aep__scaler read;
            float *rows = random_rows(50);
            config.scaling = set % SCALINGS;
            config.scale_levels = set / SCALINGS % 2;
            fit(columns[set / SCALINGS / 2], rows, 50);
            for (size_t f = 0; f < scaler.n_features; f++) {
                scaler.scale[f] = scales[i % (sizeof scales / sizeof *scales)];
                scaler.location[f] = locations[i / (sizeof scales / sizeof *scales)];
            }
            if (read_bytes(&read, &mem, data, bytes_of(data, &scaler)) == AEP_OK) {
                real features[7];
                const float row[] = {(float)fmax(fmin(read.location[0], 3e38), -3e38), 1, 1e-45f, 0};
                aep__scaler_apply(&read, row, features);
                for (size_t f = 0; f < read.n_features; f++)
                    ck_assert_msg(fabs((double)features[f]) <= AEP__FEATURE_LIMIT,
                                  "scaling %d, scale %g, location %g, feature %zu: %g", config.scaling, read.scale[f],
                                  read.location[f], f, (double)features[f]);
            }
            aep__scaler_free(&read, &mem);
            free(rows);
        }
}
END_TEST

START_TEST(the_state_of_other_columns_is_refused)
{
    static const char *const others[] = {"n", "n3n", "n3n3", "nnnnnnn", "n3n2n"};
    uint8_t data[MAX_BYTES];
    aep__scaler read;
    fit_random(50);
    size_t n = bytes_of(data, &scaler);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        clear();
        describe(others[i]);
        ck_assert_int_eq(read_bytes(&read, &mem, data, n), AEP_E_FORMAT);
        assert_empty(&read);
    }
}
END_TEST

START_TEST(columns_without_their_state_cost_no_memory)
{
    uint8_t data[64] = {0};
    aep__scaler read;
    aep__writer w = {data, 0};
    ck_assert_int_eq(aep__schema_set(&schema, &mem, 0, NULL, AEP_COLUMN_CATEGORICAL, NULL, AEP__MAX_LEVELS), AEP_OK);
    aep__put_u64(&w, 1);
    aep__put_u64(&w, 0);
    aep__put_u64(&w, AEP__MAX_LEVELS);
    aep__put_u64(&w, 1);
    size_t calls = memory.calls;
    ck_assert_int_eq(read_bytes(&read, &mem, data, sizeof data), AEP_E_FORMAT);
    ck_assert_uint_eq(memory.calls, calls);
}
END_TEST

START_TEST(more_features_than_the_limit_are_refused)
{
    uint8_t data[64] = {0};
    for (size_t i = 0; i < 257; i++)
        ck_assert_int_eq(aep__schema_set(&schema, &mem, i, NULL, AEP_COLUMN_CATEGORICAL, NULL, AEP__MAX_LEVELS),
                         AEP_OK);
    ck_assert_int_eq(aep__scaler_init(&scaler, &mem, &schema, &config), AEP_E_LIMIT);
    assert_empty(&scaler);
    ck_assert_int_eq(read_bytes(&scaler, &mem, data, sizeof data), AEP_E_FORMAT);
}
END_TEST

/* ------------------------------------------------------------------------------------------------------ memory */

START_TEST(a_failed_allocation_in_making_leaks_nothing)
{
    describe("n3n2");
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        config.scaling = scaling;
        for (size_t n = 0;; n++) {
            failing f;
            aep_allocator allocator = failing_allocator(&f, n);
            aep__scaler s;
            int status = aep__scaler_init(&s, &allocator, &schema, &config);
            if (!status) {
                ck_assert_uint_eq(n, f.calls);
                aep__scaler_free(&s, &allocator);
                break;
            }
            ck_assert_int_eq(status, AEP_E_MEMORY);
            ck_assert_uint_eq(f.live, 0);
            assert_empty(&s);
        }
    }
}
END_TEST

START_TEST(a_failed_allocation_in_copying_leaks_nothing)
{
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        config.scaling = scaling;
        fit_random(3000);
        for (size_t n = 0;; n++) {
            failing f;
            aep_allocator allocator = failing_allocator(&f, n);
            aep__scaler copy;
            int status = aep__scaler_copy(&copy, &allocator, &scaler);
            if (!status) {
                ck_assert_uint_eq(n, f.calls);
                assert_same(&copy, &scaler);
                aep__scaler_free(&copy, &allocator);
                break;
            }
            ck_assert_int_eq(status, AEP_E_MEMORY);
            ck_assert_uint_eq(f.live, 0);
            assert_empty(&copy);
        }
    }
}
END_TEST

START_TEST(a_failed_allocation_in_fitting_leaves_the_statistics_as_they_were)
{
    enum { N = 5000 };
    float *rows = random_rows(N);
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        aep__scaler fitted, before;
        config.scaling = scaling;
        fit("n3n2", rows, N);
        ck_assert_int_eq(aep__scaler_copy(&fitted, &mem, &scaler), AEP_OK);
        fit("n3n2", rows, 10);
        ck_assert_int_eq(aep__scaler_copy(&before, &mem, &scaler), AEP_OK);
        size_t failures = 0;
        while (memory.fail_at = memory.calls + failures, aep__scaler_update(&scaler, &mem, rows + 40, N - 10)) {
            assert_same(&scaler, &before);
            aep__scaler_free(&scaler, &mem); /* once more, as rooms that were made stay */
            memory.fail_at = NEVER;
            ck_assert_int_eq(aep__scaler_copy(&scaler, &mem, &before), AEP_OK);
            failures++;
        }
        memory.fail_at = NEVER;
        ck_assert_uint_eq(failures, scaling == AEP_SCALING_ROBUST || scaling == AEP_SCALING_RANK ? 2 : 0);
        assert_same(&scaler, &fitted);
        aep__scaler_free(&fitted, &mem);
        aep__scaler_free(&before, &mem);
    }
    free(rows);
}
END_TEST

START_TEST(fitting_that_failed_can_be_repeated)
{
    enum { N = 5000 };
    float *rows = random_rows(N);
    aep__scaler fitted;
    config.scaling = AEP_SCALING_RANK;
    fit("n3n2", rows, N);
    ck_assert_int_eq(aep__scaler_copy(&fitted, &mem, &scaler), AEP_OK);
    fit("n3n2", rows, 10);
    memory.fail_at = memory.calls + 1; /* the second sketch finds no room */
    ck_assert_int_eq(aep__scaler_update(&scaler, &mem, rows + 40, N - 10), AEP_E_MEMORY);
    ck_assert_int_eq(aep__scaler_update(&scaler, &mem, rows + 40, N - 10), AEP_OK);
    assert_same(&scaler, &fitted);
    aep__scaler_free(&fitted, &mem);
    free(rows);
}
END_TEST

/* Reads the scaler with every allocation failing in turn. */
static void read_without_memory(void)
{
    uint8_t data[MAX_BYTES];
    size_t size = bytes_of(data, &scaler);
    for (size_t n = 0;; n++) {
        failing f;
        aep_allocator allocator = failing_allocator(&f, n);
        aep__scaler read;
        int status = read_bytes(&read, &allocator, data, size);
        if (!status) {
            ck_assert_uint_eq(n, f.calls);
            aep__scaler_free(&read, &allocator);
            return;
        }
        ck_assert_int_eq(status, AEP_E_MEMORY);
        ck_assert_uint_eq(f.live, 0);
        assert_empty(&read);
    }
}

START_TEST(a_failed_allocation_in_reading_leaks_nothing)
{
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        config.scaling = scaling;
        fit_random(50);
        read_without_memory();
        aep__scaler_free(&scaler, &mem);
        ck_assert_int_eq(aep__scaler_init(&scaler, &mem, &schema, &config), AEP_OK);
        read_without_memory();
    }
}
END_TEST

START_TEST(what_is_all_zero_can_be_freed)
{
    aep__scaler_free(&scaler, &mem);
    aep__schema_free(&schema, &mem);
    assert_empty(&scaler);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_fit_does_not_depend_on_how_rows_are_cut_into_calls,
        the_fit_of_channels_does_not_depend_on_how_images_are_cut_into_calls,
        channels_travel_with_their_scaler,
        a_copy_goes_on_like_the_original,
        freezing_gives_memory_back_and_keeps_the_fit,
        reading_gives_what_was_written,
        a_scaler_saved_before_fitting_can_be_fitted_when_read,
        every_truncation_is_refused,
        any_changed_byte_gives_an_error_or_bounded_features,
        values_that_make_no_sense_are_refused,
        what_was_read_or_copied_gives_the_same_features,
        whatever_scale_is_read_features_are_within_the_limit,
        the_state_of_other_columns_is_refused,
        columns_without_their_state_cost_no_memory,
        more_features_than_the_limit_are_refused,
        a_failed_allocation_in_making_leaks_nothing,
        a_failed_allocation_in_copying_leaks_nothing,
        a_failed_allocation_in_fitting_leaves_the_statistics_as_they_were,
        fitting_that_failed_can_be_repeated,
        a_failed_allocation_in_reading_leaks_nothing,
        what_is_all_zero_can_be_freed,
    };
    return run("scaler state", tests, sizeof tests / sizeof *tests);
}
