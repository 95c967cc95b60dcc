#include "decoders/binlog/cell_part.h"
#include "decoders/binlog/json_binary.h"

int cell_keep_scratch(const struct cell_reader *r, struct text *out, struct err *e) {
    bool lost = buf_failed(r->scratch);
    out->ptr = lost ? NULL : arena_strndup(r->arena, (const char *)r->scratch->data, r->scratch->len);
    out->len = r->scratch->len;
    buf_clear(r->scratch, CELL_SCRATCH);
    return out->ptr ? 0 : cell_memory(e);
}

/* An empty document is what a row has that is older than its NOT NULL column: the literal null. */
int cell_put_json(const struct cell_reader *r, const uint8_t *bytes, size_t len, struct value *out,
                  struct err *e) {
    struct err malformed = {0};
    struct text text;
    if (len == 0) return cell_put_text(out, VALUE_JSON, "null", 4);
    r->scratch->len = 0;
    if (json_binary_text(bytes, len, r->scratch, &malformed)) {
        if (malformed.code == ERR_DATA) return cell_put_invalid(out, bytes, len);
        if (e) *e = malformed;
        return -1;
    }
    if (cell_keep_scratch(r, &text, e)) return -1;
    return cell_put_text(out, VALUE_JSON, text.ptr, text.len);
}

int cell_json(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
              struct err *e) {
    const uint8_t *bytes;
    size_t len;
    if (!cell_take(c, f->length, &bytes, &len)) return cell_cut(e);
    if (f->hint == HINT_TEXT && len > 0) return cell_put_text(out, VALUE_JSON, bytes, len);
    return cell_put_json(r, bytes, len, out, e);
}
