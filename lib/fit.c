/* SPDX-License-Identifier: BSD-2-Clause */
/* Training: one step on a batch, and a whole run of epochs. */
#include "score.h"

#include "optim.h"
#include "rng.h"

#include <math.h>
#include <string.h>

/* Gradients beyond this overflow Adam's second moment. */
static const double largest_gradient = 1e18;

/* A reconstruction that varies from row to row by less than this share of the input's variance is the mean row: the
   latent variables tell rows apart no more. Sound models keep well above it even on unrelated columns. */
static const double collapsed_variance = 0.02;

int aep_fit_scaling(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    int status = aep__rows_check(model, rows, n_rows, n_cols, 1, true);
    if (status)
        return status;
    if (!model->scaler.moments)
        return aep__fail(&model->log, AEP_E_STATE, "the scaling is final: %s",
                         model->steps ? "training has begun" : "the model was loaded");
    status = aep__scaler_update(&model->scaler, &model->mem, rows, n_rows);
    return status ? aep__fail(&model->log, status, "no memory to fit the scaling") : AEP_OK;
}

/* ------------------------------------------------------------------------------------------------- one step */

static bool reserve_trainer(aep_model *model, size_t rows)
{
    aep__trainer trainer;
    if (model->trainer.capacity >= rows && model->trainer.n_threads == model->n_threads)
        return true;
    if (!aep__trainer_init(&trainer, &model->mem, &model->net, rows, model->n_threads))
        return false;
    aep__trainer_free(&model->trainer, &model->mem);
    model->trainer = trainer;
    return true;
}

/* Where the rows of a batch come from: those of an index, or the rows from the first on. */
typedef struct source {
    const aep_model *model;
    const float *rows;
    const uint32_t *index;
} source;

static const float *row_of(const source *s, size_t i)
{
    return s->rows + (s->index ? s->index[i] : i) * s->model->schema.n_columns;
}

static void load_rows(real *features, void *payload, size_t first, size_t n)
{
    const source *s = payload;
    const float *rows = s->index ? s->rows : row_of(s, first);
    aep__scaler_apply_rows(&s->model->scaler, rows, s->index ? s->index + first : NULL, n, features);
}

/* Shuffled rows come from all over the memory. */
static void fetch_rows(void *payload, size_t first, size_t n)
{
#if defined(__GNUC__)
    enum { LINE = 64 / sizeof(float), MOST = 64 * LINE };
    const source *s = payload;
    const size_t n_columns = s->model->schema.n_columns;
    for (size_t i = first; i < first + n; i++) {
        const float *row = row_of(s, i);
        for (size_t j = 0; j < n_columns && j < MOST; j += LINE)
            __builtin_prefetch(row + j);
        __builtin_prefetch(row + n_columns - 1); /* rows do not begin on a line */
    }
#else
    (void)payload, (void)first, (void)n;
#endif
}

static aep__batch make_batch(const aep_model *model, source *s, size_t rows, bool training)
{
    return (aep__batch){
        .rows = rows,
        .load = load_rows,
        .fetch = s->index ? fetch_rows : NULL,
        .payload = s,
        .params = model->weights.params,
        .training = training,
        .noise = {.kind = (int)aep__option(model, AEP_OPT_NOISE),
                  .level = (real)aep__option(model, AEP_OPT_NOISE_LEVEL),
                  .block = (size_t)aep__option(model, AEP_OPT_NOISE_BLOCK),
                  .seed = (uint64_t)aep__option(model, AEP_OPT_SEED),
                  .step = model->steps},
        .lambda1 = aep__option(model, AEP_OPT_WEIGHT_DECAY),
        .lambda2 = aep__option(model, AEP_OPT_COMPACTNESS),
        .lambda3 = aep__option(model, AEP_OPT_HEAD_WEIGHT),
        .squared = aep__option(model, AEP_OPT_SQUARED) != 0,
    };
}

