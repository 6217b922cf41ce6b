/* SPDX-License-Identifier: BSD-2-Clause */
/* A host program with a monitor: it learns what is normal from its own rows, then judges one row at a time. */
#include <aepred.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 4, TRAINING = 4000, CALIBRATION = 1000, FRESH = 1000, FAULTS = 100 };

struct monitor {
    aep_model *model;
    aep_workspace *workspace;
};

static float uniform(float low, float high) { return low + (high - low) * (float)rand() / (float)RAND_MAX; }

/* A pump that is well: flow, pressure and current follow from its speed. */
static void measure(float row[COLUMNS])
{
    float speed = uniform(0.4f, 1.0f);
    row[0] = speed * 3000 + uniform(-5, 5);
    row[1] = speed * 20 + uniform(-0.2f, 0.2f);
    row[2] = speed * speed * 6 + uniform(-0.05f, 0.05f);
    row[3] = 2 + speed * speed * speed * 9 + uniform(-0.1f, 0.1f);
}

static void report(int level, const char *message, void *payload)
{
    (void)payload;
    if (level <= AEP_LOG_WARNING)
        fprintf(stderr, "aepred: %s\n", message);
}

static void monitor_stop(struct monitor *monitor)
{
    aep_workspace_free(monitor->workspace);
    aep_model_free(monitor->model);
}

/* Learn from n rows of which the last n_calibration are kept for the threshold. */
static int monitor_start(struct monitor *monitor, const float *rows, size_t n, size_t n_calibration)
{
    size_t n_training = n - n_calibration;
    aep_options *options = NULL;
    int status;
    *monitor = (struct monitor){0};
    if ((status = aep_options_new(&options)) != AEP_OK ||
        (status = aep_options_set_log(options, report, NULL)) != AEP_OK ||
        (status = aep_options_set(options, AEP_OPT_EPOCHS, 50)) != AEP_OK ||
        (status = aep_options_set(options, AEP_OPT_ALARM_RATE, 0.01)) != AEP_OK ||
        (status = aep_model_new(&monitor->model, options, COLUMNS)) != AEP_OK ||
        (status = aep_fit(monitor->model, rows, n_training, COLUMNS, NULL, NULL)) != AEP_OK ||
        (status = aep_calibrate(monitor->model, rows + n_training * COLUMNS, n_calibration, COLUMNS)) != AEP_OK ||
        (status = aep_workspace_new(&monitor->workspace, monitor->model)) != AEP_OK)
        monitor_stop(monitor);
    aep_options_free(options);
    return status;
}

/* Allocates nothing and takes no lock: fit for the busiest path of a host. */
static int monitor_judge(uint8_t *alarm, const struct monitor *monitor, const float row[COLUMNS])
{
    float score;
    int status = aep_score(&score, monitor->model, monitor->workspace, row, 1, COLUMNS);
    return status == AEP_OK ? aep_predict(alarm, monitor->model, &score, 1) : status;
}

int main(void)
{
    static float rows[(TRAINING + CALIBRATION) * COLUMNS];
    for (size_t i = 0; i < TRAINING + CALIBRATION; i++)
        measure(rows + i * COLUMNS);

    struct monitor monitor;
    int status = monitor_start(&monitor, rows, TRAINING + CALIBRATION, CALIBRATION);
    if (status != AEP_OK) {
        fprintf(stderr, "the monitor did not start: %s\n", aep_status_str(status));
        return EXIT_FAILURE;
    }

    int false_alarms = 0, found = 0;
    for (int i = 0; i < FRESH + FAULTS && status == AEP_OK; i++) {
        float row[COLUMNS];
        uint8_t alarm = 0;
        measure(row);
        if (i >= FRESH)
            row[1] *= 0.75f; /* a leak: a quarter of the flow is lost, which alone is an ordinary value */
        status = monitor_judge(&alarm, &monitor, row);
        *(i < FRESH ? &false_alarms : &found) += alarm;
    }
    monitor_stop(&monitor);
    if (status != AEP_OK) {
        fprintf(stderr, "scoring failed: %s\n", aep_status_str(status));
        return EXIT_FAILURE;
    }
    printf("%d of %d leaks found, %d false alarms in %d normal rows\n", found, FAULTS, false_alarms, FRESH);
    return found >= FAULTS * 9 / 10 && false_alarms <= FRESH / 25 ? EXIT_SUCCESS : EXIT_FAILURE;
}
