#include "agent/map/image.h"

static bool told(const struct value *v) {
    return v->state != VALUE_ABSENT && v->state != VALUE_UNCHANGED;
}

bool image_has_identity(const struct table *t) {
    if (t->identity == IDENTITY_NOTHING) return false;
    if (t->identity == IDENTITY_FULL) return true;
    for (size_t i = 0; i < t->ncolumns; i++)
        if (t->columns[i].identity) return true;
    return false;
}

bool image_has_old(const struct table *t, size_t column) {
    if (t->identity == IDENTITY_NOTHING) return false;
    return t->identity == IDENTITY_FULL || t->columns[column].identity;
}

const struct value *image_old(const struct change *c, size_t column) {
    if (c->before) return told(&c->before[column]) ? &c->before[column] : NULL;
    /* No old image: the identity columns did not change. */
    if (c->op != CHANGE_UPDATE || !c->after || !image_has_old(c->table, column)) return NULL;
    return told(&c->after[column]) ? &c->after[column] : NULL;
}

const struct value *image_new(const struct change *c, size_t column) {
    if (!c->after) return NULL;
    if (told(&c->after[column])) return &c->after[column];
    if (c->op != CHANGE_UPDATE || !c->before) return NULL;
    return told(&c->before[column]) ? &c->before[column] : NULL;
}
