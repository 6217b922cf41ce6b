/* SPDX-License-Identifier: BSD-2-Clause */
/* aepred info: what a model is. */
#include "conv_spec.h"
#include "feed.h"
#include "tools.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_JSON = OPTION_OWN, OPTION_HISTORY };
enum { MOST_LAYERS = 32, SHOWN_LEVELS = 8 };

typedef struct info_args {
    char *path;
    bool json, history;
} info_args;

static const char *const part_names[] = {"encoder", "decoder", "head"};

typedef struct map_layer {
    conv_layer layer;
    image_size map; /* that comes out of it */
} map_layer;

/* The image layer of that number, from 0; false if there is none. */
static bool find_map_layer(map_layer *to, const aep_model *model, int part, size_t number)
{
    conv_layer *l = &to->layer;
    return aep_model_image_layer(&l->kind, &l->size, &l->kernel, &l->stride, &l->padding, model, part, number) ==
               AEP_OK &&
           aep_model_image_map(&to->map.channels, &to->map.height, &to->map.width, model, part, number) == AEP_OK;
}

static json_t *size_json(const image_size *image)
{
    return json_pack("[I, I, I]", (json_int_t)image->channels, (json_int_t)image->height, (json_int_t)image->width);
}

static json_t *map_layers_json(const aep_model *model, int part)
{
    char text[CONV_TEXT_SIZE];
    map_layer m;
    json_t *array = json_array();
    for (size_t i = 0; find_map_layer(&m, model, part, i); i++)
        json_array_append_new(
            array, json_pack("{s:s, s:o}", "layer", conv_layer_text(text, &m.layer), "map", size_json(&m.map)));
    return array;
}

/* The size of the images, with the layers on them; null: rows are no images. */
static json_t *image_json(const aep_model *model)
{
    image_size image;
    if (aep_model_image(&image.channels, &image.height, &image.width, model) != AEP_OK)
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "size", size_json(&image), "encoder", map_layers_json(model, AEP_PART_ENCODER),
                     "decoder", map_layers_json(model, AEP_PART_DECODER));
}

static json_t *layers_json(const aep_model *model, int part)
{
    size_t widths[MOST_LAYERS];
    int n = aep_model_layers(widths, MOST_LAYERS, model, part);
    json_t *array = json_array();
    for (int i = 0; i < n && i < MOST_LAYERS; i++)
        json_array_append_new(array, json_integer((json_int_t)widths[i]));
    return array;
}

/* JSON is UTF-8; a name that is not keeps its ASCII. */
static json_t *name_json(const char *name)
{
    if (!name)
        return json_null();
    json_t *string = json_string(name);
    char *ascii = string ? NULL : strdup(name);
    if (!ascii)
        return string;
    for (char *p = ascii; *p; p++)
        if ((unsigned char)*p > 127)
            *p = '?';
    string = json_string(ascii);
    free(ascii);
    return string;
}

static json_t *column_json(const aep_model *model, size_t column)
{
    bool categorical = aep_model_column_kind(model, column) == AEP_COLUMN_CATEGORICAL;
    json_t *object = json_pack("{s:o, s:s}", "name", name_json(aep_model_column_name(model, column)), "kind",
                               categorical ? "categorical" : "numeric");
    if (!categorical)
        return object;
    json_t *names = json_array();
    for (size_t i = 0; i < aep_model_column_levels(model, column); i++)
        json_array_append_new(names, name_json(aep_model_level_name(model, column, i)));
    json_object_set_new(object, "levels", names);
    return object;
}

static json_t *option_json(const aep_model *model, int key)
{
    double value;
    if (aep_model_get(&value, model, key) != AEP_OK)
        return json_null();
    switch (aep_option_type(key)) {
    case AEP_TYPE_CHOICE:
        return name_json(aep_option_choice(key, (int)value));
    case AEP_TYPE_SWITCH:
        return json_boolean(value != 0);
    case AEP_TYPE_INTEGER:
        return json_integer((json_int_t)value);
    default:
        return json_real(value);
    }
}

