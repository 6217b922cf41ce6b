/* SPDX-License-Identifier: BSD-2-Clause */
#include "sketch.h"

#include <assert.h>
#include <string.h>

int aep__sketch_copy(aep__sketch *to, const aep_allocator *mem, const aep__sketch *from)
{
    float *values = NULL;
    if (from->values) {
        values = aep__alloc_copy(mem, from->values, from->capacity, sizeof *values);
        if (!values) {
            memset(to, 0, sizeof *to);
            return AEP_E_MEMORY;
        }
    }
    *to = *from;
    to->values = values;
    return AEP_OK;
}

void aep__sketch_free(aep__sketch *s, const aep_allocator *mem)
{
    aep__free(mem, s->values);
    memset(s, 0, sizeof *s);
}

/* Places needed for n values, 0 if no sketch holds as many. L levels fill up exactly at (2^L - 1)
   * AEP__SKETCH_SIZE. */
static size_t places(uint64_t n)
{
    size_t levels = 1, first = 16;
    while (first < n && first < AEP__SKETCH_SIZE)
        first *= 2;
    if (n <= first)
        return first;
    while ((((uint64_t)1 << levels) - 1) * AEP__SKETCH_SIZE < n)
        if (++levels > AEP__SKETCH_LEVELS)
            return 0;
    return levels * AEP__SKETCH_SIZE;
}

int aep__sketch_reserve(aep__sketch *s, const aep_allocator *mem, uint64_t n)
{
    size_t capacity = n > UINT64_MAX - s->n ? 0 : places(s->n + n);
    if (!capacity)
        return AEP_E_MEMORY;
    if (capacity <= s->capacity)
        return AEP_OK;
    float *values = aep__alloc(mem, capacity, sizeof *values);
    if (!values)
        return AEP_E_MEMORY;
    if (s->values)
        memcpy(values, s->values, s->capacity * sizeof *values);
    aep__free(mem, s->values);
    s->values = values;
    s->capacity = capacity;
    return AEP_OK;
}

static size_t run_end(const float *v, size_t i, size_t n)
{
    while (++i < n && v[i - 1] <= v[i])
        continue;
    return i;
}

/* Merge the ascending v[0, mid) and v[mid, end) by way of `left` (mid). */
static void merge(float *v, size_t mid, size_t end, float *left)
{
    size_t i = 0, j = mid, k = 0;
    memcpy(left, v, mid * sizeof *v);
    while (i < mid && j < end)
        v[k++] = v[j] < left[i] ? v[j++] : left[i++];
    memcpy(v + k, left + i, (mid - i) * sizeof *v);
}

/* Natural merge sort: most of a level is sorted already, as it came from a sorted one or was sorted for quantiles.
   qsort is no choice, it may allocate. */
static void sort(float *v, size_t n)
{
    float left[AEP__SKETCH_SIZE];
    size_t runs;
    do {
        runs = 0;
        for (size_t i = 0, end; i < n; i = end, runs++) {
            size_t mid = end = run_end(v, i, n);
            if (mid < n) {
                end = run_end(v, mid, n);
                merge(v + i, mid - i, end - i, left);
            }
        }
    } while (runs > 1);
}

static float *level(const aep__sketch *s, size_t l) { return s->values + l * AEP__SKETCH_SIZE; }

/* Half of the full level l to the level above, which has room for it. */
static void move_up(aep__sketch *s, size_t l)
{
    float *from = level(s, l), *to = level(s, l + 1);
    sort(from, AEP__SKETCH_SIZE);
    for (size_t i = s->odd >> l & 1; i < AEP__SKETCH_SIZE; i += 2)
        to[s->count[l + 1]++] = from[i];
    s->count[l] = 0;
    s->odd ^= (uint64_t)1 << l;
}

void aep__sketch_add(aep__sketch *s, float value)
{
    size_t full = 0;
    while (s->count[full] == AEP__SKETCH_SIZE)
        full++;
    while (full > 0)
        move_up(s, --full);
    assert(s->count[0] < s->capacity);
    s->values[s->count[0]++] = value;
    if (!s->n || value < s->min)
        s->min = value;
    if (!s->n || value > s->max)
        s->max = value;
    s->n++;
}

typedef struct point {
    double position, value; /* position: rank from 0, half-way through the values that it stands for */
} point;

static double between(point a, point b, double position)
{
    if (b.position <= a.position)
        return b.value;
    double value = a.value + (b.value - a.value) * ((position - a.position) / (b.position - a.position));
    return value < b.value ? value : b.value;
}

/* The level of the first n whose next value is the smallest; there must be one. */
static size_t lowest(const aep__sketch *s, const size_t *next, size_t n)
{
    size_t best = n;
    for (size_t l = 0; l < n; l++)
        if (next[l] < s->count[l] && (best == n || level(s, l)[next[l]] < level(s, best)[next[best]]))
            best = l;
    return best;
}

void aep__sketch_quantiles(double *out, size_t n_out, aep__sketch *s)
{
    size_t next[AEP__SKETCH_LEVELS] = {0};
    point a = {0, s->min};
    double step = s->n ? (double)(s->n - 1) : 0;
    size_t j = 0, n_levels = 0;
    for (size_t l = 0; l < AEP__SKETCH_LEVELS; l++)
        if (s->count[l]) {
            sort(level(s, l), s->count[l]);
            n_levels = l + 1;
        }
    for (uint64_t rank = 0; rank < s->n;) {
        size_t l = lowest(s, next, n_levels);
        uint64_t weight = (uint64_t)1 << l;
        point b = {(double)rank + (double)(weight - 1) / 2, level(s, l)[next[l]++]};
        for (; j < n_out && (double)j * step / (double)(n_out - 1) <= b.position; j++)
            out[j] = between(a, b, (double)j * step / (double)(n_out - 1));
        a = b;
        rank += weight;
    }
    for (point end = {step, s->max}; j < n_out; j++)
        out[j] = between(a, end, (double)j * step / (double)(n_out - 1));
    out[0] = s->min; /* moves may have dropped them */
    out[n_out - 1] = s->max;
}
