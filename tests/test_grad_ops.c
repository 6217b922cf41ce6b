/* SPDX-License-Identifier: BSD-2-Clause */
/* Every operation of the tape's table: its gradients against central differences, on small tapes that hold it. */
#include "gradient.h"
#include "mem.h"
#include "rng.h"
#include "tape.h"
#include "runner.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 5, MOST_NODES = 16, MOST_LEAVES = 4, MOST_PARAMS = 256 };

/* A tape under test, which ends with the node whose gradients are checked. Leaves are inputs by which they are. */
typedef struct fixture {
    aep_allocator mem;
    aep__tape tape;
    aep__frame frame;
    aep__pass pass;
    real params[MOST_PARAMS], dparams[MOST_PARAMS];
    real *kept, *weights; /* weights: of the values of the last node in root_value */
    size_t leaf[MOST_LEAVES], n_leaves, root;
} fixture;

static size_t add(fixture *f, int op, int attr, size_t width, size_t n_params, size_t n_inputs, const size_t *inputs)
{
    return aep__tape_add(&f->tape, op, attr, width, n_params, inputs, n_inputs);
}

/* An input that needs a gradient, which one parameter of its own, unused, brings about. */
static size_t leaf(fixture *f, size_t width)
{
    return f->leaf[f->n_leaves++] = add(f, AEP__OP_INPUT, 0, width, 1, 0, NULL);
}

static size_t dense(fixture *f, size_t input, size_t n_out)
{
    const size_t n_in = f->tape.nodes[input].width;
    return add(f, AEP__OP_DENSE, AEP_IDENTITY, n_out, (n_in + 1) * n_out, 1, &input);
}

static size_t input_case(fixture *f, int attr)
{
    (void)attr;
    return leaf(f, 3);
}

static size_t noise_case(fixture *f, int attr)
{
    size_t node = add(f, AEP__OP_INPUT, 0, 3, 0, 0, NULL);
    f->pass.noise.kind = attr;
    f->pass.noise.level = 0.3;
    node = add(f, AEP__OP_NOISE, 0, 3, 0, 1, &node);
    return dense(f, node, 4);
}

static size_t dense_case(fixture *f, int attr)
{
    (void)attr;
    return dense(f, leaf(f, 3), 4);
}

static size_t activation_case(fixture *f, int attr)
{
    const size_t input = leaf(f, 3);
    return add(f, AEP__OP_ACTIVATION, attr, 3, 0, 1, &input);
}

/* open: the gradient goes through, to a node that another path reaches too */
static size_t stop_case(fixture *f, int attr)
{
    const size_t input = leaf(f, 3), pair[] = {add(f, AEP__OP_STOP, attr, 3, 0, 1, &input), dense(f, input, 3)};
    return add(f, AEP__OP_ROW_NORM, 0, 1, 0, 2, pair);
}

/* Windows of every sort: map (channels, height, width), kernel, stride, padding, places. */
static const aep__window windows[] = {
    {2, 5, 4, 3, 3, 2, 2, 1, 1, 3, 2}, /* stride and padding; an odd height, an even width */
    {1, 4, 3, 3, 2, 1, 1, 2, 1, 6, 4}, /* more padding than usual, so that windows stand beside the map; overlap */
    {3, 1, 7, 1, 3, 1, 2, 0, 1, 1, 4}, /* one-dimensional */
    {2, 3, 3, 1, 1, 1, 1, 0, 0, 3, 3}, /* a point */
    {1, 2, 2, 2, 2, 2, 2, 0, 0, 1, 1}, /* the whole map */
    {2, 5, 5, 2, 2, 3, 3, 0, 0, 2, 2}, /* pixels that no window reaches */
};

/* Windows of pools and of upsampling, which reach over the far edge. */
static const aep__window tilings[] = {
    {2, 5, 4, 2, 2, 2, 2, 0, 0, 3, 2}, {1, 4, 4, 3, 3, 2, 2, 0, 0, 2, 2}, {3, 1, 7, 1, 3, 1, 3, 0, 0, 1, 3},
    {2, 3, 3, 1, 1, 1, 1, 0, 0, 3, 3}, {1, 3, 2, 3, 3, 3, 3, 0, 0, 1, 1},
};

