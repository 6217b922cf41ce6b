/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What bench_speed measures of scoring, by ONNX Runtime through its C API, on one thread.
 *   peer_onnx LIBRARY FOLDER
 * LIBRARY is libonnxruntime.so.1; FOLDER has the files of export_onnx.py. Compares the scores of all rows with those of
 * PyTorch, then serves as bench.h describes. Everything is made beforehand and reused: the session, and for each batch
 * of the rows an input value over its place in memory. A measure calls either Run or RunWithBinding, whichever was
 * faster in a first trial.
 */
#include "rates.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 118, ROWS = 4096, N_MEASURES = 3 };

/* ------------------------------------------------------------------------------------------------- ONNX Runtime */

/*
 * The beginning of struct OrtApi of onnxruntime_c_api.h, as far as it is used. It is stable: functions are only ever
 * added at the end, and none of a released version moves. What lies between those used is counted, and asserted below.
 */
typedef struct ort_status ort_status; /* NULL: success */
typedef struct ort_env ort_env;
typedef struct ort_session_options ort_session_options;
typedef struct ort_session ort_session;
typedef struct ort_memory_info ort_memory_info;
typedef struct ort_value ort_value;
typedef struct ort_binding ort_binding;
typedef struct ort_run_options ort_run_options;
typedef void (*ort_unused)(void);

typedef struct ort_api {
    ort_unused to_2[2];
    const char *(*message)(const ort_status *status);
    ort_status *(*env_new)(int log_level, const char *log_name, ort_env **env);
    ort_unused to_7[3];
    ort_status *(*session_new)(const ort_env *env, const char *path, const ort_session_options *options,
                               ort_session **session);
    ort_unused to_9[1];
    ort_status *(*run)(ort_session *session, const ort_run_options *options, const char *const *input_names,
                       const ort_value *const *inputs, size_t n_inputs, const char *const *output_names,
                       size_t n_outputs, ort_value **outputs);
    ort_status *(*session_options_new)(ort_session_options **options);
    ort_unused to_13[2];
    ort_status *(*set_execution_mode)(ort_session_options *options, int mode);
    ort_unused to_23[9];
    ort_status *(*set_optimization_level)(ort_session_options *options, int level);
    ort_status *(*set_intra_op_threads)(ort_session_options *options, int n);
    ort_status *(*set_inter_op_threads)(ort_session_options *options, int n);
    ort_unused to_49[23];
    ort_status *(*tensor_over)(const ort_memory_info *info, void *data, size_t size, const int64_t *shape,
                               size_t n_dimensions, int element_type, ort_value **value);
    ort_unused to_69[19];
    ort_status *(*cpu_memory_info_new)(int allocator_type, int memory_type, ort_memory_info **info);
    ort_unused to_92[22];
    void (*env_free)(ort_env *env);
    void (*status_free)(ort_status *status);
    void (*memory_info_free)(ort_memory_info *info);
    void (*session_free)(ort_session *session);
    void (*value_free)(ort_value *value);
    ort_unused to_100[3];
    void (*session_options_free)(ort_session_options *options);
    ort_unused to_133[32];
    ort_status *(*run_with_binding)(ort_session *session, const ort_run_options *options, const ort_binding *binding);
    ort_status *(*binding_new)(ort_session *session, ort_binding **binding);
    void (*binding_free)(ort_binding *binding);
    ort_status *(*bind_input)(ort_binding *binding, const char *name, const ort_value *value);
    ort_status *(*bind_output)(ort_binding *binding, const char *name, const ort_value *value);
} ort_api;

