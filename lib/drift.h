/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AEP_DRIFT_H
#define AEP_DRIFT_H

#include "score.h"

/* The profile of checked rows and their scores (n_rows). All zero on MEMORY. */
int aep__profile_of_rows(aep__profile *p, const aep_model *model, const float *rows, const float *scores,
                         size_t n_rows);

#endif
