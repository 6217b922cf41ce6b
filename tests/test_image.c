/* SPDX-License-Identifier: BSD-2-Clause */
#include "image.h"
#include "runner.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static struct {
    int n;
    char last[512];
} messages;

static void record(int level, const char *message, void *payload)
{
    ck_assert_int_eq(level, AEP_LOG_ERROR);
    ck_assert_ptr_eq(payload, &messages);
    messages.n++;
    snprintf(messages.last, sizeof messages.last, "%s", message);
}

static const aep__log log_ = {record, &messages};
static aep__image image;
static aep__image_plan plan;

static void set_up(void)
{
    memset(&messages, 0, sizeof messages);
    memset(&image, 0, sizeof image);
    memset(&plan, 0, sizeof plan);
}

static int add(int part, int kind, size_t size, size_t kernel, size_t stride, size_t padding)
{
    const aep__image_layer layer = {kind, size, kernel, stride, padding};
    return aep__image_add(&image, &log_, part, &layer);
}

enum { ENCODER = AEP_PART_ENCODER, DECODER = AEP_PART_DECODER };

#define SET_IMAGE(channels, height, width)                                                                             \
    ck_assert_int_eq(aep__image_set(&image, &log_, channels, height, width), AEP_OK)
#define ADD(...) ck_assert_int_eq(add(__VA_ARGS__), AEP_OK)
#define PLAN()   ck_assert_msg(aep__image_plan_make(&plan, &image, &log_) == AEP_OK, "%s", messages.last)

static void assert_shape(const aep__shape *shape, size_t channels, size_t height, size_t width)
{
    ck_assert_msg(shape->channels == channels && shape->height == height && shape->width == width,
                  "%zu x %zu x %zu, expected %zu x %zu x %zu", shape->channels, shape->height, shape->width, channels,
                  height, width);
}

/* The call failed with this status and logged this, once. */
static void check_failed(int status, int expected, const char *message)
{
    ck_assert_msg(status == expected, "status %d, expected %d: %s", status, expected, message);
    ck_assert_int_eq(messages.n, 1);
    ck_assert_str_eq(messages.last, message);
    messages.n = 0;
}

/* Not byte by byte: a struct has holes. */
static void assert_same(const aep__image *a, const aep__image *b)
{
    uint8_t data[2][2048];
    size_t size[2];
    const aep__image *const images[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        aep__writer counter = {.data = NULL}, w = {.data = data[i]};
        aep__image_write(images[i], &counter);
        ck_assert_uint_le(counter.pos, sizeof data[i]);
        aep__image_write(images[i], &w);
        size[i] = w.pos;
    }
    ck_assert_uint_eq(size[0], size[1]);
    ck_assert_mem_eq(data[0], data[1], size[0]);
}

/* -------------------------------------------------------------------------------------------------------- sizes */

