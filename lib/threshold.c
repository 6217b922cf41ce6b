/* SPDX-License-Identifier: BSD-2-Clause */
/* Calibration on normal rows, the threshold, and what follows from both for scores. */
#include "score.h"

#include <math.h>

static void warn_if_scores_repeat(const aep_model *model)
{
    const aep__calibration *c = &model->calibration;
    if (c->n_rows >= 100 && c->distinct * 100 <= c->n_rows && c->distinct < 100)
        aep__logf(&model->log, AEP_LOG_WARNING,
                  "%llu calibration rows have only %llu different scores: the model has collapsed, or the rows are few",
                  (unsigned long long)c->n_rows, (unsigned long long)c->distinct);
}

static int check_scores(const aep_model *model, const float *scores, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(scores[i]))
            return aep__fail(&model->log, AEP_E_NOT_FINITE, "score %zu is %g", i, (double)scores[i]);
    return AEP_OK;
}

/* Mean and covariance of the codes of the rows given: those trained on are not known any more. */
static int take_codes(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    const size_t k = model->net.code_size;
    aep__code_sums sums = {0};
    aep__joint joint = {0};
    float *codes = aep__alloc(&model->mem, n_rows, k * sizeof *codes);
    int status = AEP_E_MEMORY;
    if (codes && aep__code_sums_init(&sums, &model->mem, k) && aep__joint_init(&joint, &model->mem, k))
        status = aep_encode(codes, model, NULL, rows, n_rows, n_cols);
    if (!status) {
        aep__code_sums_add(&sums, codes, &(aep__block){.rows = n_rows});
        aep__joint_fit(&joint, &sums, model->steps);
        aep__joint_free(&model->joint, &model->mem);
        model->joint = joint;
    } else {
        aep__joint_free(&joint, &model->mem);
    }
    aep__code_sums_free(&sums, &model->mem);
    aep__free(&model->mem, codes);
    return status;
}

static int standardise(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    float *values = aep__alloc(&model->mem, n_rows, AEP__JOINT_PARTS * sizeof *values);
    float *parts[AEP__JOINT_PARTS];
    if (!values)
        return AEP_E_MEMORY;
    for (size_t i = 0; i < AEP__JOINT_PARTS; i++)
        parts[i] = values + i * n_rows;
    int status = aep__score_parts(parts, model, rows, n_rows, n_cols);
    if (!status)
        aep__joint_standardise(&model->joint, parts, n_rows);
    aep__free(&model->mem, values);
    return status;
}

/* What the joint score needs of normal rows. */
static int prepare_joint(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    if (model->net.code_size > AEP__JOINT_MOST_CODES)
        return aep__fail(&model->log, AEP_E_LIMIT,
                         "the joint score takes codes of at most %d latent variables, not %zu", AEP__JOINT_MOST_CODES,
                         model->net.code_size);
    const bool known = model->joint.n_rows && model->joint.step == model->steps;
    int status = known ? AEP_OK : take_codes(model, rows, n_rows, n_cols);
    if (!status)
        status = standardise(model, rows, n_rows, n_cols);
    return status == AEP_E_MEMORY
               ? aep__fail(&model->log, status, "no memory for the codes and scores of %zu rows", n_rows)
               : status;
}

int aep_calibrate(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    if (!model)
        return AEP_E_ARGUMENT;
    if (!model->steps)
        return aep__fail(&model->log, AEP_E_STATE, "the model is not trained: there is nothing to calibrate");
    int status = aep__shape_check(model, rows, n_rows, n_cols, 1); /* aep_score checks the values */
    if (status)
        return status;
    if (aep__choice(model, AEP_OPT_SCORE, AEP_SCORE_JOINT))
        status = prepare_joint(model, rows, n_rows, n_cols);
    if (status)
        return status;
    float *scores = aep__alloc(&model->mem, n_rows, sizeof *scores);
    if (!scores)
        return aep__fail(&model->log, AEP_E_MEMORY, "no memory to calibrate on %zu rows", n_rows);
    status = aep_score(scores, model, NULL, rows, n_rows, n_cols);
    if (!status && aep__calibration_set(&model->calibration, &model->mem, scores, n_rows,
                                        (size_t)aep__option(model, AEP_OPT_CALIBRATION_SIZE), model->steps))
        status = aep__fail(&model->log, AEP_E_MEMORY, "no memory to keep the scores of %zu rows", n_rows);
    aep__free(&model->mem, scores);
    if (status)
        return status;
    warn_if_scores_repeat(model);
    return aep_set_alarm_rate(model, aep__option(model, AEP_OPT_ALARM_RATE));
}

static int need_calibration(const aep_model *model)
{
    return model->calibration.n_scores
               ? AEP_OK
               : aep__fail(&model->log, AEP_E_STATE, "the model is not calibrated: call aep_calibrate first");
}

int aep_set_alarm_rate(aep_model *model, double rate)
{
    if (!model)
        return AEP_E_ARGUMENT;
    int status = need_calibration(model);
    if (!status)
        status = aep__settings_set(&model->settings, &model->log, AEP_OPT_ALARM_RATE, rate);
    if (status)
        return status;
    aep__calibration *c = &model->calibration;
    if (!aep__calibration_threshold(&c->threshold, c, rate) && rate > 0)
        aep__logf(
            &model->log, AEP_LOG_WARNING,
            "an alarm rate of %g needs %.0f calibration rows, there are %llu: the threshold lies above all of them",
            rate, ceil(1 / rate) - 1, (unsigned long long)c->n_rows);
    c->has_threshold = true;
    return AEP_OK;
}

int aep_set_threshold(aep_model *model, double threshold)
{
    if (!model)
        return AEP_E_ARGUMENT;
    if (!isfinite(threshold))
        return aep__fail(&model->log, AEP_E_RANGE, "a threshold of %g is not a finite number", threshold);
    model->calibration.threshold = threshold;
    model->calibration.has_threshold = true;
    return AEP_OK;
}

int aep_predict(uint8_t *labels, const aep_model *model, const float *scores, size_t n)
{
    if (!model || ((!labels || !scores) && n))
        return AEP_E_ARGUMENT;
    if (!model->calibration.has_threshold)
        return aep__fail(&model->log, AEP_E_STATE,
                         "the model has no threshold: call aep_calibrate or aep_set_threshold");
    int status = check_scores(model, scores, n);
    for (size_t i = 0; !status && i < n; i++)
        labels[i] = (double)scores[i] >= model->calibration.threshold;
    return status;
}

int aep_pvalue(float *pvalues, const aep_model *model, const float *scores, size_t n)
{
    if (!model || ((!pvalues || !scores) && n))
        return AEP_E_ARGUMENT;
    int status = need_calibration(model);
    if (!status)
        status = check_scores(model, scores, n);
    for (size_t i = 0; !status && i < n; i++)
        pvalues[i] = (float)aep__calibration_pvalue(&model->calibration, scores[i]);
    return status;
}
