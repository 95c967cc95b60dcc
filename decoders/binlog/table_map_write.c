#include "decoders/binlog/table_map_write.h"

#define PACKED_MAX 9

typedef bool (*field_test)(const struct field *);

static void put_packed(struct buf *out, uint64_t v) {
    uint8_t bytes[PACKED_MAX];
    size_t width = v < 251 ? 0 : v < 0x10000 ? 2 : v < 0x1000000 ? 3 : 8;
    bytes[0] = width == 0 ? (uint8_t)v : width == 2 ? 252 : width == 3 ? 253 : 254;
    for (size_t i = 0; i < width; i++) bytes[1 + i] = (uint8_t)(v >> (8 * i));
    buf_put(out, bytes, 1 + width);
}

static void put_text(struct buf *out, struct text t) {
    put_packed(out, t.len);
    buf_put(out, t.ptr, t.len);
}

/* ---- Types ---- */

static uint8_t logged_type(const struct field *f) {
    return field_is_label(f) ? FIELD_STRING : f->type;
}

/* The way back from field_describe(). */
static void put_type_metadata(const struct field *f, struct buf *out) {
    const uint8_t low = (uint8_t)f->length, high = (uint8_t)(f->length >> 8);
    switch (f->type) {
    case FIELD_FLOAT: buf_putc(out, 4); break;
    case FIELD_DOUBLE: buf_putc(out, 8); break;
    case FIELD_TIMESTAMP2:
    case FIELD_DATETIME2:
    case FIELD_TIME2: buf_putc(out, (char)f->precision); break;
    case FIELD_BLOB_COMPRESSED:
    case FIELD_VECTOR:
    case FIELD_JSON:
    case FIELD_TINY_BLOB:
    case FIELD_MEDIUM_BLOB:
    case FIELD_LONG_BLOB:
    case FIELD_BLOB:
    case FIELD_GEOMETRY: buf_putc(out, (char)low); break;
    case FIELD_VARCHAR:
    case FIELD_VARCHAR_COMPRESSED: buf_put(out, (const uint8_t[]){low, high}, 2); break;
    case FIELD_BIT: buf_put(out, (const uint8_t[]){f->bits % 8, f->bits / 8}, 2); break;
    case FIELD_NEWDECIMAL: buf_put(out, (const uint8_t[]){f->precision, f->scale}, 2); break;
    case FIELD_ENUM:
    case FIELD_SET:
    case FIELD_STRING: buf_put(out, (const uint8_t[]){f->type ^ (uint8_t)(high << 4), low}, 2); break;
    default: break;
    }
}

/* A bit per column, LSB first. */
static void put_bitmap(const struct table_map *m, bool (*bit)(const struct field *), struct buf *out) {
    for (size_t i = 0; i < m->ncolumns; i += 8) {
        unsigned byte = 0;
        for (size_t k = i; k < i + 8 && k < m->ncolumns; k++) byte |= (unsigned)bit(&m->fields[k]) << (k - i);
        buf_putc(out, (char)byte);
    }
}

static bool is_nullable(const struct field *f) {
    return f->nullable;
}

/* ---- Optional metadata ---- */

struct writer {
    const struct table_map *m;
    bool mariadb;
    struct buf *out;
    struct buf list; /* the one being written */
};

static bool is_unsigned(const struct field *f) {
    return f->is_unsigned;
}

static bool is_visible(const struct field *f) {
    return f->visible;
}

/* A list that nothing is in is left out. */
static void put_list(struct writer *w, uint8_t kind) {
    if (w->list.len > 0) {
        buf_putc(w->out, (char)kind);
        put_packed(w->out, w->list.len);
        buf_put(w->out, w->list.data, w->list.len);
    }
    if (buf_failed(&w->list)) w->out->failed = true;
    buf_clear(&w->list, SIZE_MAX);
}

/* A bit per column that passes the test, MSB first. */
static void put_bits(struct writer *w, uint8_t kind, field_test test, field_test bit) {
    unsigned byte = 0, n = 0;
    for (size_t i = 0; i < w->m->ncolumns; i++) {
        const struct field *f = &w->m->fields[i];
        if (!test(f)) continue;
        if (bit(f)) byte |= 0x80u >> n;
        if (++n < 8) continue;
        buf_putc(&w->list, (char)byte);
        byte = n = 0;
    }
    if (n) buf_putc(&w->list, (char)byte);
    put_list(w, kind);
}

/* The collation that most columns have; of several the one with the lowest id. */
static uint32_t most_used(const struct table_map *m, field_test test, size_t *most, size_t *all) {
    uint32_t found = 0;
    *most = *all = 0;
    for (size_t i = 0; i < m->ncolumns; i++) {
        const uint32_t id = m->fields[i].collation;
        size_t count = 0;
        if (!test(&m->fields[i])) continue;
        ++*all;
        for (size_t k = 0; k < m->ncolumns; k++) count += test(&m->fields[k]) && m->fields[k].collation == id;
        if (count < *most || (count == *most && id >= found)) continue;
        *most = count;
        found = id;
    }
    return found;
}

