/*
 * golden: what real servers sent, decoded to text and compared with the text beside it. For the tests of the
 * decoders, each with captures and a way to decode of its own.
 *
 * GOLDEN_UPDATE=1 writes the texts anew; GOLDEN_DIR reads captures from somewhere else.
 */
#ifndef TAILRACE_TESTS_UNIT_DECODERS_GOLDEN_H
#define TAILRACE_TESTS_UNIT_DECODERS_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "tests/golden/dump.h"
#include "tests/golden/frames.h"

static glob_t captures;
static const char *captures_ending; /* of their names */

/* Appends the whole capture as text; errors too. */
typedef void (*golden_decode)(const char *path, const struct buf *capture, struct buf *text);

static int golden_find(const char *folder, const char *ending) {
    const char *dir = getenv("GOLDEN_DIR");
    char pattern[512];
    captures_ending = ending;
    snprintf(pattern, sizeof(pattern), "%s/*%s", dir ? dir : folder, ending);
    return glob(pattern, 0, NULL, &captures);
}

static int golden_forget(void **state) {
    (void)state;
    globfree(&captures);
    return 0;
}

static void golden_load(size_t i, struct buf *out) {
    buf_clear(out, SIZE_MAX);
    assert_true(frames_load(captures.gl_pathv[i], out));
}

/* A change_fn whose `ctx` is a text. */
static int golden_collect(void *ctx, const struct change *c, struct err *e) {
    (void)e;
    dump_change(c, ctx);
    return 0;
}

static void golden_text_path(const char *capture, char *out, size_t size) {
    snprintf(out, size, "%.*s.txt", (int)(strlen(capture) - strlen(captures_ending)), capture);
}

static void golden_update(const char *path, const struct buf *text) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text->data, 1, text->len, f), text->len);
    fclose(f);
}

static void golden_compare(const char *path, struct buf *text) {
    struct buf want = {0};
    assert_true(frames_load(path, &want));
    if (strcmp(buf_cstr(text), buf_cstr(&want)) != 0) {
        print_error("%s\n", path);
        assert_string_equal(buf_cstr(text), buf_cstr(&want));
    }
    buf_release(&want);
}

/* Every capture is what its text says. */
static void golden_check(golden_decode decode) {
    struct buf capture = {0}, text = {0};
    assert_true(captures.gl_pathc > 0);
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        char path[512];
        golden_load(i, &capture);
        buf_clear(&text, SIZE_MAX);
        decode(captures.gl_pathv[i], &capture, &text);
        golden_text_path(captures.gl_pathv[i], path, sizeof(path));
        if (getenv("GOLDEN_UPDATE"))
            golden_update(path, &text);
        else
            golden_compare(path, &text);
    }
    buf_release(&capture);
    buf_release(&text);
}

/* A changed byte may or may not be noticed; it never does harm. In captures whose path holds `only`. */
static void golden_damage(golden_decode decode, const char *only, int rounds, int flips) {
    struct buf capture = {0};
    uint32_t seed = 2463534242;
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        if (!strstr(captures.gl_pathv[i], only)) continue;
        for (int round = 0; round < rounds; round++) {
            golden_load(i, &capture);
            for (int k = 0; k < flips; k++) {
                seed = seed * 1664525 + 1013904223;
                capture.data[seed % capture.len] ^= (uint8_t)(1 << (seed >> 29));
            }
            struct buf text = {0};
            decode(captures.gl_pathv[i], &capture, &text);
            buf_release(&text);
        }
    }
    buf_release(&capture);
}

#endif
