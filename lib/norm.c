/* SPDX-License-Identifier: BSD-2-Clause */
#include "norm.h"

#include <math.h>

static const double epsilon = 1e-5;

/* A group of one row: `width` channels of each of n pixels, `channels` apart; and the moments of its values. */
typedef struct group {
    size_t n, width, channels;
    real mean, inverse_sd;
} group;

static group group_of(const real *x, const aep__norm *norm)
{
    group g = {.n = norm->n, .width = norm->channels / norm->groups, .channels = norm->channels};
    const double count = (double)g.n * (double)g.width;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < g.n; i++)
        for (size_t c = 0; c < g.width; c++)
            sum += (double)x[i * g.channels + c];
    const double mean = sum / count;
    for (size_t i = 0; i < g.n; i++)
        for (size_t c = 0; c < g.width; c++) {
            const double d = (double)x[i * g.channels + c] - mean;
            squares += d * d;
        }
    g.mean = (real)mean;
    g.inverse_sd = (real)(1 / sqrt(squares / count + epsilon));
    return g;
}

void aep__norm_forward(real *y, const real *x, const real *gamma, const real *beta, const aep__norm *norm, size_t rows)
{
    const size_t width = norm->channels / norm->groups, size = norm->n * norm->channels;
    for (size_t at = 0; at < rows * size; at += size)
        for (size_t first = 0; first < norm->channels; first += width) {
            const group g = group_of(x + at + first, norm);
            for (size_t i = 0; i < g.n; i++)
                for (size_t c = first; c < first + width; c++) {
                    const size_t j = at + i * g.channels + c;
                    y[j] = gamma[c] * ((x[j] - g.mean) * g.inverse_sd) + beta[c];
                }
        }
}

static void backward_group(real *dx, real *dgamma, real *dbeta, const real *dy, const real *x, const real *gamma,
                           const group *g)
{
    double sum = 0, sum_h = 0; /* of g and g h */
    for (size_t i = 0; i < g->n; i++)
        for (size_t c = 0; c < g->width; c++) {
            const size_t j = i * g->channels + c;
            const real h = (x[j] - g->mean) * g->inverse_sd;
            dgamma[c] += dy[j] * h;
            dbeta[c] += dy[j];
            sum += (double)(gamma[c] * dy[j]);
            sum_h += (double)(gamma[c] * dy[j] * h);
        }
    const real mean = (real)(sum / ((double)g->n * (double)g->width));
    const real mean_h = (real)(sum_h / ((double)g->n * (double)g->width));
    for (size_t i = 0; dx && i < g->n; i++)
        for (size_t c = 0; c < g->width; c++) {
            const size_t j = i * g->channels + c;
            const real h = (x[j] - g->mean) * g->inverse_sd;
            dx[j] += (gamma[c] * dy[j] - mean - h * mean_h) * g->inverse_sd;
        }
}

void aep__norm_backward(real *dx, real *dgamma, real *dbeta, const real *dy, const real *x, const real *gamma,
                        const aep__norm *norm, size_t rows)
{
    const size_t width = norm->channels / norm->groups, size = norm->n * norm->channels;
    for (size_t at = 0; at < rows * size; at += size)
        for (size_t first = 0; first < norm->channels; first += width) {
            const size_t j = at + first;
            const group g = group_of(x + j, norm);
            backward_group(dx ? dx + j : NULL, dgamma + first, dbeta + first, dy + j, x + j, gamma + first, &g);
        }
}
