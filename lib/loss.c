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

/* Steps to the next row and to the next column of a block. */
static size_t row_step(const aep__block *block, size_t k) { return block->lanes ? 1 : k; }
static size_t column_step(const aep__block *block) { return block->lanes ? block->lanes : 1; }

void aep__column_sums(double *sums, const real *z, const aep__block *block, size_t k)
{
    const size_t row = row_step(block, k), column = column_step(block);
    for (size_t j = 0; j < k; j++) {
        double sum = 0;
        for (size_t i = 0; i < block->rows; i++)
            sum += (double)z[i * row + j * column];
        sums[j] += sum;
    }
}

double aep__compactness_sum(const real *z, const real *mean, const aep__block *block, size_t k)
{
    const size_t row = row_step(block, k), column = column_step(block);
    double total = 0;
    for (size_t j = 0; j < k; j++) {
        double sum = 0;
        for (size_t i = 0; i < block->rows; i++) {
            const double d = (double)z[i * row + j * column] - (double)mean[j];
            sum += d * d;
        }
        total += sum;
    }
    return total;
}

void aep__compactness_backward(real *dz, real d, const real *z, const real *mean, const aep__block *block, size_t k)
{
    const size_t row = row_step(block, k), column = column_step(block);
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < aep__block_size(block); i++) {
            const size_t at = i * row + j * column;
            dz[at] = i < block->rows ? d * (z[at] - mean[j]) : 0;
        }
}
