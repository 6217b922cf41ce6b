/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred demo: simulate, train, score, report, draw. */
#include "demo.h"
#include "tools.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PICTURES = 8, OPTION_SEED = 256, OPTION_PICTURE, OPTION_NO_PICTURE };

typedef struct demo_options {
    uint64_t seed;
    bool quiet;
    const char *pictures[MAX_PICTURES];
    size_t n_pictures;
    bool chosen; /* --picture or --no-picture was given */
} demo_options;

static bool is_picture(const char *path)
{
    const char *ending = strrchr(path, '.');
    return ending && (strcmp(ending, ".png") == 0 || strcmp(ending, ".svg") == 0);
}

static void set_seed(demo_options *o, const char *text, struct argp_state *state)
{
    char *end;
    errno = 0;
    unsigned long long seed = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || seed > UINT32_MAX)
        argp_error(state, "--seed %s: a whole number from 0 to 4294967295 is needed", text);
    o->seed = seed;
}

static void add_picture(demo_options *o, const char *path, struct argp_state *state)
{
    if (!is_picture(path))
        argp_error(state, "--picture %s: the name of a picture ends in .png or .svg", path);
    if (o->n_pictures == MAX_PICTURES)
        argp_error(state, "--picture can be given at most %d times", MAX_PICTURES);
    o->pictures[o->n_pictures++] = path;
    o->chosen = true;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    demo_options *o = state->input;
    switch (key) {
    case OPTION_SEED:
        set_seed(o, argument, state);
        return 0;
    case OPTION_PICTURE:
        add_picture(o, argument, state);
        return 0;
    case OPTION_NO_PICTURE:
        o->chosen = true;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: the demonstration needs no files", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void parse_arguments(demo_options *o, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"seed", OPTION_SEED, "N", 0, "Randomness of the pump and of the training follows from it (default 1)", 0},
        {"picture", OPTION_PICTURE, "FILE", 0,
         "Where the picture goes, a name in .png or .svg; may be given again (default aepred-demo.png and "
         "aepred-demo.svg)",
         0},
        {"no-picture", OPTION_NO_PICTURE, NULL, 0, "Draw none", 0},
        {"quiet", 'q', NULL, 0, "No progress and no notes, results only", 0},
        {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Simulate a pump with faults, train on its healthy weeks, and find the faults.\v"
               "The score, the error of the predicted reconstruction error, is shown beside the plain reconstruction "
               "error "
               "of the same network and beside a limit on each sensor, at the same alarm rate."};
    argp_parse(&argp, argc, argv, 0, NULL, o);
    if (!o->chosen) {
        o->pictures[0] = "aepred-demo.png";
        o->pictures[1] = "aepred-demo.svg";
        o->n_pictures = 2;
    }
}

static int draw_pictures(const demo_options *o, const demo_result *result, const demo_machine *machine)
{
    for (size_t i = 0; i < o->n_pictures; i++) {
        const char *problem = demo_draw(o->pictures[i], result, machine);
        if (problem) {
            say_error("%s: %s", o->pictures[i], problem);
            return STATUS_BAD;
        }
        say_note(o->quiet, "picture: %s", o->pictures[i]);
    }
    return STATUS_OK;
}

int aepred_demo(int argc, char **argv)
{
    demo_options o = {.seed = 1};
    parse_arguments(&o, argc, argv);
    demo_machine machine;
    demo_result result = {0};
    if (demo_simulate(&machine, o.seed) != 0) {
        say_error("%s", aep_status_str(AEP_E_MEMORY));
        return STATUS_BAD;
    }
    int status = demo_run(&result, &machine, o.seed, o.quiet), exit_status = STATUS_BAD;
    if (status == AEP_OK) {
        demo_report(&result, &machine);
        exit_status = draw_pictures(&o, &result, &machine);
    } else {
        say_error("the demonstration stopped: %s", aep_status_str(status));
    }
    demo_result_free(&result);
    demo_machine_free(&machine);
    return exit_status;
}
