/* SPDX-License-Identifier: BSD-2-Clause */
/* Running rows through the network without training it. */
#ifndef AEP_SCORE_H
#define AEP_SCORE_H

#include "model.h"

struct aep_workspace {
    aep_allocator mem;
    size_t row_reals, scalar_reals, scratch; /* the shape that it was made for */
    size_t n_columns;
    aep__frame frame;
    float *rows;   /* (capacity + 2, n_columns): scratch for explain */
    float *scores; /* (capacity): likewise */
};

/* Either the caller's workspace or one for this call, in *own to be freed. Checks the rows and the shape. */
int aep__scoring_begin(aep_workspace **workspace, aep_workspace **own, const aep_model *model, const float *rows,
                       size_t n_rows, size_t n_cols);

/* Run n <= capacity checked rows up to a node. */
void aep__scoring_run(aep_workspace *workspace, const aep_model *model, const float *rows, size_t n, size_t node);

/* The node that the model's score needs, and the scores (n) from the frame after a run up to it. */
size_t aep__score_node(const aep_model *model);
void aep__scores_read(float *scores, const aep_workspace *workspace, const aep_model *model, size_t n);

#endif
