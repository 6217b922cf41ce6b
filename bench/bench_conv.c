/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Training and scoring of a convolutional network on images of 28 by 28: convolutions of 16 and 32 filters, kernel 3,
 * stride 2, a code of 32, the mirrored decoder, head 64-64, tanh.
 *   bench_conv [--serve]
 */
#include "bench.h"

enum { EDGE = 28, COLUMNS = EDGE * EDGE };

static int make_model(aep_model **model, const aep_allocator *allocator, const float *rows)
{
    static const size_t encoder[] = {32}, head[] = {64, 64};
    aep_options *options;
    int status = aep_options_new_with(&options, allocator);
    (void)rows; /* nothing is scaled */
    if (!status)
        status = aep_options_set_image(options, 1, EDGE, EDGE);
    if (!status)
        status = aep_options_add_conv(options, 16, 3, 2);
    if (!status)
        status = aep_options_add_conv(options, 32, 3, 2);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 1);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_HEAD, head, 2);
    if (!status)
        status = aep_options_set(options, AEP_OPT_SCALING, AEP_SCALING_NONE);
    if (!status)
        status = aep_model_new(model, options, COLUMNS);
    aep_options_free(options);
    return status;
}

int main(int argc, char **argv)
{
    static const bench_measure measures[] = {
        {"train_128", bench_train, 128},
        {"score_1", bench_score, 1},
        {"score_16", bench_score, 16},
        {"score_1024", bench_score, 1024},
    };
    const bench_network network = {COLUMNS, make_model, measures, sizeof measures / sizeof *measures};
    return bench_main(&network, argc, argv);
}
