/* SPDX-License-Identifier: BSD-2-Clause */
#include "heat_map.h"

#include "output.h"
#include "tools.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_HEIGHT = 256, MOST_SHOWN_WIDTH = 1024, STRIP_HEIGHT = 64, GAP = 4, PANELS = 3, COLOURS = 3 };

enum { MOST_SIZE = 4096 /* of the image; far below what libpng takes */ };

/* Of a signal the panels lie one above the other, and its values from left to right whichever way it is stored. */
typedef struct canvas {
    bool stacked;
    size_t columns, rows; /* values in a panel */
    size_t across, down;  /* pixels for a value */
    size_t width, height; /* in pixels */
    unsigned char *bytes; /* (height, width, COLOURS) */
} canvas;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

bool heat_map_possible(const image_size *size)
{
    char text[IMAGE_TEXT_SIZE];
    if (size->height <= MOST_SIZE && size->width <= MOST_SIZE)
        return true;
    say_error("images of %s (channels,height,width) are too large to draw: height and width may be up to %d",
              image_text(text, size), MOST_SIZE);
    return false;
}

/* Small images are enlarged by whole numbers. */
static void canvas_layout(canvas *c, const image_size *image)
{
    c->stacked = image->height == 1 || image->width == 1;
    c->rows = c->stacked ? 1 : image->height;
    c->columns = image->height * image->width / c->rows;
    size_t scale = smaller(SHOWN_HEIGHT / c->rows, MOST_SHOWN_WIDTH / c->columns);
    c->across = scale ? scale : 1;
    c->down = c->stacked ? STRIP_HEIGHT : c->across;
    size_t wide = c->stacked ? 1 : PANELS, high = c->stacked ? PANELS : 1;
    c->width = wide * c->columns * c->across + (wide - 1) * GAP;
    c->height = high * c->rows * c->down + (high - 1) * GAP;
}

static bool canvas_init(canvas *c, const image_size *image)
{
    canvas_layout(c, image);
    size_t size = c->width * c->height * COLOURS;
    c->bytes = malloc(size);
    if (!c->bytes) {
        say_error("out of memory for a picture of %zu x %zu pixels", c->width, c->height);
        return false;
    }
    memset(c->bytes, 255, size);
    return true;
}

static unsigned char brightness(double share)
{
    if (!(share > 0)) /* also NaN */
        return 0;
    return share >= 1 ? 255 : (unsigned char)(share * 255 + 0.5);
}

typedef void colour_fn(unsigned char rgb[COLOURS], const heat_map *map, const float *values, size_t pixel);

static double channel_mean(const heat_map *map, const float *values, size_t pixel)
{
    double sum = 0;
    for (size_t c = 0; c < map->size.channels; c++)
        sum += values[c * map->size.height * map->size.width + pixel];
    return sum / (double)map->size.channels;
}

static void colour_of_value(unsigned char rgb[COLOURS], const heat_map *map, const float *values, size_t pixel)
{
    size_t area = map->size.height * map->size.width;
    bool grey = map->size.channels != COLOURS;
    double mean = grey ? channel_mean(map, values, pixel) : 0, range = (double)map->high - map->low;
    for (size_t i = 0; i < COLOURS; i++)
        rgb[i] = brightness(((grey ? mean : values[i * area + pixel]) - map->low) / range);
}

/* Black, red, yellow, white: each brighter than the one before, so that it also reads in grey. */
static void colour_of_heat(unsigned char rgb[COLOURS], const heat_map *map, const float *values, size_t pixel)
{
    (void)map;
    for (size_t i = 0; i < COLOURS; i++)
        rgb[i] = brightness(3 * (double)values[pixel] - (double)i);
}

static void paint(canvas *c, size_t panel, const heat_map *map, const float *values, colour_fn *colour)
{
    size_t width = c->columns * c->across, height = c->rows * c->down;
    size_t left = c->stacked ? 0 : panel * (width + GAP), top = c->stacked ? panel * (height + GAP) : 0;
    for (size_t y = 0; y < height; y++) {
        unsigned char *to = c->bytes + ((top + y) * c->width + left) * COLOURS;
        const size_t row = y / c->down * c->columns;
        for (size_t x = 0; x < width; x++, to += COLOURS)
            colour(to, map, values, row + x / c->across);
    }
}

/* The shares of each pixel over its channels, the largest being 1; NULL: out of memory, said so. */
static float *pixel_shares(const heat_map *map)
{
    size_t area = map->size.height * map->size.width;
    float *heat = malloc(area * sizeof *heat), largest = 0;
    if (!heat) {
        say_error("out of memory");
        return NULL;
    }
    for (size_t i = 0; i < area; i++) {
        heat[i] = (float)channel_mean(map, map->shares, i);
        largest = heat[i] > largest ? heat[i] : largest;
    }
    for (size_t i = 0; largest > 0 && i < area; i++)
        heat[i] /= largest;
    return heat;
}

static bool write_bytes(const char *path, const void *bytes, size_t n)
{
    output out;
    if (!output_open(&out, path))
        return false;
    bool ok = fwrite(bytes, 1, n, out.file) == n || output_good(&out);
    ok = ok && output_close(&out);
    output_drop(&out);
    return ok;
}

static bool write_png(const canvas *c, const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)c->width,
                       .height = (png_uint_32)c->height,
                       .format = PNG_FORMAT_RGB};
    png_alloc_size_t size = 0;
    void *bytes = NULL;
    bool ok = png_image_write_to_memory(&image, NULL, &size, 0, c->bytes, 0, NULL) && (bytes = malloc(size)) &&
              png_image_write_to_memory(&image, bytes, &size, 0, c->bytes, 0, NULL);
    if (ok)
        ok = write_bytes(path, bytes, size);
    else
        say_error("cannot make the picture %s: %s", path, PNG_IMAGE_FAILED(image) ? image.message : "out of memory");
    png_image_free(&image);
    free(bytes);
    return ok;
}

bool heat_map_write(const heat_map *map, const char *path)
{
    canvas c = {0};
    float *heat = pixel_shares(map);
    bool ok = heat && canvas_init(&c, &map->size);
    if (ok) {
        paint(&c, 0, map, map->found, colour_of_value);
        paint(&c, 1, map, map->rebuilt, colour_of_value);
        paint(&c, 2, map, heat, colour_of_heat);
        ok = write_png(&c, path);
    }
    free(c.bytes);
    free(heat);
    return ok;
}
