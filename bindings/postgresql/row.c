/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays as rows. */
#include "extension.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include <float.h>
#include <math.h>

const char *pg_name(const char *name) { return name ? pg_any_to_server(name, (int)strlen(name), PG_UTF8) : NULL; }

/* Say where, and what is wrong there. */
static void refuse(const pg_model *m, size_t column, int code, const char *why) pg_attribute_noreturn();
static void refuse(const pg_model *m, size_t column, int code, const char *why)
{
    const char *name = pg_name(aep_model_column_name(m->model, column));
    ereport(ERROR, errcode(code),
            errmsg("column %zu%s%s%s: %s", column + 1, name ? " (" : "", name ? name : "", name ? ")" : "", why));
    pg_unreachable();
}

static float missing(const pg_model *m, size_t column)
{
    if (!m->missing_allowed)
        refuse(m, column, ERRCODE_NULL_VALUE_NOT_ALLOWED,
               "the value is NULL; the model was trained with missing=error");
    return NAN;
}

static float single(const pg_model *m, size_t column, double number)
{
    if (isnan(number))
        return missing(m, column);
    if (fabs(number) > (double)FLT_MAX)
        refuse(m, column, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, psprintf("%g is beyond single precision", number));
    return (float)number;
}

/* Of a categorical column with names, the code of the text, or -1; else the number that it is. */
static float of_text(const pg_model *m, size_t column, Datum value)
{
    char *word = TextDatumGetCString(value), *end;
    const sql_levels *levels = &m->levels[column];
    double number;
    if (levels->n) {
        const char *utf8 = pg_server_to_any(word, (int)strlen(word), PG_UTF8);
        long code = sql_levels_find(levels, utf8, strlen(utf8));
        if (code < 0 && !m->unseen_allowed)
            refuse(m, column, ERRCODE_INVALID_PARAMETER_VALUE,
                   psprintf("\"%s\" is no level that the model was trained on", word));
        pfree(word);
        return (float)code;
    }
    number = strtod(word, &end);
    if (end == word || *end)
        refuse(m, column, ERRCODE_INVALID_TEXT_REPRESENTATION, psprintf("\"%s\" is no number", word));
    pfree(word);
    return single(m, column, number);
}

static float value_of(const pg_model *m, size_t column, Oid type, Datum value)
{
    switch (type) {
    case FLOAT4OID:
        return single(m, column, (double)DatumGetFloat4(value));
    case FLOAT8OID:
        return single(m, column, DatumGetFloat8(value));
    case INT2OID:
        return single(m, column, (double)DatumGetInt16(value));
    case INT4OID:
        return single(m, column, (double)DatumGetInt32(value));
    case INT8OID:
        return single(m, column, (double)DatumGetInt64(value));
    case NUMERICOID:
        return single(m, column, DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)));
    default:
        return of_text(m, column, value);
    }
}

static bool is_known(Oid type)
{
    static const Oid known[] = {FLOAT4OID,  FLOAT8OID, INT2OID,    INT4OID,  INT8OID,
                                NUMERICOID, TEXTOID,   VARCHAROID, BPCHAROID};
    for (size_t i = 0; i < lengthof(known); i++)
        if (known[i] == type)
            return true;
    return false;
}

static void check_array(const pg_model *m, ArrayType *array)
{
    size_t n = (size_t)ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    if (!is_known(ARR_ELEMTYPE(array)))
        ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
                errmsg("a row is an array of numbers or of text, not of %s", format_type_be(ARR_ELEMTYPE(array))));
    if (n != m->n_columns)
        ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                errmsg("the row has %zu value%s, the model has %zu column%s", n, n == 1 ? "" : "s", m->n_columns,
                       m->n_columns == 1 ? "" : "s"));
}

void pg_row_read(pg_model *m, Datum value)
{
    ArrayType *array = DatumGetArrayTypeP(value);
    ArrayIterator iterator;
    Oid type;
    Datum element;
    bool is_null;
    check_array(m, array);
    type = ARR_ELEMTYPE(array);
    if (type == FLOAT4OID && !ARR_HASNULL(array)) {
        const float *from = (const float *)ARR_DATA_PTR(array);
        for (size_t i = 0; i < m->n_columns; i++)
            m->row[i] = single(m, i, (double)from[i]);
    } else {
        iterator = array_create_iterator(array, 0, NULL);
        for (size_t i = 0; array_iterate(iterator, &element, &is_null); i++)
            m->row[i] = is_null ? missing(m, i) : value_of(m, i, type, element);
        array_free_iterator(iterator);
    }
    if ((Pointer)array != DatumGetPointer(value))
        pfree(array);
}
