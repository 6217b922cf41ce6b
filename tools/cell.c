/* SPDX-License-Identifier: BSD-2-Clause */
#include "cell.h"

#include "decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum cell_kind number_kind(double number)
{
    if (isnan(number))
        return CELL_MISSING;
    return isfinite((float)number) ? CELL_NUMBER : CELL_HUGE;
}

static bool is_missing(const char *text)
{
    switch (text[0]) {
    case '\0':
        return true;
    case '?':
        return text[1] == '\0';
    case 'N':
    case 'n':
        return strcmp(text, "NA") == 0 || strcasecmp(text, "nan") == 0;
    case '+':
    case '-':
        return strcasecmp(text + 1, "nan") == 0;
    default:
        return false;
    }
}

enum cell_kind cell_read(const cell *c, double *number)
{
    const char *text = c->text;
    if (!text)
        *number = c->number;
    if (!text || decimal_read(number, text))
        return number_kind(*number);
    if (is_missing(text))
        return CELL_MISSING;
    /* strtod alone would also take 0x1f and nan(...), which are words here */
    if (!strchr("+-.0123456789iI", text[0]) || strpbrk(text, "xX("))
        return CELL_WORD;
    char *end;
    double value = strtod(text, &end);
    if (end != text + c->length)
        return CELL_WORD;
    *number = value;
    return number_kind(value);
}

void number_text(char text[NUMBER_SIZE], double number) { snprintf(text, NUMBER_SIZE, "%.15g", number); }

const char *cell_text(char number[NUMBER_SIZE], const cell *c)
{
    if (c->text)
        return c->text;
    number_text(number, c->number);
    return number;
}

const char *cell_wanted(enum cell_kind kind, double number)
{
    if (kind != CELL_HUGE)
        return "a number";
    return isfinite(number) ? "a number within the range of float" : "a finite number";
}

const char *cell_quote(char text[QUOTE_SIZE], const cell *c)
{
    if (!c->text) {
        number_text(text, c->number);
        return text;
    }
    int shown = c->length > 40 ? 40 : (int)c->length;
    while (shown < (int)c->length && shown > 0 && ((unsigned char)c->text[shown] & 0xc0) == 0x80)
        shown--; /* not within a UTF-8 character */
    snprintf(text, QUOTE_SIZE, "'%.*s%s'", shown, c->text, shown < (int)c->length ? "..." : "");
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = ' ';
    return text;
}
