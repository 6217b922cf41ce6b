/* SPDX-License-Identifier: BSD-2-Clause */
#include "shown.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MOST = 39 };

/* Bytes of the UTF-8 character (RFC 3629) that s begins with, 0 if it begins with none that can be seen. */
static size_t character(const char *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t first = (uint8_t)*s;
    const size_t n = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    uint32_t code = n == 1 ? first : n ? first & (0x7fu >> n) : 0;
    for (size_t i = 1; i < n; i++) {
        if (((uint8_t)s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | ((uint8_t)s[i] & 0x3f);
    }
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    return n && !control && code >= least[n] && code <= 0x10ffff && code >> 11 != 0x1b ? n : 0;
}

size_t shown_name(char to[SHOWN_SIZE], const char *name, size_t most)
{
    size_t n = 0, cut = 0; /* cut: bytes of so many characters that "..." fits behind them */
    char *at = to;
    most = most < MOST ? most : MOST;
    while (*name && n < most) {
        const size_t size = character(name);
        if (n == most - 3)
            cut = (size_t)(at - to);
        if (size)
            memcpy(at, name, size);
        else
            *at = '?';
        at += size ? size : 1;
        name += size ? size : 1;
        n++;
    }
    *at = '\0';
    if (*name)
        strcpy(to + cut, "...");
    return n;
}
