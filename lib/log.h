/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages for the host: the only text formatting of the library. */
#ifndef AEP_LOG_H
#define AEP_LOG_H

#include <aepred.h>

typedef struct aep__log {
    aep_log_fn fn; /* NULL: nowhere */
    void *payload;
} aep__log;

#if defined(__GNUC__)
#define AEP__PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define AEP__PRINTF(f, a)
#endif

enum { AEP__NUMBER_SIZE = 32 };

/* What %.*g gives in the locale C, in any locale: `digits` significant digits, at most 17. Returns text. */
const char *aep__number_text(char text[AEP__NUMBER_SIZE], double number, int digits);

/* The same as an argument of the two below, for %s: theirs take no %g, which would write the decimal point of the host. */
#define AEP__NUMBER(number, digits) aep__number_text((char[AEP__NUMBER_SIZE]){0}, number, digits)

/* A message of up to 511 bytes, longer ones are cut. log may be NULL. */
void aep__logf(const aep__log *log, int level, const char *format, ...) AEP__PRINTF(3, 4);

/* The same at AEP_LOG_ERROR; returns status: `return aep__fail(log, AEP_E_ROWS, "...", ...);` */
int aep__fail(const aep__log *log, int status, const char *format, ...) AEP__PRINTF(3, 4);

#endif
