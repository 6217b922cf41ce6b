/* SPDX-License-Identifier: BSD-2-Clause */
/* Calibration on normal rows, the threshold, and what follows from both for scores. */
#include "drift.h"

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
            return aep__fail(&model->log, AEP_E_NOT_FINITE, "score %zu is %s", i, AEP__NUMBER((double)scores[i], 6));
    return AEP_OK;
}

/* Mean and covariance of the codes of the rows given, at most AEP__JOINT_MOST_ROWS of them, evenly over all. */
static int fit_codes(aep__joint *joint, const aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    const size_t k = model->net.code_size, every = (n_rows - 1) / AEP__JOINT_MOST_ROWS + 1;
    aep__code_sums sums = {0};
    aep_workspace *workspace = NULL;
    float *code = aep__alloc(&model->mem, k, sizeof *code);
    int status = code && aep__code_sums_init(&sums, &model->mem, k) && aep__joint_init(joint, &model->mem, k)
                     ? aep_workspace_new(&workspace, model)
                     : AEP_E_MEMORY;
    for (size_t i = 0; !status && i < n_rows; i += every) {
        status = aep_encode(code, model, workspace, rows + i * n_cols, 1, n_cols);
        if (!status)
            aep__code_sums_add(&sums, code, &(aep__block){.rows = 1});
    }
    if (!status && !aep__joint_fit(joint, &sums, model->steps))
        status = aep__fail(&model->log, AEP_E_DIVERGED, "latent variables are not finite: the weights have diverged");
    aep_workspace_free(workspace);
    aep__code_sums_free(&sums, &model->mem);
    aep__free(&model->mem, code);
    return status;
}

static void warn_if_a_part_is_constant(const aep_model *model)
{
    static const char *const parts[] = {"prediction error", "reconstruction error", "distance of the code"};
    for (size_t i = 0; i < AEP__JOINT_PARTS; i++)
        if (!(model->joint.inverse[i] > 0))
            aep__logf(&model->log, AEP_LOG_WARNING,
                      "the %s is the same for all calibration rows, and is left out of the joint score: the model has "
                      "collapsed, or the rows are too much alike",
                      parts[i]);
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

/* Standardise the model's joint score on the rows given; *before is what it was. The codes are those of the rows trained
   on, where aep_fit left them and no step came after, or of the rows given. */
static int replace_joint(aep__joint *before, aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    aep__joint fresh = {0};
    *before = model->joint;
    const bool known = before->n_rows && before->of_training && before->step == model->steps;
    int status = known ? aep__joint_copy(&fresh, &model->mem, before) : fit_codes(&fresh, model, rows, n_rows, n_cols);
    model->joint = fresh;
    return status ? status : standardise(model, rows, n_rows, n_cols);
}

static int check_joint(const aep_model *model, size_t n_rows)
{
    if (n_rows < 2)
        return aep__fail(&model->log, AEP_E_ROWS,
                         "the joint score is standardised on two rows at least, not %zu: calibrate on more", n_rows);
    return model->net.code_size <= AEP__JOINT_MOST_CODES
               ? AEP_OK
               : aep__fail(
                     &model->log, AEP_E_LIMIT,
                     "the joint score takes at most %d latent variables, not %zu: make the code narrower, or take "
                     "another score",
                     AEP__JOINT_MOST_CODES, model->net.code_size);
}

static int calibrate(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    float *scores = aep__alloc(&model->mem, n_rows, sizeof *scores);
    if (!scores)
        return AEP_E_MEMORY;
    aep__profile profile = {0};
    int status = aep_score(scores, model, NULL, rows, n_rows, n_cols);
    if (!status)
        status = aep__profile_of_rows(&profile, model, rows, scores, n_rows);
    if (!status)
        status = aep__calibration_set(&model->calibration, &model->mem, scores, n_rows,
                                      (size_t)aep__option(model, AEP_OPT_CALIBRATION_SIZE), model->steps);
    aep__free(&model->mem, scores);
    aep__profile *given_up = status ? &profile : &model->profile;
    aep__profile_free(given_up, &model->mem);
    if (!status)
        model->profile = profile;
    return status;
}

int aep_calibrate(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    if (!model)
        return AEP_E_ARGUMENT;
    if (!model->steps)
        return aep__fail(&model->log, AEP_E_STATE, "the model is not trained: there is nothing to calibrate");
    const bool joint = aep__choice(model, AEP_OPT_SCORE, AEP_SCORE_JOINT);
    aep__joint before = {0};
    int status = aep__shape_check(model, rows, n_rows, n_cols, 1); /* aep_score checks the values */
    if (!status && joint)
        status = check_joint(model, n_rows);
    if (!status && joint) /* here, since codes are taken row by row, and the message is to name the row */
        status = aep__values_check(model, rows, n_rows, false, NULL);
    if (status)
        return status;
    if (joint)
        status = replace_joint(&before, model, rows, n_rows, n_cols);
    if (!status)
        status = calibrate(model, rows, n_rows, n_cols);
    if (joint) {
        aep__joint given_up = before;
        if (status) {
            given_up = model->joint;
            model->joint = before;
        }
        aep__joint_free(&given_up, &model->mem);
    }
    if (status)
        return status == AEP_E_MEMORY ? aep__fail(&model->log, status, "no memory to calibrate on %zu rows", n_rows)
                                      : status;
    warn_if_scores_repeat(model);
    if (joint)
        warn_if_a_part_is_constant(model);
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
            "an alarm rate of %s needs %.0f calibration rows, there are %llu: the threshold lies above all of them",
            AEP__NUMBER(rate, 6), ceil(1 / rate) - 1, (unsigned long long)c->n_rows);
    c->has_threshold = true;
    return AEP_OK;
}

int aep_set_threshold(aep_model *model, double threshold)
{
    if (!model)
        return AEP_E_ARGUMENT;
    if (!isfinite(threshold))
        return aep__fail(&model->log, AEP_E_RANGE, "a threshold of %s is not a finite number",
                         AEP__NUMBER(threshold, 6));
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
