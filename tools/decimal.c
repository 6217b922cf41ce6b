/* SPDX-License-Identifier: BSD-2-Clause */
#include "decimal.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------------------- reading */

/* digits * 10^exponent */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

enum { MOST_DIGITS = 19 /* that fit 64 bits, whatever they are */, MOST_EXPONENT = 9999 };

/* How many digits count, of which n came before; those behind *text, as far as they fit, are taken. */
static int take_digits(uint64_t *digits, const char **text, int n)
{
    const char *p = *text;
    for (; *p >= '0' && *p <= '9' && n <= MOST_DIGITS; p++) {
        *digits = *digits * 10 + (uint64_t)(*p - '0');
        n += *digits > 0; /* zeros in front do not count */
    }
    *text = p;
    return n;
}

static bool take_exponent(int *exponent, const char **text)
{
    const char *p = *text + 1;
    const bool negative = *p == '-';
    int value = 0;
    p += *p == '-' || *p == '+';
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9' && value < MOST_EXPONENT; p++)
        value = value * 10 + (*p - '0');
    *exponent += negative ? -value : value;
    *text = p;
    return true;
}

static bool take_decimal(decimal *d, const char *text)
{
    const char *start = text;
    int n = take_digits(&d->digits, &text, 0);
    bool any = text > start;
    if (*text == '.') {
        start = ++text;
        n = take_digits(&d->digits, &text, n);
        any |= text > start;
        d->exponent = -(int)(text - start);
    }
    if (!any || n > MOST_DIGITS || ((*text == 'e' || *text == 'E') && !take_exponent(&d->exponent, &text)))
        return false;
    return *text == '\0';
}

/* Two numbers that are exact, and one operation, which rounds as strtod does (Clinger 1990). */
static bool compute(double *number, const decimal *d)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { MOST = sizeof power / sizeof *power - 1 };
    if (FLT_EVAL_METHOD != 0 || d->digits > (uint64_t)1 << DBL_MANT_DIG || d->exponent < -MOST || d->exponent > MOST)
        return false;
    *number = d->exponent < 0 ? (double)d->digits / power[-d->exponent] : (double)d->digits * power[d->exponent];
    return true;
}

#if LDBL_MANT_DIG == 64 && (defined __x86_64__ || defined __i386__)
/*
 * The same with 64 bits, rounded to 53 afterwards. Rounding twice goes wrong only where the first result lies halfway
 * between two numbers of 53 bits.
 */
static bool compute_long(double *number, const decimal *d)
{
    static const long double power[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                        1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                        1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    enum { MOST = sizeof power / sizeof *power - 1, DROPPED = (1 << 11) - 1, HALF = 1 << 10 };
    if (d->exponent < -MOST || d->exponent > MOST)
        return false;
    const long double value = d->exponent < 0 ? d->digits / power[-d->exponent] : d->digits * power[d->exponent];
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    *number = (double)value;
    return (bits & DROPPED) != HALF;
}
#else
static bool compute_long(double *number, const decimal *d)
{
    (void)number;
    (void)d;
    return false;
}
#endif

bool decimal_read(double *number, const char *text)
{
    const bool negative = *text == '-';
    decimal d = {0};
    if (!take_decimal(&d, text + (*text == '-' || *text == '+')) || (!compute(number, &d) && !compute_long(number, &d)))
        return false;
    if (negative)
        *number = -*number;
    return true;
}

/* ---------------------------------------------------------------------------------------------------------- writing */

/* digits / 10^places, without zeros at the end */
static void write_digits(char *text, uint64_t digits, int places)
{
    char reversed[DECIMAL_SIZE];
    int n = 0;
    while (places > 0 && digits % 10 == 0) {
        digits /= 10;
        places--;
    }
    for (int i = 0; digits > 0 || i <= places; i++, digits /= 10) {
        if (i == places && i > 0)
            reversed[n++] = '.';
        reversed[n++] = (char)('0' + digits % 10);
    }
    while (n > 0)
        *text++ = reversed[--n];
    *text = '\0';
}

/*
 * For values that %g writes without an exponent. They have 24 bits, and the powers of ten at most 28, so all products
 * are exact: a number of so many places reads back as the value if it is less than half the gap between floats away.
 */
static bool write_fixed(char *text, float value)
{
    static const double power[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    const double size = fabs((double)value);
    if (!(size >= 1e-4 && size < 1e6))
        return false;
    int exponent, places = 0;
    if (frexp(size, &exponent) == 0.5) /* where the gap below is smaller than that above */
        return false;
    while (size * power[places] < 1e5)
        places++;
    for (int most = places + 3; places <= most; places++) {
        const double exact = size * power[places], digits = rint(exact);
        const double away = fabs(digits - exact), half_gap = ldexp(power[places], exponent - FLT_MANT_DIG - 1);
        if (away < half_gap) {
            *text = '-';
            write_digits(text + (value < 0), (uint64_t)digits, places);
            return true;
        }
        if (away == half_gap)
            return false;
    }
    return false;
}

void decimal_write(char text[DECIMAL_SIZE], float value)
{
    if (write_fixed(text, value))
        return;
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, DECIMAL_SIZE, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
}
