/* SPDX-License-Identifier: BSD-2-Clause */
#include "columns.h"

#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 10 }; /* names and labels in a message */

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

const char *columns_advice(const input *in, size_t n, size_t wanted)
{
    if (in->image.channels && n < in->n_columns)
        return in->array.labelled ? "; --label and --drop are not for CIFAR-10 batches, which bring their labels"
                                  : "; --label and --drop are not for images, whose labels go to --labels FILE";
    if (in->n_columns == 1)
        return "; labels go to --labels FILE";
    return !in->image.channels && n > wanted ? "; --label and --drop name columns to leave out" : "";
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
    char names[256];
    say_error("%s: has %zu column%s%s, where %s %zu%s%s%s", in->stream.name, n, n == 1 ? "" : "s",
              n < in->n_columns ? " besides those left out" : "", c->wanted_by, c->n, c->names.n ? ": " : "",
              list_show(names, sizeof names, &c->names, SHOWN), columns_advice(in, n, c->n));
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

static bool note_unused(columns *c, const input *in, const bool *other, bool quiet)
{
    char names[256];
    list unused = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < in->n_columns; i++)
        ok = other[i] || list_add(&unused, in->names.items[i]);
    if (unused.n && !c->noted)
        say_note(quiet, "%s: not among the columns that %s, and ignored: %s (--drop them to silence this)",
                 in->stream.name, c->wanted_by, list_show(names, sizeof names, &unused, SHOWN));
    c->noted = c->noted || unused.n;
    list_free(&unused);
    return ok;
}

static bool match_names(columns *c, const input *in, bool *other, bool quiet)
{
    size_t next = 0;
    for (size_t i = 0; i < c->n; i++) {
        size_t column = find_from(in, c->names.items[i], next);
        if (column == NO_COLUMN) {
            say_error("%s: has no column '%s', which %s", in->stream.name, c->names.items[i], c->wanted_by);
            return false;
        }
        if (other[column]) {
            say_error("%s: column '%s' is named by --label or --drop, but %s it", in->stream.name, c->names.items[i],
                      c->wanted_by);
            return false;
        }
        c->where[i] = column;
        next = column + 1;
    }
    for (size_t i = 0; i < c->n; i++)
        other[c->where[i]] = true;
    for (size_t i = 0; i < c->kept_names.n; i++)
        if (c->kept[i] != LABEL_COLUMN)
            other[c->kept[i]] = true;
    return note_unused(c, in, other, quiet);
}

static size_t find_kept_column(const input *in, const source_args *args, const char *which)
{
    bool labelled = args->labels.n || in->array.labelled;
    if (labelled && strcmp(which, "label") == 0 && column_find(in, which) == NO_COLUMN)
        return LABEL_COLUMN;
    return find_or_say(in, "--keep", which);
}

/* Find the columns of --keep; their names are those of the first file, if it has any. */
static bool find_kept(columns *c, const input *in, const source_args *args)
{
    const list *keep = &args->keep;
    bool first = c->kept_names.n == 0;
    if (keep->n && first)
        c->kept = calloc(keep->n, sizeof *c->kept);
    if (keep->n && !c->kept) {
        say_error("out of memory");
        return false;
    }
    for (size_t i = 0; i < keep->n; i++) {
        size_t column = c->kept[i] = find_kept_column(in, args, keep->items[i]);
        bool named = column < in->names.n;
        if (column == NO_COLUMN ||
            (first && !list_add(&c->kept_names, named ? in->names.items[column] : keep->items[i])))
            return false;
    }
    return true;
}

const cell *columns_kept(const columns *c, const input *in, size_t i)
{
    return c->kept[i] == LABEL_COLUMN ? c->label_cell : &in->cells[c->kept[i]];
}

/* An NPY file (signals, channels, width) looks like images of one channel. */
static bool same_signals(const image_size *wanted, const input *in)
{
    const image_size *found = &in->image;
    return in->format == FORMAT_NPY && found->channels == 1 && wanted->height == 1 &&
           found->height == wanted->channels && found->width == wanted->width;
}

/* What to do about images of another size: "; ...", or "". */
static const char *image_remedy(char *text, size_t size, const columns *c, const input *in)
{
    const image_size *wanted = &c->image, *found = &in->image;
    bool last = found->channels == wanted->height && found->height == wanted->width && found->width == wanted->channels;
    const char *check = c->image_given ? "; check --image" : "", *between = c->image_given ? ", or" : ";";
    if (in->format != FORMAT_NPY || image_values(wanted) != image_values(found))
        snprintf(text, size, "%s", check);
    else if (last && found->channels == 1) /* of which the file may have no dimension */
        snprintf(text, size, "%s%s save a.reshape(-1, 1, %zu, %zu).transpose(0, 3, 1, 2)", check, between,
                 found->height, found->width);
    else if (last)
        snprintf(text, size, "%s%s save a.transpose(0, 3, 1, 2)", check, between);
    else
        snprintf(text, size, "%s%s save a.reshape(-1, %zu, %zu, %zu)", check, between, wanted->channels, wanted->height,
                 wanted->width);
    return text;
}

