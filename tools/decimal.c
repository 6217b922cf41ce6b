/* SPDX-License-Identifier: BSD-2-Clause */
#include "decimal.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

/* digits * 10^exponent */
typedef struct decimal {
    uint64_t digits;
    int exponent;
} decimal;

enum { MOST_DIGITS = 19 /* that fit 64 bits, whatever they are */, MOST_EXPONENT = 9999 };

/* Digits and numbers without any are told apart by where *text is left. */
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
