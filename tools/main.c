/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct command {
    const char *name;
    char *full_name; /* what argv[0] becomes */
    int (*run)(int argc, char **argv);
    const char *about;
} command;

static const command commands[] = {
    {"train", (char[]){"aepred train"}, aepred_train, "train a model on normal rows"},
    {"score", (char[]){"aepred score"}, aepred_score, "score rows: the higher, the more anomalous"},
    {"eval", (char[]){"aepred eval"}, aepred_eval, "measure detection quality on labelled rows"},
    {"explain", (char[]){"aepred explain"}, aepred_explain, "show which columns make rows anomalous"},
    {"drift", (char[]){"aepred drift"}, aepred_drift, "compare rows with those that the model was calibrated on"},
    {"info", (char[]){"aepred info"}, aepred_info, "describe a model"},
    {"export", (char[]){"aepred export"}, aepred_export, "write a model as C code"},
    {"demo", (char[]){"aepred demo"}, aepred_demo, "simulate a machine with faults, and find them"},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static int finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (status == STATUS_OK)
        say_write_error(NULL);
    return STATUS_BAD;
}

static int show_help(void)
{
    printf("Usage: aepred COMMAND [OPTION...]\n"
           "Find anomalous rows in tables of numbers and words, having learnt from normal rows alone.\n\nCommands:\n");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-10s%s\n", commands[i].name, commands[i].about);
    printf("\n'aepred COMMAND --help' shows the options of a command, 'aepred --version' the version.\n");
    return finish_output(STATUS_OK);
}

static int show_version(void)
{
    printf("aepred %s\n", aep_version());
    return finish_output(STATUS_OK);
}

static int misuse(const char *what)
{
    say_error("%s", what);
    fputs("Try 'aepred --help'.\n", stderr);
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error */
    if (argc < 2)
        return misuse("no command given");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || (argc == 2 && strcmp(argv[1], "help") == 0))
        return show_help();
    if (strcmp(argv[1], "--version") == 0)
        return show_version();
    bool help = strcmp(argv[1], "help") == 0;
    const char *name = help ? argv[2] : argv[1];
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        char *help_arguments[] = {commands[i].full_name, (char[]){"--help"}, NULL};
        argv[1] = commands[i].full_name;
        return finish_output(help ? commands[i].run(2, help_arguments) : commands[i].run(argc - 1, argv + 1));
    }
    say_error("there is no command '%s'", name);
    fputs("Try 'aepred --help'.\n", stderr);
    return STATUS_USAGE;
}
