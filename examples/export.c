/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Train here, score where the library is not: writes a model as one file of C99. examples/exported.c is a program that
 * uses it.
 */
#include <aepred.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 3, ROWS = 2000 };

static void check(int status, const char *what)
{
    if (status == AEP_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
    exit(EXIT_FAILURE);
}

/* A motor that is well: current and temperature follow from the load. */
static void run_motor(float *row)
{
    const float load = (float)(rand() % 1000) / 1000, noise = (float)(rand() % 100) / 1000;
    row[0] = load;
    row[1] = 2 + 10 * load + noise;
    row[2] = 40 + 30 * load * load + 10 * noise;
}

static aep_model *train(void)
{
    static float rows[ROWS * COLUMNS];
    aep_options *options;
    aep_model *model;
    const char *names[COLUMNS] = {"load", "current [A]", "temperature [C]"};
    for (size_t i = 0; i < ROWS; i++)
        run_motor(rows + i * COLUMNS);
    check(aep_options_new(&options), "aep_options_new");
    for (size_t i = 0; i < COLUMNS; i++)
        check(aep_options_set_column(options, i, names[i], AEP_COLUMN_NUMERIC, NULL, 0), "aep_options_set_column");
    check(aep_options_set_layers(options, AEP_PART_ENCODER, (const size_t[]){8, 1}, 2), "aep_options_set_layers");
    check(aep_options_set_layers(options, AEP_PART_HEAD, (const size_t[]){8}, 1), "aep_options_set_layers");
    check(aep_options_set(options, AEP_OPT_CALIBRATION_SIZE, 200), "calibration_size"); /* they are most of the file */
    check(aep_model_new(&model, options, COLUMNS), "aep_model_new");
    aep_options_free(options);
    check(aep_fit(model, rows, ROWS / 2, COLUMNS, NULL, NULL), "aep_fit");
    check(aep_calibrate(model, rows + ROWS / 2 * COLUMNS, ROWS / 2, COLUMNS), "aep_calibrate");
    return model;
}

static int write_c(const aep_model *model, const char *path)
{
    size_t size;
    check(aep_export_c_size(&size, model, "motor"), "aep_export_c_size");
    char *text = malloc(size);
    FILE *file = fopen(path, "wb");
    check(text ? AEP_OK : AEP_E_MEMORY, "malloc");
    check(file ? AEP_OK : AEP_E_IO, path);
    check(aep_export_c(text, size, model, "motor"), "aep_export_c");
    const int written = fwrite(text, 1, size, file) == size;
    free(text);
    return fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "motor_model.c";
    aep_model *model = train();
    const float rows[2][COLUMNS] = {{0.5f, 7, 48}, {0.5f, 7, 75}}; /* well, and hot for that load */
    float scores[2];
    check(aep_score(scores, model, NULL, rows[0], 2, COLUMNS), "aep_score");
    const int written = write_c(model, path);
    printf("%.4g %.4g\n", (double)scores[0], (double)scores[1]);
    aep_model_free(model);
    if (argc < 2)
        remove(path);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
