/* SPDX-License-Identifier: BSD-2-Clause */
/* A cell of the input, and what may stand in it. */
#ifndef AEPRED_CELL_H
#define AEPRED_CELL_H

#include <stddef.h>

typedef struct cell {
    const char *text; /* ends with NUL; NULL: a number that never was text */
    size_t length;
    double number; /* where text is NULL */
} cell;

enum cell_kind {
    CELL_NUMBER,  /* finite, also as float */
    CELL_MISSING, /* empty, NA, NaN, ? */
    CELL_WORD,
    CELL_HUGE /* a number that is infinite, or is as float */
};

/* What a cell holds; *number is set for CELL_NUMBER and CELL_HUGE. */
enum cell_kind cell_read(const cell *c, double *number);

/* What was expected instead, where numbers are expected. */
const char *cell_wanted(enum cell_kind kind, double number);

/* The shortest usual way to write a number; the name of a level that is a number. */
enum { NUMBER_SIZE = 32 };
void number_text(char text[NUMBER_SIZE], double number);

/* The cell's text; that of a number that never was text is written to `number`. */
const char *cell_text(char number[NUMBER_SIZE], const cell *c);

/* The cell as it is to appear in a message: in quotes, cut to a readable length. */
enum { QUOTE_SIZE = 64 };
const char *cell_quote(char text[QUOTE_SIZE], const cell *c);

#endif
