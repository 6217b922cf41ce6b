/* SPDX-License-Identifier: BSD-2-Clause */
#include "csv_file.h"

#include "list.h"
#include "tools.h"

#include <stdlib.h>
#include <string.h>

/* A quote that is never closed would swallow the rest of the file. */
enum { MOST_BYTES_A_ROW = 1 << 26 };

enum byte_kind { BYTE_OF_CELL, BYTE_DELIMITER, BYTE_END, BYTE_ODD };

static void set_kinds(csv_file *c, char delimiter)
{
    c->kind['\n'] = c->kind['\r'] = BYTE_END;
    c->kind['"'] = c->kind['\0'] = BYTE_ODD;
    c->kind[(unsigned char)delimiter] = BYTE_DELIMITER;
}

bool csv_file_open(csv_file *c, stream *in, char delimiter, bool keep_raw)
{
    *c = (csv_file){.in = in, .next_line = 1, .keep_raw = keep_raw};
    if (csv_init(&c->parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        say_error("out of memory");
        return false;
    }
    csv_set_delim(&c->parser, (unsigned char)delimiter);
    set_kinds(c, delimiter);
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

/* ----------------------------------------------------------------------------------------- rows that need no parser */

/* A cell from where the row's rest begins to its end, without the blanks around it, as libcsv has it. */
static bool add_plain_cell(csv_file *c, const unsigned char *start, const unsigned char *end)
{
    if (c->n_cells == c->cells_capacity && !grow(&c->cells, c->n_cells, &c->cells_capacity, sizeof *c->cells))
        return false;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (start < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    cell *added = &c->cells[c->n_cells++];
    added->text = (const char *)start;
    added->length = (size_t)(end - start);
    return true;
}

/* The cells of the row that begins there; its end, or NULL if it is one for libcsv, or memory is short. */
static const unsigned char *find_plain_cells(csv_file *c, const unsigned char *start)
{
    for (const unsigned char *p = start;; start = ++p) {
        while (c->kind[*p] == BYTE_OF_CELL)
            p++;
        if (c->kind[*p] == BYTE_ODD) /* or the end of the buffer, which is a zero byte */
            return NULL;
        if (!add_plain_cell(c, start, p)) {
            c->failed = true;
            return NULL;
        }
        if (c->kind[*p] == BYTE_END)
            return c->n_cells == 1 && c->cells[0].length == 0 ? NULL : p; /* a blank line is none */
    }
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

/* Behind the row, \r\n being one end. */
static void pass_plain_row(csv_file *c, const unsigned char *end)
{
    const unsigned char *next = end + 1, *limit = c->in->data + c->in->length;
    c->after_return = *end == '\r';
    if (c->after_return && next < limit && *next == '\n') {
        c->after_return = false;
        next++;
    }
    c->in->position = (size_t)(next - c->in->data);
    c->next_line++;
}

/* The next row, if it is one that can be split in the buffer: 1, or 0, or -1 having said why. */
static int take_plain_row(csv_file *c)
{
    unsigned char *start = c->in->data + c->in->position;
    const unsigned char *end = find_plain_cells(c, start);
    if (end && c->keep_raw && !append(&c->raw, &c->n_raw, &c->raw_capacity, start, (size_t)(end - start)))
        return -1;
    if (!end) {
        c->n_cells = 0;
        return c->failed ? -1 : 0;
    }
    pass_plain_row(c, end);
    for (size_t i = 0; i < c->n_cells; i++)
        start[c->cells[i].text - (const char *)start + (ptrdiff_t)c->cells[i].length] = '\0';
    return 1;
}

/* ----------------------------------------------------------------------------------------------------------- libcsv */

static void take_cell(void *text, size_t length, void *payload)
{
    csv_file *c = payload;
    if (c->failed)
        return;
    if (c->zero_seen && length && memchr(text, '\0', length)) {
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

static bool ends_line(char byte) { return byte == '\n' || byte == '\r'; }

static bool is_blank(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && !ends_line((char)bytes[i]))
            return false;
    return true;
}

static bool parse_segment(csv_file *c, const unsigned char *bytes, size_t n)
{
    if (c->keep_raw && !append(&c->raw, &c->n_raw, &c->raw_capacity, bytes, n))
        return false;
    c->zero_seen = c->zero_seen || memchr(bytes, '\0', n);
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

/* No more bytes: 1 if they have left a row. */
static int finish(csv_file *c)
{
    c->ended = true;
    if (csv_fini(&c->parser, take_cell, take_row, c) != 0) {
        say_error("%s:%zu: a quoted cell of this row is never closed", c->in->name, c->line);
        return -1;
    }
    return c->failed ? -1 : c->row_done;
}

/* See that there are bytes to go on with, or a last row: 1, 0 at the end, -1 having said why. */
static int read_on(csv_file *c)
{
    if (c->ended)
        return 0;
    int more = c->in->position < c->in->length ? 1 : stream_fill(c->in);
    return more == 0 ? finish(c) : more;
}

static void place_texts(csv_file *c)
{
    const char *text = c->text;
    for (size_t i = 0; i < c->n_cells; i++) {
        c->cells[i].text = text;
        text += c->cells[i].length + 1;
    }
    while (c->n_raw && ends_line(c->raw[c->n_raw - 1]))
        c->raw[--c->n_raw] = '\0';
}

int csv_file_next(csv_file *c)
{
    c->n_cells = c->n_text = c->n_raw = 0;
    c->row_done = false;
    c->line = c->next_line;
    size_t taken = 0;
    bool blank = true; /* so far */
    while (!c->row_done) {
        int got = read_on(c);
        if (got <= 0)
            return got;
        if (c->row_done) /* by the end of the file */
            break;
        if (taken == 0 && (got = take_plain_row(c)) != 0)
            return got;
        const unsigned char *bytes = c->in->data + c->in->position;
        size_t n = segment_length(bytes, c->in->length - c->in->position);
        if (!parse_segment(c, bytes, n))
            return -1;
        c->in->position += n;
        blank = blank && c->n_cells == 0 && is_blank(bytes, n);
        taken += n;
        if (blank && ends_line((char)bytes[n - 1])) {
            c->line = c->next_line;
            c->n_raw = taken = 0;
        }
        if (taken > MOST_BYTES_A_ROW) {
            say_error("%s:%zu: a row of more than 64 MiB begins here; is a quote not closed?", c->in->name, c->line);
            return -1;
        }
    }
    place_texts(c);
    return 1;
}
