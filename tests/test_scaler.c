/* SPDX-License-Identifier: BSD-2-Clause */
/* What the scaler makes of rows. Its fitting in a stream, copies and saved form: test_scaler_state.c. */
#include "scaler_fixture.h"

#include <float.h>

/* Real numbers are compared to what a float holds. */
#define ck_near(x, y) ck_assert_double_eq_tol((double)(x), (double)(y), 1e-6 * (1 + fabs((double)(y))))

static real out[16];

static void fit_column(const float *values, size_t n) { fit("n", values, n); }

static double apply1(float x)
{
    aep__scaler_apply(&scaler, &x, out);
    return (double)out[0];
}

static double invert1(double feature)
{
    real f = (real)feature;
    float x;
    aep__scaler_invert(&scaler, &f, &x);
    return x;
}

static const float one_to_five[] = {3, 1, 5, 2, 4};

START_TEST(zscore_uses_mean_and_population_standard_deviation)
{
    fit_column(one_to_five, 5);
    ck_near(apply1(3), 0);
    ck_near(apply1(1), -sqrt(2));
    ck_near(apply1(6), 3 / sqrt(2));
}
END_TEST

START_TEST(minmax_maps_the_range_to_zero_and_one)
{
    config.scaling = AEP_SCALING_MINMAX;
    fit_column(one_to_five, 5);
    ck_near(apply1(1), 0);
    ck_near(apply1(5), 1);
    ck_near(apply1(9), 2);
}
END_TEST

START_TEST(robust_uses_median_and_interquartile_range)
{
    static const float values[] = {1, 2, 3, 4, 1000};
    config.scaling = AEP_SCALING_ROBUST;
    fit_column(values, 5);
    ck_near(apply1(3), 0);
    ck_near(apply1(5), 1.349); /* the quartiles are 2 and 4 */
}
END_TEST

START_TEST(rank_is_the_share_of_values_below)
{
    config.scaling = AEP_SCALING_RANK;
    fit_column(one_to_five, 5);
    for (int i = 0; i < 5; i++)
        ck_near(apply1((float)(i + 1)), -1 + i / 2.0);
    ck_near(apply1(2.5f), -0.25);
    ck_near(apply1(-1e30f), -1);
    ck_near(apply1(5.1f), 1);
}
END_TEST

START_TEST(rank_puts_tied_values_in_their_middle)
{
    static const float values[] = {0, 0, 0, 0, 0, 0, 7, 7, 9};
    config.scaling = AEP_SCALING_RANK;
    fit_column(values, 9);
    ck_near(apply1(0), -1 + 5 / 8.0);
    ck_near(apply1(7), -1 + 13 / 8.0);
    ck_near(apply1(9), 1);
    ck_near(apply1(-0.001f), -1);
    ck_near(invert1(apply1(0)), 0);
    ck_near(invert1(apply1(7)), 7);
}
END_TEST

START_TEST(rank_never_decreases)
{
    enum { N = 5000 };
    float *rows = random_rows(N);
    config.scaling = AEP_SCALING_RANK;
    fit("n3n2", rows, N);
    double before = -1;
    for (float x = -30; x < 90; x += 0.01f) {
        float row[4] = {x, 0, 0, 0};
        aep__scaler_apply(&scaler, row, out);
        ck_assert_double_ge((double)out[0], before);
        before = (double)out[0];
    }
    ck_near(before, 1);
    free(rows);
}
END_TEST

START_TEST(none_passes_values_through_and_needs_no_fitting)
{
    config.scaling = AEP_SCALING_NONE;
    describe("n");
    ck_assert_int_eq(aep__scaler_init(&scaler, &mem, &schema, &config), AEP_OK);
    ck_assert(aep__scaler_ready(&scaler));
    ck_near(apply1(-123.5f), -123.5);
    fit_column(one_to_five, 5);
    ck_near(apply1(-123.5f), -123.5);
}
END_TEST

START_TEST(other_scalings_are_ready_once_fitted)
{
    for (int scaling = AEP_SCALING_ZSCORE; scaling < SCALINGS; scaling++) {
        clear();
        config.scaling = scaling;
        describe("n");
        ck_assert_int_eq(aep__scaler_init(&scaler, &mem, &schema, &config), AEP_OK);
        ck_assert_int_eq(aep__scaler_update(&scaler, &mem, one_to_five, 0), AEP_OK);
        ck_assert(!aep__scaler_ready(&scaler));
        ck_assert_int_eq(aep__scaler_update(&scaler, &mem, one_to_five, 1), AEP_OK);
        ck_assert(aep__scaler_ready(&scaler));
    }
}
END_TEST

