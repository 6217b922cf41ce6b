/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model, and behind it the bytes of rows: any floats. Scores must be finite or refused, and the same alone and in a
 * batch, with a workspace and without.
 */
#include "fuzz.h"

#include <aepred.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 4096, MOST_ROWS = 16 };

typedef struct scored {
    float scores[MOST_ROWS], alone[MOST_ROWS], pvalues[MOST_ROWS];
    uint8_t labels[MOST_ROWS];
} scored;

/* A status of scoring that rows and state may bring about. */
static bool allowed(int status)
{
    return status == AEP_OK || status == AEP_E_NOT_FINITE || status == AEP_E_LEVEL || status == AEP_E_STATE ||
           status == AEP_E_DIVERGED;
}

static const char *check_scores(const scored *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(s->scores[i]))
            return "a score is not finite";
    for (size_t i = 0; i < n; i++)
        if (memcmp(&s->scores[i], &s->alone[i], sizeof s->alone[i]) != 0)
            return "a row scores otherwise alone than in a batch";
    return NULL;
}

static const char *judge(scored *s, const aep_model *model, size_t n)
{
    const int status = aep_pvalue(s->pvalues, model, s->scores, n);
    if (!allowed(status) || !allowed(aep_predict(s->labels, model, s->scores, n)))
        return "labels or p-values gave a status that is not theirs";
    for (size_t i = 0; i < n && !status; i++)
        if (!(s->pvalues[i] > 0 && s->pvalues[i] <= 1))
            return "a p-value is none";
    return NULL;
}

static const char *score(const aep_model *model, aep_workspace *workspace, const float *rows, size_t n, size_t n_cols)
{
    scored s;
    const int status = aep_score(s.scores, model, NULL, rows, n, n_cols);
    if (!allowed(status) || allowed(aep_check_rows(NULL, NULL, model, rows, n, n_cols)) != true)
        return "scoring gave a status that is not its own";
    if (status)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (aep_score(&s.alone[i], model, workspace, rows + i * n_cols, 1, n_cols))
            return "a row scores in a batch but not alone";
    const char *wrong = check_scores(&s, n);
    return wrong ? wrong : judge(&s, model, n);
}

/* What else takes rows: explaining, and then training, which changes the model. */
static const char *use(aep_model *model, const float *rows, size_t n, size_t n_cols)
{
    float *out = malloc(n * n_cols * sizeof *out);
    if (!out)
        return NULL;
    const bool ok = allowed(aep_explain(out, model, NULL, rows, n, n_cols)) &&
                    allowed(aep_reconstruct(out, model, NULL, rows, n, n_cols)) &&
                    allowed(aep_calibrate(model, rows, n, n_cols)) &&
                    (n < 2 || allowed(aep_fit_batch(model, rows, n, n_cols)));
    free(out);
    return ok ? NULL : "a function that takes rows gave a status that is not its own";
}

static const char *run(aep_model *model, const uint8_t *data, size_t size)
{
    const size_t n_cols = aep_model_n_columns(model);
    const size_t row = n_cols * sizeof(float), n = size / row < MOST_ROWS ? size / row : MOST_ROWS;
    aep_workspace *workspace = NULL;
    if (n_cols > MOST_COLUMNS || n < 2 || aep_workspace_new(&workspace, model))
        return NULL;
    float *rows = malloc(n * row);
    memcpy(rows, data, n * row);
    const char *wrong = score(model, workspace, rows, n, n_cols);
    if (!wrong)
        wrong = use(model, rows, n, n_cols);
    if (!wrong)
        wrong = score(model, workspace, rows, n, n_cols);
    aep_workspace_free(workspace);
    free(rows);
    return wrong;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aep_model *model;
    const size_t end = model_end(data, size);
    if (aep_model_load(&model, data, end, NULL))
        return 0;
    fuzz_check(run(model, data + end, size - end));
    aep_model_free(model);
    return 0;
}
