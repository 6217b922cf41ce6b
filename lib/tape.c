/* SPDX-License-Identifier: BSD-2-Clause */
#include "tape.h"

#include "activation.h"
#include "loss.h"
#include "ops.h"

#include <string.h>

enum { PAD = 16 }; /* reals: keeps every node's memory on a 64-byte boundary */

/* A node's operands as an operation sees them: x[i], dx[i] of its inputs, y and dy of itself. dx[i] is NULL where no
   gradient is wanted. */
typedef struct operands {
    const aep__node *node;
    const aep__pass *pass;
    const real *x[AEP__MAX_INPUTS];
    real *dx[AEP__MAX_INPUTS];
    size_t width[AEP__MAX_INPUTS];
    real *y, *dy, *scratch;
    size_t rows;
} operands;

static void nothing(const operands *o) { (void)o; }

static void noise_forward(const operands *o)
{
    const aep__pass *p = o->pass;
    aep__noise_forward(p->training ? p->noise : AEP_NOISE_NONE, p->noise_level, p->seed, p->step, o->y, o->x[0],
                       o->rows, o->node->width);
}

static void dense_forward(const operands *o)
{
    const size_t n_in = o->width[0], n_out = o->node->width;
    const real *w = o->pass->params + o->node->param, *b = w + n_in * n_out;
    aep__dense_forward(o->y, o->x[0], w, b, o->rows, n_in, n_out, !o->pass->training);
}

static void dense_backward(const operands *o)
{
    const size_t n_in = o->width[0], n_out = o->node->width;
    const real *w = o->pass->params + o->node->param;
    real *dw = o->pass->dparams + o->node->param, *db = dw + n_in * n_out;
    aep__dense_backward(o->dx[0], dw, db, o->dy, o->x[0], w, o->scratch, o->rows, n_in, n_out);
}

static void activation_forward(const operands *o)
{
    aep__activation_forward(o->node->attr, o->y, o->x[0], o->rows * o->node->width);
}

static void activation_backward(const operands *o)
{
    aep__activation_backward(o->node->attr, o->dx[0], o->dy, o->x[0], o->y, o->rows * o->node->width);
}

static void stop_forward(const operands *o) { memcpy(o->y, o->x[0], o->rows * o->node->width * sizeof *o->y); }

static void stop_backward(const operands *o)
{
    for (size_t i = 0; o->dx[0] && i < o->rows * o->node->width; i++)
        o->dx[0][i] += o->dy[i];
}

static void row_norm_forward(const operands *o) { aep__row_norm_forward(o->y, o->x[0], o->x[1], o->rows, o->width[0]); }

static void row_norm_backward(const operands *o)
{
    aep__row_norm_backward(o->dx[0], o->dx[1], o->dy, o->x[0], o->x[1], o->y, o->rows, o->width[0]);
}

static void abs_diff_forward(const operands *o)
{
    aep__abs_diff_forward(o->y, o->x[0], o->x[1], o->rows * o->node->width);
}

static void abs_diff_backward(const operands *o)
{
    aep__abs_diff_backward(o->dx[0], o->dx[1], o->dy, o->x[0], o->x[1], o->rows * o->node->width);
}

static void mean_forward(const operands *o) { *o->y = aep__mean_forward(o->x[0], o->rows, o->node->attr); }

static void mean_backward(const operands *o) { aep__mean_backward(o->dx[0], *o->dy, o->x[0], o->rows, o->node->attr); }

/* the batch mean is kept behind the value */
static void compactness_forward(const operands *o)
{
    *o->y = aep__compactness_forward(o->y + 1, o->x[0], o->rows, o->width[0]);
}

static void compactness_backward(const operands *o)
{
    aep__compactness_backward(o->dx[0], *o->dy, o->x[0], o->y + 1, o->rows, o->width[0]);
}

static void weight_decay_forward(const operands *o)
{
    *o->y = aep__weight_decay_forward(o->pass->params + o->node->param, o->node->n_params);
}

