/* SPDX-License-Identifier: BSD-2-Clause */
/* What the gradient tests of whole networks share: a network with weights and rows that keep away from kinks. */
#ifndef AEP_TESTS_NET_FIXTURE_H
#define AEP_TESTS_NET_FIXTURE_H

#include "gradient.h"
#include "rng.h"
#include "trainer.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 5, N_ACTIVATIONS = AEP_SILU + 1 };

static const double lambda1 = 3e-3, lambda2 = 0.2, lambda3 = 0.7;

typedef struct fixture {
    aep_allocator mem;
    aep__net net;
    aep__trainer trainer;
    aep__batch batch;
    aep__losses losses;
    real *params, *rows;
} fixture;

static inline void free_net(fixture *f)
{
    free(f->params);
    free(f->rows);
    aep__trainer_free(&f->trainer, &f->mem);
    aep__net_free(&f->net, &f->mem);
}

static inline void load(real *features, void *payload, size_t first, size_t n)
{
    const fixture *f = payload;
    memcpy(features, f->rows + first * f->net.n_features, n * f->net.n_features * sizeof *features);
}

static inline void forward(fixture *f) { f->losses = aep__trainer_run(&f->trainer, &f->net, &f->batch); }

static inline const real *gradient(const fixture *f)
{
    double norm;
    return aep__trainer_gradient(&f->trainer, &norm, &f->net);
}

/* A copy of a node (rows, width) after forward, to be freed; all rows are in one block. */
static inline real *value(const fixture *f, size_t node)
{
    const aep__tape *tape = &f->net.tape;
    const aep__frame *frame = &f->trainer.frames[0];
    const aep__block block = aep__frame_block(frame, ROWS);
    real *copy = calloc(ROWS * tape->nodes[node].width, sizeof *copy);
    aep__block_get(tape->kernels, copy, aep__value(tape, frame, node), &block, tape->nodes[node].width);
    return copy;
}

/* Compute nodes first .. last again. */
static inline void rerun(fixture *f, size_t first, size_t last)
{
    aep__frame *frame = &f->trainer.frames[0];
    const aep__pass pass = {.params = f->params,
                            .block = aep__frame_block(frame, ROWS),
                            .training = f->batch.training,
                            .noise = f->batch.noise};
    aep__tape_forward(&f->net.tape, frame, &pass, first, last);
}

/* The smallest |x| of a node. */
static inline double smallest(const fixture *f, size_t node)
{
    real *x = value(f, node);
    double least = INFINITY;
    for (size_t j = 0; j < ROWS * f->net.tape.nodes[node].width; j++)
        least = fmin(least, fabs(x[j]));
    free(x);
    return least;
}

/* How far the largest value under each window of a max pool lies above the next one, at least. */
static inline double distance_from_ties(const fixture *f, const aep__node *node)
{
    const aep__window *w = &node->window;
    real *maps = value(f, node->input[0]);
    double least = INFINITY;
    for (size_t i = 0; i < ROWS * aep__window_places(w) * w->channels; i++) {
        const size_t place = i / w->channels % aep__window_places(w), row = i / w->channels / aep__window_places(w);
        const aep__cut c = aep__window_cut(w, place / w->columns, place % w->columns);
        double first = -INFINITY, second = -INFINITY;
        for (size_t y = c.top; y < c.bottom; y++)
            for (size_t x = c.left; x < c.right; x++) {
                const size_t pixel = (size_t)(c.y0 + (ptrdiff_t)y) * w->width + (size_t)(c.x0 + (ptrdiff_t)x);
                const real v = maps[row * aep__window_map(w) + pixel * w->channels + i % w->channels];
                second = fmax(second, fmin(first, v));
                first = fmax(first, v);
            }
        least = fmin(least, first - second);
    }
    free(maps);
    return least;
}

/* The smallest standard deviation in a group of a norm: its curvature grows with the inverse. */
static inline double least_deviation(const fixture *f, const aep__node *node)
{
    const size_t n = node->window.height * node->window.width, channels = node->window.channels;
    const size_t width = channels / (size_t)node->attr;
    real *x = value(f, node->input[0]);
    double least = INFINITY;
    for (size_t first = 0; first < ROWS * channels; first += width) {
        const real *group = x + first / channels * n * channels + first % channels;
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < width; c++) {
                sum += group[i * channels + c];
                squares += group[i * channels + c] * group[i * channels + c];
            }
        sum /= (double)(n * width), squares /= (double)(n * width);
        least = fmin(least, sqrt(fmax(squares - sum * sum, 0)));
    }
    free(x);
    return least;
}

