/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A product in tiles of C that stay in registers, for the vector type that the including file has defined. Included
 * once per instruction set:
 *   NAME(x)              x with the suffix of the instruction set
 *   TARGET               function attribute that switches it on
 *   LANES, TILE          floats in a vector, vectors in a tile
 *   VEC, MASK            types of a vector and of a mask of its lanes
 *   mask_of(n)           the first n lanes (n <= LANES)
 *   load(p, mask), store(p, mask, v), spread(x), multiply_add(a, b, c)
 */
#define INLINED TARGET static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 24")
#endif

/* Depth of a pass over k, after which C is put down: so much of B and A stays in the first two levels of cache. */
#ifndef AEP_PRODUCT_DEPTH
#define AEP_PRODUCT_DEPTH 256
#endif

/* rows and vectors are constants where this is inlined, so the loops over them unroll and the tile stays in
   registers */
INLINED void NAME(tile)(const aep__product *p, size_t i, size_t j, size_t from, size_t to, size_t rows, size_t vectors,
                        MASK last)
{
    VEC sum[TILE];
    const MASK all = NAME(mask_of)(LANES);
    const int start = from ? AEP__START_C : p->start;
    real *c = p->c + i * p->c_row + j;
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        UNROLLED
        for (size_t v = 0; v < vectors; v++) {
            const MASK mask = v + 1 < vectors ? all : last;
            if (start == AEP__START_C)
                sum[r * vectors + v] = NAME(load)(c + r * p->c_row + v * LANES, mask);
            else if (start == AEP__START_COLUMNS)
                sum[r * vectors + v] = NAME(load)(p->bias + j + v * LANES, mask);
            else
                sum[r * vectors + v] = NAME(spread)(start == AEP__START_ROWS ? p->bias[i + r] : 0);
        }
    }
    const real *a = p->a + i * p->a_row + from * p->a_col, *b = p->b + from * p->b_row + j;
    for (size_t q = from; q < to; q++, a += p->a_col, b += p->b_row) {
        VEC row[8];
        UNROLLED
        for (size_t v = 0; v < vectors; v++)
            row[v] = NAME(load)(b + v * LANES, v + 1 < vectors ? all : last);
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            const VEC factor = NAME(spread)(a[r * p->a_row]);
            UNROLLED
            for (size_t v = 0; v < vectors; v++)
                sum[r * vectors + v] = NAME(multiply_add)(factor, row[v], sum[r * vectors + v]);
        }
    }
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        UNROLLED
        for (size_t v = 0; v < vectors; v++)
            NAME(store)(c + r * p->c_row + v * LANES, v + 1 < vectors ? all : last, sum[r * vectors + v]);
    }
}

/* All rows of C for a strip of columns, of one or two vectors. The rows that are left fill a tile of their own: in
   fewer registers, chains of additions would wait for each other. */
INLINED void NAME(strip)(const aep__product *p, size_t j, size_t from, size_t to, size_t vectors, MASK last)
{
    enum { ROWS = TILE / 2 };
    size_t i = 0;
    for (; i + ROWS <= p->m; i += ROWS)
        NAME(tile)(p, i, j, from, to, ROWS, vectors, last);
/* clang-format off */
#define LEFT(n)                                                                                                        \
    case n:                                                                                                            \
        if (n < ROWS)                                                                                                  \
            NAME(tile)(p, i, j, from, to, n < ROWS ? n : 1, vectors, last);                                            \
        break;
    switch (p->m - i) {
        LEFT(1) LEFT(2) LEFT(3) LEFT(4) LEFT(5) LEFT(6) LEFT(7) LEFT(8) LEFT(9) LEFT(10) LEFT(11)
    }
#undef LEFT
    /* clang-format on */
}

TARGET static void NAME(strip2)(const aep__product *p, size_t j, size_t from, size_t to, MASK last)
{
    NAME(strip)(p, j, from, to, 2, last);
}

TARGET static void NAME(strip1)(const aep__product *p, size_t j, size_t from, size_t to, MASK last)
{
    NAME(strip)(p, j, from, to, 1, last);
}

