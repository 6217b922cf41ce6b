/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call of aep_model_save_file and aep_model_load_file may fail, come short at every byte, or be the last one
 * of the process. Each time the status and errno tell the cause, the folder holds the old model or the new one, whole,
 * nothing leaks, and the same call works afterwards. Prints how many faults were tried.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif
#include "file_faults.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STALE ((aep_model *)(uintptr_t)8)

static char folder[64];
static memory mem;
static aep_model *model;       /* what is saved; its memory is counted */
static bytes saved, old_bytes; /* of the model; of the one that lies there already */

/* of all tests, each of which has a process */
static struct shared {
    size_t points; /* faults tried */
    size_t size;   /* of the model */
} * shared;

/* ------------------------------------------------------------------------------------------------- surroundings */

static bytes bytes_of_another_model(void)
{
    aep_model *other = new_model("nn", SET({AEP_OPT_SAVE_TRAINING, 0}));
    bytes b = save(other);
    aep_model_free(other);
    return b;
}

static void set_up(void)
{
    const aep_allocator allocator = memory_allocator(&mem);
    aep_options *options = new_options("n", SET({AEP_OPT_SAVE_TRAINING, 0}), &allocator);
    AEP_CHECK(aep_model_new(&model, options, 1));
    aep_options_free(options);
    float *rows = new_rows("n", 40, 1);
    AEP_CHECK(aep_fit(model, rows, 40, 1, NULL, NULL));
    free(rows);
    saved = save(model);
    shared->size = saved.size;
    old_bytes = bytes_of_another_model();
    /* in memory, where there is a folder for that: thousands of files are replaced */
    snprintf(folder, sizeof folder, "%s/aepred-faults-XXXXXX", access("/dev/shm", W_OK) ? P_tmpdir : "/dev/shm");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void tear_down(void)
{
    aep_model_free(model);
    ck_assert_uint_eq(mem.live, 0);
    free(saved.data);
    free(old_bytes.data);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static bool is_temporary(const char *name) { return strlen(name) > 4 && !strcmp(name + strlen(name) - 4, ".tmp"); }

/* How many temporary files lie in the folder; removes them if asked to. */
static size_t count_temporaries(bool clear)
{
    size_t n = 0;
    DIR *d = opendir(folder);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        if (is_temporary(entry->d_name)) {
            n++;
            ck_assert(!clear || !remove(entry->d_name));
        }
    closedir(d);
    return n;
}

static void put_file(const char *path, bytes b)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(b.data, 1, b.size, f), b.size);
    ck_assert_int_eq(fclose(f), 0);
}

static bool file_holds(const char *path, bytes b)
{
    aep_model *loaded;
    if (aep_model_load_file(&loaded, path, NULL))
        return false;
    const bool same = saves_as(loaded, b);
    aep_model_free(loaded);
    return same;
}

/* The number that the next descriptor gets: the same as before unless one has leaked. */
static int next_descriptor(void)
{
    const int fd = open("/dev/null", O_RDONLY);
    ck_assert_int_ge(fd, 0);
    close(fd);
    return fd;
}

/* Where the model is saved: what lies there and how it is named. */
typedef struct place {
    const char *name, *path, *file;
    bool old; /* a model lies there */
} place;

static const place places[] = {
    {"a new file", "m", "m", false}, {"over a file", "m", "m", true}, {"through a link", "link", "m", true}};

static void prepare(const place *p)
{
    if (p->old)
        put_file(p->file, old_bytes);
    if (p->path != p->file)
        ck_assert_int_eq(symlink(p->file, p->path), 0);
}

static void clear(const place *p)
{
    count_temporaries(true);
    unlink(p->file);
    if (p->path != p->file)
        unlink(p->path);
}

static bool is_as_before(const place *p)
{
    return p->old ? file_holds(p->file, old_bytes) : access(p->file, F_OK) && errno == ENOENT;
}

/* ------------------------------------------------------------------------------------------------------- saving */

static const int errors[] = {EIO, ENOSPC, EACCES, EMFILE, EINTR};

typedef struct outcome {
    int status, error;
    file_trace trace;
} outcome;

static outcome save_under(const place *p, file_plan plan)
{
    outcome o;
    errno = 0;
    file_faults_arm(plan);
    o.status = aep_model_save_file(model, p->path);
    o.error = errno;
    o.trace = file_faults_disarm();
    return o;
}

static file_trace trace_of_a_save(const place *p)
{
    prepare(p);
    const outcome o = save_under(p, (file_plan){0});
    AEP_CHECK(o.status);
    clear(p);
    ck_assert_uint_lt(o.trace.n, MOST_CALLS);
    return o.trace;
}

