/*
 * Any bytes as a binary JSON document and differences for it; the first two bytes say how long the document
 * is. What comes out is UTF-8, and no longer than what all bytes together can pay for.
 */
#include <stdint.h>
#include <stdlib.h>

#include "decoders/binlog/json_binary.h"
#include "decoders/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_PER_BYTE 8

static void check(int status, const struct buf *text, size_t size, const struct err *e) {
    if (status == 0) {
        if (!utf8_valid((const char *)text->data, text->len)) abort();
        if (text->len > TEXT_PER_BYTE * (size + 1)) abort();
    } else if (text->len || e->code != ERR_DATA) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cursor c = cursor_of(data, size);
    const uint8_t *document;
    uint16_t len;
    if (!cursor_u16le(&c, &len) || !cursor_bytes(&c, len, &document)) return 0;
    struct buf text = {0};
    struct err e = {0};
    struct cursor diffs = c;
    check(json_diff_apply(document, len, &diffs, &text, &e), &text, size, &e);
    buf_clear(&text, SIZE_MAX);
    diffs = c;
    check(json_diff_text(&diffs, &text, &e), &text, 4 * size, &e); /* one of 3 bytes is printed as 33 */
    buf_release(&text);
    return 0;
}
