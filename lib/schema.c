/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema.h"

#include <string.h>

static void free_column(aep__column *column, const aep_allocator *mem)
{
    aep__free(mem, column->name);
    aep__free(mem, column->levels);
    memset(column, 0, sizeof *column);
}

static bool copy_name(char **to, const aep_allocator *mem, const char *from)
{
    *to = from ? aep__alloc_copy(mem, from, strlen(from) + 1, 1) : NULL;
    return *to || !from;
}

/* A block for n pointers and the bytes of their names, which *text is set to. */
static char **alloc_levels(const aep_allocator *mem, size_t n, size_t bytes, char **text)
{
    char **levels = aep__alloc(mem, n * sizeof *levels + bytes, 1); /* at most 65,536 * (8 + 256) */
    if (levels)
        *text = (char *)(levels + n);
    return levels;
}

static bool copy_levels(char ***to, const aep_allocator *mem, const char *const *from, size_t n)
{
    size_t bytes = 0;
    char *text;
    *to = NULL;
    if (!from || !n)
        return true;
    for (size_t i = 0; i < n; i++)
        bytes += from[i] ? strlen(from[i]) + 1 : 0;
    char **levels = alloc_levels(mem, n, bytes, &text);
    if (!levels)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!from[i])
            continue;
        levels[i] = text;
        text += strlen(from[i]) + 1;
        strcpy(levels[i], from[i]);
    }
    *to = levels;
    return true;
}

static int new_column(aep__column *column, const aep_allocator *mem, const char *name, int kind,
                      const char *const *levels, size_t n_levels)
{
    memset(column, 0, sizeof *column);
    column->kind = kind;
    column->n_levels = n_levels;
    if (copy_name(&column->name, mem, name) && copy_levels(&column->levels, mem, levels, n_levels))
        return AEP_OK;
    free_column(column, mem);
    return AEP_E_MEMORY;
}

static bool name_fits(const char *name) { return !name || strlen(name) <= AEP__MAX_NAME; }

static int check_column(size_t column, const char *name, int kind, const char *const *levels, size_t n_levels)
{
    if (kind != AEP_COLUMN_NUMERIC && kind != AEP_COLUMN_CATEGORICAL)
        return AEP_E_OPTION;
    if (kind == AEP_COLUMN_NUMERIC ? n_levels != 0 : n_levels < 1 || n_levels > AEP__MAX_LEVELS)
        return AEP_E_RANGE;
    if (column >= AEP__MAX_COLUMNS || !name_fits(name))
        return AEP_E_LIMIT;
    for (size_t i = 0; levels && i < n_levels; i++)
        if (!name_fits(levels[i]))
            return AEP_E_LIMIT;
    return AEP_OK;
}

/* Room for n columns; doubled, so that describing one column after the other stays linear. */
static int reserve(aep__schema *schema, const aep_allocator *mem, size_t n)
{
    if (n <= schema->capacity)
        return AEP_OK;
    size_t capacity = n > 2 * schema->capacity ? n : 2 * schema->capacity;
    aep__column *columns = aep__alloc(mem, capacity, sizeof *columns);
    if (!columns)
        return AEP_E_MEMORY;
    if (schema->n_columns)
        memcpy(columns, schema->columns, schema->n_columns * sizeof *columns);
    aep__free(mem, schema->columns);
    schema->columns = columns;
    schema->capacity = capacity;
    return AEP_OK;
}

int aep__schema_set(aep__schema *schema, const aep_allocator *mem, size_t column, const char *name, int kind,
                    const char *const *levels, size_t n_levels)
{
    aep__column new;
    int status = check_column(column, name, kind, levels, n_levels);
    if (status)
        return status;
    status = new_column(&new, mem, name, kind, levels, n_levels);
    if (status)
        return status;
    status = reserve(schema, mem, column + 1);
    if (status) {
        free_column(&new, mem);
        return status;
    }
    if (column < schema->n_columns)
        free_column(&schema->columns[column], mem);
    else
        schema->n_columns = column + 1;
    schema->columns[column] = new;
    return AEP_OK;
}

int aep__schema_copy(aep__schema *to, const aep_allocator *mem, const aep__schema *from, size_t n_columns)
{
    memset(to, 0, sizeof *to);
    if (n_columns > AEP__MAX_COLUMNS)
        return AEP_E_LIMIT;
    int status = reserve(to, mem, n_columns);
    if (status)
        return status;
    to->n_columns = n_columns;
    for (size_t i = 0; i < n_columns && i < from->n_columns; i++) {
        const aep__column *c = &from->columns[i];
        status = new_column(&to->columns[i], mem, c->name, c->kind, (const char *const *)c->levels, c->n_levels);
        if (status) {
            aep__schema_free(to, mem);
            return status;
        }
    }
    return AEP_OK;
}

