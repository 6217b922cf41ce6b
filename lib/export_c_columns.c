/* SPDX-License-Identifier: BSD-2-Clause */
#include "export_c_columns.h"

/* -------------------------------------------------------------------------------------------------------- the comment */

/* Of all levels, or none. */
static void put_levels(aep__writer *w, const aep__column *column)
{
    size_t line = w->pos;
    for (size_t i = 0; column->levels && i < column->n_levels; i++) {
        aep__text_put(w, i ? "," : ":");
        if (w->pos - line > AEP__TEXT_LINE - 50) {
            line = w->pos;
            aep__text_put(w, "\n *      ");
        }
        aep__text(w, " %zu ", i);
        aep__text_comment(w, column->levels[i] ? column->levels[i] : "(no name)");
    }
}

/* Columns first to last, of which there are several only if they are plain. */
static void put_column(aep__writer *w, const aep__schema *schema, size_t first, size_t last)
{
    const aep__column *column = &schema->columns[first];
    aep__text(w, first == last ? " *   row[%zu]" : " *   row[%zu] to row[%zu]", first, last);
    aep__text_put(w, "  ");
    if (column->name) {
        aep__text_comment(w, column->name);
        aep__text_put(w, ", ");
    }
    if (column->kind == AEP_COLUMN_CATEGORICAL) {
        aep__text(w, "one of %zu levels", column->n_levels);
        put_levels(w, column);
    } else {
        aep__text_put(w, first == last ? "a number" : "numbers");
    }
    aep__text_put(w, "\n");
}

static bool is_plain(const aep__column *column) { return !column->name && column->kind == AEP_COLUMN_NUMERIC; }

static void put_refusals(const aep__export *e)
{
    const aep__scaler *scaler = &e->model->scaler;
    const bool imputed = scaler->config.missing == AEP_MISSING_IMPUTE;
    aep__text_put(e->w, imputed
                            ? " * NaN is a missing value. The score is NaN for a row that libaepred would refuse: one "
                              "with infinity"
                            : " * The score is NaN for a row that libaepred would refuse: one with NaN or infinity");
    if (!scaler->only_numbers)
        aep__text_put(e->w,
                      scaler->config.unseen == AEP_UNSEEN_ERROR
                          ? ",\n * or what is no level where one is expected (from 0 to one less than their number)"
                          : ",\n * or a number that is not whole where a level is expected");
    aep__text_put(e->w, ".\n");
}

static void put_columns(const aep__export *e)
{
    const aep__schema *schema = &e->model->schema;
    const aep__shape *image = &e->model->settings.image.shape;
    aep__text_put(e->w, " *\n * The columns of a row:\n");
    if (image->channels) {
        aep__text(e->w,
                  " *   the values of an image of %zu x %zu x %zu (channels, height, width), channel by channel\n",
                  image->channels, image->height, image->width);
        return;
    }
    for (size_t c = 0, last; c < schema->n_columns; c = last + 1) {
        last = c;
        while (is_plain(&schema->columns[c]) && last + 1 < schema->n_columns && is_plain(&schema->columns[last + 1]))
            last++;
        put_column(e->w, schema, c, last);
    }
}

void aep__export_c_describe(const aep__export *e)
{
    put_columns(e);
    put_refusals(e);
}

/* ------------------------------------------------------------------------------------------------- what rows become */

/* By feature, or of the numeric columns: of each, or the first of those that are scaled alike. */
static void put_scales(aep__writer *w, const char *name, const double *values, const aep__scaler *s,
                       const aep__export_columns *c)
{
    char text[AEP__TEXT_NUMBER];
    aep__text_array a =
        aep__text_array_begin(w, "double", name, "", c->by_feature ? s->n_features : c->n_numbers / c->shared);
    for (size_t i = 0; i < (c->by_feature ? s->n_features : s->n_columns); i += c->shared) {
        if (!c->by_feature && s->categorical[i])
            continue;
        aep__text_double(text, values[c->by_feature ? i : s->first[i]]);
        aep__text_array_put(&a, text);
    }
    aep__text_array_end(&a);
}

static void put_fill(aep__writer *w, const aep__scaler *s, const aep__export_columns *c)
{
    char text[AEP__TEXT_NUMBER];
    aep__text_array a = aep__text_array_begin(w, "float", "fill", "", c->n_numbers / c->shared);
    for (size_t i = 0; i < s->n_columns; i += c->shared) {
        if (s->categorical[i])
            continue;
        aep__text_float(text, s->fill[i]);
        aep__text_array_put(&a, text);
    }
    aep__text_array_end(&a);
}

