#include <string.h>

#include "agent/config/loader.h"
#include "agent/config/option.h"
#include "agent/config/scalar.h"
#include "decoders/buf.h"

/* Bytes of the struct that a scope's values go into. */
static size_t scope_size(enum option_scope s) {
    static const size_t sizes[SCOPES] = {
        [SCOPE_GLOBAL] = sizeof(struct config),          [SCOPE_COMMAND] = sizeof(struct config),
        [SCOPE_SOURCE] = sizeof(struct config_source),   [SCOPE_SINK] = sizeof(struct config_sink),
        [SCOPE_TABLE] = sizeof(struct config_table),     [SCOPE_ENTITY] = sizeof(struct config_entity),
        [SCOPE_MAPPING] = sizeof(struct config_mapping),
    };
    return sizes[s];
}

static int bind_section(struct loader *l, enum option_scope s, const struct node *n, const char *path,
                        void *base);

static int out_of_memory(struct loader *l) {
    return err_memory(l->e, "reading the configuration");
}

static void *member(const struct option *o, void *base) {
    return (char *)base + o->offset;
}

static void set_count(const struct option *o, void *base, size_t count) {
    memcpy((char *)base + o->count_offset, &count, sizeof count);
}

static void set_integer(const struct option *o, void *base, uint64_t v) {
    uint32_t v32 = (uint32_t)v;
    uint16_t v16 = (uint16_t)v;
    void *to = member(o, base);
    if (o->width == sizeof v)
        memcpy(to, &v, sizeof v);
    else if (o->width == sizeof v32)
        memcpy(to, &v32, sizeof v32);
    else
        memcpy(to, &v16, sizeof v16);
}

static int bind_string(struct loader *l, const struct option *o, const char *text, void *base) {
    int ignored;
    if (o->choices != NULL && scalar_choice(o, text, &ignored, l->e) != 0) return -1;
    if (o->traits & OPTION_UNSTORED) return 0;
    memcpy(member(o, base), &text, sizeof text);
    return 0;
}

/* A value of one of the single types; errors lack the place. */
static int bind_scalar(struct loader *l, const struct option *o, const char *text, void *base) {
    uint64_t number = 0;
    int choice = 0;
    bool truth = false;
    int rc = 0;
    switch (o->type) {
    case OPTION_BOOL: rc = scalar_bool(text, &truth, l->e); break;
    case OPTION_INT: rc = scalar_int(o, text, &number, l->e); break;
    case OPTION_SIZE: rc = scalar_size(o, text, &number, l->e); break;
    case OPTION_DURATION: rc = scalar_duration(o, text, &number, l->e); break;
    case OPTION_ENUM: rc = scalar_choice(o, text, &choice, l->e); break;
    default: return bind_string(l, o, text, base);
    }
    if (rc != 0 || (o->traits & OPTION_UNSTORED)) return rc;
    if (o->type == OPTION_BOOL)
        memcpy(member(o, base), &truth, sizeof truth);
    else
        set_integer(o, base, o->type == OPTION_ENUM ? (uint64_t)choice : number);
    return 0;
}

static int prefix_place(struct loader *l, const struct node *n, const char *path) {
    return n->from_flag ? err_prefix(l->e, "%s", n->place) : err_prefix(l->e, "%s: %s", n->place, path);
}

/* `null` is a value only where it is one of the choices. */
static bool is_missing(const struct option *o, const struct node *n) {
    int ignored;
    if (!node_is_null(n)) return false;
    return o->type != OPTION_ENUM || scalar_choice(o, n->text, &ignored, NULL) != 0;
}

static int refuse_null(struct loader *l, const struct node *n, const char *path) {
    return load_refuse(l, n->place, path, "the value is missing; a text \"%s\" needs quotes", n->text);
}

/* Adds a scalar to a list, at commas several. */
static int add_items(struct loader *l, const struct option *o, const struct node *n, const char *path,
                     struct config_strings *list) {
    if (n->kind != NODE_SCALAR) return load_refuse(l, n->place, path, "a single value is expected");
    if (is_missing(o, n)) return refuse_null(l, n, path);
    if (n->text[0] == '\0') return load_refuse(l, n->place, path, "an empty value is no use in a list");
    if (!(o->traits & OPTION_SPLIT)) return load_append(l, list, n->text);
    for (const char *p = n->text; *p != '\0';) {
        size_t len = strcspn(p, ",");
        const char *item = load_text(l, "%.*s", (int)len, p);
        if (item == NULL) return -1;
        if (len > 0 && load_append(l, list, item) != 0) return -1;
        p += len + (p[len] == ',' ? 1 : 0);
    }
    return 0;
}

