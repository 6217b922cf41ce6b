/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for files, the same in every locale; and numbers in it that read back as what they were. */
#ifndef AEP_TEXT_H
#define AEP_TEXT_H

#include "bytes.h"
#include "log.h"

/* Up to 2047 bytes, longer ones are cut; no conversions of floating point. */
void aep__text(aep__writer *w, const char *format, ...) AEP__PRINTF(2, 3);

/* The whole string, however long. */
void aep__text_put(aep__writer *w, const char *s);

/* The same in capital letters. */
void aep__text_put_upper(aep__writer *w, const char *s);

/* A constant of C, of type float (with the letter f) or double, that is exactly this finite value. */
enum { AEP__TEXT_NUMBER = 40 };
void aep__text_float(char to[AEP__TEXT_NUMBER], float value);
void aep__text_double(char to[AEP__TEXT_NUMBER], double value);

/* A number for a reader: six digits. */
void aep__text_about(char to[AEP__TEXT_NUMBER], double value);

/* An array of constants of C under way: NAME SUFFIX [SIZE] = {...}; in lines of at most AEP__TEXT_LINE bytes. */
enum { AEP__TEXT_LINE = 118 };
typedef struct aep__text_array {
    aep__writer *w;
    size_t line; /* bytes of the line so far */
    bool begun;
} aep__text_array;
aep__text_array aep__text_array_begin(aep__writer *w, const char *type, const char *name, const char *suffix,
                                      size_t size);
void aep__text_array_put(aep__text_array *a, const char *value);
void aep__text_array_end(aep__text_array *a);

/* A whole one. */
void aep__text_floats(aep__writer *w, const char *name, const char *suffix, const float *values, size_t n);

/* A name from anywhere inside a comment of C. It stays UTF-8 on one line and cannot end the comment: what would, or is
   not to be seen, becomes a question mark. */
void aep__text_comment(aep__writer *w, const char *name);

#endif
