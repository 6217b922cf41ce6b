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

/* A message of up to 511 bytes, longer ones are cut. log may be NULL. */
void aep__logf(const aep__log *log, int level, const char *format, ...) AEP__PRINTF(3, 4);

/* The same at AEP_LOG_ERROR; returns status: `return aep__fail(log, AEP_E_ROWS, "...", ...);` */
int aep__fail(const aep__log *log, int status, const char *format, ...) AEP__PRINTF(3, 4);

#endif
