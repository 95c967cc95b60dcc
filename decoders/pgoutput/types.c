#include "decoders/pgoutput/types.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "decoders/pgoutput/builtin.h"
#include "decoders/utf8.h"

/* Domains over domains, arrays of domains over arrays: deeper than this is nobody's table. */
#define MAX_NESTING 16

struct known_type {
    struct pgoutput_type type; /* its strings are in `names` */
    bool name_only;            /* from a Type message */
    char *names;
    UT_hash_handle hh;
};

void types_init(struct types *t) {
    t->known = NULL;
}

static void known_free(struct known_type *k) {
    free(k->names);
    free(k);
}

void types_release(struct types *t) {
    struct known_type *k, *next;
    HASH_ITER(hh, t->known, k, next) {
        HASH_DEL(t->known, k);
        known_free(k);
    }
}

static struct known_type *known_find(const struct types *t, uint32_t oid) {
    struct known_type *k;
    HASH_FIND(hh, t->known, &oid, sizeof(oid), k);
    return k;
}

static struct known_type *known_new(const struct pgoutput_type *type) {
    size_t schema = strlen(type->schema) + 1, name = strlen(type->name) + 1;
    struct known_type *k = calloc(1, sizeof(*k));
    if (!k) return NULL;
    k->names = malloc(schema + name);
    if (!k->names) {
        free(k);
        return NULL;
    }
    memcpy(k->names, type->schema, schema);
    memcpy(k->names + schema, type->name, name);
    k->type = *type;
    k->type.schema = k->names;
    k->type.name = k->names + schema;
    return k;
}

static int put(struct types *t, const struct pgoutput_type *type, bool name_only, struct err *e) {
    struct known_type *old = known_find(t, type->oid);
    struct known_type *k = known_new(type);
    if (!k) return err_memory(e, "learning a type");
    k->name_only = name_only;
    if (old) {
        HASH_DEL(t->known, old);
        known_free(old);
    }
    HASH_ADD(hh, t->known, type.oid, sizeof(k->type.oid), k);
    if (known_find(t, type->oid) == k) return 0;
    known_free(k);
    return err_memory(e, "learning a type");
}

int types_put(struct types *t, const struct pgoutput_type *type, struct err *e) {
    return put(t, type, false, e);
}

int types_put_name(struct types *t, uint32_t oid, const char *schema, const char *name, struct err *e) {
    const struct known_type *k = known_find(t, oid);
    if (k && !k->name_only) return 0;
    const struct pgoutput_type type = {
        .oid = oid, .typtype = 'b', .base_mod = -1, .delim = ',', .schema = schema, .name = name};
    return put(t, &type, true, e);
}

/* An SQL identifier, quoted where it must be (reserved words aside). */
static void put_identifier(struct buf *b, const char *s) {
    bool plain = (s[0] >= 'a' && s[0] <= 'z') || s[0] == '_';
    for (const char *p = s; *p && plain; p++)
        plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_';
    if (plain) {
        buf_puts(b, s);
        return;
    }
    buf_putc(b, '"');
    for (const char *p = s; *p; p++) {
        if (*p == '"') buf_putc(b, '"');
        buf_putc(b, *p);
    }
    buf_putc(b, '"');
}

static void put_known_name(struct buf *b, const struct pgoutput_type *t) {
    bool usual = strcmp(t->schema, "public") == 0 || strcmp(t->schema, "pg_catalog") == 0 || !t->schema[0];
    if (!usual) {
        put_identifier(b, t->schema);
        buf_putc(b, '.');
    }
    put_identifier(b, t->name);
}

/* The name of a type for people: elements of arrays by their own name. */
static void put_name(const struct types *t, uint32_t oid, int32_t type_mod, int depth, struct buf *b) {
    bool is_array;
    const struct builtin_type *builtin = builtin_by_oid(oid, &is_array);
    const struct known_type *k = builtin ? NULL : known_find(t, oid);
    if (builtin) {
        builtin_format(builtin, type_mod, b);
        if (is_array) buf_puts(b, "[]");
    } else if (k && k->type.elem && k->type.typtype != 'd' && depth < MAX_NESTING) {
        put_name(t, k->type.elem, type_mod, depth + 1, b);
        buf_puts(b, "[]");
    } else if (k) {
        put_known_name(b, &k->type);
    } else {
        buf_printf(b, "oid %u", oid);
    }
}

static int resolve(const struct types *t, uint32_t oid, int depth, struct arena *a, struct text_type *out,
                   struct err *e);

static int resolve_array(const struct types *t, uint32_t elem, char delim, int depth, struct arena *a,
                         struct text_type *out, struct err *e) {
    struct text_type *type = arena_calloc(a, 1, sizeof(*type));
    if (!type) return err_memory(e, "reading a table description");
    if (resolve(t, elem, depth + 1, a, type, e)) return -1;
    *out = (struct text_type){.parse = text_array, .kind = VALUE_ARRAY, .delim = delim, .elem = type};
    return 0;
}

static int resolve_known(const struct types *t, const struct known_type *k, int depth, struct arena *a,
                         struct text_type *out, struct err *e) {
    const struct pgoutput_type *type = &k->type;
    if (k->name_only && !type->schema[0]) {
        /* A domain that only a Type message told of: these are the names of its base type. */
        const struct builtin_type *b = builtin_by_name(type->name);
        if (b) *out = b->type;
        return 0;
    }
    if (type->typtype == 'd') return resolve(t, type->base, depth + 1, a, out, e);
    if (type->typtype == 'e') out->kind = VALUE_ENUM;
    if (type->typtype == 'b' && type->elem)
        return resolve_array(t, type->elem, type->delim, depth, a, out, e);
    if (type->typtype == 'b' && strcmp(type->name, "citext") == 0) out->kind = VALUE_TEXT;
    return 0;
}

static int resolve(const struct types *t, uint32_t oid, int depth, struct arena *a, struct text_type *out,
                   struct err *e) {
    *out = (struct text_type){.parse = text_plain, .kind = VALUE_OTHER, .delim = ','};
    bool is_array;
    const struct builtin_type *builtin = builtin_by_oid(oid, &is_array);
    if (builtin && is_array)
        *out = (struct text_type){text_array, VALUE_ARRAY, builtin->type.delim, &builtin->type};
    else if (builtin)
        *out = builtin->type;
    if (builtin || depth > MAX_NESTING) return 0;
    const struct known_type *k = known_find(t, oid);
    return k ? resolve_known(t, k, depth, a, out, e) : 0;
}

int types_resolve(const struct types *t, uint32_t oid, int32_t type_mod, struct arena *a,
                  struct text_type *out, const char **name, struct err *e) {
    if (resolve(t, oid, 0, a, out, e)) return -1;
    struct buf b = {0};
    put_name(t, oid, type_mod, 0, &b);
    if (!utf8_valid((const char *)b.data, b.len)) { /* a SQL_ASCII database may name a type anyhow */
        buf_clear(&b, SIZE_MAX);
        buf_printf(&b, "oid %u", oid);
    }
    *name = buf_failed(&b) ? NULL : arena_strndup(a, (const char *)b.data, b.len);
    buf_release(&b);
    return *name ? 0 : err_memory(e, "reading a table description");
}
