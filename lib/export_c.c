/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model as one file of C99. What the network computes is read off its tape, node by node; the functions that the nodes
 * need are taken from export_c_parts.h, the numbers from the model.
 *
 * Nothing is allocated: the text is made twice, once to count it, as a model file is.
 */
#include "export_c_columns.h"
#include "export_c_parts.h"

#include <string.h>

enum { MOST_PREFIX = 31 }; /* what every compiler tells apart */

/* -------------------------------------------------------------------------------------------------------- the comment */

static void put_comment(const aep__export *e)
{
    static const char *const kinds[] = {
        [AEP_SCORE_PREDICTION] = "how far its reconstruction error is from the predicted one",
        [AEP_SCORE_RECONSTRUCTION] = "its reconstruction error",
        [AEP_SCORE_SIGNED] = "by how much its reconstruction error exceeds the predicted one",
        [AEP_SCORE_JOINT] = "its prediction error, reconstruction error and the distance of its code, together",
    };
    const aep__calibration *c = &e->model->calibration;
    char about[AEP__TEXT_NUMBER];
    aep__text(e->w,
              "/*\n * Anomaly scores of rows of %zu columns: a model of libaepred %s as C99, made by aep_export_c.\n",
              e->model->schema.n_columns, aep_version());
    aep__text(e->w, " * A row's score is %s.\n * The higher, the more anomalous.\n *\n",
              kinds[(int)aep__option(e->model, AEP_OPT_SCORE)]);
    aep__text(e->w, " *   float %s_score(const float row[%zu]);\n", e->prefix, e->model->schema.n_columns);
    if (c->n_scores)
        aep__text(e->w, " *   float %s_pvalue(float score);     small values are anomalous\n", e->prefix);
    if (c->has_threshold) {
        aep__text_about(about, c->threshold);
        aep__text(e->w, " *   int %s_is_anomaly(float score);   1: score >= %s, or NaN; else 0\n", e->prefix, about);
    }
    aep__text(
        e->w,
        " *\n * %s_score takes %zu bytes of stack for values in between; %s_score_in does the same in memory that it "
        "is given.\n",
        e->prefix, e->plan.floats * sizeof(float), e->prefix);
    if (!c->n_scores)
        aep__text_put(e->w, " * The model is not calibrated: there are no p-values.\n");
    if (!c->has_threshold)
        aep__text_put(e->w, " * The model has no threshold: nothing tells anomalies.\n");
    aep__export_c_describe(e);
    aep__text_put(
        e->w, " *\n * Nothing is allocated or kept, and nothing is called but functions of <math.h>. Compile without "
              "contraction of\n * floating-point expressions (-std=c99 or -ffp-contract=off) for results that do not "
              "depend on the compiler.\n */\n");
}

static void put_macro(const aep__export *e, const char *name, size_t value, const char *comment)
{
    aep__text_put(e->w, "#define ");
    aep__text_put_upper(e->w, e->prefix);
    aep__text(e->w, "_%s %zu%s\n", name, value, comment);
}

/* Prototypes, with the macros in capital letters. */
static void put_score_in(const aep__export *e)
{
    aep__text(e->w, "float %s_score_in(const float row[", e->prefix);
    aep__text_put_upper(e->w, e->prefix);
    aep__text_put(e->w, "_COLUMNS], float scratch[");
    aep__text_put_upper(e->w, e->prefix);
    aep__text_put(e->w, "_SCRATCH])");
}

static void put_score(const aep__export *e)
{
    aep__text(e->w, "float %s_score(const float row[", e->prefix);
    aep__text_put_upper(e->w, e->prefix);
    aep__text_put(e->w, "_COLUMNS])");
}

