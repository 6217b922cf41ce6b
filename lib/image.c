/* SPDX-License-Identifier: BSD-2-Clause */
#include "image.h"

#include <string.h>

static const char *const part_names[] = {"encoder", "decoder"};

size_t aep__shape_size(const aep__shape *shape) { return shape->channels * shape->height * shape->width; }

/* ------------------------------------------------------------------------------------------------ kinds of layer */

static const struct {
    const char *name;
    bool in_encoder, in_decoder, has_size, has_kernel, has_stride, has_padding;
    bool enlarges; /* its window slides over the output */
    int opposite;  /* what undoes it in a mirrored decoder */
} kinds[] = {
    [AEP_LAYER_CONV] = {"convolution", true, true, true, true, true, true, false, AEP_LAYER_CONV_TRANSPOSED},
    [AEP_LAYER_CONV_TRANSPOSED] = {"transposed convolution", false, true, true, true, true, true, true, -1},
    [AEP_LAYER_UPSAMPLE] = {"upsampling", false, true, false, false, true, false, true, -1},
    [AEP_LAYER_MAX_POOL] = {"max pooling", true, false, false, true, true, false, false, AEP_LAYER_UPSAMPLE},
    [AEP_LAYER_AVERAGE_POOL] = {"average pooling", true, false, false, true, true, false, false, AEP_LAYER_UPSAMPLE},
    [AEP_LAYER_NORM] = {"norm", true, true, true, false, false, false, false, AEP_LAYER_NORM},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* Which layer a message is about. */
typedef struct place {
    const aep__log *log;
    int part;
    size_t n; /* from 1 */
} place;

#define REFUSE(at, status, format, ...)                                                                                \
    aep__fail((at)->log, status, "image layer %zu of the %s: " format, (at)->n, part_names[(at)->part], __VA_ARGS__)

static int check_number(const place *at, int kind, bool taken, size_t value, size_t least, size_t most,
                        const char *what)
{
    if (!taken)
        return value ? REFUSE(at, AEP_E_RANGE, "%s has no %s; give 0, not %zu", kinds[kind].name, what, value) : AEP_OK;
    if (value < least || value > most)
        return REFUSE(at, AEP_E_RANGE, "a %s of %zu is not within %zu to %zu", what, value, least, most);
    return AEP_OK;
}

/* What a layer may not be wherever it stands. Padding has been resolved. */
static int check_layer(const place *at, const aep__image_layer *layer)
{
    const int kind = layer->kind;
    if (kind < 0 || kind >= N_KINDS)
        return REFUSE(at, AEP_E_OPTION, "there is no kind %d of layer; they are 0 to %d", kind, N_KINDS - 1);
    if (at->part == AEP_PART_ENCODER ? !kinds[kind].in_encoder : !kinds[kind].in_decoder)
        return REFUSE(at, AEP_E_OPTION, "%s is no layer of the %s", kinds[kind].name, part_names[at->part]);
    if (kinds[kind].has_size && layer->size > AEP__MAX_FILTERS)
        return REFUSE(at, AEP_E_LIMIT, "%zu filters or groups are more than %d", layer->size, AEP__MAX_FILTERS);
    int status = check_number(at, kind, kinds[kind].has_size, layer->size, 1, AEP__MAX_FILTERS,
                              kind == AEP_LAYER_NORM ? "number of groups" : "number of filters");
    if (!status)
        status = check_number(at, kind, kinds[kind].has_kernel, layer->kernel, 1, AEP__MAX_KERNEL, "kernel");
    if (!status)
        status = check_number(at, kind, kinds[kind].has_stride, layer->stride, 1, AEP__MAX_KERNEL, "stride");
    if (!status)
        status = check_number(at, kind, kinds[kind].has_padding, layer->padding, 0, layer->kernel - 1, "padding");
    return status;
}

static size_t automatic_padding(const aep__image_layer *layer)
{
    return layer->kind >= 0 && layer->kind < N_KINDS && kinds[layer->kind].has_padding && layer->kernel
               ? (layer->kernel - 1) / 2
               : 0;
}

/* --------------------------------------------------------------------------------------- one direction at a time */

typedef struct span {
    size_t kernel, stride, padding;
} span;

/* A signal, whose image has a size of 1 here, is not worked on in this direction. */
static span span_of(const aep__image_layer *layer, size_t image_size)
{
    if (image_size == 1)
        return (span){1, 1, 0};
    if (layer->kind == AEP_LAYER_UPSAMPLE)
        return (span){layer->stride, layer->stride, 0};
    return (span){layer->kernel, layer->stride, layer->padding};
}

/* How many places a window has on a map of `size`, or how many a pool's has, which may reach over the far edge but not
   stand beyond it. */
static size_t shrink(int kind, size_t size, const span *s)
{
    if (kind == AEP_LAYER_CONV || kind == AEP_LAYER_CONV_TRANSPOSED)
        return (size + 2 * s->padding - s->kernel) / s->stride + 1;
    const size_t begun = (size + s->stride - 1) / s->stride; /* fewer than these only where windows overlap */
    const size_t places = size <= s->kernel ? 1 : (size - s->kernel + s->stride - 1) / s->stride + 1;
    return places < begun ? places : begun;
}

/*
 * The size that an enlarging layer makes of `size`: of those that its opposite would shrink to it, the one wanted (0:
 * none is), else one of the encoder's maps, else stride times the size or what comes nearest. 0: there is none.
 */
static size_t enlarge(int kind, size_t size, const span *s, size_t wanted, const size_t *passed, size_t n_passed)
{
    size_t high = (size - 1) * s->stride + s->kernel + s->stride - 1, low = high - (s->stride - 1);
    if (kind == AEP_LAYER_UPSAMPLE) /* the last window may be as small as one pixel */
        high = low, low = low - (s->stride - 1);
    low = low > 2 * s->padding ? low - 2 * s->padding : 0;
    high = high > 2 * s->padding ? high - 2 * s->padding : 0;
    low = low < 1 ? 1 : low;
    size_t best = 0;
    for (size_t i = 0; i < n_passed; i++)
        if (passed[i] >= low && passed[i] <= high && passed[i] > best)
            best = passed[i];
    if (wanted)
        return wanted >= low && wanted <= high ? wanted : 0;
    if (best || high < low)
        return best;
    const size_t multiple = size * s->stride;
    return multiple < low ? low : multiple > high ? high : multiple;
}

/* ----------------------------------------------------------------------------------------------------- one layer */

static int check_kernel(const place *at, const aep__image_layer *layer, const aep__shape *map, const aep__shape *image)
{
    const bool tall = image->height > 1 && layer->kernel > map->height;
    const bool wide = image->width > 1 && layer->kernel > map->width;
    return tall || wide
               ? REFUSE(at, AEP_E_RANGE, "a kernel of %zu is larger than its input of %zu x %zu (height x width)",
                        layer->kernel, map->height, map->width)
               : AEP_OK;
}

static bool fits(size_t channels, size_t height, size_t width)
{
    return channels <= AEP__MAX_MAP && height <= AEP__MAX_MAP && width <= AEP__MAX_MAP &&
           (uint64_t)height * width <= AEP__MAX_MAP && (uint64_t)height * width * channels <= AEP__MAX_MAP;
}

static size_t passed_sizes(size_t sizes[AEP__MAX_IMAGE_LAYERS + 1], const aep__image_plan *plan,
                           const aep__shape *image, bool heights)
{
    size_t n = 0;
    sizes[n++] = heights ? image->height : image->width;
    for (size_t i = 0; i < plan->encoder.n; i++)
        sizes[n++] = heights ? plan->encoder.layer[i].out.height : plan->encoder.layer[i].out.width;
    return n;
}

static int refuse_size(const place *at, const aep__shape *in, const aep__shape *wanted)
{
    if (wanted)
        return REFUSE(
            at, AEP_E_RANGE,
            "it cannot mirror the pooling of the encoder, and make %zu x %zu of %zu x %zu again; take a stride "
            "equal to the kernel, or give the decoder's layers",
            wanted->height, wanted->width, in->height, in->width);
    return REFUSE(at, AEP_E_RANGE, "its padding leaves nothing of a map of %zu x %zu", in->height, in->width);
}

/* What a layer stands in: the image and, for layers that enlarge, the encoder and the size to come out, or NULL. */
typedef struct setting {
    const aep__shape *image, *wanted;
    const aep__image_plan *plan;
} setting;

/* The size of what comes out of a layer, from the map `in`; its channels are set already. */
static int size_of_output(aep__shape *out, const place *at, const aep__image_layer *layer, const aep__shape *in,
                          const setting *s)
{
    const int kind = layer->kind;
    const span v = span_of(layer, s->image->height), h = span_of(layer, s->image->width);
    if (kind == AEP_LAYER_NORM)
        return in->channels % layer->size
                   ? REFUSE(at, AEP_E_RANGE, "%zu groups do not divide %zu channels", layer->size, in->channels)
                   : AEP_OK;
    if (kinds[kind].enlarges) {
        size_t passed[AEP__MAX_IMAGE_LAYERS + 1];
        size_t n = passed_sizes(passed, s->plan, s->image, true);
        out->height = enlarge(kind, in->height, &v, s->wanted ? s->wanted->height : 0, passed, n);
        n = passed_sizes(passed, s->plan, s->image, false);
        out->width = enlarge(kind, in->width, &h, s->wanted ? s->wanted->width : 0, passed, n);
        return out->height && out->width ? AEP_OK : refuse_size(at, in, s->wanted);
    }
    int status = check_kernel(at, layer, in, s->image);
    if (status)
        return status;
    out->height = shrink(kind, in->height, &v);
    out->width = shrink(kind, in->width, &h);
    return AEP_OK;
}

/* Maps stay near the size of the image: a model file that asks for little memory by its own size must not ask for much
   by what it describes. */
static bool outgrows(size_t size, size_t image) { return size > 2 * image + 16; }

static int check_map(const place *at, const aep__shape *map, const aep__shape *image)
{
    if (!fits(map->channels, map->height, map->width))
        return REFUSE(at, AEP_E_LIMIT, "a map of %zu x %zu x %zu has more than %d values", map->channels, map->height,
                      map->width, AEP__MAX_MAP);
    if (outgrows(map->height, image->height) || outgrows(map->width, image->width))
        return REFUSE(at, AEP_E_LIMIT, "a map of %zu x %zu is more than twice as large as the image of %zu x %zu",
                      map->height, map->width, image->height, image->width);
    return AEP_OK;
}

/* Where the layer's window stands and what comes out, from the map `in`. */
static int follow(aep__map_layer *to, const place *at, const aep__image_layer *layer, const aep__shape *in,
                  const setting *s)
{
    const bool enlarges = kinds[layer->kind].enlarges;
    const span v = span_of(layer, s->image->height), h = span_of(layer, s->image->width);
    aep__shape out = *in;
    if (layer->kind == AEP_LAYER_CONV || layer->kind == AEP_LAYER_CONV_TRANSPOSED)
        out.channels = layer->size;
    int status = size_of_output(&out, at, layer, in, s);
    if (!status)
        status = check_map(at, &out, s->image);
    if (status)
        return status;
    const aep__shape *map = enlarges ? &out : in, *places = enlarges ? in : &out;
    *to = (aep__map_layer){.layer = *layer,
                           .window = {.channels = map->channels,
                                      .height = map->height,
                                      .width = map->width,
                                      .kernel_h = v.kernel,
                                      .kernel_w = h.kernel,
                                      .stride_h = v.stride,
                                      .stride_w = h.stride,
                                      .pad_h = v.padding,
                                      .pad_w = h.padding,
                                      .rows = places->height,
                                      .columns = places->width},
                           .out = out};
    return AEP_OK;
}

/* ----------------------------------------------------------------------------------------------------- all layers */

/* Each layer has fitted when it was added. */
static void follow_encoder(aep__image_plan *plan, const aep__image *image)
{
    const aep__image_stack *layers = &image->encoder;
    const setting s = {.image = &image->shape};
    plan->encoder.n = layers->n;
    plan->inner = image->shape;
    for (size_t i = 0; i < layers->n; i++) {
        aep__map_layer *to = &plan->encoder.layer[i];
        (void)follow(to, &(place){NULL, AEP_PART_ENCODER, i + 1}, &layers->layer[i], &plan->inner, &s);
        plan->inner = to->out;
    }
}

static const aep__shape *decoder_end(const aep__image_plan *plan)
{
    return plan->decoder.n ? &plan->decoder.layer[plan->decoder.n - 1].out : &plan->inner;
}

static int follow_given(aep__image_plan *plan, const aep__image *image, const aep__log *log)
{
    plan->decoder.n = 0;
    for (size_t i = 0; i < image->decoder.n; i++) {
        const place at = {log, AEP_PART_DECODER, i + 1};
        const aep__shape in = *decoder_end(plan);
        int status = follow(&plan->decoder.layer[i], &at, &image->decoder.layer[i], &in,
                            &(setting){.image = &image->shape, .plan = plan});
        if (status)
            return status;
        plan->decoder.n++;
    }
    return AEP_OK;
}

/* The encoder's layers in opposite order, each undone: its output becomes what its input was. A norm of the image
   itself is left out: a reconstruction that is normalised could not follow the image. */
static int mirror(aep__image_plan *plan, const aep__image *image, const aep__log *log)
{
    size_t first = 0;
    while (first < plan->encoder.n && plan->encoder.layer[first].layer.kind == AEP_LAYER_NORM)
        first++;
    plan->decoder.n = 0;
    for (size_t i = plan->encoder.n; i-- > first;) {
        const place at = {log, AEP_PART_DECODER, plan->decoder.n + 1};
        const aep__shape *wanted = i ? &plan->encoder.layer[i - 1].out : &image->shape;
        const aep__shape in = *decoder_end(plan);
        aep__image_layer layer = plan->encoder.layer[i].layer;
        layer.kind = kinds[layer.kind].opposite;
        if (layer.kind == AEP_LAYER_CONV_TRANSPOSED)
            layer.size = wanted->channels;
        if (layer.kind == AEP_LAYER_UPSAMPLE)
            layer.kernel = 0;
        int status = follow(&plan->decoder.layer[plan->decoder.n], &at, &layer, &in,
                            &(setting){.image = &image->shape, .plan = plan, .wanted = wanted});
        if (status)
            return status;
        plan->decoder.n++;
    }
    return AEP_OK;
}

static int check_end(const aep__image_plan *plan, const aep__shape *image, const aep__log *log)
{
    const aep__shape *end = decoder_end(plan);
    if (end->channels == image->channels && end->height == image->height && end->width == image->width)
        return AEP_OK;
    return aep__fail(log, AEP_E_RANGE,
                     "the image layers of the decoder end at %zu x %zu x %zu (channels, height, width), the image has "
                     "%zu x %zu x %zu",
                     end->channels, end->height, end->width, image->channels, image->height, image->width);
}

/* Values that a row takes on its way, each map before and after its activation, and multiplications. */
static void add_cost(double *values, double *products, const aep__map_stack *layers, const aep__shape *first)
{
    const aep__shape *in = first;
    for (size_t i = 0; i < layers->n; in = &layers->layer[i++].out) {
        const aep__map_layer *l = &layers->layer[i];
        const double sums = (double)aep__window_places(&l->window) * (double)aep__window_patch(&l->window);
        *values += 2 * (double)aep__shape_size(&l->out);
        if (l->layer.kind == AEP_LAYER_CONV)
            *products += sums * (double)l->out.channels;
        if (l->layer.kind == AEP_LAYER_CONV_TRANSPOSED)
            *products += sums * (double)in->channels;
    }
}

static int check_cost(const aep__image_plan *plan, const aep__shape *image, const aep__log *log)
{
    double values = 0, products = 0;
    add_cost(&values, &products, &plan->encoder, image);
    add_cost(&values, &products, &plan->decoder, &plan->inner);
    if (values > AEP__MAX_MAP_VALUES)
        return aep__fail(log, AEP_E_LIMIT,
                         "the image layers take %s values for one image, more than %s: use fewer "
                         "filters or larger strides",
                         AEP__NUMBER(values, 3), AEP__NUMBER(AEP__MAX_MAP_VALUES, 3));
    if (products > AEP__MAX_PRODUCTS)
        return aep__fail(log, AEP_E_LIMIT,
                         "the image layers take %s multiplications for one image, more than %s: use "
                         "fewer filters, smaller kernels or larger strides",
                         AEP__NUMBER(products, 3), AEP__NUMBER(AEP__MAX_PRODUCTS, 3));
    return AEP_OK;
}

int aep__image_plan_make(aep__image_plan *plan, const aep__image *image, const aep__log *log)
{
    follow_encoder(plan, image);
    int status = image->decoder.n ? follow_given(plan, image, log) : mirror(plan, image, log);
    if (!status)
        status = check_end(plan, &image->shape, log);
    return status ? status : check_cost(plan, &image->shape, log);
}

/* ------------------------------------------------------------------------------------------------------ describing */

int aep__image_set(aep__image *image, const aep__log *log, size_t channels, size_t height, size_t width)
{
    const bool none = !channels && !height && !width;
    if (!none && (!channels || !height || !width))
        return aep__fail(log, AEP_E_RANGE, "an image of %zu x %zu x %zu (channels, height, width) holds nothing",
                         channels, height, width);
    if (!fits(channels, height, width))
        return aep__fail(log, AEP_E_LIMIT, "an image of %zu x %zu x %zu has more than %d values", channels, height,
                         width, AEP__MAX_MAP);
    *image = (aep__image){.shape = {channels, height, width}};
    return AEP_OK;
}

/* Whether a layer more fits behind those of the encoder. */
static int check_place(const aep__image *image, const place *at, const aep__image_layer *layer)
{
    const setting s = {.image = &image->shape};
    aep__map_layer followed = {.out = image->shape};
    for (size_t i = 0; i < image->encoder.n; i++) {
        const aep__shape in = followed.out;
        (void)follow(&followed, &(place){NULL, at->part, i + 1}, &image->encoder.layer[i], &in, &s); /* fitted before */
    }
    const aep__shape in = followed.out;
    return follow(&followed, at, layer, &in, &s);
}

int aep__image_add(aep__image *image, const aep__log *log, int part, const aep__image_layer *layer)
{
    aep__image_stack *stack = part == AEP_PART_ENCODER ? &image->encoder : &image->decoder;
    const place at = {log, part, stack->n + 1};
    aep__image_layer added = *layer;
    if (stack->n == AEP__MAX_IMAGE_LAYERS)
        return aep__fail(log, AEP_E_LIMIT, "the %s has %d image layers already, and cannot have more", part_names[part],
                         AEP__MAX_IMAGE_LAYERS);
    if (added.padding == AEP_PADDING_AUTO)
        added.padding = automatic_padding(&added);
    int status = check_layer(&at, &added);
    if (status)
        return status;
    if (part == AEP_PART_ENCODER && (status = check_place(image, &at, &added)))
        return status;
    stack->layer[stack->n++] = added;
    return AEP_OK;
}

void aep__image_resolve(aep__image *image)
{
    static const size_t filters[] = {16, 32};
    if (!image->shape.channels || image->encoder.n)
        return;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        const aep__image_layer layer = {
            .kind = AEP_LAYER_CONV, .size = filters[i], .kernel = 3, .stride = 2, .padding = AEP_PADDING_AUTO};
        (void)aep__image_add(image, NULL, AEP_PART_ENCODER, &layer); /* one that no longer fits is left out */
    }
}

