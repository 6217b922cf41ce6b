/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls of the file functions that fail, come short, or are the last thing the process does. The linker puts
 * these in place of the ones of the C library (--wrap), so programs that use them link the static library.
 */
#ifndef AEP_TESTS_FILE_FAULTS_H
#define AEP_TESTS_FILE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum file_call {
    CALL_STAT,
    CALL_REALPATH,
    CALL_OPEN,
    CALL_WRITE,
    CALL_FCHMOD,
    CALL_FSYNC,
    CALL_CLOSE,
    CALL_RENAME,
    CALL_UNLINK,
    CALL_FSTAT,
    CALL_READ,
    N_CALLS
} file_call;

extern const char *const file_call_names[N_CALLS];

typedef enum file_fault {
    FAULT_NONE,
    FAULT_FAIL,        /* call `at` fails with `error` */
    FAULT_FAIL_ONWARD, /* and all calls after it */
    FAULT_SHORT, /* reads and writes together move `bytes` bytes before one of them stops there; then all goes on */
    FAULT_FULL,  /* the same, and then they fail with `error`, or give 0 if that is 0 */
    FAULT_KILL_BEFORE, /* the process is killed before call `at` */
    FAULT_KILL_AFTER,  /* or after it */
    FAULT_KILL_BYTES   /* or when `bytes` bytes are moved */
} file_fault;

enum { MOST_CALLS = 64 };

typedef struct file_plan {
    file_fault fault;
    size_t at; /* counted from 0 */
    int error;
    size_t bytes;
} file_plan;

typedef struct file_trace {
    size_t n; /* calls made; more than MOST_CALLS are not remembered */
    file_call calls[MOST_CALLS];
    size_t faults; /* that came to pass */
} file_trace;

void file_faults_arm(file_plan plan); /* counts from here; files are not synced in earnest, which takes milliseconds */
file_trace file_faults_disarm(void);

#endif
