/* SPDX-License-Identifier: BSD-2-Clause */
/* Layers: how they put themselves on a tape, and the values their parameters begin with. */
#ifndef AEP_LAYER_H
#define AEP_LAYER_H

#include "image.h"
#include "tape.h"

/* A dense layer on top of a node; returns the node of the output. The activation that is to follow decides how weights
   begin. */
size_t aep__layer_linear(aep__tape *tape, size_t input, size_t n_out, int activation);

/* The same with the activation. */
size_t aep__layer_dense(aep__tape *tape, size_t input, size_t n_out, int activation);

/* An image layer without an activation, likewise. */
size_t aep__layer_map(aep__tape *tape, size_t input, const aep__map_layer *layer, int activation);

/* An activation on top of a node; none for AEP_IDENTITY. */
size_t aep__layer_activation(aep__tape *tape, size_t input, int activation);

/* Weights uniform in +-bound: sqrt(6 / (n_in + n_out)) (Glorot and Bengio 2010), or sqrt(6 / n_in) before the kinds of
   ReLU (He et al. 2015), where n_in values make one of the output, and one of the input goes into n_out; biases 0;
   gamma 1, beta 0. */
void aep__layers_init(const aep__tape *tape, real *params, uint64_t seed);

#endif
