/* SPDX-License-Identifier: BSD-2-Clause */
/* Models in files: an atomic save, and a load. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUFFIX_LENGTH = 13, ATTEMPTS = 100 };

/* ".XXXXXXXX.tmp" behind the path: process and attempt tell savers apart; O_EXCL settles what they do not. */
static void put_suffix(char *suffix, unsigned attempt)
{
    static const char digits[] = "0123456789abcdef";
    unsigned long id = (unsigned long)getpid() * ATTEMPTS + attempt;
    memcpy(suffix, ".00000000.tmp", SUFFIX_LENGTH + 1);
    for (size_t i = 8; i > 0; i--, id >>= 4)
        suffix[i] = digits[id & 15];
}

/* Opening and syncing wait on some file systems, and a signal of the host ends the wait: each is tried again then. */
static int open_file(const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static bool sync_file(int fd)
{
    int failed;
    do
        failed = fsync(fd);
    while (failed && errno == EINTR);
    return !failed;
}

/* mode: less the umask's */
static int create_beside(char *temporary, size_t length, mode_t mode)
{
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        put_suffix(temporary + length, attempt);
        int fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO; /* no cause is told */
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* The new name is on disk only when its folder is. Some file systems cannot do this, which is no failure. */
static void sync_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = '\0';
    int fd = open_file(slash ? path : ".", O_RDONLY, 0);
    if (fd < 0)
        return;
    (void)sync_file(fd);
    close(fd);
}

/* mode: the permissions of the file that is replaced, 0 for a new one. Until they are set nobody else may read what may
   be private, and what stays when the process is killed. */
static bool replace(const char *path, char *temporary, size_t length, mode_t mode, const uint8_t *data, size_t size)
{
    int fd = create_beside(temporary, length, mode ? 0600 : 0666);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, data, size) && (!mode || !fchmod(fd, mode)) && sync_file(fd);
    int error = errno;
    if (close(fd) && ok && errno != EINTR) { /* interrupted, it has closed all the same, and the bytes are on disk */
        ok = false;
        error = errno;
    }
    if (ok && rename(temporary, path)) {
        ok = false;
        error = errno;
    }
    if (ok) {
        sync_folder(temporary);
    } else {
        unlink(temporary);
        errno = error;
    }
    return ok;
}

/* The file that a path leads to, through symbolic links, in target (PATH_MAX); *mode its permissions, 0 if there is
   none yet. What is there and is no regular file is not replaced: false, with errno. */
static bool find_target(char *target, mode_t *mode, const char *path)
{
    struct stat info;
    *mode = 0;
    if (stat(path, &info)) {
        if (errno != ENOENT)
            return false;
        if (strlen(path) >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return false;
        }
        strcpy(target, path);
        return true;
    }
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return false;
    }
    *mode = info.st_mode & 07777;
    return realpath(path, target);
}

static int save_to(const aep_model *model, const char *target, mode_t mode)
{
    size_t size;
    int status = aep_model_save_size(&size, model);
    if (status)
        return status;
    const size_t length = strlen(target);
    uint8_t *data = aep__alloc(&model->mem, size, 1);
    char *temporary = aep__alloc(&model->mem, length + SUFFIX_LENGTH + 1, 1);
    if (data && temporary) {
        memcpy(temporary, target, length);
        status = aep_model_save(data, size, model);
        if (!status && !replace(target, temporary, length, mode, data, size))
            status = AEP_E_IO;
    } else {
        status = AEP_E_MEMORY;
    }
    const int error = errno;
    aep__free(&model->mem, data);
    aep__free(&model->mem, temporary);
    errno = error;
    return status;
}

int aep_model_save_file(const aep_model *model, const char *path)
{
    char target[PATH_MAX];
    mode_t mode;
    if (!model || !path)
        return AEP_E_ARGUMENT;
    int status = find_target(target, &mode, path) ? save_to(model, target, mode) : AEP_E_IO;
    const int error = errno;
    if (status == AEP_E_IO)
        (void)aep__fail(&model->log, status, "%s: %s", path, error == EINVAL ? "not a regular file" : strerror(error));
    errno = error;
    return status;
}

static bool read_all(int fd, uint8_t *data, size_t size)
{
    while (size) {
        ssize_t n = read(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO; /* the file has shrunk meanwhile */
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static int load_fd(aep_model **model, int fd, const aep_allocator *mem)
{
    struct stat info;
    if (fstat(fd, &info))
        return AEP_E_IO;
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return AEP_E_IO;
    }
    uint8_t *data = aep__alloc(mem, (size_t)info.st_size, 1);
    if (!data)
        return AEP_E_MEMORY;
    int status =
        read_all(fd, data, (size_t)info.st_size) ? aep_model_load(model, data, (size_t)info.st_size, mem) : AEP_E_IO;
    const int error = errno;
    aep__free(mem, data);
    errno = error;
    return status;
}

int aep_model_load_file(aep_model **model, const char *path, const aep_allocator *allocator)
{
    aep_allocator mem;
    if (!model)
        return AEP_E_ARGUMENT;
    *model = NULL;
    if (!path || aep__mem_init(&mem, allocator))
        return AEP_E_ARGUMENT;
    int fd = open_file(path, O_RDONLY | O_NONBLOCK, 0); /* a pipe without a writer must not hang us */
    if (fd < 0)
        return AEP_E_IO;
    int status = load_fd(model, fd, &mem);
    const int error = errno;
    close(fd);
    errno = error;
    return status;
}