static size_t on_map(fixture *f, int op, int attr, const aep__window *w, size_t size, size_t input)
{
    return aep__tape_add_window(&f->tape, op, attr, w, size, input);
}

static size_t conv_case(fixture *f, int attr)
{
    const aep__window *w = &windows[attr];
    return on_map(f, AEP__OP_CONV, 0, w, 3, leaf(f, aep__window_map(w)));
}

static size_t conv_transposed_case(fixture *f, int attr)
{
    const aep__window *w = &windows[attr];
    return on_map(f, AEP__OP_CONV_TRANSPOSED, 0, w, 3, leaf(f, aep__window_places(w) * 3));
}

static size_t upsample_case(fixture *f, int attr)
{
    aep__window w = tilings[attr];
    w.kernel_h = w.stride_h, w.kernel_w = w.stride_w;
    w.rows = (w.height + w.stride_h - 1) / w.stride_h, w.columns = (w.width + w.stride_w - 1) / w.stride_w;
    return on_map(f, AEP__OP_UPSAMPLE, 0, &w, 0, leaf(f, aep__window_places(&w) * w.channels));
}

static size_t max_pool_case(fixture *f, int attr)
{
    return on_map(f, AEP__OP_MAX_POOL, 0, &tilings[attr], 0, leaf(f, aep__window_map(&tilings[attr])));
}

static size_t average_pool_case(fixture *f, int attr)
{
    return on_map(f, AEP__OP_AVERAGE_POOL, 0, &tilings[attr], 0, leaf(f, aep__window_map(&tilings[attr])));
}

/* attr: groups of four channels */
static size_t norm_case(fixture *f, int attr)
{
    const aep__window w = {.channels = 4, .height = 2, .width = 3};
    return on_map(f, AEP__OP_NORM, attr, &w, 0, leaf(f, aep__window_map(&w)));
}

static size_t reorder_case(fixture *f, int attr)
{
    const aep__window w = {.channels = 3, .height = 2, .width = 4};
    return on_map(f, attr, 0, &w, 0, leaf(f, aep__window_map(&w)));
}

static size_t row_norm_case(fixture *f, int attr)
{
    const size_t pair[] = {leaf(f, 3), leaf(f, 3)};
    (void)attr;
    return add(f, AEP__OP_ROW_NORM, 0, 1, 0, 2, pair);
}

static size_t abs_diff_case(fixture *f, int attr)
{
    const size_t pair[] = {leaf(f, 3), leaf(f, 3)};
    (void)attr;
    return add(f, AEP__OP_ABS_DIFF, 0, 3, 0, 2, pair);
}

/* An activation that overwrites the dense layer below it; a second path reaches the leaf. */
static size_t in_place_case(fixture *f, int attr)
{
    const size_t input = leaf(f, 3), layer = dense(f, input, 3);
    const size_t pair[] = {add(f, AEP__OP_ACTIVATION, attr, 3, 0, 1, &layer), input};
    return add(f, AEP__OP_ABS_DIFF, 0, 3, 0, 2, pair);
}

/* Every operation that begins the gradient of a node, and adds to it: two of them after the same leaf. */
static size_t twice_case(fixture *f, int attr)
{
    const size_t input = leaf(f, 3), other = leaf(f, 3), both[] = {input, other};
    size_t twin[2];
    for (int i = 0; i < 2; i++)
        twin[i] = attr == AEP__OP_DENSE
                      ? dense(f, input, 3)
                      : add(f, attr, attr == AEP__OP_ACTIVATION ? AEP_GELU : 1, attr == AEP__OP_ROW_NORM ? 1 : 3, 0,
                            attr == AEP__OP_ROW_NORM || attr == AEP__OP_ABS_DIFF ? 2 : 1, both);
    const size_t width = attr == AEP__OP_ROW_NORM ? 1 : 3;
    twin[1] = dense(f, twin[1], width);
    return width == 1 ? add(f, AEP__OP_ABS_DIFF, 0, 1, 0, 2, twin) : add(f, AEP__OP_ROW_NORM, 0, 1, 0, 2, twin);
}

