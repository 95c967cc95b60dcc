#include "agent/map/bind.h"

#include <string.h>

#include "agent/map/image.h"
#include "agent/map/names.h"

struct binder {
    const struct selection *sel;
    struct arena *arena;
    struct err *e;
};

static bool is_padded(const struct column *c) {
    if (c->kind != VALUE_TEXT) return false;
    return strncmp(c->type, "character(", 10) == 0 || strncmp(c->type, "char(", 5) == 0 ||
           strcmp(c->type, "character") == 0 || strncmp(c->type, "bpchar", 6) == 0;
}

static int find(const struct binder *b, const char *name, size_t *at) {
    const struct table *t = b->sel->table;
    char hint[200];
    *at = names_column(t, name, strlen(name));
    if (*at != NAMES_NONE) return 0;
    return err_set(b->e, ERR_CONFIG, "the table has no column %s%s", name,
                   names_hint(t, name, hint, sizeof(hint)));
}

static int check_published(const struct binder *b, size_t at, bool masked_too) {
    uint8_t use = b->sel->use[at];
    if (use == COLUMN_SHOWN || (use == COLUMN_MASKED && !masked_too)) return 0;
    return err_set(b->e, ERR_CONFIG, "column %s is %s under `overrides` and cannot be published here",
                   b->sel->table->columns[at].name, use == COLUMN_MASKED ? "masked" : "left out");
}

static int check_carried(const struct binder *b, size_t at) {
    const struct table *t = b->sel->table;
    char remedy[400];
    if (image_has_old(t, at)) return 0;
    return err_set(b->e, ERR_CONFIG,
                   "the log carries %s of updated and deleted rows, so column %s cannot be used. Run: %s",
                   !image_has_identity(t) ? "nothing"
                   : t->database          ? "only the key"
                                          : "only the replica identity",
                   t->columns[at].name, names_remedy(t, remedy, sizeof(remedy)));
}

static int operands_init(const struct binder *b, struct operands *o, size_t count) {
    o->count = count;
    o->columns = arena_calloc(b->arena, count + 1, sizeof(*o->columns));
    o->padded = arena_calloc(b->arena, count + 1, sizeof(*o->padded));
    o->values = arena_calloc(b->arena, count + 1, sizeof(*o->values));
    o->trimmed = arena_calloc(b->arena, count + 1, sizeof(*o->trimmed));
    if (o->columns && o->padded && o->values && o->trimmed) return 0;
    return err_memory(b->e, "binding a mapping");
}

static int operand(const struct binder *b, struct operands *o, size_t slot, const char *name,
                   bool published) {
    size_t at;
    if (find(b, name, &at) || (published && check_published(b, at, true)) || check_carried(b, at)) return -1;
    ((uint16_t *)o->columns)[slot] = (uint16_t)at;
    ((bool *)o->padded)[slot] = is_padded(&b->sel->table->columns[at]);
    return 0;
}

static int bind_template(const struct binder *b, struct operands *o, const struct template *t,
                         const char *what) {
    size_t n = t ? template_names(t) : 0;
    if (operands_init(b, o, n)) return -1;
    for (size_t i = 0; i < n; i++)
        if (operand(b, o, i, template_name(t, i), true)) return err_prefix(b->e, "%s", what);
    return 0;
}

static int bind_condition(const struct binder *b, struct operands *o, const struct condition *c) {
    size_t n = c ? condition_names(c) : 0;
    if (operands_init(b, o, n)) return -1;
    if (!c) return 0;
    const struct column **columns = arena_calloc(b->arena, n, sizeof(*columns));
    if (!columns) return err_memory(b->e, "binding a mapping");
    for (size_t i = 0; i < n; i++) {
        if (operand(b, o, i, condition_name(c, i), false)) return err_prefix(b->e, "when");
        columns[i] = &b->sel->table->columns[o->columns[i]];
    }
    return condition_check(c, columns, b->e) ? err_prefix(b->e, "when") : 0;
}

static int bind_fields(const struct binder *b, struct bound *out, const struct mapping *m) {
    uint16_t *columns = arena_calloc(b->arena, m->nfields + 1, sizeof(*columns));
    bool *masked = arena_calloc(b->arena, m->nfields + 1, sizeof(*masked));
    out->fields = arena_calloc(b->arena, m->nfields + 1, sizeof(*out->fields));
    if (!columns || !masked || !out->fields) return err_memory(b->e, "binding a mapping");
    for (size_t i = 0; i < m->nfields; i++) {
        const struct mapping_field *f = &m->fields[i];
        size_t at = 0;
        out->fields[i] =
            (struct entity_field){.name = f->name, .truth = f->truth.systems, .ntruth = f->truth.count};
        if (!f->column) continue;
        if (find(b, f->column, &at) || check_published(b, at, false))
            return err_prefix(b->e, "field %s", f->name);
        out->fields[i].column = &b->sel->table->columns[at];
        columns[i] = (uint16_t)at;
        masked[i] = b->sel->use[at] == COLUMN_MASKED;
    }
    out->field_columns = columns;
    out->masked = masked;
    return 0;
}

int bound_init(struct bound *out, struct mapping *m, const struct selection *sel, struct arena *arena,
               struct err *e) {
    const struct binder b = {.sel = sel, .arena = arena, .e = e};
    *out = (struct bound){.mapping = m};
    if (bind_template(&b, &out->key, m->key, "key") || bind_template(&b, &out->item, m->item, "item") ||
        bind_condition(&b, &out->when, m->when) || bind_fields(&b, out, m))
        return mapping_prefix(m->entity, m->config, e);
    return 0;
}

void bound_release(struct bound *b) {
    buf_release(&b->old.key);
    buf_release(&b->old.item);
    buf_release(&b->now.key);
    buf_release(&b->now.item);
}
