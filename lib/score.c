/* SPDX-License-Identifier: BSD-2-Clause */
#include "score.h"

#include <math.h>

/* So many rows, or fewer, are run row by row: a panel would be mostly empty. */
enum { FEW_ROWS = 8 };

/* Multiplications of a call on so few rows that it is over before a second thread has begun; and of those that a thread
   takes at a time. */
static const double work_worth_threads = 1 << 25, work_of_a_piece = 1 << 23;

static bool init_frames(aep_workspace *ws, const aep__tape *tape, size_t n_threads, bool panels)
{
    ws->frames = aep__alloc(&ws->mem, n_threads, sizeof *ws->frames);
    ws->n_frames = ws->frames ? n_threads : 0;
    for (size_t i = 0; i < ws->n_frames; i++)
        if (!aep__frame_init(&ws->frames[i], &ws->mem, tape, ws->capacity, panels, AEP__FRAME_FORWARD))
            return false;
    return ws->frames && (!panels || aep__frame_init(&ws->single, &ws->mem, tape, FEW_ROWS, false, AEP__FRAME_FORWARD));
}

static int make_workspace(aep_workspace **workspace, const aep_model *model, size_t n_threads)
{
    bool panels;
    *workspace = NULL;
    aep_workspace *ws = aep__alloc(&model->mem, 1, sizeof *ws);
    if (!ws)
        goto fail;
    ws->mem = model->mem;
    ws->reals[AEP__KEPT] = model->net.tape.reals[AEP__KEPT];
    ws->reals[AEP__PASSING] = model->net.tape.reals[AEP__PASSING];
    ws->scratch = model->net.tape.scratch;
    ws->n_features = model->net.n_features;
    ws->has_maps = model->net.tape.has_maps;
    ws->row_work = aep__tape_work(&model->net.tape);
    ws->n_columns = model->schema.n_columns;
    ws->capacity = aep__block_rows(&panels, &model->net);
    ws->rows = aep__alloc(&ws->mem, ws->capacity + 2, ws->n_columns * sizeof *ws->rows);
    ws->scores = aep__alloc(&ws->mem, ws->capacity, sizeof *ws->scores);
    if (!ws->rows || !ws->scores || !init_frames(ws, &model->net.tape, n_threads, panels))
        goto fail;
    ws->team = aep__team_new(&ws->mem, n_threads);
    *workspace = ws;
    return AEP_OK;
fail:
    aep_workspace_free(ws);
    return aep__fail(&model->log, AEP_E_MEMORY, "no memory for a workspace");
}

int aep_workspace_new(aep_workspace **workspace, const aep_model *model)
{
    if (!workspace)
        return AEP_E_ARGUMENT;
    *workspace = NULL;
    return model ? make_workspace(workspace, model, model->n_threads) : AEP_E_ARGUMENT;
}

void aep_workspace_free(aep_workspace *workspace)
{
    if (!workspace)
        return;
    const aep_allocator mem = workspace->mem;
    aep__team_free(workspace->team, &mem);
    for (size_t i = 0; i < workspace->n_frames; i++)
        aep__frame_free(&workspace->frames[i], &mem);
    aep__frame_free(&workspace->single, &mem);
    aep__free(&mem, workspace->frames);
    aep__free(&mem, workspace->rows);
    aep__free(&mem, workspace->scores);
    aep__free(&mem, workspace);
}

/* All that the memory of a frame follows from. */
static bool same_shape(const aep_workspace *ws, const aep_model *model)
{
    const aep__tape *tape = &model->net.tape;
    return ws->reals[AEP__KEPT] == tape->reals[AEP__KEPT] && ws->reals[AEP__PASSING] == tape->reals[AEP__PASSING] &&
           ws->scratch == tape->scratch && ws->has_maps == tape->has_maps && ws->n_features == model->net.n_features &&
           ws->n_columns == model->schema.n_columns;
}

