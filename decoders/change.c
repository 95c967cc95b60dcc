#include "decoders/change.h"

const struct value *change_value(const struct change *c, size_t column) {
    const struct value *v = c->after ? &c->after[column] : NULL;
    if (!v && c->before) v = &c->before[column];
    return v;
}

bool change_key_changed(const struct change *c, const uint16_t *keys, size_t nkeys) {
    if (c->op != CHANGE_UPDATE || !c->before || !c->after) return false;
    for (size_t i = 0; i < nkeys; i++) {
        const struct value *before = &c->before[keys[i]];
        const struct value *after = &c->after[keys[i]];
        /* What the old image does not carry is no part of the identity: the log does not tell. */
        if (before->state == VALUE_ABSENT || before->state == VALUE_UNCHANGED) continue;
        if (after->state == VALUE_ABSENT || after->state == VALUE_UNCHANGED) continue;
        if (!value_equal(before, after)) return true;
    }
    return false;
}

char change_op_letter(enum change_op op) {
    switch (op) {
    case CHANGE_INSERT: return 'c';
    case CHANGE_UPDATE: return 'u';
    case CHANGE_DELETE: return 'd';
    case CHANGE_READ: return 'r';
    case CHANGE_TRUNCATE: return 't';
    case CHANGE_SCHEMA: return 's';
    case CHANGE_MESSAGE: return 'm';
    case CHANGE_DDL: return 'q';
    case CHANGE_GAP: return 'g';
    case CHANGE_BEGIN:
    case CHANGE_COMMIT:
    case CHANGE_HEARTBEAT: break;
    }
    return '-';
}

const char *table_space(const struct table *t) {
    return t->schema[0] == '\0' && t->database ? t->database : t->schema;
}
