/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that the activations are made of, one value at a time and without branches, so that loops over them
 * vectorise in whatever instruction set they are inlined. In double they are those of libm.
 */
#ifndef AEP_ACTIVATION_MATH_H
#define AEP_ACTIVATION_MATH_H

#include "real.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

#ifdef AEP_REAL_DOUBLE
INLINE real exp_real(real x) { return exp(x); }
INLINE real tanh_real(real x) { return tanh(x); }
#else
/* 2^n e^r with x = n ln 2 + r; e^r = 1 + r + r^2 q(r), q fitted for the least relative error on |r| <= ln 2 / 2. Held
   to [-87, 88], where it neither overflows nor leaves the normal numbers; NaN stays NaN. */
INLINE float exp_real(float x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it leaves a whole number in the low bits */
    float held = x > -87.0f ? x : -87.0f;
    held = held < 88.0f ? held : 88.0f;
    const float n = (held * 1.44269504f + round) - round;
    const float r = (held - n * 0.693359375f) + n * 2.12194440e-4f; /* ln 2 in two parts */
    float q = 0.001381422160193324f;
    q = q * r + 0.00836889911442995f;
    q = q * r + 0.04166840389370918f;
    q = q * r + 0.1666651964187622f;
    q = q * r + 0.4999999403953552f;
    const float e = (q * r) * r + r + 1;
    const int32_t bits = ((int32_t)n + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return x == x ? e * power : x;
}

/* Near 0 x + x^3 p(x^2), p fitted for the least relative error on |x| <= 0.625; beyond, 1 - 2 / (e^2|x| + 1). */
INLINE float tanh_real(float x)
{
    const float a = fabsf(x), t = x * x;
    float p = -0.005704984068870544f;
    p = p * t + 0.0206390842795372f;
    p = p * t - 0.05373971536755562f;
    p = p * t + 0.13331441581249237f;
    p = p * t - 0.3333328068256378f;
    const float near = x + x * t * p;
    const float far = copysignf(1 - 2 / (exp_real(2 * a) + 1), x);
    return a < 0.625f ? near : far;
}
#endif

INLINE real sigmoid(real x) { return 1 / (1 + exp_real(-x)); }

/* standard normal distribution function and density */
INLINE real normal_cdf(real x) { return (real)0.5 * AEP_R(erfc)(-x * (real)0.7071067811865476); }
INLINE real normal_pdf(real x) { return (real)0.3989422804014327 * exp_real((real)-0.5 * x * x); }

/* slope of the leaky ReLU below zero */
static const real leak = (real)0.01;

#endif
