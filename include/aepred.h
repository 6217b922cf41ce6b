/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aepred.h - anomaly detection by an autoencoder whose latent variables predict its reconstruction error.
 *
 * The library learns from normal rows alone. A row is a fixed number of float columns. Training fits two
 * networks: an autoencoder, which compresses a row to a few latent variables and rebuilds it, and a head (an MLP),
 * which predicts from the latent variables how large the reconstruction error will be. On normal rows the prediction
 * is good; a row is anomalous by how far its actual error lies from the predicted one.
 *
 * The order of this header is the order in which a newcomer needs it:
 *   version, status, options, model, training, threshold, scoring, drift, metrics, saving.
 *
 * Conventions that hold everywhere
 *   - A function that can fail returns AEP_OK or one of the negative AEP_E_ codes. On failure a handle that was to be
 *     created is set to NULL and nothing else has changed. The log callback, if any, has been told what and where;
 *     not for NULL arguments, what a model has not (a statistic not known yet, an image, one more image layer),
 *     aep_check_rows, and loading, which has no object yet.
 *   - Out-parameters come first, then the object, then the rest; a callback is followed by its `void *payload`.
 *   - A matrix is row-major float32 of shape (n_rows, n_cols). Inputs are copied or read, never kept. Every function on
 *     rows returns AEP_E_LIMIT where n_rows * n_cols is more than memory can hold.
 *   - Every `_free` function accepts NULL.
 *   - Thread classes. "pure": any thread, any time. "const": any number of threads may call const functions on the
 *     same object at the same time, without locks. "exclusive": the caller makes sure that no other call uses the
 *     object meanwhile. Nothing in the library is global.
 *   - The library never prints, exits, aborts or reads the environment, and starts threads only for a model that was
 *     allowed more than one (aep_model_set_threads). (A CBLAS that it was built with may do all of that: see
 *     docs/errors.md. By default there is none.)
 */
#ifndef AEPRED_H
#define AEPRED_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define AEP_API
#elif defined(__GNUC__)
#define AEP_API __attribute__((visibility("default")))
#else
#define AEP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------- version */

#define AEP_VERSION_MAJOR 0
#define AEP_VERSION_MINOR 4
#define AEP_VERSION_PATCH 0
#define AEP_VERSION_NUMBER (AEP_VERSION_MAJOR * 10000 + AEP_VERSION_MINOR * 100 + AEP_VERSION_PATCH)

/** The version of the library that is running, for example "0.4.0". Thread class: pure. */
AEP_API const char *aep_version(void);

/** The same as a number, major * 10000 + minor * 100 + patch; compare with AEP_VERSION_NUMBER. Thread class: pure. */
AEP_API int aep_version_number(void);

/* ----------------------------------------------------------------------------------------------------- status */

/** What a function returns. The numbers are never reused and never change. */
enum aep_status {
    AEP_OK = 0,
    AEP_E_ARGUMENT = -1,   /**< a pointer is NULL where one is needed, or an argument has no meaning */
    AEP_E_MEMORY = -2,     /**< the allocator gave no memory */
    AEP_E_OPTION = -3,     /**< there is no option, choice, statistic or part of that number or name */
    AEP_E_RANGE = -4,      /**< a value lies outside the bounds of its option, or is not a number */
    AEP_E_COLUMNS = -5,    /**< the rows have another number of columns than the model */
    AEP_E_ROWS = -6,       /**< too few rows for what was asked */
    AEP_E_NOT_FINITE = -7, /**< a value is NaN or infinite (NaN is allowed where the option `missing` is `impute`) */
    AEP_E_LEVEL = -8,      /**< a categorical value is not one of the column's level codes */
    AEP_E_STATE = -9,      /**< the model is not ready for this call, or past it */
    AEP_E_DIVERGED = -10,  /**< training produced values that are not finite; the step or run was undone */
    AEP_E_CANCELLED = -11, /**< the progress callback asked to stop; the model is usable */
    AEP_E_FORMAT = -12,    /**< the bytes are not a model, or not a well-formed one */
    AEP_E_VERSION = -13,   /**< the model comes from a newer version of the file format */
    AEP_E_CHECKSUM = -14,  /**< the bytes of the model are damaged or cut short */
    AEP_E_IO = -15,        /**< the file could not be opened, read, written or renamed; errno says why */
    AEP_E_BUFFER = -16,    /**< the buffer given is too small */
    AEP_E_WORKSPACE = -17, /**< the workspace was made for a model of another shape */
    AEP_E_LIMIT = -18      /**< sizes that no memory can hold, or past a documented limit */
};

/** One English sentence for a status code; never NULL, also for unknown codes. Thread class: pure. */
AEP_API const char *aep_status_str(int status);

/* --------------------------------------------------------------------------------------- allocator and logging */

/**
 * The memory of a host. Every allocation of an object made with it comes from here; the struct is copied.
 *   alloc: returns size bytes (size > 0) aligned for any type, or NULL.
 *   free:  takes what alloc returned; never called with NULL.
 * Both are called only inside calls of the library, on the calling thread.
 */
typedef struct aep_allocator {
    void *(*alloc)(size_t size, void *payload);
    void (*free)(void *ptr, void *payload);
    void *payload;
} aep_allocator;

/** How grave a log message is. */
enum aep_log_level {
    AEP_LOG_ERROR = 0,   /**< a call failed; the message says what, where and what to do */
    AEP_LOG_WARNING = 1, /**< a call succeeded, but the result deserves a look */
    AEP_LOG_INFO = 2     /**< progress of interest */
};

/**
 * Receives a finished message: one line of UTF-8 without a newline, valid during the call. It may be called from
 * every thread that uses the object, and must not call back into the library with the same object.
 */
typedef void (*aep_log_fn)(int level, const char *message, void *payload);

/* ---------------------------------------------------------------------------------------------------- options */

/**
 * What a model is to be: a set of numbers by key, the layers, the columns, the allocator and the log callback.
 * Options are copied into a model when it is made; they may be freed or changed afterwards.
 */
typedef struct aep_options aep_options;

/**
 * Keys of the options. `aep_option_name`, `_help`, `_bounds` and `_choice` describe each of them at run time; the
 * comment gives name, meaning and preset. The numbers are never reused and never change. Those marked (any time) can
 * also be changed in a model with `aep_model_set`.
 */
