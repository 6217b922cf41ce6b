/* SPDX-License-Identifier: BSD-2-Clause */
/* The model: everything that is needed to train on and to score. */
#ifndef AEP_MODEL_H
#define AEP_MODEL_H

#include "calibration.h"
#include "joint.h"
#include "net.h"
#include "options.h"
#include "profile.h"
#include "scaler.h"
#include "trainer.h"

enum { AEP__MAX_HISTORY = 100000 };

/* The figures of an epoch, in the order in which they are saved. */
enum aep__figure {
    AEP__FIGURE_LOSS,
    AEP__FIGURE_RECONSTRUCTION,
    AEP__FIGURE_COMPACTNESS,
    AEP__FIGURE_PREDICTION,
    AEP__FIGURE_VALIDATION,
    AEP__FIGURE_RATE,
    AEP__FIGURE_COUNT
};

typedef struct aep__history {
    double (*epochs)[AEP__FIGURE_COUNT];
    size_t n, capacity;
} aep__history;

/* The trained state: one block each of n_params. */
typedef struct aep__weights {
    aep__arena arena;
    real *params, *m, *v; /* m, v: Adam's moments */
    uint64_t age;         /* steps that the moments have seen */
} aep__weights;

/* An aep_fit that has begun and not ended; saved, so that it can go on after a load. */
typedef struct aep__run {
    bool active;
    uint64_t n_rows, n_validation, epochs, batch_size;
    uint64_t first_epoch;           /* model->epochs when it began */
    uint64_t epoch, batch;          /* done: whole epochs, and batches of the one under way */
    double sums[AEP__FIGURE_COUNT]; /* of that epoch, weighted by rows */
    double best_loss;               /* on the validation rows */
    uint64_t best_epoch, waited;    /* best_epoch counts from 1 within the run, 0: none yet */
    aep__weights best;              /* with a validation share */
} aep__run;

struct aep_model {
    aep_allocator mem;
    aep__log log;
    aep__settings settings; /* with its layers resolved */
    aep__image_plan plan;   /* of its image layers; empty without an image */
    aep__schema schema;
    aep__scaler scaler;
    aep__net net;
    aep__weights weights;
    uint64_t steps, epochs;         /* so far, over all calls */
    uint64_t best_epoch;            /* 0: none */
    double last[AEP__FIGURE_COUNT]; /* of the last step (validation: of the last epoch), NaN where unknown */
    double gradient_norm;           /* likewise */
    aep__history history;
    aep__calibration calibration;
    aep__profile profile; /* of the rows calibrated on */
    uint64_t n_gated;     /* rows that learning_gate kept out of aep_fit_batch */
    aep__joint joint;     /* of the codes that aep_fit ended with, or aep_calibrate was given */
    aep__run run;
    aep__trainer trainer; /* memory for training; built when needed, not part of what a model is */
    size_t n_threads;     /* that a call may use; likewise not part of it */
};

/* A model with untrained, unscaled networks from settings and a schema, which is copied. Checks what depends on more
   than one option, resolves the layers. Weights are zero: see aep__layers_init. */
int aep__model_make(aep_model **model, const aep_allocator *mem, const aep__log *log, const aep__settings *settings,
                    const aep__schema *schema);

/* Number of parameters that such a model would have, without making it. */
int aep__model_count(size_t *n_params, const aep_allocator *mem, const aep__settings *settings,
                     const aep__schema *schema);

double aep__option(const aep_model *model, int key);
bool aep__choice(const aep_model *model, int key, int value);

bool aep__weights_init(aep__weights *weights, const aep_allocator *mem, size_t n_params);
void aep__weights_copy(aep__weights *to, const aep__weights *from, size_t n_params);
void aep__weights_free(aep__weights *weights, const aep_allocator *mem);

/* Room for n more epochs. */
bool aep__history_reserve(aep__history *history, const aep_allocator *mem, size_t n);
/* Append one epoch; past AEP__MAX_HISTORY the oldest goes. */
void aep__history_add(aep__history *history, const double figures[AEP__FIGURE_COUNT]);

void aep__run_end(aep_model *model);

#endif
