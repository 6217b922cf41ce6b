/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void say(const char *kind, const char *format, va_list args)
{
    flockfile(stderr);
    fprintf(stderr, "aepred: %s", kind);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void say_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void say_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("warning: ", format, args);
    va_end(args);
}

void say_write_error(const char *path)
{
    if (errno != EPIPE)
        say_error("cannot write %s: %s", path ? path : "standard output", strerror(errno));
}

void say_note(bool quiet, const char *format, ...)
{
    if (quiet)
        return;
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void say_log(int level, const char *message, void *quiet)
{
    if (level == AEP_LOG_WARNING)
        say_warning("%s", message);
    else if (level == AEP_LOG_ERROR || !*(const bool *)quiet)
        say_error("%s", message);
}
