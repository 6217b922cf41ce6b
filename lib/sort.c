/* SPDX-License-Identifier: BSD-2-Clause */
/* Heapsort, bottom-up (Wegener 1993), on blocks that fit a cache; larger ones are first cut in two, as in quicksort. */
#include "sort.h"

enum {
    BLOCK = 1 << 14, /* floats that heapsort handles quickly */
    MOST_CUTS = 32   /* of a block; a larger one than BLOCK is then left to heapsort, which no input makes slow */
};

/* Put x where v[root] was, in the heap v[root..n): down the path of larger children to a leaf, then up to its place. */
static void sift(float *v, size_t root, size_t n, float x)
{
    size_t i = root;
    while (2 * i + 2 < n) {
        const size_t child = 2 * i + 1 + (v[2 * i + 2] > v[2 * i + 1]);
        v[i] = v[child];
        i = child;
    }
    if (2 * i + 1 < n) {
        v[i] = v[2 * i + 1];
        i = 2 * i + 1;
    }
    while (i > root && v[(i - 1) / 2] < x) {
        v[i] = v[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    v[i] = x;
}

static void heapsort(float *v, size_t n)
{
    for (size_t root = n / 2; root-- > 0;)
        sift(v, root, n, v[root]);
    for (size_t end = n; end-- > 1;) {
        const float x = v[end];
        v[end] = v[0];
        sift(v, 0, end, x);
    }
}

static float median(float a, float b, float c)
{
    const float low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Returns m, 0 < m < n, such that nothing in v[0..m) is larger than anything in v[m..n) (Hoare). n > 2. */
static size_t cut(float *v, size_t n)
{
    const float pivot = median(v[0], v[n / 2], v[n - 1]);
    size_t i = 0, j = n - 1;
    for (;; i++, j--) {
        while (v[i] < pivot)
            i++;
        while (v[j] > pivot)
            j--;
        if (i >= j)
            break;
        const float x = v[i];
        v[i] = v[j];
        v[j] = x;
    }
    return i;
}

static void sort(float *v, size_t n, int cuts)
{
    while (n > BLOCK && cuts-- > 0) {
        const size_t m = cut(v, n);
        sort(v, m, cuts);
        v += m;
        n -= m;
    }
    heapsort(v, n);
}

void aep__sort(float *v, size_t n) { sort(v, n, MOST_CUTS); }