START_TEST(strided_convolutions_halve_a_map_and_the_mirror_doubles_it)
{
    SET_IMAGE(1, 28, 28);
    for (size_t i = 1; i <= 3; i++)
        ADD(ENCODER, AEP_LAYER_CONV, 8 * i, 3, 2, AEP_PADDING_AUTO);
    PLAN();
    ck_assert_uint_eq(plan.encoder.n, 3);
    assert_shape(&plan.encoder.layer[0].out, 8, 14, 14);
    assert_shape(&plan.encoder.layer[1].out, 16, 7, 7);
    assert_shape(&plan.encoder.layer[2].out, 24, 4, 4);
    assert_shape(&plan.inner, 24, 4, 4);
    ck_assert_uint_eq(plan.decoder.n, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(plan.decoder.layer[i].layer.kind, AEP_LAYER_CONV_TRANSPOSED);
    assert_shape(&plan.decoder.layer[0].out, 16, 7, 7);
    assert_shape(&plan.decoder.layer[1].out, 8, 14, 14);
    assert_shape(&plan.decoder.layer[2].out, 1, 28, 28);
    ck_assert_uint_eq(plan.decoder.layer[2].layer.size, 1);
}
END_TEST

/* The window of a layer slides over its larger side, and has as many places as its smaller side has pixels. */
static void assert_windows(const aep__map_stack *layers, const aep__shape *in)
{
    for (size_t i = 0; i < layers->n; i++) {
        const aep__map_layer *layer = &layers->layer[i];
        const int kind = layer->layer.kind;
        const bool enlarges = kind == AEP_LAYER_CONV_TRANSPOSED || kind == AEP_LAYER_UPSAMPLE;
        const aep__shape *map = enlarges ? &layer->out : in, *places = enlarges ? in : &layer->out;
        const aep__window *w = &layer->window;
        ck_assert(w->channels == map->channels && w->height == map->height && w->width == map->width);
        ck_assert(w->rows == places->height && w->columns == places->width);
        for (size_t p = 0; kind != AEP_LAYER_NORM && p < aep__window_places(w); p++) { /* none stands beside the map */
            const aep__cut c = aep__window_cut(w, p / w->columns, p % w->columns);
            ck_assert_msg(c.top < c.bottom && c.left < c.right, "a %d: the window at place %zu is beside the map", kind,
                          p);
        }
        in = &layer->out;
    }
}

START_TEST(any_two_convolutions_are_mirrored_to_the_size_of_the_image)
{
    for (size_t kernel = 2; kernel <= 7; kernel++)
        for (size_t stride = 1; stride <= 4; stride++)
            for (size_t height = kernel; height <= 20; height++)
                for (size_t padding = 0; padding < kernel; padding++) {
                    const size_t width = 2 * height - kernel;
                    SET_IMAGE(2, height, width);
                    ADD(ENCODER, AEP_LAYER_CONV, 3, kernel, stride, padding);
                    messages.n = 0;
                    if (add(ENCODER, AEP_LAYER_CONV, 5, kernel, stride, AEP_PADDING_AUTO) != AEP_OK)
                        ck_assert_ptr_nonnull(strstr(messages.last, "is larger than its input"));
                    PLAN();
                    ck_assert_uint_eq(plan.decoder.n, image.encoder.n);
                    assert_shape(&plan.encoder.layer[0].out, 3, (height + 2 * padding - kernel) / stride + 1,
                                 (width + 2 * padding - kernel) / stride + 1);
                    assert_shape(&plan.decoder.layer[plan.decoder.n - 1].out, 2, height, width);
                    assert_windows(&plan.encoder, &image.shape);
                    assert_windows(&plan.decoder, &plan.inner);
                }
}
END_TEST

START_TEST(an_odd_kernel_divides_the_size_by_its_stride_and_rounds_up)
{
    for (size_t kernel = 1; kernel <= 7; kernel += 2)
        for (size_t stride = 1; stride <= 4; stride++)
            for (size_t size = kernel; size <= 30; size++) {
                SET_IMAGE(1, size, size);
                ADD(ENCODER, AEP_LAYER_CONV, 1, kernel, stride, AEP_PADDING_AUTO);
                ck_assert_uint_eq(image.encoder.layer[0].padding, (kernel - 1) / 2);
                PLAN();
                assert_shape(&plan.inner, 1, (size + stride - 1) / stride, (size + stride - 1) / stride);
            }
}
END_TEST

START_TEST(pools_cover_the_map_and_are_mirrored_by_upsampling)
{
    for (size_t stride = 1; stride <= 4; stride++)
        for (size_t height = stride; height <= 12; height++)
            for (size_t width = stride; width <= 12; width++) {
                SET_IMAGE(2, height, width);
                ADD(ENCODER, height % 2 ? AEP_LAYER_MAX_POOL : AEP_LAYER_AVERAGE_POOL, 0, stride, stride, 0);
                PLAN();
                assert_shape(&plan.inner, 2, (height + stride - 1) / stride, (width + stride - 1) / stride);
                ck_assert_int_eq(plan.decoder.layer[0].layer.kind, AEP_LAYER_UPSAMPLE);
                assert_shape(&plan.decoder.layer[0].out, 2, height, width);
                assert_windows(&plan.encoder, &image.shape);
                assert_windows(&plan.decoder, &plan.inner);
            }
}
END_TEST

/* A norm behind a layer is mirrored in front of it; one of the image itself would leave a reconstruction that cannot
   follow the image. */
START_TEST(norms_are_mirrored_but_for_those_of_the_image)
{
    SET_IMAGE(2, 6, 6);
    ADD(ENCODER, AEP_LAYER_NORM, 2, 0, 0, 0);
    ADD(ENCODER, AEP_LAYER_NORM, 1, 0, 0, 0);
    PLAN();
    ck_assert_uint_eq(plan.decoder.n, 0);
    ADD(ENCODER, AEP_LAYER_CONV, 4, 3, 2, 1);
    ADD(ENCODER, AEP_LAYER_NORM, 4, 0, 0, 0);
    PLAN();
    ck_assert_uint_eq(plan.decoder.n, 2);
    ck_assert_int_eq(plan.decoder.layer[0].layer.kind, AEP_LAYER_NORM);
    ck_assert_uint_eq(plan.decoder.layer[0].layer.size, 4);
    ck_assert_int_eq(plan.decoder.layer[1].layer.kind, AEP_LAYER_CONV_TRANSPOSED);
    assert_shape(&plan.decoder.layer[1].out, 2, 6, 6);
}
END_TEST

/* Also where the stride is larger than the kernel: there, too, every window has something under it. */
START_TEST(the_last_window_of_a_pool_reaches_over_the_edge_and_never_stands_beyond_it)
{
    for (size_t kernel = 1; kernel <= 4; kernel++)
        for (size_t stride = 1; stride <= 5; stride++)
            for (size_t size = kernel; size <= 14; size++) {
                SET_IMAGE(1, size, 14);
                ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, kernel, stride, 0);
                ADD(DECODER, AEP_LAYER_UPSAMPLE, 0, 0, stride, 0); /* so that nothing is mirrored */
                (void)aep__image_plan_make(&plan, &image, NULL);
                size_t places = (size - kernel + stride - 1) / stride + 1;
                places -= (places - 1) * stride >= size;
                assert_shape(&plan.encoder.layer[0].out, 1, places, plan.inner.width);
                assert_windows(&plan.encoder, &image.shape);
            }
}
END_TEST