START_TEST(squashing_follows_every_scaling_but_rank)
{
    for (int scaling = 0; scaling < SCALINGS; scaling++)
        for (float x = -40; x < 40; x += 7) {
            config.scaling = scaling;
            config.squash = AEP_SQUASH_NONE;
            fit_column(one_to_five, 5);
            double plain = apply1(x);
            bool rank = scaling == AEP_SCALING_RANK;
            config.squash = AEP_SQUASH_TANH;
            fit_column(one_to_five, 5);
            ck_near(apply1(x), rank ? plain : 5 * tanh(plain / 5));
            config.squash = AEP_SQUASH_CLIP;
            fit_column(one_to_five, 5);
            ck_near(apply1(x), rank ? plain : fmax(fmin(plain, 5), -5));
        }
}
END_TEST

/* ---------------------------------------------------------------------------------------------- extreme input */

START_TEST(constant_columns_become_zero_and_are_counted)
{
    static const float values[] = {0, 0.1f, -7, 1e30f, 3e38f, 1e-38f};
    for (int scaling = AEP_SCALING_ZSCORE; scaling < SCALINGS; scaling++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            float rows[2 * 99];
            for (size_t i = 0; i < 99; i++) {
                rows[2 * i] = values[k];
                rows[2 * i + 1] = (float)i;
            }
            config.scaling = scaling;
            fit("nn", rows, 99);
            ck_assert_uint_eq(scaler.n_constant, 1);
            aep__scaler_apply(&scaler, rows, out);
            ck_assert(out[0] == 0);
            float back[2];
            aep__scaler_invert(&scaler, out, back);
            ck_assert_float_eq(back[0], values[k]);
        }
}
END_TEST

START_TEST(one_row_is_enough)
{
    for (int scaling = AEP_SCALING_ZSCORE; scaling < SCALINGS; scaling++) {
        config.scaling = scaling;
        fit_column(one_to_five, 1);
        ck_assert_double_eq(apply1(3), 0);
        ck_assert_uint_eq(scaler.n_constant, 1);
    }
}
END_TEST

START_TEST(values_of_any_size_scale_alike)
{
    static const float sizes[] = {1, 1e30f, 6e37f, 1e-30f, 1e-38f, 1e-41f};
    for (int scaling = AEP_SCALING_ZSCORE; scaling < SCALINGS; scaling++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            float values[5];
            config.scaling = scaling;
            fit_column(one_to_five, 5);
            double expected = apply1(1);
            for (size_t i = 0; i < 5; i++)
                values[i] = one_to_five[i] * sizes[k];
            fit_column(values, 5);
            ck_assert_double_eq_tol(apply1(values[1]), expected, 1e-3); /* 1e-41 has few digits left */
            ck_assert_uint_eq(scaler.n_constant, 0);
        }
}
END_TEST

START_TEST(any_finite_value_gives_a_bounded_feature)
{
    static const float extremes[] = {0, -0.0f, 1e30f, 3e38f, FLT_MAX, -FLT_MAX, FLT_MIN, 1e-45f, -1e-45f};
    static const float pairs[][2] = {{0, 1e-45f}, {-FLT_MAX, FLT_MAX}, {1, 1}, {1e30f, 3e38f}};
    for (int scaling = 0; scaling < SCALINGS; scaling++)
        for (int squash = 0; squash < 3; squash++)
            for (size_t p = 0; p < 4; p++) {
                config.scaling = scaling;
                config.squash = squash;
                fit_column(pairs[p], 2);
                ck_assert(isfinite(scaler.location[0]) && isfinite(scaler.scale[0]) && scaler.scale[0] > 0);
                for (size_t k = 0; k < sizeof extremes / sizeof *extremes; k++) {
                    double feature = apply1(extremes[k]);
                    ck_assert_double_le(fabs(feature), squash && scaling != AEP_SCALING_RANK ? 5 : AEP__FEATURE_LIMIT);
                    ck_assert(isfinite(invert1(feature)));
                }
            }
}
END_TEST

START_TEST(robust_falls_back_on_the_standard_deviation)
{
    static const float values[] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 17};
    config.scaling = AEP_SCALING_ROBUST;
    fit_column(values, 10);
    ck_near(apply1(7), 0);
    ck_near(apply1(17), 10 / 3.0);
}
END_TEST