int aep__scoring_begin(aep_workspace **workspace, aep_workspace **own, const aep_model *model, const float *rows,
                       size_t n_rows, size_t n_cols)
{
    *own = NULL;
    int status = aep__shape_check(model, rows, n_rows, n_cols, 1);
    if (status)
        return status;
    const bool fitting = *workspace && same_shape(*workspace, model);
    status = aep__values_check(model, rows, n_rows, false, fitting ? (*workspace)->team : NULL);
    if (status)
        return status;
    if (!aep__scaler_ready(&model->scaler))
        return aep__fail(&model->log, AEP_E_STATE, "the model has seen no rows yet: train it first");
    if (*workspace)
        return fitting ? AEP_OK
                       : aep__fail(&model->log, AEP_E_WORKSPACE,
                                   "the workspace was made for a model of other columns or layers: make one for this "
                                   "model (aep_workspace_new)");
    const bool many = aep__tape_work(&model->net.tape) * (double)n_rows >= work_worth_threads;
    status = make_workspace(own, model, many ? model->n_threads : 1);
    *workspace = *own;
    return status;
}

aep__scored aep__scoring_run(aep_workspace *ws, size_t thread, const aep_model *model, const float *rows, size_t n,
                             size_t node)
{
    const aep__net *net = &model->net;
    aep__frame *frame = &ws->frames[thread];
    if (frame->panels && n <= FEW_ROWS && !thread)
        frame = &ws->single;
    const aep__pass pass = {.params = model->weights.params, .block = aep__frame_block(frame, n)};
    aep__scaler_apply_rows(&model->scaler, rows, NULL, n, aep__frame_input(&net->tape, frame));
    aep__frame_take_input(&net->tape, frame, &pass.block);
    aep__tape_forward(&net->tape, frame, &pass, net->x + 1, node);
    return (aep__scored){.model = model, .frame = frame, .block = pass.block};
}

void aep__scored_read(float *out, const aep__scored *scored, size_t node)
{
    const aep__tape *tape = &scored->model->net.tape;
    aep__block_get(tape->kernels, out, aep__value(tape, scored->frame, node), &scored->block, tape->nodes[node].width);
}

size_t aep__score_node(const aep_model *model)
{
    return aep__choice(model, AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION) ? model->net.row_error : model->net.score;
}

int aep__score_ready(const aep_model *model)
{
    return !aep__choice(model, AEP_OPT_SCORE, AEP_SCORE_JOINT) || model->joint.standardised
               ? AEP_OK
               : aep__fail(&model->log, AEP_E_STATE,
                           "the joint score is standardised on normal rows: call aep_calibrate first");
}

/* e - e', summed over the features of the vector form */
static void signed_scores(float *scores, const aep__scored *s)
{
    const aep__net *net = &s->model->net;
    const size_t width = net->error_size;
    const real *e = aep__value(&net->tape, s->frame, net->error);
    const real *predicted = aep__value(&net->tape, s->frame, net->predicted);
    for (size_t i = 0; i < s->block.rows; i++) {
        double sum = 0;
        for (size_t j = 0; j < width; j++) {
            const size_t at = aep__block_at(&s->block, width, i, j);
            sum += (double)e[at] - (double)predicted[at];
        }
        scores[i] = (float)sum;
    }
}

/* The parts of the joint score of row i. */
static void read_row_parts(double parts[AEP__JOINT_PARTS], const aep__scored *s, size_t i)
{
    const aep__net *net = &s->model->net;
    const aep__tape *tape = &net->tape;
    const size_t at = aep__block_at(&s->block, 1, i, 0);
    parts[AEP__JOINT_PREDICTION] = (double)aep__value(tape, s->frame, net->score)[at];
    parts[AEP__JOINT_RECONSTRUCTION] = (double)aep__value(tape, s->frame, net->row_error)[at];
    parts[AEP__JOINT_DISTANCE] =
        aep__joint_distance(&s->model->joint, aep__value(tape, s->frame, net->z), &s->block, i);
}

