#include "decoders/binlog/cell_part.h"
#include "decoders/binlog/json_binary.h"

/* An empty document is what a row has that is older than its NOT NULL column: the literal null. */
int cell_put_json(const struct cell_reader *r, const uint8_t *bytes, size_t len, struct value *out,
                  struct err *e) {
    struct err malformed = {0};
    if (len == 0) return cell_put_text(out, VALUE_JSON, "null", 4);
    r->scratch->len = 0;
    if (json_binary_text(bytes, len, r->scratch, &malformed)) {
        if (malformed.code == ERR_DATA) return cell_put_invalid(out, bytes, len);
        if (e) *e = malformed;
        return -1;
    }
    char *text = arena_strndup(r->arena, (const char *)r->scratch->data, r->scratch->len);
    if (!text || buf_failed(r->scratch)) return cell_memory(e);
    return cell_put_text(out, VALUE_JSON, text, r->scratch->len);
}

int cell_json(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
              struct err *e) {
    const uint8_t *bytes;
    size_t len;
    if (!cell_take(c, f->length, &bytes, &len)) return cell_cut(e);
    return cell_put_json(r, bytes, len, out, e);
}
