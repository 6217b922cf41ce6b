/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two networks of the method on one tape. With x the features of a row:
 *   x~ = x + noise,  z = encoder(x~),  x' = decoder(z),  r = ||x - x'||
 *   e  = r, or |x - x'| feature by feature;  e' = head(z);  s = ||e - e'||
 *   J  = mean r + lambda1 sum theta^2 + lambda2 L_C(z) + lambda3 mean s
 * where theta are the parameters of encoder and decoder (the dense layers of both, not the image layers), and the head
 * sees z and e through a gradient stop. J itself is not on the tape: trainer.h.
 *
 * Of images the encoder is image layers, then dense ones; the decoder dense ones, then image layers. Rows come channel
 * by channel; between the image layers channels are last.
 */
#ifndef AEP_NET_H
#define AEP_NET_H

#include "image.h"
#include "tape.h"

typedef struct aep__net_config {
    size_t n_features;
    const aep__image_plan *plan;            /* image layers, or NULL: columns */
    aep__shape image;                       /* with a plan */
    const size_t *encoder, *decoder, *head; /* widths; the encoder's last is the code; decoder and head: hidden ones */
    size_t n_encoder, n_decoder, n_head;
    int activation, code_activation, output_activation, head_activation; /* enum aep_activation */
    bool vector_error, head_gradient;
} aep__net_config;

/* Most values that a row may take on its way through a network: 1 GiB. */
#define AEP__MAX_ROW_REALS ((size_t)1 << 28)

typedef struct aep__net {
    aep__tape tape;
    size_t x, z, reconstruction;               /* nodes: (rows, n_features), (rows, code), (rows, n_features) */
    size_t row_error, error, predicted, score; /* r (rows, 1), e and e' (rows, error_size), s (rows, 1) */
    size_t n_features, code_size, error_size;
    size_t n_autoencoder;          /* parameters of encoder and decoder, which come first in the block */
    size_t dense_begin, dense_end; /* of these, the ones that decay: of the fully connected layers */
} aep__net;

/* LIMIT or MEMORY on failure. */
int aep__net_init(aep__net *net, const aep_allocator *mem, const aep__net_config *config);
void aep__net_free(aep__net *net, const aep_allocator *mem);

#endif
