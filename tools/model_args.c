/* SPDX-License-Identifier: BSD-2-Clause */
#include "feed.h"

#include "output.h"
#include "tools.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct poptOption model_options[] = {
    {"score", '\0', POPT_ARG_STRING, NULL, OPTION_SCORE,
     "Score by prediction, reconstruction or signed instead of as the model was trained; it is not calibrated for that",
     "KIND"},
    {"alarm-rate", '\0', POPT_ARG_STRING, NULL, OPTION_RATE,
     "Move the threshold so that this share of normal rows is flagged", "RATE"},
    {"threshold", '\0', POPT_ARG_STRING, NULL, OPTION_THRESHOLD, "Flag rows that score at least this much", "SCORE"},
    POPT_TABLEEND};

void model_args_init(model_args *args)
{
    *args = (model_args){.rate = NAN, .threshold = NAN};
    source_args_init(&args->source);
}

void model_args_free(model_args *args)
{
    source_args_free(&args->source);
    free(args->path);
    free(args->score);
}

bool model_args_take(model_args *args, int code, const char *value)
{
    double kind;
    switch (code) {
    case OPTION_SCORE:
        if (aep_option_parse(&kind, AEP_OPT_SCORE, value) != AEP_OK) {
            say_error("--score %s: must be prediction, reconstruction or signed", value);
            return false;
        }
        return set_string(&args->score, value);
    case OPTION_RATE:
        return parse_number(&args->rate, "--alarm-rate", value, 0, 1);
    case OPTION_THRESHOLD:
        return parse_number(&args->threshold, "--threshold", value, -HUGE_VAL, HUGE_VAL);
    default:
        return source_args_take(&args->source, code, value);
    }
}

bool model_args_overwritten(const model_args *args, const char *path)
{
    list model = {.items = (char *[]){args->path}, .n = 1};
    return output_is_among(path, &model) || source_args_overwritten(&args->source, path);
}

static bool adjust(aep_model *model, const model_args *args)
{
    double kind, old;
    if (args->score && aep_option_parse(&kind, AEP_OPT_SCORE, args->score) == AEP_OK &&
        aep_model_get(&old, model, AEP_OPT_SCORE) == AEP_OK && old != kind &&
        aep_model_set(model, AEP_OPT_SCORE, kind) != AEP_OK)
        return false;
    if (!isnan(args->rate) && aep_set_alarm_rate(model, args->rate) != AEP_OK) {
        say_error("--alarm-rate: %s is not calibrated%s", args->path, args->score ? " for this score" : "");
        return false;
    }
    return isnan(args->threshold) || aep_set_threshold(model, args->threshold) == AEP_OK;
}

static const char *load_problem(int status)
{
    if (status == AEP_E_FORMAT)
        return "not an aepred model";
    if (status != AEP_E_IO || errno == 0)
        return aep_status_str(status);
    return errno == EINVAL ? "not a regular file" : strerror(errno);
}

aep_model *model_open(const model_args *args)
{
    aep_model *model;
    errno = 0;
    int status = aep_model_load_file(&model, args->path, NULL);
    if (status != AEP_OK) {
        say_error("%s: cannot load the model: %s", args->path, load_problem(status));
        return NULL;
    }
    aep_model_set_log(model, say_log, (void *)&args->source.quiet);
    if (aep_model_set_threads(model, args->source.threads) == AEP_OK && adjust(model, args))
        return model;
    aep_model_free(model);
    return NULL;
}
