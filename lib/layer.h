/* SPDX-License-Identifier: BSD-2-Clause */
/* Layers: how they put themselves on a tape, and the values their parameters begin with. */
#ifndef AEP_LAYER_H
#define AEP_LAYER_H

#include "tape.h"

/* A dense layer and its activation on top of a node; returns the node of the output. */
size_t aep__layer_dense(aep__tape *tape, size_t input, size_t n_out, int activation);

/* Weights uniform in +-bound: sqrt(6 / (n_in + n_out)) (Glorot and Bengio 2010), or sqrt(6 / n_in) before the kinds of
   ReLU (He et al. 2015); biases 0. */
void aep__layers_init(const aep__tape *tape, real *params, uint64_t seed);

#endif