/* build returns the last node, whose gradients are checked */
static const struct {
    int op, attr;
    size_t (*build)(fixture *f, int attr);
} cases[] = {
    {AEP__OP_INPUT, 0, input_case},
    {AEP__OP_NOISE, AEP_NOISE_NONE, noise_case},
    {AEP__OP_NOISE, AEP_NOISE_GAUSSIAN, noise_case},
    {AEP__OP_NOISE, AEP_NOISE_MASKING, noise_case},
    {AEP__OP_DENSE, 0, dense_case},
    {AEP__OP_ACTIVATION, AEP_RELU, activation_case},
    {AEP__OP_ACTIVATION, AEP_LEAKY_RELU, activation_case},
    {AEP__OP_ACTIVATION, AEP_TANH, activation_case},
    {AEP__OP_ACTIVATION, AEP_SIGMOID, activation_case},
    {AEP__OP_ACTIVATION, AEP_GELU, activation_case},
    {AEP__OP_ACTIVATION, AEP_SILU, activation_case},
    {AEP__OP_CHANNELS_LAST, AEP__OP_CHANNELS_LAST, reorder_case},
    {AEP__OP_CHANNELS_FIRST, AEP__OP_CHANNELS_FIRST, reorder_case},
    {AEP__OP_CONV, 0, conv_case},
    {AEP__OP_CONV, 1, conv_case},
    {AEP__OP_CONV, 2, conv_case},
    {AEP__OP_CONV, 3, conv_case},
    {AEP__OP_CONV, 4, conv_case},
    {AEP__OP_CONV, 5, conv_case},
    {AEP__OP_CONV_TRANSPOSED, 0, conv_transposed_case},
    {AEP__OP_CONV_TRANSPOSED, 1, conv_transposed_case},
    {AEP__OP_CONV_TRANSPOSED, 2, conv_transposed_case},
    {AEP__OP_CONV_TRANSPOSED, 3, conv_transposed_case},
    {AEP__OP_CONV_TRANSPOSED, 4, conv_transposed_case},
    {AEP__OP_CONV_TRANSPOSED, 5, conv_transposed_case},
    {AEP__OP_UPSAMPLE, 0, upsample_case},
    {AEP__OP_UPSAMPLE, 1, upsample_case},
    {AEP__OP_UPSAMPLE, 2, upsample_case},
    {AEP__OP_UPSAMPLE, 4, upsample_case},
    {AEP__OP_MAX_POOL, 0, max_pool_case},
    {AEP__OP_MAX_POOL, 1, max_pool_case},
    {AEP__OP_MAX_POOL, 2, max_pool_case},
    {AEP__OP_MAX_POOL, 3, max_pool_case},
    {AEP__OP_AVERAGE_POOL, 0, average_pool_case},
    {AEP__OP_AVERAGE_POOL, 1, average_pool_case},
    {AEP__OP_AVERAGE_POOL, 2, average_pool_case},
    {AEP__OP_AVERAGE_POOL, 4, average_pool_case},
    {AEP__OP_NORM, 1, norm_case},
    {AEP__OP_NORM, 2, norm_case},
    {AEP__OP_NORM, 4, norm_case},
    {AEP__OP_STOP, 1, stop_case},
    {AEP__OP_ROW_NORM, 0, row_norm_case},
    {AEP__OP_ABS_DIFF, 0, abs_diff_case},
    {AEP__OP_ACTIVATION, AEP_TANH, in_place_case},
    {AEP__OP_ACTIVATION, AEP_SIGMOID, in_place_case},
    {AEP__OP_DENSE, AEP__OP_DENSE, twice_case},
    {AEP__OP_ACTIVATION, AEP__OP_ACTIVATION, twice_case},
    {AEP__OP_STOP, AEP__OP_STOP, twice_case},
    {AEP__OP_ABS_DIFF, AEP__OP_ABS_DIFF, twice_case},
    {AEP__OP_ROW_NORM, AEP__OP_ROW_NORM, twice_case},
};
enum { N_CASES = sizeof cases / sizeof *cases };

