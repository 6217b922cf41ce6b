/* SPDX-License-Identifier: BSD-2-Clause */
/* Distributions, and how far apart two are. Expected figures that are not worked out by hand are those of SciPy 1.10:
   chi2_contingency(correction=False), chi2.isf, kstwobign.sf. */
#include "failing.h"
#include "profile.h"
#include "runner.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { MANY = 20000 };

static failing memory;
static aep_allocator mem;
static aep__profile p;
static float values[MANY];

static void set_up(void)
{
    mem = failing_allocator(&memory, NEVER);
    memset(&p, 0, sizeof p);
}

static void tear_down(void)
{
    aep__profile_free(&p, &mem);
    ck_assert_uint_eq(memory.live, 0);
}

#define ASSERT_NEAR(value, expected)                                                                                   \
    ck_assert_msg(fabs((value) - (expected)) <= 1e-6 * (1 + fabs(expected)), "%s is %.9g, not %.9g", #value,           \
                  (double)(value), (double)(expected))

static uint32_t next(uint32_t *state) { return (*state = *state * 1664525u + 1013904223u) >> 8; }

static float uniform_float(uint32_t *state) { return (float)next(state) / 16777216; }

/* A profile of one variable. */
static aep__variable *profile_of(size_t n_levels, const float *of, size_t n)
{
    size_t n_knots, n_counts;
    aep__variable_room(&n_knots, &n_counts, n_levels);
    ck_assert_int_eq(aep__profile_init(&p, &mem, 0, 0, n_knots, n_counts), AEP_OK);
    memmove(values, of, n * sizeof *values);
    aep__profile_take(&p, n_levels, values, n);
    p.n_rows = n;
    return &p.variables[0];
}

/* Another variable with the knots of one and the counts of other values. */
static aep__variable count(const aep__variable *like, uint64_t *counts, const float *of, size_t n)
{
    aep__variable v = *like;
    v.counts = counts;
    memset(counts, 0, aep__variable_slots(like) * sizeof *counts);
    for (size_t i = 0; i < n; i++)
        aep__variable_add(&v, of[i]);
    return v;
}

/* ---------------------------------------------------------------------------------------------------- counting */

START_TEST(knots_are_quantiles_and_slots_count_what_lies_at_and_between_them)
{
    static const float of[] = {3, NAN, 1, 2, 2};
    const aep__variable *v = profile_of(0, of, 5);
    ck_assert_uint_eq(v->n_knots, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert(v->knots[i] == (float)(i + 1));
    static const uint64_t expected[] = {0, 1, 0, 2, 0, 1, 0, 1};
    ck_assert_uint_eq(aep__variable_slots(v), 8);
    ck_assert_mem_eq(v->counts, expected, sizeof expected);

    static const float others[] = {0, 1.5f, 2, 2.5f, 4, 5, NAN, NAN};
    static const uint64_t of_others[] = {1, 0, 1, 1, 1, 0, 2, 2};
    uint64_t counts[8];
    count(v, counts, others, 8);
    ck_assert_mem_eq(counts, of_others, sizeof of_others);
}
END_TEST

START_TEST(of_many_values_there_are_41_knots_a_fortieth_apart)
{
    uint32_t state = 1;
    for (size_t i = 0; i < MANY; i++)
        values[i] = uniform_float(&state);
    const aep__variable *v = profile_of(0, values, MANY);
    ck_assert_uint_eq(v->n_knots, AEP__PROFILE_KNOTS);
    for (size_t i = 0; i < AEP__PROFILE_KNOTS; i++)
        ck_assert_msg(fabs((double)v->knots[i] - (double)i / 40) < 0.02, "knot %zu: %g", i, (double)v->knots[i]);
    for (size_t i = 1; i < AEP__PROFILE_KNOTS; i++) /* between two, and the second */
        ck_assert_msg(v->counts[2 * i] + v->counts[2 * i + 1] >= MANY / 40 - 1 &&
                          v->counts[2 * i] + v->counts[2 * i + 1] <= MANY / 40 + 1,
                      "knot %zu", i);
    ck_assert_uint_eq(v->counts[0], 0);
    ck_assert_uint_eq(v->counts[2 * AEP__PROFILE_KNOTS], 0);
}
END_TEST

START_TEST(levels_are_counted_and_what_is_none_is_another_slot)
{
    static const float of[] = {0, 2, 2, NAN, 3, -1, 1.5f, 1e30f};
    static const uint64_t expected[] = {1, 0, 2, 4, 1};
    const aep__variable *v = profile_of(3, of, 8);
    ck_assert_uint_eq(aep__variable_slots(v), 5);
    ck_assert_mem_eq(v->counts, expected, sizeof expected);
}
END_TEST

START_TEST(values_that_are_all_missing_or_all_equal_have_few_knots)
{
    static const float missing[] = {NAN, NAN}, equal[] = {7, 7, 7};
    const aep__variable *v = profile_of(0, missing, 2);
    ck_assert_uint_eq(v->n_knots, 0);
    ck_assert_uint_eq(v->counts[1], 2);
    aep__profile_free(&p, &mem);
    v = profile_of(0, equal, 3);
    ck_assert_uint_eq(v->n_knots, 1);
    ck_assert_uint_eq(v->counts[1], 3);
}
END_TEST

/* ---------------------------------------------------------------------------------------------------- figures */

static void repeat(float *to, const size_t *times, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < times[i]; j++)
            *to++ = (float)i;
}

