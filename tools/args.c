/* SPDX-License-Identifier: BSD-2-Clause */
#include "args.h"

#include "cifar_file.h"
#include "output.h"
#include "tools.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct poptOption source_options[] = {
    {"label", 'l', POPT_ARG_STRING, NULL, OPTION_LABEL,
     "Column that tells normal rows from anomalies, and is no feature: name, number from 1, or last", "COL"},
    {"labels", '\0', POPT_ARG_STRING, NULL, OPTION_LABELS,
     "Files that hold a label for each row, such as IDX: one for all input files, or one for each", "FILE,..."},
    {"normal", '\0', POPT_ARG_STRING, NULL, OPTION_NORMAL, "Labels of normal rows; all others are anomalies",
     "VALUE,..."},
    {"anomaly", '\0', POPT_ARG_STRING, NULL, OPTION_ANOMALY, "Labels of anomalies; all others are normal rows",
     "VALUE,..."},
    {"drop", '\0', POPT_ARG_STRING, NULL, OPTION_DROP, "Columns to leave out", "COL,..."},
    {"format", '\0', POPT_ARG_STRING, NULL, OPTION_FORMAT,
     "What the files are (auto: told by their content; CIFAR-10 by the names data_batch_N.bin and test_batch.bin)",
     "auto|csv|npy|idx|cifar10"},
    {"header", '\0', POPT_ARG_STRING, NULL, OPTION_HEADER,
     "Whether CSV files begin with column names (auto: if the first row has words and no numbers)", "auto|yes|no"},
    {"delimiter", '\0', POPT_ARG_STRING, NULL, OPTION_DELIMITER,
     "Separates cells in CSV files: a character, or tab (default ,)", "CHAR"},
    {"threads", '\0', POPT_ARG_STRING, NULL, OPTION_THREADS,
     "Threads to work with (1): a number, or all for one a processor; results are the same for any number", "N|all"},
    {"quiet", 'q', POPT_ARG_NONE, NULL, OPTION_QUIET, "Show only warnings and errors", NULL},
    POPT_TABLEEND};

void source_args_init(source_args *args) { *args = (source_args){.delimiter = ',', .threads = 1}; }

void source_args_free(source_args *args)
{
    list_free(&args->files);
    list_free(&args->labels);
    list_free(&args->normal);
    list_free(&args->anomaly);
    list_free(&args->drop);
    list_free(&args->keep);
    free(args->label);
}

static bool take_format(source_args *args, const char *value)
{
    int format = input_format_find(value);
    if (format < 0)
        say_error("--format %s: must be auto, csv, npy, idx or cifar10", value);
    else
        args->format = (enum input_format)format;
    return format >= 0;
}

static bool take_header(source_args *args, const char *value)
{
    static const char *const choices[] = {"auto", "yes", "no"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(value, choices[i]) == 0) {
            args->header = (enum input_header)i;
            return true;
        }
    }
    say_error("--header %s: must be auto, yes or no", value);
    return false;
}

static bool take_delimiter(source_args *args, const char *value)
{
    args->delimiter = strcmp(value, "tab") == 0 ? '\t' : value[0];
    if ((args->delimiter != '\t' && strlen(value) != 1) || strchr("\"\r\n", args->delimiter)) {
        say_error("--delimiter '%s': must be one character, not a quote, or the word tab", value);
        return false;
    }
    return true;
}

/* As many as a model may have at most, if there are more processors. */
static bool take_threads(source_args *args, const char *value)
{
    enum { MOST_THREADS = 256 };
    double number = (double)sysconf(_SC_NPROCESSORS_ONLN);
    if (strcmp(value, "all") != 0) {
        char *end;
        number = strtod(value, &end);
        if (end == value || *end || !(number >= 1 && number <= MOST_THREADS) || number != floor(number)) {
            say_error("--threads %s: must be a whole number from 1 to %d, or all", value, MOST_THREADS);
            return false;
        }
    }
    args->threads = number < 1 ? 1 : number > MOST_THREADS ? MOST_THREADS : (size_t)number;
    return true;
}

