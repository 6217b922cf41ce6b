/* SPDX-License-Identifier: BSD-2-Clause */
/* The model file: docs/file-format.md says what stands where. */
#include "bytes.h"
#include "model.h"

#include <math.h>
#include <string.h>

_Static_assert(sizeof(real) == sizeof(float), "the model file holds float weights");

enum { FORMAT_VERSION = 4, HEADER_SIZE = 24, CHECKSUM_SIZE = 4 };

#define LARGEST_COUNT ((uint64_t)1 << 53) /* of steps and epochs: nobody gets there, and counting on never overflows */

/* not text, and damaged by a transfer that takes it for text */
static const uint8_t magic[8] = {0x89, 'A', 'E', 'P', '\r', '\n', 0x1a, '\n'};

/* Sections in their order in the file; the tag is the four letters. */
#define TAG(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
enum {
    TAG_OPTIONS = TAG('O', 'P', 'T', 'S'),
    TAG_COLUMNS = TAG('C', 'O', 'L', 'S'),
    TAG_SCALER = TAG('S', 'C', 'A', 'L'),
    TAG_WEIGHTS = TAG('W', 'G', 'H', 'T'),
    TAG_MOMENTS = TAG('A', 'D', 'A', 'M'),
    TAG_FIGURES = TAG('F', 'I', 'G', 'S'),
    TAG_HISTORY = TAG('H', 'I', 'S', 'T'),
    TAG_CALIBRATION = TAG('C', 'A', 'L', 'B'),
    TAG_JOINT = TAG('J', 'O', 'I', 'N'),
    TAG_PROFILE = TAG('P', 'R', 'O', 'F'),
    TAG_RUN = TAG('R', 'U', 'N', ' ')
};

/* ---------------------------------------------------------------------------------------------------- writing */

static void write_options(const aep_model *m, aep__writer *w) { aep__settings_write(&m->settings, w); }
static void write_columns(const aep_model *m, aep__writer *w) { aep__schema_write(&m->schema, w); }
static void write_scaler(const aep_model *m, aep__writer *w) { aep__scaler_write(&m->scaler, w); }
static void write_calibration(const aep_model *m, aep__writer *w) { aep__calibration_write(&m->calibration, w); }
static void write_joint(const aep_model *m, aep__writer *w) { aep__joint_write(&m->joint, w); }
static void write_profile(const aep_model *m, aep__writer *w) { aep__profile_write(&m->profile, w); }

static void write_weights(const aep_model *m, aep__writer *w)
{
    aep__put_u64(w, m->net.tape.n_params);
    aep__put_f32s(w, m->weights.params, m->net.tape.n_params);
}

static void write_moment_blocks(const aep__weights *weights, size_t n_params, aep__writer *w)
{
    aep__put_u64(w, weights->age);
    aep__put_f32s(w, weights->m, n_params);
    aep__put_f32s(w, weights->v, n_params);
}

static void write_moments(const aep_model *m, aep__writer *w)
{
    const bool kept = aep__option(m, AEP_OPT_SAVE_TRAINING) != 0;
    aep__put_u8(w, kept);
    if (!kept)
        return;
    write_moment_blocks(&m->weights, m->net.tape.n_params, w);
}

static void write_figures(const aep_model *m, aep__writer *w)
{
    aep__put_u64(w, m->steps);
    aep__put_u64(w, m->epochs);
    aep__put_u64(w, m->best_epoch);
    aep__put_f64s(w, m->last, AEP__FIGURE_COUNT);
    aep__put_f64(w, m->gradient_norm);
    aep__put_u64(w, m->n_gated);
}

static void write_history(const aep_model *m, aep__writer *w)
{
    aep__put_u64(w, m->history.n);
    for (size_t i = 0; i < m->history.n; i++)
        aep__put_f64s(w, m->history.epochs[i], AEP__FIGURE_COUNT);
}

static void write_run(const aep_model *m, aep__writer *w)
{
    const aep__run *run = &m->run;
    const bool kept = run->active && aep__option(m, AEP_OPT_SAVE_TRAINING) != 0;
    aep__put_u8(w, kept);
    if (!kept)
        return;
    aep__put_u64(w, run->n_rows);
    aep__put_u64(w, run->n_validation);
    aep__put_u64(w, run->epochs);
    aep__put_u64(w, run->batch_size);
    aep__put_u64(w, run->first_epoch);
    aep__put_u64(w, run->epoch);
    aep__put_u64(w, run->batch);
    aep__put_f64s(w, run->sums, AEP__FIGURE_COUNT);
    aep__put_f64(w, run->best_loss);
    aep__put_u64(w, run->best_epoch);
    aep__put_u64(w, run->waited);
    aep__put_u8(w, run->best.params != NULL);
    if (!run->best.params)
        return;
    aep__put_f32s(w, run->best.params, m->net.tape.n_params);
    write_moment_blocks(&run->best, m->net.tape.n_params, w);
}

