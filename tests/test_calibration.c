/* SPDX-License-Identifier: BSD-2-Clause */
#include "calibration.h"
#include "failing.h"
#include "runner.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { ALL = 10000000, HEADER = 8 + 8 + 8 + 1 + 8 + 8 }; /* HEADER: bytes in front of the scores */

static failing memory;
static aep_allocator mem;
static aep__calibration c;

static void set_up(void)
{
    mem = failing_allocator(&memory, NEVER);
    memset(&c, 0, sizeof c);
}

static void tear_down(void)
{
    aep__calibration_free(&c, &mem);
    ck_assert_uint_eq(memory.live, 0);
}

static uint32_t next(uint32_t *state) { return (*state = *state * 1664525u + 1013904223u) >> 8; }

/* n scores in no order, of so many different values. To be freed. */
static float *draw(size_t n, uint32_t different, uint32_t seed)
{
    float *scores = malloc(n * sizeof *scores);
    for (size_t i = 0; i < n; i++)
        scores[i] = (float)(next(&seed) % different) / 16 - 1;
    return scores;
}

static void calibrate(const float *scores, size_t n, size_t max_kept)
{
    float *copy = malloc(n * sizeof *copy);
    memcpy(copy, scores, n * sizeof *copy);
    ck_assert_int_eq(aep__calibration_set(&c, &mem, copy, n, max_kept, 42), AEP_OK);
    free(copy);
}

static double brute_pvalue(const float *scores, size_t n, float score)
{
    size_t higher = 0;
    for (size_t i = 0; i < n; i++)
        higher += scores[i] >= score;
    return (double)(1 + higher) / (double)(1 + n);
}

static double threshold_at(double rate, bool found)
{
    double threshold = NAN;
    ck_assert(aep__calibration_threshold(&threshold, &c, rate) == found);
    ck_assert(isfinite(threshold));
    return threshold;
}

/* ------------------------------------------------------------------------------------------------- p-values */

START_TEST(pvalues_are_those_worked_out_by_hand)
{
    static const float scores[] = {3, 1, 2, 2};
    calibrate(scores, 4, ALL);
    ck_assert(aep__calibration_pvalue(&c, 0) == 1);
    ck_assert(aep__calibration_pvalue(&c, 1) == 1);
    ck_assert(aep__calibration_pvalue(&c, 1.5f) == 4. / 5);
    ck_assert(aep__calibration_pvalue(&c, 2) == 4. / 5);
    ck_assert(aep__calibration_pvalue(&c, 3) == 2. / 5);
    ck_assert(aep__calibration_pvalue(&c, 4) == 1. / 5);
    ck_assert(aep__calibration_pvalue(&c, FLT_MAX) == 1. / 5);
    ck_assert(aep__calibration_pvalue(&c, -FLT_MAX) == 1);
}
END_TEST

START_TEST(what_is_kept_describes_the_scores)
{
    static const float scores[] = {3, 1, 2, 2};
    calibrate(scores, 4, ALL);
    ck_assert_uint_eq(c.n_scores, 4);
    ck_assert_uint_eq(c.n_rows, 4);
    ck_assert_uint_eq(c.distinct, 3);
    ck_assert_uint_eq(c.step, 42);
    ck_assert(!c.has_threshold);
    ck_assert(c.scores[0] == 1 && c.scores[1] == 2 && c.scores[2] == 2 && c.scores[3] == 3);
}
END_TEST

START_TEST(pvalues_agree_with_their_definition)
{
    for (size_t n = 1; n < 300; n += n / 3 + 1) {
        float *scores = draw(n, 64, (uint32_t)n);
        calibrate(scores, n, ALL);
        for (int i = -20; i < 100; i++) {
            const float score = (float)i / 32 - 1;
            ck_assert(aep__calibration_pvalue(&c, score) == brute_pvalue(scores, n, score));
        }
        free(scores);
    }
}
END_TEST

START_TEST(zeros_of_both_signs_are_one_score)
{
    static const float scores[] = {0.0f, -0.0f, 0.0f};
    calibrate(scores, 3, ALL);
    ck_assert_uint_eq(c.distinct, 1);
    ck_assert(aep__calibration_pvalue(&c, -0.0f) == 1);
    ck_assert(aep__calibration_pvalue(&c, 0.0f) == 1);
    ck_assert(aep__calibration_pvalue(&c, FLT_TRUE_MIN) == 1. / 4);
}
END_TEST

