/* SPDX-License-Identifier: BSD-2-Clause */
/* aep_train: an aggregate that gathers rows and, behind the last, makes of them a model as `aepred train` does. */
#include "extension.h"

#include "../../tools/sample.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

SQLITE_EXTENSION_INIT3

static const char function[] = "aep_train";

typedef struct training {
    bool begun, failed;
    char *text; /* of the options */
    sql_options options;
    bool in_blobs, missing_allowed;
    size_t n_columns, n_rows, capacity;
    float *rows; /* (n_rows, n_columns) */
    sql_log log;
    sqlite3_stmt *probe;
} training;

static void training_free(training *t)
{
    sqlite3_finalize(t->probe);
    sql_options_free(&t->options);
    sqlite3_free(t->text);
    sqlite3_free(t->rows);
    *t = (training){.begun = true, .failed = true};
}

/* ----------------------------------------------------------------------------------------------------------- rows */

/* "row 7, column 3 (mode): " and what is wrong there; rows count from 1, in the order of the query. */
static bool refuse(sqlite3_context *context, const training *t, size_t column, const char *format, ...)
{
    const char *name = t->options.columns[column].name;
    va_list args;
    va_start(args, format);
    char *why = sqlite3_vmprintf(format, args);
    va_end(args);
    if (why)
        sql_fail(context, function, "row %lld, column %lld%s%s%s: %s", (sqlite3_int64)t->n_rows + 1,
                 (sqlite3_int64)column + 1, name ? " (" : "", name ? name : "", name ? ")" : "", why);
    else
        sqlite3_result_error_nomem(context);
    sqlite3_free(why);
    return false;
}

static bool add_number(sqlite3_context *context, training *t, size_t column, float *to, sqlite3_value *value)
{
    double number = sqlite3_value_double(value);
    t->options.columns[column].kind = COLUMN_NUMBERS;
    *to = (float)number;
    if (fabs(number) <= (double)FLT_MAX)
        return true;
    return refuse(context, t, column, "%s is beyond single precision", (const char *)sqlite3_value_text(value));
}

static bool add_level(sqlite3_context *context, training *t, size_t column, float *to, sqlite3_value *value)
{
    enum { LONGEST = 255 };
    sql_column *c = &t->options.columns[column];
    char number[NUMBER_SIZE];
    size_t length = 0;
    const char *text = sql_level_text(&length, number, value);
    c->kind = COLUMN_LEVELS;
    long code = text ? sql_levels_find(&c->levels, text, length) : -1;
    if (text && code < 0) {
        if (c->declared)
            return refuse(context, t, column, "%Q is none of the levels that the option columns declares", text);
        if (length > LONGEST || memchr(text, '\0', length))
            return refuse(context, t, column, "%!.32Q... is no level: it is longer than 255 bytes, or holds a NUL",
                          text);
        if (c->levels.n == t->options.most_levels)
            return refuse(context, t, column,
                          "more than %lld different texts; leave out a column of names or times, or raise max_levels",
                          (sqlite3_int64)t->options.most_levels);
        code = sql_levels_add(&c->levels, text, length, &sql_memory);
    }
    *to = (float)code;
    if (code < 0)
        sqlite3_result_error_nomem(context);
    return code >= 0;
}

/* A column is what its first value is: a text that is no number makes it categorical. */
static bool add_value(sqlite3_context *context, training *t, size_t column, float *to, sqlite3_value *value)
{
    const sql_column *c = &t->options.columns[column];
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) {
        *to = NAN;
        return t->missing_allowed ||
               refuse(context, t, column,
                      "the value is NULL; set the option missing to impute if values can be missing");
    }
    if (type == SQLITE_BLOB)
        return refuse(context, t, column, "the value is a BLOB; a row in a BLOB stands alone behind the options");
    if (c->kind != COLUMN_LEVELS && sqlite3_value_numeric_type(value) != SQLITE_TEXT)
        return add_number(context, t, column, to, value);
    if (c->kind != COLUMN_NUMBERS)
        return add_level(context, t, column, to, value);
    const char *text = (const char *)sqlite3_value_text(value);
    if (text && !*text)
        return refuse(context, t, column,
                      "the text is empty, and stands among numbers; NULL is a missing value, so give "
                      "nullif(..., '')");
    return refuse(context, t, column,
                  "%Q stands among numbers; if they are codes, name the column by the option categorical", text);
}

/* SQLite's own limit of what a value may take bounds the rows as well. */
static bool reserve(sqlite3_context *context, training *t)
{
    if (t->n_rows < t->capacity)
        return true;
    size_t most = (size_t)sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
    size_t each = t->n_columns * sizeof *t->rows, wanted = t->capacity ? t->capacity * 2 : 256;
    if (wanted > most / each)
        wanted = most / each;
    if (wanted <= t->n_rows) {
        sql_fail(context, function,
                 "more than %lld rows of %lld columns take more than %lld bytes (SQLITE_LIMIT_LENGTH); "
                 "train on a sample of them",
                 (sqlite3_int64)t->n_rows, (sqlite3_int64)t->n_columns, (sqlite3_int64)most);
        return false;
    }
    float *grown = sqlite3_realloc64(t->rows, wanted * each);
    if (!grown) {
        sqlite3_result_error_nomem(context);
        return false;
    }
    t->rows = grown;
    t->capacity = wanted;
    return true;
}

