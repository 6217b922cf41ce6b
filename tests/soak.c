/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A long run of everything at once: threads that each make models of random shapes, dense and convolutional, train,
 * calibrate, score, explain, save, load and free them, some with threads of their own; and all score with one shared
 * model, whose scores must not change by a bit.
 *
 * Usage: soak SECONDS [THREADS]
 *
 * Every block that the library was given must be freed at the end, every descriptor closed, and the most resident memory
 * of the run's second half be no more than that of the first, but for some slack. Prints the figures; status 1 if something is
 * not so.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <aepred.h>

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 64, MOST_ROWS = 200, MOST_SIDE = 12, MOST_COLUMNS = 2 * MOST_SIDE * MOST_SIDE, SHARED_ROWS = 64 };
enum { SHARED_COLUMNS = 20, SAMPLES_A_SECOND = 10 };
typedef struct shared {
    aep_model *model;
    float rows[SHARED_ROWS * SHARED_COLUMNS], scores[SHARED_ROWS];
    double end; /* when the clock shows this */
    atomic_size_t rounds, fits, scored, explained, saved, loaded;
    atomic_size_t live; /* blocks of the library */
    atomic_bool failed;
} shared;

typedef struct worker {
    pthread_t thread;
    shared *common;
    uint64_t state;
    char path[64];
    float rows[MOST_ROWS * MOST_COLUMNS], out[MOST_ROWS * MOST_COLUMNS], scores[MOST_ROWS];
} worker;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static size_t between(uint64_t *state, size_t low, size_t high) { return low + draw(state) % (high - low + 1); }

static float uniform(uint64_t *state) { return (float)(draw(state) % 65536) / 65536; }

static void *count_alloc(size_t size, void *payload)
{
    void *block = malloc(size);
    ((shared *)payload)->live += block != NULL;
    return block;
}

static void count_free(void *block, void *payload)
{
    ((shared *)payload)->live--;
    free(block);
}

static aep_allocator counted(shared *common) { return (aep_allocator){count_alloc, count_free, common}; }

/* A call that must not fail. */
static bool ok(worker *w, int status, const char *what)
{
    if (status != AEP_OK) {
        fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
        w->common->failed = true;
    }
    return status == AEP_OK;
}

static bool holds(worker *w, bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        w->common->failed = true;
    }
    return condition;
}

/* ------------------------------------------------------------------------------------------------------ a model */

/* Columns that follow one hidden variable. */
static void fill(float *rows, size_t n_rows, size_t n_cols, uint64_t *state)
{
    for (size_t i = 0; i < n_rows; i++) {
        const float hidden = uniform(state);
        for (size_t j = 0; j < n_cols; j++)
            rows[i * n_cols + j] = hidden * (float)(j % 7) + 0.1f * uniform(state);
    }
}

/* Sets the image of a model, in one of two of them; returns the number of columns. */
static size_t choose_shape(worker *w, aep_options *options)
{
    if (draw(&w->state) % 2)
        return between(&w->state, 1, 60);
    const size_t channels = between(&w->state, 1, 2), height = between(&w->state, 4, MOST_SIDE);
    const size_t width = between(&w->state, 4, MOST_SIDE), filters = between(&w->state, 1, 6);
    ok(w, aep_options_set_image(options, channels, height, width), "aep_options_set_image");
    ok(w, aep_options_add_conv(options, filters, 3, between(&w->state, 1, 2)), "aep_options_add_conv");
    return channels * height * width;
}

