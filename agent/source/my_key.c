#include "agent/source/my_key.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/source/my_log.h"
#include "decoders/binlog/catalog.h"

#define IGNORED_MARIADB 100600 /* since then indexes can be ignored */
#define INVISIBLE_MYSQL 80000  /* … be invisible */
#define ORDERED_MARIADB 110400 /* 10.11.5 finds no UUID again among UUIDs of several versions; 11.4 does */

/* ---- Which key ---- */

const char *my_key_usable(const struct my_server *s) {
    if (s->flavour == FLAVOUR_MARIADB) return s->version >= IGNORED_MARIADB ? " AND s.ignored = 'NO'" : "";
    return s->version >= INVISIBLE_MYSQL ? " AND s.is_visible = 'YES'" : "";
}

const char *my_key_unordered(const struct my_server *s) {
    return s->flavour == FLAVOUR_MARIADB && s->version < ORDERED_MARIADB ? "('float', 'double', 'uuid')"
                                                                         : "('float', 'double')";
}

static struct my_result *ask_keys(struct my_client *c, const struct my_server *s, const char *database,
                                  const char *name, struct err *e) {
    struct my_result *rows = NULL;
    struct buf sql = {0};

    buf_puts(&sql, "SELECT index_name, column_name, sub_part, nullable, index_type, collation FROM"
                   " information_schema.statistics s WHERE non_unique = 0");
    buf_puts(&sql, my_key_usable(s));
    buf_puts(&sql, " AND table_schema = ");
    my_put_literal(&sql, database);
    buf_puts(&sql, " AND table_name = ");
    my_put_literal(&sql, name);
    buf_puts(&sql, " ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index");
    if (buf_failed(&sql))
        err_memory(e, "reading the keys of a table");
    else
        rows = my_client_query(c, "reading the keys of a table", buf_cstr(&sql), e);
    buf_release(&sql);
    return rows;
}

static size_t find_column(const struct my_table *t, const char *name) {
    size_t i = 0;

    while (i < t->map.ncolumns && (!name || strcasecmp(t->columns[i].name, name) != 0)) i++;
    return i;
}

/* Why rows cannot be found again by a value of this column; NULL: they can. */
static const char *unfit(const struct my_server *s, const struct field *f) {
    if (f->hint == HINT_UUID && s->version < ORDERED_MARIADB)
        return "its key has a UUID column, which MariaDB before 11.4 keeps in no order to go on in";
    switch (f->type) {
    case FIELD_FLOAT:
    case FIELD_DOUBLE: return "its key has a FLOAT or DOUBLE column, whose values cannot be compared exactly";
    case FIELD_BLOB:
    case FIELD_BLOB_COMPRESSED:
    case FIELD_VARCHAR_COMPRESSED:
    case FIELD_JSON:
    case FIELD_GEOMETRY:
    case FIELD_VECTOR: return "its key has a column of which the index holds a part only";
    default: return f->unlogged ? "its key has a column that the log does not hold" : NULL;
    }
}

static const char *judge_part(const struct my_server *s, const struct my_table *t,
                              const struct my_result *row, size_t column) {
    const char *nullable = my_result_at(row, 3), *kind = my_result_at(row, 4);

    if (column == t->map.ncolumns) return "its key has an expression";
    if (my_result_at(row, 2)) return "its key has a column of which the index holds a part only";
    if (nullable && strcmp(nullable, "YES") == 0) return "it has no key without NULLs";
    if (!kind || strcmp(kind, "BTREE") != 0) return "its key has no order";
    return unfit(s, &t->map.fields[column]);
}

/* Indexes come one after the other, the primary key first. */
struct taking {
    const struct my_server *server;
    struct my_table *t;
    const char *index; /* the one whose parts come */
    struct my_key_part *parts;
    size_t nparts;
    bool fits;
    size_t nprimary; /* columns that the server calls key of the table */
    bool unnamed;    /* what the log does not say: a unique key that stands for the primary one */
    bool described;
};

