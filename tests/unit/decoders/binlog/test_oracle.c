/*
 * What the rows in a captured log add up to is what the server itself answered to SELECT: names, types and
 * values (tests/golden/capture_binlog.py says what is in the files).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decoders/binlog/catalog.h"
#include "decoders/binlog/inflate.h"
#include "decoders/binlog/rows.h"
#include "tests/unit/decoders/binlog/answer.h"

#define MAX_TABLES 64
#define MAX_COLUMNS 1024

struct line {
    char *text;
    struct line *next;
};

/* A table as it adds up, and as the server says it is. */
struct sum {
    char name[600], types[65536];
    struct line *lines;
    bool met;
};

struct oracle {
    const char *file;
    struct binlog_format format;
    struct shapes *shapes;
    struct payload *payload;
    struct arena arena, nested;
    struct buf scratch, text;
    struct cell_reader reader;
    struct sum ours[MAX_TABLES], theirs[MAX_TABLES];
    size_t nours, ntheirs, rows;
    struct err e;
};

static char *read_file(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is missing", path);
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    char *data = malloc(*len + 1);
    assert_int_equal(fread(data, 1, *len, f), *len);
    data[*len] = '\0';
    fclose(f);
    return data;
}

static const char *row_text(struct oracle *o, const struct shape *s, const struct value *values) {
    buf_clear(&o->text, 1 << 20);
    for (size_t i = 0; i < s->table.ncolumns; i++) {
        if (i) buf_putc(&o->text, '\t');
        answer_put(&values[i], &s->fields[i], &o->text);
    }
    return buf_cstr(&o->text);
}

/* ---- Sums ---- */

static void put_identifier(const char *s, struct buf *out) {
    buf_putc(out, '`');
    for (; *s; s++) {
        if (*s == '`') buf_putc(out, '`');
        buf_putc(out, *s);
    }
    buf_putc(out, '`');
}

static struct sum *find_sum(struct sum *sums, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(sums[i].name, name) == 0) return &sums[i];
    return NULL;
}

static void add_line(struct sum *t, const char *text) {
    struct line *l = malloc(sizeof(*l));
    *l = (struct line){strdup(text), t->lines};
    t->lines = l;
}

/* Field by field; '?' is not known and matches all. */
static bool matches(const char *a, const char *b) {
    while (*a && *b) {
        size_t n = strcspn(a, "\t"), m = strcspn(b, "\t");
        if (*a != '?' && *b != '?' && (n != m || memcmp(a, b, n) != 0)) return false;
        a += n + (a[n] == '\t');
        b += m + (b[m] == '\t');
    }
    return *a == *b;
}

/* Takes out one line that reads so; NULL: there is none. The caller's to free. */
static char *take_line(struct sum *t, const char *text) {
    for (struct line **at = &t->lines, *l; (l = *at); at = &l->next) {
        if (!matches(text, l->text)) continue;
        char *found = l->text;
        *at = l->next;
        free(l);
        return found;
    }
    return NULL;
}

static bool drop_line(struct sum *t, const char *text) {
    char *found = take_line(t, text);
    free(found);
    return found;
}

/* The new row, and '=' for what is as in the old one. */
static void add_changed(struct sum *t, const char *text, const char *old) {
    struct buf line = {0};
    while (*text) {
        size_t n = strcspn(text, "\t"), m = strcspn(old, "\t");
        if (line.len) buf_putc(&line, '\t');
        buf_put(&line, *text == '=' ? old : text, *text == '=' ? m : n);
        text += n + (text[n] == '\t');
        old += m + (old[m] == '\t');
    }
    add_line(t, buf_cstr(&line));
    buf_release(&line);
}

/* SHOW COLUMNS has no characters beyond U+FFFF: it shows them as '?'. */
static void put_type(const char *type, struct buf *out) {
    for (; *type; type++) {
        bool beyond = ((unsigned char)*type & 0xf8) == 0xf0;
        buf_putc(out, beyond ? '?' : *type);
        if (beyond) type += 3;
    }
}