static bool add_blob(sqlite3_context *context, training *t, float *to, sqlite3_value *value)
{
    const void *bytes = sqlite3_value_type(value) == SQLITE_BLOB ? sqlite3_value_blob(value) : NULL;
    size_t size = bytes ? (size_t)sqlite3_value_bytes(value) : 0;
    if (size != t->n_columns * sizeof *to) {
        sql_fail(context, function, "row %lld has %lld bytes, where the rows before have %lld: 4 for each column",
                 (sqlite3_int64)t->n_rows + 1, (sqlite3_int64)size, (sqlite3_int64)(t->n_columns * sizeof *to));
        return false;
    }
    sql_floats_read(to, bytes, t->n_columns);
    for (size_t i = 0; i < t->n_columns; i++) {
        if (isinf(to[i]))
            return refuse(context, t, i, "the value is infinite");
        if (isnan(to[i]) && !t->missing_allowed)
            return refuse(context, t, i, "the value is NaN; set the option missing to impute if values can be missing");
    }
    return true;
}

static bool add_row(sqlite3_context *context, training *t, int n, sqlite3_value **values)
{
    if (!reserve(context, t))
        return false;
    float *row = t->rows + t->n_rows * t->n_columns;
    if (t->in_blobs && !add_blob(context, t, row, values[0]))
        return false;
    for (int i = 0; i < n && !t->in_blobs; i++)
        if (!add_value(context, t, (size_t)i, &row[i], values[i]))
            return false;
    t->n_rows++;
    return true;
}

static bool begin(sqlite3_context *context, training *t, int n, sqlite3_value **values)
{
    double missing = AEP_MISSING_ERROR;
    t->begun = true;
    t->log.function = function;
    if (n < 2 || sqlite3_value_type(values[0]) == SQLITE_BLOB) {
        sql_fail(context, function, "takes the text of options, which may be empty, and the columns of a row");
        return false;
    }
    const char *text = (const char *)sqlite3_value_text(values[0]);
    t->text = sqlite3_mprintf("%s", text ? text : ""); /* NULL means no options, too */
    if (!t->text) {
        sqlite3_result_error_nomem(context);
        return false;
    }
    t->n_columns = (size_t)n - 1;
    if (n == 2 && sqlite3_value_type(values[1]) == SQLITE_BLOB) {
        size_t size = (size_t)sqlite3_value_bytes(values[1]);
        t->in_blobs = true;
        t->n_columns = size / sizeof *t->rows;
        if (size == 0 || size % sizeof *t->rows) {
            sql_fail(context, function, "a row in a BLOB has 4 bytes for each column, and this one has %lld",
                     (sqlite3_int64)size);
            return false;
        }
    }
    if (!sql_options_read(&t->options, context, function, t->text, t->n_columns, &t->log))
        return false;
    for (size_t i = 0; t->in_blobs && i < t->n_columns; i++) {
        if (t->options.columns[i].kind == COLUMN_LEVELS) {
            sql_fail(context, function, "the columns of rows in BLOBs are numeric");
            return false;
        }
    }
    aep_options_get(&missing, t->options.options, AEP_OPT_MISSING);
    t->missing_allowed = (int)missing == AEP_MISSING_IMPUTE;
    return true;
}

static bool same_options(sqlite3_context *context, const training *t, sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    if (strcmp(text ? text : "", t->text) == 0)
        return true;
    sql_fail(context, function, "row %lld has other options than the rows before", (sqlite3_int64)t->n_rows + 1);
    return false;
}

static void step(sqlite3_context *context, int n, sqlite3_value **values)
{
    training *t = sqlite3_aggregate_context(context, sizeof *t);
    if (!t) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (n < 1) {
        sql_fail(context, function, "takes the text of options, which may be empty, and the columns of a row");
        t->failed = true;
    }
    if (t->failed)
        return;
    bool ok = t->begun ? same_options(context, t, values[0]) : begin(context, t, n, values);
    t->failed = !ok || !add_row(context, t, n - 1, values + 1);
}

/* ---------------------------------------------------------------------------------------------------------- model */

/*
 * Whether the host has called sqlite3_interrupt: then a statement that begins before all have ended is interrupted, too,
 * as SQLite documents; and its progress handler is called. sqlite3_is_interrupted is there from 3.41 on only, and would
 * not call it.
 */
static bool is_interrupted(sqlite3_stmt *probe)
{
    if (!probe)
        return false;
    sqlite3_step(probe);
    return sqlite3_reset(probe) == SQLITE_INTERRUPT;
}

