/* The JSON line of an entity event; see json_line.h. */
#include <string.h>

#include "agent/encode/json_line.h"
#include "agent/encode/json_writer.h"

static const char *action_name(enum entity_action a) {
    switch (a) {
    case ENTITY_SET: return "set";
    case ENTITY_REMOVE: return "remove";
    case ENTITY_CLEAR: break;
    }
    return "clear";
}

/* ,"name": of a field */
static void put_name(struct buf *out, const struct entity_field *f) {
    buf_putc(out, ',');
    json_string(out, f->name, strlen(f->name));
    buf_putc(out, ':');
}

/* ,"name":{...} of the fields that have a value (`state` PRESENT) or an invalid one. */
static void put_values(struct buf *out, const char *name, const struct entity_event *en,
                       enum value_state state) {
    struct json_member m = json_member_open(out, name);
    for (size_t i = 0; i < en->nfields; i++) {
        const struct entity_field *f = &en->fields[i];
        if (f->value->state != state) continue;
        put_name(out, f);
        if (state == VALUE_PRESENT) {
            json_value(out, f->value);
        } else {
            json_raw(out, f->value->text, f->value->len);
        }
    }
    json_member_close(out, m, "{}");
}

/* ,"name":[...] of the fields in a state. */
static void put_state(struct buf *out, const char *name, const struct entity_event *en,
                      enum value_state state) {
    struct json_member m = json_member_open(out, name);
    for (size_t i = 0; i < en->nfields; i++) {
        if (en->fields[i].value->state != state) continue;
        buf_putc(out, ',');
        json_string(out, en->fields[i].name, strlen(en->fields[i].name));
    }
    json_member_close(out, m, "[]");
}

static void put_changed(struct buf *out, const struct entity_event *en) {
    struct json_member m = json_member_open(out, "changed");
    bool all_known = en->action == ENTITY_SET;
    for (size_t i = 0; i < en->nfields; i++) {
        const struct entity_field *f = &en->fields[i];
        if (!f->known_changed) all_known = false;
        if (!f->known_changed || !f->changed) continue;
        buf_putc(out, ',');
        json_string(out, f->name, strlen(f->name));
    }
    json_member_close(out, m, "[]");
    if (all_known) buf_puts(out, ",\"changes_known\":true");
}

static void put_systems(struct buf *out, const char *const *systems, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, ',');
        json_string(out, systems[i], strlen(systems[i]));
    }
}

/* ,"truth":[...] for the part, ,"field_truth":{"email":[...]} for fields that have their own. */
static void put_truth(struct buf *out, const struct entity_event *en) {
    struct json_member part = json_member_open(out, "truth");
    put_systems(out, en->truth, en->ntruth);
    json_member_close(out, part, "[]");
    struct json_member fields = json_member_open(out, "field_truth");
    for (size_t i = 0; i < en->nfields; i++) {
        if (!en->fields[i].ntruth) continue;
        put_name(out, &en->fields[i]);
        struct json_member m = {.start = out->len, .open = out->len};
        put_systems(out, en->fields[i].truth, en->fields[i].ntruth);
        json_member_close(out, m, "[]");
    }
    json_member_close(out, fields, "{}");
}

/* ,"table":"schema.table", in MySQL "database.table" */
static void put_table(struct buf *out, const struct table *t) {
    if (!t) return;
    buf_puts(out, ",\"table\":\"");
    const char *space = table_space(t);
    json_escaped(out, space, strlen(space));
    if (*space) buf_putc(out, '.');
    json_escaped(out, t->name, strlen(t->name));
    buf_putc(out, '"');
}

void json_line_entity(struct buf *out, const struct event *ev, struct json_line_time *time) {
    const struct entity_event *en = ev->entity;
    const char *action = action_name(en->action);
    buf_puts(out, "{\"v\":1");
    json_line_text(out, "entity", en->entity, strlen(en->entity));
    json_line_text(out, "action", action, strlen(action));
    json_line_text(out, "key", en->key.ptr, en->key.len);
    json_line_text(out, "part", en->part, strlen(en->part));
    json_line_text(out, "item", en->item.ptr, en->item.len);
    put_values(out, "fields", en, VALUE_PRESENT);
    put_state(out, "null", en, VALUE_NULL);
    put_state(out, "unchanged", en, VALUE_UNCHANGED);
    put_state(out, "omitted", en, VALUE_OMITTED);
    put_values(out, "invalid", en, VALUE_INVALID);
    put_state(out, "masked", en, VALUE_MASKED);
    put_changed(out, en);
    put_truth(out, en);
    json_line_text(out, "source", ev->source, strlen(ev->source));
    put_table(out, ev->change->table);
    json_line_end(out, ev, time);
}