/* What Adam makes of a part of the parameters, those of the head at a rate of their own. */
typedef struct update {
    const aep_model *model;
    const real *gradient;
    aep__adam adam;
    double scale;
} update;

static void update_part(void *payload, size_t first, size_t n)
{
    const update *u = payload;
    const aep__weights *w = &u->model->weights;
    const size_t split = u->model->net.n_autoencoder;
    const size_t end = first + n, middle = split < first ? first : split > end ? end : split;
    aep__adam adam = u->adam;
    const aep__kernels *k = u->model->net.tape.kernels;
    if (middle > first)
        aep__adam_step(k, &adam, w->params + first, w->m + first, w->v + first, u->gradient + first, u->scale,
                       middle - first);
    adam.rate *= aep__option(u->model, AEP_OPT_HEAD_RATE);
    if (end > middle)
        aep__adam_step(k, &adam, w->params + middle, w->m + middle, w->v + middle, u->gradient + middle, u->scale,
                       end - middle);
}

static void update_weights(aep_model *model, const real *gradient, double rate, double norm)
{
    const double clip = aep__option(model, AEP_OPT_GRADIENT_CLIP);
    update u = {.model = model,
                .gradient = gradient,
                .adam = {.rate = rate,
                         .beta1 = aep__option(model, AEP_OPT_BETA1),
                         .beta2 = aep__option(model, AEP_OPT_BETA2),
                         .epsilon = aep__option(model, AEP_OPT_EPSILON),
                         .step = ++model->weights.age},
                .scale = clip > 0 && norm > clip ? clip / norm : 1};
    aep__trainer_for_params(&model->trainer, update_part, &u, model->net.tape.n_params);
}

/* One optimiser step. DIVERGED: nothing has changed. */
static int step(aep_model *model, source *s, size_t rows, double rate)
{
    const aep__batch batch = make_batch(model, s, rows, true);
    const aep__losses losses = aep__trainer_run(&model->trainer, &model->net, &batch);
    double norm;
    const real *gradient = aep__trainer_gradient(&model->trainer, &norm, &model->net);
    if (!isfinite(losses.total) || !(norm < largest_gradient))
        return aep__fail(&model->log, AEP_E_DIVERGED,
                         "step %llu diverged (loss %s, gradient norm %s): lower learning_rate or set gradient_clip",
                         (unsigned long long)model->steps + 1, AEP__NUMBER(losses.total, 6), AEP__NUMBER(norm, 6));
    update_weights(model, gradient, rate, norm);
    model->steps++;
    model->last[AEP__FIGURE_LOSS] = losses.total;
    model->last[AEP__FIGURE_RECONSTRUCTION] = losses.reconstruction;
    model->last[AEP__FIGURE_COMPACTNESS] = losses.compactness;
    model->last[AEP__FIGURE_PREDICTION] = losses.prediction;
    model->last[AEP__FIGURE_RATE] = rate;
    model->gradient_norm = norm;
    return AEP_OK;
}

static double scheduled_rate(const aep_model *model, uint64_t t, uint64_t n)
{
    const double rate = aep__option(model, AEP_OPT_LEARNING_RATE);
    return n && aep__choice(model, AEP_OPT_SCHEDULE, AEP_SCHEDULE_COSINE) ? aep__cosine_rate(rate, t, n) : rate;
}

