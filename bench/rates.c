/* SPDX-License-Identifier: BSD-2-Clause */
#include "rates.h"

#include "timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 9 };

static const double seconds_a_repeat = 0.1;

/* ---------------------------------------------------------------------------------------------------------- timing */

static int run(double *seconds, bench *b, const bench_measure *m, size_t calls)
{
    const double start = seconds_now();
    for (size_t i = 0; i < calls; i++) {
        int status = m->call(b, m->batch);
        if (status)
            return status;
    }
    *seconds = seconds_now() - start;
    return 0;
}

int rates_repeat(double *rows_per_second, rates *r, size_t measure)
{
    const bench_measure *m = &r->measures[measure];
    double seconds = 0;
    int status = 0;
    if (!r->calls[measure]) {
        size_t calls = 1;
        while (!(status = run(&seconds, r->subject, m, calls)) && seconds < seconds_a_repeat)
            calls *= 2;
        r->calls[measure] = calls;
    }
    if (!status)
        status = run(&seconds, r->subject, m, r->calls[measure]);
    *rows_per_second = (double)(r->calls[measure] * m->batch) / seconds;
    return status;
}

/* -------------------------------------------------------------------------------------------------------- reporting */

int rates_print(rates *r)
{
    for (size_t i = 0; i < r->n_measures; i++) {
        double found[REPEATS];
        for (int j = 0; j < REPEATS; j++) {
            int status = rates_repeat(&found[j], r, i);
            if (status)
                return status;
        }
        printf("%-12s %14.0f rows/s\n", r->measures[i].name, median(found, REPEATS));
        fflush(stdout);
    }
    return 0;
}

void rates_print_names(const rates *r)
{
    for (size_t i = 0; i < r->n_measures; i++)
        printf("%s\"%s\"", i ? ", " : "[", r->measures[i].name);
    printf("]");
}

static size_t find(const rates *r, const char *name)
{
    size_t i = 0;
    while (i < r->n_measures && strcmp(r->measures[i].name, name))
        i++;
    return i;
}

int rates_serve(rates *r, int unknown)
{
    char name[64];
    while (fgets(name, sizeof name, stdin)) {
        double rate;
        name[strcspn(name, "\n")] = '\0';
        const size_t measure = find(r, name);
        int status = measure < r->n_measures ? rates_repeat(&rate, r, measure) : unknown;
        if (status)
            return status;
        printf("%.1f\n", rate);
        fflush(stdout);
    }
    return 0;
}
