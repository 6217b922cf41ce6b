/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of options as released. */
#ifndef AEP_TESTS_OPTION_TABLE_H
#define AEP_TESTS_OPTION_TABLE_H

#include "options.h"

#define N(array) (sizeof(array) / sizeof *(array))
#define WHOLE    9007199254740992.0 /* 2^53 */

/* Keys, names, types and choices never change. */
static const struct expected {
    int key;
    const char *name;
    int type;
    double low, high, preset;
    int changeable;
    const char *choices; /* by value */
} table[] = {
    {AEP_OPT_SEED, "seed", AEP_TYPE_INTEGER, 0, WHOLE, 0, 0, ""},
    {AEP_OPT_ACTIVATION, "activation", AEP_TYPE_CHOICE, 0, 6, AEP_TANH, 0,
     "identity relu leaky_relu tanh sigmoid gelu silu "},
    {AEP_OPT_HEAD_ACTIVATION, "head_activation", AEP_TYPE_CHOICE, 0, 6, AEP_TANH, 0,
     "identity relu leaky_relu tanh sigmoid gelu silu "},
    {AEP_OPT_CODE_ACTIVATION, "code_activation", AEP_TYPE_CHOICE, 0, 6, AEP_IDENTITY, 0,
     "identity relu leaky_relu tanh sigmoid gelu silu "},
    {AEP_OPT_OUTPUT_ACTIVATION, "output_activation", AEP_TYPE_CHOICE, 0, 6, AEP_IDENTITY, 0,
     "identity relu leaky_relu tanh sigmoid gelu silu "},
    {AEP_OPT_NOISE, "noise", AEP_TYPE_CHOICE, 0, 3, AEP_NOISE_GAUSSIAN, 1, "none gaussian masking block "},
    {AEP_OPT_NOISE_LEVEL, "noise_level", AEP_TYPE_REAL, 0, 10, 0.1, 1, ""},
    {AEP_OPT_ERROR, "error", AEP_TYPE_CHOICE, 0, 1, AEP_ERROR_NORM, 0, "norm vector "},
    {AEP_OPT_SQUARED, "squared", AEP_TYPE_SWITCH, 0, 1, 0, 0, ""},
    {AEP_OPT_HEAD_GRADIENT, "head_gradient", AEP_TYPE_SWITCH, 0, 1, 0, 0, ""},
    {AEP_OPT_WEIGHT_DECAY, "weight_decay", AEP_TYPE_REAL, 0, 1e6, 1e-6, 1, ""},
    {AEP_OPT_COMPACTNESS, "compactness", AEP_TYPE_REAL, 0, 1e6, 0.01, 1, ""},
    {AEP_OPT_HEAD_WEIGHT, "head_weight", AEP_TYPE_REAL, 0, 1e6, 1, 1, ""},
    {AEP_OPT_LEARNING_RATE, "learning_rate", AEP_TYPE_REAL, 0, 1, 1e-3, 1, ""},
    {AEP_OPT_HEAD_RATE, "head_rate", AEP_TYPE_REAL, 0, 1000, 1, 1, ""},
    {AEP_OPT_BETA1, "beta1", AEP_TYPE_REAL, 0, 0.999999, 0.9, 1, ""},
    {AEP_OPT_BETA2, "beta2", AEP_TYPE_REAL, 0, 0.999999, 0.999, 1, ""},
    {AEP_OPT_EPSILON, "epsilon", AEP_TYPE_REAL, 1e-16, 1, 1e-8, 1, ""},
    {AEP_OPT_SCHEDULE, "schedule", AEP_TYPE_CHOICE, 0, 1, AEP_SCHEDULE_COSINE, 1, "constant cosine "},
    {AEP_OPT_SCHEDULE_STEPS, "schedule_steps", AEP_TYPE_INTEGER, 0, WHOLE, 0, 1, ""},
    {AEP_OPT_GRADIENT_CLIP, "gradient_clip", AEP_TYPE_REAL, 0, 1e9, 0, 1, ""},
    {AEP_OPT_EPOCHS, "epochs", AEP_TYPE_INTEGER, 1, 1e6, 100, 1, ""},
    {AEP_OPT_BATCH, "batch", AEP_TYPE_INTEGER, 2, 1e6, 256, 1, ""},
    {AEP_OPT_VALIDATION, "validation", AEP_TYPE_REAL, 0, 0.9, 0, 1, ""},
    {AEP_OPT_PATIENCE, "patience", AEP_TYPE_INTEGER, 0, 1e6, 0, 1, ""},
    {AEP_OPT_SCORE, "score", AEP_TYPE_CHOICE, 0, 3, AEP_SCORE_PREDICTION, 1, "prediction reconstruction signed joint "},
    {AEP_OPT_SCALING, "scaling", AEP_TYPE_CHOICE, 0, 4, AEP_SCALING_ZSCORE, 0, "none zscore minmax robust rank "},
    {AEP_OPT_SQUASH, "squash", AEP_TYPE_CHOICE, 0, 2, AEP_SQUASH_TANH, 0, "none tanh clip "},
    {AEP_OPT_SQUASH_LIMIT, "squash_limit", AEP_TYPE_REAL, 0.1, 1e6, 5, 0, ""},
    {AEP_OPT_MISSING, "missing", AEP_TYPE_CHOICE, 0, 1, AEP_MISSING_ERROR, 0, "error impute "},
    {AEP_OPT_MISSING_INDICATOR, "missing_indicator", AEP_TYPE_SWITCH, 0, 1, 0, 0, ""},
    {AEP_OPT_UNSEEN, "unseen", AEP_TYPE_CHOICE, 0, 1, AEP_UNSEEN_ZERO, 0, "zero error "},
    {AEP_OPT_ALARM_RATE, "alarm_rate", AEP_TYPE_REAL, 0, 1, 0.01, 1, ""},
    {AEP_OPT_CALIBRATION_SIZE, "calibration_size", AEP_TYPE_INTEGER, 100, 1e7, 10000, 1, ""},
    {AEP_OPT_SAVE_TRAINING, "save_training", AEP_TYPE_SWITCH, 0, 1, 1, 1, ""},
    {AEP_OPT_SCALE_LEVELS, "scale_levels", AEP_TYPE_SWITCH, 0, 1, 0, 0, ""},
    {AEP_OPT_NOISE_BLOCK, "noise_block", AEP_TYPE_INTEGER, 1, 1024, 4, 1, ""},
    {AEP_OPT_CHANNEL_SCALING, "channel_scaling", AEP_TYPE_SWITCH, 0, 1, 1, 0, ""},
    {AEP_OPT_LEARNING_GATE, "learning_gate", AEP_TYPE_REAL, 0, 0.5, 0, 1, ""},
};

#endif