/*
 * Values of size 0.1 to 1.1, away from the kinks at 0; and each input that far from the one before it, where |a - b|
 * has another. Lanes past the rows get values too.
 */
static void fill_inputs(fixture *f)
{
    const real *before = NULL;
    size_t width_before = 0;
    for (size_t i = 0; i < f->tape.n_nodes; i++) {
        const size_t width = f->tape.nodes[i].width, size = aep__block_size(&f->pass.block) * width;
        if (f->tape.nodes[i].op != AEP__OP_INPUT)
            continue;
        real *x = aep__value(&f->tape, &f->frame, i);
        aep__rng_uniform(x, size, i, AEP__STREAM_NOISE, 0, 0);
        for (size_t j = 0; j < size; j++)
            x[j] = (x[j] < 0.5 ? 2 * x[j] - 1.1 : 2 * x[j] - 0.9) + (before && width == width_before ? before[j] : 0);
        before = x;
        width_before = width;
    }
}

static size_t closed_stop(fixture *f, int attr)
{
    const size_t layer = dense(f, leaf(f, 3), 3);
    return dense(f, add(f, AEP__OP_STOP, attr, 3, 0, 1, &layer), 2);
}

/* The weights of the rows' values: none near 0; of lanes past the rows: 0. */
static void draw_weights(fixture *f)
{
    const aep__block *block = &f->pass.block;
    const size_t width = f->tape.nodes[f->root].width, n = aep__block_size(block) * width;
    f->weights = calloc(n, sizeof *f->weights);
    aep__rng_uniform(f->weights, n, 9, AEP__STREAM_NOISE, 0, 0);
    for (size_t i = 0; i < n; i++) {
        const size_t row = block->lanes ? i % block->lanes : i / width;
        f->weights[i] = row < block->rows ? (i % 3 ? 1 : -1) * (0.5 + f->weights[i]) : 0;
    }
}

static void set_up(fixture *f, size_t (*build)(fixture *f, int attr), int attr, bool panels)
{
    const size_t capacity = panels ? 2 * AEP__LANES : ROWS + 2; /* more room than rows */
    *f = (fixture){.pass = {.training = true, .first_row = 7, .noise = {.seed = 3, .step = 4}}};
    ck_assert_int_eq(aep__mem_init(&f->mem, NULL), AEP_OK);
    ck_assert(aep__tape_init(&f->tape, &f->mem, MOST_NODES));
    f->root = build(f, attr);
    ck_assert(!f->tape.failed);
    ck_assert_uint_eq(f->root, f->tape.n_nodes - 1);
    ck_assert_uint_le(f->tape.n_params, MOST_PARAMS);
    aep__tape_seed(&f->tape, f->root);
    aep__tape_finish(&f->tape);
    ck_assert(aep__frame_init(&f->frame, &f->mem, &f->tape, capacity, panels, AEP__FRAME_TRAINING));
    f->kept = calloc(f->tape.reals[AEP__KEPT] * capacity, sizeof *f->kept);
    f->frame.values[AEP__KEPT] = f->kept;
    f->pass.block = aep__frame_block(&f->frame, ROWS);
    aep__rng_normal(f->params, MOST_PARAMS, 1, AEP__STREAM_WEIGHTS, 0, 0);
    f->pass.params = f->params;
    f->pass.dparams = f->dparams;
    fill_inputs(f);
    draw_weights(f);
}

static void tear_down(fixture *f)
{
    free(f->kept);
    free(f->weights);
    aep__frame_free(&f->frame, &f->mem);
    aep__tape_free(&f->tape, &f->mem);
}

/* A number that depends on every value of the last node in another way. Its gradient by them is the weights. */
static double root_value(void *payload)
{
    fixture *f = payload;
    double sum = 0;
    aep__tape_forward(&f->tape, &f->frame, &f->pass, 0, f->root);
    const real *y = aep__value(&f->tape, &f->frame, f->root);
    for (size_t i = 0; i < aep__block_size(&f->pass.block) * f->tape.nodes[f->root].width; i++)
        sum += f->weights[i] * y[i];
    return sum;
}

