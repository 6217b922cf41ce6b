/* SPDX-License-Identifier: BSD-2-Clause */
#include "trainer.h"

#include "loss.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Reals of a block's values: with their gradients about what a second-level cache holds; and what no block should
   exceed if it can be helped. */
enum { BLOCK_REALS = 1 << 16, MOST_REALS = 1 << 22, PANEL_ROWS = 64, MOST_ROWS = 64 };

/* A group's work, in multiply-adds of its forward pass: enough that handing it out and adding its gradients up (a share
   for each parameter) costs next to nothing. */
enum { GROUP_WORK = 2 << 20, GROUP_WORK_PARAM = 128, MOST_GROUPS = 16 };

/* Most reals of all groups' gradients, unless there are two. */
#define MOST_GRADIENT_REALS ((size_t)1 << 24)

/* Parameters that are handed out at a time, and so many that it is worth it. */
enum { CHUNK = 1 << 14, PARAMS_WORTH_THREADS = 8 * CHUNK };

/* Sums of a block beside those of its codes. */
enum sums { SUM_RECONSTRUCTION, SUM_PREDICTION, SUM_COMPACTNESS, N_SUMS };

/* Of a feature and of its reconstruction: sums of x - origin and of its square, from which a variance follows. */
typedef struct moments {
    double origin, sum, squares;
} moments;

struct aep__spread {
    moments of_x, of_reconstruction;
};

size_t aep__block_rows(bool *panels, const aep__net *net)
{
    const size_t row = net->tape.row_reals, rows = BLOCK_REALS / row;
    *panels = !net->tape.has_maps;
    if (*panels)
        return row <= MOST_REALS / PANEL_ROWS ? PANEL_ROWS : AEP__LANES;
    return rows < 1 ? 1 : rows > MOST_ROWS ? MOST_ROWS : rows;
}

static size_t ceil_div(size_t a, size_t b) { return a / b + (a % b != 0); }

/* Groups for so many blocks: a power of two, so that they divide evenly among threads. */
static size_t count_groups(const aep__net *net, size_t n_blocks, size_t block_rows)
{
    const double unit = fmax(GROUP_WORK, GROUP_WORK_PARAM * (double)net->tape.n_params);
    const double work = aep__tape_work(&net->tape) * (double)block_rows * (double)n_blocks;
    size_t groups = 1;
    while (2 * groups <= MOST_GROUPS && 2 * groups <= n_blocks && (double)(2 * groups) * unit <= work &&
           (groups == 1 || 2 * groups <= MOST_GRADIENT_REALS / net->tape.n_params))
        groups *= 2;
    return groups;
}

/* -------------------------------------------------------------------------------------------------------- memory */

void aep__trainer_free(aep__trainer *trainer, const aep_allocator *mem)
{
    aep__team_free(trainer->team, mem);
    for (size_t i = 0; i < trainer->n_frames; i++)
        aep__frame_free(&trainer->frames[i], mem);
    aep__free(mem, trainer->frames);
    aep__free(mem, trainer->spreads);
    aep__free(mem, trainer->sums);
    aep__free(mem, trainer->squares);
    aep__arena_free(&trainer->arena, mem);
    *trainer = (aep__trainer){0};
}

bool aep__trainer_init(aep__trainer *t, const aep_allocator *mem, const aep__net *net, size_t rows, size_t n_threads)
{
    bool panels;
    const size_t block_rows = aep__block_rows(&panels, net), n_blocks = ceil_div(rows, block_rows);
    const size_t n_params = net->tape.n_params, n_groups = count_groups(net, n_blocks, block_rows);
    size_t bytes = 0, kept, gradients, sums;
    const size_t n_frames = n_groups == 1 ? 1 : n_threads < n_blocks ? n_threads : n_blocks;
    *t = (aep__trainer){0};
    if (!aep__mul(&kept, block_rows, net->tape.reals[AEP__KEPT]) || !aep__mul(&kept, kept, n_blocks) ||
        !aep__mul(&gradients, n_groups, n_params) || !aep__arena_count(&bytes, kept) ||
        !aep__arena_count(&bytes, gradients) || !aep__arena_count(&bytes, net->code_size) ||
        !aep__mul(&sums, n_blocks, net->code_size + N_SUMS) || !aep__arena_init(&t->arena, mem, bytes))
        return false;
    t->capacity = rows;
    t->n_threads = n_threads;
    t->n_groups = n_groups;
    t->kept = aep__arena_take(&t->arena, kept);
    t->gradients = aep__arena_take(&t->arena, gradients);
    t->mean = aep__arena_take(&t->arena, net->code_size);
    t->sums = aep__alloc(mem, sums, sizeof *t->sums);
    t->squares = aep__alloc(mem, 2 * ceil_div(n_params, CHUNK), sizeof *t->squares);
    t->spreads = aep__alloc(mem, net->n_features, sizeof *t->spreads);
    t->frames = aep__alloc(mem, n_frames, sizeof *t->frames);
    t->n_frames = t->frames ? n_frames : 0;
    bool made = t->sums && t->squares && t->spreads && t->frames;
    for (size_t i = 0; made && i < n_frames; i++)
        made = aep__frame_init(&t->frames[i], mem, &net->tape, block_rows, panels, AEP__FRAME_TRAINING);
    if (made)
        t->team = aep__team_new(mem, n_groups > 1 ? n_frames : n_params >= PARAMS_WORTH_THREADS ? n_threads : 1);
    else
        aep__trainer_free(t, mem);
    return made;
}

