/* SPDX-License-Identifier: BSD-2-Clause */
/* The tape itself. What its operations compute, and their gradients: test_grad_ops.c. */
#include "failing.h"
#include "runner.h"
#include "tape.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

static aep_allocator mem;
static aep__tape tape;

static void set_up(void)
{
    ck_assert_int_eq(aep__mem_init(&mem, NULL), AEP_OK);
    ck_assert(aep__tape_init(&tape, &mem, 6));
}

static void tear_down(void) { aep__tape_free(&tape, &mem); }

static size_t input(size_t width) { return aep__tape_add(&tape, AEP__OP_INPUT, 0, width, 0, NULL, 0); }

static const aep__window window = {.channels = 3,
                                   .height = 5,
                                   .width = 4,
                                   .kernel_h = 3,
                                   .kernel_w = 2,
                                   .stride_h = 2,
                                   .stride_w = 1,
                                   .pad_h = 1,
                                   .rows = 3,
                                   .columns = 3};

START_TEST(an_operation_on_maps_is_as_wide_as_its_result)
{
    static const struct {
        int op;
        size_t size, width, n_params;
    } cases[] = {{AEP__OP_CONV, 7, 9 * 7, 18 * 7 + 7}, {AEP__OP_CONV_TRANSPOSED, 7, 60, 7 * 18 + 3},
                 {AEP__OP_MAX_POOL, 0, 27, 0},         {AEP__OP_AVERAGE_POOL, 0, 27, 0},
                 {AEP__OP_UPSAMPLE, 0, 60, 0},         {AEP__OP_NORM, 0, 60, 6},
                 {AEP__OP_CHANNELS_LAST, 0, 60, 0},    {AEP__OP_CHANNELS_FIRST, 0, 60, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aep__tape_free(&tape, &mem);
        ck_assert(aep__tape_init(&tape, &mem, 6));
        const size_t node = aep__tape_add_window(&tape, cases[i].op, 1, &window, cases[i].size, input(60));
        ck_assert(!tape.failed);
        ck_assert_uint_eq(tape.nodes[node].width, cases[i].width);
        ck_assert_uint_eq(tape.nodes[node].n_params, cases[i].n_params);
        ck_assert_uint_eq(tape.n_params, cases[i].n_params);
        ck_assert_uint_ge(tape.row_reals, 60 + cases[i].width);
        const bool conv = cases[i].op == AEP__OP_CONV || cases[i].op == AEP__OP_CONV_TRANSPOSED;
        ck_assert((tape.scratch > 0) == conv);
    }
}
END_TEST

START_TEST(sizes_that_no_memory_can_hold_fail_the_tape)
{
    aep__window huge = window;
    const size_t node = input(60);
    aep__tape_add_window(&tape, AEP__OP_CONV, 0, &window, SIZE_MAX / 8, node);
    ck_assert(tape.failed);
    tape.failed = false;
    aep__tape_add_window(&tape, AEP__OP_CONV_TRANSPOSED, 0, &window, SIZE_MAX / 8, node);
    ck_assert(tape.failed);
    tape.failed = false;
    huge.rows = SIZE_MAX / 4;
    aep__tape_add_window(&tape, AEP__OP_MAX_POOL, 0, &huge, 0, node);
    ck_assert(tape.failed);
    aep__tape_add_window(&tape, AEP__OP_MAX_POOL, 0, &window, 0, node); /* and it stays so */
    ck_assert(tape.failed);
    ck_assert_uint_eq(tape.n_nodes, 1);
    tape.failed = false;
    input(SIZE_MAX); /* not to be rounded up */
    ck_assert(tape.failed);
}
END_TEST

START_TEST(weights_that_no_memory_can_hold_transposed_are_refused)
{
    const size_t wide = (size_t)1 << (4 * sizeof(size_t)), node = input(wide);
    failing memory;
    const aep_allocator counting = failing_allocator(&memory, 0);
    aep__frame frame;
    aep__tape_add(&tape, AEP__OP_DENSE, 0, wide, 1, &node, 1);
    ck_assert(!tape.failed);
    ck_assert(!aep__frame_init(&frame, &counting, &tape, 1, false, AEP__FRAME_TRAINING));
    ck_assert_uint_eq(memory.calls, 0);
    aep__frame_free(&frame, &counting);
}
END_TEST

START_TEST(more_nodes_than_there_is_room_for_fail_the_tape)
{
    for (int i = 0; i < 6; i++)
        input(1);
    ck_assert(!tape.failed);
    aep__tape_add_window(&tape, AEP__OP_MAX_POOL, 0, &window, 0, 0);
    ck_assert(tape.failed);
    ck_assert_uint_eq(tape.n_nodes, 6);
}
END_TEST

/* Asked for more and more rows: the host is asked for all that the values take, or for nothing. */
START_TEST(a_frame_that_no_memory_can_hold_is_refused)
{
    const size_t maps = aep__tape_add_window(&tape, AEP__OP_CONV, 0, &window, 2, input(60));
    aep__tape_add(&tape, AEP__OP_DENSE, 0, 7, 18 * 7 + 7, &maps, 1);
    tape.part = AEP__PASSING;
    const size_t last = aep__tape_add(&tape, AEP__OP_DENSE, 0, 5, 18 * 5 + 5, &maps, 1);
    aep__tape_seed(&tape, last);
    aep__tape_finish(&tape);
    ck_assert(!tape.failed);
    size_t unasked = 0;
    for (int use = AEP__FRAME_FORWARD; use <= AEP__FRAME_TRAINING; use++)
        for (int panels = 0; panels <= 1; panels++)
            for (double rows = 1e9; rows < (double)SIZE_MAX; rows *= 1.01) {
                failing memory;
                const aep_allocator refusing = failing_allocator(&memory, 0);
                const size_t capacity = (size_t)rows;
                double reals = (double)tape.reals[AEP__PASSING];
                reals += use == AEP__FRAME_TRAINING ? (double)tape.gradient_reals : (double)tape.reals[AEP__KEPT];
                reals += panels ? 60 : 0;
                aep__frame frame;
                ck_assert(!aep__frame_init(&frame, &refusing, &tape, capacity, panels, use));
                if (memory.calls)
                    ck_assert_double_ge((double)memory.bytes, rows * reals * sizeof(real) * 0.999);
                else
                    ck_assert_double_ge(rows * (reals + 200) * sizeof(real), (double)SIZE_MAX);
                unasked += !memory.calls;
                aep__frame_free(&frame, &refusing);
            }
    ck_assert_uint_gt(unasked, 100);
}
END_TEST

/* An activation overwrites what no backward pass looks at again, if it can do without it as well. */
START_TEST(activations_take_no_memory_where_they_can)
{
    static const struct {
        int kind;
        bool in_place;
    } cases[] = {{AEP_TANH, true},    {AEP_RELU, true},  {AEP_LEAKY_RELU, true},
                 {AEP_SIGMOID, true}, {AEP_GELU, false}, {AEP_SILU, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aep__tape_free(&tape, &mem);
        ck_assert(aep__tape_init(&tape, &mem, 6));
        const size_t x = input(4), layer = aep__tape_add(&tape, AEP__OP_DENSE, 0, 3, 15, &x, 1);
        const size_t before = tape.row_reals;
        const size_t node = aep__tape_add(&tape, AEP__OP_ACTIVATION, cases[i].kind, 3, 0, &layer, 1);
        ck_assert(tape.nodes[node].in_place == cases[i].in_place);
        ck_assert((tape.row_reals == before) == cases[i].in_place);
        ck_assert((tape.nodes[node].offset == tape.nodes[layer].offset) == cases[i].in_place);
        const size_t second = aep__tape_add(&tape, AEP__OP_ACTIVATION, cases[i].kind, 3, 0, &node, 1);
        ck_assert(!tape.nodes[second].in_place); /* the first needs its value */
        const size_t of_input = aep__tape_add(&tape, AEP__OP_ACTIVATION, cases[i].kind, 4, 0, &x, 1);
        ck_assert(!tape.nodes[of_input].in_place);
    }
}
END_TEST

/* The first to reach a node, in the order of the backward pass, writes; who comes later adds; seeds come first. */
START_TEST(gradients_begin_with_a_seed_or_with_the_last_to_use_a_node)
{
    const size_t x = input(4), a = aep__tape_add(&tape, AEP__OP_DENSE, 0, 3, 15, &x, 1);
    const size_t b = aep__tape_add(&tape, AEP__OP_DENSE, 0, 3, 12, &a, 1);
    const size_t pair[] = {a, b}, closed = aep__tape_add(&tape, AEP__OP_STOP, 0, 3, 0, &b, 1);
    const size_t d = aep__tape_add(&tape, AEP__OP_ABS_DIFF, 0, 3, 0, pair, 2);
    for (int seeded = 0; seeded < 2; seeded++) {
        aep__tape_seed(&tape, d);
        if (seeded)
            aep__tape_seed(&tape, a);
        aep__tape_finish(&tape);
        ck_assert(tape.nodes[d].adds[0] == seeded && !tape.nodes[d].adds[1]);
        ck_assert(tape.nodes[b].adds[0]); /* d came to a before */
        ck_assert(tape.nodes[a].reached && tape.nodes[b].reached && tape.nodes[d].reached);
        ck_assert(!tape.nodes[x].reached && !tape.nodes[closed].reached);
    }
}
END_TEST

START_TEST(every_node_lies_on_a_cache_line_whatever_the_number_of_rows)
{
    const size_t conv = aep__tape_add_window(&tape, AEP__OP_CONV, 0, &window, 7, input(60));
    tape.part = AEP__PASSING;
    const size_t dense = aep__tape_add(&tape, AEP__OP_DENSE, 0, 5, 64 * 5, &conv, 1);
    for (size_t rows = 1; rows < 6; rows++)
        for (int use = 0; use < 2; use++) {
            aep__frame frame;
            real *kept = calloc(tape.reals[AEP__KEPT] * rows, sizeof *kept);
            ck_assert(aep__frame_init(&frame, &mem, &tape, rows, false, use));
            if (use == AEP__FRAME_TRAINING)
                frame.values[AEP__KEPT] = kept;
            else
                ck_assert_uint_eq((uintptr_t)aep__value(&tape, &frame, conv) % 64, 0);
            ck_assert_uint_eq((uintptr_t)aep__value(&tape, &frame, dense) % 64, 0);
            ck_assert_uint_eq((uintptr_t)frame.scratch % 64, 0);
            ck_assert(aep__value(&tape, &frame, conv) >= aep__value(&tape, &frame, 0) + rows * 60);
            if (use == AEP__FRAME_TRAINING)
                ck_assert_uint_eq((uintptr_t)aep__gradient(&tape, &frame, conv) % 64, 0);
            aep__frame_free(&frame, &mem);
            free(kept);
        }
}
END_TEST

/* Noise masks the pixels of an image in all channels, the features of columns one by one; in training only. */
START_TEST(noise_knows_the_image)
{
    enum { ROWS = 50, PIXELS = 20 };
    const size_t x = input(3 * PIXELS), node = aep__tape_add(&tape, AEP__OP_NOISE, 0, 3 * PIXELS, 0, &x, 1);
    aep__frame frame;
    ck_assert(aep__frame_init(&frame, &mem, &tape, ROWS, false, AEP__FRAME_FORWARD));
    aep__pass pass = {.block = {.rows = ROWS}, .noise = {.kind = AEP_NOISE_MASKING, .level = (real)0.5, .seed = 1}};
    const real *noisy = aep__value(&tape, &frame, node);
    for (size_t i = 0; i < ROWS * 3 * PIXELS; i++)
        aep__value(&tape, &frame, x)[i] = 1;
    for (int image = 0; image < 2; image++) {
        size_t apart = 0, masked = 0;
        if (image)
            tape.nodes[node].window = (aep__window){.channels = 3, .height = 4, .width = 5};
        pass.training = true;
        aep__tape_forward(&tape, &frame, &pass, 0, node);
        for (size_t i = 0; i < ROWS * 3 * PIXELS; i++) {
            masked += noisy[i] == 0;
            apart += noisy[i] != noisy[i / (3 * PIXELS) * 3 * PIXELS + i % PIXELS];
        }
        ck_assert_uint_gt(masked, ROWS * PIXELS);
        ck_assert(image ? apart == 0 : apart > ROWS * PIXELS / 2);
        pass.training = false;
        aep__tape_forward(&tape, &frame, &pass, 0, node);
        for (size_t i = 0; i < ROWS * 3 * PIXELS; i++)
            ck_assert(noisy[i] == 1);
    }
    aep__frame_free(&frame, &mem);
}
END_TEST

START_TEST(every_operation_has_a_name)
{
    for (int op = 0; op < AEP__OP_COUNT; op++)
        ck_assert_ptr_nonnull(aep__op_name(op));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("tape");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, an_operation_on_maps_is_as_wide_as_its_result);
    tcase_add_test(tc, sizes_that_no_memory_can_hold_fail_the_tape);
    tcase_add_test(tc, weights_that_no_memory_can_hold_transposed_are_refused);
    tcase_add_test(tc, more_nodes_than_there_is_room_for_fail_the_tape);
    tcase_add_test(tc, a_frame_that_no_memory_can_hold_is_refused);
    tcase_add_test(tc, activations_take_no_memory_where_they_can);
    tcase_add_test(tc, gradients_begin_with_a_seed_or_with_the_last_to_use_a_node);
    tcase_add_test(tc, every_node_lies_on_a_cache_line_whatever_the_number_of_rows);
    tcase_add_test(tc, noise_knows_the_image);
    tcase_add_test(tc, every_operation_has_a_name);
    return run_case("tape", tc);
}
