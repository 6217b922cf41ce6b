/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of a NumPy array file (NEP 1, format versions 1 to 3): one to four dimensions, C order, real numbers. */
#ifndef AEPRED_NPY_FILE_H
#define AEPRED_NPY_FILE_H

#include "array_file.h"

bool npy_file_is(const stream *in); /* whether the bytes there begin an NPY file */
bool npy_file_open(array_file *f, stream *in);

#endif
