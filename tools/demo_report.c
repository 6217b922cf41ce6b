/* SPDX-License-Identifier: BSD-2-Clause */
/* What the demonstration prints: at most 100 columns, UTF-8 where the locale has it, colours on a terminal only. */
#include "demo.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CELL = 4 * 60, NAME_WIDTH = 17 };

typedef struct style {
    bool utf8;
    const char *bold, *good, *bad, *plain;
} style;

static bool locale_is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8 = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    if (locale)
        freelocale(locale);
    return utf8;
}

static style choose_style(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool color = isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
    style s = {.utf8 = locale_is_utf8(), .bold = "", .good = "", .bad = "", .plain = ""};
    if (color) {
        s.bold = "\033[1m";
        s.good = "\033[32m";
        s.bad = "\033[31m";
        s.plain = "\033[0m";
    }
    return s;
}

static void heading(const style *s, const char *text) { printf("\n%s%s%s\n", s->bold, text, s->plain); }

static void format_delay(char *text, size_t size, size_t minutes)
{
    if (minutes < 120)
        snprintf(text, size, "%zu min", minutes);
    else
        snprintf(text, size, "%.1f h", (double)minutes / 60);
}

/* ------------------------------------------------------------------------------------------------------ timeline */

/* A cell shows the score that a tenth of its minutes exceed, in steps of 1.6; level 4 begins at the threshold. */
static int cell_level(const demo_rule *rule, size_t begin)
{
    float sorted[CELL];
    memcpy(sorted, rule->scores + begin, sizeof sorted);
    demo_sort(sorted, CELL);
    double level = 4 + floor(log(sorted[CELL * 9 / 10] / rule->threshold) / log(1.6));
    return level < 0 ? 0 : level > 7 ? 7 : (int)level;
}

static void print_scores(const style *s, const char *name, const demo_rule *rule, size_t n)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[] = {".", ".", ":", "-", "o", "O", "#", "@"};
    printf("  %-6s ", name);
    for (size_t begin = 0; begin + CELL <= n; begin += CELL) {
        int level = cell_level(rule, begin);
        printf("%s%s%s", level >= 4 ? s->bad : "", (s->utf8 ? blocks : letters)[level], level >= 4 ? s->plain : "");
    }
    putchar('\n');
}

static void print_timeline(const style *s, const demo_result *result, const demo_machine *machine)
{
    char line[64 * DEMO_DAY / CELL] = "";
    size_t cells = result->n / CELL;
    heading(s, "Scores over time (a character is 4 hours; |e-e'|: prediction error, e: reconstruction error)");
    printf("  day    ");
    for (size_t day = 1; day <= result->n / DEMO_DAY; day++)
        printf("%-*zu", DEMO_DAY / CELL, day);
    putchar('\n');
    print_scores(s, "|e-e'|", &result->rules[DEMO_PREDICTION], result->n);
    print_scores(s, "e", &result->rules[DEMO_RECONSTRUCTION], result->n);
    memset(line, ' ', cells);
    for (size_t i = 0; i < DEMO_N_FAULTS; i++) {
        size_t first = (machine->faults[i].begin - machine->test) / CELL;
        size_t last = (machine->faults[i].end - 1 - machine->test) / CELL;
        memset(line + first, 'a' + (int)i, last - first + 1);
    }
    printf("  truth  %.*s\n", (int)cells, line);
    printf("  From %s up the score is over the threshold in a tenth of the minutes.\n", s->utf8 ? "▅" : "o");
}

/* ------------------------------------------------------------------------------------------------------ tables */

static void print_truth(const style *s, const demo_machine *machine)
{
    heading(s, "The faults");
    for (size_t i = 0; i < DEMO_N_FAULTS; i++) {
        const demo_fault *fault = &machine->faults[i];
        size_t at = fault->begin - machine->test;
        printf("  %c %-*s day %2zu %02zu:%02zu, %4.1f h  %s\n", 'a' + (int)i, NAME_WIDTH, fault->name,
               at / DEMO_DAY + 1, at % DEMO_DAY / 60, at % 60, (double)(fault->end - fault->begin) / 60, fault->what);
    }
}