static void joint_scores(float *scores, const aep__scored *s)
{
    for (size_t i = 0; i < s->block.rows; i++) {
        double parts[AEP__JOINT_PARTS];
        read_row_parts(parts, s, i);
        scores[i] = (float)aep__joint_score(&s->model->joint, parts);
    }
}

void aep__scores_read(float *scores, const aep__scored *scored)
{
    if (aep__choice(scored->model, AEP_OPT_SCORE, AEP_SCORE_SIGNED))
        signed_scores(scores, scored);
    else if (aep__choice(scored->model, AEP_OPT_SCORE, AEP_SCORE_JOINT))
        joint_scores(scores, scored);
    else
        aep__scored_read(scores, scored, aep__score_node(scored->model));
}

/* ------------------------------------------------------------------------------- the public functions on rows */

/* Results that a call can have. */
enum { MOST_RESULTS = AEP__JOINT_PARTS };

/* What is read of rows that were run: out[i] is where the i-th result of the first of them begins. */
typedef void read_fn(float *const out[], const aep__scored *scored);

/* A call on rows. */
typedef struct call {
    const aep_model *model;
    const float *rows;
    size_t n_rows, node;
    float *out[MOST_RESULTS]; /* NULL: not wanted */
    size_t width[MOST_RESULTS];
    read_fn *read;
    aep_workspace *ws;
    aep__pieces pieces;
} call;

static void run_piece(call *c, size_t thread, size_t first, size_t end)
{
    for (size_t start = first, n; start < end; start += n) {
        n = end - start < c->ws->capacity ? end - start : c->ws->capacity;
        float *out[MOST_RESULTS];
        for (size_t i = 0; i < MOST_RESULTS; i++)
            out[i] = c->out[i] ? c->out[i] + start * c->width[i] : NULL;
        const aep__scored scored =
            aep__scoring_run(c->ws, thread, c->model, c->rows + start * c->model->schema.n_columns, n, c->node);
        c->read(out, &scored);
    }
}

static void run_pieces(void *payload, size_t thread)
{
    call *c = payload;
    for (size_t first, n; aep__pieces_take(&first, &n, &c->pieces);)
        run_piece(c, thread, first, first + n);
}

static int run_call(call *c, aep_workspace *workspace, size_t n_cols)
{
    aep_workspace *own;
    int status = aep__scoring_begin(&workspace, &own, c->model, c->rows, c->n_rows, n_cols);
    if (status)
        return status;
    const bool many = workspace->row_work * (double)c->n_rows >= work_worth_threads;
    const double blocks = work_of_a_piece / (workspace->row_work * (double)workspace->capacity);
    c->ws = workspace;
    aep__pieces_init(&c->pieces, c->n_rows, workspace->capacity * (blocks > 1 ? (size_t)blocks : 1));
    aep__team_run(many ? workspace->team : NULL, run_pieces, c);
    aep_workspace_free(own);
    return AEP_OK;
}

static void read_scores(float *const out[], const aep__scored *scored) { aep__scores_read(out[0], scored); }

int aep_score(float *scores, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
              size_t n_cols)
{
    if (!scores || !model)
        return AEP_E_ARGUMENT;
    call c = {.model = model,
              .rows = rows,
              .n_rows = n_rows,
              .node = aep__score_node(model),
              .out = {scores},
              .width = {1},
              .read = read_scores};
    int status = aep__score_ready(model);
    if (!status)
        status = run_call(&c, workspace, n_cols);
    for (size_t i = 0; !status && i < n_rows; i++)
        if (!isfinite(scores[i]))
            status = aep__fail(&model->log, AEP_E_DIVERGED, "row %zu scores %s: the weights of the model have diverged",
                               i, AEP__NUMBER((double)scores[i], 6));
    return status;
}