/* As one collation for all and those that differ, where that takes less room; else one per column. */
static void put_charsets(struct writer *w, uint8_t by_default, uint8_t by_column, field_test test) {
    size_t most, all, index = 0;
    const uint32_t usual = most_used(w->m, test, &most, &all);
    const bool is_default = 2 * (all - most) + 1 <= all;
    if (!all) return;
    if (is_default) put_packed(&w->list, usual);
    for (size_t i = 0; i < w->m->ncolumns; i++) {
        const struct field *f = &w->m->fields[i];
        if (!test(f)) continue;
        if (!is_default || f->collation != usual) {
            if (is_default) put_packed(&w->list, index);
            put_packed(&w->list, f->collation);
        }
        index++;
    }
    put_list(w, is_default ? by_default : by_column);
}

static void put_names(struct writer *w) {
    for (size_t i = 0; i < w->m->ncolumns; i++) put_text(&w->list, w->m->fields[i].name);
    put_list(w, 4);
}

static void put_labels(struct writer *w, uint8_t kind, field_test test) {
    for (size_t i = 0; i < w->m->ncolumns; i++) {
        const struct field *f = &w->m->fields[i];
        if (!test(f)) continue;
        put_packed(&w->list, f->nlabels);
        for (size_t k = 0; k < f->nlabels; k++) put_text(&w->list, f->labels[k]);
    }
    put_list(w, kind);
}

static void put_numbers(struct writer *w, uint8_t kind, field_test test) {
    for (size_t i = 0; i < w->m->ncolumns; i++) {
        const struct field *f = &w->m->fields[i];
        if (test(f)) put_packed(&w->list, kind == 7 ? f->geometry : f->dimensions);
    }
    put_list(w, kind);
}

static void put_key(struct writer *w) {
    bool prefixed = false;
    for (size_t i = 0; i < w->m->nkeys; i++) prefixed |= w->m->keys[i].prefix != 0;
    for (size_t i = 0; i < w->m->nkeys; i++) {
        put_packed(&w->list, w->m->keys[i].column);
        if (prefixed) put_packed(&w->list, w->m->keys[i].prefix);
    }
    put_list(w, prefixed ? 9 : 8);
}

static void put_optional(struct writer *w) {
    put_bits(w, 1, field_is_numeric, is_unsigned);
    put_charsets(w, 2, 3, w->mariadb ? field_is_character_or_geometry : field_is_character);
    put_numbers(w, 7, field_is_geometry);
    put_numbers(w, 13, field_is_vector);
    put_names(w);
    put_charsets(w, 10, 11, field_is_label);
    put_labels(w, 5, field_is_set);
    put_labels(w, 6, field_is_enum);
    put_key(w);
    if (!w->mariadb) put_bits(w, 12, field_is_any, is_visible);
}

/* ---- The events ---- */

static void put_id(uint64_t id, struct buf *out) {
    for (unsigned i = 0; i < 6; i++) buf_putc(out, (char)(id >> (8 * i)));
    buf_put(out, "\1", 2); /* flags: TM_BIT_LEN_EXACT, of rows STMT_END */
}

static void put_name(struct text name, struct buf *out) {
    buf_putc(out, (char)name.len);
    buf_put(out, name.ptr, name.len);
    buf_putc(out, '\0');
}

void table_map_write(const struct table_map *m, bool mariadb, struct buf *out) {
    struct writer w = {.m = m, .mariadb = mariadb, .out = out};
    put_id(m->table_id, out);
    put_name(m->database, out);
    put_name(m->table, out);
    put_packed(out, m->ncolumns);
    for (size_t i = 0; i < m->ncolumns; i++) buf_putc(out, (char)logged_type(&m->fields[i]));
    for (size_t i = 0; i < m->ncolumns; i++) put_type_metadata(&m->fields[i], &w.list);
    put_packed(out, w.list.len);
    if (w.list.len) buf_put(out, w.list.data, w.list.len);
    if (buf_failed(&w.list)) out->failed = true;
    buf_clear(&w.list, SIZE_MAX);
    put_bitmap(m, is_nullable, out);
    if (m->has_names) put_optional(&w);
    buf_release(&w.list);
}

/* Extra data: none, behind a length that counts itself. */
void rows_write_head(const struct table_map *m, struct buf *out) {
    put_id(m->table_id, out);
    buf_put(out, "\2", 2);
    put_packed(out, m->ncolumns);
    put_bitmap(m, field_is_any, out);
}
