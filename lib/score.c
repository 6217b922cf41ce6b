/* SPDX-License-Identifier: BSD-2-Clause */
#include "score.h"

#include <math.h>

/* Rows are run in chunks whose values stay in a core's cache. Dense layers want some rows at once; a single image has
   places enough. */
enum { CHUNK_REALS = 1 << 16, CHUNK_LEAST = 8, CHUNK_MOST = 256 };

static size_t chunk_rows(const aep_model *model)
{
    const size_t rows = CHUNK_REALS / model->net.tape.row_reals;
    const size_t least = model->settings.image.shape.channels ? 1 : CHUNK_LEAST;
    return rows < least ? least : rows > CHUNK_MOST ? CHUNK_MOST : rows;
}

int aep_workspace_new(aep_workspace **workspace, const aep_model *model)
{
    if (!workspace)
        return AEP_E_ARGUMENT;
    *workspace = NULL;
    if (!model)
        return AEP_E_ARGUMENT;
    aep_workspace *ws = aep__alloc(&model->mem, 1, sizeof *ws);
    if (!ws)
        goto fail;
    const size_t rows = chunk_rows(model);
    ws->mem = model->mem;
    ws->row_reals = model->net.tape.row_reals;
    ws->scalar_reals = model->net.tape.scalar_reals;
    ws->scratch = model->net.tape.scratch;
    ws->n_columns = model->schema.n_columns;
    ws->rows = aep__alloc(&ws->mem, rows + 2, ws->n_columns * sizeof *ws->rows);
    ws->scores = aep__alloc(&ws->mem, rows, sizeof *ws->scores);
    if (!ws->rows || !ws->scores || !aep__frame_init(&ws->frame, &ws->mem, &model->net.tape, rows, false))
        goto fail;
    *workspace = ws;
    return AEP_OK;
fail:
    aep_workspace_free(ws);
    return aep__fail(&model->log, AEP_E_MEMORY, "no memory for a workspace");
}

void aep_workspace_free(aep_workspace *workspace)
{
    if (!workspace)
        return;
    const aep_allocator mem = workspace->mem;
    aep__frame_free(&workspace->frame, &mem);
    aep__free(&mem, workspace->rows);
    aep__free(&mem, workspace->scores);
    aep__free(&mem, workspace);
}

static bool fits(const aep_workspace *ws, const aep_model *model)
{
    return ws->row_reals == model->net.tape.row_reals && ws->scalar_reals == model->net.tape.scalar_reals &&
           ws->scratch == model->net.tape.scratch && ws->n_columns == model->schema.n_columns;
}

int aep__scoring_begin(aep_workspace **workspace, aep_workspace **own, const aep_model *model, const float *rows,
                       size_t n_rows, size_t n_cols)
{
    *own = NULL;
    int status = aep__rows_check(model, rows, n_rows, n_cols, 1, false);
    if (status)
        return status;
    if (!aep__scaler_ready(&model->scaler))
        return aep__fail(&model->log, AEP_E_STATE, "the model has seen no rows yet: train it first");
    if (*workspace)
        return fits(*workspace, model)
                   ? AEP_OK
                   : aep__fail(&model->log, AEP_E_WORKSPACE, "the workspace was made for a model of another shape");
    status = aep_workspace_new(own, model);
    *workspace = *own;
    return status;
}

void aep__scoring_run(aep_workspace *ws, const aep_model *model, const float *rows, size_t n, size_t node)
{
    const aep__net *net = &model->net;
    const aep__pass pass = {.params = model->weights.params, .rows = n};
    real *x = aep__value(&net->tape, &ws->frame, net->x);
    for (size_t i = 0; i < n; i++)
        aep__scaler_apply(&model->scaler, rows + i * model->schema.n_columns, x + i * net->n_features);
    aep__tape_forward(&net->tape, &ws->frame, &pass, node);
}

size_t aep__score_node(const aep_model *model)
{
    return aep__choice(model, AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION) ? model->net.row_error : model->net.score;
}

/* e - e', summed over the features of the vector form */
static void signed_scores(float *scores, const aep_workspace *ws, const aep_model *model, size_t n)
{
    const aep__net *net = &model->net;
    const size_t width = net->error_size;
    const real *e = aep__value(&net->tape, &ws->frame, net->error);
    const real *predicted = aep__value(&net->tape, &ws->frame, net->predicted);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = i * width; j < (i + 1) * width; j++)
            sum += (double)e[j] - (double)predicted[j];
        scores[i] = (float)sum;
    }
}

