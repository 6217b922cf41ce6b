/* SPDX-License-Identifier: BSD-2-Clause */
/* Models in memory and in files. Damaged bytes: test_load_bytes.c. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define STALE ((aep_model *)(uintptr_t)8)

/* ------------------------------------------------------------------------------------------------------ memory */

START_TEST(save_uses_the_bytes_that_save_size_says)
{
    aep_model *model = ready_model("nn3", NULL);
    size_t size;
    AEP_CHECK(aep_model_save_size(&size, model));
    uint8_t *buffer = malloc(size + 100), *expected = malloc(size);
    memset(buffer, 0xa5, size + 100);
    AEP_CHECK(aep_model_save(buffer, size + 100, model));
    for (size_t i = size; i < size + 100; i++)
        ck_assert_uint_eq(buffer[i], 0xa5);
    AEP_CHECK(aep_model_save(expected, size, model));
    ck_assert_mem_eq(buffer, expected, size);
    free(buffer);
    free(expected);
    aep_model_free(model);
}
END_TEST

START_TEST(a_small_buffer_is_refused_and_left_alone)
{
    messages log = {0};
    aep_model *model = ready_model("nn3", NULL);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    size_t size;
    AEP_CHECK(aep_model_save_size(&size, model));
    uint8_t *buffer = calloc(size, 1);
    const size_t sizes[] = {size - 1, size / 2, 1, 0};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        AEP_CHECK_STATUS(aep_model_save(buffer, sizes[i], model), AEP_E_BUFFER);
    ck_assert_uint_eq(log.n[AEP_LOG_ERROR], COUNT_OF(sizes));
    for (size_t i = 0; i < size; i++)
        ck_assert_uint_eq(buffer[i], 0);
    free(buffer);
    aep_model_free(model);
}
END_TEST

START_TEST(null_is_refused)
{
    aep_model *model = ready_model("n", NULL), *out = STALE;
    bytes b = save(model);
    size_t size;
    AEP_CHECK_STATUS(aep_model_save_size(NULL, model), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_save_size(&size, NULL), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_save(NULL, b.size, model), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_save(b.data, b.size, NULL), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_save_file(NULL, "model"), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_save_file(model, NULL), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_load(NULL, b.data, b.size, NULL), AEP_E_ARGUMENT);
    AEP_CHECK_STATUS(aep_model_load(&out, NULL, b.size, NULL), AEP_E_ARGUMENT);
    ck_assert_ptr_null(out);
    AEP_CHECK_STATUS(aep_model_load_file(NULL, "model", NULL), AEP_E_ARGUMENT);
    out = STALE;
    AEP_CHECK_STATUS(aep_model_load_file(&out, NULL, NULL), AEP_E_ARGUMENT);
    ck_assert_ptr_null(out);
    memory m;
    const aep_allocator whole = memory_allocator(&m);
    const aep_allocator halves[] = {{NULL, whole.free, &m}, {whole.alloc, NULL, &m}};
    for (size_t i = 0; i < 2; i++) {
        out = STALE;
        AEP_CHECK_STATUS(aep_model_load(&out, b.data, b.size, &halves[i]), AEP_E_ARGUMENT);
        ck_assert_ptr_null(out);
        out = STALE;
        AEP_CHECK_STATUS(aep_model_load_file(&out, "model", &halves[i]), AEP_E_ARGUMENT);
        ck_assert_ptr_null(out);
    }
    free(b.data);
    aep_model_free(model);
}
END_TEST

static const struct {
    const char *columns;
    setting settings[8];
} variants[] = {
    {"n", {{0, 0}}},
    {"nn3n",
     {{AEP_OPT_ERROR, AEP_ERROR_VECTOR}, {AEP_OPT_SCALING, AEP_SCALING_RANK}, {AEP_OPT_SEED, 9007199254740991.0}}},
    {"nnnn", {{AEP_OPT_SCALING, AEP_SCALING_ROBUST}, {AEP_OPT_SQUASH, AEP_SQUASH_CLIP}, {AEP_OPT_VALIDATION, 0.3}}},
    {"4n", {{AEP_OPT_SCALING, AEP_SCALING_MINMAX}, {AEP_OPT_SCALE_LEVELS, 1}, {AEP_OPT_SAVE_TRAINING, 0}}},
    {"nnn3",
     {{AEP_OPT_MISSING, AEP_MISSING_IMPUTE}, {AEP_OPT_MISSING_INDICATOR, 1}, {AEP_OPT_SCORE, AEP_SCORE_SIGNED}}},
    {"nn", {{AEP_OPT_SCALING, AEP_SCALING_NONE}, {AEP_OPT_SQUARED, 1}, {AEP_OPT_ACTIVATION, AEP_GELU}}},
};