static void put_declarations(const aep__export *e)
{
    const aep__calibration *c = &e->model->calibration;
    aep__text_put(e->w, "#include <math.h>\n#include <stddef.h>\n\n");
    put_macro(e, "COLUMNS", e->model->schema.n_columns, "");
    put_macro(e, "SCRATCH", e->plan.floats, " /* floats */");
    aep__text_put(e->w, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    put_score(e);
    aep__text_put(e->w, ";\n");
    put_score_in(e);
    aep__text_put(e->w, ";\n");
    if (c->n_scores)
        aep__text(e->w, "float %s_pvalue(float score);\n", e->prefix);
    if (c->has_threshold)
        aep__text(e->w, "int %s_is_anomaly(float score);\n", e->prefix);
    aep__text_put(e->w, "#ifdef __cplusplus\n}\n#endif\n\n");
}

/* ------------------------------------------------------------------------------------------------------- the layers */

static const aep__node *node_at(const aep__export *e, size_t node) { return &e->tape->nodes[node]; }
static size_t input_width(const aep__export *e, size_t node) { return node_at(e, node_at(e, node)->input[0])->width; }
static const real *params_of(const aep__export *e, size_t node)
{
    return e->model->weights.params + node_at(e, node)->param;
}

static bool has_window(int op)
{
    return op == AEP__OP_CONV || op == AEP__OP_CONV_TRANSPOSED || op == AEP__OP_UPSAMPLE || op == AEP__OP_MAX_POOL ||
           op == AEP__OP_AVERAGE_POOL;
}

/* The second part of a node's parameters: biases, or the beta of a norm. */
static size_t second_part(const aep__export *e, size_t node)
{
    const aep__node *n = node_at(e, node);
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

static void put_window(const aep__export *e, const char *name, const aep__window *w)
{
    aep__text(e->w, "static const window %s_window = {%zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu, %zu};\n", name,
              w->channels, w->height, w->width, w->kernel_h, w->kernel_w, w->stride_h, w->stride_w, w->pad_h, w->pad_w,
              w->rows, w->columns);
}

static void put_parameters(const aep__export *e)
{
    char name[AEP__EXPORT_NAME];
    for (size_t i = 0; i < e->tape->n_nodes; i++) {
        const aep__node *n = node_at(e, i);
        const bool norm = n->op == AEP__OP_NORM, windowed = has_window(n->op);
        if (!e->plan.needed[i] || (!n->n_params && !windowed))
            continue;
        aep__export_name(name, e, i);
        if (windowed)
            put_window(e, name, &n->window);
        if (n->n_params) {
            const size_t n_second = second_part(e, i), n_first = n->n_params - n_second;
            aep__text_floats(e->w, name, norm ? "_gamma" : "_weights", params_of(e, i), n_first);
            aep__text_floats(e->w, name, norm ? "_beta" : "_bias", params_of(e, i) + n_first, n_second);
        }
        aep__text_put(e->w, "\n");
    }
}

static void put_activation_parts(const aep__export *e)
{
    const bool squashed = e->columns.scaled && e->model->scaler.config.squash == AEP_SQUASH_TANH;
    const bool tanh_used = squashed || aep__export_activates(e, AEP_TANH);
    const bool sigmoid_used = aep__export_activates(e, AEP_SIGMOID) || aep__export_activates(e, AEP_SILU);
    if (tanh_used || sigmoid_used)
        aep__text_put(e->w, exp_part);
    if (tanh_used)
        aep__text_put(e->w, tanh_part);
    if (sigmoid_used)
        aep__text_put(e->w, sigmoid_part);
    for (int kind = AEP_RELU; kind <= AEP_SILU; kind++)
        if (aep__export_activates(e, kind))
            aep__text(e->w,
                      "static void apply_%s(float *x, size_t n)\n"
                      "{\n"
                      "    for (size_t i = 0; i < n; i++)\n"
                      "        x[i] = %s;\n"
                      "}\n\n",
                      activation_parts[kind].name, activation_parts[kind].value);
}

static void put_layer_parts(const aep__export *e)
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
        if (aep__export_uses(e, parts[i].op))
            aep__text_put(e->w, parts[i].part);
}

static bool any_window(const aep__export *e)
{
    for (int op = 0; op < AEP__OP_COUNT; op++)
        if (has_window(op) && aep__export_uses(e, op))
            return true;
    return false;
}

/* -------------------------------------------------------------------------------------------------------- the score */

/* float *const NAME = scratch + AT; */
static void put_place(const aep__export *e, size_t node)
{
    char name[AEP__EXPORT_NAME];
    aep__export_name(name, e, node);
    aep__text(e->w, "    float *const %s = scratch + %zu;\n", name, e->plan.at[node]);
}

/* The parameters of a call, after the results and the input. */
static void put_arguments(const aep__export *e, const char *name, size_t node)
{
    const aep__node *n = node_at(e, node);
    const aep__window *w = &n->window;
    switch (n->op) {
    case AEP__OP_DENSE:
        aep__text(e->w, "%s_weights, %s_bias, %zu, %zu", name, name, input_width(e, node), n->width);
        break;
    case AEP__OP_CONV:
        aep__text(e->w, "%s_weights, %s_bias, &%s_window, %zu", name, name, name, second_part(e, node));
        break;
    case AEP__OP_CONV_TRANSPOSED:
        aep__text(e->w, "%s_weights, %s_bias, &%s_window, %zu", name, name, name,
                  input_width(e, node) / aep__window_places(w));
        break;
    case AEP__OP_NORM:
        aep__text(e->w, "%s_gamma, %s_beta, %zu, %zu, %d", name, name, w->height * w->width, w->channels, n->attr);
        break;
    case AEP__OP_CHANNELS_LAST:
    case AEP__OP_CHANNELS_FIRST:
        aep__text(e->w, "%zu, %zu", w->channels, w->height * w->width);
        break;
    default:
        aep__text(e->w, "&%s_window", name);
    }
}

static void put_node(const aep__export *e, size_t node)
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
    const aep__node *n = node_at(e, node);
    char name[AEP__EXPORT_NAME], input[AEP__EXPORT_NAME];
    aep__export_name(name, e, node);
    if (n->op == AEP__OP_ACTIVATION) {
        aep__text(e->w, "    apply_%s(%s, %zu);\n", activation_parts[n->attr].name, name, n->width);
    } else if (n->op == AEP__OP_ROW_NORM) {
        aep__text(e->w, "    const float error = distance(x, rebuilt, %zu);\n", input_width(e, node));
    } else if (n->op == AEP__OP_ABS_DIFF) {
        aep__text(e->w, "    absolute_difference(rebuilt, x, %zu); /* the errors by feature */\n", n->width);
    } else if (functions[n->op]) {
        aep__export_name(input, e, n->input[0]);
        put_place(e, node);
        aep__text(e->w, "    %s(%s, %s, ", functions[n->op], name, input);
        put_arguments(e, name, node);
        aep__text_put(e->w, ");\n");
    }
}

