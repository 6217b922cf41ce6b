/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loss J of a batch and its gradient, block by block, on one thread or more.
 *
 * A block is as many rows as fit into a core's cache with everything that is computed of them. First every block is
 * encoded, because compactness needs the mean of all codes; then each is decoded, scored and taken backward. Blocks
 * stand in groups, each of which sums its gradients in a block of its own, in order; at last the groups are added, in
 * order. Blocks and groups follow from the network and the number of rows alone: the result is the same, bit for bit,
 * for any number of threads.
 */
#ifndef AEP_TRAINER_H
#define AEP_TRAINER_H

#include "net.h"
#include "team.h"

/* Rows first .. first + n - 1 of a batch as features, row by row (n, n_features). */
typedef void aep__load_fn(real *features, void *payload, size_t first, size_t n);

/* They will be loaded next: a good moment to ask the memory for them. */
typedef void aep__fetch_fn(void *payload, size_t first, size_t n);

typedef struct aep__batch {
    size_t rows;
    aep__load_fn *load;
    aep__fetch_fn *fetch; /* NULL: not needed */
    void *payload;
    const real *params;
    bool training; /* noise, weight decay and gradients */
    aep__noise noise;
    double lambda1, lambda2, lambda3; /* weight decay, compactness, head */
    bool squared;                     /* the means are of the squares */
} aep__batch;

/* J = reconstruction + lambda1 decay + lambda2 compactness + lambda3 prediction */
typedef struct aep__losses {
    double total, reconstruction, decay, compactness, prediction;
} aep__losses;

typedef struct aep__trainer {
    aep__arena arena;
    size_t capacity;             /* rows of a batch */
    size_t n_threads;            /* that were asked for */
    size_t n_groups;             /* that there is room for */
    real *kept;                  /* by block: values of the encoder */
    real *gradients;             /* (n_groups, n_params) */
    real *mean;                  /* (code) */
    double *sums;                /* by block: of codes (code), of row errors, of scores, of distances from the mean */
    double *squares;             /* by chunk of parameters: of gradients, of weights that decay */
    struct aep__spread *spreads; /* (n_features) */
    aep__frame *frames;          /* one a thread */
    size_t n_frames;
    aep__team *team; /* NULL: one thread */
} aep__trainer;

/* For batches of up to `rows`, and n_threads >= 1. False without memory; the trainer is then all zero. */
bool aep__trainer_init(aep__trainer *trainer, const aep_allocator *mem, const aep__net *net, size_t rows,
                       size_t n_threads);
void aep__trainer_free(aep__trainer *trainer, const aep_allocator *mem); /* to all zero; accepts all zero */

/* The losses of a batch; in training also its gradient, (n_params), and the norm of that. */
aep__losses aep__trainer_run(aep__trainer *trainer, const aep__net *net, const aep__batch *batch);
const real *aep__trainer_gradient(const aep__trainer *trainer, double *norm, const aep__net *net);

/* Which share of the variance of the rows their reconstruction keeps; 1 for rows without any. One thread. */
double aep__trainer_kept_variance(aep__trainer *trainer, const aep__net *net, const aep__batch *batch);

/* fn(payload, codes, block) for each block of a batch, in order, with its codes as they lie. One thread calls it. */
typedef void aep__codes_fn(void *payload, const real *codes, const aep__block *block);
void aep__trainer_codes(aep__trainer *trainer, const aep__net *net, const aep__batch *batch, aep__codes_fn *fn,
                        void *fn_payload);

/* fn(payload, first, n) for parts of the parameters, on all threads where there are many. */
typedef void aep__params_fn(void *payload, size_t first, size_t n);
void aep__trainer_for_params(aep__trainer *trainer, aep__params_fn *fn, void *payload, size_t n_params);

/* Rows of a block, and whether as panels. */
size_t aep__block_rows(bool *panels, const aep__net *net);

#endif
