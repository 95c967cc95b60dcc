#include "agent/source/source.h"

#include <string.h>

void source_start_release(struct source_start *s) {
    buf_release(&s->identity);
    buf_release(&s->position);
    buf_release(&s->gap_text);
    buf_release(&s->columns);
}

int source_push(struct ring *ring, const struct frame *f, struct err *e) {
    struct source_record *r;
    bool full;

    if (f->len > UINT32_MAX - sizeof *r)
        return err_set(e, ERR_MEMORY, "a single message of %zu bytes is more than the ring can carry",
                       f->len);
    r = ring_reserve(ring, sizeof *r + f->len, &full);
    if (!r) return full ? 1 : err_memory(e, "queueing a message of the log");
    r->kind = (uint32_t)f->kind;
    r->len = (uint32_t)f->len;
    r->start = f->start;
    r->sent_us = f->sent_us;
    if (f->len > 0) memcpy(r + 1, f->data, f->len);
    ring_commit(ring);
    return 0;
}

int source_frame(const void *record, size_t len, struct frame *out, struct err *e) {
    const struct source_record *r = record;

    if (len < sizeof *r || r->len != len - sizeof *r || r->kind < FRAME_DATA || r->kind > FRAME_END)
        return err_set(e, ERR_DATA, "a record of %zu bytes in the ring is damaged", len);
    out->kind = (enum frame_kind)r->kind;
    out->start = r->start;
    out->sent_us = r->sent_us;
    out->data = (const uint8_t *)(r + 1);
    out->len = r->len;
    return 0;
}
