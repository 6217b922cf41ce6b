/* SPDX-License-Identifier: BSD-2-Clause */
#include "feed.h"

#include "tools.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 4096, MOST_VALUES = 1 << 22 };

/* The levels of the model by name; those of a model that has none for a column are codes. */
static bool read_levels(feed *f)
{
    for (size_t i = 0; i < f->columns.n; i++) {
        f->categorical[i] = aep_model_column_kind(f->model, i) == AEP_COLUMN_CATEGORICAL;
        for (size_t level = 0; level < aep_model_column_levels(f->model, i); level++) {
            char code[NUMBER_SIZE];
            const char *name = aep_model_level_name(f->model, i, level);
            if (!name) {
                number_text(code, (double)level);
                name = code;
            }
            if (levels_add(&f->levels[i], name, strlen(name)) == NO_LEVEL)
                return false;
        }
    }
    return true;
}

bool feed_open(feed *f, const aep_model *model, const source_args *args)
{
    *f = (feed){.model = model, .args = args};
    double missing = AEP_MISSING_ERROR, unseen = AEP_UNSEEN_ZERO;
    aep_model_get(&missing, model, AEP_OPT_MISSING);
    aep_model_get(&unseen, model, AEP_OPT_UNSEEN);
    f->missing_allowed = (int)missing == AEP_MISSING_IMPUTE;
    f->unseen_allowed = (int)unseen == AEP_UNSEEN_ZERO;
    f->in = input_new(args, false);
    if (!f->in || !columns_of_model(&f->columns, model))
        return false;
    size_t n = f->columns.n;
    f->capacity = n > MOST_VALUES / MOST_ROWS ? MOST_VALUES / n + 1 : MOST_ROWS;
    f->levels = calloc(n, sizeof *f->levels);
    f->categorical = calloc(n, sizeof *f->categorical);
    f->rows = malloc(f->capacity * n * sizeof *f->rows);
    f->labels = malloc(f->capacity);
    if (f->levels && f->categorical && f->rows && f->labels)
        return label_counts_init(&f->labels_seen, args) && read_levels(f);
    say_error("out of memory");
    return false;
}

void feed_close(feed *f)
{
    for (size_t i = 0; f->levels && i < f->columns.n; i++)
        levels_free(&f->levels[i]);
    free(f->levels);
    free(f->categorical);
    free(f->rows);
    free(f->labels);
    label_counts_free(&f->labels_seen);
    list_free(&f->kept);
    list_free(&f->unseen);
    free(f->unseen_at);
    columns_free(&f->columns);
    input_free(f->in);
    *f = (feed){0};
}

static long find_level(levels *l, const cell *c, enum cell_kind kind, double number)
{
    long code = c->text ? levels_find(l, c->text, c->length) : NO_LEVEL;
    if (code != NO_LEVEL || kind != CELL_NUMBER)
        return code;
    char text[NUMBER_SIZE];
    number_text(text, number);
    return levels_find(l, text, strlen(text));
}

static bool keep_unseen(feed *f, size_t at, const cell *c)
{
    char number[NUMBER_SIZE];
    if (!grow(&f->unseen_at, f->unseen.n, &f->unseen_capacity, sizeof *f->unseen_at) ||
        !list_add(&f->unseen, cell_text(number, c)))
        return false;
    f->unseen_at[f->unseen.n - 1] = at;
    return true;
}

const char *feed_unseen(const feed *f, size_t row, size_t column)
{
    size_t at = row * f->columns.n + column, low = 0, high = f->unseen.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->unseen_at[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->unseen.n && f->unseen_at[low] == at ? f->unseen.items[low] : NULL;
}

static bool read_cell(feed *f, float *to, size_t column)
{
    size_t from = f->columns.where[column];
    const cell *c = &f->in->cells[from];
    char quoted[QUOTE_SIZE];
    double number = 0;
    enum cell_kind kind = cell_read(c, &number);
    if (kind == CELL_MISSING) {
        *to = NAN;
        return f->missing_allowed ||
               input_refuse(f->in, from, "the value is missing; the model was trained with --set missing=error");
    }
    if (!f->categorical[column]) {
        *to = (float)number;
        return kind == CELL_NUMBER ||
               input_refuse(f->in, from, "expected %s, found %s", cell_wanted(kind, number), cell_quote(quoted, c));
    }
    long code = find_level(&f->levels[column], c, kind, number);
    *to = (float)code;
    if (code == NO_LEVEL && f->unseen_allowed)
        return !f->unseen_kept || keep_unseen(f, (size_t)(to - f->rows), c);
    return code != NO_LEVEL ||
           input_refuse(f->in, from, "expected one of the words that the model was trained on, found %s",
                        cell_quote(quoted, c));
}

static bool read_row(feed *f)
{
    if (!columns_follow(&f->columns, f->in, f->args))
        return false;
    int anomaly = label_read(&f->columns, f->in, f->args, &f->labels_seen);
    if (anomaly < 0)
        return false;
    f->labels[f->n_rows] = (uint8_t)anomaly;
    float *row = f->rows + f->n_rows * f->columns.n;
    for (size_t i = 0; i < f->columns.n; i++)
        if (!read_cell(f, &row[i], i))
            return false;
    for (size_t i = 0; i < f->columns.kept_names.n; i++) {
        char number[NUMBER_SIZE];
        if (!list_add(&f->kept, cell_text(number, columns_kept(&f->columns, f->in, i))))
            return false;
    }
    return true;
}

int feed_next(feed *f)
{
    f->first_row = f->in->row + 1;
    list_free(&f->unseen);
    list_free(&f->kept);
    for (f->n_rows = 0; f->n_rows < f->capacity; f->n_rows++) {
        int got = input_next(f->in);
        if (got < 0 || (got > 0 && !read_row(f)) || (got == 0 && !label_files_end(&f->columns.label_files, f->args)))
            return -1;
        if (got == 0)
            break;
    }
    return f->n_rows > 0;
}
