/* SPDX-License-Identifier: BSD-2-Clause */
/* Score from several threads: they share one const model without locks, and each has a workspace of its own. */
#include <aepred.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 3, ROWS = 20000, TRAINING = 2000, THREADS = 4 };

static float rows[ROWS * COLUMNS], scores[ROWS], scores_of_one[ROWS];

struct task {
    const aep_model *model;
    size_t begin, end;
    int status;
};

static void check(int status, const char *what)
{
    if (status == AEP_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
    exit(EXIT_FAILURE);
}

static void *score_some(void *argument)
{
    struct task *task = argument;
    aep_workspace *workspace;
    task->status = aep_workspace_new(&workspace, task->model);
    if (task->status == AEP_OK)
        task->status = aep_score(scores + task->begin, task->model, workspace, rows + task->begin * COLUMNS,
                                 task->end - task->begin, COLUMNS);
    aep_workspace_free(workspace);
    return NULL;
}

static void score_all(const aep_model *model)
{
    pthread_t threads[THREADS];
    struct task tasks[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        tasks[i] = (struct task){.model = model, .begin = ROWS * i / THREADS, .end = ROWS * (i + 1) / THREADS};
        if (pthread_create(&threads[i], NULL, score_some, &tasks[i]) != 0) {
            fprintf(stderr, "pthread_create failed\n");
            exit(EXIT_FAILURE);
        }
    }
    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_join(threads[i], NULL) != 0) {
            fprintf(stderr, "pthread_join failed\n");
            exit(EXIT_FAILURE);
        }
        check(tasks[i].status, "scoring in a thread");
    }
}

int main(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        float a = (float)(rand() % 1000), b = (float)(rand() % 1000);
        memcpy(rows + i * COLUMNS, (float[COLUMNS]){a, b, a + b}, sizeof(float[COLUMNS]));
    }
    aep_model *model;
    check(aep_model_new(&model, NULL, COLUMNS), "aep_model_new");
    check(aep_model_set(model, AEP_OPT_EPOCHS, 10), "aep_model_set");
    check(aep_fit(model, rows, TRAINING, COLUMNS, NULL, NULL), "aep_fit");

    check(aep_score(scores_of_one, model, NULL, rows, ROWS, COLUMNS), "aep_score");
    score_all(model);
    aep_model_free(model);

    int same = memcmp(scores, scores_of_one, sizeof scores) == 0;
    printf("%d threads gave %d scores, %s those of one\n", THREADS, ROWS, same ? "bit for bit" : "NOT");
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
