#include "agent/encode/change_plan.h"

#include <stdlib.h>
#include <string.h>

#include "agent/encode/change_value.h"
#include "agent/encode/wire.h"

/* Of a short column: the length of its value, and what the value takes beside its text. */
#define OVERHEAD (1 + CHANGE_VALUE_OVERHEAD)

/* Letters by number of Op. */
static const char letters[] = {'\0', 'c', 'u', 'd', 'r', 't', 'm', 'g', 'q'};

uint8_t change_plan_op(char op) {
    for (uint8_t i = 1; i < sizeof(letters); i++)
        if (letters[i] == op) return i;
    return 0;
}

char change_plan_letter(uint64_t op) {
    return op < sizeof(letters) ? letters[op] : '\0';
}

void change_plan_text(struct buf *out, uint32_t field, struct text t) {
    if (t.len) wire_add_bytes(out, field, t.ptr, t.len);
}

static void add_string(struct buf *out, uint32_t field, const char *s) {
    change_plan_text(out, field, (struct text){.ptr = s, .len = strlen(s)});
}

void change_plan_head(struct buf *out, const char *source, const char *database, const char *schema,
                      const char *table) {
    wire_add_varint(out, CHANGE_FIELD_VERSION, CHANGE_LAYOUT_VERSION);
    add_string(out, CHANGE_FIELD_SOURCE, source);
    add_string(out, CHANGE_FIELD_DATABASE, database);
    add_string(out, CHANGE_FIELD_SCHEMA, schema);
    add_string(out, CHANGE_FIELD_TABLE, table);
}

/* Column { name = 1; type = 2; value = 3 } up to and including the tag of `value`. */
static struct change_column prepare_column(struct change_plan *p, const struct selection *s, size_t i) {
    struct change_column c = {.index = i, .at = p->text.len, .masked = s->use[i] == COLUMN_MASKED};
    add_string(&p->text, 1, s->table->columns[i].name);
    add_string(&p->text, 2, s->table->columns[i].type);
    buf_putc(&p->text, (char)WIRE_TAG(3, WIRE_BYTES));
    c.len = p->text.len - c.at;
    if (c.len + OVERHEAD < 0x80) c.short_text = 0x80 - c.len - OVERHEAD;
    return c;
}

static void destroy(struct plan *base) {
    struct change_plan *p = (struct change_plan *)base;
    buf_release(&p->text);
    free(p->columns);
    free(p->keys);
    free(p);
}

static bool allocate(struct change_plan *p, const struct selection *s) {
    p->columns = calloc(s->table->ncolumns + 1, sizeof(*p->columns));
    p->keys = calloc(s->nkeys + 1, sizeof(*p->keys));
    return p->columns && p->keys;
}

static struct plan *make(const struct selection *s, struct err *e) {
    struct change_plan *p = calloc(1, sizeof(*p));
    if (!p || !allocate(p, s)) goto failed;
    change_plan_head(&p->text, s->source, s->database, s->table->schema, s->table->name);
    p->head = p->text.len;
    for (size_t i = 0; i < s->table->ncolumns; i++)
        if (s->use[i] != COLUMN_HIDDEN) p->columns[p->ncolumns++] = prepare_column(p, s, i);
    for (size_t i = 0; i < s->nkeys; i++) p->keys[i] = prepare_column(p, s, s->keys[i]);
    for (int i = 0; i < CHANGE_PLAN_PAD; i++) buf_putc(&p->text, 0);
    if (buf_failed(&p->text)) goto failed;
    return &p->base;
failed:
    if (p) destroy(&p->base);
    err_memory(e, "preparing the protobuf of a table");
    return NULL;
}

void change_plan_cache_init(struct plan_cache *c) {
    plan_cache_init(c, make, destroy);
}
