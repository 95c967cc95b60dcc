#include "decoders/pgoutput/row.h"

static int bad_value(const struct shape *s, size_t column, enum text_result why, struct err *e) {
    const struct table *t = &s->table;
    if (why == TEXT_NOMEM) return err_memory(e, "decoding a value");
    return err_set(
        e, ERR_DATA,
        "table %s.%s, column %s: the server sent a text that is no %s; check that nothing overrides "
        "DateStyle, IntervalStyle or bytea_output of the replication connection",
        t->schema, t->name, t->columns[column].name, t->columns[column].type);
}

int row_parse(const struct shape *s, enum image image, struct value *values, struct arena *a, struct err *e) {
    for (size_t i = 0; i < s->table.ncolumns; i++) {
        struct value *v = &values[i];
        if (image == IMAGE_KEY && !s->table.columns[i].identity) {
            *v = (struct value){.state = VALUE_ABSENT};
        } else if (v->state == VALUE_PRESENT) {
            enum text_result r = s->types[i].parse(&s->types[i], v, a);
            if (r != TEXT_OK) return bad_value(s, i, r, e);
        }
    }
    return 0;
}
