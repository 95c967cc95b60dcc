#include "decoders/binlog/rows.h"

#include "decoders/binlog/cell_part.h"
#include "decoders/binlog/json_binary.h"

/* ---- The head ---- */

static int too_short(const struct cursor *c, const char *what, struct err *e) {
    return err_set(e, ERR_DATA, "rows event: the %s at offset %zu is cut short", what, cursor_offset(c));
}

static int read_type(uint8_t type, struct rows *r, bool *v2, struct err *e) {
    *v2 = type >= BINLOG_WRITE_ROWS;
    r->partial = type == BINLOG_PARTIAL_UPDATE_ROWS;
    switch (type) {
    case BINLOG_WRITE_ROWS_V1:
    case BINLOG_WRITE_ROWS: r->op = CHANGE_INSERT; return 0;
    case BINLOG_UPDATE_ROWS_V1:
    case BINLOG_UPDATE_ROWS:
    case BINLOG_PARTIAL_UPDATE_ROWS: r->op = CHANGE_UPDATE; return 0;
    case BINLOG_DELETE_ROWS_V1:
    case BINLOG_DELETE_ROWS: r->op = CHANGE_DELETE; return 0;
    default: return err_set(e, ERR_DATA, "event type %u holds no rows", type);
    }
}

static bool read_id(struct cursor *c, const struct binlog_format *f, uint8_t type, uint64_t *id) {
    if (f->post_header[type] != 6) return cursor_u48le(c, id);
    uint32_t n;
    if (!cursor_u32le(c, &n)) return false;
    *id = n;
    return true;
}

/* Version 2: extra data behind its length, which counts itself: partitions, NDB. Nothing we need. */
static bool skip_extra(struct cursor *c) {
    uint16_t len;
    const uint8_t *extra;
    return cursor_u16le(c, &len) && len >= 2 && cursor_bytes(c, len - 2u, &extra);
}

/* A bit per column, LSB first; what is behind the last column means nothing. */
static bool read_present(struct cursor *c, size_t ncolumns, const uint8_t **bits, size_t *count) {
    if (!cursor_bytes(c, (ncolumns + 7) / 8, bits)) return false;
    *count = 0;
    for (size_t i = 0; i < ncolumns / 8; i++) *count += (size_t)__builtin_popcount((*bits)[i]);
    if (ncolumns % 8)
        *count += (size_t)__builtin_popcount((*bits)[ncolumns / 8] & ((1u << ncolumns % 8) - 1));
    return true;
}

int rows_open(const struct binlog_event *ev, const struct binlog_format *f, struct rows *out, struct err *e) {
    struct cursor c = ev->body;
    bool v2;
    uint64_t count;
    *out = (struct rows){0};
    if (read_type(ev->type, out, &v2, e)) return -1;
    if (!read_id(&c, f, ev->type, &out->table_id) || !cursor_u16le(&c, &out->flags))
        return too_short(&c, "head", e);
    if (v2 && !skip_extra(&c)) return too_short(&c, "extra data", e);
    if (!cursor_packedle(&c, &count)) return too_short(&c, "number of columns", e);
    if (count == 0 || count > BINLOG_MAX_COLUMNS)
        return err_set(e, ERR_DATA, "rows event: %llu columns", (unsigned long long)count);
    out->ncolumns = (size_t)count;
    if (out->op != CHANGE_INSERT && !read_present(&c, out->ncolumns, &out->before_present, &out->nbefore))
        return too_short(&c, "bitmap of columns", e);
    if (out->op != CHANGE_DELETE && !read_present(&c, out->ncolumns, &out->after_present, &out->nafter))
        return too_short(&c, "bitmap of columns", e);
    /* A row that has nothing but defaults takes no bytes in a MINIMAL image; the server writes one at most.
     */
    out->empty = out->op == CHANGE_INSERT && out->nafter == 0;
    if (out->nbefore + out->nafter == 0 && (!out->empty || cursor_left(&c)))
        return err_set(e, ERR_DATA, "rows event: rows without columns");
    out->body = c;
    return 0;
}

/* ---- Rows ---- */

/* One image being read. */
struct image_reader {
    struct rows *r;
    const struct cell_reader *reader;
    struct shape *s;
    const uint8_t *present;
    size_t npresent;
    struct value *values;
    const uint8_t *partial; /* a bit per JSON column of the table, LSB first; NULL: no diffs */
    bool after;
};

static inline bool bit(const uint8_t *bits, size_t i) {
    return bits[i / 8] >> (i % 8) & 1;
}

static int fail(const struct image_reader *im, size_t column, struct err *e) {
    const struct table *t = &im->s->table;
    return err_prefix(e, "table %s.%s: column %zu (%s) at offset %zu", t->database, t->name, column + 1,
                      t->columns[column].name, cursor_offset(&im->r->body));
}

/* The document before is not known: the diffs themselves. */
static int carry_diffs(struct image_reader *im, struct cursor *diffs, struct value *out, struct err *e) {
    struct text text;
    if (json_diff_text(diffs, im->reader->scratch, e) || cell_keep_scratch(im->reader, &text, e)) return -1;
    *out = (struct value){.state = VALUE_UNCHANGED, .is_text = true, .text = text.ptr, .len = text.len};
    return 0;
}

