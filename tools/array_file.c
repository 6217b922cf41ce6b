/* SPDX-License-Identifier: BSD-2-Clause */
#include "array_file.h"

#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool big_endian_is_swapped(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1;
}

static const char *unit(const array_file *f) { return f->image.channels ? "image" : "row"; }

static size_t row_size(const array_file *f) { return f->n_columns * f->type.size + f->labelled; }

/* Memory for a row comes with its bytes: a short file whose header promises much is refused before it costs much. */
enum { FIRST_BYTES = 1 << 16 };

static bool refuse_memory(const array_file *f)
{
    say_error("%s: out of memory", f->in->name);
    return false;
}

static bool grow_bytes(array_file *f, size_t capacity)
{
    unsigned char *grown = realloc(f->bytes, capacity);
    if (!grown)
        return refuse_memory(f);
    f->bytes = grown;
    f->capacity = capacity;
    return true;
}

bool array_file_begin(array_file *f)
{
    const size_t size = row_size(f);
    return grow_bytes(f, size < FIRST_BYTES ? size : FIRST_BYTES);
}

/* The bytes of a row, *got of them, fewer at the end of the file. False, having said why. */
static bool read_row(array_file *f, size_t *got)
{
    const size_t size = row_size(f);
    *got = 0;
    while (*got < size) {
        if (*got == f->capacity && !grow_bytes(f, size / 2 < f->capacity ? size : 2 * f->capacity))
            return false;
        size_t more;
        if (stream_read_part(f->in, f->bytes + *got, f->capacity - *got, &more) < 0)
            return false;
        *got += more;
        if (*got < f->capacity)
            return true;
    }
    return true;
}

void array_file_close(array_file *f)
{
    free(f->bytes);
    free(f->cells);
    *f = (array_file){0};
}

static double number_at(const number_type *type, const unsigned char *bytes)
{
    unsigned char own[8];
    for (size_t i = 0; i < type->size; i++)
        own[i] = bytes[type->swapped ? type->size - 1 - i : i];
    union {
        float f4;
        double f8;
        int8_t i1;
        int16_t i2;
        int32_t i4;
        int64_t i8;
        uint8_t u1;
        uint16_t u2;
        uint32_t u4;
        uint64_t u8;
    } v;
    memcpy(&v, own, type->size);
    bool is_signed = type->kind == 'i';
    if (type->kind == 'f')
        return type->size == 4 ? (double)v.f4 : v.f8;
    switch (type->size) {
    case 1:
        return is_signed ? (double)v.i1 : (double)v.u1;
    case 2:
        return is_signed ? (double)v.i2 : (double)v.u2;
    case 4:
        return is_signed ? (double)v.i4 : (double)v.u4;
    default:
        return is_signed ? (double)v.i8 : (double)v.u8;
    }
}

/* The file ends before row n_rows is whole, or within a row: `got` bytes of it are there. */
static int refuse_end(const array_file *f, size_t got)
{
    if (f->n_rows == ROWS_TO_THE_END)
        say_error("%s: its length is no multiple of the %zu bytes of %s: %zu bytes follow %zu whole ones", f->in->name,
                  row_size(f), f->image.channels ? "an image" : "a row", got, f->row);
    else
        say_error("%s: ends after %s %zu of %zu", f->in->name, unit(f), f->row, f->n_rows);
    return -1;
}

static int finish(const array_file *f)
{
    size_t got = 0;
    unsigned char more;
    if (f->exact && stream_read_part(f->in, &more, 1, &got) < 0)
        return -1;
    if (got == 0)
        return 0;
    say_error("%s: goes on behind %s %zu, the last by its header", f->in->name, unit(f), f->row);
    return -1;
}

static bool decode(array_file *f)
{
    if (!f->cells && !(f->cells = calloc(f->n_columns, sizeof *f->cells)))
        return refuse_memory(f);
    const unsigned char *bytes = f->bytes + f->labelled;
    if (f->labelled)
        f->label.number = f->bytes[0];
    if (f->type.size == 1 && f->type.kind == 'u')
        for (size_t i = 0; i < f->n_columns; i++)
            f->cells[i].number = bytes[i];
    else
        for (size_t i = 0; i < f->n_columns; i++)
            f->cells[i].number = number_at(&f->type, bytes + i * f->type.size);
    return true;
}

int array_file_next(array_file *f)
{
    if (f->row == f->n_rows)
        return finish(f);
    size_t got;
    if (!read_row(f, &got))
        return -1;
    if (got == 0 && f->n_rows == ROWS_TO_THE_END)
        return 0;
    if (got < row_size(f))
        return refuse_end(f, got);
    f->row++;
    return decode(f) ? 1 : -1;
}

void array_file_place(char *text, size_t size, const array_file *f, size_t column)
{
    size_t width = f->image.width, area = f->image.height * width;
    if (area)
        snprintf(text, size, "image %zu, channel %zu, row %zu, column %zu", f->row, column / area + 1,
                 column % area / width + 1, column % width + 1);
    else
        snprintf(text, size, "row %zu, column %zu", f->row, column + 1);
}