static aep_model *make(worker *w)
{
    aep_options *options = NULL;
    aep_model *model = NULL;
    const size_t widths[] = {between(&w->state, 2, 40), between(&w->state, 1, 8)}, head[] = {between(&w->state, 1, 16)};
    const aep_allocator allocator = counted(w->common);
    if (!ok(w, aep_options_new_with(&options, &allocator), "aep_options_new_with"))
        return NULL;
    const size_t n_cols = choose_shape(w, options);
    ok(w, aep_options_set_layers(options, AEP_PART_ENCODER, widths, 2), "aep_options_set_layers");
    ok(w, aep_options_set_layers(options, AEP_PART_HEAD, head, 1), "aep_options_set_layers");
    ok(w, aep_options_set(options, AEP_OPT_EPOCHS, (double)between(&w->state, 1, 3)), "epochs");
    ok(w, aep_options_set(options, AEP_OPT_BATCH, (double)between(&w->state, 2, 64)), "batch");
    ok(w, aep_options_set(options, AEP_OPT_ERROR, (double)(draw(&w->state) % 2)), "error");
    ok(w, aep_options_set(options, AEP_OPT_SEED, (double)draw(&w->state)), "seed");
    ok(w, aep_model_new(&model, options, n_cols), "aep_model_new");
    aep_options_free(options);
    if (model)
        ok(w, aep_model_set_threads(model, between(&w->state, 1, 2)), "aep_model_set_threads");
    return model;
}

/* ------------------------------------------------------------------------------------------------ what is done */

/* Saved to a file or to memory, the loaded model scores the same. */
static void save_and_load(worker *w, const aep_model *model, size_t n_rows, size_t n_cols)
{
    const aep_allocator allocator = counted(w->common);
    size_t size = 0;
    aep_model *loaded = NULL;
    if (draw(&w->state) % 2) {
        ok(w, aep_model_save_file(model, w->path), "aep_model_save_file");
        ok(w, aep_model_load_file(&loaded, w->path, &allocator), "aep_model_load_file");
    } else if (ok(w, aep_model_save_size(&size, model), "aep_model_save_size")) {
        uint8_t *bytes = malloc(size);
        ok(w, aep_model_save(bytes, size, model), "aep_model_save");
        ok(w, aep_model_load(&loaded, bytes, size, &allocator), "aep_model_load");
        free(bytes);
    }
    w->common->saved++;
    if (loaded && ok(w, aep_score(w->out, loaded, NULL, w->rows, n_rows, n_cols), "aep_score of a loaded model"))
        holds(w, memcmp(w->out, w->scores, n_rows * sizeof *w->out) == 0, "a loaded model scores otherwise");
    w->common->loaded += loaded != NULL;
    aep_model_free(loaded);
}

static void score(worker *w, const aep_model *model, size_t n_rows, size_t n_cols)
{
    aep_workspace *workspace = NULL;
    ok(w, aep_workspace_new(&workspace, model), "aep_workspace_new");
    ok(w, aep_score(w->scores, model, workspace, w->rows, n_rows, n_cols), "aep_score");
    for (size_t i = 0; i < n_rows; i++)
        holds(w, isfinite(w->scores[i]), "a score is not finite");
    ok(w, aep_explain(w->out, model, workspace, w->rows, n_rows, n_cols), "aep_explain");
    aep_workspace_free(workspace);
    w->common->scored += n_rows;
    w->common->explained += n_rows;
}

static void score_shared(worker *w)
{
    const shared *common = w->common;
    ok(w, aep_score(w->scores, common->model, NULL, common->rows, SHARED_ROWS, SHARED_COLUMNS), "the shared model");
    holds(w, memcmp(w->scores, common->scores, sizeof common->scores) == 0, "the shared model scores otherwise");
    w->common->scored += SHARED_ROWS;
}

static void round_of(worker *w)
{
    aep_model *model = make(w);
    const size_t n_rows = between(&w->state, 4, MOST_ROWS), n_cols = aep_model_n_columns(model);
    if (!model)
        return;
    fill(w->rows, n_rows, n_cols, &w->state);
    if (ok(w, aep_fit(model, w->rows, n_rows, n_cols, NULL, NULL), "aep_fit") &&
        ok(w, aep_calibrate(model, w->rows, n_rows, n_cols), "aep_calibrate")) {
        score(w, model, n_rows, n_cols);
        save_and_load(w, model, n_rows, n_cols);
    }
    aep_model_free(model);
    w->common->fits++;
    score_shared(w);
    w->common->rounds++;
}

static void *work(void *payload)
{
    worker *w = payload;
    while (now() < w->common->end && !w->common->failed)
        round_of(w);
    return NULL;
}

/* --------------------------------------------------------------------------------------------------- the process */

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident;
}

