/* SPDX-License-Identifier: BSD-2-Clause */
#include "train_args.h"

#include "output.h"
#include "tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_OUTPUT = OPTION_OWN,
    OPTION_CATEGORICAL,
    OPTION_MAX_LEVELS,
    OPTION_SHARE,
    OPTION_REST,
    OPTION_CALIBRATION,
    OPTION_SET,
    OPTION_IMAGE,
    OPTION_CONV,
    OPTION_DECONV,
    OPTION_LAYERS,                  /* and the part */
    OPTION_KEY = OPTION_LAYERS + 16 /* and the key of the library's option */
};

enum { MOST_LAYERS = 32, MOST_LEVELS = 65536 };

static const struct poptOption network_options[] = {
    {"encoder", '\0', POPT_ARG_STRING, NULL, OPTION_LAYERS + AEP_PART_ENCODER,
     "Widths of the encoder's hidden layers, of images those behind --conv, then of the code (default: from the number "
     "of features; of images 32)",
     "N,..."},
    {"decoder", '\0', POPT_ARG_STRING, NULL, OPTION_LAYERS + AEP_PART_DECODER,
     "Widths of the decoder's hidden layers (default: the encoder's, mirrored)", "N,..."},
    {"head", '\0', POPT_ARG_STRING, NULL, OPTION_LAYERS + AEP_PART_HEAD,
     "Widths of the head's hidden layers (default 32,32)", "N,..."},
    {"epochs", '\0', POPT_ARG_STRING, NULL, OPTION_KEY + AEP_OPT_EPOCHS, "Passes over the rows (default 100)", "N"},
    {"batch", '\0', POPT_ARG_STRING, NULL, OPTION_KEY + AEP_OPT_BATCH, "Rows a step (default 256)", "N"},
    {"seed", '\0', POPT_ARG_STRING, NULL, OPTION_KEY + AEP_OPT_SEED, "All randomness follows from it (default 0)", "N"},
    {"set", '\0', POPT_ARG_STRING, NULL, OPTION_SET, "Set an option of the list below; may be repeated", "KEY=VALUE"},
    POPT_TABLEEND};

static const struct poptOption image_options[] = {
    {"image", '\0', POPT_ARG_STRING, NULL, OPTION_IMAGE,
     "Rows are images of so many channels, that height and width; or none: they are not (default: what the files "
     "say, if they are IDX, NPY or CIFAR-10)",
     "C,H,W|none"},
    {"conv", '\0', POPT_ARG_STRING, NULL, OPTION_CONV,
     "Image layers of the encoder: 16x3/2, a convolution of 16 filters, kernel 3 and stride 2, 16x3/2p1 with that "
     "padding; max2, avg2, pools; norm, norm4, a group norm (default 16x3/2,32x3/2)",
     "LAYER,..."},
    {"deconv", '\0', POPT_ARG_STRING, NULL, OPTION_DECONV,
     "Image layers of the decoder: 16t3/2, a transposed convolution; up2, upsampling; 16x3; norm4 (default: the "
     "encoder's, mirrored)",
     "LAYER,..."},
    POPT_TABLEEND};

static const struct poptOption row_options[] = {
    {"categorical", '\0', POPT_ARG_STRING, NULL, OPTION_CATEGORICAL,
     "Columns of codes, not quantities (columns of words are categorical anyway)", "COL,..."},
    {"max-levels", '\0', POPT_ARG_STRING, NULL, OPTION_MAX_LEVELS,
     "Most different words in a categorical column (default 1000)", "N"},
    {"calibration", '\0', POPT_ARG_STRING, NULL, OPTION_CALIBRATION,
     "Share of the normal rows held out to set the threshold, 0: no threshold (default 0.1)", "SHARE"},
    {"alarm-rate", '\0', POPT_ARG_STRING, NULL, OPTION_KEY + AEP_OPT_ALARM_RATE,
     "Share of normal rows that the threshold is to flag (default 0.01)", "RATE"},
    {"train-share", '\0', POPT_ARG_STRING, NULL, OPTION_SHARE, "Use a random share of the normal rows only (default 1)",
     "SHARE"},
    {"rest", '\0', POPT_ARG_STRING, NULL, OPTION_REST,
     "Write the rows that were not used, for eval: anomalies, and normal rows beyond the share", "FILE"},
    POPT_TABLEEND};

static const char *const type_names[] = {"number", "integer", "choice", "yes|no"};