START_TEST(a_signal_is_worked_on_in_one_direction)
{
    SET_IMAGE(2, 1, 11);
    ADD(ENCODER, AEP_LAYER_CONV, 4, 3, 2, AEP_PADDING_AUTO);
    ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, 2, 2, 0);
    PLAN();
    assert_shape(&plan.encoder.layer[0].out, 4, 1, 6);
    assert_shape(&plan.inner, 4, 1, 3);
    assert_shape(&plan.decoder.layer[0].out, 4, 1, 6);
    assert_shape(&plan.decoder.layer[1].out, 2, 1, 11);
    for (size_t i = 0; i < 2; i++) {
        const aep__window *e = &plan.encoder.layer[i].window, *d = &plan.decoder.layer[i].window;
        ck_assert(e->kernel_h == 1 && e->stride_h == 1 && e->pad_h == 0 && e->rows == 1);
        ck_assert(d->kernel_h == 1 && d->stride_h == 1 && d->pad_h == 0 && d->rows == 1);
    }
    SET_IMAGE(2, 11, 1); /* standing */
    ADD(ENCODER, AEP_LAYER_CONV, 4, 5, 3, AEP_PADDING_AUTO);
    PLAN();
    assert_shape(&plan.inner, 4, 4, 1);
    assert_shape(&plan.decoder.layer[0].out, 2, 11, 1);
    const aep__window *w = &plan.encoder.layer[0].window;
    ck_assert(w->kernel_h == 5 && w->kernel_w == 1 && w->stride_w == 1 && w->pad_w == 0);
}
END_TEST

/* A map that has shrunk to one pixel is no signal: only the image says what is one. */
START_TEST(a_kernel_on_a_map_that_shrank_to_a_line_is_too_large)
{
    SET_IMAGE(1, 2, 9);
    ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, 2, 2, 0);
    check_failed(add(ENCODER, AEP_LAYER_CONV, 4, 3, 1, 1), AEP_E_RANGE,
                 "image layer 2 of the encoder: a kernel of 3 is larger than its input of 1 x 5 (height x width)");
}
END_TEST

START_TEST(layers_given_for_the_decoder_end_where_they_say)
{
    SET_IMAGE(3, 9, 7);
    ADD(ENCODER, AEP_LAYER_CONV, 8, 3, 2, AEP_PADDING_AUTO);
    ADD(ENCODER, AEP_LAYER_NORM, 4, 0, 0, 0);
    ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, 2, 2, 0);
    ADD(DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, AEP_PADDING_AUTO);
    ADD(DECODER, AEP_LAYER_CONV, 6, 3, 1, AEP_PADDING_AUTO);
    ADD(DECODER, AEP_LAYER_NORM, 2, 0, 0, AEP_PADDING_AUTO);
    ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 3, 3, 2, 1);
    PLAN();
    assert_shape(&plan.inner, 8, 3, 2);
    assert_shape(&plan.decoder.layer[0].out, 8, 5, 4); /* as the encoder's map was, not 6 x 4 */
    assert_shape(&plan.decoder.layer[1].out, 6, 5, 4);
    assert_shape(&plan.decoder.layer[2].out, 6, 5, 4);
    assert_shape(&plan.decoder.layer[3].out, 3, 9, 7); /* not 10 x 8 */
    assert_windows(&plan.decoder, &plan.inner);
}
END_TEST

