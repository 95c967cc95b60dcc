#include "decoders/binlog/metadata.h"

#include "decoders/binlog/charset.h"

enum metadata_kind {
    METADATA_SIGNEDNESS = 1,
    METADATA_DEFAULT_CHARSET,
    METADATA_COLUMN_CHARSET,
    METADATA_NAMES,
    METADATA_SET_LABELS,
    METADATA_ENUM_LABELS,
    METADATA_GEOMETRY,
    METADATA_KEY,
    METADATA_KEY_PREFIX,
    METADATA_LABEL_DEFAULT_CHARSET,
    METADATA_LABEL_COLUMN_CHARSET,
    METADATA_VISIBILITY,
    METADATA_DIMENSIONS,
    METADATA_END,
};

/* One list being read. */
struct list {
    struct cursor c;
    bool mariadb;
    struct arena *arena;
    struct table_map *m;
};

static size_t count_fields(const struct table_map *m, bool (*test)(const struct field *)) {
    size_t n = 0;
    for (size_t i = 0; i < m->ncolumns; i++) n += test(&m->fields[i]);
    return n;
}

static int malformed(const struct list *l, const char *what, struct err *e) {
    return err_set(e, ERR_DATA, "%s: not what the columns need, at offset %zu of it", what,
                   cursor_offset(&l->c));
}

static bool read_u32(struct cursor *c, uint32_t *out) {
    uint64_t n;
    if (!cursor_packedle(c, &n) || n > UINT32_MAX) return false;
    *out = (uint32_t)n;
    return true;
}

static bool read_text(struct cursor *c, struct text *out) {
    uint64_t len;
    const uint8_t *bytes;
    if (!cursor_packedle(c, &len) || len > cursor_left(c) || !cursor_bytes(c, (size_t)len, &bytes))
        return false;
    *out = (struct text){(const char *)bytes, (size_t)len};
    return true;
}

static void set_sign(struct field *f, bool bit) {
    f->is_unsigned = bit;
}

static void set_visible(struct field *f, bool bit) {
    f->visible = bit;
}

/* A bit per column that passes the test, MSB first. */
static int read_bits(struct list *l, bool (*test)(const struct field *), void (*set)(struct field *, bool),
                     const char *what, struct err *e) {
    const uint8_t *bits;
    size_t count = count_fields(l->m, test);
    if (!cursor_bytes(&l->c, (count + 7) / 8, &bits)) return malformed(l, what, e);
    for (size_t i = 0, n = 0; i < l->m->ncolumns; i++) {
        if (!test(&l->m->fields[i])) continue;
        set(&l->m->fields[i], bits[n / 8] >> (7 - n % 8) & 1);
        n++;
    }
    return 0;
}

static void set_collation(struct field *f, uint32_t collation) {
    f->collation = collation;
    f->charset = charset_of_collation(collation);
}

/* One collation for all, then those that differ: the index counts the columns that pass the test. */
static int read_default_charset(struct list *l, bool (*test)(const struct field *), struct err *e) {
    uint32_t collation, index, skipped = 0;
    size_t at = 0;
    if (!read_u32(&l->c, &collation)) return malformed(l, "default charset", e);
    for (size_t i = 0; i < l->m->ncolumns; i++)
        if (test(&l->m->fields[i])) set_collation(&l->m->fields[i], collation);
    while (cursor_left(&l->c)) {
        if (!read_u32(&l->c, &index) || !read_u32(&l->c, &collation) || index < skipped)
            return malformed(l, "default charset", e);
        for (; at < l->m->ncolumns; at++)
            if (test(&l->m->fields[at]) && skipped++ == index) break;
        if (at == l->m->ncolumns) return malformed(l, "default charset", e);
        set_collation(&l->m->fields[at++], collation);
    }
    return 0;
}

static int read_charsets(struct list *l, bool (*test)(const struct field *), struct err *e) {
    uint32_t collation;
    for (size_t i = 0; i < l->m->ncolumns; i++) {
        if (!test(&l->m->fields[i])) continue;
        if (!read_u32(&l->c, &collation)) return malformed(l, "column charsets", e);
        set_collation(&l->m->fields[i], collation);
    }
    return 0;
}

static int read_names(struct list *l, struct err *e) {
    for (size_t i = 0; i < l->m->ncolumns; i++) {
        struct text *name = &l->m->fields[i].name;
        if (!read_text(&l->c, name) || !name->len) return malformed(l, "column names", e);
    }
    l->m->has_names = true;
    return 0;
}

static int read_labels_of(struct list *l, struct field *f, struct err *e) {
    uint64_t count;
    size_t max = f->type == FIELD_SET ? 64 : 65535;
    if (!cursor_packedle(&l->c, &count) || count > max || count > cursor_left(&l->c))
        return malformed(l, "ENUM or SET strings", e);
    f->nlabels = (size_t)count;
    f->labels = arena_calloc(l->arena, f->nlabels, sizeof(f->labels[0]));
    if (!f->labels) return err_memory(e, "reading a table description");
    for (size_t i = 0; i < f->nlabels; i++)
        if (!read_text(&l->c, &f->labels[i])) return malformed(l, "ENUM or SET strings", e);
    return 0;
}