START_TEST(figures_of_levels_are_those_of_scipy)
{
    float reference[200], now[105];
    uint64_t counts[6];
    repeat(reference, (const size_t[]){60, 50, 50, 40}, 4);
    repeat(now, (const size_t[]){10, 20, 30, 40, 5}, 5); /* the fifth is no level */
    const aep__variable *v = profile_of(4, reference, 200);
    aep__variable w = count(v, counts, now, 100);
    aep__shift shift = aep__variable_shift(&w, v);
    ASSERT_NEAR(shift.psi, 0.3637114469195608);
    ASSERT_NEAR(shift.psi_p, 4.514152620724094e-05);
    ASSERT_NEAR(aep__shift_noise(&shift), 0.1701730009521655);
    ck_assert(isnan(shift.ks) && isnan(shift.ks_p));
    w = count(v, counts, now, 105);
    shift = aep__variable_shift(&w, v);
    ASSERT_NEAR(shift.psi, 0.5045190423686425);
    ASSERT_NEAR(shift.psi_p, 1.8294257439443622e-06);
    ASSERT_NEAR(aep__shift_noise(&shift), 0.1928283219750584);
}
END_TEST

START_TEST(the_distance_of_distributions_has_the_pvalue_of_scipy)
{
    float reference[400], now[100];
    uint64_t counts[2 * AEP__PROFILE_KNOTS + 2];
    static const double expected[] = {0.9861714088300952, 0.38224562873270596, 0.002746073868825772};
    for (size_t i = 0; i < 400; i++)
        reference[i] = (float)(i / 40);
    const aep__variable *v = profile_of(0, reference, 400);
    ck_assert_uint_eq(v->n_knots, 10);
    for (size_t k = 0; k < 3; k++) { /* 5, 10, 20 of the smallest values are put above all others */
        for (size_t i = 0; i < 100; i++)
            now[i] = i < (size_t)5 << k ? 1000 : (float)(i / 10);
        const aep__variable w = count(v, counts, now, 100);
        const aep__shift shift = aep__variable_shift(&w, v);
        ASSERT_NEAR(shift.ks, 0.05 * (1 << k));
        ASSERT_NEAR(shift.ks_p, expected[k]);
    }
}
END_TEST

START_TEST(values_outside_of_all_others_and_missing_ones_count)
{
    float reference[1000], now[1000];
    uint64_t counts[2 * AEP__PROFILE_KNOTS + 2];
    for (size_t i = 0; i < 1000; i++)
        reference[i] = now[i] = (float)i;
    const aep__variable *v = profile_of(0, reference, 1000);
    aep__variable w = count(v, counts, now, 1000);
    aep__shift shift = aep__variable_shift(&w, v);
    ck_assert(shift.psi == 0 && shift.psi_p == 1 && shift.ks == 0 && shift.ks_p == 1);
    ASSERT_NEAR(aep__shift_noise(&shift), 21.665994333461924 * 2 / 1000); /* ten bins */
    for (size_t i = 0; i < 1000; i++)
        now[i] = -1 - (float)i;
    w = count(v, counts, now, 1000);
    shift = aep__variable_shift(&w, v);
    ck_assert(shift.psi > 5 && shift.psi_p < 1e-100 && shift.ks == 1 && shift.ks_p < 1e-100);
    for (size_t i = 0; i < 1000; i++)
        now[i] = i % 2 ? reference[i] : NAN;
    w = count(v, counts, now, 1000);
    shift = aep__variable_shift(&w, v);
    ck_assert(shift.psi > 2 && shift.psi_p < 1e-50);
    ck_assert(shift.ks < 0.01 && shift.ks_p > 0.99); /* of the values that are there */
    for (size_t i = 0; i < 1000; i++)
        now[i] = NAN;
    w = count(v, counts, now, 1000);
    shift = aep__variable_shift(&w, v);
    ck_assert(shift.psi > 5 && isnan(shift.ks) && isnan(shift.ks_p));
}
END_TEST

