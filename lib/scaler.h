/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From input columns to network features and back: location and scale per feature, squashing, one-hot expansion,
 * missing values. Fitted in a stream, saved in the model.
 *
 * A numeric value becomes (x - location) / scale, squashed; with `rank`, which is bounded already, its place among the
 * knots in [-1, 1], not squashed. A value equal to several knots stands in their middle, values outside are held at -1
 * and 1. Level and missing-indicator features are 0 or 1 as they are; with scale_levels under zscore or robust they are
 * scaled by the mean p and standard deviation sqrt(p (1 - p)) of the share p of rows that had them, and squashed.
 */
#ifndef AEP_SCALER_H
#define AEP_SCALER_H

#include "kernels.h"
#include "schema.h"
#include "sketch.h"

enum { AEP__KNOTS = 129 }; /* quantiles kept per numeric column for the rank transform */

/* Scaled values are held to +-AEP__FEATURE_LIMIT, so that any finite input gives a finite score. */
#define AEP__FEATURE_LIMIT 1e9

typedef struct aep__scaling_config {
    int scaling, squash, missing, unseen; /* public enums */
    double squash_limit;
    bool indicator, scale_levels;
    size_t group; /* columns that share a location and a scale, one behind the other: 0 or 1, or a channel's */
} aep__scaling_config;

/* Whether level and missing-indicator features are scaled. */
bool aep__scales_levels(const aep__scaling_config *c);

/* Running statistics of one feature; gone once fitting is over. Of 0/1 features only n is used: how many were 1. */
typedef struct aep__moments {
    double mean, m2, min, max; /* m2: sum of squared deviations (Welford 1962) */
    uint64_t n;                /* values that were not missing */
} aep__moments;

typedef struct aep__scaler {
    const aep__kernels *kernels;
    aep__scaling_config config;
    size_t n_columns, n_features;
    uint64_t n_rows;        /* rows seen */
    size_t n_constant;      /* numeric columns with one value only, or none */
    size_t *first;          /* (n_columns + 1): first feature of each column */
    bool *categorical;      /* (n_columns) */
    double *location;       /* (n_features) */
    double *scale;          /* (n_features), positive; 1 where a feature does not vary */
    double *inverse;        /* (n_features): 1 / scale */
    real *squashed;         /* (n_features): 1 where squashing applies, else 0 */
    real *absent, *present; /* (n_features): what the 0 and the 1 of a level become */
    size_t *run;            /* (n_columns): numeric columns from this one on; 0 for a categorical one */
    bool only_numbers;      /* no column is categorical */
    float *fill;  /* (n_columns): what a missing numeric value becomes, the median (robust, rank) or the mean */
    float *knots; /* (n_columns, AEP__KNOTS) for the rank transform, else NULL; quantiles 0, 1/128, ... 1 */
    aep__moments *moments; /* (n_features) while fitting, else NULL; of a group its first column's are used */
    aep__sketch *sketches; /* (n_columns) while fitting robust or rank, else NULL; likewise */
} aep__scaler;

/* Not fitted yet; with scaling `none` it is usable as it is. n_features is aep__schema_features's. All zero on failure:
   LIMIT, MEMORY. */
int aep__scaler_init(aep__scaler *s, const aep_allocator *mem, const aep__schema *schema,
                     const aep__scaling_config *config);
/* All zero on MEMORY. */
int aep__scaler_copy(aep__scaler *to, const aep_allocator *mem, const aep__scaler *from);
void aep__scaler_free(aep__scaler *s, const aep_allocator *mem); /* to all zero */

/* Whether aep__scaler_apply may be used (n_rows > 0 or scaling none). */
bool aep__scaler_ready(const aep__scaler *s);

/* The first value that must be refused: OK, NOT_FINITE or LEVEL with *row, *col set. In training an unseen level is
   always refused; in scoring as config.unseen says. A level code is a whole number from 0 to n_levels - 1; any other
   whole number (negative or too large) is an unseen level; a number that is not whole is refused always. NaN is allowed
   anywhere under AEP_MISSING_IMPUTE (in a categorical column: no level); infinities never. */
int aep__scaler_check(size_t *row, size_t *col, const aep__scaler *s, const float *rows, size_t n_rows, bool training);

/* Add checked rows to the statistics and bring location, scale, fill and knots up to date; not once frozen. The result
   does not depend on how the rows are cut into calls. On MEMORY the statistics are as they were before the call. Under
   robust and rank each call also sorts what the sketches hold: blocks of rows are much quicker than single ones. */
int aep__scaler_update(aep__scaler *s, const aep_allocator *mem, const float *rows, size_t n_rows);

/* Fitting is over: give back moments and sketches. */
void aep__scaler_freeze(aep__scaler *s, const aep_allocator *mem);

/* features (n_features) of one checked row. Depends on that row only. */
void aep__scaler_apply(const aep__scaler *s, const float *row, real *features);

/* The same for n rows, those of an index or the first: features (n, n_features). */
void aep__scaler_apply_rows(const aep__scaler *s, const float *rows, const uint32_t *index, size_t n, real *features);

/* The row (n_columns) that features stand for: units of the input, likeliest level (the first of equal ones). */
void aep__scaler_invert(const aep__scaler *s, const real *features, float *row);

/* The fitted state; what was read is frozen, or if it is not ready, to be fitted from the start. Reading checks
   everything (scale finite and positive, knots ascending, counts as in the schema) and leaves the scaler all zero on
   failure. */
void aep__scaler_write(const aep__scaler *s, aep__writer *w);
int aep__scaler_read(aep__scaler *s, const aep_allocator *mem, const aep__schema *schema,
                     const aep__scaling_config *config, aep__reader *r); /* FORMAT, MEMORY */

#endif
