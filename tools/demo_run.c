/* SPDX-License-Identifier: BSD-2-Clause */
/* Trains one network on the healthy weeks and scores the test period by it, and by rules to compare it with. */
#include "demo.h"
#include "tools.h"

#include <math.h>
#include <stdlib.h>

static const float *row_of(const demo_machine *machine, size_t minute)
{
    return machine->rows + minute * DEMO_N_COLUMNS;
}

/*
 * The settings, and why. A code of six: about as many things vary freely (speed, valve, tank, room, and the two
 * temperatures that lag). No added noise: the readings carry their own, and the predicted error is to be that of
 * readings as they come. The head learns faster than the autoencoder, whose error it follows.
 */
static int describe(aep_options *options, uint64_t seed)
{
    static const size_t encoder[] = {32, 16, 6}, head[] = {32, 32};
    const struct {
        int key;
        double value;
    } settings[] = {{AEP_OPT_SEED, (double)seed}, {AEP_OPT_NOISE, AEP_NOISE_NONE},
                    {AEP_OPT_EPOCHS, 100},        {AEP_OPT_HEAD_RATE, 5},
                    {AEP_OPT_COMPACTNESS, 0.01},  {AEP_OPT_ALARM_RATE, DEMO_ALARM_RATE}};
    int status = AEP_OK;
    for (size_t i = 0; i < sizeof settings / sizeof *settings && status == AEP_OK; i++)
        status = aep_options_set(options, settings[i].key, settings[i].value);
    for (size_t col = 0; col < DEMO_N_COLUMNS && status == AEP_OK; col++) {
        bool is_mode = col == DEMO_MODE;
        status = aep_options_set_column(options, col, demo_sensors[col],
                                        is_mode ? AEP_COLUMN_CATEGORICAL : AEP_COLUMN_NUMERIC,
                                        is_mode ? demo_modes : NULL, is_mode ? DEMO_N_MODES : 0);
    }
    if (status == AEP_OK)
        status = aep_options_set_layers(options, AEP_PART_ENCODER, encoder, sizeof encoder / sizeof *encoder);
    if (status == AEP_OK)
        status = aep_options_set_layers(options, AEP_PART_HEAD, head, sizeof head / sizeof *head);
    return status;
}

static int train(aep_model **model, const demo_machine *machine, uint64_t seed, bool quiet)
{
    aep_options *options = NULL;
    *model = NULL;
    int status = aep_options_new(&options);
    if (status == AEP_OK)
        status = aep_options_set_log(options, say_log, &quiet);
    if (status == AEP_OK)
        status = describe(options, seed);
    if (status == AEP_OK)
        status = aep_model_new(model, options, DEMO_N_COLUMNS);
    aep_options_free(options);
    if (status != AEP_OK)
        return status;
    progress bar;
    progress_begin(&bar, quiet);
    status = aep_fit(*model, machine->rows, machine->calibration, DEMO_N_COLUMNS, progress_step, &bar);
    progress_end(&bar);
    return status;
}

/* Set the threshold on healthy rows that were not trained on, then score the test period. */
static int apply(demo_rule *rule, aep_model *model, const demo_machine *machine, size_t n)
{
    int status = aep_calibrate(model, row_of(machine, machine->calibration), machine->test - machine->calibration,
                               DEMO_N_COLUMNS);
    if (status == AEP_OK)
        status = aep_model_stat(&rule->threshold, model, AEP_STAT_THRESHOLD);
    if (status == AEP_OK)
        status = aep_score(rule->scores, model, NULL, row_of(machine, machine->test), n, DEMO_N_COLUMNS);
    return status;
}

/* The same network as a plain autoencoder. */
static int apply_reconstruction(demo_rule *rule, const aep_model *model, const demo_machine *machine, size_t n)
{
    aep_model *plain = NULL;
    int status = aep_model_copy(&plain, model);
    if (status == AEP_OK)
        status = aep_model_set(plain, AEP_OPT_SCORE, AEP_SCORE_RECONSTRUCTION);
    if (status == AEP_OK)
        status = apply(rule, plain, machine, n);
    aep_model_free(plain);
    return status;
}

/* ---------------------------------------------------------------------------------------------------- sigma rule */

typedef struct limits {
    double mean[DEMO_N_MODES][DEMO_N_COLUMNS], deviation[DEMO_N_MODES][DEMO_N_COLUMNS];
} limits;

