/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which columns a score comes from. Two views, averaged where both apply:
 *   own:  the column's part of the error that the score is made of;
 *   drop: how far the score falls when this column alone is set to what the model expects there, its reconstruction or its
 *         usual value, whichever lowers the score more.
 * A row whose error is smaller than predicted has no column to blame for its error; only the second view applies to it.
 * docs/method.md gives the measurements behind this choice.
 */
#include "score.h"

#include <string.h>

enum { CANDIDATES = 2 }; /* values tried for each column */

static float square(float x) { return x * x; }

/* own (n_cols) of the row that was just run at position 0; all 0 where the view does not apply. */
static void own_parts(float *own, const aep_workspace *ws, const aep_model *model)
{
    const aep__net *net = &model->net;
    const real *x = aep__value(&net->tape, &ws->frame, net->x);
    const real *rebuilt = aep__value(&net->tape, &ws->frame, net->reconstruction);
    const real *error = aep__value(&net->tape, &ws->frame, net->error);
    const real *predicted = aep__value(&net->tape, &ws->frame, net->predicted);
    const bool by_error = aep__choice(model, AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION);
    const bool by_feature = !by_error && net->error_size > 1;
    const bool applies = by_error || by_feature || *error >= *predicted;
    for (size_t col = 0; col < model->schema.n_columns; col++) {
        own[col] = 0;
        for (size_t j = model->scaler.first[col]; applies && j < model->scaler.first[col + 1]; j++)
            own[col] += by_feature ? square(error[j] - predicted[j]) : square(x[j] - rebuilt[j]);
    }
}

static float candidate(const aep_model *model, const float *rebuilt, size_t col, size_t which)
{
    const bool usual = which && model->schema.columns[col].kind == AEP_COLUMN_NUMERIC;
    return usual ? model->scaler.fill[col] : rebuilt[col];
}

/* drop (n_cols): by how much the score of a row can fall below `score`. */
static void drops(float *drop, aep_workspace *ws, const aep_model *model, const float *row, const float *rebuilt,
                  float score)
{
    const size_t n_cols = model->schema.n_columns, n_variants = CANDIDATES * n_cols;
    memset(drop, 0, n_cols * sizeof *drop);
    for (size_t start = 0, n; start < n_variants; start += n) {
        n = n_variants - start < ws->frame.capacity ? n_variants - start : ws->frame.capacity;
        for (size_t i = 0; i < n; i++) {
            const size_t col = (start + i) / CANDIDATES;
            memcpy(ws->rows + i * n_cols, row, n_cols * sizeof *row);
            ws->rows[i * n_cols + col] = candidate(model, rebuilt, col, (start + i) % CANDIDATES);
        }
        aep__scoring_run(ws, model, ws->rows, n, model->net.score);
        aep__scores_read(ws->scores, ws, model, n);
        for (size_t i = 0; i < n; i++) {
            float *best = &drop[(start + i) / CANDIDATES];
            if (score - ws->scores[i] > *best)
                *best = score - ws->scores[i];
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
    float *rebuilt = ws->rows + ws->frame.capacity * n_cols, *drop = rebuilt + n_cols;
    float score;
    aep__scoring_run(ws, model, row, 1, net->score);
    aep__scores_read(&score, ws, model, 1);
    own_parts(shares, ws, model);
    aep__scaler_invert(&model->scaler, aep__value(&net->tape, &ws->frame, net->reconstruction), rebuilt);
    drops(drop, ws, model, row, rebuilt, score);
    combine(shares, drop, n_cols);
}

int aep_explain(float *shares, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
                size_t n_cols)
{
    aep_workspace *own;
    if (!shares || !model)
        return AEP_E_ARGUMENT;
    int status = aep__scoring_begin(&workspace, &own, model, rows, n_rows, n_cols);
    if (status)
        return status;
    for (size_t i = 0; i < n_rows; i++)
        explain_row(shares + i * n_cols, workspace, model, rows + i * n_cols);
    aep_workspace_free(own);
    return AEP_OK;
}