/* The smallest distance of anything from a kink: inputs of ReLUs, elements of |x - x'|, norms, ties of max pools; and
   1/20 of the deviations under group norms, which are as good as kinks where they are small. */
static inline double distance_from_kinks(fixture *f)
{
    double least = INFINITY;
    for (size_t i = 0; i < f->net.tape.n_nodes; i++) {
        const aep__node *node = &f->net.tape.nodes[i];
        const bool relu = node->op == AEP__OP_ACTIVATION && (node->attr == AEP_RELU || node->attr == AEP_LEAKY_RELU);
        if (node->op == AEP__OP_MAX_POOL)
            least = fmin(least, distance_from_ties(f, node));
        if (node->op == AEP__OP_NORM)
            least = fmin(least, least_deviation(f, node) / 20);
        if (!relu && node->op != AEP__OP_ABS_DIFF && node->op != AEP__OP_ROW_NORM)
            continue;
        if (relu && node->in_place) /* what it overwrote */
            rerun(f, node->input[0], node->input[0]);
        least = fmin(least, smallest(f, relu ? node->input[0] : i));
        if (relu && node->in_place)
            rerun(f, i, i);
    }
    return least;
}

static inline void draw(fixture *f, uint64_t seed)
{
    const size_t n_features = f->net.n_features, n_params = f->net.tape.n_params;
    aep__rng_normal(f->params, n_params, seed, AEP__STREAM_WEIGHTS, 0, 0);
    for (size_t i = 0; i < n_params; i++)
        f->params[i] *= 0.6;
    aep__rng_normal(f->rows, ROWS * n_features, seed, AEP__STREAM_SHUFFLE, 0, 0);
}

/* A network with the first weights and rows, by seed, that keep away from kinks. */
static inline void make_net(fixture *f, const aep__net_config *config, bool squared)
{
    *f = (fixture){0};
    ck_assert_int_eq(aep__mem_init(&f->mem, NULL), AEP_OK);
    ck_assert_int_eq(aep__net_init(&f->net, &f->mem, config), AEP_OK);
    ck_assert(aep__trainer_init(&f->trainer, &f->mem, &f->net, ROWS, 1));
    ck_assert_uint_ge(f->trainer.frames[0].capacity, ROWS);
    f->params = calloc(f->net.tape.n_params, sizeof *f->params);
    f->rows = calloc(ROWS * f->net.n_features, sizeof *f->rows);
    f->batch = (aep__batch){.rows = ROWS,
                            .load = load,
                            .payload = f,
                            .params = f->params,
                            .training = true,
                            .noise = {.kind = AEP_NOISE_GAUSSIAN, .level = 0.2, .seed = 5, .step = 6},
                            .lambda1 = lambda1,
                            .lambda2 = lambda2,
                            .lambda3 = lambda3,
                            .squared = squared};
    uint64_t seed = 0;
    do {
        ck_assert_uint_lt(seed, 10000);
        draw(f, seed++);
        forward(f);
    } while (distance_from_kinks(f) < 0.02);
}

static inline double joint_loss(void *payload)
{
    fixture *f = payload;
    forward(f);
    return f->losses.total;
}

static inline double head_term(void *payload)
{
    fixture *f = payload;
    forward(f);
    return lambda3 * f->losses.prediction;
}

static inline double autoencoder_terms(void *payload)
{
    fixture *f = payload;
    forward(f);
    return f->losses.reconstruction + lambda1 * f->losses.decay + lambda2 * f->losses.compactness;
}

/* The gradient of the parameters as they are, to be freed. */
static inline real *copy_gradient(fixture *f)
{
    const size_t n = f->net.tape.n_params;
    real *copy = calloc(n, sizeof *copy);
    forward(f);
    memcpy(copy, gradient(f), n * sizeof *copy);
    return copy;
}

/* With the gradient stopped, the autoencoder descends J without the term of lambda3, and the head that term alone. */
static inline void check_gradients(const aep__net_config *config, bool squared)
{
    fixture f;
    make_net(&f, config, squared);
    const size_t n_autoencoder = f.net.n_autoencoder, n_head = f.net.tape.n_params - n_autoencoder;
    real *got = copy_gradient(&f);
    assert_gradient(got, f.params, n_autoencoder, config->head_gradient ? joint_loss : autoencoder_terms, &f,
                    "autoencoder");
    assert_gradient(got + n_autoencoder, f.params + n_autoencoder, n_head, head_term, &f, "head");
    free(got);
    free_net(&f);
}

/* Bits: vector error, squared, head gradient; returns the second. */
static inline bool set_switches(aep__net_config *config, int bits)
{
    config->vector_error = bits & 1;
    config->head_gradient = bits & 4;
    return bits & 2;
}

#endif
