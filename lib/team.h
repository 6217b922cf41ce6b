/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A few threads that work for one caller, and sleep while it has nothing for them. Work is handed out as pieces that
 * any of them may take (aep__pieces): a thread that the system does not let run takes none, and only who has begun is
 * waited for. In a child process, which has none of its parent's threads, the caller works alone.
 */
#ifndef AEP_TEAM_H
#define AEP_TEAM_H

#include "mem.h"

#include <stdatomic.h>

typedef struct aep__team aep__team;

/* What a member runs; worker 0 is the caller. */
typedef void aep__work_fn(void *payload, size_t worker);

/* A team of n, the caller included; NULL for fewer than two, and where memory or threads cannot be had. A smaller one
   where the system refuses some of the threads. One team belongs to one caller at a time. */
aep__team *aep__team_new(const aep_allocator *mem, size_t n);
void aep__team_free(aep__team *team, const aep_allocator *mem);

/* fn(payload, worker) once or more on the caller and on every other member that comes before the caller is through;
   returns when all who began have ended. Without a team the caller works alone. */
void aep__team_run(aep__team *team, aep__work_fn *fn, void *payload);

/* Numbers 0 .. n - 1 in pieces of `each`, the last perhaps smaller, each taken once. */
typedef struct aep__pieces {
    atomic_size_t next;
    size_t n, each;
} aep__pieces;

void aep__pieces_init(aep__pieces *pieces, size_t n, size_t each);

/* The next piece: its first number and how many it has; false when all are taken. */
bool aep__pieces_take(size_t *first, size_t *count, aep__pieces *pieces);

#endif