START_TEST(moments_agree_with_two_passes_over_the_data)
{
    enum { N = 20000 };
    double mean = 0, m2 = 0;
    float *rows = random_rows(N);
    for (size_t i = 0; i < N; i++)
        mean += rows[4 * i + 2] / (double)N;
    for (size_t i = 0; i < N; i++)
        m2 += (rows[4 * i + 2] - mean) * (rows[4 * i + 2] - mean);
    fit("n3n2", rows, N);
    ck_assert_double_eq_tol(scaler.location[4], mean, 1e-10 * mean);
    ck_assert_double_eq_tol(scaler.scale[4], sqrt(m2 / N), 1e-10 * mean);
    free(rows);
}
END_TEST

/* ------------------------------------------------------------------------------------------ levels and missing */

START_TEST(levels_become_one_hot_features)
{
    static const float rows[] = {0, 5, 1, 7, 2, 9};
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        config.scaling = scaling;
        config.squash = AEP_SQUASH_TANH;
        fit("3n", rows, 3);
        aep__scaler_apply(&scaler, (const float[]){1, 7}, out);
        ck_assert(out[0] == 0 && out[1] == 1 && out[2] == 0);
        ck_assert_uint_eq(scaler.n_features, 4);
        ck_assert_uint_eq(scaler.n_constant, 0);
    }
}
END_TEST

START_TEST(unseen_and_missing_levels_have_no_feature)
{
    static const float none[] = {3, -1, 1e30f, -FLT_MAX, NAN};
    fit("3", (const float[]){0, 1, 2}, 3);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        aep__scaler_apply(&scaler, &none[i], out);
        ck_assert(out[0] == 0 && out[1] == 0 && out[2] == 0);
    }
}
END_TEST

START_TEST(scaled_levels_have_the_moments_of_their_share)
{
    static const float rows[] = {0, 1, 0, 0}; /* shares 3/4, 1/4, 0 */
    config.scale_levels = true;
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        bool scaled = scaling == AEP_SCALING_ZSCORE || scaling == AEP_SCALING_ROBUST;
        config.scaling = scaling;
        config.squash = AEP_SQUASH_TANH;
        config.squash_limit = 2;
        fit("3", rows, 4);
        aep__scaler_apply(&scaler, rows, out);
        ck_near(out[0], scaled ? 2 * tanh(0.25 / sqrt(0.1875) / 2) : 1);
        ck_near(out[1], scaled ? 2 * tanh(-0.25 / sqrt(0.1875) / 2) : 0);
        ck_near(out[2], 0);
    }
}
END_TEST

START_TEST(missing_values_are_filled_in)
{
    static const float values[] = {1, NAN, 2, 3, 30, NAN};
    config.missing = AEP_MISSING_IMPUTE;
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        bool median = scaling == AEP_SCALING_ROBUST || scaling == AEP_SCALING_RANK;
        config.scaling = scaling;
        fit_column(values, 6);
        ck_near(apply1(NAN), apply1(median ? 2.5f : 9));
    }
}
END_TEST

START_TEST(an_indicator_follows_its_column)
{
    static const float rows[] = {1, 0, NAN, 1, 3, 0, NAN, NAN};
    config.missing = AEP_MISSING_IMPUTE;
    config.indicator = true;
    for (int scaled = 0; scaled < 2; scaled++) {
        config.scale_levels = scaled;
        fit("n2", rows, 4);
        ck_assert_uint_eq(scaler.n_features, 4);
        aep__scaler_apply(&scaler, rows, out);
        ck_near(out[0], -1);
        ck_near(out[1], scaled ? -1 : 0); /* half of the values are missing */
        aep__scaler_apply(&scaler, rows + 2, out);
        ck_near(out[0], 0);
        ck_near(out[1], 1);
    }
}
END_TEST

START_TEST(a_column_without_any_value_is_zero)
{
    static const float values[] = {NAN, NAN, NAN};
    config.missing = AEP_MISSING_IMPUTE;
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        config.scaling = scaling;
        fit_column(values, 3);
        ck_assert_double_eq(apply1(NAN), 0);
        ck_assert_double_eq(scaler.location[0], 0);
        ck_assert_double_eq(scaler.scale[0], 1);
        ck_assert_uint_eq(scaler.n_constant, 1);
        ck_assert_uint_eq(scaler.n_rows, 3);
    }
}
END_TEST

