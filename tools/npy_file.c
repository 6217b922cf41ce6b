/* SPDX-License-Identifier: BSD-2-Clause */
#include "npy_file.h"

#include "tools.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_SIZE = 6, MOST_HEADER = 1 << 20, MOST_SIZES = 4 };

static const char magic[] = "\x93NUMPY";

bool npy_file_is(const stream *in) { return in->length >= MAGIC_SIZE && memcmp(in->data, magic, MAGIC_SIZE) == 0; }

static bool refuse(const array_file *f, const char *why)
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

static bool parse_type(array_file *f, const char *header)
{
    const char *type = find_value(header, "'descr'");
    if (!type || *type != '\'' || !is_one_of(type[1], "<>|=") || !is_one_of(type[2], "fiub"))
        return refuse(f, "holds neither floats nor integers; convert with .astype(numpy.float32)");
    f->type = (number_type){.kind = type[2], .size = (size_t)(type[3] - '0')};
    size_t size = f->type.size;
    bool known = type[2] == 'f'   ? size == 4 || size == 8
                 : type[2] == 'b' ? size == 1
                                  : size == 1 || size == 2 || size == 4 || size == 8;
    known = known && type[4] == '\''; /* the header may end behind type[2] */
    if (!known)
        return refuse(f, "its numbers are of an unusual size; convert with .astype(numpy.float32)");
    f->type.swapped = big_endian_is_swapped() ? type[1] == '>' : type[1] == '<';
    const char *order = find_value(header, "'fortran_order'");
    if (!order || strncmp(order, "False", 5) != 0)
        return refuse(f, "is not in C order; save numpy.ascontiguousarray(a)");
    return true;
}

static bool read_shape(size_t sizes[MOST_SIZES], size_t *n, const char *shape)
{
    *n = 0;
    if (!shape || *shape++ != '(')
        return false;
    while (*shape >= '0' && *shape <= '9') {
        char *end;
        errno = 0;
        unsigned long long size = strtoull(shape, &end, 10);
        if (errno || size > SIZE_MAX)
            return false;
        if (*n < MOST_SIZES)
            sizes[*n] = (size_t)size;
        ++*n;
        shape = end + strspn(end, " ");
        if (*shape == ',')
            shape++;
        shape += strspn(shape, " ");
    }
    return *shape == ')';
}

/* The shape is (rows), (rows, columns), (images, height, width) or (images, channels, height, width). */
static bool parse_shape(array_file *f, const char *header)
{
    size_t sizes[MOST_SIZES], n;
    if (!read_shape(sizes, &n, find_value(header, "'shape'")))
        return refuse(f, "has a damaged NPY header");
    if (n < 1 || n > MOST_SIZES)
        return refuse(f, "must have one to four dimensions; reshape it to (rows, columns), or of images to (images, "
                         "channels, height, width)");
    const image_size row = {1, 1, n == 2 ? sizes[1] : 1};
    if (n >= 3)
        f->image = (image_size){n == 4 ? sizes[1] : 1, sizes[n - 2], sizes[n - 1]};
    f->n_rows = sizes[0];
    f->n_columns = image_values(n >= 3 ? &f->image : &row);
    if (f->n_columns == 0)
        return refuse(f, "has no columns, or more than 16,777,216");
    enum { MOST_COLOURS = 4 };
    if (n == 4 && f->image.width <= MOST_COLOURS && f->image.channels > MOST_COLOURS)
        say_warning("%s: has %zu channels of %zu x %zu pixels; if its last dimension is that of the channels, save "
                    "a.transpose(0, 3, 1, 2)",
                    f->in->name, f->image.channels, f->image.height, f->image.width);
    return true;
}

/* Read the header behind the magic; NUL-terminated. */
static char *read_header(array_file *f)
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

bool npy_file_open(array_file *f, stream *in)
{
    *f = (array_file){.in = in};
    char *header = read_header(f);
    bool ok = header && parse_type(f, header) && parse_shape(f, header);
    free(header);
    return ok && array_file_begin(f);
}