/* The rows whose p-value is above the gate: *passing (*n_passing) is to be freed. */
static int pass_gate(uint32_t **passing, size_t *n_passing, const aep_model *model, const float *rows, size_t n_rows,
                     double gate)
{
    if (!model->calibration.n_scores)
        return aep__fail(&model->log, AEP_E_STATE,
                         "the learning gate needs p-values: call aep_calibrate first, or set learning_gate to 0");
    if ((double)model->calibration.n_rows + 1 < 1 / gate)
        return aep__fail(&model->log, AEP_E_STATE,
                         "a learning gate of %s needs %.0f calibration rows, there are %llu: no row could be kept out; "
                         "calibrate on more, or raise learning_gate",
                         AEP__NUMBER(gate, 6), ceil(1 / gate) - 1, (unsigned long long)model->calibration.n_rows);
    if (n_rows > UINT32_MAX)
        return aep__fail(&model->log, AEP_E_LIMIT, "%zu rows: the learning gate takes fewer than 2^32", n_rows);
    float *scores = aep__alloc(&model->mem, n_rows, sizeof *scores);
    *passing = aep__alloc(&model->mem, n_rows, sizeof **passing);
    int status = scores && *passing
                     ? aep_score(scores, model, NULL, rows, n_rows, model->schema.n_columns)
                     : aep__fail(&model->log, AEP_E_MEMORY, "no memory to score %zu rows at the gate", n_rows);
    *n_passing = 0;
    for (size_t i = 0; !status && i < n_rows; i++)
        if (aep__calibration_pvalue(&model->calibration, scores[i]) > gate)
            (*passing)[(*n_passing)++] = (uint32_t)i;
    aep__free(&model->mem, scores);
    return status;
}

int aep_fit_batch(aep_model *model, const float *rows, size_t n_rows, size_t n_cols)
{
    int status = aep__rows_check(model, rows, n_rows, n_cols, 2, true);
    if (status)
        return status;
    if (!aep__scaler_ready(&model->scaler))
        return aep__fail(&model->log, AEP_E_STATE, "the scaling is not fitted: call aep_fit_scaling first");
    if (!reserve_trainer(model, n_rows))
        return aep__fail(&model->log, AEP_E_MEMORY, "no memory to train on %zu rows", n_rows);
    const uint64_t n_steps = (uint64_t)aep__option(model, AEP_OPT_SCHEDULE_STEPS);
    if (n_steps && model->steps == n_steps && aep__choice(model, AEP_OPT_SCHEDULE, AEP_SCHEDULE_COSINE))
        aep__logf(&model->log, AEP_LOG_WARNING,
                  "the %llu steps of schedule_steps are over: the learning rate is 0 from now on",
                  (unsigned long long)n_steps);
    source s = {.model = model, .rows = rows};
    uint32_t *passing = NULL;
    size_t n_passing = n_rows;
    const double gate = aep__option(model, AEP_OPT_LEARNING_GATE);
    if (gate > 0)
        status = pass_gate(&passing, &n_passing, model, rows, n_rows, gate);
    s.index = passing;
    const bool enough = n_passing >= 2;
    if (!status && enough)
        status = step(model, &s, n_passing, scheduled_rate(model, model->steps, n_steps));
    aep__free(&model->mem, passing);
    if (status)
        return status;
    model->n_gated += n_rows - n_passing;
    if (!enough) {
        aep__logf(&model->log, AEP_LOG_INFO, "no step: %zu of %zu rows passed the learning gate", n_passing, n_rows);
        return AEP_OK;
    }
    aep__scaler_freeze(&model->scaler, &model->mem);
    aep__run_end(model);
    return AEP_OK;
}

/* ------------------------------------------------------------------------------------------------- a run of epochs */

/* What a run changes of a model's plain fields. Not the whole model, which takes 14 KB of the host's stack. */
typedef struct standing {
    aep__run run;
    uint64_t steps, epochs, best_epoch;
    double last[AEP__FIGURE_COUNT], gradient_norm;
    size_t n_history;
} standing;

/* What aep_fit works with beside the model. */
typedef struct plan {
    const float *rows;
    size_t n_rows, n_train, n_validation, n_batches;
    uint32_t *split;    /* (n_rows): a permutation; the first n_validation rows are held back, the others trained on */
    uint32_t *order;    /* (n_train): positions in what is trained on, in the order of this epoch */
    uint32_t *batch;    /* (largest batch): rows of a batch */
    aep__scaler scaler; /* as it was before, where the run fits it */
    bool fits_scaling;
    aep__weights weights, best; /* as they were before */
    aep__history history;       /* likewise, where the run may push out its oldest epochs */
    aep__code_sums codes;       /* of the rows trained on */
    aep__joint joint;           /* and what follows from them */
    standing before;
} plan;

