#include "decoders/binlog/catalog.h"

#include "decoders/binlog/table_key.h"
#include "decoders/binlog/table_map.h"

static void put_str(struct buf *out, const char *s) {
    buf_put(out, s, strlen(s) + 1);
}

void catalog_put_table(const struct catalog_table *t, struct buf *out) {
    buf_putc(out, t->hints ? 'h' : 't');
    put_str(out, t->database);
    put_str(out, t->table);
    buf_put_be16(out, (uint16_t)t->ncolumns);
    for (size_t i = 0; i < t->ncolumns; i++) {
        put_str(out, t->columns[i].name);
        put_str(out, t->columns[i].type);
        put_str(out, t->columns[i].charset);
        buf_putc(out, (char)t->columns[i].key);
    }
}

void catalog_put_image(enum row_image image, struct buf *out) {
    buf_putc(out, 'i');
    buf_putc(out, (char)image);
}

void catalog_put_nameless(struct buf *out) {
    buf_putc(out, 'n');
}

/* 0; 1 malformed; -1 memory. */
static int read_table(struct cursor *c, struct arena *a, struct catalog_table *t, struct err *e) {
    uint16_t count;
    if (!cursor_cstr(c, &t->database) || !cursor_cstr(c, &t->table) || !cursor_u16(c, &count) ||
        count > BINLOG_MAX_COLUMNS || strlen(t->database) > TABLE_NAME_MAX ||
        strlen(t->table) > TABLE_NAME_MAX)
        return 1;
    t->ncolumns = count;
    t->columns = arena_calloc(a, count, sizeof(t->columns[0]));
    if (!t->columns) return err_memory(e, "reading a catalogue frame");
    for (size_t i = 0; i < t->ncolumns; i++) {
        struct catalog_column *to = &t->columns[i];
        if (!cursor_cstr(c, &to->name) || !cursor_cstr(c, &to->type) || !cursor_cstr(c, &to->charset) ||
            !cursor_u8(c, &to->key) || to->key > count)
            return 1;
    }
    return 0;
}

static int read_image(struct cursor *c, enum row_image *image) {
    uint8_t n;
    if (!cursor_u8(c, &n) || n > ROW_IMAGE_NOBLOB) return 1;
    *image = (enum row_image)n;
    return 0;
}

int catalog_next(struct cursor *c, struct arena *a, struct catalog_table *t, enum row_image *image,
                 struct err *e) {
    uint8_t tag;
    size_t offset = cursor_offset(c);
    if (!cursor_u8(c, &tag)) return 0;
    if (tag == 'n') return 'n';
    int rc = tag == 't' || tag == 'h' ? read_table(c, a, t, e) : tag == 'i' ? read_image(c, image) : 1;
    t->hints = tag == 'h';
    if (rc < 0) return -1;
    if (rc)
        return err_set(e, ERR_DATA, "catalogue frame: malformed record 0x%02x at offset %zu", tag, offset);
    return tag == 'i' ? 'i' : 't';
}
