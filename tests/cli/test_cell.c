/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in cells are what strtod makes of them, to the last bit. */
#include "../runner.h"
#include "cell.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXTS = 1000000, SIZE = 400 };

static uint64_t random_state;

/* splitmix64 (Steele and others 2014) */
static uint64_t draw(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t below(size_t n) { return (size_t)(draw() % n); }

/* What a cell holds, by strtod alone. */
static enum cell_kind expected_kind(const char *text, double *number)
{
    if (text[0] == '\0' || strcmp(text, "?") == 0 || strcmp(text, "NA") == 0 || strcasecmp(text, "nan") == 0)
        return CELL_MISSING;
    if (!strchr("+-.0123456789iI", text[0]) || strpbrk(text, "xX("))
        return CELL_WORD;
    char *end;
    *number = strtod(text, &end);
    if (*end)
        return CELL_WORD;
    if (isnan(*number))
        return CELL_MISSING;
    return isfinite((float)*number) ? CELL_NUMBER : CELL_HUGE;
}

static void check_cell(const char *text)
{
    const cell c = {.text = text, .length = strlen(text)};
    double expected = 0, number = 0;
    enum cell_kind kind = expected_kind(text, &expected), found = cell_read(&c, &number);
    bool counts = kind == CELL_NUMBER || kind == CELL_HUGE;
    if (found != kind || (counts && memcmp(&number, &expected, sizeof number) != 0))
        ck_abort_msg("'%s' is %d, %a, expected %d, %a", text, (int)found, number, (int)kind, expected);
}

static void draw_characters(char *text, const char *characters, size_t most)
{
    size_t n = below(most + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = characters[below(strlen(characters))];
    text[n] = '\0';
}

START_TEST(any_text)
{
    char text[SIZE];
    random_state = 1;
    for (int i = 0; i < TEXTS; i++) {
        draw_characters(text, "0123456789.eE+-", 12);
        check_cell(text);
        draw_characters(text, "?NnAaIifFty01.eE+-xX( ", 4);
        check_cell(text);
    }
}
END_TEST

/* Digits with a point among them and sometimes a sign and an exponent. */
static void draw_decimal(char *text)
{
    size_t n = 1 + below(24), point = below(n + 4), used = 0;
    if (below(4) == 0)
        text[used++] = below(2) ? '-' : '+';
    for (size_t i = 0; i < n; i++) {
        if (i == point)
            text[used++] = '.';
        text[used++] = (char)('0' + below(below(8) ? 10 : 1));
    }
    text[used] = '\0';
    if (below(4) == 0)
        snprintf(text + used, SIZE - used, "%c%d", below(2) ? 'e' : 'E', (int)below(below(8) ? 60 : 700) - 30);
}

START_TEST(decimals)
{
    char text[SIZE];
    random_state = 2;
    for (int i = 0; i < 2 * TEXTS; i++) {
        draw_decimal(text);
        check_cell(text);
    }
}
END_TEST

START_TEST(numbers_as_programs_write_them)
{
    static const char *const formats[] = {"%.2f", "%.6f", "%g", "%.9g", "%.15g", "%.17g", "%.16e", "%.18e", "%.20e"};
    char text[SIZE];
    random_state = 3;
    for (int i = 0; i < TEXTS; i++) {
        double number, small = ((double)draw() / 9223372036854775808.0 - 1) * (double)(1 << below(20));
        uint64_t bits = draw();
        memcpy(&number, &bits, sizeof number);
        snprintf(text, SIZE, formats[below(sizeof formats / sizeof *formats)], i % 4 ? small : number);
        check_cell(text);
    }
}
END_TEST

/* Integers that lie halfway between two numbers of 53 bits, or next to that, scaled by powers of ten. */
START_TEST(halfway_cases)
{
    char text[SIZE];
    random_state = 4;
    for (int i = 0; i < TEXTS; i++) {
        uint64_t half = (uint64_t)1 << below(11);
        uint64_t number = (draw() >> below(11)) / (2 * half) * (2 * half) + half + below(3) - 1;
        if (i % 2)
            snprintf(text, SIZE, "%llu", (unsigned long long)number);
        else
            snprintf(text, SIZE, "%lluE%d", (unsigned long long)number, (int)below(60) - 30);
        check_cell(text);
    }
}
END_TEST

/* Decimals whose quotient or product has 64 bits that end in a half: found by trying. */
START_TEST(halfway_after_the_first_rounding)
{
    char text[SIZE];
    long double power = 1;
    random_state = 5;
    for (int exponent = 1; exponent <= 27; exponent++) {
        power *= 10;
        for (int i = 0; i < TEXTS / 27; i++) {
            double near = (double)(draw() >> 11) / (double)power;
            long double half = ((long double)near + (long double)nextafter(near, INFINITY)) / 2;
            snprintf(text, SIZE, "%.0Lfe-%d", half * power, exponent);
            check_cell(text);
        }
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("numbers");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, any_text);
    tcase_add_test(tests, decimals);
    tcase_add_test(tests, numbers_as_programs_write_them);
    tcase_add_test(tests, halfway_cases);
    tcase_add_test(tests, halfway_after_the_first_rounding);
    return run_case("cell", tests);
}
