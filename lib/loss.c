/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss.h"

double aep__mean_sum(const real *y, const aep__block *block, bool squared)
{
    double sum = 0;
    for (size_t i = 0; i < block->rows; i++)
        sum += squared ? (double)y[i] * (double)y[i] : (double)y[i];
    return sum;
}

void aep__mean_backward(real *dy, real d, const real *y, const aep__block *block, bool squared)
{
    for (size_t i = 0; i < aep__block_size(block); i++)
        dy[i] = i >= block->rows ? 0 : squared ? 2 * d * y[i] : d;
}

void aep__column_sums(double *sums, const real *z, const aep__block *block, size_t k)
{
    for (size_t j = 0; j < k; j++) {
        double sum = 0;
        for (size_t i = 0; i < block->rows; i++)
            sum += (double)z[aep__block_at(block, k, i, j)];
        sums[j] += sum;
    }
}

double aep__compactness_sum(const real *z, const real *mean, const aep__block *block, size_t k)
{
    double total = 0;
    for (size_t j = 0; j < k; j++) {
        double sum = 0;
        for (size_t i = 0; i < block->rows; i++) {
            const double d = (double)z[aep__block_at(block, k, i, j)] - (double)mean[j];
            sum += d * d;
        }
        total += sum;
    }
    return total;
}

void aep__compactness_backward(real *dz, real d, const real *z, const real *mean, const aep__block *block, size_t k)
{
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < aep__block_size(block); i++) {
            const size_t at = aep__block_at(block, k, i, j);
            dz[at] = i < block->rows ? d * (z[at] - mean[j]) : 0;
        }
}
