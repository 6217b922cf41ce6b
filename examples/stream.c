/* SPDX-License-Identifier: BSD-2-Clause */
/* Train on a stream of batches, which never lies in memory as a whole: first the scaling, then a step a batch. */
#include <aepred.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 3, BATCH = 256, SCALING_BATCHES = 8, STEPS = 600, CALIBRATION_BATCHES = 4 };

static void check(int status, const char *what)
{
    if (status == AEP_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
    exit(EXIT_FAILURE);
}

static float uniform(float low, float high) { return low + (high - low) * (float)rand() / (float)RAND_MAX; }

/* The source: a socket, a queue or a file in a real host; here a web server's requests, bytes sent and CPU load. */
static void next_batch(float rows[BATCH * COLUMNS])
{
    for (size_t i = 0; i < BATCH; i++) {
        float requests = uniform(50, 500);
        rows[i * COLUMNS] = requests;
        rows[i * COLUMNS + 1] = requests * uniform(38, 42);
        rows[i * COLUMNS + 2] = 5 + requests * uniform(0.145f, 0.155f);
    }
}

static aep_model *new_model(void)
{
    aep_options *options;
    aep_model *model;
    check(aep_options_new(&options), "aep_options_new");
    check(aep_options_set(options, AEP_OPT_LEARNING_RATE, 3e-3), "learning_rate");
    check(aep_options_set(options, AEP_OPT_SCHEDULE_STEPS, STEPS), "schedule_steps");
    check(aep_model_new(&model, options, COLUMNS), "aep_model_new");
    aep_options_free(options);
    return model;
}

/* aep_calibrate takes its rows in one call: a few batches are plenty. */
static void calibrate(aep_model *model)
{
    static float rows[CALIBRATION_BATCHES * BATCH * COLUMNS];
    for (size_t i = 0; i < CALIBRATION_BATCHES; i++)
        next_batch(rows + i * BATCH * COLUMNS);
    check(aep_calibrate(model, rows, CALIBRATION_BATCHES * BATCH, COLUMNS), "aep_calibrate");
}

int main(void)
{
    static float rows[BATCH * COLUMNS];
    aep_model *model = new_model();
    for (int i = 0; i < SCALING_BATCHES; i++) {
        next_batch(rows);
        check(aep_fit_scaling(model, rows, BATCH, COLUMNS), "aep_fit_scaling");
    }
    double first = 0, last = 0;
    for (int i = 0; i < STEPS; i++) {
        next_batch(rows);
        check(aep_fit_batch(model, rows, BATCH, COLUMNS), "aep_fit_batch");
        check(aep_model_stat(i == 0 ? &first : &last, model, AEP_STAT_LOSS), "aep_model_stat");
    }
    printf("loss %.3f in the first step, %.3f in the last\n", first, last);

    calibrate(model);
    const float miner[COLUMNS] = {120, 120 * 40, 78}; /* few requests, much CPU */
    float score, p_value;
    check(aep_score(&score, model, NULL, miner, 1, COLUMNS), "aep_score");
    check(aep_pvalue(&p_value, model, &score, 1), "aep_pvalue");
    printf("CPU load of 78 %% at 120 requests: score %.3f, p-value %.4f\n", score, p_value);
    aep_model_free(model);
    return last < first && p_value < 0.01f ? EXIT_SUCCESS : EXIT_FAILURE;
}
