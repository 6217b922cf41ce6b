/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops for one instruction set, written so that the compiler vectorises them. Included once per set with what
 * math_functions.h asks for.
 */
#include "math_functions.h"

/* ---------------------------------------------------------------------------------------------------- activations */

/* Iterations do not touch each other's values, even where arrays are the same. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

#define LEAK ((real)0.01) /* slope of the leaky ReLU below zero */
#define LOOP(expression)                                                                                               \
    INDEPENDENT                                                                                                        \
    for (size_t i = 0; i < n; i++)                                                                                     \
    y[i] = (expression)

TARGET static void NAME(activation_forward)(int kind, real *y, const real *x, size_t n)
{
    switch (kind) {
    case AEP_RELU:
        LOOP(x[i] < 0 ? 0 : x[i]); /* NaN stays NaN: a diverging step must show */
        break;
    case AEP_LEAKY_RELU:
        LOOP(x[i] > 0 ? x[i] : LEAK * x[i]);
        break;
    case AEP_TANH:
        LOOP(NAME(tanh_real)(x[i]));
        break;
    case AEP_SIGMOID:
        LOOP(NAME(sigmoid)(x[i]));
        break;
    case AEP_GELU: /* x Phi(x) */
        LOOP(x[i] * NAME(normal_cdf)(x[i]));
        break;
    case AEP_SILU: /* x sigmoid(x) */
        LOOP(x[i] * NAME(sigmoid)(x[i]));
        break;
    }
}
#undef LOOP

#define LOOP(expression)                                                                                               \
    if (add)                                                                                                           \
        INDEPENDENT                                                                                                    \
    for (size_t i = 0; i < n; i++)                                                                                     \
        dx[i] += dy[i] * (expression);                                                                                 \
    else INDEPENDENT                                                                                                   \
    for (size_t i = 0; i < n; i++)                                                                                     \
    dx[i] = dy[i] * (expression)

TARGET static void NAME(activation_backward)(int kind, real *dx, const real *dy, const real *x, const real *y, size_t n,
                                             bool add)
{
    switch (kind) {
    case AEP_RELU: /* y > 0 where x is */
        LOOP(y[i] > 0 ? 1 : 0);
        break;
    case AEP_LEAKY_RELU:
        LOOP(y[i] > 0 ? 1 : LEAK);
        break;
    case AEP_TANH: /* 1 - tanh^2 */
        LOOP(1 - y[i] * y[i]);
        break;
    case AEP_SIGMOID: /* s (1 - s) */
        LOOP(y[i] * (1 - y[i]));
        break;
    case AEP_GELU: /* Phi(x) + x phi(x) */
        LOOP(NAME(normal_cdf)(x[i]) + x[i] * NAME(normal_pdf)(x[i]));
        break;
    case AEP_SILU: /* s + x s (1 - s), with y = x s */
        LOOP(NAME(sigmoid)(x[i]) + y[i] * (1 - NAME(sigmoid)(x[i])));
        break;
    }
}
#undef LOOP
#undef LEAK
#undef INDEPENDENT

/* ---------------------------------------------------------------------------------------------------------- noise */

/* Noise of AEP__LANES rows on two columns, from two random words each. */
TARGET static inline void NAME(normal_pair)(real *restrict y0, real *restrict y1, const real *restrict x0,
                                            const real *restrict x1, real level, const uint32_t *restrict word0,
                                            const uint32_t *restrict word1)
{
    for (size_t i = 0; i < AEP__LANES; i++) {
        const real radius = level * NAME(normal_radius)(word0[i]), turn = NAME(normal_turn)(word1[i]);
        y0[i] = MA(radius, NAME(cos_turn)(turn), x0[i]);
        y1[i] = MA(radius, NAME(sin_turn)(turn), x1[i]);
    }
}