void aep__scores_read(float *scores, const aep_workspace *ws, const aep_model *model, size_t n)
{
    if (aep__choice(model, AEP_OPT_SCORE, AEP_SCORE_SIGNED)) {
        signed_scores(scores, ws, model, n);
        return;
    }
    const real *values = aep__value(&model->net.tape, &ws->frame, aep__score_node(model));
    for (size_t i = 0; i < n; i++)
        scores[i] = (float)values[i];
}

/* ------------------------------------------------------------------------------- the public functions on rows */

/* What is read from the frame after each chunk: out[i] is where the i-th result of this chunk begins. */
typedef void read_fn(float *const out[2], const aep_workspace *ws, const aep_model *model, size_t n);

static int for_each_chunk(float *first, size_t first_width, float *second, size_t second_width, read_fn *read,
                          size_t node, const aep_model *model, aep_workspace *ws, const float *rows, size_t n_rows,
                          size_t n_cols)
{
    aep_workspace *own;
    int status = aep__scoring_begin(&ws, &own, model, rows, n_rows, n_cols);
    if (status)
        return status;
    for (size_t start = 0, n; start < n_rows; start += n) {
        n = n_rows - start < ws->frame.capacity ? n_rows - start : ws->frame.capacity;
        aep__scoring_run(ws, model, rows + start * n_cols, n, node);
        float *const out[2] = {first ? first + start * first_width : NULL,
                               second ? second + start * second_width : NULL};
        read(out, ws, model, n);
    }
    aep_workspace_free(own);
    return AEP_OK;
}

static void read_scores(float *const out[2], const aep_workspace *ws, const aep_model *model, size_t n)
{
    aep__scores_read(out[0], ws, model, n);
}

int aep_score(float *scores, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
              size_t n_cols)
{
    if (!scores || !model)
        return AEP_E_ARGUMENT;
    int status =
        for_each_chunk(scores, 1, NULL, 0, read_scores, aep__score_node(model), model, workspace, rows, n_rows, n_cols);
    for (size_t i = 0; !status && i < n_rows; i++)
        if (!isfinite(scores[i]))
            status = aep__fail(&model->log, AEP_E_DIVERGED, "row %zu scores %g: the weights of the model have diverged",
                               i, (double)scores[i]);
    return status;
}

static void read_node(float *out, const aep_workspace *ws, const aep_model *model, size_t node, size_t n_values)
{
    const real *values = aep__value(&model->net.tape, &ws->frame, node);
    for (size_t i = 0; out && i < n_values; i++)
        out[i] = (float)values[i];
}

static void read_codes(float *const out[2], const aep_workspace *ws, const aep_model *model, size_t n)
{
    read_node(out[0], ws, model, model->net.z, n * model->net.code_size);
}

int aep_encode(float *codes, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
               size_t n_cols)
{
    if (!codes || !model)
        return AEP_E_ARGUMENT;
    return for_each_chunk(codes, model->net.code_size, NULL, 0, read_codes, model->net.z, model, workspace, rows,
                          n_rows, n_cols);
}

static void read_reconstructions(float *const out[2], const aep_workspace *ws, const aep_model *model, size_t n)
{
    const size_t n_cols = model->schema.n_columns, n_features = model->net.n_features;
    const real *features = aep__value(&model->net.tape, &ws->frame, model->net.reconstruction);
    for (size_t i = 0; i < n; i++)
        aep__scaler_invert(&model->scaler, features + i * n_features, out[0] + i * n_cols);
}

int aep_reconstruct(float *rows_out, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
                    size_t n_cols)
{
    if (!rows_out || !model)
        return AEP_E_ARGUMENT;
    return for_each_chunk(rows_out, n_cols, NULL, 0, read_reconstructions, model->net.reconstruction, model, workspace,
                          rows, n_rows, n_cols);
}

static void read_errors(float *const out[2], const aep_workspace *ws, const aep_model *model, size_t n)
{
    read_node(out[0], ws, model, model->net.error, n * model->net.error_size);
    read_node(out[1], ws, model, model->net.predicted, n * model->net.error_size);
}

int aep_errors(float *errors, float *predicted, const aep_model *model, aep_workspace *workspace, const float *rows,
               size_t n_rows, size_t n_cols)
{
    if (!model || (!errors && !predicted))
        return AEP_E_ARGUMENT;
    return for_each_chunk(errors, model->net.error_size, predicted, model->net.error_size, read_errors,
                          model->net.predicted, model, workspace, rows, n_rows, n_cols);
}
