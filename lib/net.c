/* SPDX-License-Identifier: BSD-2-Clause */
#include "net.h"

#include "layer.h"

static size_t stack(aep__tape *tape, size_t node, const size_t *widths, size_t n, int activation)
{
    for (size_t i = 0; i < n; i++)
        node = aep__layer_dense(tape, node, widths[i], activation);
    return node;
}

static size_t row_norm(aep__tape *tape, size_t a, size_t b)
{
    return aep__tape_add(tape, AEP__OP_ROW_NORM, 0, 1, 0, (const size_t[]){a, b}, 2);
}

static size_t stop(aep__tape *tape, size_t node, size_t width, bool open)
{
    return aep__tape_add(tape, AEP__OP_STOP, open, width, 0, &node, 1);
}

static void build_autoencoder(aep__net *net, const aep__net_config *c)
{
    aep__tape *tape = &net->tape;
    net->x = aep__tape_add(tape, AEP__OP_INPUT, 0, c->n_features, 0, NULL, 0);
    size_t node = aep__tape_add(tape, AEP__OP_NOISE, 0, c->n_features, 0, &net->x, 1);
    node = stack(tape, node, c->encoder, c->n_encoder - 1, c->activation);
    net->z = aep__layer_dense(tape, node, net->code_size, c->code_activation);
    node = stack(tape, net->z, c->decoder, c->n_decoder, c->activation);
    net->reconstruction = aep__layer_dense(tape, node, c->n_features, c->output_activation);
    net->row_error = row_norm(tape, net->x, net->reconstruction);
    net->n_autoencoder = tape->n_params;
}

static void build_head(aep__net *net, const aep__net_config *c)
{
    aep__tape *tape = &net->tape;
    net->error = net->row_error;
    if (c->vector_error)
        net->error = aep__tape_add(tape, AEP__OP_ABS_DIFF, 0, c->n_features, 0,
                                   (const size_t[]){net->x, net->reconstruction}, 2);
    size_t node = stop(tape, net->z, net->code_size, c->head_gradient);
    node = stack(tape, node, c->head, c->n_head, c->head_activation);
    net->predicted = aep__layer_dense(tape, node, net->error_size, AEP_IDENTITY);
    net->score = row_norm(tape, stop(tape, net->error, net->error_size, c->head_gradient), net->predicted);
}

static void build_losses(aep__net *net, const aep__net_config *c)
{
    aep__tape *tape = &net->tape;
    net->loss_reconstruction = aep__tape_add(tape, AEP__OP_MEAN, c->squared, 0, 0, &net->row_error, 1);
    net->loss_decay = aep__tape_add(tape, AEP__OP_WEIGHT_DECAY, 0, 0, net->n_autoencoder, NULL, 0);
    net->loss_compactness = aep__tape_add(tape, AEP__OP_COMPACTNESS, 0, 0, 0, &net->z, 1);
    net->loss_prediction = aep__tape_add(tape, AEP__OP_MEAN, c->squared, 0, 0, &net->score, 1);
    const size_t terms[] = {net->loss_reconstruction, net->loss_decay, net->loss_compactness, net->loss_prediction};
    net->loss = aep__tape_add(tape, AEP__OP_WEIGHTED_SUM, 0, 0, 0, terms, 4);
}

int aep__net_init(aep__net *net, const aep_allocator *mem, const aep__net_config *c)
{
    enum { FIXED_NODES = 16 };
    *net = (aep__net){.n_features = c->n_features,
                      .code_size = c->encoder[c->n_encoder - 1],
                      .error_size = c->vector_error ? c->n_features : 1};
    if (!aep__tape_init(&net->tape, mem, 2 * (c->n_encoder + c->n_decoder + c->n_head + 2) + FIXED_NODES))
        return AEP_E_MEMORY;
    build_autoencoder(net, c);
    build_head(net, c);
    build_losses(net, c);
    if (net->tape.failed) {
        aep__net_free(net, mem);
        return AEP_E_LIMIT;
    }
    return AEP_OK;
}

void aep__net_free(aep__net *net, const aep_allocator *mem) { aep__tape_free(&net->tape, mem); }

void aep__net_weigh(aep__pass *pass, double lambda1, double lambda2, double lambda3)
{
    pass->weight[0] = 1;
    pass->weight[1] = (real)lambda1;
    pass->weight[2] = (real)lambda2;
    pass->weight[3] = (real)lambda3;
}
