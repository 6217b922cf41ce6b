/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model as one file of C99. What the network computes is read off its tape, node by node; the functions that the nodes
 * need are taken from export_c_parts.h, the numbers from the model.
 *
 * Nothing is allocated: the text is made twice, once to count it, as a model file is.
 */
#include "export_c_parts.h"
#include "score.h"
#include "text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    LINE = 118,                                                                 /* widest line of an array */
    MOST_PREFIX = 31,                                                           /* what every compiler tells apart */
    MOST_NODES = 2 * (3 * AEP__MAX_LAYERS + 2 * AEP__MAX_IMAGE_LAYERS + 2) + 12 /* of a tape: net.c */
};

/* ------------------------------------------------------------------------------------------------ scratch memory */

/* Which nodes a score needs, and where in the scratch memory the values of each lie. */
typedef struct plan {
    bool needed[MOST_NODES];
    size_t last[MOST_NODES]; /* the last node that reads it */
    size_t at[MOST_NODES];   /* floats from the beginning */
    size_t floats;           /* in all */
} plan;

/* The node whose memory a node uses. An activation overwrites what it is applied to, as do the errors of the vector form
   the reconstruction, which nothing reads after them; noise and gradient stops do nothing here. */
static size_t home(const aep__tape *tape, size_t node)
{
    for (;;)
        switch (tape->nodes[node].op) {
        case AEP__OP_NOISE:
        case AEP__OP_STOP:
        case AEP__OP_ACTIVATION:
            node = tape->nodes[node].input[0];
            break;
        case AEP__OP_ABS_DIFF:
            node = tape->nodes[node].input[1];
            break;
        default:
            return node;
        }
}

/* A norm of a row is a variable. */
static bool has_memory(const aep__tape *tape, const plan *p, size_t node)
{
    return p->needed[node] && home(tape, node) == node && tape->nodes[node].op != AEP__OP_ROW_NORM;
}

/* The lowest place where no node lies that is still to be read. */
static size_t find_place(const aep__tape *tape, const plan *p, size_t node)
{
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < node; i++) {
            const size_t end = p->at[i] + tape->nodes[i].width;
            if (has_memory(tape, p, i) && p->last[i] >= node && at < end && at + tape->nodes[node].width > p->at[i]) {
                at = end;
                moved = true;
            }
        }
    }
    return at;
}

static void need(plan *p, const aep__tape *tape, size_t node)
{
    p->needed[node] = true;
    p->last[home(tape, node)] = tape->n_nodes;
}

static bool kind_is(const aep_model *model, int kind) { return aep__choice(model, AEP_OPT_SCORE, kind); }

static void make_plan(plan *p, const aep_model *model)
{
    const aep__net *net = &model->net;
    const aep__tape *tape = &net->tape;
    assert(tape->n_nodes <= MOST_NODES);
    *p = (plan){.floats = 0};
    if (kind_is(model, AEP_SCORE_RECONSTRUCTION) || kind_is(model, AEP_SCORE_JOINT))
        need(p, tape, net->row_error);
    if (!kind_is(model, AEP_SCORE_RECONSTRUCTION)) {
        need(p, tape, net->error);
        need(p, tape, net->predicted);
    }
    if (kind_is(model, AEP_SCORE_JOINT))
        need(p, tape, net->z);
    for (size_t i = tape->n_nodes; i-- > 0;)
        for (size_t j = 0; p->needed[i] && j < tape->nodes[i].n_inputs; j++) {
            const size_t input = tape->nodes[i].input[j], lies_in = home(tape, input);
            p->needed[input] = true;
            p->last[lies_in] = p->last[lies_in] > i ? p->last[lies_in] : i;
        }
    for (size_t i = 0; i < tape->n_nodes; i++)
        if (has_memory(tape, p, i)) {
            p->at[i] = find_place(tape, p, i);
            const size_t end = p->at[i] + tape->nodes[i].width;
            p->floats = p->floats > end ? p->floats : end;
        }
}

/* ------------------------------------------------------------------------------------------------------- what it is */

/* An export under way. */
typedef struct source {
    const aep_model *model;
    const aep__tape *tape;
    const char *prefix;
    aep__writer *w;
    plan plan;
} source;

enum { MOST_NAME = 32 };

/* What a node's values are called: x, encoder_1, encoder_2, ..., code, decoder_1, ..., rebuilt, head_1, ..., predicted. */
static void name_of(char name[MOST_NAME], const source *s, size_t node)
{
    static const char digits[] = "0123456789";
    const aep__net *net = &s->model->net;
    const char *part = node <= net->z ? "encoder_" : node <= net->reconstruction ? "decoder_" : "head_";
    const size_t lies_in = home(s->tape, node);
    const char *own = lies_in == net->x                               ? "x"
                      : lies_in == home(s->tape, net->z)              ? "code"
                      : lies_in == home(s->tape, net->reconstruction) ? "rebuilt"
                      : lies_in == net->predicted                     ? "predicted"
                                                                      : NULL;
    const size_t before = node <= net->z ? net->x : node <= net->reconstruction ? net->z : net->reconstruction;
    size_t n = 0;
    for (size_t i = before + 1; i <= lies_in; i++)
        n += has_memory(s->tape, &s->plan, i);
    strcpy(name, own ? own : part);
    if (own)
        return;
    for (size_t scale = 100; scale; scale /= 10)
        if (n >= scale)
            strncat(name, &digits[n / scale % 10], 1);
}