/* A value that few rows have is a bin of its own beside one that most have. */
START_TEST(a_rare_value_that_becomes_common_is_seen)
{
    float reference[3000], now[300];
    uint64_t counts[2 * AEP__PROFILE_KNOTS + 2];
    for (size_t i = 0; i < 3000; i++)
        reference[i] = i % 75 == 0;
    for (size_t i = 0; i < 300; i++)
        now[i] = i % 3 == 0;
    const aep__variable *v = profile_of(0, reference, 3000);
    const aep__variable w = count(v, counts, now, 300);
    const aep__shift shift = aep__variable_shift(&w, v);
    ASSERT_NEAR(shift.ks, 1. / 3 - 1. / 75);
    ck_assert(shift.psi > 1 && shift.psi_p < 1e-50 && shift.ks_p < 1e-10);
    ASSERT_NEAR(aep__shift_noise(&shift), 6.6348966010212 * (1. / 300 + 1. / 3000)); /* two bins */
}
END_TEST

START_TEST(however_rare_it_was)
{
    float reference[10000], now[500];
    uint64_t counts[2 * AEP__PROFILE_KNOTS + 2];
    for (size_t every = 200; every <= 10000; every *= 50) { /* fifty rows, or one */
        for (size_t i = 0; i < 10000; i++)
            reference[i] = i % every == 0;
        for (size_t which = 0; which < 2; which++) { /* the rare value becomes common, or one that was never there */
            for (size_t i = 0; i < 500; i++)
                now[i] = i % 2 ? 0 : which ? 1000 : 1;
            const aep__variable *v = profile_of(0, reference, 10000);
            const aep__variable w = count(v, counts, now, 500);
            const aep__shift shift = aep__variable_shift(&w, v);
            ck_assert_msg(shift.bins == 2 && shift.psi > 1 && shift.psi_p < 1e-50, "1 in %zu: %zu bins, %g", every,
                          shift.bins, shift.psi);
            aep__profile_free(&p, &mem);
        }
    }
}
END_TEST

/* Half of the rows at the largest value, as of a sensor that is at its end. */
START_TEST(values_beyond_an_end_that_many_have_are_seen)
{
    float reference[1000], now[200];
    uint64_t counts[2 * AEP__PROFILE_KNOTS + 2];
    for (size_t i = 0; i < 1000; i++)
        reference[i] = i % 2 ? 100 : (float)i / 10;
    for (size_t i = 0; i < 200; i++)
        now[i] = i % 2 ? 150 : (float)i / 2;
    const aep__variable *v = profile_of(0, reference, 1000);
    const aep__variable w = count(v, counts, now, 200);
    const aep__shift shift = aep__variable_shift(&w, v);
    ck_assert(shift.psi > 1 && shift.psi_p < 1e-50);
}
END_TEST

START_TEST(rows_needed_are_those_at_which_noise_is_a_tenth)
{
    float reference[2000], now[30];
    uint64_t counts[2 * AEP__PROFILE_KNOTS + 2];
    uint32_t state = 9;
    for (size_t i = 0; i < 2000; i++)
        reference[i] = uniform_float(&state);
    for (size_t i = 0; i < 30; i++)
        now[i] = uniform_float(&state);
    const aep__variable *v = profile_of(0, reference, 2000);
    const aep__variable w = count(v, counts, now, 30);
    const aep__shift shift = aep__variable_shift(&w, v);
    ck_assert_uint_eq(shift.bins, 10);
    ck_assert(aep__shift_rows_needed(&shift, 0.1) == 243); /* docs/drift.md */
    ck_assert(aep__shift_rows_needed(&shift, 0.25) == 91);
    ck_assert(isinf(aep__shift_rows_needed(&shift, 0.01)));
}
END_TEST

/* Constant before, constant now: nothing to compare, nothing moved; another constant is as far as can be. */
START_TEST(constants_move_or_stay)
{
    static const float seven[] = {7, 7, 7, 7}, eight[] = {8, 8, 8};
    uint64_t counts[4];
    const aep__variable *v = profile_of(0, seven, 4);
    aep__variable w = count(v, counts, seven, 3);
    aep__shift shift = aep__variable_shift(&w, v);
    ck_assert(shift.psi == 0 && shift.psi_p == 1 && aep__shift_noise(&shift) == 0 && shift.ks == 0 && shift.ks_p == 1);
    w = count(v, counts, eight, 3);
    shift = aep__variable_shift(&w, v);
    ck_assert(shift.ks == 1 && shift.psi > 1);
}
END_TEST

