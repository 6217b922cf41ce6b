/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The joint loss of the method: its value against the definition, and its gradients against central differences, for
 * many configurations. Noise is on: it is the same in every evaluation.
 */
#include "net_fixture.h"
#include "runner.h"

enum { MOST_WIDTHS = 3 };

typedef struct shape {
    size_t n_features;
    size_t encoder[MOST_WIDTHS], decoder[MOST_WIDTHS], head[MOST_WIDTHS];
    size_t n_encoder, n_decoder, n_head;
} shape;

static const shape shapes[] = {
    {7, {5, 3}, {5}, {4}, 2, 1, 1},          /* mirrored */
    {4, {2}, {0}, {0}, 1, 0, 0},             /* no hidden layer at all */
    {3, {6, 5, 1}, {4}, {3, 2}, 3, 1, 2},    /* a code of one; a given decoder; wider than the input */
    {5, {4}, {3, 6, 2}, {5, 4, 3}, 1, 3, 3}, /* a given, deeper decoder */
    {1, {2, 2}, {2}, {2}, 2, 1, 1},          /* one feature */
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static aep__net_config config_of(const shape *s)
{
    return (aep__net_config){.n_features = s->n_features,
                             .encoder = s->encoder,
                             .decoder = s->decoder,
                             .head = s->head,
                             .n_encoder = s->n_encoder,
                             .n_decoder = s->n_decoder,
                             .n_head = s->n_head};
}

/* ---------------------------------------------------------------------------------------- value of the loss */

static double distance(const real *a, const real *b, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(sum);
}

static double mean_distance(const real *a, const real *b, size_t n, bool squared)
{
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++)
        sum += pow(distance(a + i * n, b + i * n, n), squared ? 2 : 1);
    return sum / ROWS;
}

static double compactness(const real *z, size_t k)
{
    double sum = 0;
    for (size_t j = 0; j < k; j++) {
        double mean = 0;
        for (size_t i = 0; i < ROWS; i++)
            mean += z[i * k + j] / ROWS;
        for (size_t i = 0; i < ROWS; i++)
            sum += (z[i * k + j] - mean) * (z[i * k + j] - mean);
    }
    return sum / (ROWS * (double)k);
}

START_TEST(the_loss_is_that_of_the_definition)
{
    const bool vector_error = _i & 1, squared = _i & 2, head_gradient = _i & 4;
    aep__net_config config = config_of(&shapes[0]);
    config.activation = config.head_activation = AEP_TANH;
    config.vector_error = vector_error, config.head_gradient = head_gradient;
    fixture f;
    make_net(&f, &config, squared);
    const aep__net *net = &f.net;
    real *x = value(&f, net->x), *rebuilt = value(&f, net->reconstruction), *predicted = value(&f, net->predicted),
         *z = value(&f, net->z);
    real error[ROWS * 7];
    for (size_t i = 0; i < ROWS * net->error_size; i++)
        error[i] = vector_error ? fabs(x[i] - rebuilt[i]) : distance(x + i * 7, rebuilt + i * 7, 7);
    double decay = 0;
    for (size_t i = 0; i < net->n_autoencoder; i++)
        decay += f.params[i] * f.params[i];
    ck_assert_uint_eq(net->n_autoencoder, 7 * 5 + 5 + 5 * 3 + 3 + 3 * 5 + 5 + 5 * 7 + 7);
    ck_assert_uint_eq(net->tape.n_params, net->n_autoencoder + 3 * 4 + 4 + (4 + 1) * net->error_size);
    const double reconstruction = mean_distance(x, rebuilt, 7, squared);
    const double prediction = mean_distance(error, predicted, net->error_size, squared);
    const double compact = compactness(z, net->code_size);
    ck_assert_double_eq_tol(f.losses.reconstruction, reconstruction, 1e-13);
    ck_assert_double_eq_tol(f.losses.decay, decay, 1e-13);
    ck_assert_double_eq_tol(f.losses.compactness, compact, 1e-13);
    ck_assert_double_eq_tol(f.losses.prediction, prediction, 1e-13);
    ck_assert_double_eq_tol(f.losses.total, reconstruction + lambda1 * decay + lambda2 * compact + lambda3 * prediction,
                            1e-13);
    free(x), free(rebuilt), free(predicted), free(z);
    free_net(&f);
}
END_TEST

