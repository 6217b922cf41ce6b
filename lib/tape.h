/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Autograd-lite: a network written down once as nodes in topological order, each an operation on earlier nodes. The
 * tape itself is constant and shared by threads; values and gradients live in a frame, parameters in a flat block, so
 * that running it forward or backward allocates nothing and cannot fail.
 *
 * A node is a matrix (rows, width), or one number for the whole batch (width 0).
 */
#ifndef AEP_TAPE_H
#define AEP_TAPE_H

#include "arena.h"
#include "ops.h"
#include "window.h"

enum aep__op {
    AEP__OP_INPUT,           /* written by the caller */
    AEP__OP_NOISE,           /* the input made noisy in training, itself otherwise */
    AEP__OP_CHANNELS_LAST,   /* (channels, height, width) to (height, width, channels) */
    AEP__OP_CHANNELS_FIRST,  /* and back */
    AEP__OP_DENSE,           /* x w + b; attr: the activation that follows, for initialisation */
    AEP__OP_CONV,            /* attr likewise; width: places by filters */
    AEP__OP_CONV_TRANSPOSED, /* attr likewise */
    AEP__OP_UPSAMPLE,
    AEP__OP_MAX_POOL,
    AEP__OP_AVERAGE_POOL,
    AEP__OP_NORM,         /* attr: groups; gamma, then beta */
    AEP__OP_ACTIVATION,   /* attr: enum aep_activation */
    AEP__OP_STOP,         /* the value; its gradient goes no further unless attr is 1 */
    AEP__OP_ROW_NORM,     /* ||a - b|| by row */
    AEP__OP_ABS_DIFF,     /* |a - b| by element */
    AEP__OP_MEAN,         /* of a (rows, 1); attr 1: of the squares */
    AEP__OP_COMPACTNESS,  /* L_C of a (rows, k) */
    AEP__OP_WEIGHT_DECAY, /* sum theta^2 over n_params from param */
    AEP__OP_WEIGHTED_SUM, /* of scalars, weights from the pass */
    AEP__OP_COUNT
};

enum { AEP__MAX_INPUTS = 4 };

typedef struct aep__node {
    int op, attr;
    size_t n_inputs, input[AEP__MAX_INPUTS];
    size_t width;           /* 0: a scalar */
    size_t offset;          /* of its memory: reals a row, or reals among the scalars */
    size_t param, n_params; /* its part of the parameter block */
    aep__window window;     /* of operations on maps */
    bool needs_gradient;    /* a parameter lies at or below it */
} aep__node;

typedef struct aep__tape {
    aep__node *nodes;
    size_t n_nodes, capacity;
    size_t n_params;
    size_t row_reals;    /* memory of all row nodes, a row */
    size_t scalar_reals; /* memory of all scalar nodes */
    size_t scratch;      /* memory that a forward pass needs beside ... */
    size_t scratch_back; /* ... and a backward pass */
    bool failed;         /* a size overflowed, or there were more nodes than capacity */
} aep__tape;

/* Room for `capacity` nodes. False without memory. */
bool aep__tape_init(aep__tape *tape, const aep_allocator *mem, size_t capacity);
void aep__tape_free(aep__tape *tape, const aep_allocator *mem);

/* Append a node; returns its index. Failures are kept in tape->failed,
   checked once. */
size_t aep__tape_add(aep__tape *tape, int op, int attr, size_t width, size_t n_params, const size_t *inputs,
                     size_t n_inputs);

/* The same for an operation on maps, which stand under a window; the width follows from it. attr of a convolution: see
   above; size: its filters. */
size_t aep__tape_add_window(aep__tape *tape, int op, int attr, const aep__window *window, size_t size, size_t input);

/* A scalar node that is the sum of squares of parameters first .. first + n - 1, which belong to nodes before it. */
size_t aep__tape_add_decay(aep__tape *tape, size_t first, size_t n);

/* Memory to run a tape in: for batches of up to `capacity` rows. */
typedef struct aep__frame {
    aep__arena arena;
    size_t capacity;
    real *values, *scalars, *scratch;
    real *gradients, *scalar_gradients; /* NULL in a frame that only runs forward */
} aep__frame;

bool aep__frame_init(aep__frame *frame, const aep_allocator *mem, const aep__tape *tape, size_t capacity,
                     bool backward);
void aep__frame_free(aep__frame *frame, const aep_allocator *mem);

/* Where a node's value (rows, width), or its one number, lies; likewise its gradient after a backward pass. */
real *aep__value(const aep__tape *tape, const aep__frame *frame, size_t node);
real *aep__gradient(const aep__tape *tape, const aep__frame *frame, size_t node);

/* What one run depends on beside the inputs. */
typedef struct aep__pass {
    const real *params; /* (n_params) */
    real *dparams;      /* (n_params), added to by the backward pass */
    size_t rows;        /* <= capacity */
    bool training;      /* noise; and faster products that need not be the same in every batch */
    aep__noise noise;
    real weight[AEP__MAX_INPUTS];
} aep__pass;

/* Compute nodes 0 .. last. */
void aep__tape_forward(const aep__tape *tape, aep__frame *frame, const aep__pass *pass, size_t last);

/* Gradients of the scalar node `root` by every node below it and by the parameters, after a forward pass up to it. */
void aep__tape_backward(const aep__tape *tape, aep__frame *frame, const aep__pass *pass, size_t root);

const char *aep__op_name(int op);

#endif