/* Mean and standard deviation of each sensor in each mode. */
static void fit_limits(limits *l, const demo_machine *machine)
{
    double count[DEMO_N_MODES] = {0};
    *l = (limits){{{0}}, {{0}}};
    for (size_t i = 0; i < machine->calibration; i++) { /* Welford 1962 */
        const float *row = row_of(machine, i);
        size_t mode = (size_t)row[DEMO_MODE];
        count[mode]++;
        for (size_t col = DEMO_MODE + 1; col < DEMO_N_COLUMNS; col++) {
            double step = row[col] - l->mean[mode][col];
            l->mean[mode][col] += step / count[mode];
            l->deviation[mode][col] += step * (row[col] - l->mean[mode][col]);
        }
    }
    for (size_t mode = 0; mode < DEMO_N_MODES; mode++) {
        for (size_t col = DEMO_MODE + 1; col < DEMO_N_COLUMNS; col++)
            l->deviation[mode][col] = sqrt(l->deviation[mode][col] / fmax(count[mode], 1));
    }
}

/* How many standard deviations the farthest sensor is off. */
static float sigmas(const limits *l, const float *row)
{
    size_t mode = (size_t)row[DEMO_MODE];
    double most = 0;
    for (size_t col = DEMO_MODE + 1; col < DEMO_N_COLUMNS; col++)
        most = fmax(most, fabs(row[col] - l->mean[mode][col]) / l->deviation[mode][col]);
    return (float)most;
}

/* Limits at 3 sigma, and at as many as give the alarm rate on the calibration rows. */
static int apply_sigma(demo_rule *rule, demo_rule *three, const demo_machine *machine, size_t n)
{
    size_t n_calibration = machine->test - machine->calibration;
    float *scores = malloc(n_calibration * sizeof *scores);
    if (!scores)
        return AEP_E_MEMORY;
    limits l;
    fit_limits(&l, machine);
    for (size_t i = 0; i < n_calibration; i++)
        scores[i] = sigmas(&l, row_of(machine, machine->calibration + i));
    demo_sort(scores, n_calibration);
    /* as aep_set_alarm_rate has it: (1 + number of scores >= threshold) / (1 + n) is at most the rate */
    size_t flagged = (size_t)(DEMO_ALARM_RATE * (double)(n_calibration + 1)) - 1;
    rule->threshold = scores[n_calibration - flagged];
    three->threshold = 3;
    for (size_t i = 0; i < n; i++)
        rule->scores[i] = three->scores[i] = sigmas(&l, row_of(machine, machine->test + i));
    free(scores);
    return AEP_OK;
}

/* ------------------------------------------------------------------------------------------------------- the run */

static int allocate(demo_result *result, size_t n)
{
    result->n = n;
    result->labels = calloc(n, sizeof *result->labels);
    result->predicted = calloc(n, sizeof *result->predicted);
    result->shares = calloc(n * DEMO_N_COLUMNS, sizeof *result->shares);
    bool complete = result->labels && result->predicted && result->shares;
    for (size_t i = 0; i < DEMO_N_RULES; i++) {
        demo_rule *rule = &result->rules[i];
        rule->scores = calloc(n, sizeof *rule->scores);
        rule->flags = calloc(n, sizeof *rule->flags);
        rule->alarms = calloc(n, sizeof *rule->alarms);
        complete = complete && rule->scores && rule->flags && rule->alarms;
    }
    return complete ? AEP_OK : AEP_E_MEMORY;
}

int demo_run(demo_result *result, const demo_machine *machine, uint64_t seed, bool quiet)
{
    aep_model *model = NULL;
    demo_rule *rules = result->rules;
    *result = (demo_result){0};
    size_t n = machine->n_rows - machine->test;
    int status = allocate(result, n);
    if (status == AEP_OK)
        status = train(&model, machine, seed, quiet);
    if (status == AEP_OK)
        status = aep_model_stat(&result->parameters, model, AEP_STAT_PARAMETERS);
    if (status == AEP_OK)
        status = apply(&rules[DEMO_PREDICTION], model, machine, n);
    if (status == AEP_OK)
        status = apply_reconstruction(&rules[DEMO_RECONSTRUCTION], model, machine, n);
    if (status == AEP_OK)
        status = apply_sigma(&rules[DEMO_SIGMA], &rules[DEMO_THREE_SIGMA], machine, n);
    if (status == AEP_OK)
        status = aep_errors(NULL, result->predicted, model, NULL, row_of(machine, machine->test), n, DEMO_N_COLUMNS);
    if (status == AEP_OK)
        status = aep_explain(result->shares, model, NULL, row_of(machine, machine->test), n, DEMO_N_COLUMNS);
    if (status == AEP_OK)
        status = demo_judge(result, machine);
    aep_model_free(model);
    return status;
}

void demo_result_free(demo_result *result)
{
    free(result->labels);
    free(result->predicted);
    free(result->shares);
    for (size_t i = 0; i < DEMO_N_RULES; i++) {
        free(result->rules[i].scores);
        free(result->rules[i].flags);
        free(result->rules[i].alarms);
    }
    *result = (demo_result){0};
}
