/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * demo.h - the parts of `aepred demo`: a simulated pump, the run over it, the report and the picture.
 *
 * Time is counted in minutes from the start of the simulation; a row is a minute. The rows are normal up to `test`:
 * [0, calibration) trains, [calibration, test) calibrates, [test, n_rows), which has the faults, is scored.
 */
#ifndef AEPRED_DEMO_H
#define AEPRED_DEMO_H

#include <aepred.h>
#include <stdbool.h>

/* ---------------------------------------------------------------------------------------- simulator (demo_sim.c) */

enum demo_column {
    DEMO_MODE,
    DEMO_SPEED,
    DEMO_VALVE,
    DEMO_TANK,
    DEMO_SUCTION,
    DEMO_DISCHARGE,
    DEMO_FLOW,
    DEMO_POWER,
    DEMO_CURRENT,
    DEMO_WINDING,
    DEMO_BEARING_DE,
    DEMO_BEARING_NDE,
    DEMO_VIBRATION_DE,
    DEMO_VIBRATION_NDE,
    DEMO_AMBIENT,
    DEMO_N_COLUMNS
};

enum demo_mode { DEMO_OFF, DEMO_LOW, DEMO_HIGH, DEMO_N_MODES };

#define DEMO_PI 3.14159265358979323846

enum { DEMO_N_FAULTS = 10, DEMO_DAY = 24 * 60 };

extern const char *const demo_sensors[DEMO_N_COLUMNS]; /* DE: drive end, NDE: the other */
extern const char *const demo_modes[DEMO_N_MODES];

typedef struct demo_fault {
    const char *name;
    const char *what;
    size_t begin, end; /* minutes, [begin, end) */
} demo_fault;

typedef struct demo_machine {
    float *rows; /* (n_rows, DEMO_N_COLUMNS) */
    size_t n_rows, calibration, test;
    const demo_fault *faults; /* (DEMO_N_FAULTS), in order of time */
} demo_machine;

/* Simulate the pump. Returns 0, or -1 when memory is short; free with demo_machine_free. */
int demo_simulate(demo_machine *machine, uint64_t seed);
void demo_machine_free(demo_machine *machine);

/* --------------------------------------------------------------------------------------------- run (demo_run.c) */

/* What alarms: the method, and what it is compared with. All but the last are set to the same alarm rate. */
enum demo_rule_kind { DEMO_PREDICTION, DEMO_RECONSTRUCTION, DEMO_SIGMA, DEMO_THREE_SIGMA, DEMO_N_RULES };

/* A minute is flagged by its score; an alarm needs DEMO_NEEDED flagged ones among the last DEMO_WINDOW minutes. */
enum { DEMO_NEEDED = 8, DEMO_WINDOW = 10 };

#define DEMO_ALARM_RATE 0.02 /* share of normal minutes flagged */

typedef struct demo_finding {
    bool found;
    size_t delay;   /* minutes from the begin of the fault to the alarm */
    double flagged; /* share of the fault's minutes */
} demo_finding;

typedef struct demo_rule {
    double threshold;
    float *scores;   /* (n) */
    uint8_t *flags;  /* (n) */
    uint8_t *alarms; /* (n) */
    demo_finding findings[DEMO_N_FAULTS];
    size_t found;
    double precision, recall, f1, auroc; /* by minute */
    double normal_flagged;               /* share of the normal minutes */
    double false_alarms;                 /* begun in a normal minute, per day */
} demo_rule;

/* The test period of a machine, scored: n minutes from machine->test on. */
typedef struct demo_result {
    size_t n;
    uint8_t *labels;  /* (n): 1 during a fault */
    float *predicted; /* (n): e'; e is the score of DEMO_RECONSTRUCTION */
    float *shares;    /* (n, DEMO_N_COLUMNS): each sensor's share of the prediction error */
    demo_rule rules[DEMO_N_RULES];
    double parameters; /* of the network */
} demo_result;

/* Train, calibrate and score. Returns AEP_OK or a status; in any case free with demo_result_free. */
int demo_run(demo_result *result, const demo_machine *machine, uint64_t seed, bool quiet);
void demo_result_free(demo_result *result);

/* -------------------------------------------------------------------------------- against the truth (demo_judge.c) */

/* Fill in what follows from the scores and thresholds of every rule. */
int demo_judge(demo_result *result, const demo_machine *machine);

void demo_sort(float *values, size_t n); /* ascending */

/* Means of e and e' over a fault's flagged minutes, NaN without any. */
void demo_mean_errors(double *error, double *predicted, const demo_result *result, const demo_machine *machine,
                      size_t fault);

/* The sensors with the largest shares during a fault's flagged minutes, largest first. */
void demo_top_sensors(size_t *columns, double *shares, size_t n_top, const demo_result *result,
                      const demo_machine *machine, size_t fault);

/* ---------------------------------------------------------- terminal (demo_report.c) and picture (demo_picture.c) */

void demo_report(const demo_result *result, const demo_machine *machine);

/* Draw to a file whose name ends in .png or .svg. Returns NULL, or what went wrong. */
const char *demo_draw(const char *path, const demo_result *result, const demo_machine *machine);

#endif
