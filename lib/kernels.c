/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernels.h"

#include <aepred.h>
#include <math.h>
#include <string.h>

#if defined(__clang__) /* of loops over functions of libm, which do not vectorise */
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(AEP_REAL_DOUBLE) && !defined(AEP_PLAIN_KERNELS)
#define AEP_X86_KERNELS
#include <immintrin.h>

#define NAME(x)     x##_avx512
#define TARGET      __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#define LANES       16
#define MA(a, b, c) __builtin_fmaf(a, b, c)
#define TILE        24 /* vectors of C that fit into the registers */
#define VEC         __m512
#define MASK        __mmask16
TARGET static inline MASK NAME(mask_of)(size_t n) { return (MASK)((1u << n) - 1); }
TARGET static inline VEC NAME(load)(const float *p, MASK mask) { return _mm512_maskz_loadu_ps(mask, p); }
TARGET static inline void NAME(store)(float *p, MASK mask, VEC v) { _mm512_mask_storeu_ps(p, mask, v); }
TARGET static inline VEC NAME(spread)(float x) { return _mm512_set1_ps(x); }
TARGET static inline VEC NAME(multiply_add)(VEC a, VEC b, VEC c) { return _mm512_fmadd_ps(a, b, c); }
#define WORDS __m512i
TARGET static inline WORDS NAME(spread_word)(uint32_t x) { return _mm512_set1_epi32((int)x); }
TARGET static inline WORDS NAME(load_words)(const uint32_t *p) { return _mm512_loadu_si512(p); }
TARGET static inline void NAME(store_words)(uint32_t *p, WORDS w) { _mm512_storeu_si512(p, w); }
TARGET static inline WORDS NAME(add_words)(WORDS a, WORDS b) { return _mm512_add_epi32(a, b); }
TARGET static inline WORDS NAME(xor_words)(WORDS a, WORDS b, WORDS c)
{
    return _mm512_ternarylogic_epi32(a, b, c, 0x96);
}
TARGET static inline WORDS NAME(low_words)(WORDS a, WORDS b) { return _mm512_mullo_epi32(a, b); }
TARGET static inline WORDS NAME(high_words)(WORDS a, WORDS b)
{
    const WORDS even = _mm512_mul_epu32(a, b), odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), b);
    return _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xAAAA, odd);
}
#include "kernels_product.h"
#include "kernels_philox.h"
#include "kernels_loops.h"

#define NAME(x)     x##_avx2
#define TARGET      __attribute__((target("avx2,fma")))
#define LANES       8
#define MA(a, b, c) __builtin_fmaf(a, b, c)
#define TILE        12
#define VEC         __m256
#define MASK        __m256i
TARGET static inline MASK NAME(mask_of)(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
TARGET static inline VEC NAME(load)(const float *p, MASK mask) { return _mm256_maskload_ps(p, mask); }
TARGET static inline void NAME(store)(float *p, MASK mask, VEC v) { _mm256_maskstore_ps(p, mask, v); }
TARGET static inline VEC NAME(spread)(float x) { return _mm256_set1_ps(x); }
TARGET static inline VEC NAME(multiply_add)(VEC a, VEC b, VEC c) { return _mm256_fmadd_ps(a, b, c); }
#define WORDS __m256i
TARGET static inline WORDS NAME(spread_word)(uint32_t x) { return _mm256_set1_epi32((int)x); }
TARGET static inline WORDS NAME(load_words)(const uint32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
TARGET static inline void NAME(store_words)(uint32_t *p, WORDS w) { _mm256_storeu_si256((__m256i *)(void *)p, w); }
TARGET static inline WORDS NAME(add_words)(WORDS a, WORDS b) { return _mm256_add_epi32(a, b); }
TARGET static inline WORDS NAME(xor_words)(WORDS a, WORDS b, WORDS c)
{
    return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}
TARGET static inline WORDS NAME(low_words)(WORDS a, WORDS b) { return _mm256_mullo_epi32(a, b); }
TARGET static inline WORDS NAME(high_words)(WORDS a, WORDS b)
{
    const WORDS even = _mm256_mul_epu32(a, b), odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), b);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}
#include "kernels_product.h"
#include "kernels_philox.h"
#include "kernels_loops.h"
#endif