#define SAVE_CHECK(condition, p, plan, o)                                                                              \
    ck_assert_msg(condition, "%s, call %zu (%s), errno %d, byte %zu: %s, errno %d", (p)->name, (plan).at,              \
                  file_call_names[(o).trace.calls[(plan).at]], (plan).error, (plan).bytes, aep_status_str((o).status), \
                  (o).error)

/* A save that succeeded left the new file alone, and one that failed the old one; both leak nothing, and it works
   afterwards. Where unlink fails too, a temporary file may stay. */
static void check_save(const place *p, file_plan plan, int expected)
{
    prepare(p);
    const size_t live = mem.live;
    const int fd = next_descriptor();
    const outcome o = save_under(p, plan);
    SAVE_CHECK(o.status == expected && (!expected || o.error == plan.error), p, plan, o);
    SAVE_CHECK(expected ? is_as_before(p) : file_holds(p->file, saved), p, plan, o);
    SAVE_CHECK(!count_temporaries(false) || plan.fault == FAULT_FAIL_ONWARD, p, plan, o);
    SAVE_CHECK(mem.live == live && next_descriptor() == fd, p, plan, o);
    AEP_CHECK(save_under(p, (file_plan){0}).status);
    SAVE_CHECK(file_holds(p->file, saved), p, plan, o);
    clear(p);
    ++shared->points;
}

/* What a save can do without: once the new name is there, the folder need not be synced. A call that a signal has
   interrupted is made again, and close has done its work. */
static bool goes_on(const file_trace *trace, size_t at, int error, bool onward)
{
    const file_call call = trace->calls[at];
    size_t renamed = 0;
    while (trace->calls[renamed] != CALL_RENAME)
        renamed++;
    const bool again = call == CALL_OPEN || call == CALL_WRITE || call == CALL_FSYNC || call == CALL_CLOSE;
    return at > renamed || (error == EINTR && again && !onward);
}

static void fail_each_call_of_a_save(file_fault fault)
{
    for (size_t k = 0; k < COUNT_OF(places); k++) {
        const file_trace trace = trace_of_a_save(&places[k]);
        for (size_t n = 0; n < trace.n; n++)
            for (size_t e = 0; e < COUNT_OF(errors); e++) {
                if (fault == FAULT_FAIL_ONWARD && errors[e] == EINTR)
                    continue; /* signals end some time */
                const bool ok = goes_on(&trace, n, errors[e], fault == FAULT_FAIL_ONWARD);
                check_save(&places[k], (file_plan){fault, n, errors[e], 0}, ok ? AEP_OK : AEP_E_IO);
            }
    }
}

START_TEST(every_call_of_a_save_may_fail) { fail_each_call_of_a_save(FAULT_FAIL); }
END_TEST

START_TEST(all_calls_of_a_save_may_fail_from_any_on) { fail_each_call_of_a_save(FAULT_FAIL_ONWARD); }
END_TEST

START_TEST(a_save_may_come_short_at_every_byte)
{
    for (size_t k = 1; k < saved.size; k++)
        check_save(&places[1], (file_plan){FAULT_SHORT, 0, 0, k}, AEP_OK);
}
END_TEST

START_TEST(a_disk_may_be_full_at_every_byte)
{
    static const int causes[] = {ENOSPC, EDQUOT, EIO};
    for (size_t i = 0; i < COUNT_OF(causes); i++)
        for (size_t k = 0; k < saved.size; k++)
            check_save(&places[1], (file_plan){FAULT_FULL, 0, causes[i], k}, AEP_E_IO);
}
END_TEST

START_TEST(a_write_that_takes_nothing_is_an_io_error)
{
    prepare(&places[1]);
    const outcome o = save_under(&places[1], (file_plan){FAULT_FULL, 0, 0, 100});
    AEP_CHECK_STATUS(o.status, AEP_E_IO);
    ck_assert_int_eq(o.error, EIO);
    ck_assert(is_as_before(&places[1]));
    ck_assert_uint_eq(count_temporaries(false), 0);
    clear(&places[1]);
    ++shared->points;
}
END_TEST

