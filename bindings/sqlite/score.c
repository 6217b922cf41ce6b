/* SPDX-License-Identifier: BSD-2-Clause */
/* aep_score, aep_pvalue, aep_is_anomaly, aep_explain: functions of a model and a row. */
#include "extension.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

SQLITE_EXTENSION_INIT3

/* -------------------------------------------------------------------------------------------------------- values */

/* A call of a function. */
typedef struct call {
    sqlite3_context *context;
    const char *function;
    sql_model *model;
} call;

/* "column 3 (mode): " and what is wrong there. */
static bool refuse(const call *c, size_t column, const char *format, ...)
{
    const char *name = aep_model_column_name(c->model->model, column);
    va_list args;
    va_start(args, format);
    char *why = sqlite3_vmprintf(format, args);
    va_end(args);
    if (why)
        sql_fail(c->context, c->function, "column %lld%s%s%s: %s", (sqlite3_int64)column + 1, name ? " (" : "",
                 name ? name : "", name ? ")" : "", why);
    else
        sqlite3_result_error_nomem(c->context);
    sqlite3_free(why);
    return false;
}

static bool read_number(const call *c, size_t column, sqlite3_value *value)
{
    int type = sqlite3_value_numeric_type(value);
    if (type == SQLITE_TEXT)
        return refuse(c, column, "%Q is no number", (const char *)sqlite3_value_text(value));
    double number = sqlite3_value_double(value);
    if (fabs(number) > (double)FLT_MAX)
        return refuse(c, column, "%s is beyond single precision", (const char *)sqlite3_value_text(value));
    c->model->row[column] = (float)number;
    return true;
}

/* The code of a text, or of a number that is one; -1 for those that are not known. */
static bool read_level(const call *c, size_t column, sqlite3_value *value)
{
    const sql_levels *levels = &c->model->levels[column];
    if (levels->n == 0) /* the model knows codes alone */
        return read_number(c, column, value);
    char number[NUMBER_SIZE];
    size_t length;
    const char *text = sql_level_text(&length, number, value);
    if (!text) {
        sqlite3_result_error_nomem(c->context);
        return false;
    }
    long code = sql_levels_find(levels, text, length);
    c->model->row[column] = (float)code;
    if (code < 0 && !c->model->unseen_allowed)
        return refuse(c, column, "%Q is no level that the model was trained on", text);
    return true;
}

static bool read_value(const call *c, size_t column, sqlite3_value *value)
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        c->model->row[column] = NAN;
        return c->model->missing_allowed ||
               refuse(c, column, "the value is NULL; the model was trained with missing=error");
    case SQLITE_BLOB:
        return refuse(c, column, "the value is a BLOB");
    default:
        return aep_model_column_kind(c->model->model, column) == AEP_COLUMN_CATEGORICAL ? read_level(c, column, value)
                                                                                        : read_number(c, column, value);
    }
}

static bool refuse_count(const call *c, size_t n)
{
    sqlite3_str *names = sqlite3_str_new(NULL);
    for (size_t i = 0; i < c->model->n_columns && sqlite3_str_length(names) < MESSAGE_SIZE; i++) {
        const char *name = aep_model_column_name(c->model->model, i);
        if (name)
            sqlite3_str_appendf(names, "%s%s", i ? ", " : ": ", name);
    }
    char *text = sqlite3_str_finish(names);
    sql_fail(c->context, c->function, "%lld column%s given, the model has %lld%s", (sqlite3_int64)n,
             n == 1 ? " was" : "s were", (sqlite3_int64)c->model->n_columns, text ? text : "");
    sqlite3_free(text);
    return false;
}

/* All columns in one BLOB of single precision: as many as a model may have, where a function has 127 arguments at most. */
static bool read_blob(const call *c, sqlite3_value *value)
{
    sql_model *m = c->model;
    size_t size = (size_t)sqlite3_value_bytes(value), each = sizeof *m->row;
    if (size % each) {
        sql_fail(c->context, c->function, "a row in a BLOB has 4 bytes for each column, and this one has %lld",
                 (sqlite3_int64)size);
        return false;
    }
    if (size / each != m->n_columns)
        return refuse_count(c, size / each);
    const void *bytes = sqlite3_value_blob(value);
    if (bytes)
        sql_floats_read(m->row, bytes, m->n_columns);
    else
        sqlite3_result_error_nomem(c->context);
    return bytes != NULL;
}

static bool read_row(const call *c, int n, sqlite3_value **values)
{
    if (n == 1 && sqlite3_value_type(values[0]) == SQLITE_BLOB)
        return read_blob(c, values[0]);
    if ((size_t)n != c->model->n_columns)
        return refuse_count(c, (size_t)n);
    for (int i = 0; i < n; i++)
        if (!read_value(c, (size_t)i, values[i]))
            return false;
    return true;
}

/* -------------------------------------------------------------------------------------------------------- results */