static int read_labels(struct list *l, bool (*test)(const struct field *), struct err *e) {
    for (size_t i = 0; i < l->m->ncolumns; i++)
        if (test(&l->m->fields[i]) && read_labels_of(l, &l->m->fields[i], e)) return -1;
    return 0;
}

static int read_geometry(struct list *l, struct err *e) {
    for (size_t i = 0; i < l->m->ncolumns; i++)
        if (field_is_geometry(&l->m->fields[i]) && !read_u32(&l->c, &l->m->fields[i].geometry))
            return malformed(l, "geometry types", e);
    return 0;
}

static int read_dimensions(struct list *l, struct err *e) {
    for (size_t i = 0; i < l->m->ncolumns; i++)
        if (field_is_vector(&l->m->fields[i]) && !read_u32(&l->c, &l->m->fields[i].dimensions))
            return malformed(l, "dimensions of vectors", e);
    return 0;
}

/* Each part takes at least a byte, and no column twice. */
static int read_key(struct list *l, bool prefixed, struct err *e) {
    struct table_map *m = l->m;
    if (m->keys) return err_set(e, ERR_DATA, "two primary keys");
    size_t max = cursor_left(&l->c);
    if (max > 2 * m->ncolumns * 9 || !max) return malformed(l, "primary key", e);
    if (max > m->ncolumns) max = m->ncolumns;
    m->keys = arena_calloc(l->arena, max, sizeof(m->keys[0]));
    if (!m->keys) return err_memory(e, "reading a table description");
    while (cursor_left(&l->c)) {
        uint32_t column, prefix = 0;
        if (m->nkeys == max || !read_u32(&l->c, &column) || column >= m->ncolumns ||
            (prefixed && !read_u32(&l->c, &prefix)))
            return malformed(l, "primary key", e);
        for (size_t i = 0; i < m->nkeys; i++)
            if (m->keys[i].column == column) return malformed(l, "primary key", e);
        m->keys[m->nkeys++] = (struct field_key){(uint16_t)column, prefix};
    }
    return 0;
}

static int read_list(struct list *l, uint8_t kind, struct err *e) {
    bool (*is_character)(const struct field *) =
        l->mariadb ? field_is_character_or_geometry : field_is_character;
    switch (kind) {
    case METADATA_SIGNEDNESS:
        l->m->has_signs = true;
        return read_bits(l, field_is_numeric, set_sign, "signedness", e);
    case METADATA_DEFAULT_CHARSET: return read_default_charset(l, is_character, e);
    case METADATA_COLUMN_CHARSET: return read_charsets(l, is_character, e);
    case METADATA_NAMES: return read_names(l, e);
    case METADATA_SET_LABELS: return read_labels(l, field_is_set, e);
    case METADATA_ENUM_LABELS: return read_labels(l, field_is_enum, e);
    case METADATA_GEOMETRY: return read_geometry(l, e);
    case METADATA_KEY: return read_key(l, false, e);
    case METADATA_KEY_PREFIX: return read_key(l, true, e);
    case METADATA_LABEL_DEFAULT_CHARSET: return read_default_charset(l, field_is_label, e);
    case METADATA_LABEL_COLUMN_CHARSET: return read_charsets(l, field_is_label, e);
    case METADATA_VISIBILITY: return read_bits(l, field_is_any, set_visible, "visibility", e);
    case METADATA_DIMENSIONS: return read_dimensions(l, e);
    default: return err_set(e, ERR_DATA, "not known; this server writes what Tailrace cannot read yet");
    }
}

int metadata_read(struct cursor *c, bool mariadb, struct arena *a, struct table_map *m, struct err *e) {
    uint32_t seen = 0;
    while (cursor_left(c)) {
        size_t offset = cursor_offset(c);
        uint8_t kind;
        uint64_t len;
        const uint8_t *bytes;
        if (!cursor_u8(c, &kind) || !cursor_packedle(c, &len) || len > cursor_left(c) ||
            !cursor_bytes(c, (size_t)len, &bytes))
            return err_set(e, ERR_DATA, "TABLE_MAP: optional metadata at offset %zu is cut short", offset);
        struct list l = {cursor_of(bytes, (size_t)len), mariadb, a, m};
        int rc = kind < METADATA_END && seen >> kind & 1 ? err_set(e, ERR_DATA, "comes twice")
                                                         : read_list(&l, kind, e);
        if (rc == 0 && cursor_left(&l.c))
            rc = err_set(e, ERR_DATA, "%zu bytes belong to no column", cursor_left(&l.c));
        if (rc) return err_prefix(e, "TABLE_MAP: optional metadata of kind %u at offset %zu", kind, offset);
        seen |= UINT32_C(1) << kind;
    }
    return 0;
}