static int bind_list(struct loader *l, const struct option *o, const struct node *n, const char *path,
                     void *base) {
    struct config_strings list = {0};
    if (n->kind == NODE_MAP)
        return load_refuse(l, n->place, path, "a list is expected: [ %s, ... ]", o->placeholder);
    if (n->kind == NODE_SCALAR && add_items(l, o, n, path, &list) != 0) return -1;
    for (const struct node *c = n->kind == NODE_LIST ? n->first : NULL; c != NULL; c = c->next)
        if (add_items(l, o, c, path, &list) != 0) return -1;
    if (list.count == 0) return load_refuse(l, n->place, path, "the list is empty");
    if (!(o->traits & OPTION_UNSTORED)) memcpy(member(o, base), &list, sizeof list);
    return 0;
}

/* Appends "a=b,c=d" for a map of scalars, and a scalar as it is. */
static bool put_steps(const struct node *n, struct buf *b) {
    if (n->kind == NODE_SCALAR) buf_puts(b, n->text);
    for (const struct node *c = n->first; n->kind == NODE_MAP && c != NULL; c = c->next) {
        if (c->kind != NODE_SCALAR) return false;
        buf_printf(b, "%s%s=%s", c == n->first ? "" : ",", c->key, c->text);
    }
    return n->kind != NODE_LIST && (n->kind == NODE_SCALAR || n->count > 0);
}

/* The steps of a conversion: a scalar, a map of scalars, or a list of these. NULL with the error set. */
static const char *steps(struct loader *l, const struct node *n, const char *path) {
    struct buf b = {0};
    bool good = n->kind == NODE_LIST ? n->count > 0 : put_steps(n, &b);
    for (const struct node *c = n->first; n->kind == NODE_LIST && good && c != NULL; c = c->next) {
        if (c != n->first) buf_putc(&b, ',');
        good = put_steps(c, &b);
    }
    const char *text = good ? load_text(l, "%s", buf_cstr(&b)) : NULL;
    if (!good)
        load_refuse(l, n->place, path, "%s: steps are expected: { date: yyyymmdd, zero: null } or trim",
                    n->key);
    buf_release(&b);
    return text;
}

/* The items of a list of scalars with commas between them, or the scalar itself. NULL with the error set. */
static const char *joined(struct loader *l, const struct node *n, const char *path) {
    if (n->kind == NODE_SCALAR) return n->text;
    struct buf b = {0};
    bool scalars = n->kind == NODE_LIST && n->count > 0;
    for (const struct node *c = n->first; scalars && c != NULL; c = c->next) {
        scalars = c->kind == NODE_SCALAR;
        if (scalars) buf_printf(&b, "%s%s", c == n->first ? "" : ",", c->text);
    }
    const char *text = scalars ? load_text(l, "%s", buf_cstr(&b)) : NULL;
    if (!scalars) load_refuse(l, n->place, path, "%s: a single value is expected", n->key);
    buf_release(&b);
    return text;
}

static int bind_map(struct loader *l, const struct option *o, const struct node *n, const char *path,
                    void *base) {
    if (n->kind != NODE_MAP)
        return load_refuse(l, n->place, path, "names and values are expected: { NAME: %s }", o->placeholder);
    struct config_pair *pairs = arena_calloc(l->arena, n->count, sizeof *pairs);
    if (pairs == NULL) return out_of_memory(l);
    size_t i = 0;
    for (const struct node *c = n->first; c != NULL; c = c->next, i++) {
        if (node_is_null(c)) return refuse_null(l, c, path);
        pairs[i].name = c->key;
        pairs[i].value = o->traits & OPTION_STEPS ? steps(l, c, path) : joined(l, c, path);
        if (pairs[i].value == NULL) return -1;
    }
    memcpy(member(o, base), &pairs, sizeof pairs);
    set_count(o, base, n->count);
    return 0;
}

static int bind_field(struct loader *l, const struct node *n, const char *path, struct config_field *f) {
    f->field = n->key;
    if (node_is_null(n)) return refuse_null(l, n, path);
    if (n->kind == NODE_SCALAR) {
        f->column = n->text;
        return n->text[0] != '\0' ? 0 : load_refuse(l, n->place, path, "%s: a column is expected", n->key);
    }
    const struct node *constant = node_get(n, "const");
    if (n->kind != NODE_MAP || n->count != 1 || constant == NULL || constant->kind != NODE_SCALAR)
        return load_refuse(l, n->place, path, "%s: a column or { const: VALUE } is expected", n->key);
    f->constant = constant->text;
    return 0;
}

static int bind_fields(struct loader *l, const struct option *o, const struct node *n, const char *path,
                       void *base) {
    if (n->kind != NODE_MAP || n->count == 0)
        return load_refuse(l, n->place, path, "fields and columns are expected: { FIELD: COLUMN }");
    struct config_field *fields = arena_calloc(l->arena, n->count, sizeof *fields);
    if (fields == NULL) return out_of_memory(l);
    size_t i = 0;
    for (const struct node *c = n->first; c != NULL; c = c->next)
        if (bind_field(l, c, path, &fields[i++]) != 0) return -1;
    memcpy(member(o, base), &fields, sizeof fields);
    set_count(o, base, n->count);
    return 0;
}

