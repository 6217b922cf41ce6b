/* SPDX-License-Identifier: BSD-2-Clause */
#include "activation.h"

#include <aepred.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define NAME(x) x##_avx512
#define TARGET  __attribute__((target("avx512f")))
#include "activation_kernel.h"
#define NAME(x) x##_avx2
#define TARGET  __attribute__((target("avx2")))
#include "activation_kernel.h"
#define SUPPORTED(set) __builtin_cpu_supports(set)
#else
#define SUPPORTED(set)  0
#define forward_avx512  forward_plain
#define forward_avx2    forward_plain
#define backward_avx512 backward_plain
#define backward_avx2   backward_plain
#endif
#define NAME(x) x##_plain
#define TARGET
#include "activation_kernel.h"

void aep__activation_forward(int kind, real *y, const real *x, size_t n)
{
    if (SUPPORTED("avx512f"))
        forward_avx512(kind, y, x, n);
    else if (SUPPORTED("avx2"))
        forward_avx2(kind, y, x, n);
    else
        forward_plain(kind, y, x, n);
}

void aep__activation_backward(int kind, real *dx, const real *dy, const real *x, const real *y, size_t n)
{
    if (SUPPORTED("avx512f"))
        backward_avx512(kind, dx, dy, x, y, n);
    else if (SUPPORTED("avx2"))
        backward_avx2(kind, dx, dy, x, y, n);
    else
        backward_plain(kind, dx, dy, x, y, n);
}
