/* SPDX-License-Identifier: BSD-2-Clause */
#include "sample.h"

enum { BLOCK = 100 };

/* splitmix64 (Steele, Lea and Flood 2014), as a number from 0 to below 1 */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

void sample_of(sample *s, uint64_t seed, size_t wanted, size_t n)
{
    *s = (sample){.state = seed, .left = n, .wanted = wanted};
}

void sample_share(sample *s, uint64_t seed, double share)
{
    /* another sequence than that of sample_of with the same seed */
    *s = (sample){.state = ~seed, .share = share};
}

bool sample_take(sample *s)
{
    if (s->left == 0) {
        s->left = BLOCK;
        s->owed += s->share * BLOCK;
        s->wanted = (size_t)(s->owed + 0.5);
        s->owed -= (double)s->wanted;
    }
    /* selection sampling, algorithm S of Knuth, volume 2, section 3.4.2 */
    bool taken = uniform(&s->state) * (double)s->left < (double)s->wanted;
    s->left--;
    s->wanted -= taken;
    return taken;
}
