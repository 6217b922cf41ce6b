/* SPDX-License-Identifier: BSD-2-Clause */
/* What any bytes must stand: being loaded, and if that succeeds, being used. */
#ifndef AEP_TESTS_EXERCISE_H
#define AEP_TESTS_EXERCISE_H

#include <aepred.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Loads, in time and memory that the bytes bound, and uses what was loaded in every way that a host may. NULL if all promises held, or else what went wrong.
 * *status, if not NULL, is what aep_model_load returned.
 */
const char *exercise_bytes(int *status, const uint8_t *data, size_t size);

#endif