/* For the description, also of columns of which a part only is in the key. */
static void add_key(struct taking *k, const struct my_result *row, size_t column) {
    struct table_map *m = &k->t->map;
    const char *prefix = my_result_at(row, 2);
    uint32_t characters = prefix ? (uint32_t)strtoul(prefix, NULL, 10) : 0;

    if (!k->described && column < m->ncolumns && m->nkeys < m->ncolumns)
        m->keys[m->nkeys++] = (struct field_key){(uint16_t)column, characters};
}

static void add_part(struct taking *k, const struct my_result *row) {
    struct my_table *t = k->t;
    const char *direction = my_result_at(row, 5);
    size_t column = find_column(t, my_result_at(row, 1));
    const char *why = judge_part(k->server, t, row, column);

    add_key(k, row, column);
    if (why && !t->why_not) t->why_not = why;
    k->fits = k->fits && !why && k->nparts < t->map.ncolumns;
    if (k->fits)
        k->parts[k->nparts++] =
            (struct my_key_part){(uint16_t)column, direction && strcmp(direction, "D") == 0};
}

/* The server takes a unique key without NULL for the primary one where there is none. */
static bool is_table_key(const struct taking *k) {
    const struct table_map *m = &k->t->map;

    if (strcmp(k->index, "PRIMARY") == 0) return true;
    if (k->unnamed || m->nkeys != k->nprimary) return false;
    for (size_t i = 0; i < m->nkeys; i++)
        if (!k->t->columns[m->keys[i].column].key) return false;
    return m->nkeys > 0;
}

/* All parts of an index are there. The first one that fits is taken. */
static void end_index(struct taking *k) {
    struct my_table *t = k->t;

    if (!k->index) return;
    k->described = k->described || is_table_key(k);
    if (!k->described) t->map.nkeys = 0;
    if (!k->fits || t->index) return;
    t->index = k->index;
    t->nparts = k->nparts;
    memcpy(t->parts, k->parts, k->nparts * sizeof k->parts[0]);
}

static int begin_index(struct taking *k, const char *name, struct err *e) {
    end_index(k);
    k->index = arena_strndup(&k->t->arena, name, strlen(name));
    k->nparts = 0;
    k->fits = true;
    return k->index ? 0 : err_memory(e, "reading the keys of a table");
}

static int take_keys(struct taking *k, struct my_result *rows, struct err *e) {
    struct my_table *t = k->t;

    for (size_t i = 0; i < t->map.ncolumns; i++) k->nprimary += t->columns[i].key != 0;
    while (my_result_next(rows)) {
        const char *name = my_result_at(rows, 0);
        if ((!k->index || strcmp(k->index, name) != 0) && begin_index(k, name, e)) return -1;
        add_part(k, rows);
    }
    end_index(k);
    if (t->row_end && t->map.nkeys && t->map.nkeys < t->map.ncolumns)
        t->map.keys[t->map.nkeys++] = (struct field_key){(uint16_t)t->row_end, 0};
    if (!t->why_not) t->why_not = "it has neither a primary key nor a unique one without NULLs";
    if (t->index) t->why_not = NULL;
    return 0;
}

int my_key_read(struct my_client *c, const struct my_server *s, const char *database, const char *name,
                struct my_table *t, struct err *e) {
    struct my_result *rows = ask_keys(c, s, database, name, e);
    struct taking k = {.server = s, .t = t, .unnamed = s->nameless};
    const size_t n = t->map.ncolumns;
    int rc;

    if (!rows) return -1;
    t->map.keys = arena_calloc(&t->arena, n, sizeof t->map.keys[0]);
    t->parts = arena_calloc(&t->arena, n, sizeof t->parts[0]);
    k.parts = arena_calloc(&t->arena, n, sizeof k.parts[0]);
    rc = t->map.keys && t->parts && k.parts ? take_keys(&k, rows, e)
                                            : err_memory(e, "reading the keys of a table");
    my_result_free(rows);
    return rc;
}

/* ---- Literals ---- */

static void put_hex(struct buf *out, const char *bytes, size_t len) {
    static const char digits[] = "0123456789abcdef";

    buf_puts(out, "X'");
    for (size_t i = 0; i < len; i++) {
        buf_putc(out, digits[(uint8_t)bytes[i] >> 4]);
        buf_putc(out, digits[(uint8_t)bytes[i] & 15]);
    }
    buf_putc(out, '\'');
}

