/* SPDX-License-Identifier: BSD-2-Clause */
/* How large images are, and how that is written: CHANNELS,HEIGHT,WIDTH. */
#ifndef AEPRED_IMAGE_SIZE_H
#define AEPRED_IMAGE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* All 0: the rows are no images. */
typedef struct image_size {
    size_t channels, height, width;
} image_size;

enum { MOST_COLUMNS = 1 << 24 };

/* The product of the sizes; 0 if it is more than MOST_COLUMNS, or one of them is 0. */
size_t image_values(const image_size *image);

bool image_same(const image_size *a, const image_size *b);

/* "1,28,28": as it is given to --image. Returns text. */
enum { IMAGE_TEXT_SIZE = 72 };
const char *image_text(char text[IMAGE_TEXT_SIZE], const image_size *image);

/* The value of --image; says what is wrong and returns false. */
bool image_parse(image_size *image, const char *text);

#endif