#define STANDS_AT(member, position)                                                                                    \
    _Static_assert(offsetof(ort_api, member) == (position) * sizeof(ort_unused), #member " stands elsewhere")
STANDS_AT(message, 2);
STANDS_AT(session_new, 7);
STANDS_AT(run, 9);
STANDS_AT(set_execution_mode, 13);
STANDS_AT(set_optimization_level, 23);
STANDS_AT(tensor_over, 49);
STANDS_AT(cpu_memory_info_new, 69);
STANDS_AT(env_free, 92);
STANDS_AT(session_options_free, 100);
STANDS_AT(run_with_binding, 133);
STANDS_AT(bind_output, 137);

typedef struct ort_api_base {
    const ort_api *(*api)(uint32_t version);
    const char *(*version)(void);
} ort_api_base;

enum {
    ORT_API = 5, /* the first version with bindings */
    ORT_LOG_WARNINGS = 2,
    ORT_SEQUENTIAL = 0,
    ORT_ALL_OPTIMIZATIONS = 99,
    ORT_ARENA_ALLOCATOR = 1,
    ORT_MEMORY_DEFAULT = 0,
    ORT_FLOAT = 1
};

/* ---------------------------------------------------------------------------------------------------------- making */

/* The batches of one size into which the rows are cut. */
typedef struct batches {
    size_t size, n, next;
    bool bound; /* call RunWithBinding */
    ort_value *inputs[ROWS], *output;
    ort_binding *bindings[ROWS];
} batches;

struct bench {
    void *library;
    const char *version;
    const ort_api *api;
    ort_env *env;
    ort_session *session;
    ort_memory_info *memory;
    float *rows, *scores, *expected;
    batches batches[N_MEASURES];
};

static const char *const input_name = "rows", *const output_name = "scores";

/* Reports a failure, and whether there was none. */
static bool ok(const bench *b, ort_status *status)
{
    if (!status)
        return true;
    fprintf(stderr, "ONNX Runtime: %s\n", b->api->message(status));
    b->api->status_free(status);
    return false;
}

static bool open_library(bench *b, const char *path)
{
    const ort_api_base *(*base)(void) = NULL;
    b->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (b->library)
        *(void **)&base = dlsym(b->library, "OrtGetApiBase");
    if (!base) {
        fprintf(stderr, "%s\n", dlerror());
        return false;
    }
    b->version = base()->version();
    b->api = base()->api(ORT_API);
    return b->api != NULL;
}

static bool open_session(bench *b, const char *model)
{
    const ort_api *api = b->api;
    ort_session_options *options = NULL;
    bool done = ok(b, api->env_new(ORT_LOG_WARNINGS, "peer_onnx", &b->env)) &&
                ok(b, api->session_options_new(&options)) && ok(b, api->set_execution_mode(options, ORT_SEQUENTIAL)) &&
                ok(b, api->set_optimization_level(options, ORT_ALL_OPTIMIZATIONS)) &&
                ok(b, api->set_intra_op_threads(options, 1)) && ok(b, api->set_inter_op_threads(options, 1)) &&
                ok(b, api->session_new(b->env, model, options, &b->session)) &&
                ok(b, api->cpu_memory_info_new(ORT_ARENA_ALLOCATOR, ORT_MEMORY_DEFAULT, &b->memory));
    api->session_options_free(options);
    return done;
}

static bool make_binding(bench *b, ort_binding **binding, const ort_value *input, const ort_value *output)
{
    return ok(b, b->api->binding_new(b->session, binding)) && ok(b, b->api->bind_input(*binding, input_name, input)) &&
           ok(b, b->api->bind_output(*binding, output_name, output));
}

static bool make_batches(bench *b, batches *cuts, size_t size)
{
    const int64_t shape[] = {(int64_t)size, COLUMNS};
    const size_t n_values = size * COLUMNS;
    bool done =
        ok(b, b->api->tensor_over(b->memory, b->scores, size * sizeof *b->scores, shape, 1, ORT_FLOAT, &cuts->output));
    cuts->size = size;
    cuts->n = ROWS / size;
    for (size_t i = 0; done && i < cuts->n; i++)
        done = ok(b, b->api->tensor_over(b->memory, b->rows + i * n_values, n_values * sizeof *b->rows, shape, 2,
                                         ORT_FLOAT, &cuts->inputs[i])) &&
               make_binding(b, &cuts->bindings[i], cuts->inputs[i], cuts->output);
    return done;
}

static void discard_batches(const bench *b, batches *cuts)
{
    for (size_t i = 0; i < cuts->n; i++) {
        b->api->binding_free(cuts->bindings[i]);
        b->api->value_free(cuts->inputs[i]);
    }
    b->api->value_free(cuts->output);
}

static void discard(bench *b)
{
    for (size_t i = 0; b->api && i < N_MEASURES; i++)
        discard_batches(b, &b->batches[i]);
    if (b->api) {
        b->api->memory_info_free(b->memory);
        b->api->session_free(b->session);
        b->api->env_free(b->env);
    }
    if (b->library)
        dlclose(b->library);
    free(b->rows);
    free(b->scores);
    free(b->expected);
}

/* ----------------------------------------------------------------------------------------------------------- files */

/* FOLDER/name, in a buffer that the next call writes over */
static const char *path_to(const char *folder, const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static float *read_floats(const char *path, size_t n)
{
    float *values = malloc(n * sizeof *values);
    FILE *file = fopen(path, "rb");
    if (!values || !file || fread(values, sizeof *values, n, file) != n) {
        fprintf(stderr, "%s: %zu floats cannot be read\n", path, n);
        free(values);
        values = NULL;
    }
    if (file)
        fclose(file);
    return values;
}

static bool read_files(bench *b, const char *folder)
{
    b->rows = read_floats(path_to(folder, "dense.rows"), ROWS * COLUMNS);
    b->expected = read_floats(path_to(folder, "dense.scores"), ROWS);
    b->scores = calloc(ROWS, sizeof *b->scores);
    return b->rows && b->expected && b->scores;
}

/* --------------------------------------------------------------------------------------------------------- scoring */

static batches *batches_of(bench *b, size_t size)
{
    batches *cuts = b->batches;
    while (cuts->size != size)
        cuts++;
    return cuts;
}

/* One batch, the one after that of the last call. */
static int score(bench *b, size_t batch)
{
    batches *cuts = batches_of(b, batch);
    const size_t i = cuts->next;
    cuts->next = i + 1 < cuts->n ? i + 1 : 0;
    ort_status *status = cuts->bound
                             ? b->api->run_with_binding(b->session, NULL, cuts->bindings[i])
                             : b->api->run(b->session, NULL, &input_name, (const ort_value *const *)&cuts->inputs[i], 1,
                                           &output_name, 1, &cuts->output);
    return ok(b, status) ? 0 : EXIT_FAILURE;
}

static const bench_measure measures[N_MEASURES] = {
    {"score_1", score, 1}, {"score_64", score, 64}, {"score_4096", score, 4096}};

static bool agrees(const bench *b, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(b->scores[i] - b->expected[first + i]) <= 1e-4f)) { /* errors are about 6 */
            fprintf(stderr, "row %zu: ONNX Runtime scores %g, PyTorch %g\n", first + i, (double)b->scores[i],
                    (double)b->expected[first + i]);
            return false;
        }
    return true;
}

