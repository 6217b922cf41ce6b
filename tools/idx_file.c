/* SPDX-License-Identifier: BSD-2-Clause */
#include "idx_file.h"

#include "tools.h"

enum { MAGIC_SIZE = 4, MOST_SIZES = 4 };

/* No text begins with two zero bytes. */
bool idx_file_is(const stream *in) { return in->length >= 2 && in->data[0] == 0 && in->data[1] == 0; }

static bool read_header(stream *in, unsigned char *to, size_t n)
{
    size_t got;
    if (stream_read_part(in, to, n, &got) < 0)
        return false;
    if (got < n)
        say_error("%s: ends within the header of an IDX file", in->name);
    return got == n;
}

static bool find_type(array_file *f, unsigned char code)
{
    static const struct {
        unsigned char code;
        number_type type;
    } types[] = {{0x08, {'u', 1, false}}, {0x09, {'i', 1, false}}, {0x0b, {'i', 2, false}},
                 {0x0c, {'i', 4, false}}, {0x0d, {'f', 4, false}}, {0x0e, {'f', 8, false}}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].code == code) {
            f->type = types[i].type;
            f->type.swapped = big_endian_is_swapped();
            return true;
        }
    }
    say_error("%s: begins like an IDX file, but its type of numbers, 0x%02x, is none of that format", f->in->name,
              (unsigned)code);
    return false;
}

/* The sizes are (rows), (rows, columns), (images, height, width) or (images, channels, height, width). */
static bool take_sizes(array_file *f, const size_t *sizes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (sizes[i] == 0) {
            say_error("%s: size %zu of the %zu in its IDX header is 0, so it holds nothing", f->in->name, i + 1, n);
            return false;
        }
    }
    if (n >= 3)
        f->image = (image_size){n == 4 ? sizes[1] : 1, sizes[n - 2], sizes[n - 1]};
    const image_size row = {1, 1, n == 2 ? sizes[1] : 1};
    f->n_rows = sizes[0];
    f->n_columns = image_values(n >= 3 ? &f->image : &row);
    if (f->n_columns == 0)
        say_error("%s: has more than %d values %s; is the IDX header damaged?", f->in->name, MOST_COLUMNS,
                  n >= 3 ? "an image" : "a row");
    return f->n_columns > 0;
}

bool idx_file_open(array_file *f, stream *in)
{
    *f = (array_file){.in = in, .exact = true};
    unsigned char magic[MAGIC_SIZE], bytes[4 * MOST_SIZES];
    if (!read_header(in, magic, sizeof magic) || !find_type(f, magic[2]))
        return false;
    size_t n = magic[3], sizes[MOST_SIZES];
    if (n < 1 || n > MOST_SIZES) {
        say_error("%s: its IDX header names %zu sizes, where labels have 1, rows 2, and images 3 or 4", in->name, n);
        return false;
    }
    if (!read_header(in, bytes, 4 * n))
        return false;
    for (size_t i = 0; i < n; i++) {
        const unsigned char *b = bytes + 4 * i;
        sizes[i] = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
    }
    return take_sizes(f, sizes, n) && array_file_begin(f);
}