static void weight_decay_backward(const operands *o)
{
    aep__weight_decay_backward(o->pass->dparams + o->node->param, *o->dy, o->pass->params + o->node->param,
                               o->node->n_params);
}

static void weighted_sum_forward(const operands *o)
{
    *o->y = 0;
    for (size_t i = 0; i < o->node->n_inputs; i++)
        *o->y += o->pass->weight[i] * *o->x[i];
}

static void weighted_sum_backward(const operands *o)
{
    for (size_t i = 0; i < o->node->n_inputs; i++)
        if (o->dx[i])
            *o->dx[i] += o->pass->weight[i] * *o->dy;
}

static const struct {
    const char *name;
    void (*forward)(const operands *o);
    void (*backward)(const operands *o);
} ops[AEP__OP_COUNT] = {
    [AEP__OP_INPUT] = {"input", nothing, nothing},
    [AEP__OP_NOISE] = {"noise", noise_forward, nothing}, /* below it lies the input only */
    [AEP__OP_DENSE] = {"dense", dense_forward, dense_backward},
    [AEP__OP_ACTIVATION] = {"activation", activation_forward, activation_backward},
    [AEP__OP_STOP] = {"stop", stop_forward, stop_backward},
    [AEP__OP_ROW_NORM] = {"row_norm", row_norm_forward, row_norm_backward},
    [AEP__OP_ABS_DIFF] = {"abs_diff", abs_diff_forward, abs_diff_backward},
    [AEP__OP_MEAN] = {"mean", mean_forward, mean_backward},
    [AEP__OP_COMPACTNESS] = {"compactness", compactness_forward, compactness_backward},
    [AEP__OP_WEIGHT_DECAY] = {"weight_decay", weight_decay_forward, weight_decay_backward},
    [AEP__OP_WEIGHTED_SUM] = {"weighted_sum", weighted_sum_forward, weighted_sum_backward},
};

const char *aep__op_name(int op) { return ops[op].name; }

bool aep__tape_init(aep__tape *tape, const aep_allocator *mem, size_t capacity)
{
    *tape = (aep__tape){0};
    tape->nodes = aep__alloc(mem, capacity, sizeof *tape->nodes);
    tape->capacity = tape->nodes ? capacity : 0;
    return tape->nodes;
}

void aep__tape_free(aep__tape *tape, const aep_allocator *mem)
{
    aep__free(mem, tape->nodes);
    *tape = (aep__tape){0};
}

/* *total += n, rounded up to whole pads; returns where the n begin */
static size_t reserve(aep__tape *tape, size_t *total, size_t n)
{
    const size_t offset = *total;
    if (n > SIZE_MAX - (PAD - 1) || !aep__add(total, offset, (n + PAD - 1) / PAD * PAD))
        tape->failed = true;
    return offset;
}

static bool needs_gradient(const aep__tape *tape, const aep__node *node)
{
    bool needed = node->n_params > 0;
    for (size_t i = 0; i < node->n_inputs; i++)
        needed |= tape->nodes[node->input[i]].needs_gradient;
    return needed && !(node->op == AEP__OP_STOP && !node->attr);
}

size_t aep__tape_add(aep__tape *tape, int op, int attr, size_t width, size_t n_params, const size_t *inputs,
                     size_t n_inputs)
{
    if (tape->n_nodes == tape->capacity)
        tape->failed = true;
    if (tape->failed)
        return 0;
    aep__node *node = &tape->nodes[tape->n_nodes];
    *node = (aep__node){.op = op, .attr = attr, .width = width, .n_inputs = n_inputs, .n_params = n_params};
    for (size_t i = 0; i < n_inputs; i++)
        node->input[i] = inputs[i];
    node->needs_gradient = needs_gradient(tape, node);
    const size_t input_width = n_inputs ? tape->nodes[inputs[0]].width : 0;
    if (width)
        node->offset = reserve(tape, &tape->row_reals, width);
    else
        node->offset = reserve(tape, &tape->scalar_reals, 1 + (op == AEP__OP_COMPACTNESS ? input_width : 0));
    if (op == AEP__OP_WEIGHT_DECAY)
        return tape->n_nodes++; /* its parameters belong to other nodes: the first n_params of the block */
    node->param = tape->n_params;
    tape->failed |= !aep__add(&tape->n_params, tape->n_params, n_params);
    if (n_params > tape->scratch)
        tape->scratch = n_params;
    return tape->n_nodes++;
}

