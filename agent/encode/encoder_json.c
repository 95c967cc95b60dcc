/* The JSON line (DESIGN.md §4); see encoder.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/encode/encoder.h"
#include "agent/encode/json_check.h"
#include "agent/encode/json_line.h"
#include "agent/encode/json_plan.h"
#include "agent/encode/json_writer.h"
#include "agent/encode/row_view.h"

struct json_encoder {
    struct encoder base;
    struct plan_cache plans;
    struct json_line_time time;
};

/* One row's images, and what was met in them so that lists nobody needs are not looked for. */
struct row {
    struct json_plan *plan;
    const struct event *ev;
    const struct value *before;
    const struct value *after;
    unsigned seen; /* bit per enum value_state */
    bool json_null;
    bool bad_key; /* a key column is invalid */
};

static void put_image(struct buf *out, struct row *r, const struct value *image, const char *name) {
    if (!image) return;
    struct json_member m = json_member_open(out, name);
    for (size_t i = 0; i < r->plan->ncolumns; i++) {
        const struct json_column *c = &r->plan->columns[i];
        const struct value *v = row_view_value(r->ev->selection, image, c->index);
        if (v->state == VALUE_PRESENT || v->state == VALUE_NULL) {
            json_plan_name(out, r->plan, c);
            json_value(out, v);
            if (v->state == VALUE_PRESENT && v->kind == VALUE_JSON && json_check_null(v->text, v->len))
                r->json_null = true;
        } else {
            r->seen |= 1u << v->state;
        }
    }
    json_member_close(out, m, "{}");
}

/* The members of ,"key": or of "key" in ,"invalid":, by state. */
static void put_key(struct buf *out, struct row *r, bool invalid) {
    struct json_member m = json_member_open(out, "key");
    for (size_t i = 0; i < r->ev->selection->nkeys; i++) {
        const struct value *v = r->plan->key_values[i];
        if ((v->state == VALUE_INVALID) != invalid) continue;
        json_plan_name(out, r->plan, &r->plan->keys[i]);
        if (invalid) {
            json_raw(out, v->text, v->len);
        } else {
            json_value(out, v);
        }
    }
    json_member_close(out, m, "{}");
}

static void put_invalid_image(struct buf *out, struct row *r, const struct value *image, const char *name) {
    if (!image) return;
    struct json_member m = json_member_open(out, name);
    for (size_t i = 0; i < r->plan->ncolumns; i++) {
        const struct json_column *c = &r->plan->columns[i];
        const struct value *v = row_view_value(r->ev->selection, image, c->index);
        if (v->state != VALUE_INVALID) continue;
        json_plan_name(out, r->plan, c);
        json_raw(out, v->text, v->len);
    }
    json_member_close(out, m, "{}");
}

static void put_invalid(struct buf *out, struct row *r) {
    if (!r->bad_key && !(r->seen & 1u << VALUE_INVALID)) return;
    struct json_member m = json_member_open(out, "invalid");
    if (r->bad_key) put_key(out, r, true);
    put_invalid_image(out, r, r->before, "before");
    put_invalid_image(out, r, r->after, "after");
    json_member_close(out, m, "{}");
}

static bool has_state(const struct row *r, const struct value *image, size_t i, enum value_state state) {
    return image && row_view_value(r->ev->selection, image, i)->state == state;
}

/* Columns that are in `state` in one of the images. */
static void put_state(struct buf *out, const struct row *r, enum value_state state, const char *name) {
    if (!(r->seen & 1u << state)) return;
    struct json_member m = json_member_open(out, name);
    for (size_t i = 0; i < r->plan->ncolumns; i++) {
        const struct json_column *c = &r->plan->columns[i];
        if (!has_state(r, r->before, c->index, state) && !has_state(r, r->after, c->index, state)) continue;
        json_plan_quoted(out, r->plan, c);
    }
    json_member_close(out, m, "[]");
}

static bool is_json_null(const struct row *r, const struct value *image, size_t i) {
    const struct value *v = image ? row_view_value(r->ev->selection, image, i) : NULL;
    return v && v->state == VALUE_PRESENT && v->kind == VALUE_JSON && json_check_null(v->text, v->len);
}

