/* SPDX-License-Identifier: BSD-2-Clause */
#include "best_rows.h"

#include "tools.h"

#include <stdlib.h>
#include <string.h>

bool best_rows_init(best_rows *b, size_t most, size_t n_columns)
{
    *b = (best_rows){.most = most, .n_columns = n_columns, .rows = calloc(most, sizeof *b->rows)};
    if (!b->rows)
        say_error("out of memory");
    return b->rows != NULL;
}

void best_rows_free(best_rows *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->rows[i].values);
    free(b->rows);
    *b = (best_rows){0};
}

/* Memory for a row: of the one that drops out, if there are as many as there may be. */
static float *take_values(best_rows *b)
{
    if (b->n == b->most)
        return b->rows[--b->n].values;
    float *values = malloc(b->n_columns * sizeof *values);
    if (!values)
        say_error("out of memory");
    return values;
}

bool best_rows_offer(best_rows *b, float score, size_t number, const float *values)
{
    if (b->n == b->most && score <= b->rows[b->n - 1].score)
        return true;
    float *copy = take_values(b);
    if (!copy)
        return false;
    memcpy(copy, values, b->n_columns * sizeof *copy);
    size_t at = b->n++;
    for (; at > 0 && b->rows[at - 1].score < score; at--)
        b->rows[at] = b->rows[at - 1];
    b->rows[at] = (best_row){score, number, copy};
    return true;
}
