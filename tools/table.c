/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include "args.h"
#include "tools.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAME = 255, ROWS_AT_ONCE = 256 };

bool table_init(table *t, size_t n_columns, bool all_numbers, size_t most_levels, bool missing_allowed)
{
    *t = (table){.n_columns = n_columns, .most_levels = most_levels, .missing_allowed = missing_allowed};
    if (all_numbers)
        return true;
    t->columns = calloc(n_columns, sizeof *t->columns);
    if (!t->columns)
        say_error("out of memory");
    return t->columns != NULL;
}

static void column_free(table_column *column)
{
    levels_free(&column->levels);
    free(column->numbers);
    free(column->first_word);
    column->numbers = NULL;
    column->first_word = NULL;
}

void table_free(table *t)
{
    for (size_t i = 0; t->columns && i < t->n_columns; i++)
        column_free(&t->columns[i]);
    free(t->columns);
    free(t->rows);
    *t = (table){0};
}

/* From codes to the numbers that they stand for, in rows [begin, end). */
static void decode(table *t, size_t column, size_t begin, size_t end)
{
    const double *numbers = t->columns[column].numbers;
    for (size_t i = begin; i < end; i++) {
        float *value = &t->rows[i * t->n_columns + column];
        if (!isnan(*value))
            *value = (float)numbers[(size_t)*value];
    }
}

static void set_numeric(table_column *c)
{
    column_free(c);
    c->numeric = true;
}

static void make_numeric(table *t, size_t column)
{
    decode(t, column, 0, t->n_rows);
    set_numeric(&t->columns[column]);
}

static bool has_only_numbers(const table_column *c) { return !c->numeric && c->words == 0 && !c->categorical; }

/* All columns that have held nothing but numbers; some rows at a time, for each column while they are in the cache. */
static void make_rest_numeric(table *t)
{
    for (size_t begin = 0; begin < t->n_rows; begin += ROWS_AT_ONCE) {
        size_t end = t->n_rows - begin < ROWS_AT_ONCE ? t->n_rows : begin + ROWS_AT_ONCE;
        for (size_t i = 0; i < t->n_columns; i++)
            if (has_only_numbers(&t->columns[i]))
                decode(t, i, begin, end);
    }
    for (size_t i = 0; i < t->n_columns; i++)
        if (has_only_numbers(&t->columns[i]))
            set_numeric(&t->columns[i]);
}

/* Keep the place of the first word, for when numbers turn out to be the rule. */
static bool note_word(table_column *c, const input *in, size_t from)
{
    char place[PLACE_SIZE], quoted[QUOTE_SIZE], text[PLACE_SIZE + QUOTE_SIZE + 64];
    input_place(place, sizeof place, in, from);
    snprintf(text, sizeof text, "%s: expected a number, like most cells of this column, found %s", place,
             cell_quote(quoted, &in->cells[from]));
    return set_string(&c->first_word, text);
}

static bool is_mostly_numbers(const table_column *c) { return !c->categorical && c->words > 0 && c->others > c->words; }

static bool refuse_word(const table_column *c, const char *name)
{
    char number[NUMBER_SIZE];
    snprintf(number, sizeof number, "%zu", c->number);
    say_error("%s; mend it, or --categorical %s if the column's values are codes", c->first_word, name ? name : number);
    return false;
}

static bool refuse_levels(const table *t, const input *in, const table_column *c, size_t from)
{
    if (c->categorical && c->words == 0)
        return input_refuse(in, from,
                            "more than %zu different values; leave it out of --categorical, or raise "
                            "--max-levels",
                            t->most_levels);
    return input_refuse(in, from,
                        "more than %zu different words; an identifier or free text tells nothing, so --drop "
                        "the column, or raise --max-levels",
                        t->most_levels);
}

/* The code of a cell that has not been seen, with what it stands for. */
static bool add_level(table *t, const input *in, size_t column, size_t from, const cell *text, double number)
{
    table_column *c = &t->columns[column];
    if (isnan(number) && text->length > MOST_NAME)
        return input_refuse(in, from, "a word of %zu bytes, where %d is the most; --drop the column", text->length,
                            MOST_NAME);
    if (!grow(&c->numbers, c->levels.n, &c->numbers_capacity, sizeof *c->numbers))
        return false;
    c->numbers[c->levels.n] = number;
    return levels_add(&c->levels, text->text, text->length) != NO_LEVEL;
}

