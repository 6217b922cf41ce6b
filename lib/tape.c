/* SPDX-License-Identifier: BSD-2-Clause */
#include "tape.h"

#include "activation.h"
#include "conv.h"
#include "loss.h"
#include "norm.h"
#include "pool.h"

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
    static const aep__noise silence = {.kind = AEP_NOISE_NONE};
    const aep__window *w = &o->node->window;
    const aep__grid image = {w->channels, w->height, w->width}, columns = {1, 1, o->node->width};
    aep__noise_forward(o->pass->training ? &o->pass->noise : &silence, o->y, o->x[0], o->rows,
                       w->channels ? &image : &columns);
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

/* ------------------------------------------------------------------------------------------------ of maps */

static size_t filters_of(const operands *o)
{
    const bool transposed = o->node->op == AEP__OP_CONV_TRANSPOSED;
    return (transposed ? o->width[0] : o->node->width) / aep__window_places(&o->node->window);
}

static size_t n_biases(const operands *o)
{
    return o->node->op == AEP__OP_CONV_TRANSPOSED ? o->node->window.channels : filters_of(o);
}

static void conv_forward(const operands *o)
{
    const real *w = o->pass->params + o->node->param, *b = w + o->node->n_params - n_biases(o);
    (o->node->op == AEP__OP_CONV ? aep__conv_forward : aep__conv_transposed_forward)(
        o->y, o->x[0], w, b, &o->node->window, filters_of(o), o->scratch, o->rows, !o->pass->training);
}

static void conv_backward(const operands *o)
{
    const real *w = o->pass->params + o->node->param;
    real *dw = o->pass->dparams + o->node->param, *db = dw + o->node->n_params - n_biases(o);
    (o->node->op == AEP__OP_CONV ? aep__conv_backward : aep__conv_transposed_backward)(
        o->dx[0], dw, db, o->dy, o->x[0], w, &o->node->window, filters_of(o), o->scratch, o->rows);
}

static void upsample_forward(const operands *o) { aep__upsample_forward(o->y, o->x[0], &o->node->window, o->rows); }

static void upsample_backward(const operands *o)
{
    if (o->dx[0])
        aep__upsample_backward(o->dx[0], o->dy, &o->node->window, o->rows);
}

static void max_pool_forward(const operands *o) { aep__max_pool_forward(o->y, o->x[0], &o->node->window, o->rows); }

static void max_pool_backward(const operands *o)
{
    if (o->dx[0])
        aep__max_pool_backward(o->dx[0], o->dy, o->x[0], o->y, &o->node->window, o->rows);
}

static void average_pool_forward(const operands *o)
{
    aep__average_pool_forward(o->y, o->x[0], &o->node->window, o->rows);
}

static void average_pool_backward(const operands *o)
{
    if (o->dx[0])
        aep__average_pool_backward(o->dx[0], o->dy, &o->node->window, o->rows);
}

static aep__norm norm_of(const operands *o)
{
    const aep__window *w = &o->node->window;
    return (aep__norm){.n = w->height * w->width, .channels = w->channels, .groups = (size_t)o->node->attr};
}

static void norm_forward(const operands *o)
{
    const aep__norm norm = norm_of(o);
    const real *gamma = o->pass->params + o->node->param;
    aep__norm_forward(o->y, o->x[0], gamma, gamma + norm.channels, &norm, o->rows);
}

static void norm_backward(const operands *o)
{
    const aep__norm norm = norm_of(o);
    const real *gamma = o->pass->params + o->node->param;
    real *dgamma = o->pass->dparams + o->node->param;
    aep__norm_backward(o->dx[0], dgamma, dgamma + norm.channels, o->dy, o->x[0], gamma, &norm, o->rows);
}

static void reorder(const operands *o, real *to, const real *from, bool channels_last)
{
    const aep__window *w = &o->node->window;
    (channels_last ? aep__channels_last : aep__channels_first)(to, from, o->rows, w->channels, w->height * w->width);
}

static void reorder_forward(const operands *o)
{
    memset(o->y, 0, o->rows * o->node->width * sizeof *o->y);
    reorder(o, o->y, o->x[0], o->node->op == AEP__OP_CHANNELS_LAST);
}

static void reorder_backward(const operands *o)
{
    if (o->dx[0])
        reorder(o, o->dx[0], o->dy, o->node->op != AEP__OP_CHANNELS_LAST);
}

