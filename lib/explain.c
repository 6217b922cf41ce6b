/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which columns a score comes from. Two views, averaged where both apply:
 *   own:  the column's part of the error that the score is made of;
 *   drop: how far that error falls when this column alone is set to what the model expects there, its
 *         reconstruction or its usual value, whichever lowers it more.
 * A row whose error is smaller than predicted has no column to blame for its error: only the second view applies to
 * it, with the score in place of the error. The joint score, of which the error is a part, is taken apart like the
 * prediction error. docs/method.md gives the measurements behind this choice.
 *
 * Of images the first view alone is taken, and where it does not apply the error's parts all the same: a single pixel
 * that is put right changes next to nothing, and trying them all takes twice as many passes as there are pixels.
 */
#include "score.h"

#include <string.h>

enum { CANDIDATES = 2 }; /* values tried for each column */

static float square(float x) { return x * x; }

/* What a row is blamed for. */
enum blame {
    BLAME_ERROR,    /* ||x - x'||: the score is that error, or a scalar error larger than predicted */
    BLAME_FEATURES, /* the vector form: each feature's error against its prediction */
    BLAME_SCORE     /* a scalar error smaller than predicted: the score itself */
};

static bool is_image(const aep_model *model) { return model->settings.image.shape.channels > 0; }

/* For a single row that was run; alone, it lies row by row. */
static enum blame choose_blame(const aep__scored *row, const aep_model *model)
{
    const aep__net *net = &model->net;
    if (aep__choice(model, AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION))
        return BLAME_ERROR;
    if (net->error_size > 1)
        return BLAME_FEATURES;
    const real error = *aep__value(&net->tape, row->frame, net->error);
    const bool larger = error >= *aep__value(&net->tape, row->frame, net->predicted);
    return larger || is_image(model) ? BLAME_ERROR : BLAME_SCORE;
}

/* own (n_cols) of that row; all 0 where the view does not apply. */
static void own_parts(float *own, const aep__scored *row, const aep_model *model, enum blame blame)
{
    const aep__net *net = &model->net;
    const real *x = aep__value(&net->tape, row->frame, net->x);
    const real *rebuilt = aep__value(&net->tape, row->frame, net->reconstruction);
    const real *error = aep__value(&net->tape, row->frame, net->error);
    const real *predicted = aep__value(&net->tape, row->frame, net->predicted);
    for (size_t col = 0; col < model->schema.n_columns; col++) {
        own[col] = 0;
        for (size_t j = model->scaler.first[col]; blame != BLAME_SCORE && j < model->scaler.first[col + 1]; j++)
            own[col] += blame == BLAME_FEATURES ? square(error[j] - predicted[j]) : square(x[j] - rebuilt[j]);
    }
}

/* What is blamed on each of the rows that were run. */
static void read_blamed(float *values, const aep__scored *rows, enum blame blame)
{
    if (blame == BLAME_ERROR)
        aep__scored_read(values, rows, rows->model->net.row_error);
    else
        aep__scores_read(values, rows);
}

static float candidate(const aep_model *model, const float *rebuilt, size_t col, size_t which)
{
    const bool usual = which && model->schema.columns[col].kind == AEP_COLUMN_NUMERIC;
    return usual ? model->scaler.fill[col] : rebuilt[col];
}

/* drop (n_cols), all 0 before: by how much what is blamed on a row can fall below `from`. */
static void drops(float *drop, aep_workspace *ws, const aep_model *model, const float *row, const float *rebuilt,
                  float from, enum blame blame)
{
    const size_t n_cols = model->schema.n_columns, n_variants = CANDIDATES * n_cols;
    for (size_t start = 0, n; start < n_variants; start += n) {
        n = n_variants - start < ws->capacity ? n_variants - start : ws->capacity;
        for (size_t i = 0; i < n; i++) {
            const size_t col = (start + i) / CANDIDATES;
            memcpy(ws->rows + i * n_cols, row, n_cols * sizeof *row);
            ws->rows[i * n_cols + col] = candidate(model, rebuilt, col, (start + i) % CANDIDATES);
        }
        const aep__scored scored = aep__scoring_run(ws, 0, model, ws->rows, n, model->net.score);
        read_blamed(ws->scores, &scored, blame);
        for (size_t i = 0; i < n; i++) {
            float *best = &drop[(start + i) / CANDIDATES];
            if (from - ws->scores[i] > *best)
                *best = from - ws->scores[i];
        }
    }
}

static double sum(const float *values, size_t n)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += (double)values[i];
    return total;
}

/* shares holds the own parts on entry */
static void combine(float *shares, const float *drop, size_t n)
{
    const double own_sum = sum(shares, n), drop_sum = sum(drop, n);
    const double views = (own_sum > 0) + (drop_sum > 0);
    for (size_t i = 0; i < n; i++) {
        double share = 0;
        if (own_sum > 0)
            share += (double)shares[i] / own_sum / views;
        if (drop_sum > 0)
            share += (double)drop[i] / drop_sum / views;
        shares[i] = (float)(views > 0 ? share : 1 / (double)n);
    }
}

static void explain_row(float *shares, aep_workspace *ws, const aep_model *model, const float *row)
{
    const aep__net *net = &model->net;
    const size_t n_cols = model->schema.n_columns;
    float *rebuilt = ws->rows + ws->capacity * n_cols, *drop = rebuilt + n_cols;
    float from;
    const aep__scored scored = aep__scoring_run(ws, 0, model, row, 1, net->score);
    const enum blame blame = choose_blame(&scored, model);
    read_blamed(&from, &scored, blame);
    own_parts(shares, &scored, model, blame);
    memset(drop, 0, n_cols * sizeof *drop);
    if (is_image(model)) {
        combine(shares, drop, n_cols);
        return;
    }
    aep__scaler_invert(&model->scaler, aep__value(&net->tape, scored.frame, net->reconstruction), rebuilt);
    drops(drop, ws, model, row, rebuilt, from, blame);
    combine(shares, drop, n_cols);
}

int aep_explain(float *shares, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
                size_t n_cols)
{
    aep_workspace *own;
    if (!shares || !model)
        return AEP_E_ARGUMENT;
    int status = aep__score_ready(model);
    if (status)
        return status;
    status = aep__scoring_begin(&workspace, &own, model, rows, n_rows, n_cols);
    if (status)
        return status;
    for (size_t i = 0; i < n_rows; i++)
        explain_row(shares + i * n_cols, workspace, model, rows + i * n_cols);
    aep_workspace_free(own);
    return AEP_OK;
}
