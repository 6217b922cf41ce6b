/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the kernels share: the sets, and arrays behind which nothing may be touched. */
#ifndef AEP_TESTS_KERNELS_FIXTURE_H
#define AEP_TESTS_KERNELS_FIXTURE_H

#include "kernels.h"
#include "numbers_fixture.h"

#include <sys/mman.h>
#include <unistd.h>

static inline const aep__kernels *set_after(const aep__kernels *k)
{
    size_t i = 0;
    while (aep__kernels_at(i) != k)
        i++;
    return aep__kernels_at(i + 1);
}

#define FOR_EACH_SET(k) for (const aep__kernels *k = aep__kernels_at(0); k; k = set_after(k))

/* The set that says what the others compute. */
static inline const aep__kernels *plain(void)
{
    const aep__kernels *last = NULL;
    FOR_EACH_SET(k)
    last = k;
    return last;
}

/* The set that gives the same bits as k: the first of those with vectors, which fuse multiplications and additions; or,
   for a loop that does not, the plain one. */
static inline const aep__kernels *twin(const aep__kernels *k, bool fused)
{
    return fused && k != plain() ? aep__kernels_at(0) : plain();
}

/* The sets in turn. */
static inline const aep__kernels *any_set(uint64_t i)
{
    size_t n = 0;
    while (aep__kernels_at(n))
        n++;
    return aep__kernels_at((size_t)(i % n));
}

enum { EDGES = 10, EDGE_REALS = 1 << 17, BEFORE = 32 };

/* The i-th array of n normal numbers whose end is that of a page, with no page behind it: what reads or writes there
   crashes. Writing before it is found by assert_untouched_before. It lasts until the i-th is asked for again. */
static inline real *edge_array(int i, size_t n, uint64_t seed)
{
    static char *regions[EDGES];
    const size_t size = EDGE_REALS * sizeof(real), page = (size_t)sysconf(_SC_PAGESIZE);
    ck_assert(i < EDGES && n + BEFORE <= EDGE_REALS && size % page == 0);
    if (!regions[i]) {
        regions[i] = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert((void *)regions[i] != MAP_FAILED);
        ck_assert_int_eq(mprotect(regions[i] + size, page, PROT_NONE), 0);
    }
    real *a = (real *)(void *)(regions[i] + size) - n;
    memset(a - BEFORE, 0x5a, BEFORE * sizeof *a);
    aep__rng_normal(a, n, seed + (uint64_t)i * 1000003, AEP__STREAM_NOISE, 0, 0);
    return a;
}

static inline void assert_untouched_before(const real *a)
{
    size_t touched = 0;
    for (const unsigned char *byte = (const unsigned char *)(a - BEFORE); byte < (const unsigned char *)a; byte++)
        touched += *byte != 0x5a;
    ck_assert_uint_eq(touched, 0);
}

/* Values that are not the same bits; any NaN is like another. */
static inline size_t n_different(const real *a, const real *b, size_t n)
{
    size_t different = 0;
    for (size_t i = 0; i < n; i++)
        different += memcmp(&a[i], &b[i], sizeof *a) != 0 && !(a[i] != a[i] && b[i] != b[i]);
    return different;
}

#endif