static const struct {
    uint32_t tag;
    void (*write)(const aep_model *m, aep__writer *w);
} sections[] = {
    {TAG_OPTIONS, write_options}, {TAG_COLUMNS, write_columns},
    {TAG_SCALER, write_scaler},   {TAG_WEIGHTS, write_weights},
    {TAG_MOMENTS, write_moments}, {TAG_FIGURES, write_figures},
    {TAG_HISTORY, write_history}, {TAG_CALIBRATION, write_calibration},
    {TAG_JOINT, write_joint},     {TAG_PROFILE, write_profile},
    {TAG_RUN, write_run},
};

/* Write with a value known only afterwards: `at` is where the eight bytes were left. */
static void patch_u64(const aep__writer *w, size_t at, uint64_t value)
{
    aep__writer patch = {w->data, at};
    if (w->data)
        aep__put_u64(&patch, value);
}

static void write_model(const aep_model *model, aep__writer *w)
{
    for (size_t i = 0; i < sizeof magic; i++)
        aep__put_u8(w, magic[i]);
    aep__put_u32(w, FORMAT_VERSION);
    aep__put_u32(w, 0);
    const size_t size_at = w->pos;
    aep__put_u64(w, 0);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        aep__put_u32(w, sections[i].tag);
        const size_t length_at = w->pos;
        aep__put_u64(w, 0);
        sections[i].write(model, w);
        patch_u64(w, length_at, w->pos - length_at - 8);
    }
    patch_u64(w, size_at, w->pos + CHECKSUM_SIZE);
    aep__put_u32(w, w->data ? aep__crc32(w->data, w->pos) : 0);
}

int aep_model_save_size(size_t *size, const aep_model *model)
{
    aep__writer w = {0};
    if (!size || !model)
        return AEP_E_ARGUMENT;
    write_model(model, &w);
    *size = w.pos;
    return AEP_OK;
}

int aep_model_save(void *buffer, size_t size, const aep_model *model)
{
    size_t needed;
    if (!buffer || !model)
        return AEP_E_ARGUMENT;
    int status = aep_model_save_size(&needed, model);
    if (status)
        return status;
    if (size < needed)
        return aep__fail(&model->log, AEP_E_BUFFER, "a buffer of %zu bytes for a model of %zu", size, needed);
    aep__writer w = {buffer, 0};
    write_model(model, &w);
    return AEP_OK;
}

/* ---------------------------------------------------------------------------------------------------- reading */

/* The next section as a reader of its own; bad if it is not the expected one. */
static aep__reader open_section(aep__reader *r, uint32_t tag)
{
    if (aep__get_u32(r) != tag)
        r->bad = true;
    const size_t length = aep__get_count(r, 1);
    aep__reader section = {.data = r->data + r->pos, .size = r->bad ? 0 : length, .bad = r->bad};
    r->pos += section.size;
    return section;
}

static bool used_up(const aep__reader *r) { return !r->bad && r->pos == r->size; }

/* Finite numbers (and no negative ones, if asked) of a block of n. */
static bool read_block(aep__reader *r, real *values, size_t n, bool positive)
{
    if (r->bad || n > (r->size - r->pos) / sizeof(float)) {
        r->bad = true;
        return false;
    }
    aep__get_f32s(r, values, n);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]) || (positive && values[i] < 0))
            r->bad = true;
    return !r->bad;
}

static bool read_moment_blocks(aep__reader *r, aep__weights *weights, size_t n_params)
{
    weights->age = aep__get_u64(r);
    if (weights->age > LARGEST_COUNT)
        r->bad = true;
    return read_block(r, weights->m, n_params, false) && read_block(r, weights->v, n_params, true);
}

static int read_weights(aep_model *m, aep__reader *file)
{
    const size_t n_params = m->net.tape.n_params;
    aep__reader r = open_section(file, TAG_WEIGHTS);
    aep__get_u64(&r); /* compared before the model was made */
    if (!read_block(&r, m->weights.params, n_params, false) || !used_up(&r))
        return AEP_E_FORMAT;
    r = open_section(file, TAG_MOMENTS);
    if (aep__get_u8(&r) && !read_moment_blocks(&r, &m->weights, n_params))
        return AEP_E_FORMAT;
    return used_up(&r) ? AEP_OK : AEP_E_FORMAT;
}

