/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scores rows one by one and in a batch, and writes a mark before and after. check_no_syscalls.py looks at what comes
 * between the marks; that nothing is allocated there is checked here.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 10000 };

static const char *const columns = "nnnnn3";

/* Whether it could be written. */
static bool mark(const char *text)
{
    const size_t size = strlen(text);
    return write(STDOUT_FILENO, text, size) == (ssize_t)size;
}

static aep_model *small_model(const aep_allocator *allocator)
{
    aep_options *options = new_options(columns, SET({AEP_OPT_EPOCHS, 2}), allocator);
    aep_model *model;
    float *rows = new_rows(columns, 400, 1);
    AEP_CHECK(aep_model_new(&model, options, strlen(columns)));
    AEP_CHECK(aep_fit(model, rows, 400, strlen(columns), NULL, NULL));
    free(rows);
    aep_options_free(options);
    return model;
}

/* The sum of the statuses: Check may report nothing between the marks, as each of its assertions writes to a file. */
static int score_all(float *scores, const aep_model *model, aep_workspace *workspace, const float *rows)
{
    const size_t n_cols = strlen(columns);
    int status = 0;
    for (size_t i = 0; i < ROWS; i++)
        status += aep_score(&scores[i], model, workspace, rows + i * n_cols, 1, n_cols);
    return status + aep_score(scores, model, workspace, rows, ROWS, n_cols);
}

START_TEST(scoring_with_a_workspace_allocates_nothing)
{
    memory m;
    const aep_allocator counted = memory_allocator(&m);
    aep_model *model = small_model(&counted);
    aep_workspace *workspace;
    float *rows = new_rows(columns, ROWS, 2), *scores = malloc(ROWS * sizeof *scores);
    AEP_CHECK(aep_workspace_new(&workspace, model));
    const size_t before = m.calls;
    const bool begun = mark("scoring begins\n");
    const int status = score_all(scores, model, workspace, rows);
    const bool ended = mark("scoring has ended\n");
    ck_assert(begun && ended);
    AEP_CHECK(status);
    ck_assert_uint_eq(m.calls, before);
    aep_workspace_free(workspace);
    aep_model_free(model);
    free(rows);
    free(scores);
}
END_TEST

RUN_TESTS("score_loop", scoring_with_a_workspace_allocates_nothing)
