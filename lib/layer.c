/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer.h"

#include "rng.h"

#include <math.h>
#include <string.h>

size_t aep__layer_linear(aep__tape *tape, size_t input, size_t n_out, int activation)
{
    size_t n_params;
    if (tape->failed)
        return 0;
    if (!aep__mul(&n_params, tape->nodes[input].width, n_out) || !aep__add(&n_params, n_params, n_out)) {
        tape->failed = true;
        return 0;
    }
    return aep__tape_add(tape, AEP__OP_DENSE, activation, n_out, n_params, &input, 1);
}

size_t aep__layer_dense(aep__tape *tape, size_t input, size_t n_out, int activation)
{
    return aep__layer_activation(tape, aep__layer_linear(tape, input, n_out, activation), activation);
}

size_t aep__layer_activation(aep__tape *tape, size_t input, int activation)
{
    if (tape->failed || activation == AEP_IDENTITY)
        return input;
    return aep__tape_add(tape, AEP__OP_ACTIVATION, activation, tape->nodes[input].width, 0, &input, 1);
}

size_t aep__layer_map(aep__tape *tape, size_t input, const aep__map_layer *layer, int activation)
{
    static const int ops[] = {
        [AEP_LAYER_CONV] = AEP__OP_CONV,         [AEP_LAYER_CONV_TRANSPOSED] = AEP__OP_CONV_TRANSPOSED,
        [AEP_LAYER_UPSAMPLE] = AEP__OP_UPSAMPLE, [AEP_LAYER_MAX_POOL] = AEP__OP_MAX_POOL,
        [AEP_LAYER_NORM] = AEP__OP_NORM,         [AEP_LAYER_AVERAGE_POOL] = AEP__OP_AVERAGE_POOL,
    };
    const int op = ops[layer->layer.kind];
    if (tape->failed)
        return 0;
    size_t filters = layer->layer.size;
    if (op == AEP__OP_CONV_TRANSPOSED) /* they are its output's channels; those of its input slide over it */
        filters = tape->nodes[input].width / aep__window_places(&layer->window);
    return aep__tape_add_window(tape, op, op == AEP__OP_NORM ? (int)layer->layer.size : activation, &layer->window,
                                filters, input);
}

static double bound(int activation, double n_in, double n_out)
{
    switch (activation) {
    case AEP_RELU:
    case AEP_LEAKY_RELU:
    case AEP_GELU:
    case AEP_SILU:
        return sqrt(6 / n_in);
    default:
        return sqrt(6 / (n_in + n_out));
    }
}

/* Weights (n_rows, n_columns) of a node, and how many values make one of its output, or one of its input goes into. */
typedef struct weights {
    size_t rows, columns, n_biases;
    double n_in, n_out;
} weights;

static weights weights_of(const aep__tape *tape, const aep__node *node)
{
    const aep__window *w = &node->window;
    const size_t n_in = tape->nodes[node->input[0]].width;
    if (node->op == AEP__OP_DENSE)
        return (weights){n_in, node->width, node->width, (double)n_in, (double)node->width};
    const bool transposed = node->op == AEP__OP_CONV_TRANSPOSED;
    const size_t patch = aep__window_patch(w), filters = (transposed ? n_in : node->width) / aep__window_places(w);
    const double overlap = (double)(w->kernel_h * w->kernel_w) / (double)(w->stride_h * w->stride_w);
    const double gathered = (double)patch, spread = (double)filters * overlap; /* by a place, of a pixel */
    return transposed ? (weights){filters, patch, w->channels, spread, gathered}
                      : (weights){patch, filters, filters, gathered, spread};
}

static void init_weights(const weights *size, real *w, int activation, uint64_t seed, size_t node)
{
    const real scale = (real)bound(activation, size->n_in, size->n_out);
    for (size_t row = 0; row < size->rows; row++, w += size->columns) {
        aep__rng_uniform(w, size->columns, seed, AEP__STREAM_WEIGHTS, node, (uint32_t)row);
        for (size_t j = 0; j < size->columns; j++)
            w[j] = scale * (2 * w[j] - 1);
    }
    memset(w, 0, size->n_biases * sizeof *w);
}

void aep__layers_init(const aep__tape *tape, real *params, uint64_t seed)
{
    for (size_t i = 0; i < tape->n_nodes; i++) {
        const aep__node *node = &tape->nodes[i];
        real *w = params + node->param;
        if (node->op == AEP__OP_NORM) {
            for (size_t j = 0; j < node->n_params; j++)
                w[j] = j < node->n_params / 2;
        } else if (node->op == AEP__OP_DENSE || node->op == AEP__OP_CONV || node->op == AEP__OP_CONV_TRANSPOSED) {
            const weights size = weights_of(tape, node);
            init_weights(&size, w, node->attr, seed, i);
        }
    }
}