START_TEST(everything_travels)
{
    for (size_t v = 0; v < COUNT_OF(variants); v++) {
        aep_model *model = ready_model(variants[v].columns, variants[v].settings);
        AEP_CHECK(aep_set_threshold(model, 1.25));
        bytes b = save(model);
        aep_model *loaded = load(b);
        ck_assert(saves_as(loaded, b));
        ck_assert_uint_eq(aep_model_n_columns(loaded), strlen(variants[v].columns));
        ck_assert_uint_eq(aep_model_n_features(loaded), aep_model_n_features(model));
        ck_assert_uint_eq(aep_model_error_size(loaded), aep_model_error_size(model));
        for (size_t i = 0; i < aep_option_count(); i++)
            ck_assert_double_eq(option_of(loaded, aep_option_at(i)), option_of(model, aep_option_at(i)));
        for (int part = AEP_PART_ENCODER; part <= AEP_PART_HEAD; part++) {
            size_t widths[2][32] = {{0}};
            ck_assert_int_eq(aep_model_layers(widths[0], 32, model, part),
                             aep_model_layers(widths[1], 32, loaded, part));
            ck_assert_mem_eq(widths[0], widths[1], sizeof widths[0]);
        }
        for (int stat = 1; aep_stat_name(stat); stat++) {
            double expected, value;
            const int status = aep_model_stat(&expected, model, stat);
            AEP_CHECK_STATUS(aep_model_stat(&value, loaded, stat), status);
            ck_assert_msg(value == expected || status, "%s: %g, expected %g", aep_stat_name(stat), value, expected);
        }
        for (size_t epoch = 0; epoch < 10; epoch++) {
            double expected, value;
            AEP_CHECK(aep_model_history(&expected, model, epoch, AEP_STAT_LOSS));
            AEP_CHECK(aep_model_history(&value, loaded, epoch, AEP_STAT_LOSS));
            ck_assert_double_eq(value, expected);
        }
        for (size_t j = 0; j < aep_model_n_columns(model); j++) {
            ck_assert_str_eq(aep_model_column_name(loaded, j), aep_model_column_name(model, j));
            ck_assert_int_eq(aep_model_column_kind(loaded, j), aep_model_column_kind(model, j));
            ck_assert_uint_eq(aep_model_column_levels(loaded, j), aep_model_column_levels(model, j));
            for (size_t k = 0; k < aep_model_column_levels(model, j); k++)
                ck_assert_str_eq(aep_model_level_name(loaded, j, k), aep_model_level_name(model, j, k));
        }
        float *rows = new_rows(variants[v].columns, 100, 3), p[2][100];
        float *expected = scores_of(model, rows, 100), *scores = scores_of(loaded, rows, 100);
        ck_assert_mem_eq(scores, expected, 100 * sizeof *scores);
        AEP_CHECK(aep_pvalue(p[0], model, scores, 100));
        AEP_CHECK(aep_pvalue(p[1], loaded, scores, 100));
        ck_assert_mem_eq(p[0], p[1], sizeof p[0]);
        free(rows);
        free(expected);
        free(scores);
        free(b.data);
        aep_model_free(model);
        aep_model_free(loaded);
    }
}
END_TEST

static void assert_same_map_layers(const aep_model *a, const aep_model *b, int part)
{
    for (size_t i = 0;; i++) {
        size_t layers[2][4] = {{0}}, maps[2][3] = {{0}};
        int kinds[2] = {0};
        const aep_model *const models[] = {a, b};
        int status[2];
        for (size_t m = 0; m < 2; m++) {
            status[m] = aep_model_image_layer(&kinds[m], &layers[m][0], &layers[m][1], &layers[m][2], &layers[m][3],
                                              models[m], part, i);
            AEP_CHECK_STATUS(aep_model_image_map(&maps[m][0], &maps[m][1], &maps[m][2], models[m], part, i), status[m]);
        }
        ck_assert_int_eq(status[0], status[1]);
        ck_assert_int_eq(kinds[0], kinds[1]);
        ck_assert_mem_eq(layers[0], layers[1], sizeof layers[0]);
        ck_assert_mem_eq(maps[0], maps[1], sizeof maps[0]);
        if (status[0]) {
            ck_assert_uint_gt(i, 0);
            return;
        }
    }
}

