/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of rows, read to its end or its first error as the commands do: of the format AEP_FORMAT. CSV is read with every
 * choice of header, two delimiters, and with its lines kept.
 */
#include "fuzz.h"
#include "input.h"

#include <stdlib.h>

static void read_rows(const char *path, enum input_header header, char delimiter)
{
    char *items[] = {(char *)path}, place[PLACE_SIZE];
    const list files = {.items = items, .n = 1};
    input *in = calloc(1, sizeof *in);
    double sum = 0, number;
    if (!in)
        return;
    *in = (input){.files = &files,
                  .format_choice = AEP_FORMAT,
                  .header_choice = header,
                  .delimiter = delimiter,
                  .keep_raw = header == HEADER_YES};
    while (input_next(in) > 0)
        for (size_t i = 0; i < in->n_columns; i++) {
            const bool text = in->cells[i].text != NULL;
            sum += text ? (double)cell_read(&in->cells[i], &number) : in->cells[i].number;
            if (i + 1 == in->n_columns)
                input_place(place, sizeof place, in, i);
        }
    volatile double used = sum; /* every cell has been read */
    (void)used;
    input_close(in);
    free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    read_rows(path, HEADER_AUTO, ',');
    if (AEP_FORMAT == FORMAT_CSV) {
        read_rows(path, HEADER_YES, ';');
        read_rows(path, HEADER_NO, '\t');
    }
    return 0;
}
