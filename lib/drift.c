/* SPDX-License-Identifier: BSD-2-Clause */
/* How far rows have moved from those that a model was calibrated on, whose profile it holds. */
#include "drift.h"

#include "rng.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------ the profile */

/* Rows that a profile is taken of: one of each of n parts of about equal length, drawn at random, since what comes at
   regular intervals may all be of one kind. */
typedef struct sample {
    const aep_model *model;
    const float *rows, *scores;
    const size_t *index; /* (n) */
    size_t n;
} sample;

static void draw(size_t *index, size_t n, size_t n_rows, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        const size_t first = (size_t)((double)i * (double)n_rows / (double)n);
        const size_t end = (size_t)((double)(i + 1) * (double)n_rows / (double)n);
        real share;
        aep__rng_uniform(&share, 1, seed, AEP__STREAM_PROFILE, 0, (uint32_t)i);
        const size_t at = first + (size_t)((double)share * (double)(end - first));
        index[i] = at < end ? at : first;
    }
}

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
        status = aep_encode(code, s->model, workspace, s->rows + s->index[i] * n_cols, 1, n_cols);
        for (size_t j = 0; !status && j < k; j++)
            codes[j * s->n + i] = code[j];
    }
    aep_workspace_free(workspace);
    return status;
}

static void take_variables(aep__profile *p, const sample *s, float *codes, float *values)
{
    const size_t k = p->n_codes, n_cols = s->model->schema.n_columns;
    for (size_t i = 0; i < s->n; i++)
        values[i] = s->scores[s->index[i]];
    aep__profile_take(p, 0, values, s->n);
    for (size_t j = 0; j < k; j++)
        aep__profile_take(p, 0, codes + j * s->n, s->n);
    for (size_t j = 0; j < p->n_columns; j++) {
        for (size_t i = 0; i < s->n; i++)
            values[i] = s->rows[s->index[i] * n_cols + j];
        aep__profile_take(p, levels_of(s->model, 1 + k + j), values, s->n);
    }
    p->n_rows = s->n;
}

int aep__profile_of_rows(aep__profile *p, const aep_model *model, const float *rows, const float *scores, size_t n_rows)
{
    const aep_allocator *mem = &model->mem;
    const size_t k = model->net.code_size, by_codes = AEP__PROFILE_MOST_CODES / k;
    const size_t most = by_codes < AEP__PROFILE_MOST_ROWS ? by_codes : AEP__PROFILE_MOST_ROWS;
    const size_t n = n_rows < most ? n_rows : most;
    *p = (aep__profile){0};
    size_t *index = aep__alloc(mem, n, sizeof *index);
    float *codes = aep__alloc(mem, n, k * sizeof *codes), *code = aep__alloc(mem, k, sizeof *code);
    float *values = aep__alloc(mem, n, sizeof *values);
    const sample s = {.model = model, .rows = rows, .scores = scores, .index = index, .n = n};
    int status = index && codes && code && values ? make_room(p, model) : AEP_E_MEMORY;
    if (!status)
        draw(index, n, n_rows, (uint64_t)aep__option(model, AEP_OPT_SEED));
    if (!status)
        status = encode(codes, code, &s);
    if (!status && !model->net.tape.kernels->all_finite(codes, s.n * k))
        status = aep__fail(&model->log, AEP_E_DIVERGED, "latent variables are not finite: the weights have diverged");
    if (!status)
        take_variables(p, &s, codes, values);
    else
        aep__profile_free(p, mem);
    aep__free(mem, codes);
    aep__free(mem, code);
    aep__free(mem, values);
    aep__free(mem, index);
    return status;
}

/* ------------------------------------------------------------------------------------------- rows beside it */

enum { ROWS_AT_A_TIME = 256, CODES_AT_A_TIME = 1 << 16 };

struct aep_drift {
    aep_allocator mem;
    aep__log log;
    aep__profile reference, now;
    uint64_t step;         /* of the model when it was calibrated */
    bool warned;           /* that the model has made others since */
    uint64_t *before;      /* what now.counts held before a call */
    size_t capacity;       /* rows at a time */
    float *scores, *codes; /* (capacity), (capacity, n_codes) */
};

static void warn_if_trained(aep_drift *d, const aep_model *model)
{
    if (model->steps == d->step || d->warned)
        return;
    d->warned = true;
    aep__logf(
        &d->log, AEP_LOG_WARNING,
        "the model was trained since it was calibrated: its scores and latent variables have moved by that alone; "
        "calibrate again, and call aep_drift_new");
}

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
    d->step = model->calibration.step;
    warn_if_trained(d, model);
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

/* n <= capacity rows, counted after all have been scored; `first` is the number of the first of them in the call. */
static int add_part(aep_drift *d, const aep_model *model, aep_workspace *workspace, const float *rows, size_t first,
                    size_t n)
{
    int status = aep__score_and_encode(d->scores, d->codes, model, workspace, rows, n, model->schema.n_columns);
    for (size_t i = 0; !status && i < n; i++)
        if (!isfinite(d->scores[i]))
            status = aep__fail(&d->log, AEP_E_DIVERGED, "row %zu scores %s: the weights of the model have diverged",
                               first + i, AEP__NUMBER(d->scores[i], 6));
    if (!status)
        count_rows(d, rows, n);
    return status;
}

/* More rows than that; where one of them fails, those before it are not counted either. */
static int add_parts(aep_drift *d, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows)
{
    int status = AEP_OK;
    const uint64_t n_before = d->now.n_rows;
    memcpy(d->before, d->now.counts, d->now.n_counts * sizeof *d->before);
    for (size_t first = 0, n; !status && first < n_rows; first += n) {
        n = n_rows - first < d->capacity ? n_rows - first : d->capacity;
        status = add_part(d, model, workspace, rows + first * model->schema.n_columns, first, n);
    }
    if (status) {
        memcpy(d->now.counts, d->before, d->now.n_counts * sizeof *d->before);
        d->now.n_rows = n_before;
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
    warn_if_trained(drift, model);
    workspace = workspace ? workspace : own;
    status = n_rows <= drift->capacity ? add_part(drift, model, workspace, rows, 0, n_rows)
                                       : add_parts(drift, model, workspace, rows, n_rows);
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
        return aep__shift_noise(shift);
    case AEP_DRIFT_PSI_PVALUE:
        return shift->psi_p;
    case AEP_DRIFT_KS:
        return shift->ks;
    case AEP_DRIFT_KS_PVALUE:
        return shift->ks_p;
    default: /* AEP_DRIFT_ROWS_NEEDED */
        return aep__shift_rows_needed(shift, 0.1);
    }
}

int aep_drift_get(double *value, const aep_drift *drift, int kind, size_t index, int figure)
{
    size_t first, n;
    if (!value || !drift)
        return AEP_E_ARGUMENT;
    *value = NAN;
    if (!find_kind(&first, &n, &drift->now, kind) || figure < AEP_DRIFT_PSI || figure > AEP_DRIFT_ROWS_NEEDED)
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
