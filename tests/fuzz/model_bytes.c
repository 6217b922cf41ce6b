/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model files for fuzzers: changes that know of sections, and a checksum that is put right behind them. Whatever changes,
 * lengths and checksum fit again, so that the fuzzer reaches what lies behind their checks (docs/file-format.md).
 */
#include "fuzz.h"

#include <string.h>

enum { SIZE_AT = 16, FIRST_SECTION = 24, SECTION_HEAD = 12, CHECKSUM = 4 };

static uint64_t get_number(const uint8_t *at, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static void put_number(uint8_t *at, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

void model_repair_checksum(uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size - CHECKSUM; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    put_number(data + size - CHECKSUM, ~crc, CHECKSUM);
}

size_t model_end(const uint8_t *data, size_t size)
{
    if (size < FIRST_SECTION)
        return size;
    const uint64_t end = get_number(data + SIZE_AT, 8);
    return end < FIRST_SECTION + CHECKSUM || end > size ? size : (size_t)end;
}

#ifdef AEP_LIBFUZZER
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static uint32_t draw(uint32_t *state, uint32_t n) /* below n */
{
    *state = *state * 1664525 + 1013904223;
    return n ? (*state >> 8) % n : 0;
}

/* A section to change: where its head is; 0 if the sections do not hang together. */
static size_t pick_section(const uint8_t *data, size_t end, uint32_t *state)
{
    size_t heads[16], n = 0, at = FIRST_SECTION;
    while (n < 16 && at + SECTION_HEAD + CHECKSUM <= end) {
        const uint64_t length = get_number(data + at + 4, 8);
        if (length > end - CHECKSUM - at - SECTION_HEAD)
            return 0;
        heads[n++] = at;
        at += SECTION_HEAD + (size_t)length;
    }
    return n ? heads[draw(state, (uint32_t)n)] : 0;
}

/* A number somewhere in the section becomes one that is often wrong: a limit, its neighbour, a special float. */
static void set_number(uint8_t *content, size_t length, uint32_t *state)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       2,
                                       3,
                                       255,
                                       256,
                                       65535,
                                       65536,
                                       65537,
                                       1u << 24,
                                       0x1000001,
                                       0x7fffffff,
                                       0x80000000,
                                       0xffffffff,
                                       0x7f800000,
                                       0xff800000,
                                       0x7fc00000,
                                       0x00000001,
                                       0x7f7fffff,
                                       0x80000000,
                                       0x3f800000,
                                       0x7ff0000000000000,
                                       0x7ff8000000000000,
                                       0xfff0000000000000,
                                       0x7fefffffffffffff,
                                       0x3ff0000000000000,
                                       UINT64_MAX};
    static const size_t widths[] = {1, 4, 8};
    const size_t width = widths[draw(state, 3)];
    if (length < width)
        return;
    uint8_t *at = content + draw(state, (uint32_t)(length - width + 1));
    if (draw(state, 3))
        put_number(at, numbers[draw(state, sizeof numbers / sizeof *numbers)], width);
    else
        put_number(at, get_number(at, width) + draw(state, 5) - 2, width);
}

/* What libFuzzer makes of the section's content, in place; all behind it moves, and its length follows. */
static size_t change_section(uint8_t *data, size_t size, size_t room, size_t head)
{
    static uint8_t content[1 << 20];
    const size_t begin = head + SECTION_HEAD, length = (size_t)get_number(data + head + 4, 8);
    if (length + room > sizeof content)
        return size;
    memcpy(content, data + begin, length);
    const size_t changed = LLVMFuzzerMutate(content, length, length + room);
    memmove(data + begin + changed, data + begin + length, size - begin - length);
    memcpy(data + begin, content, changed);
    put_number(data + head + 4, changed, 8);
    return size - length + changed;
}

/* Lengths and checksum of the model whose end moved along with the size of the whole. */
static void repair(uint8_t *data, size_t end)
{
    put_number(data + SIZE_AT, end, 8);
    model_repair_checksum(data, end);
}

/* One in eight stays as libFuzzer has it, envelope and checksum too. Rows behind the model are changed on their own. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint32_t state = seed;
    const size_t end = model_end(data, size), head = pick_section(data, end, &state);
    const uint32_t way = draw(&state, 8);
    if (!head || way == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    if (way == 1 && end < size)
        return end + LLVMFuzzerMutate(data + end, size - end, max_size - end);
    if (way < 5) {
        for (uint32_t n = 1 + draw(&state, 3); n > 0; n--)
            set_number(data + head + SECTION_HEAD, (size_t)get_number(data + head + 4, 8), &state);
        repair(data, end);
        return size;
    }
    const size_t changed = change_section(data, size, max_size > size ? max_size - size : 0, head);
    repair(data, end + changed - size);
    return changed;
}
#endif
