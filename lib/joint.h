/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The joint score: how far a row's error is from the predicted one, how large it is, and how far its code lies from the
 * codes trained on; the sum over these parts of
 *   (part - location) / scale
 * They are s = ||e - e'||, r = ||x - x'|| and d = sqrt((z - mean)' C^-1 (z - mean)), the Mahalanobis distance, where C
 * is the covariance of the codes, shrunk towards a multiple of the identity by the oracle approximating shrinkage
 * (Chen, Wiesel, Eldar and Hero 2010), so that few rows, and codes that hardly vary, give a distance too. Locations and
 * scales are means and standard deviations over the rows calibrated on.
 */
#ifndef AEP_JOINT_H
#define AEP_JOINT_H

#include "bytes.h"
#include "mem.h"
#include "ops.h"

enum {
    AEP__JOINT_MOST_CODES = 512,    /* wider codes have no joint score: the factor takes k (k + 1) / 2 numbers */
    AEP__JOINT_MOST_ROWS = 1 << 16, /* that codes are taken of: more change hardly anything */
};

enum aep__joint_part { AEP__JOINT_PREDICTION, AEP__JOINT_RECONSTRUCTION, AEP__JOINT_DISTANCE, AEP__JOINT_PARTS };

/* All zero: no rows yet. */
typedef struct aep__joint {
    size_t k;
    uint64_t n_rows, step; /* rows that mean and factor are of, and optimiser steps of the model at that time */
    float *mean;           /* (k) */
    float *factor;         /* k (k + 1) / 2, row by row of a lower triangle: factor' factor = C^-1 */
    bool of_training;      /* those rows were trained on, not calibrated on */
    bool standardised;     /* the following are known */
    double location[AEP__JOINT_PARTS],
        inverse[AEP__JOINT_PARTS]; /* inverse: 1 / scale; 0 for a part that is constant */
} aep__joint;

/* What mean and factor are computed from. */
typedef struct aep__code_sums {
    size_t k;
    uint64_t n;
    double *origin, *sum, *products; /* (k), (k): of z - origin; k (k + 1) / 2: of its products */
} aep__code_sums;

bool aep__code_sums_init(aep__code_sums *s, const aep_allocator *mem, size_t k); /* false without memory: all zero */
void aep__code_sums_free(aep__code_sums *s, const aep_allocator *mem);           /* to all zero; accepts all zero */
void aep__code_sums_add(aep__code_sums *s, const real *codes, const aep__block *block); /* (rows, k) as they lie */

/* All zero, and false, without memory. */
bool aep__joint_init(aep__joint *j, const aep_allocator *mem, size_t k);
int aep__joint_copy(aep__joint *to, const aep_allocator *mem, const aep__joint *from); /* MEMORY: all zero */
void aep__joint_free(aep__joint *j, const aep_allocator *mem);                         /* to all zero */

/* Mean and factor of one row or more; the sums are used up. What was standardised is no more. False where codes are not
   finite: such a j is to be freed. */
bool aep__joint_fit(aep__joint *j, aep__code_sums *s, uint64_t step);

/* d of row i of a block */
double aep__joint_distance(const aep__joint *j, const real *codes, const aep__block *block, size_t i);

/* Locations and scales from the parts of n >= 2 rows. */
void aep__joint_standardise(aep__joint *j, float *const parts[AEP__JOINT_PARTS], size_t n);

double aep__joint_score(const aep__joint *j, const double parts[AEP__JOINT_PARTS]);

void aep__joint_write(const aep__joint *j, aep__writer *w);
int aep__joint_read(aep__joint *j, const aep_allocator *mem, size_t k, aep__reader *r); /* FORMAT, MEMORY: all zero */

#endif
