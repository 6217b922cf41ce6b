/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred demo: simulate, train, score, report, draw. */
#include "demo.h"
#include "args.h"
#include "output.h"
#include "tools.h"

#include <math.h>
#include <string.h>

enum { OPTION_SEED = OPTION_OWN, OPTION_PICTURE, OPTION_NO_PICTURE };

typedef struct demo_args {
    uint64_t seed;
    bool quiet, no_picture;
    list pictures;
} demo_args;

static const command_help help = {
    "[OPTION...]",
    "Simulate a pump with faults, train on its healthy weeks, and find the faults: by the prediction error, beside "
    "the\n"
    "plain reconstruction error of the same network and a limit on each sensor, at the same alarm rate.\n",
    NULL};

static bool take_seed(demo_args *args, const char *text)
{
    double high, seed;
    aep_option_bounds(NULL, &high, NULL, AEP_OPT_SEED);
    if (!parse_number(&seed, "--seed", text, 0, high))
        return false;
    if (seed != floor(seed)) {
        say_error("--seed %s: must be a whole number", text);
        return false;
    }
    args->seed = (uint64_t)seed;
    return true;
}

static bool take_picture(demo_args *args, const char *path)
{
    const char *ending = strrchr(path, '.');
    if (!ending || (strcmp(ending, ".png") != 0 && strcmp(ending, ".svg") != 0)) {
        say_error("--picture %s: the name of a picture must end in .png or .svg", path);
        return false;
    }
    return list_add(&args->pictures, path);
}

static bool take(void *payload, int code, const char *value)
{
    demo_args *args = payload;
    switch (code) {
    case OPTION_SEED:
        return take_seed(args, value);
    case OPTION_PICTURE:
        return take_picture(args, value);
    case OPTION_NO_PICTURE:
        args->no_picture = true;
        return true;
    default:
        args->quiet = true;
        return true;
    }
}

static int parse(demo_args *args, poptContext context)
{
    int status = take_options(context, &help, take, args);
    if (status != STATUS_OK)
        return status;
    const char *extra = poptGetArg(context);
    bool meant = true;
    if (extra)
        meant = usage_error(context, "%s: the demonstration takes no files", extra);
    else if (args->pictures.n > 0 && args->no_picture)
        meant = usage_error(context, "--picture and --no-picture exclude each other");
    if (!meant)
        return STATUS_USAGE;
    if (args->pictures.n == 0 && !args->no_picture &&
        !(list_add(&args->pictures, "aepred-demo.png") && list_add(&args->pictures, "aepred-demo.svg")))
        return STATUS_BAD;
    for (size_t i = 0; i < args->pictures.n; i++)
        if (!output_possible(args->pictures.items[i]))
            return STATUS_BAD;
    return STATUS_OK;
}

static int draw_pictures(const demo_args *args, const demo_result *result, const demo_machine *machine)
{
    for (size_t i = 0; i < args->pictures.n; i++) {
        const char *path = args->pictures.items[i], *problem = demo_draw(path, result, machine);
        if (problem) {
            say_error("%s: %s", path, problem);
            return STATUS_BAD;
        }
        say_note(args->quiet, "picture: %s", path);
    }
    return STATUS_OK;
}

static int run(const demo_args *args)
{
    demo_machine machine;
    demo_result result;
    if (demo_simulate(&machine, args->seed) != 0) {
        say_error("out of memory");
        return STATUS_BAD;
    }
    int exit_status = STATUS_BAD, status = demo_run(&result, &machine, args->seed, args->quiet);
    if (status == AEP_OK) {
        demo_report(&result, &machine);
        exit_status = draw_pictures(args, &result, &machine);
    } else {
        say_error("the demonstration stopped: %s", aep_status_str(status));
    }
    demo_result_free(&result);
    demo_machine_free(&machine);
    return exit_status;
}

int aepred_demo(int argc, char **argv)
{
    const struct poptOption options[] = {
        {"seed", '\0', POPT_ARG_STRING, NULL, OPTION_SEED,
         "The pump's randomness and the training's follow from it (default 1)", "N"},
        {"picture", '\0', POPT_ARG_STRING, NULL, OPTION_PICTURE,
         "Draw to FILE, whose name ends in .png or .svg; may be given again (default: aepred-demo.png and "
         "aepred-demo.svg)",
         "FILE"},
        {"no-picture", '\0', POPT_ARG_NONE, NULL, OPTION_NO_PICTURE, "Draw nothing", NULL},
        {"quiet", 'q', POPT_ARG_NONE, NULL, OPTION_QUIET, "Show only results, warnings and errors", NULL},
        HELP_OPTION,
        POPT_TABLEEND};
    demo_args args = {.seed = 1};
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    int status = parse(&args, context);
    if (status == STATUS_OK)
        status = run(&args);
    poptFreeContext(context);
    list_free(&args.pictures);
    return status == HELP_SHOWN ? STATUS_OK : status;
}
