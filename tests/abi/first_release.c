/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of the first release, compiled with its header (0.1.0/aepred.h, as it was) and run with the library of today.
 * It calls each function that there was; check_first_release.py sees to that. Exit status 0 when all did what they did then.
 */
#include <aepred.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if AEP_VERSION_NUMBER != 100
#error "this is not the header of 0.1.0"
#endif

enum { ROWS = 200, COLS = 3, PARTS = 3 };

static int failures;

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("line %d: %s\n", __LINE__, #condition);                                                             \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

static float rows[ROWS * COLS], scores[ROWS];
static uint8_t labels[ROWS];
static size_t blocks, messages, batches_seen;

static void *count_alloc(size_t size, void *payload)
{
    void *ptr = malloc(size);
    *(size_t *)payload += ptr != NULL;
    return ptr;
}

static void count_free(void *ptr, void *payload)
{
    --*(size_t *)payload;
    free(ptr);
}

static const aep_allocator allocator = {count_alloc, count_free, &blocks};

static void count_message(int level, const char *message, void *payload)
{
    EXPECT(level >= AEP_LOG_ERROR && level <= AEP_LOG_INFO && message[0]);
    ++*(size_t *)payload;
}

static int count_batch(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *payload)
{
    EXPECT(aep_model_n_columns(model) == COLS && epoch && epoch <= epochs && batch && batch <= batches);
    ++*(size_t *)payload;
    return 0;
}

/* Two columns on a line, and a third of three levels. */
static void make_rows(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        const float t = (float)(i * 37 % ROWS) / ROWS;
        rows[i * COLS] = t;
        rows[i * COLS + 1] = 2 * t + 0.01f * (float)(i % 7);
        rows[i * COLS + 2] = t < 0.3f ? 0.0f : t < 0.6f ? 1.0f : 2.0f;
        labels[i] = i % 10 == 0;
    }
}

static void use_the_table(void)
{
    double low, high, preset, value;
    EXPECT(aep_version()[0] && aep_version_number() >= AEP_VERSION_NUMBER);
    EXPECT(aep_status_str(AEP_E_MEMORY)[0] && aep_status_str(-12345)[0]);
    EXPECT(aep_option_count() >= 35 && aep_option_at(0) == AEP_OPT_SEED);
    EXPECT(aep_option_find("learning_rate") == AEP_OPT_LEARNING_RATE);
    EXPECT(!strcmp(aep_option_name(AEP_OPT_BATCH), "batch") && aep_option_help(AEP_OPT_BATCH)[0]);
    EXPECT(aep_option_type(AEP_OPT_BATCH) == AEP_TYPE_INTEGER);
    EXPECT(!aep_option_bounds(&low, &high, &preset, AEP_OPT_BATCH) && low <= preset && preset <= high);
    EXPECT(!strcmp(aep_option_choice(AEP_OPT_ACTIVATION, AEP_TANH), "tanh"));
    EXPECT(aep_option_is_changeable(AEP_OPT_EPOCHS) == 1 && aep_option_is_changeable(AEP_OPT_SCALING) == 0);
    EXPECT(!aep_option_parse(&value, AEP_OPT_ACTIVATION, "tanh") && value == AEP_TANH);
    EXPECT(aep_stat_name(AEP_STAT_LOSS)[0]);
}

static aep_options *describe(void)
{
    static const char *const levels[] = {"low", "middle", "high"};
    static const size_t encoder[] = {8, 2};
    aep_options *options, *preset;
    double value;
    EXPECT(!aep_options_new(&preset));
    aep_options_free(preset);
    EXPECT(!aep_options_new_with(&options, &allocator));
    EXPECT(!aep_options_set(options, AEP_OPT_EPOCHS, 5) && !aep_options_set(options, AEP_OPT_BATCH, 50));
    EXPECT(!aep_options_get(&value, options, AEP_OPT_EPOCHS) && value == 5);
    EXPECT(!aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 2));
    EXPECT(!aep_options_set_column(options, 2, "grade", AEP_COLUMN_CATEGORICAL, levels, 3));
    EXPECT(!aep_options_set_log(options, count_message, &messages));
    EXPECT(aep_options_set(options, AEP_OPT_EPOCHS, -1) == AEP_E_RANGE && messages == 1);
    return options;
}