/* ----------------------------------------------------------------------------------------------- thresholds */

/* The threshold is the smallest score with a p-value of at most the rate. */
static void check_threshold(double rate)
{
    const double threshold = threshold_at(rate, true);
    const float score = (float)threshold;
    ck_assert((double)score == threshold);
    ck_assert(aep__calibration_pvalue(&c, score) <= rate);
    if (score > -FLT_MAX)
        ck_assert(aep__calibration_pvalue(&c, nextafterf(score, -INFINITY)) > rate);
}

START_TEST(one_in_a_hundred_of_999_different_scores_reaches_the_threshold)
{
    float scores[999];
    for (int i = 0; i < 999; i++)
        scores[i] = (float)(i * 500 % 999); /* a permutation */
    calibrate(scores, 999, ALL);
    check_threshold(0.01);
    const double threshold = threshold_at(0.01, true);
    int flagged = 0;
    for (int i = 0; i < 999; i++)
        flagged += (double)scores[i] >= threshold;
    ck_assert_int_eq(flagged, 9); /* (1 + 9) / (1 + 999) is the rate */
    ck_assert(aep__calibration_pvalue(&c, (float)threshold) == 0.01);
}
END_TEST

START_TEST(thresholds_are_the_smallest_scores_that_fit_the_rate)
{
    for (size_t n = 1; n < 400; n += n / 3 + 1)
        for (size_t kept = 1; kept <= n; kept += kept / 2 + 1) {
            float *scores = draw(n, 50, (uint32_t)(n + kept));
            calibrate(scores, n, kept);
            for (double rate = 1 / ((double)n + 1); rate <= 1; rate += 0.037)
                check_threshold(rate);
            check_threshold(1);
            free(scores);
        }
}
END_TEST

START_TEST(a_rate_that_no_score_reaches_puts_the_threshold_just_above_the_largest)
{
    static const float scores[] = {1, 2, 5};
    calibrate(scores, 3, ALL);
    ck_assert(threshold_at(0.249, false) == (double)nextafterf(5, INFINITY));
    ck_assert(threshold_at(0, false) == (double)nextafterf(5, INFINITY));
    ck_assert(threshold_at(0.25, true) == (double)nextafterf(5, INFINITY));
}
END_TEST

START_TEST(a_rate_of_one_flags_everything)
{
    static const float scores[] = {1, 2, 5};
    calibrate(scores, 3, ALL);
    ck_assert(threshold_at(1, true) == -FLT_MAX);
}
END_TEST

START_TEST(nothing_is_above_the_largest_float)
{
    static const float scores[] = {1, FLT_MAX};
    calibrate(scores, 2, ALL);
    ck_assert(threshold_at(0.1, false) > FLT_MAX);
    ck_assert(threshold_at(0.5, false) > FLT_MAX);
    ck_assert(threshold_at(0.7, true) == (double)nextafterf(1, 2));
}
END_TEST

/* ----------------------------------------------------------------------------------------------- subsamples */

START_TEST(kept_scores_have_evenly_spaced_ranks)
{
    enum { ROWS = 1000 };
    float scores[ROWS];
    for (int i = 0; i < ROWS; i++)
        scores[i] = (float)(1 + i * 333 % ROWS); /* the score is its rank */
    for (size_t kept = 1; kept <= ROWS + 1; kept++) {
        const size_t k = kept < ROWS ? kept : ROWS;
        calibrate(scores, ROWS, kept);
        ck_assert_uint_eq(c.n_scores, k);
        ck_assert_uint_eq(c.n_rows, ROWS);
        ck_assert_uint_eq(c.distinct, ROWS);
        for (size_t j = 0; j < k; j++)
            ck_assert(c.scores[j] == (float)(((j + 1) * ROWS + k - 1) / k));
        ck_assert(c.scores[k - 1] == ROWS);
    }
}
END_TEST