static int progress(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *payload)
{
    (void)model, (void)epoch, (void)epochs, (void)batch, (void)batches;
    return is_interrupted(payload);
}

/* As `aepred train` does: at least one row where a share is asked for, but two are left to train on. */
static size_t count_held(const training *t)
{
    size_t n = (size_t)((double)t->n_rows * t->options.calibration + 0.5);
    if (n == 0 && t->options.calibration > 0)
        n = 1;
    return n + 2 > t->n_rows ? t->n_rows - 2 : n;
}

/* Move n rows, at random, behind the others; both keep their order. */
static int hold_out(training *t, size_t n)
{
    size_t size = t->n_columns * sizeof *t->rows, n_held = 0, n_kept = 0;
    double seed = 0;
    if (n == 0)
        return AEP_OK;
    float *held = sqlite3_malloc64(n * size);
    if (!held)
        return AEP_E_MEMORY;
    aep_options_get(&seed, t->options.options, AEP_OPT_SEED);
    sample chosen;
    sample_of(&chosen, (uint64_t)seed, n, t->n_rows);
    for (size_t i = 0; i < t->n_rows; i++) {
        const float *row = t->rows + i * t->n_columns;
        if (sample_take(&chosen))
            memcpy(held + n_held++ * t->n_columns, row, size);
        else
            memmove(t->rows + n_kept++ * t->n_columns, row, size);
    }
    memcpy(t->rows + n_kept * t->n_columns, held, n_held * size);
    sqlite3_free(held);
    return AEP_OK;
}

static int describe(const training *t)
{
    int status = AEP_OK;
    for (size_t i = 0; i < t->n_columns && status == AEP_OK; i++) {
        const sql_column *c = &t->options.columns[i];
        if (c->kind == COLUMN_LEVELS && c->levels.n)
            status = aep_options_set_column(t->options.options, i, c->name, AEP_COLUMN_CATEGORICAL,
                                            (const char *const *)c->levels.names, c->levels.n);
        else
            status = aep_options_set_column(t->options.options, i, c->name, AEP_COLUMN_NUMERIC, NULL, 0);
    }
    return status;
}

static int fit(training *t, aep_model *model)
{
    size_t n_held = count_held(t), n_fit = t->n_rows - n_held;
    int status = aep_model_set_threads(model, t->options.n_threads);
    if (status == AEP_OK)
        status = hold_out(t, n_held);
    if (status == AEP_OK)
        status = aep_fit(model, t->rows, n_fit, t->n_columns, progress, t->probe);
    if (status == AEP_OK && n_held)
        status = aep_calibrate(model, t->rows + n_fit * t->n_columns, n_held, t->n_columns);
    return status;
}

static int result(sqlite3_context *context, const aep_model *model)
{
    size_t size;
    int status = aep_model_save_size(&size, model);
    void *bytes = status == AEP_OK ? sqlite3_malloc64(size) : NULL;
    if (status == AEP_OK && !bytes)
        return AEP_E_MEMORY;
    if (status == AEP_OK)
        status = aep_model_save(bytes, size, model);
    if (status == AEP_OK)
        sqlite3_result_blob64(context, bytes, size, sqlite3_free);
    else
        sqlite3_free(bytes);
    return status;
}

static void train(sqlite3_context *context, training *t)
{
    aep_model *model = NULL;
    int status = describe(t);
    if (status == AEP_OK)
        status = aep_model_new(&model, t->options.options, t->n_columns);
    if (status == AEP_OK)
        status = fit(t, model);
    if (status == AEP_OK)
        status = result(context, model);
    if (status != AEP_OK)
        sql_fail_status(context, function, status, t->log.message);
    aep_model_free(model);
}

/* SQLite calls this also to clean up, where the statement has ended early: by an error, or an interrupt. */
static void final(sqlite3_context *context)
{
    training *t = sqlite3_aggregate_context(context, 0);
    size_t n_rows = t ? t->n_rows : 0;
    if (t && t->failed) {
        training_free(t);
        return;
    }
    if (n_rows < 2) {
        sql_fail(context, function, "%s, and training needs at least 2 rows",
                 n_rows ? "there is 1 row" : "there are no rows");
    } else {
        /* without one, as where an authorizer forbids it, training goes on to its end */
        int status = sqlite3_prepare_v2(sqlite3_context_db_handle(context), "SELECT 1 /* is aep_train interrupted? */",
                                        -1, &t->probe, NULL);
        if (status == SQLITE_INTERRUPT || is_interrupted(t->probe))
            sqlite3_result_error_code(context, SQLITE_INTERRUPT);
        else if (status == SQLITE_NOMEM)
            sqlite3_result_error_nomem(context);
        else
            train(context, t);
    }
    if (t)
        training_free(t);
}

int sql_register_train(sqlite3 *db)
{
    /* not innocuous: it takes time and memory, which the schema of a database from elsewhere should not spend */
    return sqlite3_create_function_v2(db, function, -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, NULL, step, final,
                                      NULL);
}
