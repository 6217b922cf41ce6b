/* SPDX-License-Identifier: BSD-2-Clause */
/* Decimal numbers from text and to text: what strtod and printf give, to the last bit, several times as fast. */
#ifndef AEPRED_DECIMAL_H
#define AEPRED_DECIMAL_H

#include <stdbool.h>

/*
 * What strtod gives in the C locale, if the text, as a whole, is a decimal number of up to 19 digits whose exponent is
 * small, as nearly all in files are. False: it may be another number, or none.
 */
bool decimal_read(double *number, const char *text);

/* The shortest of %.6g to %.9g that strtof reads back as the value. */
enum { DECIMAL_SIZE = 32 };
void decimal_write(char text[DECIMAL_SIZE], float value);

#endif
