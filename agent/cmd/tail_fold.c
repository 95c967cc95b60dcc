/* A folded entity for people, and as JSON; see tail_print.h. */
#include <stdio.h>
#include <string.h>

#include "agent/cmd/tail_print.h"

struct page {
    const struct tail_style *style;
    struct buf *out;
    struct buf part; /* the part and item of the field before; as JSON objects they are still open */
    struct buf item;
    size_t fields;
};

static const char *state_name(enum fold_state state) {
    switch (state) {
    case FOLD_NULL: return "null";
    case FOLD_UNCHANGED: return "unchanged, not seen";
    case FOLD_MASKED: return "masked";
    case FOLD_OMITTED: return "omitted, too large";
    case FOLD_INVALID: return "invalid";
    case FOLD_VALUE: break;
    }
    return "";
}

/* True when `text` is not what `b` remembers; it is from then on. */
static bool changes(struct buf *b, const char *text) {
    if (b->len == strlen(text) + 1 && memcmp(b->data, text, b->len) == 0) return false;
    buf_clear(b, SIZE_MAX);
    buf_put(b, text, strlen(text) + 1);
    return true;
}

static void plain(struct buf *out, const char *text) {
    tail_print_plain(out, text, strlen(text));
}

/* Pads what was written since `start` to a width in characters, by one space at least. */
static void pad(struct buf *out, size_t start, size_t width) {
    size_t shown = 0;
    for (size_t i = start; i < out->len; i++) shown += (out->data[i] & 0xC0) != 0x80;
    do buf_putc(out, ' ');
    while (!buf_failed(out) && ++shown < width);
}

static void start_colour(const struct page *p, const char *code) {
    if (p->style->colour) buf_puts(p->out, code);
}

static void end_colour(const struct page *p) {
    if (p->style->colour) buf_puts(p->out, "\033[0m");
}

static void put_value(const struct page *p, const struct fold_field *f) {
    bool named = f->state != FOLD_VALUE;
    if (named) buf_putc(p->out, '(');
    plain(p->out, state_name(f->state));
    if (named && *f->value) buf_puts(p->out, ": ");
    plain(p->out, f->value);
    if (named) buf_putc(p->out, ')');
}

/* shop public.customers  2026-11-23 12:00:00.123 */
static void put_source(struct buf *out, const struct fold_field *f) {
    char ts[24];
    snprintf(ts, sizeof(ts), "%s", f->ts);
    if (strlen(ts) > 10 && ts[10] == 'T') ts[10] = ' ';
    plain(out, f->source);
    if (*f->table) buf_putc(out, ' ');
    plain(out, f->table);
    buf_puts(out, "  ");
    plain(out, ts);
}

/* A line of one field: its name, a value of it and who says so. */
static void put_line(const struct page *p, const struct fold_field *f, const char *name) {
    size_t start = p->out->len;
    buf_puts(p->out, *f->item ? "      " : "    ");
    plain(p->out, name);
    pad(p->out, start, 24);
    put_value(p, f);
    pad(p->out, start, 64);
    start_colour(p, "\033[2m");
    put_source(p->out, f);
    end_colour(p);
    buf_putc(p->out, '\n');
}

static int put_field(void *ctx, const struct fold_field *f) {
    struct page *p = ctx;
    if (changes(&p->part, f->part)) {
        start_colour(p, "\033[1m");
        buf_puts(p->out, "  ");
        plain(p->out, f->part);
        buf_putc(p->out, '\n');
        end_colour(p);
        buf_clear(&p->item, SIZE_MAX);
    }
    if (*f->item && changes(&p->item, f->item)) {
        buf_puts(p->out, "    ");
        plain(p->out, f->item);
        buf_putc(p->out, '\n');
    }
    put_line(p, f, f->name);
    for (size_t i = 0; i < f->nothers; i++) {
        start_colour(p, "\033[2m");
        put_line(p, &f->others[i], "  not believed");
    }
    p->fields++;
    return 0;
}

static int finish(struct page *p, int rc) {
    buf_release(&p->part);
    buf_release(&p->item);
    return rc || buf_failed(p->out) ? -1 : 0;
}

