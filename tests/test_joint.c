/* SPDX-License-Identifier: BSD-2-Clause */
/* Mean, covariance and distance of codes against straightforward formulas; the joint score; its saved form. */
#include "failing.h"
#include "joint.h"
#include "runner.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST = 12, ROWS = 80 };

static failing memory;
static aep_allocator mem;
static aep__joint joint;
static real codes[ROWS * MOST];

static void set_up(void)
{
    mem = failing_allocator(&memory, NEVER);
    joint = (aep__joint){0};
}

static void tear_down(void)
{
    aep__joint_free(&joint, &mem);
    ck_assert_uint_eq(memory.live, 0);
}

static double draw(uint32_t *state) { return (double)((*state = *state * 1664525u + 1013904223u) >> 8) / (1 << 24); }

/* Codes that hang together, far from 0. */
static void draw_codes(size_t n, size_t k, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        const double common = draw(&seed);
        for (size_t a = 0; a < k; a++)
            codes[i * k + a] = (real)(100 + (double)a * common + (double)(a + 1) * draw(&seed));
    }
}

static void fit(size_t n, size_t k)
{
    aep__code_sums sums;
    aep__joint_free(&joint, &mem);
    ck_assert(aep__code_sums_init(&sums, &mem, k) && aep__joint_init(&joint, &mem, k));
    const size_t first = n / 3; /* in two parts */
    aep__code_sums_add(&sums, codes, &(aep__block){.rows = first});
    aep__code_sums_add(&sums, codes + first * k, &(aep__block){.rows = n - first});
    ck_assert(aep__joint_fit(&joint, &sums, 7));
    aep__code_sums_free(&sums, &mem);
    ck_assert(joint.n_rows == n && joint.step == 7 && !joint.standardised);
}

static double distance_of(const real *code) { return aep__joint_distance(&joint, code, &(aep__block){.rows = 1}, 0); }

/* ----------------------------------------------------------------------------------------- by the definitions */

static double covariance[MOST][MOST], mean[MOST];

static void estimate(size_t n, size_t k)
{
    memset(covariance, 0, sizeof covariance);
    for (size_t a = 0; a < k; a++) {
        mean[a] = 0;
        for (size_t i = 0; i < n; i++)
            mean[a] += (double)codes[i * k + a] / (double)n;
    }
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < k; b++)
            for (size_t i = 0; i < n; i++)
                covariance[a][b] +=
                    ((double)codes[i * k + a] - mean[a]) * ((double)codes[i * k + b] - mean[b]) / (double)n;
}

/* Chen et al. 2010, (23), with tr(S^2) as the sum of all squares */
static void shrink(size_t n, size_t k)
{
    double trace = 0, of_square = 0;
    for (size_t a = 0; a < k; a++) {
        trace += covariance[a][a];
        for (size_t b = 0; b < k; b++)
            of_square += covariance[a][b] * covariance[b][a];
    }
    const double p = (double)k;
    const double rho = k == 1 ? 0
                              : fmin(((1 - 2 / p) * of_square + trace * trace) /
                                         (((double)n + 1 - 2 / p) * (of_square - trace * trace / p)),
                                     1);
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < k; b++)
            covariance[a][b] = (1 - rho) * covariance[a][b] + (a == b ? rho * trace / p : 0);
}

/* sqrt(d' C^-1 d), C^-1 d by elimination with the largest pivots */
static double mahalanobis(const real *code, size_t k)
{
    double c[MOST][MOST + 1], sum = 0;
    for (size_t a = 0; a < k; a++) {
        memcpy(c[a], covariance[a], sizeof covariance[a]);
        c[a][k] = (double)code[a] - mean[a];
    }
    for (size_t a = 0; a < k; a++) {
        size_t best = a;
        for (size_t b = a; b < k; b++)
            best = fabs(c[b][a]) > fabs(c[best][a]) ? b : best;
        for (size_t j = 0; j <= k; j++) {
            const double swap = c[a][j];
            c[a][j] = c[best][j];
            c[best][j] = swap;
        }
        for (size_t b = 0; b < k; b++) {
            const double factor = b == a ? 0 : c[b][a] / c[a][a];
            for (size_t j = a; j <= k; j++)
                c[b][j] -= factor * c[a][j];
        }
    }
    for (size_t a = 0; a < k; a++)
        sum += ((double)code[a] - mean[a]) * c[a][k] / c[a][a];
    return sqrt(sum);
}

