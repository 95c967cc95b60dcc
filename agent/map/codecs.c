#include "agent/map/codecs.h"

#include <string.h>

#include "agent/map/columns.h"
#include "agent/map/names.h"

/* A copy of the table for the selection, to change kinds in. */
static struct column *copy_table(struct selection *sel, struct arena *arena) {
    const struct table *t = sel->table;
    struct table *copy = arena_calloc(arena, 1, sizeof(*copy));
    struct column *columns = arena_calloc(arena, t->ncolumns + 1, sizeof(*columns));
    if (!copy || !columns) return NULL;
    memcpy(columns, t->columns, t->ncolumns * sizeof(*columns));
    *copy = *t;
    copy->columns = columns;
    sel->table = copy;
    return columns;
}

static int bind_one(struct codecs *out, struct column *columns, const struct table *t, const char *name,
                    const struct codec *codec, const char *place, struct err *e) {
    size_t at;
    if (columns_find(t, name, true, &at, e)) return -1;
    if (at == NAMES_NONE) return 0;
    if (codec_check(codec, columns[at].kind, e))
        return err_prefix(e, "column %s of table %s.%s", columns[at].name, table_space(t), t->name);
    columns[at].kind = codec_kind(codec, columns[at].kind);
    out->items[out->count++] = (struct column_codec){.codec = codec, .place = place, .column = (uint16_t)at};
    return 0;
}

int codecs_bind(struct codecs *out, struct selection *sel, const struct override *o, struct arena *arena,
                struct err *e) {
    const struct config_table *from = o->convert;
    *out = (struct codecs){0};
    if (!from) return 0;
    out->items = arena_calloc(arena, from->nconvert + 1, sizeof(*out->items));
    struct column *columns = out->items ? copy_table(sel, arena) : NULL;
    if (!columns) return err_memory(e, "preparing conversions");
    for (size_t i = 0; i < from->nconvert; i++)
        if (bind_one(out, columns, sel->table, from->convert[i].name, &o->codecs[i], from->place.text, e))
            return err_prefix(e, "%s: convert", from->place.text);
    return 0;
}

static void say(struct column_codec *c, const struct table *t, struct notices *notices) {
    if (c->said) return;
    c->said = true;
    notices_add(notices, LOG_WARN,
                "%s: convert: column %s of table %s.%s holds values that do not parse; they are published as "
                "invalid, with their raw text",
                c->place, t->columns[c->column].name, table_space(t), t->name);
}

int codecs_apply(struct codecs *c, const struct change *change, struct arena *arena, struct map_stats *stats,
                 struct notices *notices, struct err *e) {
    struct value *const images[] = {change->before, change->after};
    for (size_t i = 0; i < c->count; i++) {
        struct column_codec *item = &c->items[i];
        for (size_t j = 0; j < 2; j++) {
            int rc = images[j] ? codec_apply(item->codec, &images[j][item->column], arena) : 0;
            if (rc < 0) return err_memory(e, "converting a row");
            if (rc == 0) continue;
            stats->unconverted++;
            say(item, change->table, notices);
        }
    }
    return 0;
}