static void read_parts(float *const out[], const aep__scored *scored)
{
    for (size_t i = 0; i < scored->block.rows; i++) {
        double parts[AEP__JOINT_PARTS];
        read_row_parts(parts, scored, i);
        for (size_t j = 0; j < AEP__JOINT_PARTS; j++)
            out[j][i] = (float)parts[j];
    }
}

int aep__score_parts(float *const parts[AEP__JOINT_PARTS], const aep_model *model, const float *rows, size_t n_rows,
                     size_t n_cols)
{
    call c = {.model = model, .rows = rows, .n_rows = n_rows, .node = model->net.score, .read = read_parts};
    for (size_t j = 0; j < AEP__JOINT_PARTS; j++) {
        c.out[j] = parts[j];
        c.width[j] = 1;
    }
    return run_call(&c, NULL, n_cols);
}

static void read_codes(float *const out[], const aep__scored *scored)
{
    aep__scored_read(out[0], scored, scored->model->net.z);
}

static void read_scores_and_codes(float *const out[], const aep__scored *scored)
{
    aep__scores_read(out[0], scored);
    aep__scored_read(out[1], scored, scored->model->net.z);
}

int aep__score_and_encode(float *scores, float *codes, const aep_model *model, aep_workspace *workspace,
                          const float *rows, size_t n_rows, size_t n_cols)
{
    call c = {.model = model,
              .rows = rows,
              .n_rows = n_rows,
              .node = aep__score_node(model),
              .out = {scores, codes},
              .width = {1, model->net.code_size},
              .read = read_scores_and_codes};
    return run_call(&c, workspace, n_cols);
}

int aep_encode(float *codes, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
               size_t n_cols)
{
    if (!codes || !model)
        return AEP_E_ARGUMENT;
    call c = {.model = model,
              .rows = rows,
              .n_rows = n_rows,
              .node = model->net.z,
              .out = {codes},
              .width = {model->net.code_size},
              .read = read_codes};
    return run_call(&c, workspace, n_cols);
}

/* Row by row; the rows buffer of a panel's frame is free by now. */
static void read_reconstructions(float *const out[], const aep__scored *s)
{
    const aep_model *model = s->model;
    const size_t n_cols = model->schema.n_columns, n_features = model->net.n_features;
    const float *features = aep__value(&model->net.tape, s->frame, model->net.reconstruction);
    if (s->frame->panels) {
        aep__scored_read(s->frame->rows, s, model->net.reconstruction);
        features = s->frame->rows;
    }
    for (size_t i = 0; i < s->block.rows; i++)
        aep__scaler_invert(&model->scaler, features + i * n_features, out[0] + i * n_cols);
}

int aep_reconstruct(float *rows_out, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
                    size_t n_cols)
{
    if (!rows_out || !model)
        return AEP_E_ARGUMENT;
    call c = {.model = model,
              .rows = rows,
              .n_rows = n_rows,
              .node = model->net.reconstruction,
              .out = {rows_out},
              .width = {n_cols},
              .read = read_reconstructions};
    return run_call(&c, workspace, n_cols);
}

static void read_errors(float *const out[], const aep__scored *scored)
{
    const aep__net *net = &scored->model->net;
    if (out[0])
        aep__scored_read(out[0], scored, net->error);
    if (out[1])
        aep__scored_read(out[1], scored, net->predicted);
}

int aep_errors(float *errors, float *predicted, const aep_model *model, aep_workspace *workspace, const float *rows,
               size_t n_rows, size_t n_cols)
{
    if (!model || (!errors && !predicted))
        return AEP_E_ARGUMENT;
    const size_t width = model->net.error_size;
    call c = {.model = model,
              .rows = rows,
              .n_rows = n_rows,
              .node = model->net.predicted,
              .out = {errors, predicted},
              .width = {width, width},
              .read = read_errors};
    return run_call(&c, workspace, n_cols);
}