START_TEST(distances_are_those_of_the_definition)
{
    static const size_t numbers[] = {2, 5, 13, ROWS};
    for (size_t k = 1; k <= MOST; k++)
        for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++) {
            const size_t n = numbers[j];
            draw_codes(n, k, (uint32_t)(k * 100 + n));
            fit(n, k);
            estimate(n, k);
            shrink(n, k);
            for (size_t i = 0; i < n; i++) {
                const double expected = mahalanobis(codes + i * k, k), d = distance_of(codes + i * k);
                ck_assert_msg(fabs(d - expected) <= 1e-4 * (1 + expected), "k %zu, n %zu: %.9g, not %.9g", k, n, d,
                              expected);
            }
        }
}
END_TEST

START_TEST(codes_of_a_panel_have_the_same_distance)
{
    enum { K = 5, LANES = 16 };
    real panel[K * LANES] = {0};
    draw_codes(ROWS, K, 1);
    fit(ROWS, K);
    for (size_t i = 0; i < 11; i++)
        for (size_t a = 0; a < K; a++)
            panel[a * LANES + i] = codes[i * K + a];
    for (size_t i = 0; i < 11; i++)
        ck_assert(aep__joint_distance(&joint, panel, &(aep__block){.rows = 11, .lanes = LANES}, i) ==
                  distance_of(codes + i * K));
}
END_TEST

/* All alike: no direction has variance, and no distance can be told. Some alike: those stand for nothing. */
START_TEST(collapsed_codes_have_finite_distances)
{
    for (size_t k = 1; k <= 4; k++)
        for (int alike = 0; alike < 3; alike++) {
            draw_codes(ROWS, k, 3);
            for (size_t i = 0; i < ROWS; i++)
                for (size_t a = 0; a < k; a++)
                    if (alike == 0 || (alike == 1 && a == 0))
                        codes[i * k + a] = 3;
                    else if (alike == 2)
                        codes[i * k + a] = codes[i * k];
            fit(ROWS, k);
            for (size_t i = 0; i < ROWS; i++)
                ck_assert(isfinite(distance_of(codes + i * k)) && (alike || distance_of(codes + i * k) == 0));
            for (size_t a = 0; a < k; a++)
                codes[a] = 1e6f;
            ck_assert(isfinite(distance_of(codes)));
        }
}
END_TEST

START_TEST(codes_that_are_not_finite_are_reported)
{
    for (int i = 0; i < 2; i++) {
        aep__code_sums sums;
        draw_codes(ROWS, 3, 3);
        codes[7] = i ? NAN : INFINITY;
        ck_assert(aep__code_sums_init(&sums, &mem, 3) && aep__joint_init(&joint, &mem, 3));
        aep__code_sums_add(&sums, codes, &(aep__block){.rows = ROWS});
        ck_assert(!aep__joint_fit(&joint, &sums, 7));
        aep__code_sums_free(&sums, &mem);
        aep__joint_free(&joint, &mem);
    }
}
END_TEST

START_TEST(one_row_has_no_spread)
{
    draw_codes(1, 3, 4);
    fit(1, 3);
    ck_assert(distance_of(codes) == 0);
}
END_TEST

/* ---------------------------------------------------------------------------------------------------- the score */

START_TEST(parts_are_standardised_and_added)
{
    float first[] = {1, 2, 3, 6}, constant[] = {5, 5, 5, 5}, third[] = {-1, 1, -1, 1};
    float *const parts[AEP__JOINT_PARTS] = {first, constant, third};
    aep__joint_standardise(&joint, parts, 4);
    ck_assert(joint.standardised);
    ck_assert_double_eq_tol(aep__joint_score(&joint, (const double[]){3, 5, 0}), 0, 1e-12);
    ck_assert_double_eq_tol(aep__joint_score(&joint, (const double[]){3 + sqrt(3.5), 99, 0}), 1, 1e-12);
    ck_assert_double_eq_tol(aep__joint_score(&joint, (const double[]){3, 5, 2}), 2, 1e-12);
}
END_TEST

/* ------------------------------------------------------------------------------------------------------ saving */

static size_t write(uint8_t *data)
{
    aep__writer w = {data, 0};
    aep__joint_write(&joint, &w);
    return w.pos;
}

static int read(aep__joint *to, const uint8_t *data, size_t size, size_t k)
{
    aep__reader r = {.data = data, .size = size};
    const int status = aep__joint_read(to, &mem, k, &r);
    ck_assert(status || r.pos == size);
    return status;
}

static void prepare(size_t k)
{
    float first[] = {1, 2, 3, 6}, second[] = {5, 6, 5, 5}, third[] = {-1, 1, -1, 1};
    float *const parts[AEP__JOINT_PARTS] = {first, second, third};
    draw_codes(ROWS, k, 5);
    fit(ROWS, k);
    aep__joint_standardise(&joint, parts, 4);
}