START_TEST(pvalues_of_a_subsample_are_never_too_small)
{
    for (size_t n = 1; n < 400; n += n / 3 + 1)
        for (size_t kept = 1; kept <= n; kept += kept / 2 + 1) {
            float *scores = draw(n, 64, (uint32_t)(n * kept));
            calibrate(scores, n, kept);
            for (int i = -20; i < 180; i++) {
                const float score = (float)i / 32 - 1;
                const double exact = brute_pvalue(scores, n, score), p = aep__calibration_pvalue(&c, score);
                ck_assert(p >= exact && p <= 1);
                ck_assert(p <= exact + (double)((n + kept - 1) / kept) / (double)(1 + n) + 1e-12); /* off by a gap */
            }
            free(scores);
        }
}
END_TEST

START_TEST(a_subsample_is_exact_above_each_kept_score)
{
    float scores[997];
    for (int i = 0; i < 997; i++)
        scores[i] = (float)(i * 100 % 997);
    calibrate(scores, 997, 100);
    for (size_t j = 0; j < c.n_scores; j++) {
        const float score = nextafterf(c.scores[j], INFINITY);
        ck_assert(aep__calibration_pvalue(&c, score) == brute_pvalue(scores, 997, score));
    }
}
END_TEST

/* -------------------------------------------------------------------------------------------------- objects */

static void assert_same(const aep__calibration *a, const aep__calibration *b)
{
    ck_assert_uint_eq(a->n_scores, b->n_scores);
    ck_assert(!a->n_scores || !memcmp(a->scores, b->scores, a->n_scores * sizeof *a->scores));
    ck_assert(a->n_rows == b->n_rows && a->distinct == b->distinct && a->step == b->step);
    ck_assert(a->threshold == b->threshold && a->has_threshold == b->has_threshold);
}

static void assert_zero(const aep__calibration *a)
{
    static const aep__calibration zero;
    ck_assert_ptr_null(a->scores);
    assert_same(a, &zero);
}

/* 7 scores, 4 of them kept, and a threshold */
static void fill(void)
{
    static const float scores[] = {3, 1, 2, 2, -1, 8, 5};
    calibrate(scores, 7, 4);
    c.threshold = 4.5;
    c.has_threshold = true;
}

START_TEST(a_new_calibration_replaces_the_scores_and_leaves_the_threshold)
{
    static const float scores[] = {9, 9};
    fill();
    calibrate(scores, 2, ALL);
    ck_assert_uint_eq(c.n_scores, 2);
    ck_assert_uint_eq(c.n_rows, 2);
    ck_assert_uint_eq(c.distinct, 1);
    ck_assert(c.has_threshold && c.threshold == 4.5);
    ck_assert_uint_eq(memory.live, 1);
}
END_TEST

START_TEST(a_copy_is_equal_and_independent)
{
    aep__calibration copy;
    fill();
    ck_assert_int_eq(aep__calibration_copy(&copy, &mem, &c), AEP_OK);
    assert_same(&copy, &c);
    ck_assert_ptr_ne(copy.scores, c.scores);
    aep__calibration_free(&copy, &mem);
    assert_zero(&copy);
}
END_TEST

START_TEST(what_was_never_calibrated_is_copied_without_memory)
{
    aep__calibration copy;
    c.threshold = 2;
    c.has_threshold = true;
    ck_assert_int_eq(aep__calibration_copy(&copy, &mem, &c), AEP_OK);
    assert_same(&copy, &c);
    ck_assert_uint_eq(memory.calls, 0);
}
END_TEST

/* --------------------------------------------------------------------------------------------------- saving */

static size_t write_bytes(uint8_t *data)
{
    aep__writer counter = {NULL, 0}, w = {data, 0};
    aep__calibration_write(&c, &counter);
    aep__calibration_write(&c, &w);
    ck_assert_uint_eq(counter.pos, w.pos);
    return w.pos;
}

/* From a block of exactly that size, so that the address sanitizer sees any read beyond it. */
static int read_bytes(aep__calibration *read, const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    aep__reader r = {.data = exact, .size = size};
    memset(read, 0xff, sizeof *read);
    const int status = aep__calibration_read(read, &mem, &r);
    if (status)
        assert_zero(read);
    free(exact);
    return status;
}

static void check_roundtrip(void)
{
    uint8_t data[256];
    aep__calibration read;
    const size_t n = write_bytes(data);
    ck_assert_uint_eq(n, HEADER + 4 * c.n_scores);
    ck_assert_int_eq(read_bytes(&read, data, n), AEP_OK);
    assert_same(&read, &c);
    aep__calibration_free(&read, &mem);
}

