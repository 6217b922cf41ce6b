/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AEP_SORT_H
#define AEP_SORT_H

#include <stddef.h>

/* Ascending, in place, O(n log n) on any input: qsort may take memory behind the caller's allocator. No NaN. */
void aep__sort(float *v, size_t n);

#endif
