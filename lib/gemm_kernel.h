/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tile of C in registers: up to TILE_ROWS rows by one or two vectors, for the vector type that the including file has
 * defined. Included once per instruction set:
 *   NAME(x)              x with the suffix of the instruction set
 *   TARGET               function attribute that switches it on
 *   LANES, TILE_ROWS     floats in a vector, rows in a tile
 *   VEC, MASK            types of a vector and of a mask of its lanes
 *   mask_of(n)           the first n lanes (n <= LANES)
 *   load(p, mask), store(p, mask, v), spread(x), multiply_add(a, b, c)
 */

/* rows and vectors are constants where this is inlined, so the loops over them unroll and the tile stays
   in registers */
TARGET static inline __attribute__((always_inline)) void NAME(tile)(float *c, const float *a, size_t a_row,
                                                                    size_t a_col, const float *b, size_t n, size_t k,
                                                                    size_t rows, size_t vectors, MASK last)
{
    VEC sum[TILE_ROWS][2];
    const MASK all = NAME(mask_of)(LANES);
    const MASK mask[2] = {vectors == 2 ? all : last, last};
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = NAME(load)(c + i * n + v * LANES, mask[v]);
    for (size_t p = 0; p < k; p++) {
        VEC row[2];
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; v++)
            row[v] = NAME(load)(b + p * n + v * LANES, mask[v]);
#pragma GCC unroll 16
        for (size_t i = 0; i < rows; i++) {
            VEC factor = NAME(spread)(a[i * a_row + p * a_col]);
#pragma GCC unroll 2
            for (size_t v = 0; v < vectors; v++)
                sum[i][v] = NAME(multiply_add)(factor, row[v], sum[i][v]);
        }
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; v++)
            NAME(store)(c + i * n + v * LANES, mask[v], sum[i][v]);
}

/* all rows of C for one strip of columns */
TARGET static inline __attribute__((always_inline)) void NAME(strip)(float *c, const float *a, size_t a_row,
                                                                     size_t a_col, const float *b, size_t m, size_t n,
                                                                     size_t k, size_t vectors, MASK last)
{
    size_t i = 0;
    for (; i + TILE_ROWS <= m; i += TILE_ROWS)
        NAME(tile)(c + i * n, a + i * a_row, a_row, a_col, b, n, k, TILE_ROWS, vectors, last);
    for (; i + 4 <= m; i += 4)
        NAME(tile)(c + i * n, a + i * a_row, a_row, a_col, b, n, k, 4, vectors, last);
    for (; i < m; i++)
        NAME(tile)(c + i * n, a + i * a_row, a_row, a_col, b, n, k, 1, vectors, last);
}

TARGET static void NAME(gemm)(float *c, const float *a, size_t a_row, size_t a_col, const float *b, size_t m, size_t n,
                              size_t k)
{
    size_t j = 0;
    for (; j + 2 * LANES <= n; j += 2 * LANES)
        NAME(strip)(c + j, a, a_row, a_col, b + j, m, n, k, 2, NAME(mask_of)(LANES));
    if (n - j > LANES)
        NAME(strip)(c + j, a, a_row, a_col, b + j, m, n, k, 2, NAME(mask_of)(n - j - LANES));
    else if (n > j)
        NAME(strip)(c + j, a, a_row, a_col, b + j, m, n, k, 1, NAME(mask_of)(n - j));
}

#undef NAME
#undef TARGET
#undef LANES
#undef TILE_ROWS
#undef VEC
#undef MASK
