/* SPDX-License-Identifier: BSD-2-Clause */
#include "profile.h"

#include "sort.h"

#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------------- counting */

size_t aep__variable_slots(const aep__variable *v) { return (v->n_levels ? v->n_levels + 1 : 2 * v->n_knots + 1) + 1; }

void aep__variable_room(size_t *n_knots, size_t *n_counts, size_t n_levels)
{
    const aep__variable v = {.n_levels = n_levels, .n_knots = n_levels ? 0 : AEP__PROFILE_KNOTS};
    *n_knots = v.n_knots;
    *n_counts = aep__variable_slots(&v);
}

int aep__profile_init(aep__profile *p, const aep_allocator *mem, size_t n_codes, size_t n_columns, size_t n_knots,
                      size_t n_counts)
{
    *p = (aep__profile){.n_codes = n_codes, .n_columns = n_columns};
    p->variables = aep__alloc(mem, 1 + n_codes + n_columns, sizeof *p->variables);
    p->knots = aep__alloc(mem, n_knots, sizeof *p->knots);
    p->counts = aep__alloc(mem, n_counts, sizeof *p->counts);
    if (p->variables && p->knots && p->counts)
        return AEP_OK;
    aep__profile_free(p, mem);
    return AEP_E_MEMORY;
}

/* The next variable, with memory behind that of the one before. */
static aep__variable *append(aep__profile *p, size_t n_levels, size_t n_knots)
{
    aep__variable *v = &p->variables[p->n_variables++];
    *v = (aep__variable){n_levels, n_knots, p->knots + p->n_knots, p->counts + p->n_counts};
    p->n_knots += n_knots;
    p->n_counts += aep__variable_slots(v);
    return v;
}

int aep__profile_copy(aep__profile *to, const aep_allocator *mem, const aep__profile *from)
{
    *to = (aep__profile){0};
    if (!from->n_rows)
        return AEP_OK;
    int status = aep__profile_init(to, mem, from->n_codes, from->n_columns, from->n_knots, from->n_counts);
    if (status)
        return status;
    for (size_t i = 0; i < from->n_variables; i++)
        append(to, from->variables[i].n_levels, from->variables[i].n_knots);
    memcpy(to->knots, from->knots, from->n_knots * sizeof *to->knots);
    memcpy(to->counts, from->counts, from->n_counts * sizeof *to->counts);
    to->n_rows = from->n_rows;
    return AEP_OK;
}

void aep__profile_free(aep__profile *p, const aep_allocator *mem)
{
    aep__free(mem, p->variables);
    aep__free(mem, p->knots);
    aep__free(mem, p->counts);
    *p = (aep__profile){0};
}

void aep__profile_clear(aep__profile *p)
{
    p->n_rows = 0;
    memset(p->counts, 0, p->n_counts * sizeof *p->counts);
}

static size_t level_slot(const aep__variable *v, float value)
{
    return value >= 0 && value < (float)v->n_levels && value == floorf(value) ? (size_t)value : v->n_levels;
}

