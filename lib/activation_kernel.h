/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops over activation functions, for one instruction set: written so that the compiler vectorises them. Included
 * once per set with NAME(x), x with the suffix of the set, and TARGET, the attribute that switches it on.
 */
#include "activation_math.h"

#define LOOP(expression)                                                                                               \
    for (size_t i = 0; i < n; i++)                                                                                     \
    y[i] = (expression)
#define LOOP_BACK(expression)                                                                                          \
    for (size_t i = 0; i < n; i++)                                                                                     \
    dx[i] += dy[i] * (expression)

TARGET static void NAME(forward)(int kind, real *restrict y, const real *restrict x, size_t n)
{
    switch (kind) {
    case AEP_RELU:
        LOOP(x[i] < 0 ? 0 : x[i]); /* NaN stays NaN: a diverging step must show */
        break;
    case AEP_LEAKY_RELU:
        LOOP(x[i] > 0 ? x[i] : leak * x[i]);
        break;
    case AEP_TANH:
        LOOP(tanh_real(x[i]));
        break;
    case AEP_SIGMOID:
        LOOP(sigmoid(x[i]));
        break;
    case AEP_GELU: /* x Phi(x) */
        LOOP(x[i] * normal_cdf(x[i]));
        break;
    case AEP_SILU: /* x sigmoid(x) */
        LOOP(x[i] * sigmoid(x[i]));
        break;
    }
}

TARGET static void NAME(backward)(int kind, real *restrict dx, const real *restrict dy, const real *restrict x,
                                  const real *restrict y, size_t n)
{
    switch (kind) {
    case AEP_RELU:
        LOOP_BACK(x[i] > 0 ? 1 : 0);
        break;
    case AEP_LEAKY_RELU:
        LOOP_BACK(x[i] > 0 ? 1 : leak);
        break;
    case AEP_TANH: /* 1 - tanh^2 */
        LOOP_BACK(1 - y[i] * y[i]);
        break;
    case AEP_SIGMOID: /* s (1 - s) */
        LOOP_BACK(y[i] * (1 - y[i]));
        break;
    case AEP_GELU: /* Phi(x) + x phi(x) */
        LOOP_BACK(normal_cdf(x[i]) + x[i] * normal_pdf(x[i]));
        break;
    case AEP_SILU: /* s + x s (1 - s), with y = x s */
        LOOP_BACK(sigmoid(x[i]) + y[i] * (1 - sigmoid(x[i])));
        break;
    }
}

#undef LOOP
#undef LOOP_BACK
#undef NAME
#undef TARGET
