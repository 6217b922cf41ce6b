/* SPDX-License-Identifier: BSD-2-Clause */
/* Names from files, as they may be shown: on a terminal and in pictures. */
#ifndef AEPRED_SHOWN_H
#define AEPRED_SHOWN_H

#include <stddef.h>

enum { SHOWN_SIZE = 4 * 40 + 4 };

/* At most 39 characters: what is no UTF-8 or controls a terminal becomes '?', what is too long ends in "...". Returns the number
   of characters. */
size_t shown_name(char to[SHOWN_SIZE], const char *name, size_t most);

#endif