static bool add_missing(const table *t, float *to, const input *in, size_t from)
{
    *to = NAN;
    return t->missing_allowed ||
           input_refuse(in, from, "the value is missing; --set missing=impute fills in such cells");
}

/* usual: why a number is expected. */
static bool add_number(const table *t, float *to, const input *in, size_t from, const char *usual)
{
    const cell *c = &in->cells[from];
    char quoted[QUOTE_SIZE];
    double number;
    switch (cell_read(c, &number)) {
    case CELL_NUMBER:
        *to = (float)number;
        return true;
    case CELL_MISSING:
        return add_missing(t, to, in, from);
    case CELL_WORD:
        return input_refuse(in, from, "expected a number, like %s, found %s; mend it", usual, cell_quote(quoted, c));
    default:
        return input_refuse(in, from, "expected %s, found %s", cell_wanted(CELL_HUGE, number), cell_quote(quoted, c));
    }
}

static const char many_numbers[] = "the many in this column so far";

static bool add_code(table *t, float *to, const input *in, size_t column, size_t from)
{
    table_column *c = &t->columns[column];
    cell text = in->cells[from];
    char buffer[NUMBER_SIZE], quoted[QUOTE_SIZE];
    if (!text.text) {
        number_text(buffer, text.number);
        text = (cell){.text = buffer, .length = strlen(buffer)};
    }
    long code = levels_find(&c->levels, text.text, text.length);
    if (code == NO_LEVEL) {
        double number = NAN;
        enum cell_kind kind = cell_read(&text, &number);
        if (kind == CELL_MISSING)
            return add_missing(t, to, in, from);
        if (kind == CELL_HUGE)
            return input_refuse(in, from, "expected %s, found %s", cell_wanted(kind, number),
                                cell_quote(quoted, &text));
        if (c->levels.n == t->most_levels) {
            if (is_mostly_numbers(c))
                return refuse_word(c, in->names.n ? in->names.items[from] : NULL);
            if (c->words || c->categorical)
                return refuse_levels(t, in, c, from);
            make_numeric(t, column);
            return add_number(t, to, in, from, many_numbers);
        }
        code = (long)c->levels.n;
        if (!add_level(t, in, column, from, &text, kind == CELL_WORD ? NAN : number))
            return false;
    }
    *to = (float)code;
    if (!isnan(c->numbers[code]))
        c->others++;
    else if (c->words++ == 0)
        return note_word(c, in, from);
    return true;
}

static bool add_cell(table *t, float *to, const input *in, size_t column, size_t from)
{
    if (!t->columns)
        return add_number(t, to, in, from, "all values of an image");
    const cell *read = &in->cells[from];
    table_column *c = &t->columns[column];
    if (!c->numeric && !c->categorical && !read->text && !isnan(read->number) && c->levels.n == 0)
        make_numeric(t, column); /* a format of numbers */
    return c->numeric ? add_number(t, to, in, from, many_numbers) : add_code(t, to, in, column, from);
}

static bool reserve_row(table *t)
{
    if (t->n_rows < t->capacity)
        return true;
    size_t wanted = t->capacity ? t->capacity * 2 : 256;
    float *grown = NULL;
    if (wanted <= SIZE_MAX / sizeof *grown / t->n_columns)
        grown = realloc(t->rows, wanted * t->n_columns * sizeof *grown);
    if (!grown) {
        say_error("out of memory for %zu rows of %zu columns", wanted, t->n_columns);
        return false;
    }
    t->rows = grown;
    t->capacity = wanted;
    return true;
}

