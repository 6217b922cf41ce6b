/* SPDX-License-Identifier: BSD-2-Clause */
#include "scaler.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

bool aep__scales_levels(const aep__scaling_config *c)
{
    return c->scale_levels && (c->scaling == AEP_SCALING_ZSCORE || c->scaling == AEP_SCALING_ROBUST);
}

static size_t width(const aep__scaler *s, size_t c) { return s->first[c + 1] - s->first[c]; }

/* ------------------------------------------------------------------------------------------------ scaling */

static double clamp(double value, double limit) { return value > limit ? limit : value < -limit ? -limit : value; }

static void squash_clip(const aep__scaler *s, real *x, size_t f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s->squashed[f + i] > 0)
            x[i] = (real)clamp((double)x[i], s->config.squash_limit);
}

/* Scale and squash n features from f on, of each of some rows; places among quantiles are used as they are. One thing
   after the other for all rows: what is just written is slow to read back in other pieces. */
static void transform(const aep__scaler *s, real *x, size_t f, size_t n, size_t rows)
{
    const aep__kernels *k = s->kernels;
    const size_t next = s->n_features;
    const double bound = s->config.squash_limit;
    if (s->knots)
        return;
    for (size_t i = 0; i < rows; i++)
        if (s->config.scaling == AEP_SCALING_NONE)
            k->hold(x + i * next, (real)AEP__FEATURE_LIMIT, n);
        else
            k->scale(x + i * next, s->location + f, s->inverse + f, AEP__FEATURE_LIMIT, n);
    for (size_t i = 0; i < rows; i++)
        if (s->config.squash == AEP_SQUASH_TANH)
            k->squash(x + i * next, s->squashed + f, (real)bound, (real)(1 / bound), n);
        else if (s->config.squash == AEP_SQUASH_CLIP)
            squash_clip(s, x + i * next, f, n);
}

/* What follows from the scales: their inverses, finite even for a scale from a file whose inverse no double holds, and
   what levels become, an absent one and the present one. Levels that are not scaled stay as they are, whatever the file
   says. */
static void settle(aep__scaler *s)
{
    for (size_t f = 0; f < s->n_features; f++) {
        s->inverse[f] = fmin(1 / s->scale[f], DBL_MAX);
        s->absent[f] = 0;
        s->present[f] = 1;
    }
    for (size_t c = 0; c < s->n_columns && !aep__scales_levels(&s->config); c++)
        for (size_t f = s->first[c] + !s->categorical[c]; f < s->first[c + 1]; f++) {
            s->location[f] = 0;
            s->inverse[f] = 1;
        }
    transform(s, s->absent, 0, s->n_features, 1);
    transform(s, s->present, 0, s->n_features, 1);
}

/* ------------------------------------------------------------------------------------------------ life cycle */

static void lay_out(aep__scaler *s, const aep__schema *schema)
{
    for (size_t c = 0; c < s->n_columns; c++) {
        const aep__column *column = &schema->columns[c];
        s->categorical[c] = column->kind == AEP_COLUMN_CATEGORICAL;
        s->first[c + 1] = s->first[c] + (s->categorical[c] ? column->n_levels : s->config.indicator ? 2 : 1);
    }
    for (size_t f = 0; f < s->n_features; f++) {
        s->scale[f] = s->inverse[f] = 1;
        s->squashed[f] = aep__scales_levels(&s->config);
    }
    s->only_numbers = true;
    for (size_t c = s->n_columns; c-- > 0;) {
        s->run[c] = s->categorical[c] ? 0 : 1 + (c + 1 < s->n_columns ? s->run[c + 1] : 0);
        s->only_numbers = s->only_numbers && !s->categorical[c];
        if (!s->categorical[c])
            s->squashed[s->first[c]] = s->config.scaling != AEP_SCALING_RANK;
    }
}

