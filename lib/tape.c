/* SPDX-License-Identifier: BSD-2-Clause */
#include "tape.h"

#include "conv.h"
#include "norm.h"
#include "pool.h"

#include <string.h>

enum { PAD = 16 }; /* reals: keeps every node's memory on a 64-byte boundary */

/* A node's operands as an operation sees them: x[i], dx[i] of its inputs, y and dy of itself. dx[i] is NULL where no
   gradient is wanted; else it is written, or added to where adds[i]. */
typedef struct operands {
    const aep__kernels *kernels;
    const aep__node *node;
    const aep__pass *pass;
    const real *x[AEP__MAX_INPUTS];
    real *dx[AEP__MAX_INPUTS];
    bool adds[AEP__MAX_INPUTS];
    size_t width[AEP__MAX_INPUTS];
    real *y, *dy, *scratch;
    size_t rows, size; /* size: values of y */
} operands;

static void nothing(const operands *o) { (void)o; }

static void noise_forward(const operands *o)
{
    static const aep__noise silence = {.kind = AEP_NOISE_NONE};
    const aep__window *w = &o->node->window;
    const aep__grid image = {w->channels, w->height, w->width}, columns = {1, 1, o->node->width};
    aep__noise_forward(o->kernels, o->pass->training ? &o->pass->noise : &silence, o->y, o->x[0], &o->pass->block,
                       w->channels ? &image : &columns, o->pass->first_row);
}

static void dense_forward(const operands *o)
{
    const size_t n_in = o->width[0], n_out = o->node->width;
    const real *w = o->pass->params + o->node->param, *b = w + n_in * n_out;
    aep__dense_forward(o->kernels, o->y, o->x[0], w, b, &o->pass->block, n_in, n_out, !o->pass->training);
}

static void dense_backward(const operands *o)
{
    const size_t n_in = o->width[0], n_out = o->node->width;
    const real *w = o->pass->params + o->node->param;
    real *dw = o->pass->dparams + o->node->param, *db = dw + n_in * n_out;
    aep__dense_backward(o->kernels, o->dx[0], o->adds[0], dw, db, o->dy, o->x[0], w, o->scratch, &o->pass->block, n_in,
                        n_out);
}

/* ------------------------------------------------------------------------------------------------ of maps */

/* These add to dx. */
static void begin_gradient(const operands *o)
{
    if (o->dx[0] && !o->adds[0])
        memset(o->dx[0], 0, o->rows * o->width[0] * sizeof *o->dx[0]);
}

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
        o->kernels, o->y, o->x[0], w, b, &o->node->window, filters_of(o), o->scratch, o->rows, !o->pass->training);
}

static void conv_backward(const operands *o)
{
    const real *w = o->pass->params + o->node->param;
    real *dw = o->pass->dparams + o->node->param, *db = dw + o->node->n_params - n_biases(o);
    begin_gradient(o);
    (o->node->op == AEP__OP_CONV ? aep__conv_backward : aep__conv_transposed_backward)(
        o->kernels, o->dx[0], dw, db, o->dy, o->x[0], w, &o->node->window, filters_of(o), o->scratch, o->rows);
}

static void upsample_forward(const operands *o) { aep__upsample_forward(o->y, o->x[0], &o->node->window, o->rows); }

static void upsample_backward(const operands *o)
{
    begin_gradient(o);
    if (o->dx[0])
        aep__upsample_backward(o->dx[0], o->dy, &o->node->window, o->rows);
}

static void max_pool_forward(const operands *o) { aep__max_pool_forward(o->y, o->x[0], &o->node->window, o->rows); }

static void max_pool_backward(const operands *o)
{
    begin_gradient(o);
    if (o->dx[0])
        aep__max_pool_backward(o->dx[0], o->dy, o->x[0], o->y, &o->node->window, o->rows);
}

static void average_pool_forward(const operands *o)
{
    aep__average_pool_forward(o->y, o->x[0], &o->node->window, o->rows);
}

static void average_pool_backward(const operands *o)
{
    begin_gradient(o);
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
    begin_gradient(o);
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
    begin_gradient(o);
    if (o->dx[0])
        reorder(o, o->dx[0], o->dy, o->node->op != AEP__OP_CHANNELS_LAST);
}

/* ------------------------------------------------------------------------------------------------ of rows */

static void activation_forward(const operands *o)
{
    o->kernels->activation_forward(o->node->attr, o->y, o->x[0], o->size);
}

static void activation_backward(const operands *o)
{
    o->kernels->activation_backward(o->node->attr, o->dx[0], o->dy, o->x[0], o->y, o->size, o->adds[0]);
}

static void stop_forward(const operands *o) { memcpy(o->y, o->x[0], o->size * sizeof *o->y); }

static void stop_backward(const operands *o)
{
    if (o->dx[0] && o->adds[0])
        o->kernels->add(o->dx[0], o->dy, o->size);
    else if (o->dx[0])
        memcpy(o->dx[0], o->dy, o->size * sizeof *o->dy);
}