bool table_add(table *t, const input *in, const size_t *where)
{
    if (!reserve_row(t))
        return false;
    for (size_t i = 0; t->columns && t->n_rows == 0 && i < t->n_columns; i++)
        t->columns[i].number = where[i] + 1;
    float *row = &t->rows[t->n_rows * t->n_columns];
    for (size_t i = 0; i < t->n_columns; i++)
        if (!add_cell(t, &row[i], in, i, where[i]))
            return false;
    t->n_rows++;
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A categorical column of numbers: levels by value, ascending, so that 1 and 1.0 are one. */
static bool merge_numbers(table *t, size_t column)
{
    table_column *c = &t->columns[column];
    size_t n = c->levels.n;
    double *sorted = malloc(n * sizeof *sorted);
    size_t *code = malloc(n * sizeof *code);
    levels merged = {0};
    bool ok = sorted && code;
    if (ok) {
        memcpy(sorted, c->numbers, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare_numbers);
    }
    for (size_t i = 0; ok && i < n; i++) {
        char text[NUMBER_SIZE];
        number_text(text, sorted[i]);
        ok = levels_add(&merged, text, strlen(text)) != NO_LEVEL;
    }
    for (size_t i = 0; ok && i < n; i++) {
        char text[NUMBER_SIZE];
        number_text(text, c->numbers[i]);
        code[i] = (size_t)levels_find(&merged, text, strlen(text));
    }
    for (size_t i = 0; ok && i < t->n_rows; i++) {
        float *value = &t->rows[i * t->n_columns + column];
        if (!isnan(*value))
            *value = (float)code[(size_t)*value];
    }
    levels_free(ok ? &c->levels : &merged);
    if (ok)
        c->levels = merged;
    else
        say_error("out of memory");
    free(sorted);
    free(code);
    return ok;
}

/* Values that hardly ever come again tell nothing about the next rows. */
static void warn_of_identifier(const table_column *c, const char *name)
{
    enum { FEWEST = 20 };
    if (c->words && !c->categorical && c->levels.n >= FEWEST && c->levels.n > (c->words + c->others) / 2)
        say_warning("column %zu%s%s%s has %zu different words in %zu rows, like an identifier or a time; --drop it "
                    "unless its words come again",
                    c->number, name ? " (" : "", name ? name : "", name ? ")" : "", c->levels.n, c->words + c->others);
}

static void note_mixture(const table_column *c, const char *name, bool quiet)
{
    const char *word = NULL;
    size_t numbers = 0;
    for (size_t code = 0; code < c->levels.n; code++) {
        if (!isnan(c->numbers[code]))
            numbers++;
        else if (!word)
            word = c->levels.names[code];
    }
    if (word && numbers && !c->categorical)
        say_note(quiet, "column %zu%s%s%s holds words ('%s') among numbers and is taken as categorical", c->number,
                 name ? " (" : "", name ? name : "", name ? ")" : "", word);
}

bool table_finish(table *t, char *const *names, bool quiet)
{
    for (size_t i = 0; t->columns && i < t->n_columns; i++) {
        table_column *c = &t->columns[i];
        if (c->numeric)
            continue;
        if (c->categorical && c->levels.n == 0) {
            say_error("column %zu%s%s: every value is missing, so it cannot be categorical; --drop it", c->number,
                      names ? " " : "", names ? names[i] : "");
            return false;
        }
        if (is_mostly_numbers(c))
            return refuse_word(c, names ? names[i] : NULL);
        note_mixture(c, names ? names[i] : NULL, quiet);
        warn_of_identifier(c, names ? names[i] : NULL);
        if (c->words == 0 && c->categorical && !merge_numbers(t, i))
            return false;
    }
    if (t->columns)
        make_rest_numeric(t);
    return true;
}

int table_describe(const table *t, aep_options *options, char *const *names)
{
    int status = AEP_OK;
    for (size_t i = 0; i < t->n_columns && status == AEP_OK; i++) {
        const table_column *c = t->columns ? &t->columns[i] : NULL;
        const char *name = names ? names[i] : NULL;
        if (!c || c->numeric)
            status = aep_options_set_column(options, i, name, AEP_COLUMN_NUMERIC, NULL, 0);
        else
            status = aep_options_set_column(options, i, name, AEP_COLUMN_CATEGORICAL,
                                            (const char *const *)c->levels.names, c->levels.n);
    }
    return status;
}
