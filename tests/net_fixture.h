/* SPDX-License-Identifier: BSD-2-Clause */
/* What the gradient tests of whole networks share: a network with weights and rows that keep away from kinks. */
#ifndef AEP_TESTS_NET_FIXTURE_H
#define AEP_TESTS_NET_FIXTURE_H

#include "gradient.h"
#include "net.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 5, N_ACTIVATIONS = AEP_SILU + 1 };

static const double lambda1 = 3e-3, lambda2 = 0.2, lambda3 = 0.7;

typedef struct fixture {
    aep_allocator mem;
    aep__net net;
    aep__frame frame;
    aep__pass pass;
    real *params, *dparams;
} fixture;

static inline void free_net(fixture *f)
{
    free(f->params);
    free(f->dparams);
    aep__frame_free(&f->frame, &f->mem);
    aep__net_free(&f->net, &f->mem);
}

static inline void forward(fixture *f) { aep__tape_forward(&f->net.tape, &f->frame, &f->pass, f->net.loss); }

static inline const real *value(const fixture *f, size_t node) { return aep__value(&f->net.tape, &f->frame, node); }

/* How far the largest value under each window of a max pool lies above the next one, at least. */
static inline double distance_from_ties(const fixture *f, const aep__node *node)
{
    const aep__window *w = &node->window;
    const real *maps = value(f, node->input[0]);
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
    return least;
}

/* The smallest standard deviation in a group of a norm: its curvature grows with the inverse. */
static inline double least_deviation(const fixture *f, const aep__node *node)
{
    const size_t n = node->window.height * node->window.width, channels = node->window.channels;
    const size_t width = channels / (size_t)node->attr;
    const real *x = value(f, node->input[0]);
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
    return least;
}

/* The smallest distance of anything from a kink: inputs of ReLUs, elements of |x - x'|, norms, ties of max pools; and
   1/20 of the deviations under group norms, which are as good as kinks where they are small. */
static inline double distance_from_kinks(const fixture *f)
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
        const real *x = value(f, relu ? node->input[0] : i);
        for (size_t j = 0; j < ROWS * node->width; j++)
            least = fmin(least, fabs(x[j]));
    }
    return least;
}

static inline void draw(fixture *f, uint64_t seed)
{
    const size_t n_features = f->net.n_features, n_params = f->net.tape.n_params;
    aep__rng_normal(f->params, n_params, seed, AEP__STREAM_WEIGHTS, 0, 0);
    for (size_t i = 0; i < n_params; i++)
        f->params[i] *= 0.6;
    aep__rng_normal(aep__value(&f->net.tape, &f->frame, f->net.x), ROWS * n_features, seed, AEP__STREAM_SHUFFLE, 0, 0);
}

/* A network with the first weights and rows, by seed, that keep away from kinks. */
static inline void make_net(fixture *f, const aep__net_config *config)
{
    *f = (fixture){0};
    ck_assert_int_eq(aep__mem_init(&f->mem, NULL), AEP_OK);
    ck_assert_int_eq(aep__net_init(&f->net, &f->mem, config), AEP_OK);
    ck_assert(aep__frame_init(&f->frame, &f->mem, &f->net.tape, ROWS, true));
    f->params = calloc(f->net.tape.n_params, sizeof *f->params);
    f->dparams = calloc(f->net.tape.n_params, sizeof *f->dparams);
    f->pass = (aep__pass){.params = f->params,
                          .dparams = f->dparams,
                          .rows = ROWS,
                          .training = true,
                          .noise = {.kind = AEP_NOISE_GAUSSIAN, .level = 0.2, .seed = 5, .step = 6}};
    aep__net_weigh(&f->pass, lambda1, lambda2, lambda3);
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
    return *value(f, f->net.loss);
}

static inline double head_term(void *payload)
{
    fixture *f = payload;
    forward(f);
    return lambda3 * *value(f, f->net.loss_prediction);
}

static inline double autoencoder_terms(void *payload)
{
    fixture *f = payload;
    forward(f);
    return *value(f, f->net.loss_reconstruction) + lambda1 * *value(f, f->net.loss_decay) +
           lambda2 * *value(f, f->net.loss_compactness);
}

/* With the gradient stopped, the autoencoder descends J without the term of lambda3, and the head that term alone. */
static inline void check_gradients(const aep__net_config *config)
{
    fixture f;
    make_net(&f, config);
    const size_t n_autoencoder = f.net.n_autoencoder, n_head = f.net.tape.n_params - n_autoencoder;
    aep__tape_backward(&f.net.tape, &f.frame, &f.pass, f.net.loss);
    assert_gradient(f.dparams, f.params, n_autoencoder, config->head_gradient ? joint_loss : autoencoder_terms, &f,
                    "autoencoder");
    assert_gradient(f.dparams + n_autoencoder, f.params + n_autoencoder, n_head, head_term, &f, "head");
    free_net(&f);
}

static inline void set_switches(aep__net_config *config, int bits)
{
    config->vector_error = bits & 1;
    config->squared = bits & 2;
    config->head_gradient = bits & 4;
}

#endif
