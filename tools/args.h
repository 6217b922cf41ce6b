/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments of the commands: what all that read rows have in common, and helpers for the rest. */
#ifndef AEPRED_ARGS_H
#define AEPRED_ARGS_H

#include "input.h"

#include <popt.h>

/* Where rows come from and which columns are no features. */
typedef struct source_args {
    list files;
    enum input_format format;
    enum input_header header;
    char delimiter;
    bool quiet;
    size_t threads;
    char *label; /* NULL: none */
    list labels; /* files of them */
    list normal, anomaly, drop;
    list keep; /* columns to carry through to the output */
} source_args;

/* Codes of the options; those from OPTION_OWN on belong to a command. */
enum {
    OPTION_HELP = 1,
    OPTION_QUIET,
    OPTION_FORMAT,
    OPTION_HEADER,
    OPTION_DELIMITER,
    OPTION_LABEL,
    OPTION_LABELS,
    OPTION_NORMAL,
    OPTION_ANOMALY,
    OPTION_DROP,
    OPTION_THREADS,
    OPTION_OWN
};

/* Included in the table of each command that reads rows. */
extern const struct poptOption source_options[];
#define SOURCE_OPTIONS                                                                                                 \
    {                                                                                                                  \
        NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)source_options, 0, "Input:", NULL                                  \
    }
#define HELP_OPTION                                                                                                    \
    {                                                                                                                  \
        "help", 'h', POPT_ARG_NONE, NULL, OPTION_HELP, "Show this help", NULL                                          \
    }

void source_args_init(source_args *args);
void source_args_free(source_args *args);

/* Take an option, below OPTION_OWN. False: it has no meaning, and that has been said. */
bool source_args_take(source_args *args, int code, const char *value);

/* Take the arguments that are no options: the first goes to *first (if not NULL), the others are files. */
bool source_args_rest(source_args *args, char **first, poptContext context);

/* Is the output one of the files that are read, which it would destroy? Says so. */
bool source_args_overwritten(const source_args *args, const char *path);

/* What a command is, for --help. */
typedef struct command_help {
    const char *operands; /* "[OPTION...] MODEL FILE..." */
    const char *about;    /* what it does: whole lines */
    void (*more)(void);   /* prints what follows the options; NULL: nothing */
} command_help;

/* Hands every option's code and value to `take`, which returns false after saying that one has no meaning. Returns
   STATUS_OK, STATUS_USAGE, or HELP_SHOWN: --help has been answered. */
enum { HELP_SHOWN = -1 };
int take_options(poptContext context, const command_help *help, bool (*take)(void *args, int code, const char *value),
                 void *args);

/* Point the reader at the files. */
input *input_new(const source_args *args, bool keep_raw);
void input_free(input *in);

bool parse_number(double *number, const char *option, const char *text, double low, double high);
bool set_string(char **to, const char *value); /* *to = a copy of value */
bool usage_error(poptContext context, const char *format, ...) __attribute__((format(printf, 2, 3))); /* false */

#endif
