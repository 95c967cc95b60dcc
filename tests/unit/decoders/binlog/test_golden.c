/*
 * What real servers logged (tests/golden/capture_binlog.py), decoded to text.
 *
 * GOLDEN_UPDATE=1 writes the texts anew; GOLDEN_DIR reads captures from somewhere else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/spill_file.h"
#include "decoders/binlog/decoder.h"
#include "tests/golden/dump.h"
#include "tests/golden/events.h"
#include "tests/golden/frames.h"

static glob_t captures;

static struct spill *new_spill(void *ctx, struct err *e) {
    (void)ctx;
    return spill_file_new(NULL, e);
}

static struct decoder *new_decoder(void) {
    const struct decoder_options options = {.epoch = 1, .spill = new_spill};
    struct decoder *d = decoder_binlog.create(&options);
    assert_non_null(d);
    return d;
}

static int collect(void *ctx, const struct change *c, struct err *e) {
    (void)e;
    dump_change(c, ctx);
    return 0;
}

static void load(size_t i, struct buf *out) {
    buf_clear(out, SIZE_MAX);
    assert_true(frames_load(captures.gl_pathv[i], out));
}

/* The whole capture as text; errors too. */
static void decode(const char *path, const struct buf *capture, struct buf *text) {
    struct decoder *d = new_decoder();
    struct cursor c = cursor_of(capture->data, capture->len);
    const uint8_t *event;
    size_t len;
    struct err e = {0};
    unsigned file = 0;
    bool rotated = false, mariadb = strstr(path, "mariadb") != NULL;
    int result = events_start(d, NULL, mariadb, strstr(path, "gtid_off") == NULL, &e);
    while (result == 0 && events_next(&c, &event, &len))
        result = events_feed(d, event, len, &file, &rotated, collect, text, &e);
    if (result) buf_printf(text, "error %s\n", e.text);
    d->ops->destroy(d);
}

/* Long ones repeat themselves: the beginning, and a hash of the rest. */
static void shorten(struct buf *text) {
    const size_t keep = 20000;
    uint64_t hash = UINT64_C(14695981039346656037);
    if (text->len <= keep) return;
    for (size_t i = keep; i < text->len; i++) hash = (hash ^ text->data[i]) * UINT64_C(1099511628211);
    size_t rest = text->len - keep;
    text->len = keep;
    buf_printf(text, "\n%zu bytes more, hash %016llx\n", rest, (unsigned long long)hash);
}

static void text_path(const char *capture, char *out, size_t size) {
    snprintf(out, size, "%.*s.txt", (int)(strlen(capture) - strlen(".events")), capture);
}

static void test_text(void **state) {
    (void)state;
    struct buf capture = {0}, text = {0}, want = {0};
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        char path[512];
        load(i, &capture);
        buf_clear(&text, SIZE_MAX);
        decode(captures.gl_pathv[i], &capture, &text);
        shorten(&text);
        text_path(captures.gl_pathv[i], path, sizeof(path));
        if (getenv("GOLDEN_UPDATE")) {
            FILE *f = fopen(path, "wb");
            assert_non_null(f);
            assert_int_equal(fwrite(text.data, 1, text.len, f), text.len);
            fclose(f);
            continue;
        }
        buf_clear(&want, SIZE_MAX);
        assert_true(frames_load(path, &want));
        if (strcmp(buf_cstr(&text), buf_cstr(&want)) != 0) {
            print_error("%s\n", path);
            assert_string_equal(buf_cstr(&text), buf_cstr(&want));
        }
    }
    buf_release(&capture);
    buf_release(&text);
    buf_release(&want);
}

/* A changed byte may or may not be noticed; it never does harm. Nothing has a checksum here. */
static void test_flipped(void **state) {
    (void)state;
    struct buf capture = {0};
    uint32_t seed = 2463534242;
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        if (!strstr(captures.gl_pathv[i], "checksum_none")) continue;
        for (int round = 0; round < 500; round++) {
            load(i, &capture);
            for (int k = 0; k < 2; k++) {
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

static int find_captures(void **state) {
    (void)state;
    const char *dir = getenv("GOLDEN_DIR");
    char pattern[512];
    snprintf(pattern, sizeof(pattern), "%s/*.events", dir ? dir : "tests/golden/binlog");
    return glob(pattern, 0, NULL, &captures);
}

static int forget_captures(void **state) {
    (void)state;
    globfree(&captures);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_flipped),
    };
    return cmocka_run_group_tests(tests, find_captures, forget_captures);
}
