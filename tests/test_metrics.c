/* SPDX-License-Identifier: BSD-2-Clause */
/* Against cases worked out by hand, and against the definitions themselves on random input with ties. */
#include "failing.h"
#include "runner.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST = 60 };

#define N(array) (sizeof(array) / sizeof *(array))

static uint32_t next(uint32_t *state) { return (*state = *state * 1664525u + 1013904223u) >> 8; }

typedef struct rates {
    double precision, recall, f1;
} rates;

static rates at_threshold(const float *scores, const uint8_t *labels, size_t n, double threshold)
{
    rates r = {-1, -1, -1};
    ck_assert_int_eq(aep_metrics_at_threshold(&r.precision, &r.recall, &r.f1, scores, labels, n, threshold), AEP_OK);
    return r;
}

static rates at_count(const float *scores, const uint8_t *labels, size_t n, size_t count)
{
    rates r = {-1, -1, -1};
    ck_assert_int_eq(aep_metrics_at_count(&r.precision, &r.recall, &r.f1, scores, labels, n, count, NULL), AEP_OK);
    return r;
}

static double auroc(const float *scores, const uint8_t *labels, size_t n)
{
    double value = -1;
    ck_assert_int_eq(aep_metrics_auroc(&value, scores, labels, n, NULL), AEP_OK);
    return value;
}

static double average_precision(const float *scores, const uint8_t *labels, size_t n)
{
    double value = -1;
    ck_assert_int_eq(aep_metrics_average_precision(&value, scores, labels, n, NULL), AEP_OK);
    return value;
}

static void check_rates(rates r, double precision, double recall, double f1)
{
    ck_assert_double_eq_tol(r.precision, precision, 1e-12);
    ck_assert_double_eq_tol(r.recall, recall, 1e-12);
    ck_assert_double_eq_tol(r.f1, f1, 1e-12);
}

/* ------------------------------------------------------------------------------------------------ by hand */

/* from the top: anomaly, normal, anomaly and normal tied, anomaly, normal */
static const float hand_scores[] = {0.4f, 0.9f, 0.1f, 0.7f, 0.4f, 0.2f};
static const uint8_t hand_labels[] = {1, 1, 0, 0, 0, 255};

START_TEST(rates_at_a_threshold_are_those_worked_out_by_hand)
{
    check_rates(at_threshold(hand_scores, hand_labels, 6, 0.8), 1, 1. / 3, 0.5);
    check_rates(at_threshold(hand_scores, hand_labels, 6, 0.4f), 2. / 4, 2. / 3, 4. / 7); /* at the score: flagged */
    check_rates(at_threshold(hand_scores, hand_labels, 6, nextafter(0.4f, 1)), 1. / 2, 1. / 3, 2. / 5);
    check_rates(at_threshold(hand_scores, hand_labels, 6, -INFINITY), 3. / 6, 1, 6. / 9);
}
END_TEST

START_TEST(rates_that_are_undefined_are_zero)
{
    static const uint8_t normal[6];
    check_rates(at_threshold(hand_scores, hand_labels, 6, INFINITY), 0, 0, 0); /* nothing flagged */
    check_rates(at_threshold(hand_scores, normal, 6, 0.4), 0, 0, 0);           /* no anomalies */
    check_rates(at_threshold(hand_scores, normal, 6, INFINITY), 0, 0, 0);
    check_rates(at_count(hand_scores, hand_labels, 6, 0), 0, 0, 0);
    check_rates(at_count(hand_scores, normal, 6, 3), 0, 0, 0);
}
END_TEST

START_TEST(rates_at_a_count_are_those_worked_out_by_hand)
{
    check_rates(at_count(hand_scores, hand_labels, 6, 1), 1, 1. / 3, 2. / 4);
    check_rates(at_count(hand_scores, hand_labels, 6, 2), 1. / 2, 1. / 3, 2. / 5);
    check_rates(at_count(hand_scores, hand_labels, 6, 3), 1.5 / 3, 1.5 / 3, 1.5 / 3); /* the cut is in the tie */
    check_rates(at_count(hand_scores, hand_labels, 6, 4), 2. / 4, 2. / 3, 4. / 7);
    check_rates(at_count(hand_scores, hand_labels, 6, 6), 3. / 6, 1, 6. / 9);
}
END_TEST

START_TEST(areas_are_those_worked_out_by_hand)
{
    /* pairs won by the anomalies: 3, 1 + 1/2, 1 of 9 */
    ck_assert_double_eq_tol(auroc(hand_scores, hand_labels, 6), 5.5 / 9, 1e-15);
    /* recall rises by 1/3 at precisions 1/1, 2/4, 3/5 */
    ck_assert_double_eq_tol(average_precision(hand_scores, hand_labels, 6), (1 + 2. / 4 + 3. / 5) / 3, 1e-15);
}
END_TEST

