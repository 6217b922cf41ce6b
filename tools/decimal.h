/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decimal numbers of up to 19 digits, as nearly all in files are, several times as fast as strtod and with the same
 * result, to the last bit. Of others strtod is asked.
 */
#ifndef AEPRED_DECIMAL_H
#define AEPRED_DECIMAL_H

#include <stdbool.h>

/* Whether the text, as a whole, is such a number; *number is what strtod would give in the C locale. */
bool decimal_read(double *number, const char *text);

#endif
