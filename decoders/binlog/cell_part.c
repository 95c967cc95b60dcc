#include "decoders/binlog/cell_part.h"

int cell_cut(struct err *e) {
    return err_set(e, ERR_DATA, "the value is longer than what is left of the event");
}

int cell_memory(struct err *e) {
    return err_memory(e, "decoding a row");
}

bool cell_take(struct cursor *c, size_t width, const uint8_t **bytes, size_t *len) {
    const uint8_t *prefix;
    struct cursor at = *c;
    if (!cursor_bytes(&at, width, &prefix)) return false;
    *len = (size_t)cell_le(prefix, width);
    if (!cursor_bytes(&at, *len, bytes)) return false;
    *c = at;
    return true;
}