/* Not played: the system itself takes part of a write, and then no more. */
START_TEST(a_file_may_reach_the_limit_of_the_process_at_every_byte)
{
    struct rlimit before, limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    prepare(&places[1]);
    for (size_t k = 0; k < saved.size; k++, ++shared->points) {
        limit = before;
        limit.rlim_cur = k;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const outcome o = save_under(&places[1], (file_plan){0});
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
        AEP_CHECK_STATUS(o.status, AEP_E_IO);
        ck_assert_int_eq(o.error, EFBIG);
        ck_assert(is_as_before(&places[1]) && !count_temporaries(false));
    }
    clear(&places[1]);
}
END_TEST

/* The name must not lead to bytes that are not on the disk yet. */
START_TEST(the_bytes_are_on_the_disk_before_the_name)
{
    static const file_call expected[] = {CALL_STAT,  CALL_REALPATH, CALL_OPEN, CALL_WRITE, CALL_FCHMOD, CALL_FSYNC,
                                         CALL_CLOSE, CALL_RENAME,   CALL_OPEN, CALL_FSYNC, CALL_CLOSE};
    const file_trace trace = trace_of_a_save(&places[1]);
    ck_assert_uint_eq(trace.n, COUNT_OF(expected));
    ck_assert_mem_eq(trace.calls, expected, sizeof expected);
}
END_TEST

/* ------------------------------------------------------------------------------------------------------ killing */

/* Whether the plan killed the process that saves. */
static bool save_in_a_child(const place *p, file_plan plan)
{
    int how;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (!child)
        _exit(save_under(p, plan).status != AEP_OK);
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFSIGNALED(how) ? WTERMSIG(how) == SIGKILL : WIFEXITED(how) && !WEXITSTATUS(how));
    return WIFSIGNALED(how);
}

/* The old file or the new one; beside it at most one temporary file, which no one else may read if the old file is
   private, and which is in nobody's way. */
static void check_kill(const place *p, file_plan plan)
{
    prepare(p);
    const bool killed = save_in_a_child(p, plan);
    ck_assert_msg(killed, "%s, call %zu, byte %zu: not killed", p->name, plan.at, plan.bytes);
    ck_assert_msg(is_as_before(p) || file_holds(p->file, saved), "%s, call %zu, byte %zu: no whole file", p->name,
                  plan.at, plan.bytes);
    ck_assert_uint_le(count_temporaries(false), 1);
    AEP_CHECK(save_under(p, (file_plan){0}).status);
    ck_assert(file_holds(p->file, saved));
    clear(p);
    ++shared->points;
}

START_TEST(the_process_may_be_killed_at_every_call_of_a_save)
{
    for (size_t k = 0; k < COUNT_OF(places); k++) {
        const file_trace trace = trace_of_a_save(&places[k]);
        for (size_t n = 0; n < trace.n; n++) {
            check_kill(&places[k], (file_plan){FAULT_KILL_BEFORE, n, 0, 0});
            check_kill(&places[k], (file_plan){FAULT_KILL_AFTER, n, 0, 0});
        }
    }
}
END_TEST

START_TEST(the_process_may_be_killed_at_every_byte_of_a_save)
{
    for (size_t n = 0; n < saved.size; n++)
        check_kill(&places[1], (file_plan){FAULT_KILL_BYTES, 0, 0, n});
}
END_TEST

static void assert_temporaries_are_private(void)
{
    DIR *d = opendir(folder);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        struct stat info;
        if (!is_temporary(entry->d_name))
            continue;
        ck_assert_int_eq(stat(entry->d_name, &info), 0);
        ck_assert_msg(!(info.st_mode & 077), "mode %o", (unsigned)info.st_mode & 07777);
    }
    closedir(d);
}

START_TEST(a_private_file_is_private_at_every_call)
{
    const file_trace trace = trace_of_a_save(&places[1]);
    const mode_t mask = umask(0);
    for (size_t n = 0; n < trace.n; n++) {
        prepare(&places[1]);
        ck_assert_int_eq(chmod("m", 0600), 0);
        ck_assert(save_in_a_child(&places[1], (file_plan){FAULT_KILL_AFTER, n, 0, 0}));
        assert_temporaries_are_private();
        clear(&places[1]);
        ++shared->points;
    }
    umask(mask);
}
END_TEST

/* ------------------------------------------------------------------------------------------------------ loading */

static outcome load_under(aep_model **loaded, file_plan plan, const aep_allocator *allocator)
{
    outcome o;
    errno = 0;
    *loaded = STALE;
    file_faults_arm(plan);
    o.status = aep_model_load_file(loaded, "m", allocator);
    o.error = errno;
    o.trace = file_faults_disarm();
    return o;
}

