/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * philox_plain of kernels.c for LANES counters at a time. Beside what kernels_product.h asks for:
 *   WORDS                               type of a vector of LANES 32-bit words
 *   spread_word(x), load_words(p), store_words(p, w), add_words(a, b), xor_words(a, b, c)
 *   low_words(a, b), high_words(a, b)   the two halves of the products
 */
TARGET static inline void NAME(philox)(uint32_t word[4][AEP__LANES], const aep__draw *draw, uint32_t lane_0,
                                       uint32_t block)
{
    static const uint32_t lane[AEP__LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const WORDS factor0 = NAME(spread_word)(0xD2511F53u), factor1 = NAME(spread_word)(0xCD9E8D57u);
    for (size_t i = 0; i < AEP__LANES; i += LANES) {
        WORDS a = NAME(spread_word)(block),
              b = NAME(add_words)(NAME(spread_word)(draw->first_row + lane_0), NAME(load_words)(lane + i));
        WORDS c = NAME(spread_word)((uint32_t)draw->step), d = NAME(spread_word)((uint32_t)(draw->step >> 32));
        uint32_t key0 = (uint32_t)draw->seed, key1 = (uint32_t)(draw->seed >> 32) ^ (draw->stream << 24);
        for (int round = 0; round < 10; round++, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u) {
            const WORDS p = NAME(high_words)(a, factor0), q = NAME(high_words)(c, factor1);
            const WORDS next_b = NAME(low_words)(c, factor1), next_d = NAME(low_words)(a, factor0);
            a = NAME(xor_words)(q, b, NAME(spread_word)(key0));
            c = NAME(xor_words)(p, d, NAME(spread_word)(key1));
            b = next_b;
            d = next_d;
        }
        NAME(store_words)(word[0] + i, a);
        NAME(store_words)(word[1] + i, b);
        NAME(store_words)(word[2] + i, c);
        NAME(store_words)(word[3] + i, d);
    }
}