/* ||e - e'|| */
static void put_prediction_error(const aep__export *e)
{
    if (e->model->net.error_size > 1 || aep__choice(e->model, AEP_OPT_ERROR, AEP_ERROR_VECTOR))
        aep__text(e->w, "distance(rebuilt, predicted, %zu)", e->model->net.error_size);
    else
        aep__text_put(e->w, "fabsf(error - predicted[0])");
}

static void put_signed(const aep__export *e)
{
    if (aep__choice(e->model, AEP_OPT_ERROR, AEP_ERROR_VECTOR))
        aep__text(e->w,
                  "    double sum = 0;\n"
                  "    for (size_t i = 0; i < %zu; i++)\n"
                  "        sum += (double)rebuilt[i] - (double)predicted[i];\n"
                  "    return (float)sum;\n",
                  e->model->net.error_size);
    else
        aep__text_put(e->w, "    return (float)((double)error - (double)predicted[0]);\n");
}

static void put_joint(const aep__export *e)
{
    static const char *const parts[AEP__JOINT_PARTS] = {
        [AEP__JOINT_PREDICTION] = "prediction", [AEP__JOINT_RECONSTRUCTION] = "error", [AEP__JOINT_DISTANCE] = "code"};
    char location[AEP__TEXT_NUMBER], inverse[AEP__TEXT_NUMBER];
    aep__text_put(e->w, "    const double parts[3] = {(double)");
    put_prediction_error(e);
    aep__text(e->w, ", (double)error, code_distance(code, %zu)};\n", e->model->net.code_size);
    aep__text_put(e->w, "    double sum = 0; /* of the parts, standardised */\n");
    for (size_t i = 0; i < AEP__JOINT_PARTS; i++) {
        aep__text_double(location, e->model->joint.location[i]);
        aep__text_double(inverse, e->model->joint.inverse[i]);
        aep__text(e->w, "    sum += (parts[%zu] - %s) * %s; /* %s */\n", i, location, inverse, parts[i]);
    }
    aep__text_put(e->w, "    return (float)sum;\n");
}

static void put_result(const aep__export *e)
{
    if (aep__export_scores_by(e->model, AEP_SCORE_RECONSTRUCTION)) {
        aep__text_put(e->w, "    return error;\n");
    } else if (aep__export_scores_by(e->model, AEP_SCORE_SIGNED)) {
        put_signed(e);
    } else if (aep__export_scores_by(e->model, AEP_SCORE_JOINT)) {
        put_joint(e);
    } else {
        aep__text_put(e->w, "    return ");
        put_prediction_error(e);
        aep__text_put(e->w, ";\n");
    }
}