/* What outlives the fitting. */
static int init_frozen(aep__scaler *s, const aep_allocator *mem, const aep__schema *schema,
                       const aep__scaling_config *config)
{
    memset(s, 0, sizeof *s);
    size_t n_features, n = schema->n_columns;
    if (aep__schema_features(&n_features, schema, config->indicator))
        return AEP_E_LIMIT;
    bool ranked = config->scaling == AEP_SCALING_RANK;
    s->kernels = aep__kernels_best();
    s->config = *config;
    s->config.group = config->group ? config->group : 1;
    s->n_columns = n;
    s->n_features = n_features;
    s->first = aep__alloc(mem, n + 1, sizeof *s->first);
    s->categorical = aep__alloc(mem, n, sizeof *s->categorical);
    s->location = aep__alloc(mem, n_features, sizeof *s->location);
    s->scale = aep__alloc(mem, n_features, sizeof *s->scale);
    s->inverse = aep__alloc(mem, n_features, sizeof *s->inverse);
    s->run = aep__alloc(mem, n, sizeof *s->run);
    s->squashed = aep__alloc(mem, n_features, sizeof *s->squashed);
    s->absent = aep__alloc(mem, n_features, sizeof *s->absent);
    s->present = aep__alloc(mem, n_features, sizeof *s->present);
    s->fill = aep__alloc(mem, n, sizeof *s->fill);
    s->knots = ranked ? aep__alloc(mem, n, AEP__KNOTS * sizeof *s->knots) : NULL;
    if (!s->first || !s->categorical || !s->location || !s->scale || !s->inverse || !s->run || !s->squashed ||
        !s->absent || !s->present || !s->fill || (ranked && !s->knots)) {
        aep__scaler_free(s, mem);
        return AEP_E_MEMORY;
    }
    lay_out(s, schema);
    settle(s);
    return AEP_OK;
}

/* What fitting needs. Frees the scaler on MEMORY. */
static int begin_fitting(aep__scaler *s, const aep_allocator *mem)
{
    bool sketched = s->config.scaling == AEP_SCALING_ROBUST || s->config.scaling == AEP_SCALING_RANK;
    s->moments = aep__alloc(mem, s->n_features, sizeof *s->moments);
    s->sketches = sketched ? aep__alloc(mem, s->n_columns, sizeof *s->sketches) : NULL;
    if (s->moments && (s->sketches || !sketched))
        return AEP_OK;
    aep__scaler_free(s, mem);
    return AEP_E_MEMORY;
}

int aep__scaler_init(aep__scaler *s, const aep_allocator *mem, const aep__schema *schema,
                     const aep__scaling_config *config)
{
    int status = init_frozen(s, mem, schema, config);
    return status ? status : begin_fitting(s, mem);
}

/* *to = n elements, or NULL where there were none. */
static bool copy_array(void *to, const aep_allocator *mem, const void *from, size_t n, size_t size)
{
    void *copy = from ? aep__alloc_copy(mem, from, n, size) : NULL;
    memcpy(to, &copy, sizeof copy);
    return copy || !from;
}

static int copy_sketches(aep__scaler *to, const aep_allocator *mem, const aep__scaler *from)
{
    int status = AEP_OK;
    if (!from->sketches)
        return status;
    to->sketches = aep__alloc(mem, to->n_columns, sizeof *to->sketches);
    if (!to->sketches)
        return AEP_E_MEMORY;
    for (size_t c = 0; c < to->n_columns && !status; c++)
        status = aep__sketch_copy(&to->sketches[c], mem, &from->sketches[c]);
    return status;
}

int aep__scaler_copy(aep__scaler *to, const aep_allocator *mem, const aep__scaler *from)
{
    size_t n = from->n_columns, m = from->n_features;
    memset(to, 0, sizeof *to);
    to->kernels = from->kernels;
    to->config = from->config;
    to->n_columns = n;
    to->n_features = m;
    to->n_rows = from->n_rows;
    to->n_constant = from->n_constant;
    to->only_numbers = from->only_numbers;
    if (copy_array(&to->first, mem, from->first, n + 1, sizeof *to->first) &&
        copy_array(&to->categorical, mem, from->categorical, n, sizeof *to->categorical) &&
        copy_array(&to->location, mem, from->location, m, sizeof *to->location) &&
        copy_array(&to->scale, mem, from->scale, m, sizeof *to->scale) &&
        copy_array(&to->inverse, mem, from->inverse, m, sizeof *to->inverse) &&
        copy_array(&to->run, mem, from->run, n, sizeof *to->run) &&
        copy_array(&to->squashed, mem, from->squashed, m, sizeof *to->squashed) &&
        copy_array(&to->absent, mem, from->absent, m, sizeof *to->absent) &&
        copy_array(&to->present, mem, from->present, m, sizeof *to->present) &&
        copy_array(&to->fill, mem, from->fill, n, sizeof *to->fill) &&
        copy_array(&to->knots, mem, from->knots, n, AEP__KNOTS * sizeof *to->knots) &&
        copy_array(&to->moments, mem, from->moments, m, sizeof *to->moments) && !copy_sketches(to, mem, from))
        return AEP_OK;
    aep__scaler_free(to, mem);
    return AEP_E_MEMORY;
}

