/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that exported C code is made of: those of kernels.c and ops.c, for one row, without vectors. Each sums in
 * the same order as the plain kernels, so that both give the same bits.
 */
#ifndef AEP_EXPORT_C_PARTS_H
#define AEP_EXPORT_C_PARTS_H

#include <aepred.h>

/* ---------------------------------------------------------------------------------------------------- activations */

static const char exp_part[] =
    "/* e^x in two parts, with x = n ln 2 + r, within -87 and 88: *power = 2^n, and e^r - 1 is returned. */\n"
    "static float exp_parts(float *power, float x)\n"
    "{\n"
    "    const float round = 12582912.0f; /* 1.5 * 2^23: adding it leaves a whole number in the low bits */\n"
    "    const float shifted = x * 1.44269504f + round, n = shifted - round;\n"
    "    const float r = n * 2.12194440e-4f + (n * -0.693359375f + x); /* ln 2 in two parts */\n"
    "    float q = 0.001381422160193324f;\n"
    "    q = q * r + 0.00836889911442995f;\n"
    "    q = q * r + 0.04166840389370918f;\n"
    "    q = q * r + 0.1666651964187622f;\n"
    "    q = q * r + 0.4999999403953552f;\n"
    "    *power = ldexpf(1.0f, (int)n);\n"
    "    return q * r * r + r;\n"
    "}\n\n";

static const char tanh_part[] = "static float tanh_of(float x)\n"
                                "{\n"
                                "    const float twice = 2.0f * fabsf(x);\n"
                                "    float power;\n"
                                "    const float rest = exp_parts(&power, twice < 18.0f ? twice : 18.0f);\n"
                                "    const float m = power * rest + (power - 1.0f);\n"
                                "    return isnan(x) ? x : copysignf(m / (m + 2.0f), x);\n"
                                "}\n\n";

static const char sigmoid_part[] = "/* 1 / (1 + e^-x) */\n"
                                   "static float sigmoid_of(float x)\n"
                                   "{\n"
                                   "    float power, held = x < 87.0f ? x : 87.0f;\n"
                                   "    held = held > -88.0f ? held : -88.0f;\n"
                                   "    const float e = exp_parts(&power, -held) + 1.0f;\n"
                                   "    return isnan(x) ? x : 1.0f / (1.0f + e * power);\n"
                                   "}\n\n";

/* By enum aep_activation: the name, and the value of one x. */
static const struct {
    const char *name, *value;
} activation_parts[] = {
    [AEP_RELU] = {"relu", "x[i] < 0 ? 0 : x[i]"},
    [AEP_LEAKY_RELU] = {"leaky_relu", "x[i] > 0 ? x[i] : 0.01f * x[i]"},
    [AEP_TANH] = {"tanh", "tanh_of(x[i])"},
    [AEP_SIGMOID] = {"sigmoid", "sigmoid_of(x[i])"},
    [AEP_GELU] = {"gelu", "x[i] * (0.5f * erfcf(-x[i] * 0.707106769f))"},
    [AEP_SILU] = {"silu", "x[i] * sigmoid_of(x[i])"},
};

/* ---------------------------------------------------------------------------------------------------------- layers */

static const char dense_part[] =
    "/* y (n_out) = bias + x (n_in) weights (n_in, n_out) */\n"
    "static void dense(float *y, const float *x, const float *weights, const float *bias, size_t n_in, size_t n_out)\n"
    "{\n"
    "    for (size_t j = 0; j < n_out; j++)\n"
    "        y[j] = bias[j];\n"
    "    for (size_t i = 0; i < n_in; i++, weights += n_out)\n"
    "        for (size_t j = 0; j < n_out; j++)\n"
    "            y[j] += x[i] * weights[j];\n"
    "}\n\n";

/* ----------------------------------------------------------------------------------------------------------- images */

static const char window_part[] =
    "/* Where a kernel slides over a map (height, width, channels); what of it lies outside counts as 0. */\n"
    "typedef struct window {\n"
    "    size_t channels, height, width, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;\n"
    "    size_t rows, columns; /* of places */\n"
    "} window;\n\n";

static const char pixel_part[] =
    "/* Which pixel of the map lies under (i, j) of the window at a place; height * width: none. */\n"
    "static size_t pixel_under(const window *w, size_t row, size_t column, size_t i, size_t j)\n"
    "{\n"
    "    const size_t y = row * w->stride_h + i - w->pad_h, x = column * w->stride_w + j - w->pad_w;\n"
    "    return y < w->height && x < w->width ? y * w->width + x : w->height * w->width;\n"
    "}\n\n";

