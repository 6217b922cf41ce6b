/* SPDX-License-Identifier: BSD-2-Clause */
/* Say why a row is anomalous: the share of each column in its score. */
#include <aepred.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 5, TRAINING = 4000 };

static const char *const names[COLUMNS] = {"speed", "flow", "pressure", "current", "temperature"};

static void check(int status, const char *what)
{
    if (status == AEP_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
    exit(EXIT_FAILURE);
}

static float uniform(float low, float high) { return low + (high - low) * (float)rand() / (float)RAND_MAX; }

static void measure(float row[COLUMNS])
{
    float speed = uniform(0.4f, 1.0f);
    row[0] = speed * 3000 + uniform(-10, 10);
    row[1] = speed * 20 + uniform(-0.1f, 0.1f);
    row[2] = speed * speed * 6 + uniform(-0.05f, 0.05f);
    row[3] = 2 + speed * 8 + uniform(-0.1f, 0.1f);
    row[4] = 30 + speed * 25 + uniform(-0.5f, 0.5f);
}

static aep_model *train(void)
{
    static float rows[TRAINING * COLUMNS];
    for (size_t i = 0; i < TRAINING; i++)
        measure(rows + i * COLUMNS);
    aep_options *options;
    aep_model *model;
    check(aep_options_new(&options), "aep_options_new");
    check(aep_options_set(options, AEP_OPT_EPOCHS, 50), "epochs");
    for (size_t i = 0; i < COLUMNS; i++)
        check(aep_options_set_column(options, i, names[i], AEP_COLUMN_NUMERIC, NULL, 0), names[i]);
    check(aep_model_new(&model, options, COLUMNS), "aep_model_new");
    aep_options_free(options);
    check(aep_fit(model, rows, TRAINING, COLUMNS, NULL, NULL), "aep_fit");
    return model;
}

/* Tamper with one column of a normal row; does the explanation name it? */
static int explain(const aep_model *model, const float normal[COLUMNS], size_t column, float factor)
{
    float row[COLUMNS], shares[COLUMNS], score;
    memcpy(row, normal, sizeof row);
    row[column] *= factor;
    check(aep_score(&score, model, NULL, row, 1, COLUMNS), "aep_score");
    check(aep_explain(shares, model, NULL, row, 1, COLUMNS), "aep_explain");
    size_t first = 0;
    printf("%s times %.1f: score %.2f, of which", aep_model_column_name(model, column), factor, score);
    for (size_t i = 0; i < COLUMNS; i++) {
        printf(" %s %.0f %%", aep_model_column_name(model, i), 100 * shares[i]);
        if (shares[i] > shares[first])
            first = i;
    }
    printf("\n");
    return first == column;
}

int main(void)
{
    aep_model *model = train();
    float row[COLUMNS] = {0.7f * 3000, 0.7f * 20, 0.49f * 6, 2 + 0.7f * 8, 30 + 0.7f * 25};
    int named = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        named += explain(model, row, i, 1.5f);
    printf("the tampered column came first %d of %d times\n", named, COLUMNS);
    aep_model_free(model);
    return named == COLUMNS ? EXIT_SUCCESS : EXIT_FAILURE;
}
