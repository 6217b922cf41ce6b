/* SPDX-License-Identifier: BSD-2-Clause */
#include "gemm.h"

#include <limits.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(AEP_REAL_DOUBLE)
#define AEP_X86_KERNELS
#include <immintrin.h>

#define NAME(x)   x##_avx512
#define TARGET    __attribute__((target("avx512f")))
#define LANES     16
#define TILE_ROWS 12
#define VEC       __m512
#define MASK      __mmask16
TARGET static inline MASK NAME(mask_of)(size_t n) { return (MASK)((1u << n) - 1); }
TARGET static inline VEC NAME(load)(const float *p, MASK mask) { return _mm512_maskz_loadu_ps(mask, p); }
TARGET static inline void NAME(store)(float *p, MASK mask, VEC v) { _mm512_mask_storeu_ps(p, mask, v); }
TARGET static inline VEC NAME(spread)(float x) { return _mm512_set1_ps(x); }
TARGET static inline VEC NAME(multiply_add)(VEC a, VEC b, VEC c) { return _mm512_fmadd_ps(a, b, c); }
#include "gemm_kernel.h"

#define NAME(x)   x##_avx2
#define TARGET    __attribute__((target("avx2,fma")))
#define LANES     8
#define TILE_ROWS 6
#define VEC       __m256
#define MASK      __m256i
TARGET static inline MASK NAME(mask_of)(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
TARGET static inline VEC NAME(load)(const float *p, MASK mask) { return _mm256_maskload_ps(p, mask); }
TARGET static inline void NAME(store)(float *p, MASK mask, VEC v) { _mm256_maskstore_ps(p, mask, v); }
TARGET static inline VEC NAME(spread)(float x) { return _mm256_set1_ps(x); }
TARGET static inline VEC NAME(multiply_add)(VEC a, VEC b, VEC c) { return _mm256_fmadd_ps(a, b, c); }
#include "gemm_kernel.h"
#endif

/* The kernel that says what the others do. */
static void gemm_plain(real *c, const real *a, size_t a_row, size_t a_col, const real *b, size_t m, size_t n, size_t k)
{
    for (size_t i = 0; i < m; i++)
        for (size_t p = 0; p < k; p++) {
            const real factor = a[i * a_row + p * a_col];
            for (size_t j = 0; j < n; j++)
                c[i * n + j] += factor * b[p * n + j];
        }
}

aep__gemm_kernel aep__gemm_kernel_at(size_t i)
{
    const aep__gemm_kernel kernels[] = {
#ifdef AEP_X86_KERNELS
        {"avx512", gemm_avx512, __builtin_cpu_supports("avx512f")},
        {"avx2", gemm_avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
#endif
        {"plain", gemm_plain, true},
    };
    return i < sizeof kernels / sizeof *kernels ? kernels[i] : (aep__gemm_kernel){0};
}

static aep__gemm_fn best_kernel(void)
{
    size_t i = 0;
    while (!aep__gemm_kernel_at(i).supported)
        i++;
    return aep__gemm_kernel_at(i).run;
}

#if defined(AEP_HAVE_CBLAS) && !defined(AEP_REAL_DOUBLE)
#include <cblas.h>

/* Where a CBLAS is faster. The vector kernels lead until the right-hand matrix no longer fits into a core's
   second-level cache (bench/bench_gemm.c measures it); the plain kernel is overtaken early. */
static bool worth_cblas(size_t m, size_t n, size_t k)
{
    const size_t least = best_kernel() == gemm_plain ? 32 : 1024;
    return m <= INT_MAX && n <= INT_MAX && k <= INT_MAX && m >= 32 && n >= least && k >= least;
}

static void cblas(bool transpose_a, bool transpose_b, real *c, const real *a, size_t lda, const real *b, size_t ldb,
                  size_t m, size_t n, size_t k)
{
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, (int)m,
                (int)n, (int)k, 1, a, (int)lda, b, (int)ldb, 1, c, (int)n);
}
#else
static bool worth_cblas(size_t m, size_t n, size_t k)
{
    (void)m, (void)n, (void)k;
    return false;
}

static void cblas(bool transpose_a, bool transpose_b, real *c, const real *a, size_t lda, const real *b, size_t ldb,
                  size_t m, size_t n, size_t k)
{
    (void)transpose_a, (void)transpose_b, (void)c, (void)a, (void)lda, (void)b, (void)ldb, (void)m, (void)n, (void)k;
}
#endif

void aep__gemm_add(real *c, const real *a, const real *b, size_t m, size_t n, size_t k, bool row_exact)
{
    if (!row_exact && worth_cblas(m, n, k))
        cblas(false, false, c, a, k, b, n, m, n, k);
    else
        best_kernel()(c, a, k, 1, b, m, n, k);
}

void aep__gemm_forward(real *y, const real *x, const real *w, const real *bias, size_t m, size_t n, size_t k,
                       bool row_exact)
{
    for (size_t i = 0; i < m; i++)
        memcpy(y + i * n, bias, n * sizeof *y);
    aep__gemm_add(y, x, w, m, n, k, row_exact);
}

void aep__gemm_transpose(real *to, const real *from, size_t m, size_t n)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            to[j * m + i] = from[i * n + j];
}

void aep__gemm_dw(real *dw, const real *x, const real *dy, size_t m, size_t n, size_t k)
{
    if (worth_cblas(m, n, k))
        cblas(true, false, dw, x, k, dy, n, k, n, m);
    else
        best_kernel()(dw, x, 1, k, dy, k, n, m);
}

void aep__gemm_dx(real *dx, const real *dy, const real *w, real *scratch, size_t m, size_t n, size_t k)
{
    if (worth_cblas(m, n, k)) {
        cblas(false, true, dx, dy, n, w, n, m, k, n);
        return;
    }
    aep__gemm_transpose(scratch, w, k, n);
    best_kernel()(dx, dy, n, 1, scratch, m, k, n);
}