static const char conv_part[] =
    "/* y (rows, columns, filters) from the map x; weights (kernel_h, kernel_w, channels, filters) */\n"
    "static void conv(float *y, const float *x, const float *weights, const float *bias, const window *w, size_t "
    "filters)\n"
    "{\n"
    "    const size_t none = w->height * w->width;\n"
    "    for (size_t row = 0; row < w->rows; row++)\n"
    "        for (size_t column = 0; column < w->columns; column++, y += filters) {\n"
    "            const float *weight = weights;\n"
    "            for (size_t f = 0; f < filters; f++)\n"
    "                y[f] = bias[f];\n"
    "            for (size_t i = 0; i < w->kernel_h; i++)\n"
    "                for (size_t j = 0; j < w->kernel_w; j++, weight += w->channels * filters) {\n"
    "                    const size_t pixel = pixel_under(w, row, column, i, j);\n"
    "                    for (size_t c = 0; pixel != none && c < w->channels; c++)\n"
    "                        for (size_t f = 0; f < filters; f++)\n"
    "                            y[f] += x[pixel * w->channels + c] * weight[c * filters + f];\n"
    "                }\n"
    "        }\n"
    "}\n\n";

static const char conv_transposed_part[] =
    "/* The map y from x (rows, columns, filters); weights (filters, kernel_h, kernel_w, channels) */\n"
    "static void conv_transposed(float *y, const float *x, const float *weights, const float *bias, const window *w,\n"
    "                            size_t filters)\n"
    "{\n"
    "    const size_t none = w->height * w->width, patch = w->kernel_h * w->kernel_w * w->channels;\n"
    "    for (size_t pixel = 0; pixel < none; pixel++)\n"
    "        for (size_t c = 0; c < w->channels; c++)\n"
    "            y[pixel * w->channels + c] = bias[c];\n"
    "    for (size_t row = 0; row < w->rows; row++)\n"
    "        for (size_t column = 0; column < w->columns; column++, x += filters)\n"
    "            for (size_t i = 0; i < w->kernel_h; i++)\n"
    "                for (size_t j = 0; j < w->kernel_w; j++) {\n"
    "                    const size_t pixel = pixel_under(w, row, column, i, j);\n"
    "                    for (size_t c = 0; pixel != none && c < w->channels; c++) {\n"
    "                        const float *weight = weights + (i * w->kernel_w + j) * w->channels + c;\n"
    "                        float sum = 0;\n"
    "                        for (size_t f = 0; f < filters; f++)\n"
    "                            sum += x[f] * weight[f * patch];\n"
    "                        y[pixel * w->channels + c] += sum;\n"
    "                    }\n"
    "                }\n"
    "}\n\n";

static const char upsample_part[] = "/* The map y, where x (rows, columns, channels) is repeated under each window */\n"
                                    "static void upsample(float *y, const float *x, const window *w)\n"
                                    "{\n"
                                    "    const size_t none = w->height * w->width;\n"
                                    "    for (size_t row = 0; row < w->rows; row++)\n"
                                    "        for (size_t column = 0; column < w->columns; column++, x += w->channels)\n"
                                    "            for (size_t i = 0; i < w->kernel_h; i++)\n"
                                    "                for (size_t j = 0; j < w->kernel_w; j++) {\n"
                                    "                    const size_t pixel = pixel_under(w, row, column, i, j);\n"
                                    "                    for (size_t c = 0; pixel != none && c < w->channels; c++)\n"
                                    "                        y[pixel * w->channels + c] = x[c];\n"
                                    "                }\n"
                                    "}\n\n";

static const char max_pool_part[] =
    "/* y (rows, columns, channels): the largest values under each window */\n"
    "static void max_pool(float *y, const float *x, const window *w)\n"
    "{\n"
    "    const size_t none = w->height * w->width;\n"
    "    for (size_t row = 0; row < w->rows; row++)\n"
    "        for (size_t column = 0; column < w->columns; column++, y += w->channels) {\n"
    "            for (size_t c = 0; c < w->channels; c++)\n"
    "                y[c] = -INFINITY;\n"
    "            for (size_t i = 0; i < w->kernel_h; i++)\n"
    "                for (size_t j = 0; j < w->kernel_w; j++) {\n"
    "                    const size_t pixel = pixel_under(w, row, column, i, j);\n"
    "                    for (size_t c = 0; pixel != none && c < w->channels; c++)\n"
    "                        if (!(x[pixel * w->channels + c] <= y[c]) && !isnan(y[c]))\n"
    "                            y[c] = x[pixel * w->channels + c];\n"
    "                }\n"
    "        }\n"
    "}\n\n";