/* the loss compares with the row itself, the encoder sees the noisy one */
START_TEST(noise_reaches_the_encoder_only)
{
    aep__net_config config = config_of(&shapes[1]); /* z = x~ w + b */
    fixture f;
    make_net(&f, &config, false);
    real noisy[ROWS * 4], noise[4], *z = value(&f, f.net.z);
    const real *x = f.rows, *w = f.params, *b = f.params + 8;
    for (size_t i = 0; i < ROWS; i++) {
        aep__rng_normal(noise, 4, f.batch.noise.seed, AEP__STREAM_NOISE, f.batch.noise.step, (uint32_t)i);
        for (size_t j = 0; j < 4; j++)
            noisy[i * 4 + j] = x[i * 4 + j] + 0.2 * noise[j];
    }
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < 2; j++) {
            double sum = b[j];
            for (size_t p = 0; p < 4; p++)
                sum += noisy[i * 4 + p] * w[p * 2 + j];
            ck_assert_double_eq_tol(z[i * 2 + j], sum, 1e-13);
        }
    f.batch.training = false; /* no noise when scoring */
    forward(&f);
    free(z);
    z = value(&f, f.net.z);
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_double_eq_tol(
            z[i * 2], b[0] + x[i * 4] * w[0] + x[i * 4 + 1] * w[2] + x[i * 4 + 2] * w[4] + x[i * 4 + 3] * w[6], 1e-13);
    free(z);
    free_net(&f);
}
END_TEST

/* ---------------------------------------------------------------------------------------- gradients */

START_TEST(gradients_agree_for_every_activation_and_switch)
{
    const int kind = _i / 8;
    aep__net_config config = config_of(&shapes[0]);
    const bool squared = set_switches(&config, _i % 8);
    config.activation = kind;
    config.code_activation = (kind + 1) % N_ACTIVATIONS;
    config.output_activation = (kind + 2) % N_ACTIVATIONS;
    config.head_activation = (kind + 3) % N_ACTIVATIONS;
    check_gradients(&config, squared);
}
END_TEST

START_TEST(gradients_agree_for_every_shape_and_switch)
{
    aep__net_config config = config_of(&shapes[_i / 8]);
    const bool squared = set_switches(&config, _i % 8);
    config.activation = AEP_GELU;
    config.head_activation = AEP_SIGMOID;
    check_gradients(&config, squared);
}
END_TEST

/* what the stop takes away is the term that an open one lets through, and it is not nothing */
START_TEST(the_stop_changes_the_gradient_of_the_autoencoder_only)
{
    aep__net_config config = config_of(&shapes[0]);
    config.activation = config.head_activation = AEP_TANH;
    fixture stopped, open;
    make_net(&stopped, &config, false);
    config.head_gradient = true;
    make_net(&open, &config, false);
    const size_t n_autoencoder = open.net.n_autoencoder, n_params = open.net.tape.n_params;
    real *without = copy_gradient(&stopped), *with = copy_gradient(&open);
    size_t different = 0;
    for (size_t i = 0; i < n_autoencoder; i++) {
        different += fabs(with[i] - without[i]) > 1e-6;
        without[i] = with[i] - without[i];
    }
    ck_assert_uint_gt(different, n_autoencoder / 2);
    assert_gradient(without, open.params, n_autoencoder, head_term, &open, "let through");
    ck_assert_mem_eq(without + n_autoencoder, with + n_autoencoder, (n_params - n_autoencoder) * sizeof(real));
    free(without), free(with);
    free_net(&stopped);
    free_net(&open);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("grad_net");
    tcase_add_loop_test(tc, the_loss_is_that_of_the_definition, 0, 8);
    tcase_add_test(tc, noise_reaches_the_encoder_only);
    tcase_add_loop_test(tc, gradients_agree_for_every_activation_and_switch, 0, N_ACTIVATIONS * 8);
    tcase_add_loop_test(tc, gradients_agree_for_every_shape_and_switch, 0, N_SHAPES * 8);
    tcase_add_test(tc, the_stop_changes_the_gradient_of_the_autoencoder_only);
    return run_case("grad_net", tc);
}
