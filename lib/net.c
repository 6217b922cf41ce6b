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

static bool is_conv(const aep__map_layer *layer)
{
    return layer->layer.kind == AEP_LAYER_CONV || layer->layer.kind == AEP_LAYER_CONV_TRANSPOSED;
}

/* The image layer behind which the activation of layer i belongs: a norm that follows at once comes first. */
static size_t activated(const aep__map_stack *layers, size_t i)
{
    return i + 1 < layers->n && layers->layer[i + 1].layer.kind == AEP_LAYER_NORM ? i + 1 : i;
}

/* Image layers; `pending` is the activation that the node they begin on has yet to get (a dense layer before a norm),
   and last that of the last convolution. */
static size_t map_stack(aep__tape *tape, size_t node, const aep__map_stack *layers, int pending, int activation,
                        int last)
{
    size_t last_conv = layers->n, due = layers->n; /* due: the layer behind which `pending` is applied */
    for (size_t i = 0; i < layers->n; i++)
        if (is_conv(&layers->layer[i]))
            last_conv = i;
    if (layers->n && layers->layer[0].layer.kind == AEP_LAYER_NORM)
        due = 0;
    else
        node = aep__layer_activation(tape, node, pending);
    for (size_t i = 0; i < layers->n; i++) {
        if (is_conv(&layers->layer[i])) {
            pending = i == last_conv ? last : activation;
            due = activated(layers, i);
        }
        node = aep__layer_map(tape, node, &layers->layer[i], pending);
        if (i == due)
            node = aep__layer_activation(tape, node, pending);
    }
    return node;
}

static size_t reorder(aep__tape *tape, size_t node, int op, const aep__shape *image)
{
    const aep__window whole = {.channels = image->channels, .height = image->height, .width = image->width};
    return image->channels == 1 ? node : aep__tape_add_window(tape, op, 0, &whole, 0, node);
}

static size_t noise(aep__net *net, const aep__net_config *c)
{
    aep__tape *tape = &net->tape;
    const size_t node = aep__tape_add(tape, AEP__OP_NOISE, 0, c->n_features, 0, &net->x, 1);
    if (c->plan && !tape->failed)
        tape->nodes[node].window =
            (aep__window){.channels = c->image.channels, .height = c->image.height, .width = c->image.width};
    return node;
}

/* From the last hidden layer of the decoder to a row. */
static size_t output(aep__net *net, const aep__net_config *c, size_t node)
{
    aep__tape *tape = &net->tape;
    if (!c->plan)
        return aep__layer_dense(tape, node, c->n_features, c->output_activation);
    const aep__map_stack *layers = &c->plan->decoder;
    bool any_conv = false;
    for (size_t i = 0; i < layers->n; i++)
        any_conv |= is_conv(&layers->layer[i]);
    const int first = any_conv ? c->activation : c->output_activation;
    node = aep__layer_linear(tape, node, aep__shape_size(&c->plan->inner), first);
    net->dense_end = tape->n_params;
    node = map_stack(tape, node, layers, first, c->activation, c->output_activation);
    return reorder(tape, node, AEP__OP_CHANNELS_FIRST, &c->image);
}

static void build_autoencoder(aep__net *net, const aep__net_config *c)
{
    aep__tape *tape = &net->tape;
    net->x = aep__tape_add(tape, AEP__OP_INPUT, 0, c->n_features, 0, NULL, 0);
    size_t node = noise(net, c);
    if (c->plan) {
        node = reorder(tape, node, AEP__OP_CHANNELS_LAST, &c->image);
        node = map_stack(tape, node, &c->plan->encoder, AEP_IDENTITY, c->activation, c->activation);
    }
    net->dense_begin = tape->n_params;
    node = stack(tape, node, c->encoder, c->n_encoder - 1, c->activation);
    net->z = aep__layer_dense(tape, node, net->code_size, c->code_activation);
    tape->part = AEP__PASSING;
    node = stack(tape, net->z, c->decoder, c->n_decoder, c->activation);
    net->reconstruction = output(net, c, node);
    net->row_error = row_norm(tape, net->x, net->reconstruction);
    net->n_autoencoder = tape->n_params;
    if (!c->plan)
        net->dense_end = tape->n_params;
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

int aep__net_init(aep__net *net, const aep_allocator *mem, const aep__net_config *c)
{
    enum { FIXED_NODES = 12 };
    *net = (aep__net){.n_features = c->n_features,
                      .code_size = c->encoder[c->n_encoder - 1],
                      .error_size = c->vector_error ? c->n_features : 1};
    const size_t n_image_layers = c->plan ? c->plan->encoder.n + c->plan->decoder.n : 0;
    const size_t n_layers = c->n_encoder + c->n_decoder + c->n_head + n_image_layers + 2;
    if (!aep__tape_init(&net->tape, mem, 2 * n_layers + FIXED_NODES))
        return AEP_E_MEMORY;
    build_autoencoder(net, c);
    build_head(net, c);
    if (!net->tape.failed) {
        aep__tape_seed(&net->tape, net->row_error);
        aep__tape_seed(&net->tape, net->z);
        aep__tape_seed(&net->tape, net->score);
        aep__tape_finish(&net->tape);
    }
    if (net->tape.failed || net->tape.row_reals > AEP__MAX_ROW_REALS) {
        aep__net_free(net, mem);
        return AEP_E_LIMIT;
    }
    return AEP_OK;
}

void aep__net_free(aep__net *net, const aep_allocator *mem) { aep__tape_free(&net->tape, mem); }
