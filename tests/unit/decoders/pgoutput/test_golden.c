/*
 * What real servers sent (tests/golden/capture_pgoutput.py), decoded to text.
 */
#include "tests/unit/decoders/golden.h"

#include "decoders/pgoutput/decoder.h"
#include "decoders/pgoutput/proto.h"
#include "decoders/pgoutput/types.h"

static struct decoder *new_decoder(void) {
    const struct decoder_options options = {.epoch = 1};
    struct decoder *d = decoder_pgoutput.create(&options);
    assert_non_null(d);
    return d;
}

static int ignore(void *ctx, const struct change *c, struct err *e) {
    (void)ctx, (void)c, (void)e;
    return 0;
}

/* The whole capture as text; errors too. */
static void decode(const char *path, const struct buf *capture, struct buf *text) {
    (void)path;
    struct decoder *d = new_decoder();
    struct cursor c = cursor_of(capture->data, capture->len);
    struct frame f;
    struct err e = {0};
    while (frames_next(&c, &f)) {
        if (decoder_pgoutput.feed(d, &f, golden_collect, text, &e) == 0) continue;
        buf_printf(text, "error %s\n", e.text);
        break;
    }
    decoder_pgoutput.destroy(d);
}

static void test_text(void **state) {
    (void)state;
    golden_check(decode);
}

/* ---- format(parse(x)) = x for everything that servers sent ---- */

struct check {
    struct cursor message; /* the raw texts, read once more */
    size_t values;
};

/* bytea in escape format comes back as hexadecimal. */
static bool holds_escapes(const struct value *v, const struct value *raw) {
    if (v->kind == VALUE_BYTES) return raw->len < 2 || memcmp(raw->text, "\\x", 2) != 0;
    return v->kind == VALUE_ARRAY && !v->is_text && v->v.array->kind == VALUE_BYTES &&
           memmem(raw->text, raw->len, "\\\\x", 3) == NULL;
}

static void check_values(struct check *check, const struct value *values, const struct value *raw, size_t n) {
    struct buf text = {0};
    for (size_t i = 0; i < n; i++) {
        if (values[i].state != VALUE_PRESENT || raw[i].state != VALUE_PRESENT) continue;
        if (holds_escapes(&values[i], &raw[i])) continue;
        buf_clear(&text, SIZE_MAX);
        value_format(&values[i], &text);
        if (text.len != raw[i].len || memcmp(text.data, raw[i].text, text.len) != 0)
            fail_msg("%.*s became %s", (int)raw[i].len, raw[i].text, buf_cstr(&text));
        check->values++;
    }
    buf_release(&text);
}

static int check_change(void *ctx, const struct change *change, struct err *e) {
    struct check *check = ctx;
    struct cursor c = check->message;
    uint8_t kind;
    uint32_t relid;
    enum image old;
    if (change->op != CHANGE_INSERT && change->op != CHANGE_UPDATE) return 0;
    size_t n = change->table->ncolumns;
    struct value *before = calloc(n + 1, sizeof(*before)), *after = calloc(n + 1, sizeof(*after));
    assert_non_null(before);
    assert_non_null(after);
    assert_true(cursor_u8(&c, &kind) && cursor_u32(&c, &relid));
    if (change->op == CHANGE_INSERT)
        assert_int_equal(pgoutput_read_insert(&c, n, after, e), 0);
    else
        assert_int_equal(pgoutput_read_update(&c, n, &old, before, after, e), 0);
    if (change->before) check_values(check, change->before, before, n);
    check_values(check, change->after, after, n);
    free(before);
    free(after);
    return 0;
}

static void test_round_trip(void **state) {
    (void)state;
    struct buf capture = {0};
    struct check check = {0};
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        golden_load(i, &capture);
        struct decoder *d = new_decoder();
        struct cursor c = cursor_of(capture.data, capture.len);
        struct frame f;
        struct err e = {0};
        while (frames_next(&c, &f)) {
            check.message = cursor_of(f.data, f.len);
            if (decoder_pgoutput.feed(d, &f, check_change, &check, &e))
                fail_msg("%s: %s", captures.gl_pathv[i], e.text);
        }
        decoder_pgoutput.destroy(d);
    }
    buf_release(&capture);
    assert_true(check.values > 500);
}

/* ---- Damage ---- */

/* Feeds the frames before `broken` as they are, then `broken`; its result. */
static int feed_up_to(const struct buf *capture, size_t n, const struct frame *broken, struct err *e) {
    struct decoder *d = new_decoder();
    struct cursor c = cursor_of(capture->data, capture->len);
    struct frame f;
    for (size_t i = 0; i < n; i++) {
        assert_true(frames_next(&c, &f));
        assert_int_equal(decoder_pgoutput.feed(d, &f, ignore, NULL, e), 0);
    }
    int result = decoder_pgoutput.feed(d, broken, ignore, NULL, e);
    decoder_pgoutput.destroy(d);
    return result;
}

static void fails(const struct buf *capture, size_t n, const struct frame *f, const uint8_t *data,
                  size_t len) {
    struct frame broken = *f;
    struct err e = {0};
    broken.data = malloc(len ? len : 1); /* of its own, so that a sanitizer sees a read behind it */
    assert_non_null(broken.data);
    memcpy((void *)broken.data, data, len);
    broken.len = len;
    if (feed_up_to(capture, n, &broken, &e) == 0)
        fail_msg("frame %zu of %zu bytes was taken with %zu", n, f->len, len);
    assert_int_equal(e.code, ERR_DATA);
    assert_true(strstr(e.text, "pgoutput at "));
    free((void *)broken.data);
}

/* Every way to cut a message short, and one byte too many. Long captures repeat themselves: the first frames.
 */
static void test_truncated(void **state) {
    (void)state;
    struct buf capture = {0}, longer = {0};
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        golden_load(i, &capture);
        struct cursor c = cursor_of(capture.data, capture.len);
        struct frame f;
        for (size_t n = 0; n < 24 && frames_next(&c, &f); n++) {
            if (f.kind != FRAME_DATA) continue;
            size_t step = f.len > 600 ? 37 : 1;
            for (size_t len = 0; len < f.len; len += step) fails(&capture, n, &f, f.data, len);
            buf_clear(&longer, SIZE_MAX);
            buf_put(&longer, f.data, f.len);
            buf_putc(&longer, 0);
            fails(&capture, n, &f, longer.data, longer.len);
        }
    }
    buf_release(&capture);
    buf_release(&longer);
}

static void test_flipped(void **state) {
    (void)state;
    golden_damage(decode, "", 200, 3);
}

static int find_captures(void **state) {
    (void)state;
    return golden_find("tests/golden/pgoutput", ".bin");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped),
    };
    return cmocka_run_group_tests(tests, find_captures, golden_forget);
}