/* One row: as many chains side by side as there are columns for. */
TARGET static void NAME(row)(const aep__product *p, size_t from, size_t to)
{
    const MASK all = NAME(mask_of)(LANES);
    size_t j = 0;
    for (; j + 8 * LANES <= p->n; j += 8 * LANES)
        NAME(tile)(p, 0, j, from, to, 1, 8, all);
    const size_t vectors = (p->n - j + LANES - 1) / LANES;
    const MASK last = NAME(mask_of)(p->n - j - (vectors ? vectors - 1 : 0) * LANES);
/* clang-format off */
#define LEFT(n)                                                                                                        \
    case n:                                                                                                            \
        NAME(tile)(p, 0, j, from, to, 1, n, last);                                                                     \
        break;
    switch (vectors) {
        LEFT(1) LEFT(2) LEFT(3) LEFT(4) LEFT(5) LEFT(6) LEFT(7) LEFT(8)
    }
#undef LEFT
    /* clang-format on */
}

TARGET static void NAME(product)(const aep__product *p)
{
    for (size_t from = 0, to; from < p->k; from = to) {
        to = p->k - from < AEP_PRODUCT_DEPTH ? p->k : from + AEP_PRODUCT_DEPTH;
        if (p->m == 1) {
            NAME(row)(p, from, to);
            continue;
        }
        size_t j = 0;
        for (; j + 2 * LANES <= p->n; j += 2 * LANES)
            NAME(strip2)(p, j, from, to, NAME(mask_of)(LANES));
        if (p->n - j > LANES)
            NAME(strip2)(p, j, from, to, NAME(mask_of)(p->n - j - LANES));
        else if (p->n > j)
            NAME(strip1)(p, j, from, to, NAME(mask_of)(p->n - j));
    }
}

/* Eight rows of at most eight columns in registers: pairs of rows, and pairs of pairs. */
INLINED void NAME(transpose_8)(float *to, size_t to_row, const float *from, size_t from_row, size_t columns)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)columns), lane);
    __m256 a[8], b[8];
    UNROLLED
    for (size_t i = 0; i < 4; i++) { /* row i beside row i + 4 */
        const float *f = from + i * from_row, *g = f + 4 * from_row;
        const __m256 upper = columns < 8 ? _mm256_maskload_ps(f, mask) : _mm256_loadu_ps(f);
        const __m256 lower = columns < 8 ? _mm256_maskload_ps(g, mask) : _mm256_loadu_ps(g);
        a[i] = _mm256_permute2f128_ps(upper, lower, 0x20);
        a[i + 4] = _mm256_permute2f128_ps(upper, lower, 0x31);
    }
    UNROLLED
    for (size_t i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    UNROLLED
    for (size_t i = 0; i < 8; i++) {
        const __m256 first = b[i / 4 * 4 + i / 2 % 2], second = b[i / 4 * 4 + i / 2 % 2 + 2];
        if (i < columns)
            _mm256_storeu_ps(to + i * to_row,
                             i % 2 ? _mm256_shuffle_ps(first, second, 0xEE) : _mm256_shuffle_ps(first, second, 0x44));
    }
}

/* By eight rows; those left over, value by value. */
TARGET static void NAME(transpose)(float *to, size_t to_row, const float *from, size_t from_row, size_t m, size_t n)
{
    const size_t m8 = m / 8 * 8, n8 = n / 8 * 8;
    for (size_t j = 0; j < n8; j += 8)
        for (size_t i = 0; i < m8; i += 8)
            NAME(transpose_8)(to + j * to_row + i, to_row, from + i * from_row + j, from_row, 8);
    for (size_t i = 0; i < m8 && n8 < n; i += 8)
        NAME(transpose_8)(to + n8 * to_row + i, to_row, from + i * from_row + n8, from_row, n - n8);
    for (size_t i = m8; i < m; i++)
        for (size_t j = 0; j < n; j++)
            to[j * to_row + i] = from[i * from_row + j];
}
#undef INLINED
#undef UNROLLED
