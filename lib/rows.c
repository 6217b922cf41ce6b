/* SPDX-License-Identifier: BSD-2-Clause */
#include "rows.h"

#include <math.h>

static int report_value(const aep_model *model, int status, float value, size_t row, size_t col)
{
    const char *name = aep_model_column_name(model, col);
    const char *open = name ? " (" : "", *close = name ? ")" : "";
    name = name ? name : "";
    if (status == AEP_E_LEVEL)
        return aep__fail(&model->log, status,
                         "row %zu, column %zu%s%s%s: %s is no level code of a column with %zu levels", row, col, open,
                         name, close, AEP__NUMBER((double)value, 6), aep_model_column_levels(model, col));
    const char *advice = isnan(value) ? "; set the option missing to impute if values can be missing" : "";
    return aep__fail(&model->log, status, "row %zu, column %zu%s%s%s: the value is %s%s", row, col, open, name, close,
                     isnan(value) ? "NaN" : "infinite", advice);
}

int aep__shape_check(const aep_model *model, const float *rows, size_t n_rows, size_t n_cols, size_t least)
{
    size_t n_values;
    if (!model)
        return AEP_E_ARGUMENT;
    if (!rows)
        return aep__fail(&model->log, AEP_E_ARGUMENT, "rows is NULL");
    if (n_cols != model->schema.n_columns)
        return aep__fail(&model->log, AEP_E_COLUMNS, "the rows have %zu columns, the model has %zu", n_cols,
                         model->schema.n_columns);
    if (n_rows < least)
        return aep__fail(&model->log, AEP_E_ROWS, "%zu rows were given, at least %zu are needed", n_rows, least);
    if (!aep__mul(&n_values, n_rows, n_cols) || !aep__mul(&n_values, n_values, sizeof *rows))
        return aep__fail(&model->log, AEP_E_LIMIT, "%zu rows of %zu columns do not fit into memory", n_rows, n_cols);
    return AEP_OK;
}

/* A check of many rows, in pieces. */
typedef struct values_check {
    const aep_model *model;
    const float *rows;
    bool training;
    atomic_size_t first_bad; /* row of the first piece that has a bad value, or SIZE_MAX */
    aep__pieces pieces;
} values_check;

enum { CHECKED_AT_A_TIME = 4096 };

static int check_piece(size_t *row, size_t *col, const values_check *c, size_t first, size_t n)
{
    const float *rows = c->rows + first * c->model->schema.n_columns;
    const int status = aep__scaler_check(row, col, &c->model->scaler, rows, n, c->training);
    *row += first;
    return status;
}

static void check_pieces(void *payload, size_t worker)
{
    values_check *c = payload;
    (void)worker;
    for (size_t first, n, row = 0, col; aep__pieces_take(&first, &n, &c->pieces);) {
        size_t bad = atomic_load(&c->first_bad);
        if (first < bad && check_piece(&row, &col, c, first, n))
            while (first < bad && !atomic_compare_exchange_weak(&c->first_bad, &bad, first))
                ;
    }
}

int aep__values_check(const aep_model *model, const float *rows, size_t n_rows, bool training, aep__team *team)
{
    size_t row = 0, col = 0;
    values_check c = {.model = model, .rows = rows, .training = training};
    aep__pieces_init(&c.pieces, n_rows, CHECKED_AT_A_TIME);
    atomic_init(&c.first_bad, SIZE_MAX);
    aep__team_run(n_rows > CHECKED_AT_A_TIME ? team : NULL, check_pieces, &c);
    const size_t bad = atomic_load(&c.first_bad);
    if (bad == SIZE_MAX)
        return AEP_OK;
    const int status = check_piece(&row, &col, &c, bad, n_rows - bad);
    return report_value(model, status, rows[row * model->schema.n_columns + col], row, col);
}

int aep__rows_check(const aep_model *model, const float *rows, size_t n_rows, size_t n_cols, size_t least,
                    bool training)
{
    const int status = aep__shape_check(model, rows, n_rows, n_cols, least);
    return status ? status : aep__values_check(model, rows, n_rows, training, NULL);
}

int aep_check_rows(size_t *row, size_t *col, const aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    size_t bad_row, bad_col;
    if (!model || !rows)
        return AEP_E_ARGUMENT;
    if (n_cols != model->schema.n_columns)
        return AEP_E_COLUMNS;
    if (!n_rows)
        return AEP_E_ROWS;
    int status = aep__scaler_check(&bad_row, &bad_col, &model->scaler, rows, n_rows, false);
    if (status && row)
        *row = bad_row;
    if (status && col)
        *col = bad_col;
    return status;
}