static int read_figures(aep_model *m, aep__reader *file, uint32_t version)
{
    aep__reader r = open_section(file, TAG_FIGURES);
    m->steps = aep__get_u64(&r);
    m->epochs = aep__get_u64(&r);
    m->best_epoch = aep__get_u64(&r);
    aep__get_f64s(&r, m->last, AEP__FIGURE_COUNT);
    m->gradient_norm = aep__get_f64(&r);
    m->n_gated = version >= 4 ? aep__get_u64(&r) : 0;
    if (!used_up(&r) || m->steps > LARGEST_COUNT || m->epochs > LARGEST_COUNT || m->best_epoch > LARGEST_COUNT ||
        m->n_gated > LARGEST_COUNT)
        return AEP_E_FORMAT;
    r = open_section(file, TAG_HISTORY);
    const size_t n = aep__get_count(&r, sizeof *m->history.epochs);
    if (r.bad || n > AEP__MAX_HISTORY)
        return AEP_E_FORMAT;
    if (!aep__history_reserve(&m->history, &m->mem, n))
        return AEP_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        double figures[AEP__FIGURE_COUNT];
        aep__get_f64s(&r, figures, AEP__FIGURE_COUNT);
        aep__history_add(&m->history, figures);
    }
    return used_up(&r) ? AEP_OK : AEP_E_FORMAT;
}

static bool plausible(const aep__run *run)
{
    return run->n_rows >= 2 && run->n_rows <= UINT32_MAX && run->n_validation <= run->n_rows - 2 && run->epochs &&
           run->epochs <= 1000000 && run->batch_size >= 2 && run->batch_size <= 1000000 &&
           run->first_epoch <= LARGEST_COUNT && run->epoch <= run->epochs && run->batch <= run->n_rows &&
           run->best_epoch <= run->epochs && !isnan(run->best_loss);
}

static int read_run(aep_model *m, aep__reader *file)
{
    const size_t n_params = m->net.tape.n_params;
    aep__reader r = open_section(file, TAG_RUN);
    aep__run *run = &m->run;
    if (!aep__get_u8(&r))
        return used_up(&r) ? AEP_OK : AEP_E_FORMAT;
    run->active = true;
    run->n_rows = aep__get_u64(&r);
    run->n_validation = aep__get_u64(&r);
    run->epochs = aep__get_u64(&r);
    run->batch_size = aep__get_u64(&r);
    run->first_epoch = aep__get_u64(&r);
    run->epoch = aep__get_u64(&r);
    run->batch = aep__get_u64(&r);
    aep__get_f64s(&r, run->sums, AEP__FIGURE_COUNT);
    run->best_loss = aep__get_f64(&r);
    run->best_epoch = aep__get_u64(&r);
    run->waited = aep__get_u64(&r);
    const bool has_best = aep__get_u8(&r);
    if (r.bad || !plausible(run) || (run->best_epoch && !has_best) || has_best != (run->n_validation > 0))
        return AEP_E_FORMAT;
    if (has_best) {
        if (n_params > (r.size - r.pos) / (3 * sizeof(float)))
            return AEP_E_FORMAT;
        if (!aep__weights_init(&run->best, &m->mem, n_params))
            return AEP_E_MEMORY;
        if (!read_block(&r, run->best.params, n_params, false) || !read_moment_blocks(&r, &run->best, n_params))
            return AEP_E_FORMAT;
    }
    return used_up(&r) ? AEP_OK : AEP_E_FORMAT;
}

static int read_joint(aep_model *m, aep__reader *file)
{
    aep__reader r = open_section(file, TAG_JOINT);
    int status = aep__joint_read(&m->joint, &m->mem, m->net.code_size, &r);
    const bool counts = m->joint.n_rows <= LARGEST_COUNT && m->joint.step <= m->steps;
    return status ? status : used_up(&r) && counts ? AEP_OK : AEP_E_FORMAT;
}

static int read_profile(aep_model *m, aep__reader *file)
{
    aep__reader r = open_section(file, TAG_PROFILE);
    const bool image = m->settings.image.shape.channels != 0;
    const int status = aep__profile_read(&m->profile, &m->mem, &m->schema, m->net.code_size, image, &r);
    return status ? status : used_up(&r) ? AEP_OK : AEP_E_FORMAT;
}

