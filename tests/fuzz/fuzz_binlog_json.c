/*
 * Any bytes as a binary JSON document. What is taken is UTF-8, and no longer than what its bytes can pay for.
 */
#include <stdint.h>
#include <stdlib.h>

#include "decoders/binlog/json_binary.h"
#include "decoders/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_PER_BYTE                                                                                        \
    8 /* a control character is printed as six, an empty opaque value of six bytes as 21                     \
       */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf text = {0};
    struct err e = {0};
    if (json_binary_text(data, size, &text, &e) == 0) {
        if (!utf8_valid((const char *)text.data, text.len)) abort();
        if (text.len > TEXT_PER_BYTE * (size + 1)) abort();
    } else if (text.len || e.code != ERR_DATA) {
        abort();
    }
    buf_release(&text);
    return 0;
}
