/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How rows are distributed, variable by variable: the score, each latent variable, each column. The rows that a model was
 * calibrated on leave a profile in it, which later rows are compared with.
 *
 * A numeric variable has knots, which are quantiles of the rows calibrated on (values that occur there; equal ones are
 * one knot), and counts the values at each knot and between them. A categorical one counts its levels.
 */
#ifndef AEP_PROFILE_H
#define AEP_PROFILE_H

#include "bytes.h"
#include "mem.h"
#include "schema.h"

enum {
    AEP__PROFILE_KNOTS = 41,           /* quantiles 0, 1/40, ..., 1 */
    AEP__PROFILE_MOST_ROWS = 1 << 14,  /* that knots and counts are taken of */
    AEP__PROFILE_MOST_CODES = 1 << 23, /* latent variables of all rows together that are kept meanwhile */
};

typedef struct aep__variable {
    size_t n_levels; /* 0: numeric */
    size_t n_knots;  /* of a numeric one, ascending */
    float *knots;
    uint64_t *counts; /* (aep__variable_slots) */
} aep__variable;

/* Slots of a numeric variable: below the first knot, at it, between it and the second, ..., above the last. Of a
   categorical one: its levels, then all others. The last slot of both: missing. */
size_t aep__variable_slots(const aep__variable *v);

/* All zero: no rows yet. Variables are the score, the latent variables, then the columns, but for those of an image. */
typedef struct aep__profile {
    size_t n_codes, n_columns; /* n_columns 0: of an image */
    uint64_t n_rows;           /* that were counted */
    aep__variable *variables;  /* (1 + n_codes + n_columns) */
    float *knots;              /* of all variables, one behind the other; likewise the counts */
    uint64_t *counts;
    size_t n_variables, n_knots, n_counts; /* so far */
} aep__profile;

/* Room for so many knots and counts. MEMORY: all zero. */
int aep__profile_init(aep__profile *p, const aep_allocator *mem, size_t n_codes, size_t n_columns, size_t n_knots,
                      size_t n_counts);
int aep__profile_copy(aep__profile *to, const aep_allocator *mem, const aep__profile *from); /* MEMORY: all zero */
void aep__profile_free(aep__profile *p, const aep_allocator *mem);                           /* to all zero */
void aep__profile_clear(aep__profile *p);                                                    /* all counts to 0 */

/* The next variable: what knots and counts it takes at most, and its values in n rows, NaN where missing. Values of a
   numeric one (n_levels 0) are sorted in place. */
void aep__variable_room(size_t *n_knots, size_t *n_counts, size_t n_levels);
void aep__profile_take(aep__profile *p, size_t n_levels, float *values, size_t n);

/* Count a value, NaN as missing. */
void aep__variable_add(aep__variable *v, float value);

void aep__profile_write(const aep__profile *p, aep__writer *w);
int aep__profile_read(aep__profile *p, const aep_allocator *mem, const aep__schema *schema, size_t n_codes, bool image,
                      aep__reader *r); /* FORMAT, MEMORY: all zero */

/* How far apart two variables of the same knots or levels are, n and m being the numbers of rows counted:
     psi    sum over bins of (a - b) ln(a / b), the population stability index (Siddiqi 2006), a and b being shares
            (count + 1/2) / (n + bins / 2) of the rows in a bin
     psi_p  p-value of the same bins' homogeneity, Pearson's chi-squared with bins - 1 degrees of freedom
     ks     largest difference of the distribution functions at the knots (Kolmogorov-Smirnov); NaN of a categorical one,
            or without values
     ks_p   its p-value (Stephens 1970), conservative where values repeat
   Bins are levels, or about tenths of the reference; a value that a tenth of the reference has, missing values and those
   that are no level are bins of their own. Bins where less than one row is expected in the smaller sample are one, or go to
   the largest (Cochran 1954). */
typedef struct aep__shift {
    double n, m;
    size_t bins;
    double psi, psi_p, ks, ks_p;
} aep__shift;

/* Both with the same knots or levels, and rows counted. */
aep__shift aep__variable_shift(const aep__variable *now, const aep__variable *reference);

/* What psi stays below in 99 of 100 cases where nothing has changed: (1/n + 1/m) times the quantile of that chi-squared
   (Yurdakul and Naranjo 2020). */
double aep__shift_noise(const aep__shift *shift);

/* The n at which that is no more than `psi`; infinite where m is too small. */
double aep__shift_rows_needed(const aep__shift *shift, double psi);

#endif