/* Four columns from each call of philox, which the including file gives for the set; those past the last go nowhere. */
TARGET static void NAME(normal_panel)(real *y, const real *x, real level, size_t width, size_t lanes,
                                      const aep__draw *draw)
{
    static const real zero[AEP__LANES];
    real nowhere[AEP__LANES];
    for (size_t first = 0; first < lanes; first += AEP__LANES)
        for (size_t j = 0; j < width; j += 4) {
            uint32_t word[4][AEP__LANES];
            NAME(philox)(word, draw, (uint32_t)first, (uint32_t)(j / 4));
            for (size_t c = 0; c < 4 && j + c < width; c += 2) {
                const size_t at = (j + c) * lanes + first;
                const bool both = j + c + 1 < width;
                NAME(normal_pair)
                (y + at, both ? y + at + lanes : nowhere, x + at, both ? x + at + lanes : zero, level, word[c],
                 word[c + 1]);
            }
        }
}

TARGET static void NAME(mask_panel)(real *y, const real *x, real level, size_t width, size_t lanes,
                                    const aep__draw *draw)
{
    uint32_t word[4][AEP__LANES];
    for (size_t first = 0; first < lanes; first += AEP__LANES)
        for (size_t j = 0; j < width; j++) {
            const size_t at = j * lanes + first;
            if (j % 4 == 0)
                NAME(philox)(word, draw, (uint32_t)first, (uint32_t)(j / 4));
            for (size_t i = 0; i < AEP__LANES; i++)
                y[at + i] = NAME(to_unit)(word[j % 4][i]) < level ? 0 : x[at + i];
        }
}

TARGET static void NAME(add_noise)(real *y, const real *x, real level, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] + level * y[i];
}

/* ------------------------------------------------------------------------------------------------------ distances */

TARGET static void NAME(abs_diff)(real *y, const real *a, const real *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = AEP_R(fabs)(a[i] - b[i]);
}

/* to = d, or += d; sign -1 for the second operand of a difference */
#define PUT(to, add, sign, d)                                                                                          \
    if (to && add)                                                                                                     \
        for (size_t i = 0; i < n; i++)                                                                                 \
            to[i] += sign(d);                                                                                          \
    else if (to)                                                                                                       \
        for (size_t i = 0; i < n; i++)                                                                                 \
    to[i] = sign(d)

TARGET static void NAME(abs_diff_backward)(real *da, bool add_a, real *db, bool add_b, const real *dy, const real *a,
                                           const real *b, size_t n)
{
    PUT(da, add_a, +, a[i] > b[i] ? dy[i] : a[i] < b[i] ? -dy[i] : 0);
    PUT(db, add_b, -, a[i] > b[i] ? dy[i] : a[i] < b[i] ? -dy[i] : 0);
}

/* In four chains, as of a single row (ops.c). */
TARGET static void NAME(norm_panel)(real *y, const real *a, const real *b, size_t width, size_t lanes)
{
    for (size_t first = 0; first < lanes; first += AEP__LANES) {
        double sum[4][AEP__LANES] = {{0}};
        for (size_t j = 0; j < width; j++) {
            double *chain = sum[j < width / 4 * 4 ? j % 4 : 0];
            const real *p = a + j * lanes + first, *q = b + j * lanes + first;
            for (size_t i = 0; i < AEP__LANES; i++) {
                const double d = (double)(p[i] - q[i]);
                chain[i] += d * d;
            }
        }
        for (size_t i = 0; i < AEP__LANES; i++)
            y[first + i] = (real)sqrt((sum[0][i] + sum[1][i]) + (sum[2][i] + sum[3][i]));
    }
}

TARGET static void NAME(norm_panel_backward)(real *da, bool add_a, real *db, bool add_b, const real *factor,
                                             const real *a, const real *b, size_t width, size_t lanes)
{
    const size_t n = lanes;
    for (size_t j = 0; j < width; j++, a += lanes, b += lanes) {
        PUT(da, add_a, +, factor[i] * (a[i] - b[i]));
        PUT(db, add_b, -, factor[i] * (a[i] - b[i]));
        da = da ? da + lanes : NULL;
        db = db ? db + lanes : NULL;
    }
}
#undef PUT

/* ----------------------------------------------------------------------------------------------------------- sums */

