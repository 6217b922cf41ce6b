/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of an IDX file, the format of MNIST (LeCun, Cortes and Burges): two bytes 0, the type of the numbers, how
 * many sizes there are, the sizes in 32 bits; all of it, and the numbers that follow, with the high byte first.
 */
#ifndef AEPRED_IDX_FILE_H
#define AEPRED_IDX_FILE_H

#include "array_file.h"

bool idx_file_is(const stream *in); /* whether the bytes there begin an IDX file */
bool idx_file_open(array_file *f, stream *in);

#endif
