/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include "tools.h"

#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const output *out)
{
    say_error("cannot write %s: %s", out->path ? out->path : "standard output", strerror(errno));
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
    if (!path || strcmp(path, "-") == 0) {
        out->file = stdout;
        return true;
    }
    struct stat old;
    bool exists = stat(path, &old) == 0;
    out->path = exists ? realpath(path, NULL) : strdup(path); /* a link stays a link */
    if (!out->path) {
        say_error("cannot write %s: %s", path, strerror(errno));
        return false;
    }
    if (exists && !S_ISREG(old.st_mode))
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

bool output_good(output *out)
{
    return !ferror(out->file) || fail(out);
}

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

void output_cell(output *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n"))
        csv_fwrite(out->file, text, strlen(text));
    else
        fputs(text, out->file);
}
