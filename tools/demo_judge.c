/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares flags and alarms with the faults that the simulator put in. */
#include "demo.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void demo_sort(float *values, size_t n) { qsort(values, n, sizeof *values, ascending); }

/* Minutes before the first alarm that rests on flags in [begin, end) alone; end - begin if there is none. */
static size_t alarm_delay(const uint8_t *flags, size_t begin, size_t end)
{
    size_t recent = 0;
    for (size_t i = begin; i < end; i++) {
        recent += flags[i];
        if (i >= begin + DEMO_WINDOW)
            recent -= flags[i - DEMO_WINDOW];
        if (recent >= DEMO_NEEDED)
            return i - begin;
    }
    return end - begin;
}

static void raise_alarms(demo_rule *rule, size_t n)
{
    size_t recent = 0;
    for (size_t i = 0; i < n; i++) {
        recent += rule->flags[i];
        if (i >= DEMO_WINDOW)
            recent -= rule->flags[i - DEMO_WINDOW];
        rule->alarms[i] = recent >= DEMO_NEEDED;
    }
}

static void judge_fault(demo_rule *rule, size_t fault, size_t begin, size_t end)
{
    demo_finding *finding = &rule->findings[fault];
    size_t flagged = 0;
    for (size_t i = begin; i < end; i++)
        flagged += rule->flags[i];
    finding->flagged = (double)flagged / (double)(end - begin);
    finding->delay = alarm_delay(rule->flags, begin, end);
    finding->found = finding->delay < end - begin;
    rule->found += finding->found;
}

static void judge_normal(demo_rule *rule, const uint8_t *labels, size_t n)
{
    size_t normal = 0, flagged = 0, alarms = 0;
    for (size_t i = 0; i < n; i++) {
        if (labels[i])
            continue;
        normal++;
        flagged += rule->flags[i];
        alarms += rule->alarms[i] && (i == 0 || !rule->alarms[i - 1]);
    }
    rule->normal_flagged = (double)flagged / (double)normal;
    rule->false_alarms = (double)alarms / (double)normal * DEMO_DAY;
}

static int judge_rule(demo_rule *rule, const demo_result *result, const demo_machine *machine)
{
    size_t n = result->n;
    for (size_t i = 0; i < n; i++)
        rule->flags[i] = rule->scores[i] >= rule->threshold;
    raise_alarms(rule, n);
    for (size_t i = 0; i < DEMO_N_FAULTS; i++)
        judge_fault(rule, i, machine->faults[i].begin - machine->test, machine->faults[i].end - machine->test);
    judge_normal(rule, result->labels, n);
    int status = aep_metrics_at_threshold(&rule->precision, &rule->recall, &rule->f1, rule->scores, result->labels, n,
                                          rule->threshold);
    if (status == AEP_OK)
        status = aep_metrics_auroc(&rule->auroc, rule->scores, result->labels, n, NULL);
    return status;
}

int demo_judge(demo_result *result, const demo_machine *machine)
{
    for (size_t i = 0; i < DEMO_N_FAULTS; i++) {
        for (size_t minute = machine->faults[i].begin; minute < machine->faults[i].end; minute++)
            result->labels[minute - machine->test] = 1;
    }
    int status = AEP_OK;
    for (size_t i = 0; i < DEMO_N_RULES && status == AEP_OK; i++)
        status = judge_rule(&result->rules[i], result, machine);
    return status;
}

void demo_mean_errors(double *error, double *predicted, const demo_result *result, const demo_machine *machine,
                      size_t fault)
{
    double count = 0;
    *error = *predicted = 0;
    for (size_t minute = machine->faults[fault].begin; minute < machine->faults[fault].end; minute++) {
        size_t i = minute - machine->test;
        if (result->rules[DEMO_PREDICTION].flags[i]) {
            *error += result->rules[DEMO_RECONSTRUCTION].scores[i];
            *predicted += result->predicted[i];
            count++;
        }
    }
    *error /= count;
    *predicted /= count;
}

void demo_top_sensors(size_t *columns, double *shares, size_t n_top, const demo_result *result,
                      const demo_machine *machine, size_t fault)
{
    const demo_rule *rule = &result->rules[DEMO_PREDICTION];
    double sums[DEMO_N_COLUMNS] = {0}, total = 0;
    for (size_t minute = machine->faults[fault].begin; minute < machine->faults[fault].end; minute++) {
        size_t i = minute - machine->test;
        for (size_t col = 0; col < DEMO_N_COLUMNS && rule->flags[i]; col++)
            sums[col] += result->shares[i * DEMO_N_COLUMNS + col];
        total += rule->flags[i];
    }
    for (size_t rank = 0; rank < n_top; rank++) {
        size_t best = 0;
        for (size_t col = 1; col < DEMO_N_COLUMNS; col++)
            best = sums[col] > sums[best] ? col : best;
        columns[rank] = best;
        shares[rank] = total > 0 ? sums[best] / total : 0;
        sums[best] = -1;
    }
}
