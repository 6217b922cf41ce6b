/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 24 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static double seconds_since(const struct timespec *then, const struct timespec *now)
{
    return (double)(now->tv_sec - then->tv_sec) + (double)(now->tv_nsec - then->tv_nsec) * 1e-9;
}

void progress_begin(progress *bar, bool quiet)
{
    *bar = (progress){.shown = !quiet && isatty(STDERR_FILENO)};
    clock_gettime(CLOCK_MONOTONIC, &bar->begun);
    bar->drawn = bar->begun;
    interrupted = 0;
    struct sigaction once = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND | SA_RESTART};
    sigaction(SIGINT, NULL, &bar->previous);
    if (bar->previous.sa_handler != SIG_IGN)
        sigaction(SIGINT, &once, NULL);
}

static void draw(const progress *bar, const aep_model *model, double done, double elapsed)
{
    double loss;
    if (aep_model_stat(&loss, model, AEP_STAT_LOSS) != AEP_OK)
        return;
    char blocks[BAR_WIDTH + 1];
    for (int i = 0; i < BAR_WIDTH; i++)
        blocks[i] = i < done * BAR_WIDTH ? '=' : ' ';
    blocks[BAR_WIDTH] = '\0';
    long left = (long)(elapsed / done - elapsed + 0.5);
    fprintf(stderr, "\repoch %zu/%zu [%s] loss %.5g, %ld:%02ld left\033[K", bar->epoch, bar->epochs, blocks, loss,
            left / 60, left % 60);
    fflush(stderr);
}

int progress_step(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *payload)
{
    progress *bar = payload;
    bar->epoch = epoch;
    bar->epochs = epochs;
    struct timespec now;
    if (bar->shown && clock_gettime(CLOCK_MONOTONIC, &now) == 0 && seconds_since(&bar->drawn, &now) > 0.1) {
        double done = ((double)(epoch - 1) + (double)batch / (double)batches) / (double)epochs;
        draw(bar, model, done, seconds_since(&bar->begun, &now));
        bar->drawn = now;
    }
    return interrupted;
}

void progress_end(progress *bar)
{
    sigaction(SIGINT, &bar->previous, NULL);
    if (bar->shown)
        fputs("\r\033[K", stderr);
}
