/* SPDX-License-Identifier: BSD-2-Clause */
/* A file for results: standard output, or a path that holds its old content until all of the new is written. */
#ifndef AEPRED_OUTPUT_H
#define AEPRED_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

typedef struct output {
    FILE *file;
    char *path;      /* NULL: standard output */
    char *temporary; /* NULL: written in place */
} output;

/* path NULL or "-": standard output. Each says what went wrong and returns false. */
bool output_open(output *out, const char *path);
bool output_good(output *out);  /* nothing has failed so far */
bool output_close(output *out); /* all is written, and stands under its name */

/* Give up: what the path held before stays. Does nothing after output_close. */
void output_drop(output *out);

/* Text as a CSV cell, in quotes where it needs them. */
void output_cell(output *out, const char *text);

#endif
