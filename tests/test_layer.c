/* SPDX-License-Identifier: BSD-2-Clause */
/* How layers put themselves on a tape, and the values that their parameters begin with. */
#include "layer.h"
#include "runner.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

enum { CAPACITY = 32, MOST_PARAMS = 20000 };

static aep_allocator mem;
static aep__tape tape;
static real params[MOST_PARAMS];

static void set_up(void)
{
    ck_assert_int_eq(aep__mem_init(&mem, NULL), AEP_OK);
    ck_assert(aep__tape_init(&tape, &mem, CAPACITY));
}

static void tear_down(void) { aep__tape_free(&tape, &mem); }

static size_t input(size_t width) { return aep__tape_add(&tape, AEP__OP_INPUT, 0, width, 0, NULL, 0); }

/* A layer of that kind in its place: an image and a stack of one layer, mirrored for what the decoder has. */
static aep__map_layer plan_layer(int kind, size_t channels, size_t height, size_t width, size_t size, size_t kernel,
                                 size_t stride)
{
    const bool transposed = kind == AEP_LAYER_CONV_TRANSPOSED;
    const aep__image_layer conv = {transposed ? AEP_LAYER_CONV : kind, size, kernel, stride, AEP_PADDING_AUTO};
    aep__image image = {.shape = {channels, height, width}};
    aep__image_plan plan;
    ck_assert_int_eq(aep__image_add(&image, NULL, AEP_PART_ENCODER, &conv), AEP_OK);
    ck_assert_int_eq(aep__image_plan_make(&plan, &image, NULL), AEP_OK);
    return transposed ? plan.decoder.layer[0] : plan.encoder.layer[0];
}

/* Weights fill +-bound evenly: their extremes come near it, their mean square is bound^2 / 3. Biases are 0. */
static void assert_uniform(const aep__node *node, size_t n_weights, double bound)
{
    const real *w = params + node->param;
    double most = 0, squares = 0;
    for (size_t i = 0; i < n_weights; i++) {
        most = fmax(most, fabs((double)w[i]));
        squares += (double)w[i] * (double)w[i];
    }
    ck_assert_double_le(most, bound * (1 + 1e-6));
    ck_assert_double_ge(most, bound * 0.97);
    ck_assert_double_eq_tol(squares / (double)n_weights / (bound * bound), 1.0 / 3, 0.05);
    for (size_t i = n_weights; i < node->n_params; i++)
        ck_assert(w[i] == 0);
}

static bool is_relu(int activation)
{
    return activation == AEP_RELU || activation == AEP_LEAKY_RELU || activation == AEP_GELU || activation == AEP_SILU;
}

static double bound(int activation, double n_in, double n_out)
{
    return is_relu(activation) ? sqrt(6 / n_in) : sqrt(6 / (n_in + n_out));
}

START_TEST(dense_weights_begin_within_the_bounds_of_their_activation)
{
    const int activation = _i;
    const size_t node = aep__layer_linear(&tape, input(40), 60, activation);
    aep__layers_init(&tape, params, 1);
    ck_assert_uint_eq(tape.nodes[node].n_params, 40 * 60 + 60);
    assert_uniform(&tape.nodes[node], 40 * 60, bound(activation, 40, 60));
}
END_TEST

/* A value of the output is made of 3 * 3 * 4 of the input, one of the input goes into about 20 * 3 * 3 / (2 * 2). */
START_TEST(convolutions_begin_within_the_bounds_of_what_they_gather_and_spread)
{
    const int activation = _i;
    const aep__map_layer layer = plan_layer(AEP_LAYER_CONV, 4, 9, 8, 20, 3, 2);
    const size_t node = aep__layer_map(&tape, input(4 * 9 * 8), &layer, activation);
    aep__layers_init(&tape, params, 1);
    ck_assert_uint_eq(tape.nodes[node].width, 20 * 5 * 4);
    ck_assert_uint_eq(tape.nodes[node].n_params, 3 * 3 * 4 * 20 + 20);
    assert_uniform(&tape.nodes[node], 3 * 3 * 4 * 20, bound(activation, 3 * 3 * 4, 20 * 9.0 / 4));
}
END_TEST

START_TEST(transposed_convolutions_begin_the_other_way_round)
{
    const int activation = _i;
    const aep__map_layer layer = plan_layer(AEP_LAYER_CONV_TRANSPOSED, 4, 9, 8, 20, 3, 2);
    const size_t node = aep__layer_map(&tape, input(20 * 5 * 4), &layer, activation);
    aep__layers_init(&tape, params, 1);
    ck_assert_uint_eq(tape.nodes[node].width, 4 * 9 * 8);
    ck_assert_uint_eq(tape.nodes[node].n_params, 3 * 3 * 4 * 20 + 4);
    assert_uniform(&tape.nodes[node], 3 * 3 * 4 * 20, bound(activation, 20 * 9.0 / 4, 3 * 3 * 4));
}
END_TEST

START_TEST(one_dimensional_convolutions_count_one_dimension)
{
    const aep__map_layer layer = plan_layer(AEP_LAYER_CONV, 8, 1, 50, 30, 5, 3);
    const size_t node = aep__layer_map(&tape, input(8 * 50), &layer, AEP_TANH);
    aep__layers_init(&tape, params, 1);
    ck_assert_uint_eq(tape.nodes[node].n_params, 5 * 8 * 30 + 30);
    assert_uniform(&tape.nodes[node], 5 * 8 * 30, bound(AEP_TANH, 5 * 8, 30 * 5.0 / 3));
}
END_TEST

