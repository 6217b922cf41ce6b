/* SPDX-License-Identifier: BSD-2-Clause */
/* Go on learning in the field: a gate keeps anomalies out of training, and windows of rows are compared with those
   calibrated on, so that a change for good is noticed, which the gate would never let the model learn. */
#include <aepred.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 3, WINDOW = 500, WINDOWS = 6, CHANGE = 3 /* window in which the fuel changes */ };

static const char *const names[COLUMNS] = {"load", "temperature", "pressure"};

static void check(int status, const char *what)
{
    if (status == AEP_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
    exit(EXIT_FAILURE);
}

static float uniform(float low, float high) { return low + (high - low) * (float)rand() / (float)RAND_MAX; }

/* A boiler: temperature and pressure follow its load. With the other fuel it is 40 degrees hotter. */
static void measure(float *rows, size_t n, bool other_fuel)
{
    for (size_t i = 0; i < n; i++) {
        const float load = uniform(0.3f, 1);
        rows[i * COLUMNS] = load;
        rows[i * COLUMNS + 1] = 200 + 300 * load + uniform(-5, 5) + (other_fuel ? 40 : 0);
        rows[i * COLUMNS + 2] = 10 + 20 * load + uniform(-0.3f, 0.3f);
    }
}

static aep_model *train(void)
{
    static float rows[5000 * COLUMNS];
    aep_model *model;
    measure(rows, 5000, false);
    check(aep_model_new(&model, NULL, COLUMNS), "aep_model_new");
    check(aep_model_set(model, AEP_OPT_EPOCHS, 30), "epochs");
    check(aep_fit(model, rows, 3000, COLUMNS, NULL, NULL), "aep_fit");
    check(aep_calibrate(model, rows + 3000 * COLUMNS, 2000, COLUMNS), "aep_calibrate");
    check(aep_model_set(model, AEP_OPT_LEARNING_GATE, 0.01), "learning_gate");
    return model;
}

/* A change that chance does not explain, in a window of this size. Of columns: score and latent variables also move because
   the model learns. */
static bool has_moved(const aep_drift *drift, size_t column)
{
    double psi, p;
    check(aep_drift_get(&psi, drift, AEP_DRIFT_COLUMN, column, AEP_DRIFT_PSI), "psi");
    check(aep_drift_get(&p, drift, AEP_DRIFT_COLUMN, column, AEP_DRIFT_PSI_PVALUE), "p-value");
    return psi > 0.1 && p < 1e-4;
}

static bool report(const aep_drift *drift, int window)
{
    bool moved = false;
    for (size_t i = 0; i < COLUMNS; i++)
        if (has_moved(drift, i)) {
            printf("window %d: %s has moved\n", window, names[i]);
            moved = true;
        }
    return moved;
}

int main(void)
{
    static float rows[WINDOW * COLUMNS];
    aep_model *model = train();
    aep_drift *drift;
    int first = -1;
    double kept_out = 0, before = 0;
    check(aep_drift_new(&drift, model), "aep_drift_new");
    for (int window = 0; window < WINDOWS; window++) {
        measure(rows, WINDOW, window >= CHANGE);
        check(aep_drift_add(drift, model, NULL, rows, WINDOW, COLUMNS), "aep_drift_add");
        if (report(drift, window) && first < 0)
            first = window;
        check(aep_drift_clear(drift), "aep_drift_clear");

        check(aep_fit_batch(model, rows, WINDOW, COLUMNS), "aep_fit_batch");
        check(aep_model_stat(&kept_out, model, AEP_STAT_GATED_ROWS), "aep_model_stat");
        printf("window %d: %.0f of %d rows were not learned\n", window, kept_out - before, WINDOW);
        before = kept_out;
    }
    aep_drift_free(drift);
    aep_model_free(model);
    return first == CHANGE ? EXIT_SUCCESS : EXIT_FAILURE;
}
