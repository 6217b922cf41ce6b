/* SPDX-License-Identifier: BSD-2-Clause */
/* Heapsort, bottom-up (Wegener 1993): about one comparison a level, where the textbook form takes two. */
#include "sort.h"

/* Put x where v[root] was, in the heap v[root..n): down the path of the larger children to a leaf, then up to its place. */
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

void aep__sort(float *v, size_t n)
{
    for (size_t root = n / 2; root-- > 0;)
        sift(v, root, n, v[root]);
    for (size_t end = n; end-- > 1;) {
        const float x = v[end];
        v[end] = v[0];
        sift(v, 0, end, x);
    }
}
