/* SPDX-License-Identifier: BSD-2-Clause */
#include "foreign_file.h"

#include "cifar_file.h"
#include "tools.h"

#include <string.h>
#include <sys/stat.h>

#define SAVE_IMAGES "save images of one size as a NumPy array (images, channels, height, width), with numpy.save"

static const struct {
    const char *start, *what;
} known[] = {
    {"\x89PNG", "is a PNG picture; " SAVE_IMAGES},
    {"\xff\xd8\xff", "is a JPEG picture; " SAVE_IMAGES},
    {"PK\3\4", "is a ZIP archive, as NPZ files are; save the array alone, as NPY, with numpy.save"},
    {"\x89"
     "AEP",
     "is an aepred model, where data are expected; a command takes one model, in front of the files, and "
     "train none"},
};

static bool starts_with(const stream *in, const char *start)
{
    size_t n = strlen(start);
    return in->length >= n && memcmp(in->data, start, n) == 0;
}

/* How many records of CIFAR-10 the file may hold, going by its length; 0: it does not. */
static size_t count_cifar_images(const stream *in)
{
    struct stat about;
    bool plain = gzdirect(in->gz) && stat(in->name, &about) == 0 && S_ISREG(about.st_mode);
    if (!plain || !memchr(in->data, '\0', in->length) || about.st_size % CIFAR_RECORD != 0)
        return 0;
    return (size_t)(about.st_size / CIFAR_RECORD);
}

bool foreign_file_refused(const stream *in)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (starts_with(in, known[i].start)) {
            say_error("%s: %s", in->name, known[i].what);
            return true;
        }
    }
    size_t n = count_cifar_images(in);
    if (n)
        say_error("%s: is no CSV text, but as long as %zu images of CIFAR-10; if that is what it holds, --format "
                  "cifar10",
                  in->name, n);
    return n > 0;
}
