/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets share. With libFuzzer (AEP_LIBFUZZER) it drives them; without, runner.c runs them over files. */
#ifndef AEP_TESTS_FUZZ_H
#define AEP_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, so that the fuzzer keeps the input; NULL: all is well. */
void fuzz_check(const char *wrong);

/* The path of a file, the same for the whole run, that holds these bytes. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Standard output leads nowhere from now on: a target that prints results would drown the fuzzer's. */
void fuzz_silence(void);

/* Behind the last byte of the model that the data begin with, going by its own size; `size` if that makes no sense. */
size_t model_end(const uint8_t *data, size_t size);

/* The last four bytes become the checksum of those before. size >= 4. */
void model_repair_checksum(uint8_t *data, size_t size);

#endif
