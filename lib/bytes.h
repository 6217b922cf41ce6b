/* SPDX-License-Identifier: BSD-2-Clause */
/* Little-endian writing, and reading that never leaves its bounds. Modules write and read their own state
   with these. */
#ifndef AEP_BYTES_H
#define AEP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With data NULL nothing is written and pos counts what would be. The caller gives a buffer of the size so counted. */
typedef struct aep__writer {
    uint8_t *data;
    size_t pos;
} aep__writer;

void aep__put_u8(aep__writer *w, uint8_t value);
void aep__put_u32(aep__writer *w, uint32_t value);
void aep__put_u64(aep__writer *w, uint64_t value);
void aep__put_f64(aep__writer *w, double value);
void aep__put_f32s(aep__writer *w, const float *values, size_t n);
void aep__put_f64s(aep__writer *w, const double *values, size_t n);
void aep__put_string(aep__writer *w, const char *s); /* u32 length + 1 and the bytes; NULL is length 0 */

/* A read past the end sets `bad` and gives zeros from then on; the caller checks once, before it uses anything. */
typedef struct aep__reader {
    const uint8_t *data;
    size_t size;
    size_t pos;
    bool bad;
} aep__reader;

uint8_t aep__get_u8(aep__reader *r);
uint32_t aep__get_u32(aep__reader *r);
uint64_t aep__get_u64(aep__reader *r);
double aep__get_f64(aep__reader *r);
void aep__get_f32s(aep__reader *r, float *values, size_t n);
void aep__get_f64s(aep__reader *r, double *values, size_t n);

/* A u64 that counts elements of at least `size` bytes that must still follow; sets bad and gives 0 if they cannot.
   Call it before allocating for them, so that memory stays in proportion to the bytes given. */
size_t aep__get_count(aep__reader *r, size_t size);

/* A string as aep__put_string writes it: the bytes inside the buffer (not terminated) or NULL; bad if longer
   than max. */
const char *aep__get_string(aep__reader *r, size_t *length, size_t max);

/* CRC-32 (ISO-HDLC, the one of zip and PNG) of n bytes. */
uint32_t aep__crc32(const uint8_t *data, size_t n);

#endif