enum aep_option {
    AEP_OPT_SEED = 1,               /**< seed: all randomness follows from it; 0 */
    AEP_OPT_ACTIVATION = 2,         /**< activation: of the hidden layers of encoder and decoder; tanh */
    AEP_OPT_HEAD_ACTIVATION = 3,    /**< head_activation: of the hidden layers of the head; tanh */
    AEP_OPT_CODE_ACTIVATION = 4,    /**< code_activation: of the latent variables; identity */
    AEP_OPT_OUTPUT_ACTIVATION = 5,  /**< output_activation: of the reconstruction; identity */
    AEP_OPT_NOISE = 6,              /**< noise: none, gaussian, masking, block; gaussian (any time) */
    AEP_OPT_NOISE_LEVEL = 7,        /**< noise_level: standard deviation, or share of features masked; 0.1 (any time) */
    AEP_OPT_ERROR = 8,              /**< error: norm (one number a row) or vector (|x - x'| by feature); norm */
    AEP_OPT_SQUARED = 9,            /**< squared: use squared norms in the losses; 0 */
    AEP_OPT_HEAD_GRADIENT = 10,     /**< head_gradient: let the head's gradient reach the autoencoder; 0 */
    AEP_OPT_WEIGHT_DECAY = 11,      /**< weight_decay: lambda1; 1e-6 (any time) */
    AEP_OPT_COMPACTNESS = 12,       /**< compactness: lambda2; 0.01 (any time) */
    AEP_OPT_HEAD_WEIGHT = 13,       /**< head_weight: lambda3; 1 (any time) */
    AEP_OPT_LEARNING_RATE = 14,     /**< learning_rate: of Adam; 1e-3 (any time) */
    AEP_OPT_HEAD_RATE = 15,         /**< head_rate: learning rate of the head over that of the autoencoder; 1 (any time) */
    AEP_OPT_BETA1 = 16,             /**< beta1: of Adam; 0.9 (any time) */
    AEP_OPT_BETA2 = 17,             /**< beta2: of Adam; 0.999 (any time) */
    AEP_OPT_EPSILON = 18,           /**< epsilon: of Adam; 1e-8 (any time) */
    AEP_OPT_SCHEDULE = 19,          /**< schedule: constant, cosine (to zero); cosine (any time) */
    AEP_OPT_SCHEDULE_STEPS = 20,    /**< schedule_steps: length of the schedule for aep_fit_batch, 0: constant; 0 (any time) */
    AEP_OPT_GRADIENT_CLIP = 21,     /**< gradient_clip: largest norm of the whole gradient, 0: none; 0 (any time) */
    AEP_OPT_EPOCHS = 22,            /**< epochs: passes over the rows in aep_fit; 100 (any time) */
    AEP_OPT_BATCH = 23,             /**< batch: rows a step in aep_fit; 256 (any time) */
    AEP_OPT_VALIDATION = 24,        /**< validation: share of the rows that aep_fit holds back; 0 (any time) */
    AEP_OPT_PATIENCE = 25,          /**< patience: epochs without a better validation loss, 0: never stop early; 0 (any time) */
    AEP_OPT_SCORE = 26,             /**< score: prediction, reconstruction, signed, joint; prediction (any time) */
    AEP_OPT_SCALING = 27,           /**< scaling: none, zscore, minmax, robust, rank; zscore */
    AEP_OPT_SQUASH = 28,            /**< squash: of scaled values: none, tanh (s tanh(x/s)), clip (to [-s, s]); tanh */
    AEP_OPT_SQUASH_LIMIT = 29,      /**< squash_limit: the s of squash; 5 */
    AEP_OPT_MISSING = 30,           /**< missing: error, impute (NaN becomes the column's location); error */
    AEP_OPT_MISSING_INDICATOR = 31, /**< missing_indicator: one more 0/1 feature a numeric column under impute; 0 */
    AEP_OPT_UNSEEN = 32,            /**< unseen: level codes not declared are zero (no level) or error, in scoring; zero */
    AEP_OPT_ALARM_RATE = 33,        /**< alarm_rate: share of normal rows flagged that aep_calibrate aims at; 0.01 (any time) */
    AEP_OPT_CALIBRATION_SIZE = 34,  /**< calibration_size: most calibration scores kept in the model; 10000 (any time) */
    AEP_OPT_SAVE_TRAINING = 35,     /**< save_training: save what training needs to go on (triples the file); 1 (any time) */
    AEP_OPT_SCALE_LEVELS = 36,      /**< scale_levels: scale one-hot features like numeric ones; 0 */
    AEP_OPT_NOISE_BLOCK = 37,       /**< noise_block: edge of the squares of block noise in pixels; 4 (any time) */
    AEP_OPT_CHANNEL_SCALING = 38,   /**< channel_scaling: scale all pixels of an image's channel alike; 1 */
    AEP_OPT_LEARNING_GATE = 39      /**< learning_gate: p-value up to which aep_fit_batch keeps rows out; 0 (any time) */
};

/** Values of the activation options. */
enum aep_activation {
    AEP_IDENTITY = 0,
    AEP_RELU = 1,
    AEP_LEAKY_RELU = 2, /**< slope 0.01 below zero */
    AEP_TANH = 3,
    AEP_SIGMOID = 4,
    AEP_GELU = 5, /**< x Phi(x), the exact form (Hendrycks and Gimpel 2016) */
    AEP_SILU = 6  /**< x sigmoid(x) */
};

/** Values of AEP_OPT_NOISE. A masked feature is 0, which after scaling is about its usual value. */
enum aep_noise {
    AEP_NOISE_NONE = 0,
    AEP_NOISE_GAUSSIAN = 1, /**< added, with noise_level as its standard deviation */
    AEP_NOISE_MASKING = 2,  /**< a share noise_level of the features masked; of an image: of the pixels, all channels */
    AEP_NOISE_BLOCK = 3     /**< of an image: squares of noise_block pixels masked, a share noise_level of the area */
};

/** Values of AEP_OPT_ERROR. */
enum aep_error { AEP_ERROR_NORM = 0, AEP_ERROR_VECTOR = 1 };

/** Values of AEP_OPT_SCHEDULE. */
enum aep_schedule { AEP_SCHEDULE_CONSTANT = 0, AEP_SCHEDULE_COSINE = 1 };