bool source_args_take(source_args *args, int code, const char *value)
{
    switch (code) {
    case OPTION_QUIET:
        args->quiet = true;
        return true;
    case OPTION_FORMAT:
        return take_format(args, value);
    case OPTION_HEADER:
        return take_header(args, value);
    case OPTION_DELIMITER:
        return take_delimiter(args, value);
    case OPTION_THREADS:
        return take_threads(args, value);
    case OPTION_LABEL:
        return set_string(&args->label, value);
    case OPTION_LABELS:
        return list_add_commas(&args->labels, value);
    case OPTION_NORMAL:
        return list_add_commas(&args->normal, value);
    case OPTION_ANOMALY:
        return list_add_commas(&args->anomaly, value);
    default:
        return list_add_commas(&args->drop, value);
    }
}

bool set_string(char **to, const char *value)
{
    free(*to);
    *to = strdup(value);
    if (!*to)
        say_error("out of memory");
    return *to != NULL;
}

bool usage_error(poptContext context, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    say_error("%s", what);
    fprintf(stderr, "Try '%s --help'.\n", poptGetInvocationName(context));
    return false;
}

/* Do some of the files bring labels with their rows? */
static bool has_own_labels(const source_args *args)
{
    bool found = args->format == FORMAT_CIFAR10;
    for (size_t i = 0; args->format == FORMAT_AUTO && i < args->files.n; i++)
        found = found || cifar_file_named(args->files.items[i]);
    return found;
}

static bool check_labels(const source_args *args, poptContext context)
{
    if (args->normal.n && args->anomaly.n)
        return usage_error(context, "--normal and --anomaly exclude each other");
    if (args->label && args->labels.n)
        return usage_error(context, "--label and --labels exclude each other");
    if (args->labels.n > 1 && args->labels.n != args->files.n)
        return usage_error(context, "--labels: %zu files of labels for %zu input files; give one for all, or one each",
                           args->labels.n, args->files.n);
    if (list_has(&args->labels, "-") && list_has(&args->files, "-"))
        return usage_error(context, "--labels -: standard input holds the rows already");
    if ((args->normal.n || args->anomaly.n) && !args->label && !args->labels.n && !has_own_labels(args))
        return usage_error(context, "--normal and --anomaly need --label COL, the column to look at, or --labels FILE");
    return true;
}

bool source_args_rest(source_args *args, char **first, poptContext context)
{
    const char *argument;
    while ((argument = poptGetArg(context))) {
        if (first && !*first) {
            if (!set_string(first, argument))
                return false;
        } else if (!list_add(&args->files, argument)) {
            return false;
        }
    }
    if (first && !*first)
        return usage_error(context, "no model given");
    if (args->files.n == 0)
        return usage_error(context, "no input file given; - is standard input");
    return check_labels(args, context);
}

bool source_args_overwritten(const source_args *args, const char *path)
{
    return output_is_among(path, &args->files) || output_is_among(path, &args->labels);
}

static int show_help(poptContext context, const command_help *help)
{
    printf("%s\n", help->about);
    fflush(stdout);
    poptSetOtherOptionHelp(context, help->operands);
    poptPrintHelp(context, stdout, 0);
    if (help->more)
        help->more();
    if (fflush(stdout) == 0 && !ferror(stdout))
        return HELP_SHOWN;
    say_write_error(NULL);
    return STATUS_BAD;
}

int take_options(poptContext context, const command_help *help, bool (*take)(void *args, int code, const char *value),
                 void *args)
{
    int code;
    while ((code = poptGetNextOpt(context)) > 0) {
        if (code == OPTION_HELP)
            return show_help(context, help);
        char *value = poptGetOptArg(context);
        bool ok = take(args, code, value);
        free(value);
        if (!ok)
            return STATUS_USAGE;
    }
    if (code == -1)
        return STATUS_OK;
    usage_error(context, "%s: %s", poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(code));
    return STATUS_USAGE;
}

input *input_new(const source_args *args, bool keep_raw)
{
    input *in = calloc(1, sizeof *in);
    if (!in) {
        say_error("out of memory");
        return NULL;
    }
    in->files = &args->files;
    in->format_choice = args->format;
    in->header_choice = args->header;
    in->delimiter = args->delimiter;
    in->keep_raw = keep_raw;
    return in;
}

void input_free(input *in)
{
    if (in)
        input_close(in);
    free(in);
}

bool parse_number(double *number, const char *option, const char *text, double low, double high)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && *end == '\0' && *number >= low && *number <= high)
        return true;
    say_error("%s %s: must be a number from %g to %g", option, text, low, high);
    return false;
}
