/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Training and scoring of the dense network.
 *   bench_speed [--serve] [--scaled]
 * --scaled: with the preset scaling instead of none.
 */
#include "bench.h"
#include "dense.h"

#include <stdbool.h>
#include <string.h>

static bool scaled;

static int make_model(aep_model **model, const aep_allocator *allocator, const float *rows)
{
    return dense_model(model, allocator, scaled ? rows : NULL);
}

int main(int argc, char **argv)
{
    static const bench_measure measures[] = {
        {"train_32", bench_train, 32}, {"train_256", bench_train, 256}, {"train_1024", bench_train, 1024},
        {"score_1", bench_score, 1},   {"score_64", bench_score, 64},   {"score_4096", bench_score, 4096},
    };
    const bench_network network = {DENSE_COLUMNS, make_model, measures, sizeof measures / sizeof *measures};
    for (int i = 1; i < argc; i++)
        scaled |= !strcmp(argv[i], "--scaled");
    return bench_main(&network, argc, argv);
}