void aep__scaler_freeze(aep__scaler *s, const aep_allocator *mem)
{
    for (size_t c = 0; s->sketches && c < s->n_columns; c++)
        aep__sketch_free(&s->sketches[c], mem);
    aep__free(mem, s->sketches);
    aep__free(mem, s->moments);
    s->sketches = NULL;
    s->moments = NULL;
}

void aep__scaler_free(aep__scaler *s, const aep_allocator *mem)
{
    aep__scaler_freeze(s, mem);
    aep__free(mem, s->first);
    aep__free(mem, s->categorical);
    aep__free(mem, s->location);
    aep__free(mem, s->scale);
    aep__free(mem, s->inverse);
    aep__free(mem, s->run);
    aep__free(mem, s->squashed);
    aep__free(mem, s->absent);
    aep__free(mem, s->present);
    aep__free(mem, s->fill);
    aep__free(mem, s->knots);
    memset(s, 0, sizeof *s);
}

bool aep__scaler_ready(const aep__scaler *s) { return s->n_rows > 0 || s->config.scaling == AEP_SCALING_NONE; }

/* -------------------------------------------------------------------------------------------------- checking */

/* n_levels for no level: NaN, and codes not declared. */
static size_t level_of(float value, size_t n_levels)
{
    return value >= 0 && value < (float)n_levels ? (size_t)value : n_levels;
}

static int check_value(const aep__scaler *s, size_t c, float value, bool training)
{
    if (isnan(value))
        return s->config.missing == AEP_MISSING_IMPUTE ? AEP_OK : AEP_E_NOT_FINITE;
    if (isinf(value))
        return AEP_E_NOT_FINITE;
    if (!s->categorical[c])
        return AEP_OK;
    if (value != floorf(value))
        return AEP_E_LEVEL;
    bool refuse_unseen = training || s->config.unseen == AEP_UNSEEN_ERROR;
    return refuse_unseen && level_of(value, width(s, c)) == width(s, c) ? AEP_E_LEVEL : AEP_OK;
}

int aep__scaler_check(size_t *row, size_t *col, const aep__scaler *s, const float *rows, size_t n_rows, bool training)
{
    for (size_t i = 0; i < n_rows; i++, rows += s->n_columns) {
        const bool finite = s->kernels->all_finite(rows, s->n_columns);
        for (size_t c = 0; !(finite && s->only_numbers) && c < s->n_columns; c++) {
            int status = finite && !s->categorical[c] ? AEP_OK : check_value(s, c, rows[c], training);
            if (status) {
                *row = i;
                *col = c;
                return status;
            }
        }
    }
    return AEP_OK;
}

/* --------------------------------------------------------------------------------------------------- fitting */

/* 1 / n, which hardly ever changes from one column to the next: there a division would take most of the time. */
typedef struct reciprocal {
    uint64_t n;
    double value;
} reciprocal;

static void add_moment(aep__moments *m, double x, reciprocal *r)
{
    double delta = x - m->mean;
    m->min = m->n && m->min < x ? m->min : x;
    m->max = m->n && m->max > x ? m->max : x;
    m->n++;
    if (r->n != m->n)
        *r = (reciprocal){.n = m->n, .value = 1 / (double)m->n};
    m->mean += delta * r->value;
    m->m2 += delta * (x - m->mean);
}

