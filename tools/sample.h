/* SPDX-License-Identifier: BSD-2-Clause */
/* Which rows to take, at random by a seed: a given number of a given number, or a share of a stream. */
#ifndef AEPRED_SAMPLE_H
#define AEPRED_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sample {
    uint64_t state;
    size_t left, wanted; /* take `wanted` of the next `left` */
    double share, owed;  /* of a stream: of every 100 rows its share, rounding carried on */
} sample;

void sample_of(sample *s, uint64_t seed, size_t wanted, size_t n);
void sample_share(sample *s, uint64_t seed, double share);

/* Whether the next row is taken. */
bool sample_take(sample *s);

#endif
