/* SPDX-License-Identifier: BSD-2-Clause */
#include "rng.h"

#include <Random123/philox.h>
#include <math.h>
#include <string.h>

enum { LANES = 4 };

static philox4x32_ctr_t draw(uint64_t seed, uint32_t stream, uint64_t step, uint32_t row, uint32_t block)
{
    /* a seed has at most 53 bits, so the stream has room above it */
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32) ^ (stream << 24)}};
    philox4x32_ctr_t counter = {{block, row, (uint32_t)step, (uint32_t)(step >> 32)}};
    return philox4x32(counter, key);
}

/* 23 bits to (0, 1), both ends excluded: with the half added they just fill a float */
static real to_unit(uint32_t bits) { return ((real)(bits >> 9) + (real)0.5) * (real)(1.0 / 8388608.0); }

void aep__rng_uniform(real *out, size_t n, uint64_t seed, uint32_t stream, uint64_t step, uint32_t row)
{
    for (size_t i = 0; i < n; i += LANES) {
        philox4x32_ctr_t bits = draw(seed, stream, step, row, (uint32_t)(i / LANES));
        for (size_t j = 0; j < LANES && i + j < n; j++)
            out[i + j] = to_unit(bits.v[j]);
    }
}

#ifdef AEP_REAL_DOUBLE
static real log_unit(real u) { return log(u); }
static real cos_turn(real t) { return cos(6.283185307179586 * t); }
static real sin_turn(real t) { return sin(6.283185307179586 * t); }
#else
/* Polynomials without branches, so that the loop over them vectorises; absolute errors below 1e-6. */

/* log u = e ln 2 + log m with u = 2^e m, m within sqrt(1/2) and sqrt(2); log(1 + y) = y + y^2 p(y) */
static inline float log_unit(float u)
{
    int32_t bits, mantissa;
    float m;
    memcpy(&bits, &u, sizeof bits);
    const int32_t e = (bits - 0x3f3504f3) >> 23; /* sqrt(1/2) */
    mantissa = bits - e * (1 << 23);
    memcpy(&m, &mantissa, sizeof m);
    const float y = m - 1;
    float p = 0.0873255506157875f;
    p = p * y - 0.14306901395320892f;
    p = p * y + 0.14918428659439087f;
    p = p * y - 0.16570603847503662f;
    p = p * y + 0.19962044060230255f;
    p = p * y - 0.25001752376556396f;
    p = p * y + 0.33333951234817505f;
    p = p * y - 0.49999991059303284f;
    return (float)e * 0.69314718f + (y + y * y * p);
}

/* cos and sin of 2 pi t for |t| <= 1/2, in powers of w = t^2 */
static inline float cos_turn(float t)
{
    const float w = t * t;
    float p = 6.5296101570129395f;
    p = p * w - 25.968313217163086f;
    p = p * w + 60.16783142089844f;
    p = p * w - 85.45016479492188f;
    p = p * w + 64.93911743164062f;
    p = p * w - 19.73920440673828f;
    return p * w + 1;
}

static inline float sin_turn(float t)
{
    const float w = t * t;
    float p = -12.271262168884277f;
    p = p * w + 41.20539474487305f;
    p = p * w - 76.5801010131836f;
    p = p * w + 81.59618377685547f;
    p = p * w - 41.34142303466797f;
    return (p * w + 6.283182621002197f) * t;
}
#endif

/* One draw gives two pairs of uniform numbers, a pair two normal ones (Box and Muller 1958). */
void aep__rng_normal(real *out, size_t n, uint64_t seed, uint32_t stream, uint64_t step, uint32_t row)
{
    enum { PAIRS = 32 };
    for (size_t start = 0; start < n; start += 2 * PAIRS) {
        real u[PAIRS], t[PAIRS], normal[2][PAIRS];
        for (size_t i = 0; i < PAIRS; i += 2) {
            philox4x32_ctr_t bits = draw(seed, stream, step, row, (uint32_t)((start / 2 + i) / 2));
            for (size_t j = 0; j < 2; j++) {
                u[i + j] = to_unit(bits.v[2 * j]);
                t[i + j] = to_unit(bits.v[2 * j + 1]) - (real)0.5;
            }
        }
        for (size_t i = 0; i < PAIRS; i++) {
            const real radius = AEP_R(sqrt)((real)-2 * log_unit(u[i]));
            normal[0][i] = radius * cos_turn(t[i]);
            normal[1][i] = radius * sin_turn(t[i]);
        }
        for (size_t i = 0; i < 2 * PAIRS && start + i < n; i++)
            out[start + i] = normal[i % 2][i / 2];
    }
}

void aep__rng_permute(uint32_t *out, size_t n, uint64_t seed, uint32_t stream, uint64_t step)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) { /* Fisher and Yates */
        philox4x32_ctr_t bits = draw(seed, stream, step, (uint32_t)(i - 1), 0);
        uint64_t high = (uint64_t)bits.v[0] * i, low = (uint64_t)bits.v[1] * i;
        size_t j = (size_t)((high + (low >> 32)) >> 32); /* 64 random bits times i, upper part: below i */
        uint32_t swap = out[i - 1];
        out[i - 1] = out[j];
        out[j] = swap;
    }
}