static bool uses_op(const source *s, int op)
{
    for (size_t i = 0; i < s->tape->n_nodes; i++)
        if (s->plan.needed[i] && s->tape->nodes[i].op == op)
            return true;
    return false;
}

static bool uses_activation(const source *s, int kind)
{
    for (size_t i = 0; i < s->tape->n_nodes; i++)
        if (s->plan.needed[i] && s->tape->nodes[i].op == AEP__OP_ACTIVATION && s->tape->nodes[i].attr == kind)
            return true;
    return false;
}

/* How columns become features. */
typedef struct columns {
    size_t n_numbers; /* numeric columns */
    size_t shared;    /* so many of these, one behind the other, are scaled alike */
    bool mixed;       /* features are not just the numbers */
    bool by_feature;  /* location and scale are kept by feature, not by number */
    bool scaled;      /* anything is scaled or held */
    bool located;     /* and has a location and a scale */
    bool imputed;     /* missing values are allowed */
} columns;

static bool alike(const aep__scaler *s, size_t c, size_t d)
{
    const size_t f = s->first[c], g = s->first[d];
    return s->location[f] == s->location[g] && s->inverse[f] == s->inverse[g] && s->fill[c] == s->fill[d] &&
           (!s->knots || !memcmp(s->knots + c * AEP__KNOTS, s->knots + d * AEP__KNOTS, AEP__KNOTS * sizeof *s->knots));
}

static size_t shared_by(const aep__scaler *s)
{
    for (size_t c = 0; s->config.group > 1 && c < s->n_columns; c++)
        if (!alike(s, c, c - c % s->config.group))
            return 1;
    return s->config.group;
}

static columns columns_of(const aep_model *model)
{
    const aep__scaler *s = &model->scaler;
    columns c = {.shared = shared_by(s),
                 .mixed = !s->only_numbers || s->config.indicator,
                 .by_feature = aep__scales_levels(&s->config),
                 .located = s->config.scaling != AEP_SCALING_NONE && !s->knots,
                 .imputed = s->config.missing == AEP_MISSING_IMPUTE};
    for (size_t i = 0; i < s->n_columns; i++)
        c.n_numbers += !s->categorical[i];
    c.by_feature = c.by_feature && c.mixed;
    c.scaled = !s->knots && (c.n_numbers || c.by_feature);
    c.located = c.located && c.scaled;
    return c;
}

/* -------------------------------------------------------------------------------------------------------- the comment */