static struct sum *sum_of(struct oracle *o, const struct table *t) {
    struct buf name = {0}, types = {0};
    put_identifier(t->database, &name);
    buf_putc(&name, '.');
    put_identifier(t->name, &name);
    for (size_t i = 0; i < t->ncolumns; i++) {
        buf_printf(&types, "%s%s ", i ? "\t" : "", t->columns[i].name);
        put_type(t->columns[i].type, &types);
    }
    struct sum *s = find_sum(o->ours, o->nours, buf_cstr(&name));
    if (!s) {
        assert_true(o->nours < MAX_TABLES);
        s = &o->ours[o->nours++];
        snprintf(s->name, sizeof(s->name), "%s", buf_cstr(&name));
    }
    snprintf(s->types, sizeof(s->types), "%s", buf_cstr(&types));
    buf_release(&name);
    buf_release(&types);
    return s;
}

/* ---- Events ---- */

static void on_table_map(struct oracle *o, const struct binlog_event *ev) {
    struct table_map m;
    bool fresh;
    struct shape *replaced;
    if (table_map_peek(ev, &o->format, &m, &o->e)) fail_msg("%s: %s", o->file, o->e.text);
    struct shape *s = shapes_known(o->shapes, &m);
    if (!s && table_map_read(ev, &o->format, &o->arena, &m, &o->e) == 0)
        s = shapes_take(o->shapes, &m, &fresh, &replaced, &o->e);
    if (!s || shapes_bind(o->shapes, m.table_id, s, &o->e)) fail_msg("%s: %s", o->file, o->e.text);
    shapes_sweep(o->shapes);
}

static void on_row(struct oracle *o, const struct shape *s, const struct change *c) {
    struct sum *t = sum_of(o, &s->table);
    char *old = NULL;
    o->rows++;
    if (c->before) {
        const char *text = row_text(o, s, c->before);
        old = take_line(t, text);
        if (!old) fail_msg("%s: %s has no such row: %s", o->file, t->name, text);
    }
    if (c->after && old) add_changed(t, row_text(o, s, c->after), old);
    if (c->after && !old) add_line(t, row_text(o, s, c->after));
    free(old);
}

static void on_rows(struct oracle *o, const struct binlog_event *ev) {
    struct rows r;
    struct shape *s;
    struct change c = {0};
    bool more;
    if (rows_open(ev, &o->format, &r, &o->e)) fail_msg("%s: %s", o->file, o->e.text);
    assert_true(shapes_find(o->shapes, r.table_id, &s));
    for (;;) {
        if (rows_next(&r, &o->reader, s, &c, &more, &o->e)) fail_msg("%s: %s", o->file, o->e.text);
        if (!more) break;
        on_row(o, s, &c);
    }
    if (r.flags & ROWS_STATEMENT_END) shapes_unbind(o->shapes);
}

/* The one statement of the scenarios here that changes rows without saying them. */
static void on_query(struct oracle *o, const struct binlog_event *ev) {
    struct sum *t = find_sum(o->ours, o->nours, "`golden`.`t`");
    if (!t || !memmem(ev->body.at, cursor_left(&ev->body), "TRUNCATE TABLE t", 16)) return;
    while (t->lines) drop_line(t, t->lines->text);
}

static void on_event(struct oracle *o, const void *data, size_t len, bool nested) {
    struct binlog_event ev;
    const void *inner;
    size_t inner_len;
    arena_clear(&o->arena);
    if (binlog_event_read(data, len, &o->format, nested, &ev, &o->e)) fail_msg("%s: %s", o->file, o->e.text);
    if (inflate_wanted(ev.type) && inflate_event(&ev, &o->format, &o->arena, &o->e))
        fail_msg("%s: %s", o->file, o->e.text);
    switch (ev.type) {
    case BINLOG_FORMAT_DESCRIPTION: assert_int_equal(binlog_format_read(&ev, &o->format, &o->e), 0); break;
    case BINLOG_QUERY: on_query(o, &ev); break;
    case BINLOG_TABLE_MAP: on_table_map(o, &ev); break;
    case BINLOG_WRITE_ROWS_V1:
    case BINLOG_UPDATE_ROWS_V1:
    case BINLOG_DELETE_ROWS_V1:
    case BINLOG_WRITE_ROWS:
    case BINLOG_UPDATE_ROWS:
    case BINLOG_DELETE_ROWS:
    case BINLOG_PARTIAL_UPDATE_ROWS: on_rows(o, &ev); break;
    case BINLOG_TRANSACTION_PAYLOAD:
        assert_int_equal(payload_open(o->payload, &ev, &o->e), 0);
        for (;;) {
            assert_int_equal(payload_next(o->payload, &inner, &inner_len, &o->e), 0);
            if (!inner_len) break;
            on_event(o, inner, inner_len, true);
        }
    }
}