/* Batches of about equal size, none of one row. */
static size_t count_batches(size_t n, size_t batch_size)
{
    const size_t batches = (n + batch_size - 1) / batch_size;
    return n / batches < 2 ? n / 2 : batches;
}

static size_t batch_start(const plan *p, size_t batch) { return (size_t)((uint64_t)batch * p->n_train / p->n_batches); }

static size_t largest_batch(const plan *p) { return p->n_train / p->n_batches + 1; }

static void free_plan(plan *p, aep_model *model)
{
    aep__free(&model->mem, p->split);
    aep__free(&model->mem, p->order);
    aep__free(&model->mem, p->batch);
    aep__scaler_free(&p->scaler, &model->mem);
    aep__weights_free(&p->weights, &model->mem);
    aep__weights_free(&p->best, &model->mem);
    aep__free(&model->mem, p->history.epochs);
    aep__code_sums_free(&p->codes, &model->mem);
    aep__joint_free(&p->joint, &model->mem);
}

static standing standing_of(const aep_model *model)
{
    standing s = {
        .run = model->run,
        .steps = model->steps,
        .epochs = model->epochs,
        .best_epoch = model->best_epoch,
        .gradient_norm = model->gradient_norm,
        .n_history = model->history.n,
    };
    memcpy(s.last, model->last, sizeof s.last);
    return s;
}

/* A copy of the trained state in case the run has to be undone. */
static bool back_up(plan *p, aep_model *model)
{
    const size_t n_params = model->net.tape.n_params;
    if (!aep__weights_init(&p->weights, &model->mem, n_params))
        return false;
    aep__weights_copy(&p->weights, &model->weights, n_params);
    if (model->run.best.params) {
        if (!aep__weights_init(&p->best, &model->mem, n_params))
            return false;
        aep__weights_copy(&p->best, &model->run.best, n_params);
    }
    const aep__history *history = &model->history;
    if (model->run.epochs > AEP__MAX_HISTORY - history->n) {
        p->history = *history;
        p->history.epochs = aep__alloc_copy(&model->mem, history->epochs, history->capacity, sizeof *history->epochs);
        if (!p->history.epochs)
            return false;
    }
    p->before = standing_of(model);
    return true;
}

static void undo(plan *p, aep_model *model)
{
    const size_t n_params = model->net.tape.n_params;
    aep__weights_copy(&model->weights, &p->weights, n_params);
    if (p->best.params)
        aep__weights_copy(&model->run.best, &p->best, n_params);
    else
        aep__run_end(model);
    const aep__weights best = model->run.best;
    model->run = p->before.run;
    model->run.best = best;
    model->steps = p->before.steps;
    model->epochs = p->before.epochs;
    model->best_epoch = p->before.best_epoch;
    memcpy(model->last, p->before.last, sizeof model->last);
    model->gradient_norm = p->before.gradient_norm;
    model->history.n = p->before.n_history;
    if (p->history.epochs)
        memcpy(model->history.epochs, p->history.epochs, p->history.n * sizeof *p->history.epochs);
    if (p->fits_scaling) {
        aep__scaler_free(&model->scaler, &model->mem);
        model->scaler = p->scaler;
        p->scaler = (aep__scaler){0};
    }
}

