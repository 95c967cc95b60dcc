/*
 * What real servers logged (tests/golden/capture_binlog.py), decoded to text.
 */
#include "tests/unit/decoders/golden.h"

#include "agent/base/spill_file.h"
#include "decoders/binlog/decoder.h"
#include "tests/golden/events.h"

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
        result = events_feed(d, event, len, &file, &rotated, golden_collect, text, &e);
    if (result) buf_printf(text, "error %s\n", e.text);
    d->ops->destroy(d);
    shorten(text);
}

static void test_text(void **state) {
    (void)state;
    golden_check(decode);
}

/* Nothing has a checksum here. */
static void test_flipped(void **state) {
    (void)state;
    golden_damage(decode, "checksum_none", 500, 2);
}

static int find_captures(void **state) {
    (void)state;
    return golden_find("tests/golden/binlog", ".events");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_flipped),
    };
    return cmocka_run_group_tests(tests, find_captures, golden_forget);
}