static int check1(float number, float level, bool training)
{
    float rows[4] = {0, 0, number, level};
    size_t row = 9, col = 9;
    int status = aep__scaler_check(&row, &col, &scaler, rows, 2, training);
    ck_assert_uint_eq(row, status ? 1 : 9);
    ck_assert_uint_eq(col, !status ? 9 : isfinite(number) ? 1 : 0);
    return status;
}

START_TEST(what_cannot_be_used_is_found)
{
    for (int training = 0; training < 2; training++)
        for (int unseen = 0; unseen < 2; unseen++) {
            int refused = training || unseen == AEP_UNSEEN_ERROR ? AEP_E_LEVEL : AEP_OK;
            config.unseen = unseen;
            fit("n3", one_to_five, 1);
            ck_assert_int_eq(check1(FLT_MAX, 2, training), AEP_OK);
            ck_assert_int_eq(check1(1, -0.0f, training), AEP_OK);
            ck_assert_int_eq(check1(NAN, 0, training), AEP_E_NOT_FINITE);
            ck_assert_int_eq(check1(-INFINITY, 0, training), AEP_E_NOT_FINITE);
            ck_assert_int_eq(check1(1, NAN, training), AEP_E_NOT_FINITE);
            ck_assert_int_eq(check1(1, INFINITY, training), AEP_E_NOT_FINITE);
            ck_assert_int_eq(check1(1, 0.5f, training), AEP_E_LEVEL);
            ck_assert_int_eq(check1(1, 3, training), refused);
            ck_assert_int_eq(check1(1, -1, training), refused);
            ck_assert_int_eq(check1(1, 1e30f, training), refused);
        }
}
END_TEST

START_TEST(missing_values_may_be_nan_but_not_infinite)
{
    config.missing = AEP_MISSING_IMPUTE;
    for (int training = 0; training < 2; training++) {
        fit("n3", one_to_five, 1);
        ck_assert_int_eq(check1(NAN, 0, training), AEP_OK);
        ck_assert_int_eq(check1(1, NAN, training), AEP_OK);
        ck_assert_int_eq(check1(INFINITY, 0, training), AEP_E_NOT_FINITE);
        ck_assert_int_eq(check1(1, -INFINITY, training), AEP_E_NOT_FINITE);
    }
}
END_TEST

/* ---------------------------------------------------------------------------------------------------- channels */

enum { PIXELS = 5, N_CHANNELS = 3, N_IMAGES = 300 };

/* Channels of different ranges; some pixels missing. */
static void draw_images(float images[N_IMAGES][N_CHANNELS * PIXELS])
{
    uint32_t state = 21;
    for (size_t i = 0; i < N_IMAGES; i++)
        for (size_t j = 0; j < N_CHANNELS * PIXELS; j++) {
            const double pixel =
                uniform(&state) * uniform(&state) * pow(10, (double)(j / PIXELS)) + (double)(j % PIXELS);
            images[i][j] = uniform(&state) < 0.05 ? NAN : (float)pixel;
        }
}

/* All values of a channel, image by image, as one column. */
static void fit_channel(float images[N_IMAGES][N_CHANNELS * PIXELS], size_t channel)
{
    float *values = malloc(N_IMAGES * PIXELS * sizeof *values);
    for (size_t i = 0; i < N_IMAGES * PIXELS; i++)
        values[i] = images[i / PIXELS][channel * PIXELS + i % PIXELS];
    config.group = 1;
    fit_column(values, N_IMAGES * PIXELS);
    free(values);
}

START_TEST(pixels_of_a_channel_are_scaled_as_one_column_of_them_all)
{
    static float images[N_IMAGES][N_CHANNELS * PIXELS];
    draw_images(images);
    config.missing = AEP_MISSING_IMPUTE;
    for (config.scaling = AEP_SCALING_ZSCORE; config.scaling < SCALINGS; config.scaling++)
        for (size_t channel = 0; channel < N_CHANNELS; channel++) {
            fit_channel(images, channel);
            const double location = scaler.location[0], scale = scaler.scale[0];
            const float fill = scaler.fill[0];
            float knots[AEP__KNOTS];
            if (scaler.knots)
                memcpy(knots, scaler.knots, sizeof knots);
            config.group = PIXELS;
            fit("nnnnnnnnnnnnnnn", images[0], N_IMAGES);
            for (size_t c = channel * PIXELS; c < (channel + 1) * PIXELS; c++) {
                ck_assert(scaler.location[c] == location && scaler.scale[c] == scale && scaler.fill[c] == fill);
                if (scaler.knots)
                    ck_assert_mem_eq(scaler.knots + c * AEP__KNOTS, knots, sizeof knots);
            }
            ck_assert_uint_eq(scaler.n_constant, 0);
        }
}
END_TEST