static bool check_image(const columns *c, const input *in)
{
    char found[IMAGE_TEXT_SIZE], wanted[IMAGE_TEXT_SIZE], remedy[192];
    if (!c->image.channels || !in->image.channels || image_same(&c->image, &in->image) || same_signals(&c->image, in))
        return true;
    say_error("%s: its images are %s (channels,height,width), %s %s%s", in->stream.name, image_text(found, &in->image),
              c->image_from, image_text(wanted, &c->image), image_remedy(remedy, sizeof remedy, c, in));
    return false;
}

bool columns_follow(columns *c, const input *in, const source_args *args)
{
    if (c->file == in->file)
        return true;
    if (!check_image(c, in))
        return false;
    bool *other = calloc(in->n_columns, sizeof *other);
    if (!other) {
        say_error("out of memory");
        return false;
    }
    bool ok = mark_others(c, in, args, other) && find_kept(c, in, args);
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
    *c = (columns){.n = aep_model_n_columns(model), .image_from = "the model's are", .wanted_by = "the model wants"};
    aep_model_image(&c->image.channels, &c->image.height, &c->image.width, model);
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
    list_free(&c->kept_names);
    label_files_close(&c->label_files);
    free(c->where);
    free(c->kept);
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

static const list *label_values(const source_args *args) { return args->normal.n ? &args->normal : &args->anomaly; }

/* Keep a few of the labels that were not named, to show them if those that were do not occur. */
static bool keep_label(label_counts *seen, const cell *c)
{
    char number[NUMBER_SIZE];
    if (seen->others.n > SHOWN)
        return true;
    const char *text = cell_text(number, c);
    return list_has(&seen->others, text) || list_add(&seen->others, text);
}

static bool find_label(columns *c, input *in, const source_args *args)
{
    if (args->labels.n == 0) {
        c->label_cell = c->label == NO_COLUMN ? in->label : &in->cells[c->label];
        return true;
    }
    if (in->label) {
        say_error("%s: has labels of its own; leave out --labels", in->stream.name);
        return false;
    }
    c->label_cell = label_files_next(&c->label_files, in, args);
    return c->label_cell != NULL;
}

static int refuse_label(const columns *c, const input *in, const source_args *args)
{
    const char *why = "the label is missing";
    if (!c->label_cell)
        say_error("%s: has no labels for --normal and --anomaly; --label COL names their column, --labels FILE their "
                  "file",
                  in->stream.name);
    else if (args->labels.n)
        input_refuse(c->label_files.in, 0, "%s", why);
    else
        input_refuse(in, c->label, "%s", why);
    return -1;
}

int label_read(columns *c, input *in, const source_args *args, label_counts *seen)
{
    const list *values = label_values(args);
    double number;
    if (!find_label(c, in, args))
        return -1;
    if (values->n == 0)
        return 0;
    for (size_t i = 0; c->label_cell && i < values->n; i++) {
        if (same_value(c->label_cell, values->items[i])) {
            seen->named[i]++;
            return values == &args->anomaly;
        }
    }
    if (!c->label_cell || cell_read(c->label_cell, &number) == CELL_MISSING)
        return refuse_label(c, in, args);
    return keep_label(seen, c->label_cell) ? values == &args->normal : -1;
}

/* Numbers by value, and in front of words. */
static int compare_labels(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    const cell one = {.text = x, .length = strlen(x)}, two = {.text = y, .length = strlen(y)};
    double p = 0, q = 0;
    bool word = cell_read(&one, &p) != CELL_NUMBER, other_word = cell_read(&two, &q) != CELL_NUMBER;
    if (word != other_word)
        return word ? 1 : -1;
    return word || p == q ? strcmp(x, y) : p < q ? -1 : 1;
}

void labels_check(const source_args *args, const label_counts *seen)
{
    const list *values = label_values(args);
    const char *option = args->normal.n ? "normal" : "anomaly";
    list occurring = {0};
    char shown[512];
    bool ok = true;
    for (size_t i = 0; ok && i < values->n; i++)
        ok = seen->named[i] == 0 || list_add(&occurring, values->items[i]);
    ok = ok && list_copy(&occurring, &seen->others);
    if (occurring.n)
        qsort(occurring.items, occurring.n, sizeof *occurring.items, compare_labels);
    for (size_t i = 0; ok && i < values->n; i++)
        if (seen->named[i] == 0)
            say_warning("no row has the label '%s' (--%s); the labels are: %s", values->items[i], option,
                        list_show(shown, sizeof shown, &occurring, SHOWN));
    list_free(&occurring);
}

bool label_counts_init(label_counts *seen, const source_args *args)
{
    *seen = (label_counts){.named = calloc(label_values(args)->n + 1, sizeof *seen->named)};
    if (!seen->named)
        say_error("out of memory");
    return seen->named != NULL;
}

void label_counts_free(label_counts *seen)
{
    free(seen->named);
    list_free(&seen->others);
}
