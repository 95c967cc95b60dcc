#include "decoders/binlog/table_map.h"

#include "decoders/binlog/metadata.h"

static int too_short(const struct cursor *c, const char *what, struct err *e) {
    return err_set(e, ERR_DATA, "TABLE_MAP: the %s at offset %zu is cut short", what, cursor_offset(c));
}

/* length, bytes, NUL */
static bool read_name(struct cursor *c, struct text *out) {
    uint8_t len, nul;
    const uint8_t *bytes;
    if (!cursor_u8(c, &len) || !cursor_bytes(c, len, &bytes) || !cursor_u8(c, &nul)) return false;
    *out = (struct text){(const char *)bytes, len};
    return nul == 0;
}

int table_map_peek(const struct binlog_event *ev, const struct binlog_format *f, struct table_map *out,
                   struct err *e) {
    struct cursor c = ev->body;
    uint16_t flags;
    *out = (struct table_map){0};
    bool ok;
    if (f->post_header[BINLOG_TABLE_MAP] == 6) {
        uint32_t id;
        ok = cursor_u32le(&c, &id);
        if (ok) out->table_id = id;
    } else {
        ok = cursor_u48le(&c, &out->table_id);
    }
    if (!ok || !cursor_u16le(&c, &flags)) return too_short(&c, "head", e);
    if (!read_name(&c, &out->database)) return too_short(&c, "database's name", e);
    if (!read_name(&c, &out->table)) return too_short(&c, "table's name", e);
    out->description = (struct text){(const char *)c.at, cursor_left(&c)};
    return 0;
}

static int read_types(struct cursor *c, struct cursor *metadata, struct table_map *m, struct err *e) {
    const uint8_t *types;
    const uint8_t *bytes;
    uint64_t len;
    if (!cursor_bytes(c, m->ncolumns, &types)) return too_short(c, "list of column types", e);
    if (!cursor_packedle(c, &len) || len > cursor_left(c) || !cursor_bytes(c, (size_t)len, &bytes))
        return too_short(c, "type metadata", e);
    *metadata = cursor_of(bytes, (size_t)len);
    for (size_t i = 0; i < m->ncolumns; i++)
        if (field_describe(&m->fields[i], types[i], metadata, e))
            return err_prefix(e, "TABLE_MAP: column %zu, type metadata at %zu", i + 1,
                              cursor_offset(metadata));
    if (cursor_left(metadata))
        return err_set(e, ERR_DATA, "TABLE_MAP: %zu bytes of type metadata belong to no column",
                       cursor_left(metadata));
    return 0;
}

static int read_nullable(struct cursor *c, struct table_map *m, struct err *e) {
    const uint8_t *bits;
    if (!cursor_bytes(c, (m->ncolumns + 7) / 8, &bits)) return too_short(c, "NULL bitmap", e);
    for (size_t i = 0; i < m->ncolumns; i++) m->fields[i].nullable = bits[i / 8] >> (i % 8) & 1;
    return 0;
}

/* What follows the names. */
static int read_description(struct cursor *c, bool mariadb, struct arena *a, struct table_map *m,
                            struct err *e) {
    struct cursor metadata;
    uint64_t count;
    if (!cursor_packedle(c, &count)) return too_short(c, "number of columns", e);
    if (count == 0 || count > BINLOG_MAX_COLUMNS || count > cursor_left(c))
        return err_set(e, ERR_DATA, "TABLE_MAP: %llu columns in %zu bytes", (unsigned long long)count,
                       cursor_left(c));
    m->ncolumns = (size_t)count;
    m->fields = arena_calloc(a, m->ncolumns, sizeof(m->fields[0]));
    if (!m->fields) return err_memory(e, "reading a table description");
    if (read_types(c, &metadata, m, e) || read_nullable(c, m, e)) return -1;
    return metadata_read(c, mariadb, a, m, e);
}

int table_map_read(const struct binlog_event *ev, const struct binlog_format *f, struct arena *a,
                   struct table_map *out, struct err *e) {
    if (table_map_peek(ev, f, out, e)) return -1;
    struct cursor c = ev->body;
    c.at = (const uint8_t *)out->description.ptr;
    if (read_description(&c, f->mariadb, a, out, e))
        return err_prefix(e, "table %.*s.%.*s", (int)out->database.len, out->database.ptr,
                          (int)out->table.len, out->table.ptr);
    return 0;
}