/* The diffs of one JSON column, applied to the document before. */
static int read_diffs(struct image_reader *im, size_t column, struct value *out, struct err *e) {
    const struct text before = im->s->documents[column];
    struct buf *scratch = im->reader->scratch;
    const uint8_t *bytes;
    size_t len;
    if (!cell_take(&im->r->body, 4, &bytes, &len)) return cell_cut(e);
    struct cursor diffs = cursor_of(bytes, len);
    scratch->len = 0;
    if (!before.ptr) return carry_diffs(im, &diffs, out, e);
    if (len == 0) {
        *out = im->s->before[column];
        return 0;
    }
    if (json_diff_apply(before.ptr, before.len, &diffs, scratch, e)) return -1;
    struct text text;
    if (cell_keep_scratch(im->reader, &text, e)) return -1;
    return cell_put_text(out, VALUE_JSON, text.ptr, text.len);
}

/* A JSON column: as diffs or whole; the document before is kept for the diffs behind it. */
static int read_json(struct image_reader *im, size_t column, bool diffs, struct value *out, struct err *e) {
    const uint8_t *bytes;
    size_t len;
    if (diffs) return read_diffs(im, column, out, e);
    if (!cell_take(&im->r->body, im->s->fields[column].length, &bytes, &len)) return cell_cut(e);
    if (!im->after) im->s->documents[column] = (struct text){(const char *)bytes, len};
    return cell_put_json(im->reader, bytes, len, out, e);
}

/* What an image lacks (rows.h). */
static void put_lacking(const struct image_reader *im, size_t column) {
    struct value *out = &im->values[column];
    *out = (struct value){.state = VALUE_ABSENT};
    if (!im->after || im->r->op != CHANGE_UPDATE) return;
    out->state = VALUE_UNCHANGED;
    if (im->s->before[column].state != VALUE_ABSENT) *out = im->s->before[column];
}

static void put_null(const struct image_reader *im, size_t column) {
    bool unlogged = im->s->fields[column].unlogged;
    im->values[column] = (struct value){.state = unlogged ? VALUE_ABSENT : VALUE_NULL};
}

/* Every column is there: the way that nearly all rows go. */
static int read_full(struct image_reader *im, const uint8_t *nulls, struct err *e) {
    const struct field *fields = im->s->fields;
    for (size_t i = 0; i < im->r->ncolumns; i++) {
        if (bit(nulls, i))
            put_null(im, i);
        else if (cell_read(im->reader, &im->r->body, &fields[i], &im->values[i], e))
            return fail(im, i, e);
    }
    return 0;
}

/* Some columns, or some of them as diffs. NULL bits count the columns present, partial bits all of JSON. */
static int read_some(struct image_reader *im, const uint8_t *nulls, struct err *e) {
    size_t null = 0, json = 0;
    for (size_t i = 0; i < im->r->ncolumns; i++) {
        bool is_json = im->s->fields[i].type == FIELD_JSON;
        bool diffs = is_json && im->partial && bit(im->partial, json);
        json += is_json;
        if (is_json && !im->after) im->s->documents[i] = (struct text){0};
        if (!bit(im->present, i)) {
            put_lacking(im, i);
            continue;
        }
        if (bit(nulls, null++)) {
            put_null(im, i);
            continue;
        }
        int rc = is_json ? read_json(im, i, diffs, &im->values[i], e)
                         : cell_read(im->reader, &im->r->body, &im->s->fields[i], &im->values[i], e);
        if (rc) return fail(im, i, e);
    }
    return 0;
}

/* value options (packed); bit 0: the bitmap of diffs follows */
static bool read_options(struct image_reader *im) {
    uint64_t options;
    size_t json = 0;
    if (!cursor_packedle(&im->r->body, &options) || options > 1) return false;
    if (!options) return true;
    for (size_t i = 0; i < im->r->ncolumns; i++) json += im->s->fields[i].type == FIELD_JSON;
    return cursor_bytes(&im->r->body, (json + 7) / 8, &im->partial);
}

static int read_image(struct image_reader *im, struct err *e) {
    const uint8_t *nulls;
    if (im->after && im->r->partial && !read_options(im)) return too_short(&im->r->body, "value options", e);
    if (!cursor_bytes(&im->r->body, (im->npresent + 7) / 8, &nulls))
        return too_short(&im->r->body, "NULL bitmap", e);
    if (im->npresent == im->r->ncolumns && !im->r->partial) return read_full(im, nulls, e);
    return read_some(im, nulls, e);
}

static int read_before(struct rows *r, const struct cell_reader *reader, struct shape *s, struct change *c,
                       struct err *e) {
    struct image_reader im = {r, reader, s, r->before_present, r->nbefore, s->before, NULL, false};
    c->before = s->before;
    c->before_image = r->nbefore == r->ncolumns ? IMAGE_FULL : IMAGE_KEY;
    return read_image(&im, e);
}

static int read_after(struct rows *r, const struct cell_reader *reader, struct shape *s, struct change *c,
                      struct err *e) {
    struct image_reader im = {r, reader, s, r->after_present, r->nafter, s->after, NULL, true};
    c->after = s->after;
    c->after_image = IMAGE_FULL;
    return read_image(&im, e);
}

int rows_next(struct rows *r, const struct cell_reader *reader, struct shape *s, struct change *c, bool *more,
              struct err *e) {
    *more = r->empty || cursor_left(&r->body) > 0;
    if (!*more) return 0;
    if (r->ncolumns != s->table.ncolumns)
        return err_set(e, ERR_DATA, "table %s.%s: rows of %zu columns behind a description of %zu",
                       s->table.database, s->table.name, r->ncolumns, s->table.ncolumns);
    r->empty = false;
    c->op = r->op;
    c->table = &s->table;
    c->before = c->after = NULL;
    c->before_image = c->after_image = IMAGE_NONE;
    if (r->before_present && read_before(r, reader, s, c, e)) return -1;
    if (r->after_present && read_after(r, reader, s, c, e)) return -1;
    return 0;
}
