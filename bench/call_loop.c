/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop that bench_python_call.py compares itself with, loaded into its process: scores one row again and again through
 * the pointer that Python has to aep_score, and so with the same library, model, workspace and row.
 */
#define _POSIX_C_SOURCE 200809L
#include <aepred.h>
#include <time.h>

typedef int (*score_fn)(float *, const aep_model *, aep_workspace *, const float *, size_t, size_t);

double call_loop(score_fn score, const aep_model *model, aep_workspace *workspace, const float *row, size_t n_cols,
                 size_t n_calls);

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of n_calls calls; negative if one fails. */
double call_loop(score_fn score, const aep_model *model, aep_workspace *workspace, const float *row, size_t n_cols,
                 size_t n_calls)
{
    float result;
    const double start = seconds();
    for (size_t i = 0; i < n_calls; i++)
        if (score(&result, model, workspace, row, 1, n_cols))
            return -1;
    return seconds() - start;
}
