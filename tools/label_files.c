/* SPDX-License-Identifier: BSD-2-Clause */
#include "label_files.h"

#include "tools.h"

#include <stdlib.h>

static bool one_each(const source_args *args) { return args->labels.n > 1; }

static bool refuse_length(const label_files *l, const source_args *args, size_t n_labels, size_t n_rows)
{
    bool all = args->files.n > 1 && !one_each(args);
    say_error("%s: has %zu labels, where %s has %zu rows", l->in->stream.name, n_labels,
              all ? "the input" : args->files.items[l->file - 1], n_rows);
    return false;
}

/* All labels of the file have found their rows. */
static bool is_used_up(const label_files *l, const source_args *args)
{
    int got;
    size_t left = 0;
    while ((got = input_next(l->in)) > 0)
        left++;
    return got == 0 && (left == 0 || refuse_length(l, args, l->n_rows + left, l->n_rows));
}

static bool begin(label_files *l, const source_args *args, size_t file)
{
    input_free(l->in);
    l->path = (list){.items = &args->labels.items[file - 1], .n = 1};
    l->in = calloc(1, sizeof *l->in);
    if (!l->in) {
        say_error("out of memory");
        return false;
    }
    l->in->files = &l->path;
    l->in->header_choice = args->header;
    l->in->delimiter = args->delimiter;
    l->file = file;
    l->n_rows = 0;
    return true;
}

/* Go on to the labels of that file of the input. */
static bool follow(label_files *l, const source_args *args, size_t file)
{
    while (l->file < (one_each(args) ? file : 1))
        if ((l->file && !is_used_up(l, args)) || !begin(l, args, l->file + 1))
            return false;
    return true;
}

/* The labels have ended at the row just read; count the rows that follow. */
static void refuse_row(const label_files *l, input *rows, const source_args *args)
{
    size_t n = l->n_rows + 1, file = rows->file;
    int got;
    while ((got = input_next(rows)) > 0 && (!one_each(args) || rows->file == file))
        n++;
    if (got >= 0)
        refuse_length(l, args, l->n_rows, n);
}

const cell *label_files_next(label_files *l, input *rows, const source_args *args)
{
    if (!follow(l, args, rows->file))
        return NULL;
    int got = input_next(l->in);
    if (got == 0)
        refuse_row(l, rows, args);
    if (got <= 0)
        return NULL;
    if (l->in->n_columns != 1) {
        say_error("%s: has %zu columns, where a file of labels has one", l->in->stream.name, l->in->n_columns);
        return NULL;
    }
    l->n_rows++;
    return l->in->cells;
}

bool label_files_end(label_files *l, const source_args *args)
{
    return args->labels.n == 0 || (follow(l, args, args->files.n) && is_used_up(l, args));
}

void label_files_close(label_files *l)
{
    input_free(l->in);
    *l = (label_files){0};
}
