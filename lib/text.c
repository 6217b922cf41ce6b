/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void put(aep__writer *w, const char *s, size_t n)
{
    if (w->data)
        memcpy(w->data + w->pos, s, n);
    w->pos += n;
}

void aep__text_put(aep__writer *w, const char *s) { put(w, s, strlen(s)); }

void aep__text_put_upper(aep__writer *w, const char *s)
{
    for (; *s; s++) {
        const char c = *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;
        put(w, &c, 1);
    }
}

void aep__text(aep__writer *w, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    aep__text_put(w, text);
}

static void constant(char to[AEP__TEXT_NUMBER], double value, int digits, const char *suffix)
{
    aep__number_text(to, value, digits);
    if (!strpbrk(to, ".e"))
        strcat(to, ".0");
    strcat(to, suffix);
}

/* So many digits tell all values of the type apart. */
void aep__text_float(char to[AEP__TEXT_NUMBER], float value) { constant(to, (double)value, 9, "f"); }
void aep__text_double(char to[AEP__TEXT_NUMBER], double value) { constant(to, value, 17, ""); }

void aep__text_about(char to[AEP__TEXT_NUMBER], double value) { aep__number_text(to, value, 6); }

/* Bytes of the UTF-8 character that s begins with (RFC 3629), and which it is; 0 if it begins with none. */
static size_t decode(uint32_t *code, const char *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t first = (uint8_t)*s;
    const size_t n = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    *code = n == 1 ? first : n ? first & (0x7fu >> n) : 0;
    for (size_t i = 1; i < n; i++) {
        if (((uint8_t)s[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | ((uint8_t)s[i] & 0x3f);
    }
    return n && *code >= least[n] && *code <= 0x10ffff && *code >> 11 != 0x1b ? n : 0; /* no surrogates */
}

/* Control characters; breaks of lines; and those that change the direction of the text, which compilers warn of. */
static bool unseen(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void aep__text_comment(aep__writer *w, const char *name)
{
    for (char before = 0; *name;) {
        uint32_t code;
        const size_t n = decode(&code, name);
        const bool bracket = (*name == '/' && before == '*') || (*name == '*' && before == '/');
        before = *name;
        if (!n || unseen(code) || bracket || *name == '\\')
            put(w, "?", 1);
        else
            put(w, name, n);
        name += n ? n : 1;
    }
}

aep__text_array aep__text_array_begin(aep__writer *w, const char *type, const char *name, const char *suffix,
                                      size_t size)
{
    const size_t start = w->pos;
    aep__text(w, "static const %s %s%s[%zu] = {", type, name, suffix, size);
    return (aep__text_array){.w = w, .line = w->pos - start};
}

void aep__text_array_put(aep__text_array *a, const char *value)
{
    const size_t n = strlen(value) + 2; /* and a comma and a space */
    if (a->begun)
        aep__text_put(a->w, ",");
    const bool full = a->line + n > AEP__TEXT_LINE;
    if (full)
        aep__text_put(a->w, "\n    ");
    else if (a->begun)
        aep__text_put(a->w, " ");
    aep__text_put(a->w, value);
    a->line = (full ? 4 : a->line) + n;
    a->begun = true;
}

void aep__text_array_end(aep__text_array *a) { aep__text_put(a->w, "};\n"); }

void aep__text_floats(aep__writer *w, const char *name, const char *suffix, const float *values, size_t n)
{
    char text[AEP__TEXT_NUMBER];
    aep__text_array a = aep__text_array_begin(w, "float", name, suffix, n);
    for (size_t i = 0; i < n; i++) {
        aep__text_float(text, values[i]);
        aep__text_array_put(&a, text);
    }
    aep__text_array_end(&a);
}
