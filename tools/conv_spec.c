/* SPDX-License-Identifier: BSD-2-Clause */
#include "conv_spec.h"

#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILTERS = 65536, MOST_EDGE = 255 /* of kernels, strides and padding */ };

static const struct {
    const char *option, *layers;
} parts[] = {
    [AEP_PART_ENCODER] = {"--conv", "16x3, 16x3/2 or 16x3/2p1 (convolution: filters, kernel, stride, padding), max2 "
                                    "or max3/2, avg2 or avg3/2 (pools: kernel, stride), norm or norm4 (group norm: "
                                    "groups)"},
    [AEP_PART_DECODER] = {"--deconv", "16t3, 16t3/2 or 16t3/2p1 (transposed convolution: filters, kernel, stride, "
                                      "padding), 16x3 (convolution), up2 (upsampling), norm or norm4 (group norm: "
                                      "groups)"},
};

/* A layer is a word with a number, or of a convolution a number, x or t, and a number. */
static const struct {
    const char *word;
    int kind;
    bool in_encoder, in_decoder;
} kinds[] = {
    {"x", AEP_LAYER_CONV, true, true},
    {"t", AEP_LAYER_CONV_TRANSPOSED, false, true},
    {"up", AEP_LAYER_UPSAMPLE, false, true},
    {"max", AEP_LAYER_MAX_POOL, true, false},
    {"avg", AEP_LAYER_AVERAGE_POOL, true, false},
    {"norm", AEP_LAYER_NORM, true, true},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* Where the parser stands. */
typedef struct cursor {
    int part;
    size_t n;          /* of the layer, from 1 */
    const char *text;  /* all of the option's value */
    const char *start; /* of the layer */
    const char *next;  /* to be read */
} cursor;

static bool refuse(const cursor *c, const char *why)
{
    say_error("%s %s: layer %zu, '%.*s': %s", parts[c->part].option, c->text, c->n, (int)strcspn(c->start, ","),
              c->start, why);
    return false;
}

/* With all that may stand there. */
static bool refuse_form(const cursor *c, const char *why)
{
    char all[512];
    snprintf(all, sizeof all, "%s; layers are %s", why, parts[c->part].layers);
    return refuse(c, all);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool read_number(cursor *c, size_t *number, size_t least, size_t most, const char *what)
{
    char *end, why[128];
    errno = 0;
    unsigned long value = is_digit(*c->next) ? strtoul(c->next, &end, 10) : most + 1;
    if (value >= least && value <= most) {
        *number = value;
        c->next = end;
        return true;
    }
    snprintf(why, sizeof why, "the %s must be a number from %zu to %zu", what, least, most);
    return is_digit(*c->start) ? refuse(c, why) : refuse_form(c, why);
}

static bool skip(cursor *c, char expected)
{
    bool there = *c->next == expected;
    c->next += there;
    return there;
}

static bool refuse_kind(const cursor *c, bool elsewhere)
{
    char why[128];
    if (elsewhere)
        snprintf(why, sizeof why, "such layers belong to %s", parts[!c->part].option);
    else if (is_digit(*c->start))
        snprintf(why, sizeof why, "a convolution is FILTERSxKERNEL or FILTERSxKERNEL/STRIDE, such as 16x3/2");
    else
        return refuse_form(c, "there is no such layer");
    return refuse(c, why);
}

static bool read_kind(cursor *c, conv_layer *layer)
{
    size_t length = strcspn(c->next, "0123456789/,");
    for (int i = 0; i < N_KINDS; i++) {
        if (length != strlen(kinds[i].word) || strncmp(c->next, kinds[i].word, length) != 0 ||
            (length == 1) != is_digit(*c->start))
            continue;
        if (!(c->part == AEP_PART_ENCODER ? kinds[i].in_encoder : kinds[i].in_decoder))
            return refuse_kind(c, true);
        layer->kind = kinds[i].kind;
        c->next += length;
        return true;
    }
    return refuse_kind(c, false);
}

/* Behind the padding: 16x9p3/4 is meant to be 16x9/4p3. */
static bool refuse_order(const cursor *c)
{
    enum { SHOWN = 16 };
    char why[160];
    int before = (int)strcspn(c->start, "p"), stride = (int)strcspn(c->next, ","),
        padding = (int)(c->next - c->start) - before;
    snprintf(why, sizeof why, "the stride stands in front of the padding: %.*s%.*s%.*s",
             before < SHOWN ? before : SHOWN, c->start, stride < SHOWN ? stride : SHOWN, c->next,
             padding < SHOWN ? padding : SHOWN, c->start + before);
    return refuse(c, why);
}

static bool read_convolution(cursor *c, conv_layer *layer)
{
    layer->stride = 1;
    layer->padding = AEP_PADDING_AUTO;
    return read_number(c, &layer->size, 1, MOST_FILTERS, "number of filters") && read_kind(c, layer) &&
           read_number(c, &layer->kernel, 1, MOST_EDGE, "kernel") &&
           (!skip(c, '/') || read_number(c, &layer->stride, 1, MOST_EDGE, "stride")) &&
           (!skip(c, 'p') ||
            (read_number(c, &layer->padding, 0, MOST_EDGE, "padding") && (*c->next != '/' || refuse_order(c))));
}

static bool read_other(cursor *c, conv_layer *layer)
{
    if (!read_kind(c, layer))
        return false;
    switch (layer->kind) {
    case AEP_LAYER_NORM:
        layer->size = 1;
        return !is_digit(*c->next) || read_number(c, &layer->size, 1, MOST_FILTERS, "number of groups");
    case AEP_LAYER_UPSAMPLE:
        return read_number(c, &layer->stride, 1, MOST_EDGE, "stride");
    default:
        if (!read_number(c, &layer->kernel, 1, MOST_EDGE, "kernel"))
            return false;
        layer->stride = layer->kernel;
        return !skip(c, '/') || read_number(c, &layer->stride, 1, MOST_EDGE, "stride");
    }
}

static bool read_layer(cursor *c, conv_layer *layer)
{
    *layer = (conv_layer){0};
    if (!(is_digit(*c->start) ? read_convolution(c, layer) : read_other(c, layer)))
        return false;
    if (*c->next == '\0' || *c->next == ',')
        return true;
    enum { SHOWN = 32 };
    char why[96];
    int left = (int)strcspn(c->next, ",");
    snprintf(why, sizeof why, "'%.*s' at its end means nothing here", left < SHOWN ? left : SHOWN, c->next);
    return refuse_form(c, why);
}

bool conv_spec_parse(conv_spec *spec, int part, const char *text)
{
    cursor c = {.part = part, .text = text, .next = text};
    spec->n = 0;
    do {
        if (spec->n == MOST_CONV_LAYERS) {
            say_error("%s %s: has more than %d layers", parts[part].option, text, MOST_CONV_LAYERS);
            return false;
        }
        c.next += strspn(c.next, " ");
        c.start = c.next;
        c.n = spec->n + 1;
        if (!read_layer(&c, &spec->layers[spec->n]))
            return false;
        spec->n++;
    } while (skip(&c, ','));
    return true;
}

int conv_spec_apply(const conv_spec *spec, int part, aep_options *options)
{
    int status = AEP_OK;
    for (size_t i = 0; i < spec->n && status == AEP_OK; i++) {
        const conv_layer *l = &spec->layers[i];
        status = aep_options_add_image_layer(options, part, l->kind, l->size, l->kernel, l->stride, l->padding);
    }
    return status;
}

static const char *word_of(int kind)
{
    for (int i = 0; i < N_KINDS; i++)
        if (kinds[i].kind == kind)
            return kinds[i].word;
    return "?";
}

const char *conv_layer_text(char text[CONV_TEXT_SIZE], const conv_layer *layer)
{
    const char *word = word_of(layer->kind);
    char stride[32] = "", padding[32] = "";
    switch (layer->kind) {
    case AEP_LAYER_CONV:
    case AEP_LAYER_CONV_TRANSPOSED:
        if (layer->stride != 1)
            snprintf(stride, sizeof stride, "/%zu", layer->stride);
        if (layer->padding != (layer->kernel - 1) / 2)
            snprintf(padding, sizeof padding, "p%zu", layer->padding);
        snprintf(text, CONV_TEXT_SIZE, "%zu%s%zu%s%s", layer->size, word, layer->kernel, stride, padding);
        break;
    case AEP_LAYER_MAX_POOL:
    case AEP_LAYER_AVERAGE_POOL:
        if (layer->stride != layer->kernel)
            snprintf(stride, sizeof stride, "/%zu", layer->stride);
        snprintf(text, CONV_TEXT_SIZE, "%s%zu%s", word, layer->kernel, stride);
        break;
    default:
        snprintf(text, CONV_TEXT_SIZE, "%s%zu", word, layer->kind == AEP_LAYER_NORM ? layer->size : layer->stride);
    }
    return text;
}