static void row_norm_forward(const operands *o)
{
    aep__row_norm_forward(o->kernels, o->y, o->x[0], o->x[1], &o->pass->block, o->width[0]);
}

static void row_norm_backward(const operands *o)
{
    aep__row_norm_backward(o->kernels, o->dx[0], o->adds[0], o->dx[1], o->adds[1], o->dy, o->x[0], o->x[1], o->y,
                           o->scratch, &o->pass->block, o->width[0]);
}

static void abs_diff_forward(const operands *o) { o->kernels->abs_diff(o->y, o->x[0], o->x[1], o->size); }

static void abs_diff_backward(const operands *o)
{
    o->kernels->abs_diff_backward(o->dx[0], o->adds[0], o->dx[1], o->adds[1], o->dy, o->x[0], o->x[1], o->size);
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
};

const char *aep__op_name(int op) { return ops[op].name; }

bool aep__tape_init(aep__tape *tape, const aep_allocator *mem, size_t capacity)
{
    *tape = (aep__tape){.kernels = aep__kernels_best()};
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

/* The backward passes of these do not look at their value: an activation may overwrite it. */
static bool may_be_overwritten(int op)
{
    return op == AEP__OP_DENSE || op == AEP__OP_CONV || op == AEP__OP_CONV_TRANSPOSED || op == AEP__OP_NORM;
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
    const aep__node *input = n_inputs ? &tape->nodes[inputs[0]] : NULL;
    node->in_place = op == AEP__OP_ACTIVATION && aep__activation_by_output(attr) && inputs[0] + 1 == tape->n_nodes &&
                     may_be_overwritten(input->op);
    node->part = node->in_place ? input->part : tape->part;
    node->offset = node->in_place ? input->offset : reserve(tape, &tape->reals[node->part], width);
    node->gradient_offset = node->in_place ? input->gradient_offset : reserve(tape, &tape->gradient_reals, width);
    tape->failed |= !aep__add(&tape->row_reals, tape->reals[AEP__KEPT], tape->reals[AEP__PASSING]);
    node->param = tape->n_params;
    tape->failed |= !aep__add(&tape->n_params, tape->n_params, n_params);
    return tape->n_nodes++;
}

void aep__tape_seed(aep__tape *tape, size_t node) { tape->nodes[node].seeded = true; }

void aep__tape_finish(aep__tape *tape)
{
    for (size_t i = 0; i < tape->n_nodes; i++)
        tape->nodes[i].reached = tape->nodes[i].seeded;
    for (size_t i = tape->n_nodes; i-- > 0;) {
        aep__node *node = &tape->nodes[i];
        for (size_t j = 0; node->reached && node->needs_gradient && j < node->n_inputs; j++) {
            aep__node *input = &tape->nodes[node->input[j]];
            node->adds[j] = input->reached;
            input->reached |= input->needs_gradient;
        }
    }
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

static bool is_conv(int op) { return op == AEP__OP_CONV || op == AEP__OP_CONV_TRANSPOSED; }

size_t aep__tape_add_window(aep__tape *tape, int op, int attr, const aep__window *window, size_t size, size_t input)
{
    size_t width, n_params, scratch = 0;
    if (tape->failed || !measure(&width, &n_params, op, window, size) ||
        (is_conv(op) && !aep__conv_scratch(&scratch, window, size, false))) {
        tape->failed = true;
        return 0;
    }
    const size_t index = aep__tape_add(tape, op, attr, width, n_params, &input, 1);
    if (tape->failed)
        return 0;
    tape->nodes[index].window = *window;
    tape->has_maps = true;
    need(&tape->scratch, scratch);
    return index;
}

double aep__tape_work(const aep__tape *tape)
{
    double work = 0;
    for (size_t i = 0; i < tape->n_nodes; i++) {
        const aep__node *node = &tape->nodes[i];
        work += (double)node->n_params * (is_conv(node->op) ? (double)aep__window_places(&node->window) : 1);
    }
    return work;
}

/* What a backward pass needs beside. False on overflow. */
static bool measure_scratch(size_t *most, const aep__tape *tape, size_t capacity, bool panels)
{
    need(most, capacity); /* of row_norm */
    for (size_t i = 0; i < tape->n_nodes; i++) {
        const aep__node *node = &tape->nodes[i];
        size_t n = 0;
        const size_t n_in = node->n_inputs ? tape->nodes[node->input[0]].width : 0;
        const bool transposed = node->op == AEP__OP_CONV_TRANSPOSED;
        const size_t places = aep__window_places(&node->window);
        if (node->op == AEP__OP_DENSE && !aep__dense_scratch(&n, capacity, panels, n_in, node->width))
            return false;
        if (is_conv(node->op) &&
            !aep__conv_scratch(&n, &node->window, (transposed ? n_in : node->width) / places, true))
            return false;
        need(most, n);
    }
    return true;
}

bool aep__frame_init(aep__frame *frame, const aep_allocator *mem, const aep__tape *tape, size_t capacity, bool panels,
                     int use)
{
    const bool training = use == AEP__FRAME_TRAINING;
    size_t bytes = 0, kept = 0, passing, gradients = 0, rows = 0, scratch = tape->scratch;
    *frame = (aep__frame){.capacity = capacity, .panels = panels};
    if (!aep__mul(&passing, tape->reals[AEP__PASSING], capacity) ||
        (!training && !aep__mul(&kept, tape->reals[AEP__KEPT], capacity)) ||
        (training && !aep__mul(&gradients, tape->gradient_reals, capacity)) ||
        (training && !measure_scratch(&scratch, tape, capacity, panels)) ||
        (panels && !aep__mul(&rows, tape->nodes[0].width, capacity)))
        return false;
    if (!aep__arena_count(&bytes, kept) || !aep__arena_count(&bytes, passing) || !aep__arena_count(&bytes, gradients) ||
        !aep__arena_count(&bytes, scratch) || !aep__arena_count(&bytes, rows) ||
        !aep__arena_init(&frame->arena, mem, bytes))
        return false;
    frame->values[AEP__KEPT] = training ? NULL : aep__arena_take(&frame->arena, kept);
    frame->values[AEP__PASSING] = aep__arena_take(&frame->arena, passing);
    frame->gradients = training ? aep__arena_take(&frame->arena, gradients) : NULL;
    frame->scratch = aep__arena_take(&frame->arena, scratch);
    frame->rows = panels ? aep__arena_take(&frame->arena, rows) : NULL;
    return true;
}

void aep__frame_free(aep__frame *frame, const aep_allocator *mem)
{
    aep__arena_free(&frame->arena, mem);
    *frame = (aep__frame){0};
}

aep__block aep__frame_block(const aep__frame *frame, size_t rows)
{
    return (aep__block){.rows = rows, .lanes = frame->panels ? aep__whole_lanes(rows) : 0};
}

real *aep__frame_input(const aep__tape *tape, const aep__frame *frame)
{
    return frame->panels ? frame->rows : aep__value(tape, frame, 0);
}

void aep__frame_take_input(const aep__tape *tape, aep__frame *frame, const aep__block *block)
{
    if (frame->panels)
        aep__block_put(tape->kernels, aep__value(tape, frame, 0), block, frame->rows, tape->nodes[0].width);
}

real *aep__value(const aep__tape *tape, const aep__frame *frame, size_t node)
{
    const aep__node *n = &tape->nodes[node];
    return frame->values[n->part] + n->offset * frame->capacity;
}

real *aep__gradient(const aep__tape *tape, const aep__frame *frame, size_t node)
{
    return frame->gradients + tape->nodes[node].gradient_offset * frame->capacity;
}

/* What all nodes of a run share. */
static operands begin(const aep__tape *tape, const aep__frame *frame, const aep__pass *pass)
{
    return (operands){.kernels = tape->kernels, .pass = pass, .rows = pass->block.rows, .scratch = frame->scratch};
}

static void turn_to(operands *o, const aep__tape *tape, const aep__frame *frame, size_t index)
{
    const aep__node *node = &tape->nodes[index];
    o->node = node;
    o->size = aep__block_size(&o->pass->block) * node->width;
    o->y = aep__value(tape, frame, index);
    for (size_t i = 0; i < node->n_inputs; i++) {
        o->x[i] = aep__value(tape, frame, node->input[i]);
        o->width[i] = tape->nodes[node->input[i]].width;
    }
}

static void turn_to_gradients(operands *o, const aep__tape *tape, const aep__frame *frame, size_t index)
{
    o->dy = aep__gradient(tape, frame, index);
    for (size_t i = 0; i < o->node->n_inputs; i++) {
        const size_t input = o->node->input[i];
        o->adds[i] = o->node->adds[i];
        o->dx[i] = tape->nodes[input].needs_gradient ? aep__gradient(tape, frame, input) : NULL;
    }
}

void aep__tape_forward(const aep__tape *tape, aep__frame *frame, const aep__pass *pass, size_t first, size_t last)
{
    operands o = begin(tape, frame, pass);
    for (size_t i = first; i <= last; i++) {
        turn_to(&o, tape, frame, i);
        ops[o.node->op].forward(&o);
    }
}

void aep__tape_backward(const aep__tape *tape, aep__frame *frame, const aep__pass *pass)
{
    operands o = begin(tape, frame, pass);
    for (size_t i = tape->n_nodes; i-- > 0;)
        if (tape->nodes[i].reached && tape->nodes[i].needs_gradient) {
            turn_to(&o, tape, frame, i);
            turn_to_gradients(&o, tape, frame, i);
            ops[o.node->op].backward(&o);
        }
}
