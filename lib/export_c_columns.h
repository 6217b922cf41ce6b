/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of exported C code that turns a row into features. */
#ifndef AEP_EXPORT_C_COLUMNS_H
#define AEP_EXPORT_C_COLUMNS_H

#include "export.h"

/* Lines of a comment: what each value of a row is, and which rows are refused. */
void aep__export_c_describe(const aep__export *e);

/* The arrays that read_row looks at. */
void aep__export_c_column_arrays(const aep__export *e);

/* static int read_row(float *x, const float *row), and what it calls but tanh_of. */
void aep__export_c_read_row(const aep__export *e);

#endif
