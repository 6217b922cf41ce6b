/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments of `aepred train`. */
#ifndef AEPRED_TRAIN_ARGS_H
#define AEPRED_TRAIN_ARGS_H

#include "args.h"
#include "conv_spec.h"

#include <aepred.h>

typedef struct train_args {
    source_args source;
    aep_options *options;   /* for the model */
    image_size image;       /* --image; all 0: what the files say */
    bool no_image;          /* --image none: columns, whatever the files say */
    conv_spec conv, deconv; /* empty: presets */
    char *output;
    char *rest; /* file for the rows not trained on, or NULL */
    double share, calibration;
    list categorical;
    size_t most_levels;
} train_args;

/* STATUS_OK, STATUS_USAGE, or HELP_SHOWN. Free in any case. */
int train_args_parse(train_args *args, int argc, char **argv);
void train_args_free(train_args *args);

#endif