START_TEST(images_travel)
{
    for (size_t k = 0; k < N_PICTURES; k++) {
        const picture *p = &pictures[k];
        aep_model *model = ready_picture_model(p, SET({AEP_OPT_CHANNEL_SCALING, k != GREY}, {AEP_OPT_NOISE_BLOCK, 7})),
                  *copy;
        bytes b = save(model);
        aep_model *loaded = load(b);
        ck_assert(saves_as(loaded, b));
        AEP_CHECK(aep_model_copy(&copy, model));
        ck_assert(saves_as(copy, b));
        size_t sizes[3];
        AEP_CHECK(aep_model_image(&sizes[0], &sizes[1], &sizes[2], loaded));
        ck_assert(sizes[0] == p->channels && sizes[1] == p->height && sizes[2] == p->width);
        assert_same_map_layers(model, loaded, AEP_PART_ENCODER);
        assert_same_map_layers(model, loaded, AEP_PART_DECODER);
        for (size_t i = 0; i < aep_option_count(); i++)
            ck_assert_double_eq(option_of(loaded, aep_option_at(i)), option_of(model, aep_option_at(i)));
        float *rows = new_pictures(p, 100, 3);
        float *expected = scores_of(model, rows, 100), *scores = scores_of(loaded, rows, 100);
        ck_assert_mem_eq(scores, expected, 100 * sizeof *scores);
        free(rows);
        free(expected);
        free(scores);
        free(b.data);
        aep_model_free(model);
        aep_model_free(loaded);
        aep_model_free(copy);
    }
}
END_TEST

/* The preset of the encoder is resolved when a model is made: what it is in a later version does not matter to files. */
START_TEST(presets_of_an_image_travel_as_what_they_were)
{
    static const picture preset = {.name = "preset", .channels = 1, .height = 12, .width = 12};
    aep_model *model = new_picture_model(&preset, NULL);
    bytes b = save(model);
    aep_model *loaded = load(b);
    assert_same_map_layers(model, loaded, AEP_PART_ENCODER);
    assert_same_map_layers(model, loaded, AEP_PART_DECODER);
    /* the image closes the section of the options: channels, height, width, 2 layers of 5 numbers, none */
    const size_t columns = find_section(b, "COLS") - 12, image = columns - 4 * (3 + 1 + 2 * 5 + 1);
    static const uint8_t expected[] = {1, 0, 0, 0, 12, 0, 0,  0, 12, 0, 0, 0, 2, 0,
                                       0, 0, 0, 0, 0,  0, 16, 0, 0,  0, 3, 0, 0, 0};
    ck_assert_mem_eq(b.data + image, expected, sizeof expected);
    free(b.data);
    aep_model_free(model);
    aep_model_free(loaded);
}
END_TEST

START_TEST(a_model_without_training_travels_too)
{
    aep_model *model = new_model("n3", NULL);
    bytes b = save(model);
    aep_model *loaded = load(b);
    ck_assert(saves_as(loaded, b));
    const float row[] = {1, 1};
    float score;
    AEP_CHECK_STATUS(aep_score(&score, loaded, NULL, row, 1, 2), AEP_E_STATE);
    free(b.data);
    aep_model_free(model);
    aep_model_free(loaded);
}
END_TEST

START_TEST(what_is_no_model_is_refused)
{
    static const char text[] = "column,another column\n1,2\n3,4\n";
    uint8_t noise[4096];
    uint64_t state = 1;
    aep_model *model = STALE;
    AEP_CHECK_STATUS(aep_model_load(&model, text, sizeof text, NULL), AEP_E_FORMAT);
    ck_assert_ptr_null(model);
    AEP_CHECK_STATUS(aep_model_load(&model, text, 0, NULL), AEP_E_FORMAT);
    for (size_t i = 0; i < 2000; i++) {
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t)(uniform(&state) * 256);
        model = STALE;
        AEP_CHECK_STATUS(aep_model_load(&model, noise, 1 + i % sizeof noise, NULL), AEP_E_FORMAT);
        ck_assert_ptr_null(model);
    }
}
END_TEST