/** Values of AEP_OPT_SCORE. With e the reconstruction error and e' the predicted one: */
enum aep_score_kind {
    AEP_SCORE_PREDICTION = 0,     /**< ||e - e'||, the method's score */
    AEP_SCORE_RECONSTRUCTION = 1, /**< ||x - x'||, what a plain autoencoder scores by */
    AEP_SCORE_SIGNED = 2,         /**< e - e' (its sum over features for the vector form): only larger errors alarm */
    AEP_SCORE_JOINT = 3           /**< ||e - e'||, ||x - x'|| and the distance of the code together; see aep_calibrate */
};

/** Values of AEP_OPT_SCALING. */
enum aep_scaling {
    AEP_SCALING_NONE = 0,
    AEP_SCALING_ZSCORE = 1, /**< (x - mean) / standard deviation */
    AEP_SCALING_MINMAX = 2, /**< (x - min) / (max - min) */
    AEP_SCALING_ROBUST = 3, /**< (x - median) / interquartile range * 1.349 */
    AEP_SCALING_RANK = 4    /**< share of training rows below x, mapped to [-1, 1] */
};

/** Values of AEP_OPT_SQUASH. */
enum aep_squash { AEP_SQUASH_NONE = 0, AEP_SQUASH_TANH = 1, AEP_SQUASH_CLIP = 2 };

/** Values of AEP_OPT_MISSING. */
enum aep_missing { AEP_MISSING_ERROR = 0, AEP_MISSING_IMPUTE = 1 };

/** Values of AEP_OPT_UNSEEN. */
enum aep_unseen { AEP_UNSEEN_ZERO = 0, AEP_UNSEEN_ERROR = 1 };

/** What kind of number an option takes. */
enum aep_option_type { AEP_TYPE_REAL = 0, AEP_TYPE_INTEGER = 1, AEP_TYPE_CHOICE = 2, AEP_TYPE_SWITCH = 3 };

/** Parts of the network whose layers can be set. */
enum aep_part {
    AEP_PART_ENCODER = 0, /**< hidden widths (of an image: behind its image layers), then the width of the code */
    AEP_PART_DECODER = 1, /**< hidden widths between code and output (of an image: in front of its image layers); not
                               set: the encoder's, mirrored */
    AEP_PART_HEAD = 2     /**< hidden widths of the head */
};

/**
 * Layers that work on images, or on the maps (channels, height, width) that such layers make of them. Where an image
 * has a height or width of 1, kernels and strides are 1 in that direction: an image of height 1 is a signal, and its
 * layers are one-dimensional.
 */
enum aep_layer_kind {
    AEP_LAYER_CONV = 0,            /**< convolution, size: filters; followed by the activation */
    AEP_LAYER_CONV_TRANSPOSED = 1, /**< its transpose, size: filters; followed by the activation; decoder only */
    AEP_LAYER_UPSAMPLE = 2,        /**< each pixel repeated stride times in both directions; decoder only */
    AEP_LAYER_MAX_POOL = 3,        /**< the largest value under the kernel; encoder only */
    AEP_LAYER_AVERAGE_POOL = 4,    /**< the mean of the values under the kernel; encoder only */
    AEP_LAYER_NORM = 5             /**< group norm (Wu and He 2018) over size groups of channels, 1: layer norm; before
                                        the activation of the layer in front of it */
};

/** The padding of a convolution that is not given: (kernel - 1) / 2 zeros on each side. */
#define AEP_PADDING_AUTO ((size_t)-1)

/** Kinds of column. */
enum aep_column_kind { AEP_COLUMN_NUMERIC = 0, AEP_COLUMN_CATEGORICAL = 1 };

/** New options with every preset, using malloc and free. Errors: ARGUMENT, MEMORY. Thread class: pure. */
AEP_API int aep_options_new(aep_options **options);

/**
 * New options that use the caller's memory, as will every model made from them and every workspace of such a model.
 * A NULL allocator means malloc and free. Errors: ARGUMENT (an allocator without both functions), MEMORY.
 * Thread class: pure.
 */
AEP_API int aep_options_new_with(aep_options **options, const aep_allocator *allocator);

/** Free options. Thread class: exclusive. */
AEP_API void aep_options_free(aep_options *options);

/** Set an option. Errors: ARGUMENT, OPTION, RANGE. Thread class: exclusive. */
AEP_API int aep_options_set(aep_options *options, int key, double value);

/** Read an option. Errors: ARGUMENT, OPTION. Thread class: const. */
AEP_API int aep_options_get(double *value, const aep_options *options, int key);

/**
 * Set the widths of a part's layers (enum aep_part). For the encoder the last width is the size of the code. n_widths 0
 * restores the preset: an encoder of two layers and a code derived from the number of features (of images: a code of
 * 32), a mirrored decoder, a head of 32, 32. Limits: at most 32 layers, each 1 to 65,536 wide.
 * Errors: ARGUMENT, OPTION (part), RANGE (a width), LIMIT, MEMORY. Thread class: exclusive.
 */
AEP_API int aep_options_set_layers(aep_options *options, int part, const size_t *widths, size_t n_widths);

/**
 * Describe an input column. Columns that are not described are numeric and have no name.
 *   column: its index from 0; name: copied, at most 255 bytes, NULL for none; kind: enum aep_column_kind.
 *   levels: n_levels names, each at most 255 bytes, copied; NULL for unnamed levels. A categorical column holds level
 *   codes 0 to n_levels - 1 as floats and becomes n_levels one-hot features; n_levels is 1 to 65,536 for categorical
 *   and 0 for numeric columns.
 * Errors: ARGUMENT, OPTION (kind), RANGE (n_levels), LIMIT (column, or a name too long), MEMORY. Thread class:
 * exclusive.
 */
AEP_API int aep_options_set_column(aep_options *options, size_t column, const char *name, int kind,
                                   const char *const *levels, size_t n_levels);

/**
 * Say that rows are images: channels * height * width columns, channel by channel, each row by row (as in CIFAR-10's
 * files and in NumPy arrays (n, channels, height, width)). Forgets image layers added before. The network becomes
 * convolutional: image layers, then the dense layers of AEP_PART_ENCODER down to the code, the dense layers of
 * AEP_PART_DECODER, then image layers up to the size of the image. Without any image layer added the encoder gets two
 * convolutions, of 16 and 32 filters, kernel 3, stride 2, as far as the image is large enough for them. Without widths
 * of the encoder set the code is 32 wide and no dense layer lies in front of it. 0, 0, 0 makes rows columns again. All
 * columns of an image are numeric, and the option missing_indicator cannot be used with missing=impute.
 * Errors: ARGUMENT, RANGE (only some sizes are 0), LIMIT (more than 2^24 values). Thread class: exclusive.
 */
