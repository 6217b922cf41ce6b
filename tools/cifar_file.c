/* SPDX-License-Identifier: BSD-2-Clause */
#include "cifar_file.h"

#include "tools.h"

#include <string.h>

enum { MOST_LABEL = 9, VALUES = CIFAR_RECORD - 1 };

bool cifar_file_named(const char *path)
{
    static const char train[] = "data_batch_", test[] = "test_batch";
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strncmp(name, train, strlen(train)) == 0) {
        name += strlen(train);
        name += strspn(name, "0123456789");
    } else if (strncmp(name, test, strlen(test)) == 0) {
        name += strlen(test);
    } else {
        return false;
    }
    return strcmp(name, ".bin") == 0 || strcmp(name, ".bin.gz") == 0;
}

bool cifar_file_open(array_file *f, stream *in)
{
    *f = (array_file){.in = in,
                      .n_rows = ROWS_TO_THE_END,
                      .n_columns = VALUES,
                      .type = {.kind = 'u', .size = 1},
                      .image = {3, 32, 32},
                      .labelled = true};
    if (in->length > 0)
        return array_file_begin(f);
    say_error("%s: is empty", in->name);
    return false;
}

int cifar_file_next(array_file *f)
{
    int got = array_file_next(f);
    if (got <= 0 || f->label.number <= MOST_LABEL)
        return got;
    say_error("%s: image %zu: the label is %g, where CIFAR-10 has 0 to %d; is this one of its binary batches?",
              f->in->name, f->row, f->label.number, MOST_LABEL);
    return -1;
}
