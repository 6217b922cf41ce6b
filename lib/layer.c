/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer.h"

#include "rng.h"

#include <math.h>
#include <string.h>

size_t aep__layer_dense(aep__tape *tape, size_t input, size_t n_out, int activation)
{
    size_t n_params;
    if (tape->failed)
        return 0;
    if (!aep__mul(&n_params, tape->nodes[input].width, n_out) || !aep__add(&n_params, n_params, n_out)) {
        tape->failed = true;
        return 0;
    }
    size_t node = aep__tape_add(tape, AEP__OP_DENSE, activation, n_out, n_params, &input, 1);
    if (activation != AEP_IDENTITY)
        node = aep__tape_add(tape, AEP__OP_ACTIVATION, activation, n_out, 0, &node, 1);
    return node;
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

void aep__layers_init(const aep__tape *tape, real *params, uint64_t seed)
{
    for (size_t i = 0; i < tape->n_nodes; i++) {
        const aep__node *node = &tape->nodes[i];
        if (node->op != AEP__OP_DENSE)
            continue;
        const size_t n_in = tape->nodes[node->input[0]].width, n_out = node->width;
        const real scale = (real)bound(node->attr, (double)n_in, (double)n_out);
        real *w = params + node->param;
        for (size_t row = 0; row < n_in; row++, w += n_out) {
            aep__rng_uniform(w, n_out, seed, AEP__STREAM_WEIGHTS, i, (uint32_t)row);
            for (size_t j = 0; j < n_out; j++)
                w[j] = scale * (2 * w[j] - 1);
        }
        memset(w, 0, n_out * sizeof *w);
    }
}
