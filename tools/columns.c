/* SPDX-License-Identifier: BSD-2-Clause */
#include "columns.h"

#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t column_find(const input *in, const char *which)
{
    for (size_t i = 0; i < in->names.n; i++)
        if (strcmp(in->names.items[i], which) == 0)
            return i;
    if (strcmp(which, "last") == 0)
        return in->n_columns - 1;
    char *end;
    unsigned long long number = strtoull(which, &end, 10);
    if (which[0] < '0' || which[0] > '9' || *end || number < 1 || number > in->n_columns)
        return NO_COLUMN;
    return (size_t)number - 1;
}

static size_t find_or_say(const input *in, const char *option, const char *which)
{
    size_t column = column_find(in, which);
    if (column == NO_COLUMN && in->names.n)
        say_error("%s: has no column '%s' (%s): it has %zu columns, from '%s' to '%s'", in->stream.name, which, option,
                  in->n_columns, in->names.items[0], in->names.items[in->n_columns - 1]);
    else if (column == NO_COLUMN)
        say_error("%s: has no column '%s' (%s): it has %zu columns without names", in->stream.name, which, option,
                  in->n_columns);
    return column;
}

/* Mark the columns that are no features. */
static bool mark_others(columns *c, const input *in, const source_args *args, bool *other)
{
    c->label = NO_COLUMN;
    if (args->label) {
        c->label = find_or_say(in, "--label", args->label);
        if (c->label == NO_COLUMN)
            return false;
        other[c->label] = true;
    }
    for (size_t i = 0; i < args->drop.n; i++) {
        size_t column = find_or_say(in, "--drop", args->drop.items[i]);
        if (column == NO_COLUMN)
            return false;
        other[column] = true;
    }
    return true;
}

static bool adopt(columns *c, const input *in, const bool *other)
{
    c->where = calloc(in->n_columns, sizeof *c->where);
    if (!c->where) {
        say_error("out of memory");
        return false;
    }
    for (size_t i = 0; i < in->n_columns; i++) {
        if (other[i])
            continue;
        c->where[c->n++] = i;
        if (in->names.n && strlen(in->names.items[i]) > 255) {
            say_error("%s: the name of column %zu is longer than 255 bytes", in->stream.name, i + 1);
            return false;
        }
        if (in->names.n && !list_add(&c->names, in->names.items[i]))
            return false;
    }
    if (c->n == 0)
        say_error("%s: no columns are left to learn from", in->stream.name);
    return c->n > 0;
}

static bool match_positions(columns *c, const input *in, const bool *other)
{
    size_t n = 0;
    for (size_t i = 0; i < in->n_columns; i++) {
        if (other[i])
            continue;
        if (n < c->n)
            c->where[n] = i;
        n++;
    }
    if (n == c->n)
        return true;
    say_error("%s: has %zu columns for features, where %zu are needed; --label and --drop name columns to leave out",
              in->stream.name, n, c->n);
    return false;
}

/* Files that agree have the names in the same order, so the search begins behind the last one found. */
static size_t find_from(const input *in, const char *name, size_t start)
{
    for (size_t i = 0; i < in->names.n; i++) {
        size_t column = (start + i) % in->names.n;
        if (strcmp(in->names.items[column], name) == 0)
            return column;
    }
    return NO_COLUMN;
}

static void note_unused(const input *in, const bool *other, bool quiet)
{
    for (size_t i = 0, n = 0; i < in->n_columns && n < 3; i++) {
        if (other[i])
            continue;
        if (n++ < 2)
            say_note(quiet, "%s: column '%s' is not one of the model's and is ignored", in->stream.name,
                     in->names.items[i]);
        else
            say_note(quiet, "%s: so are more columns", in->stream.name);
    }
}

static bool match_names(columns *c, const input *in, bool *other, bool quiet)
{
    size_t next = 0;
    for (size_t i = 0; i < c->n; i++) {
        size_t column = find_from(in, c->names.items[i], next);
        if (column == NO_COLUMN) {
            say_error("%s: has no column '%s', which the model needs", in->stream.name, c->names.items[i]);
            return false;
        }
        if (other[column]) {
            say_error("%s: column '%s' is named by --label or --drop, but the model needs it", in->stream.name,
                      c->names.items[i]);
            return false;
        }
        c->where[i] = column;
        next = column + 1;
    }
    for (size_t i = 0; i < c->n; i++)
        other[c->where[i]] = true;
    note_unused(in, other, quiet);
    return true;
}

bool columns_follow(columns *c, const input *in, const source_args *args)
{
    if (c->file == in->file)
        return true;
    bool *other = calloc(in->n_columns, sizeof *other);
    if (!other) {
        say_error("out of memory");
        return false;
    }
    bool ok = mark_others(c, in, args, other);
    if (ok && c->n == 0)
        ok = adopt(c, in, other);
    else if (ok && c->names.n && in->names.n)
        ok = match_names(c, in, other, args->quiet);
    else if (ok)
        ok = match_positions(c, in, other);
    free(other);
    c->file = in->file;
    return ok;
}

bool columns_of_model(columns *c, const aep_model *model)
{
    *c = (columns){.n = aep_model_n_columns(model)};
    c->where = calloc(c->n, sizeof *c->where);
    bool ok = c->where != NULL;
    if (!ok)
        say_error("out of memory");
    for (size_t i = 0; ok && i < c->n; i++) {
        const char *name = aep_model_column_name(model, i);
        if (!name)
            break;
        ok = list_add(&c->names, name);
    }
    if (c->names.n < c->n)
        list_free(&c->names); /* names for some columns only decide nothing */
    return ok;
}

void columns_free(columns *c)
{
    list_free(&c->names);
    free(c->where);
    *c = (columns){0};
}

static bool same_value(const cell *c, const char *value)
{
    if (c->text && strcmp(c->text, value) == 0)
        return true;
    cell other = {.text = value, .length = strlen(value)};
    double a, b;
    return cell_read(c, &a) == CELL_NUMBER && cell_read(&other, &b) == CELL_NUMBER && a == b;
}

int label_read(const columns *c, const input *in, const source_args *args, size_t *seen)
{
    const list *values = args->normal.n ? &args->normal : &args->anomaly;
    if (values->n == 0)
        return 0;
    const cell *label = &in->cells[c->label];
    double number;
    bool missing = cell_read(label, &number) == CELL_MISSING;
    for (size_t i = 0; i < values->n; i++) {
        if (same_value(label, values->items[i])) {
            seen[i]++;
            return values == &args->anomaly;
        }
    }
    if (missing) {
        input_refuse(in, c->label, "the label is missing");
        return -1;
    }
    return values == &args->normal;
}

void labels_check(const source_args *args, const size_t *seen)
{
    const list *values = args->normal.n ? &args->normal : &args->anomaly;
    for (size_t i = 0; i < values->n; i++)
        if (seen[i] == 0)
            say_warning("no row has the label '%s' (--%s)", values->items[i], args->normal.n ? "normal" : "anomaly");
}