START_TEST(reading_gives_what_was_written)
{
    check_roundtrip(); /* nothing */
    c.threshold = -3;
    c.has_threshold = true;
    check_roundtrip(); /* only a threshold */
    fill();
    check_roundtrip();
    c.threshold = 0;
    c.has_threshold = false;
    check_roundtrip(); /* only scores */
    static const float ties[] = {2, 1, 2, 1};
    calibrate(ties, 4, ALL);
    check_roundtrip();
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    uint8_t data[256];
    aep__calibration read;
    fill();
    const size_t n = write_bytes(data);
    for (size_t size = 0; size < n; size++)
        ck_assert_int_eq(read_bytes(&read, data, size), AEP_E_FORMAT);
}
END_TEST

/* Refused after `change` bytes at `at` became those of `value`. */
static void check_refused(size_t at, const void *value, size_t change)
{
    uint8_t data[256];
    aep__calibration read;
    const size_t n = write_bytes(data);
    memcpy(data + at, value, change);
    ck_assert_int_eq(read_bytes(&read, data, n), AEP_E_FORMAT);
}

static void check_count_refused(size_t at, uint64_t value)
{
    uint8_t bytes[8];
    aep__writer w = {bytes, 0};
    aep__put_u64(&w, value);
    check_refused(at, bytes, 8);
}

static void check_threshold_refused(double value)
{
    uint8_t bytes[8];
    aep__writer w = {bytes, 0};
    aep__put_f64(&w, value);
    check_refused(25, bytes, 8);
}

static void check_score_refused(size_t i, float value)
{
    uint8_t bytes[4];
    aep__writer w = {bytes, 0};
    aep__put_f32s(&w, &value, 1);
    check_refused(HEADER + 4 * i, bytes, 4);
}

START_TEST(counts_that_contradict_each_other_are_refused)
{
    fill();                     /* of 7 rows 1, 2, 5, 8 are kept: 4 different ones */
    check_count_refused(0, 3);  /* fewer rows than scores */
    check_count_refused(8, 3);  /* fewer different scores than kept */
    check_count_refused(8, 8);  /* more than rows */
    check_count_refused(33, 5); /* more scores than bytes */
    check_count_refused(33, UINT64_MAX);
    check_count_refused(33, UINT64_MAX / 4 + 2); /* the bytes of which would wrap around */
    static const float all[] = {1, 1, 2};
    calibrate(all, 3, ALL);
    check_count_refused(8, 1);
    check_count_refused(8, 3);
    static const float equal[] = {1, 1, 1};
    calibrate(equal, 3, ALL);
    check_count_refused(0, 1);
    aep__calibration_free(&c, &mem);
    check_count_refused(0, 1); /* without scores: no rows, nothing different, no step */
    check_count_refused(8, 1);
    check_count_refused(16, 1);
}
END_TEST

START_TEST(thresholds_that_are_none_are_refused)
{
    static const uint8_t two = 2, no = 0;
    fill();
    check_refused(24, &two, 1);
    check_refused(24, &no, 1); /* but there is one */
    check_threshold_refused(NAN);
    check_threshold_refused(INFINITY);
    check_threshold_refused(-INFINITY);
}
END_TEST

START_TEST(scores_that_are_unsorted_or_not_finite_are_refused)
{
    fill();
    for (size_t i = 0; i < c.n_scores; i++) {
        check_score_refused(i, NAN);
        check_score_refused(i, INFINITY);
        check_score_refused(i, -INFINITY);
        if (i)
            check_score_refused(i, nextafterf(c.scores[i - 1], -INFINITY));
        else
            check_score_refused(i, nextafterf(c.scores[1], INFINITY));
    }
}
END_TEST

START_TEST(a_count_that_lies_costs_no_memory)
{
    uint8_t data[256];
    aep__calibration read;
    fill();
    const size_t n = write_bytes(data);
    memset(data + 33, 0xff, 5);
    const size_t before = memory.bytes;
    ck_assert_int_eq(read_bytes(&read, data, n), AEP_E_FORMAT);
    ck_assert_uint_eq(memory.bytes, before);
}
END_TEST

