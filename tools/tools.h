/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of the program share: entry points, exit statuses, messages, progress. */
#ifndef AEPRED_TOOLS_H
#define AEPRED_TOOLS_H

#include <aepred.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

/* What a command returns, and the program exits with. */
enum { STATUS_OK = 0, STATUS_BAD = 1 /* bad data or model */, STATUS_USAGE = 2 };

/* Entry points: argv[0] is the command as it is to appear in messages ("aepred train"). */
int aepred_train(int argc, char **argv);
int aepred_score(int argc, char **argv);
int aepred_eval(int argc, char **argv);
int aepred_explain(int argc, char **argv);
int aepred_drift(int argc, char **argv);
int aepred_info(int argc, char **argv);
int aepred_export(int argc, char **argv);
int aepred_demo(int argc, char **argv);

/* Messages to standard error, each a line beginning with the program's name. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_write_error(const char *path); /* by errno; NULL: standard output; a reader that went away is no news */
void say_note(bool quiet, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The library's messages, an aep_log_fn. The payload is a const bool: quiet, which keeps back AEP_LOG_INFO. */
void say_log(int level, const char *message, void *quiet);

/*
 * A line on standard error that shows how far aep_fit has come; nothing where that is no terminal, or when quiet.
 *
 *     progress bar;
 *     progress_begin(&bar, quiet);
 *     status = aep_fit(model, rows, n_rows, n_cols, progress_step, &bar);
 *     progress_end(&bar);
 *
 * Between begin and end the first SIGINT makes progress_step stop the training (AEP_E_CANCELLED); a second one ends the
 * program as usual.
 */
typedef struct progress {
    bool shown;
    struct timespec begun, drawn;
    size_t epoch, epochs; /* of the last step */
    struct sigaction previous;
} progress;

void progress_begin(progress *bar, bool quiet);
int progress_step(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches, void *bar);
void progress_end(progress *bar);

#endif