/* Of all levels, or none. */
static void put_levels(aep__writer *w, const aep__column *column)
{
    size_t line = w->pos;
    for (size_t i = 0; column->levels && i < column->n_levels; i++) {
        aep__text_put(w, i ? "," : ":");
        if (w->pos - line > LINE - 50) {
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

static void put_columns(const source *s)
{
    const aep__schema *schema = &s->model->schema;
    const aep__shape *image = &s->model->settings.image.shape;
    aep__text_put(s->w, " *\n * The columns of a row:\n");
    if (image->channels) {
        aep__text(s->w,
                  " *   the values of an image of %zu x %zu x %zu (channels, height, width), channel by channel\n",
                  image->channels, image->height, image->width);
        return;
    }
    for (size_t c = 0, last; c < schema->n_columns; c = last + 1) {
        last = c;
        while (is_plain(&schema->columns[c]) && last + 1 < schema->n_columns && is_plain(&schema->columns[last + 1]))
            last++;
        put_column(s->w, schema, c, last);
    }
}

static void put_refusals(const source *s)
{
    const aep__scaler *scaler = &s->model->scaler;
    const bool imputed = scaler->config.missing == AEP_MISSING_IMPUTE;
    aep__text_put(s->w, imputed
                            ? " * NaN is a missing value. The score is NaN for a row that libaepred would refuse: one "
                              "with infinity"
                            : " * The score is NaN for a row that libaepred would refuse: one with NaN or infinity");
    if (!scaler->only_numbers)
        aep__text_put(s->w,
                      scaler->config.unseen == AEP_UNSEEN_ERROR
                          ? ",\n * or what is no level where one is expected (from 0 to one less than their number)"
                          : ",\n * or a number that is not whole where a level is expected");
    aep__text_put(s->w, ".\n");
}

static void put_comment(const source *s)
{
    static const char *const kinds[] = {
        [AEP_SCORE_PREDICTION] = "how far its reconstruction error is from the predicted one",
        [AEP_SCORE_RECONSTRUCTION] = "its reconstruction error",
        [AEP_SCORE_SIGNED] = "by how much its reconstruction error exceeds the predicted one",
        [AEP_SCORE_JOINT] = "its prediction error, reconstruction error and the distance of its code, together",
    };
    const aep__calibration *c = &s->model->calibration;
    char about[AEP__TEXT_NUMBER];
    aep__text(s->w,
              "/*\n * Anomaly scores of rows of %zu columns: a model of libaepred %s as C99, made by aep_export_c.\n",
              s->model->schema.n_columns, aep_version());
    aep__text(s->w, " * A row's score is %s.\n * The higher, the more anomalous.\n *\n",
              kinds[(int)aep__option(s->model, AEP_OPT_SCORE)]);
    aep__text(s->w, " *   float %s_score(const float row[%zu]);\n", s->prefix, s->model->schema.n_columns);
    if (c->n_scores)
        aep__text(s->w, " *   float %s_pvalue(float score);     small values are anomalous\n", s->prefix);
    if (c->has_threshold) {
        aep__text_about(about, c->threshold);
        aep__text(s->w, " *   int %s_is_anomaly(float score);   1: score >= %s, or NaN; else 0\n", s->prefix, about);
    }
    aep__text(
        s->w,
        " *\n * %s_score takes %zu bytes of stack for values in between; %s_score_in does the same in memory that it "
        "is given.\n",
        s->prefix, s->plan.floats * sizeof(float), s->prefix);
    if (!c->n_scores)
        aep__text_put(s->w, " * The model is not calibrated: there are no p-values.\n");
    if (!c->has_threshold)
        aep__text_put(s->w, " * The model has no threshold: nothing tells anomalies.\n");
    put_columns(s);
    put_refusals(s);
    aep__text_put(
        s->w, " *\n * Nothing is allocated or kept, and nothing is called but functions of <math.h>. Compile without "
              "contraction of\n * floating-point expressions (-std=c99 or -ffp-contract=off) for results that do not "
              "depend on the compiler.\n */\n");
}

static void put_macro(const source *s, const char *name, size_t value, const char *comment)
{
    aep__text_put(s->w, "#define ");
    aep__text_put_upper(s->w, s->prefix);
    aep__text(s->w, "_%s %zu%s\n", name, value, comment);
}

/* In capital letters, then as it is: the two macros in prototypes. */
static void put_score_in(const source *s)
{
    aep__text(s->w, "float %s_score_in(const float row[", s->prefix);
    aep__text_put_upper(s->w, s->prefix);
    aep__text_put(s->w, "_COLUMNS], float scratch[");
    aep__text_put_upper(s->w, s->prefix);
    aep__text_put(s->w, "_SCRATCH])");
}

static void put_score(const source *s)
{
    aep__text(s->w, "float %s_score(const float row[", s->prefix);
    aep__text_put_upper(s->w, s->prefix);
    aep__text_put(s->w, "_COLUMNS])");
}

static void put_declarations(const source *s)
{
    const aep__calibration *c = &s->model->calibration;
    aep__text_put(s->w, "#include <math.h>\n#include <stddef.h>\n\n");
    put_macro(s, "COLUMNS", s->model->schema.n_columns, "");
    put_macro(s, "SCRATCH", s->plan.floats, " /* floats */");
    aep__text_put(s->w, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    put_score(s);
    aep__text_put(s->w, ";\n");
    put_score_in(s);
    aep__text_put(s->w, ";\n");
    if (c->n_scores)
        aep__text(s->w, "float %s_pvalue(float score);\n", s->prefix);
    if (c->has_threshold)
        aep__text(s->w, "int %s_is_anomaly(float score);\n", s->prefix);
    aep__text_put(s->w, "#ifdef __cplusplus\n}\n#endif\n\n");
}

/* ---------------------------------------------------------------------------------------------------------- arrays */

/* An array under way: NAME[SIZE] = {...}, lines filled. */
typedef struct array {
    aep__writer *w;
    size_t line; /* bytes of the line so far */
    bool begun;
} array;

static array begin_array(aep__writer *w, const char *type, const char *name, const char *suffix, size_t size)
{
    const size_t start = w->pos;
    aep__text(w, "static const %s %s%s[%zu] = {", type, name, suffix, size);
    return (array){.w = w, .line = w->pos - start};
}

static void put_value(array *a, const char *value)
{
    const size_t n = strlen(value) + 2; /* and a comma and a space */
    if (a->begun)
        aep__text_put(a->w, ",");
    const bool full = a->line + n > LINE;
    if (full)
        aep__text_put(a->w, "\n    ");
    else if (a->begun)
        aep__text_put(a->w, " ");
    aep__text_put(a->w, value);
    a->line = (full ? 4 : a->line) + n;
    a->begun = true;
}

static void end_array(array *a) { aep__text_put(a->w, "};\n"); }

static void put_floats(aep__writer *w, const char *name, const char *suffix, const float *values, size_t n)
{
    char text[AEP__TEXT_NUMBER];
    array a = begin_array(w, "float", name, suffix, n);
    for (size_t i = 0; i < n; i++) {
        aep__text_float(text, values[i]);
        put_value(&a, text);
    }
    end_array(&a);
}

/* ------------------------------------------------------------------------------------------------- what rows become */

/* By feature, or of the numeric columns: of each, or the first of those that are scaled alike. */
static void put_scales(aep__writer *w, const char *name, const double *values, const aep__scaler *s, const columns *c)
{
    char text[AEP__TEXT_NUMBER];
    array a = begin_array(w, "double", name, "", c->by_feature ? s->n_features : c->n_numbers / c->shared);
    for (size_t i = 0; i < (c->by_feature ? s->n_features : s->n_columns); i += c->shared) {
        if (!c->by_feature && s->categorical[i])
            continue;
        aep__text_double(text, values[c->by_feature ? i : s->first[i]]);
        put_value(&a, text);
    }
    end_array(&a);
}

static void put_fill(aep__writer *w, const aep__scaler *s, const columns *c)
{
    char text[AEP__TEXT_NUMBER];
    array a = begin_array(w, "float", "fill", "", c->n_numbers / c->shared);
    for (size_t i = 0; i < s->n_columns; i += c->shared) {
        if (s->categorical[i])
            continue;
        aep__text_float(text, s->fill[i]);
        put_value(&a, text);
    }
    end_array(&a);
}

static void put_knots(aep__writer *w, const aep__scaler *s, const columns *c)
{
    char text[AEP__TEXT_NUMBER];
    array a = begin_array(w, "float", "quantiles", "", c->n_numbers / c->shared * AEP__KNOTS);
    for (size_t i = 0; i < s->n_columns; i += c->shared)
        for (size_t k = 0; !s->categorical[i] && k < AEP__KNOTS; k++) {
            aep__text_float(text, s->knots[i * AEP__KNOTS + k]);
            put_value(&a, text);
        }
    end_array(&a);
}

static void put_level_counts(aep__writer *w, const aep__scaler *s)
{
    char text[AEP__TEXT_NUMBER];
    array a = begin_array(w, "size_t", "levels", "", s->n_columns);
    for (size_t i = 0; i < s->n_columns; i++) {
        aep__writer number = {(uint8_t *)text, 0};
        aep__text(&number, "%zu", s->categorical[i] ? s->first[i + 1] - s->first[i] : 0);
        text[number.pos] = 0;
        put_value(&a, text);
    }
    end_array(&a);
}

static void put_column_arrays(const source *s, const columns *c)
{
    const aep__scaler *scaler = &s->model->scaler;
    if (!scaler->only_numbers) {
        aep__text_put(s->w, "/* Levels of each column; 0: a number. */\n");
        put_level_counts(s->w, scaler);
    }
    if (c->located) {
        aep__text(s->w, "/* Of each %s. */\n",
                  c->by_feature   ? "feature: what columns become"
                  : c->shared > 1 ? "channel"
                  : c->mixed      ? "number"
                                  : "column");
        put_scales(s->w, "location", scaler->location, scaler, c);
        put_scales(s->w, "inverse_scale", scaler->inverse, scaler, c);
    }
    if (c->imputed && c->n_numbers) {
        aep__text_put(s->w, "/* In place of missing numbers. */\n");
        put_fill(s->w, scaler, c);
    }
    if (scaler->knots && c->n_numbers) {
        aep__text_put(s->w, "/* Quantiles of each number. */\n");
        put_knots(s->w, scaler, c);
    }
    aep__text_put(s->w, "\n");
}

/* y = what is scaled, held to a range; then squashed. */
static void put_scaled(const source *s, const columns *c)
{
    const aep__scaling_config *config = &s->model->scaler.config;
    char limit[AEP__TEXT_NUMBER], inverse[AEP__TEXT_NUMBER];
    aep__text_put(s->w, c->located ? "/* A number scaled, and held to a range. */\n"
                                     "static float scaled(float x, size_t i)\n{\n"
                                     "    const double z = ((double)x - location[i]) * inverse_scale[i];\n"
                                     "    const float y = (float)(z > 1e9 ? 1e9 : z < -1e9 ? -1e9 : z);\n"
                                   : "/* A number held to a range. */\n"
                                     "static float scaled(float x)\n{\n"
                                     "    const float y = x > 1e9f ? 1e9f : x < -1e9f ? -1e9f : x;\n");
    if (config->squash == AEP_SQUASH_TANH) {
        aep__text_float(limit, (float)config->squash_limit);
        aep__text_float(inverse, (float)(1 / config->squash_limit));
        aep__text(s->w, "    return %s * tanh_of(y * %s);\n", limit, inverse);
    } else if (config->squash == AEP_SQUASH_CLIP) {
        aep__text_double(limit, config->squash_limit);
        aep__text(s->w,
                  "    const double limit = %s, wide = (double)y;\n"
                  "    return (float)(wide > limit ? limit : wide < -limit ? -limit : wide);\n",
                  limit);
    } else {
        aep__text_put(s->w, "    return y;\n");
    }
    aep__text_put(s->w, "}\n\n");
}

/* The feature that a value becomes, which is the number `number` or the feature `feature`. */
static void put_feature(const source *s, const columns *c, const char *value, const char *number)
{
    char index[64];
    aep__writer w = {(uint8_t *)index, 0};
    if (c->shared > 1)
        aep__text(&w, "%s / %zu", number, c->shared);
    else
        aep__text_put(&w, number);
    index[w.pos] = 0;
    if (s->model->scaler.knots)
        aep__text(s->w, "ranked(%s, quantiles + %s%s%s * %d)", value, c->shared > 1 ? "(" : "", index,
                  c->shared > 1 ? ")" : "", AEP__KNOTS);
    else if (c->located)
        aep__text(s->w, "scaled(%s, %s)", value, c->by_feature ? "f" : index);
    else
        aep__text(s->w, "scaled(%s)", value);
}

/* `number` is the expression that counts the numeric columns. */
static void put_number(const source *s, const columns *c, const char *to, const char *number)
{
    char filled[96];
    aep__writer w = {(uint8_t *)filled, 0};
    if (!c->imputed)
        aep__text_put(&w, "row[c]");
    else if (c->shared > 1)
        aep__text(&w, "isnan(row[c]) ? fill[%s / %zu] : row[c]", number, c->shared);
    else
        aep__text(&w, "isnan(row[c]) ? fill[%s] : row[c]", number);
    filled[w.pos] = 0;
    aep__text(s->w, "%s = ", to);
    put_feature(s, c, filled, number);
    aep__text_put(s->w, ";\n");
}

static void put_level(const source *s, const columns *c)
{
    aep__text(s->w,
              "        if (levels[c]) {\n"
              "            const size_t n = levels[c];\n"
              "            if (%srow[c] != floorf(row[c]))\n"
              "                return 0;\n"
              "            const size_t level = row[c] >= 0 && row[c] < (float)n ? (size_t)row[c] : n;\n",
              c->imputed ? "!isnan(row[c]) && " : "");
    if (s->model->scaler.config.unseen == AEP_UNSEEN_ERROR)
        aep__text(s->w,
                  "            if (level == n%s)\n"
                  "                return 0;\n",
                  c->imputed ? " && !isnan(row[c])" : "");
    aep__text(s->w,
              "            for (size_t j = 0; j < n; j++, f++)\n"
              "                x[f] = %s;\n"
              "            continue;\n"
              "        }\n",
              c->by_feature ? "scaled(j == level ? 1.0f : 0.0f, f)" : "j == level ? 1.0f : 0.0f");
}

static void put_read_row(const source *s, const columns *c)
{
    const aep__scaler *scaler = &s->model->scaler;
    const bool counted = c->n_numbers && (c->imputed || scaler->knots || (c->located && !c->by_feature));
    aep__text(s->w, "/* The features x of a row. 0: the row is refused. */\n"
                    "static int read_row(float *x, const float *row)\n{\n");
    if (c->mixed)
        aep__text(s->w, "    size_t f = 0%s\n", counted ? ", i = 0; /* of the features, of the numbers */" : ";");
    aep__text(s->w,
              "    for (size_t c = 0; c < %zu; c++) {\n"
              "        if (%s)\n"
              "            return 0;\n",
              scaler->n_columns, c->imputed ? "isinf(row[c])" : "!isfinite(row[c])");
    if (!scaler->only_numbers)
        put_level(s, c);
    if (c->n_numbers)
        put_number(s, c, c->mixed ? "        x[f]" : "        x[c]", c->mixed ? "i" : "c");
    if (c->n_numbers && c->mixed)
        aep__text_put(s->w, counted ? "        f++, i++;\n" : "        f++;\n");
    if (c->n_numbers && scaler->config.indicator)
        aep__text(s->w,
                  "        x[f] = %s; /* missing */\n"
                  "        f++;\n",
                  c->by_feature ? "scaled(isnan(row[c]) ? 1.0f : 0.0f, f)" : "isnan(row[c]) ? 1.0f : 0.0f");
    aep__text_put(s->w, "    }\n    return 1;\n}\n\n");
}

/* ------------------------------------------------------------------------------------------------------- the layers */

static const aep__node *node_at(const source *s, size_t node) { return &s->tape->nodes[node]; }
static size_t input_width(const source *s, size_t node) { return node_at(s, node_at(s, node)->input[0])->width; }
static const real *params_of(const source *s, size_t node)
{
    return s->model->weights.params + node_at(s, node)->param;
}

static bool has_window(int op)
{
    return op == AEP__OP_CONV || op == AEP__OP_CONV_TRANSPOSED || op == AEP__OP_UPSAMPLE || op == AEP__OP_MAX_POOL ||
           op == AEP__OP_AVERAGE_POOL;
}

/* The second part of a node's parameters: biases, or the beta of a norm. */
static size_t second_part(const source *s, size_t node)
{
    const aep__node *n = node_at(s, node);
    switch (n->op) {
    case AEP__OP_CONV:
        return n->width / aep__window_places(&n->window);
    case AEP__OP_CONV_TRANSPOSED:
    case AEP__OP_NORM:
        return n->window.channels;
    default:
        return n->width;
    }
}

static void put_window(const source *s, const char *name, const aep__window *w)
{
    aep__text(s->w, "static const window %s_window = {%zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu};\n", name,
              w->channels, w->height, w->width, w->kernel_h, w->kernel_w, w->stride_h, w->stride_w, w->pad_h, w->pad_w,
              w->rows, w->columns);
}

static void put_parameters(const source *s)
{
    char name[MOST_NAME];
    for (size_t i = 0; i < s->tape->n_nodes; i++) {
        const aep__node *n = node_at(s, i);
        const bool norm = n->op == AEP__OP_NORM, windowed = has_window(n->op);
        if (!s->plan.needed[i] || (!n->n_params && !windowed))
            continue;
        name_of(name, s, i);
        if (windowed)
            put_window(s, name, &n->window);
        if (n->n_params) {
            const size_t n_second = second_part(s, i), n_first = n->n_params - n_second;
            put_floats(s->w, name, norm ? "_gamma" : "_weights", params_of(s, i), n_first);
            put_floats(s->w, name, norm ? "_beta" : "_bias", params_of(s, i) + n_first, n_second);
        }
        aep__text_put(s->w, "\n");
    }
}

static void put_activation_parts(const source *s, const columns *c)
{
    const bool squashed = c->scaled && s->model->scaler.config.squash == AEP_SQUASH_TANH;
    const bool tanh_used = squashed || uses_activation(s, AEP_TANH);
    const bool sigmoid_used = uses_activation(s, AEP_SIGMOID) || uses_activation(s, AEP_SILU);
    if (tanh_used || sigmoid_used)
        aep__text_put(s->w, exp_part);
    if (tanh_used)
        aep__text_put(s->w, tanh_part);
    if (sigmoid_used)
        aep__text_put(s->w, sigmoid_part);
    for (int kind = AEP_RELU; kind <= AEP_SILU; kind++)
        if (uses_activation(s, kind))
            aep__text(s->w,
                      "static void apply_%s(float *x, size_t n)\n"
                      "{\n"
                      "    for (size_t i = 0; i < n; i++)\n"
                      "        x[i] = %s;\n"
                      "}\n\n",
                      activation_parts[kind].name, activation_parts[kind].value);
}

static void put_layer_parts(const source *s)
{
    static const struct {
        int op;
        const char *part;
    } parts[] = {{AEP__OP_DENSE, dense_part},
                 {AEP__OP_CONV, conv_part},
                 {AEP__OP_CONV_TRANSPOSED, conv_transposed_part},
                 {AEP__OP_UPSAMPLE, upsample_part},
                 {AEP__OP_MAX_POOL, max_pool_part},
                 {AEP__OP_AVERAGE_POOL, average_pool_part},
                 {AEP__OP_NORM, norm_part},
                 {AEP__OP_CHANNELS_LAST, channels_last_part},
                 {AEP__OP_CHANNELS_FIRST, channels_first_part},
                 {AEP__OP_ABS_DIFF, difference_part}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (uses_op(s, parts[i].op))
            aep__text_put(s->w, parts[i].part);
}

static bool any_window(const source *s)
{
    for (int op = 0; op < AEP__OP_COUNT; op++)
        if (has_window(op) && uses_op(s, op))
            return true;
    return false;
}

/* -------------------------------------------------------------------------------------------------------- the score */

/* float *const NAME = scratch + AT; */
static void put_place(const source *s, size_t node)
{
    char name[MOST_NAME];
    name_of(name, s, node);
    aep__text(s->w, "    float *const %s = scratch + %zu;\n", name, s->plan.at[node]);
}

/* The parameters of a call, after the results and the input. */
static void put_arguments(const source *s, const char *name, size_t node)
{
    const aep__node *n = node_at(s, node);
    const aep__window *w = &n->window;
    switch (n->op) {
    case AEP__OP_DENSE:
        aep__text(s->w, "%s_weights, %s_bias, %zu, %zu", name, name, input_width(s, node), n->width);
        break;
    case AEP__OP_CONV:
        aep__text(s->w, "%s_weights, %s_bias, &%s_window, %zu", name, name, name, second_part(s, node));
        break;
    case AEP__OP_CONV_TRANSPOSED:
        aep__text(s->w, "%s_weights, %s_bias, &%s_window, %zu", name, name, name,
                  input_width(s, node) / aep__window_places(w));
        break;
    case AEP__OP_NORM:
        aep__text(s->w, "%s_gamma, %s_beta, %zu, %zu, %d", name, name, w->height * w->width, w->channels, n->attr);
        break;
    case AEP__OP_CHANNELS_LAST:
    case AEP__OP_CHANNELS_FIRST:
        aep__text(s->w, "%zu, %zu", w->channels, w->height * w->width);
        break;
    default:
        aep__text(s->w, "&%s_window", name);
    }
}

static void put_node(const source *s, size_t node)
{
    static const char *const functions[AEP__OP_COUNT] = {
        [AEP__OP_DENSE] = "dense",
        [AEP__OP_CONV] = "conv",
        [AEP__OP_CONV_TRANSPOSED] = "conv_transposed",
        [AEP__OP_UPSAMPLE] = "upsample",
        [AEP__OP_MAX_POOL] = "max_pool",
        [AEP__OP_AVERAGE_POOL] = "average_pool",
        [AEP__OP_NORM] = "group_norm",
        [AEP__OP_CHANNELS_LAST] = "channels_last",
        [AEP__OP_CHANNELS_FIRST] = "channels_first",
    };
    const aep__node *n = node_at(s, node);
    char name[MOST_NAME], input[MOST_NAME];
    name_of(name, s, node);
    if (n->op == AEP__OP_ACTIVATION) {
        aep__text(s->w, "    apply_%s(%s, %zu);\n", activation_parts[n->attr].name, name, n->width);
    } else if (n->op == AEP__OP_ROW_NORM) {
        aep__text(s->w, "    const float error = distance(x, rebuilt, %zu);\n", input_width(s, node));
    } else if (n->op == AEP__OP_ABS_DIFF) {
        aep__text(s->w, "    absolute_difference(rebuilt, x, %zu); /* the errors by feature */\n", n->width);
    } else if (functions[n->op]) {
        name_of(input, s, n->input[0]);
        put_place(s, node);
        aep__text(s->w, "    %s(%s, %s, ", functions[n->op], name, input);
        put_arguments(s, name, node);
        aep__text_put(s->w, ");\n");
    }
}

/* ||e - e'|| */
static void put_prediction_error(const source *s)
{
    if (s->model->net.error_size > 1 || aep__choice(s->model, AEP_OPT_ERROR, AEP_ERROR_VECTOR))
        aep__text(s->w, "distance(rebuilt, predicted, %zu)", s->model->net.error_size);
    else
        aep__text_put(s->w, "fabsf(error - predicted[0])");
}

static void put_signed(const source *s)
{
    if (aep__choice(s->model, AEP_OPT_ERROR, AEP_ERROR_VECTOR))
        aep__text(s->w,
                  "    double sum = 0;\n"
                  "    for (size_t i = 0; i < %zu; i++)\n"
                  "        sum += (double)rebuilt[i] - (double)predicted[i];\n"
                  "    return (float)sum;\n",
                  s->model->net.error_size);
    else
        aep__text_put(s->w, "    return (float)((double)error - (double)predicted[0]);\n");
}

static void put_joint(const source *s)
{
    static const char *const parts[AEP__JOINT_PARTS] = {
        [AEP__JOINT_PREDICTION] = "prediction", [AEP__JOINT_RECONSTRUCTION] = "error", [AEP__JOINT_DISTANCE] = "code"};
    char location[AEP__TEXT_NUMBER], inverse[AEP__TEXT_NUMBER];
    aep__text_put(s->w, "    const double parts[3] = {(double)");
    put_prediction_error(s);
    aep__text(s->w, ", (double)error, code_distance(code, %zu)};\n", s->model->net.code_size);
    aep__text_put(s->w, "    double sum = 0; /* of the parts, standardised */\n");
    for (size_t i = 0; i < AEP__JOINT_PARTS; i++) {
        aep__text_double(location, s->model->joint.location[i]);
        aep__text_double(inverse, s->model->joint.inverse[i]);
        aep__text(s->w, "    sum += (parts[%zu] - %s) * %s; /* %s */\n", i, location, inverse, parts[i]);
    }
    aep__text_put(s->w, "    return (float)sum;\n");
}

static void put_result(const source *s)
{
    if (kind_is(s->model, AEP_SCORE_RECONSTRUCTION)) {
        aep__text_put(s->w, "    return error;\n");
    } else if (kind_is(s->model, AEP_SCORE_SIGNED)) {
        put_signed(s);
    } else if (kind_is(s->model, AEP_SCORE_JOINT)) {
        put_joint(s);
    } else {
        aep__text_put(s->w, "    return ");
        put_prediction_error(s);
        aep__text_put(s->w, ";\n");
    }
}

static void put_score_functions(const source *s)
{
    put_score_in(s);
    aep__text_put(s->w, "\n{\n");
    put_place(s, s->model->net.x);
    aep__text_put(s->w, "    if (!read_row(x, row))\n        return NAN;\n");
    for (size_t i = 0; i < s->tape->n_nodes; i++)
        if (s->plan.needed[i])
            put_node(s, i);
    put_result(s);
    aep__text_put(s->w, "}\n\n");
    put_score(s);
    aep__text_put(s->w, "\n{\n    float scratch[");
    aep__text_put_upper(s->w, s->prefix);
    aep__text(s->w, "_SCRATCH];\n    return %s_score_in(row, scratch);\n}\n", s->prefix);
}

/* ---------------------------------------------------------------------------------------------------- of the scores */

/* Of as many rows as there are scores, or more of which some were kept: calibration.c. */
static void put_pvalue(const source *s)
{
    const aep__calibration *c = &s->model->calibration;
    const unsigned long long n = c->n_rows, k = c->n_scores;
    char all[AEP__TEXT_NUMBER];
    aep__text_double(all, 1 + (double)n);
    aep__text_put(s->w, "\n/* Scores of normal rows, ascending. */\n");
    put_floats(s->w, "calibration_scores", "", c->scores, c->n_scores);
    aep__text(s->w,
              "\nfloat %s_pvalue(float score)\n"
              "{\n"
              "    size_t below = 0, end = %zu; /* calibration scores below this one */\n"
              "    while (below < end) {\n"
              "        const size_t middle = below + (end - below) / 2;\n"
              "        if (calibration_scores[middle] < score)\n"
              "            below = middle + 1;\n"
              "        else\n"
              "            end = middle;\n"
              "    }\n",
              s->prefix, c->n_scores);
    if (n == k)
        aep__text(s->w, "    const double rest = (double)(%llu - below);\n", n);
    else
        aep__text(s->w,
                  "    /* they stand for all %llu, at evenly spaced ranks */\n"
                  "    const unsigned long long i = below;\n"
                  "    const unsigned long long rank = i ? i * %lluu + (i * %lluu + %lluu) / %lluu : 0;\n"
                  "    const double rest = (double)(%lluu - rank);\n",
                  n, n / k, n % k, k - 1, k, n);
    aep__text(s->w, "    return isnan(score) ? score : (float)((1 + rest) / %s);\n}\n", all);
}

static void put_is_anomaly(const source *s)
{
    char text[AEP__TEXT_NUMBER];
    aep__text_double(text, s->model->calibration.threshold);
    aep__text(s->w,
              "\nint %s_is_anomaly(float score)\n"
              "{\n"
              "    return !((double)score < %s);\n"
              "}\n",
              s->prefix, text);
}

/* --------------------------------------------------------------------------------------------------- the whole file */

static bool uses_distance(const source *s)
{
    return uses_op(s, AEP__OP_ROW_NORM) ||
           (aep__choice(s->model, AEP_OPT_ERROR, AEP_ERROR_VECTOR) && !kind_is(s->model, AEP_SCORE_SIGNED));
}

static void put_file(aep__writer *w, const aep_model *model, const char *prefix)
{
    source s = {.model = model, .tape = &model->net.tape, .prefix = prefix, .w = w};
    const columns c = columns_of(model);
    const aep__scaler *scaler = &model->scaler;
    make_plan(&s.plan, model);
    put_comment(&s);
    put_declarations(&s);
    put_column_arrays(&s, &c);
    if (any_window(&s))
        aep__text_put(w, window_part);
    put_parameters(&s);
    if (kind_is(model, AEP_SCORE_JOINT)) {
        put_floats(w, "code_mean", "", model->joint.mean, model->joint.k);
        put_floats(w, "code_factor", "", model->joint.factor, model->joint.k * (model->joint.k + 1) / 2);
        aep__text_put(w, "\n");
    }
    put_activation_parts(&s, &c);
    if (c.scaled)
        put_scaled(&s, &c);
    if (scaler->knots && c.n_numbers)
        aep__text(w, ranked_part, AEP__KNOTS, AEP__KNOTS, AEP__KNOTS - 1, AEP__KNOTS, AEP__KNOTS - 1);
    put_read_row(&s, &c);
    if (any_window(&s))
        aep__text_put(w, pixel_part);
    put_layer_parts(&s);
    if (uses_distance(&s))
        aep__text_put(w, distance_part);
    if (kind_is(model, AEP_SCORE_JOINT))
        aep__text_put(w, code_distance_part);
    put_score_functions(&s);
    if (model->calibration.n_scores)
        put_pvalue(&s);
    if (model->calibration.has_threshold)
        put_is_anomaly(&s);
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static int check_prefix(const aep_model *model, const char *prefix)
{
    size_t n = 0;
    while (is_letter(prefix[n]) || (n && ((prefix[n] >= '0' && prefix[n] <= '9') || prefix[n] == '_')))
        n++;
    return n && !prefix[n] && n <= MOST_PREFIX
               ? AEP_OK
               : aep__fail(&model->log, AEP_E_ARGUMENT,
                           "the prefix must be a letter, then letters, digits and underscores, at most %d in all",
                           MOST_PREFIX);
}

static int check(const aep_model *model, const char *prefix)
{
    int status = check_prefix(model, prefix);
    if (status)
        return status;
    if (!model->steps)
        return aep__fail(&model->log, AEP_E_STATE, "the model is not trained: there is nothing to export");
    return aep__score_ready(model);
}

int aep_export_c_size(size_t *size, const aep_model *model, const char *prefix)
{
    aep__writer w = {0};
    if (!size || !model || !prefix)
        return AEP_E_ARGUMENT;
    int status = check(model, prefix);
    if (status)
        return status;
    put_file(&w, model, prefix);
    *size = w.pos;
    return AEP_OK;
}

int aep_export_c(void *buffer, size_t size, const aep_model *model, const char *prefix)
{
    size_t needed;
    if (!buffer || !model || !prefix)
        return AEP_E_ARGUMENT;
    int status = aep_export_c_size(&needed, model, prefix);
    if (status)
        return status;
    if (size < needed)
        return aep__fail(&model->log, AEP_E_BUFFER, "a buffer of %zu bytes for a file of %zu", size, needed);
    aep__writer w = {buffer, 0};
    put_file(&w, model, prefix);
    return AEP_OK;
}
