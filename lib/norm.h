/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Group norm (Wu and He 2018) over maps (n, channels), n pixels: of each row and each of `groups` groups of channels,
 *   y = gamma (x - mean) / sqrt(variance + 1e-5) + beta,   gamma and beta by channel
 * with mean and variance over the pixels and channels of the group. One group: layer norm (Ba et al. 2016). It looks at
 * one row at a time, so a row's score does not depend on its batch, as it would with batch norm.
 */
#ifndef AEP_NORM_H
#define AEP_NORM_H

#include "real.h"

#include <stddef.h>

typedef struct aep__norm {
    size_t n, channels, groups; /* groups divides channels */
} aep__norm;

void aep__norm_forward(real *y, const real *x, const real *gamma, const real *beta, const aep__norm *norm, size_t rows);

/* With h = (x - mean) / sd and g = gamma dy: dgamma += sum dy h, dbeta += sum dy,
   dx += (g - mean g - h mean (g h)) / sd, means over the group (unless dx is NULL) */
void aep__norm_backward(real *dx, real *dgamma, real *dbeta, const real *dy, const real *x, const real *gamma,
                        const aep__norm *norm, size_t rows);

#endif
