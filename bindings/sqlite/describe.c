/* SPDX-License-Identifier: BSD-2-Clause */
/* aep_info, aep_columns, aep_options, aep_version, aep_parsed: what there is to know, as JSON. */
#include "extension.h"

#include <math.h>

SQLITE_EXTENSION_INIT3

static void number(sqlite3_str *json, double value, const char *format)
{
    if (!isfinite(value))
        sqlite3_str_appendall(json, "null");
    else if (value == floor(value) && fabs(value) < 1e15)
        sqlite3_str_appendf(json, "%lld", (sqlite3_int64)value);
    else
        sqlite3_str_appendf(json, format, value);
}

/* Of an option: as someone wrote it. */
static void value_of(sqlite3_str *json, int key, double value)
{
    const char *choice = aep_option_type(key) == AEP_TYPE_CHOICE ? aep_option_choice(key, (int)value) : NULL;
    if (choice)
        sql_json_text(json, choice);
    else
        number(json, value, "%!.15g");
}

static void widths(sqlite3_str *json, const char *name, const aep_model *model, int part)
{
    size_t width[32];
    int n = aep_model_layers(width, 32, model, part);
    sqlite3_str_appendf(json, ",\"%s\":[", name);
    for (int i = 0; i < n && i < 32; i++)
        sqlite3_str_appendf(json, "%s%lld", i ? "," : "", (sqlite3_int64)width[i]);
    sqlite3_str_appendchar(json, 1, ']');
}

static void sql_info(sqlite3_context *context, int n, sqlite3_value **values)
{
    const sql_model *m = sql_model_of(context, "aep_info", values[0]);
    (void)n;
    if (!m)
        return;
    const aep_model *model = m->model;
    sqlite3_str *json = sqlite3_str_new(sqlite3_context_db_handle(context));
    sqlite3_str_appendf(json, "{\"bytes\":%lld,\"columns\":%lld,\"features\":%lld,\"code_size\":%lld",
                        (sqlite3_int64)m->size, (sqlite3_int64)m->n_columns, (sqlite3_int64)aep_model_n_features(model),
                        (sqlite3_int64)aep_model_code_size(model));
    widths(json, "encoder", model, AEP_PART_ENCODER);
    widths(json, "decoder", model, AEP_PART_DECODER);
    widths(json, "head", model, AEP_PART_HEAD);
    for (int stat = 1; aep_stat_name(stat); stat++) {
        double value = NAN;
        aep_model_stat(&value, model, stat);
        sqlite3_str_appendf(json, ",\"%s\":", aep_stat_name(stat));
        number(json, value, "%!.17g");
    }
    sqlite3_str_appendall(json, ",\"options\":");
    for (size_t i = 0; i < aep_option_count(); i++) {
        int key = aep_option_at(i);
        double value = NAN;
        aep_model_get(&value, model, key);
        sqlite3_str_appendf(json, "%s\"%s\":", i ? "," : "{", aep_option_name(key));
        value_of(json, key, value);
    }
    sqlite3_str_appendall(json, "}}");
    sql_result_json(context, json);
}

static void column(sqlite3_str *json, const aep_model *model, size_t i)
{
    const char *name = aep_model_column_name(model, i);
    bool categorical = aep_model_column_kind(model, i) == AEP_COLUMN_CATEGORICAL;
    sqlite3_str_appendall(json, "{\"name\":");
    if (name)
        sql_json_text(json, name);
    else
        sqlite3_str_appendall(json, "null");
    sqlite3_str_appendf(json, ",\"kind\":\"%s\",\"levels\":", categorical ? "categorical" : "numeric");
    for (size_t level = 0; level < aep_model_column_levels(model, i); level++) {
        const char *level_name = aep_model_level_name(model, i, level);
        sqlite3_str_appendchar(json, 1, level ? ',' : '[');
        if (level_name)
            sql_json_text(json, level_name);
        else
            sqlite3_str_appendf(json, "%lld", (sqlite3_int64)level);
    }
    sqlite3_str_appendall(json, categorical ? "]}" : "null}");
}

static void sql_columns(sqlite3_context *context, int n, sqlite3_value **values)
{
    const sql_model *m = sql_model_of(context, "aep_columns", values[0]);
    (void)n;
    if (!m)
        return;
    sqlite3_str *json = sqlite3_str_new(sqlite3_context_db_handle(context));
    for (size_t i = 0; i < m->n_columns; i++) {
        sqlite3_str_appendchar(json, 1, i ? ',' : '[');
        column(json, m->model, i);
    }
    sqlite3_str_appendchar(json, 1, ']');
    sql_result_json(context, json);
}

