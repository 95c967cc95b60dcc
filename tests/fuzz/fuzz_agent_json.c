/* json_check over any text, and the JSON writer: what it embeds is one line, and valid where it was accepted.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/encode/json_check.h"
#include "agent/encode/json_writer.h"
#include "decoders/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = size ? (const char *)data : "";
    struct value v = {.state = VALUE_PRESENT, .kind = VALUE_JSON, .text = text, .len = size};
    struct buf out = {0};
    if (json_check_null(text, size) && !json_check(text, size)) abort();
    json_value(&out, &v); /* embedded, or as a string */
    if (memchr(out.data, '\n', out.len)) abort();
    if (!json_check((const char *)out.data, out.len)) abort();
    buf_clear(&out, SIZE_MAX);
    json_raw(&out, text, size);
    if (!json_check((const char *)out.data, out.len) || !utf8_valid((const char *)out.data, out.len)) abort();
    buf_release(&out);
    return 0;
}
