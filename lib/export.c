/* SPDX-License-Identifier: BSD-2-Clause */
#include "export.h"

#include <assert.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------ scratch memory */

/* The node whose memory a node uses. An activation overwrites what it is applied to, as do the errors of the vector form
   the reconstruction, which nothing reads after them; noise and gradient stops do nothing here. */
static size_t home(const aep__tape *tape, size_t node)
{
    for (;;)
        switch (tape->nodes[node].op) {
        case AEP__OP_NOISE:
        case AEP__OP_STOP:
        case AEP__OP_ACTIVATION:
            node = tape->nodes[node].input[0];
            break;
        case AEP__OP_ABS_DIFF:
            node = tape->nodes[node].input[1];
            break;
        default:
            return node;
        }
}

/* A norm of a row is a variable. */
static bool has_memory(const aep__tape *tape, const aep__export_plan *p, size_t node)
{
    return p->needed[node] && home(tape, node) == node && tape->nodes[node].op != AEP__OP_ROW_NORM;
}

/* The lowest place where no node lies that is still to be read. */
static size_t find_place(const aep__tape *tape, const aep__export_plan *p, size_t node)
{
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < node; i++) {
            const size_t end = p->at[i] + tape->nodes[i].width;
            if (has_memory(tape, p, i) && p->last[i] >= node && at < end && at + tape->nodes[node].width > p->at[i]) {
                at = end;
                moved = true;
            }
        }
    }
    return at;
}

static void need(aep__export_plan *p, const aep__tape *tape, size_t node)
{
    p->needed[node] = true;
    p->last[home(tape, node)] = tape->n_nodes;
}

bool aep__export_scores_by(const aep_model *model, int kind) { return aep__choice(model, AEP_OPT_SCORE, kind); }

static void make_plan(aep__export_plan *p, const aep_model *model)
{
    const aep__net *net = &model->net;
    const aep__tape *tape = &net->tape;
    assert(tape->n_nodes <= AEP__EXPORT_NODES);
    *p = (aep__export_plan){.floats = 0};
    if (aep__export_scores_by(model, AEP_SCORE_RECONSTRUCTION) || aep__export_scores_by(model, AEP_SCORE_JOINT))
        need(p, tape, net->row_error);
    if (!aep__export_scores_by(model, AEP_SCORE_RECONSTRUCTION)) {
        need(p, tape, net->error);
        need(p, tape, net->predicted);
    }
    if (aep__export_scores_by(model, AEP_SCORE_JOINT))
        need(p, tape, net->z);
    for (size_t i = tape->n_nodes; i-- > 0;)
        for (size_t j = 0; p->needed[i] && j < tape->nodes[i].n_inputs; j++) {
            const size_t input = tape->nodes[i].input[j], lies_in = home(tape, input);
            p->needed[input] = true;
            p->last[lies_in] = p->last[lies_in] > i ? p->last[lies_in] : i;
        }
    for (size_t i = 0; i < tape->n_nodes; i++)
        if (has_memory(tape, p, i)) {
            p->at[i] = find_place(tape, p, i);
            const size_t end = p->at[i] + tape->nodes[i].width;
            p->floats = p->floats > end ? p->floats : end;
        }
}

/* --------------------------------------------------------------------------------------------------------- nodes */

void aep__export_name(char name[AEP__EXPORT_NAME], const aep__export *e, size_t node)
{
    const aep__net *net = &e->model->net;
    const bool encoded = node <= net->z, decoded = !encoded && node <= net->reconstruction;
    const size_t begin = (encoded ? net->x : decoded ? net->z : net->reconstruction) + 1, end = home(e->tape, node);
    const char *own = end == net->x                               ? "x"
                      : end == home(e->tape, net->z)              ? "code"
                      : end == home(e->tape, net->reconstruction) ? "rebuilt"
                      : end == net->predicted                     ? "predicted"
                                                                  : NULL;
    aep__writer w = {(uint8_t *)name, 0};
    size_t n = 0;
    for (size_t i = begin; i <= end; i++)
        n += has_memory(e->tape, &e->plan, i);
    if (own)
        aep__text_put(&w, own);
    else
        aep__text(&w, "%s_%zu", encoded ? "encoder" : decoded ? "decoder" : "head", n);
    name[w.pos] = 0;
}

bool aep__export_uses(const aep__export *e, int op)
{
    for (size_t i = 0; i < e->tape->n_nodes; i++)
        if (e->plan.needed[i] && e->tape->nodes[i].op == op)
            return true;
    return false;
}

bool aep__export_activates(const aep__export *e, int kind)
{
    for (size_t i = 0; i < e->tape->n_nodes; i++)
        if (e->plan.needed[i] && e->tape->nodes[i].op == AEP__OP_ACTIVATION && e->tape->nodes[i].attr == kind)
            return true;
    return false;
}

/* ------------------------------------------------------------------------------------------------------- columns */

static bool alike(const aep__scaler *s, size_t c, size_t d)
{
    const size_t f = s->first[c], g = s->first[d];
    return s->location[f] == s->location[g] && s->inverse[f] == s->inverse[g] && s->fill[c] == s->fill[d] &&
           (!s->knots || !memcmp(s->knots + c * AEP__KNOTS, s->knots + d * AEP__KNOTS, AEP__KNOTS * sizeof *s->knots));
}

static size_t shared_by(const aep__scaler *s)
{
    for (size_t c = 0; s->config.group > 1 && c < s->n_columns; c++)
        if (!alike(s, c, c - c % s->config.group))
            return 1;
    return s->config.group;
}

static aep__export_columns columns_of(const aep_model *model)
{
    const aep__scaler *s = &model->scaler;
    aep__export_columns c = {.shared = shared_by(s),
                             .mixed = !s->only_numbers || s->config.indicator,
                             .by_feature = aep__scales_levels(&s->config),
                             .located = s->config.scaling != AEP_SCALING_NONE && !s->knots,
                             .imputed = s->config.missing == AEP_MISSING_IMPUTE};
    for (size_t i = 0; i < s->n_columns; i++)
        c.n_numbers += !s->categorical[i];
    c.by_feature = c.by_feature && c.mixed;
    c.scaled = !s->knots && (c.n_numbers || c.by_feature);
    c.located = c.located && c.scaled;
    return c;
}

/* ---------------------------------------------------------------------------------------------------- the whole */

int aep__export_check(const aep_model *model)
{
    return model->steps ? aep__score_ready(model)
                        : aep__fail(&model->log, AEP_E_STATE, "the model is not trained: there is nothing to export");
}

void aep__export_begin(aep__export *e, const aep_model *model, const char *prefix, aep__writer *w)
{
    *e =
        (aep__export){.model = model, .tape = &model->net.tape, .prefix = prefix, .w = w, .columns = columns_of(model)};
    make_plan(&e->plan, model);
}
