#include <string.h>

#include "decoders/arena.h"
#include "decoders/binlog/json_binary.h"
#include "decoders/binlog/json_node.h"
#include "decoders/binlog/json_path.h"
#include "decoders/utf8.h"

/*
 * Differences of one column, one after the other: operation 1, length of the path (packed), path, and unless
 * it is a removal length of the value (packed), value as a binary document.
 */
enum { OP_REPLACE, OP_INSERT, OP_REMOVE };

static const char *const op_names[] = {"replace", "insert", "remove"};

struct diff {
    uint8_t op;
    struct text path;
    const uint8_t *value;
    size_t value_len;
};

static bool read_packed(struct cursor *c, const uint8_t **bytes, size_t *len) {
    uint64_t n;
    if (!cursor_packedle(c, &n) || n > cursor_left(c)) return false;
    *len = (size_t)n;
    return cursor_bytes(c, *len, bytes);
}

static int read_diff(struct cursor *c, struct diff *d, struct err *e) {
    const size_t at = cursor_offset(c);
    const uint8_t *path;
    *d = (struct diff){0};
    if (!cursor_u8(c, &d->op) || d->op > OP_REMOVE || !read_packed(c, &path, &d->path.len) ||
        (d->op != OP_REMOVE && !read_packed(c, &d->value, &d->value_len)))
        return err_set(e, ERR_DATA, "the JSON difference at byte %zu is malformed", at);
    d->path.ptr = (const char *)path;
    return 0;
}

/* ---- The document as a tree that grows only where it changes ----------------------------------------------
 */

struct tree;

/* A member or element. */
struct branch {
    struct tree *tree; /* NULL: as it is stored, at `index` of what it is in */
    uint32_t index;
};

struct tree {
    struct json_node node;
    struct text key; /* of a member */
    bool open;       /* `items` hold what it consists of; else `node` does */
    size_t count, room;
    struct branch *items;
};

struct editor {
    struct arena arena;
    struct tree *root;
};

static int misfit(struct err *e) {
    return err_set(e, ERR_DATA, "a JSON difference does not fit the document that it is for");
}

static int out_of_memory(struct err *e) {
    return err_memory(e, "the changes of a JSON document");
}

/* A tree of a document of its own. NULL with `e`. */
static struct tree *plant(struct editor *ed, const void *doc, size_t len, struct err *e) {
    struct json_doc *d = arena_alloc(&ed->arena, sizeof(*d));
    struct tree *t = arena_calloc(&ed->arena, 1, sizeof(*t));
    if (d && t) return json_root(d, doc, len, &t->node, e) == 0 ? t : NULL;
    out_of_memory(e);
    return NULL;
}

static int open_tree(struct editor *ed, struct tree *t, struct err *e) {
    if (t->open) return 0;
    if (t->node.kind != JSON_OBJECT && t->node.kind != JSON_ARRAY) return misfit(e);
    t->items = arena_calloc(&ed->arena, t->node.count, sizeof(*t->items));
    if (!t->items) return out_of_memory(e);
    for (uint32_t i = 0; i < t->node.count; i++) t->items[i].index = i;
    t->count = t->room = t->node.count;
    t->open = true;
    return 0;
}

/* As the server sorts keys: by length, then by bytes. */
static int compare_keys(const struct text *a, const struct text *b) {
    if (a->len != b->len) return a->len < b->len ? -1 : 1;
    return a->len ? memcmp(a->ptr, b->ptr, a->len) : 0;
}

