/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Autograd-lite: a network written down once as nodes in topological order, each an operation on earlier nodes. The
 * tape itself is constant and shared by threads; values and gradients of a block of rows live in a frame, parameters in
 * a flat block, so that running it forward or backward allocates nothing and cannot fail.
 *
 * A node is a matrix (rows, width), laid out as the frame says (ops.h). The losses, which look at a whole batch, are
 * not on the tape: they read nodes and seed their gradients (loss.h, trainer.h).
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
    AEP__OP_NORM,       /* attr: groups; gamma, then beta */
    AEP__OP_ACTIVATION, /* attr: enum aep_activation */
    AEP__OP_STOP,       /* the value; its gradient goes no further unless attr is 1 */
    AEP__OP_ROW_NORM,   /* ||a - b|| by row */
    AEP__OP_ABS_DIFF,   /* |a - b| by element */
    AEP__OP_COUNT
};

enum { AEP__MAX_INPUTS = 2 };

/* Where the values of a node live: those of a part that is kept for the whole batch, between two passes over its
   blocks, and those that each block overwrites. */
enum aep__part { AEP__KEPT, AEP__PASSING };

typedef struct aep__node {
    int op, attr;
    size_t n_inputs, input[AEP__MAX_INPUTS];
    size_t width;
    int part;
    size_t offset, gradient_offset; /* of its memory, in reals a row */
    size_t param, n_params;         /* its part of the parameter block */
    aep__window window;             /* of operations on maps */
    bool in_place;                  /* overwrites its input */
    bool needs_gradient;            /* a parameter lies at or below it */
    bool seeded;                    /* its gradient is begun by the caller */
    bool reached;                   /* by a gradient */
    bool adds[AEP__MAX_INPUTS];     /* the gradient of that input has begun before it comes to this node */
} aep__node;

typedef struct aep__tape {
    const aep__kernels *kernels;
    aep__node *nodes;
    size_t n_nodes, capacity;
    size_t n_params;
    int part;              /* of the nodes added from now on */
    size_t reals[2];       /* memory of the values of each part, a row */
    size_t gradient_reals; /* of the gradients, a row */
    size_t row_reals;      /* of the values of both parts */
    size_t scratch;        /* memory that a forward pass needs beside */
    bool has_maps;         /* which lie row by row */
    bool failed;           /* a size overflowed, or there were more nodes than capacity */
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

/* The caller will write the gradient of this node before a backward pass. */
void aep__tape_seed(aep__tape *tape, size_t node);

/* Every node is there and every seed known: find out how gradients flow. */
void aep__tape_finish(aep__tape *tape);

/* Multiplications of a row's forward pass. */
double aep__tape_work(const aep__tape *tape);

/* Memory to run a block in. */
typedef struct aep__frame {
    aep__arena arena;
    size_t capacity; /* rows */
    bool panels;     /* capacity is then a multiple of AEP__LANES */
    real *values[2]; /* by part */
    real *gradients; /* NULL in a frame that only runs forward */
    real *scratch;
    real *rows; /* of panels: (capacity, width of node 0), rows on their way in or out */
} aep__frame;

enum aep__frame_use {
    AEP__FRAME_FORWARD, /* both parts */
    AEP__FRAME_TRAINING /* and gradients; the caller sets values[AEP__KEPT] */
};

bool aep__frame_init(aep__frame *frame, const aep_allocator *mem, const aep__tape *tape, size_t capacity, bool panels,
                     int use);
void aep__frame_free(aep__frame *frame, const aep_allocator *mem);

/* A block of rows <= capacity in the frame's layout. */
aep__block aep__frame_block(const aep__frame *frame, size_t rows);

/* Where the rows of a block are to be put, row by row, for node 0, the input; and taking them over from there into the
   layout of the frame. */
real *aep__frame_input(const aep__tape *tape, const aep__frame *frame);
void aep__frame_take_input(const aep__tape *tape, aep__frame *frame, const aep__block *block);

/* Where a node's value lies; likewise its gradient after a backward pass. */
real *aep__value(const aep__tape *tape, const aep__frame *frame, size_t node);
real *aep__gradient(const aep__tape *tape, const aep__frame *frame, size_t node);

/* What one run depends on beside the inputs. */
typedef struct aep__pass {
    const real *params; /* (n_params) */
    real *dparams;      /* (n_params), added to by the backward pass */
    aep__block block;
    size_t first_row; /* its place in the batch */
    bool training;    /* noise; and faster products that need not be the same in every batch */
    aep__noise noise;
} aep__pass;

/* Compute nodes first .. last, from earlier ones. */
void aep__tape_forward(const aep__tape *tape, aep__frame *frame, const aep__pass *pass, size_t first, size_t last);

/* Gradients by every node below the seeds and by the parameters, after a forward pass over all nodes. */
void aep__tape_backward(const aep__tape *tape, aep__frame *frame, const aep__pass *pass);

const char *aep__op_name(int op);

#endif
