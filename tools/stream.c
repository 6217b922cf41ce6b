/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream.h"

#include "tools.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool stream_open(stream *s, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    s->name = standard ? "standard input" : path;
    s->position = s->length = 0;
    s->data[0] = '\0';
    errno = 0;
    if (standard) {
        int fd = dup(STDIN_FILENO);
        s->gz = fd < 0 ? NULL : gzdopen(fd, "rb");
        if (!s->gz && fd >= 0)
            close(fd);
    } else {
        s->gz = gzopen(path, "rb");
    }
    if (!s->gz) {
        say_error("%s: cannot open: %s", s->name, errno ? strerror(errno) : "out of memory");
        return false;
    }
    gzbuffer(s->gz, STREAM_SIZE);
    return true;
}

void stream_close(stream *s)
{
    if (s->gz)
        gzclose_r(s->gz);
    s->gz = NULL;
}

int stream_fill(stream *s)
{
    s->position = s->length = 0;
    s->data[0] = '\0';
    int n = gzread(s->gz, s->data, STREAM_SIZE);
    if (n > 0) {
        s->length = (size_t)n;
        s->data[n] = '\0';
        return 1;
    }
    int problem;
    const char *why = gzerror(s->gz, &problem);
    if (problem == Z_OK || problem == Z_STREAM_END)
        return 0;
    if (problem == Z_ERRNO)
        why = strerror(errno);
    else if (problem == Z_BUF_ERROR)
        why = "the gzip data ends too early";
    say_error("%s: cannot read: %s", s->name, why);
    return -1;
}

int stream_read_part(stream *s, void *to, size_t n, size_t *got)
{
    unsigned char *out = to;
    *got = 0;
    while (*got < n) {
        if (s->position == s->length) {
            int more = stream_fill(s);
            if (more <= 0)
                return more;
        }
        size_t part = s->length - s->position < n - *got ? s->length - s->position : n - *got;
        memcpy(out + *got, s->data + s->position, part);
        s->position += part;
        *got += part;
    }
    return 0;
}

int stream_read(stream *s, void *to, size_t n)
{
    size_t got;
    if (stream_read_part(s, to, n, &got) < 0)
        return -1;
    if (got == n || got == 0)
        return got == n;
    say_error("%s: ends too early", s->name);
    return -1;
}