START_TEST(pixels_that_are_constant_by_themselves_keep_the_contrast_of_their_channel)
{
    static const float images[] = {1, 5, 9, 7, 7, 7, 1, 5, 9, 7, 7, 7}; /* two of two channels */
    config.group = 3;
    fit("nnnnnn", images, 2);
    aep__scaler_apply(&scaler, images, out);
    ck_near(out[0], -sqrt(1.5));
    ck_near(out[1], 0);
    ck_near(out[2], sqrt(1.5));
    ck_assert_uint_eq(scaler.n_constant, 3); /* all columns of the second */
    for (size_t c = 3; c < 6; c++)
        ck_near(out[c], 0);
    config.group = 1;
    fit("nnnnnn", images, 2);
    ck_assert_uint_eq(scaler.n_constant, 6);
}
END_TEST

START_TEST(inverting_images_gives_their_values_back)
{
    static float images[N_IMAGES][N_CHANNELS * PIXELS];
    float back[N_CHANNELS * PIXELS];
    draw_images(images);
    config.group = PIXELS;
    config.missing = AEP_MISSING_IMPUTE;
    for (config.scaling = AEP_SCALING_NONE; config.scaling < SCALINGS; config.scaling++) {
        fit("nnnnnnnnnnnnnnn", images[0], N_IMAGES);
        for (size_t i = 0; i < N_IMAGES; i++) {
            aep__scaler_apply(&scaler, images[i], out);
            aep__scaler_invert(&scaler, out, back);
            for (size_t c = 0; c < N_CHANNELS * PIXELS; c++) {
                const double expected = isnan(images[i][c]) ? (double)scaler.fill[c] : (double)images[i][c];
                ck_assert_double_eq_tol((double)back[c], expected, 1e-5 * (1 + fabs(expected)));
            }
        }
    }
}
END_TEST

/* ----------------------------------------------------------------------------------------------------- inverse */

/* ---------------------------------------------------------------------------------- numeric columns and nothing else */

enum { WIDE = 37, WIDE_ROWS = 60, CONSTANT = 11 };

/* Numbers of every size, one column constant; some missing. One more column of two levels behind them, or none. */
static float *wide_rows(bool level)
{
    static const float extremes[] = {0, -0.0f, FLT_MAX, -FLT_MAX, FLT_MIN, 1e-45f, 1e30f, -1e30f};
    const size_t width = WIDE + level;
    uint32_t state = 31;
    float *rows = malloc(WIDE_ROWS * width * sizeof *rows);
    for (size_t i = 0; i < WIDE_ROWS; i++) {
        float *row = rows + i * width;
        for (size_t c = 0; c < WIDE; c++) {
            row[c] = (float)((uniform(&state) - 0.3) * pow(10, (double)(c % 9) - 4));
            if (uniform(&state) < 0.1)
                row[c] = config.missing == AEP_MISSING_IMPUTE ? NAN : 0;
            if (c % 13 == 5 && i % 10 == 3)
                row[c] = extremes[(i / 10 + c) % 8];
        }
        row[CONSTANT] = 7;
        if (level)
            row[WIDE] = (float)(i % 2);
    }
    return rows;
}

static void fit_wide(const float *rows, bool level)
{
    char columns[WIDE + 2] = {0};
    memset(columns, 'n', WIDE);
    columns[WIDE] = level ? '2' : 0;
    fit(columns, rows, WIDE_ROWS);
}

/* Features of numeric columns of all rows, of a scaler fitted to them. */
static void wide_features(real *features, bool level)
{
    real all[WIDE + 2];
    float *rows = wide_rows(level);
    fit_wide(rows, level);
    ck_assert(scaler.only_numbers == !level && scaler.run[0] == WIDE && scaler.run[WIDE - 1] == 1);
    for (size_t i = 0; i < WIDE_ROWS; i++) {
        aep__scaler_apply(&scaler, rows + i * (WIDE + level), all);
        memcpy(features + i * WIDE, all, WIDE * sizeof *all);
        if (level && !config.scale_levels)
            ck_assert(all[WIDE] == (i % 2 ? 0 : 1) && all[WIDE + 1] == (i % 2 ? 1 : 0));
    }
    free(rows);
}