AEP_API int aep_options_set_image(aep_options *options, size_t channels, size_t height, size_t width);

/**
 * Append a convolution to the encoder: aep_options_add_image_layer(options, AEP_PART_ENCODER, AEP_LAYER_CONV, filters,
 * kernel, stride, AEP_PADDING_AUTO), with its errors. With an odd kernel and stride s a map of height h becomes one of
 * ceil(h / s). Thread class: exclusive.
 */
AEP_API int aep_options_add_conv(aep_options *options, size_t filters, size_t kernel, size_t stride);

/**
 * Append an image layer (enum aep_layer_kind) to AEP_PART_ENCODER or AEP_PART_DECODER.
 *   size: filters of a convolution, groups of a norm, 0 for the others; kernel: its edge, 1 to 255, for convolutions
 *   and pools, else 0; stride: 1 to 255, but 0 for a norm; padding: zeros on each side for convolutions, less than the
 *   kernel, else 0 (or AEP_PADDING_AUTO for all).
 * From a map of h by w
 *   a convolution makes floor((h + 2 padding - kernel) / stride) + 1 rows, columns alike;
 *   a pool ceil((h - kernel) / stride) + 1, of which the last may reach over the edge, where there are no values (one
 *   less where it would stand beyond the edge, as it can with a stride larger than the kernel);
 *   a transposed convolution and upsampling a size that the opposite layer would shrink to h: that size which the
 *   encoder has passed through (of several the largest), else (stride * h) or what comes nearest to it.
 * Without layers for the decoder it mirrors the encoder: the same layers in opposite order, convolutions transposed,
 * pools undone by upsampling; a norm of the image itself is left out. Layers that are given begin on the map where the
 * encoder's image layers ended, and must end at the image's size and channels, which aep_model_new checks.
 * Errors: ARGUMENT, OPTION (part, or kind in that part), STATE (aep_options_set_image comes first), RANGE (a number
 * that is out of bounds, a stride of 0, a kernel larger than its map, groups that do not divide the channels), LIMIT
 * (more than 32 layers, more than 2^24 values in a map, a map more than twice as high or wide as the image, or a size
 * of more than 65,536). What depends on the map that a decoder's layer stands on is checked by aep_model_new. Thread
 * class: exclusive.
 */
AEP_API int aep_options_add_image_layer(aep_options *options, int part, int kind, size_t size, size_t kernel,
                                        size_t stride, size_t padding);

/** Where messages go; NULL: nowhere (the preset). Models inherit it. Errors: ARGUMENT. Thread class: exclusive. */
AEP_API int aep_options_set_log(aep_options *options, aep_log_fn log, void *payload);

/* The table of options, for command lines and bindings. */

/** How many options there are. Thread class: pure. */
AEP_API size_t aep_option_count(void);

/** The key of the i-th option, 0 <= i < aep_option_count(), or AEP_E_OPTION. Thread class: pure. */
AEP_API int aep_option_at(size_t i);

/** The key of the option of that name, or AEP_E_OPTION. Thread class: pure. */
AEP_API int aep_option_find(const char *name);

/** The name of an option, or NULL. Thread class: pure. */
AEP_API const char *aep_option_name(int key);

/** One sentence about an option, or NULL. Thread class: pure. */
AEP_API const char *aep_option_help(int key);

/** What an option takes: an enum aep_option_type, or AEP_E_OPTION. Thread class: pure. */
AEP_API int aep_option_type(int key);

/** Smallest, largest and preset value of an option; any pointer may be NULL. Errors: OPTION. Thread class: pure. */
AEP_API int aep_option_bounds(double *low, double *high, double *preset, int key);

/** The name of a value of an option of type choice ("tanh"), or NULL. Thread class: pure. */
AEP_API const char *aep_option_choice(int key, int value);

/** Whether aep_model_set may change this option in an existing model: 1, 0, or AEP_E_OPTION. Thread class: pure. */
AEP_API int aep_option_is_changeable(int key);

/**
 * Turn text into an option's value: a number, the name of a choice, or for switches also yes, no, true, false, on, off.
 * Decimal points only, in every locale. Errors: ARGUMENT, OPTION (key, or no such choice), RANGE. Thread class: pure.
 */
AEP_API int aep_option_parse(double *value, int key, const char *text);

/* ------------------------------------------------------------------------------------------------------ model */

/** A network with its columns, scaling, calibration and threshold: everything needed to train on and to score. */
typedef struct aep_model aep_model;

/**
 * A new model for rows of n_cols columns, weights drawn from the seed. options may be NULL (all presets).
 * Errors: ARGUMENT, MEMORY, COLUMNS (n_cols is 0, or not what the image has, or a column was described beyond it),
 * RANGE (masking noise with a noise_level above 1; block noise, and no image; an image with a categorical column or
 * missing indicators; image layers of a decoder that do not fit on their maps, cannot mirror a pool, or do not end at
 * the image's size), LIMIT (also image layers that take more than 2^26 values or 2^36 multiplications for one image).
 * Thread class: pure (const on options).
 */
AEP_API int aep_model_new(aep_model **model, const aep_options *options, size_t n_cols);

/** A copy with everything the original has. Errors: ARGUMENT, MEMORY. Thread class: const. */
AEP_API int aep_model_copy(aep_model **copy, const aep_model *model);

/** Free a model. Thread class: exclusive. */
AEP_API void aep_model_free(aep_model *model);

/** Number of input columns (0 for NULL, as in the next ones). Thread class: const. */
AEP_API size_t aep_model_n_columns(const aep_model *model);

/** Number of features after one-hot expansion and missing indicators: the width of the network. Thread class: const. */
AEP_API size_t aep_model_n_features(const aep_model *model);

/** Number of latent variables. Thread class: const. */
AEP_API size_t aep_model_code_size(const aep_model *model);

/** Width of e and e': 1, or n_features for the vector form. Thread class: const. */
AEP_API size_t aep_model_error_size(const aep_model *model);

/**
 * The widths of the dense layers of a part. Writes at most `capacity` of them to widths (may be NULL when capacity is
 * 0) and returns how many there are, or a negative status: ARGUMENT, OPTION. Thread class: const.
 */