static void print_choices(int key, double low, double high)
{
    for (int value = (int)low; value <= (int)high; value++)
        printf("%s%s", value == (int)low ? "" : ", ", aep_option_choice(key, value));
}

static void print_table(void)
{
    printf("\nOptions for --set (name, preset, values, meaning):\n");
    for (size_t i = 0; i < aep_option_count(); i++) {
        int key = aep_option_at(i), type = aep_option_type(key);
        double low, high, preset;
        aep_option_bounds(&low, &high, &preset, key);
        printf("  %-18s ", aep_option_name(key));
        if (type == AEP_TYPE_CHOICE)
            printf("%-10s ", aep_option_choice(key, (int)preset));
        else if (type == AEP_TYPE_SWITCH)
            printf("%-10s ", preset != 0 ? "yes" : "no");
        else
            printf("%-10.6g ", preset);
        if (type == AEP_TYPE_CHOICE)
            print_choices(key, low, high);
        else if (type == AEP_TYPE_SWITCH)
            printf("yes, no");
        else
            printf("%s %.6g to %.6g", type_names[type], low, high);
        printf("\n      %s\n", aep_option_help(key));
    }
}

static const command_help help = {
    "[OPTION...] FILE... -o MODEL",
    "Train a model on the normal rows of CSV, NPY, IDX or CIFAR-10 files (plain or gzip; - is standard input), set\n"
    "its threshold from rows held out, and save it.\n",
    print_table};

/* shown: what the user wrote to name the option. */
static bool set_option(aep_options *options, int key, const char *shown, const char *text)
{
    double value, low, high;
    int status = aep_option_parse(&value, key, text);
    if (status == AEP_OK)
        return aep_options_set(options, key, value) == AEP_OK; /* or the library has told why */
    int type = aep_option_type(key);
    aep_option_bounds(&low, &high, NULL, key);
    if (type == AEP_TYPE_CHOICE)
        say_error("%s: '%s' is none of its choices; see 'aepred train --help'", shown, text);
    else if (type == AEP_TYPE_SWITCH)
        say_error("%s: must be yes or no, not '%s'", shown, text);
    else
        say_error("%s: must be %s from %.10g to %.10g, not '%s'", shown,
                  type == AEP_TYPE_INTEGER ? "an integer" : "a number", low, high, text);
    return false;
}

static bool set_pair(aep_options *options, const char *pair)
{
    char name[64];
    size_t length = strcspn(pair, "=");
    if (pair[length] != '=' || length >= sizeof name) {
        say_error("--set %s: must be KEY=VALUE", pair);
        return false;
    }
    memcpy(name, pair, length);
    name[length] = '\0';
    int key = aep_option_find(name);
    if (key < 0) {
        say_error("--set %s: there is no option '%s'; 'aepred train --help' lists them", pair, name);
        return false;
    }
    char shown[sizeof name + sizeof "--set "];
    snprintf(shown, sizeof shown, "--set %s", name);
    return set_option(options, key, shown, pair + length + 1);
}

/* Of an option that has one of its own: --alarm-rate is alarm_rate. */
static bool set_own(aep_options *options, int key, const char *text)
{
    char shown[64];
    snprintf(shown, sizeof shown, "--%s", aep_option_name(key));
    for (char *p = shown; *p; p++)
        if (*p == '_')
            *p = '-';
    return set_option(options, key, shown, text);
}

static bool set_layers(aep_options *options, int part, const char *text)
{
    static const char *const names[] = {"--encoder", "--decoder", "--head"};
    size_t widths[MOST_LAYERS], n = 0;
    const char *p = text;
    do {
        char *end;
        unsigned long width = *p >= '0' && *p <= '9' ? strtoul(p, &end, 10) : 0;
        if (width < 1 || width > 65536 || (*end != ',' && *end != '\0')) {
            say_error("%s %s: '%.*s' is not a width from 1 to 65536; commas separate them", names[part], text,
                      (int)strcspn(p, ","), p);
            return false;
        }
        if (n == MOST_LAYERS) {
            say_error("%s %s: has more than %d widths", names[part], text, MOST_LAYERS);
            return false;
        }
        widths[n++] = width;
        p = end + (*end == ',');
        if (*end == '\0')
            break;
    } while (true);
    return aep_options_set_layers(options, part, widths, n) == AEP_OK;
}