static size_t knot_slot(const aep__variable *v, float value)
{
    size_t low = 0, high = v->n_knots; /* knots before low are below the value, those from high on are not */
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (v->knots[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return 2 * low + (low < v->n_knots && v->knots[low] == value);
}

void aep__variable_add(aep__variable *v, float value)
{
    const size_t missing = aep__variable_slots(v) - 1;
    v->counts[isnan(value) ? missing : v->n_levels ? level_slot(v, value) : knot_slot(v, value)]++;
}

/* The values that are none of NaN come first, in their order. */
static size_t without_missing(float *values, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            values[kept++] = values[i];
    return kept;
}

/* Different ones of the quantiles 0, 1/40, ... of n >= 1 ascending values. */
static size_t choose_knots(float *knots, const float *values, size_t n)
{
    size_t n_knots = 0;
    for (size_t i = 0; i < AEP__PROFILE_KNOTS; i++) {
        const float value = values[i * (n - 1) / (AEP__PROFILE_KNOTS - 1)];
        if (!n_knots || value > knots[n_knots - 1])
            knots[n_knots++] = value;
    }
    return n_knots;
}

void aep__profile_take(aep__profile *p, size_t n_levels, float *values, size_t n)
{
    size_t kept = n, n_knots = 0;
    if (!n_levels) {
        kept = without_missing(values, n);
        aep__sort(values, kept);
        n_knots = kept ? choose_knots(p->knots + p->n_knots, values, kept) : 0;
    }
    aep__variable *v = append(p, n_levels, n_knots);
    for (size_t i = 0; i < kept; i++)
        aep__variable_add(v, values[i]);
    v->counts[aep__variable_slots(v) - 1] += n - kept;
}

/* ------------------------------------------------------------------------------------------------------ saving */

/* u64 rows; 0: nothing follows. u64 number of knots, and of counts, of all variables; for each numeric variable u32 number
   of knots and the knots; u32 counts, in the order of the variables. */
void aep__profile_write(const aep__profile *p, aep__writer *w)
{
    aep__put_u64(w, p->n_rows);
    if (!p->n_rows)
        return;
    aep__put_u64(w, p->n_knots);
    aep__put_u64(w, p->n_counts);
    for (size_t i = 0; i < p->n_variables; i++) {
        const aep__variable *v = &p->variables[i];
        if (!v->n_levels) {
            aep__put_u32(w, (uint32_t)v->n_knots);
            aep__put_f32s(w, v->knots, v->n_knots);
        }
    }
    for (size_t i = 0; i < p->n_counts; i++)
        aep__put_u32(w, (uint32_t)p->counts[i]);
}

static bool ascending(const float *knots, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(knots[i]) || (i && knots[i] <= knots[i - 1]))
            return false;
    return true;
}

static bool read_variable(aep__profile *p, size_t n_levels, size_t all_knots, size_t all_counts, aep__reader *r)
{
    const size_t n_knots = n_levels ? 0 : aep__get_u32(r);
    if (r->bad || n_knots > AEP__PROFILE_KNOTS || n_knots > all_knots - p->n_knots)
        return false;
    aep__get_f32s(r, p->knots + p->n_knots, n_knots);
    const aep__variable v = {.n_levels = n_levels, .n_knots = n_knots};
    if (r->bad || !ascending(p->knots + p->n_knots, n_knots) || aep__variable_slots(&v) > all_counts - p->n_counts)
        return false;
    append(p, n_levels, n_knots);
    return true;
}

static bool read_counts(aep__profile *p, aep__reader *r)
{
    for (size_t i = 0; i < p->n_counts; i++)
        p->counts[i] = aep__get_u32(r);
    for (size_t i = 0; i < p->n_variables; i++) {
        uint64_t sum = 0;
        for (size_t j = 0; j < aep__variable_slots(&p->variables[i]); j++)
            sum += p->variables[i].counts[j];
        if (sum != p->n_rows)
            return false;
    }
    return !r->bad;
}

int aep__profile_read(aep__profile *p, const aep_allocator *mem, const aep__schema *schema, size_t n_codes, bool image,
                      aep__reader *r)
{
    *p = (aep__profile){0};
    const uint64_t n_rows = aep__get_u64(r);
    if (r->bad || !n_rows)
        return r->bad ? AEP_E_FORMAT : AEP_OK;
    const size_t n_knots = aep__get_count(r, sizeof(float)), n_counts = aep__get_count(r, sizeof(uint32_t));
    const size_t n_columns = image ? 0 : schema->n_columns;
    if (r->bad || n_rows > AEP__PROFILE_MOST_ROWS || 1 + n_codes + n_columns > n_counts)
        return AEP_E_FORMAT;
    int status = aep__profile_init(p, mem, n_codes, n_columns, n_knots, n_counts);
    if (status)
        return status;
    bool good = true;
    for (size_t i = 0; good && i < 1 + n_codes + n_columns; i++)
        good = read_variable(p, i <= n_codes ? 0 : schema->columns[i - 1 - n_codes].n_levels, n_knots, n_counts, r);
    p->n_rows = n_rows;
    if (good && p->n_knots == n_knots && p->n_counts == n_counts && read_counts(p, r))
        return AEP_OK;
    aep__profile_free(p, mem);
    return AEP_E_FORMAT;
}

/* -------------------------------------------------------------------------------------------------- comparing */

static const double log_gamma_3_2 = -0.12078223763524522; /* ln Gamma(3/2) */

/* P(X >= x) of the chi-squared distribution: the regularised upper incomplete gamma function Q(k / 2, x / 2), from
   Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1), Q(1/2, y) = erfc(sqrt(y)) and Q(1, y) = e^-y. */
static double chi_squared_tail(double x, size_t degrees)
{
    const double y = x / 2;
    if (!(y > 0) || !degrees)
        return 1;
    double a = degrees % 2 ? 0.5 : 1, q = degrees % 2 ? erfc(sqrt(y)) : exp(-y);
    double log_term = a * log(y) - y - (degrees % 2 ? log_gamma_3_2 : 0); /* of y^a e^-y / Gamma(a + 1) */
    for (size_t i = (degrees - 1) / 2; i > 0; i--) {
        q += exp(log_term);
        a += 1;
        log_term += log(y / a);
    }
    return q < 1 ? q : 1;
}

/* The x with that tail. */
static double chi_squared_quantile(double tail, size_t degrees)
{
    double low = 0, high = 1;
    while (chi_squared_tail(high, degrees) > tail)
        high *= 2;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (chi_squared_tail(middle, degrees) > tail)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* P(D >= d): Stephens 1970 for the effective sample size, and Kolmogorov's series. */
static double kolmogorov_tail(double d, double n)
{
    const double lambda = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) * d;
    double sum = 0, sign = 2;
    if (lambda < 0.2) /* where the series converges slowly, and the result is 1 to 12 digits */
        return 1;
    for (int k = 1; k <= 100; k++, sign = -sign) {
        const double term = exp(-2 * lambda * lambda * k * k);
        sum += sign * term;
        if (term < 1e-17)
            break;
    }
    return sum < 0 ? 0 : sum < 1 ? sum : 1;
}

typedef struct comparison {
    double n, m; /* rows of now and of the reference */
    double psi, chi_squared;
    double rare_now, rare_reference; /* rows of bins that are rare */
    double largest;                  /* rows of the largest bin */
    size_t n_bins;                   /* that are not rare */
    bool add;                        /* sums are added up; bins and rare ones are counted before */
    bool largest_done;               /* the rare ones are in the largest bin, which has come */
} comparison;

/* In as few as the smaller sample has rows, less than one row is expected in a rare bin: no test holds for it. */
static bool rare(const comparison *c, double now, double reference)
{
    return (now + reference) / (c->n + c->m) * (c->n < c->m ? c->n : c->m) < 1;
}

/* Rare bins are one, or belong to the largest where they are rare together, too. */
static bool rare_ones_are_a_bin(const comparison *c)
{
    return c->rare_now + c->rare_reference > 0 && (!c->n_bins || !rare(c, c->rare_now, c->rare_reference));
}

static size_t count_bins(const comparison *c) { return c->n_bins + rare_ones_are_a_bin(c); }

static void add_terms(comparison *c, double now, double reference)
{
    const double half = (double)count_bins(c) / 2;
    const double a = (now + 0.5) / (c->n + half), b = (reference + 0.5) / (c->m + half);
    c->psi += (a - b) * log(a / b);
    const double pooled = (now + reference) / (c->n + c->m);
    const double gap = now / c->n - reference / c->m;
    c->chi_squared += gap * gap / (pooled * (1 / c->n + 1 / c->m));
}

static void add_bin(comparison *c, uint64_t n_now, uint64_t n_reference)
{
    double now = (double)n_now, reference = (double)n_reference;
    if (now + reference == 0)
        return;
    const bool is_rare = rare(c, now, reference);
    if (!c->add && is_rare) {
        c->rare_now += now;
        c->rare_reference += reference;
    } else if (!c->add) {
        c->n_bins++;
        c->largest = now + reference > c->largest ? now + reference : c->largest;
    } else if (!is_rare) {
        if (now + reference == c->largest && !c->largest_done && !rare_ones_are_a_bin(c)) {
            c->largest_done = true;
            now += c->rare_now;
            reference += c->rare_reference;
        }
        add_terms(c, now, reference);
    }
}

/* A bin ends where it holds a tenth of the reference, if as much as a hundredth is left. A value that a tenth of the
   reference has is a bin of its own, and parts those beside it, however few they are. */
static void add_numeric_bins(comparison *c, const aep__variable *now, const aep__variable *reference)
{
    const size_t n_slots = aep__variable_slots(now) - 1;
    uint64_t a = 0, b = 0, b_left = 0;
    for (size_t i = 0; i < n_slots; i++)
        b_left += reference->counts[i];
    const uint64_t tenth = b_left / 10 + !!(b_left % 10), least = b_left / 100 + 1;
    for (size_t i = 0; i < n_slots; i++) {
        const bool alone = i % 2 && reference->counts[i] >= tenth;
        if (alone) {
            add_bin(c, a, b);
            a = b = 0;
        }
        a += now->counts[i];
        b += reference->counts[i];
        b_left -= reference->counts[i];
        if (alone || (b >= tenth && b_left >= least) || i == n_slots - 1) {
            add_bin(c, a, b);
            a = b = 0;
        }
    }
}

static void add_bins(comparison *c, const aep__variable *now, const aep__variable *reference)
{
    const size_t missing = aep__variable_slots(now) - 1;
    if (!now->n_levels)
        add_numeric_bins(c, now, reference);
    for (size_t i = now->n_levels ? 0 : missing; i <= missing; i++)
        add_bin(c, now->counts[i], reference->counts[i]);
}

static double count_values(const aep__variable *v)
{
    double sum = 0;
    for (size_t i = 0; i < aep__variable_slots(v) - 1; i++)
        sum += (double)v->counts[i];
    return sum;
}

static void compare_distributions(aep__shift *shift, const aep__variable *now, const aep__variable *reference)
{
    const double n = count_values(now), m = count_values(reference);
    double below_now = 0, below_reference = 0, largest = 0;
    if (now->n_levels || n == 0 || m == 0)
        return;
    for (size_t i = 0; i < aep__variable_slots(now) - 1; i++) {
        below_now += (double)now->counts[i];
        below_reference += (double)reference->counts[i];
        const double gap = fabs(below_now / n - below_reference / m);
        largest = gap > largest ? gap : largest;
    }
    shift->ks = largest;
    shift->ks_p = kolmogorov_tail(largest, n * m / (n + m));
}

aep__shift aep__variable_shift(const aep__variable *now, const aep__variable *reference)
{
    const size_t missing = aep__variable_slots(now) - 1;
    comparison c = {.n = count_values(now) + (double)now->counts[missing],
                    .m = count_values(reference) + (double)reference->counts[missing]};
    add_bins(&c, now, reference);
    c.add = true;
    aep__shift shift = {.n = c.n, .m = c.m, .bins = count_bins(&c), .psi_p = 1, .ks = NAN, .ks_p = NAN};
    if (shift.bins > 1) {
        add_bins(&c, now, reference);
        if (rare_ones_are_a_bin(&c))
            add_terms(&c, c.rare_now, c.rare_reference);
        shift.psi = c.psi;
        shift.psi_p = chi_squared_tail(c.chi_squared, shift.bins - 1);
    }
    compare_distributions(&shift, now, reference);
    return shift;
}

double aep__shift_noise(const aep__shift *s)
{
    return s->bins > 1 ? chi_squared_quantile(0.01, s->bins - 1) * (1 / s->n + 1 / s->m) : 0;
}

double aep__shift_rows_needed(const aep__shift *s, double psi)
{
    if (s->bins < 2)
        return 1;
    const double share = psi / chi_squared_quantile(0.01, s->bins - 1) - 1 / s->m;
    return share > 0 ? ceil(1 / share) : INFINITY;
}
