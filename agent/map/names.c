#include "agent/map/names.h"

#include <stdio.h>

#include "agent/map/nearest.h"

void names_dotted(struct buf *out, const char *source, const char *space, const char *name) {
    if (source) {
        buf_puts(out, source);
        buf_putc(out, '.');
    }
    if (space[0]) {
        buf_puts(out, space);
        buf_putc(out, '.');
    }
    buf_puts(out, name);
}

char *names_table(const char *source, const struct table *t) {
    struct buf b = {0};
    names_dotted(&b, source, table_space(t), t->name);
    buf_putc(&b, '\0');
    if (!buf_failed(&b)) return (char *)b.data;
    buf_release(&b);
    return NULL;
}

size_t names_column(const struct table *t, const char *name, size_t len) {
    for (size_t i = 0; i < t->ncolumns; i++)
        if (strncmp(t->columns[i].name, name, len) == 0 && !t->columns[i].name[len]) return i;
    return NAMES_NONE;
}

static const char *known_column(const void *ctx, size_t i) {
    const struct table *t = ctx;
    return i < t->ncolumns ? t->columns[i].name : NULL;
}

const char *names_hint(const struct table *t, const char *name, char *out, size_t size) {
    return nearest_hint(name, known_column, t, out, size);
}

static void put_quoted(struct buf *out, const char *name) {
    buf_putc(out, '"');
    for (; *name; name++) {
        if (*name == '"') buf_putc(out, '"');
        buf_putc(out, *name);
    }
    buf_putc(out, '"');
}

const char *names_remedy(const struct table *t, char *out, size_t size) {
    struct buf b = {0};
    if (t->database) {
        snprintf(out, size,
                 "SET GLOBAL binlog_row_image = FULL; (and in the server's configuration; sessions that are "
                 "open now keep the old value until they connect anew)");
        return out;
    }
    buf_puts(&b, "ALTER TABLE ");
    if (t->schema[0]) {
        put_quoted(&b, t->schema);
        buf_putc(&b, '.');
    }
    put_quoted(&b, t->name);
    buf_puts(&b, " REPLICA IDENTITY FULL;");
    snprintf(out, size, "%s", buf_cstr(&b));
    buf_release(&b);
    return out;
}
