/* SPDX-License-Identifier: BSD-2-Clause */
#include "image_size.h"

#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

size_t image_values(const image_size *image)
{
    const size_t sizes[] = {image->channels, image->height, image->width};
    size_t product = 1;
    for (int i = 0; i < 3; i++) {
        if (sizes[i] > MOST_COLUMNS / product)
            return 0;
        product *= sizes[i];
        if (product == 0)
            return 0;
    }
    return product;
}

bool image_same(const image_size *a, const image_size *b)
{
    return a->channels == b->channels && a->height == b->height && a->width == b->width;
}

const char *image_text(char text[IMAGE_TEXT_SIZE], const image_size *image)
{
    snprintf(text, IMAGE_TEXT_SIZE, "%zu,%zu,%zu", image->channels, image->height, image->width);
    return text;
}

static bool read_sizes(size_t sizes[3], const char *text)
{
    for (int i = 0; i < 3; i++) {
        char *end;
        errno = 0;
        sizes[i] = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
        if (*text < '0' || *text > '9' || errno || *end != (i < 2 ? ',' : '\0'))
            return false;
        text = end + 1;
    }
    return true;
}

bool image_parse(image_size *image, const char *text)
{
    size_t sizes[3];
    if (!read_sizes(sizes, text)) {
        say_error("--image %s: must be CHANNELS,HEIGHT,WIDTH, such as 1,28,28, or none", text);
        return false;
    }
    *image = (image_size){sizes[0], sizes[1], sizes[2]};
    if (image_values(image))
        return true;
    say_error("--image %s: the sizes must be at least 1, and their product at most %d", text, MOST_COLUMNS);
    return false;
}
