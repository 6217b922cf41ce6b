/* SPDX-License-Identifier: BSD-2-Clause */
/* Gradients against central differences, in double. */
#ifndef AEP_TESTS_GRADIENT_H
#define AEP_TESTS_GRADIENT_H

#include "real.h"

#include <check.h>
#include <math.h>
#include <stddef.h>

/* A function of everything that it reaches through payload. */
typedef double function(void *payload);

/*
 * The derivative of f by *x: central differences at h and 2 h, extrapolated. The error is h^4 f'''''/30 and the
 * rounding of f over h, both about 1e-12 for functions near 1 and this h. No kink may lie within 2 h.
 */
static inline double central_difference(function *f, void *payload, real *x)
{
    const double h = 1e-3;
    const real at = *x;
    double value[4];
    static const double offset[4] = {-2, -1, 1, 2};
    for (int i = 0; i < 4; i++) {
        *x = at + offset[i] * h;
        value[i] = f(payload);
    }
    *x = at;
    return (8 * (value[2] - value[1]) - (value[3] - value[0])) / (12 * h);
}

/*
 * |a - b| over the larger of both. Gradients below 1e-4 are measured against 1e-4: there the differences have fewer
 * digits left than the bound asks for.
 */
static inline double relative_error(double a, double b) { return fabs(a - b) / fmax(fmax(fabs(a), fabs(b)), 1e-4); }

static inline void assert_gradient(const real *gradient, real *x, size_t n, function *f, void *payload,
                                   const char *what)
{
    for (size_t i = 0; i < n; i++) {
        const double expected = central_difference(f, payload, &x[i]);
        ck_assert_msg(relative_error(gradient[i], expected) <= 1e-6, "%s, value %zu: gradient %.15g, differences %.15g",
                      what, i, gradient[i], expected);
    }
}

#endif