START_TEST(what_was_read_scores_the_same)
{
    static uint8_t data[4096];
    aep__joint other;
    ck_assert_int_eq(read(&other, data, write(data), 3), AEP_OK); /* none yet */
    ck_assert(!other.n_rows && !other.mean);
    prepare(3);
    ck_assert_int_eq(read(&other, data, write(data), 3), AEP_OK);
    ck_assert(other.n_rows == ROWS && other.step == 7 && other.standardised && !other.of_training);
    for (size_t i = 0; i < ROWS; i++)
        ck_assert(aep__joint_distance(&other, codes, &(aep__block){.rows = ROWS}, i) == distance_of(codes + i * 3));
    ck_assert_mem_eq(other.location, joint.location, sizeof joint.location);
    ck_assert_mem_eq(other.inverse, joint.inverse, sizeof joint.inverse);
    aep__joint_free(&other, &mem);
    ck_assert_int_eq(aep__joint_copy(&other, &mem, &joint), AEP_OK);
    ck_assert_mem_eq(other.factor, joint.factor, 6 * sizeof *joint.factor);
    aep__joint_free(&other, &mem);
}
END_TEST

START_TEST(what_is_cut_off_is_refused)
{
    static uint8_t data[4096];
    aep__joint other;
    prepare(4);
    const size_t size = write(data);
    for (size_t n = 0; n < size; n++) {
        ck_assert_int_eq(read(&other, data, n, 4), AEP_E_FORMAT);
        ck_assert(!other.mean && !other.n_rows);
    }
    ck_assert_int_eq(read(&other, data, size, AEP__JOINT_MOST_CODES + 1), AEP_E_FORMAT);
}
END_TEST

START_TEST(bad_numbers_are_refused)
{
    enum { K = 2, MEAN = 16, FACTOR = MEAN + K * 4, FLAG = FACTOR + 3 * 4, LOCATION = FLAG + 1 };
    static const size_t floats[] = {MEAN, MEAN + 4, FACTOR, FACTOR + 8};
    static const float bad_floats[] = {NAN, INFINITY, -INFINITY};
    static const double bad[] = {NAN, INFINITY, 1e39, -1};
    static uint8_t data[4096], changed[4096];
    aep__joint other;
    prepare(K);
    const size_t size = write(data);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 3; j++) {
            memcpy(changed, data, size);
            memcpy(changed + floats[i], &bad_floats[j], sizeof *bad_floats);
            ck_assert_int_eq(read(&other, changed, size, K), AEP_E_FORMAT);
        }
    for (size_t i = 0; i < (size_t)2 * AEP__JOINT_PARTS; i++)
        for (size_t j = 0; j < 4; j++) {
            memcpy(changed, data, size);
            memcpy(changed + LOCATION + i * 8, &bad[j], sizeof *bad);
            const bool allowed = j == 3 && i < AEP__JOINT_PARTS; /* a location may be negative */
            ck_assert_int_eq(read(&other, changed, size, K), allowed ? AEP_OK : AEP_E_FORMAT);
            aep__joint_free(&other, &mem);
        }
    data[FLAG] |= 4;
    ck_assert_int_eq(read(&other, data, size, K), AEP_E_FORMAT);
}
END_TEST

START_TEST(without_memory_nothing_is_left)
{
    static uint8_t data[4096];
    aep__joint other;
    aep__code_sums sums;
    prepare(4);
    const size_t size = write(data);
    for (size_t i = 0; i < 2; i++) {
        memory.fail_at = memory.calls + i;
        ck_assert_int_eq(read(&other, data, size, 4), AEP_E_MEMORY);
        ck_assert(!other.mean && !other.factor);
        memory.fail_at = memory.calls + i;
        ck_assert_int_eq(aep__joint_copy(&other, &mem, &joint), AEP_E_MEMORY);
        ck_assert(!other.mean && !other.n_rows);
    }
    for (size_t i = 0; i < 3; i++) {
        memory.fail_at = memory.calls + i;
        ck_assert(!aep__code_sums_init(&sums, &mem, 4) && !sums.sum);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("joint");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, distances_are_those_of_the_definition);
    tcase_add_test(tc, codes_of_a_panel_have_the_same_distance);
    tcase_add_test(tc, collapsed_codes_have_finite_distances);
    tcase_add_test(tc, codes_that_are_not_finite_are_reported);
    tcase_add_test(tc, one_row_has_no_spread);
    tcase_add_test(tc, parts_are_standardised_and_added);
    tcase_add_test(tc, what_was_read_scores_the_same);
    tcase_add_test(tc, what_is_cut_off_is_refused);
    tcase_add_test(tc, bad_numbers_are_refused);
    tcase_add_test(tc, without_memory_nothing_is_left);
    return run_case("joint", tc);
}