/* Of windows that have not changed, the promised share of figures lies beyond the promised bounds. */
START_TEST(unchanged_windows_alarm_as_often_as_promised)
{
    enum { WINDOWS = 2000, REFERENCE = 10000, ROWS = 500 };
    uint32_t state = 5;
    static float reference[REFERENCE], now[ROWS];
    uint64_t counts[2 * AEP__PROFILE_KNOTS + 2];
    size_t beyond_noise = 0, psi_small = 0, ks_small = 0;
    for (size_t i = 0; i < REFERENCE; i++)
        reference[i] = uniform_float(&state) + uniform_float(&state);
    const aep__variable *v = profile_of(0, reference, REFERENCE);
    for (size_t k = 0; k < WINDOWS; k++) {
        for (size_t i = 0; i < ROWS; i++)
            now[i] = uniform_float(&state) + uniform_float(&state);
        const aep__variable w = count(v, counts, now, ROWS);
        const aep__shift shift = aep__variable_shift(&w, v);
        beyond_noise += shift.psi > aep__shift_noise(&shift);
        psi_small += shift.psi_p <= 0.1;
        ks_small += shift.ks_p <= 0.1;
    }
    ck_assert_msg(beyond_noise > WINDOWS / 400 && beyond_noise < WINDOWS / 50, "%zu", beyond_noise); /* 20 expected */
    ck_assert_msg(psi_small > WINDOWS / 14 && psi_small < WINDOWS / 7, "%zu", psi_small);            /* 200 */
    ck_assert_msg(ks_small > WINDOWS / 25 && ks_small < WINDOWS / 8, "%zu", ks_small);               /* at most 200 */
}
END_TEST

/* One level that nearly all rows have, and ten of a thousandth each: calibrations and windows that are small for that. */
START_TEST(rare_levels_do_not_alarm_by_chance)
{
    enum { TRIALS = 4000 };
    static const size_t sizes[][2] = {{200, 2000}, {20, 300}, {300, 300}}; /* n, m */
    uint32_t state = 11;
    uint64_t counts[13];
    static float reference[2000], now[300];
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t small = 0, beyond = 0;
        for (size_t trial = 0; trial < TRIALS; trial++) {
            for (size_t i = 0; i < sizes[k][1]; i++)
                reference[i] = next(&state) % 1000 < 990 ? 0 : (float)(1 + next(&state) % 10);
            for (size_t i = 0; i < sizes[k][0]; i++)
                now[i] = next(&state) % 1000 < 990 ? 0 : (float)(1 + next(&state) % 10);
            const aep__variable *v = profile_of(11, reference, sizes[k][1]);
            const aep__variable w = count(v, counts, now, sizes[k][0]);
            const aep__shift shift = aep__variable_shift(&w, v);
            small += shift.psi_p <= 0.01;
            beyond += shift.psi > aep__shift_noise(&shift);
            aep__profile_free(&p, &mem);
        }
        ck_assert_msg(small <= TRIALS / 33 && beyond <= TRIALS / 33,
                      "%zu rows beside %zu: %zu small p-values, %zu beyond", sizes[k][0], sizes[k][1], small,
                      beyond); /* 40 expected */
    }
}
END_TEST

/* ------------------------------------------------------------------------------------------------------ saving */

/* A profile of a score, one latent variable and two columns, one of three levels. */
static aep__schema schema_of_two(void)
{
    aep__schema schema = {0};
    ck_assert_int_eq(aep__schema_set(&schema, &mem, 1, NULL, AEP_COLUMN_CATEGORICAL, NULL, 3), AEP_OK);
    return schema;
}

static void make_profile(void)
{
    uint32_t state = 3;
    ck_assert_int_eq(aep__profile_init(&p, &mem, 1, 2, 200, 400), AEP_OK);
    for (size_t variable = 0; variable < 4; variable++) {
        for (size_t i = 0; i < 100; i++)
            values[i] = variable == 3 ? (float)(next(&state) % 3) : uniform_float(&state);
        aep__profile_take(&p, variable == 3 ? 3 : 0, values, 100);
    }
    p.n_rows = 100;
}

