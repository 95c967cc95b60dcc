#include "agent/map/fingerprint.h"

#include <string.h>
#include <xxhash.h>

/* Each thing goes in behind its length, so that no two configurations give the same bytes. */

static void put_text(struct buf *b, const char *s) {
    buf_putc(b, s ? 's' : '-');
    if (!s) return;
    buf_put_be32(b, (uint32_t)strlen(s));
    buf_puts(b, s);
}

static void put_number(struct buf *b, uint64_t n) {
    buf_putc(b, 'n');
    buf_put_be64(b, n);
}

static void put_strings(struct buf *b, const struct config_strings *s) {
    put_number(b, s->count);
    for (size_t i = 0; i < s->count; i++) put_text(b, s->items[i]);
}

static void put_table(struct buf *b, const struct config_table *t) {
    put_text(b, t->pattern_text);
    put_strings(b, &t->columns);
    put_strings(b, &t->exclude);
    put_strings(b, &t->mask);
    put_strings(b, &t->key);
    put_text(b, t->topic);
    for (size_t i = 0; i < t->nconvert; i++) {
        buf_putc(b, 'c');
        put_text(b, t->convert[i].name);
        put_text(b, t->convert[i].value);
    }
}

static void put_mapping(struct buf *b, const struct mapping *m) {
    const struct config_mapping *c = m->config;
    put_text(b, m->entity->name);
    put_text(b, m->entity->topic);
    put_text(b, c->table);
    put_text(b, c->key);
    put_text(b, c->part);
    put_text(b, c->item);
    put_text(b, c->when);
    put_number(b, c->rows_too);
    put_number(b, c->nfields);
    for (size_t i = 0; i < c->nfields; i++) {
        put_text(b, c->fields[i].field);
        put_text(b, c->fields[i].column);
        put_text(b, c->fields[i].constant);
    }
    put_number(b, m->entity->ntruth);
    for (size_t i = 0; i < m->entity->ntruth; i++) {
        put_text(b, m->entity->truth[i].name);
        put_text(b, m->entity->truth[i].value);
    }
}

int fingerprint_of(const struct rules *r, uint64_t *out, struct err *e) {
    struct buf b = {0};
    put_number(&b, RULES_VERSION);
    put_text(&b, r->source->name);
    put_text(&b, r->source->scheme);
    put_text(&b, r->source->database);
    put_text(&b, r->source->publication);
    put_number(&b, r->source->messages);
    put_strings(&b, &r->source->tables);
    put_text(&b, r->config->topics);
    put_number(&b, r->config->encoding);
    put_number(&b, r->options.split_key_change);
    put_number(&b, r->options.tombstones);
    put_number(&b, r->config->ntables);
    for (size_t i = 0; i < r->config->ntables; i++) put_table(&b, &r->config->tables[i]);
    put_number(&b, r->nmappings);
    for (size_t i = 0; i < r->nmappings; i++) put_mapping(&b, &r->mappings[i]);
    bool failed = buf_failed(&b);
    if (!failed) *out = XXH64(b.data, b.len, 0);
    if (!failed && *out == 0) *out = 1;
    buf_release(&b);
    return failed ? err_memory(e, "making the fingerprint") : 0;
}
