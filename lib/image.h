/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images and the layers that work on them, as a user describes them: which sizes the maps between the layers have, what
 * cannot be, and the decoder that mirrors an encoder.
 */
#ifndef AEP_IMAGE_H
#define AEP_IMAGE_H

#include "bytes.h"
#include "log.h"
#include "window.h"

enum { AEP__MAX_IMAGE_LAYERS = 32, AEP__MAX_MAP = 1 << 24, AEP__MAX_FILTERS = 65536, AEP__MAX_KERNEL = 255 };

/* Most values that all maps of one image may take together (256 MiB), and most multiplications: a bound on what a small
   model file can ask of who scores with it. */
#define AEP__MAX_MAP_VALUES 67108864.0
#define AEP__MAX_PRODUCTS   68719476736.0

typedef struct aep__shape {
    size_t channels, height, width;
} aep__shape;

/* As aep_options_add_image_layer takes it. */
typedef struct aep__image_layer {
    int kind; /* enum aep_layer_kind */
    size_t size, kernel, stride, padding;
} aep__image_layer;

typedef struct aep__image_stack {
    size_t n;
    aep__image_layer layer[AEP__MAX_IMAGE_LAYERS];
} aep__image_stack;

/* Copied by assignment. An encoder without layers stands for the preset one, a decoder for the mirrored one. */
typedef struct aep__image {
    aep__shape shape; /* channels 0: no image */
    aep__image_stack encoder, decoder;
} aep__image;

/* A layer in its place. The window's map is the input, of transposed convolution and upsampling the output. */
typedef struct aep__map_layer {
    aep__image_layer layer;
    aep__window window;
    aep__shape out;
} aep__map_layer;

typedef struct aep__map_stack {
    size_t n;
    aep__map_layer layer[AEP__MAX_IMAGE_LAYERS];
} aep__map_stack;

typedef struct aep__image_plan {
    aep__map_stack encoder, decoder;
    aep__shape inner; /* the map between encoder and dense layers, and between those and the decoder */
} aep__image_plan;

size_t aep__shape_size(const aep__shape *shape);

/* RANGE, LIMIT. */
int aep__image_set(aep__image *image, const aep__log *log, size_t channels, size_t height, size_t width);

/* Append a layer to the encoder or the decoder, in the same words as the public function: OPTION, RANGE, LIMIT. */
int aep__image_add(aep__image *image, const aep__log *log, int part, const aep__image_layer *layer);

/* Put the preset encoder in the place of none. */
void aep__image_resolve(aep__image *image);

/* All layers of a resolved image with their maps: RANGE where the decoder does not end at the image; LIMIT where a row
   would take too much memory or time; or as above. */
int aep__image_plan_make(aep__image_plan *plan, const aep__image *image, const aep__log *log);

/* channels 0, or the sizes and the layers given. FORMAT for what could not have been set. */
void aep__image_write(const aep__image *image, aep__writer *w);
int aep__image_read(aep__image *image, aep__reader *r);

#endif
