/* SPDX-License-Identifier: BSD-2-Clause */
/* Floats are written as printf writes them, with as few of 6 to 9 digits as strtof needs; test_cell.c tests reading. */
#include "../runner.h"
#include "decimal.h"

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 500000 };

static uint64_t random_state;

/* splitmix64 (Steele and others 2014) */
static uint64_t draw(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void check_value(float value)
{
    char text[DECIMAL_SIZE], expected[DECIMAL_SIZE];
    decimal_write(text, value);
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(expected, sizeof expected, "%.*g", digits, (double)value);
        if (strtof(expected, NULL) == value)
            break;
    }
    if (strcmp(text, expected) != 0)
        ck_abort_msg("%a is written %s, expected %s", (double)value, text, expected);
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

START_TEST(any_value)
{
    random_state = 1;
    for (int i = 0; i < VALUES; i++)
        check_value(from_bits((uint32_t)draw()));
}
END_TEST

START_TEST(usual_values)
{
    random_state = 2;
    for (int i = 0; i < VALUES; i++) {
        double unit = (double)(draw() >> 11) / 9007199254740992.0;
        check_value((float)(pow(10, 12 * unit - 5) * (i % 2 ? 1 : -1)));
        check_value((float)((double)(draw() % 1000) / (double)(1 + draw() % 1000)));
    }
}
END_TEST

START_TEST(powers_and_their_neighbours)
{
    for (uint32_t exponent = 0; exponent < 256; exponent++)
        for (uint32_t i = 0; i < 9; i++)
            check_value(from_bits((exponent << 23) + i - 4));
    for (int exponent = -40; exponent < 39; exponent++)
        for (int digit = 1; digit < 100; digit++) {
            float value = (float)(digit * pow(10, exponent));
            check_value(value);
            check_value(nextafterf(value, 0));
            check_value(nextafterf(value, INFINITY));
        }
}
END_TEST

/* Short decimals, and values halfway between them. */
START_TEST(short_decimals)
{
    random_state = 3;
    for (int i = 0; i < VALUES; i++) {
        double places = pow(10, (double)(draw() % 10));
        check_value((float)((double)(draw() % 100000000) / places));
        check_value((float)(((double)(draw() % 10000000) + 0.5) / places));
        check_value((float)(draw() % (1u << 25)) / (float)(1u << draw() % 25));
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("writing");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, any_value);
    tcase_add_test(tests, usual_values);
    tcase_add_test(tests, powers_and_their_neighbours);
    tcase_add_test(tests, short_decimals);
    return run_case("decimal", tests);
}
