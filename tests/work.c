/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fixed piece of work, whose instructions check_instructions.py counts: work NAME.
 */
#include <aepred.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 118, IMAGE = 28, ROWS = 512 };

/* uniform in [-1, 1) */
static float *draw(size_t n)
{
    uint32_t state = 1;
    float *values = malloc(n * sizeof *values);
    for (size_t i = 0; values && i < n; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    return values;
}

static int make_dense(aep_model **model, aep_options *options)
{
    static const size_t encoder[] = {60, 30, 10, 3}, head[] = {10, 10};
    int status = aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 4);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_HEAD, head, 2);
    return status ? status : aep_model_new(model, options, COLUMNS);
}

static int make_conv(aep_model **model, aep_options *options)
{
    static const size_t encoder[] = {32};
    int status = aep_options_set_image(options, 1, IMAGE, IMAGE);
    if (!status)
        status = aep_options_add_conv(options, 16, 3, 2);
    if (!status)
        status = aep_options_add_conv(options, 32, 3, 2);
    if (!status)
        status = aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 1);
    return status ? status : aep_model_new(model, options, IMAGE * IMAGE);
}

static const struct {
    const char *name;
    int (*make)(aep_model **model, aep_options *options);
    size_t columns, train, score; /* rows of one call each */
} works[] = {
    {"train-dense-32", make_dense, COLUMNS, 32, 0},    {"train-dense-512", make_dense, COLUMNS, 512, 0},
    {"score-dense-1", make_dense, COLUMNS, 0, 1},      {"score-dense-512", make_dense, COLUMNS, 0, 512},
    {"train-conv-16", make_conv, IMAGE *IMAGE, 16, 0}, {"score-conv-1", make_conv, IMAGE *IMAGE, 0, 1},
};
enum { N_WORKS = sizeof works / sizeof *works };

static int run(size_t w)
{
    static float scores[ROWS];
    const size_t columns = works[w].columns;
    aep_options *options = NULL;
    aep_model *model = NULL;
    aep_workspace *workspace = NULL;
    float *rows = draw(ROWS * columns);
    int status = rows ? aep_options_new(&options) : AEP_E_MEMORY;
    if (!status)
        status = works[w].make(&model, options);
    if (!status)
        status = aep_fit_scaling(model, rows, ROWS, columns);
    if (!status)
        status = aep_workspace_new(&workspace, model);
    if (!status && works[w].train)
        status = aep_fit_batch(model, rows, works[w].train, columns);
    if (!status && works[w].score)
        status = aep_score(scores, model, workspace, rows, works[w].score, columns);
    aep_workspace_free(workspace);
    aep_model_free(model);
    aep_options_free(options);
    free(rows);
    return status;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < N_WORKS; i++)
        if (!strcmp(argv[1], works[i].name))
            return run(i) ? EXIT_FAILURE : EXIT_SUCCESS;
    for (size_t i = 0; i < N_WORKS; i++)
        printf("%s %s\n", works[i].name, works[i].train ? "aep_fit_batch" : "aep_score");
    return argc == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
