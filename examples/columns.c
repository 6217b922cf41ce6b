/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns that are not plain numbers: categorical ones, which hold level codes, and values that are missing (NaN). */
#include <aepred.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROTOCOL, PORT, BYTES, COLUMNS };
enum { TCP, UDP, ICMP, LEVELS };
enum { TRAINING = 4000, CALIBRATION = 1000 };

static const char *const protocols[LEVELS] = {"tcp", "udp", "icmp"};

static void check(int status, const char *what)
{
    if (status == AEP_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
    exit(EXIT_FAILURE);
}

/* Normal traffic: TCP is big, UDP small, ICMP tiny and without a port; one size in five was not recorded. */
static void observe(float row[COLUMNS])
{
    static const int least[LEVELS] = {1000, 200, 60}, port[LEVELS] = {443, 53, 0};
    int protocol = rand() % LEVELS;
    row[PROTOCOL] = (float)protocol;
    row[PORT] = (float)port[protocol];
    row[BYTES] = rand() % 5 == 0 ? NAN : (float)(least[protocol] + rand() % (least[protocol] / 5));
}

static aep_model *new_model(void)
{
    aep_options *options;
    aep_model *model;
    check(aep_options_new(&options), "aep_options_new");
    check(aep_options_set(options, AEP_OPT_MISSING, AEP_MISSING_IMPUTE), "missing");
    check(aep_options_set(options, AEP_OPT_MISSING_INDICATOR, 1), "missing_indicator");
    check(aep_options_set(options, AEP_OPT_UNSEEN, AEP_UNSEEN_ERROR), "unseen");
    check(aep_options_set(options, AEP_OPT_EPOCHS, 50), "epochs");
    check(aep_options_set_column(options, PROTOCOL, "protocol", AEP_COLUMN_CATEGORICAL, protocols, LEVELS), "protocol");
    check(aep_options_set_column(options, PORT, "port", AEP_COLUMN_NUMERIC, NULL, 0), "port");
    check(aep_options_set_column(options, BYTES, "bytes", AEP_COLUMN_NUMERIC, NULL, 0), "bytes");
    check(aep_model_new(&model, options, COLUMNS), "aep_model_new");
    aep_options_free(options);
    return model;
}

/* Print a row by the names that travel in the model, and return its p-value. */
static float judge(const aep_model *model, const float row[COLUMNS], const char *what)
{
    float score, p_value;
    check(aep_score(&score, model, NULL, row, 1, COLUMNS), "aep_score");
    check(aep_pvalue(&p_value, model, &score, 1), "aep_pvalue");
    printf("%s=%s %s=%g %s=%g: p-value %.4f (%s)\n", aep_model_column_name(model, PROTOCOL),
           aep_model_level_name(model, PROTOCOL, (size_t)row[PROTOCOL]), aep_model_column_name(model, PORT), row[PORT],
           aep_model_column_name(model, BYTES), row[BYTES], p_value, what);
    return p_value;
}

/* Whether scoring would refuse a row for its protocol. With AEP_UNSEEN_ZERO it would score it as one of no level. */
static int has_unseen_level(const aep_model *model, const float row[COLUMNS])
{
    size_t column;
    int status = aep_check_rows(NULL, &column, model, row, 1, COLUMNS);
    if (status != AEP_E_LEVEL)
        return 0;
    printf("%s=%g: refused, only %zu levels were declared\n", aep_model_column_name(model, column), row[column],
           aep_model_column_levels(model, column));
    return column == PROTOCOL;
}

int main(void)
{
    static float rows[(TRAINING + CALIBRATION) * COLUMNS];
    for (size_t i = 0; i < TRAINING + CALIBRATION; i++)
        observe(rows + i * COLUMNS);
    aep_model *model = new_model();
    check(aep_fit(model, rows, TRAINING, COLUMNS, NULL, NULL), "aep_fit");
    check(aep_calibrate(model, rows + TRAINING * COLUMNS, CALIBRATION, COLUMNS), "aep_calibrate");
    printf("%zu columns become %zu features\n", aep_model_n_columns(model), aep_model_n_features(model));

    float usual = judge(model, (float[COLUMNS]){TCP, 443, 1100}, "as ever");
    float missing = judge(model, (float[COLUMNS]){UDP, 53, NAN}, "a size not recorded, as happens");
    float mixed = judge(model, (float[COLUMNS]){ICMP, 0, 1100}, "each value is known, together they are not");
    int unseen = has_unseen_level(model, (float[COLUMNS]){LEVELS, 443, 1100});
    aep_model_free(model);
    return usual > 0.01f && missing > 0.01f && mixed < 0.01f && unseen ? EXIT_SUCCESS : EXIT_FAILURE;
}
