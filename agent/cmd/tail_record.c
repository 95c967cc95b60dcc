#include "agent/cmd/tail_record.h"

#include <string.h>

#include "agent/encode/change_reader.h"
#include "agent/encode/customer_reader.h"
#include "agent/encode/json_check.h"
#include "decoders/utf8.h"

#define KEEP ((size_t)1 << 20) /* memory that outlives a large record */

/* First bytes: the tags of RowChange.version and CustomerEvent.id, and the brace of an object. */
#define FIRST_CHANGE 0x08
#define FIRST_CUSTOMER 0x0A
#define FIRST_JSON '{'

int tail_record_init(struct tail_record *r, struct err *e) {
    *r = (struct tail_record){.json = encoder_json.create()};
    arena_init(&r->arena, KEEP);
    return r->json ? 0 : err_memory(e, "starting");
}

void tail_record_release(struct tail_record *r) {
    if (r->json) r->json->ops->destroy(r->json);
    arena_release(&r->arena);
    buf_release(&r->key);
    buf_release(&r->line);
}

/* A delimited message may be 123 bytes long and so start with a brace too, but its next byte is a tag. */
bool tail_record_looks_like_lines(const uint8_t *data, size_t len) {
    if (len == 0 || data[0] != FIRST_JSON) return false;
    return len == 1 || (data[1] != FIRST_CHANGE && data[1] != FIRST_CUSTOMER);
}

static int read_json(struct tail_record *r, const char *text, size_t len, struct err *e) {
    if (!json_check(text, len) || !utf8_valid(text, len)) return err_set(e, ERR_DATA, "not a JSON object");
    buf_put(&r->line, text, len);
    for (size_t i = 0; i < r->line.len; i++)
        if (r->line.data[i] == '\n' || r->line.data[i] == '\r') r->line.data[i] = ' ';
    return 0;
}

static int read_event(struct tail_record *r, bool customer, const void *data, size_t len, struct err *e) {
    const struct event *ev;
    bool has_key;
    int rc =
        customer ? customer_read(data, len, &r->arena, &ev, e) : change_read(data, len, &r->arena, &ev, e);
    if (rc) return rc;
    rc = r->json->ops->encode(r->json, ev, &r->key, &has_key, &r->line, e);
    if (ev->selection) r->json->ops->forget(r->json, ev->selection->table);
    return rc;
}

static enum tail_form detect(const uint8_t *data, size_t len) {
    if (len == 0) return TAIL_AUTO;
    if (data[0] == FIRST_CHANGE) return TAIL_CHANGE;
    if (data[0] == FIRST_CUSTOMER) return TAIL_CUSTOMER;
    return data[0] == FIRST_JSON ? TAIL_JSON : TAIL_AUTO;
}

int tail_record_read(struct tail_record *r, enum tail_form form, const void *data, size_t len,
                     struct err *e) {
    arena_clear(&r->arena);
    buf_clear(&r->key, KEEP);
    buf_clear(&r->line, KEEP);
    int rc = -1;
    switch (form == TAIL_AUTO ? detect(data, len) : form) {
    case TAIL_JSON: rc = read_json(r, data, len, e); break;
    case TAIL_CHANGE: rc = read_event(r, false, data, len, e); break;
    case TAIL_CUSTOMER: rc = read_event(r, true, data, len, e); break;
    case TAIL_AUTO:
        return err_set(e, ERR_DATA, "neither a JSON object nor a RowChange nor a CustomerEvent (%zu bytes)",
                       len);
    }
    if (rc == 0 && buf_failed(&r->line)) return err_memory(e, "a record");
    return rc;
}
