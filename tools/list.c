/* SPDX-License-Identifier: BSD-2-Clause */
#include "list.h"

#include "tools.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool grow(void *array, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *old, *grown = NULL;
    memcpy(&old, array, sizeof old);
    if (wanted > *capacity && wanted <= SIZE_MAX / size)
        grown = realloc(old, wanted * size);
    if (!grown) {
        say_error("out of memory");
        return false;
    }
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

static bool add_part(list *l, const char *text, size_t length)
{
    if (!grow(&l->items, l->n, &l->capacity, sizeof *l->items))
        return false;
    char *copy = malloc(length + 1);
    if (!copy) {
        say_error("out of memory");
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    l->items[l->n++] = copy;
    return true;
}

bool list_add(list *l, const char *text) { return add_part(l, text, strlen(text)); }

bool list_add_commas(list *l, const char *text)
{
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!add_part(l, text, length))
            return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

bool list_copy(list *to, const list *from)
{
    for (size_t i = 0; i < from->n; i++)
        if (!list_add(to, from->items[i]))
            return false;
    return true;
}

bool list_has(const list *l, const char *text)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->items[i], text) == 0)
            return true;
    return false;
}

const char *list_show(char *text, size_t size, const list *l, size_t most)
{
    static const char more[] = ", ...";
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < l->n; i++) {
        size_t needed = strlen(l->items[i]) + strlen(", ");
        if (i == most || used + needed + sizeof more > size) {
            snprintf(text + used, size - used, "%s", more + (i ? 0 : 2));
            break;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", l->items[i]);
    }
    return text;
}

void list_free(list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i]);
    free(l->items);
    *l = (list){0};
}