static void read_events(struct oracle *o, const char *path) {
    size_t len;
    char *data = read_file(path, &len);
    for (size_t at = 0; at < len;) {
        uint32_t size;
        memcpy(&size, data + at, sizeof(size));
        on_event(o, data + at + 4, size, false);
        at += 4 + size;
    }
    free(data);
}

/* ---- The server's answer ---- */

/* Takes out what the log does not tell: widths for display, ZEROFILL, COMPRESSED. */
static void plain_types(const char *in, char *out) {
    static const char *const widths[] = {"int(", "year(", "float(", "double("};
    while (*in) {
        size_t skip = 0;
        for (size_t i = 0; i < 4 && !skip; i++)
            if (strncmp(in, widths[i], strlen(widths[i])) == 0) {
                memcpy(out, in, strlen(widths[i]) - 1);
                out += strlen(widths[i]) - 1;
                skip = strcspn(in, ")") + 1;
            }
        if (strncmp(in, " zerofill", 9) == 0) skip = 9;
        if (strncmp(in, " /*", 3) == 0) skip = (size_t)(strstr(in, "*/") - in) + 2;
        if (strncmp(in, "geomcollection", 14) == 0) {
            memcpy(out, "geometrycollection", 18);
            out += 18;
            skip = 14;
        }
        if (!skip) *out++ = *in++;
        in += skip;
    }
    *out = '\0';
}

