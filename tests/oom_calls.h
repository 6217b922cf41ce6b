/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects that every public function is called on when memory runs out, and the calls. */
#ifndef AEP_TESTS_OOM_CALLS_H
#define AEP_TESTS_OOM_CALLS_H

#include "support.h"

enum { ROWS = 40, COLS = 3 };

typedef struct world {
    memory memory;
    aep_allocator allocator;
    aep_options *options;
    aep_model *ready;    /* trained and calibrated */
    aep_model *gated;    /* and with a learning gate that half of the rows pass */
    aep_drift *drift;    /* of ready */
    aep_model *fresh;    /* nothing done yet; the rank transform */
    aep_model *streamed; /* has seen rows; robust scaling */
    aep_model *paused;   /* loaded from within aep_fit, with best weights */
    aep_model *started;  /* one step was made, on two rows */
    aep_model *joint;    /* as ready, by the joint score */
    aep_model *batched;  /* as started, to be scored by the joint score */
    aep_workspace *workspace;
    float *rows, scores[ROWS];
    uint8_t labels[ROWS];
    bytes saved; /* ready */
    char folder[64], path[96];
    bool tries_again; /* the call does, where it found no memory; and it goes on with fewer threads */
    /* what calls make */
    aep_options *made_options;
    aep_model *made_model;
    aep_workspace *made_workspace;
    aep_drift *made_drift;
} world;

void new_world(world *w);
void free_world(world *w);
bool file_is_untouched(const world *w); /* the folder holds the file as it was and no other, or nothing */

/* From now on n allocations succeed, by the allocator and by malloc; then one fails, or all do. */
void oom_arm(world *w, size_t n, bool for_good);
bool oom_disarm(world *w); /* whether one has failed */

typedef struct oom_call {
    const char *name, *variant;
    int (*call)(world *w);
    bool allocates;
} oom_call;

const oom_call *oom_calls(size_t *n);

/* Of oom_lives.c; the loaded model stays in made_model. */
int life_of_a_table(world *w);
int life_of_pictures(world *w);

#endif