/* Sizes that the encoder has not passed through: stride times the size, or the nearest possible. */
START_TEST(an_enlarging_layer_without_an_example_multiplies_the_size)
{
    SET_IMAGE(1, 30, 31);
    ADD(ENCODER, AEP_LAYER_CONV, 1, 5, 4, 0); /* 7 x 7 */
    ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 1, 3, 2, 1);
    ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 1, 2, 2, 0);
    ADD(DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0);
    ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 1, 7, 1, 0);
    ck_assert_int_eq(aep__image_plan_make(&plan, &image, NULL), AEP_E_RANGE); /* it goes past the image */
    assert_shape(&plan.inner, 1, 7, 7);
    assert_shape(&plan.decoder.layer[0].out, 1, 14, 14);
    assert_shape(&plan.decoder.layer[1].out, 1, 28, 28);
    assert_shape(&plan.decoder.layer[2].out, 1, 56, 56);
    assert_shape(&plan.decoder.layer[3].out, 1, 62, 62); /* 56 + 6 is the only size */
}
END_TEST

/* ------------------------------------------------------------------------------------------------------- presets */

START_TEST(an_encoder_without_layers_gets_two_convolutions)
{
    SET_IMAGE(3, 32, 31);
    aep__image_resolve(&image);
    ck_assert_uint_eq(image.encoder.n, 2);
    PLAN();
    assert_shape(&plan.encoder.layer[0].out, 16, 16, 16);
    assert_shape(&plan.inner, 32, 8, 8);
    ck_assert_uint_eq(image.encoder.layer[1].kernel, 3);
    ck_assert_uint_eq(image.encoder.layer[1].stride, 2);
    aep__image_resolve(&image); /* once */
    ck_assert_uint_eq(image.encoder.n, 2);
}
END_TEST

START_TEST(a_preset_layer_that_does_not_fit_is_left_out)
{
    SET_IMAGE(1, 3, 3); /* 2 x 2 behind the first */
    aep__image_resolve(&image);
    ck_assert_uint_eq(image.encoder.n, 1);
    SET_IMAGE(1, 2, 2);
    aep__image_resolve(&image);
    ck_assert_uint_eq(image.encoder.n, 0);
    PLAN(); /* dense layers only */
    assert_shape(&plan.inner, 1, 2, 2);
    ck_assert_uint_eq(plan.encoder.n + plan.decoder.n, 0);
    image = (aep__image){0};
    aep__image_resolve(&image); /* no image */
    ck_assert_uint_eq(image.encoder.n, 0);
}
END_TEST

/* -------------------------------------------------------------------------------------------------------- errors */

START_TEST(an_image_has_all_sizes_or_none)
{
    SET_IMAGE(3, 4, 5);
    ADD(ENCODER, AEP_LAYER_CONV, 1, 3, 1, 1);
    const aep__image before = image;
    static const size_t sizes[][3] = {{0, 4, 5}, {3, 0, 5}, {3, 4, 0}, {0, 0, 5}, {3, 0, 0}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char message[128];
        snprintf(message, sizeof message, "an image of %zu x %zu x %zu (channels, height, width) holds nothing",
                 sizes[i][0], sizes[i][1], sizes[i][2]);
        check_failed(aep__image_set(&image, &log_, sizes[i][0], sizes[i][1], sizes[i][2]), AEP_E_RANGE, message);
    }
    check_failed(aep__image_set(&image, &log_, 3, 4096, 4096), AEP_E_LIMIT,
                 "an image of 3 x 4096 x 4096 has more than 16777216 values");
    check_failed(aep__image_set(&image, &log_, SIZE_MAX, 1, 1), AEP_E_LIMIT,
                 "an image of 18446744073709551615 x 1 x 1 has more than 16777216 values");
    check_failed(aep__image_set(&image, &log_, (size_t)1 << 22, (size_t)1 << 21, (size_t)1 << 21), AEP_E_LIMIT,
                 "an image of 4194304 x 2097152 x 2097152 has more than 16777216 values");
    assert_same(&image, &before);
    SET_IMAGE(1, 4096, 4096);
    ck_assert_uint_eq(image.encoder.n, 0); /* the layers of another image are forgotten */
    SET_IMAGE(0, 0, 0);
    ck_assert_uint_eq(image.shape.channels, 0);
}
END_TEST

