/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Models, parsed once. Where a model is a constant of the statement (a literal, a parameter), SQLite keeps it with the call
 * from row to row. Where it is not (a subquery, a join), a connection looks for the same bytes among the models that it
 * used last: comparing them takes some microseconds, and parsing some hundred.
 */
#include "extension.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

enum { MOST_MODELS = 16, MOST_BYTES = 64 << 20 /* of all that are kept but the last */ };

struct sql_connection {
    size_t n_references;
    sql_model *models[MOST_MODELS]; /* the one used last comes first; NULL behind them */
    sqlite3_int64 n_parsed;
};

static void model_free(sql_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; m->levels && i < m->n_columns; i++)
        sql_levels_free(&m->levels[i], &sql_memory);
    sqlite3_free(m->levels);
    sqlite3_free(m->row);
    sqlite3_free(m->shares);
    sqlite3_free(m->scored);
    sqlite3_free(m->bytes);
    aep_workspace_free(m->workspace);
    aep_model_free(m->model);
    sqlite3_free(m);
}

static void model_release(void *model)
{
    sql_model *m = model;
    if (--m->n_references == 0)
        model_free(m);
}

/* ---------------------------------------------------------------------------------------------------- connection */

sql_connection *sql_connection_new(void)
{
    sql_connection *c = sqlite3_malloc64(sizeof *c);
    if (c)
        *c = (sql_connection){.n_references = 1};
    return c;
}

void sql_connection_hold(sql_connection *c) { c->n_references++; }

/* Give up models from the i-th on. */
static void forget(sql_connection *c, size_t i)
{
    for (; i < MOST_MODELS && c->models[i]; i++) {
        model_release(c->models[i]);
        c->models[i] = NULL;
    }
}

void sql_connection_release(void *connection)
{
    sql_connection *c = connection;
    if (--c->n_references > 0)
        return;
    forget(c, 0);
    sqlite3_free(c);
}

sqlite3_int64 sql_connection_parsed(const sql_connection *c) { return c->n_parsed; }

/* Move a model to the front, which is its place or was another's. */
static void use(sql_connection *c, size_t place, sql_model *m)
{
    memmove(&c->models[1], &c->models[0], place * sizeof *c->models);
    c->models[0] = m;
}

static sql_model *find(sql_connection *c, const void *bytes, size_t size)
{
    for (size_t i = 0; i < MOST_MODELS && c->models[i]; i++) {
        sql_model *m = c->models[i];
        if (m->size == size && memcmp(m->bytes, bytes, size) == 0) {
            use(c, i, m);
            return m;
        }
    }
    return NULL;
}

static void keep(sql_connection *c, sql_model *m)
{
    forget(c, MOST_MODELS - 1);
    use(c, MOST_MODELS - 1, m);
    size_t bytes = m->size;
    for (size_t i = 1; i < MOST_MODELS && c->models[i]; i++) {
        bytes += c->models[i]->size;
        if (bytes > MOST_BYTES)
            forget(c, i);
    }
}

/* ---------------------------------------------------------------------------------------------------------- parse */

/* What is needed beside the model. */
static int prepare(sql_model *m)
{
    double missing = AEP_MISSING_ERROR, unseen = AEP_UNSEEN_ZERO;
    aep_model_get(&missing, m->model, AEP_OPT_MISSING);
    aep_model_get(&unseen, m->model, AEP_OPT_UNSEEN);
    m->missing_allowed = (int)missing == AEP_MISSING_IMPUTE;
    m->unseen_allowed = (int)unseen == AEP_UNSEEN_ZERO;
    aep_model_set_log(m->model, sql_log_take, &m->log);
    size_t n = aep_model_n_columns(m->model);
    m->levels = sqlite3_malloc64(n * sizeof *m->levels);
    m->row = sqlite3_malloc64(n * sizeof *m->row);
    m->shares = sqlite3_malloc64(n * sizeof *m->shares);
    m->scored = sqlite3_malloc64(n * sizeof *m->scored);
    if (!m->levels || !m->row || !m->shares || !m->scored)
        return AEP_E_MEMORY;
    memset(m->levels, 0, n * sizeof *m->levels);
    m->n_columns = n;
    for (size_t i = 0; i < n; i++)
        if (!sql_levels_add_column(&m->levels[i], m->model, i, &sql_memory))
            return AEP_E_MEMORY;
    return aep_workspace_new(&m->workspace, m->model);
}

static int parse(sql_model **model, const void *bytes, size_t size)
{
    sql_model *m = *model = sqlite3_malloc64(sizeof *m);
    if (!m)
        return AEP_E_MEMORY;
    *m = (sql_model){.n_references = 1, .size = size, .bytes = sqlite3_malloc64(size)};
    int status = m->bytes ? aep_model_load(&m->model, bytes, size, &sql_memory) : AEP_E_MEMORY;
    if (status == AEP_OK)
        status = prepare(m);
    if (status == AEP_OK) {
        memcpy(m->bytes, bytes, size);
        return AEP_OK;
    }
    model_free(m);
    *model = NULL;
    return status;
}

sql_model *sql_model_of(sqlite3_context *context, const char *function, sqlite3_value *value)
{
    sql_connection *c = sqlite3_user_data(context);
    sql_model *m = sqlite3_get_auxdata(context, 0);
    if (m)
        return m;
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        sql_fail(context, function, "the model is NULL: does the query that gives it find a row?");
        return NULL;
    }
    if (sqlite3_value_type(value) != SQLITE_BLOB) {
        sql_fail(context, function, "the first argument must be a model, the BLOB that aep_train gives");
        return NULL;
    }
    const void *bytes = sqlite3_value_blob(value);
    size_t size = (size_t)sqlite3_value_bytes(value);
    m = bytes ? find(c, bytes, size) : NULL;
    if (!m) {
        int status = bytes ? parse(&m, bytes, size) : size ? AEP_E_MEMORY : AEP_E_FORMAT;
        if (status == AEP_E_MEMORY && bytes) { /* there may be some where models are kept for later */
            forget(c, 0);
            status = parse(&m, bytes, size);
        }
        if (status != AEP_OK) {
            sql_fail_status(context, function, status, NULL);
            return NULL;
        }
        c->n_parsed++;
        keep(c, m);
    }
    m->n_references++;
    sqlite3_set_auxdata(context, 0, m, model_release); /* which may release it at once; the connection keeps it */
    return m;
}
