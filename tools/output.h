/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file for results: standard output, or a path that holds its old content until all of the new is written. What is
 * there and no regular file, such as a pipe, is written to directly.
 */
#ifndef AEPRED_OUTPUT_H
#define AEPRED_OUTPUT_H

#include "list.h"

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

/* Can a regular file be written there? If not, says so: for telling before long work, not after it. */
bool output_possible(const char *path);

/* Is the output the same file as another? NULL and "-" are standard output, and for `other` the given descriptor. */
bool output_is(const char *path, const char *other, int other_standard);

/* Is the output one of the inputs, which it would destroy? Says so. */
bool output_is_among(const char *path, const list *inputs);

/* The shortest decimal number that reads back as the value. */
void output_float(output *out, float value);

/* Text as a CSV cell, in quotes where it needs them. */
void output_cell(output *out, const char *text);

#endif
