/* SPDX-License-Identifier: BSD-2-Clause */
/* Running rows through the network without training it. */
#ifndef AEP_SCORE_H
#define AEP_SCORE_H

#include "rows.h"

struct aep_workspace {
    aep_allocator mem;
    size_t reals[2], scratch, n_features, n_columns; /* the shape that it was made for */
    bool has_maps;
    double row_work;    /* multiplications of a row */
    aep__frame single;  /* row by row, for few rows */
    aep__frame *frames; /* one a thread */
    size_t n_frames;
    aep__team *team; /* NULL: one thread */
    size_t capacity; /* rows of a frame */
    float *rows;     /* (capacity + 2, n_columns): scratch for explain */
    float *scores;   /* (capacity): likewise */
};

/* Either the caller's workspace or one for this call, in *own to be freed. Checks the rows and the shape. */
int aep__scoring_begin(aep_workspace **workspace, aep_workspace **own, const aep_model *model, const float *rows,
                       size_t n_rows, size_t n_cols);

/* Rows that have been run: what the nodes hold of them. */
typedef struct aep__scored {
    const aep_model *model;
    const aep__frame *frame;
    aep__block block;
} aep__scored;

/* Run n <= capacity checked rows up to a node, on the frame of a thread. */
aep__scored aep__scoring_run(aep_workspace *workspace, size_t thread, const aep_model *model, const float *rows,
                             size_t n, size_t node);

/* A node of the rows that were run, row by row (n, its width). */
void aep__scored_read(float *out, const aep__scored *scored, size_t node);

/* The parts (n_rows) of the joint score, of rows that aep_score would take. Needs model->joint.n_rows. */
int aep__score_parts(float *const parts[AEP__JOINT_PARTS], const aep_model *model, const float *rows, size_t n_rows,
                     size_t n_cols);

/* Scores (n_rows) and latent variables (n_rows, k), in a workspace of the model, of rows that aep_score would take. */
int aep__score_and_encode(float *scores, float *codes, const aep_model *model, aep_workspace *workspace,
                          const float *rows, size_t n_rows, size_t n_cols);

/* Whether the model's score can be computed: STATE for a joint one that was never standardised. */
int aep__score_ready(const aep_model *model);

/* The node that the model's score needs, and the scores (n) after a run up to it. */
size_t aep__score_node(const aep_model *model);
void aep__scores_read(float *scores, const aep__scored *scored);

#endif
