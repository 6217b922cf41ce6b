/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every export of a model begins with: the nodes of the tape that its score needs, where their values may lie and what
 * they are called, and how columns become features.
 */
#ifndef AEP_EXPORT_H
#define AEP_EXPORT_H

#include "score.h"
#include "text.h"

enum {
    AEP__EXPORT_NODES = 2 * (3 * AEP__MAX_LAYERS + 2 * AEP__MAX_IMAGE_LAYERS + 2) + 12, /* most of a tape: net.c */
    AEP__EXPORT_NAME = 32,
};

/* Which nodes a score needs, and where in the scratch memory the values of each lie. */
typedef struct aep__export_plan {
    bool needed[AEP__EXPORT_NODES];
    size_t last[AEP__EXPORT_NODES]; /* the last node that reads it */
    size_t at[AEP__EXPORT_NODES];   /* floats from the beginning */
    size_t floats;                  /* in all */
} aep__export_plan;

/* How columns become features. */
typedef struct aep__export_columns {
    size_t n_numbers; /* numeric columns */
    size_t shared;    /* so many of these, one behind the other, are scaled alike */
    bool mixed;       /* features are not just the numbers */
    bool by_feature;  /* location and scale are kept by feature, not by number */
    bool scaled;      /* anything is scaled or held */
    bool located;     /* and has a location and a scale */
    bool imputed;     /* missing values are allowed */
} aep__export_columns;

/* An export under way. */
typedef struct aep__export {
    const aep_model *model;
    const aep__tape *tape; /* of the model */
    const char *prefix;
    aep__writer *w;
    aep__export_plan plan;
    aep__export_columns columns;
} aep__export;

/* STATE, where there is nothing to export. */
int aep__export_check(const aep_model *model);

void aep__export_begin(aep__export *e, const aep_model *model, const char *prefix, aep__writer *w);

bool aep__export_scores_by(const aep_model *model, int kind); /* enum aep_score_kind */
bool aep__export_uses(const aep__export *e, int op);          /* any node that is needed */
bool aep__export_activates(const aep__export *e, int kind);   /* enum aep_activation */

/* What a node's values are called: x, encoder_1, encoder_2, ..., code, decoder_1, ..., rebuilt, head_1, ..., predicted. */
void aep__export_name(char name[AEP__EXPORT_NAME], const aep__export *e, size_t node);

#endif
