/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CIFAR-10 in its binary version (Krizhevsky 2009): records of a byte that is the label, 0 to 9, and 3 x 32 x 32 bytes,
 * the red, green and blue plane. Nothing in such a file says what it is, so the official names do.
 */
#ifndef AEPRED_CIFAR_FILE_H
#define AEPRED_CIFAR_FILE_H

#include "array_file.h"

enum { CIFAR_RECORD = 1 + 3 * 32 * 32 }; /* bytes: a label and an image */

/* Whether a path ends in data_batch_N.bin or test_batch.bin, or that with .gz behind it. */
bool cifar_file_named(const char *path);

bool cifar_file_open(array_file *f, stream *in);

/* The next record: like array_file_next, and labels above 9 are refused. */
int cifar_file_next(array_file *f);

#endif
