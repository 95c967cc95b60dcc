#include "agent/cmd/tail_print.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 120 /* of one value */

enum colour { DIM, BOLD, RED, GREEN, YELLOW, BLUE };

static const char *const colours[] = {
    [DIM] = "\033[2m",    [BOLD] = "\033[1m",    [RED] = "\033[31m",
    [GREEN] = "\033[32m", [YELLOW] = "\033[33m", [BLUE] = "\033[36m",
};

/* ---- Pieces ---- */

static void put(const struct tail_style *s, struct buf *out, enum colour c, const char *text) {
    if (s->colour) buf_puts(out, colours[c]);
    tail_print_plain(out, text, strlen(text));
    if (s->colour) buf_puts(out, "\033[0m");
}

/* A value, cut behind a whole character when it is long. */
static void put_cut(const struct tail_style *s, struct buf *out, const char *text) {
    size_t len = strlen(text), shown = len;
    if (!s->full && len > SHOWN_BYTES) {
        shown = SHOWN_BYTES;
        while (shown > 0 && ((uint8_t)text[shown] & 0xC0) == 0x80) shown--;
    }
    tail_print_plain(out, text, shown);
    if (shown < len) buf_printf(out, "… (%zu bytes)", len);
}

static void put_value(const struct tail_style *s, struct buf *out, json_object *v) {
    put_cut(s, out,
            json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void put_pair(const struct tail_style *s, struct buf *out, const char *name, json_object *v) {
    buf_puts(out, "  ");
    put(s, out, BLUE, name);
    buf_putc(out, '=');
    put_value(s, out, v);
}

static json_object *member(json_object *o, const char *name, json_type type) {
    json_object *m;
    return json_object_object_get_ex(o, name, &m) && json_object_is_type(m, type) ? m : NULL;
}

static const char *text(json_object *o, const char *name) {
    json_object *m = member(o, name, json_type_string);
    return m ? json_object_get_string(m) : "";
}

/* "2026-11-23T12:00:00.123456Z" as "2026-11-23 12:00:00.123" */
static void put_time(const struct tail_style *s, struct buf *out, const char *ts) {
    char shown[24];
    size_t len = strlen(ts);
    snprintf(shown, sizeof(shown), "%s", len ? ts : "-");
    if (len >= 23 && shown[10] == 'T') shown[10] = ' ';
    put(s, out, DIM, shown);
    buf_puts(out, "  ");
}

/* "  unchanged: doc, scan" */
static void put_names(const struct tail_style *s, struct buf *out, json_object *line, const char *list,
                      const char *title) {
    json_object *names = member(line, list, json_type_array);
    for (size_t i = 0; names && i < json_object_array_length(names); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(names, i));
        if (i == 0) buf_puts(out, "  ");
        if (i == 0) put(s, out, DIM, title);
        buf_puts(out, i ? ", " : ": ");
        tail_print_plain(out, name ? name : "", name ? strlen(name) : 0);
    }
}

/* "  invalid: born="0000-00-00"" */
static void put_invalid(const struct tail_style *s, struct buf *out, json_object *invalid) {
    bool first = true;
    if (!invalid) return;
    json_object_object_foreach(invalid, name, value) {
        if (first) buf_puts(out, "  ");
        if (first) put(s, out, RED, "invalid:");
        put_pair(s, out, name, value);
        first = false;
    }
}

static void put_states(const struct tail_style *s, struct buf *out, json_object *line) {
    put_names(s, out, line, "unchanged", "unchanged");
    put_names(s, out, line, "omitted", "omitted");
    put_names(s, out, line, "masked", "masked");
}

/* ---- Rows ---- */

static const struct {
    char letter;
    const char *name;
    enum colour colour;
} ops[] = {
    {'c', "insert", GREEN}, {'u', "update", YELLOW},  {'d', "delete", RED}, {'r', "read", GREEN},
    {'t', "truncate", RED}, {'m', "message", YELLOW}, {'g', "gap", RED},    {'q', "ddl", YELLOW},
};

static void put_op(const struct tail_style *s, struct buf *out, const char *op) {
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        if (op[0] == ops[i].letter && op[1] == '\0') {
            put(s, out, ops[i].colour, ops[i].name);
            return;
        }
    put(s, out, YELLOW, op);
}

static bool same(json_object *o, const char *name, json_object *value) {
    json_object *m;
    return o && json_object_object_get_ex(o, name, &m) && json_object_equal(m, value);
}

/* The columns of an image that the key does not show already; where the old row is known, only what changed.
 */
static void put_image(const struct tail_style *s, struct buf *out, json_object *image, json_object *before,
                      json_object *key) {
    json_object *was;
    if (!image) return;
    json_object_object_foreach(image, name, value) {
        if (same(key, name, value) || same(before, name, value)) continue;
        put_pair(s, out, name, value);
        if (!before || !json_object_object_get_ex(before, name, &was)) continue;
        buf_puts(out, " (was ");
        put_value(s, out, was);
        buf_putc(out, ')');
    }
}

static void put_key(const struct tail_style *s, struct buf *out, json_object *key) {
    if (!key) return;
    json_object_object_foreach(key, name, value) {
        put_pair(s, out, name, value);
    }
}

/* source.schema.table; where there is no schema, the database. */
static void put_where(const struct tail_style *s, struct buf *out, json_object *line) {
    const char *names[] = {"source", *text(line, "schema") ? "schema" : "database", "table"};
    bool in_table = *text(line, "table") != '\0';
    struct buf where = {0};
    for (size_t i = 0; i < (in_table ? 3 : 1); i++) {
        const char *part = text(line, names[i]);
        if (*part && where.len) buf_putc(&where, '.');
        buf_puts(&where, part);
    }
    put(s, out, BOLD, buf_cstr(&where));
    buf_puts(out, "  ");
    buf_release(&where);
}

static void put_message(const struct tail_style *s, struct buf *out, json_object *message) {
    if (!message) return;
    json_object_object_foreach(message, name, value) {
        put_pair(s, out, name, value);
    }
}

static void put_ddl(const struct tail_style *s, struct buf *out, json_object *line) {
    json_object *ddl;
    if (!json_object_object_get_ex(line, "ddl", &ddl)) return;
    buf_puts(out, "  ");
    if (json_object_is_type(ddl, json_type_string)) {
        put_cut(s, out, json_object_get_string(ddl));
    } else {
        put_value(s, out, ddl);
    }
}

static void put_row(const struct tail_style *s, struct buf *out, json_object *line) {
    json_object *key = member(line, "key", json_type_object);
    json_object *before = member(line, "before", json_type_object);
    json_object *after = member(line, "after", json_type_object);
    json_object *invalid = member(line, "invalid", json_type_object);
    put_time(s, out, text(line, "ts"));
    put_where(s, out, line);
    put_op(s, out, text(line, "op"));
    put_key(s, out, key);
    put_image(s, out, after ? after : before, after ? before : NULL, key);
    put_message(s, out, member(line, "message", json_type_object));
    if (*text(line, "gap")) put_pair(s, out, "gap", member(line, "gap", json_type_string));
    put_ddl(s, out, line);
    put_states(s, out, line);
    if (invalid) put_invalid(s, out, member(invalid, after ? "after" : "before", json_type_object));
}

/* ---- Entities ---- */

static void put_entity(const struct tail_style *s, struct buf *out, json_object *line) {
    const char *action = text(line, "action"), *item = text(line, "item");
    json_object *fields = member(line, "fields", json_type_object);
    bool set = strcmp(action, "set") == 0;
    put_time(s, out, text(line, "ts"));
    put(s, out, BOLD, text(line, "source"));
    buf_puts(out, "  ");
    tail_print_plain(out, text(line, "entity"), strlen(text(line, "entity")));
    buf_putc(out, ' ');
    put(s, out, BOLD, *text(line, "key") ? text(line, "key") : "(all)");
    buf_puts(out, "  ");
    put(s, out, set ? GREEN : RED, text(line, "part"));
    if (*item) buf_putc(out, ' ');
    tail_print_plain(out, item, strlen(item));
    buf_putc(out, ' ');
    put(s, out, set ? GREEN : RED, action);
    if (fields) {
        json_object_object_foreach(fields, name, value) {
            put_pair(s, out, name, value);
        }
    }
    put_names(s, out, line, "null", "null");
    put_states(s, out, line);
    put_invalid(s, out, member(line, "invalid", json_type_object));
}

void tail_print_event(const struct tail_style *s, json_object *line, struct buf *out) {
    if (*text(line, "entity")) {
        put_entity(s, out, line);
    } else if (*text(line, "op")) {
        put_row(s, out, line);
    } else {
        put_value(s, out, line);
    }
    buf_putc(out, '\n');
}

void tail_print_tombstone(const struct tail_style *s, const char *topic, const char *key, size_t len,
                          struct buf *out) {
    put_time(s, out, "");
    put(s, out, BOLD, topic);
    buf_puts(out, "  ");
    put(s, out, DIM, "tombstone");
    buf_puts(out, "  ");
    tail_print_plain(out, key ? key : "", key ? len : 0);
    buf_putc(out, '\n');
}
