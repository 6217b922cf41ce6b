/* SPDX-License-Identifier: BSD-2-Clause */
/* The joint loss of convolutional networks: its gradients against central differences, and which parameters decay. */
#include "net_fixture.h"
#include "runner.h"

enum { MOST_LAYERS = 4, AUTO = -1 };

typedef struct layers {
    size_t n;
    int layer[MOST_LAYERS][5]; /* kind, size, kernel, stride, padding or AUTO */
} layers;

static const struct image_case {
    const char *what;
    aep__shape shape;
    layers encoder, decoder;
} cases[] = {
    {"two convolutions, odd sizes, two channels",
     {2, 5, 3},
     {2, {{AEP_LAYER_CONV, 3, 3, 2, AUTO}, {AEP_LAYER_CONV, 4, 2, 2, 1}}},
     {0}},
    {"norms behind convolutions",
     {1, 4, 5},
     {4, {{AEP_LAYER_CONV, 4, 3, 2, AUTO}, {AEP_LAYER_NORM, 2}, {AEP_LAYER_CONV, 3, 2, 1, AUTO}, {AEP_LAYER_NORM, 1}}},
     {0}},
    {"a norm of the image itself", {2, 3, 3}, {2, {{AEP_LAYER_NORM, 2}, {AEP_LAYER_CONV, 3, 2, 1, 0}}}, {0}},
    {"both pools",
     {1, 6, 5},
     {3, {{AEP_LAYER_CONV, 2, 3, 1, AUTO}, {AEP_LAYER_MAX_POOL, 0, 2, 2, 0}, {AEP_LAYER_AVERAGE_POOL, 0, 2, 2, 0}}},
     {0}},
    {"pools without a convolution", {2, 4, 3}, {1, {{AEP_LAYER_MAX_POOL, 0, 2, 2, 0}}}, {0}},
    {"a decoder of upsampling and convolutions",
     {2, 5, 4},
     {1, {{AEP_LAYER_CONV, 3, 3, 2, AUTO}}},
     {4,
      {{AEP_LAYER_UPSAMPLE, 0, 0, 2, 0},
       {AEP_LAYER_CONV, 4, 3, 1, AUTO},
       {AEP_LAYER_NORM, 4},
       {AEP_LAYER_CONV, 2, 1, 1, 0}}}},
    {"a decoder that begins with a norm",
     {1, 4, 4},
     {1, {{AEP_LAYER_CONV, 2, 2, 2, 0}}},
     {2, {{AEP_LAYER_NORM, 1}, {AEP_LAYER_CONV_TRANSPOSED, 1, 2, 2, 0}}}},
    {"a decoder that ends with a norm",
     {2, 3, 3},
     {1, {{AEP_LAYER_CONV, 3, 2, 1, 0}}},
     {2, {{AEP_LAYER_CONV_TRANSPOSED, 2, 2, 1, 0}, {AEP_LAYER_NORM, 2}}}},
    {"a signal of two channels", {2, 1, 9}, {2, {{AEP_LAYER_CONV, 3, 3, 2, AUTO}, {AEP_LAYER_CONV, 2, 2, 2, 0}}}, {0}},
    {"a standing signal", {1, 8, 1}, {2, {{AEP_LAYER_CONV, 2, 4, 3, AUTO}, {AEP_LAYER_AVERAGE_POOL, 0, 2, 2, 0}}}, {0}},
    {"an image without image layers", {3, 2, 2}, {0}, {0}},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static void add(aep__image *image, int part, const layers *stack)
{
    for (size_t i = 0; i < stack->n; i++) {
        const int *l = stack->layer[i];
        const aep__image_layer layer = {l[0], (size_t)l[1], (size_t)l[2], (size_t)l[3],
                                        l[4] == AUTO ? AEP_PADDING_AUTO : (size_t)l[4]};
        ck_assert_int_eq(aep__image_add(image, NULL, part, &layer), AEP_OK);
    }
}

static const size_t encoder[] = {4, 2}, decoder[] = {4}, head[] = {3};

/* plan: where the config's plan is kept */
static aep__net_config config_of(const struct image_case *c, aep__image_plan *plan)
{
    aep__image image = {.shape = c->shape};
    add(&image, AEP_PART_ENCODER, &c->encoder);
    add(&image, AEP_PART_DECODER, &c->decoder);
    ck_assert_msg(aep__image_plan_make(plan, &image, NULL) == AEP_OK, "%s", c->what);
    return (aep__net_config){.n_features = aep__shape_size(&c->shape),
                             .plan = plan,
                             .image = c->shape,
                             .encoder = encoder,
                             .decoder = decoder,
                             .head = head,
                             .n_encoder = 2,
                             .n_decoder = 1,
                             .n_head = 1};
}

START_TEST(gradients_agree_for_every_image_and_switch)
{
    aep__image_plan plan;
    aep__net_config config = config_of(&cases[_i / 8], &plan);
    const bool squared = set_switches(&config, _i % 8);
    config.activation = AEP_TANH;
    config.output_activation = AEP_TANH;
    config.head_activation = AEP_SIGMOID;
    check_gradients(&config, squared);
}
END_TEST

START_TEST(gradients_agree_for_every_activation)
{
    static const size_t few[] = {2, 6, 8}; /* small maps, of which enough keep away from kinks */
    const int kind = _i % N_ACTIVATIONS;
    aep__image_plan plan;
    aep__net_config config = config_of(&cases[few[_i / N_ACTIVATIONS]], &plan);
    config.activation = kind;
    config.code_activation = (kind + 1) % N_ACTIVATIONS;
    config.output_activation = (kind + 2) % N_ACTIVATIONS;
    config.head_activation = (kind + 3) % N_ACTIVATIONS;
    check_gradients(&config, false);
}
END_TEST

/* theta are the fully connected layers of encoder and decoder: kernels, and gamma and beta of norms, are not pulled
   to zero. */
START_TEST(only_dense_layers_decay)
{
    const struct image_case *c = &cases[_i];
    aep__image_plan plan;
    aep__net_config config = config_of(c, &plan);
    fixture f;
    make_net(&f, &config, false);
    const aep__tape *tape = &f.net.tape;
    double decay = 0;
    size_t n_decaying = 0, n_kept = 0;
    real *with = copy_gradient(&f);
    const double got = f.losses.decay;
    f.batch.lambda1 = 0;
    real *without = copy_gradient(&f);
    for (size_t i = 0; i < tape->n_nodes; i++) {
        const aep__node *node = &tape->nodes[i];
        if (!node->n_params)
            continue;
        const bool decays = node->op == AEP__OP_DENSE && node->param < f.net.n_autoencoder;
        for (size_t j = node->param; j < node->param + node->n_params; j++) {
            decay += decays ? f.params[j] * f.params[j] : 0;
            ck_assert_double_eq_tol(with[j] - without[j], decays ? 2 * lambda1 * f.params[j] : 0, 1e-14);
        }
        *(decays ? &n_decaying : &n_kept) += node->n_params;
    }
    const size_t inner = aep__shape_size(&plan.inner);
    ck_assert_uint_eq(n_decaying, (inner + 1) * 4 + (4 + 1) * 2 + (2 + 1) * 4 + (4 + 1) * inner);
    ck_assert_uint_eq(n_decaying + n_kept, tape->n_params);
    ck_assert_double_eq_tol(got, decay, 1e-12 * decay);
    free(with), free(without);
    free_net(&f);
}
END_TEST

/* A norm stands between a convolution, or the last dense layer, and its activation; the last convolution has that of
   the output. */
START_TEST(activations_follow_norms)
{
    for (size_t i = 0; i < N_CASES; i++) {
        aep__image_plan plan;
        aep__net_config config = config_of(&cases[i], &plan);
        config.activation = AEP_TANH;
        config.output_activation = AEP_SIGMOID;
        fixture f;
        make_net(&f, &config, false);
        const aep__tape *tape = &f.net.tape;
        size_t n_sigmoid = 0;
        for (size_t j = 0; j < f.net.reconstruction; j++) {
            const aep__node *node = &tape->nodes[j], *next = &tape->nodes[j + 1];
            if (node->op == AEP__OP_CONV || node->op == AEP__OP_CONV_TRANSPOSED)
                ck_assert_msg(next->op == AEP__OP_NORM || next->op == AEP__OP_ACTIVATION, "%s", cases[i].what);
            if (node->op == AEP__OP_NORM && j > 0 && tape->nodes[j - 1].op >= AEP__OP_DENSE &&
                tape->nodes[j - 1].op <= AEP__OP_CONV_TRANSPOSED)
                ck_assert_msg(next->op == AEP__OP_ACTIVATION, "%s", cases[i].what);
        }
        for (size_t j = 0; j <= f.net.reconstruction; j++)
            n_sigmoid += tape->nodes[j].op == AEP__OP_ACTIVATION && tape->nodes[j].attr == AEP_SIGMOID;
        ck_assert_uint_eq(n_sigmoid, 1);
        real *rebuilt = value(&f, f.net.reconstruction);
        for (size_t j = 0; j < ROWS * config.n_features; j++)
            ck_assert(rebuilt[j] > 0 && rebuilt[j] < 1);
        free(rebuilt);
        free_net(&f);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("grad_image");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, gradients_agree_for_every_image_and_switch, 0, N_CASES * 8);
    tcase_add_loop_test(tc, gradients_agree_for_every_activation, 0, 3 * N_ACTIVATIONS);
    tcase_add_loop_test(tc, only_dense_layers_decay, 0, N_CASES);
    tcase_add_test(tc, activations_follow_norms);
    return run_case("grad_image", tc);
}