#define E "image layer 1 of the encoder: "
#define D "image layer 1 of the decoder: "

static const struct refused {
    aep__image_layer layer;
    int part, status;
    const char *message;
} refused[] = {
    {{AEP_LAYER_CONV, 0, 3, 1, 1}, ENCODER, AEP_E_RANGE, E "a number of filters of 0 is not within 1 to 65536"},
    {{AEP_LAYER_CONV, 4, 0, 1, 0}, ENCODER, AEP_E_RANGE, E "a kernel of 0 is not within 1 to 255"},
    {{AEP_LAYER_CONV, 4, 0, 1, AEP_PADDING_AUTO}, ENCODER, AEP_E_RANGE, E "a kernel of 0 is not within 1 to 255"},
    {{AEP_LAYER_CONV, 4, 256, 1, 0}, ENCODER, AEP_E_RANGE, E "a kernel of 256 is not within 1 to 255"},
    {{AEP_LAYER_CONV, 4, 3, 0, 1}, ENCODER, AEP_E_RANGE, E "a stride of 0 is not within 1 to 255"},
    {{AEP_LAYER_CONV, 4, 3, 256, 1}, ENCODER, AEP_E_RANGE, E "a stride of 256 is not within 1 to 255"},
    {{AEP_LAYER_CONV, 4, 3, 1, 3}, ENCODER, AEP_E_RANGE, E "a padding of 3 is not within 0 to 2"},
    {{AEP_LAYER_CONV, 4, 11, 1, 0},
     ENCODER,
     AEP_E_RANGE,
     E "a kernel of 11 is larger than its input of 10 x 12 (height x width)"},
    {{AEP_LAYER_MAX_POOL, 0, 12, 1, 0},
     ENCODER,
     AEP_E_RANGE,
     E "a kernel of 12 is larger than its input of 10 x 12 (height x width)"},
    {{AEP_LAYER_CONV, 65537, 3, 1, 1}, ENCODER, AEP_E_LIMIT, E "65537 filters or groups are more than 65536"},
    {{AEP_LAYER_NORM, 65537, 0, 0, 0}, ENCODER, AEP_E_LIMIT, E "65537 filters or groups are more than 65536"},
    {{AEP_LAYER_NORM, 0, 0, 0, 0}, ENCODER, AEP_E_RANGE, E "a number of groups of 0 is not within 1 to 65536"},
    {{AEP_LAYER_NORM, 4, 0, 0, 0}, ENCODER, AEP_E_RANGE, E "4 groups do not divide 6 channels"},
    {{AEP_LAYER_NORM, 7, 0, 0, 0}, ENCODER, AEP_E_RANGE, E "7 groups do not divide 6 channels"},
    {{AEP_LAYER_NORM, 2, 3, 0, 0}, ENCODER, AEP_E_RANGE, E "norm has no kernel; give 0, not 3"},
    {{AEP_LAYER_NORM, 2, 0, 1, 0}, ENCODER, AEP_E_RANGE, E "norm has no stride; give 0, not 1"},
    {{AEP_LAYER_NORM, 2, 0, 0, 1}, ENCODER, AEP_E_RANGE, E "norm has no padding; give 0, not 1"},
    {{AEP_LAYER_MAX_POOL, 2, 2, 2, 0}, ENCODER, AEP_E_RANGE, E "max pooling has no number of filters; give 0, not 2"},
    {{AEP_LAYER_MAX_POOL, 0, 2, 2, 1}, ENCODER, AEP_E_RANGE, E "max pooling has no padding; give 0, not 1"},
    {{AEP_LAYER_AVERAGE_POOL, 0, 2, 0, 0}, ENCODER, AEP_E_RANGE, E "a stride of 0 is not within 1 to 255"},
    {{AEP_LAYER_AVERAGE_POOL, 0, 0, 2, 0}, ENCODER, AEP_E_RANGE, E "a kernel of 0 is not within 1 to 255"},
    {{AEP_LAYER_UPSAMPLE, 0, 2, 2, 0}, DECODER, AEP_E_RANGE, D "upsampling has no kernel; give 0, not 2"},
    {{AEP_LAYER_UPSAMPLE, 0, 0, 0, 0}, DECODER, AEP_E_RANGE, D "a stride of 0 is not within 1 to 255"},
    {{AEP_LAYER_UPSAMPLE, 0, 0, 2, 0}, ENCODER, AEP_E_OPTION, E "upsampling is no layer of the encoder"},
    {{AEP_LAYER_CONV_TRANSPOSED, 2, 3, 2, 1},
     ENCODER,
     AEP_E_OPTION,
     E "transposed convolution is no layer of the encoder"},
    {{AEP_LAYER_MAX_POOL, 0, 2, 2, 0}, DECODER, AEP_E_OPTION, D "max pooling is no layer of the decoder"},
    {{AEP_LAYER_AVERAGE_POOL, 0, 2, 2, 0}, DECODER, AEP_E_OPTION, D "average pooling is no layer of the decoder"},
    {{6, 1, 1, 1, 0}, ENCODER, AEP_E_OPTION, E "there is no kind 6 of layer; they are 0 to 5"},
    {{-1, 1, 1, 1, AEP_PADDING_AUTO}, DECODER, AEP_E_OPTION, D "there is no kind -1 of layer; they are 0 to 5"},
};

