/* SPDX-License-Identifier: BSD-2-Clause */
#include "pictures.h"

#include "heat_map.h"
#include "tools.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path of what is called so in the folder; NULL: out of memory, said so. */
static char *path_in(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    else
        say_error("out of memory");
    return path;
}

static bool refuse_folder(const char *folder, const char *why)
{
    say_error("cannot write pictures to %s: %s", folder, why);
    return false;
}

static bool is_writable(const char *folder)
{
    char *itself = path_in(folder, ".");
    bool ok = itself && (access(itself, W_OK | X_OK) == 0 || refuse_folder(folder, strerror(errno)));
    free(itself);
    return ok;
}

/* The folder is missing: is the one that it is to be made in there? */
static bool has_parent(const char *folder)
{
    char *parent = strdup(folder), why[512];
    if (!parent) {
        say_error("out of memory");
        return false;
    }
    size_t n = strlen(parent);
    while (n > 1 && parent[n - 1] == '/')
        n--;
    while (n > 0 && parent[n - 1] != '/')
        n--;
    parent[n] = '\0';
    struct stat about;
    snprintf(why, sizeof why, "there is no folder %s to make it in; make that first", parent);
    bool ok = n == 0 || stat(parent, &about) == 0 || refuse_folder(folder, why);
    free(parent);
    return ok;
}

static bool folder_possible(const char *folder)
{
    struct stat about;
    if (stat(folder, &about) == 0)
        return is_writable(folder);
    if (errno != ENOENT || !*folder)
        return refuse_folder(folder, strerror(errno));
    return has_parent(folder);
}

static bool make_folder(const char *folder)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return refuse_folder(folder, strerror(errno));
    return is_writable(folder);
}

bool pictures_open(pictures *p, const aep_model *model, const char *folder, size_t most)
{
    *p = (pictures){.model = model, .folder = folder};
    aep_model_image(&p->size.channels, &p->size.height, &p->size.width, model);
    return heat_map_possible(&p->size) && folder_possible(folder) &&
           best_rows_init(&p->best, most, aep_model_n_columns(model));
}

void pictures_close(pictures *p) { best_rows_free(&p->best); }

bool pictures_offer(pictures *p, const feed *f, const float *scores, const uint8_t *flags)
{
    size_t n = f->columns.n;
    for (size_t i = 0; i < f->n_rows; i++)
        if ((!flags || flags[i]) && !best_rows_offer(&p->best, scores[i], f->first_row + i, f->rows + i * n))
            return false;
    return true;
}

static void find_range(float *low, float *high, const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++) { /* NaN compares as neither */
        *low = values[i] < *low ? values[i] : *low;
        *high = values[i] > *high ? values[i] : *high;
    }
}

/* The usual scales of images are kept where their values fill them; else that of the rows drawn. */
static void choose_scale(pictures *p)
{
    p->low = INFINITY;
    p->high = -INFINITY;
    for (size_t i = 0; i < p->best.n; i++)
        find_range(&p->low, &p->high, p->best.rows[i].values, p->best.n_columns);
    bool bytes = p->high > 127 && p->high <= 255, shares = p->high > 0.5f && p->high <= 1;
    if (p->low >= 0 && (bytes || shares)) {
        p->low = 0;
        p->high = bytes ? 255 : 1;
    } else if (!(p->low < p->high)) {
        p->low = isfinite(p->low) ? p->low : 0;
        p->high = p->low + 1;
    }
}

static bool compute(float *shares, float *rebuilt, const pictures *p, aep_workspace *workspace, const best_row *row)
{
    size_t n = p->best.n_columns;
    int status = aep_explain(shares, p->model, workspace, row->values, 1, n);
    if (status == AEP_OK)
        status = aep_reconstruct(rebuilt, p->model, workspace, row->values, 1, n);
    if (status != AEP_OK)
        say_error("row %zu: %s", row->number, aep_status_str(status));
    return status == AEP_OK;
}

/* A rank is written alike whatever the number of pictures, so that a second run replaces the files of the first. */
enum { NAME_SIZE = 64 };
static void picture_name(char name[NAME_SIZE], size_t rank, const best_row *row)
{
    snprintf(name, NAME_SIZE, "%03zu-row%zu.png", rank, row->number);
}

static bool looks_like_picture(const char *name)
{
    static const char digits[] = "0123456789", middle[] = "-row";
    size_t rank = strspn(name, digits);
    if (rank == 0 || strncmp(name + rank, middle, strlen(middle)) != 0)
        return false;
    name += rank + strlen(middle);
    size_t number = strspn(name, digits);
    return number > 0 && strcmp(name + number, ".png") == 0;
}

static bool is_own(const pictures *p, const char *name)
{
    char own[NAME_SIZE];
    unsigned long long rank = strtoull(name, NULL, 10);
    if (rank < 1 || rank > p->best.n)
        return false;
    picture_name(own, (size_t)rank, &p->best.rows[rank - 1]);
    return strcmp(name, own) == 0;
}

static void warn_of_others(const pictures *p)
{
    DIR *folder = opendir(p->folder);
    size_t n = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        n += looks_like_picture(entry->d_name) && !is_own(p, entry->d_name);
    if (n)
        say_warning("%s: holds %zu picture%s of an earlier run besides those of this one, which are listed; remove "
                    "the others, or name another folder",
                    p->folder, n, n == 1 ? "" : "s");
    if (folder)
        closedir(folder);
}

static void list_picture(output *table, size_t rank, const best_row *row, const char *path)
{
    fprintf(table->file, "%zu,%zu,", rank, row->number);
    output_float(table, row->score);
    putc(',', table->file);
    output_cell(table, path);
    putc('\n', table->file);
}

/* rank: from 1. */
static bool write_one(const pictures *p, size_t rank, const float *shares, const float *rebuilt, output *table)
{
    const best_row *row = &p->best.rows[rank - 1];
    char name[NAME_SIZE];
    picture_name(name, rank, row);
    char *path = path_in(p->folder, name);
    heat_map map = {
        .size = p->size, .found = row->values, .rebuilt = rebuilt, .shares = shares, .low = p->low, .high = p->high};
    bool ok = path && heat_map_write(&map, path);
    if (ok)
        list_picture(table, rank, row, path);
    free(path);
    return ok;
}

static bool write_all(const pictures *p, aep_workspace *workspace, output *table)
{
    size_t n = p->best.n_columns;
    float *shares = malloc(n * sizeof *shares), *rebuilt = malloc(n * sizeof *rebuilt);
    bool ok = shares && rebuilt;
    if (!ok)
        say_error("out of memory");
    for (size_t rank = 1; ok && rank <= p->best.n; rank++)
        ok = compute(shares, rebuilt, p, workspace, &p->best.rows[rank - 1]) &&
             write_one(p, rank, shares, rebuilt, table);
    free(shares);
    free(rebuilt);
    return ok;
}

bool pictures_write(pictures *p, aep_workspace *workspace, output *table)
{
    fputs("rank,row,score,picture\n", table->file);
    if (p->best.n == 0)
        return true;
    choose_scale(p);
    if (!make_folder(p->folder))
        return false;
    warn_of_others(p);
    return write_all(p, workspace, table);
}
