/* SPDX-License-Identifier: BSD-2-Clause */
#include "levels.h"

#include "list.h"
#include "tools.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a */
static size_t hash(const char *text, size_t length)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t *slot_of(const levels *l, const char *text, size_t length)
{
    size_t i = hash(text, length) & (l->n_slots - 1);
    while (l->slots[i] && strcmp(l->names[l->slots[i] - 1], text) != 0)
        i = (i + 1) & (l->n_slots - 1);
    return &l->slots[i];
}

static bool widen(levels *l)
{
    levels wider = *l;
    wider.n_slots = l->n_slots ? l->n_slots * 2 : 32;
    wider.slots = calloc(wider.n_slots, sizeof *wider.slots);
    if (!wider.slots)
        return false;
    for (size_t code = 0; code < l->n; code++)
        *slot_of(&wider, l->names[code], strlen(l->names[code])) = code + 1;
    free(l->slots);
    *l = wider;
    return true;
}

long levels_find(levels *l, const char *text, size_t length)
{
    if (l->n == 0)
        return NO_LEVEL;
    if (strcmp(l->names[l->last], text) == 0) /* as it often is, from row to row */
        return (long)l->last;
    size_t found = *slot_of(l, text, length);
    if (found)
        l->last = found - 1;
    return (long)found - 1;
}

long levels_add(levels *l, const char *text, size_t length)
{
    long known = levels_find(l, text, length);
    if (known != NO_LEVEL)
        return known;
    if (!grow(&l->names, l->n, &l->capacity, sizeof *l->names))
        return NO_LEVEL;
    char *name = malloc(length + 1);
    if (!name || (l->n * 2 >= l->n_slots && !widen(l))) {
        free(name);
        say_error("out of memory");
        return NO_LEVEL;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    *slot_of(l, text, length) = l->n + 1;
    l->names[l->n] = name;
    return (long)l->n++;
}

void levels_free(levels *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->names[i]);
    free(l->names);
    free(l->slots);
    *l = (levels){0};
}
