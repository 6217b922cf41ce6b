/* SPDX-License-Identifier: BSD-2-Clause */
#include "rng.h"

#include <math.h>
#include <string.h>

#define NAME(x) x
#define TARGET
#define MA(a, b, c) ((a) * (b) + (c))
#include "math_functions.h"

#include <Random123/philox.h>

enum { LANES = 4 };

static philox4x32_ctr_t draw(uint64_t seed, uint32_t stream, uint64_t step, uint32_t row, uint32_t block)
{
    /* a seed has at most 53 bits, so the stream has room above it */
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32) ^ (stream << 24)}};
    philox4x32_ctr_t counter = {{block, row, (uint32_t)step, (uint32_t)(step >> 32)}};
    return philox4x32(counter, key);
}

void aep__rng_uniform(real *out, size_t n, uint64_t seed, uint32_t stream, uint64_t step, uint32_t row)
{
    for (size_t i = 0; i < n; i += LANES) {
        philox4x32_ctr_t bits = draw(seed, stream, step, row, (uint32_t)(i / LANES));
        for (size_t j = 0; j < LANES && i + j < n; j++)
            out[i + j] = to_unit(bits.v[j]);
    }
}

/* One draw gives two pairs of uniform numbers, a pair two normal ones (Box and Muller 1958). */
void aep__rng_normal(real *out, size_t n, uint64_t seed, uint32_t stream, uint64_t step, uint32_t row)
{
    enum { PAIRS = 32 };
    for (size_t start = 0; start < n; start += 2 * PAIRS) {
        uint32_t u[PAIRS], t[PAIRS];
        real normal[2][PAIRS];
        for (size_t i = 0; i < PAIRS; i += 2) {
            philox4x32_ctr_t bits = draw(seed, stream, step, row, (uint32_t)((start / 2 + i) / 2));
            for (size_t j = 0; j < 2; j++) {
                u[i + j] = bits.v[2 * j];
                t[i + j] = bits.v[2 * j + 1];
            }
        }
        for (size_t i = 0; i < PAIRS; i++) {
            const real radius = normal_radius(u[i]), turn = normal_turn(t[i]);
            normal[0][i] = radius * cos_turn(turn);
            normal[1][i] = radius * sin_turn(turn);
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
