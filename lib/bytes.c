/* SPDX-License-Identifier: BSD-2-Clause */
#include "bytes.h"

#include <string.h>

static void put(aep__writer *w, uint64_t value, size_t n)
{
    if (w->data)
        for (size_t i = 0; i < n; i++)
            w->data[w->pos + i] = (uint8_t)(value >> (8 * i));
    w->pos += n;
}

void aep__put_u8(aep__writer *w, uint8_t value) { put(w, value, 1); }
void aep__put_u32(aep__writer *w, uint32_t value) { put(w, value, 4); }
void aep__put_u64(aep__writer *w, uint64_t value) { put(w, value, 8); }

void aep__put_f64(aep__writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(w, bits, 8);
}

void aep__put_f32s(aep__writer *w, const float *values, size_t n)
{
    if (!w->data) {
        w->pos += 4 * n;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        put(w, bits, 4);
    }
}

void aep__put_f64s(aep__writer *w, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        aep__put_f64(w, values[i]);
}

void aep__put_string(aep__writer *w, const char *s)
{
    if (!s) {
        aep__put_u32(w, 0);
        return;
    }
    size_t length = strlen(s);
    aep__put_u32(w, (uint32_t)length + 1);
    if (w->data)
        memcpy(w->data + w->pos, s, length);
    w->pos += length;
}

static uint64_t get(aep__reader *r, size_t n)
{
    uint64_t value = 0;
    if (r->bad || r->size - r->pos < n) {
        r->bad = true;
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)r->data[r->pos + i] << (8 * i);
    r->pos += n;
    return value;
}

uint8_t aep__get_u8(aep__reader *r) { return (uint8_t)get(r, 1); }
uint32_t aep__get_u32(aep__reader *r) { return (uint32_t)get(r, 4); }
uint64_t aep__get_u64(aep__reader *r) { return get(r, 8); }

double aep__get_f64(aep__reader *r)
{
    uint64_t bits = get(r, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void aep__get_f32s(aep__reader *r, float *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)get(r, 4);
        memcpy(&values[i], &bits, sizeof bits);
    }
}

void aep__get_f64s(aep__reader *r, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = aep__get_f64(r);
}

size_t aep__get_count(aep__reader *r, size_t size)
{
    uint64_t n = get(r, 8);
    if (r->bad || n > (r->size - r->pos) / (size ? size : 1)) {
        r->bad = true;
        return 0;
    }
    return (size_t)n;
}

const char *aep__get_string(aep__reader *r, size_t *length, size_t max)
{
    size_t n = aep__get_u32(r);
    *length = 0;
    if (r->bad || !n)
        return NULL;
    n--;
    if (n > max || n > r->size - r->pos || memchr(r->data + r->pos, 0, n)) {
        r->bad = true;
        return NULL;
    }
    const char *s = (const char *)r->data + r->pos;
    r->pos += n;
    *length = n;
    return s;
}

uint32_t aep__crc32(const uint8_t *data, size_t n)
{
    /* four bits at a time: the table is the CRC of each nibble, polynomial 0xedb88320 */
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= data[i];
        crc = table[crc & 15] ^ (crc >> 4);
        crc = table[crc & 15] ^ (crc >> 4);
    }
    return ~crc;
}