#define FOR_EACH_CONFIG                                                                                                \
    for (config.scaling = 0; config.scaling < SCALINGS; config.scaling++)                                              \
        for (config.squash = AEP_SQUASH_NONE; config.squash <= AEP_SQUASH_CLIP; config.squash++)                       \
            for (int set_ = 0; set_ < 4; set_++)                                                                       \
                if (config.missing = set_ % 2 ? AEP_MISSING_IMPUTE : AEP_MISSING_ERROR,                                \
                    config.scale_levels = set_ > 1, true)

START_TEST(numeric_columns_have_the_same_features_beside_a_categorical_one)
{
    static real alone[WIDE_ROWS * WIDE], beside[WIDE_ROWS * WIDE];
    FOR_EACH_CONFIG
    {
        wide_features(alone, false);
        wide_features(beside, true);
        ck_assert_mem_eq(alone, beside, sizeof alone);
        for (size_t i = 0; i < WIDE_ROWS * WIDE; i++)
            ck_assert_msg(fabs((double)alone[i]) <= AEP__FEATURE_LIMIT, "%g", (double)alone[i]);
        ck_assert(config.scaling == AEP_SCALING_NONE || alone[CONSTANT] == 0 || config.scaling == AEP_SCALING_RANK);
    }
}
END_TEST

START_TEST(features_of_numeric_columns_are_those_of_the_formula)
{
    FOR_EACH_CONFIG
    {
        float *rows = wide_rows(false);
        fit_wide(rows, false);
        for (size_t i = 0; i < WIDE_ROWS && config.scaling != AEP_SCALING_RANK; i++) {
            real features[WIDE];
            aep__scaler_apply(&scaler, rows + i * WIDE, features);
            for (size_t c = 0; c < WIDE; c++) {
                const float x = isnan(rows[i * WIDE + c]) ? scaler.fill[c] : rows[i * WIDE + c];
                double z = ((double)x - scaler.location[c]) / scaler.scale[c];
                z = fmax(fmin(z, AEP__FEATURE_LIMIT), -AEP__FEATURE_LIMIT);
                if (config.squash == AEP_SQUASH_TANH)
                    z = 5 * tanh(z / 5);
                else if (config.squash == AEP_SQUASH_CLIP)
                    z = fmax(fmin(z, 5), -5);
                ck_near(features[c], z);
            }
        }
        free(rows);
    }
}
END_TEST

/* Numbers, one of them missing, and levels in turns; rows by their index, and from the first on. */
START_TEST(rows_at_once_have_the_features_of_each)
{
    enum { ROWS = 40, COLUMNS = 41, CHOSEN = 24 };
    static const char columns[] = "n3nnnnnnnnnnnnnnnnn2nnnnnnnnnnnnnnnnnnn5n";
    static float rows[ROWS * COLUMNS];
    static real at_once[CHOSEN * 128], one[128];
    uint32_t index[CHOSEN];
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        const char kind = columns[i % COLUMNS];
        const int draw = (int)(i * 7919 % 1009);
        rows[i] = kind == 'n' ? (float)draw / 100 : (float)(draw % (kind - '0'));
    }
    for (uint32_t i = 0; i < CHOSEN; i++)
        index[i] = i * 17 % ROWS;
    FOR_EACH_CONFIG
    for (int indicator = 0; indicator < 2; indicator++) {
        config.indicator = indicator && config.missing == AEP_MISSING_IMPUTE;
        fit(columns, rows, ROWS);
        ck_assert_uint_le(scaler.n_features, 128);
        for (int by_index = 0; by_index < 2; by_index++) {
            aep__scaler_apply_rows(&scaler, rows, by_index ? index : NULL, CHOSEN, at_once);
            for (size_t i = 0; i < CHOSEN; i++) {
                aep__scaler_apply(&scaler, rows + (by_index ? index[i] : i) * COLUMNS, one);
                ck_assert_mem_eq(at_once + i * scaler.n_features, one, scaler.n_features * sizeof *one);
            }
        }
        if (config.missing == AEP_MISSING_IMPUTE) {
            const float kept = rows[COLUMNS + 20];
            rows[COLUMNS + 20] = NAN;
            aep__scaler_apply_rows(&scaler, rows, NULL, 2, at_once);
            aep__scaler_apply(&scaler, rows + COLUMNS, one);
            ck_assert_mem_eq(at_once + scaler.n_features, one, scaler.n_features * sizeof *one);
            rows[COLUMNS + 20] = kept;
        }
    }
}
END_TEST

