/* SPDX-License-Identifier: BSD-2-Clause */
#include "rng.h"
#include "runner.h"

#include <Random123/philox.h>
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 200000 };

static const uint64_t seed = 0x123456789abcd, step = 0x500000007; /* longer than 32 bits */

START_TEST(philox_gives_the_published_numbers)
{
    static const struct {
        philox4x32_ctr_t counter;
        philox4x32_key_t key;
        philox4x32_ctr_t expected;
    } known[] = {
        /* kat_vectors of Random123, philox4x32 with 10 rounds */
        {{{0, 0, 0, 0}}, {{0, 0}}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
        {{{~0u, ~0u, ~0u, ~0u}}, {{~0u, ~0u}}, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
        {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
         {{0xa4093822, 0x299f31d0}},
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        philox4x32_ctr_t got = philox4x32(known[i].counter, known[i].key);
        ck_assert_mem_eq(got.v, known[i].expected.v, sizeof got.v);
    }
}
END_TEST

/* What a seed means is for ever: counter (block, row, step), key (seed, stream) as computed by another program. */
START_TEST(the_numbers_of_a_seed_never_change)
{
    static const uint32_t expected[] = {0x6166e66a, 0x7b038c98, 0x70992031, 0xe486f3b1, 0x577d6260, 0x097ca501};
    real u[6], normal[2];
    aep__rng_uniform(u, 6, seed, AEP__STREAM_NOISE, step, 9);
    for (size_t i = 0; i < 6; i++)
        ck_assert_double_eq_tol((double)u[i], (double)expected[i] / 4294967296.0, 1.0 / 8388608);
    aep__rng_normal(normal, 2, seed, AEP__STREAM_NOISE, step, 9);
    const double radius = sqrt(-2 * log((double)u[0])), angle = 6.283185307179586 * ((double)u[1] - 0.5);
    ck_assert_double_eq_tol((double)normal[0], radius * cos(angle), 2e-6);
    ck_assert_double_eq_tol((double)normal[1], radius * sin(angle), 2e-6);
}
END_TEST

START_TEST(numbers_do_not_depend_on_how_many_are_drawn_or_when)
{
    real all[37], some[37];
    aep__rng_normal(all, 37, seed, AEP__STREAM_NOISE, step, 5);
    for (size_t n = 0; n <= 37; n++) {
        memset(some, 0, sizeof some);
        aep__rng_uniform(some, 37, seed, AEP__STREAM_NOISE, step, (uint32_t)n); /* another draw in between */
        memset(some, 0, sizeof some);
        aep__rng_normal(some, n, seed, AEP__STREAM_NOISE, step, 5);
        ck_assert_mem_eq(some, all, n * sizeof *all);
        for (size_t i = n; i < 37; i++)
            ck_assert(some[i] == 0);
    }
}
END_TEST

START_TEST(seed_stream_step_and_row_each_give_other_numbers)
{
    real base[4], other[4];
    aep__rng_uniform(base, 4, seed, 1, step, 5);
    for (int bit = 0; bit < 53; bit++) { /* seeds have 53 bits */
        aep__rng_uniform(other, 4, seed ^ (uint64_t)1 << bit, 1, step, 5);
        ck_assert_mem_ne(other, base, sizeof base);
    }
    for (int bit = 0; bit < 64; bit++) {
        aep__rng_uniform(other, 4, seed, 1, step ^ (uint64_t)1 << bit, 5);
        ck_assert_mem_ne(other, base, sizeof base);
    }
    for (int bit = 0; bit < 32; bit++) {
        aep__rng_uniform(other, 4, seed, 1, step, 5 ^ (uint32_t)1 << bit);
        ck_assert_mem_ne(other, base, sizeof base);
    }
    for (uint32_t stream = 2; stream <= 4; stream++) {
        aep__rng_uniform(other, 4, seed, stream, step, 5);
        ck_assert_mem_ne(other, base, sizeof base);
    }
}
END_TEST

/*
 * The rows were found by search: their bits are 0xffffff32 and 0x0000003a, which round to 1 and 0 unless care is
 * taken.
 */
START_TEST(uniform_is_never_0_or_1)
{
    real u[4];
    aep__rng_uniform(u, 4, 0, 1, 0, 7421883);
    ck_assert(u[2] > (real)0.9999998 && u[2] < 1);
    aep__rng_uniform(u, 4, 0, 1, 0, 601412);
    ck_assert(u[1] > 0 && u[1] < (real)0.0000002);
}
END_TEST

START_TEST(uniform_is_uniform)
{
    enum { BINS = 100 };
    real *u = malloc(MANY * sizeof *u);
    size_t count[BINS] = {0};
    double sum = 0, chi = 0;
    aep__rng_uniform(u, MANY, 1, AEP__STREAM_NOISE, 0, 0);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert(u[i] > 0 && u[i] < 1);
        sum += (double)u[i];
        count[(size_t)(u[i] * (real)BINS)]++;
    }
    const double expected = (double)MANY / BINS;
    for (size_t i = 0; i < BINS; i++)
        chi += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
    ck_assert_double_eq_tol(sum / MANY, 0.5, 4 * sqrt(1.0 / 12 / MANY));
    ck_assert_double_lt(chi, 99 + 4 * sqrt(2 * 99)); /* chi-squared with 99 degrees: mean 99, variance 198 */
    ck_assert_double_gt(chi, 99 - 4 * sqrt(2 * 99));
    free(u);
}
END_TEST

START_TEST(normal_has_the_moments_of_the_normal_distribution)
{
    real *x = malloc(MANY * sizeof *x);
    double moment[5] = {0}, neighbours = 0;
    size_t beyond = 0;
    aep__rng_normal(x, MANY, 1, AEP__STREAM_NOISE, 0, 0);
    for (size_t i = 0; i < MANY; i++) {
        for (int p = 1; p <= 4; p++)
            moment[p] += pow((double)x[i], p) / MANY;
        beyond += fabs((double)x[i]) > 1.959964;
        neighbours += i ? (double)x[i] * (double)x[i - 1] / MANY : 0;
    }
    const double deviation = 4 / sqrt(MANY); /* four standard deviations; variances of x^p: 1, 2, 15, 96 */
    ck_assert_double_eq_tol(moment[1], 0, deviation);
    ck_assert_double_eq_tol(moment[2], 1, sqrt(2) * deviation);
    ck_assert_double_eq_tol(moment[3], 0, sqrt(15) * deviation);
    ck_assert_double_eq_tol(moment[4], 3, sqrt(96) * deviation);
    ck_assert_double_eq_tol((double)beyond / MANY, 0.05, sqrt(0.05 * 0.95) * deviation);
    ck_assert_double_eq_tol(neighbours, 0, deviation);
    free(x);
}
END_TEST

START_TEST(a_permutation_holds_every_number_once)
{
    enum { MOST = 3000 };
    static const size_t sizes[] = {0, 1, 2, 3, 10, 257, MOST};
    uint32_t order[MOST];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        bool seen[MOST] = {false};
        aep__rng_permute(order, sizes[s], seed, AEP__STREAM_SHUFFLE, step);
        for (size_t i = 0; i < sizes[s]; i++) {
            ck_assert_uint_lt(order[i], sizes[s]);
            ck_assert(!seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}
END_TEST

START_TEST(all_permutations_are_equally_likely)
{
    enum { DRAWS = 24000 };
    size_t count[64] = {0}, different = 0;
    double chi = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint32_t p[4];
        aep__rng_permute(p, 4, seed, AEP__STREAM_SHUFFLE, i);
        count[p[0] * 16 + p[1] * 4 + p[2]]++;
    }
    for (size_t i = 0; i < 64; i++)
        if (count[i]) { /* 24 of them are permutations, 1,000 draws each */
            chi += ((double)count[i] - 1000) * ((double)count[i] - 1000) / 1000;
            different++;
        }
    ck_assert_uint_eq(different, 24);
    ck_assert_double_lt(chi, 23 + 4 * sqrt(2 * 23));
    ck_assert_double_gt(chi, 23 - 4 * sqrt(2 * 23));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("rng");
    tcase_add_test(tc, philox_gives_the_published_numbers);
    tcase_add_test(tc, the_numbers_of_a_seed_never_change);
    tcase_add_test(tc, numbers_do_not_depend_on_how_many_are_drawn_or_when);
    tcase_add_test(tc, seed_stream_step_and_row_each_give_other_numbers);
    tcase_add_test(tc, uniform_is_never_0_or_1);
    tcase_add_test(tc, uniform_is_uniform);
    tcase_add_test(tc, normal_has_the_moments_of_the_normal_distribution);
    tcase_add_test(tc, a_permutation_holds_every_number_once);
    tcase_add_test(tc, all_permutations_are_equally_likely);
    return run_case("rng", tc);
}
