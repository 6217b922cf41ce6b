/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole command line program, within this process. The input is its arguments, one a line, then an empty line, then
 * the content of the file `data`. The file `model` is a model that the harness trained on two columns, x and y; it is
 * made again when a run has changed it.
 *
 * All happens in a folder of its own: arguments that name a file elsewhere are refused, and so are numbers that would
 * ask for minutes of work by right.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "fuzz.h"

#include <ctype.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int aepred_main(int argc, char **argv); /* tools/main.c */

enum { MOST_ARGUMENTS = 24, MOST_DIGITS = 2 };

static char folder[] = "/tmp/aepred-fuzz-cli-XXXXXX";

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind;
    return place->level > 0 && strcmp(path, "./model") != 0 ? remove(path) : 0;
}

/* What a run has written, pictures too. */
static void remove_results(void) { (void)nftw(".", remove_entry, 8, FTW_DEPTH | FTW_PHYS); }

static void clean_up(void)
{
    remove_results();
    unlink("model");
    if (chdir("/") == 0)
        rmdir(folder);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *f = fopen(name, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
        fuzz_check("the harness cannot write its file");
}

static void train(void)
{
    char text[2000] = "x,y\n";
    for (int i = 0; i < 60; i++) {
        char row[32];
        snprintf(row, sizeof row, "%d,%d\n", i % 10, i * 7 % 13);
        strcat(text, row);
    }
    write_file("data", text, strlen(text));
    char *argv[] = {(char[]){"aepred"},   (char[]){"train"}, (char[]){"data"},
                    (char[]){"-o"},       (char[]){"model"}, (char[]){"--quiet"},
                    (char[]){"--epochs"}, (char[]){"1"},     NULL};
    if (aepred_main(8, argv))
        fuzz_check("the harness cannot train its model");
}

static void begin(void)
{
    static bool begun;
    if (begun)
        return;
    begun = true;
    if (!mkdtemp(folder) || chdir(folder))
        fuzz_check("the harness has no folder");
    atexit(clean_up);
    fuzz_silence();
    const int nothing = open("/dev/null", O_RDONLY); /* for arguments that read standard input */
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
        fuzz_check("the harness has no standard input");
    close(nothing);
    train();
}

/* A slash only between digits, as in 16x3/2; what names a folder could lead anywhere. */
static bool stays_here(const char *argument)
{
    for (const char *slash = strchr(argument, '/'); slash; slash = strchr(slash + 1, '/'))
        if (slash == argument || !isdigit((unsigned char)slash[-1]) || !isdigit((unsigned char)slash[1]))
            return false;
    return true;
}

/* Numbers of two digits at most, but for those behind a point, and no exponents. */
static bool is_quick(const char *argument)
{
    size_t digits = 0;
    bool fraction = false;
    for (const char *c = argument; *c; c++) {
        if (*c == '.')
            fraction = true;
        else if (!isdigit((unsigned char)*c))
            fraction = false;
        digits = isdigit((unsigned char)*c) && !fraction ? digits + 1 : 0;
        if (digits > MOST_DIGITS ||
            (digits && strchr("eExX", c[1]) && c[1] && isdigit((unsigned char)c[2]) && c[2] > '3'))
            return false;
    }
    return true;
}

static bool is_safe(char *const *argv, int argc)
{
    for (int i = 1; i < argc; i++)
        if (!stays_here(argv[i]) || !is_quick(argv[i]))
            return false;
    return argc < 2 || strcmp(argv[1], "demo") != 0; /* which takes a minute, and writes where it is told */
}

/* Cut the lines of the head into arguments, in place; *rest: behind the empty line. */
static int split(char **argv, char *text, char **rest)
{
    int argc = 0;
    argv[argc++] = NULL; /* the program's name */
    while (argc < MOST_ARGUMENTS && *text) {
        char *end = strchr(text, '\n');
        if (end == text) {
            *rest = text + 1;
            return argc;
        }
        argv[argc++] = text;
        text = end ? end + 1 : text + strlen(text);
        if (end)
            *end = '\0';
    }
    *rest = text;
    return argc;
}

static void run(char *text, size_t size)
{
    static char program[] = "aepred", epochs[] = "--epochs", one[] = "1";
    char *argv[MOST_ARGUMENTS + 4], *rest;
    int argc = split(argv, text, &rest);
    argv[0] = program;
    if (!is_safe(argv, argc))
        return;
    if (argc > 1 && strcmp(argv[1], "train") == 0) {
        argv[argc++] = epochs;
        argv[argc++] = one;
    }
    argv[argc] = NULL;
    write_file("data", rest, size - (size_t)(rest - text));
    const int status = aepred_main(argc, argv);
    if (status < 0 || status > 2)
        fuzz_check("the program ends with a status that is not its own");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    run(text, size);
    free(text);
    remove_results();
    if (access("model", R_OK))
        train();
    return 0;
}
