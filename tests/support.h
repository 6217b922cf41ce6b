/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the public API share. */
#ifndef AEP_TESTS_SUPPORT_H
#define AEP_TESTS_SUPPORT_H

#include "runner.h"

#include <aepred.h>

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------------------------------------------- running */

/* The main function of a program of these tests. */
#define RUN_TESTS(name, ...)                                                                                           \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        return run_list(name, tests, sizeof tests / sizeof *tests, 600);                                               \
    }

/* The call gives exactly this status. */
#define AEP_CHECK_STATUS(call, expected)                                                                               \
    do {                                                                                                               \
        const int status_ = (call), expected_ = (expected);                                                            \
        ck_assert_msg(status_ == expected_, "%s: %d (%s), expected %d", #call, status_, aep_status_str(status_),       \
                      expected_);                                                                                      \
    } while (0)

#define AEP_CHECK(call) AEP_CHECK_STATUS(call, AEP_OK)

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* -------------------------------------------------------------------------------------------------- memory */

#define NEVER SIZE_MAX

/* An allocator that counts, and that fails from a chosen call on: once, or for good. */
typedef struct memory {
    size_t fail_at; /* the call, counted from 0, that gives NULL; NEVER: none */
    bool for_good;  /* and all calls after it */
    size_t calls, refused;
    size_t live;  /* blocks not freed */
    size_t bytes; /* asked for in all */
} memory;

aep_allocator memory_allocator(memory *m); /* resets the counts; nothing fails */

/* ------------------------------------------------------------------------------------------------ messages */

typedef struct messages {
    size_t n[3]; /* by level */
    char last[512];
} messages;

/* An aep_log_fn; checks that the message is one line. */
void record_message(int level, const char *message, void *payload);

/* -------------------------------------------------------------------------------------------------- numbers */

/* Uniform in [0, 1), reproducible everywhere. */
double uniform(uint64_t *state);

/*
 * Rows whose columns hang together: all follow two hidden variables, but for little noise. Columns by letter: n is
 * numeric, a digit is categorical with as many levels. Rows of every seed have the same distribution. To be freed.
 */
float *new_rows(const char *columns, size_t n_rows, uint64_t seed);

/* Shuffles each column on its own: every value stays usual, but no longer fits the others. */
void break_correlation(float *rows, size_t n_rows, size_t n_cols, uint64_t seed);

/* n letters n, for n up to 1,000. */
const char *numeric(size_t n);

/* --------------------------------------------------------------------------------------------------- models */

typedef struct setting {
    int key;
    double value;
} setting;

/* new_model("nn3", SET({AEP_OPT_EPOCHS, 5}, {AEP_OPT_SEED, 1})) */
#define SET(...) ((const setting[]){__VA_ARGS__, {0, 0}})

/* Options with described columns ("c0", "c1", ...; levels "l0", ...), small layers and settings (NULL: none). */
aep_options *new_options(const char *columns, const setting *settings, const aep_allocator *allocator);

aep_model *new_model(const char *columns, const setting *settings);

/* Fitted on 400 rows of seed 1 for 10 epochs of batches of 64 (unless set otherwise). */
aep_model *fitted_model(const char *columns, const setting *settings);

/* And calibrated on 200 rows of seed 2. */
aep_model *ready_model(const char *columns, const setting *settings);

/* --------------------------------------------------------------------------------------------------- images */

typedef struct picture_layer {
    int part, kind;
    size_t size, kernel, stride, padding;
} picture_layer;

/* Images, and a small network for them. */
typedef struct picture {
    const char *name;
    size_t channels, height, width;
    size_t n_layers;
    picture_layer layers[8];
    setting settings[4]; /* before those of a test */
} picture;

/* grey, convolutions mirrored; three channels, norms, max pooling, a decoder by hand, vector error; a signal, average
   pooling mirrored, block noise */
enum { GREY, COLOUR, SIGNAL, N_PICTURES };
extern const picture pictures[N_PICTURES];

size_t picture_size(const picture *p); /* values */

/* Waves that follow two hidden variables, with little noise; each channel within units of its own: c * 100 + 0 .. 10^c.
   To be freed. */
float *new_pictures(const picture *p, size_t n, uint64_t seed);

/* As new_options and the others above, without names of columns. */
aep_options *picture_options(const picture *p, const setting *settings, const aep_allocator *allocator);
aep_model *new_picture_model(const picture *p, const setting *settings);
aep_model *fitted_picture_model(const picture *p, const setting *settings);
aep_model *ready_picture_model(const picture *p, const setting *settings);

double option_of(const aep_model *model, int key);
double stat_of(const aep_model *model, int stat); /* must be known */

/* Score by a kind from now on; the joint one is standardised on 200 new rows (pictures) of seed 2. */
void score_by(aep_model *model, int kind, const char *columns, const picture *p);

/* Scores without a workspace. To be freed. */
float *scores_of(const aep_model *model, const float *rows, size_t n_rows);

/* --------------------------------------------------------------------------------------------------- saving */

typedef struct bytes {
    uint8_t *data; /* to be freed */
    size_t size;
} bytes;

bytes save(const aep_model *model);
aep_model *load(bytes b);
bool same_bytes(bytes a, bytes b);

/* Whether the model saves to these bytes. */
bool saves_as(const aep_model *model, bytes b);

/* Frees `before`; fails unless the model still saves to it. */
void assert_unchanged(const aep_model *model, bytes before);

/* Where the content of a section begins (docs/file-format.md); fails unless there is one. */
size_t find_section(bytes b, const char *tag);

/* The weights that a model saves. To be freed. */
float *weights_of(const aep_model *model, size_t *n);

/* The last four bytes: CRC-32 (ISO-HDLC) of those before, little-endian. size >= 4. */
void repair_checksum(uint8_t *data, size_t size);

#endif
