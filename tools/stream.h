/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of an input file, plain or gzip, or of standard input. */
#ifndef AEPRED_STREAM_H
#define AEPRED_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

enum { STREAM_SIZE = 1 << 16 };

typedef struct stream {
    gzFile gz;
    const char *name; /* as it appears in messages */
    size_t position, length;
    unsigned char data[STREAM_SIZE + 1]; /* data[length] is 0 */
} stream;

/* "-" is standard input. Says what went wrong and returns false. */
bool stream_open(stream *s, const char *path);
void stream_close(stream *s);

/* Read on once position has reached length: 1, 0 at the end, or -1 having said why. */
int stream_fill(stream *s);

/* Up to n bytes, fewer only at the end; *got: how many. 0, or -1 having said why. */
int stream_read_part(stream *s, void *to, size_t n, size_t *got);

/* Exactly n bytes: 1, 0 when none were left, -1 having said why (an error, or fewer than n). */
int stream_read(stream *s, void *to, size_t n);

#endif
