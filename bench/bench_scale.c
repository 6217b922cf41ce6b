/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time against size, as CSV: the dense network on 10^4 to 10^7 rows (4.7 GB), and networks of 10^4 to 10^7 parameters.
 *   bench_scale rows|parameters [LARGEST]
 * Columns: n, then nanoseconds a row of an epoch of aep_fit in batches of 1,024 and of one call of aep_score; of
 * networks, likewise, a row and parameter, of aep_fit_batch on 1,024 rows and aep_score on 4,096. Each is the median of
 * REPEATS.
 */
#include "bench.h"
#include "dense.h"
#include "timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1024, MANY = 4096, REPEATS = 5 };

static const double seconds_a_repeat = 0.2;

typedef struct work {
    aep_model *model;
    aep_workspace *workspace;
    float *rows, *scores;
    size_t n, columns;
} work;

static int fit(work *w) { return aep_fit(w->model, w->rows, w->n, w->columns, NULL, NULL); }
static int fit_batch(work *w) { return aep_fit_batch(w->model, w->rows, BATCH, w->columns); }
static int score(work *w) { return aep_score(w->scores, w->model, w->workspace, w->rows, w->n, w->columns); }

/* Seconds of a call. */
static int measure(double *seconds, work *w, int (*call)(work *w))
{
    double taken[REPEATS];
    int status = call(w);
    for (int r = 0; !status && r < REPEATS; r++) {
        size_t calls = 0;
        const double start = seconds_now();
        do
            status = call(w);
        while (++calls && !status && seconds_now() - start < seconds_a_repeat);
        taken[r] = (seconds_now() - start) / (double)calls;
    }
    *seconds = status ? 0 : median(taken, REPEATS);
    return status;
}

static int prepare(work *w)
{
    int status = aep_model_set(w->model, AEP_OPT_EPOCHS, 1);
    if (!status)
        status = aep_model_set(w->model, AEP_OPT_BATCH, BATCH);
    return status ? status : aep_workspace_new(&w->workspace, w->model);
}

static void discard(work *w)
{
    aep_workspace_free(w->workspace);
    aep_model_free(w->model);
    w->workspace = NULL;
    w->model = NULL;
}

static int by_rows(size_t largest)
{
    work w = {.columns = DENSE_COLUMNS};
    w.rows = malloc(largest * DENSE_COLUMNS * sizeof *w.rows);
    w.scores = malloc(largest * sizeof *w.scores);
    int status = w.rows && w.scores ? AEP_OK : AEP_E_MEMORY;
    if (!status)
        bench_draw(w.rows, largest * DENSE_COLUMNS);
    printf("rows,fit_ns,score_ns\n");
    for (double n = 1e4; !status && n <= (double)largest * 1.01; n *= 3.1622776601683795) {
        double fit_seconds, score_seconds;
        w.n = (size_t)(n + 0.5);
        status = dense_model(&w.model, NULL, NULL);
        if (!status)
            status = prepare(&w);
        if (!status)
            status = measure(&fit_seconds, &w, fit);
        if (!status)
            status = measure(&score_seconds, &w, score);
        if (!status)
            printf("%zu,%.1f,%.1f\n", w.n, fit_seconds / n * 1e9, score_seconds / n * 1e9);
        fflush(stdout);
        discard(&w);
    }
    free(w.rows);
    free(w.scores);
    return status;
}

/* f-f/2-f/4-8, mirrored: about 1.25 f^2 parameters. */
static int make_network(work *w, size_t f)
{
    const size_t encoder[] = {f / 2, f / 4, 8}, head[] = {10, 10};
    aep_options *options;
    int status = aep_options_new(&options);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 3);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_HEAD, head, 2);
    if (!status)
        status = aep_options_set(options, AEP_OPT_SCALING, AEP_SCALING_NONE);
    if (!status)
        status = aep_options_set(options, AEP_OPT_SQUASH, AEP_SQUASH_NONE);
    if (!status)
        status = aep_model_new(&w->model, options, f);
    aep_options_free(options);
    return status ? status : prepare(w);
}

static int by_parameters(size_t largest)
{
    static const size_t features[] = {88, 156, 280, 502, 892, 1588, 2828};
    int status = AEP_OK;
    printf("parameters,fit_ns,score_ns\n");
    for (size_t i = 0; !status && i < sizeof features / sizeof *features; i++) {
        work w = {.n = MANY, .columns = features[i]};
        double fit_seconds, score_seconds, n_params;
        w.rows = malloc(MANY * features[i] * sizeof *w.rows);
        w.scores = malloc(MANY * sizeof *w.scores);
        status = w.rows && w.scores ? make_network(&w, features[i]) : AEP_E_MEMORY;
        if (!status)
            status = aep_model_stat(&n_params, w.model, AEP_STAT_PARAMETERS);
        if (!status && n_params <= (double)largest * 1.1) {
            bench_draw(w.rows, MANY * features[i]);
            status = measure(&fit_seconds, &w, fit_batch);
            if (!status)
                status = measure(&score_seconds, &w, score);
            if (!status)
                printf("%.0f,%.5f,%.5f\n", n_params, fit_seconds / BATCH / n_params * 1e9,
                       score_seconds / MANY / n_params * 1e9);
            fflush(stdout);
        }
        discard(&w);
        free(w.rows);
        free(w.scores);
    }
    return status;
}

int main(int argc, char **argv)
{
    const size_t largest = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000000;
    int status = AEP_E_ARGUMENT;
    if (argc > 1 && !strcmp(argv[1], "rows"))
        status = by_rows(largest);
    else if (argc > 1 && !strcmp(argv[1], "parameters"))
        status = by_parameters(largest);
    if (status)
        fprintf(stderr, "%s: %s\n", argv[0], aep_status_str(status));
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
