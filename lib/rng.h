/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counter-based random numbers (Philox4x32-10, Salmon et al. 2011): a value is a function of (seed, stream, step, row,
 * column), so it depends neither on threads nor on the order of calls.
 */
#ifndef AEP_RNG_H
#define AEP_RNG_H

#include "real.h"

#include <stddef.h>
#include <stdint.h>

/* What the numbers are for. The values are part of what a seed means; never renumber. */
enum aep__stream {
    AEP__STREAM_WEIGHTS = 1,
    AEP__STREAM_SHUFFLE = 2,
    AEP__STREAM_NOISE = 3,
    AEP__STREAM_VALIDATION = 4,
    AEP__STREAM_BLOCK = 5,
    AEP__STREAM_PROFILE = 6
};

/* n values of a row: uniform in (0, 1), or standard normal. */
void aep__rng_uniform(real *out, size_t n, uint64_t seed, uint32_t stream, uint64_t step, uint32_t row);
void aep__rng_normal(real *out, size_t n, uint64_t seed, uint32_t stream, uint64_t step, uint32_t row);

/* A permutation of 0 .. n - 1, n < 2^32. */
void aep__rng_permute(uint32_t *out, size_t n, uint64_t seed, uint32_t stream, uint64_t step);

#endif