/* Those that aep_train has besides the library's. */
static const struct {
    const char *name, *preset, *help;
} own_options[] = {
    {"encoder", "null",
     "widths of the encoder's hidden layers, then of the code: 16,4; unless given, from the number of features"},
    {"decoder", "null", "widths of the decoder's hidden layers; unless given, the encoder's, mirrored"},
    {"head", "\"32,32\"", "widths of the head's hidden layers"},
    {"columns", "null", "names of the columns, with levels in parentheses: speed,\"flow rate\",mode(slow,fast)"},
    {"categorical", "null", "columns of codes, not quantities, by name or number from 1"},
    {"max_levels", "1000", "most different texts in a categorical column"},
    {"calibration", "0.1", "share of the rows held out to set the threshold; 0: no threshold"},
    {"threads", "1", "threads that train; the model is the same for any number"},
};

static void option(sqlite3_str *json, int key)
{
    static const char *const types[] = {"number", "integer", "choice", "switch"};
    double low, high, preset;
    int type = aep_option_type(key);
    aep_option_bounds(&low, &high, &preset, key);
    sqlite3_str_appendf(json, "{\"name\":\"%s\",\"type\":\"%s\",\"preset\":", aep_option_name(key), types[type]);
    value_of(json, key, preset);
    if (type == AEP_TYPE_REAL || type == AEP_TYPE_INTEGER) {
        sqlite3_str_appendall(json, ",\"low\":");
        value_of(json, key, low);
        sqlite3_str_appendall(json, ",\"high\":");
        value_of(json, key, high);
    }
    for (int value = (int)low; type == AEP_TYPE_CHOICE && value <= (int)high; value++) {
        sqlite3_str_appendall(json, value == (int)low ? ",\"choices\":[" : ",");
        sql_json_text(json, aep_option_choice(key, value));
        if (value == (int)high)
            sqlite3_str_appendchar(json, 1, ']');
    }
    sqlite3_str_appendall(json, ",\"help\":");
    sql_json_text(json, aep_option_help(key));
    sqlite3_str_appendchar(json, 1, '}');
}

static void sql_options_list(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n, (void)values;
    sqlite3_str *json = sqlite3_str_new(sqlite3_context_db_handle(context));
    for (size_t i = 0; i < sizeof own_options / sizeof *own_options; i++) {
        sqlite3_str_appendf(json, "%s{\"name\":\"%s\",\"type\":\"text\",\"preset\":%s,\"help\":", i ? "," : "[",
                            own_options[i].name, own_options[i].preset);
        sql_json_text(json, own_options[i].help);
        sqlite3_str_appendchar(json, 1, '}');
    }
    for (size_t i = 0; i < aep_option_count(); i++) {
        sqlite3_str_appendchar(json, 1, ',');
        option(json, aep_option_at(i));
    }
    sqlite3_str_appendchar(json, 1, ']');
    sql_result_json(context, json);
}

static void sql_version(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n, (void)values;
    sqlite3_result_text(context, aep_version(), -1, SQLITE_STATIC);
}

static void sql_parsed(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n, (void)values;
    sqlite3_result_int64(context, sql_connection_parsed(sqlite3_user_data(context)));
}

int sql_register_describe(sqlite3 *db, sql_connection *connection)
{
    enum { PURE = SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS };
    static const struct {
        const char *name;
        int n_arguments, flags;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"aep_info", 1, PURE | JSON_FLAG, sql_info},
        {"aep_columns", 1, PURE | JSON_FLAG, sql_columns},
        {"aep_options", 0, PURE | JSON_FLAG, sql_options_list},
        {"aep_version", 0, PURE, sql_version},
        {"aep_parsed", 0, SQLITE_INNOCUOUS, sql_parsed},
    };
    int status = SQLITE_OK;
    for (size_t i = 0; i < sizeof functions / sizeof *functions && status == SQLITE_OK; i++) {
        sql_connection_hold(connection);
        status = sqlite3_create_function_v2(db, functions[i].name, functions[i].n_arguments,
                                            SQLITE_UTF8 | functions[i].flags, connection, functions[i].function, NULL,
                                            NULL, sql_connection_release);
    }
    return status;
}
