#include "decoders/binlog/statement_text.h"

#include "decoders/binlog/hold.h"

#define STATEMENT_END 0x0001 /* STMT_END_F */

void statement_text_clear(struct statement_text *s) {
    buf_clear(&s->text, SIZE_MAX);
    s->length = 0;
}

void statement_text_release(struct statement_text *s) {
    buf_release(&s->text);
    s->length = 0;
}

static int set(struct statement_text *s, const uint8_t *text, size_t len, uint32_t length, struct err *e) {
    statement_text_clear(s);
    buf_put(&s->text, text, len);
    s->length = length;
    return buf_failed(&s->text) ? err_memory(e, "keeping a statement") : 0;
}

/* In front of a byte that goes on with a character of UTF-8, which has at most three of them. */
static size_t whole_characters(const uint8_t *text, size_t len) {
    size_t cut = len;
    while (cut > len - 3 && (text[cut] & 0xc0) == 0x80) cut--;
    return cut;
}

int statement_text_read(struct statement_text *s, const struct binlog_event *ev, struct err *e) {
    struct cursor c = ev->body;
    uint8_t ignored;
    if (ev->type == BINLOG_ROWS_QUERY && !cursor_u8(&c, &ignored))
        return err_set(e, ERR_DATA, "%s event is malformed", binlog_type_name(ev->type));
    size_t len = cursor_left(&c);
    size_t kept = len > STATEMENT_TEXT_MAX ? whole_characters(c.at, STATEMENT_TEXT_MAX) : len;
    return set(s, c.at, kept, (uint32_t)len, e);
}

struct binlog_event statement_text_held(const struct statement_text *s) {
    return (struct binlog_event){
        .type = HOLD_STATEMENT, .timestamp = s->length, .body = cursor_of(s->text.data, s->text.len)};
}

int statement_text_take(struct statement_text *s, const struct binlog_event *held, struct err *e) {
    return set(s, held->body.at, cursor_left(&held->body), held->timestamp, e);
}

bool statement_text_ends(const struct binlog_event *rows, const struct binlog_format *f) {
    struct cursor c = rows->body;
    uint64_t id;
    uint32_t short_id;
    uint16_t flags;
    bool read = f->post_header[rows->type] == 6 ? cursor_u32le(&c, &short_id) : cursor_u48le(&c, &id);
    return read && cursor_u16le(&c, &flags) && (flags & STATEMENT_END);
}