/* A field as put_value() writes it: the server shows FLOAT with six digits, and zeros in front. */
static void put_plain(const char *type, const char *field, struct buf *out) {
    double number = strtod(field + 1, NULL);
    if (field[0] != '\'')
        buf_puts(out, field);
    else if (strstr(type, " float"))
        buf_printf(out, "'%.5e'", number);
    else if (strstr(type, " double"))
        buf_printf(out, "'%.15g'", number);
    else if (strstr(type, " zerofill")) {
        const char *digits = field + 1;
        while (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') digits++;
        buf_printf(out, "'%s", digits);
    } else
        buf_puts(out, field);
}

static void add_answer(struct sum *t, const char *header, char *row) {
    struct buf line = {0};
    char *types = strdup(header), *type_at = NULL, *field_at = NULL;
    char *type = strtok_r(types, "\t", &type_at), *field = strtok_r(row, "\t", &field_at);
    for (; type && field; type = strtok_r(NULL, "\t", &type_at), field = strtok_r(NULL, "\t", &field_at)) {
        if (line.len) buf_putc(&line, '\t');
        put_plain(type, field, &line);
    }
    assert_true(!type && !field);
    add_line(t, buf_cstr(&line));
    buf_release(&line);
    free(types);
}

/*
 * What the catalogue says: what MariaDB's uuid and the like are, and all there is where the log has no
 * metadata. There the texts are latin1, as that scenario has them, or UTF-8 with TEXT.
 */
static void tell(struct oracle *o, const char *name, const char *header) {
    static struct catalog_column columns[MAX_COLUMNS];
    struct catalog_table t = {"golden", NULL, false, 0, columns};
    struct buf blob = {0};
    char *names = strdup(header), *at = NULL, *table = strdup(name + strlen("`golden`.`"));
    table[strcspn(table, "`")] = '\0';
    t.table = table;
    for (char *c = strtok_r(names, "\t", &at); c; c = strtok_r(NULL, "\t", &at)) {
        char *type = c + strcspn(c, " ");
        if (*type) *type++ = '\0';
        const char *charset = strncmp(type, "varchar", 7) == 0 ? "latin1" : *type == 't' ? "utf8mb4" : "";
        columns[t.ncolumns] = (struct catalog_column){c, type, charset, t.ncolumns == 0};
        t.ncolumns++;
    }
    catalog_put_table(&t, &blob);
    t.hints = true;
    catalog_put_table(&t, &blob);
    assert_int_equal(shapes_catalog(o->shapes, blob.data, blob.len, &o->e), 0);
    buf_release(&blob);
    free(names);
    free(table);
}

static void read_answer(struct oracle *o, const char *path) {
    size_t len;
    char *data = read_file(path, &len), *at = NULL, *header = NULL;
    struct sum *t = NULL;
    for (char *line = strtok_r(data, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
        if (strncmp(line, "table ", 6) == 0) {
            assert_true(o->ntheirs < MAX_TABLES);
            t = &o->theirs[o->ntheirs++];
            snprintf(t->name, sizeof(t->name), "%s", line + 6);
            header = strtok_r(NULL, "\n", &at);
            assert_true(strlen(header) < sizeof(t->types) / 2);
            plain_types(header, t->types);
            if (strncmp(t->name, "`golden`.", 9) == 0) tell(o, t->name, header);
        } else {
            assert_non_null(t);
            add_answer(t, header, line);
        }
    }
    free(data);
}

/* The line that begins alike, for the message. */
static const char *nearest(const struct sum *t, const char *text) {
    for (const struct line *l = t->lines; l; l = l->next)
        if (strncmp(l->text, text, strcspn(text, "\t") + 1) == 0) return l->text;
    return t->lines ? t->lines->text : "-";
}

static void compare_table(struct oracle *o, const struct sum *theirs, struct sum *ours) {
    if (strcmp(ours->types, theirs->types) != 0)
        fail_msg("%s: %s\nours   %s\ntheirs %s", o->file, ours->name, ours->types, theirs->types);
    for (const struct line *l = theirs->lines; l; l = l->next)
        if (!drop_line(ours, l->text))
            fail_msg("%s: %s\nours   %s\ntheirs %s", o->file, ours->name, nearest(ours, l->text), l->text);
    if (ours->lines) fail_msg("%s: %s has no %s", o->file, ours->name, ours->lines->text);
}

static void compare(struct oracle *o) {
    for (size_t i = 0; i < o->ntheirs; i++) {
        struct sum *ours = find_sum(o->ours, o->nours, o->theirs[i].name);
        if (ours)
            compare_table(o, &o->theirs[i], ours);
        else if (o->theirs[i].lines)
            fail_msg("%s: no rows of %s", o->file, o->theirs[i].name);
    }
}

static void release_sums(struct sum *sums, size_t n) {
    for (size_t i = 0; i < n; i++)
        while (sums[i].lines) drop_line(&sums[i], sums[i].lines->text);
}

static void check(const char *name, const char *server) {
    struct oracle *o = calloc(1, sizeof(*o));
    char file[200], path[300];
    snprintf(file, sizeof(file), "%s-%s", name, server);
    o->file = file;
    o->shapes = shapes_new();
    o->payload = payload_new();
    arena_init(&o->arena, 65536);
    o->reader = (struct cell_reader){&o->arena, charsets_new(), &o->scratch};
    snprintf(path, sizeof(path), "tests/golden/binlog/%s.tables", file);
    read_answer(o, path);
    snprintf(path, sizeof(path), "tests/golden/binlog/%s.events", file);
    read_events(o, path);
    assert_true(o->rows > 0);
    compare(o);
    release_sums(o->ours, o->nours);
    release_sums(o->theirs, o->ntheirs);
    shapes_free(o->shapes);
    payload_free(o->payload);
    charsets_free(o->reader.charsets);
    arena_release(&o->arena);
    buf_release(&o->scratch);
    buf_release(&o->text);
    free(o);
}

/* Scenarios whose tables change by rows alone. */
static void test_mysql(void **state) {
    (void)state;
    static const char *const names[] = {"columns",       "decimal",      "geometry",        "json",
                                        "json_large",    "json_partial", "labels",          "numeric",
                                        "strings",       "temporal",     "vector",          "wide",
                                        "image_minimal", "image_noblob", "compressed",      "checksum_none",
                                        "gtid_off",      "gtid_tagged",  "metadata_minimal"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) check(names[i], "mysql-9.7");
}

static void test_mariadb(void **state) {
    static const char *const names[] = {"columns",         "decimal",
                                        "geometry",        "json_text",
                                        "labels",          "mariadb_types",
                                        "numeric",         "strings",
                                        "temporal",        "wide",
                                        "image_minimal",   "image_noblob",
                                        "compressed",      "checksum_none",
                                        "old_temporal",    "gtid_domains",
                                        "metadata_none",   "old_temporal_fractions",
                                        "metadata_minimal"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) check(names[i], *state);
}

int main(void) {
    static char old[] = "mariadb-10.11", new[] = "mariadb-11.4";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mysql),
        cmocka_unit_test_prestate(test_mariadb, old),
        cmocka_unit_test_prestate(test_mariadb, new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
