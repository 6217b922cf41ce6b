/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast a CSV file is read: megabytes of its text, unpacked if it is gzip, per second of processor time; medians.
 *   bench_csv FILE [LABEL_COLUMN]
 *   bytes   read and unpacked only
 *   libcsv  split by libcsv alone; its cells are thrown away
 *   cells   rows of cells, as the program splits them
 *   train   a table of float that all rows are kept in, words and columns of numbers told apart, as by `aepred train`
 *   score   rows of float in a model's terms, words turned into level codes, as by `aepred score`
 */
#include "feed.h"
#include "table.h"
#include "tools.h"
#include "timing.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REPEATS = 7 };

typedef struct csv_bench {
    source_args args;
    aep_model *model; /* that has the file's columns */
    size_t n_bytes, n_rows, n_cells;
} csv_bench;

static void count_cell(void *text, size_t length, void *payload)
{
    (void)text;
    (void)length;
    ((csv_bench *)payload)->n_cells++;
}

static void count_row(int end, void *payload)
{
    (void)end;
    ((csv_bench *)payload)->n_rows++;
}

static bool read_stream(csv_bench *b, bool split)
{
    static stream s;
    struct csv_parser parser;
    int got = -1;
    b->n_bytes = 0;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0 && stream_open(&s, b->args.files.items[0]))
        while ((got = stream_fill(&s)) > 0) {
            b->n_bytes += s.length;
            if (split && csv_parse(&parser, s.data, s.length, count_cell, count_row, b) != s.length)
                break;
        }
    stream_close(&s);
    csv_free(&parser);
    return got == 0;
}

static bool read_bytes(csv_bench *b) { return read_stream(b, false); }

static bool read_libcsv(csv_bench *b) { return read_stream(b, true); }

static bool read_cells(csv_bench *b)
{
    input *in = input_new(&b->args, false);
    int got = -1;
    while (in && (got = input_next(in)) > 0)
        b->n_rows++;
    input_free(in);
    return got == 0;
}

/* The rows as `aepred train` keeps them, and if there is none yet a model that fits them. */
static bool read_table(csv_bench *b)
{
    input *in = input_new(&b->args, false);
    columns c = {.wanted_by = "the files before have"};
    table t = {0};
    int got = -1;
    bool ok = in != NULL;
    while (ok && (got = input_next(in)) > 0) {
        bool first = c.file == 0;
        ok = columns_follow(&c, in, &b->args) && (!first || table_init(&t, c.n, false, 1000, true)) &&
             table_add(&t, in, c.where);
    }
    char *const *names = c.names.n ? c.names.items : NULL;
    ok = ok && got == 0 && table_finish(&t, names, true);
    if (ok && !b->model) {
        aep_options *options = NULL;
        ok = aep_options_new(&options) == AEP_OK && table_describe(&t, options, names) == AEP_OK &&
             aep_model_new(&b->model, options, t.n_columns) == AEP_OK;
        aep_options_free(options);
    }
    table_free(&t);
    columns_free(&c);
    input_free(in);
    return ok;
}

static bool read_feed(csv_bench *b)
{
    feed f;
    int got = -1;
    if (feed_open(&f, b->model, &b->args))
        while ((got = feed_next(&f)) > 0)
            b->n_rows += f.n_rows;
    feed_close(&f);
    return got == 0;
}

static const struct {
    const char *name;
    bool (*run)(csv_bench *b);
} measures[] = {
    {"bytes", read_bytes}, {"libcsv", read_libcsv}, {"cells", read_cells}, {"train", read_table}, {"score", read_feed},
};
enum { N_MEASURES = sizeof measures / sizeof *measures };

/* All measures in turn, so that what slows the machine for a while slows them alike. */
static bool measure(csv_bench *b)
{
    static double seconds[N_MEASURES][REPEATS];
    for (int r = 0; r < REPEATS; r++)
        for (int m = 0; m < N_MEASURES; m++) {
            const clock_t start = clock();
            if (!measures[m].run(b))
                return false;
            seconds[m][r] = (double)(clock() - start) / CLOCKS_PER_SEC;
        }
    for (int m = 0; m < N_MEASURES; m++) {
        printf("%-8s %8.0f MB/s\n", measures[m].name, (double)b->n_bytes / median(seconds[m], REPEATS) / 1e6);
    }
    return true;
}

int main(int argc, char **argv)
{
    csv_bench b = {0};
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bench_csv FILE [LABEL_COLUMN]\n");
        return STATUS_USAGE;
    }
    source_args_init(&b.args);
    b.args.quiet = true;
    bool ok = list_add(&b.args.files, argv[1]) && (argc < 3 || set_string(&b.args.label, argv[2])) && read_table(&b) &&
              measure(&b);
    aep_model_free(b.model);
    source_args_free(&b.args);
    return ok ? STATUS_OK : STATUS_BAD;
}
