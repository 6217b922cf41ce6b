/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of CSV come out the same however their bytes come in: one by one, which only libcsv splits, or many at once. */
#include "../runner.h"
#include "csv_file.h"
#include "tools.h"

#include <check.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 200000, MOST_BYTES = 160, MOST_TOLD = 8 * MOST_BYTES };

static const char *text; /* what is left of the file */
static size_t text_length, chunk;

static char told[MOST_TOLD]; /* what has been read and said */
static size_t n_told;
static bool failed;

static uint32_t random_state;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * n) >> 32);
}

static void tell(const char *bytes, size_t n)
{
    if (n_told + n > MOST_TOLD) /* an assertion for each would take longer than all the rest */
        ck_abort_msg("more than %d bytes are told", MOST_TOLD);
    memcpy(told + n_told, bytes, n);
    n_told += n;
}

/* ---------------------------------------------------------------------------------- instead of those of the program */

/* The first alone: where several things are wrong with a row, it depends on the bytes at hand which are found. */
void say_error(const char *format, ...)
{
    char message[256];
    if (failed)
        return;
    failed = true;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tell(message, (size_t)n);
}

int stream_fill(stream *s)
{
    size_t n = chunk ? chunk : 1 + below(MOST_BYTES);
    n = n < text_length ? n : text_length;
    memcpy(s->data, text, n);
    s->data[n] = '\0';
    s->position = 0;
    s->length = n;
    text += n;
    text_length -= n;
    return n > 0;
}

/* ------------------------------------------------------------------------------------------------------------------ */

/* A byte order mark is looked for in the first bytes that come, so it must come as one. */
static size_t mark_length(const char *bytes, size_t n)
{
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        return 3;
    return n >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0) ? 2 : 0;
}

static void tell_row(const csv_file *c)
{
    char number[32];
    tell(number, (size_t)snprintf(number, sizeof number, "%zu:", c->line));
    for (size_t i = 0; i < c->n_cells; i++) {
        if (strlen(c->cells[i].text) != c->cells[i].length)
            ck_abort_msg("'%s' has length %zu", c->cells[i].text, c->cells[i].length);
        tell("[", 1);
        tell(c->cells[i].text, c->cells[i].length);
        tell("]", 1);
    }
    if (c->keep_raw)
        tell(c->raw, strlen(c->raw));
    tell("\n", 1);
}

/* Read the file that consists of these bytes, so many at a time; 0: as it comes. */
static void read_all(const char *bytes, size_t n, size_t at_once, char delimiter, bool keep_raw)
{
    static stream s = {.name = "a"};
    csv_file c;
    n_told = 0;
    failed = false;
    text = bytes;
    text_length = n;
    chunk = at_once;
    if (mark_length(bytes, n))
        chunk = at_once == 1 ? mark_length(bytes, n) : n;
    stream_fill(&s);
    chunk = at_once;
    int got = -1;
    if (csv_file_open(&c, &s, delimiter, keep_raw))
        while ((got = csv_file_next(&c)) > 0)
            tell_row(&c);
    tell(got < 0 ? "failed" : "end", got < 0 ? 6 : 3);
    csv_file_close(&c);
}

/* Whole words, so that rows become long enough, and each byte that means something. */
static size_t draw_text(char *to, const char *const *words, uint32_t n_words)
{
    size_t n = 0;
    for (uint32_t left = below(40); left > 0; left--) {
        const char *word = words[below(n_words)];
        size_t length = strlen(word) ? strlen(word) : 1; /* "": a zero byte */
        memcpy(to + n, word, length);
        n += length;
    }
    return n;
}

static void check_texts(const char *const *words, uint32_t n_words)
{
    static const char delimiters[] = ",;\t ";
    for (int i = 0; i < TEXTS; i++) {
        char bytes[MOST_BYTES], expected[MOST_TOLD];
        size_t n = draw_text(bytes, words, n_words);
        char delimiter = delimiters[below(8) < 4 ? 0 : below(4)];
        bool keep_raw = below(2);
        read_all(bytes, n, 1, delimiter, keep_raw);
        size_t n_expected = n_told;
        memcpy(expected, told, n_told);
        for (size_t at_once = 0; at_once <= MOST_BYTES; at_once += MOST_BYTES) { /* at random, and all */
            read_all(bytes, n, at_once, delimiter, keep_raw);
            if (n_told != n_expected || memcmp(told, expected, n_told) != 0)
                ck_abort_msg("text %d, '%.*s', %zu at once:\n%.*s\nexpected:\n%.*s", i, (int)n, bytes, at_once,
                             (int)n_told, told, (int)n_expected, expected);
        }
    }
}

START_TEST(rows_without_quotes_are_those_of_libcsv)
{
    static const char *const words[] = {",", ",", ",", ",", ";", "\t", " ", "\n", "\n", "\r\n", "\r", "a", "12", "0.5"};
    random_state = 1;
    check_texts(words, sizeof words / sizeof *words);
}
END_TEST

START_TEST(any_bytes_are_read_as_by_libcsv)
{
    static const char *const words[] = {
        ",",  ",",  ";",    "\t",   " ",    "\n",   "\r\n",         "\r",       "a", "12",
        "\"", "\"", "\"\"", "\"a,", "b\",", ",\"c", "\xef\xbb\xbf", "\xff\xfe", "",  "\xc3\xa9"};
    random_state = 2;
    check_texts(words, sizeof words / sizeof *words);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("rows");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, rows_without_quotes_are_those_of_libcsv);
    tcase_add_test(tests, any_bytes_are_read_as_by_libcsv);
    return run_case("csv_file", tests);
}
