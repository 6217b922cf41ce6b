/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, messages, levels, values. */
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

/* -------------------------------------------------------------------------------------------------------- levels */

/* FNV-1a */
static size_t hash(const char *text, size_t length)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

static bool same(const char *name, const char *text, size_t length)
{
    return strncmp(name, text, length) == 0 && name[length] == '\0';
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t *slot_of(const sql_levels *l, const char *text, size_t length)
{
    size_t i = hash(text, length) & (l->n_slots - 1);
    while (l->slots[i] && !same(l->names[l->slots[i] - 1], text, length))
        i = (i + 1) & (l->n_slots - 1);
    return &l->slots[i];
}

static bool widen(sql_levels *l)
{
    sql_levels wider = *l;
    wider.n_slots = l->n_slots ? l->n_slots * 2 : 32;
    wider.slots = sqlite3_malloc64(wider.n_slots * sizeof *wider.slots);
    if (!wider.slots)
        return false;
    memset(wider.slots, 0, wider.n_slots * sizeof *wider.slots);
    for (size_t code = 0; code < l->n; code++)
        *slot_of(&wider, l->names[code], strlen(l->names[code])) = code + 1;
    sqlite3_free(l->slots);
    *l = wider;
    return true;
}

long sql_levels_find(const sql_levels *l, const char *text, size_t length)
{
    return l->n && !memchr(text, '\0', length) ? (long)*slot_of(l, text, length) - 1 : -1;
}

long sql_levels_add(sql_levels *l, const char *text, size_t length)
{
    long known = sql_levels_find(l, text, length);
    if (known >= 0)
        return known;
    if (l->n == l->capacity) {
        size_t wanted = l->capacity ? l->capacity * 2 : 16;
        char **grown = sqlite3_realloc64(l->names, wanted * sizeof *grown);
        if (!grown)
            return -1;
        l->names = grown;
        l->capacity = wanted;
    }
    char *name = sqlite3_malloc64(length + 1);
    if (!name || (l->n * 2 >= l->n_slots && !widen(l))) {
        sqlite3_free(name);
        return -1;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    *slot_of(l, name, length) = l->n + 1;
    l->names[l->n] = name;
    return (long)l->n++;
}

void sql_levels_free(sql_levels *l)
{
    for (size_t i = 0; i < l->n; i++)
        sqlite3_free(l->names[i]);
    sqlite3_free(l->names);
    sqlite3_free(l->slots);
    *l = (sql_levels){0};
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
