/*
 * The readers of topics: RowChange and CustomerEvent out of any bytes, and what is read must encode again.
 * The first byte chooses which.
 */
#include <stdlib.h>

#include "agent/encode/change_reader.h"
#include "agent/encode/customer_reader.h"
#include "agent/encode/encoder.h"

static void encode(const struct encoder_ops *ops, const struct event *ev) {
    struct encoder *en = ops->create();
    struct buf key = {0}, value = {0};
    struct err e = {0};
    bool has_key;
    if (!en) abort();
    if (en->ops->encode(en, ev, &key, &has_key, &value, &e) && e.code == ERR_NONE) abort();
    buf_release(&key);
    buf_release(&value);
    en->ops->destroy(en);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    struct err e = {0};
    const struct event *ev = NULL;
    if (size == 0) return 0;
    bool customer = data[0] & 1;
    arena_init(&a, 0);
    int rc = customer ? customer_read(data + 1, size - 1, &a, &ev, &e)
                      : change_read(data + 1, size - 1, &a, &ev, &e);
    if (rc == 0) {
        encode(&encoder_json, ev);
        encode(customer ? &encoder_customer : &encoder_change, ev);
    } else if (e.code == ERR_NONE) {
        abort();
    }
    arena_release(&a);
    return 0;
}
