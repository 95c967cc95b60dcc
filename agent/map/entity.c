#include "agent/map/entity.h"

#include <string.h>

#include "agent/map/image.h"

typedef const struct value *(*image_fn)(const struct change *c, size_t column);

static const struct value masked = {.state = VALUE_MASKED};
static const struct value unchanged = {.state = VALUE_UNCHANGED};

static int data_error(const struct emit *em, const struct bound *b, size_t column, const char *what) {
    const struct change *c = em->change;
    err_set(em->e, ERR_DATA, "at %.*s: column %s %s", (int)c->pos.len, c->pos.ptr,
            c->table->columns[column].name, what);
    return mapping_prefix(b->mapping->entity, b->mapping->config, em->e);
}

/* ---- Keys, items, conditions ---- */

/* Fetches what an expression reads from the row as it was or is. */
static int load(struct operands *o, const struct bound *b, struct emit *em, image_fn image) {
    for (size_t i = 0; i < o->count; i++) {
        const struct value *v = image(em->change, o->columns[i]);
        if (!v)
            return data_error(em, b, o->columns[i], "is needed, and the log does not carry it for this row");
        if (o->padded[i] && v->state == VALUE_PRESENT) {
            o->trimmed[i] = *v;
            while (o->trimmed[i].len && v->text[o->trimmed[i].len - 1] == ' ') o->trimmed[i].len--;
            v = &o->trimmed[i];
        }
        o->values[i] = v;
    }
    return 0;
}

/* Makes a key or item; it stays empty when a column of it is NULL. */
static int render(struct operands *o, const struct template *t, const struct bound *b, struct emit *em,
                  image_fn image, struct buf *out) {
    out->len = 0;
    if (load(o, b, em, image)) return -1;
    for (size_t i = 0; i < o->count; i++) {
        if (o->values[i]->state == VALUE_NULL) return 0;
        if (o->values[i]->state != VALUE_PRESENT)
            return data_error(em, b, o->columns[i], "has no valid value, and a key or item needs one");
    }
    template_render(t, o->values, out);
    return buf_failed(out) ? err_memory(em->e, "making an entity's key") : 0;
}

static int selects(struct bound *b, struct emit *em, image_fn image, bool *yes) {
    const struct condition *when = b->mapping->when;
    enum condition_result r;
    *yes = true;
    if (!when) return 0;
    if (load(&b->when, b, em, image)) return -1;
    if (condition_eval(when, b->when.values, em->scratch, &r, em->e))
        return mapping_prefix(b->mapping->entity, b->mapping->config, em->e);
    *yes = r == CONDITION_TRUE;
    return 0;
}

static int find_member(struct bound *b, struct emit *em, image_fn image, struct member *m) {
    const struct mapping *map = b->mapping;
    m->in = false;
    bool selected;
    if (selects(b, em, image, &selected)) return -1;
    if (!selected) return 0;
    if (render(&b->key, map->key, b, em, image, &m->key)) return -1;
    if (map->item && render(&b->item, map->item, b, em, image, &m->item)) return -1;
    m->in = m->key.len > 0 && (!map->item || m->item.len > 0);
    if (m->in || image != image_new) return 0;
    em->stats->keyless++;
    if (b->said_keyless) return 0;
    b->said_keyless = true;
    notices_add(em->notices, LOG_WARN,
                "%s: %s.%s from %s: there are rows whose key or item is NULL or empty; they "
                "belong to no %s and are not published there",
                map->config->place.text, map->entity->name, map->part->name, map->config->table,
                map->entity->name);
    return 0;
}