START_TEST(a_layer_that_cannot_be_is_refused_with_what_is_wrong)
{
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        SET_IMAGE(6, 10, 12);
        const aep__image before = image;
        check_failed(aep__image_add(&image, &log_, refused[i].part, &refused[i].layer), refused[i].status,
                     refused[i].message);
        assert_same(&image, &before);
    }
}
END_TEST

START_TEST(padding_of_a_kernel_of_one_is_none)
{
    SET_IMAGE(1, 5, 5);
    check_failed(add(ENCODER, AEP_LAYER_CONV, 1, 1, 1, 1), AEP_E_RANGE, E "a padding of 1 is not within 0 to 0");
}
END_TEST

START_TEST(there_are_at_most_32_layers_a_part)
{
    SET_IMAGE(2, 3, 3);
    for (int i = 0; i < 32; i++) {
        ADD(ENCODER, AEP_LAYER_NORM, 1, 0, 0, 0);
        ADD(DECODER, AEP_LAYER_NORM, 2, 0, 0, 0);
    }
    const aep__image before = image;
    check_failed(add(ENCODER, AEP_LAYER_NORM, 1, 0, 0, 0), AEP_E_LIMIT,
                 "the encoder has 32 image layers already, and cannot have more");
    check_failed(add(DECODER, AEP_LAYER_NORM, 1, 0, 0, 0), AEP_E_LIMIT,
                 "the decoder has 32 image layers already, and cannot have more");
    assert_same(&image, &before);
    PLAN();
    ck_assert_uint_eq(plan.decoder.n, 32);
}
END_TEST

START_TEST(a_map_of_more_values_than_the_limit_is_refused)
{
    SET_IMAGE(1, 4096, 4096);
    ADD(ENCODER, AEP_LAYER_CONV, 1, 1, 1, 0);
    check_failed(add(ENCODER, AEP_LAYER_CONV, 2, 1, 1, 0), AEP_E_LIMIT,
                 "image layer 2 of the encoder: a map of 2 x 4096 x 4096 has more than 16777216 values");
    ADD(DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_LIMIT,
                 D "a map of 1 x 8192 x 8192 has more than 16777216 values");
    SET_IMAGE(1, 1, 1 << 24); /* the largest signal; nothing overflows */
    for (int i = 0; i < 32; i++)
        ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 65536, 255, 255, 0);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_LIMIT,
                 D "a map of 65536 x 1 x 4278190080 has more than 16777216 values");
}
END_TEST

/* Maps of a small image cannot grow at will: a small file that describes them would cost too much memory. */
START_TEST(a_map_much_larger_than_the_image_is_refused)
{
    SET_IMAGE(1, 20, 20);
    ADD(ENCODER, AEP_LAYER_CONV, 1, 3, 1, 2);
    ADD(DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0);
    ADD(DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_LIMIT,
                 "image layer 2 of the decoder: a map of 88 x 88 is more than twice as large as the image of 20 x 20");
    for (int i = 1; i < 18; i++)
        ADD(ENCODER, AEP_LAYER_CONV, 1, 3, 1, 2);
    check_failed(add(ENCODER, AEP_LAYER_CONV, 1, 3, 1, 2), AEP_E_LIMIT,
                 "image layer 19 of the encoder: a map of 58 x 58 is more than twice as large as the image of 20 x 20");
}
END_TEST