START_TEST(it_reads_what_it_wrote_and_refuses_what_cannot_be)
{
    uint8_t data[8192];
    aep__schema schema = schema_of_two();
    aep__profile read;
    make_profile();
    aep__writer w = {0};
    aep__profile_write(&p, &w);
    ck_assert_uint_lt(w.pos, sizeof data);
    w = (aep__writer){data, 0};
    aep__profile_write(&p, &w);
    const size_t size = w.pos;
    for (size_t n = 0; n < size; n++) { /* cut short */
        aep__reader r = {.data = data, .size = n};
        ck_assert_int_eq(aep__profile_read(&read, &mem, &schema, 1, false, &r), AEP_E_FORMAT);
    }
    aep__reader r = {.data = data, .size = size};
    ck_assert_int_eq(aep__profile_read(&read, &mem, &schema, 1, false, &r), AEP_OK);
    ck_assert_uint_eq(r.pos, size);
    ck_assert_uint_eq(read.n_variables, 4);
    ck_assert_mem_eq(read.counts, p.counts, p.n_counts * sizeof *p.counts);
    ck_assert_mem_eq(read.knots, p.knots, p.n_knots * sizeof *p.knots);
    aep__profile_free(&read, &mem);
    static const size_t wrong[] = {0, 8, 16, 24}; /* rows, knots, counts, knots of the score: one more each */
    for (size_t i = 0; i < 4; i++) {
        data[wrong[i]]++;
        r = (aep__reader){.data = data, .size = size};
        ck_assert_int_eq(aep__profile_read(&read, &mem, &schema, 1, false, &r), AEP_E_FORMAT);
        data[wrong[i]]--;
    }
    float knot = -1; /* the second knot of the score, below the first */
    memcpy(data + 32, &knot, sizeof knot);
    r = (aep__reader){.data = data, .size = size};
    ck_assert_int_eq(aep__profile_read(&read, &mem, &schema, 1, false, &r), AEP_E_FORMAT);
    aep__schema_free(&schema, &mem);
}
END_TEST

START_TEST(copies_are_equal_and_memory_may_fail)
{
    uint8_t data[8192];
    aep__schema schema = schema_of_two();
    aep__profile other;
    make_profile();
    aep__writer w = {data, 0};
    aep__profile_write(&p, &w);
    const size_t live = memory.live;
    for (size_t i = 0; i < 3; i++) {
        memory.fail_at = memory.calls + i;
        ck_assert_int_eq(aep__profile_copy(&other, &mem, &p), AEP_E_MEMORY);
        ck_assert(!other.variables && memory.live == live);
        aep__reader r = {.data = data, .size = w.pos};
        memory.fail_at = memory.calls + i;
        ck_assert_int_eq(aep__profile_read(&other, &mem, &schema, 1, false, &r), AEP_E_MEMORY);
        ck_assert(!other.variables && memory.live == live);
    }
    memory.fail_at = NEVER;
    ck_assert_int_eq(aep__profile_copy(&other, &mem, &p), AEP_OK);
    ck_assert_mem_eq(other.counts, p.counts, p.n_counts * sizeof *p.counts);
    aep__profile_clear(&other);
    ck_assert(other.n_rows == 0 && other.counts[1] == 0);
    aep__profile_free(&other, &mem);
    aep__schema_free(&schema, &mem);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("profile");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, knots_are_quantiles_and_slots_count_what_lies_at_and_between_them);
    tcase_add_test(tc, of_many_values_there_are_41_knots_a_fortieth_apart);
    tcase_add_test(tc, levels_are_counted_and_what_is_none_is_another_slot);
    tcase_add_test(tc, values_that_are_all_missing_or_all_equal_have_few_knots);
    tcase_add_test(tc, figures_of_levels_are_those_of_scipy);
    tcase_add_test(tc, the_distance_of_distributions_has_the_pvalue_of_scipy);
    tcase_add_test(tc, values_outside_of_all_others_and_missing_ones_count);
    tcase_add_test(tc, a_rare_value_that_becomes_common_is_seen);
    tcase_add_test(tc, however_rare_it_was);
    tcase_add_test(tc, values_beyond_an_end_that_many_have_are_seen);
    tcase_add_test(tc, rows_needed_are_those_at_which_noise_is_a_tenth);
    tcase_add_test(tc, constants_move_or_stay);
    tcase_add_test(tc, rare_levels_do_not_alarm_by_chance);
    tcase_add_test(tc, unchanged_windows_alarm_as_often_as_promised);
    tcase_add_test(tc, it_reads_what_it_wrote_and_refuses_what_cannot_be);
    tcase_add_test(tc, copies_are_equal_and_memory_may_fail);
    return run_case("profile", tc);
}