static bool take(void *payload, int code, const char *value)
{
    train_args *args = payload;
    double number;
    if (code >= OPTION_KEY)
        return set_own(args->options, code - OPTION_KEY, value);
    switch (code) {
    case OPTION_OUTPUT:
        return set_string(&args->output, value);
    case OPTION_REST:
        return set_string(&args->rest, value);
    case OPTION_CATEGORICAL:
        return list_add_commas(&args->categorical, value);
    case OPTION_MAX_LEVELS:
        if (!parse_number(&number, "--max-levels", value, 1, MOST_LEVELS))
            return false;
        args->most_levels = (size_t)number;
        return true;
    case OPTION_SHARE:
        return parse_number(&args->share, "--train-share", value, 0, 1);
    case OPTION_CALIBRATION:
        return parse_number(&args->calibration, "--calibration", value, 0, 0.9);
    case OPTION_IMAGE:
        args->no_image = strcmp(value, "none") == 0;
        args->image = (image_size){0};
        return args->no_image || image_parse(&args->image, value);
    case OPTION_CONV:
        return conv_spec_parse(&args->conv, AEP_PART_ENCODER, value);
    case OPTION_DECONV:
        return conv_spec_parse(&args->deconv, AEP_PART_DECODER, value);
    case OPTION_SET:
        return set_pair(args->options, value);
    case OPTION_LAYERS + AEP_PART_ENCODER:
    case OPTION_LAYERS + AEP_PART_DECODER:
    case OPTION_LAYERS + AEP_PART_HEAD:
        return set_layers(args->options, code - OPTION_LAYERS, value);
    default:
        return source_args_take(&args->source, code, value);
    }
}

static bool check_image(const train_args *args, poptContext context)
{
    if (args->no_image && (args->conv.n || args->deconv.n))
        return usage_error(context, "--image none: without images there is nothing for --conv and --deconv to do");
    if ((args->image.channels || args->conv.n || args->deconv.n) && args->categorical.n)
        return usage_error(context, "--categorical: all columns of an image are numeric");
    return true;
}

static bool check_output(const train_args *args, poptContext context)
{
    if (!args->output || !*args->output)
        return usage_error(context, "-o MODEL is needed: the file to write the model to");
    if (strcmp(args->output, "-") == 0)
        return usage_error(context, "-o -: a model is written to a file, not to standard output");
    if (args->rest && output_is(args->output, args->rest, STDOUT_FILENO))
        return usage_error(context, "--rest %s: is the same file as that of -o", args->rest);
    return !source_args_overwritten(&args->source, args->output) &&
           (!args->rest || !source_args_overwritten(&args->source, args->rest));
}

static bool check_labels(const train_args *args, poptContext context)
{
    const source_args *source = &args->source;
    bool chosen = source->normal.n || source->anomaly.n;
    if (source->label && !chosen)
        return usage_error(context, "--label needs --normal or --anomaly VALUE,...; to leave a column out, --drop it");
    if (source->labels.n && !chosen)
        return usage_error(context, "--labels needs --normal or --anomaly VALUE,...");
    if (source->labels.n && args->rest)
        return usage_error(context, "--rest and --labels exclude each other: the lines written would lack the labels");
    return true;
}

static int check(train_args *args, poptContext context)
{
    bool ok = source_args_rest(&args->source, NULL, context) && check_image(args, context) &&
              check_output(args, context) && check_labels(args, context);
    return ok ? STATUS_OK : STATUS_USAGE;
}

int train_args_parse(train_args *args, int argc, char **argv)
{
    const struct poptOption options[] = {
        {"output", 'o', POPT_ARG_STRING, NULL, OPTION_OUTPUT, "File to save the model to", "MODEL"},
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)network_options, 0, "Network and training:", NULL},
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)image_options, 0, "Images:", NULL},
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)row_options, 0, "Rows and columns:", NULL},
        SOURCE_OPTIONS,
        HELP_OPTION,
        POPT_TABLEEND};
    *args = (train_args){.share = 1, .calibration = 0.1, .most_levels = 1000};
    source_args_init(&args->source);
    if (aep_options_new(&args->options) != AEP_OK) {
        say_error("out of memory");
        return STATUS_BAD;
    }
    aep_options_set_log(args->options, say_log, &args->source.quiet);
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    int status = take_options(context, &help, take, args);
    if (status == STATUS_OK)
        status = check(args, context);
    poptFreeContext(context);
    return status;
}

void train_args_free(train_args *args)
{
    source_args_free(&args->source);
    aep_options_free(args->options);
    free(args->output);
    free(args->rest);
    list_free(&args->categorical);
}
