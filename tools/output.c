/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include "decimal.h"
#include "tools.h"

#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const output *out)
{
    say_write_error(out->path);
    return false;
}

static bool is_standard(const char *path) { return !path || strcmp(path, "-") == 0; }

bool output_possible(const char *path)
{
    struct stat there;
    int problem = 0;
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    if (stat(path, &there) == 0) {
        if (!S_ISREG(there.st_mode))
            problem = S_ISDIR(there.st_mode) ? EISDIR : EINVAL;
    } else if (errno != ENOENT || !folder || access(folder, W_OK | X_OK) != 0) {
        problem = errno;
    }
    free(folder);
    if (problem)
        say_error("cannot write %s: %s", path, problem == EINVAL ? "not a regular file" : strerror(problem));
    return problem == 0;
}

/* What a file is, whatever it is called; the folder and the name of one that is not there yet. */
typedef struct identity {
    dev_t device;
    ino_t inode;
    const char *name;
} identity;

static bool identify(identity *id, const char *path, int standard)
{
    struct stat there;
    const char *slash = path ? strrchr(path, '/') : NULL;
    *id = (identity){.name = ""};
    if (is_standard(path) ? fstat(standard, &there) == 0 : stat(path, &there) == 0) {
        if (!S_ISREG(there.st_mode))
            return false; /* devices and pipes may be both */
    } else if (is_standard(path)) {
        return false;
    } else {
        char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
        bool found = folder && stat(folder, &there) == 0;
        free(folder);
        if (!found)
            return false;
        id->name = slash ? slash + 1 : path;
    }
    id->device = there.st_dev;
    id->inode = there.st_ino;
    return true;
}

bool output_is(const char *path, const char *other, int other_standard)
{
    identity a, b;
    return identify(&a, path, STDOUT_FILENO) && identify(&b, other, other_standard) && a.device == b.device &&
           a.inode == b.inode && strcmp(a.name, b.name) == 0;
}

bool output_is_among(const char *path, const list *inputs)
{
    for (size_t i = 0; i < inputs->n; i++) {
        if (output_is(path, inputs->items[i], STDIN_FILENO)) {
            say_error("%s is both input and output; write to another file",
                      is_standard(path) ? inputs->items[i] : path);
            return true;
        }
    }
    return false;
}

/* Beside the path, so that it can be renamed; with the permissions that a new file, or the old one, has. */
static FILE *open_temporary(output *out, const struct stat *old)
{
    size_t size = strlen(out->path) + sizeof ".XXXXXX";
    out->temporary = malloc(size);
    if (!out->temporary)
        return NULL;
    snprintf(out->temporary, size, "%s.XXXXXX", out->path);
    int fd = mkstemp(out->temporary);
    if (fd < 0) {
        free(out->temporary);
        out->temporary = NULL;
        return NULL;
    }
    mode_t mask = umask(0);
    umask(mask);
    FILE *file = fchmod(fd, old ? old->st_mode & 0777 : 0666 & ~mask) == 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        close(fd);
    return file;
}

bool output_open(output *out, const char *path)
{
    *out = (output){0};
    struct stat old, standard;
    bool exists = !is_standard(path) && stat(path, &old) == 0;
    if (is_standard(path) || (exists && fstat(STDOUT_FILENO, &standard) == 0 && old.st_dev == standard.st_dev &&
                              old.st_ino == standard.st_ino)) { /* /dev/stdout, whatever that is */
        out->file = stdout;
        return true;
    }
    bool in_place = exists && !S_ISREG(old.st_mode);
    out->path = exists && !in_place ? realpath(path, NULL) : strdup(path); /* a link stays a link */
    if (!out->path) {
        say_error("cannot write %s: %s", path, strerror(errno));
        return false;
    }
    if (in_place)
        out->file = fopen(out->path, "w");
    else
        out->file = open_temporary(out, exists ? &old : NULL);
    if (!out->file) {
        fail(out);
        output_drop(out);
        return false;
    }
    return true;
}

bool output_good(output *out) { return !ferror(out->file) || fail(out); }

bool output_close(output *out)
{
    if (!out->path)
        return fflush(out->file) == 0 || fail(out);
    bool ok = fflush(out->file) == 0 && (!out->temporary || fsync(fileno(out->file)) == 0);
    ok = fclose(out->file) == 0 && ok;
    out->file = NULL;
    if (ok && out->temporary)
        ok = rename(out->temporary, out->path) == 0;
    if (!ok)
        fail(out);
    else {
        free(out->temporary);
        out->temporary = NULL;
    }
    output_drop(out);
    return ok;
}

void output_drop(output *out)
{
    if (out->path && out->file)
        fclose(out->file);
    if (out->temporary)
        unlink(out->temporary);
    free(out->temporary);
    free(out->path);
    *out = (output){0};
}

void output_float(output *out, float value)
{
    char text[DECIMAL_SIZE];
    decimal_write(text, value);
    fputs(text, out->file);
}

void output_cell(output *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n"))
        csv_fwrite(out->file, text, strlen(text));
    else
        fputs(text, out->file);
}
