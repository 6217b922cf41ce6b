/* SPDX-License-Identifier: BSD-2-Clause */
/* The different texts of a column, numbered as they come. */
#ifndef AEPRED_LEVELS_H
#define AEPRED_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is empty. */
typedef struct levels {
    char **names; /* n of them */
    size_t n, capacity;
    size_t *slots; /* code + 1 by hash, 0: free */
    size_t n_slots;
    size_t last; /* code that was found last */
} levels;

enum { NO_LEVEL = -1 };

/* The code of a text, which ends with NUL, new or known, or NO_LEVEL when memory is short, having said so. */
long levels_add(levels *l, const char *text, size_t length);

/* The code of a text, or NO_LEVEL. */
long levels_find(levels *l, const char *text, size_t length);

void levels_free(levels *l); /* to empty */

#endif