/* Whether all rows score as by PyTorch, in batches of one size and by one way of calling. */
static bool all_agree(bench *b, batches *cuts)
{
    cuts->next = 0;
    for (size_t i = 0; i < cuts->n; i++) {
        memset(b->scores, 0, ROWS * sizeof *b->scores);
        if (score(b, cuts->size) || !agrees(b, i * cuts->size, cuts->size))
            return false;
    }
    return true;
}

/* Checks both ways of calling, and takes the faster one. */
static bool choose_way(rates *r, size_t measure)
{
    batches *cuts = &r->subject->batches[measure];
    double rate[2];
    for (int bound = 0; bound < 2; bound++) {
        cuts->bound = bound;
        r->calls[measure] = 0;
        if (!all_agree(r->subject, cuts) || rates_repeat(&rate[bound], r, measure))
            return false;
    }
    cuts->bound = rate[1] > rate[0];
    return true;
}

static bool make(bench *b, rates *r, const char *library, const char *folder)
{
    bool done = read_files(b, folder) && open_library(b, library) && open_session(b, path_to(folder, "dense.onnx"));
    for (size_t i = 0; done && i < N_MEASURES; i++)
        done = make_batches(b, &b->batches[i], measures[i].batch) && choose_way(r, i);
    return done;
}

static void print_about(const bench *b, const rates *r)
{
    printf("{\"name\": \"ONNX Runtime %s through its C API", b->version);
    for (size_t i = 0; i < N_MEASURES; i++)
        printf("%s%s by %s", i ? ", " : "; ", measures[i].name, b->batches[i].bound ? "RunWithBinding" : "Run");
    printf("\", \"measures\": ");
    rates_print_names(r);
    printf("}\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static bench b;
    rates r = {.subject = &b, .measures = measures, .n_measures = N_MEASURES};
    int status = EXIT_FAILURE;
    if (argc != 3)
        fprintf(stderr, "usage: %s LIBRARY FOLDER\n", argv[0]);
    else if (make(&b, &r, argv[1], argv[2])) {
        print_about(&b, &r);
        status = rates_serve(&r, EXIT_FAILURE);
    }
    discard(&b);
    return status;
}
