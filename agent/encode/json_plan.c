#include "agent/encode/json_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "agent/encode/json_line.h"
#include "agent/encode/json_writer.h"
#include "agent/encode/row_view.h"

static void prepare_head(struct json_plan *p, const struct selection *s) {
    buf_puts(&p->text, "{\"v\":1");
    json_line_text(&p->text, "source", s->source, strlen(s->source));
    json_line_text(&p->text, "database", s->database, strlen(s->database));
    json_line_text(&p->text, "schema", s->table->schema, strlen(s->table->schema));
    json_line_text(&p->text, "table", s->table->name, strlen(s->table->name));
    buf_puts(&p->text, ",\"op\":\"");
    p->head = p->text.len;
}

static struct json_column prepare_column(struct json_plan *p, const struct selection *s, size_t i) {
    struct json_column c = {.index = i, .at = p->text.len};
    const char *name = s->table->columns[i].name;
    buf_putc(&p->text, ',');
    json_string(&p->text, name, strlen(name));
    buf_putc(&p->text, ':');
    c.len = p->text.len - c.at;
    return c;
}

static void destroy(struct plan *base) {
    struct json_plan *p = (struct json_plan *)base;
    buf_release(&p->text);
    free(p->columns);
    free(p->keys);
    free(p->key_values);
    free(p);
}

static struct plan *make(const struct selection *s, struct err *e) {
    struct json_plan *p = calloc(1, sizeof(*p));
    if (!p) goto failed;
    p->columns = calloc(s->table->ncolumns + 1, sizeof(*p->columns));
    p->keys = calloc(s->nkeys + 1, sizeof(*p->keys));
    p->key_values = calloc(s->nkeys + 1, sizeof(*p->key_values));
    if (!p->columns || !p->keys || !p->key_values) goto failed;
    prepare_head(p, s);
    for (size_t i = 0; i < s->table->ncolumns; i++)
        if (s->use[i] != COLUMN_HIDDEN) p->columns[p->ncolumns++] = prepare_column(p, s, i);
    for (size_t i = 0; i < s->nkeys; i++) p->keys[i] = prepare_column(p, s, s->keys[i]);
    if (buf_failed(&p->text)) goto failed;
    return &p->base;
failed:
    if (p) destroy(&p->base);
    err_memory(e, "preparing the JSON of a table");
    return NULL;
}

void json_plan_cache_init(struct plan_cache *c) {
    plan_cache_init(c, make, destroy);
}

/* The object from `start` on becomes one of its hash. */
static void hash_key(struct buf *out, size_t start) {
    if (buf_failed(out)) return;
    XXH128_hash_t h = XXH3_128bits(out->data + start, out->len - start);
    out->len = start;
    buf_printf(out, "{\"hash\":\"%016" PRIx64 "%016" PRIx64 "\"}", (uint64_t)h.high64, (uint64_t)h.low64);
}

int json_plan_key(struct buf *out, struct json_plan *p, const struct event *ev, bool *invalid,
                  struct err *e) {
    struct json_member m = {.start = out->len, .open = out->len};
    *invalid = false;
    for (size_t i = 0; i < ev->selection->nkeys; i++) {
        const struct value *v = p->key_values[i] = row_view_key(ev, i, e);
        if (!v) return -1;
        json_plan_name(out, p, &p->keys[i]);
        if (v->state == VALUE_INVALID) {
            *invalid = true;
            json_raw(out, v->text, v->len);
        } else {
            json_value(out, v);
        }
    }
    json_member_close(out, m, "{}");
    if (!ev->selection->hashed) return 0;
    hash_key(out, m.start);
    *invalid = false;
    return 0;
}
