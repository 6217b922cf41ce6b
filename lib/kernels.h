/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops that take the time, compiled once for each instruction set. A table is chosen when a network is made, and
 * everything below goes through it: what the processor can do is asked once. Beside each tuned loop stands the plain
 * one, which says what it computes (tests/test_kernels.c holds them against each other).
 *
 * What is promised of results:
 *   - A value depends on what it is computed of, not on what stands around it; an element of a product is one chain
 *     over p = 0, 1, ..., k - 1. So a row's result is the same alone and in any batch.
 *   - The sets with vectors give the same bits. They fuse multiplications and additions, which the plain set does not:
 *     it differs by rounding (tests/test_instruction_sets.c tells how far).
 *
 * A panel is a block of rows feature by feature: (width, lanes), where a row is one lane. lanes is a multiple of
 * AEP__LANES; those past the rows of the block hold anything finite.
 */
#ifndef AEP_KERNELS_H
#define AEP_KERNELS_H

#include "real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AEP__LANES = 16 };

/* What the sum of a product begins with: nothing, C itself, or a bias (n) for its columns or (m) for its rows. */
enum aep__start { AEP__START_ZERO, AEP__START_C, AEP__START_COLUMNS, AEP__START_ROWS };

/* C (m, n) = start + A B, where C's element (i, j) is c[i * c_row + j], A's (i, p) is a[i * a_row + p * a_col], and B's
   (p, j) is b[p * b_row + j]; k >= 1. */
typedef struct aep__product {
    real *c;
    const real *a, *b;
    size_t c_row, a_row, a_col, b_row;
    size_t m, n, k;
    int start;
    const real *bias;
} aep__product;

/* What random numbers follow from, beside the place in the row (rng.h); the row of a panel's first lane. */
typedef struct aep__draw {
    uint64_t seed, step;
    uint32_t stream, first_row;
} aep__draw;

/* One step of Adam on n parameters; the factors are worked out in optim.c. */
typedef struct aep__adam_factors {
    real b1, b2, a1, a2, rate, root2, epsilon, factor;
} aep__adam_factors;

typedef struct aep__kernels {
    const char *name;

    void (*product)(const aep__product *p);

    /* to (n, m) = from (m, n)' */
    void (*transpose)(real *to, size_t to_row, const real *from, size_t from_row, size_t m, size_t n);

    /* y = f(x), n values, y may be x; kind: enum aep_activation, but not AEP_IDENTITY, which needs no operation */
    void (*activation_forward)(int kind, real *y, const real *x, size_t n);

    /* dx = f'(x) dy, or += if `add`, with y = f(x); dx may be dy. x may be y where aep__activation_by_output. */
    void (*activation_backward)(int kind, real *dx, const real *dy, const real *x, const real *y, size_t n, bool add);

    /* Noise on a panel: y = x + level N(0, 1), or y = x with 0 where a uniform number is below level; the numbers are
       those that aep__rng_normal and aep__rng_uniform give to the same draw. */
    void (*normal_panel)(real *y, const real *x, real level, size_t width, size_t lanes, const aep__draw *draw);
    void (*mask_panel)(real *y, const real *x, real level, size_t width, size_t lanes, const aep__draw *draw);

    /* y = x + level * y */
    void (*add_noise)(real *y, const real *x, real level, size_t n);

    /* y = |a - b|; backward: d = sign(a - b) dy, da = d or += d, db = -d or -= d */
    void (*abs_diff)(real *y, const real *a, const real *b, size_t n);
    void (*abs_diff_backward)(real *da, bool add_a, real *db, bool add_b, const real *dy, const real *a, const real *b,
                              size_t n);

    /* Panels: y (lanes) = ||a - b|| by lane; d = factor (lanes) (a - b), da = d or += d, db = -d or -= d */
    void (*norm_panel)(real *y, const real *a, const real *b, size_t width, size_t lanes);
    void (*norm_panel_backward)(real *da, bool add_a, real *db, bool add_b, const real *factor, const real *a,
                                const real *b, size_t width, size_t lanes);

    /* to (n) += from (n), or factor from (n) */
    void (*add)(real *to, const real *from, size_t n);
    void (*add_scaled)(real *to, const real *from, real factor, size_t n);

    void (*adam)(const aep__adam_factors *f, real *theta, real *m, real *v, const real *gradient, size_t n);

    double (*sum_of_squares)(const real *x, size_t n);

    bool (*all_finite)(const float *x, size_t n);

    /* to = from, or what stands for a missing value (NaN) */
    void (*fill)(real *to, const float *from, const float *missing, size_t n);

    /* x = (x - location) inverse in double, held to +-limit; or x held alone */
    void (*scale)(real *x, const double *location, const double *inverse, double limit, size_t n);
    void (*hold)(real *x, real limit, size_t n);

    /* x = limit tanh(x / limit) where `squashed` is 1, x where it is 0 */
    void (*squash)(real *x, const real *squashed, real limit, real inverse, size_t n);
} aep__kernels;

/* The i-th set of this build that the processor supports, fastest first; NULL past the last, which is "plain". */
const aep__kernels *aep__kernels_at(size_t i);

/* The first of them. */
const aep__kernels *aep__kernels_best(void);

/* Whether f' follows from f(x) alone, so that f can be applied in place. */
bool aep__activation_by_output(int kind);

#endif
