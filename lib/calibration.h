/* SPDX-License-Identifier: BSD-2-Clause */
/* The distribution of the scores of normal rows: p-values from it, and the threshold. */
#ifndef AEP_CALIBRATION_H
#define AEP_CALIBRATION_H

#include "bytes.h"
#include "mem.h"

/* All zero is a model that was not calibrated and has no threshold. */
typedef struct aep__calibration {
    float *scores; /* (n_scores) ascending; when there were more rows, the scores of evenly spaced ranks */
    size_t n_scores;
    uint64_t n_rows;   /* rows calibrated on */
    uint64_t distinct; /* different scores among all of them */
    uint64_t step;     /* optimiser steps of the model at that time */
    double threshold;
    bool has_threshold;
} aep__calibration;

/* Replace the scores by n >= 1 finite ones, of which at most max_kept are kept (score j of k kept has the ascending
   rank ceil((j + 1) n / k), so the largest is always kept). Sorts `scores` in place. The threshold stays. On MEMORY
   nothing has changed. */
int aep__calibration_set(aep__calibration *c, const aep_allocator *mem, float *scores, size_t n, size_t max_kept,
                         uint64_t step);
int aep__calibration_copy(aep__calibration *to, const aep_allocator *mem, const aep__calibration *from);
void aep__calibration_free(aep__calibration *c, const aep_allocator *mem); /* to all zero */

/* (1 + #{calibration rows scored >= score}) / (1 + n_rows); where not all scores were kept, the largest value that
   agrees with those kept (conservative). Needs n_scores > 0. */
double aep__calibration_pvalue(const aep__calibration *c, float score);

/* The smallest float score with a p-value <= rate; false if there is none, *threshold then lies just above
   the largest. */
bool aep__calibration_threshold(double *threshold, const aep__calibration *c, double rate);

void aep__calibration_write(const aep__calibration *c, aep__writer *w);
int aep__calibration_read(aep__calibration *c, const aep_allocator *mem, aep__reader *r); /* FORMAT, MEMORY */

#endif