int tail_print_fold(const struct tail_style *s, const struct fold *f, const char *key, struct buf *out) {
    struct page p = {.style = s, .out = out};
    struct fold_stats stats;
    fold_stats(f, &stats);
    plain(out, *fold_entity(f) ? fold_entity(f) : "entity");
    buf_putc(out, ' ');
    start_colour(&p, "\033[1m");
    plain(out, key);
    end_colour(&p);
    buf_putc(out, '\n');
    int rc = fold_each(f, put_field, &p);
    if (p.fields == 0) buf_puts(out, "  nothing is known\n");
    buf_printf(out, "  (%zu events, %zu replays dropped)\n", stats.events, stats.replays);
    return finish(&p, rc);
}

/* ---- JSON ---- */

static void put_string(struct buf *out, const char *text) {
    json_object *s = json_object_new_string(text);
    if (!s) out->failed = true;
    buf_puts(out, s ? json_object_to_json_string_ext(s, JSON_C_TO_STRING_NOSLASHESCAPE) : "");
    json_object_put(s);
}

static void put_member(struct buf *out, const char *name, const char *text) {
    if (!*text) return;
    buf_printf(out, ",\"%s\":", name);
    put_string(out, text);
}

/* Closes what the field before left open and opens what this one needs: part, and in it the item. */
static void open_objects(struct page *p, const struct fold_field *f) {
    bool first = p->fields == 0, had_item = p->item.len > 0;
    bool new_part = changes(&p->part, f->part);
    if (new_part && !first) buf_puts(p->out, had_item ? "}}," : "},");
    if (new_part) {
        put_string(p->out, f->part);
        buf_puts(p->out, ":{");
        buf_clear(&p->item, SIZE_MAX);
        had_item = false;
    }
    if (*f->item && changes(&p->item, f->item)) {
        if (had_item) buf_puts(p->out, "},");
        put_string(p->out, f->item);
        buf_puts(p->out, ":{");
    } else if (!new_part) {
        buf_putc(p->out, ',');
    }
}

/* What is said and by whom, as an object that is not closed. */
static void put_answer(struct buf *out, const struct fold_field *f) {
    static const char *const states[] = {
        [FOLD_NULL] = "null",       [FOLD_UNCHANGED] = "unchanged", [FOLD_MASKED] = "masked",
        [FOLD_OMITTED] = "omitted", [FOLD_INVALID] = "invalid",
    };
    if (f->state == FOLD_VALUE) {
        buf_printf(out, "{\"value\":%s", f->value);
    } else {
        buf_printf(out, "{\"state\":\"%s\"", states[f->state]);
        if (*f->value) buf_printf(out, ",\"raw\":%s", f->value);
    }
    put_member(out, "source", f->source);
    put_member(out, "table", f->table);
    put_member(out, "ts", f->ts);
}

static int put_field_json(void *ctx, const struct fold_field *f) {
    struct page *p = ctx;
    open_objects(p, f);
    put_string(p->out, f->name);
    buf_putc(p->out, ':');
    put_answer(p->out, f);
    for (size_t i = 0; i < f->nothers; i++) {
        buf_puts(p->out, i == 0 ? ",\"others\":[" : "},");
        put_answer(p->out, &f->others[i]);
    }
    buf_puts(p->out, f->nothers ? "}]}" : "}");
    p->fields++;
    return 0;
}

int tail_print_fold_json(const struct fold *f, const char *key, struct buf *out) {
    struct page p = {.out = out};
    struct fold_stats stats;
    fold_stats(f, &stats);
    buf_puts(out, "{\"v\":1");
    put_member(out, "entity", fold_entity(f));
    put_member(out, "key", key);
    buf_puts(out, ",\"parts\":{");
    int rc = fold_each(f, put_field_json, &p);
    buf_puts(out, p.fields == 0 ? "" : p.item.len ? "}}" : "}");
    buf_printf(out, "},\"events\":%zu,\"replays\":%zu}\n", stats.events, stats.replays);
    return finish(&p, rc);
}
