/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, messages, values. */
#include "extension.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

SQLITE_EXTENSION_INIT3

/* sqlite3_malloc64 aligns to 8 bytes. In front of what is given out stands the pointer to what is to be freed. */
static void *allocate(size_t size, void *payload)
{
    enum { ALIGNMENT = _Alignof(max_align_t), MORE = ALIGNMENT + sizeof(void *) };
    (void)payload;
    char *whole = size <= SIZE_MAX - MORE ? sqlite3_malloc64(size + MORE) : NULL;
    if (!whole)
        return NULL;
    char *part = whole + sizeof whole;
    part += (ALIGNMENT - (uintptr_t)part % ALIGNMENT) % ALIGNMENT;
    memcpy(part - sizeof whole, &whole, sizeof whole);
    return part;
}

static void release(void *part, void *payload)
{
    char *whole;
    (void)payload;
    memcpy(&whole, (char *)part - sizeof whole, sizeof whole);
    sqlite3_free(whole);
}

const aep_allocator sql_memory = {allocate, release, NULL};

/* ------------------------------------------------------------------------------------------------------ messages */

void sql_log_take(int level, const char *message, void *payload)
{
    sql_log *log = payload;
    if (level == AEP_LOG_ERROR)
        sqlite3_snprintf(sizeof log->message, log->message, "%s", message);
    else if (level == AEP_LOG_WARNING)
        sqlite3_log(SQLITE_WARNING, "%s: %s", log->function, message);
}

void sql_fail(sqlite3_context *context, const char *function, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *why = sqlite3_vmprintf(format, args);
    va_end(args);
    char *whole = why ? sqlite3_mprintf("%s: %s", function, why) : NULL;
    if (whole)
        sqlite3_result_error(context, whole, -1);
    else
        sqlite3_result_error_nomem(context);
    sqlite3_free(why);
    sqlite3_free(whole);
}

void sql_fail_status(sqlite3_context *context, const char *function, int status, const char *message)
{
    if (status == AEP_E_MEMORY)
        sqlite3_result_error_nomem(context);
    else if (status == AEP_E_CANCELLED)
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
    else
        sql_fail(context, function, "%s", message && *message ? message : aep_status_str(status));
}

void sql_result_json(sqlite3_context *context, sqlite3_str *text)
{
    int status = sqlite3_str_errcode(text);
    char *whole = sqlite3_str_finish(text); /* NULL after an error */
    if (status == SQLITE_TOOBIG) {
        sqlite3_result_error_toobig(context);
    } else if (!whole) {
        sqlite3_result_error_nomem(context);
    } else {
        sqlite3_result_text(context, whole, -1, sqlite3_free);
        sqlite3_result_subtype(context,
                               'J'); /* as of SQLite's own functions: they take it for JSON, not for a string */
    }
}

void sql_json_text(sqlite3_str *to, const char *text)
{
    sqlite3_str_appendchar(to, 1, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ' ')
            sqlite3_str_appendf(to, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            sqlite3_str_appendf(to, "\\%c", c);
        else
            sqlite3_str_appendchar(to, 1, *text);
    }
    sqlite3_str_appendchar(to, 1, '"');
}

/* -------------------------------------------------------------------------------------------------------- values */

const char *sql_level_text(size_t *length, char number[NUMBER_SIZE], sqlite3_value *value)
{
    if (sqlite3_value_type(value) == SQLITE_FLOAT) {
        const double most = 1e15, real = sqlite3_value_double(value);
        if (real > -most && real < most && real == (double)(sqlite3_int64)real) {
            sqlite3_snprintf(NUMBER_SIZE, number, "%lld", (sqlite3_int64)real);
            *length = strlen(number);
            return number;
        }
    }
    const char *text = (const char *)sqlite3_value_text(value);
    *length = text ? (size_t)sqlite3_value_bytes(value) : 0;
    return text;
}

void sql_floats_read(float *row, const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    for (size_t i = 0; i < n; i++, from += 4) {
        uint32_t bits = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
        memcpy(&row[i], &bits, sizeof bits);
    }
}
