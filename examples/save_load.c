/* SPDX-License-Identifier: BSD-2-Clause */
/* Save a model to memory and to a file, load it, and train on: the loaded model goes the same way as the first. */
#include <aepred.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 2, ROWS = 1000 };

static void check(int status, const char *what)
{
    if (status == AEP_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
    exit(EXIT_FAILURE);
}

struct bytes {
    void *data;
    size_t size;
};

static struct bytes save(const aep_model *model)
{
    struct bytes bytes;
    check(aep_model_save_size(&bytes.size, model), "aep_model_save_size");
    bytes.data = malloc(bytes.size);
    check(bytes.data ? AEP_OK : AEP_E_MEMORY, "malloc");
    check(aep_model_save(bytes.data, bytes.size, model), "aep_model_save");
    return bytes;
}

/* A few epochs more, then the threshold. */
static void train(aep_model *model, const float *rows)
{
    check(aep_fit(model, rows, ROWS, COLUMNS, NULL, NULL), "aep_fit");
    check(aep_calibrate(model, rows, ROWS, COLUMNS), "aep_calibrate");
}

/* Whether two models are the same, to the last bit. */
static int same(const aep_model *a, const aep_model *b)
{
    struct bytes x = save(a), y = save(b);
    int equal = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    free(x.data);
    free(y.data);
    return equal;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "save_load.aepred";
    static float rows[ROWS * COLUMNS];
    for (size_t i = 0; i < ROWS; i++) {
        rows[i * COLUMNS] = (float)(rand() % 1000);
        rows[i * COLUMNS + 1] = 2 * rows[i * COLUMNS] + (float)(rand() % 50);
    }
    aep_model *model, *from_memory, *from_file;
    check(aep_model_new(&model, NULL, COLUMNS), "aep_model_new");
    check(aep_model_set(model, AEP_OPT_EPOCHS, 10), "aep_model_set");
    train(model, rows);

    struct bytes saved = save(model);
    check(aep_model_load(&from_memory, saved.data, saved.size, NULL), "aep_model_load");
    free(saved.data);
    check(aep_model_save_file(model, path), path);
    check(aep_model_load_file(&from_file, path, NULL), path);
    int ok = same(model, from_memory) && same(model, from_file);
    printf("%zu bytes; the models from memory and file are %s\n", saved.size, ok ? "the same" : "NOT the same");

    train(model, rows);
    train(from_memory, rows);
    train(from_file, rows);
    int still = same(model, from_memory) && same(model, from_file);
    printf("after ten more epochs they are %s\n", still ? "the same" : "NOT the same");

    aep_model_free(from_file);
    aep_model_free(from_memory);
    aep_model_free(model);
    remove(path);
    return ok && still ? EXIT_SUCCESS : EXIT_FAILURE;
}
