/* SPDX-License-Identifier: BSD-2-Clause */
#include "ops.h"

#include "gemm.h"
#include "rng.h"

#include <aepred.h>
#include <math.h>
#include <string.h>

void aep__dense_forward(real *y, const real *x, const real *w, const real *b, size_t rows, size_t n_in, size_t n_out,
                        bool row_exact)
{
    aep__gemm_forward(y, x, w, b, rows, n_out, n_in, row_exact);
}

void aep__dense_backward(real *dx, real *dw, real *db, const real *dy, const real *x, const real *w, real *scratch,
                         size_t rows, size_t n_in, size_t n_out)
{
    aep__gemm_dw(dw, x, dy, rows, n_out, n_in);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n_out; j++)
            db[j] += dy[i * n_out + j];
    if (dx)
        aep__gemm_dx(dx, dy, w, scratch, rows, n_out, n_in);
}

void aep__noise_forward(int kind, real level, uint64_t seed, uint64_t step, real *y, const real *x, size_t rows,
                        size_t n)
{
    switch (kind) {
    case AEP_NOISE_NONE:
        memcpy(y, x, rows * n * sizeof *y);
        break;
    case AEP_NOISE_GAUSSIAN:
        for (size_t i = 0; i < rows; i++) {
            aep__rng_normal(y + i * n, n, seed, AEP__STREAM_NOISE, step, (uint32_t)i);
            for (size_t j = 0; j < n; j++)
                y[i * n + j] = x[i * n + j] + level * y[i * n + j];
        }
        break;
    case AEP_NOISE_MASKING:
        for (size_t i = 0; i < rows; i++) {
            aep__rng_uniform(y + i * n, n, seed, AEP__STREAM_NOISE, step, (uint32_t)i);
            for (size_t j = 0; j < n; j++)
                y[i * n + j] = y[i * n + j] < level ? 0 : x[i * n + j];
        }
        break;
    }
}

void aep__abs_diff_forward(real *y, const real *a, const real *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = AEP_R(fabs)(a[i] - b[i]);
}

void aep__abs_diff_backward(real *da, real *db, const real *dy, const real *a, const real *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        real d = a[i] > b[i] ? dy[i] : a[i] < b[i] ? -dy[i] : 0;
        if (da)
            da[i] += d;
        if (db)
            db[i] -= d;
    }
}