/* Where the leg points to in an open tree; *found is false when nothing is there yet. */
static int find(const struct tree *t, const struct json_leg *leg, size_t *at, bool *found, struct err *e) {
    if (leg->member != (t->node.kind == JSON_OBJECT)) return misfit(e);
    *found = leg->index < t->count;
    *at = leg->from_end ? (*found ? t->count - 1 - leg->index : 0) : (*found ? leg->index : t->count);
    if (!leg->member) return 0;
    size_t low = 0, high = t->count;
    *found = false;
    while (low < high && !*found) {
        const size_t middle = low + (high - low) / 2;
        const struct branch *b = &t->items[middle];
        struct text key = b->tree ? b->tree->key : (struct text){0};
        if (!b->tree && json_key(&t->node, b->index, &key, e) != 0) return -1;
        int order = compare_keys(&leg->key, &key);
        *found = order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = high;
    return 0;
}

/* The tree one leg further down. NULL with `e`. */
static struct tree *descend(struct editor *ed, struct tree *t, const struct json_leg *leg, struct err *e) {
    size_t at;
    bool found;
    if (open_tree(ed, t, e) != 0 || find(t, leg, &at, &found, e) != 0) return NULL;
    if (!found) {
        misfit(e);
        return NULL;
    }
    struct branch *b = &t->items[at];
    if (b->tree) return b->tree;
    struct tree *below = arena_calloc(&ed->arena, 1, sizeof(*below));
    if (!below) {
        out_of_memory(e);
        return NULL;
    }
    if (json_item(&t->node, b->index, &below->key, &below->node, e) != 0) return NULL;
    b->tree = below;
    return below;
}

/* Makes room for one more item at `at`. */
static int insert_at(struct editor *ed, struct tree *t, size_t at, struct err *e) {
    if (t->count == t->room) {
        const size_t room = t->room < 4 ? 8 : 2 * t->room;
        struct branch *items = arena_calloc(&ed->arena, room, sizeof(*items));
        if (!items) return out_of_memory(e);
        if (t->count) memcpy(items, t->items, t->count * sizeof(*items));
        t->items = items;
        t->room = room;
    }
    memmove(&t->items[at + 1], &t->items[at], (t->count++ - at) * sizeof(*t->items));
    return 0;
}

static int apply(struct editor *ed, const struct diff *d, struct err *e) {
    struct json_path path;
    struct tree *t = ed->root, *value = NULL;
    size_t at;
    bool found;
    if (json_path_read(d->path.ptr, d->path.len, &ed->arena, &path, e) != 0) return -1;
    if (!path.count) return misfit(e);
    const struct json_leg *last = &path.legs[path.count - 1];
    for (const struct json_leg *leg = path.legs; leg < last; leg++)
        if (!(t = descend(ed, t, leg, e))) return -1;
    if (open_tree(ed, t, e) != 0 || find(t, last, &at, &found, e) != 0) return -1;
    if (d->op == OP_INSERT ? found && last->member : !found) return misfit(e);
    if (d->op == OP_REMOVE) {
        memmove(&t->items[at], &t->items[at + 1], (--t->count - at) * sizeof(*t->items));
        return 0;
    }
    if (!(value = plant(ed, d->value, d->value_len, e))) return -1;
    if (d->op == OP_INSERT && insert_at(ed, t, at, e) != 0) return -1;
    value->key = last->key;
    t->items[at] = (struct branch){.tree = value};
    return 0;
}

/* As json_put(): items that did not change are read and printed as they are stored. */
static int put_tree(const struct tree *t, unsigned depth, struct buf *out, struct err *e) {
    if (!t->open) return json_put(&t->node, depth, out, e);
    if (depth == JSON_BINARY_DEPTH) return json_malformed(t->node.doc, t->node.data, "nested too deeply", e);
    const bool object = t->node.kind == JSON_OBJECT;
    buf_putc(out, object ? '{' : '[');
    for (size_t i = 0; i < t->count; i++) {
        const struct branch *b = &t->items[i];
        struct json_node item;
        struct text key = b->tree ? b->tree->key : (struct text){0};
        if (!b->tree && json_item(&t->node, b->index, &key, &item, e) != 0) return -1;
        if (i) buf_put(out, ", ", 2);
        if (object) {
            json_put_string(key.ptr, key.len, out);
            buf_put(out, ": ", 2);
        }
        if ((b->tree ? put_tree(b->tree, depth + 1, out, e) : json_put(&item, depth + 1, out, e)) != 0)
            return -1;
    }
    buf_putc(out, object ? '}' : ']');
    return 0;
}

/* ---- What is offered --------------------------------------------------------------------------------------
 */

/* 0 when all went well; else takes back what was appended. */
static int finish(int status, size_t before, struct buf *out, struct err *e) {
    if (status == 0 && buf_failed(out)) status = err_memory(e, "the text of a JSON document");
    if (status != 0 && out->len > before) out->len = before;
    return status;
}

int json_diff_apply(const void *before, size_t len, struct cursor *diffs, struct buf *out, struct err *e) {
    const size_t start = out->len;
    struct editor ed = {0};
    arena_init(&ed.arena, 0);
    ed.root = plant(&ed, before, len, e);
    int status = ed.root ? 0 : -1;
    while (status == 0 && cursor_left(diffs)) {
        struct diff d;
        status = read_diff(diffs, &d, e);
        if (status == 0) status = apply(&ed, &d, e);
    }
    if (status == 0) status = put_tree(ed.root, 0, out, e);
    arena_release(&ed.arena);
    return finish(status, start, out, e);
}

static int put_diff(const struct diff *d, struct buf *out, struct err *e) {
    struct json_doc doc;
    struct json_node value;
    if (!utf8_valid(d->path.ptr, d->path.len))
        return err_set(e, ERR_DATA, "the path of a JSON difference is not UTF-8");
    buf_printf(out, "{\"op\": \"%s\", \"path\": ", op_names[d->op]);
    json_put_string(d->path.ptr, d->path.len, out);
    if (d->op != OP_REMOVE) {
        buf_puts(out, ", \"value\": ");
        if (json_root(&doc, d->value, d->value_len, &value, e) != 0 || json_put(&value, 0, out, e) != 0)
            return -1;
    }
    buf_putc(out, '}');
    return 0;
}

int json_diff_text(struct cursor *diffs, struct buf *out, struct err *e) {
    const size_t start = out->len;
    int status = 0;
    buf_putc(out, '[');
    for (bool first = true; status == 0 && cursor_left(diffs); first = false) {
        struct diff d;
        status = read_diff(diffs, &d, e);
        if (!first) buf_put(out, ", ", 2);
        if (status == 0) status = put_diff(&d, out, e);
    }
    buf_putc(out, ']');
    return finish(status, start, out, e);
}