/* ----------------------------------------------------------------------------------------------------------- blocks */

/* A batch under way. */
typedef struct run {
    aep__trainer *trainer;
    const aep__net *net;
    const aep__batch *batch;
    size_t block_rows, n_blocks, n_groups;
    aep__pieces pieces;
} run;

static run begin(aep__trainer *trainer, const aep__net *net, const aep__batch *batch)
{
    const size_t block_rows = trainer->frames[0].capacity, n_blocks = ceil_div(batch->rows, block_rows);
    assert(batch->rows <= trainer->capacity && count_groups(net, n_blocks, block_rows) <= trainer->n_groups);
    return (run){.trainer = trainer,
                 .net = net,
                 .batch = batch,
                 .block_rows = block_rows,
                 .n_blocks = n_blocks,
                 .n_groups = count_groups(net, n_blocks, block_rows)};
}

static size_t rows_of(const run *r, size_t block)
{
    const size_t left = r->batch->rows - block * r->block_rows;
    return left < r->block_rows ? left : r->block_rows;
}

static double *sums_of(const run *r, size_t block) { return r->trainer->sums + block * (r->net->code_size + N_SUMS); }

/* Turn a worker to a block. */
static aep__pass turn_to(const run *r, size_t worker, size_t block, real *dparams)
{
    aep__frame *frame = &r->trainer->frames[worker];
    frame->values[AEP__KEPT] = r->trainer->kept + block * r->block_rows * r->net->tape.reals[AEP__KEPT];
    return (aep__pass){.params = r->batch->params,
                       .dparams = dparams,
                       .block = aep__frame_block(frame, rows_of(r, block)),
                       .first_row = block * r->block_rows,
                       .training = r->batch->training,
                       .noise = r->batch->noise};
}

/* Encode a block, and between its nodes fetch a few rows of the worker's next at a time: all at once would have to
   wait. */
static void run_encoder(const run *r, aep__frame *frame, const aep__pass *pass, size_t next)
{
    const aep__net *net = r->net;
    const size_t n_nodes = net->z - net->x, n = next < r->n_blocks ? rows_of(r, next) : 0;
    for (size_t i = 0; i < n_nodes; i++) {
        const size_t first = i * n / n_nodes, end = (i + 1) * n / n_nodes;
        if (r->batch->fetch && first < end)
            r->batch->fetch(r->batch->payload, next * r->block_rows + first, end - first);
        aep__tape_forward(&net->tape, frame, pass, net->x + 1 + i, net->x + 1 + i);
    }
}

/* next: the block that comes after, n_blocks if none does. */
static void encode(const run *r, size_t worker, size_t block, size_t next)
{
    const aep__net *net = r->net;
    aep__frame *frame = &r->trainer->frames[worker];
    const aep__pass pass = turn_to(r, worker, block, NULL);
    r->batch->load(aep__frame_input(&net->tape, frame), r->batch->payload, pass.first_row, pass.block.rows);
    aep__frame_take_input(&net->tape, frame, &pass.block);
    run_encoder(r, frame, &pass, next);
    double *sums = sums_of(r, block);
    memset(sums, 0, net->code_size * sizeof *sums);
    aep__column_sums(sums, aep__value(&net->tape, frame, net->z), &pass.block, net->code_size);
}