static json_t *statistics_json(const aep_model *model)
{
    json_t *object = json_object();
    const char *name;
    for (int stat = 1; (name = aep_stat_name(stat)); stat++) {
        double value;
        bool known = aep_model_stat(&value, model, stat) == AEP_OK;
        json_object_set_new(object, name, known ? json_real(value) : json_null());
    }
    return object;
}

/* Figures that are kept by epoch. */
static const int history_stats[] = {AEP_STAT_LOSS,
                                    AEP_STAT_LOSS_RECONSTRUCTION,
                                    AEP_STAT_LOSS_COMPACTNESS,
                                    AEP_STAT_LOSS_PREDICTION,
                                    AEP_STAT_LOSS_VALIDATION,
                                    AEP_STAT_LEARNING_RATE};
enum { N_HISTORY = sizeof history_stats / sizeof *history_stats };

static size_t count_epochs(const aep_model *model)
{
    double epochs = 0;
    aep_model_stat(&epochs, model, AEP_STAT_EPOCHS);
    return (size_t)epochs;
}

static json_t *history_json(const aep_model *model)
{
    json_t *array = json_array();
    for (size_t epoch = 0; epoch < count_epochs(model); epoch++) {
        json_t *object = json_pack("{s:I}", "epoch", (json_int_t)epoch + 1);
        for (int i = 0; i < N_HISTORY; i++) {
            double value;
            bool known = aep_model_history(&value, model, epoch, history_stats[i]) == AEP_OK;
            json_object_set_new(object, aep_stat_name(history_stats[i]), known ? json_real(value) : json_null());
        }
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *columns_json(const aep_model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < aep_model_n_columns(model); i++)
        json_array_append_new(array, column_json(model, i));
    return array;
}

/* All but what is long. */
static json_t *describe(const aep_model *model)
{
    json_t *layers = json_object(), *options = json_object();
    for (int part = 0; part < 3; part++)
        json_object_set_new(layers, part_names[part], layers_json(model, part));
    for (size_t i = 0; i < aep_option_count(); i++) {
        int key = aep_option_at(i);
        json_object_set_new(options, aep_option_name(key), option_json(model, key));
    }
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "n_columns", (json_int_t)aep_model_n_columns(model),
                     "n_features", (json_int_t)aep_model_n_features(model), "code_size",
                     (json_int_t)aep_model_code_size(model), "image", image_json(model), "layers", layers, "options",
                     options, "statistics", statistics_json(model));
}

static bool print_json(const aep_model *model, bool history)
{
    json_t *object = describe(model);
    if (object && history)
        json_object_set_new(object, "history", history_json(model));
    if (object) /* at the end, since it may hide the rest */
        json_object_set_new(object, "columns", columns_json(model));
    if (!object) {
        say_error("out of memory");
        return false;
    }
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
    return true;
}

/* Of the layers on images, as --conv and --deconv take them. */
static void print_map_layers(const aep_model *model, int part)
{
    char layer[CONV_TEXT_SIZE], map[IMAGE_TEXT_SIZE];
    map_layer m;
    for (size_t i = 0; find_map_layer(&m, model, part, i); i++)
        printf("%-22s%-12s to %s\n",
               i                          ? ""
               : part == AEP_PART_ENCODER ? "conv"
                                          : "deconv",
               conv_layer_text(layer, &m.layer), image_text(map, &m.map));
}

static void print_columns(const aep_model *model)
{
    size_t n = aep_model_n_columns(model);
    char text[IMAGE_TEXT_SIZE];
    image_size image;
    printf("columns               %zu, as %zu features\n", n, aep_model_n_features(model));
    if (aep_model_image(&image.channels, &image.height, &image.width, model) == AEP_OK) {
        printf("image                 %s (channels,height,width)\n", image_text(text, &image));
        return; /* a line for each value would only hide the rest */
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = aep_model_column_name(model, i);
        size_t n_levels = aep_model_column_levels(model, i);
        printf("  %4zu  %-24s", i + 1, name ? name : "-");
        if (n_levels == 0) {
            puts("numeric");
            continue;
        }
        printf("categorical, %zu levels", n_levels);
        for (size_t level = 0; level < n_levels && level < SHOWN_LEVELS; level++) {
            const char *level_name = aep_model_level_name(model, i, level);
            printf("%s%s", level ? ", " : ": ", level_name ? level_name : "-");
        }
        puts(n_levels > SHOWN_LEVELS ? ", ..." : "");
    }
}