static void put_json_nulls(struct buf *out, const struct row *r) {
    if (!r->json_null) return;
    struct json_member m = json_member_open(out, "json_null");
    for (size_t i = 0; i < r->plan->ncolumns; i++) {
        const struct json_column *c = &r->plan->columns[i];
        if (is_json_null(r, r->before, c->index) || is_json_null(r, r->after, c->index))
            json_plan_quoted(out, r->plan, c);
    }
    json_member_close(out, m, "[]");
}

static void put_statement(struct buf *out, const struct change *c) {
    if (c->statement.len) {
        buf_puts(out, ",\"statement\":");
        json_raw(out, c->statement.ptr, c->statement.len);
    }
    if (c->statement_length > c->statement.len)
        buf_printf(out, ",\"statement_length\":%" PRIu64, c->statement_length);
}

static void put_row(struct json_encoder *en, struct row *r, const struct buf *key, bool has_key,
                    struct buf *out) {
    buf_put(out, r->plan->text.data, r->plan->head);
    buf_putc(out, r->ev->op);
    buf_putc(out, '"');
    if (has_key && r->bad_key) {
        put_key(out, r, false);
    } else if (has_key) {
        buf_put(out, ",\"key\":", 7);
        buf_put(out, key->data, key->len);
    }
    put_image(out, r, r->before, "before");
    put_image(out, r, r->after, "after");
    put_state(out, r, VALUE_UNCHANGED, "unchanged");
    put_state(out, r, VALUE_OMITTED, "omitted");
    put_invalid(out, r);
    put_state(out, r, VALUE_MASKED, "masked");
    put_json_nulls(out, r);
    put_statement(out, r->ev->change);
    json_line_end(out, r->ev, &en->time);
}

static int encode_row(struct json_encoder *en, const struct event *ev, struct buf *key, bool *has_key,
                      struct buf *value, struct err *e) {
    struct plan *plan = plan_cache_get(&en->plans, ev->selection, e);
    if (!plan) return -1;
    struct row r = {.plan = (struct json_plan *)plan, .ev = ev};
    *has_key = row_view_has_key(ev);
    if (*has_key && json_plan_key(key, r.plan, ev, &r.bad_key, e)) return -1;
    if (ev->kind == EVENT_TOMBSTONE) return 0;
    if (ev->op != 't') {
        r.before = row_view_before(ev);
        r.after = row_view_after(ev);
    }
    put_row(en, &r, key, *has_key, value);
    return 0;
}

static int json_encode(struct encoder *base, const struct event *ev, struct buf *key, bool *has_key,
                       struct buf *value, struct err *e) {
    struct json_encoder *en = (struct json_encoder *)base;
    *has_key = false;
    switch (ev->kind) {
    case EVENT_ROW:
    case EVENT_TOMBSTONE:
        if (encode_row(en, ev, key, has_key, value, e)) return -1;
        break;
    case EVENT_ENTITY:
        *has_key = ev->entity->action != ENTITY_CLEAR;
        if (*has_key) buf_put(key, ev->entity->key.ptr, ev->entity->key.len);
        json_line_entity(value, ev, &en->time);
        break;
    case EVENT_MESSAGE: json_line_message(value, ev, &en->time); break;
    case EVENT_GAP: json_line_gap(value, ev, &en->time); break;
    case EVENT_DDL: json_line_ddl(value, ev, &en->time); break;
    }
    return buf_failed(key) || buf_failed(value) ? err_memory(e, "a JSON line") : 0;
}

static struct encoder *json_create(void) {
    struct json_encoder *en = calloc(1, sizeof(*en));
    if (!en) return NULL;
    en->base.ops = &encoder_json;
    json_plan_cache_init(&en->plans);
    return &en->base;
}

static void json_forget(struct encoder *base, const struct table *t) {
    plan_cache_forget(&((struct json_encoder *)base)->plans, t);
}

static void json_destroy(struct encoder *base) {
    struct json_encoder *en = (struct json_encoder *)base;
    plan_cache_release(&en->plans);
    free(en);
}

const struct encoder_ops encoder_json = {
    .name = "json",
    .create = json_create,
    .encode = json_encode,
    .forget = json_forget,
    .destroy = json_destroy,
};
