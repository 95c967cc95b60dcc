#include "decoders/binlog/cell_part.h"
#include "decoders/binlog/decimal.h"

int cell_decimal(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                 struct err *e) {
    if (!decimal_possible(f->precision, f->scale))
        return err_set(e, ERR_DATA, "there is no DECIMAL(%u,%u)", f->precision, f->scale);
    const size_t len = decimal_size(f->precision, f->scale);
    const uint8_t *bytes;
    if (!cursor_bytes(c, len, &bytes)) return cell_cut(e);
    char *text = arena_alloc(r->arena, decimal_room(f->precision));
    if (!text) return cell_memory(e);
    size_t written = decimal_text(bytes, f->precision, f->scale, text);
    return written ? cell_put_text(out, VALUE_DECIMAL, text, written) : cell_put_invalid(out, bytes, len);
}