static int allocate(plan *p, aep_model *model)
{
    const aep_allocator *mem = &model->mem;
    const size_t largest = largest_batch(p);
    p->split = aep__alloc(mem, p->n_rows, sizeof *p->split);
    p->order = aep__alloc(mem, p->n_train, sizeof *p->order);
    p->batch = aep__alloc(mem, largest, sizeof *p->batch);
    if (!p->split || !p->order || !p->batch || !back_up(p, model) || !reserve_trainer(model, largest) ||
        !aep__history_reserve(&model->history, mem, (size_t)model->run.epochs))
        return AEP_E_MEMORY;
    if (model->net.code_size <= AEP__JOINT_MOST_CODES && (!aep__code_sums_init(&p->codes, mem, model->net.code_size) ||
                                                          !aep__joint_init(&p->joint, mem, model->net.code_size)))
        return AEP_E_MEMORY;
    if (p->n_validation && !model->run.best.params) {
        if (!aep__weights_init(&model->run.best, mem, model->net.tape.n_params))
            return AEP_E_MEMORY;
        aep__weights_copy(&model->run.best, &model->weights, model->net.tape.n_params);
    }
    if (model->scaler.n_rows || !model->scaler.moments)
        return AEP_OK;
    int status = aep__scaler_copy(&p->scaler, mem, &model->scaler);
    if (status)
        return status;
    p->fits_scaling = true;
    return aep__scaler_update(&model->scaler, mem, p->rows, p->n_rows);
}

static void begin_run(aep_model *model, size_t n_rows)
{
    model->run = (aep__run){
        .active = true,
        .n_rows = n_rows,
        .n_validation = (uint64_t)((double)n_rows * aep__option(model, AEP_OPT_VALIDATION)),
        .epochs = (uint64_t)aep__option(model, AEP_OPT_EPOCHS),
        .batch_size = (uint64_t)aep__option(model, AEP_OPT_BATCH),
        .first_epoch = model->epochs,
        .best_loss = INFINITY,
    };
}

static int prepare(plan *p, aep_model *model, const float *rows, size_t n_rows)
{
    *p = (plan){.rows = rows, .n_rows = n_rows};
    if (model->run.active && model->run.n_rows != n_rows)
        return aep__fail(
            &model->log, AEP_E_STATE,
            "an unfinished run was loaded that has %llu rows, not %zu; aep_fit_batch or the same rows end it",
            (unsigned long long)model->run.n_rows, n_rows);
    const aep__run before = model->run;
    if (!model->run.active)
        begin_run(model, n_rows);
    p->n_validation = (size_t)model->run.n_validation;
    p->n_train = n_rows - p->n_validation;
    if (p->n_train < 2) {
        model->run = before;
        return aep__fail(&model->log, AEP_E_ROWS, "%zu rows are left to train on, at least 2 are needed", p->n_train);
    }
    p->n_batches = count_batches(p->n_train, (size_t)model->run.batch_size);
    if (model->run.batch >= p->n_batches)
        return aep__fail(&model->log, AEP_E_STATE,
                         "an unfinished run was loaded that has more than %zu batches an epoch", p->n_batches);
    int status = allocate(p, model);
    if (status) {
        if (!before.best.params)
            aep__weights_free(&model->run.best, &model->mem);
        model->run = before;
        free_plan(p, model);
        return aep__fail(&model->log, status, "no memory to train on %zu rows", n_rows);
    }
    p->before.run = before;
    aep__rng_permute(p->split, n_rows, (uint64_t)aep__option(model, AEP_OPT_SEED), AEP__STREAM_VALIDATION, 0);
    return AEP_OK;
}

static void shuffle(const plan *p, const aep_model *model)
{
    aep__rng_permute(p->order, p->n_train, (uint64_t)aep__option(model, AEP_OPT_SEED), AEP__STREAM_SHUFFLE,
                     model->run.first_epoch + model->run.epoch);
}

/* J without weight decay and noise, the mean over the rows held back. */
static double validation_loss(const plan *p, aep_model *model)
{
    double sum = 0;
    const size_t most = largest_batch(p); /* not what there is room for: L_C depends on how rows are grouped */
    for (size_t start = 0, n; start < p->n_validation; start += n) {
        n = p->n_validation - start < most ? p->n_validation - start : most;
        source s = {.model = model, .rows = p->rows, .index = p->split + start};
        const aep__batch batch = make_batch(model, &s, n, false);
        sum += (double)n * aep__trainer_run(&model->trainer, &model->net, &batch).total;
    }
    return sum / (double)p->n_validation;
}

