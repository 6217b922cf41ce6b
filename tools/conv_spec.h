/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layers of --conv and --deconv, separated by commas: 16x3/2 is a convolution of 16 filters, kernel 3, stride 2;
 * 16t3/2 a transposed one; p1 behind it the padding; max2 and avg2 are pools, up2 is upsampling, norm4 a group norm.
 */
#ifndef AEPRED_CONV_SPEC_H
#define AEPRED_CONV_SPEC_H

#include <aepred.h>
#include <stdbool.h>

/* As aep_options_add_image_layer takes it. */
typedef struct conv_layer {
    int kind;
    size_t size, kernel, stride, padding;
} conv_layer;

enum { MOST_CONV_LAYERS = 32 };

typedef struct conv_spec {
    conv_layer layers[MOST_CONV_LAYERS];
    size_t n;
} conv_spec;

/* Says what is wrong and returns false. */
bool conv_spec_parse(conv_spec *spec, int part, const char *text);

/* Append the layers to the options; an aep_status, of which the library's log has told why. */
int conv_spec_apply(const conv_spec *spec, int part, aep_options *options);

/* A layer as it is written in --conv. Returns text. */
enum { CONV_TEXT_SIZE = 100 };
const char *conv_layer_text(char text[CONV_TEXT_SIZE], const conv_layer *layer);

#endif