static void put_knots(aep__writer *w, const aep__scaler *s, const aep__export_columns *c)
{
    char text[AEP__TEXT_NUMBER];
    aep__text_array a = aep__text_array_begin(w, "float", "quantiles", "", c->n_numbers / c->shared * AEP__KNOTS);
    for (size_t i = 0; i < s->n_columns; i += c->shared)
        for (size_t k = 0; !s->categorical[i] && k < AEP__KNOTS; k++) {
            aep__text_float(text, s->knots[i * AEP__KNOTS + k]);
            aep__text_array_put(&a, text);
        }
    aep__text_array_end(&a);
}

static void put_level_counts(aep__writer *w, const aep__scaler *s)
{
    char text[AEP__TEXT_NUMBER];
    aep__text_array a = aep__text_array_begin(w, "size_t", "levels", "", s->n_columns);
    for (size_t i = 0; i < s->n_columns; i++) {
        aep__writer number = {(uint8_t *)text, 0};
        aep__text(&number, "%zu", s->categorical[i] ? s->first[i + 1] - s->first[i] : 0);
        text[number.pos] = 0;
        aep__text_array_put(&a, text);
    }
    aep__text_array_end(&a);
}

void aep__export_c_column_arrays(const aep__export *e)
{
    const aep__export_columns *c = &e->columns;
    const aep__scaler *scaler = &e->model->scaler;
    if (!scaler->only_numbers) {
        aep__text_put(e->w, "/* Levels of each column; 0: a number. */\n");
        put_level_counts(e->w, scaler);
    }
    if (c->located) {
        aep__text(e->w, "/* Of each %s. */\n",
                  c->by_feature   ? "feature: what columns become"
                  : c->shared > 1 ? "channel"
                  : c->mixed      ? "number"
                                  : "column");
        put_scales(e->w, "location", scaler->location, scaler, c);
        put_scales(e->w, "inverse_scale", scaler->inverse, scaler, c);
    }
    if (c->imputed && c->n_numbers) {
        aep__text_put(e->w, "/* In place of missing numbers. */\n");
        put_fill(e->w, scaler, c);
    }
    if (scaler->knots && c->n_numbers) {
        aep__text_put(e->w, "/* Quantiles of each number. */\n");
        put_knots(e->w, scaler, c);
    }
    aep__text_put(e->w, "\n");
}

/* With the number of quantiles. */
static const char ranked_part[] =
    "/* The place of x among quantiles, from -1 to 1; one that equals several of them stands in their middle. */\n"
    "static float ranked(float x, const float *knots)\n"
    "{\n"
    "    size_t begin = 0, end = %d; /* those that equal x */\n"
    "    while (begin < end) {\n"
    "        const size_t middle = (begin + end) / 2;\n"
    "        if (knots[middle] < x)\n"
    "            begin = middle + 1;\n"
    "        else\n"
    "            end = middle;\n"
    "    }\n"
    "    while (end < %d && knots[end] <= x)\n"
    "        end++;\n"
    "    double place = %d;\n"
    "    if (end == 0)\n"
    "        place = 0;\n"
    "    else if (begin < end)\n"
    "        place = (double)(begin + end - 1) / 2;\n"
    "    else if (end < %d)\n"
    "        place = (double)(end - 1) +\n"
    "                ((double)x - (double)knots[end - 1]) / ((double)knots[end] - (double)knots[end - 1]);\n"
    "    return (float)(2 * place / %d - 1);\n"
    "}\n\n";

static void put_scaled(const aep__export *e, const aep__export_columns *c)
{
    const aep__scaling_config *config = &e->model->scaler.config;
    char limit[AEP__TEXT_NUMBER], inverse[AEP__TEXT_NUMBER];
    aep__text_put(e->w, c->located ? "/* A number scaled, and held to a range. */\n"
                                     "static float scaled(float x, size_t i)\n{\n"
                                     "    const double z = ((double)x - location[i]) * inverse_scale[i];\n"
                                     "    const float y = (float)(z > 1e9 ? 1e9 : z < -1e9 ? -1e9 : z);\n"
                                   : "/* A number held to a range. */\n"
                                     "static float scaled(float x)\n{\n"
                                     "    const float y = x > 1e9f ? 1e9f : x < -1e9f ? -1e9f : x;\n");
    if (config->squash == AEP_SQUASH_TANH) {
        aep__text_float(limit, (float)config->squash_limit);
        aep__text_float(inverse, (float)(1 / config->squash_limit));
        aep__text(e->w, "    return %s * tanh_of(y * %s);\n", limit, inverse);
    } else if (config->squash == AEP_SQUASH_CLIP) {
        aep__text_double(limit, config->squash_limit);
        aep__text(e->w,
                  "    const double limit = %s, wide = (double)y;\n"
                  "    return (float)(wide > limit ? limit : wide < -limit ? -limit : wide);\n",
                  limit);
    } else {
        aep__text_put(e->w, "    return y;\n");
    }
    aep__text_put(e->w, "}\n\n");
}