bool aep__frame_init(aep__frame *frame, const aep_allocator *mem, const aep__tape *tape, size_t capacity, bool backward)
{
    size_t bytes = 0, reals;
    *frame = (aep__frame){0};
    if (!aep__mul(&reals, tape->row_reals, capacity) || !aep__arena_count(&bytes, reals) ||
        !aep__arena_count(&bytes, tape->scalar_reals))
        return false;
    if (backward && (!aep__arena_count(&bytes, reals) || !aep__arena_count(&bytes, tape->scalar_reals) ||
                     !aep__arena_count(&bytes, tape->scratch)))
        return false;
    if (!aep__arena_init(&frame->arena, mem, bytes))
        return false;
    frame->capacity = capacity;
    frame->values = aep__arena_take(&frame->arena, reals);
    frame->scalars = aep__arena_take(&frame->arena, tape->scalar_reals);
    if (backward) {
        frame->gradients = aep__arena_take(&frame->arena, reals);
        frame->scalar_gradients = aep__arena_take(&frame->arena, tape->scalar_reals);
        frame->scratch = aep__arena_take(&frame->arena, tape->scratch);
    }
    return true;
}

void aep__frame_free(aep__frame *frame, const aep_allocator *mem)
{
    aep__arena_free(&frame->arena, mem);
    *frame = (aep__frame){0};
}

real *aep__value(const aep__tape *tape, const aep__frame *frame, size_t node)
{
    const aep__node *n = &tape->nodes[node];
    return n->width ? frame->values + n->offset * frame->capacity : frame->scalars + n->offset;
}

real *aep__gradient(const aep__tape *tape, const aep__frame *frame, size_t node)
{
    const aep__node *n = &tape->nodes[node];
    return n->width ? frame->gradients + n->offset * frame->capacity : frame->scalar_gradients + n->offset;
}

static operands gather(const aep__tape *tape, const aep__frame *frame, const aep__pass *pass, size_t index,
                       bool backward)
{
    const aep__node *node = &tape->nodes[index];
    operands o = {.node = node, .pass = pass, .rows = pass->rows, .scratch = frame->scratch};
    o.y = aep__value(tape, frame, index);
    if (backward)
        o.dy = aep__gradient(tape, frame, index);
    for (size_t i = 0; i < node->n_inputs; i++) {
        const aep__node *input = &tape->nodes[node->input[i]];
        o.x[i] = aep__value(tape, frame, node->input[i]);
        o.width[i] = input->width;
        if (backward && input->needs_gradient)
            o.dx[i] = aep__gradient(tape, frame, node->input[i]);
    }
    return o;
}

void aep__tape_forward(const aep__tape *tape, aep__frame *frame, const aep__pass *pass, size_t last)
{
    for (size_t i = 0; i <= last; i++) {
        operands o = gather(tape, frame, pass, i, false);
        ops[o.node->op].forward(&o);
    }
}

void aep__tape_backward(const aep__tape *tape, aep__frame *frame, const aep__pass *pass, size_t root)
{
    for (size_t i = 0; i <= root; i++) {
        const aep__node *node = &tape->nodes[i];
        if (node->needs_gradient)
            memset(aep__gradient(tape, frame, i), 0, (node->width ? node->width * pass->rows : 1) * sizeof(real));
    }
    *aep__gradient(tape, frame, root) = 1;
    for (size_t i = root + 1; i-- > 0;)
        if (tape->nodes[i].needs_gradient) {
            operands o = gather(tape, frame, pass, i, true);
            ops[o.node->op].backward(&o);
        }
}