AEP_API int aep_model_layers(size_t *widths, size_t capacity, const aep_model *model, int part);

/**
 * The size of the images that the rows are; any pointer may be NULL. Errors: ARGUMENT, STATE (they are no images; the
 * sizes are 0). Thread class: const.
 */
AEP_API int aep_model_image(size_t *channels, size_t *height, size_t *width, const aep_model *model);

/**
 * An image layer of a part (from 0), as aep_options_add_image_layer takes it, with presets and mirroring resolved; any
 * pointer may be NULL. Errors: ARGUMENT, OPTION (part), RANGE (there is no such layer). Thread class: const.
 */
AEP_API int aep_model_image_layer(int *kind, size_t *size, size_t *kernel, size_t *stride, size_t *padding,
                                  const aep_model *model, int part, size_t layer);

/** The size of the map that comes out of an image layer; any pointer may be NULL. Errors and thread class as above. */
AEP_API int aep_model_image_map(size_t *channels, size_t *height, size_t *width, const aep_model *model, int part,
                                size_t layer);

/**
 * How many threads a call may use that trains the model or scores with it, the calling one included; 1 at first, also
 * in a loaded model (a copy has that of its original): what a machine can spare is no part of a model, and is not
 * saved. No more than there are processors is of any use. Results are the same, bit for bit, for any number.
 *
 * A call uses them if it has work for them: training, if a batch takes some 4 million multiplications (of a dense
 * network, rows times parameters); aep_score, aep_encode, aep_reconstruct and aep_errors with some 34 million. All other
 * functions use one. Where the system refuses threads there are fewer.
 *
 * Threads for scoring belong to a workspace: as many as its model was allowed when it was made, from then until it is
 * freed, whatever is set later; so set the number first. Without a workspace they are started and ended in the call.
 * Those for training belong to the model: from a call that trains until one after the number was changed, or until it is
 * freed. In between they sleep; all signals are blocked in them; a child process after fork does without.
 * Errors: ARGUMENT, RANGE (not 1 to 256). Thread class: exclusive.
 */
AEP_API int aep_model_set_threads(aep_model *model, size_t n_threads);

/** The number that was set (0 for NULL). Thread class: const. */
AEP_API size_t aep_model_threads(const aep_model *model);

/** The name of a column; NULL if it has none or does not exist. Lives as long as the model. Thread class: const. */
AEP_API const char *aep_model_column_name(const aep_model *model, size_t column);

/** The kind of a column (enum aep_column_kind). Errors: ARGUMENT, COLUMNS. Thread class: const. */
AEP_API int aep_model_column_kind(const aep_model *model, size_t column);

/** Number of levels of a column, 0 for numeric ones. Thread class: const. */
AEP_API size_t aep_model_column_levels(const aep_model *model, size_t column);

/** The name of a level; NULL if it has none. Lives as long as the model. Thread class: const. */
AEP_API const char *aep_model_level_name(const aep_model *model, size_t column, size_t level);

/** Read an option of a model. Errors: ARGUMENT, OPTION. Thread class: const. */
AEP_API int aep_model_get(double *value, const aep_model *model, int key);

/**
 * Change an option of a model; only those marked (any time). Changing AEP_OPT_SCORE drops calibration and threshold,
 * which belong to the other score; changing AEP_OPT_ALARM_RATE does not move the threshold (aep_set_alarm_rate does
 * both).
 * Errors: ARGUMENT, OPTION, RANGE, STATE (fixed when the model was made). Thread class: exclusive.
 */
AEP_API int aep_model_set(aep_model *model, int key, double value);

/** Where messages of this model go; NULL: nowhere. Not saved. Errors: ARGUMENT. Thread class: exclusive. */
AEP_API int aep_model_set_log(aep_model *model, aep_log_fn log, void *payload);

/** Figures of a model. The numbers are never reused and never change. (h): also by epoch in aep_model_history. */
enum aep_stat {
    AEP_STAT_LOSS = 1,                /**< J of the last step; by epoch the mean (h) */
    AEP_STAT_LOSS_RECONSTRUCTION = 2, /**< mean reconstruction error (h) */
    AEP_STAT_LOSS_COMPACTNESS = 3,    /**< L_C, not multiplied by lambda2 (h) */
    AEP_STAT_LOSS_PREDICTION = 4,     /**< J_MLP (h) */
    AEP_STAT_LOSS_VALIDATION = 5,     /**< J without weight decay on the rows held back, without noise (h) */
    AEP_STAT_GRADIENT_NORM = 6,       /**< of the last step, before clipping */
    AEP_STAT_LEARNING_RATE = 7,       /**< of the last step (h) */
    AEP_STAT_STEPS = 8,               /**< optimiser steps so far */
    AEP_STAT_EPOCHS = 9,              /**< epochs in the history */
    AEP_STAT_BEST_EPOCH = 10,         /**< epoch of the last aep_fit (from 1) whose weights it kept, by validation loss */
    AEP_STAT_LATENT_SPREAD = 11,      /**< sqrt(L_C): how far a latent variable lies from its mean, last step */
    AEP_STAT_PARAMETERS = 12,         /**< number of weights and biases */
    AEP_STAT_SCALING_ROWS = 13,       /**< rows seen by aep_fit_scaling */
    AEP_STAT_CONSTANT_COLUMNS = 14,   /**< numeric columns that held one value only, or none, in those rows */
    AEP_STAT_THRESHOLD = 15,          /**< tau */
    AEP_STAT_CALIBRATION_ROWS = 16,   /**< rows given to aep_calibrate */
    AEP_STAT_DISTINCT_SCORES = 17,    /**< different scores among them; few: the model has collapsed */
    AEP_STAT_CALIBRATION_STEP = 18,   /**< AEP_STAT_STEPS when aep_calibrate ran; less than today's: recalibrate */
    AEP_STAT_GATED_ROWS = 19          /**< rows that AEP_OPT_LEARNING_GATE kept out of aep_fit_batch so far */
};

/** The name of a statistic ("loss_reconstruction"), or NULL; the numbers run from 1 without a gap. Thread
   class: pure. */
AEP_API const char *aep_stat_name(int stat);

/** Read a statistic. Errors: ARGUMENT, OPTION, STATE (not known yet; value is NaN). Thread class: const. */
AEP_API int aep_model_stat(double *value, const aep_model *model, int stat);

