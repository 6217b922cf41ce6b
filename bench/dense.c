/* SPDX-License-Identifier: BSD-2-Clause */
#include "dense.h"

#include "bench.h"

static int leave_unscaled(aep_options *options)
{
    int status = aep_options_set(options, AEP_OPT_SCALING, AEP_SCALING_NONE);
    return status ? status : aep_options_set(options, AEP_OPT_SQUASH, AEP_SQUASH_NONE);
}

int dense_model(aep_model **model, const aep_allocator *allocator, const float *rows)
{
    static const size_t encoder[] = {60, 30, 10, 3}, head[] = {10, 10};
    aep_options *options;
    int status = aep_options_new_with(&options, allocator);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 4);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_HEAD, head, 2);
    if (!status && !rows)
        status = leave_unscaled(options);
    if (!status)
        status = aep_model_new(model, options, DENSE_COLUMNS);
    if (!status && rows)
        status = aep_fit_scaling(*model, rows, BENCH_ROWS, DENSE_COLUMNS);
    aep_options_free(options);
    return status;
}
