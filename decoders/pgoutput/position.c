#include "decoders/pgoutput/position.h"

#include "decoders/pgoutput/lsn.h"

void point_store(const struct point *p, uint8_t out[PROGRESS_LEN]) {
    lsn_store(p->commit, out);
    lsn_store(p->record, out + 8);
    for (int i = 0; i < 4; i++) out[16 + i] = (uint8_t)(p->index >> (24 - 8 * i));
}

bool point_load(struct position p, struct point *out) {
    if (p.len != PROGRESS_LEN) return false;
    out->commit = lsn_load(p.bytes);
    out->record = lsn_load(p.bytes + 8);
    out->index = (uint32_t)(lsn_load(p.bytes + 12) & UINT32_MAX);
    return out->commit != 0;
}

bool point_reached(const struct point *p, const struct point *end) {
    if (p->commit != end->commit) return false;
    return p->record < end->record || (p->record == end->record && p->index <= end->index);
}

void position_to_text(struct position p, struct buf *out) {
    char text[LSN_TEXT];
    struct point point;
    if (p.len == RESUME_LEN) {
        lsn_text(lsn_load(p.bytes), text);
        buf_puts(out, text);
    } else if (point_load(p, &point)) {
        lsn_text(point.record, text);
        buf_printf(out, "%s+%u", text, point.index);
        lsn_text(point.commit, text);
        buf_printf(out, " of the transaction committed at %s", text);
    }
}

int position_from_text(const char *text, struct buf *out, struct err *e) {
    uint64_t lsn;
    uint8_t bytes[RESUME_LEN];
    if (!lsn_parse(text, &lsn))
        return err_set(e, ERR_CONFIG, "not a position in PostgreSQL's log: write it like 0/1A2B3C");
    lsn_store(lsn, bytes);
    buf_put(out, bytes, sizeof(bytes));
    return buf_failed(out) ? err_memory(e, "reading a position") : 0;
}

int position_order(struct position a, struct position b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.bytes, b.bytes, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}