/* The sections from the scaler on, into a model made from those before. */
static int read_sections(aep_model *m, aep__reader *file, uint32_t version)
{
    const aep__scaling_config config = m->scaler.config;
    aep__scaler scaler;
    aep__reader r = open_section(file, TAG_SCALER);
    int status = aep__scaler_read(&scaler, &m->mem, &m->schema, &config, &r);
    if (status)
        return status;
    aep__scaler_free(&m->scaler, &m->mem);
    m->scaler = scaler;
    if (!used_up(&r))
        return AEP_E_FORMAT;
    if ((status = read_weights(m, file)) || (status = read_figures(m, file, version)))
        return status;
    r = open_section(file, TAG_CALIBRATION);
    status = aep__calibration_read(&m->calibration, &m->mem, &r);
    if (status)
        return status;
    if (!used_up(&r))
        return AEP_E_FORMAT;
    if (version >= 3 && (status = read_joint(m, file)))
        return status;
    if (version >= 4 && (status = read_profile(m, file)))
        return status;
    status = read_run(m, file);
    return status ? status : used_up(file) ? AEP_OK : AEP_E_FORMAT;
}

/* Whether the weights that follow are as many as the options and columns ask for: nothing that grows with them is
   allocated before this. */
static int check_count(const aep__reader *file, const aep_allocator *mem, const aep__settings *settings,
                       const aep__schema *schema)
{
    aep__reader ahead = *file;
    size_t n_params;
    open_section(&ahead, TAG_SCALER);
    aep__reader weights = open_section(&ahead, TAG_WEIGHTS);
    const size_t n = aep__get_count(&weights, sizeof(float));
    int status = aep__model_count(&n_params, mem, settings, schema);
    if (status)
        return status == AEP_E_MEMORY ? status : AEP_E_FORMAT;
    return !weights.bad && n == n_params ? AEP_OK : AEP_E_FORMAT;
}

static int read_model(aep_model **model, const aep_allocator *mem, aep__reader *file, uint32_t version)
{
    const aep__log silent = {0};
    aep__settings settings;
    aep__schema schema = {0};
    aep__settings_init(&settings);
    aep__reader r = open_section(file, TAG_OPTIONS);
    int status = aep__settings_read(&settings, &r, version);
    if (status || !used_up(&r))
        return status ? status : AEP_E_FORMAT;
    r = open_section(file, TAG_COLUMNS);
    status = aep__schema_read(&schema, mem, &r);
    if (!status)
        status = used_up(&r) && schema.n_columns ? check_count(file, mem, &settings, &schema) : AEP_E_FORMAT;
    if (!status)
        status = aep__model_make(model, mem, &silent, &settings, &schema);
    aep__schema_free(&schema, mem);
    return status == AEP_E_RANGE || status == AEP_E_COLUMNS ? AEP_E_FORMAT : status;
}

/* Magic, version, size and checksum. */
static int check_envelope(uint32_t *version, const uint8_t *data, size_t size)
{
    aep__reader r = {.data = data, .size = size, .pos = sizeof magic};
    if (size < sizeof magic || memcmp(data, magic, sizeof magic))
        return AEP_E_FORMAT;
    if (size < HEADER_SIZE + CHECKSUM_SIZE)
        return AEP_E_CHECKSUM;
    *version = aep__get_u32(&r);
    const uint32_t flags = aep__get_u32(&r);
    const uint64_t total = aep__get_u64(&r);
    if (*version > FORMAT_VERSION)
        return AEP_E_VERSION;
    if (total > size)
        return AEP_E_CHECKSUM;
    aep__reader end = {.data = data, .size = size, .pos = size - CHECKSUM_SIZE};
    if (total < size || !*version || flags)
        return AEP_E_FORMAT;
    return aep__get_u32(&end) == aep__crc32(data, size - CHECKSUM_SIZE) ? AEP_OK : AEP_E_CHECKSUM;
}

int aep_model_load(aep_model **model, const void *data, size_t size, const aep_allocator *allocator)
{
    aep_allocator mem;
    if (!model)
        return AEP_E_ARGUMENT;
    *model = NULL;
    if (!data || aep__mem_init(&mem, allocator))
        return AEP_E_ARGUMENT;
    uint32_t version;
    int status = check_envelope(&version, data, size);
    if (status)
        return status;
    aep__reader file = {.data = data, .size = size - CHECKSUM_SIZE, .pos = HEADER_SIZE};
    aep_model *m = NULL;
    status = read_model(&m, &mem, &file, version);
    if (!status)
        status = read_sections(m, &file, version);
    if (status) {
        aep_model_free(m);
        return status;
    }
    *model = m;
    return AEP_OK;
}