START_TEST(a_newer_format_is_told_apart)
{
    enum { VERSION_AT = 8 };
    aep_model *model = ready_model("n", NULL);
    bytes b = save(model);
    aep_model_free(model);
    static const uint8_t versions[] = {5, 6, 255};
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        b.data[VERSION_AT] = versions[i];
        model = STALE;
        AEP_CHECK_STATUS(aep_model_load(&model, b.data, b.size, NULL), AEP_E_VERSION);
        repair_checksum(b.data, b.size);
        AEP_CHECK_STATUS(aep_model_load(&model, b.data, b.size, NULL), AEP_E_VERSION);
        ck_assert_ptr_null(model);
    }
    b.data[VERSION_AT] = 0;
    repair_checksum(b.data, b.size);
    AEP_CHECK_STATUS(aep_model_load(&model, b.data, b.size, NULL), AEP_E_FORMAT);
    free(b.data);
}
END_TEST

START_TEST(the_file_ends_with_a_checksum)
{
    aep_model *model = ready_model("nn", NULL);
    bytes b = save(model);
    aep_model_free(model);
    uint8_t *copy = malloc(b.size);
    memcpy(copy, b.data, b.size);
    repair_checksum(copy, b.size);
    ck_assert_mem_eq(copy, b.data, b.size);
    b.data[b.size / 2] ^= 1;
    AEP_CHECK_STATUS(aep_model_load(&model, b.data, b.size, NULL), AEP_E_CHECKSUM);
    ck_assert_ptr_null(model);
    AEP_CHECK_STATUS(aep_model_load(&model, copy, b.size - 1, NULL), AEP_E_CHECKSUM);
    free(copy);
    free(b.data);
}
END_TEST

