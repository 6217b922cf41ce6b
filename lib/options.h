/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of options, and the object that holds a choice of them. */
#ifndef AEP_OPTIONS_H
#define AEP_OPTIONS_H

#include "image.h"
#include "schema.h"

enum { AEP__OPTION_COUNT = 39, AEP__MAX_LAYERS = 32, AEP__MAX_WIDTH = 65536, AEP__PART_COUNT = 3 };

typedef struct aep__layers {
    size_t n; /* 0: the preset */
    size_t width[AEP__MAX_LAYERS];
} aep__layers;

/* Everything about a model that is a number. Copied by assignment. */
typedef struct aep__settings {
    double value[AEP__OPTION_COUNT + 1]; /* by key; [0] unused */
    aep__layers layers[AEP__PART_COUNT]; /* by enum aep_part */
    aep__image image;
} aep__settings;

struct aep_options {
    aep_allocator mem;
    aep__log log;
    aep__settings settings;
    aep__schema schema;
};

void aep__settings_init(aep__settings *settings); /* every preset */

/* Set one value. OPTION, RANGE (out of bounds, not a number, not whole where an integer, choice or switch is wanted);
   the message names the option, its bounds or choices. */
int aep__settings_set(aep__settings *settings, const aep__log *log, int key, double value);
int aep__settings_get(double *value, const aep__settings *settings, int key);

/* Written as (count, then key and value pairs), so that options can be added. Reading ignores nothing: an unknown key
   or a value out of bounds is FORMAT; keys that are absent keep their presets. Layers follow, and
   from version 2 of the format on the image. */
void aep__settings_write(const aep__settings *settings, aep__writer *w);
int aep__settings_read(aep__settings *settings, aep__reader *r, uint32_t version);

#endif