START_TEST(what_one_image_costs_has_a_bound)
{
    SET_IMAGE(1, 1024,
              1024); /* 16 maps of 2^21 values, the mirrored ones included, each before and after its activation */
    for (int i = 0; i < 16; i++)
        ADD(ENCODER, AEP_LAYER_CONV, 2, 1, 1, 0);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_LIMIT,
                 "the image layers take 1.32e+08 values for one image, more than 6.71e+07: use fewer filters or larger "
                 "strides");
    SET_IMAGE(1, 128, 128);
    ADD(ENCODER, AEP_LAYER_CONV, 32, 3, 1, 1);
    ADD(ENCODER, AEP_LAYER_CONV, 128, 127, 1, 63); /* 2^14 places, 32 channels, 127^2, 128 filters: 1.08e12 */
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_LIMIT,
                 "the image layers take 2.16e+12 multiplications for one image, more than 6.87e+10: use fewer filters, "
                 "smaller kernels or larger strides");
}
END_TEST

START_TEST(a_decoder_that_does_not_end_at_the_image_is_refused)
{
    SET_IMAGE(3, 9, 7);
    ADD(ENCODER, AEP_LAYER_CONV, 8, 3, 2, 1);
    ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 4, 3, 2, 1);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_RANGE,
                 "the image layers of the decoder end at 4 x 9 x 7 (channels, height, width), the image has 3 x 9 x 7");
    image.decoder.n = 0;
    ADD(DECODER, AEP_LAYER_CONV, 3, 3, 1, 1);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_RANGE,
                 "the image layers of the decoder end at 3 x 5 x 4 (channels, height, width), the image has 3 x 9 x 7");
    image.decoder.n = 0;
    ADD(DECODER, AEP_LAYER_CONV, 3, 5, 1, 2);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_RANGE,
                 D "a kernel of 5 is larger than its input of 5 x 4 (height x width)");
    image.decoder.n = 0;
    ADD(DECODER, AEP_LAYER_NORM, 3, 0, 0, 0);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_RANGE, D "3 groups do not divide 8 channels");
}
END_TEST

START_TEST(a_pool_that_upsampling_cannot_undo_is_refused_where_it_should_be_mirrored)
{
    SET_IMAGE(1, 9, 9);
    ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, 3, 2, 0); /* 4 x 4, which doubled give no 9 x 9 */
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_RANGE,
                 D "it cannot mirror the pooling of the encoder, and make 9 x 9 of 4 x 4 again; take a stride equal to "
                   "the kernel, or give the decoder's layers");
    ADD(DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0); /* a decoder of one's own may be anything that ends there */
    ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 1, 2, 1, 0);
    PLAN();
    assert_shape(&plan.decoder.layer[1].out, 1, 9, 9);
}
END_TEST

START_TEST(what_cannot_be_mirrored_in_one_direction_is_refused)
{
    SET_IMAGE(1, 5, 4);
    ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, 3, 2, 0); /* 2 x 2: that doubled can be 3 or 4, and not 5 */
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_RANGE,
                 D "it cannot mirror the pooling of the encoder, and make 5 x 4 of 2 x 2 again; take a stride equal to "
                   "the kernel, or give the decoder's layers");
    SET_IMAGE(1, 4, 5);
    ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, 3, 2, 0);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_RANGE,
                 D "it cannot mirror the pooling of the encoder, and make 4 x 5 of 2 x 2 again; take a stride equal to "
                   "the kernel, or give the decoder's layers");
    SET_IMAGE(1, 4, 4);
    ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, 3, 2, 0);
    PLAN();
}
END_TEST

START_TEST(padding_that_takes_the_whole_map_away_is_refused)
{
    SET_IMAGE(1, 5, 5);
    ADD(ENCODER, AEP_LAYER_MAX_POOL, 0, 5, 5, 0); /* one pixel */
    ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 1, 4, 1, 3);
    check_failed(aep__image_plan_make(&plan, &image, &log_), AEP_E_RANGE,
                 D "its padding leaves nothing of a map of 1 x 1");
}
END_TEST

/* -------------------------------------------------------------------------------------------------------- saving */

static size_t write_image(uint8_t *data)
{
    aep__writer w = {.data = NULL};
    aep__image_write(&image, &w);
    const size_t size = w.pos;
    w = (aep__writer){.data = data};
    aep__image_write(&image, &w);
    ck_assert_uint_eq(w.pos, size);
    return size;
}

static int read_image(aep__image *to, const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* for the address sanitizer */
    memcpy(exact, data, size);
    aep__reader r = {.data = exact, .size = size};
    const int status = aep__image_read(to, &r);
    free(exact);
    return status;
}