START_TEST(a_loaded_model_uses_the_allocator_given)
{
    memory m;
    const aep_allocator allocator = memory_allocator(&m);
    aep_model *model = ready_model("nn3", NULL), *loaded;
    bytes b = save(model);
    AEP_CHECK(aep_model_load(&loaded, b.data, b.size, &allocator));
    ck_assert_uint_gt(m.live, 0);
    size_t before = m.calls;
    float *rows = new_rows("nn3", 50, 3);
    AEP_CHECK(aep_fit_batch(loaded, rows, 50, 3));
    ck_assert_uint_gt(m.calls, before);
    before = m.calls;
    aep_model *copy;
    AEP_CHECK(aep_model_copy(&copy, loaded));
    ck_assert_uint_gt(m.calls, before);
    aep_model_free(loaded);
    ck_assert_uint_gt(m.live, 0);
    aep_model_free(copy);
    ck_assert_uint_eq(m.live, 0);
    free(rows);
    free(b.data);
    aep_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------------- files */

static char folder[64];

static void enter_folder(void)
{
    snprintf(folder, sizeof folder, P_tmpdir "/aepred-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

/* How many entries the folder has; removes them if asked to. */
static size_t count_files(bool clear)
{
    size_t n = 0;
    DIR *d = opendir(folder);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        n++;
        if (clear)
            ck_assert_int_eq(remove(entry->d_name), 0);
    }
    closedir(d);
    return n;
}

static void leave_folder(void)
{
    count_files(true);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(a_file_holds_the_bytes_of_save)
{
    enter_folder();
    aep_model *model = ready_model("nn3", NULL), *loaded;
    char path[128];
    snprintf(path, sizeof path, "%s/absolute", folder);
    const char *const paths[] = {"model.aep", "./here.aep", path};
    bytes b = save(model);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        AEP_CHECK(aep_model_save_file(model, paths[i]));
        ck_assert_uint_eq(count_files(false), i + 1);
        FILE *f = fopen(paths[i], "rb");
        uint8_t *data = malloc(b.size + 1);
        ck_assert_uint_eq(fread(data, 1, b.size + 1, f), b.size);
        ck_assert_mem_eq(data, b.data, b.size);
        fclose(f);
        free(data);
        AEP_CHECK(aep_model_load_file(&loaded, paths[i], NULL));
        ck_assert(saves_as(loaded, b));
        aep_model_free(loaded);
    }
    free(b.data);
    aep_model_free(model);
    leave_folder();
}
END_TEST

START_TEST(saving_again_replaces_the_file)
{
    enter_folder();
    aep_model *model = ready_model("nn", NULL), *larger = ready_model("nnnnnnn", NULL), *loaded;
    AEP_CHECK(aep_model_save_file(larger, "m"));
    AEP_CHECK(aep_model_save_file(model, "m"));
    AEP_CHECK(aep_model_load_file(&loaded, "m", NULL));
    assert_unchanged(loaded, save(model));
    ck_assert_uint_eq(count_files(false), 1);
    aep_model_free(loaded);
    aep_model_free(model);
    aep_model_free(larger);
    leave_folder();
}
END_TEST

START_TEST(what_cannot_be_written_is_an_io_error_with_errno)
{
    enter_folder();
    messages log = {0};
    aep_model *model = ready_model("nn", NULL);
    AEP_CHECK(aep_model_set_log(model, record_message, &log));
    ck_assert_int_eq(mkdir("folder", 0700), 0);
    static const struct {
        const char *path;
        int error;
    } cases[] = {{"missing/model", ENOENT}, {"folder", EISDIR}, {"", ENOENT}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        errno = 0;
        AEP_CHECK_STATUS(aep_model_save_file(model, cases[i].path), AEP_E_IO);
        if (cases[i].path[0])
            ck_assert_int_eq(errno, cases[i].error);
        ck_assert_uint_eq(log.n[AEP_LOG_ERROR], i + 1);
        ck_assert_ptr_nonnull(strstr(log.last, cases[i].path));
        ck_assert_uint_eq(count_files(false), 1);
    }
    aep_model_free(model);
    leave_folder();
}
END_TEST

START_TEST(a_symbolic_link_is_followed)
{
    enter_folder();
    struct stat info;
    aep_model *old = ready_model("nnnn", NULL), *model = ready_model("nn", NULL), *loaded;
    ck_assert_int_eq(mkdir("there", 0700), 0);
    AEP_CHECK(aep_model_save_file(old, "there/m"));
    ck_assert_int_eq(symlink("there/m", "link"), 0);
    ck_assert_int_eq(symlink("link", "link to link"), 0);
    AEP_CHECK(aep_model_save_file(model, "link to link"));
    static const char *const links[] = {"link", "link to link"};
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        ck_assert_int_eq(lstat(links[i], &info), 0);
        ck_assert(S_ISLNK(info.st_mode));
    }
    ck_assert_int_eq(lstat("there/m", &info), 0);
    ck_assert(S_ISREG(info.st_mode));
    AEP_CHECK(aep_model_load_file(&loaded, "there/m", NULL));
    assert_unchanged(loaded, save(model));
    ck_assert_int_eq(unlink("there/m"), 0);
    ck_assert_uint_eq(count_files(false), 3); /* nothing lies beside the link */
    aep_model_free(loaded);
    aep_model_free(model);
    aep_model_free(old);
    leave_folder();
}
END_TEST

START_TEST(an_existing_file_keeps_its_permissions)
{
    static const mode_t modes[] = {0600, 0664, 0644, 0400};
    enter_folder();
    struct stat info;
    const mode_t old = umask(027);
    aep_model *model = ready_model("nn", NULL);
    AEP_CHECK(aep_model_save_file(model, "m"));
    ck_assert_int_eq(stat("m", &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0640);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        ck_assert_int_eq(chmod("m", modes[i]), 0);
        AEP_CHECK(aep_model_save_file(model, "m"));
        ck_assert_int_eq(stat("m", &info), 0);
        ck_assert_int_eq(info.st_mode & 07777, modes[i]);
    }
    umask(old);
    aep_model_free(model);
    leave_folder();
}
END_TEST

START_TEST(a_pipe_or_folder_is_left_as_it_was)
{
    enter_folder();
    struct stat before, after;
    aep_model *model = ready_model("nn", NULL), *loaded = STALE;
    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
    ck_assert_int_eq(mkdir("folder", 0700), 0);
    static const struct {
        const char *path;
        int error;
    } cases[] = {{"pipe", EINVAL}, {"folder", EISDIR}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_int_eq(lstat(cases[i].path, &before), 0);
        errno = 0;
        AEP_CHECK_STATUS(aep_model_save_file(model, cases[i].path), AEP_E_IO);
        ck_assert_int_eq(errno, cases[i].error);
        ck_assert_int_eq(lstat(cases[i].path, &after), 0);
        ck_assert(after.st_ino == before.st_ino && after.st_mode == before.st_mode);
        alarm(10); /* ends the test if it waits for someone to write to the pipe */
        errno = 0;
        AEP_CHECK_STATUS(aep_model_load_file(&loaded, cases[i].path, NULL), AEP_E_IO);
        ck_assert_int_eq(errno, cases[i].error);
        ck_assert_ptr_null(loaded);
        alarm(0);
    }
    ck_assert_uint_eq(count_files(false), 2);
    aep_model_free(model);
    leave_folder();
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
    enter_folder();
    aep_model *model = ready_model("nn", NULL), *other = ready_model("nnnn", NULL), *loaded;
    AEP_CHECK(aep_model_save_file(model, "m"));
    struct rlimit limit, old;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = old;
    limit.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    errno = 0;
    const int status = aep_model_save_file(other, "m"), error = errno;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    AEP_CHECK_STATUS(status, AEP_E_IO);
    ck_assert_int_eq(error, EFBIG);
    ck_assert_uint_eq(count_files(false), 1);
    AEP_CHECK(aep_model_load_file(&loaded, "m", NULL));
    assert_unchanged(loaded, save(model));
    aep_model_free(loaded);
    aep_model_free(model);
    aep_model_free(other);
    leave_folder();
}
END_TEST

START_TEST(what_cannot_be_read_is_an_io_error_with_errno)
{
    enter_folder();
    aep_model *model = STALE;
    errno = 0;
    AEP_CHECK_STATUS(aep_model_load_file(&model, "missing", NULL), AEP_E_IO);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_ptr_null(model);
    model = STALE;
    AEP_CHECK_STATUS(aep_model_load_file(&model, folder, NULL), AEP_E_IO);
    ck_assert_int_eq(errno, EISDIR);
    ck_assert_ptr_null(model);
    AEP_CHECK_STATUS(aep_model_load_file(&model, "/dev/null", NULL), AEP_E_IO);
    leave_folder();
}
END_TEST

static void *alloc_with_errno(size_t size, void *payload)
{
    (void)payload;
    errno = EDOM;
    return malloc(size);
}

static void free_with_errno(void *ptr, void *payload)
{
    (void)payload;
    free(ptr);
    errno = EDOM;
}

START_TEST(errno_is_that_of_the_failure_whatever_the_allocator_of_the_host_leaves_there)
{
    enter_folder();
    const aep_allocator allocator = {alloc_with_errno, free_with_errno, NULL};
    aep_options *options = new_options("nn", NULL, &allocator);
    aep_model *model, *loaded;
    AEP_CHECK(aep_model_new(&model, options, 2));
    errno = 0;
    AEP_CHECK_STATUS(aep_model_save_file(model, "missing/model"), AEP_E_IO);
    ck_assert_int_eq(errno, ENOENT);
    AEP_CHECK_STATUS(aep_model_load_file(&loaded, folder, &allocator), AEP_E_IO);
    ck_assert_int_eq(errno, EISDIR);
    aep_model_free(model);
    aep_options_free(options);
    leave_folder();
}
END_TEST

START_TEST(a_damaged_file_is_refused_like_its_bytes)
{
    enter_folder();
    aep_model *model = ready_model("nn", NULL), *loaded = STALE;
    bytes b = save(model);
    static const struct {
        size_t size, flip;
        int status;
    } cases[] = {
        {0, 0, AEP_E_FORMAT}, {1000, 0, AEP_E_CHECKSUM}, {SIZE_MAX, 500, AEP_E_CHECKSUM}, {SIZE_MAX, 1, AEP_E_FORMAT}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        FILE *f = fopen("m", "wb");
        b.data[cases[i].flip] ^= cases[i].flip ? 64 : 0;
        const size_t size = cases[i].size < b.size ? cases[i].size : b.size;
        ck_assert_uint_eq(fwrite(b.data, 1, size, f), size);
        fclose(f);
        b.data[cases[i].flip] ^= cases[i].flip ? 64 : 0;
        AEP_CHECK_STATUS(aep_model_load_file(&loaded, "m", NULL), cases[i].status);
        ck_assert_ptr_null(loaded);
    }
    free(b.data);
    aep_model_free(model);
    leave_folder();
}
END_TEST

RUN_TESTS("saving", save_uses_the_bytes_that_save_size_says, a_small_buffer_is_refused_and_left_alone, null_is_refused,
          everything_travels, images_travel, presets_of_an_image_travel_as_what_they_were,
          a_model_without_training_travels_too, what_is_no_model_is_refused, a_newer_format_is_told_apart,
          the_file_ends_with_a_checksum, a_loaded_model_uses_the_allocator_given, a_file_holds_the_bytes_of_save,
          saving_again_replaces_the_file, what_cannot_be_written_is_an_io_error_with_errno, a_symbolic_link_is_followed,
          an_existing_file_keeps_its_permissions, a_pipe_or_folder_is_left_as_it_was, a_full_disk_leaves_the_old_file,
          what_cannot_be_read_is_an_io_error_with_errno,
          errno_is_that_of_the_failure_whatever_the_allocator_of_the_host_leaves_there,
          a_damaged_file_is_refused_like_its_bytes)
