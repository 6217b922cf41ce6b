/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Quantiles of a stream of floats in little memory, without randomness: the same stream gives the same quantiles,
 * however it is cut into calls.
 *
 * Values collect in level 0. A full level is sorted and every other value of it moves to the next level, where it
 * stands for twice as many (Munro and Paterson 1980; Karnin, Lang and Liberty 2016). Moves keep the values at even and
 * at odd positions in turn, so one move shifts a rank by at most the weight of the level and only every second one in
 * the same direction: with L levels ranks are off by at most (L / 2 + 1) / AEP__SKETCH_SIZE, 0.4 % at ten million
 * values.
 */
#ifndef AEP_SKETCH_H
#define AEP_SKETCH_H

#include "mem.h"

enum { AEP__SKETCH_SIZE = 2048, AEP__SKETCH_LEVELS = 40 }; /* values a level holds; levels: enough for 2^51 values */

/* All zero is an empty sketch. */
typedef struct aep__sketch {
    float *values;   /* (capacity) level l starts at l * AEP__SKETCH_SIZE; a value there stands for 2^l */
    size_t capacity; /* while there is one level only, as much as was reserved; then whole levels */
    uint64_t n;      /* values seen */
    uint64_t odd;    /* bit l: the next move out of level l keeps the odd positions */
    float min, max;
    uint16_t count[AEP__SKETCH_LEVELS]; /* values in each level */
} aep__sketch;

/* *to = from; all zero on MEMORY. */
int aep__sketch_copy(aep__sketch *to, const aep_allocator *mem, const aep__sketch *from);
void aep__sketch_free(aep__sketch *s, const aep_allocator *mem); /* to all zero */

/* Make room for n more values. On MEMORY the sketch is as before. */
int aep__sketch_reserve(aep__sketch *s, const aep_allocator *mem, uint64_t n);

/* Add a finite value, for which there must be room. */
void aep__sketch_add(aep__sketch *s, float value);

/* The quantiles j / (n_out - 1), 0 <= j < n_out, n_out >= 2, ascending; 0 when nothing was added. Exact up to
   AEP__SKETCH_SIZE values, with linear interpolation between them (type 7 of Hyndman and Fan 1996). The first and last
   are always the exact extremes. Sorts inside the sketch, which changes no later result. */
void aep__sketch_quantiles(double *out, size_t n_out, aep__sketch *s);

#endif