#define NAME(x) x##_plain
#define TARGET
#define MA(a, b, c) ((a) * (b) + (c))
static real start_plain(const aep__product *p, size_t i, size_t j)
{
    switch (p->start) {
    case AEP__START_C:
        return p->c[i * p->c_row + j];
    case AEP__START_COLUMNS:
        return p->bias[j];
    case AEP__START_ROWS:
        return p->bias[i];
    default:
        return 0;
    }
}

/* What every product computes. */
static void product_plain(const aep__product *p)
{
    for (size_t i = 0; i < p->m; i++) {
        real *c = p->c + i * p->c_row;
        for (size_t j = 0; j < p->n; j++)
            c[j] = start_plain(p, i, j);
        for (size_t q = 0; q < p->k; q++) {
            const real a = p->a[i * p->a_row + q * p->a_col], *b = p->b + q * p->b_row;
            for (size_t j = 0; j < p->n; j++)
                c[j] += a * b[j];
        }
    }
}

static void transpose_plain(real *to, size_t to_row, const real *from, size_t from_row, size_t m, size_t n)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            to[j * to_row + i] = from[i * from_row + j];
}

/* Philox4x32-10 (Salmon et al. 2011): the four words of the counter (block, first_row + lane, step), for each lane.
   Random123 computes the same, one by one, for rng.c. */
static void philox_plain(uint32_t word[4][AEP__LANES], const aep__draw *draw, uint32_t lane_0, uint32_t block)
{
    for (uint32_t i = 0; i < AEP__LANES; i++) {
        uint32_t a = block, b = draw->first_row + lane_0 + i;
        uint32_t c = (uint32_t)draw->step, d = (uint32_t)(draw->step >> 32);
        uint32_t key0 = (uint32_t)draw->seed, key1 = (uint32_t)(draw->seed >> 32) ^ (draw->stream << 24);
        for (int round = 0; round < 10; round++, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u) {
            const uint64_t p = (uint64_t)0xD2511F53u * a, q = (uint64_t)0xCD9E8D57u * c;
            a = (uint32_t)(q >> 32) ^ b ^ key0;
            b = (uint32_t)q;
            c = (uint32_t)(p >> 32) ^ d ^ key1;
            d = (uint32_t)p;
        }
        word[0][i] = a, word[1][i] = b, word[2][i] = c, word[3][i] = d;
    }
}
#include "kernels_loops.h"

#define TABLE(set)                                                                                                     \
    {                                                                                                                  \
        .name = #set, .product = product_##set, .transpose = transpose_##set,                                          \
        .activation_forward = activation_forward_##set, .activation_backward = activation_backward_##set,              \
        .normal_panel = normal_panel_##set, .mask_panel = mask_panel_##set, .add_noise = add_noise_##set,              \
        .abs_diff = abs_diff_##set, .abs_diff_backward = abs_diff_backward_##set, .norm_panel = norm_panel_##set,      \
        .norm_panel_backward = norm_panel_backward_##set, .add = add_##set, .add_scaled = add_scaled_##set,            \
        .adam = adam_##set, .sum_of_squares = sum_of_squares_##set, .all_finite = all_finite_##set,                    \
        .fill = fill_##set, .scale = scale_##set, .hold = hold_##set, .squash = squash_##set                           \
    }

static const aep__kernels sets[] = {
#ifdef AEP_X86_KERNELS
    TABLE(avx512), TABLE(avx2),
#endif
    TABLE(plain)};

/* The index of the first set that the processor supports. */
static size_t first_supported(void)
{
#ifdef AEP_X86_KERNELS
    const bool fma = __builtin_cpu_supports("fma");
    if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return 0;
    return fma && __builtin_cpu_supports("avx2") ? 1 : 2;
#else
    return 0;
#endif
}

const aep__kernels *aep__kernels_at(size_t i)
{
    const size_t n = sizeof sets / sizeof *sets, first = first_supported();
    return i < n - first ? &sets[first + i] : NULL;
}

const aep__kernels *aep__kernels_best(void) { return aep__kernels_at(0); }

bool aep__activation_by_output(int kind)
{
    return kind == AEP_RELU || kind == AEP_LEAKY_RELU || kind == AEP_TANH || kind == AEP_SIGMOID;
}
