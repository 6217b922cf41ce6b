/* SPDX-License-Identifier: BSD-2-Clause */
#include "window_fixture.h"

enum { WINDOWS = 400, MAPS = 3 };

START_TEST(a_cut_is_what_lies_on_the_map)
{
    uint32_t state = 1;
    for (int i = 0; i < WINDOWS; i++) {
        const aep__window w = draw_window(&state, i % 2);
        FOR_EACH_PLACE(&w, p)
        {
            const size_t row = p / w.columns, column = p % w.columns;
            const aep__cut c = aep__window_cut(&w, row, column);
            ck_assert_int_eq(c.y0, (long)(row * w.stride_h) - (long)w.pad_h);
            ck_assert_int_eq(c.x0, (long)(column * w.stride_w) - (long)w.pad_w);
            ck_assert(c.top <= c.bottom && c.bottom <= w.kernel_h && c.left <= c.right && c.right <= w.kernel_w);
            for (size_t y = 0; y < w.kernel_h; y++)
                for (size_t x = 0; x < w.kernel_w; x++) {
                    size_t pixel;
                    const bool within = y >= c.top && y < c.bottom && x >= c.left && x < c.right;
                    ck_assert(within == pixel_under(&pixel, &w, row, column, y, x));
                }
        }
    }
}
END_TEST

/* the padding of a kernel of 5 on a map of one pixel: most windows stand beside it */
START_TEST(a_window_beside_the_map_has_an_empty_cut)
{
    const aep__window w = {.channels = 1,
                           .height = 1,
                           .width = 1,
                           .kernel_h = 2,
                           .kernel_w = 2,
                           .stride_h = 1,
                           .stride_w = 1,
                           .pad_h = 3,
                           .pad_w = 3,
                           .rows = 6,
                           .columns = 6};
    size_t n_empty = 0;
    FOR_EACH_PLACE(&w, p)
    {
        const aep__cut c = aep__window_cut(&w, p / 6, p % 6);
        ck_assert(c.top <= c.bottom && c.bottom <= 2 && c.left <= c.right && c.right <= 2);
        n_empty += c.top == c.bottom || c.left == c.right;
    }
    ck_assert_uint_eq(n_empty, 36 - 4);
    real patches[36 * 4], map = 7, sum = 0;
    aep__patches_read(patches, &map, &w, 0, 36);
    for (size_t i = 0; i < COUNT_OF(patches); i++)
        sum += patches[i];
    ck_assert_float_eq(sum, 28); /* each position of the kernel stands on the pixel once */
    aep__patches_add(&map, patches, &w, 0, 36);
    ck_assert_float_eq(map, 35);
}
END_TEST

/* What the patch of place p of a map should hold. */
static void expect_patch(real *patch, const real *map, const aep__window *w, size_t p)
{
    memset(patch, 0, aep__window_patch(w) * sizeof *patch);
    FOR_EACH_UNDER(w, p, k, pixel)
    {
        for (size_t c = 0; c < w->channels; c++)
            patch[k * w->channels + c] = map[pixel * w->channels + c];
    }
}

/* Some places from anywhere on, across the ends of maps. */
START_TEST(patches_hold_what_lies_under_the_windows_and_zeros)
{
    uint32_t state = 2;
    for (int i = 0; i < WINDOWS; i++) {
        const aep__window w = draw_window(&state, i % 2);
        const size_t places = aep__window_places(&w), patch = aep__window_patch(&w), map = aep__window_map(&w);
        const size_t first = draw(&state, 0, MAPS * places - 1), n = draw(&state, 1, MAPS * places - first);
        real *maps = random_array(MAPS * map, (uint64_t)i), *expected = array(patch);
        real *patches = random_array((n + 1) * patch, 1), *guard = copy_of(patches + n * patch, patch);
        aep__patches_read(patches, maps, &w, first, n);
        for (size_t j = 0; j < n; j++) {
            expect_patch(expected, maps + (first + j) / places * map, &w, (first + j) % places);
            ck_assert_mem_eq(patches + j * patch, expected, patch * sizeof *patches);
        }
        ck_assert_mem_eq(patches + n * patch, guard, patch * sizeof *patches);
        free(maps), free(expected), free(patches), free(guard);
    }
}
END_TEST

START_TEST(patches_are_added_where_they_came_from)
{
    uint32_t state = 3;
    for (int i = 0; i < WINDOWS; i++) {
        const aep__window w = draw_window(&state, i % 2);
        const size_t places = aep__window_places(&w), patch = aep__window_patch(&w), map = aep__window_map(&w);
        const size_t first = draw(&state, 0, MAPS * places - 1), n = draw(&state, 1, MAPS * places - first);
        real *maps = random_array(MAPS * map, (uint64_t)i), *expected = copy_of(maps, MAPS * map);
        real *patches = random_array(n * patch, 1);
        aep__patches_add(maps, patches, &w, first, n);
        for (size_t j = 0; j < n; j++)
            FOR_EACH_UNDER(&w, (first + j) % places, k, pixel)
            {
                for (size_t c = 0; c < w.channels; c++)
                    expected[(first + j) / places * map + pixel * w.channels + c] +=
                        patches[j * patch + k * w.channels + c];
            }
        ck_assert_mem_eq(maps, expected, MAPS * map * sizeof *maps); /* the order is part of the promise */
        free(maps), free(expected), free(patches);
    }
}
END_TEST

START_TEST(sizes_are_the_products)
{
    const aep__window w = {
        .channels = 3, .height = 5, .width = 7, .kernel_h = 2, .kernel_w = 4, .rows = 6, .columns = 8};
    ck_assert_uint_eq(aep__window_map(&w), 105);
    ck_assert_uint_eq(aep__window_patch(&w), 24);
    ck_assert_uint_eq(aep__window_places(&w), 48);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_cut_is_what_lies_on_the_map, a_window_beside_the_map_has_an_empty_cut,
                                  patches_hold_what_lies_under_the_windows_and_zeros,
                                  patches_are_added_where_they_came_from, sizes_are_the_products};
    return run_list("window", tests, COUNT_OF(tests), 120);
}
