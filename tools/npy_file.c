/* SPDX-License-Identifier: BSD-2-Clause */
#include "npy_file.h"

#include "tools.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_SIZE = 6, MOST_HEADER = 1 << 20, MOST_COLUMNS = 1 << 24 };

static const char magic[] = "\x93NUMPY";

bool npy_file_is(const stream *in) { return in->length >= MAGIC_SIZE && memcmp(in->data, magic, MAGIC_SIZE) == 0; }

static bool refuse(const npy_file *f, const char *why)
{
    say_error("%s: %s", f->in->name, why);
    return false;
}

/* The text behind 'key': in the header, a Python dictionary; NULL if there is none. */
static const char *find_value(const char *header, const char *key)
{
    const char *found = strstr(header, key);
    if (!found)
        return NULL;
    found += strlen(key);
    found += strspn(found, " ");
    if (*found++ != ':')
        return NULL;
    return found + strspn(found, " ");
}

static bool is_one_of(char c, const char *set) { return c != '\0' && strchr(set, c); }

static bool parse_type(npy_file *f, const char *header)
{
    const char *type = find_value(header, "'descr'");
    if (!type || *type != '\'' || !is_one_of(type[1], "<>|=") || !is_one_of(type[2], "fiub"))
        return refuse(f, "holds neither floats nor integers; convert with .astype(numpy.float32)");
    f->type = type[2];
    f->size = (size_t)(type[3] - '0');
    bool known = type[4] == '\'' && (f->type == 'f'   ? f->size == 4 || f->size == 8
                                     : f->type == 'b' ? f->size == 1
                                                      : f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8);
    if (!known)
        return refuse(f, "its numbers are of an unusual size; convert with .astype(numpy.float32)");
    const uint16_t one = 1;
    bool little = *(const unsigned char *)&one == 1;
    f->swapped = (type[1] == '<' && !little) || (type[1] == '>' && little);
    const char *order = find_value(header, "'fortran_order'");
    if (!order || strncmp(order, "False", 5) != 0)
        return refuse(f, "is not in C order; save numpy.ascontiguousarray(a)");
    return true;
}

static bool parse_shape(npy_file *f, const char *header)
{
    const char *shape = find_value(header, "'shape'");
    unsigned long long sizes[2] = {0, 1};
    size_t n = 0;
    if (!shape || *shape++ != '(')
        return refuse(f, "has a damaged NPY header");
    while (*shape >= '0' && *shape <= '9') {
        char *end;
        errno = 0;
        unsigned long long size = strtoull(shape, &end, 10);
        if (errno || size > SIZE_MAX)
            return refuse(f, "has a damaged NPY header");
        if (n < 2)
            sizes[n] = size;
        n++;
        shape = end + strspn(end, " ");
        if (*shape == ',')
            shape++;
        shape += strspn(shape, " ");
    }
    if (*shape != ')')
        return refuse(f, "has a damaged NPY header");
    if (n < 1 || n > 2)
        return refuse(f, "must have one or two dimensions; reshape it to (rows, columns)");
    if (sizes[1] < 1 || sizes[1] > MOST_COLUMNS)
        return refuse(f, "has no columns, or more than 16,777,216");
    f->n_rows = (size_t)sizes[0];
    f->n_columns = (size_t)sizes[1];
    return true;
}

/* Read the header behind the magic; NUL-terminated. */
static char *read_header(npy_file *f)
{
    unsigned char start[MAGIC_SIZE + 2], length[4] = {0};
    if (stream_read(f->in, start, sizeof start) != 1)
        return NULL;
    if (start[6] < 1 || start[6] > 3) {
        refuse(f, "has an unknown version of the NPY format");
        return NULL;
    }
    if (stream_read(f->in, length, start[6] == 1 ? 2 : 4) != 1)
        return NULL;
    size_t n = length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 | (size_t)length[3] << 24;
    if (n == 0 || n > MOST_HEADER) {
        refuse(f, "has a damaged NPY header");
        return NULL;
    }
    char *header = calloc(n + 1, 1);
    if (!header)
        refuse(f, "out of memory");
    else if (stream_read(f->in, header, n) == 1)
        return header;
    free(header);
    return NULL;
}

bool npy_file_open(npy_file *f, stream *in)
{
    *f = (npy_file){.in = in};
    char *header = read_header(f);
    bool ok = header && parse_type(f, header) && parse_shape(f, header);
    free(header);
    if (!ok)
        return false;
    f->bytes = malloc(f->n_columns * f->size);
    f->cells = calloc(f->n_columns, sizeof *f->cells);
    return (f->bytes && f->cells) || refuse(f, "out of memory");
}

void npy_file_close(npy_file *f)
{
    free(f->bytes);
    free(f->cells);
    *f = (npy_file){0};
}

static double element(const npy_file *f, const unsigned char *bytes)
{
    unsigned char own[8];
    for (size_t i = 0; i < f->size; i++)
        own[i] = bytes[f->swapped ? f->size - 1 - i : i];
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
    memcpy(&v, own, f->size);
    bool is_signed = f->type == 'i';
    if (f->type == 'f')
        return f->size == 4 ? (double)v.f4 : v.f8;
    switch (f->size) {
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

int npy_file_next(npy_file *f)
{
    if (f->row == f->n_rows)
        return 0;
    int got = stream_read(f->in, f->bytes, f->n_columns * f->size);
    if (got < 0)
        return -1;
    if (got == 0) {
        say_error("%s: ends after row %zu of %zu", f->in->name, f->row, f->n_rows);
        return -1;
    }
    f->row++;
    for (size_t i = 0; i < f->n_columns; i++)
        f->cells[i].number = element(f, f->bytes + i * f->size);
    return 1;
}