/**
 * Read a statistic marked (h) of an epoch (from 0, below AEP_STAT_EPOCHS). The history holds the last 100,000 epochs.
 * Errors: ARGUMENT, OPTION, RANGE (epoch), STATE (value is NaN). Thread class: const.
 */
AEP_API int aep_model_history(double *value, const aep_model *model, size_t epoch, int stat);

/**
 * Look for the first value that scoring would refuse, in row order, without logging it. On NOT_FINITE and LEVEL *row
 * and *col (either may be NULL) say where it is. Errors: ARGUMENT, COLUMNS, ROWS, NOT_FINITE, LEVEL. Thread class:
 * const.
 */
AEP_API int aep_check_rows(size_t *row, size_t *col, const aep_model *model, const float *rows, size_t n_rows,
                           size_t n_cols);

/* --------------------------------------------------------------------------------------------------- training */

/**
 * Learn each column's location and scale from normal rows. May be called many times, with a stream of rows; the first
 * step of training ends it, and a loaded model that has been scaled cannot be scaled further. Location and scale are
 * exact in one pass for zscore and minmax; robust and rank keep a quantile sketch, exact up to 2,048 rows and within
 * 0.5 % of rank beyond, and take longer for each call: give them blocks of rows.
 * Errors: ARGUMENT, COLUMNS, ROWS, NOT_FINITE, LEVEL, STATE (training has begun), MEMORY. Thread class: exclusive.
 */
AEP_API int aep_fit_scaling(aep_model *model, const float *rows, size_t n_rows, size_t n_cols);

/**
 * One step of the optimiser on one batch of normal rows: minimises
 *   J = mean ||x - x'|| + lambda1 * sum theta^2 + lambda2 * L_C + lambda3 * mean ||e - e'||
 * with L_C = sum ||z - mean z||^2 / (n k). Scaling must have been fitted, or be `none` (which knows no usual values to
 * impute unless aep_fit_scaling was called). AEP_OPT_SCHEDULE_STEPS counts all steps of the model, those of aep_fit
 * too; when they are over the learning rate stays 0. A step whose loss or gradient is not finite is not taken.
 *
 * AEP_OPT_LEARNING_GATE keeps a model that goes on learning from learning its anomalies: rows whose p-value by the
 * calibration is at most that are left out, and counted (AEP_STAT_GATED_ROWS). Where fewer than 2 rows are left there is no
 * step, and the call succeeds. What has changed for good, such as a level that has shifted, is then never learned
 * either: see docs/drift.md. A gate takes memory in each call, and at least 1 / gate - 1 calibration rows (STATE).
 * Errors: ARGUMENT, COLUMNS, ROWS (fewer than 2), NOT_FINITE, LEVEL, STATE (no scaling; with a gate, too few calibration rows),
 * DIVERGED (nothing changed), LIMIT (with a gate, 2^32 rows), MEMORY. Thread class: exclusive.
 */
AEP_API int aep_fit_batch(aep_model *model, const float *rows, size_t n_rows, size_t n_cols);

/**
 * Called after every step of aep_fit. epoch runs from 1 to epochs, batch from 1 to batches; batch == batches ends an
 * epoch: its validation loss is known then. The model may be read (statistics, saving) but not changed. Return 0 to go
 * on, anything else to stop.
 */
typedef int (*aep_progress_fn)(const aep_model *model, size_t epoch, size_t epochs, size_t batch, size_t batches,
                               void *payload);

/**
 * Train on normal rows for AEP_OPT_EPOCHS epochs: fits the scaling on all of them if nothing has, shuffles, cuts
 * batches of about equal size (never of one row), holds back a validation share if asked to, keeps the weights of the
 * best validation loss. At its end it takes mean and covariance of the codes of the rows trained on (of 65,536 of them,
 * if they are more; not of codes wider than 512), for the joint score. A model that was saved inside the progress
 * callback, and loaded again, goes on where it stood when it is given the same rows (epochs, batch and validation stay
 * what they were). progress may be NULL. A model that diverges is put back to what it was before the call.
 * Errors: ARGUMENT, COLUMNS, ROWS (fewer than 2 left to train on), NOT_FINITE, LEVEL, DIVERGED, CANCELLED (the model
 * keeps the best weights so far), STATE (a loaded, unfinished run is given another number of rows), MEMORY.
 * Thread class: exclusive.
 */
AEP_API int aep_fit(aep_model *model, const float *rows, size_t n_rows, size_t n_cols, aep_progress_fn progress,
                    void *payload);

/* -------------------------------------------------------------------------------------------------- threshold */

/**
 * Score normal rows that were not trained on and keep the distribution of their scores in the model, in place of any
 * earlier one, and that of latent variables and columns (aep_drift_new); then set the threshold from AEP_OPT_ALARM_RATE. Warns in the log when the model has collapsed.
 * For AEP_SCORE_JOINT it first standardises the three parts of that score on these rows (means and standard deviations).
 * Mean and covariance of the codes stay those that aep_fit took at its end; where there was none, or a step was made
 * since, they are taken from these rows too (from 65,536 of them, if they are more). Calibrating by another kind of score
 * keeps all that. Like the threshold, it stays in place when further steps change the model: calibrate again then.
 * Errors: ARGUMENT, COLUMNS, ROWS (none; of the joint score, fewer than 2), NOT_FINITE, LEVEL, STATE (not trained),
 * DIVERGED (a score is not finite), LIMIT (the joint score, and a code wider than 512), MEMORY. On an error nothing has
 * changed. Thread class: exclusive.
 */
AEP_API int aep_calibrate(aep_model *model, const float *rows, size_t n_rows, size_t n_cols);

/**
 * Set the threshold tau to the smallest score whose p-value is at most `rate`, so that about that share of normal rows
 * is flagged. With fewer than 1 / rate - 1 calibration rows no score has such a p-value: tau then lies just above the
 * largest calibration score, and the log warns. Errors: ARGUMENT, RANGE (not within 0 to 1), STATE (not calibrated).
 * Thread class: exclusive.
 */
AEP_API int aep_set_alarm_rate(aep_model *model, double rate);

/** Set the threshold tau. Errors: ARGUMENT, RANGE (not finite). Thread class: exclusive. */
AEP_API int aep_set_threshold(aep_model *model, double threshold);

/**
 * labels[i] = scores[i] >= tau, for n scores of this model. Errors: ARGUMENT, NOT_FINITE (a score), STATE (no
 * threshold).
 * Thread class: const.
 */