static void put_bits(struct buf *out, const char *bytes, size_t len) {
    uint64_t n = 0;

    for (size_t i = 0; i < len && i < 8; i++) n = n << 8 | (uint8_t)bytes[i];
    buf_put_u64(out, n);
}

static void put_string(struct buf *out, const struct field *f, const char *charset, const char *bytes,
                       size_t len) {
    static const char *const types[] = {[HINT_UUID] = "UUID", [HINT_INET4] = "INET4", [HINT_INET6] = "INET6"};
    const char *type = f->hint && f->hint < sizeof types / sizeof types[0] ? types[f->hint] : NULL;

    if (type) buf_puts(out, "CAST(");
    if (charset[0]) buf_printf(out, "_%s ", charset);
    put_hex(out, bytes, len);
    if (type) buf_printf(out, " AS %s)", type);
}

static void put_literal(struct buf *out, const struct field *f, const char *charset, const char *value,
                        size_t len) {
    switch (f->type) {
    case FIELD_BIT: put_bits(out, value, len); break;
    case FIELD_STRING:
    case FIELD_VARCHAR: put_string(out, f, charset, value, len); break;
    case FIELD_DATE:
    case FIELD_TIME2:
    case FIELD_DATETIME2:
    case FIELD_TIMESTAMP2:
        buf_putc(out, '\'');
        buf_put(out, value, len);
        buf_putc(out, '\'');
        break;
    default: buf_put(out, value, len);
    }
}

/* ---- Places ---- */

void my_key_put_place(const struct my_table *t, const char *const *values, const unsigned long *lengths,
                      struct buf *out) {
    for (size_t i = 0; i < t->nparts; i++) {
        size_t column = t->parts[i].column;
        buf_puts(out, t->columns[column].name);
        buf_putc(out, '\0');
        put_literal(out, &t->map.fields[column], t->columns[column].charset, values[column], lengths[column]);
        buf_putc(out, '\0');
    }
}

/* The next NUL-terminated text; NULL: there is none. */
static const char *next_text(struct position *p) {
    const char *text = (const char *)p->bytes;
    const void *end = p->len ? memchr(p->bytes, 0, p->len) : NULL;

    if (!end) return NULL;
    p->len -= (size_t)((const uint8_t *)end + 1 - p->bytes);
    p->bytes = (const uint8_t *)end + 1;
    return text;
}

/* The names of the place are those of the key. */
static bool is_place(const struct my_table *t, struct position place) {
    for (size_t i = 0; i < t->nparts; i++) {
        const char *name = next_text(&place), *literal = name ? next_text(&place) : NULL;
        if (!literal || !*literal || strcmp(name, t->columns[t->parts[i].column].name) != 0) return false;
    }
    return place.len == 0;
}

static void put_compared(const struct my_table *t, size_t part, const char *how, const char *literal,
                         struct buf *out) {
    my_put_name(out, t->columns[t->parts[part].column].name);
    buf_printf(out, " %s %s", how, literal);
}

bool my_key_put_behind(const struct my_table *t, struct position place, struct buf *out) {
    if (!t->nparts || !is_place(t, place)) return false;
    for (size_t i = 0; i < t->nparts; i++) {
        bool descending = t->parts[i].descending, last = i + 1 == t->nparts;
        next_text(&place);
        const char *literal = next_text(&place);
        if (!last) {
            buf_putc(out, '(');
            put_compared(t, i, descending ? "<=" : ">=", literal, out);
            buf_puts(out, " AND (");
        }
        put_compared(t, i, descending ? "<" : ">", literal, out);
        if (last) break;
        buf_puts(out, " OR (");
        put_compared(t, i, "=", literal, out);
        buf_puts(out, " AND ");
    }
    for (size_t i = 1; i < t->nparts; i++) buf_puts(out, ")))");
    return true;
}

void my_key_put_order(const struct my_table *t, struct buf *out) {
    for (size_t i = 0; i < t->nparts; i++) {
        if (i) buf_puts(out, ", ");
        my_put_name(out, t->columns[t->parts[i].column].name);
        if (t->parts[i].descending) buf_puts(out, " DESC");
    }
}