static bool same_text(const struct buf *a, const struct buf *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* ---- What a change does ---- */

static int decide_update(struct bound *b, struct emit *em) {
    if (find_member(b, em, image_new, &b->now)) return -1;
    if (!em->change->before) { /* key, item and condition lie in the identity, which did not change */
        b->sets = b->stays = b->now.in;
        return 0;
    }
    if (find_member(b, em, image_old, &b->old)) return -1;
    b->sets = b->now.in;
    b->stays = b->old.in && b->now.in && same_text(&b->old.key, &b->now.key) &&
               same_text(&b->old.item, &b->now.item);
    b->removes = b->old.in && !b->stays;
    return 0;
}

static int decide(struct bound *b, struct emit *em) {
    b->removes = b->sets = b->stays = false;
    if (b->broken) {
        em->stats->quarantined++;
        return 0;
    }
    switch (em->change->op) {
    case CHANGE_INSERT:
    case CHANGE_READ:
        if (find_member(b, em, image_new, &b->now)) return -1;
        b->sets = b->now.in;
        return 0;
    case CHANGE_UPDATE: return decide_update(b, em);
    case CHANGE_DELETE:
        if (find_member(b, em, image_old, &b->old)) return -1;
        b->removes = b->old.in;
        return 0;
    default: return 0;
    }
}

/* ---- Records ---- */

static struct text text_of(const struct buf *b) {
    return (struct text){.ptr = (const char *)b->data, .len = b->len};
}

static int send(struct bound *b, struct emit *em, enum entity_action action, char op,
                const struct member *m) {
    const struct mapping *map = b->mapping;
    struct entity_event entity = {
        .entity = map->entity->name,
        .topic = map->entity->topic,
        .action = action,
        .part = map->part->name,
        .truth = map->truth.systems,
        .ntruth = map->truth.count,
    };
    if (m) {
        entity.key = text_of(&m->key);
        if (map->item) entity.item = text_of(&m->item);
    }
    if (action == ENTITY_SET) {
        entity.fields = b->fields;
        entity.nfields = map->nfields;
    }
    struct event ev = {
        .kind = EVENT_ENTITY,
        .op = op,
        .key_from_before = action == ENTITY_REMOVE,
        .every_partition = action == ENTITY_CLEAR,
        .entity = &entity,
        .topic = entity.topic,
    };
    return emit_event(em, &ev);
}

/* Under a new key nothing is there that a value left out could fall back to. */
static void say_unknown(struct bound *b, struct emit *em, const char *field) {
    const struct mapping *map = b->mapping;
    if (b->said_unknown) return;
    b->said_unknown = true;
    notices_add(
        em->notices, LOG_WARN,
        "%s: %s.%s from %s: a row came under another key while its large value for field %s did not change "
        "and is not in the log, so the field is unknown there; REPLICA IDENTITY FULL carries it",
        map->config->place.text, map->entity->name, map->part->name, map->config->table, field);
}

static void fill_field(struct bound *b, struct emit *em, size_t i) {
    struct entity_field *f = &b->fields[i];
    f->changed = false;
    f->known_changed = b->stays;
    if (!f->column) {
        f->value = &b->mapping->fields[i].constant;
        return;
    }
    const size_t at = b->field_columns[i];
    const struct value *now = image_new(em->change, at);
    f->value = b->masked[i] ? &masked : now ? now : &unchanged;
    if (!now && !b->stays && !b->masked[i]) say_unknown(b, em, f->name);
    const uint8_t logged = em->change->after[at].state;
    if (!b->stays || logged == VALUE_UNCHANGED || logged == VALUE_ABSENT) return;
    const struct value *old = image_old(em->change, at);
    f->known_changed = old != NULL;
    f->changed = old && !value_equal(old, now);
}

static int send_set(struct bound *b, struct emit *em) {
    for (size_t i = 0; i < b->mapping->nfields; i++) fill_field(b, em, i);
    char op = em->change->op == CHANGE_READ ? 'r' : b->stays ? 'u' : 'c';
    return send(b, em, ENTITY_SET, op, &b->now);
}

/* Whether an earlier mapping of the table clears the same part. */
static bool is_cleared(const struct bound *bound, size_t i) {
    const struct mapping *m = bound[i].mapping;
    for (size_t j = 0; j < i; j++)
        if (!bound[j].broken && bound[j].mapping->entity == m->entity && bound[j].mapping->part == m->part)
            return true;
    return false;
}

static int clear_events(struct bound *bound, size_t n, struct emit *em) {
    for (size_t i = 0; i < n; i++) {
        if (bound[i].broken)
            em->stats->quarantined++;
        else if (!is_cleared(bound, i) && send(&bound[i], em, ENTITY_CLEAR, 't', NULL))
            return -1;
    }
    return 0;
}

int entity_events(struct bound *bound, size_t n, struct emit *em) {
    if (em->change->op == CHANGE_TRUNCATE) return clear_events(bound, n, em);
    for (size_t i = 0; i < n; i++)
        if (decide(&bound[i], em)) return -1;
    for (size_t i = 0; i < n; i++)
        if (bound[i].removes && send(&bound[i], em, ENTITY_REMOVE, 'd', &bound[i].old)) return -1;
    for (size_t i = 0; i < n; i++)
        if (bound[i].sets && send_set(&bound[i], em)) return -1;
    return 0;
}