AEP_API int aep_predict(uint8_t *labels, const aep_model *model, const float *scores, size_t n);

/**
 * Conformal p-values: (1 + number of calibration scores >= scores[i]) / (1 + number of calibration scores). Small
 * values are anomalous; under exchangeability a normal row gets a value <= a with probability at most a (Vovk et al.
 * 2005).
 * Errors: ARGUMENT, NOT_FINITE, STATE (not calibrated). Thread class: const.
 */
AEP_API int aep_pvalue(float *pvalues, const aep_model *model, const float *scores, size_t n);

/* ---------------------------------------------------------------------------------------------------- scoring */

/**
 * Scratch memory for scoring with one model, one per thread. A model retrained, or loaded again, can go on with the
 * workspace that it had; any workspace made for a model of the same shape will do.
 *
 * Where a function below takes a workspace, NULL is allowed: it then makes one for the call (error MEMORY), with its
 * threads, if any. With a workspace nothing is allocated; with one made for one thread (aep_model_set_threads), which is
 * the preset, no lock is taken either, and no system call made.
 *
 * A row's results do not depend on the other rows of the call, bit for bit.
 */
typedef struct aep_workspace aep_workspace;

/** A workspace for a model. Errors: ARGUMENT, MEMORY. Thread class: const on the model. */
AEP_API int aep_workspace_new(aep_workspace **workspace, const aep_model *model);

/** Free a workspace. May be done before or after its model is freed. Thread class: exclusive. */
AEP_API void aep_workspace_free(aep_workspace *workspace);

/**
 * Score rows: scores (n_rows), the higher the more anomalous.
 * Errors: ARGUMENT, COLUMNS, ROWS (none), NOT_FINITE, LEVEL, STATE (no scaling; the joint score before a calibration by
 * it), WORKSPACE, DIVERGED (the weights give a score that is not finite: a step that diverged unnoticed, or a file made
 * so).
 * Thread class: const on the model, exclusive on the workspace. The same class and errors, DIVERGED and STATE of the
 * joint score apart, hold for the next three; with such weights their results need not be finite.
 */
AEP_API int aep_score(float *scores, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
                      size_t n_cols);

/** Latent variables z (n_rows, code_size). */
AEP_API int aep_encode(float *codes, const aep_model *model, aep_workspace *workspace, const float *rows, size_t n_rows,
                       size_t n_cols);

/**
 * Reconstructions x' (n_rows, n_cols) in the units of the input; for a categorical column the code of its likeliest
 * level.
 */
AEP_API int aep_reconstruct(float *rows_out, const aep_model *model, aep_workspace *workspace, const float *rows,
                            size_t n_rows, size_t n_cols);

/** Reconstruction errors e and predicted errors e', each (n_rows, error_size); one of them may be NULL. */
AEP_API int aep_errors(float *errors, float *predicted, const aep_model *model, aep_workspace *workspace,
                       const float *rows, size_t n_rows, size_t n_cols);

/**
 * What each input column contributes to the score: shares (n_rows, n_cols), not negative, adding up to 1 for each row
 * (to within rounding). A categorical column counts as one. Of an image they are a heat map over its pixels, channel
 * by channel like the image: each value's part in the error. Of columns, where each is also tried at other values, a
 * row takes up to 2 n_cols + 1 times as long as scoring it. The joint score is explained by its prediction error; what
 * its other parts add is not shared out. Class and errors are those of aep_score, but for DIVERGED.
 */
AEP_API int aep_explain(float *shares, const aep_model *model, aep_workspace *workspace, const float *rows,
                        size_t n_rows, size_t n_cols);

/* ------------------------------------------------------------------------------------------------------ drift */

/*
 * Whether the rows of today still are like those that the model was calibrated on. aep_calibrate leaves the distributions
 * of the score, of each latent variable and of each column (not of the pixels of an image) in the model, by 41 quantiles
 * of up to 16,384 of its rows, drawn evenly over all, and the shares of levels and of missing values. Rows are counted
 * beside them, in a stream, in memory that does not grow.
 */
typedef struct aep_drift aep_drift;

/** Variables that are compared. */
enum aep_drift_kind {
    AEP_DRIFT_SCORE = 0, /**< the score; one */
    AEP_DRIFT_CODE = 1,  /**< latent variables */
    AEP_DRIFT_COLUMN = 2 /**< columns; none of an image */
};

/** What is known of a variable, with n rows added and m of the calibration. */
enum aep_drift_figure {
    /** Population stability index (Siddiqi 2006): sum over bins of (a - b) ln(a / b), where a and b are the shares
        (count + 1/2) / (rows + bins / 2) of today's rows and of the calibration's in a bin. Bins are about tenths of the
        latter, or levels. A value that a tenth of the calibration's rows has, missing values and those that are no level are
        bins of their own; bins where less than one row is expected in the smaller sample are one (Cochran 1954). 0.1 is
        usually called a moderate change, 0.25 a large one. */
    AEP_DRIFT_PSI = 1,
    /** What the index stays below in 99 of 100 cases, calibrations as well as windows, where nothing has changed:
        (1/n + 1/m) times the quantile of chi-squared with bins - 1 degrees of freedom (Yurdakul and Naranjo 2020). Above
        0.1 there are too few rows to see a moderate change. */
    AEP_DRIFT_PSI_NOISE = 2,
    AEP_DRIFT_PSI_PVALUE = 3, /**< of the same bins: Pearson's chi-squared test of homogeneity */
    AEP_DRIFT_KS = 4,         /**< Kolmogorov-Smirnov: largest difference of the distributions at the quantiles;
                                   of numeric variables with values in both */
    AEP_DRIFT_KS_PVALUE = 5,  /**< its p-value (Stephens 1970); too large where values repeat */
    AEP_DRIFT_ROWS_NEEDED = 6 /**< the n at which AEP_DRIFT_PSI_NOISE falls to 0.1; infinite where m is too small */
};

/**
 * Begin to compare rows with those that the model was calibrated on, whose distributions are copied. This and
 * aep_drift_add warn in the log, once, when the model was trained since: scores and latent variables have moved by that
 * alone.
 * Errors: ARGUMENT, STATE (not calibrated, or in a file of a library before 0.4), MEMORY. Thread class: const on the
 * model.
 */
