/* SPDX-License-Identifier: BSD-2-Clause */
/* What fuzz targets share, and, without libFuzzer, a main function that runs a target over the files and folders given. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

void fuzz_check(const char *wrong)
{
    if (!wrong)
        return;
    fprintf(stderr, "%s\n", wrong);
    abort();
}

static char fuzz_path[64] = "/tmp/aepred-fuzz-XXXXXX";

static void remove_file(void) { unlink(fuzz_path); }

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    if (fd < 0) {
        fd = mkstemp(fuzz_path);
        atexit(remove_file);
    }
    if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
        fail(fuzz_path);
    return fuzz_path;
}

void fuzz_silence(void)
{
    if (!freopen("/dev/null", "w", stdout))
        fail("/dev/null");
}

#ifndef AEP_LIBFUZZER
static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat info;
    if (!f || fstat(fileno(f), &info))
        fail(path);
    const size_t size = (size_t)info.st_size;
    uint8_t *data = malloc(size ? size : 1); /* of just this size, so that a memory checker sees reads beyond it */
    if (!data || fread(data, 1, size, f) != size)
        fail(path);
    fclose(f);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static size_t run_path(const char *path)
{
    size_t n = 0;
    DIR *d = opendir(path);
    if (!d) {
        run_file(path);
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        n += run_path(name);
    }
    closedir(d);
    return n;
}

int main(int argc, char **argv)
{
    size_t n = 0;
    for (int i = 1; i < argc; i++)
        n += run_path(argv[i]);
    fprintf(stderr, "%zu inputs\n", n);
    return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
#endif
