/*
 * Any bytes as a text of any character set; the first two are the id of a collation. What is taken is UTF-8,
 * and at most four bytes for each one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/charset.h"
#include "decoders/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct charsets *open_sets; /* making a table takes long */
    if (!open_sets) open_sets = charsets_new();
    if (!open_sets || size < 2) return 0;
    const struct charset *cs = charset_of_collation((uint32_t)data[0] << 8 | data[1]);
    if (!cs) return 0;
    require(charset_named(charset_name(cs)) == cs);
    struct arena a;
    struct text out = {0};
    struct err e = {0};
    arena_init(&a, 0);
    int status = charset_to_utf8(open_sets, cs, data + 2, size - 2, &a, &out, &e);
    require(status >= 0);
    if (status == 0) {
        require(utf8_valid(out.ptr, out.len));
        require(out.len <= 4 * (size - 2));
    } else {
        require(out.ptr == NULL);
    }
    arena_release(&a);
    return 0;
}