static void describe(void)
{
    SET_IMAGE(3, 9, 7);
    ADD(ENCODER, AEP_LAYER_CONV, 8, 3, 2, 1);
    ADD(ENCODER, AEP_LAYER_NORM, 4, 0, 0, 0);
    ADD(ENCODER, AEP_LAYER_AVERAGE_POOL, 0, 3, 2, 0);
    ADD(DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0);
    ADD(DECODER, AEP_LAYER_CONV_TRANSPOSED, 3, 5, 2, 2);
}

START_TEST(what_was_written_is_read)
{
    uint8_t data[256];
    aep__image read = {.shape = {9, 9, 9}};
    describe();
    ck_assert_int_eq(read_image(&read, data, write_image(data)), AEP_OK);
    assert_same(&read, &image);
    image = (aep__image){0};
    ck_assert_uint_eq(write_image(data), 4);
    ck_assert_int_eq(read_image(&read, data, 4), AEP_OK);
    assert_same(&read, &image);
}
END_TEST

START_TEST(every_truncation_is_refused_and_leaves_the_image_as_it_was)
{
    uint8_t data[256];
    describe();
    const size_t size = write_image(data);
    ck_assert_uint_eq(size, 3 * 4 + 4 + 3 * 20 + 4 + 2 * 20);
    for (size_t n = 0; n < size; n++) {
        aep__image read = {.shape = {5, 6, 7}};
        ck_assert_int_eq(read_image(&read, data, n), AEP_E_FORMAT);
        ck_assert_uint_eq(read.shape.channels, 5);
        ck_assert_uint_eq(read.encoder.n, 0);
    }
}
END_TEST

/* Whatever a number is replaced by: FORMAT, or an image that could have been described. */
START_TEST(numbers_that_could_not_have_been_set_are_refused)
{
    static const uint32_t bad[] = {0, 4, 5, 6, 33, 255, 256, 65537, 0x7fffffff, 0x80000000, 0xffffffff};
    uint8_t data[256], changed[256];
    describe();
    const size_t size = write_image(data);
    size_t n_refused = 0;
    for (size_t at = 0; at < size; at += 4)
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
            memcpy(changed, data, size);
            aep__writer w = {.data = changed, .pos = at};
            aep__put_u32(&w, bad[i]);
            const int status = read_image(&image, changed, size);
            ck_assert(status == AEP_OK || status == AEP_E_FORMAT);
            n_refused += status != AEP_OK;
            if (status)
                continue;
            (void)aep__image_plan_make(&plan, &image, NULL);
            if (!image.shape.channels)
                continue;
            ck_assert_uint_le(aep__shape_size(&image.shape), AEP__MAX_MAP);
            uint8_t again[1024];
            ck_assert_uint_le(write_image(again), size);
            ck_assert_mem_eq(again, changed, write_image(again));
        }
    ck_assert_uint_gt(n_refused, size / 4 * COUNT_OF(bad) / 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        strided_convolutions_halve_a_map_and_the_mirror_doubles_it,
        any_two_convolutions_are_mirrored_to_the_size_of_the_image,
        an_odd_kernel_divides_the_size_by_its_stride_and_rounds_up,
        pools_cover_the_map_and_are_mirrored_by_upsampling,
        norms_are_mirrored_but_for_those_of_the_image,
        the_last_window_of_a_pool_reaches_over_the_edge_and_never_stands_beyond_it,
        a_signal_is_worked_on_in_one_direction,
        a_kernel_on_a_map_that_shrank_to_a_line_is_too_large,
        layers_given_for_the_decoder_end_where_they_say,
        an_enlarging_layer_without_an_example_multiplies_the_size,
        an_encoder_without_layers_gets_two_convolutions,
        a_preset_layer_that_does_not_fit_is_left_out,
        an_image_has_all_sizes_or_none,
        a_layer_that_cannot_be_is_refused_with_what_is_wrong,
        padding_of_a_kernel_of_one_is_none,
        there_are_at_most_32_layers_a_part,
        a_map_of_more_values_than_the_limit_is_refused,
        a_map_much_larger_than_the_image_is_refused,
        what_one_image_costs_has_a_bound,
        a_decoder_that_does_not_end_at_the_image_is_refused,
        a_pool_that_upsampling_cannot_undo_is_refused_where_it_should_be_mirrored,
        what_cannot_be_mirrored_in_one_direction_is_refused,
        padding_that_takes_the_whole_map_away_is_refused,
        what_was_written_is_read,
        every_truncation_is_refused_and_leaves_the_image_as_it_was,
        numbers_that_could_not_have_been_set_are_refused,
    };
    TCase *tc = tcase_create("image");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_set_timeout(tc, 120);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(tc, tests[i]);
    return run_case("image", tc);
}