START_TEST(norms_begin_with_gamma_one_and_beta_zero)
{
    const aep__map_layer layer = plan_layer(AEP_LAYER_NORM, 6, 3, 4, 2, 0, 0);
    const size_t node = aep__layer_map(&tape, input(6 * 3 * 4), &layer, AEP_TANH);
    for (size_t i = 0; i < MOST_PARAMS; i++)
        params[i] = 7;
    aep__layers_init(&tape, params, 1);
    ck_assert_uint_eq(tape.nodes[node].width, 6 * 3 * 4);
    ck_assert_int_eq(tape.nodes[node].attr, 2);
    ck_assert_uint_eq(tape.nodes[node].n_params, 12);
    for (size_t i = 0; i < 12; i++)
        ck_assert(params[tape.nodes[node].param + i] == (i < 6));
}
END_TEST

START_TEST(pools_and_upsampling_have_no_parameters)
{
    const aep__map_layer pool = plan_layer(AEP_LAYER_MAX_POOL, 3, 5, 4, 0, 2, 2);
    size_t node = aep__layer_map(&tape, input(3 * 5 * 4), &pool, AEP_TANH);
    ck_assert(tape.nodes[node].op == AEP__OP_MAX_POOL && tape.nodes[node].width == 3 * 3 * 2);
    const aep__map_layer average = plan_layer(AEP_LAYER_AVERAGE_POOL, 3, 5, 4, 0, 2, 2);
    node = aep__layer_map(&tape, input(3 * 5 * 4), &average, AEP_TANH);
    ck_assert(tape.nodes[node].op == AEP__OP_AVERAGE_POOL && tape.nodes[node].width == 3 * 3 * 2);
    ck_assert_uint_eq(tape.n_params, 0);
    ck_assert(!tape.nodes[node].needs_gradient); /* nothing below it is trained */
}
END_TEST

START_TEST(the_identity_is_no_node)
{
    const size_t node = input(4);
    ck_assert_uint_eq(aep__layer_activation(&tape, node, AEP_IDENTITY), node);
    ck_assert_uint_eq(aep__layer_activation(&tape, node, AEP_RELU), node + 1);
    ck_assert_uint_eq(aep__layer_dense(&tape, node, 3, AEP_IDENTITY), node + 2);
    ck_assert_uint_eq(aep__layer_dense(&tape, node, 3, AEP_TANH), node + 4);
}
END_TEST

/* Each layer has numbers of its own; the same seed gives the same, another seed others. */
START_TEST(weights_are_those_of_the_seed_and_the_layer)
{
    enum { N = 3 * 3 * 5 * 4 };
    static real again[MOST_PARAMS];
    const aep__map_layer layer = plan_layer(AEP_LAYER_CONV, 5, 9, 8, 4, 3, 2);
    const size_t from = input(5 * 9 * 8), a = aep__layer_map(&tape, from, &layer, AEP_TANH);
    const size_t b = aep__layer_map(&tape, from, &layer, AEP_TANH);
    aep__layers_init(&tape, params, 1);
    aep__layers_init(&tape, again, 1);
    ck_assert_mem_eq(params, again, tape.n_params * sizeof *params);
    ck_assert_mem_ne(params + tape.nodes[a].param, params + tape.nodes[b].param, N * sizeof *params);
    for (size_t row = 1; row < 3 * 3 * 5; row++) /* no row of weights is another's */
        ck_assert_mem_ne(params + tape.nodes[a].param + row * 4, params + tape.nodes[a].param, 4 * sizeof *params);
    aep__layers_init(&tape, again, 2);
    ck_assert_mem_ne(params, again, N * sizeof *params);
}
END_TEST

START_TEST(layers_on_a_failed_tape_are_harmless)
{
    const aep__map_layer layer = plan_layer(AEP_LAYER_CONV, 5, 9, 8, 4, 3, 2);
    const size_t node = input(5 * 9 * 8);
    aep__layer_linear(&tape, node, SIZE_MAX / 8, AEP_TANH);
    ck_assert(tape.failed);
    const size_t n = tape.n_nodes;
    aep__layer_linear(&tape, node, 3, AEP_TANH);
    aep__layer_map(&tape, node, &layer, AEP_TANH);
    aep__layer_activation(&tape, node, AEP_TANH);
    ck_assert_uint_eq(tape.n_nodes, n);
    ck_assert(tape.failed);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("layer");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, dense_weights_begin_within_the_bounds_of_their_activation, 0, AEP_SILU + 1);
    tcase_add_loop_test(tc, convolutions_begin_within_the_bounds_of_what_they_gather_and_spread, 0, AEP_SILU + 1);
    tcase_add_loop_test(tc, transposed_convolutions_begin_the_other_way_round, 0, AEP_SILU + 1);
    tcase_add_test(tc, one_dimensional_convolutions_count_one_dimension);
    tcase_add_test(tc, norms_begin_with_gamma_one_and_beta_zero);
    tcase_add_test(tc, pools_and_upsampling_have_no_parameters);
    tcase_add_test(tc, the_identity_is_no_node);
    tcase_add_test(tc, weights_are_those_of_the_seed_and_the_layer);
    tcase_add_test(tc, layers_on_a_failed_tape_are_harmless);
    return run_case("layer", tc);
}
