/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that activations and noise are made of, one value at a time and without branches, so that loops over
 * them vectorise. Included once per instruction set with
 *   NAME(x)     x with the suffix of the set
 *   TARGET      function attribute that switches it on
 *   MA(a, b, c) a b + c, fused where the set can
 * In double they are those of libm.
 */
#if defined(__GNUC__)
#define INLINE TARGET static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

#ifdef AEP_REAL_DOUBLE
INLINE real NAME(exp_real)(real x) { return exp(x); }
INLINE real NAME(tanh_real)(real x) { return tanh(x); }
INLINE real NAME(log_unit)(real u) { return log(u); }
INLINE real NAME(cos_turn)(real t) { return cos(6.283185307179586 * t); }
INLINE real NAME(sin_turn)(real t) { return sin(6.283185307179586 * t); }
#else
/* The parts of e^x = 2^n e^r with x = n ln 2 + r, |r| <= ln 2 / 2, for x within -87 and 88, where 2^n neither overflows
   nor leaves the normal numbers: 2^n, and e^r - 1 = r + r^2 q(r), q fitted for the least relative error of e^r. */
INLINE float NAME(exp_parts)(float *power, float x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it leaves a whole number in the low bits */
    const float shifted = MA(x, 1.44269504f, round), n = shifted - round;
    const float r = MA(n, 2.12194440e-4f, MA(n, -0.693359375f, x)); /* ln 2 in two parts */
    float q = 0.001381422160193324f;
    q = MA(q, r, 0.00836889911442995f);
    q = MA(q, r, 0.04166840389370918f);
    q = MA(q, r, 0.1666651964187622f);
    q = MA(q, r, 0.4999999403953552f);
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + (127u << 23);
    memcpy(power, &bits, sizeof *power);
    return MA(q * r, r, r);
}

/* NaN stays NaN. */
INLINE float NAME(exp_real)(float x)
{
    float held = x > -87.0f ? x : -87.0f, power;
    held = held < 88.0f ? held : 88.0f;
    const float e = NAME(exp_parts)(&power, held) + 1;
    return x == x ? e * power : x;
}

/* (e^2|x| - 1) / (e^2|x| + 1), where e^2|x| - 1 = 2^n (e^r - 1) + (2^n - 1) loses nothing near 0; 1 from 9 on. */
INLINE float NAME(tanh_real)(float x)
{
    const float twice = 2 * fabsf(x);
    float power;
    const float rest = NAME(exp_parts)(&power, twice > 18.0f ? 18.0f : twice);
    const float m = MA(power, rest, power - 1);
    return copysignf(m / (m + 2), x);
}

/* Of the next three the absolute errors are below 1e-6. */

/* log u = e ln 2 + log m with u = 2^e m, m within sqrt(1/2) and sqrt(2); log(1 + y) = y + y^2 p(y) */
INLINE float NAME(log_unit)(float u)
{
    int32_t bits, mantissa;
    float m;
    memcpy(&bits, &u, sizeof bits);
    const int32_t e = (bits - 0x3f3504f3) >> 23; /* sqrt(1/2) */
    mantissa = bits - (int32_t)((uint32_t)e << 23);
    memcpy(&m, &mantissa, sizeof m);
    const float y = m - 1;
    float p = 0.0873255506157875f;
    p = MA(p, y, -0.14306901395320892f);
    p = MA(p, y, 0.14918428659439087f);
    p = MA(p, y, -0.16570603847503662f);
    p = MA(p, y, 0.19962044060230255f);
    p = MA(p, y, -0.25001752376556396f);
    p = MA(p, y, 0.33333951234817505f);
    p = MA(p, y, -0.49999991059303284f);
    return MA((float)e, 0.69314718f, MA(y * y, p, y));
}

/* cos and sin of 2 pi t for |t| <= 1/2, in powers of w = t^2 */
INLINE float NAME(cos_turn)(float t)
{
    const float w = t * t;
    float p = 6.5296101570129395f;
    p = MA(p, w, -25.968313217163086f);
    p = MA(p, w, 60.16783142089844f);
    p = MA(p, w, -85.45016479492188f);
    p = MA(p, w, 64.93911743164062f);
    p = MA(p, w, -19.73920440673828f);
    return MA(p, w, 1);
}

INLINE float NAME(sin_turn)(float t)
{
    const float w = t * t;
    float p = -12.271262168884277f;
    p = MA(p, w, 41.20539474487305f);
    p = MA(p, w, -76.5801010131836f);
    p = MA(p, w, 81.59618377685547f);
    p = MA(p, w, -41.34142303466797f);
    return MA(p, w, 6.283182621002197f) * t;
}
#endif

INLINE real NAME(sigmoid)(real x) { return 1 / (1 + NAME(exp_real)(-x)); }

/* standard normal distribution function and density */
INLINE real NAME(normal_cdf)(real x) { return (real)0.5 * AEP_R(erfc)(-x * (real)0.7071067811865476); }
INLINE real NAME(normal_pdf)(real x) { return (real)0.3989422804014327 * NAME(exp_real)((real)-0.5 * x * x); }

/* 23 bits to (0, 1), both ends excluded: with the half added they just fill a float */
INLINE real NAME(to_unit)(uint32_t bits) { return ((real)(int32_t)(bits >> 9) + (real)0.5) * (real)(1.0 / 8388608.0); }

/* Two random words are a pair of normal numbers: radius times the cosine and the sine of a turn (Box and Muller 1958).
   */
INLINE real NAME(normal_radius)(uint32_t bits) { return AEP_R(sqrt)((real)-2 * NAME(log_unit)(NAME(to_unit)(bits))); }
INLINE real NAME(normal_turn)(uint32_t bits) { return NAME(to_unit)(bits) - (real)0.5; }

#undef INLINE