/* The column that keeps the statistics of column c: the first of its group. */
static size_t kept_by(const aep__scaler *s, size_t c) { return s->config.group == 1 ? c : c - c % s->config.group; }

static void add_number(aep__scaler *s, size_t c, float value, reciprocal *r)
{
    const size_t keeper = kept_by(s, c);
    aep__moments *m = &s->moments[s->first[keeper]];
    if (!isnan(value)) {
        add_moment(m, (double)value, r);
        if (s->sketches)
            aep__sketch_add(&s->sketches[keeper], value);
    } else if (width(s, c) > 1) {
        m[1].n++;
    }
}

static void add_row(aep__scaler *s, const float *row, reciprocal *r)
{
    const bool simple = !s->sketches && s->config.group == 1 && s->kernels->all_finite(row, s->n_columns);
    const size_t *first = s->first;
    for (size_t c = 0; c < s->n_columns; c++) {
        if (!s->categorical[c]) {
            if (simple)
                add_moment(&s->moments[first[c]], (double)row[c], r);
            else
                add_number(s, c, row[c], r);
            continue;
        }
        const size_t n = first[c + 1] - first[c], level = level_of(row[c], n);
        if (level < n)
            s->moments[first[c] + level].n++;
    }
}

static void fit_binary(aep__scaler *s, size_t f)
{
    if (!aep__scales_levels(&s->config))
        return;
    double p = (double)s->moments[f].n / (double)s->n_rows;
    s->location[f] = p;
    s->scale[f] = p > 0 && p < 1 ? sqrt(p * (1 - p)) : 1;
}

/* Location, scale (0 if there is none) and fill from quantiles. */
static void fit_quantiles(aep__scaler *s, size_t c, double *location, double *scale, double *fill)
{
    double q[AEP__KNOTS];
    size_t last = AEP__KNOTS - 1;
    aep__sketch_quantiles(q, AEP__KNOTS, &s->sketches[c]);
    *fill = q[last / 2];
    if (s->config.scaling == AEP_SCALING_ROBUST) {
        *location = q[last / 2];
        *scale = (q[3 * last / 4] - q[last / 4]) / 1.349; /* of a normal distribution: the standard deviation */
        return;
    }
    for (size_t k = 0; k <= last; k++)
        s->knots[c * AEP__KNOTS + k] = (float)q[k];
}

/* Columns of a group share what its first was given. */
static void copy_fit(aep__scaler *s, size_t to, size_t from)
{
    s->location[s->first[to]] = s->location[s->first[from]];
    s->scale[s->first[to]] = s->scale[s->first[from]];
    s->fill[to] = s->fill[from];
    if (s->knots)
        memcpy(s->knots + to * AEP__KNOTS, s->knots + from * AEP__KNOTS, AEP__KNOTS * sizeof *s->knots);
}

static void fit_number(aep__scaler *s, size_t c)
{
    const aep__moments *m = &s->moments[s->first[c]];
    double location = 0, scale = 1, fill = m->mean;
    double sd = m->n ? sqrt(m->m2 / (double)m->n) : 0;
    if (s->config.scaling == AEP_SCALING_ZSCORE) {
        location = m->mean;
        scale = sd;
    } else if (s->config.scaling == AEP_SCALING_MINMAX) {
        location = m->min;
        scale = m->max - m->min;
    } else if (s->sketches) {
        fit_quantiles(s, c, &location, &scale, &fill);
        scale = scale > 0 ? scale : sd;
    }
    s->location[s->first[c]] = location;
    s->scale[s->first[c]] = scale > 0 ? scale : 1;
    s->fill[c] = (float)fill;
    s->n_constant += m->min == m->max ? s->config.group : 0;
}

static void fit(aep__scaler *s)
{
    s->n_constant = 0;
    for (size_t c = 0; c < s->n_columns; c++) {
        if (!s->categorical[c] && kept_by(s, c) == c)
            fit_number(s, c);
        else if (!s->categorical[c])
            copy_fit(s, c, kept_by(s, c));
        for (size_t f = s->first[c] + !s->categorical[c]; f < s->first[c + 1]; f++)
            fit_binary(s, f);
    }
}