static const char average_pool_part[] =
    "/* y (rows, columns, channels): the means of the values under each window */\n"
    "static void average_pool(float *y, const float *x, const window *w)\n"
    "{\n"
    "    const size_t none = w->height * w->width;\n"
    "    for (size_t row = 0; row < w->rows; row++)\n"
    "        for (size_t column = 0; column < w->columns; column++, y += w->channels) {\n"
    "            size_t n = 0;\n"
    "            for (size_t c = 0; c < w->channels; c++)\n"
    "                y[c] = 0;\n"
    "            for (size_t i = 0; i < w->kernel_h; i++)\n"
    "                for (size_t j = 0; j < w->kernel_w; j++) {\n"
    "                    const size_t pixel = pixel_under(w, row, column, i, j);\n"
    "                    for (size_t c = 0; pixel != none && c < w->channels; c++)\n"
    "                        y[c] += x[pixel * w->channels + c];\n"
    "                    n += pixel != none;\n"
    "                }\n"
    "            for (size_t c = 0; c < w->channels; c++)\n"
    "                y[c] *= 1.0f / (float)n;\n"
    "        }\n"
    "}\n\n";

static const char norm_part[] =
    "/* y = gamma (x - mean) / standard deviation + beta, the moments those of each group of channels of n pixels */\n"
    "static void group_norm(float *y, const float *x, const float *gamma, const float *beta, size_t n, size_t "
    "channels,\n"
    "                       size_t groups)\n"
    "{\n"
    "    const size_t width = channels / groups;\n"
    "    for (size_t first = 0; first < channels; first += width) {\n"
    "        double sum = 0, squares = 0;\n"
    "        for (size_t i = 0; i < n; i++)\n"
    "            for (size_t c = first; c < first + width; c++)\n"
    "                sum += (double)x[i * channels + c];\n"
    "        const double count = (double)n * (double)width, mean = sum / count;\n"
    "        for (size_t i = 0; i < n; i++)\n"
    "            for (size_t c = first; c < first + width; c++) {\n"
    "                const double d = (double)x[i * channels + c] - mean;\n"
    "                squares += d * d;\n"
    "            }\n"
    "        const float center = (float)mean, inverse = (float)(1 / sqrt(squares / count + 1e-5));\n"
    "        for (size_t i = 0; i < n; i++)\n"
    "            for (size_t c = first; c < first + width; c++)\n"
    "                y[i * channels + c] = gamma[c] * ((x[i * channels + c] - center) * inverse) + beta[c];\n"
    "    }\n"
    "}\n\n";

static const char channels_last_part[] =
    "/* (channels, n) to (n, channels) */\n"
    "static void channels_last(float *y, const float *x, size_t channels, size_t n)\n"
    "{\n"
    "    for (size_t c = 0; c < channels; c++)\n"
    "        for (size_t i = 0; i < n; i++)\n"
    "            y[i * channels + c] = x[c * n + i];\n"
    "}\n\n";

static const char channels_first_part[] =
    "/* (n, channels) to (channels, n) */\n"
    "static void channels_first(float *y, const float *x, size_t channels, size_t n)\n"
    "{\n"
    "    for (size_t c = 0; c < channels; c++)\n"
    "        for (size_t i = 0; i < n; i++)\n"
    "            y[c * n + i] = x[i * channels + c];\n"
    "}\n\n";

/* ------------------------------------------------------------------------------------------------------- distances */

static const char distance_part[] = "/* ||a - b||, summed in four chains */\n"
                                    "static float distance(const float *a, const float *b, size_t n)\n"
                                    "{\n"
                                    "    double sum[4] = {0, 0, 0, 0};\n"
                                    "    for (size_t i = 0; i < n; i++) {\n"
                                    "        const double d = (double)(a[i] - b[i]);\n"
                                    "        sum[i < n / 4 * 4 ? i % 4 : 0] += d * d;\n"
                                    "    }\n"
                                    "    return (float)sqrt((sum[0] + sum[1]) + (sum[2] + sum[3]));\n"
                                    "}\n\n";

static const char difference_part[] = "/* y = |x - y| */\n"
                                      "static void absolute_difference(float *y, const float *x, size_t n)\n"
                                      "{\n"
                                      "    for (size_t i = 0; i < n; i++)\n"
                                      "        y[i] = fabsf(x[i] - y[i]);\n"
                                      "}\n\n";

static const char code_distance_part[] =
    "/* The Mahalanobis distance of a code: ||factor (code - mean)||, factor a lower triangle row by row */\n"
    "static double code_distance(const float *code, size_t n)\n"
    "{\n"
    "    const float *factor = code_factor;\n"
    "    double sum = 0;\n"
    "    for (size_t i = 0; i < n; i++) {\n"
    "        double y = 0;\n"
    "        for (size_t j = 0; j <= i; j++)\n"
    "            y += (double)*factor++ * ((double)code[j] - (double)code_mean[j]);\n"
    "        sum += y * y;\n"
    "    }\n"
    "    return sqrt(sum);\n"
    "}\n\n";

#endif