static void look_at(aep_model *model)
{
    size_t widths[PARTS];
    double value;
    EXPECT(aep_model_n_columns(model) == COLS && aep_model_n_features(model) == 5);
    EXPECT(aep_model_code_size(model) == 2 && aep_model_error_size(model) == 1);
    EXPECT(aep_model_layers(widths, PARTS, model, AEP_PART_ENCODER) == 2 && widths[0] == 8);
    EXPECT(!strcmp(aep_model_column_name(model, 2), "grade") && !strcmp(aep_model_level_name(model, 2, 1), "middle"));
    EXPECT(aep_model_column_kind(model, 2) == AEP_COLUMN_CATEGORICAL && aep_model_column_levels(model, 2) == 3);
    EXPECT(!aep_model_set(model, AEP_OPT_ALARM_RATE, 0.05));
    EXPECT(!aep_model_get(&value, model, AEP_OPT_ALARM_RATE) && value == 0.05);
    EXPECT(!aep_model_set_log(model, count_message, &messages));
}

static void train(aep_model *model)
{
    size_t row, col;
    double value;
    EXPECT(!aep_check_rows(&row, &col, model, rows, ROWS, COLS));
    EXPECT(!aep_fit_scaling(model, rows, ROWS, COLS));
    EXPECT(!aep_fit_batch(model, rows, ROWS, COLS));
    EXPECT(!aep_fit(model, rows, ROWS, COLS, count_batch, &batches_seen) && batches_seen == 20);
    EXPECT(!aep_model_stat(&value, model, AEP_STAT_STEPS) && value == 21);
    EXPECT(!aep_model_history(&value, model, 0, AEP_STAT_LOSS) && value > 0);
    EXPECT(!aep_calibrate(model, rows, ROWS, COLS) && !aep_set_alarm_rate(model, 0.1));
}

static void score(aep_model *model)
{
    static float out[ROWS * COLS * 2], predicted[ROWS * COLS];
    aep_workspace *ws;
    EXPECT(!aep_workspace_new(&ws, model));
    EXPECT(!aep_score(scores, model, ws, rows, ROWS, COLS));
    EXPECT(!aep_encode(out, model, ws, rows, ROWS, COLS));
    EXPECT(!aep_reconstruct(out, model, ws, rows, ROWS, COLS));
    EXPECT(!aep_errors(out, predicted, model, ws, rows, ROWS, COLS));
    EXPECT(!aep_explain(out, model, ws, rows, ROWS, COLS));
    EXPECT(!aep_pvalue(out, model, scores, ROWS) && out[0] > 0 && out[0] <= 1);
    EXPECT(!aep_set_threshold(model, -1) && !aep_predict((uint8_t *)out, model, scores, ROWS));
    EXPECT(((uint8_t *)out)[0] == 1); /* no score is below 0 */
    aep_workspace_free(ws);
}

static void measure(void)
{
    double precision, recall, f1;
    EXPECT(!aep_metrics_at_threshold(&precision, &recall, &f1, scores, labels, ROWS, 0) && recall == 1);
    EXPECT(!aep_metrics_at_count(&precision, &recall, &f1, scores, labels, ROWS, 20, &allocator));
    EXPECT(!aep_metrics_auroc(&f1, scores, labels, ROWS, &allocator) && f1 >= 0 && f1 <= 1);
    EXPECT(!aep_metrics_average_precision(&f1, scores, labels, ROWS, NULL) && f1 >= 0 && f1 <= 1);
}

static void expect_same_scores(const aep_model *model)
{
    static float again[ROWS];
    EXPECT(!aep_score(again, model, NULL, rows, ROWS, COLS));
    EXPECT(!memcmp(again, scores, sizeof scores));
}

static void keep(const aep_model *model, const char *path)
{
    aep_model *copy = NULL, *loaded = NULL, *from_file = NULL;
    size_t size;
    EXPECT(!aep_model_save_size(&size, model));
    void *data = malloc(size);
    EXPECT(!aep_model_save(data, size, model) && !aep_model_load(&loaded, data, size, &allocator));
    free(data);
    EXPECT(!aep_model_copy(&copy, model));
    EXPECT(!aep_model_save_file(model, path) && !aep_model_load_file(&from_file, path, NULL));
    remove(path);
    expect_same_scores(copy);
    expect_same_scores(loaded);
    expect_same_scores(from_file);
    aep_model_free(copy), aep_model_free(loaded), aep_model_free(from_file);
}

int main(int argc, char **argv)
{
    aep_model *model = NULL;
    if (argc != 2)
        return 2;
    make_rows();
    use_the_table();
    aep_options *options = describe();
    EXPECT(!aep_model_new(&model, options, COLS));
    if (!model)
        return 1;
    look_at(model);
    train(model);
    score(model);
    measure();
    keep(model, argv[1]);
    aep_model_free(model);
    aep_options_free(options);
    EXPECT(blocks == 0);
    return failures != 0;
}
