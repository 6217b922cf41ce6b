/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks that all calls on rows share. They log what they refuse. */
#ifndef AEP_ROWS_H
#define AEP_ROWS_H

#include "model.h"

/* NULL, column count, at least so many rows, a size that memory can hold; then every value. */
int aep__rows_check(const aep_model *model, const float *rows, size_t n_rows, size_t n_cols, size_t least,
                    bool training);

/* Its two parts, where there is a team for the second. */
int aep__shape_check(const aep_model *model, const float *rows, size_t n_rows, size_t n_cols, size_t least);
int aep__values_check(const aep_model *model, const float *rows, size_t n_rows, bool training, aep__team *team);

#endif
