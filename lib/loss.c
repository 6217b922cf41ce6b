/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss.h"

#include <math.h>

/* ||a - b||^2 in four chains, so that it does not wait for each addition. */
static double squared_distance(const real *a, const real *b, size_t n)
{
    double sum[4] = {0};
    size_t j = 0;
    for (; j + 4 <= n; j += 4)
        for (size_t lane = 0; lane < 4; lane++) {
            double d = (double)a[j + lane] - (double)b[j + lane];
            sum[lane] += d * d;
        }
    for (; j < n; j++) {
        double d = (double)a[j] - (double)b[j];
        sum[0] += d * d;
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void aep__row_norm_forward(real *y, const real *a, const real *b, size_t rows, size_t n)
{
    for (size_t i = 0; i < rows; i++)
        y[i] = (real)sqrt(squared_distance(a + i * n, b + i * n, n));
}

void aep__row_norm_backward(real *da, real *db, const real *dy, const real *a, const real *b, const real *y,
                            size_t rows, size_t n)
{
    for (size_t i = 0; i < rows; i++) {
        const real factor = y[i] > 0 ? dy[i] / y[i] : 0;
        for (size_t j = i * n; j < (i + 1) * n; j++) {
            real d = factor * (a[j] - b[j]);
            if (da)
                da[j] += d;
            if (db)
                db[j] -= d;
        }
    }
}

real aep__mean_forward(const real *y, size_t rows, bool squared)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i++)
        sum += squared ? (double)y[i] * (double)y[i] : (double)y[i];
    return (real)(sum / (double)rows);
}

void aep__mean_backward(real *dy, real d, const real *y, size_t rows, bool squared)
{
    const real factor = d / (real)rows;
    for (size_t i = 0; i < rows; i++)
        dy[i] += squared ? 2 * factor * y[i] : factor;
}

real aep__compactness_forward(real *mean, const real *z, size_t n, size_t k)
{
    double sum = 0;
    for (size_t j = 0; j < k; j++) {
        double total = 0;
        for (size_t i = 0; i < n; i++)
            total += (double)z[i * k + j];
        total /= (double)n;
        mean[j] = (real)total;
        for (size_t i = 0; i < n; i++)
            sum += ((double)z[i * k + j] - total) * ((double)z[i * k + j] - total);
    }
    return (real)(sum / ((double)n * (double)k));
}

void aep__compactness_backward(real *dz, real d, const real *z, const real *mean, size_t n, size_t k)
{
    const real factor = 2 * d / ((real)n * (real)k);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++)
            dz[i * k + j] += factor * (z[i * k + j] - mean[j]);
}

double aep__sum_of_squares(const real *x, size_t n)
{
    enum { CHAINS = 16 }; /* independent, so that they vectorise */
    double chain[CHAINS] = {0}, sum = 0;
    size_t i = 0;
    for (; i + CHAINS <= n; i += CHAINS)
        for (size_t j = 0; j < CHAINS; j++)
            chain[j] += (double)x[i + j] * (double)x[i + j];
    for (; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    for (size_t j = 0; j < CHAINS; j++)
        sum += chain[j];
    return sum;
}

real aep__weight_decay_forward(const real *theta, size_t n) { return (real)aep__sum_of_squares(theta, n); }

void aep__weight_decay_backward(real *dtheta, real d, const real *theta, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dtheta[i] += 2 * d * theta[i];
}
