/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Matrix products by the kernels, or in training by a CBLAS where the build has one, the processor has no vector
 * instructions that the kernels know, and a product is large enough to gain from it; its results can depend on the size
 * of the batch.
 */
#ifndef AEP_GEMM_H
#define AEP_GEMM_H

#include "kernels.h"

/* row_exact: by the kernels only, see there. */
void aep__gemm(const aep__kernels *kernels, const aep__product *p, bool row_exact);

#endif
