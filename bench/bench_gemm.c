/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in kernels against the CBLAS on the products that training is made of, in GFLOP/s. Decides worth_cblas in
   lib/gemm.c. Set the BLAS to one thread (OPENBLAS_NUM_THREADS=1). */
#include "gemm.h"
#include "timing.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

static const double seconds_each = 0.3;

typedef struct product {
    float *c, *a, *b;
    size_t m, n, k;
} product;

static void run_kernel(const product *p)
{
    aep__kernels_best()->product(&(aep__product){.c = p->c,
                                                 .c_row = p->n,
                                                 .a = p->a,
                                                 .a_row = p->k,
                                                 .a_col = 1,
                                                 .b = p->b,
                                                 .b_row = p->n,
                                                 .m = p->m,
                                                 .n = p->n,
                                                 .k = p->k,
                                                 .start = AEP__START_C});
}

static void run_cblas(const product *p)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)p->m, (int)p->n, (int)p->k, 1, p->a, (int)p->k, p->b,
                (int)p->n, 1, p->c, (int)p->n);
}

static double gflops(void (*run)(const product *p), const product *p)
{
    double runs = 0, begin = seconds_now(), end;
    do {
        run(p);
        runs++;
    } while ((end = seconds_now()) - begin < seconds_each);
    return 2e-9 * (double)p->m * (double)p->n * (double)p->k * runs / (end - begin);
}

static float *filled(size_t n)
{
    float *array = malloc(n * sizeof *array);
    for (size_t i = 0; array && i < n; i++)
        array[i] = (float)(i % 17) / 17 - 0.5f;
    return array;
}

int main(void)
{
    static const size_t sizes[][3] = {{1, 60, 118},       {32, 60, 118},      {1024, 60, 118},
                                      {1024, 256, 256},   {1024, 512, 512},   {1024, 768, 768},
                                      {1024, 1024, 1024}, {1024, 2048, 2048}, {64, 1024, 1024}};
    printf("%6s %6s %6s %10s %10s\n", "rows", "out", "in", aep__kernels_best()->name, "cblas");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        product p = {.m = sizes[i][0], .n = sizes[i][1], .k = sizes[i][2]};
        p.a = filled(p.m * p.k);
        p.b = filled(p.k * p.n);
        p.c = filled(p.m * p.n);
        if (!p.a || !p.b || !p.c)
            return 1;
        printf("%6zu %6zu %6zu %10.1f %10.1f\n", p.m, p.n, p.k, gflops(run_kernel, &p), gflops(run_cblas, &p));
        free(p.a);
        free(p.b);
        free(p.c);
    }
    return 0;
}