START_TEST(any_changed_byte_gives_an_error_or_a_usable_calibration)
{
    uint8_t data[256];
    aep__calibration read;
    fill();
    const size_t n = write_bytes(data);
    for (size_t at = 0; at < n; at++)
        for (unsigned flip = 1; flip < 256; flip++) {
            data[at] ^= (uint8_t)flip;
            if (read_bytes(&read, data, n) == AEP_OK) {
                for (float score = -2; score < 9; score += 0.5f) {
                    const double p = aep__calibration_pvalue(&read, score);
                    if (!(p > 0 && p <= 1)) /* one assertion for each would take longer than the test */
                        ck_abort_msg("byte %zu changed by %x: a p-value of %g", at, flip, p);
                }
                double threshold = NAN;
                aep__calibration_threshold(&threshold, &read, 0.2);
                ck_assert(isfinite(threshold));
                aep__calibration_free(&read, &mem);
            }
            data[at] ^= (uint8_t)flip;
        }
}
END_TEST

/* ---------------------------------------------------------------------------------------- failed allocations */

START_TEST(a_failed_allocation_in_calibrating_changes_nothing)
{
    float scores[] = {4, 3, 2};
    uint8_t before[256], after[256];
    fill();
    const size_t n = write_bytes(before);
    memory.fail_at = memory.calls;
    ck_assert_int_eq(aep__calibration_set(&c, &mem, scores, 3, ALL, 1), AEP_E_MEMORY);
    ck_assert_uint_eq(write_bytes(after), n);
    ck_assert_mem_eq(before, after, n);
    ck_assert_int_eq(aep__calibration_set(&c, &mem, scores, 3, ALL, 1), AEP_OK);
}
END_TEST

START_TEST(a_failed_allocation_in_copying_and_reading_leaves_nothing)
{
    uint8_t data[256];
    aep__calibration other;
    fill();
    const size_t n = write_bytes(data);
    memory.fail_at = memory.calls;
    ck_assert_int_eq(aep__calibration_copy(&other, &mem, &c), AEP_E_MEMORY);
    assert_zero(&other);
    memory.fail_at = memory.calls;
    ck_assert_int_eq(read_bytes(&other, data, n), AEP_E_MEMORY);
    ck_assert_uint_eq(memory.live, 1);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("calibration");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, pvalues_are_those_worked_out_by_hand);
    tcase_add_test(tc, what_is_kept_describes_the_scores);
    tcase_add_test(tc, pvalues_agree_with_their_definition);
    tcase_add_test(tc, zeros_of_both_signs_are_one_score);
    tcase_add_test(tc, one_in_a_hundred_of_999_different_scores_reaches_the_threshold);
    tcase_add_test(tc, thresholds_are_the_smallest_scores_that_fit_the_rate);
    tcase_add_test(tc, a_rate_that_no_score_reaches_puts_the_threshold_just_above_the_largest);
    tcase_add_test(tc, a_rate_of_one_flags_everything);
    tcase_add_test(tc, nothing_is_above_the_largest_float);
    tcase_add_test(tc, kept_scores_have_evenly_spaced_ranks);
    tcase_add_test(tc, pvalues_of_a_subsample_are_never_too_small);
    tcase_add_test(tc, a_subsample_is_exact_above_each_kept_score);
    tcase_add_test(tc, a_new_calibration_replaces_the_scores_and_leaves_the_threshold);
    tcase_add_test(tc, a_copy_is_equal_and_independent);
    tcase_add_test(tc, what_was_never_calibrated_is_copied_without_memory);
    tcase_add_test(tc, reading_gives_what_was_written);
    tcase_add_test(tc, every_truncation_is_refused);
    tcase_add_test(tc, counts_that_contradict_each_other_are_refused);
    tcase_add_test(tc, thresholds_that_are_none_are_refused);
    tcase_add_test(tc, scores_that_are_unsorted_or_not_finite_are_refused);
    tcase_add_test(tc, a_count_that_lies_costs_no_memory);
    tcase_add_test(tc, any_changed_byte_gives_an_error_or_a_usable_calibration);
    tcase_add_test(tc, a_failed_allocation_in_calibrating_changes_nothing);
    tcase_add_test(tc, a_failed_allocation_in_copying_and_reading_leaves_nothing);
    return run_case("calibration", tc);
}
