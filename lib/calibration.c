/* SPDX-License-Identifier: BSD-2-Clause */
#include "calibration.h"

#include "sort.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Ascending rank, from 1, of the j-th of k kept among n scores: ceil((j + 1) n / k), without that product. */
static uint64_t rank_of(uint64_t j, uint64_t k, uint64_t n)
{
    return (j + 1) * (n / k) + ((j + 1) * (n % k) + k - 1) / k;
}

static size_t count_distinct(const float *sorted, size_t n)
{
    size_t distinct = n > 0;
    for (size_t i = 1; i < n; i++)
        distinct += sorted[i] != sorted[i - 1];
    return distinct;
}

int aep__calibration_set(aep__calibration *c, const aep_allocator *mem, float *scores, size_t n, size_t max_kept,
                         uint64_t step)
{
    const size_t k = n < max_kept ? n : max_kept;
    float *kept = aep__alloc(mem, k, sizeof *kept);
    if (!kept)
        return AEP_E_MEMORY;
    aep__sort(scores, n);
    for (size_t j = 0; j < k; j++)
        kept[j] = scores[rank_of(j, k, n) - 1];
    aep__free(mem, c->scores);
    c->scores = kept;
    c->n_scores = k;
    c->n_rows = n;
    c->distinct = count_distinct(scores, n);
    c->step = step;
    return AEP_OK;
}

int aep__calibration_copy(aep__calibration *to, const aep_allocator *mem, const aep__calibration *from)
{
    memset(to, 0, sizeof *to);
    float *scores = NULL;
    if (from->n_scores) {
        scores = aep__alloc_copy(mem, from->scores, from->n_scores, sizeof *scores);
        if (!scores)
            return AEP_E_MEMORY;
    }
    *to = *from;
    to->scores = scores;
    return AEP_OK;
}

void aep__calibration_free(aep__calibration *c, const aep_allocator *mem)
{
    aep__free(mem, c->scores);
    memset(c, 0, sizeof *c);
}

/* The p-value of a score that is larger than exactly the first `below` scores kept. */
static double pvalue_above(const aep__calibration *c, size_t below)
{
    const uint64_t smaller = below ? rank_of(below - 1, c->n_scores, c->n_rows) : 0;
    return (1 + (double)(c->n_rows - smaller)) / (1 + (double)c->n_rows);
}

double aep__calibration_pvalue(const aep__calibration *c, float score)
{
    size_t low = 0, high = c->n_scores;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (c->scores[middle] < score)
            low = middle + 1;
        else
            high = middle;
    }
    return pvalue_above(c, low);
}

/* The next float; past the largest of them the next double, which no score reaches. */
static double just_above(float score)
{
    return score < FLT_MAX ? (double)nextafterf(score, INFINITY) : nextafter(FLT_MAX, INFINITY);
}

bool aep__calibration_threshold(double *threshold, const aep__calibration *c, double rate)
{
    size_t low = 0, high = c->n_scores + 1; /* scores that must lie below */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (pvalue_above(c, middle) > rate)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low) {
        *threshold = -FLT_MAX;
        return true;
    }
    const bool found = low <= c->n_scores;
    *threshold = just_above(c->scores[found ? low - 1 : c->n_scores - 1]);
    return found && *threshold <= FLT_MAX;
}

/* u64 rows, distinct, step; u8 whether there is a threshold, f64 threshold; u64 count and f32s of the scores. */
void aep__calibration_write(const aep__calibration *c, aep__writer *w)
{
    aep__put_u64(w, c->n_rows);
    aep__put_u64(w, c->distinct);
    aep__put_u64(w, c->step);
    aep__put_u8(w, c->has_threshold);
    aep__put_f64(w, c->threshold);
    aep__put_u64(w, c->n_scores);
    aep__put_f32s(w, c->scores, c->n_scores);
}

static bool is_sorted(const float *scores, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(scores[i]) || (i && scores[i] < scores[i - 1]))
            return false;
    return true;
}

static bool is_valid(const aep__calibration *c)
{
    if (!isfinite(c->threshold) || (!c->has_threshold && c->threshold != 0))
        return false;
    if (!c->n_scores)
        return !c->n_rows && !c->distinct && !c->step;
    if (c->n_scores > c->n_rows || !is_sorted(c->scores, c->n_scores))
        return false;
    const size_t distinct = count_distinct(c->scores, c->n_scores);
    return distinct <= c->distinct && c->distinct <= c->n_rows - (c->n_scores - distinct);
}

int aep__calibration_read(aep__calibration *c, const aep_allocator *mem, aep__reader *r)
{
    memset(c, 0, sizeof *c);
    aep__calibration read = {.n_rows = aep__get_u64(r), .distinct = aep__get_u64(r), .step = aep__get_u64(r)};
    const uint8_t has_threshold = aep__get_u8(r);
    read.has_threshold = has_threshold;
    read.threshold = aep__get_f64(r);
    read.n_scores = aep__get_count(r, sizeof *read.scores);
    if (r->bad || has_threshold > 1 || read.n_scores > UINT32_MAX) /* rank_of multiplies two such counts */
        return AEP_E_FORMAT;
    if (read.n_scores) {
        read.scores = aep__alloc(mem, read.n_scores, sizeof *read.scores);
        if (!read.scores)
            return AEP_E_MEMORY;
        aep__get_f32s(r, read.scores, read.n_scores);
    }
    if (!is_valid(&read)) {
        aep__calibration_free(&read, mem);
        return AEP_E_FORMAT;
    }
    *c = read;
    return AEP_OK;
}
