/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aep_model_load, and everything done with a loaded model. The bytes are taken as they are, and once more with their
 * checksum put right, so that the fuzzer reaches what lies behind it.
 */
#include "exercise.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_check(exercise_bytes(NULL, data, size));
    if (size < 4)
        return 0;
    uint8_t *repaired = malloc(size);
    if (!repaired)
        return 0;
    memcpy(repaired, data, size);
    model_repair_checksum(repaired, size);
    fuzz_check(exercise_bytes(NULL, repaired, size));
    free(repaired);
    return 0;
}