START_TEST(a_perfect_and_a_reversed_order_are_the_extremes)
{
    static const float scores[] = {1, 2, 3, 4};
    static const uint8_t right[] = {0, 0, 1, 1}, wrong[] = {1, 1, 0, 0};
    ck_assert(auroc(scores, right, 4) == 1);
    ck_assert(auroc(scores, wrong, 4) == 0);
    ck_assert(average_precision(scores, right, 4) == 1);
    ck_assert_double_eq_tol(average_precision(scores, wrong, 4), (1. / 3 + 2. / 4) / 2, 1e-15);
}
END_TEST

START_TEST(equal_scores_say_nothing)
{
    static const float scores[] = {7, 7, 7, 7, 7};
    static const uint8_t labels[] = {1, 0, 1, 0, 0};
    ck_assert(auroc(scores, labels, 5) == 0.5);
    ck_assert_double_eq_tol(average_precision(scores, labels, 5), 0.4, 1e-15);
    check_rates(at_count(scores, labels, 5, 2), 0.4, 0.4, 0.4);
}
END_TEST

START_TEST(zeros_of_both_signs_are_tied)
{
    static const float up[] = {0.0f, -0.0f}, down[] = {-0.0f, 0.0f};
    static const uint8_t labels[] = {1, 0};
    ck_assert(auroc(up, labels, 2) == 0.5);
    ck_assert(auroc(down, labels, 2) == 0.5);
    ck_assert(average_precision(up, labels, 2) == 0.5);
    ck_assert(average_precision(down, labels, 2) == 0.5);
    check_rates(at_count(down, labels, 2, 1), 0.5, 0.5, 0.5);
    check_rates(at_threshold(down, labels, 2, 0.0), 0.5, 1, 2. / 3);
}
END_TEST

START_TEST(one_row_is_enough_where_one_class_is)
{
    static const float score[] = {FLT_MAX};
    static const uint8_t anomaly[] = {1};
    ck_assert(average_precision(score, anomaly, 1) == 1);
    check_rates(at_count(score, anomaly, 1, 1), 1, 1, 1);
    check_rates(at_threshold(score, anomaly, 1, FLT_MAX), 1, 1, 1);
}
END_TEST

START_TEST(a_missing_class_is_reported)
{
    static const float scores[] = {1, 2};
    static const uint8_t normal[] = {0, 0}, anomalous[] = {1, 1};
    double value = 0;
    ck_assert_int_eq(aep_metrics_auroc(&value, scores, normal, 2, NULL), AEP_E_STATE);
    ck_assert(isnan(value));
    value = 0;
    ck_assert_int_eq(aep_metrics_auroc(&value, scores, anomalous, 2, NULL), AEP_E_STATE);
    ck_assert(isnan(value));
    value = 0;
    ck_assert_int_eq(aep_metrics_average_precision(&value, scores, normal, 2, NULL), AEP_E_STATE);
    ck_assert(isnan(value));
    ck_assert(average_precision(scores, anomalous, 2) == 1);
}
END_TEST

/* ------------------------------------------------------------------------------------------- by definition */

/* n rows, few different scores among them; at least one of each class */
static size_t draw(float *scores, uint8_t *labels, uint32_t *state)
{
    const size_t n = 2 + next(state) % (MOST - 1);
    const uint32_t different = 1 + next(state) % 40;
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)(next(state) % different) / 8 - 1;
        labels[i] = next(state) % 3 == 0;
    }
    labels[0] = 0;
    labels[1] = 1;
    return n;
}