START_TEST(missing_values_are_filled_in_at_every_place)
{
    config.missing = AEP_MISSING_IMPUTE;
    for (config.scaling = 0; config.scaling < SCALINGS; config.scaling++)
        for (int level = 0; level < 2; level++) {
            float *rows = wide_rows(level), *row = rows + 5 * (WIDE + level);
            fit_wide(rows, level);
            for (size_t c = 0; c < WIDE; c++) {
                real missing[WIDE + 2], filled[WIDE + 2];
                row[c] = c % 2 ? NAN : -NAN;
                aep__scaler_apply(&scaler, row, missing);
                row[c] = scaler.fill[c];
                aep__scaler_apply(&scaler, row, filled);
                ck_assert_mem_eq(missing, filled, scaler.n_features * sizeof *filled);
            }
            free(rows);
        }
}
END_TEST

START_TEST(values_are_held_at_the_limit_at_every_place)
{
    static const float huge[] = {FLT_MAX, 1.1e9f, -FLT_MAX, -1.1e9f};
    config.scaling = AEP_SCALING_NONE;
    for (int level = 0; level < 2; level++) {
        float *rows = wide_rows(level);
        fit_wide(rows, level);
        for (size_t c = 0; c < WIDE; c++)
            for (size_t i = 0; i < 4; i++) {
                real features[WIDE + 2];
                float row[WIDE + 1] = {0};
                row[c] = huge[i];
                aep__scaler_apply(&scaler, row, features);
                ck_assert(features[c] == (real)(i < 2 ? AEP__FEATURE_LIMIT : -AEP__FEATURE_LIMIT));
                row[c] = i < 2 ? 0.9e9f : -0.9e9f;
                aep__scaler_apply(&scaler, row, features);
                ck_assert(features[c] == (real)row[c]);
            }
        free(rows);
    }
}
END_TEST

/* The first of several, wherever it stands. */
START_TEST(what_cannot_be_used_is_found_at_every_place)
{
    for (int set = 0; set < 4; set++) {
        const bool level = set % 2, impute = set > 1;
        const size_t width = WIDE + level;
        config.missing = AEP_MISSING_ERROR;
        float *rows = wide_rows(level);
        config.missing = impute ? AEP_MISSING_IMPUTE : AEP_MISSING_ERROR;
        fit_wide(rows, level);
        for (size_t at = 0; at < 3 * width; at++) {
            size_t row = 99, col = 99;
            const float before = rows[at], last = rows[4 * width - 1];
            ck_assert_int_eq(aep__scaler_check(&row, &col, &scaler, rows, 4, true), AEP_OK);
            ck_assert(row == 99 && col == 99);
            rows[at] = NAN;
            rows[4 * width - 1] = -INFINITY;
            ck_assert_int_eq(aep__scaler_check(&row, &col, &scaler, rows, 4, true), AEP_E_NOT_FINITE);
            ck_assert_uint_eq(row, impute ? 3 : at / width);
            ck_assert_uint_eq(col, impute ? width - 1 : at % width);
            rows[at] = at % 2 ? INFINITY : -INFINITY;
            ck_assert_int_eq(aep__scaler_check(&row, &col, &scaler, rows, 4, true), AEP_E_NOT_FINITE);
            ck_assert(row == at / width && col == at % width);
            rows[at] = before;
            rows[4 * width - 1] = last;
        }
        free(rows);
    }
}
END_TEST

/* --------------------------------------------------------------------------------------------------------- inverting */

START_TEST(inverting_gives_the_row_back)
{
    enum { N = 500 };
    float *rows = random_rows(N), back[4];
    for (int scaling = 0; scaling < SCALINGS; scaling++)
        for (int squash = 0; squash < 2; squash++) {
            config.scaling = scaling;
            config.squash = squash ? AEP_SQUASH_TANH : AEP_SQUASH_NONE;
            config.squash_limit = 50; /* not so tight that a float cannot be turned back */
            config.scale_levels = squash;
            fit("n3n2", rows, N);
            for (size_t i = 0; i < N; i++) {
                bool none = scaling == AEP_SCALING_NONE;
                aep__scaler_apply(&scaler, rows + 4 * i, out);
                aep__scaler_invert(&scaler, out, back);
                ck_assert_float_eq(back[1], rows[4 * i + 1]);
                ck_assert_float_eq(back[3], rows[4 * i + 3]);
                if (!squash || !none)
                    ck_assert_float_eq_tol(back[0], rows[4 * i], 1e-3f);
            }
        }
    free(rows);
}
END_TEST

