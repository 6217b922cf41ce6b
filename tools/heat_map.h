/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A picture of an image side by side with its reconstruction and with a map of where its score comes from; of a signal,
 * whose height or width is 1, these are strips one above the other.
 */
#ifndef AEPRED_HEAT_MAP_H
#define AEPRED_HEAT_MAP_H

#include "image_size.h"

typedef struct heat_map {
    image_size size;
    const float *found, *rebuilt; /* channel by channel; NaN is shown as low */
    const float *shares;          /* of the score, likewise */
    float low, high;              /* what is shown as black, and as white */
} heat_map;

/* Is the image small enough to be drawn? If not, says so. */
bool heat_map_possible(const image_size *size);

/*
 * Write it to a PNG file: grey of one channel, colours of three, else the mean of the channels; the map from black over
 * red and yellow to white, where white is the pixel with the largest share. Says what went wrong and returns false.
 */
bool heat_map_write(const heat_map *map, const char *path);

#endif
