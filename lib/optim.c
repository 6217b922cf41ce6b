/* SPDX-License-Identifier: BSD-2-Clause */
#include "optim.h"

#include "loss.h"

#include <math.h>

/* No sane state gives such an update; with it even moments from a hostile file leave finite parameters. */
static const real largest = (real)1e18;

void aep__adam_step(const aep__adam *adam, real *theta, real *m, real *v, const real *gradient, double scale, size_t n)
{
    const double step = (double)adam->step;
    const double correction1 = 1 - pow(adam->beta1, step), correction2 = 1 - pow(adam->beta2, step);
    const real b1 = (real)adam->beta1, b2 = (real)adam->beta2, a1 = (real)(1 - adam->beta1),
               a2 = (real)(1 - adam->beta2);
    const real rate = (real)(adam->rate / correction1), root2 = (real)(1 / sqrt(correction2));
    const real epsilon = (real)adam->epsilon, factor = (real)scale;
    for (size_t i = 0; i < n; i++) {
        const real g = factor * gradient[i];
        m[i] = b1 * m[i] + a1 * g;
        v[i] = b2 * v[i] + a2 * g * g;
        const real update = rate * m[i] / (AEP_R(sqrt)(v[i]) * root2 + epsilon);
        theta[i] -= update > largest ? largest : update < -largest ? -largest : update;
    }
}

double aep__gradient_norm(const real *gradient, size_t n) { return sqrt(aep__sum_of_squares(gradient, n)); }

double aep__cosine_rate(double rate, uint64_t t, uint64_t n)
{
    const double pi = 3.141592653589793;
    return t >= n ? 0 : rate * 0.5 * (1 + cos(pi * (double)t / (double)n));
}
