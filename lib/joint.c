/* SPDX-License-Identifier: BSD-2-Clause */
#include "joint.h"

#include <float.h>
#include <math.h>
#include <string.h>

static size_t triangle(size_t k) { return k * (k + 1) / 2; }

static bool all_finite(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* Where row i of a lower triangle begins. */
static size_t row_at(size_t i) { return i * (i + 1) / 2; }

/* ------------------------------------------------------------------------------------------------------ sums */

bool aep__code_sums_init(aep__code_sums *s, const aep_allocator *mem, size_t k)
{
    *s = (aep__code_sums){.k = k};
    s->origin = aep__alloc(mem, k, sizeof *s->origin);
    s->sum = aep__alloc(mem, k, sizeof *s->sum);
    s->products = aep__alloc(mem, triangle(k), sizeof *s->products);
    if (s->origin && s->sum && s->products)
        return true;
    aep__code_sums_free(s, mem);
    return false;
}

void aep__code_sums_free(aep__code_sums *s, const aep_allocator *mem)
{
    aep__free(mem, s->origin);
    aep__free(mem, s->sum);
    aep__free(mem, s->products);
    *s = (aep__code_sums){0};
}

void aep__code_sums_add(aep__code_sums *s, const real *codes, const aep__block *block)
{
    const size_t k = s->k;
    for (size_t i = 0; i < block->rows; i++, s->n++)
        for (size_t a = 0; a < k; a++) {
            if (!s->n) /* near all others: little is lost in the differences */
                s->origin[a] = (double)codes[aep__block_at(block, k, i, a)];
            const double da = (double)codes[aep__block_at(block, k, i, a)] - s->origin[a];
            s->sum[a] += da;
            for (size_t b = 0; b <= a; b++)
                s->products[row_at(a) + b] += da * ((double)codes[aep__block_at(block, k, i, b)] - s->origin[b]);
        }
}

/* ------------------------------------------------------------------------------------------------ life cycle */

bool aep__joint_init(aep__joint *j, const aep_allocator *mem, size_t k)
{
    *j = (aep__joint){.k = k};
    j->mean = aep__alloc(mem, k, sizeof *j->mean);
    j->factor = aep__alloc(mem, triangle(k), sizeof *j->factor);
    if (j->mean && j->factor)
        return true;
    aep__joint_free(j, mem);
    return false;
}

int aep__joint_copy(aep__joint *to, const aep_allocator *mem, const aep__joint *from)
{
    *to = (aep__joint){0};
    if (!from->n_rows)
        return AEP_OK;
    aep__joint copy;
    if (!aep__joint_init(&copy, mem, from->k))
        return AEP_E_MEMORY;
    *to = *from;
    to->mean = copy.mean;
    to->factor = copy.factor;
    memcpy(to->mean, from->mean, from->k * sizeof *to->mean);
    memcpy(to->factor, from->factor, triangle(from->k) * sizeof *to->factor);
    return AEP_OK;
}

void aep__joint_free(aep__joint *j, const aep_allocator *mem)
{
    aep__free(mem, j->mean);
    aep__free(mem, j->factor);
    *j = (aep__joint){0};
}

/* --------------------------------------------------------------------------------------------------- fitting */

/* Sums of products to the covariance. */
static void center(double *covariance, const aep__code_sums *s)
{
    const double n = (double)s->n;
    for (size_t a = 0; a < s->k; a++)
        for (size_t b = 0; b <= a; b++) {
            double *c = &covariance[row_at(a) + b];
            *c = *c / n - s->sum[a] / n * (s->sum[b] / n);
            if (a == b && !(*c > 0))
                *c = 0;
        }
}

/* Chen et al. 2010, equation 23: the share rho of the identity in (1 - rho) C + rho tr(C) / k I. */
static double shrinkage(const double *c, size_t k, double n)
{
    double trace = 0, squares = 0;
    for (size_t a = 0; a < k; a++) {
        trace += c[row_at(a) + a];
        for (size_t b = 0; b <= a; b++)
            squares += (b < a ? 2 : 1) * c[row_at(a) + b] * c[row_at(a) + b];
    }
    const double p = (double)k;
    const double above = (1 - 2 / p) * squares + trace * trace;
    const double below = (n + 1 - 2 / p) * (squares - trace * trace / p);
    return k > 1 && below > above ? above / below : k > 1;
}

static void shrink(double *c, size_t k, double n)
{
    const double rho = shrinkage(c, k, n);
    double trace = 0;
    for (size_t a = 0; a < k; a++)
        trace += c[row_at(a) + a];
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b <= a; b++) {
            double *value = &c[row_at(a) + b];
            *value = (1 - rho) * *value + (a == b ? rho * trace / (double)k : 0);
        }
}

/* C = L L' in place (Cholesky); directions without variance get none, and no distance. */
static void decompose(double *c, size_t k)
{
    for (size_t a = 0; a < k; a++) {
        double *row = c + row_at(a);
        const double variance = row[a];
        for (size_t b = 0; b <= a; b++) {
            const double *other = c + row_at(b);
            double sum = row[b];
            for (size_t i = 0; i < b; i++)
                sum -= row[i] * other[i];
            if (b < a)
                row[b] = other[b] > 0 ? sum / other[b] : 0;
            else
                row[a] = sum > DBL_EPSILON * variance ? sqrt(sum) : 0;
        }
    }
}