/* One more, that of the folder itself, each time. */
static size_t open_descriptors(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

typedef struct figures {
    long first_half, second_half; /* most resident pages */
    size_t descriptors_before, descriptors_after;
} figures;

static void watch(figures *f, double begin, const shared *common)
{
    const struct timespec pause = {0, 1000000000 / SAMPLES_A_SECOND};
    while (now() < common->end && !common->failed) {
        nanosleep(&pause, NULL);
        const long pages = resident_pages();
        long *most = now() < (begin + common->end) / 2 ? &f->first_half : &f->second_half;
        *most = pages > *most ? pages : *most;
    }
}

/* --------------------------------------------------------------------------------------------------------- begin */

static bool make_shared(shared *common, worker *w)
{
    fill(common->rows, SHARED_ROWS, SHARED_COLUMNS, &w->state);
    return ok(w, aep_model_new(&common->model, NULL, SHARED_COLUMNS), "aep_model_new") &&
           ok(w, aep_model_set(common->model, AEP_OPT_EPOCHS, 3), "epochs") &&
           ok(w, aep_fit(common->model, common->rows, SHARED_ROWS, SHARED_COLUMNS, NULL, NULL), "aep_fit") &&
           ok(w, aep_score(common->scores, common->model, NULL, common->rows, SHARED_ROWS, SHARED_COLUMNS),
              "aep_score");
}

static bool run(worker *workers, size_t n, figures *f, double seconds)
{
    shared *common = workers->common;
    size_t started = 0;
    const double begin = now();
    common->end = begin + seconds;
    f->descriptors_before = open_descriptors();
    while (started < n && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    watch(f, begin, common);
    for (size_t i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        unlink(workers[i].path);
    }
    f->descriptors_after = open_descriptors();
    return started == n && !common->failed;
}

/* What the C library keeps of freed memory varies with the sizes that chance has brought together: 8 MiB, and a tenth.
   Blocks not freed are counted, so this is about what no count sees. */
static bool is_flat(const figures *f)
{
#ifdef AEP_SANITIZED /* sanitizers keep freed memory for a while, to see uses of it */
    (void)f;
    return true;
#else
    const double slack = (double)(8 << 20) / (double)sysconf(_SC_PAGESIZE);
    return (double)f->second_half <= 1.1 * (double)f->first_half + slack;
#endif
}

static bool report(const shared *common, const figures *f, double seconds, size_t n)
{
    const double mebibyte = (double)sysconf(_SC_PAGESIZE) / (1 << 20);
    const bool flat = is_flat(f);
    printf(
        "%.0f seconds, %zu threads: %zu models trained, %zu rows scored, %zu explained, %zu models saved, %zu loaded\n",
        seconds, n, common->fits, common->scored, common->explained, common->saved, common->loaded);
    printf("most resident memory: %.1f MiB in the first half, %.1f MiB in the second%s\n",
           (double)f->first_half * mebibyte, (double)f->second_half * mebibyte, flat ? "" : ": it grows");
    printf("descriptors: %zu before, %zu after\n", f->descriptors_before, f->descriptors_after);
    printf("blocks not freed: %zu\n", common->live);
    return flat && common->live == 0 && f->descriptors_before == f->descriptors_after && common->rounds > 0;
}

int main(int argc, char **argv)
{
    static shared common;
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : 10;
    const size_t wanted = argc > 2 ? strtoul(argv[2], NULL, 10) : 4, n = wanted < MOST_THREADS ? wanted : MOST_THREADS;
    worker *workers = calloc(n, sizeof *workers);
    figures f = {0};
    for (size_t i = 0; i < n && workers; i++) {
        workers[i].common = &common;
        workers[i].state = i + 1;
        snprintf(workers[i].path, sizeof workers[i].path, "/tmp/aepred-soak-%ld-%zu", (long)getpid(), i);
    }
    if (!workers || n == 0 || !make_shared(&common, workers))
        return EXIT_FAILURE;
    bool good = run(workers, n, &f, seconds);
    good = report(&common, &f, seconds, n) && good;
    aep_model_free(common.model);
    free(workers);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