/* Where in arrays by number a column is found; `number` counts the numeric columns. */
static void put_index(const aep__export *e, const char *number)
{
    if (e->columns.shared > 1)
        aep__text(e->w, "%s / %zu", number, e->columns.shared);
    else
        aep__text_put(e->w, number);
}

/* The feature `to` that the value of a numeric column becomes. */
static void put_number(const aep__export *e, const char *to, const char *number)
{
    const bool ranked = e->model->scaler.knots;
    aep__text(e->w, "        %s = %s(", to, ranked ? "ranked" : "scaled");
    if (e->columns.imputed) {
        aep__text_put(e->w, "isnan(row[c]) ? fill[");
        put_index(e, number);
        aep__text_put(e->w, "] : ");
    }
    aep__text_put(e->w, ranked ? "row[c], quantiles + " : e->columns.located ? "row[c], " : "row[c]");
    if (e->columns.by_feature)
        aep__text_put(e->w, "f");
    else if (ranked || e->columns.located)
        put_index(e, number);
    if (ranked)
        aep__text(e->w, " * %d", AEP__KNOTS);
    aep__text_put(e->w, ");\n");
}

static void put_level(const aep__export *e, const aep__export_columns *c)
{
    aep__text(e->w,
              "        if (levels[c]) {\n"
              "            const size_t n = levels[c];\n"
              "            if (%srow[c] != floorf(row[c]))\n"
              "                return 0;\n"
              "            const size_t level = row[c] >= 0 && row[c] < (float)n ? (size_t)row[c] : n;\n",
              c->imputed ? "!isnan(row[c]) && " : "");
    if (e->model->scaler.config.unseen == AEP_UNSEEN_ERROR)
        aep__text(e->w,
                  "            if (level == n%s)\n"
                  "                return 0;\n",
                  c->imputed ? " && !isnan(row[c])" : "");
    aep__text(e->w,
              "            for (size_t j = 0; j < n; j++, f++)\n"
              "                x[f] = %s;\n"
              "            continue;\n"
              "        }\n",
              c->by_feature ? "scaled(j == level ? 1.0f : 0.0f, f)" : "j == level ? 1.0f : 0.0f");
}

void aep__export_c_read_row(const aep__export *e)
{
    const aep__export_columns *c = &e->columns;
    const aep__scaler *scaler = &e->model->scaler;
    if (c->scaled)
        put_scaled(e, c);
    if (scaler->knots && c->n_numbers)
        aep__text(e->w, ranked_part, AEP__KNOTS, AEP__KNOTS, AEP__KNOTS - 1, AEP__KNOTS, AEP__KNOTS - 1);
    const bool counted = c->n_numbers && (c->imputed || scaler->knots || (c->located && !c->by_feature));
    aep__text(e->w, "/* The features x of a row. 0: the row is refused. */\n"
                    "static int read_row(float *x, const float *row)\n{\n");
    if (c->mixed)
        aep__text(e->w, "    size_t f = 0%s\n", counted ? ", i = 0; /* of the features, of the numbers */" : ";");
    aep__text(e->w,
              "    for (size_t c = 0; c < %zu; c++) {\n"
              "        if (%s)\n"
              "            return 0;\n",
              scaler->n_columns, c->imputed ? "isinf(row[c])" : "!isfinite(row[c])");
    if (!scaler->only_numbers)
        put_level(e, c);
    if (c->n_numbers)
        put_number(e, c->mixed ? "x[f]" : "x[c]", c->mixed ? "i" : "c");
    if (c->n_numbers && c->mixed)
        aep__text_put(e->w, counted ? "        f++, i++;\n" : "        f++;\n");
    if (c->n_numbers && scaler->config.indicator)
        aep__text(e->w,
                  "        x[f] = %s; /* missing */\n"
                  "        f++;\n",
                  c->by_feature ? "scaled(isnan(row[c]) ? 1.0f : 0.0f, f)" : "isnan(row[c]) ? 1.0f : 0.0f");
    aep__text_put(e->w, "    }\n    return 1;\n}\n\n");
}
