/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Training and scoring of a 118-60-30-10-3 network (mirrored decoder, head 10-10, tanh).
 *   bench_speed [--serve] [--scaled]
 * --scaled: with the preset scaling (z-score, squashed by tanh) instead of none.
 */
#include "bench.h"

#include <stdbool.h>
#include <string.h>

enum { COLUMNS = 118 };

static bool scaled;

static int make_model(aep_model **model, const aep_allocator *allocator, const float *rows)
{
    static const size_t encoder[] = {60, 30, 10, 3}, head[] = {10, 10};
    aep_options *options;
    int status = aep_options_new_with(&options, allocator);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 4);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_HEAD, head, 2);
    if (!status && !scaled)
        status = aep_options_set(options, AEP_OPT_SCALING, AEP_SCALING_NONE);
    if (!status && !scaled)
        status = aep_options_set(options, AEP_OPT_SQUASH, AEP_SQUASH_NONE);
    if (!status)
        status = aep_model_new(model, options, COLUMNS);
    if (!status && scaled)
        status = aep_fit_scaling(*model, rows, BENCH_ROWS, COLUMNS);
    aep_options_free(options);
    return status;
}

int main(int argc, char **argv)
{
    static const bench_measure measures[] = {
        {"train_32", bench_train, 32}, {"train_256", bench_train, 256}, {"train_1024", bench_train, 1024},
        {"score_1", bench_score, 1},   {"score_64", bench_score, 64},   {"score_4096", bench_score, 4096},
    };
    const bench_network network = {COLUMNS, make_model, measures, sizeof measures / sizeof *measures};
    for (int i = 1; i < argc; i++)
        scaled |= !strcmp(argv[i], "--scaled");
    return bench_main(&network, argc, argv);
}