/* NaN stays NaN. */
static double within_float(double x) { return x > FLT_MAX ? FLT_MAX : x < -FLT_MAX ? -FLT_MAX : x; }

/* factor = L^-1, column by column. `column` is room for k numbers. */
static void invert(float *factor, const double *l, size_t k, double *column)
{
    for (size_t b = 0; b < k; b++)
        for (size_t a = b; a < k; a++) {
            const double *row = l + row_at(a);
            double sum = a == b;
            for (size_t i = b; i < a; i++)
                sum -= row[i] * column[i];
            column[a] = row[a] > 0 ? within_float(sum / row[a]) : 0;
            factor[row_at(a) + b] = (float)column[a];
        }
}

bool aep__joint_fit(aep__joint *j, aep__code_sums *s, uint64_t step)
{
    const double n = (double)s->n;
    for (size_t a = 0; a < s->k; a++)
        j->mean[a] = (float)(s->origin[a] + s->sum[a] / n);
    center(s->products, s);
    shrink(s->products, s->k, n);
    decompose(s->products, s->k);
    invert(j->factor, s->products, s->k, s->sum);
    j->n_rows = s->n;
    j->step = step;
    j->of_training = j->standardised = false;
    s->n = 0;
    return all_finite(j->mean, j->k) && all_finite(j->factor, triangle(j->k));
}

/* --------------------------------------------------------------------------------------------------- scoring */

double aep__joint_distance(const aep__joint *j, const real *codes, const aep__block *block, size_t i)
{
    double sum = 0;
    const float *factor = j->factor;
    for (size_t a = 0; a < j->k; a++) {
        double y = 0;
        for (size_t b = 0; b <= a; b++)
            y += (double)*factor++ * ((double)codes[aep__block_at(block, j->k, i, b)] - (double)j->mean[b]);
        sum += y * y;
    }
    return sqrt(sum);
}

void aep__joint_standardise(aep__joint *j, float *const parts[AEP__JOINT_PARTS], size_t n)
{
    for (size_t part = 0; part < AEP__JOINT_PARTS; part++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < n; i++)
            mean += (double)parts[part][i];
        mean /= (double)n;
        for (size_t i = 0; i < n; i++)
            squares += ((double)parts[part][i] - mean) * ((double)parts[part][i] - mean);
        const double scale = sqrt(squares / (double)n);
        j->location[part] = mean;
        j->inverse[part] = scale > FLT_EPSILON * fabs(mean) && scale > FLT_MIN ? 1 / scale : 0;
    }
    j->standardised = true;
}

double aep__joint_score(const aep__joint *j, const double parts[AEP__JOINT_PARTS])
{
    double sum = 0;
    for (size_t i = 0; i < AEP__JOINT_PARTS; i++)
        sum += (parts[i] - j->location[i]) * j->inverse[i];
    return sum;
}

/* ---------------------------------------------------------------------------------------------------- saving */

enum { STANDARDISED = 1, OF_CALIBRATION = 2 }; /* flags in a file */

/* u64 rows; 0: nothing follows. u64 step, f32s of mean and factor; u8 flags; where standardised, f64 locations and
   inverse scales. */
void aep__joint_write(const aep__joint *j, aep__writer *w)
{
    aep__put_u64(w, j->n_rows);
    if (!j->n_rows)
        return;
    aep__put_u64(w, j->step);
    aep__put_f32s(w, j->mean, j->k);
    aep__put_f32s(w, j->factor, triangle(j->k));
    aep__put_u8(w, (uint8_t)((j->standardised ? STANDARDISED : 0) | (j->of_training ? 0 : OF_CALIBRATION)));
    if (j->standardised) {
        aep__put_f64s(w, j->location, AEP__JOINT_PARTS);
        aep__put_f64s(w, j->inverse, AEP__JOINT_PARTS);
    }
}

static bool is_valid(const aep__joint *j)
{
    for (size_t i = 0; i < AEP__JOINT_PARTS; i++)
        if (!(fabs(j->location[i]) <= FLT_MAX) || !(j->inverse[i] >= 0 && j->inverse[i] <= 1 / (double)FLT_MIN))
            return false;
    return all_finite(j->mean, j->k) && all_finite(j->factor, triangle(j->k));
}

int aep__joint_read(aep__joint *j, const aep_allocator *mem, size_t k, aep__reader *r)
{
    *j = (aep__joint){0};
    const uint64_t n_rows = aep__get_u64(r);
    if (r->bad || !n_rows)
        return r->bad ? AEP_E_FORMAT : AEP_OK;
    if (k > AEP__JOINT_MOST_CODES || r->size - r->pos < (k + triangle(k)) * sizeof(float))
        return AEP_E_FORMAT;
    if (!aep__joint_init(j, mem, k))
        return AEP_E_MEMORY;
    j->n_rows = n_rows;
    j->step = aep__get_u64(r);
    aep__get_f32s(r, j->mean, k);
    aep__get_f32s(r, j->factor, triangle(k));
    const uint8_t flags = aep__get_u8(r);
    j->standardised = flags & STANDARDISED;
    j->of_training = !(flags & OF_CALIBRATION);
    if (j->standardised) {
        aep__get_f64s(r, j->location, AEP__JOINT_PARTS);
        aep__get_f64s(r, j->inverse, AEP__JOINT_PARTS);
    }
    if (!r->bad && flags <= (STANDARDISED | OF_CALIBRATION) && is_valid(j))
        return AEP_OK;
    aep__joint_free(j, mem);
    return AEP_E_FORMAT;
}
