/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the PostgreSQL extension. Any number of them may run at once: each process has its own models. */
#include "extension.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include <math.h>

PG_MODULE_MAGIC;

/* ------------------------------------------------------------------------------------------------------------- score */

static pg_model *begin(FunctionCallInfo fcinfo)
{
    pg_model *m = pg_model_of(fcinfo);
    if (PG_ARGISNULL(1))
        ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the row is NULL"));
    m->message[0] = '\0';
    pg_row_read(m, PG_GETARG_DATUM(1));
    return m;
}

static void check(const pg_model *m, int status)
{
    if (status != AEP_OK)
        pg_fail(status, m->message);
}

/* Each call in a statement has its own models, so only repeated rows gain by what is kept here. */
static float score(pg_model *m)
{
    size_t size = m->n_columns * sizeof *m->row;
    if (m->has_score && memcmp(m->scored, m->row, size) == 0)
        return m->score;
    m->has_score = false;
    check(m, aep_score(&m->score, m->model, m->workspace, m->row, 1, m->n_columns));
    memcpy(m->scored, m->row, size);
    m->has_score = true;
    return m->score;
}

/* Where there is no calibration, or no threshold. */
static void check_judged(const pg_model *m, int status)
{
    if (status == AEP_E_STATE)
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the model is not calibrated"),
                errhint("Train it with rows held out for calibration, as \"aepred train\" does."));
    check(m, status);
}

PG_FUNCTION_INFO_V1(aep_pg_score);
Datum aep_pg_score(PG_FUNCTION_ARGS) { PG_RETURN_FLOAT4(score(begin(fcinfo))); }

PG_FUNCTION_INFO_V1(aep_pg_pvalue);
Datum aep_pg_pvalue(PG_FUNCTION_ARGS)
{
    pg_model *m = begin(fcinfo);
    float value = score(m), pvalue = 0;
    check_judged(m, aep_pvalue(&pvalue, m->model, &value, 1));
    PG_RETURN_FLOAT4(pvalue);
}

PG_FUNCTION_INFO_V1(aep_pg_is_anomaly);
Datum aep_pg_is_anomaly(PG_FUNCTION_ARGS)
{
    pg_model *m = begin(fcinfo);
    float value = score(m);
    uint8_t label = 0;
    check_judged(m, aep_predict(&label, m->model, &value, 1));
    PG_RETURN_BOOL(label != 0);
}

/* ----------------------------------------------------------------------------------------------------------- explain */

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

static void append_name(StringInfo json, const pg_model *m, size_t column)
{
    const char *name = pg_name(aep_model_column_name(m->model, column));
    if (name)
        escape_json(json, name);
    else
        appendStringInfo(json, "\"%zu\"", column + 1);
}

/* An object of columns and their shares, the largest first. Columns without names go by their number, from 1. */
PG_FUNCTION_INFO_V1(aep_pg_explain);
Datum aep_pg_explain(PG_FUNCTION_ARGS)
{
    pg_model *m = begin(fcinfo);
    share *shares = MemoryContextAllocHuge(CurrentMemoryContext, m->n_columns * sizeof *shares);
    StringInfoData json;
    check(m, aep_explain(m->shares, m->model, m->workspace, m->row, 1, m->n_columns));
    for (size_t i = 0; i < m->n_columns; i++)
        shares[i] = (share){m->shares[i], i};
    pg_qsort(shares, m->n_columns, sizeof *shares, compare);
    initStringInfo(&json);
    for (size_t i = 0; i < m->n_columns; i++) {
        appendStringInfoChar(&json, i ? ',' : '{');
        append_name(&json, m, shares[i].column);
        appendStringInfo(&json, ":%.9g", (double)shares[i].share);
    }
    appendStringInfoChar(&json, '}');
    pfree(shares);
    PG_RETURN_TEXT_P(cstring_to_text_with_len(json.data, json.len));
}

/* ---------------------------------------------------------------------------------------------------------- describe */

static void append_number(StringInfo json, double value)
{
    if (isfinite(value))
        appendStringInfo(json, "%.17g", value);
    else
        appendStringInfoString(json, "null");
}

static void append_options(StringInfo json, const aep_model *model)
{
    for (size_t i = 0; i < aep_option_count(); i++) {
        int key = aep_option_at(i);
        const char *choice;
        double value = NAN;
        aep_model_get(&value, model, key);
        choice = aep_option_type(key) == AEP_TYPE_CHOICE ? aep_option_choice(key, (int)value) : NULL;
        appendStringInfo(json, "%s\"%s\":", i ? "," : "{", aep_option_name(key));
        if (choice)
            escape_json(json, choice);
        else
            appendStringInfo(json, "%.15g", value);
    }
    appendStringInfoChar(json, '}');
}

PG_FUNCTION_INFO_V1(aep_pg_info);
Datum aep_pg_info(PG_FUNCTION_ARGS)
{
    const pg_model *m = pg_model_of(fcinfo);
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfo(&json, "{\"bytes\":%zu,\"columns\":%zu,\"features\":%zu,\"code_size\":%zu", m->size, m->n_columns,
                     aep_model_n_features(m->model), aep_model_code_size(m->model));
    for (int stat = 1; aep_stat_name(stat); stat++) {
        double value = NAN;
        aep_model_stat(&value, m->model, stat);
        appendStringInfo(&json, ",\"%s\":", aep_stat_name(stat));
        append_number(&json, value);
    }
    appendStringInfoString(&json, ",\"options\":");
    append_options(&json, m->model);
    appendStringInfoChar(&json, '}');
    PG_RETURN_TEXT_P(cstring_to_text_with_len(json.data, json.len));
}

static void append_levels(StringInfo json, const aep_model *model, size_t column)
{
    for (size_t level = 0; level < aep_model_column_levels(model, column); level++) {
        const char *name = pg_name(aep_model_level_name(model, column, level));
        appendStringInfoChar(json, level ? ',' : '[');
        if (name)
            escape_json(json, name);
        else
            appendStringInfo(json, "%zu", level);
    }
    appendStringInfoChar(json, ']');
}

PG_FUNCTION_INFO_V1(aep_pg_columns);
Datum aep_pg_columns(PG_FUNCTION_ARGS)
{
    const pg_model *m = pg_model_of(fcinfo);
    StringInfoData json;
    initStringInfo(&json);
    for (size_t i = 0; i < m->n_columns; i++) {
        bool categorical = aep_model_column_kind(m->model, i) == AEP_COLUMN_CATEGORICAL;
        const char *name = pg_name(aep_model_column_name(m->model, i));
        appendStringInfo(&json, "%s{\"name\":", i ? "," : "[");
        if (name)
            escape_json(&json, name);
        else
            appendStringInfoString(&json, "null");
        appendStringInfo(&json, ",\"kind\":\"%s\",\"levels\":", categorical ? "categorical" : "numeric");
        if (categorical)
            append_levels(&json, m->model, i);
        else
            appendStringInfoString(&json, "null");
        appendStringInfoChar(&json, '}');
    }
    appendStringInfoChar(&json, ']');
    PG_RETURN_TEXT_P(cstring_to_text_with_len(json.data, json.len));
}

PG_FUNCTION_INFO_V1(aep_pg_version);
Datum aep_pg_version(PG_FUNCTION_ARGS)
{
    (void)fcinfo;
    PG_RETURN_TEXT_P(cstring_to_text(aep_version()));
}

PG_FUNCTION_INFO_V1(aep_pg_parsed);
Datum aep_pg_parsed(PG_FUNCTION_ARGS)
{
    (void)fcinfo;
    PG_RETURN_INT64(pg_models_parsed());
}
