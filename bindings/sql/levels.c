/* SPDX-License-Identifier: BSD-2-Clause */
#include "levels.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

static void release(void *ptr, const aep_allocator *memory)
{
    if (ptr)
        memory->free(ptr, memory->payload);
}

static bool widen(sql_levels *l, const aep_allocator *memory)
{
    sql_levels wider = *l;
    wider.n_slots = l->n_slots ? l->n_slots * 2 : 32;
    wider.slots = memory->alloc(wider.n_slots * sizeof *wider.slots, memory->payload);
    if (!wider.slots)
        return false;
    memset(wider.slots, 0, wider.n_slots * sizeof *wider.slots);
    for (size_t code = 0; code < l->n; code++) {
        size_t *slot = slot_of(&wider, l->names[code], strlen(l->names[code]));
        *slot = *slot ? *slot : code + 1;
    }
    release(l->slots, memory);
    *l = wider;
    return true;
}

static bool lengthen(sql_levels *l, const aep_allocator *memory)
{
    size_t wanted = l->capacity ? l->capacity * 2 : 16;
    char **longer = memory->alloc(wanted * sizeof *longer, memory->payload);
    if (!longer)
        return false;
    if (l->n)
        memcpy(longer, l->names, l->n * sizeof *longer);
    release(l->names, memory);
    l->names = longer;
    l->capacity = wanted;
    return true;
}

long sql_levels_find(const sql_levels *l, const char *text, size_t length)
{
    return l->n && !memchr(text, '\0', length) ? (long)*slot_of(l, text, length) - 1 : -1;
}

/* A name behind the others, which no text leads to yet. */
static bool append(sql_levels *l, const char *text, size_t length, const aep_allocator *memory)
{
    if ((l->n == l->capacity && !lengthen(l, memory)) || (l->n * 2 >= l->n_slots && !widen(l, memory)))
        return false;
    char *name = memory->alloc(length + 1, memory->payload);
    if (!name)
        return false;
    memcpy(name, text, length);
    name[length] = '\0';
    l->names[l->n++] = name;
    return true;
}

long sql_levels_add(sql_levels *l, const char *text, size_t length, const aep_allocator *memory)
{
    long known = sql_levels_find(l, text, length);
    if (known >= 0)
        return known;
    if (!append(l, text, length, memory))
        return -1;
    *slot_of(l, text, length) = l->n;
    return (long)l->n - 1;
}

int sql_levels_add_column(sql_levels *l, const aep_model *model, size_t column, const aep_allocator *memory)
{
    bool named = false;
    size_t n = aep_model_column_levels(model, column);
    for (size_t level = 0; level < n && !named; level++)
        named = aep_model_level_name(model, column, level) != NULL;
    for (size_t level = 0; level < n && named; level++) {
        char number[24];
        const char *name = aep_model_level_name(model, column, level);
        if (!name) {
            snprintf(number, sizeof number, "%zu", level);
            name = number;
        }
        if (sql_levels_find(l, name, strlen(name)) >= 0 ? !append(l, name, strlen(name), memory)
                                                        : sql_levels_add(l, name, strlen(name), memory) < 0)
            return false;
    }
    return true;
}

void sql_levels_free(sql_levels *l, const aep_allocator *memory)
{
    for (size_t i = 0; i < l->n; i++)
        release(l->names[i], memory);
    release(l->names, memory);
    release(l->slots, memory);
    *l = (sql_levels){0};
}