/* An array of structs, one for each child of a map (named) or a list (counted). */
static int bind_children(struct loader *l, const struct option *o, const struct node *n, const char *path,
                         void *base) {
    bool named = o->type == OPTION_SECTIONS;
    if (n->kind != (named ? NODE_MAP : NODE_LIST))
        return load_refuse(l, n->place, path,
                           named ? "names with settings below them are expected"
                                 : "a list of entries is expected");
    size_t size = scope_size(o->inner);
    char *items = arena_calloc(l->arena, n->count, size);
    if (items == NULL) return out_of_memory(l);
    memcpy(member(o, base), &items, sizeof items);
    set_count(o, base, n->count);
    size_t i = 0;
    for (const struct node *c = n->first; c != NULL; c = c->next, i++) {
        const char *below = named ? load_text(l, "%s.%s", path, c->key) : load_text(l, "%s[%zu]", path, i);
        if (below == NULL || bind_section(l, o->inner, c, below, items + i * size) != 0) return -1;
    }
    return 0;
}

static int bind_value(struct loader *l, const struct option *o, const struct node *n, const char *path,
                      void *base) {
    switch (o->type) {
    case OPTION_LIST: return bind_list(l, o, n, path, base);
    case OPTION_MAP: return bind_map(l, o, n, path, base);
    case OPTION_FIELDS: return bind_fields(l, o, n, path, base);
    case OPTION_SECTION: return bind_section(l, o->inner, n, path, member(o, base));
    case OPTION_SECTIONS:
    case OPTION_ENTRIES: return bind_children(l, o, n, path, base);
    default: break;
    }
    if (n->kind != NODE_SCALAR) return load_refuse(l, n->place, path, "a single value is expected");
    if (is_missing(o, n)) return refuse_null(l, n, path);
    if (n->text[0] == '\0' && o->value == NULL) return load_refuse(l, n->place, path, "the value is empty");
    return bind_scalar(l, o, n->text, base) == 0 ? 0 : prefix_place(l, n, path);
}

static int refuse_unknown(struct loader *l, enum option_scope s, const struct node *n, const char *path) {
    if (s == SCOPE_GLOBAL && option_find(SCOPE_COMMAND, n->key, false) != NULL)
        return load_refuse(l, n->key_place, "", "\"%s\" belongs on the command line only", n->key);
    const char *near = option_nearest(s, n->key);
    return load_refuse(l, n->key_place, "", "unknown option \"%.80s\"%s%s%s%s%s", n->key,
                       path[0] != '\0' ? " in " : "", path, near != NULL ? "; did you mean \"" : "",
                       near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static int refuse_missing(struct loader *l, const struct option *o, const struct node *n, const char *path) {
    if (!n->from_flag) return load_refuse(l, n->place, "", "%s needs \"%s\"", path, o->key);
    struct buf flag = {0};
    option_flag(o, &flag);
    err_set(l->e, ERR_CONFIG, "%s: %s is missing", n->place, buf_cstr(&flag));
    buf_release(&flag);
    return -1;
}

/* Sets what has a fixed default, also in sections that are not there; then says what is missing. */
static int bind_defaults(struct loader *l, enum option_scope s, const struct node *n, const char *path,
                         void *base) {
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        if (o->scope != s) continue;
        if (o->type == OPTION_SECTION && node_get(n, o->key) == NULL &&
            bind_section(l, o->inner, NULL, o->key, member(o, base)) != 0)
            return -1;
        if (o->value != NULL && bind_scalar(l, o, o->value, base) != 0) return -1;
        if ((o->traits & OPTION_REQUIRED) && node_get(n, o->key) == NULL)
            return refuse_missing(l, o, n, path);
    }
    return 0;
}

static int bind_section(struct loader *l, enum option_scope s, const struct node *n, const char *path,
                        void *base) {
    if (n != NULL && n->kind != NODE_MAP)
        return load_refuse(l, n->place, path, "a section is expected: lines of the form \"name: value\"");
    for (const struct node *c = n != NULL ? n->first : NULL; c != NULL; c = c->next)
        if (option_find(s, c->key, false) == NULL &&
            !(s == SCOPE_GLOBAL && c->from_flag && option_find(SCOPE_COMMAND, c->key, false) != NULL))
            return refuse_unknown(l, s, c, path);
    if (bind_defaults(l, s, n, path, base) != 0) return -1;
    for (const struct node *c = n != NULL ? n->first : NULL; c != NULL; c = c->next) {
        const struct option *o = option_find(s, c->key, false);
        if (o == NULL) o = option_find(SCOPE_COMMAND, c->key, false);
        const char *below = load_text(l, "%s%s%s", path, path[0] != '\0' ? "." : "", c->key);
        if (below == NULL || bind_value(l, o, c, below, base) != 0) return -1;
    }
    return 0;
}

int bind_config(struct loader *l) {
    if (bind_defaults(l, SCOPE_COMMAND, l->root, "", l->config) != 0) return -1;
    return bind_section(l, SCOPE_GLOBAL, l->root, "", l->config);
}