TARGET static void NAME(add)(real *to, const real *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

TARGET static void NAME(add_scaled)(real *to, const real *from, real factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += factor * from[i];
}

TARGET static double NAME(sum_of_squares)(const real *x, size_t n)
{
    enum { CHAINS = 16 }; /* independent, so that they vectorise */
    double chain[CHAINS] = {0}, sum = 0;
    size_t i = 0;
    for (; i + CHAINS <= n; i += CHAINS)
        for (size_t j = 0; j < CHAINS; j++)
            chain[j] += (double)x[i + j] * (double)x[i + j];
    for (; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    for (size_t j = 0; j < CHAINS; j++)
        sum += chain[j];
    return sum;
}

/* ------------------------------------------------------------------------------------------------------ optimiser */

/* No sane state gives a larger update; with it even moments from a hostile file leave finite parameters. */
#define LARGEST ((real)1e18)

TARGET static void NAME(adam)(const aep__adam_factors *f, real *restrict theta, real *restrict m, real *restrict v,
                              const real *restrict gradient, size_t n)
{
    const real b1 = f->b1, b2 = f->b2, a1 = f->a1, a2 = f->a2;
    const real rate = f->rate, root2 = f->root2, epsilon = f->epsilon, factor = f->factor;
    for (size_t i = 0; i < n; i++) {
        const real g = factor * gradient[i];
        m[i] = b1 * m[i] + a1 * g;
        v[i] = b2 * v[i] + a2 * g * g;
        const real update = rate * m[i] / (AEP_R(sqrt)(v[i]) * root2 + epsilon);
        theta[i] -= update > LARGEST ? LARGEST : update < -LARGEST ? -LARGEST : update;
    }
}
#undef LARGEST

/* ----------------------------------------------------------------------------------------------------------- rows */

TARGET static bool NAME(all_finite)(const float *x, size_t n)
{
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffffu;
        most = most > bits ? most : bits;
    }
    return most < 0x7f800000u;
}

TARGET static void NAME(fill)(real *to, const float *from, const float *missing, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (real)(from[i] == from[i] ? from[i] : missing[i]);
}

TARGET static void NAME(scale)(real *restrict x, const double *restrict location, const double *restrict inverse,
                               double limit, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double z = ((double)x[i] - location[i]) * inverse[i], held = z > limit ? limit : z;
        x[i] = (real)(held < -limit ? -limit : held);
    }
}

TARGET static void NAME(hold)(real *x, real limit, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const real held = x[i] > limit ? limit : x[i];
        x[i] = held < -limit ? -limit : held;
    }
}

TARGET static inline void NAME(squash_lanes)(real *restrict x, const real *restrict squashed, real limit, real inverse)
{
    for (size_t i = 0; i < AEP__LANES; i++) {
        const real y = limit * NAME(tanh_real)(x[i] * inverse);
        x[i] = squashed[i] > 0 ? y : x[i];
    }
}

/* Rows are short: a rest that is not a whole vector would take as long as all the others. Loops of LANES iterations,
   some of which do nothing, become masked loads and stores. */
TARGET static void NAME(squash)(real *x, const real *squashed, real limit, real inverse, size_t n)
{
    real rest[AEP__LANES], rest_squashed[AEP__LANES];
    size_t i = 0;
    for (; i + AEP__LANES <= n; i += AEP__LANES)
        NAME(squash_lanes)(x + i, squashed + i, limit, inverse);
    if (i == n)
        return;
    for (size_t j = 0; j < AEP__LANES; j++)
        rest[j] = i + j < n ? x[i + j] : 0;
    for (size_t j = 0; j < AEP__LANES; j++)
        rest_squashed[j] = i + j < n ? squashed[i + j] : 0;
    NAME(squash_lanes)(rest, rest_squashed, limit, inverse);
    for (size_t j = 0; j < AEP__LANES; j++)
        if (i + j < n)
            x[i + j] = rest[j];
}

/* Of this set, and of what kernels_product.h and kernels_philox.h were given. */
#undef NAME
#undef TARGET
#undef MA
#undef LANES
#undef TILE
#undef VEC
#undef MASK
#undef WORDS