/* A load that fails gives NULL and its cause. */
static void check_load(file_plan plan, int expected, int error)
{
    memory m;
    aep_model *loaded;
    const aep_allocator allocator = memory_allocator(&m);
    const int fd = next_descriptor();
    const outcome o = load_under(&loaded, plan, &allocator);
    ck_assert_msg(o.status == expected && (!expected || o.error == error), "call %zu, errno %d, byte %zu: %s, errno %d",
                  plan.at, plan.error, plan.bytes, aep_status_str(o.status), o.error);
    ck_assert(expected ? loaded == NULL : saves_as(loaded, saved));
    aep_model_free(loaded);
    ck_assert_uint_eq(m.live, 0);
    ck_assert_int_eq(next_descriptor(), fd);
    ++shared->points;
}

static size_t calls_of_a_load(file_trace *trace)
{
    aep_model *loaded;
    const outcome o = load_under(&loaded, (file_plan){0}, NULL);
    AEP_CHECK(o.status);
    aep_model_free(loaded);
    *trace = o.trace;
    return trace->n;
}

static void fail_each_call_of_a_load(file_fault fault)
{
    file_trace trace;
    put_file("m", saved);
    const size_t calls = calls_of_a_load(&trace);
    for (size_t n = 0; n < calls; n++)
        for (size_t e = 0; e < COUNT_OF(errors); e++) {
            const bool again = errors[e] == EINTR && (trace.calls[n] == CALL_OPEN || trace.calls[n] == CALL_READ);
            if (again && fault == FAULT_FAIL_ONWARD)
                continue;
            const bool ok = trace.calls[n] == CALL_CLOSE || again; /* everything is read by then */
            check_load((file_plan){fault, n, errors[e], 0}, ok ? AEP_OK : AEP_E_IO, errors[e]);
        }
    unlink("m");
}

/* Such a path is never new, whatever the system says of it. */
START_TEST(a_path_longer_than_any_is_refused)
{
    char *path = malloc(PATH_MAX + 1);
    memset(path, 'm', PATH_MAX);
    path[PATH_MAX] = '\0';
    file_faults_arm((file_plan){.fault = FAULT_FAIL, .at = 0, .error = ENOENT});
    const int status = aep_model_save_file(model, path), error = errno;
    const file_trace t = file_faults_disarm();
    AEP_CHECK_STATUS(status, AEP_E_IO);
    ck_assert_int_eq(error, ENAMETOOLONG);
    ck_assert(t.n == 1 && t.calls[0] == CALL_STAT);
    free(path);
}
END_TEST

START_TEST(every_call_of_a_load_may_fail) { fail_each_call_of_a_load(FAULT_FAIL); }
END_TEST

START_TEST(all_calls_of_a_load_may_fail_from_any_on) { fail_each_call_of_a_load(FAULT_FAIL_ONWARD); }
END_TEST

/* bytes that come in two parts; that end, since the file has shrunk; that cannot be read */
START_TEST(a_load_may_come_short_at_every_byte)
{
    put_file("m", saved);
    for (size_t k = 0; k < saved.size; k++) {
        if (k)
            check_load((file_plan){FAULT_SHORT, 0, 0, k}, AEP_OK, 0);
        check_load((file_plan){FAULT_FULL, 0, 0, k}, AEP_E_IO, EIO);
        check_load((file_plan){FAULT_FULL, 0, ESTALE, k}, AEP_E_IO, ESTALE);
    }
    unlink("m");
}
END_TEST

/* ---------------------------------------------------------------------------------------------------------- all */

int main(void)
{
    const TTest *const tests[] = {every_call_of_a_save_may_fail,
                                  all_calls_of_a_save_may_fail_from_any_on,
                                  a_save_may_come_short_at_every_byte,
                                  a_disk_may_be_full_at_every_byte,
                                  a_write_that_takes_nothing_is_an_io_error,
                                  a_file_may_reach_the_limit_of_the_process_at_every_byte,
                                  the_bytes_are_on_the_disk_before_the_name,
                                  the_process_may_be_killed_at_every_call_of_a_save,
                                  the_process_may_be_killed_at_every_byte_of_a_save,
                                  a_private_file_is_private_at_every_call,
                                  a_path_longer_than_any_is_refused,
                                  every_call_of_a_load_may_fail,
                                  all_calls_of_a_load_may_fail_from_any_on,
                                  a_load_may_come_short_at_every_byte};
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    TCase *tc = tcase_create("file_faults");
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(tc, tests[i]);
    const int failed = run_case("file_faults", tc);
    printf("%zu faults of files, with a model of %zu bytes\n", shared->points, shared->size);
    return failed;
}