/* ------------------------------------------------------------------------------------------------ of rows */

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
    [AEP__OP_CHANNELS_LAST] = {"channels_last", reorder_forward, reorder_backward},
    [AEP__OP_CHANNELS_FIRST] = {"channels_first", reorder_forward, reorder_backward},
    [AEP__OP_CONV] = {"conv", conv_forward, conv_backward},
    [AEP__OP_CONV_TRANSPOSED] = {"conv_transposed", conv_forward, conv_backward},
    [AEP__OP_UPSAMPLE] = {"upsample", upsample_forward, upsample_backward},
    [AEP__OP_MAX_POOL] = {"max_pool", max_pool_forward, max_pool_backward},
    [AEP__OP_AVERAGE_POOL] = {"average_pool", average_pool_forward, average_pool_backward},
    [AEP__OP_NORM] = {"norm", norm_forward, norm_backward},
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

static void need(size_t *most, size_t n) { *most = *most < n ? n : *most; }

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
    node->param = tape->n_params;
    tape->failed |= !aep__add(&tape->n_params, tape->n_params, n_params);
    if (op == AEP__OP_DENSE)
        need(&tape->scratch_back, n_params);
    return tape->n_nodes++;
}

size_t aep__tape_add_decay(aep__tape *tape, size_t first, size_t n)
{
    const size_t before = tape->n_params, index = aep__tape_add(tape, AEP__OP_WEIGHT_DECAY, 0, 0, n, NULL, 0);
    if (tape->failed)
        return 0;
    tape->nodes[index].param = first;
    tape->n_params = before;
    return index;
}

/* Width and number of parameters of an operation on maps. False on overflow. */
static bool measure(size_t *width, size_t *n_params, int op, const aep__window *w, size_t size)
{
    const size_t map = aep__window_map(w), places = aep__window_places(w), patch = aep__window_patch(w);
    *n_params = 0;
    switch (op) {
    case AEP__OP_CONV:
        return aep__mul(width, places, size) && aep__mul(n_params, patch, size) && aep__add(n_params, *n_params, size);
    case AEP__OP_CONV_TRANSPOSED: /* its filters are the channels of the input */
        *width = map;
        return aep__mul(n_params, patch, size) && aep__add(n_params, *n_params, w->channels);
    case AEP__OP_MAX_POOL:
    case AEP__OP_AVERAGE_POOL:
        return aep__mul(width, places, w->channels);
    case AEP__OP_NORM:
        *n_params = 2 * w->channels;
        break;
    }
    *width = map;
    return true;
}

size_t aep__tape_add_window(aep__tape *tape, int op, int attr, const aep__window *window, size_t size, size_t input)
{
    size_t width, n_params, scratch = 0, scratch_back = 0;
    const bool conv = op == AEP__OP_CONV || op == AEP__OP_CONV_TRANSPOSED;
    if (tape->failed || !measure(&width, &n_params, op, window, size) ||
        (conv &&
         !(aep__conv_scratch(&scratch, window, size, false) && aep__conv_scratch(&scratch_back, window, size, true)))) {
        tape->failed = true;
        return 0;
    }
    const size_t index = aep__tape_add(tape, op, attr, width, n_params, &input, 1);
    if (tape->failed)
        return 0;
    tape->nodes[index].window = *window;
    need(&tape->scratch, scratch);
    need(&tape->scratch_back, scratch_back);
    return index;
}

bool aep__frame_init(aep__frame *frame, const aep_allocator *mem, const aep__tape *tape, size_t capacity, bool backward)
{
    const size_t scratch = backward && tape->scratch_back > tape->scratch ? tape->scratch_back : tape->scratch;
    size_t bytes = 0, reals;
    *frame = (aep__frame){0};
    if (!aep__mul(&reals, tape->row_reals, capacity) || !aep__arena_count(&bytes, reals) ||
        !aep__arena_count(&bytes, tape->scalar_reals) || !aep__arena_count(&bytes, scratch))
        return false;
    if (backward && (!aep__arena_count(&bytes, reals) || !aep__arena_count(&bytes, tape->scalar_reals)))
        return false;
    if (!aep__arena_init(&frame->arena, mem, bytes))
        return false;
    frame->capacity = capacity;
    frame->values = aep__arena_take(&frame->arena, reals);
    frame->scalars = aep__arena_take(&frame->arena, tape->scalar_reals);
    frame->scratch = aep__arena_take(&frame->arena, scratch);
    if (backward) {
        frame->gradients = aep__arena_take(&frame->arena, reals);
        frame->scalar_gradients = aep__arena_take(&frame->arena, tape->scalar_reals);
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