static double brute_auroc(const float *scores, const uint8_t *labels, size_t n)
{
    double wins = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (labels[i] && !labels[j]) {
                pairs++;
                wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
    return wins / pairs;
}

static rates brute_rates(const float *scores, const uint8_t *labels, size_t n, float threshold)
{
    double hits = 0, false_alarms = 0, missed = 0;
    for (size_t i = 0; i < n; i++) {
        hits += labels[i] && scores[i] >= threshold;
        false_alarms += !labels[i] && scores[i] >= threshold;
        missed += labels[i] && !(scores[i] >= threshold);
    }
    const double precision = hits / (hits + false_alarms), recall = hits / (hits + missed);
    return (rates){precision, recall, hits > 0 ? 2 * precision * recall / (precision + recall) : 0};
}

/* As scikit-learn: the sum over all different thresholds, falling, of precision times the gain in recall. */
static double brute_average_precision(const float *scores, const uint8_t *labels, size_t n)
{
    double sum = 0, recall = 0;
    float threshold = INFINITY;
    for (;;) {
        float below = -INFINITY;
        for (size_t i = 0; i < n; i++)
            if (scores[i] < threshold && scores[i] > below)
                below = scores[i];
        if (below == -INFINITY)
            return sum;
        threshold = below;
        const rates r = brute_rates(scores, labels, n, threshold);
        sum += (r.recall - recall) * r.precision;
        recall = r.recall;
    }
}

/* Row i is among the `count` highest with this probability when ties are broken at random. */
static double chance(const float *scores, size_t n, size_t i, size_t count)
{
    size_t above = 0, tied = 0;
    for (size_t j = 0; j < n; j++) {
        above += scores[j] > scores[i];
        tied += scores[j] == scores[i];
    }
    return above >= count ? 0 : above + tied <= count ? 1 : (double)(count - above) / (double)tied;
}

START_TEST(areas_agree_with_their_definitions)
{
    float scores[MOST];
    uint8_t labels[MOST];
    uint32_t state = 3;
    for (int trial = 0; trial < 2000; trial++) {
        const size_t n = draw(scores, labels, &state);
        ck_assert_double_eq_tol(auroc(scores, labels, n), brute_auroc(scores, labels, n), 1e-13);
        ck_assert_double_eq_tol(average_precision(scores, labels, n), brute_average_precision(scores, labels, n),
                                1e-13);
    }
}
END_TEST

START_TEST(rates_agree_with_their_definitions)
{
    float scores[MOST];
    uint8_t labels[MOST];
    uint32_t state = 4;
    for (int trial = 0; trial < 500; trial++) {
        const size_t n = draw(scores, labels, &state);
        double anomalies = 0;
        for (size_t i = 0; i < n; i++)
            anomalies += labels[i];
        for (size_t i = 0; i < n; i++) {
            const rates r = brute_rates(scores, labels, n, scores[i]);
            check_rates(at_threshold(scores, labels, n, scores[i]), r.precision, r.recall, r.f1);
        }
        for (size_t count = 1; count <= n; count++) {
            double hits = 0;
            for (size_t i = 0; i < n; i++)
                hits += labels[i] * chance(scores, n, i, count);
            check_rates(at_count(scores, labels, n, count), hits / (double)count, hits / anomalies,
                        2 * hits / ((double)count + anomalies));
        }
    }
}
END_TEST

START_TEST(the_order_of_rows_does_not_matter)
{
    float scores[MOST], turned[MOST];
    uint8_t labels[MOST], turned_labels[MOST];
    uint32_t state = 5;
    for (int trial = 0; trial < 200; trial++) {
        const size_t n = draw(scores, labels, &state), by = next(&state) % n;
        for (size_t i = 0; i < n; i++) {
            turned[i] = scores[(i + by) % n];
            turned_labels[i] = labels[(i + by) % n];
        }
        ck_assert(auroc(scores, labels, n) == auroc(turned, turned_labels, n));
        ck_assert(average_precision(scores, labels, n) == average_precision(turned, turned_labels, n));
        for (size_t count = 0; count <= n; count++)
            ck_assert(at_count(scores, labels, n, count).f1 == at_count(turned, turned_labels, n, count).f1);
    }
}
END_TEST

/* ------------------------------------------------------------------------------------------------ refusals */

/* Every function refuses with this status and leaves its results alone. */
static void check_refused(int expected, const float *scores, const uint8_t *labels, size_t n,
                          const aep_allocator *allocator)
{
    double a = 7, b = 7, c = 7;
    ck_assert_int_eq(aep_metrics_at_count(&a, &b, &c, scores, labels, n, n ? 1 : 0, allocator), expected);
    ck_assert_int_eq(aep_metrics_auroc(&a, scores, labels, n, allocator), expected);
    ck_assert_int_eq(aep_metrics_average_precision(&a, scores, labels, n, allocator), expected);
    ck_assert(a == 7 && b == 7 && c == 7);
}

START_TEST(what_has_no_meaning_is_refused)
{
    static const uint8_t labels[] = {0, 1, 0};
    static const float good[] = {1, 2, 3};
    const float bad[][3] = {{1, 2, NAN}, {INFINITY, 2, 3}, {1, -INFINITY, 3}};
    const aep_allocator half = {failing_alloc, NULL, NULL};
    double p = 7, r = 7, f = 7;
    check_refused(AEP_E_ARGUMENT, NULL, labels, 3, NULL);
    check_refused(AEP_E_ARGUMENT, good, NULL, 3, NULL);
    check_refused(AEP_E_ARGUMENT, good, labels, 3, &half);
    check_refused(AEP_E_ROWS, good, labels, 0, NULL);
    ck_assert_int_eq(aep_metrics_at_threshold(&p, &r, &f, NULL, labels, 3, 0), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_metrics_at_threshold(&p, &r, &f, good, NULL, 3, 0), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_metrics_at_threshold(&p, &r, &f, good, labels, 3, NAN), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_metrics_at_threshold(&p, &r, &f, good, labels, 0, 0), AEP_E_ROWS);
    ck_assert_int_eq(aep_metrics_at_count(&p, &r, &f, good, labels, 3, 4, NULL), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_metrics_auroc(NULL, good, labels, 3, NULL), AEP_E_ARGUMENT);
    ck_assert_int_eq(aep_metrics_average_precision(NULL, good, labels, 3, NULL), AEP_E_ARGUMENT);
    for (size_t i = 0; i < N(bad); i++) {
        check_refused(AEP_E_NOT_FINITE, bad[i], labels, 3, NULL);
        ck_assert_int_eq(aep_metrics_at_threshold(&p, &r, &f, bad[i], labels, 3, 0), AEP_E_NOT_FINITE);
    }
    ck_assert(p == 7 && r == 7 && f == 7);
}
END_TEST

START_TEST(results_that_are_not_wanted_may_be_null)
{
    double value = -1;
    ck_assert_int_eq(aep_metrics_at_threshold(NULL, NULL, &value, hand_scores, hand_labels, 6, 0.8), AEP_OK);
    ck_assert(value == 0.5);
    ck_assert_int_eq(aep_metrics_at_threshold(&value, NULL, NULL, hand_scores, hand_labels, 6, 0.8), AEP_OK);
    ck_assert(value == 1);
    ck_assert_int_eq(aep_metrics_at_count(NULL, &value, NULL, hand_scores, hand_labels, 6, 6, NULL), AEP_OK);
    ck_assert(value == 1);
    ck_assert_int_eq(aep_metrics_at_count(NULL, NULL, NULL, hand_scores, hand_labels, 6, 6, NULL), AEP_OK);
}
END_TEST

START_TEST(memory_comes_from_the_allocator_and_goes_back)
{
    failing memory;
    aep_allocator mem = failing_allocator(&memory, NEVER);
    double value;
    ck_assert_int_eq(aep_metrics_auroc(&value, hand_scores, hand_labels, 6, &mem), AEP_OK);
    ck_assert_int_eq(aep_metrics_average_precision(&value, hand_scores, hand_labels, 6, &mem), AEP_OK);
    ck_assert_int_eq(aep_metrics_at_count(&value, NULL, NULL, hand_scores, hand_labels, 6, 3, &mem), AEP_OK);
    ck_assert_uint_eq(memory.calls, 3);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(a_failed_allocation_is_reported)
{
    failing memory;
    for (size_t i = 0; i < 3; i++) {
        aep_allocator mem = failing_allocator(&memory, 0);
        double value = 7;
        const int status = i == 0   ? aep_metrics_auroc(&value, hand_scores, hand_labels, 6, &mem)
                           : i == 1 ? aep_metrics_average_precision(&value, hand_scores, hand_labels, 6, &mem)
                                    : aep_metrics_at_count(&value, NULL, NULL, hand_scores, hand_labels, 6, 3, &mem);
        ck_assert_int_eq(status, AEP_E_MEMORY);
        ck_assert(value == 7);
        ck_assert_uint_eq(memory.live, 0);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("metrics");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, rates_at_a_threshold_are_those_worked_out_by_hand);
    tcase_add_test(tc, rates_that_are_undefined_are_zero);
    tcase_add_test(tc, rates_at_a_count_are_those_worked_out_by_hand);
    tcase_add_test(tc, areas_are_those_worked_out_by_hand);
    tcase_add_test(tc, a_perfect_and_a_reversed_order_are_the_extremes);
    tcase_add_test(tc, equal_scores_say_nothing);
    tcase_add_test(tc, zeros_of_both_signs_are_tied);
    tcase_add_test(tc, one_row_is_enough_where_one_class_is);
    tcase_add_test(tc, a_missing_class_is_reported);
    tcase_add_test(tc, areas_agree_with_their_definitions);
    tcase_add_test(tc, rates_agree_with_their_definitions);
    tcase_add_test(tc, the_order_of_rows_does_not_matter);
    tcase_add_test(tc, what_has_no_meaning_is_refused);
    tcase_add_test(tc, results_that_are_not_wanted_may_be_null);
    tcase_add_test(tc, memory_comes_from_the_allocator_and_goes_back);
    tcase_add_test(tc, a_failed_allocation_is_reported);
    return run_case("metrics", tc);
}
