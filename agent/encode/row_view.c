#include "agent/encode/row_view.h"

#include <string.h>

const struct value row_view_masked = {.state = VALUE_MASKED};

const struct value *row_view_before(const struct event *ev) {
    return ev->op == 'c' || ev->change->before_image == IMAGE_NONE ? NULL : ev->change->before;
}

const struct value *row_view_after(const struct event *ev) {
    return ev->op == 'd' || ev->change->after_image == IMAGE_NONE ? NULL : ev->change->after;
}

bool row_view_has_key(const struct event *ev) {
    return ev->selection && ev->selection->nkeys > 0 && ev->op != 't';
}

static bool is_known(const struct value *v) {
    return v->state == VALUE_PRESENT || v->state == VALUE_NULL || v->state == VALUE_INVALID;
}

const struct value *row_view_key(const struct event *ev, size_t n, struct err *e) {
    const struct selection *s = ev->selection;
    const struct change *c = ev->change;
    size_t i = s->keys[n];
    const struct value *before = c->before_image == IMAGE_NONE ? NULL : c->before;
    const struct value *after = c->after_image == IMAGE_NONE ? NULL : c->after;
    const struct value *image = ev->key_from_before ? before : after;
    const char *problem = "the log does not carry its value";
    if (s->use[i] == COLUMN_MASKED) {
        problem = "a masked column cannot be part of the key; choose another key or do not mask it";
    } else if (image && is_known(&image[i])) {
        return &image[i];
    } else if (!ev->key_from_before && before && is_known(&before[i])) {
        return &before[i]; /* unchanged in the new row: the old one has it */
    }
    err_set(e, ERR_DATA, "table %s%s%s, key column %s: %s", table_space(s->table),
            *table_space(s->table) ? "." : "", s->table->name, s->table->columns[i].name, problem);
    return NULL;
}

size_t row_view_sub(const struct event *ev, char sub[ROW_VIEW_SUB_LEN]) {
    char digits[5];
    size_t n = 0, len = 0;
    for (unsigned v = ev->sub; v; v /= 10) digits[n++] = (char)('0' + v % 10);
    if (n) sub[len++] = '.';
    while (n) sub[len++] = digits[--n];
    sub[len] = '\0';
    return len;
}

void row_view_ord(const struct event *ev, uint8_t ord[RECORD_ORD_LEN]) {
    memcpy(ord, ev->change->ord, CHANGE_ORD_LEN);
    ord[CHANGE_ORD_LEN] = (uint8_t)(ev->sub >> 8);
    ord[CHANGE_ORD_LEN + 1] = (uint8_t)ev->sub;
}
