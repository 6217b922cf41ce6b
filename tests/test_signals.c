/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host with its own signal handlers and an alternate stack, interrupted a thousand times a second: the library computes the
 * same bytes, its calls do not fail, and it leaves handlers, masks and the alternate stack as they were.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { ROWS = 1200, THREADS = 2, ALTERNATE = 64 * 1024 };

static const char columns[] = "nnnnnnnn3nnnnnnnn4nnnnnnnnnnnnnnnnnnnnnn";

static uint8_t *alternate;
static pthread_t host_thread;
static volatile sig_atomic_t alarms, elsewhere; /* alarms on the host's thread and its stack, and others */

static void on_alarm(int number)
{
    const uint8_t here = 0, *at = &here;
    (void)number;
    if (pthread_equal(pthread_self(), host_thread) && at >= alternate && at < alternate + ALTERNATE)
        alarms = alarms + 1;
    else
        elsewhere = elsewhere + 1;
}

static void on_other(int number) { (void)number; }

/* Everything a library might be tempted to touch. */
static const int watched[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGSEGV, SIGTERM, SIGINT, SIGUSR1, SIGUSR2};

static void install(int number, void (*handler)(int number))
{
    struct sigaction action = {.sa_flags = SA_ONSTACK}; /* no SA_RESTART: calls of the system are cut short */
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    ck_assert_int_eq(sigaction(number, &action, NULL), 0);
}

static void be_a_host(void)
{
    alternate = malloc(ALTERNATE);
    const stack_t stack = {.ss_sp = alternate, .ss_size = ALTERNATE};
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    host_thread = pthread_self();
    install(SIGALRM, on_alarm);
    for (size_t i = 0; i < COUNT_OF(watched); i++)
        install(watched[i], on_other);
}

static void ring_every(suseconds_t microseconds)
{
    const struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void assert_host_is_as_it_was(const sigset_t *mask)
{
    sigset_t now;
    stack_t stack;
    struct sigaction action;
    for (size_t i = 0; i < COUNT_OF(watched); i++)
        ck_assert(!sigaction(watched[i], NULL, &action) && action.sa_handler == on_other);
    ck_assert(!sigaction(SIGALRM, NULL, &action) && action.sa_handler == on_alarm);
    ck_assert(!sigaltstack(NULL, &stack) && stack.ss_sp == alternate && !(stack.ss_flags & SS_DISABLE));
    ck_assert(!pthread_sigmask(SIG_SETMASK, NULL, &now));
    for (int number = 1; number < 32; number++)
        ck_assert_int_eq(sigismember(&now, number), sigismember(mask, number));
}

/* ---------------------------------------------------------------------------------------------------------- work */

typedef struct result {
    bytes model;
    float *scores;
} result;

static aep_model *through_a_file(aep_model *model, const char *path)
{
    aep_model *loaded;
    AEP_CHECK(aep_model_save_file(model, path));
    AEP_CHECK(aep_model_load_file(&loaded, path, NULL));
    aep_model_free(model);
    return loaded;
}

/* Trains, saves, loads, trains on and scores. Frees the options. */
static result work(aep_options *options, const float *rows, size_t cols, const char *path)
{
    aep_model *model;
    AEP_CHECK(aep_model_new(&model, options, cols));
    AEP_CHECK(aep_model_set_threads(model, THREADS));
    AEP_CHECK(aep_fit(model, rows, ROWS, cols, NULL, NULL));
    model = through_a_file(model, path);
    AEP_CHECK(aep_model_set_threads(model, THREADS));
    AEP_CHECK(aep_fit_batch(model, rows, ROWS, cols));
    AEP_CHECK(aep_calibrate(model, rows, ROWS, cols));
    result r = {save(model), scores_of(model, rows, ROWS)};
    aep_model_free(model);
    aep_options_free(options);
    return r;
}

static void free_result(result *r) { free(r->model.data), free(r->scores); }

static aep_options *dense_options(void)
{
    static const size_t encoder[] = {64, 32};
    aep_options *options = new_options(columns, SET({AEP_OPT_BATCH, 600}, {AEP_OPT_EPOCHS, 2}), NULL);
    AEP_CHECK(aep_options_set_layers(options, AEP_PART_ENCODER, encoder, 2));
    return options;
}

static aep_options *image_options(void)
{
    return picture_options(&pictures[COLOUR], SET({AEP_OPT_BATCH, 600}, {AEP_OPT_EPOCHS, 1}), NULL);
}

static void compare(aep_options *(*options)(void), float *rows, size_t cols)
{
    enum { ENOUGH = 100 };
    char path[] = P_tmpdir "/aepred-signals-XXXXXX";
    sigset_t mask;
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    result quiet = work(options(), rows, cols, path);
    be_a_host();
    ck_assert(!pthread_sigmask(SIG_SETMASK, NULL, &mask));
    ring_every(1000);
    for (size_t round = 0; alarms < ENOUGH; round++) {
        result noisy = work(options(), rows, cols, path);
        ck_assert(same_bytes(noisy.model, quiet.model));
        ck_assert_mem_eq(noisy.scores, quiet.scores, ROWS * sizeof *quiet.scores);
        free_result(&noisy);
    }
    ring_every(0);
    assert_host_is_as_it_was(&mask);
    ck_assert_int_eq(elsewhere, 0);
    unlink(path);
    free_result(&quiet);
    free(rows);
}

START_TEST(a_host_that_is_interrupted_all_the_time_gets_the_same_bytes)
{
    compare(dense_options, new_rows(columns, ROWS, 3), strlen(columns));
}
END_TEST

START_TEST(so_it_does_with_images)
{
    compare(image_options, new_pictures(&pictures[COLOUR], ROWS, 3), picture_size(&pictures[COLOUR]));
}
END_TEST

RUN_TESTS("signals", a_host_that_is_interrupted_all_the_time_gets_the_same_bytes, so_it_does_with_images)
