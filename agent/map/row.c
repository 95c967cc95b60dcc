#include "agent/map/row.h"

#include "agent/map/image.h"

static int send(struct emit *em, const struct selection *sel, enum event_kind kind, char op,
                bool key_from_before) {
    struct event ev = {
        .kind = kind,
        .op = op,
        .key_from_before = key_from_before,
        .every_partition = op == 't',
        .selection = sel,
        .topic = sel->topic,
    };
    return emit_event(em, &ev);
}

static int no_key(const struct emit *em, const struct selection *sel, size_t column) {
    return err_set(em->e, ERR_DATA, "%s.%s at %.*s: the log does not carry key column %s of this row",
                   table_space(sel->table), sel->table->name, (int)em->change->pos.len, em->change->pos.ptr,
                   sel->table->columns[column].name);
}

static bool carried(const struct value *v) {
    return v->state != VALUE_ABSENT && v->state != VALUE_UNCHANGED;
}

/* Deletes of a keyed table need the whole key in the old image. */
static int delete_events(const struct selection *sel, struct emit *em) {
    const struct change *c = em->change;
    for (size_t i = 0; i < sel->nkeys; i++)
        if (!c->before || !carried(&c->before[sel->keys[i]])) return no_key(em, sel, sel->keys[i]);
    if (send(em, sel, EVENT_ROW, 'd', true)) return -1;
    if (!em->rules->options.tombstones || sel->nkeys == 0 || sel->hashed) return 0;
    return send(em, sel, EVENT_TOMBSTONE, 'd', true);
}

/*
 * Whether a key column changed. A large value that did not change may be missing in the new image: it is put
 * there from the old one, so that the new key is whole.
 */
static int key_column_changed(const struct selection *sel, struct emit *em, size_t column, bool *changed) {
    const struct change *c = em->change;
    if (c->before ? !carried(&c->before[column]) : !carried(&c->after[column]))
        return no_key(em, sel, column);
    if (!carried(&c->after[column]))
        c->after[column] = c->before[column];
    else if (c->before && !value_equal(&c->before[column], &c->after[column]))
        *changed = true;
    return 0;
}

static int update_events(const struct selection *sel, struct emit *em) {
    bool changed = false;
    for (size_t i = 0; i < sel->nkeys; i++)
        if (key_column_changed(sel, em, sel->keys[i], &changed)) return -1;
    if (!changed || !em->rules->options.split_key_change) return send(em, sel, EVENT_ROW, 'u', false);
    if (delete_events(sel, em)) return -1;
    return send(em, sel, EVENT_ROW, 'c', false);
}

int row_events(const struct selection *sel, struct emit *em) {
    switch (em->change->op) {
    case CHANGE_INSERT: return send(em, sel, EVENT_ROW, 'c', false);
    case CHANGE_READ: return send(em, sel, EVENT_ROW, 'r', false);
    case CHANGE_UPDATE: return update_events(sel, em);
    case CHANGE_DELETE: return delete_events(sel, em);
    case CHANGE_TRUNCATE: return send(em, sel, EVENT_ROW, 't', false);
    default: return 0;
    }
}