/* ---------------------------------------------------------------------------------------------------------- saving */

static void write_stack(const aep__image_stack *stack, aep__writer *w)
{
    aep__put_u32(w, (uint32_t)stack->n);
    for (size_t i = 0; i < stack->n; i++) {
        const aep__image_layer *layer = &stack->layer[i];
        aep__put_u32(w, (uint32_t)layer->kind);
        aep__put_u32(w, (uint32_t)layer->size);
        aep__put_u32(w, (uint32_t)layer->kernel);
        aep__put_u32(w, (uint32_t)layer->stride);
        aep__put_u32(w, (uint32_t)layer->padding);
    }
}

void aep__image_write(const aep__image *image, aep__writer *w)
{
    aep__put_u32(w, (uint32_t)image->shape.channels);
    if (!image->shape.channels)
        return;
    aep__put_u32(w, (uint32_t)image->shape.height);
    aep__put_u32(w, (uint32_t)image->shape.width);
    write_stack(&image->encoder, w);
    write_stack(&image->decoder, w);
}

static void read_stack(aep__image *image, int part, aep__reader *r)
{
    const uint32_t n = aep__get_u32(r);
    for (uint32_t i = 0; i < n && !r->bad; i++) {
        const uint32_t kind = aep__get_u32(r);
        aep__image_layer layer = {.kind = kind < N_KINDS ? (int)kind : -1};
        layer.size = aep__get_u32(r);
        layer.kernel = aep__get_u32(r);
        layer.stride = aep__get_u32(r);
        const uint32_t padding = aep__get_u32(r);
        layer.padding = padding;
        if (padding > AEP__MAX_KERNEL || aep__image_add(image, NULL, part, &layer)) /* no AEP_PADDING_AUTO */
            r->bad = true;
    }
}

int aep__image_read(aep__image *image, aep__reader *r)
{
    aep__image read = {0};
    const size_t channels = aep__get_u32(r);
    if (channels) {
        const size_t height = aep__get_u32(r), width = aep__get_u32(r);
        if (aep__image_set(&read, NULL, channels, height, width))
            r->bad = true;
        read_stack(&read, AEP_PART_ENCODER, r);
        read_stack(&read, AEP_PART_DECODER, r);
    }
    if (r->bad)
        return AEP_E_FORMAT;
    *image = read;
    return AEP_OK;
}
