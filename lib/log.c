/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

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