static void put_score_functions(const aep__export *e)
{
    put_score_in(e);
    aep__text_put(e->w, "\n{\n");
    put_place(e, e->model->net.x);
    aep__text_put(e->w, "    if (!read_row(x, row))\n        return NAN;\n");
    for (size_t i = 0; i < e->tape->n_nodes; i++)
        if (e->plan.needed[i])
            put_node(e, i);
    put_result(e);
    aep__text_put(e->w, "}\n\n");
    put_score(e);
    aep__text_put(e->w, "\n{\n    float scratch[");
    aep__text_put_upper(e->w, e->prefix);
    aep__text(e->w, "_SCRATCH];\n    return %s_score_in(row, scratch);\n}\n", e->prefix);
}

/* ---------------------------------------------------------------------------------------------------- of the scores */

/* Of as many rows as there are scores, or more of which some were kept: calibration.c. */
static void put_pvalue(const aep__export *e)
{
    const aep__calibration *c = &e->model->calibration;
    const unsigned long long n = c->n_rows, k = c->n_scores;
    char all[AEP__TEXT_NUMBER];
    aep__text_double(all, 1 + (double)n);
    aep__text_put(e->w, "\n/* Scores of normal rows, ascending. */\n");
    aep__text_floats(e->w, "calibration_scores", "", c->scores, c->n_scores);
    aep__text(e->w,
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
              e->prefix, c->n_scores);
    if (n == k)
        aep__text(e->w, "    const double rest = (double)(%llu - below);\n", n);
    else
        aep__text(e->w,
                  "    /* they stand for all %llu, at evenly spaced ranks */\n"
                  "    const unsigned long long i = below;\n"
                  "    const unsigned long long rank = i ? i * %lluu + (i * %lluu + %lluu) / %lluu : 0;\n"
                  "    const double rest = (double)(%lluu - rank);\n",
                  n, n / k, n % k, k - 1, k, n);
    aep__text(e->w, "    return isnan(score) ? score : (float)((1 + rest) / %s);\n}\n", all);
}

static void put_is_anomaly(const aep__export *e)
{
    char text[AEP__TEXT_NUMBER];
    aep__text_double(text, e->model->calibration.threshold);
    aep__text(e->w,
              "\nint %s_is_anomaly(float score)\n"
              "{\n"
              "    return !((double)score < %s);\n"
              "}\n",
              e->prefix, text);
}

/* --------------------------------------------------------------------------------------------------- the whole file */

static bool uses_distance(const aep__export *e)
{
    return aep__export_uses(e, AEP__OP_ROW_NORM) || (aep__choice(e->model, AEP_OPT_ERROR, AEP_ERROR_VECTOR) &&
                                                     !aep__export_scores_by(e->model, AEP_SCORE_SIGNED));
}

static void put_arrays(const aep__export *e)
{
    const aep__joint *joint = &e->model->joint;
    aep__export_c_column_arrays(e);
    if (any_window(e))
        aep__text_put(e->w, window_part);
    put_parameters(e);
    if (!aep__export_scores_by(e->model, AEP_SCORE_JOINT))
        return;
    aep__text_floats(e->w, "code_mean", "", joint->mean, joint->k);
    aep__text_floats(e->w, "code_factor", "", joint->factor, joint->k * (joint->k + 1) / 2);
    aep__text_put(e->w, "\n");
}

static void put_functions(const aep__export *e)
{
    put_activation_parts(e);
    aep__export_c_read_row(e);
    if (any_window(e))
        aep__text_put(e->w, pixel_part);
    put_layer_parts(e);
    if (uses_distance(e))
        aep__text_put(e->w, distance_part);
    if (aep__export_scores_by(e->model, AEP_SCORE_JOINT))
        aep__text_put(e->w, code_distance_part);
    put_score_functions(e);
}

static void put_file(aep__writer *w, const aep_model *model, const char *prefix)
{
    aep__export e;
    aep__export_begin(&e, model, prefix, w);
    put_comment(&e);
    put_declarations(&e);
    put_arrays(&e);
    put_functions(&e);
    if (model->calibration.n_scores)
        put_pvalue(&e);
    if (model->calibration.has_threshold)
        put_is_anomaly(&e);
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
    return status ? status : aep__export_check(model);
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
