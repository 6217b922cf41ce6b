/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inspect small images: learn what good parts look like, find a scratched one, and show where the scratch is. And the same
 * with a signal, which is an image of height 1.
 */
#include <aepred.h>
#include <stdio.h>
#include <stdlib.h>

enum { EDGE = 16, SAMPLES = 64, MOST = EDGE * EDGE, TRAINING = 1000, CALIBRATION = 400 };

typedef struct kind {
    const char *name;
    size_t height, width;
    void (*draw)(float *row);   /* a normal one */
    void (*damage)(float *row); /* harm it */
} kind;

static void check(int status, const char *what)
{
    if (status == AEP_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, aep_status_str(status));
    exit(EXIT_FAILURE);
}

static float uniform(float low, float high) { return low + (high - low) * (float)rand() / (float)RAND_MAX; }

/* A bright plate with a round hole, never in quite the same place nor in the same light. */
static void draw_part(float *image)
{
    const float light = uniform(0.9f, 1.1f), row = uniform(7, 9), column = uniform(7, 9);
    for (int y = 0; y < EDGE; y++)
        for (int x = 0; x < EDGE; x++) {
            const float dy = (float)y - row, dx = (float)x - column;
            float metal = (dy * dy + dx * dx - 9) / 6 + 0.5f; /* from 0 to 1 within a pixel about the hole's edge */
            metal = x < 2 || x >= EDGE - 2 || y < 2 || y >= EDGE - 2 || metal < 0 ? 0 : metal > 1 ? 1 : metal;
            image[y * EDGE + x] = light * (0.2f + 0.6f * metal) + uniform(-0.03f, 0.03f);
        }
}

static void scratch(float *image)
{
    for (int i = 0; i < 5; i++)
        image[(9 + i) * EDGE + 2 + i] -= 0.3f;
}

/* A pulse that comes early or late, and falls off. */
static void draw_pulse(float *signal)
{
    const int start = 16 + rand() % 8;
    float level = 0;
    for (int i = 0; i < SAMPLES; i++) {
        level = i == start ? 1 : 0.9f * level;
        signal[i] = level + uniform(-0.03f, 0.03f);
    }
}

static void interrupt(float *signal)
{
    for (int i = 30; i < 34; i++)
        signal[i] = 0;
}

static aep_model *new_model(const kind *k)
{
    static const size_t code = 8;
    aep_options *options;
    aep_model *model;
    check(aep_options_new(&options), "aep_options_new");
    check(aep_options_set_image(options, 1, k->height, k->width), "aep_options_set_image");
    check(aep_options_add_conv(options, 8, 3, 2), "aep_options_add_conv"); /* 8 filters of 3 by 3, stride 2 */
    check(aep_options_add_conv(options, 16, 3, 2), "aep_options_add_conv");
    check(aep_options_set_layers(options, AEP_PART_ENCODER, &code, 1), "aep_options_set_layers");
    check(aep_options_set(options, AEP_OPT_ERROR, AEP_ERROR_VECTOR), "error"); /* the head predicts a map of errors */
    check(aep_options_set(options, AEP_OPT_LEARNING_RATE, 3e-3), "learning_rate");
    check(aep_options_set(options, AEP_OPT_EPOCHS, 40), "epochs");
    check(aep_options_set(options, AEP_OPT_BATCH, 64), "batch");
    check(aep_model_new(&model, options, k->height * k->width), "aep_model_new");
    aep_options_free(options);
    return model;
}

static aep_model *learn(const kind *k)
{
    static float rows[(TRAINING + CALIBRATION) * MOST];
    const size_t n = k->height * k->width;
    aep_model *model = new_model(k);
    for (size_t i = 0; i < TRAINING + CALIBRATION; i++)
        k->draw(rows + i * n);
    check(aep_fit(model, rows, TRAINING, n, NULL, NULL), "aep_fit");
    check(aep_calibrate(model, rows + TRAINING * n, CALIBRATION, n), "aep_calibrate");
    return model;
}

/* One character a pixel, the darker the larger its share of the score. */
static void print_map(const float *shares, const kind *k, float largest)
{
    static const char levels[] = " .:-=+*#%@";
    for (size_t y = 0; y < k->height; y++) {
        printf("    |");
        for (size_t x = 0; x < k->width; x++)
            putchar(levels[(size_t)(shares[y * k->width + x] / largest * (float)(sizeof levels - 2))]);
        printf("|\n");
    }
}

/* Whether a damaged one is found, and the share of its pixels tells where. */
static int find_damage(const kind *k)
{
    float good[MOST], bad[MOST], shares[MOST], score, p_value;
    const size_t n = k->height * k->width;
    size_t first = 0;
    aep_model *model = learn(k);
    k->draw(good);
    for (size_t i = 0; i < n; i++)
        bad[i] = good[i];
    k->damage(bad);
    check(aep_score(&score, model, NULL, bad, 1, n), "aep_score");
    check(aep_pvalue(&p_value, model, &score, 1), "aep_pvalue");
    check(aep_explain(shares, model, NULL, bad, 1, n), "aep_explain");
    for (size_t i = 1; i < n; i++)
        if (shares[i] > shares[first])
            first = i;
    printf("damaged %s: score %.2f, p-value %.4f\n", k->name, score, p_value);
    print_map(shares, k, shares[first]);
    aep_model_free(model);
    return p_value < 0.01f && bad[first] != good[first];
}

int main(void)
{
    static const kind part = {"part", EDGE, EDGE, draw_part, scratch};
    static const kind pulse = {"pulse", 1, SAMPLES, draw_pulse, interrupt};
    const int found = find_damage(&part) + find_damage(&pulse);
    printf("%d of 2 were found, at the right place\n", found);
    return found == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
