/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing list of strings that it owns. */
#ifndef AEPRED_LIST_H
#define AEPRED_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty list. */
typedef struct list {
    char **items;
    size_t n, capacity;
} list;

/* Return false when memory is short, having said so. */
bool list_add(list *l, const char *text);
bool list_add_commas(list *l, const char *text); /* each part of "a,b,c" */
bool list_copy(list *to, const list *from);      /* to the end */

bool list_has(const list *l, const char *text);
void list_free(list *l); /* to empty */

/* "a, b, c, ...": at most `most` items, as many as there is room for. Returns text. */
const char *list_show(char *text, size_t size, const list *l, size_t most);

/* Make room for one more element behind `n` of `size` bytes in *array, doubling. */
bool grow(void *array, size_t n, size_t *capacity, size_t size);

#endif