static void backward(fixture *f)
{
    const size_t n = aep__block_size(&f->pass.block) * f->tape.nodes[f->root].width;
    memcpy(aep__gradient(&f->tape, &f->frame, f->root), f->weights, n * sizeof(real));
    aep__tape_backward(&f->tape, &f->frame, &f->pass);
}

static void run_backward(fixture *f)
{
    root_value(f);
    memset(f->dparams, 0, sizeof f->dparams);
    backward(f);
}

static bool holds(const aep__tape *tape, int op)
{
    for (size_t i = 0; i < tape->n_nodes; i++)
        if (tape->nodes[i].op == op)
            return true;
    return false;
}

static void check_case(size_t which, bool panels)
{
    fixture f;
    set_up(&f, cases[which].build, cases[which].attr, panels);
    ck_assert(holds(&f.tape, cases[which].op));
    run_backward(&f);
    const char *name = aep__op_name(cases[which].op);
    assert_gradient(f.dparams, f.params, f.tape.n_params, root_value, &f, name);
    for (size_t i = 0; i < f.n_leaves; i++)
        assert_gradient(aep__gradient(&f.tape, &f.frame, f.leaf[i]), aep__value(&f.tape, &f.frame, f.leaf[i]),
                        aep__block_size(&f.pass.block) * f.tape.nodes[f.leaf[i]].width, root_value, &f, name);
    tear_down(&f);
}

static bool works_on_maps(int op)
{
    return op == AEP__OP_CHANNELS_LAST || op == AEP__OP_CHANNELS_FIRST || op == AEP__OP_CONV ||
           op == AEP__OP_CONV_TRANSPOSED || op == AEP__OP_UPSAMPLE || op == AEP__OP_MAX_POOL ||
           op == AEP__OP_AVERAGE_POOL || op == AEP__OP_NORM;
}

START_TEST(gradients_of_the_op_agree_with_central_differences)
{
    size_t checked = 0;
    for (size_t i = 0; i < N_CASES; i++)
        if (cases[i].op == _i) {
            check_case(i, false);
            if (!works_on_maps(_i))
                check_case(i, true);
            checked++;
        }
    ck_assert_msg(checked > 0, "op %s has no case", aep__op_name(_i));
}
END_TEST

START_TEST(every_activation_has_a_case)
{
    bool found[AEP_SILU + 1] = {[AEP_IDENTITY] = true}; /* which puts no op on a tape */
    for (size_t i = 0; i < N_CASES; i++)
        if (cases[i].build == activation_case)
            found[cases[i].attr] = true;
    for (int kind = 0; kind <= AEP_SILU; kind++)
        ck_assert_msg(found[kind], "activation %d has no case", kind);
}
END_TEST

START_TEST(a_closed_stop_lets_nothing_through)
{
    fixture f;
    set_up(&f, closed_stop, 0, false);
    run_backward(&f);
    const size_t below = 1 + 12; /* parameters of the leaf and of the layer under the stop */
    for (size_t i = 0; i < below; i++)
        ck_assert(f.dparams[i] == 0);
    assert_gradient(f.dparams + below, f.params + below, f.tape.n_params - below, root_value, &f, "after a stop");
    tear_down(&f);
}
END_TEST

START_TEST(gradients_of_parameters_add_to_what_is_there)
{
    for (int panels = 0; panels < 2; panels++) {
        fixture f;
        real once[MOST_PARAMS];
        set_up(&f, dense_case, 0, panels);
        run_backward(&f);
        memcpy(once, f.dparams, sizeof once);
        backward(&f);
        for (size_t i = 0; i < f.tape.n_params; i++)
            ck_assert_double_eq_tol(f.dparams[i], 2 * once[i], 1e-13);
        tear_down(&f);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("grad_ops");
    tcase_add_loop_test(tc, gradients_of_the_op_agree_with_central_differences, 0, AEP__OP_COUNT);
    tcase_add_test(tc, every_activation_has_a_case);
    tcase_add_test(tc, a_closed_stop_lets_nothing_through);
    tcase_add_test(tc, gradients_of_parameters_add_to_what_is_there);
    return run_case("grad_ops", tc);
}
