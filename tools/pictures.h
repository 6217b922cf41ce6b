/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred explain --png: a picture of each of the rows with the highest scores. */
#ifndef AEPRED_PICTURES_H
#define AEPRED_PICTURES_H

#include "best_rows.h"
#include "feed.h"
#include "output.h"

typedef struct pictures {
    const aep_model *model;
    const char *folder;
    image_size size;
    best_rows best;
    float low, high; /* what is shown as black, and as white */
} pictures;

/*
 * The folder is made by pictures_write, but whether it can be shows here. The model's rows are images. Says what went
 * wrong and returns false.
 */
bool pictures_open(pictures *p, const aep_model *model, const char *folder, size_t most);
void pictures_close(pictures *p);

/* Rows just read, with their scores; flags: those to be considered, NULL: all. */
bool pictures_offer(pictures *p, const feed *f, const float *scores, const uint8_t *flags);

/* No more rows: write the pictures, if there are any, and a CSV line for each into the table. */
bool pictures_write(pictures *p, aep_workspace *workspace, output *table);

#endif
