/* SPDX-License-Identifier: BSD-2-Clause */
#include "pictures.h"

#include "heat_map.h"
#include "tools.h"

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

static bool make_folder(const char *folder)
{
    char *itself = path_in(folder, ".");
    bool ok = itself && (mkdir(folder, 0777) == 0 || errno == EEXIST) && access(itself, W_OK | X_OK) == 0;
    if (itself && !ok)
        say_error("cannot write pictures to %s: %s", folder, strerror(errno));
    free(itself);
    return ok;
}

bool pictures_open(pictures *p, const aep_model *model, const char *folder, size_t most)
{
    *p = (pictures){.model = model, .folder = folder, .low = INFINITY, .high = -INFINITY};
    aep_model_image(&p->size.channels, &p->size.height, &p->size.width, model);
    return make_folder(folder) && best_rows_init(&p->best, most, aep_model_n_columns(model));
}

void pictures_close(pictures *p) { best_rows_free(&p->best); }

static void find_range(float *low, float *high, const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++) { /* NaN compares as neither */
        *low = values[i] < *low ? values[i] : *low;
        *high = values[i] > *high ? values[i] : *high;
    }
}

bool pictures_offer(pictures *p, const feed *f, const float *scores, const uint8_t *flags)
{
    size_t n = f->columns.n;
    find_range(&p->low, &p->high, f->rows, f->n_rows * n);
    for (size_t i = 0; i < f->n_rows; i++)
        if ((!flags || flags[i]) && !best_rows_offer(&p->best, scores[i], f->first_row + i, f->rows + i * n))
            return false;
    return true;
}

/* The usual scales of images are kept, so that dark images look dark; else the row's own. */
static void choose_scale(heat_map *map, const pictures *p)
{
    if (p->low >= 0 && p->high <= 255) {
        map->low = 0;
        map->high = p->high <= 1 ? 1 : 255;
        return;
    }
    map->low = INFINITY;
    map->high = -INFINITY;
    find_range(&map->low, &map->high, map->found, p->best.n_columns);
    if (!(map->low < map->high)) {
        map->low = isfinite(map->low) ? map->low : 0;
        map->high = map->low + 1;
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
    char name[96];
    int digits = snprintf(name, sizeof name, "%zu", p->best.n);
    snprintf(name, sizeof name, "%0*zu-row%zu.png", digits, rank, row->number);
    char *path = path_in(p->folder, name);
    heat_map map = {.size = p->size, .found = row->values, .rebuilt = rebuilt, .shares = shares};
    choose_scale(&map, p);
    bool ok = path && heat_map_write(&map, path);
    if (ok && table)
        list_picture(table, rank, row, path);
    free(path);
    return ok;
}

bool pictures_write(const pictures *p, aep_workspace *workspace, output *table)
{
    size_t n = p->best.n_columns;
    float *shares = malloc(n * sizeof *shares), *rebuilt = malloc(n * sizeof *rebuilt);
    bool ok = shares && rebuilt;
    if (!ok)
        say_error("out of memory");
    if (ok && table)
        fputs("rank,row,score,picture\n", table->file);
    for (size_t rank = 1; ok && rank <= p->best.n; rank++)
        ok = compute(shares, rebuilt, p, workspace, &p->best.rows[rank - 1]) &&
             write_one(p, rank, shares, rebuilt, table);
    free(shares);
    free(rebuilt);
    return ok;
}
