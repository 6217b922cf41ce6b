/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The C library has no printf that takes a locale, and a library must not set one: what can only be the decimal point of
   the locale, which may have several bytes, becomes a point. */
const char *aep__number_text(char text[AEP__NUMBER_SIZE], double number, int digits)
{
    static const char others[] = "+-0123456789einfa"; /* exponents, inf, nan */
    char *to = text;
    snprintf(text, AEP__NUMBER_SIZE, "%.*g", digits, number);
    for (const char *from = text; *from;) {
        const size_t point = strcspn(from, others);
        if (point)
            *to++ = '.';
        else
            *to++ = *from;
        from += point ? point : 1;
    }
    *to = 0;
    return text;
}

static void send(const aep__log *log, int level, const char *format, va_list args)
{
    char message[512];
    if (!log || !log->fn)
        return;
    vsnprintf(message, sizeof message, format, args);
    log->fn(level, message, log->payload);
}

void aep__logf(const aep__log *log, int level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send(log, level, format, args);
    va_end(args);
}

int aep__fail(const aep__log *log, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    send(log, AEP_LOG_ERROR, format, args);
    va_end(args);
    return status;
}
