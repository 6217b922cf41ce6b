/* SPDX-License-Identifier: BSD-2-Clause */
#include "input.h"

#include "cifar_file.h"
#include "foreign_file.h"
#include "idx_file.h"
#include "npy_file.h"
#include "tools.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of formats of numbers: how to tell them by the first bytes, read the header, and read on. */
static const struct {
    const char *name, *shown;
    bool (*is)(const stream *in);
    bool (*open)(array_file *f, stream *in);
    int (*next)(array_file *f);
} formats[] = {
    [FORMAT_AUTO] = {"auto", "", NULL, NULL, NULL},
    [FORMAT_CSV] = {"csv", "CSV", NULL, NULL, NULL},
    [FORMAT_NPY] = {"npy", "NPY", npy_file_is, npy_file_open, array_file_next},
    [FORMAT_IDX] = {"idx", "IDX", idx_file_is, idx_file_open, array_file_next},
    [FORMAT_CIFAR10] = {"cifar10", "CIFAR-10", NULL, cifar_file_open, cifar_file_next},
};
enum { N_FORMATS = sizeof formats / sizeof *formats };

int input_format_find(const char *name)
{
    for (int i = 0; i < N_FORMATS; i++)
        if (strcmp(name, formats[i].name) == 0)
            return i;
    return -1;
}

const char *input_format_name(enum input_format format) { return formats[format].shown; }

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

static enum input_format find_format(const stream *in)
{
    if (cifar_file_named(in->name))
        return FORMAT_CIFAR10;
    for (int i = 0; i < N_FORMATS; i++)
        if (formats[i].is && formats[i].is(in))
            return (enum input_format)i;
    return FORMAT_CSV;
}

static bool choose_format(input *in)
{
    in->format = in->format_choice == FORMAT_AUTO ? find_format(&in->stream) : in->format_choice;
    if (in->format == FORMAT_CSV && foreign_file_refused(&in->stream))
        return false;
    if (!formats[in->format].is || formats[in->format].is(&in->stream))
        return true;
    say_error("%s: is no %s file, as --format %s says", in->stream.name, formats[in->format].shown,
              formats[in->format].name);
    return false;
}

static bool open_array(input *in)
{
    if (!formats[in->format].open(&in->array, &in->stream))
        return false;
    in->n_columns = in->array.n_columns;
    in->image = in->array.image;
    return true;
}

static bool open_file(input *in, const char *path)
{
    in->file++;
    in->is_open = true;
    in->first_kept = false;
    in->image = (image_size){0};
    if (!stream_open(&in->stream, path) || stream_fill(&in->stream) < 0 || !choose_format(in))
        return false;
    return in->format == FORMAT_CSV ? open_csv(in) : open_array(in);
}

static void close_file(input *in)
{
    csv_file_close(&in->csv);
    array_file_close(&in->array);
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
    in->label = NULL;
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

static int next_array(input *in)
{
    const int got = formats[in->format].next(&in->array);
    in->cells = in->array.cells; /* which come with the first row */
    in->label = in->array.labelled ? &in->array.label : NULL;
    return got;
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
        int got = in->format == FORMAT_CSV ? next_csv(in) : next_array(in);
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
    if (in->format != FORMAT_CSV) {
        int used = snprintf(text, size, "%s: ", name);
        if (used > 0 && (size_t)used < size)
            array_file_place(text + used, size - (size_t)used, &in->array, column);
    } else if (in->names.n)
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

const char *input_raw(const input *in) { return in->format == FORMAT_CSV ? in->csv.raw : NULL; }
