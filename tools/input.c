/* SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"

#include "tools.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool names_differ(const input *in)
{
    size_t n = in->names.n;
    char **sorted = malloc(n * sizeof *sorted);
    if (!sorted) {
        say_error("out of memory");
        return false;
    }
    memcpy(sorted, in->names.items, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_names);
    const char *twice = NULL;
    for (size_t i = 1; i < n && !twice; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            twice = sorted[i];
    if (twice)
        say_error("%s:%zu: two columns are called '%s'; rename one", in->stream.name, in->csv.line, twice);
    free(sorted);
    return !twice;
}

/* A header has words, and no numbers. */
static bool looks_like_header(const csv_file *csv)
{
    bool word = false;
    for (size_t i = 0; i < csv->n_cells; i++) {
        double number;
        enum cell_kind kind = cell_read(&csv->cells[i], &number);
        if (kind == CELL_NUMBER || kind == CELL_HUGE)
            return false;
        word = word || kind == CELL_WORD;
    }
    return word;
}

static bool take_header(input *in)
{
    const csv_file *csv = &in->csv;
    for (size_t i = 0; i < csv->n_cells; i++) {
        char number[NUMBER_SIZE + 8];
        snprintf(number, sizeof number, "column %zu", i + 1);
        if (!list_add(&in->names, csv->cells[i].length ? csv->cells[i].text : number))
            return false;
    }
    if (in->keep_raw && !list_add(&in->header, csv->raw))
        return false;
    return names_differ(in);
}

/* One column that holds a usual delimiter was probably meant to be several. */
static void hint_delimiter(const input *in)
{
    if (in->n_columns != 1)
        return;
    static const char usual[] = ";\t,|";
    const char *found = strpbrk(in->csv.cells[0].text, usual);
    if (found && *found == '\t')
        say_warning("%s: has one column, with tabs in it; if they separate cells, --delimiter tab", in->stream.name);
    else if (found)
        say_warning("%s: has one column, with '%c' in it; if that separates cells, --delimiter '%c'", in->stream.name,
                    *found, *found);
}

static bool open_csv(input *in)
{
    if (!csv_file_open(&in->csv, &in->stream, in->delimiter, in->keep_raw))
        return false;
    int got = csv_file_next(&in->csv);
    if (got < 0)
        return false;
    if (got == 0) {
        say_error("%s: is empty", in->stream.name);
        return false;
    }
    in->n_columns = in->csv.n_cells;
    hint_delimiter(in);
    if (in->header_choice == HEADER_YES || (in->header_choice == HEADER_AUTO && looks_like_header(&in->csv)))
        return take_header(in);
    in->first_kept = true;
    return true;
}

static bool open_file(input *in, const char *path)
{
    in->file++;
    in->is_open = true;
    in->first_kept = false;
    if (!stream_open(&in->stream, path) || stream_fill(&in->stream) < 0)
        return false;
    in->is_npy = npy_file_is(&in->stream);
    if (!in->is_npy)
        return open_csv(in);
    if (!npy_file_open(&in->npy, &in->stream))
        return false;
    in->n_columns = in->npy.n_columns;
    return true;
}

static void close_file(input *in)
{
    csv_file_close(&in->csv);
    npy_file_close(&in->npy);
    stream_close(&in->stream);
    list_free(&in->names);
    list_free(&in->header);
    in->is_open = false;
}

void input_close(input *in)
{
    if (in->is_open)
        close_file(in);
}

static int next_csv(input *in)
{
    if (in->first_kept) {
        in->first_kept = false;
        in->cells = in->csv.cells;
        return 1;
    }
    int got = csv_file_next(&in->csv);
    if (got > 0 && in->csv.n_cells != in->n_columns) {
        say_error("%s:%zu: has %zu cells, where the first row has %zu", in->stream.name, in->csv.line, in->csv.n_cells,
                  in->n_columns);
        return -1;
    }
    in->cells = in->csv.cells;
    return got;
}

static int next_npy(input *in)
{
    in->cells = in->npy.cells;
    return npy_file_next(&in->npy);
}

int input_next(input *in)
{
    for (;;) {
        if (!in->is_open) {
            if (in->file == in->files->n)
                return 0;
            if (!open_file(in, in->files->items[in->file]))
                return -1;
        }
        int got = in->is_npy ? next_npy(in) : next_csv(in);
        if (got > 0)
            in->row++;
        if (got != 0)
            return got;
        close_file(in);
    }
}

void input_place(char *text, size_t size, const input *in, size_t column)
{
    const char *name = in->stream.name;
    if (in->is_npy)
        snprintf(text, size, "%s: row %zu, column %zu", name, in->npy.row, column + 1);
    else if (in->names.n)
        snprintf(text, size, "%s:%zu: column %zu (%s)", name, in->csv.line, column + 1, in->names.items[column]);
    else
        snprintf(text, size, "%s:%zu: column %zu", name, in->csv.line, column + 1);
}

bool input_refuse(const input *in, size_t column, const char *format, ...)
{
    char what[512], place[PLACE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    input_place(place, sizeof place, in, column);
    say_error("%s: %s", place, what);
    return false;
}

const char *input_raw(const input *in) { return in->is_npy ? NULL : in->csv.raw; }
