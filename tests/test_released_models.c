/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of every released format version load, and score as recorded beside them (made by make_models.c). Scores may
 * differ in their last digits between machines, whose tanh, exp and fused multiply-adds differ; labels may not.
 */
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *data_folder(void)
{
    const char *folder = getenv("AEPRED_TEST_DATA");
    ck_assert_msg(folder != NULL, "AEPRED_TEST_DATA is not set");
    return folder;
}

/* Measured against the score and a tenth: docs/reliability.md has the largest difference of each build. */
static const double tolerance = 1e-4;
static double largest;

static void check_score(double score, double expected, size_t line)
{
    const double difference = fabs(score - expected) / (fabs(expected) + 0.1);
    ck_assert_msg(difference <= tolerance, "row %zu scores %.9g, recorded %.9g", line, score, expected);
    largest = difference > largest ? difference : largest;
}

static void check_row(const aep_model *model, const float *row, const double *expected, size_t line)
{
    float score, p;
    uint8_t label;
    AEP_CHECK(aep_score(&score, model, NULL, row, 1, aep_model_n_columns(model)));
    check_score((double)score, expected[0], line);
    const float recorded = (float)expected[0];
    AEP_CHECK(aep_pvalue(&p, model, &recorded, 1));
    ck_assert_float_eq(p, (float)expected[1]);
    AEP_CHECK(aep_predict(&label, model, &recorded, 1));
    ck_assert_int_eq(label, (int)expected[2]);
}

static size_t check_record(const aep_model *model, const char *path)
{
    const size_t cols = aep_model_n_columns(model);
    size_t n_rows = 0;
    char line[8192];
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s is missing", path);
    while (fgets(line, sizeof line, f)) {
        float row[128];
        double expected[3];
        char *at = line;
        ck_assert_uint_le(cols, COUNT_OF(row));
        for (size_t j = 0; j < cols + 3; j++, at++) {
            const double number = strtod(at, &at);
            ck_assert_msg(*at == (j + 1 < cols + 3 ? ',' : '\n'), "%s: a bad line", path);
            if (j < cols)
                row[j] = (float)number;
            else
                expected[j - cols] = number;
        }
        check_row(model, row, expected, n_rows++);
    }
    fclose(f);
    return n_rows;
}

static void check_file(const char *folder, const char *name)
{
    char path[4096];
    aep_model *model;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const int status = aep_model_load_file(&model, path, NULL);
    ck_assert_msg(status == AEP_OK, "%s: %s", name, aep_status_str(status));
    memcpy(path + strlen(path) - 4, ".csv", 4);
    ck_assert_uint_ge(check_record(model, path), 10);
    if (aep_model_image(NULL, NULL, NULL, model)) /* columns, which have names */
        ck_assert_str_eq(aep_model_column_name(model, 0), "c0");
    ck_assert_double_eq(stat_of(model, AEP_STAT_EPOCHS), 10);
    float *rows = malloc(8 * aep_model_n_columns(model) * sizeof *rows);
    for (size_t i = 0; i < 8 * aep_model_n_columns(model); i++)
        rows[i] = (float)(i % 2);
    AEP_CHECK(aep_fit_batch(model, rows, 8, aep_model_n_columns(model)));
    free(rows);
    aep_model_free(model);
}

START_TEST(files_of_every_released_format_load_and_score_as_recorded)
{
    size_t n = 0;
    DIR *d = opendir(data_folder());
    ck_assert_msg(d != NULL, "%s cannot be read", data_folder());
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        const size_t length = strlen(entry->d_name);
        if (strncmp(entry->d_name, "model-v", 7) != 0 || length < 4 || strcmp(entry->d_name + length - 4, ".aep") != 0)
            continue;
        check_file(data_folder(), entry->d_name);
        n++;
    }
    closedir(d);
    ck_assert_uint_ge(n, 9);
    printf("largest difference of the scores of %zu models: %.1e\n", n, largest);
}
END_TEST

RUN_TESTS("released_models", files_of_every_released_format_load_and_score_as_recorded)
