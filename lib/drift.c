/* SPDX-License-Identifier: BSD-2-Clause */
/* How far rows have moved from those that a model was calibrated on, whose profile it holds. */
#include "drift.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------ the profile */

/* Rows that a profile is taken of, evenly over all. */
typedef struct sample {
    const aep_model *model;
    const float *rows, *scores;
    size_t every, n;
} sample;

static size_t n_profiled_columns(const aep_model *model)
{
    return model->settings.image.shape.channels ? 0 : model->schema.n_columns;
}

/* 0: numeric */
static size_t levels_of(const aep_model *model, size_t variable)
{
    const size_t first = 1 + model->net.code_size; /* of the columns */
    return variable < first ? 0 : model->schema.columns[variable - first].n_levels;
}

static int make_room(aep__profile *p, const aep_model *model)
{
    const size_t n_codes = model->net.code_size, n_columns = n_profiled_columns(model);
    size_t n_knots = 0, n_counts = 0;
    for (size_t i = 0; i < 1 + n_codes + n_columns; i++) {
        size_t knots, counts;
        aep__variable_room(&knots, &counts, levels_of(model, i));
        if (!aep__add(&n_knots, n_knots, knots) || !aep__add(&n_counts, n_counts, counts))
            return AEP_E_MEMORY;
    }
    return aep__profile_init(p, &model->mem, n_codes, n_columns, n_knots, n_counts);
}

/* codes (k, n): one latent variable behind the other. code (k) is scratch */
static int encode(float *codes, float *code, const sample *s)
{
    const size_t k = s->model->net.code_size, n_cols = s->model->schema.n_columns;
    aep_workspace *workspace;
    int status = aep_workspace_new(&workspace, s->model);
    for (size_t i = 0; !status && i < s->n; i++) {
        status = aep_encode(code, s->model, workspace, s->rows + i * s->every * n_cols, 1, n_cols);
        for (size_t j = 0; !status && j < k; j++)
            codes[j * s->n + i] = code[j];
    }
    aep_workspace_free(workspace);
    return status;
}