static void end_epoch(const plan *p, aep_model *model)
{
    aep__run *run = &model->run;
    double figures[AEP__FIGURE_COUNT];
    run->epoch++;
    run->batch = 0;
    model->epochs++;
    for (int i = 0; i < AEP__FIGURE_COUNT; i++)
        figures[i] = run->sums[i] / (double)p->n_train;
    memset(run->sums, 0, sizeof run->sums);
    figures[AEP__FIGURE_RATE] = model->last[AEP__FIGURE_RATE];
    figures[AEP__FIGURE_VALIDATION] = p->n_validation ? validation_loss(p, model) : NAN;
    model->last[AEP__FIGURE_VALIDATION] = figures[AEP__FIGURE_VALIDATION];
    aep__history_add(&model->history, figures);
    if (!p->n_validation)
        return;
    if (figures[AEP__FIGURE_VALIDATION] < run->best_loss) {
        run->best_loss = figures[AEP__FIGURE_VALIDATION];
        run->best_epoch = run->epoch;
        run->waited = 0;
        aep__weights_copy(&run->best, &model->weights, model->net.tape.n_params);
    } else {
        run->waited++;
    }
}

static int run_batch(const plan *p, aep_model *model)
{
    aep__run *run = &model->run;
    const size_t start = batch_start(p, (size_t)run->batch), n = batch_start(p, (size_t)run->batch + 1) - start;
    if (!run->batch)
        shuffle(p, model);
    for (size_t i = 0; i < n; i++)
        p->batch[i] = p->split[p->n_validation + p->order[start + i]];
    source s = {.model = model, .rows = p->rows, .index = p->batch};
    const uint64_t t = run->epoch * p->n_batches + run->batch, n_steps = run->epochs * p->n_batches;
    int status = step(model, &s, n, scheduled_rate(model, t, n_steps));
    if (status)
        return status;
    for (int i = 0; i < AEP__FIGURE_VALIDATION; i++)
        run->sums[i] += (double)n * model->last[i];
    if (++run->batch == p->n_batches)
        end_epoch(p, model);
    return AEP_OK;
}

static bool wants_more(const aep_model *model)
{
    const uint64_t patience = (uint64_t)aep__option(model, AEP_OPT_PATIENCE);
    return model->run.epoch < model->run.epochs && !(patience && model->run.waited >= patience);
}

static int run_all(const plan *p, aep_model *model, aep_progress_fn progress, void *payload)
{
    const size_t epochs = (size_t)model->run.epochs;
    if (model->run.batch)
        shuffle(p, model);
    while (wants_more(model)) {
        int status = run_batch(p, model);
        if (status)
            return status;
        const bool ended = !model->run.batch;
        const size_t epoch = (size_t)model->run.epoch + !ended;
        const size_t batch = ended ? p->n_batches : (size_t)model->run.batch;
        if (progress && progress(model, epoch, epochs, batch, p->n_batches, payload))
            return AEP_E_CANCELLED;
    }
    return AEP_OK;
}

/* Some of the rows trained on. */
static source sample(size_t *n, const plan *p, const aep_model *model)
{
    *n = p->n_train < largest_batch(p) ? p->n_train : largest_batch(p);
    return (source){.model = model, .rows = p->rows, .index = p->split + p->n_validation};
}

/* A step is found to have diverged by the next one; the last has none. */
static bool last_step_diverged(const plan *p, aep_model *model)
{
    size_t n;
    if (model->run.best_epoch) /* those weights were validated */
        return false;
    source s = sample(&n, p, model);
    const aep__batch batch = make_batch(model, &s, n, false);
    const double loss = aep__trainer_run(&model->trainer, &model->net, &batch).total;
    if (isfinite(loss))
        return false;
    (void)aep__fail(&model->log, AEP_E_DIVERGED,
                    "the last step diverged (loss %s): lower learning_rate or set gradient_clip", AEP__NUMBER(loss, 6));
    return true;
}