/* The gradients that the losses begin with. */
static void seed(const run *r, const aep__frame *frame, const aep__pass *pass)
{
    const aep__net *net = r->net;
    const aep__batch *b = r->batch;
    const aep__tape *tape = &net->tape;
    const double n = (double)b->rows, k = (double)net->code_size;
    aep__mean_backward(aep__gradient(tape, frame, net->row_error), (real)(1 / n),
                       aep__value(tape, frame, net->row_error), &pass->block, b->squared);
    aep__mean_backward(aep__gradient(tape, frame, net->score), (real)(b->lambda3 / n),
                       aep__value(tape, frame, net->score), &pass->block, b->squared);
    aep__compactness_backward(aep__gradient(tape, frame, net->z), (real)(b->lambda2 * 2 / (n * k)),
                              aep__value(tape, frame, net->z), r->trainer->mean, &pass->block, net->code_size);
}

static void finish_block(const run *r, size_t worker, size_t block, real *dparams)
{
    const aep__net *net = r->net;
    const aep__tape *tape = &net->tape;
    aep__frame *frame = &r->trainer->frames[worker];
    const aep__pass pass = turn_to(r, worker, block, dparams);
    double *sums = sums_of(r, block) + net->code_size;
    aep__tape_forward(tape, frame, &pass, net->z + 1, net->score);
    sums[SUM_RECONSTRUCTION] = aep__mean_sum(aep__value(tape, frame, net->row_error), &pass.block, r->batch->squared);
    sums[SUM_PREDICTION] = aep__mean_sum(aep__value(tape, frame, net->score), &pass.block, r->batch->squared);
    sums[SUM_COMPACTNESS] =
        aep__compactness_sum(aep__value(tape, frame, net->z), r->trainer->mean, &pass.block, net->code_size);
    if (!r->batch->training)
        return;
    seed(r, frame, &pass);
    aep__tape_backward(tape, frame, &pass);
}

static void encode_blocks(void *payload, size_t worker)
{
    run *r = payload;
    size_t block, next, one;
    for (bool more = aep__pieces_take(&block, &one, &r->pieces); more; block = next) {
        more = aep__pieces_take(&next, &one, &r->pieces);
        encode(r, worker, block, more ? next : r->n_blocks);
    }
}

static void finish_groups(void *payload, size_t worker)
{
    run *r = payload;
    const size_t n_params = r->net->tape.n_params;
    for (size_t group, one; aep__pieces_take(&group, &one, &r->pieces);) {
        real *dparams = r->trainer->gradients + group * n_params;
        if (r->batch->training)
            memset(dparams, 0, n_params * sizeof *dparams);
        const size_t end = (group + 1) * r->n_blocks / r->n_groups;
        for (size_t block = group * r->n_blocks / r->n_groups; block < end; block++)
            finish_block(r, worker, block, dparams);
    }
}

static void average_codes(const run *r)
{
    for (size_t j = 0; j < r->net->code_size; j++) {
        double sum = 0;
        for (size_t block = 0; block < r->n_blocks; block++)
            sum += sums_of(r, block)[j];
        r->trainer->mean[j] = (real)(sum / (double)r->batch->rows);
    }
}

static double total(const run *r, int which)
{
    double sum = 0;
    for (size_t block = 0; block < r->n_blocks; block++)
        sum += sums_of(r, block)[r->net->code_size + (size_t)which];
    return sum / (double)r->batch->rows;
}

/* ------------------------------------------------------------------------------------------------------- parameters */

typedef struct parts {
    aep__params_fn *fn;
    void *payload;
    aep__pieces pieces;
} parts;

static void run_parts(void *payload, size_t worker)
{
    parts *p = payload;
    (void)worker;
    for (size_t first, n; aep__pieces_take(&first, &n, &p->pieces);)
        p->fn(p->payload, first, n);
}

void aep__trainer_for_params(aep__trainer *trainer, aep__params_fn *fn, void *payload, size_t n_params)
{
    parts p = {.fn = fn, .payload = payload};
    aep__pieces_init(&p.pieces, n_params, CHUNK);
    aep__team_run(n_params < PARAMS_WORTH_THREADS ? NULL : trainer->team, run_parts, &p);
}

/* Add the groups up, then weight decay, J's term lambda1 sum theta^2 of the parameters that decay. */
static void add_up(void *payload, size_t first, size_t n)
{
    const run *r = payload;
    const aep__net *net = r->net;
    const aep__kernels *k = net->tape.kernels;
    real *sum = r->trainer->gradients + first;
    double *squares = r->trainer->squares + 2 * (first / CHUNK);
    for (size_t group = 1; group < r->n_groups; group++)
        k->add(sum, sum + group * net->tape.n_params, n);
    const size_t begin = first > net->dense_begin ? first : net->dense_begin;
    const size_t end = first + n < net->dense_end ? first + n : net->dense_end;
    squares[1] = 0;
    if (begin < end) {
        const real *theta = r->batch->params + begin;
        squares[1] = k->sum_of_squares(theta, end - begin);
        k->add_scaled(sum + (begin - first), theta, (real)(2 * r->batch->lambda1), end - begin);
    }
    squares[0] = k->sum_of_squares(sum, n);
}

