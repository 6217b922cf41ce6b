/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred export: a model as source code, for programs without the library. */
#include "feed.h"
#include "output.h"
#include "tools.h"

#include <stdlib.h>
#include <string.h>

enum { OPTION_OUTPUT = OPTION_MODEL_OWN, OPTION_C, OPTION_PREFIX };

typedef struct export_args {
    model_args model;
    bool c;
    char *output, *prefix;
} export_args;

/* The text, to be freed; NULL having said why. */
static char *make_c(size_t *size, const aep_model *model, const char *prefix)
{
    if (aep_export_c_size(size, model, prefix) != AEP_OK)
        return NULL;
    char *text = malloc(*size);
    if (!text)
        say_error("out of memory");
    else if (aep_export_c(text, *size, model, prefix) != AEP_OK) {
        free(text);
        return NULL;
    }
    return text;
}

static bool write_text(const char *path, const char *text, size_t size)
{
    output out;
    if (!output_open(&out, path))
        return false;
    fwrite(text, 1, size, out.file);
    bool ok = output_good(&out) && output_close(&out);
    output_drop(&out);
    return ok;
}

static int run(const export_args *args)
{
    aep_model *model = model_open(&args->model);
    if (!model)
        return STATUS_BAD;
    size_t size;
    char *text = make_c(&size, model, args->prefix ? args->prefix : "model");
    bool ok = text && write_text(args->output, text, size);
    free(text);
    aep_model_free(model);
    return ok ? STATUS_OK : STATUS_BAD;
}

static const command_help help = {
    "[OPTION...] --c MODEL",
    "Write a model as one file of C99 that scores rows as the model does and needs nothing but <math.h>. Its comment\n"
    "tells how to call it.\n",
    NULL};

static bool take(void *payload, int code, const char *value)
{
    export_args *args = payload;
    switch (code) {
    case OPTION_OUTPUT:
        return set_string(&args->output, value);
    case OPTION_PREFIX:
        return set_string(&args->prefix, value);
    case OPTION_C:
        args->c = true;
        return true;
    default:
        return model_args_take(&args->model, code, value);
    }
}

/* The model is the only operand. */
static bool take_model(export_args *args, poptContext context)
{
    const char *path = poptGetArg(context);
    if (!args->c)
        return usage_error(context, "--c is needed: it says what to make of the model");
    if (!path || poptPeekArg(context))
        return usage_error(context, "one model is needed");
    return set_string(&args->model.path, path);
}

int aepred_export(int argc, char **argv)
{
    const struct poptOption options[] = {
        {"c", '\0', POPT_ARG_NONE, NULL, OPTION_C, "Write C99", NULL},
        {"output", 'o', POPT_ARG_STRING, NULL, OPTION_OUTPUT, "Write to FILE instead of standard output (-)", "FILE"},
        {"prefix", '\0', POPT_ARG_STRING, NULL, OPTION_PREFIX,
         "What the names of functions and macros begin with (default model)", "NAME"},
        MODEL_OPTIONS,
        HELP_OPTION,
        POPT_TABLEEND};
    export_args args = {0};
    model_args_init(&args.model);
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    int status = take_options(context, &help, take, &args);
    if (status == STATUS_OK && !take_model(&args, context))
        status = STATUS_USAGE;
    if (status == STATUS_OK && model_args_overwritten(&args.model, args.output))
        status = STATUS_USAGE;
    if (status == STATUS_OK)
        status = run(&args);
    poptFreeContext(context);
    model_args_free(&args.model);
    free(args.output);
    free(args.prefix);
    return status == HELP_SHOWN ? STATUS_OK : status;
}
