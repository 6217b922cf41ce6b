/* SPDX-License-Identifier: BSD-2-Clause */
/* The optimiser over flat arrays of parameters. */
#ifndef AEP_OPTIM_H
#define AEP_OPTIM_H

#include "kernels.h"

typedef struct aep__adam {
    double rate, beta1, beta2, epsilon;
    uint64_t step; /* from 1 */
} aep__adam;

/* Adam with bias correction (Kingma and Ba 2015): theta -= rate m^ / (sqrt(v^) + epsilon), gradients times `scale`. */
void aep__adam_step(const aep__kernels *k, const aep__adam *adam, real *theta, real *m, real *v, const real *gradient,
                    double scale, size_t n);

/* rate at step t (from 0) of n: cosine from rate down to zero (Loshchilov and Hutter 2017, without restarts). */
double aep__cosine_rate(double rate, uint64_t t, uint64_t n);

#endif
