/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target for aep_model_load and everything done with a loaded model. The checksum is put right first, so that the
 * fuzzer reaches what lies behind it; the plain runner below does both.
 * Without libFuzzer it is a program that runs over the files and folders given.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "exercise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair_checksum(uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size - 4; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    for (size_t i = 0; i < 4; i++)
        data[size - 4 + i] = (uint8_t)(~crc >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *wrong = exercise_bytes(NULL, data, size);
    if (!wrong && size >= 4) {
        uint8_t *repaired = malloc(size);
        if (!repaired)
            return 0;
        memcpy(repaired, data, size);
        repair_checksum(repaired, size);
        wrong = exercise_bytes(NULL, repaired, size);
        free(repaired);
    }
    if (wrong) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }
    return 0;
}

#ifndef AEP_LIBFUZZER
#include <dirent.h>
#include <sys/stat.h>

static size_t run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat info;
    if (!f || fstat(fileno(f), &info)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    const size_t size = (size_t)info.st_size;
    uint8_t *data = malloc(size + 1);
    if (!data || fread(data, 1, size, f) != size) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(f);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static size_t run_path(const char *path)
{
    size_t n = 0;
    DIR *d = opendir(path);
    if (!d)
        return run_file(path);
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
    printf("%zu inputs\n", n);
    return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
#endif
