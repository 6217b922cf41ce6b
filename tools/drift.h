/* SPDX-License-Identifier: BSD-2-Clause */
/* What `aepred drift` has found, for its table and its picture. */
#ifndef AEPRED_DRIFT_H
#define AEPRED_DRIFT_H

#include <stdbool.h>
#include <stddef.h>

enum moved { MOVED_NOT, MOVED_SOME, MOVED_MUCH };

/* psi from here on is a moderate change, and a large one */
#define DRIFT_SOME 0.1
#define DRIFT_MUCH 0.25

typedef struct shift {
    char *name;
    int kind; /* enum aep_drift_kind */
    size_t index;
    double psi, psi_noise, psi_p, ks, ks_p, rows_needed; /* ks, ks_p: NaN where there is none */
    enum moved moved;
} shift;

typedef struct drift_report {
    shift *shifts; /* those that moved first, the largest psi first among them and among the others */
    size_t n, n_rows, n_reference;
} drift_report;

/* Draw the first of them into a .png or .svg file. What went wrong, or NULL. */
const char *drift_draw(const char *path, const drift_report *report, const char *model);

#endif
