/* SPDX-License-Identifier: BSD-2-Clause */
/* Give the library the host's memory: an allocator that keeps account and refuses to go past a limit. */
#include <aepred.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 2, ROWS = 500 };

struct account {
    size_t used, peak, limit;
};

/* Stands before every block and remembers its size; the union keeps what follows aligned for any type. */
union header {
    size_t size;
    max_align_t align;
};

static void *account_alloc(size_t size, void *payload)
{
    struct account *account = payload;
    if (size > account->limit - account->used)
        return NULL;
    union header *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    account->used += size;
    if (account->used > account->peak)
        account->peak = account->used;
    return block + 1;
}

static void account_free(void *ptr, void *payload)
{
    struct account *account = payload;
    union header *block = (union header *)ptr - 1;
    account->used -= block->size;
    free(block);
}

/* Everything from here on - options, model, workspace - lives in the account. */
static int work(struct account *account, const float *rows)
{
    const aep_allocator allocator = {account_alloc, account_free, account};
    aep_options *options = NULL;
    aep_model *model = NULL;
    aep_workspace *workspace = NULL;
    float score;
    int status;
    if ((status = aep_options_new_with(&options, &allocator)) != AEP_OK ||
        (status = aep_options_set(options, AEP_OPT_EPOCHS, 3)) != AEP_OK ||
        (status = aep_model_new(&model, options, COLUMNS)) != AEP_OK ||
        (status = aep_fit(model, rows, ROWS, COLUMNS, NULL, NULL)) != AEP_OK ||
        (status = aep_workspace_new(&workspace, model)) != AEP_OK)
        goto done;
    size_t before = account->used;
    status = aep_score(&score, model, workspace, rows, 1, COLUMNS);
    if (status == AEP_OK && account->used != before)
        status = AEP_E_STATE; /* cannot be: with a workspace, scoring allocates nothing */
done:
    aep_workspace_free(workspace);
    aep_model_free(model);
    aep_options_free(options);
    return status;
}

int main(void)
{
    static float rows[ROWS * COLUMNS];
    for (size_t i = 0; i < ROWS; i++) {
        rows[i * COLUMNS] = (float)(rand() % 100);
        rows[i * COLUMNS + 1] = 100 - rows[i * COLUMNS];
    }
    struct account roomy = {.limit = 64 << 20};
    int status = work(&roomy, rows);
    printf("limit %zu: %s; peak %zu, left %zu\n", roomy.limit, aep_status_str(status), roomy.peak, roomy.used);

    struct account tight = {.limit = roomy.peak - 1};
    int refused = work(&tight, rows);
    printf("limit %zu: %s; peak %zu, left %zu\n", tight.limit, aep_status_str(refused), tight.peak, tight.used);

    return status == AEP_OK && refused == AEP_E_MEMORY && roomy.used == 0 && tight.used == 0 ? EXIT_SUCCESS
                                                                                             : EXIT_FAILURE;
}