static bool done(const call *c, int status)
{
    if (status != AEP_OK)
        sql_fail_status(c->context, c->function, status, c->model->log.message);
    return status == AEP_OK;
}

/* Where there is no calibration, or no threshold. */
static bool judged(const call *c, int status)
{
    if (status != AEP_E_STATE)
        return done(c, status);
    sql_fail(c->context, c->function, "the model is not calibrated; train it with the option calibration above 0");
    return false;
}

static bool begin(call *c, sqlite3_context *context, const char *function, int n, sqlite3_value **values)
{
    *c = (call){.context = context, .function = function};
    if (n < 2) {
        sql_fail(context, function, "takes a model and the columns of a row");
        return false;
    }
    c->model = sql_model_of(context, function, values[0]);
    if (!c->model)
        return false;
    c->model->log = (sql_log){.function = function};
    return read_row(c, n - 1, values + 1);
}

/* Queries ask for score, p-value and label of the same row one after another. */
static bool score(const call *c)
{
    sql_model *m = c->model;
    size_t size = m->n_columns * sizeof *m->row;
    if (m->has_score && memcmp(m->scored, m->row, size) == 0)
        return true;
    m->has_score = false;
    if (!done(c, aep_score(&m->score, m->model, m->workspace, m->row, 1, m->n_columns)))
        return false;
    memcpy(m->scored, m->row, size);
    m->has_score = true;
    return true;
}

static void sql_score(sqlite3_context *context, int n, sqlite3_value **values)
{
    call c;
    if (begin(&c, context, "aep_score", n, values) && score(&c))
        sqlite3_result_double(context, (double)c.model->score);
}

static void sql_pvalue(sqlite3_context *context, int n, sqlite3_value **values)
{
    call c;
    float pvalue;
    if (begin(&c, context, "aep_pvalue", n, values) && score(&c) &&
        judged(&c, aep_pvalue(&pvalue, c.model->model, &c.model->score, 1)))
        sqlite3_result_double(context, (double)pvalue);
}

static void sql_is_anomaly(sqlite3_context *context, int n, sqlite3_value **values)
{
    call c;
    uint8_t label;
    if (begin(&c, context, "aep_is_anomaly", n, values) && score(&c) &&
        judged(&c, aep_predict(&label, c.model->model, &c.model->score, 1)))
        sqlite3_result_int(context, label);
}

/* -------------------------------------------------------------------------------------------------------- explain */

typedef struct share {
    float share;
    size_t column;
} share;

static int compare(const void *a, const void *b)
{
    const share *x = a, *y = b;
    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return (x->column > y->column) - (x->column < y->column);
}

/* An object of columns and their shares, the largest first. Columns without names go by their number, from 1. */
static void result_shares(const call *c, const share *shares)
{
    sqlite3_str *json = sqlite3_str_new(sqlite3_context_db_handle(c->context));
    for (size_t i = 0; i < c->model->n_columns; i++) {
        const char *name = aep_model_column_name(c->model->model, shares[i].column);
        sqlite3_str_appendchar(json, 1, i ? ',' : '{');
        if (name)
            sql_json_text(json, name);
        else
            sqlite3_str_appendf(json, "\"%lld\"", (sqlite3_int64)shares[i].column + 1);
        sqlite3_str_appendf(json, ":%.9g", (double)shares[i].share);
    }
    sqlite3_str_appendchar(json, 1, '}');
    sql_result_json(c->context, json);
}

static void sql_explain(sqlite3_context *context, int n, sqlite3_value **values)
{
    call c;
    if (!begin(&c, context, "aep_explain", n, values))
        return;
    sql_model *m = c.model;
    if (!done(&c, aep_explain(m->shares, m->model, m->workspace, m->row, 1, m->n_columns)))
        return;
    share *shares = sqlite3_malloc64(m->n_columns * sizeof *shares);
    if (!shares) {
        sqlite3_result_error_nomem(context);
        return;
    }
    for (size_t i = 0; i < m->n_columns; i++)
        shares[i] = (share){m->shares[i], i};
    qsort(shares, m->n_columns, sizeof *shares, compare);
    result_shares(&c, shares);
    sqlite3_free(shares);
}

int sql_register_score(sqlite3 *db, sql_connection *connection)
{
    static const struct {
        const char *name;
        int flags;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"aep_score", 0, sql_score},
        {"aep_pvalue", 0, sql_pvalue},
        {"aep_is_anomaly", 0, sql_is_anomaly},
        {"aep_explain", JSON_FLAG, sql_explain},
    };
    int status = SQLITE_OK;
    for (size_t i = 0; i < sizeof functions / sizeof *functions && status == SQLITE_OK; i++) {
        sql_connection_hold(connection);
        status = sqlite3_create_function_v2(db, functions[i].name, -1,
                                            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS | functions[i].flags,
                                            connection, functions[i].function, NULL, NULL, sql_connection_release);
    }
    return status;
}