static void print_found(const style *s, const demo_result *result, const demo_machine *machine)
{
    heading(s, "Found by the prediction error, and the sensors that say so");
    for (size_t i = 0; i < DEMO_N_FAULTS; i++) {
        const demo_fault *fault = &machine->faults[i];
        const demo_finding *finding = &result->rules[DEMO_PREDICTION].findings[i];
        size_t at = fault->begin - machine->test + finding->delay, top[2];
        double shares[2];
        char delay[32];
        printf("  %c %-*s ", 'a' + (int)i, NAME_WIDTH, fault->name);
        if (!finding->found) {
            printf("%smissed%s\n", s->bad, s->plain);
            continue;
        }
        demo_top_sensors(top, shares, 2, result, machine, i);
        format_delay(delay, sizeof delay, finding->delay);
        printf("day %2zu %02zu:%02zu, after %7s  %s %.0f %%, %s %.0f %%\n", at / DEMO_DAY + 1, at % DEMO_DAY / 60,
               at % 60, delay, demo_sensors[top[0]], 100 * shares[0], demo_sensors[top[1]], 100 * shares[1]);
    }
}

static void print_finding(const style *s, const demo_finding *finding)
{
    char delay[32] = "missed";
    if (finding->found)
        format_delay(delay, sizeof delay, finding->delay);
    printf("   %s%8s%s  %3.0f %%", finding->found ? s->good : s->bad, delay, s->plain, 100 * finding->flagged);
}

static void print_faults(const style *s, const demo_result *result, const demo_machine *machine)
{
    char sigma[32];
    snprintf(sigma, sizeof sigma, "%.1f sigma", result->rules[DEMO_SIGMA].threshold);
    heading(s, "Time to the alarm, and share of the fault's minutes flagged, at the same alarm rate");
    printf("  %-*s   %-15s   %-15s   %s\n", NAME_WIDTH + 2, "", "prediction err.", "reconstr. error", sigma);
    for (size_t i = 0; i < DEMO_N_FAULTS; i++) {
        printf("  %c %-*s", 'a' + (int)i, NAME_WIDTH, machine->faults[i].name);
        for (int kind = DEMO_PREDICTION; kind <= DEMO_SIGMA; kind++)
            print_finding(s, &result->rules[kind].findings[i]);
        putchar('\n');
    }
    puts("  A fault may also be found by luck, the more so the more false alarms a rule raises.");
}

static void print_overall(const style *s, const demo_result *result)
{
    static const char *const names[] = {"prediction error", "reconstruction error", "sigma rule, same rate",
                                        "sigma rule, 3 sigma"};
    heading(s, "All together, minute by minute");
    printf("  %-22s threshold  found  precision  recall     F1  AUROC  normal  false alarms\n", "");
    for (int kind = 0; kind < DEMO_N_RULES; kind++) {
        const demo_rule *rule = &result->rules[kind];
        printf("  %-22s %9.3f  %2zu/%d      %5.3f   %5.3f  %5.3f  %5.3f  %4.1f %%  %8.2f/day\n", names[kind],
               rule->threshold, rule->found, DEMO_N_FAULTS, rule->precision, rule->recall, rule->f1, rule->auroc,
               100 * rule->normal_flagged, rule->false_alarms);
    }
    puts("  normal: share of the normal minutes that is flagged");
}

static void print_only_prediction(const style *s, const demo_result *result, const demo_machine *machine)
{
    const demo_rule *rules = result->rules;
    bool any = false;
    for (size_t i = 0; i < DEMO_N_FAULTS; i++) {
        if (!rules[DEMO_PREDICTION].findings[i].found || rules[DEMO_RECONSTRUCTION].findings[i].found)
            continue;
        double error, predicted;
        if (!any)
            heading(s, "Found by the prediction error, missed by the plain reconstruction error");
        any = true;
        demo_mean_errors(&error, &predicted, result, machine, i);
        printf("  %c %-*s error %.2f where %.2f was predicted; the plain threshold is %.2f\n", 'a' + (int)i, NAME_WIDTH,
               machine->faults[i].name, error, predicted, rules[DEMO_RECONSTRUCTION].threshold);
    }
}

void demo_report(const demo_result *result, const demo_machine *machine)
{
    style s = choose_style();
    size_t days = machine->test / DEMO_DAY, training = machine->calibration / DEMO_DAY;
    printf("A booster pump, %d sensors and a mode, a row a minute. %zu healthy days: %zu train a network of %.0f\n"
           "parameters, %zu set the alarm rate (%.0f %% of the minutes). Then %zu days with %d faults.\n"
           "An alarm needs %d flagged minutes among the last %d.\n",
           DEMO_N_COLUMNS - 1, days, training, result->parameters, days - training, 100 * DEMO_ALARM_RATE,
           result->n / DEMO_DAY, DEMO_N_FAULTS, DEMO_NEEDED, DEMO_WINDOW);
    print_truth(&s, machine);
    print_timeline(&s, result, machine);
    print_found(&s, result, machine);
    print_faults(&s, result, machine);
    print_overall(&s, result);
    print_only_prediction(&s, result, machine);
}
