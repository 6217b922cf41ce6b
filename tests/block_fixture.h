/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of operations on blocks share: the layouts that a block may have, written out. */
#ifndef AEP_TESTS_BLOCK_FIXTURE_H
#define AEP_TESTS_BLOCK_FIXTURE_H

#include "numbers_fixture.h"
#include "ops.h"

enum { BLOCK_LAYOUTS = 3 };

/* Row by row; a panel that just holds the rows; one with lanes to spare. */
static inline aep__block block_of(size_t rows, int layout)
{
    const size_t least = (rows + AEP__LANES - 1) / AEP__LANES * AEP__LANES;
    return (aep__block){.rows = rows, .lanes = layout == 0 ? 0 : layout == 1 ? least : least + 2 * AEP__LANES};
}

static inline size_t block_reals(const aep__block *block, size_t width) { return aep__block_size(block) * width; }

/* Where column j of row i stands; rows past the block's are lanes. */
static inline size_t place(const aep__block *block, size_t width, size_t i, size_t j)
{
    return block->lanes ? j * block->lanes + i : i * width + j;
}

/* Rows that lie row by row, in the layout; `rest` in lanes past them. To be freed. */
static inline real *laid_out(const aep__block *block, const real *rows, size_t width, real rest)
{
    real *matrix = array(block_reals(block, width));
    for (size_t i = 0; i < aep__block_size(block); i++)
        for (size_t j = 0; j < width; j++)
            matrix[place(block, width, i, j)] = i < block->rows ? rows[i * width + j] : rest;
    return matrix;
}

/* And back, without those lanes. To be freed. */
static inline real *row_by_row(const aep__block *block, const real *matrix, size_t width)
{
    real *rows = array(block->rows * width);
    for (size_t i = 0; i < block->rows; i++)
        for (size_t j = 0; j < width; j++)
            rows[i * width + j] = matrix[place(block, width, i, j)];
    return rows;
}

/* Whether all that lies in lanes past the rows is `value` (NaN: any finite number). */
static inline bool rest_is(const aep__block *block, const real *matrix, size_t width, real value)
{
    size_t other = 0;
    for (size_t i = block->rows; i < aep__block_size(block); i++)
        for (size_t j = 0; j < width; j++) {
            const real x = matrix[place(block, width, i, j)];
            other += isnan(value) ? !isfinite(x) : x != value;
        }
    return other == 0;
}

#endif
