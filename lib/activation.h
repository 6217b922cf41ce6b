/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Activation functions over arrays. In float, exp and tanh are polynomials without branches that compilers vectorise;
 * they differ from the exact values by at most 2e-7 relative (tests/test_activation.c). A value's result depends on
 * that value only, and is the same with every instruction set.
 */
#ifndef AEP_ACTIVATION_H
#define AEP_ACTIVATION_H

#include "real.h"

#include <stddef.h>

/* y = f(x), n values, y and x apart; kind: enum aep_activation, but not AEP_IDENTITY, which needs no operation */
void aep__activation_forward(int kind, real *y, const real *x, size_t n);

/* dx += f'(x) dy, with y = f(x) */
void aep__activation_backward(int kind, real *dx, const real *dy, const real *x, const real *y, size_t n);

#endif