static double sum_of_chunks(const aep__trainer *t, size_t n_params, size_t which)
{
    double sum = 0;
    for (size_t chunk = 0; chunk < ceil_div(n_params, CHUNK); chunk++)
        sum += t->squares[2 * chunk + which];
    return sum;
}

const real *aep__trainer_gradient(const aep__trainer *trainer, double *norm, const aep__net *net)
{
    *norm = sqrt(sum_of_chunks(trainer, net->tape.n_params, 0));
    return trainer->gradients;
}

aep__losses aep__trainer_run(aep__trainer *trainer, const aep__net *net, const aep__batch *batch)
{
    aep__losses losses;
    run r = begin(trainer, net, batch);
    aep__pieces_init(&r.pieces, r.n_blocks, 1);
    aep__team_run(r.n_groups > 1 ? trainer->team : NULL, encode_blocks, &r);
    average_codes(&r);
    aep__pieces_init(&r.pieces, r.n_groups, 1);
    aep__team_run(r.n_groups > 1 ? trainer->team : NULL, finish_groups, &r);
    losses.reconstruction = total(&r, SUM_RECONSTRUCTION);
    losses.prediction = total(&r, SUM_PREDICTION);
    losses.compactness = total(&r, SUM_COMPACTNESS) / (double)net->code_size;
    losses.decay = 0;
    if (batch->training) {
        aep__trainer_for_params(trainer, add_up, &r, net->tape.n_params);
        losses.decay = sum_of_chunks(trainer, net->tape.n_params, 1);
    }
    losses.total = losses.reconstruction + batch->lambda1 * losses.decay + batch->lambda2 * losses.compactness +
                   batch->lambda3 * losses.prediction;
    return losses;
}

/* ------------------------------------------------------------------------------------------------------------ codes */

void aep__trainer_codes(aep__trainer *trainer, const aep__net *net, const aep__batch *batch, aep__codes_fn *fn,
                        void *fn_payload)
{
    run r = begin(trainer, net, batch);
    aep__pieces_init(&r.pieces, r.n_blocks, 1);
    aep__team_run(r.n_groups > 1 ? trainer->team : NULL, encode_blocks, &r);
    for (size_t block = 0; block < r.n_blocks; block++) {
        const aep__pass pass = turn_to(&r, 0, block, NULL);
        fn(fn_payload, aep__value(&net->tape, &trainer->frames[0], net->z), &pass.block);
    }
}

/* --------------------------------------------------------------------------------------------------------- variance */

static void add_moments(moments *m, const real *values, const aep__block *block, size_t width, size_t column,
                        bool first)
{
    if (first)
        *m = (moments){.origin = (double)values[aep__block_at(block, width, 0, column)]};
    for (size_t i = 0; i < block->rows; i++) {
        const double d = (double)values[aep__block_at(block, width, i, column)] - m->origin;
        m->sum += d;
        m->squares += d * d;
    }
}

static double variance(const moments *m, double n) { return fmax(m->squares / n - m->sum / n * (m->sum / n), 0); }

double aep__trainer_kept_variance(aep__trainer *trainer, const aep__net *net, const aep__batch *batch)
{
    run r = begin(trainer, net, batch);
    aep__frame *frame = &trainer->frames[0];
    double of_x = 0, of_reconstruction = 0;
    for (size_t block = 0; block < r.n_blocks; block++) {
        encode(&r, 0, block, block + 1);
        const aep__pass pass = turn_to(&r, 0, block, NULL);
        aep__tape_forward(&net->tape, frame, &pass, net->z + 1, net->reconstruction);
        for (size_t j = 0; j < net->n_features; j++) {
            struct aep__spread *s = &trainer->spreads[j];
            add_moments(&s->of_x, aep__value(&net->tape, frame, net->x), &pass.block, net->n_features, j, !block);
            add_moments(&s->of_reconstruction, aep__value(&net->tape, frame, net->reconstruction), &pass.block,
                        net->n_features, j, !block);
        }
    }
    for (size_t j = 0; j < net->n_features; j++) {
        of_x += variance(&trainer->spreads[j].of_x, (double)batch->rows);
        of_reconstruction += variance(&trainer->spreads[j].of_reconstruction, (double)batch->rows);
    }
    return of_x > 0 ? of_reconstruction / of_x : 1;
}