AEP_API int aep_drift_new(aep_drift **drift, const aep_model *model);

/** Free it. May be done before or after its model is freed. Thread class: exclusive. */
AEP_API void aep_drift_free(aep_drift *drift);

/**
 * Count rows. The model may have been loaded again since, or trained further; nothing is allocated with a workspace.
 * Errors: as aep_score, and ARGUMENT where the model has other columns or another number of latent variables. On an error
 * no row was counted. Thread class: const on the model, exclusive on drift and workspace.
 */
AEP_API int aep_drift_add(aep_drift *drift, const aep_model *model, aep_workspace *workspace, const float *rows,
                          size_t n_rows, size_t n_cols);

/** Forget the rows counted, to begin another window. Errors: ARGUMENT. Thread class: exclusive. */
AEP_API int aep_drift_clear(aep_drift *drift);

/** Rows counted, and rows of the calibration that they are compared with; either may be NULL. Errors: ARGUMENT.
    Thread class: const. */
AEP_API int aep_drift_rows(size_t *n_rows, size_t *n_reference, const aep_drift *drift);

/**
 * A figure of a variable, by kind and number: of AEP_DRIFT_SCORE it is 0, of AEP_DRIFT_CODE below aep_model_code_size, of
 * AEP_DRIFT_COLUMN below aep_model_columns. Errors: ARGUMENT, OPTION (kind or figure), RANGE (index; columns of
 * an image), STATE (no rows yet, or no such figure of this variable; value is NaN). Thread class: const.
 */
AEP_API int aep_drift_get(double *value, const aep_drift *drift, int kind, size_t index, int figure);

/* ---------------------------------------------------------------------------------------------------- metrics */

/*
 * Detection quality from n scores and labels (0: normal, anything else: anomaly; anomalies are the positive class).
 * Tied scores are treated as tied, never by their position. Where sorting needs memory it comes from the allocator
 * (NULL: malloc and free). Common errors: ARGUMENT, ROWS (n is 0), NOT_FINITE (a score), MEMORY. Thread class: pure.
 */

/** Precision, recall and F1 when scores >= threshold are flagged; 0 where undefined. Any out-pointer may be NULL. */
AEP_API int aep_metrics_at_threshold(double *precision, double *recall, double *f1, const float *scores,
                                     const uint8_t *labels, size_t n, double threshold);

/**
 * Precision, recall and F1 when the `count` highest scores are flagged (count = number of anomalies: F1 at the true
 * count; above n it is ARGUMENT). Scores tied at the cut count with their expectation under a random order.
 */
AEP_API int aep_metrics_at_count(double *precision, double *recall, double *f1, const float *scores,
                                 const uint8_t *labels, size_t n, size_t count, const aep_allocator *allocator);

/** Area under the ROC curve (Mann-Whitney, ties half). NaN and AEP_E_STATE when only one class is present. */
AEP_API int aep_metrics_auroc(double *auroc, const float *scores, const uint8_t *labels, size_t n,
                              const aep_allocator *allocator);

/** Average precision: sum over thresholds of precision times the gain in recall. NaN and AEP_E_STATE without
   anomalies. */
AEP_API int aep_metrics_average_precision(double *average_precision, const float *scores, const uint8_t *labels, size_t n,
                                          const aep_allocator *allocator);

/* ----------------------------------------------------------------------------------------------------- saving */

/** Bytes that aep_model_save writes. Errors: ARGUMENT. Thread class: const. */
AEP_API int aep_model_save_size(size_t *size, const aep_model *model);

/**
 * Write the model into a buffer of `size` bytes, of which aep_model_save_size are used. The same model gives the same
 * bytes. Errors: ARGUMENT, BUFFER. Thread class: const.
 */
AEP_API int aep_model_save(void *buffer, size_t size, const aep_model *model);

/**
 * Make a model from bytes, which may come from anywhere: malformed ones are refused, and memory stays in proportion to
 * `size`. allocator may be NULL. Errors: ARGUMENT, MEMORY, FORMAT, VERSION, CHECKSUM, LIMIT. Thread class: pure.
 */
AEP_API int aep_model_load(aep_model **model, const void *data, size_t size, const aep_allocator *allocator);

/**
 * Save to a file: written beside it under a temporary name, flushed to disk, then renamed, so that the path holds the
 * old model or the new one, whole, at any moment. Symbolic links are followed, the permissions of an existing file are
 * kept, and what exists and is no regular file is left alone (errno EINVAL or EISDIR). Errors: ARGUMENT, MEMORY, IO
 * (errno is kept). Thread class: const.
 */
AEP_API int aep_model_save_file(const aep_model *model, const char *path);

/** Load from a file. Errors: as aep_model_load, and IO. Thread class: pure. */
AEP_API int aep_model_load_file(aep_model **model, const char *path, const aep_allocator *allocator);

/* -------------------------------------------------------------------------------------------------- exporting */

/*
 * A trained model in another form, for where the library is not: scaling, network, score, and threshold and p-values where
 * the model has them; it scores, and cannot be trained.
 */

/** Bytes that aep_export_c writes. Errors: as aep_export_c, but for BUFFER. Thread class: const. */
AEP_API int aep_export_c_size(size_t *size, const aep_model *model, const char *prefix);

/**
 * Write the model as one file of C99 into a buffer of `size` bytes, of which aep_export_c_size are used (text, with no
 * NUL at its end). It includes <math.h> and <stddef.h>, allocates nothing, keeps nothing between calls, and has
 *   float PREFIX_score(const float row[PREFIX_COLUMNS]);   as aep_score; NaN where that refuses a value
 *   float PREFIX_score_in(const float row[PREFIX_COLUMNS], float scratch[PREFIX_SCRATCH]);
 *                                                          the same, in memory of the caller instead of on the stack
 *   float PREFIX_pvalue(float score);                      as aep_pvalue; only of a calibrated model
 *   int PREFIX_is_anomaly(float score);                    as aep_predict, and 1 for NaN; only with a threshold
 * prefix: a letter, then letters, digits and underscores, at most 31 in all. The same model gives the same bytes.
 * Errors: ARGUMENT (also another prefix), STATE (not trained; the joint score before a calibration by it), BUFFER.
 * Thread class: const.
 */
AEP_API int aep_export_c(void *buffer, size_t size, const aep_model *model, const char *prefix);

#ifdef __cplusplus
}
#endif

#endif /* AEPRED_H */