START_TEST(inverting_stops_at_the_limit_of_squashing)
{
    config.squash = AEP_SQUASH_TANH;
    fit_column(one_to_five, 5);
    double limit = 3 + sqrt(2) * 5 * atanh(1 - 1e-6);
    ck_near(invert1(5), limit);
    ck_near(invert1(1e9), limit);
    ck_near(invert1(-1e9), 6 - limit);
    config.squash = AEP_SQUASH_CLIP;
    fit_column(one_to_five, 5);
    ck_near(invert1(99), 3 + 5 * sqrt(2));
}
END_TEST

START_TEST(inverting_rank_interpolates_and_stops_at_the_extremes)
{
    config.scaling = AEP_SCALING_RANK;
    fit_column(one_to_five, 5);
    ck_near(invert1(0.25), 3.5);
    ck_near(invert1(-7), 1);
    ck_near(invert1(7), 5);
    ck_near(invert1(NAN), 1);
}
END_TEST

START_TEST(inverting_gives_finite_floats_or_nan)
{
    fit_column((const float[]){-FLT_MAX, FLT_MAX}, 2);
    ck_assert_double_eq(invert1(1e9), FLT_MAX);
    ck_assert_double_eq(invert1(-1e9), -FLT_MAX);
    ck_assert_double_nan(invert1(NAN));
}
END_TEST

START_TEST(the_likeliest_level_is_the_first_of_equal_ones)
{
    static const struct {
        real features[3];
        float level;
    } cases[] = {{{0, 1, 0}, 1}, {{-3, -2, -1}, 2},  {{1, 2, 2}, 1},
                 {{0, 0, 0}, 0}, {{NAN, 1, NAN}, 1}, {{NAN, NAN, NAN}, 0}};
    fit("3", one_to_five, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float level;
        aep__scaler_invert(&scaler, cases[i].features, &level);
        ck_assert_float_eq(level, cases[i].level);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        zscore_uses_mean_and_population_standard_deviation,
        minmax_maps_the_range_to_zero_and_one,
        robust_uses_median_and_interquartile_range,
        rank_is_the_share_of_values_below,
        rank_puts_tied_values_in_their_middle,
        rank_never_decreases,
        none_passes_values_through_and_needs_no_fitting,
        other_scalings_are_ready_once_fitted,
        squashing_follows_every_scaling_but_rank,
        constant_columns_become_zero_and_are_counted,
        one_row_is_enough,
        values_of_any_size_scale_alike,
        any_finite_value_gives_a_bounded_feature,
        robust_falls_back_on_the_standard_deviation,
        moments_agree_with_two_passes_over_the_data,
        levels_become_one_hot_features,
        unseen_and_missing_levels_have_no_feature,
        scaled_levels_have_the_moments_of_their_share,
        missing_values_are_filled_in,
        an_indicator_follows_its_column,
        a_column_without_any_value_is_zero,
        what_cannot_be_used_is_found,
        missing_values_may_be_nan_but_not_infinite,
        pixels_of_a_channel_are_scaled_as_one_column_of_them_all,
        pixels_that_are_constant_by_themselves_keep_the_contrast_of_their_channel,
        inverting_images_gives_their_values_back,
        numeric_columns_have_the_same_features_beside_a_categorical_one,
        features_of_numeric_columns_are_those_of_the_formula,
        rows_at_once_have_the_features_of_each,
        missing_values_are_filled_in_at_every_place,
        values_are_held_at_the_limit_at_every_place,
        what_cannot_be_used_is_found_at_every_place,
        inverting_gives_the_row_back,
        inverting_stops_at_the_limit_of_squashing,
        inverting_rank_interpolates_and_stops_at_the_extremes,
        inverting_gives_finite_floats_or_nan,
        the_likeliest_level_is_the_first_of_equal_ones,
    };
    return run("scaler", tests, sizeof tests / sizeof *tests);
}
