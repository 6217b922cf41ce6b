/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detection quality. Whatever depends on order is a walk from the highest score down, a tie at a time, along the sorted
 * scores of the anomalies beside those of the normal rows.
 */
#include "mem.h"
#include "sort.h"

#include <math.h>

static int check(const float *scores, const uint8_t *labels, size_t n)
{
    if (!scores || !labels)
        return AEP_E_ARGUMENT;
    if (!n)
        return AEP_E_ROWS;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(scores[i]))
            return AEP_E_NOT_FINITE;
    return AEP_OK;
}

static size_t count_anomalies(const uint8_t *labels, size_t n)
{
    size_t anomalies = 0;
    for (size_t i = 0; i < n; i++)
        anomalies += labels[i] != 0;
    return anomalies;
}

/* hits: flagged rows that are anomalies, or their expectation. */
static void put_rates(double *precision, double *recall, double *f1, double hits, size_t flagged, size_t anomalies)
{
    if (precision)
        *precision = flagged ? hits / (double)flagged : 0;
    if (recall)
        *recall = anomalies ? hits / (double)anomalies : 0;
    if (f1)
        *f1 = hits > 0 ? 2 * hits / ((double)flagged + (double)anomalies) : 0;
}

int aep_metrics_at_threshold(double *precision, double *recall, double *f1, const float *scores, const uint8_t *labels,
                             size_t n, double threshold)
{
    size_t hits = 0, flagged = 0;
    if (isnan(threshold))
        return AEP_E_ARGUMENT;
    int status = check(scores, labels, n);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++) {
        const bool flag = (double)scores[i] >= threshold;
        flagged += flag;
        hits += flag && labels[i];
    }
    put_rates(precision, recall, f1, (double)hits, flagged, count_anomalies(labels, n));
    return AEP_OK;
}

typedef struct ranking {
    aep_allocator mem;
    float *normals, *anomalies; /* ascending scores of each class; one block, at normals */
    size_t n_normals, n_anomalies;
} ranking;

/* Counts the classes; ranking_sort does the rest. */
static int ranking_init(ranking *r, const float *scores, const uint8_t *labels, size_t n,
                        const aep_allocator *allocator)
{
    int status = aep__mem_init(&r->mem, allocator);
    if (!status)
        status = check(scores, labels, n);
    if (status)
        return status;
    r->n_anomalies = count_anomalies(labels, n);
    r->n_normals = n - r->n_anomalies;
    return AEP_OK;
}

static int ranking_sort(ranking *r, const float *scores, const uint8_t *labels)
{
    const size_t n = r->n_normals + r->n_anomalies;
    size_t normals = 0, anomalies = 0;
    r->normals = aep__alloc(&r->mem, n, sizeof *r->normals);
    if (!r->normals)
        return AEP_E_MEMORY;
    r->anomalies = r->normals + r->n_normals;
    for (size_t i = 0; i < n; i++) {
        if (labels[i])
            r->anomalies[anomalies++] = scores[i];
        else
            r->normals[normals++] = scores[i];
    }
    aep__sort(r->normals, r->n_normals);
    aep__sort(r->anomalies, r->n_anomalies);
    return AEP_OK;
}

/* Take the highest score from what is left, which is not nothing: how many rows of each class have it. */
static void take_highest(size_t *normals, size_t *anomalies, ranking *r)
{
    const size_t n_normals = r->n_normals, n_anomalies = r->n_anomalies;
    float score = n_normals ? r->normals[n_normals - 1] : r->anomalies[n_anomalies - 1];
    if (n_anomalies && r->anomalies[n_anomalies - 1] > score)
        score = r->anomalies[n_anomalies - 1];
    while (r->n_normals && r->normals[r->n_normals - 1] == score)
        r->n_normals--;
    while (r->n_anomalies && r->anomalies[r->n_anomalies - 1] == score)
        r->n_anomalies--;
    *normals = n_normals - r->n_normals;
    *anomalies = n_anomalies - r->n_anomalies;
}

int aep_metrics_at_count(double *precision, double *recall, double *f1, const float *scores, const uint8_t *labels,
                         size_t n, size_t count, const aep_allocator *allocator)
{
    ranking r;
    double hits = 0;
    size_t normals, anomalies, left = count;
    if (count > n && n)
        return AEP_E_ARGUMENT;
    int status = ranking_init(&r, scores, labels, n, allocator);
    if (!status)
        status = ranking_sort(&r, scores, labels);
    if (status)
        return status;
    const size_t all_anomalies = r.n_anomalies;
    while (left) {
        take_highest(&normals, &anomalies, &r);
        const size_t tied = normals + anomalies, taken = left < tied ? left : tied;
        hits += (double)taken * (double)anomalies / (double)tied;
        left -= taken;
    }
    aep__free(&r.mem, r.normals);
    put_rates(precision, recall, f1, hits, count, all_anomalies);
    return AEP_OK;
}

int aep_metrics_auroc(double *auroc, const float *scores, const uint8_t *labels, size_t n,
                      const aep_allocator *allocator)
{
    ranking r;
    double wins = 0; /* pairs in which the anomaly has the higher score; a tie is half a win */
    size_t normals, anomalies;
    int status = auroc ? ranking_init(&r, scores, labels, n, allocator) : AEP_E_ARGUMENT;
    if (status)
        return status;
    if (!r.n_normals || !r.n_anomalies) {
        *auroc = NAN;
        return AEP_E_STATE;
    }
    status = ranking_sort(&r, scores, labels);
    if (status)
        return status;
    const double pairs = (double)r.n_normals * (double)r.n_anomalies;
    while (r.n_anomalies) {
        take_highest(&normals, &anomalies, &r);
        wins += (double)anomalies * ((double)r.n_normals + 0.5 * (double)normals);
    }
    aep__free(&r.mem, r.normals);
    *auroc = wins / pairs;
    return AEP_OK;
}

int aep_metrics_average_precision(double *average_precision, const float *scores, const uint8_t *labels, size_t n,
                                  const aep_allocator *allocator)
{
    ranking r;
    double sum = 0, hits = 0, flagged = 0;
    size_t normals, anomalies;
    int status = average_precision ? ranking_init(&r, scores, labels, n, allocator) : AEP_E_ARGUMENT;
    if (status)
        return status;
    if (!r.n_anomalies) {
        *average_precision = NAN;
        return AEP_E_STATE;
    }
    status = ranking_sort(&r, scores, labels);
    if (status)
        return status;
    const double all_anomalies = (double)r.n_anomalies;
    while (r.n_anomalies) {
        take_highest(&normals, &anomalies, &r);
        hits += (double)anomalies;
        flagged += (double)(normals + anomalies);
        sum += (double)anomalies * hits / flagged;
    }
    aep__free(&r.mem, r.normals);
    *average_precision = sum / all_anomalies;
    return AEP_OK;
}