static void warn_if_reconstruction_is_constant(const plan *p, aep_model *model)
{
    size_t n;
    source s = sample(&n, p, model);
    const aep__batch batch = make_batch(model, &s, n, false);
    const double share = aep__trainer_kept_variance(&model->trainer, &model->net, &batch);
    if (share < collapsed_variance)
        aep__logf(&model->log, AEP_LOG_WARNING,
                  "the latent variables have collapsed: the reconstruction keeps %s %% of the variance of the rows; "
                  "lower the option compactness, or train longer",
                  AEP__NUMBER(100 * share, 2));
}

static void add_codes(void *payload, const real *codes, const aep__block *block)
{
    aep__code_sums_add(payload, codes, block);
}

/* Where the codes of the rows trained on lie. The parts of the joint score are to be standardised anew. */
static void take_codes(plan *p, aep_model *model)
{
    const size_t most = p->n_train < AEP__JOINT_MOST_ROWS ? p->n_train : AEP__JOINT_MOST_ROWS;
    const size_t piece = largest_batch(p);
    if (!p->codes.k)
        return;
    for (size_t start = 0, n; start < most; start += n) {
        n = most - start < piece ? most - start : piece;
        source s = {.model = model, .rows = p->rows, .index = p->split + p->n_validation + start};
        const aep__batch batch = make_batch(model, &s, n, false);
        aep__trainer_codes(&model->trainer, &model->net, &batch, add_codes, &p->codes);
    }
    const bool finite = aep__joint_fit(&p->joint, &p->codes, model->steps);
    aep__joint_free(&model->joint, &model->mem);
    if (!finite) /* free_plan frees it; scoring will say that the weights are bad */
        return;
    p->joint.of_training = true;
    model->joint = p->joint;
    p->joint = (aep__joint){0};
}

static void finish(plan *p, aep_model *model)
{
    if (model->run.best_epoch)
        aep__weights_copy(&model->weights, &model->run.best, model->net.tape.n_params);
    model->best_epoch = model->run.best_epoch;
    aep__run_end(model);
    take_codes(p, model);
    warn_if_reconstruction_is_constant(p, model);
}

int aep_fit(aep_model *model, const float *rows, size_t n_rows, size_t n_cols, aep_progress_fn progress, void *payload)
{
    plan p;
    int status = aep__shape_check(model, rows, n_rows, n_cols, 2);
    if (!status && n_rows > UINT32_MAX)
        status =
            aep__fail(&model->log, AEP_E_LIMIT, "%zu rows in one call; larger data goes through aep_fit_batch", n_rows);
    if (!status)
        status = aep__values_check(model, rows, n_rows, true,
                                   model->trainer.n_threads == model->n_threads ? model->trainer.team : NULL);
    if (status)
        return status;
    status = prepare(&p, model, rows, n_rows);
    if (status)
        return status;
    if (!p.n_validation && aep__option(model, AEP_OPT_PATIENCE) > 0)
        aep__logf(&model->log, AEP_LOG_WARNING, "option patience has no effect without a validation share");
    status = run_all(&p, model, progress, payload);
    if (status != AEP_E_DIVERGED && last_step_diverged(&p, model))
        status = AEP_E_DIVERGED;
    if (status == AEP_E_DIVERGED) {
        undo(&p, model);
    } else {
        aep__scaler_freeze(&model->scaler, &model->mem);
        finish(&p, model);
        if (status == AEP_E_CANCELLED)
            aep__logf(&model->log, AEP_LOG_INFO, "training was cancelled after %llu epochs",
                      (unsigned long long)model->epochs);
    }
    free_plan(&p, model);
    return status;
}
