/* SPDX-License-Identifier: BSD-2-Clause */
#include "csv_file.h"

#include "list.h"
#include "tools.h"

#include <stdlib.h>
#include <string.h>

/* A quote that is never closed would swallow the rest of the file. */
enum { MOST_BYTES_A_ROW = 1 << 26 };

bool csv_file_open(csv_file *c, stream *in, char delimiter, bool keep_raw)
{
    *c = (csv_file){.in = in, .next_line = 1, .keep_raw = keep_raw};
    if (csv_init(&c->parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        say_error("out of memory");
        return false;
    }
    csv_set_delim(&c->parser, (unsigned char)delimiter);
    const unsigned char *start = in->data;
    if (in->length >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0)
        in->position = 3; /* UTF-8's byte order mark */
    if (in->length >= 2 && (memcmp(start, "\xff\xfe", 2) == 0 || memcmp(start, "\xfe\xff", 2) == 0)) {
        say_error("%s: is UTF-16 text; convert it to UTF-8", in->name);
        return false;
    }
    return true;
}

void csv_file_close(csv_file *c)
{
    csv_free(&c->parser);
    free(c->cells);
    free(c->text);
    free(c->raw);
    *c = (csv_file){0};
}

static bool append(char **to, size_t *n, size_t *capacity, const void *bytes, size_t length)
{
    if (*capacity - *n <= length) {
        size_t wanted = (*n + length + 1) * 2;
        char *grown = realloc(*to, wanted);
        if (!grown) {
            say_error("out of memory");
            return false;
        }
        *to = grown;
        *capacity = wanted;
    }
    if (length)
        memcpy(*to + *n, bytes, length);
    *n += length;
    (*to)[*n] = '\0';
    return true;
}

static void take_cell(void *text, size_t length, void *payload)
{
    csv_file *c = payload;
    if (c->failed)
        return;
    if (length && memchr(text, '\0', length)) {
        say_error("%s:%zu: holds a zero byte; this is not CSV text", c->in->name, c->line);
        c->failed = true;
    } else if (!grow(&c->cells, c->n_cells, &c->cells_capacity, sizeof *c->cells) ||
               !append(&c->text, &c->n_text, &c->text_capacity, text, length)) {
        c->failed = true;
    } else {
        c->cells[c->n_cells++].length = length;
        c->n_text++; /* the NUL that append left behind */
    }
}

static void take_row(int end, void *payload)
{
    (void)end;
    ((csv_file *)payload)->row_done = true;
}

/* Up to and with the first \n or \r, so that a segment ends at most one row. */
static size_t segment_length(const unsigned char *bytes, size_t n)
{
    const unsigned char *newline = memchr(bytes, '\n', n);
    if (newline)
        n = (size_t)(newline - bytes) + 1;
    const unsigned char *carriage_return = memchr(bytes, '\r', n);
    return carriage_return ? (size_t)(carriage_return - bytes) + 1 : n;
}

static bool is_blank(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r\n", bytes[i]))
            return false;
    return true;
}

static bool parse_segment(csv_file *c, const unsigned char *bytes, size_t n)
{
    if (c->keep_raw && !append(&c->raw, &c->n_raw, &c->raw_capacity, bytes, n))
        return false;
    if (csv_parse(&c->parser, bytes, n, take_cell, take_row, c) != n) {
        bool misplaced = csv_error(&c->parser) == CSV_EPARSE;
        say_error("%s:%zu: %s", c->in->name, c->line,
                  misplaced ? "a quote within a cell; such cells stand in quotes, and theirs are doubled"
                            : csv_strerror(csv_error(&c->parser)));
        return false;
    }
    unsigned char last = bytes[n - 1];
    if (last == '\r' || (last == '\n' && !(n == 1 && c->after_return)))
        c->next_line++;
    c->after_return = last == '\r';
    return !c->failed;
}

static int finish(csv_file *c)
{
    c->ended = true;
    if (csv_fini(&c->parser, take_cell, take_row, c) != 0) {
        say_error("%s:%zu: a quoted cell of this row is never closed", c->in->name, c->line);
        return -1;
    }
    return c->failed ? -1 : c->row_done;
}

static void place_texts(csv_file *c)
{
    const char *text = c->text;
    for (size_t i = 0; i < c->n_cells; i++) {
        c->cells[i].text = text;
        text += c->cells[i].length + 1;
    }
    while (c->n_raw && strchr("\r\n", c->raw[c->n_raw - 1]))
        c->raw[--c->n_raw] = '\0';
}

int csv_file_next(csv_file *c)
{
    c->n_cells = c->n_text = c->n_raw = 0;
    c->row_done = false;
    c->line = c->next_line;
    size_t taken = 0;
    while (!c->row_done) {
        if (c->ended)
            return 0;
        if (c->in->position == c->in->length) {
            int more = stream_fill(c->in);
            if (more < 0)
                return -1;
            if (more == 0) {
                int last = finish(c);
                if (last <= 0)
                    return last;
                break;
            }
        }
        const unsigned char *bytes = c->in->data + c->in->position;
        size_t n = segment_length(bytes, c->in->length - c->in->position);
        if (!parse_segment(c, bytes, n))
            return -1;
        c->in->position += n;
        if (taken == 0 && !c->row_done && is_blank(bytes, n)) {
            c->line = c->next_line;
            c->n_raw = 0;
            continue;
        }
        taken += n;
        if (taken > MOST_BYTES_A_ROW) {
            say_error("%s:%zu: a row of more than 64 MiB begins here; is a quote not closed?", c->in->name, c->line);
            return -1;
        }
    }
    place_texts(c);
    return 1;
}
