/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "file_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the C library calls the functions whose offsets have 64 bits; Meson asks for those everywhere. */
#ifdef __GLIBC__
#define REAL_OFF(name) __real_##name##64
#define WRAP_OFF(name) __wrap_##name##64
#else
#define REAL_OFF(name) __real_##name
#define WRAP_OFF(name) __wrap_##name
#endif

const char *const file_call_names[N_CALLS] = {"stat",  "realpath", "open",   "write", "fchmod", "fsync",
                                              "close", "rename",   "unlink", "fstat", "read"};

static bool armed;
static file_plan plan;
static file_trace trace;
static size_t moved; /* bytes, by reads and writes */

void file_faults_arm(file_plan p)
{
    plan = p;
    trace = (file_trace){0};
    moved = 0;
    armed = true;
}

file_trace file_faults_disarm(void)
{
    armed = false;
    return trace;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static bool fails(size_t n) { return plan.fault == FAULT_FAIL ? n == plan.at : n >= plan.at; }

/* False, with errno, when the call is to fail. */
static bool enter(file_call call)
{
    const size_t n = trace.n++;
    if (n < MOST_CALLS)
        trace.calls[n] = call;
    if (plan.fault == FAULT_KILL_BEFORE && n == plan.at)
        die();
    if ((plan.fault != FAULT_FAIL && plan.fault != FAULT_FAIL_ONWARD) || !fails(n))
        return true;
    trace.faults++;
    errno = plan.error;
    return false;
}

static void leave(void)
{
    if (plan.fault == FAULT_KILL_AFTER && trace.n == plan.at + 1)
        die();
}

/* How many of n bytes may be moved at once. */
static size_t allowed(size_t n)
{
    const bool limited = plan.fault == FAULT_SHORT || plan.fault == FAULT_FULL || plan.fault == FAULT_KILL_BYTES;
    if (!limited || moved > plan.bytes || (plan.fault == FAULT_SHORT && moved == plan.bytes))
        return n;
    const size_t left = plan.bytes - moved;
    if (plan.fault == FAULT_KILL_BYTES && !left)
        die();
    trace.faults += left < n;
    return left < n ? left : n;
}

static ssize_t refuse(void)
{
    errno = plan.error ? plan.error : errno;
    return plan.error ? -1 : 0;
}

/* -------------------------------------------------------------------------------------------------- functions */

#define RESULT(call, failure)                                                                                          \
    do {                                                                                                               \
        if (armed && !enter(kind))                                                                                     \
            return (failure);                                                                                          \
        const int result = (call);                                                                                     \
        if (armed)                                                                                                     \
            leave();                                                                                                   \
        return result;                                                                                                 \
    } while (0)

int REAL_OFF(stat)(const char *path, struct stat *info);
int WRAP_OFF(stat)(const char *path, struct stat *info);
int REAL_OFF(fstat)(int fd, struct stat *info);
int WRAP_OFF(fstat)(int fd, struct stat *info);
int REAL_OFF(open)(const char *path, int flags, ...);
int WRAP_OFF(open)(const char *path, int flags, ...);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
char *__real_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved);
char *__wrap___realpath_chk(const char *path, char *resolved, size_t size);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

int WRAP_OFF(stat)(const char *path, struct stat *info)
{
    const file_call kind = CALL_STAT;
    RESULT(REAL_OFF(stat)(path, info), -1);
}

int WRAP_OFF(fstat)(int fd, struct stat *info)
{
    const file_call kind = CALL_FSTAT;
    RESULT(REAL_OFF(fstat)(fd, info), -1);
}

int WRAP_OFF(open)(const char *path, int flags, ...)
{
    const file_call kind = CALL_OPEN;
    mode_t mode = 0;
    va_list args;
    va_start(args, flags);
    if (flags & O_CREAT)
        mode = va_arg(args, mode_t);
    va_end(args);
    RESULT(REAL_OFF(open)(path, flags, mode), -1);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    const file_call kind = CALL_FCHMOD;
    RESULT(__real_fchmod(fd, mode), -1);
}

int __wrap_fsync(int fd)
{
    const file_call kind = CALL_FSYNC;
    RESULT(armed ? 0 : __real_fsync(fd), -1);
}

/* The descriptor is gone even when close fails, as on Linux. */
int __wrap_close(int fd)
{
    const file_call kind = CALL_CLOSE;
    RESULT(__real_close(fd), (__real_close(fd), errno = plan.error, -1));
}

int __wrap_rename(const char *from, const char *to)
{
    const file_call kind = CALL_RENAME;
    RESULT(__real_rename(from, to), -1);
}

int __wrap_unlink(const char *path)
{
    const file_call kind = CALL_UNLINK;
    RESULT(__real_unlink(path), -1);
}

char *__wrap_realpath(const char *path, char *resolved)
{
    if (armed && !enter(CALL_REALPATH))
        return NULL;
    char *result = __real_realpath(path, resolved);
    if (armed)
        leave();
    return result;
}

/* What a fortified build calls instead. */
char *__wrap___realpath_chk(const char *path, char *resolved, size_t size)
{
    (void)size;
    return __wrap_realpath(path, resolved);
}

/* What a read and a write have in common: data is read into, or else written. */
static ssize_t move(bool reading, int fd, void *into, const void *from, size_t size)
{
    if (armed && !enter(reading ? CALL_READ : CALL_WRITE))
        return -1;
    const size_t n = armed ? allowed(size) : size;
    if (armed && !n && size)
        return refuse();
    const ssize_t result = reading ? __real_read(fd, into, n) : __real_write(fd, from, n);
    moved += result > 0 ? (size_t)result : 0;
    if (armed)
        leave();
    return result;
}

ssize_t __wrap_read(int fd, void *data, size_t size) { return move(true, fd, data, NULL, size); }
ssize_t __wrap_write(int fd, const void *data, size_t size) { return move(false, fd, NULL, data, size); }