static bool all_finite(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static void take_variables(aep__profile *p, const sample *s, float *codes, float *values)
{
    const size_t k = p->n_codes, n_cols = s->model->schema.n_columns;
    for (size_t i = 0; i < s->n; i++)
        values[i] = s->scores[i * s->every];
    aep__profile_take(p, 0, values, s->n);
    for (size_t j = 0; j < k; j++)
        aep__profile_take(p, 0, codes + j * s->n, s->n);
    for (size_t j = 0; j < p->n_columns; j++) {
        for (size_t i = 0; i < s->n; i++)
            values[i] = s->rows[i * s->every * n_cols + j];
        aep__profile_take(p, levels_of(s->model, 1 + k + j), values, s->n);
    }
    p->n_rows = s->n;
}

int aep__profile_of_rows(aep__profile *p, const aep_model *model, const float *rows, const float *scores, size_t n_rows)
{
    const aep_allocator *mem = &model->mem;
    const size_t k = model->net.code_size, by_codes = AEP__PROFILE_MOST_CODES / k;
    const size_t most = by_codes < AEP__PROFILE_MOST_ROWS ? by_codes : AEP__PROFILE_MOST_ROWS;
    sample s = {.model = model, .rows = rows, .scores = scores, .every = (n_rows - 1) / most + 1};
    s.n = (n_rows - 1) / s.every + 1;
    *p = (aep__profile){0};
    float *codes = aep__alloc(mem, s.n, k * sizeof *codes), *code = aep__alloc(mem, k, sizeof *code);
    float *values = aep__alloc(mem, s.n, sizeof *values);
    int status = codes && code && values ? make_room(p, model) : AEP_E_MEMORY;
    if (!status)
        status = encode(codes, code, &s);
    if (!status && !all_finite(codes, s.n * k))
        status = aep__fail(&model->log, AEP_E_DIVERGED, "latent variables are not finite: the weights have diverged");
    if (!status)
        take_variables(p, &s, codes, values);
    else
        aep__profile_free(p, mem);
    aep__free(mem, codes);
    aep__free(mem, code);
    aep__free(mem, values);
    return status;
}

/* ------------------------------------------------------------------------------------------- rows beside it */

enum { ROWS_AT_A_TIME = 256, CODES_AT_A_TIME = 1 << 16 };

struct aep_drift {
    aep_allocator mem;
    aep__log log;
    aep__profile reference, now;
    uint64_t *before;      /* what now.counts held before a call */
    size_t capacity;       /* rows at a time */
    float *scores, *codes; /* (capacity), (capacity, n_codes) */
};

int aep_drift_new(aep_drift **drift, const aep_model *model)
{
    if (!drift)
        return AEP_E_ARGUMENT;
    *drift = NULL;
    if (!model)
        return AEP_E_ARGUMENT;
    const aep__profile *reference = &model->profile;
    if (!reference->n_rows)
        return aep__fail(&model->log, AEP_E_STATE,
                         "the model holds no distribution to compare with: call aep_calibrate first");
    aep_drift *d = aep__alloc(&model->mem, 1, sizeof *d);
    if (!d)
        return aep__fail(&model->log, AEP_E_MEMORY, "no memory to compare rows");
    d->mem = model->mem;
    d->log = model->log;
    const size_t by_codes = CODES_AT_A_TIME / reference->n_codes;
    d->capacity = by_codes < ROWS_AT_A_TIME ? by_codes : ROWS_AT_A_TIME;
    d->scores = aep__alloc(&d->mem, d->capacity, sizeof *d->scores);
    d->codes = aep__alloc(&d->mem, d->capacity, reference->n_codes * sizeof *d->codes);
    d->before = aep__alloc(&d->mem, reference->n_counts, sizeof *d->before);
    if (!d->scores || !d->codes || !d->before || aep__profile_copy(&d->reference, &d->mem, reference) ||
        aep__profile_copy(&d->now, &d->mem, reference)) {
        aep_drift_free(d);
        return aep__fail(&model->log, AEP_E_MEMORY, "no memory to compare rows");
    }
    aep__profile_clear(&d->now);
    if (model->steps != model->calibration.step)
        aep__logf(&model->log, AEP_LOG_WARNING,
                  "the model was trained since it was calibrated: its scores and latent variables have moved by that "
                  "alone; calibrate again");
    *drift = d;
    return AEP_OK;
}

void aep_drift_free(aep_drift *drift)
{
    if (!drift)
        return;
    const aep_allocator mem = drift->mem;
    aep__profile_free(&drift->reference, &mem);
    aep__profile_free(&drift->now, &mem);
    aep__free(&mem, drift->before);
    aep__free(&mem, drift->scores);
    aep__free(&mem, drift->codes);
    aep__free(&mem, drift);
}

static bool same_variables(const aep_drift *d, const aep_model *model)
{
    if (d->now.n_codes != model->net.code_size || d->now.n_columns != n_profiled_columns(model))
        return false;
    for (size_t i = 0; i < d->now.n_variables; i++)
        if (d->now.variables[i].n_levels != levels_of(model, i))
            return false;
    return true;
}

/* n <= capacity rows whose scores and codes are in the buffers */
static void count_rows(aep_drift *d, const float *rows, size_t n)
{
    aep__profile *now = &d->now;
    aep__variable *v = now->variables;
    for (size_t i = 0; i < n; i++)
        aep__variable_add(v, d->scores[i]);
    v++;
    for (size_t j = 0; j < now->n_codes; j++, v++)
        for (size_t i = 0; i < n; i++)
            aep__variable_add(v, d->codes[i * now->n_codes + j]);
    for (size_t j = 0; j < now->n_columns; j++, v++)
        for (size_t i = 0; i < n; i++)
            aep__variable_add(v, rows[i * now->n_columns + j]);
    now->n_rows += n;
}

static int add_rows(aep_drift *d, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
                    size_t n_cols)
{
    int status = AEP_OK;
    for (size_t first = 0, n; !status && first < n_rows; first += n) {
        n = n_rows - first < d->capacity ? n_rows - first : d->capacity;
        const float *part = rows + first * n_cols;
        status = aep__score_and_encode(d->scores, d->codes, model, workspace, part, n, n_cols);
        for (size_t i = 0; !status && i < n; i++)
            if (!isfinite(d->scores[i]))
                status = aep__fail(&d->log, AEP_E_DIVERGED, "row %zu scores %s: the weights of the model have diverged",
                                   first + i, AEP__NUMBER(d->scores[i], 6));
        if (!status)
            count_rows(d, part, n);
    }
    return status;
}

int aep_drift_add(aep_drift *drift, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
                  size_t n_cols)
{
    aep_workspace *own = NULL;
    if (!drift || !model)
        return AEP_E_ARGUMENT;
    int status = aep__rows_check(model, rows, n_rows, n_cols, 1, false); /* here, for the numbers of the rows */
    if (!status)
        status = aep__score_ready(model);
    if (status)
        return status;
    if (!same_variables(drift, model))
        return aep__fail(&drift->log, AEP_E_ARGUMENT,
                         "these counts are of a model with other columns or latent variables: make others for this one "
                         "(aep_drift_new)");
    if (!workspace)
        status = aep_workspace_new(&own, model);
    if (status)
        return status;
    memcpy(drift->before, drift->now.counts, drift->now.n_counts * sizeof *drift->before);
    const uint64_t n_before = drift->now.n_rows;
    status = add_rows(drift, model, workspace ? workspace : own, rows, n_rows, n_cols);
    if (status) {
        memcpy(drift->now.counts, drift->before, drift->now.n_counts * sizeof *drift->before);
        drift->now.n_rows = n_before;
    }
    aep_workspace_free(own);
    return status;
}

int aep_drift_clear(aep_drift *drift)
{
    if (!drift)
        return AEP_E_ARGUMENT;
    aep__profile_clear(&drift->now);
    return AEP_OK;
}

int aep_drift_rows(size_t *n_rows, size_t *n_reference, const aep_drift *drift)
{
    if (!drift)
        return AEP_E_ARGUMENT;
    if (n_rows)
        *n_rows = (size_t)drift->now.n_rows;
    if (n_reference)
        *n_reference = (size_t)drift->reference.n_rows;
    return AEP_OK;
}

/* Number of the first variable of a kind, and how many there are of it; false for an unknown kind. */
static bool find_kind(size_t *first, size_t *n, const aep__profile *p, int kind)
{
    switch (kind) {
    case AEP_DRIFT_SCORE:
        *first = 0, *n = 1;
        return true;
    case AEP_DRIFT_CODE:
        *first = 1, *n = p->n_codes;
        return true;
    case AEP_DRIFT_COLUMN:
        *first = 1 + p->n_codes, *n = p->n_columns;
        return true;
    default:
        return false;
    }
}

static double figure_of(const aep__shift *shift, int figure)
{
    switch (figure) {
    case AEP_DRIFT_PSI:
        return shift->psi;
    case AEP_DRIFT_PSI_NOISE:
        return shift->psi_noise;
    case AEP_DRIFT_PSI_PVALUE:
        return shift->psi_p;
    case AEP_DRIFT_KS:
        return shift->ks;
    default: /* AEP_DRIFT_KS_PVALUE */
        return shift->ks_p;
    }
}

int aep_drift_get(double *value, const aep_drift *drift, int kind, size_t index, int figure)
{
    size_t first, n;
    if (!value || !drift)
        return AEP_E_ARGUMENT;
    *value = NAN;
    if (!find_kind(&first, &n, &drift->now, kind) || figure < AEP_DRIFT_PSI || figure > AEP_DRIFT_KS_PVALUE)
        return aep__fail(&drift->log, AEP_E_OPTION, "there is no figure %d of the kind %d", figure, kind);
    if (index >= n)
        return aep__fail(&drift->log, AEP_E_RANGE, "variable %zu of the kind %d: there are %zu", index, kind, n);
    if (!drift->now.n_rows)
        return aep__fail(&drift->log, AEP_E_STATE, "no rows to compare were added yet");
    const aep__shift shift =
        aep__variable_shift(&drift->now.variables[first + index], &drift->reference.variables[first + index]);
    *value = figure_of(&shift, figure);
    return isnan(*value) ? AEP_E_STATE : AEP_OK;
}