void aep__schema_free(aep__schema *schema, const aep_allocator *mem)
{
    for (size_t i = 0; i < schema->n_columns; i++)
        free_column(&schema->columns[i], mem);
    aep__free(mem, schema->columns);
    memset(schema, 0, sizeof *schema);
}

int aep__schema_features(size_t *n_features, const aep__schema *schema, bool indicators)
{
    size_t n = 0;
    for (size_t i = 0; i < schema->n_columns; i++) {
        const aep__column *c = &schema->columns[i];
        n += c->kind == AEP_COLUMN_CATEGORICAL ? c->n_levels : indicators ? 2 : 1;
        if (n > AEP__MAX_COLUMNS)
            return AEP_E_LIMIT;
    }
    *n_features = n;
    return AEP_OK;
}

/* u64 columns; of each: u8 kind, name; if categorical also u32 levels, u8 whether named, and if so the names. */
void aep__schema_write(const aep__schema *schema, aep__writer *w)
{
    aep__put_u64(w, schema->n_columns);
    for (size_t i = 0; i < schema->n_columns; i++) {
        const aep__column *c = &schema->columns[i];
        aep__put_u8(w, (uint8_t)c->kind);
        aep__put_string(w, c->name);
        if (c->kind != AEP_COLUMN_CATEGORICAL)
            continue;
        aep__put_u32(w, (uint32_t)c->n_levels);
        aep__put_u8(w, c->levels != NULL);
        for (size_t j = 0; c->levels && j < c->n_levels; j++)
            aep__put_string(w, c->levels[j]);
    }
}

static int read_name(char **name, const aep_allocator *mem, aep__reader *r)
{
    size_t length;
    const char *s = aep__get_string(r, &length, AEP__MAX_NAME);
    if (!s)
        return r->bad ? AEP_E_FORMAT : AEP_OK;
    *name = aep__alloc(mem, length + 1, 1);
    if (!*name)
        return AEP_E_MEMORY;
    memcpy(*name, s, length);
    return AEP_OK;
}

/* Bytes that n names take with their terminators; moves r past them. */
static size_t measure_names(aep__reader *r, size_t n)
{
    size_t bytes = 0, length;
    for (size_t i = 0; i < n && !r->bad; i++)
        if (aep__get_string(r, &length, AEP__MAX_NAME))
            bytes += length + 1;
    return bytes;
}

static int read_level_names(aep__column *column, const aep_allocator *mem, aep__reader *r)
{
    aep__reader again = *r;
    size_t bytes = measure_names(r, column->n_levels), length;
    char *text;
    if (r->bad)
        return AEP_E_FORMAT;
    column->levels = alloc_levels(mem, column->n_levels, bytes, &text);
    if (!column->levels)
        return AEP_E_MEMORY;
    for (size_t i = 0; i < column->n_levels; i++) {
        const char *s = aep__get_string(&again, &length, AEP__MAX_NAME);
        if (!s)
            continue;
        column->levels[i] = memcpy(text, s, length);
        text += length + 1;
    }
    return AEP_OK;
}

static int read_column(aep__column *column, const aep_allocator *mem, aep__reader *r)
{
    column->kind = aep__get_u8(r);
    if (column->kind != AEP_COLUMN_NUMERIC && column->kind != AEP_COLUMN_CATEGORICAL)
        return AEP_E_FORMAT;
    int status = read_name(&column->name, mem, r);
    if (status || column->kind == AEP_COLUMN_NUMERIC)
        return status;
    column->n_levels = aep__get_u32(r);
    uint8_t named = aep__get_u8(r);
    if (r->bad || column->n_levels < 1 || column->n_levels > AEP__MAX_LEVELS || named > 1)
        return AEP_E_FORMAT;
    return named ? read_level_names(column, mem, r) : AEP_OK;
}

int aep__schema_read(aep__schema *schema, const aep_allocator *mem, aep__reader *r)
{
    memset(schema, 0, sizeof *schema);
    size_t n = aep__get_count(r, 5); /* a numeric column without a name */
    if (r->bad || n > AEP__MAX_COLUMNS)
        return AEP_E_FORMAT;
    int status = reserve(schema, mem, n);
    while (!status && schema->n_columns < n)
        status = read_column(&schema->columns[schema->n_columns++], mem, r);
    if (status)
        aep__schema_free(schema, mem);
    return status;
}