static void print_layers(const aep_model *model)
{
    for (int part = 0; part < 3; part++) {
        size_t widths[MOST_LAYERS];
        int n = aep_model_layers(widths, MOST_LAYERS, model, part);
        if (part == AEP_PART_ENCODER)
            print_map_layers(model, part);
        printf("%-22s", part_names[part]);
        for (int i = 0; i < n && i < MOST_LAYERS; i++)
            printf("%s%zu", i ? "," : "", widths[i]);
        puts(n > 0 ? "" : "none");
        if (part == AEP_PART_DECODER)
            print_map_layers(model, part);
    }
}

static void print_option(const aep_model *model, int key)
{
    double value;
    if (aep_model_get(&value, model, key) != AEP_OK)
        return;
    int type = aep_option_type(key);
    printf("%-22s", aep_option_name(key));
    if (type == AEP_TYPE_CHOICE)
        puts(aep_option_choice(key, (int)value));
    else if (type == AEP_TYPE_SWITCH)
        puts(value != 0 ? "yes" : "no");
    else
        printf("%.9g\n", value);
}

static void print_text(const aep_model *model)
{
    print_columns(model);
    puts("\nlayers");
    print_layers(model);
    puts("\nstatistics");
    const char *name;
    for (int stat = 1; (name = aep_stat_name(stat)); stat++) {
        double value;
        if (aep_model_stat(&value, model, stat) == AEP_OK)
            printf("%-22s%.9g\n", name, value);
    }
    puts("\noptions");
    for (size_t i = 0; i < aep_option_count(); i++)
        print_option(model, aep_option_at(i));
}

/* A CSV line of every figure that is kept by epoch. */
static void print_history(const aep_model *model)
{
    printf("epoch");
    for (int i = 0; i < N_HISTORY; i++)
        printf(",%s", aep_stat_name(history_stats[i]));
    putchar('\n');
    for (size_t epoch = 0; epoch < count_epochs(model); epoch++) {
        printf("%zu", epoch + 1);
        for (int i = 0; i < N_HISTORY; i++) {
            double value;
            if (aep_model_history(&value, model, epoch, history_stats[i]) == AEP_OK)
                printf(",%.9g", value);
            else
                putchar(',');
        }
        putchar('\n');
    }
}

static int run(const info_args *args)
{
    model_args model_only;
    model_args_init(&model_only);
    model_only.path = args->path;
    aep_model *model = model_open(&model_only);
    if (!model)
        return STATUS_BAD;
    bool ok = true;
    if (args->json)
        ok = print_json(model, args->history);
    else if (args->history)
        print_history(model);
    else
        print_text(model);
    aep_model_free(model);
    return ok ? STATUS_OK : STATUS_BAD;
}

static const command_help help = {"[OPTION...] MODEL", "Describe a model: columns, layers, statistics and options.\n",
                                  NULL};

static bool take(void *payload, int code, const char *value)
{
    info_args *args = payload;
    (void)value;
    if (code == OPTION_JSON)
        args->json = true;
    else
        args->history = true;
    return true;
}

int aepred_info(int argc, char **argv)
{
    const struct poptOption options[] = {
        {"json", '\0', POPT_ARG_NONE, NULL, OPTION_JSON, "Print one JSON object", NULL},
        {"history", '\0', POPT_ARG_NONE, NULL, OPTION_HISTORY,
         "Print the losses of each epoch as CSV, or add them to the JSON object", NULL},
        HELP_OPTION,
        POPT_TABLEEND};
    info_args args = {0};
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    int status = take_options(context, &help, take, &args);
    const char *path = poptGetArg(context);
    if (status == STATUS_OK && (!path || poptPeekArg(context))) {
        usage_error(context, "one model is needed");
        status = STATUS_USAGE;
    } else if (status == STATUS_OK) {
        status = set_string(&args.path, path) ? run(&args) : STATUS_BAD;
    }
    poptFreeContext(context);
    free(args.path);
    return status == HELP_SHOWN ? STATUS_OK : status;
}
