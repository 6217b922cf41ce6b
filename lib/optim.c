/* SPDX-License-Identifier: BSD-2-Clause */
#include "optim.h"

#include <math.h>

void aep__adam_step(const aep__kernels *k, const aep__adam *adam, real *theta, real *m, real *v, const real *gradient,
                    double scale, size_t n)
{
    const double step = (double)adam->step;
    const double correction1 = 1 - pow(adam->beta1, step), correction2 = 1 - pow(adam->beta2, step);
    const aep__adam_factors factors = {.b1 = (real)adam->beta1,
                                       .b2 = (real)adam->beta2,
                                       .a1 = (real)(1 - adam->beta1),
                                       .a2 = (real)(1 - adam->beta2),
                                       .rate = (real)(adam->rate / correction1),
                                       .root2 = (real)(1 / sqrt(correction2)),
                                       .epsilon = (real)adam->epsilon,
                                       .factor = (real)scale};
    k->adam(&factors, theta, m, v, gradient, n);
}

double aep__cosine_rate(double rate, uint64_t t, uint64_t n)
{
    const double pi = 3.141592653589793;
    return t >= n ? 0 : rate * 0.5 * (1 + cos(pi * (double)t / (double)n));
}