int aep__scaler_update(aep__scaler *s, const aep_allocator *mem, const float *rows, size_t n_rows)
{
    assert(s->moments);
    for (size_t c = 0; s->sketches && c < s->n_columns; c++)
        if (!s->categorical[c] && kept_by(s, c) == c &&
            aep__sketch_reserve(&s->sketches[c], mem, n_rows * s->config.group))
            return AEP_E_MEMORY;
    reciprocal r = {0};
    for (size_t i = 0; i < n_rows; i++)
        add_row(s, rows + i * s->n_columns, &r);
    s->n_rows += n_rows;
    if (n_rows)
        fit(s);
    settle(s);
    return AEP_OK;
}

/* -------------------------------------------------------------------------------------------------- applying */

/* Squashed values have no inverse at the limit: there a millionth below it is taken. */
static double unscaled(const aep__scaler *s, size_t f, double z)
{
    double limit = s->config.squash_limit;
    if (s->config.squash == AEP_SQUASH_TANH)
        z = limit * atanh(clamp(z / limit, 1 - 1e-6));
    else if (s->config.squash == AEP_SQUASH_CLIP)
        z = clamp(z, limit);
    return z * s->scale[f] + s->location[f];
}

/* First knot >= x (or > x if beyond), AEP__KNOTS if there is none. */
static size_t find_knot(const float *knots, double x, bool beyond)
{
    size_t low = 0, high = AEP__KNOTS;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (knots[mid] < x || (beyond && knots[mid] <= x))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* x's place among the knots in [-1, 1] */
static double ranked(const float *knots, double x)
{
    size_t begin = find_knot(knots, x, false), end = find_knot(knots, x, true); /* [begin, end) equal x */
    double place;
    if (end == 0)
        place = 0;
    else if (begin == AEP__KNOTS)
        place = AEP__KNOTS - 1;
    else if (begin < end)
        place = (double)(begin + end - 1) / 2;
    else
        place = (double)(end - 1) + (x - knots[end - 1]) / ((double)knots[end] - knots[end - 1]);
    return 2 * place / (AEP__KNOTS - 1) - 1;
}

static double unranked(const float *knots, double u)
{
    double place = (u + 1) / 2 * (AEP__KNOTS - 1);
    if (!(place > 0))
        return knots[0];
    if (place >= AEP__KNOTS - 1)
        return knots[AEP__KNOTS - 1];
    size_t k = (size_t)place;
    return knots[k] + ((double)knots[k + 1] - knots[k]) * (place - (double)k);
}

static void apply_level(const aep__scaler *s, float code, real *x, size_t f, size_t n)
{
    const size_t level = level_of(code, n);
    memcpy(x, s->absent + f, n * sizeof *x);
    if (level < n)
        x[level] = s->present[f + level];
}

/* The values of n numeric columns from c on, with or without an indicator each; not yet scaled. */
static void apply_numbers(const aep__scaler *s, const float *row, real *x, size_t c, size_t n)
{
    const size_t each = s->config.indicator ? 2 : 1;
    if (each == 1)
        s->kernels->fill(x, row, s->fill + c, n);
    for (size_t i = 0; each == 2 && i < n; i++) {
        x[2 * i] = (real)(isnan(row[i]) ? s->fill[c + i] : row[i]);
        x[2 * i + 1] = isnan(row[i]) ? 1 : 0;
    }
    for (size_t i = 0; s->knots && i < n; i++)
        x[each * i] = (real)ranked(s->knots + (c + i) * AEP__KNOTS, (double)x[each * i]);
}

static void apply_row(const aep__scaler *s, const float *row, real *features)
{
    for (size_t c = 0, n; c < s->n_columns; c += n) {
        const size_t f = s->first[c];
        n = s->categorical[c] ? 1 : s->run[c];
        if (s->categorical[c])
            apply_level(s, row[c], features + f, f, width(s, c));
        else
            apply_numbers(s, row + c, features + f, c, n);
    }
}

void aep__scaler_apply_rows(const aep__scaler *s, const float *rows, const uint32_t *index, size_t n, real *features)
{
    for (size_t i = 0; i < n; i++)
        apply_row(s, rows + (index ? index[i] : i) * s->n_columns, features + i * s->n_features);
    for (size_t c = 0; c < s->n_columns; c += s->categorical[c] ? 1 : s->run[c])
        if (!s->categorical[c])
            transform(s, features + s->first[c], s->first[c], s->first[c + s->run[c]] - s->first[c], n);
}

void aep__scaler_apply(const aep__scaler *s, const float *row, real *features)
{
    aep__scaler_apply_rows(s, row, NULL, 1, features);
}

static size_t likeliest(const aep__scaler *s, size_t c, const real *features)
{
    size_t best = 0;
    double highest = -INFINITY;
    for (size_t f = s->first[c]; f < s->first[c + 1]; f++) {
        double value = aep__scales_levels(&s->config) ? unscaled(s, f, features[f]) : features[f];
        if (value > highest) {
            highest = value;
            best = f - s->first[c];
        }
    }
    return best;
}

void aep__scaler_invert(const aep__scaler *s, const real *features, float *row)
{
    for (size_t c = 0; c < s->n_columns; c++) {
        size_t f = s->first[c];
        if (s->categorical[c])
            row[c] = (float)likeliest(s, c, features);
        else if (s->knots)
            row[c] = (float)unranked(s->knots + c * AEP__KNOTS, features[f]);
        else
            row[c] = (float)clamp(unscaled(s, f, features[f]), FLT_MAX);
    }
}

/* ---------------------------------------------------------------------------------------------------- saving */

/* u64 rows, constant columns, features, columns; f64 location and scale by feature; f32 fill and, under rank, knots. */
void aep__scaler_write(const aep__scaler *s, aep__writer *w)
{
    aep__put_u64(w, s->n_rows);
    aep__put_u64(w, s->n_constant);
    aep__put_u64(w, s->n_features);
    aep__put_u64(w, s->n_columns);
    aep__put_f64s(w, s->location, s->n_features);
    aep__put_f64s(w, s->scale, s->n_features);
    aep__put_f32s(w, s->fill, s->n_columns);
    if (s->knots)
        aep__put_f32s(w, s->knots, s->n_columns * AEP__KNOTS);
}

static bool is_consistent(const aep__scaler *s)
{
    for (size_t f = 0; f < s->n_features; f++)
        if (!isfinite(s->location[f]) || !isfinite(s->scale[f]) || s->scale[f] <= 0)
            return false;
    for (size_t c = 0; c < s->n_columns; c++)
        if (!isfinite(s->fill[c]))
            return false;
    for (size_t k = 0; s->knots && k < s->n_columns * AEP__KNOTS; k++)
        if (!isfinite(s->knots[k]) || (k % AEP__KNOTS && s->knots[k] < s->knots[k - 1]))
            return false;
    return true;
}

int aep__scaler_read(aep__scaler *s, const aep_allocator *mem, const aep__schema *schema,
                     const aep__scaling_config *config, aep__reader *r)
{
    memset(s, 0, sizeof *s);
    uint64_t n_rows = aep__get_u64(r), n_constant = aep__get_u64(r);
    size_t expected, n_features = aep__get_count(r, 2 * sizeof(double));
    size_t n_columns = aep__get_count(r, (config->scaling == AEP_SCALING_RANK ? 1 + AEP__KNOTS : 1) * sizeof(float));
    if (r->bad || aep__schema_features(&expected, schema, config->indicator) || n_features != expected ||
        n_columns != schema->n_columns || n_constant > n_columns)
        return AEP_E_FORMAT;
    int status = init_frozen(s, mem, schema, config);
    if (status)
        return status;
    s->n_rows = n_rows;
    s->n_constant = (size_t)n_constant;
    aep__get_f64s(r, s->location, n_features);
    aep__get_f64s(r, s->scale, n_features);
    aep__get_f32s(r, s->fill, n_columns);
    if (s->knots)
        aep__get_f32s(r, s->knots, n_columns * AEP__KNOTS);
    if (r->bad || !is_consistent(s)) {
        aep__scaler_free(s, mem);
        return AEP_E_FORMAT;
    }
    settle(s);
    return s->n_rows ? AEP_OK : begin_fitting(s, mem);
}
