/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Short trainings from the public API alone, and what their models score, as recorded in scores.csv. Compilers, their
 * options, instruction sets and CBLAS libraries round differently, and training hands differences on from step to step;
 * docs/reliability.md has the largest difference of each build.
 *
 * Usage: test_golden_scores              compare with the file that AEPRED_GOLDEN_SCORES names
 *        test_golden_scores --write FILE record: after a change that is meant to change what training gives
 */
#include "../support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 20, SHOWN = 9 };

/* Of the score, plus a tenth of the root mean square of the model's scores: a small score is the difference of errors
   that are not small. Ten times the largest that was seen. */
static const double tolerance = 3e-5;

static const struct {
    const char *name, *columns;
    const picture *picture; /* in place of columns, or NULL */
    setting settings[4];
} trainings[] = {
    {"numeric", "nnnnn", NULL, {{0, 0}}},
    {"wide", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", NULL, {{AEP_OPT_ACTIVATION, AEP_SILU}}},
    {"categorical", "nn4n3", NULL, {{AEP_OPT_VALIDATION, 0.2}, {AEP_OPT_ERROR, AEP_ERROR_VECTOR}}},
    {"joint", "nnn3nn", NULL, {{AEP_OPT_SCORE, AEP_SCORE_JOINT}}},
    {"rank", "nnnn", NULL, {{AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_NOISE, AEP_NOISE_MASKING}}},
    {"grey", "", &pictures[GREY], {{0, 0}}},
    {"colour", "", &pictures[COLOUR], {{0, 0}}},
    {"signal", "", &pictures[SIGNAL], {{AEP_OPT_SCORE, AEP_SCORE_JOINT}}},
};
enum { N_TRAININGS = COUNT_OF(trainings) };

/* Wide enough for a CBLAS, which gets products of at least 32 in each direction. */
static aep_model *wide_model(const char *columns, const setting *settings)
{
    static const size_t encoder[] = {64, 40, 4}, head[] = {48};
    aep_options *options = new_options(columns, settings, NULL);
    aep_model *model;
    float *rows = new_rows(columns, 400, 1), *others = new_rows(columns, 200, 2);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 3));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, head, 1));
    AEP_CHECK(aep_model_new(&model, options, strlen(columns)));
    AEP_CHECK(aep_fit(model, rows, 400, strlen(columns), NULL, NULL));
    AEP_CHECK(aep_calibrate(model, others, 200, strlen(columns)));
    free(rows), free(others);
    aep_options_free(options);
    return model;
}

static aep_model *train(size_t i)
{
    const char *columns = trainings[i].columns;
    if (trainings[i].picture)
        return ready_picture_model(trainings[i].picture, trainings[i].settings);
    return strlen(columns) >= 32 ? wide_model(columns, trainings[i].settings)
                                 : ready_model(columns, trainings[i].settings);
}

/* Scores of ROWS rows, the last half of which do not hang together, and the threshold. */
static void train_and_score(double *numbers, size_t i)
{
    const picture *p = trainings[i].picture;
    aep_model *model = train(i);
    const size_t cols = aep_model_n_columns(model);
    float *rows = p ? new_pictures(p, ROWS, 3) : new_rows(trainings[i].columns, ROWS, 3);
    break_correlation(rows + ROWS / 2 * cols, ROWS / 2, cols, 4);
    float *scores = scores_of(model, rows, ROWS);
    for (size_t k = 0; k < ROWS; k++)
        numbers[k] = (double)scores[k];
    numbers[ROWS] = stat_of(model, AEP_STAT_THRESHOLD);
    free(rows);
    free(scores);
    aep_model_free(model);
}

static double difference(const double *got, const double *recorded)
{
    double squares = 0, largest = 0;
    for (size_t k = 0; k < ROWS; k++)
        squares += recorded[k] * recorded[k];
    const double usual = sqrt(squares / ROWS);
    for (size_t k = 0; k <= ROWS; k++) {
        const double d = fabs(got[k] - recorded[k]) / (fabs(recorded[k]) + usual / 10);
        largest = d <= largest ? largest : d; /* a NaN counts as larger */
    }
    return largest;
}

/* A line a training: its name and ROWS + 1 numbers. */
static void read_record(double *numbers, FILE *file, const char *name)
{
    char found[32];
    ck_assert_int_eq(fscanf(file, "%31[^,]", found), 1);
    ck_assert_str_eq(found, name);
    for (size_t k = 0; k <= ROWS; k++)
        ck_assert_int_eq(fscanf(file, ",%lf", &numbers[k]), 1);
    ck_assert_int_eq(fgetc(file), '\n');
}

static FILE *open_record(const char *path, const char *mode)
{
    ck_assert_msg(path != NULL, "set AEPRED_GOLDEN_SCORES to the file tests/golden/scores.csv");
    FILE *file = fopen(path, mode);
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    return file;
}

START_TEST(short_trainings_score_as_recorded)
{
    FILE *file = open_record(getenv("AEPRED_GOLDEN_SCORES"), "r");
    double largest = 0;
    for (size_t i = 0; i < N_TRAININGS; i++) {
        double got[ROWS + 1], recorded[ROWS + 1];
        train_and_score(got, i);
        read_record(recorded, file, trainings[i].name);
        const double d = difference(got, recorded);
        ck_assert_msg(d <= tolerance, "%s: scores differ by %.2g, more than %.2g", trainings[i].name, d, tolerance);
        printf("%-12s differs by at most %.1e\n", trainings[i].name, d);
        largest = d > largest ? d : largest;
    }
    ck_assert_int_eq(fgetc(file), EOF);
    fclose(file);
    printf("largest difference of scores after training: %.1e\n", largest);
}
END_TEST

static const char *output;

START_TEST(record)
{
    FILE *file = open_record(output, "w");
    for (size_t i = 0; i < N_TRAININGS; i++) {
        double numbers[ROWS + 1];
        train_and_score(numbers, i);
        fputs(trainings[i].name, file);
        for (size_t k = 0; k <= ROWS; k++)
            fprintf(file, ",%.*g", SHOWN, numbers[k]);
        fputc('\n', file);
    }
    ck_assert_int_eq(fclose(file), 0);
}
END_TEST

int main(int argc, char **argv)
{
    const bool writes = argc == 3 && !strcmp(argv[1], "--write");
    if (argc > 1 && !writes) {
        fprintf(stderr, "usage: test_golden_scores [--write FILE]\n");
        return 2;
    }
    output = writes ? argv[2] : NULL;
    const TTest *const test[] = {writes ? record : short_trainings_score_as_recorded};
    return run_list("golden_scores", test, 1, 300);
}
