/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes model files of the current format with a record of what they score, for tests/data: a released format must
 * stay readable, so these files are never replaced, only joined by those of later formats. And fuzz seeds.
 *
 * Usage: make_models DATA_FOLDER CORPUS_FOLDER
 */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 4, ROWS = 20 };

/* What came with this format: the distributions of the rows calibrated on, the learning gate. picture: in place of columns,
   or NULL. */
static const struct {
    const char *name, *columns;
    const picture *picture;
    setting settings[8];
} models[] = {
    {"columns", "nnn3nn", NULL, {{AEP_OPT_MISSING, AEP_MISSING_IMPUTE}, {AEP_OPT_LEARNING_GATE, 0.05}}},
    {"image", "", &pictures[GREY], {{AEP_OPT_SCORE, AEP_SCORE_JOINT}}},
};

static float *rows_of(const picture *p, const char *columns, size_t n, uint64_t seed)
{
    return p ? new_pictures(p, n, seed) : new_rows(columns, n, seed);
}

static FILE *create(const char *folder, const char *name, const char *suffix)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *f = fopen(path, "wb");
    if (!f) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    printf("%s\n", path);
    return f;
}

static void write_bytes(const char *folder, const char *name, bytes b)
{
    FILE *f = create(folder, name, ".aep");
    ck_assert_uint_eq(fwrite(b.data, 1, b.size, f), b.size);
    fclose(f);
}

/* A line a row: its columns, score, p-value, label. */
static void write_record(const char *folder, const char *name, float *rows, const aep_model *model)
{
    const size_t cols = aep_model_n_columns(model);
    float p[ROWS];
    uint8_t labels[ROWS];
    break_correlation(rows, ROWS / 2, cols, 4);
    if (option_of(model, AEP_OPT_MISSING) != AEP_MISSING_ERROR)
        rows[0] = rows[2 * cols + 1] = NAN;
    float *scores = scores_of(model, rows, ROWS);
    AEP_CHECK(aep_pvalue(p, model, scores, ROWS));
    AEP_CHECK(aep_predict(labels, model, scores, ROWS));
    FILE *f = create(folder, name, ".csv");
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < cols; j++)
            fprintf(f, "%.9g,", (double)rows[i * cols + j]);
        fprintf(f, "%.9g,%.9g,%d\n", (double)scores[i], (double)p[i], labels[i]);
    }
    fclose(f);
    free(scores);
}

/* ------------------------------------------------------------------------------------------------ fuzz seeds */

typedef struct capture {
    size_t left;
    bytes saved;
} capture;

static int save_at_step(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches,
                        void *payload)
{
    capture *c = payload;
    (void)epoch, (void)epochs, (void)batch, (void)batches;
    if (--c->left)
        return 0;
    c->saved = save(model);
    return 1;
}

/* Small ones: a fuzzer is quick on few bytes. Those of earlier formats are kept as well. */
static const picture mirrored = {.channels = 1,
                                 .height = 3,
                                 .width = 4,
                                 .n_layers = 1,
                                 .layers = {{AEP_PART_ENCODER, AEP_LAYER_CONV, 2, 3, 2, AEP_PADDING_AUTO}}};
static const picture given = {.channels = 2,
                              .height = 1,
                              .width = 5,
                              .n_layers = 6,
                              .layers = {{AEP_PART_ENCODER, AEP_LAYER_CONV, 2, 2, 1, 0},
                                         {AEP_PART_ENCODER, AEP_LAYER_NORM, 2, 0, 0, 0},
                                         {AEP_PART_ENCODER, AEP_LAYER_MAX_POOL, 0, 2, 1, 0},
                                         {AEP_PART_ENCODER, AEP_LAYER_AVERAGE_POOL, 0, 2, 2, 0},
                                         {AEP_PART_DECODER, AEP_LAYER_UPSAMPLE, 0, 0, 2, 0},
                                         {AEP_PART_DECODER, AEP_LAYER_CONV_TRANSPOSED, 2, 2, 1, 0}}};

static void write_seed(const char *folder, const char *name, const picture *of, const setting *settings, size_t stop_at)
{
    const size_t cols = picture_size(of);
    capture c = {.left = stop_at ? stop_at : 1000};
    aep_options *options = picture_options(of, settings, NULL);
    aep_model *model;
    float *rows = new_pictures(of, 24, 1);
    AEP_CHECK(aep_options_set(options, AEP_OPT_EPOCHS, 3));
    AEP_CHECK(aep_options_set(options, AEP_OPT_BATCH, 8));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, (const size_t[]){2, 1}, 2));
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_HEAD, (const size_t[]){2}, 1));
    AEP_CHECK(aep_model_new(&model, options, cols));
    aep_options_free(options);
    AEP_CHECK_STATUS(aep_fit(model, rows, 24, cols, save_at_step, &c), stop_at ? AEP_E_CANCELLED : AEP_OK);
    if (!stop_at) {
        AEP_CHECK(aep_calibrate(model, rows, 12, cols));
        c.saved = save(model);
    }
    write_bytes(folder, name, c.saved);
    free(c.saved.data);
    free(rows);
    aep_model_free(model);
}

static const char *data_folder, *corpus_folder;

START_TEST(make_models)
{
    for (size_t i = 0; i < COUNT_OF(models); i++) {
        char name[64];
        const picture *p = models[i].picture;
        aep_model *model =
            p ? ready_picture_model(p, models[i].settings) : ready_model(models[i].columns, models[i].settings);
        AEP_CHECK(aep_set_alarm_rate(model, 0.05));
        snprintf(name, sizeof name, "model-v%d-%s", FORMAT, models[i].name);
        bytes b = save(model);
        write_bytes(data_folder, name, b);
        float *rows = rows_of(p, models[i].columns, ROWS, 3);
        write_record(data_folder, name, rows, model);
        free(rows);
        free(b.data);
        aep_model_free(model);
    }
    write_seed(corpus_folder, "image-joint", &mirrored,
               SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}, {AEP_OPT_SAVE_TRAINING, 0}), 0);
    write_seed(corpus_folder, "image-joint-run", &given, SET({AEP_OPT_SCORE, AEP_SCORE_JOINT}), 4);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: make_models DATA_FOLDER CORPUS_FOLDER\n");
        return 2;
    }
    data_folder = argv[1];
    corpus_folder = argv[2];
    return run_list("make_models", &make_models, 1, 600);
}
