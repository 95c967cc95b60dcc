#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/binlog/catalog.h"
#include "decoders/binlog/charset.h"
#include "decoders/binlog/shape.h"
#include "tests/unit/decoders/binlog/bytes.h"

#define D_T "0100 01 6400 01 7400 " /* flags; database d, table t */

struct fixture {
    struct arena arena;
    struct bytes bytes;
    struct table_map m;
    struct shapes *shapes;
    bool fresh;
    struct shape *replaced;
    struct buf catalog;
    struct err e;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 4096);
    f->shapes = shapes_new();
    *state = f;
    return f->shapes ? 0 : -1;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    shapes_free(f->shapes);
    buf_release(&f->catalog);
    free(f->bytes.data);
    free(f);
    return 0;
}

static void read_map(struct fixture *f, const char *hex) {
    free(f->bytes.data);
    arena_clear(&f->arena);
    f->bytes = bytes_of(hex);
    struct binlog_event ev = event_of(BINLOG_TABLE_MAP, f->bytes);
    if (table_map_read(&ev, &mysql_format, &f->arena, &f->m, &f->e)) fail_msg("%s", f->e.text);
}

/* The event's memory is gone when the shape is looked at. */
static struct shape *take(struct fixture *f, const char *hex) {
    read_map(f, hex);
    struct shape *s = shapes_take(f->shapes, &f->m, &f->fresh, &f->replaced, &f->e);
    memset(f->bytes.data, 0xee, f->bytes.len);
    arena_clear(&f->arena);
    return s;
}

static struct shape *taken(struct fixture *f, const char *hex) {
    struct shape *s = take(f, hex);
    if (!s) fail_msg("%s", f->e.text);
    return s;
}

static void refused(struct fixture *f, const char *hex, const char *says) {
    assert_null(take(f, hex));
    assert_int_equal(f->e.code, ERR_DATA);
    if (!strstr(f->e.text, says)) fail_msg("%s", f->e.text);
    assert_non_null(strstr(f->e.text, "table d.t: "));
}

static void tell(struct fixture *f, const struct catalog_column *columns, size_t n, bool hints) {
    struct catalog_column copy[8];
    for (size_t i = 0; i < n; i++) copy[i] = columns[i];
    const struct catalog_table t = {"d", "t", hints, n, copy};
    buf_clear(&f->catalog, 4096);
    catalog_put_table(&t, &f->catalog);
    assert_int_equal(shapes_catalog(f->shapes, f->catalog.data, f->catalog.len, &f->e), 0);
    memset(f->catalog.data, 0xee, f->catalog.len);
}

static void told(struct fixture *f, const struct catalog_column *columns, size_t n) {
    tell(f, columns, n, false);
}

/* id int unsigned primary key, name varchar(10) charset latin1, e enum('é','ü') charset latin1 */
static const char full[] =
    "010000000000 " D_T "03 030ffe 04 0a00 f701 06 010180 020108 0409 026964 016e 0365c3a9 "
    "080100 0a0108 0605 02 01e9 01fc";

static void test_full(void **state) {
    struct fixture *f = *state;
    const struct shape *s = taken(f, full);
    const struct table *t = &s->table;
    assert_true(f->fresh);
    assert_null(f->replaced);
    assert_string_equal(t->database, "d");
    assert_string_equal(t->schema, "");
    assert_string_equal(t->name, "t");
    assert_string_equal(table_space(t), "d");
    assert_int_equal(t->serial, 1);
    assert_int_equal(t->identity, IDENTITY_FULL);
    assert_int_equal(t->ncolumns, 3);
    assert_int_equal(t->nkeys, 1);
    assert_int_equal(t->keys[0], 0);
    assert_string_equal(t->columns[0].name, "id");
    assert_string_equal(t->columns[0].type, "int unsigned");
    assert_int_equal(t->columns[0].kind, VALUE_UINT);
    assert_string_equal(t->columns[1].type, "varchar(10)");
    assert_int_equal(t->columns[1].kind, VALUE_TEXT);
    assert_string_equal(t->columns[2].name, "e\xc3\xa9");
    assert_string_equal(t->columns[2].type, "enum('\xc3\xa9','\xc3\xbc')");
    assert_int_equal(t->columns[2].kind, VALUE_ENUM);
    assert_true(t->columns[1].identity);
}

static void test_same(void **state) {
    struct fixture *f = *state;
    struct shape *s = taken(f, full);
    read_map(f, full);
    assert_ptr_equal(shapes_known(f->shapes, &f->m), s);
    assert_ptr_equal(taken(f, full), s);
    assert_false(f->fresh);
    /* the same in other bytes: charsets per column */
    assert_ptr_equal(taken(f, "010000000000 " D_T
                              "03 030ffe 04 0a00 f701 06 010180 030108 0409 026964 016e 0365c3a9 "
                              "080100 0b0108 0605 02 01e9 01fc"),
                     s);
    assert_false(f->fresh);
}

static void test_changed(void **state) {
    struct fixture *f = *state;
    struct shape *old = taken(f, full), *found;
    assert_int_equal(shapes_bind(f->shapes, 1, old, &f->e), 0);
    assert_int_equal(shapes_bind(f->shapes, 2, NULL, &f->e), 0);
    struct shape *s = taken(f, "020000000000 " D_T "01 03 00 01 010100 0403 026964");
    assert_true(f->fresh);
    assert_ptr_equal(f->replaced, old);
    assert_string_equal(f->replaced->table.columns[1].name, "n"); /* still there */
    assert_int_equal(s->table.serial, 2);
    assert_int_equal(s->table.nkeys, 0);
    assert_int_equal(s->table.columns[0].kind, VALUE_INT);
    assert_false(shapes_find(f->shapes, 1, &found)); /* it would dangle */
    assert_true(shapes_find(f->shapes, 2, &found));
    assert_null(found);
    shapes_sweep(f->shapes);
    assert_ptr_not_equal(taken(f, full), s);
    assert_int_equal(f->replaced->table.serial, 2);
}

static void test_ids(void **state) {
    struct fixture *f = *state;
    struct shape *s = taken(f, full), *found;
    assert_false(shapes_find(f->shapes, 7, &found));
    for (uint64_t id = 1; id <= 10000; id++) {
        assert_int_equal(shapes_bind(f->shapes, id, s, &f->e), 0);
        assert_true(shapes_find(f->shapes, id, &found));
        assert_ptr_equal(found, s);
        shapes_unbind(f->shapes);
        assert_false(shapes_find(f->shapes, id, &found));
    }
}

/* What the log must say, and does not. */
static void test_missing(void **state) {
    struct fixture *f = *state;
    refused(f, "010000000000 " D_T "01 03 00 00", "SET GLOBAL binlog_row_metadata = FULL");
    refused(f, "010000000000 " D_T "01 03 00 00 0402 0161", "column 1: the log does not say its sign");
    refused(f, "010000000000 " D_T "01 0f 02 0a00 00 0402 0161",
            "column 1: the log does not say its character set");
    refused(f, "010000000000 " D_T "01 0f 02 0a00 00 0203 fcffff 0402 0161",
            "the collation 65535 is not known");
    refused(f, "010000000000 " D_T "01 fe 02 f701 00 0402 0161 0a0108", "does not say its labels");
    refused(f, "010000000000 " D_T "01 0a 00 00 0402 01ff", "not UTF-8");
    refused(f, "010000000000 " D_T "01 0a 00 00 0402 0100", "not UTF-8");
    refused(f, "010000000000 " D_T "01 fe 02 f701 00 0402 0161 0a012d 0603 01 01ff",
            "label 1 of an ENUM or SET is not utf8mb4");
}

/* No metadata at all, as MariaDB by default: id int unsigned, name varchar(10), kind enum, u uuid */
static const char bare[] = "010000000000 " D_T "04 030ffefe 06 2800 f701 fe10 0f";
static const struct catalog_column columns[] = {{"id", "int(10) unsigned", "", 2},
                                                {"name", "varchar(10)", "utf8mb4", 1},
                                                {"kind", "enum('a,','it''s','\xc3\xa9')", "latin1", 0},
                                                {"u", "uuid", "", 0}};

static void test_catalog(void **state) {
    struct fixture *f = *state;
    refused(f, bare, "does not say its columns' names");
    told(f, columns, 4);
    struct shape *s = taken(f, bare);
    const struct table *t = &s->table;
    assert_string_equal(t->columns[0].name, "id");
    assert_string_equal(t->columns[0].type, "int unsigned");
    assert_string_equal(t->columns[1].type, "varchar(10)");
    assert_string_equal(t->columns[2].type, "enum('a,','it''s','\xc3\xa9')");
    assert_string_equal(t->columns[3].type, "uuid");
    assert_int_equal(t->columns[3].kind, VALUE_UUID);
    assert_int_equal(s->fields[2].nlabels, 3);
    assert_memory_equal(s->fields[2].labels[1].ptr, "it's", 4);
    assert_int_equal(t->nkeys, 2);
    assert_int_equal(t->keys[0], 1);
    assert_int_equal(t->keys[1], 0);
    told(f, columns, 4); /* nothing new */
    assert_ptr_equal(taken(f, bare), s);
    assert_false(f->fresh);
    told(f, columns, 0); /* dropped */
    refused(f, bare, "does not say its columns' names");
}

/* What the catalogue says must fit the log. */
static void test_catalog_differs(void **state) {
    struct fixture *f = *state;
    static const struct {
        size_t at;
        const char *type, *charset;
    } other[] = {
        {0, "bigint(20) unsigned", ""},   {0, "nothing", ""},
        {1, "varchar(11)", "utf8mb4"},    {1, "varchar(10)", "latin1"},
        {1, "varchar(10)", "unheard-of"}, {1, "char(10)", "utf8mb4"},
        {2, "set('a')", "latin1"},        {3, "inet4", ""},
    };
    told(f, columns, 3);
    refused(f, bare, "it has 4 columns in the log and 3 in information_schema");
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        struct catalog_column changed[4];
        memcpy(changed, columns, sizeof(changed));
        changed[other[i].at].type = other[i].type;
        changed[other[i].at].charset = other[i].charset;
        told(f, changed, 4);
        refused(f, bare, "is not in the log what it is in information_schema");
    }
    told(f, columns, 4);
    taken(f, bare);
    /* the log says signs and charsets, though no names: signed, latin1 */
    refused(f, "010000000000 " D_T "04 030ffefe 06 2800 f701 fe10 0f 010100", "column 1 is not");
    refused(f, "010000000000 " D_T "04 030ffefe 06 2800 f701 fe10 0f 010180 0302083f", "column 2 is not");
    taken(f, "010000000000 " D_T "04 030ffefe 06 2800 f701 fe10 0f 010180 03022d3f");
}

/* The log says names: the catalogue only tells bytes apart. */
static void test_hints(void **state) {
    struct fixture *f = *state;
    static const char named[] = "010000000000 " D_T "02 fefe 04 fe10 fe10 03 02013f 0404 0161 0175";
    assert_int_equal(taken(f, named)->table.columns[1].kind, VALUE_BYTES);
    told(f, columns, 4); /* of no use where the log says names */
    assert_int_equal(taken(f, named)->table.columns[1].kind, VALUE_BYTES);
    tell(f, columns, 4, true);
    const struct shape *s = taken(f, named);
    assert_true(f->fresh);
    assert_int_equal(s->table.columns[1].kind, VALUE_UUID);
    assert_int_equal(s->table.columns[0].kind, VALUE_BYTES);
    assert_string_equal(s->table.columns[0].type, "binary(16)");
}

/* Hints alone, of some columns: no names come from them. */
static void test_only_hints(void **state) {
    struct fixture *f = *state;
    static struct catalog_column uuid[] = {{"u", "uuid", "", 0}};
    static const char named[] = "010000000000 " D_T "02 fefe 04 fe10 fe10 03 02013f 0404 0161 0175";
    const struct catalog_table t = {"d", "t", true, 1, uuid};
    buf_clear(&f->catalog, 4096);
    catalog_put_image(ROW_IMAGE_FULL, &f->catalog);
    catalog_put_table(&t, &f->catalog);
    assert_int_equal(shapes_catalog(f->shapes, f->catalog.data, f->catalog.len, &f->e), 0);
    assert_int_equal(taken(f, named)->table.columns[1].kind, VALUE_UUID);
    refused(f, "010000000000 " D_T "01 fe 02 fe10 01", "does not say its columns' names");
}

static void test_image(void **state) {
    struct fixture *f = *state;
    struct shape *s = taken(f, full);
    buf_clear(&f->catalog, 4096);
    catalog_put_image(ROW_IMAGE_MINIMAL, &f->catalog);
    assert_int_equal(shapes_catalog(f->shapes, f->catalog.data, f->catalog.len, &f->e), 0);
    assert_ptr_not_equal(taken(f, full), s);
    assert_ptr_equal(f->replaced, s);
    s = taken(f, full);
    assert_int_equal(s->table.identity, IDENTITY_DEFAULT);
    assert_true(s->table.columns[0].identity);
    assert_false(s->table.columns[1].identity);
    s = taken(f, "010000000000 " D_T "01 0a 00 00 0402 0161"); /* no key */
    assert_int_equal(s->table.identity, IDENTITY_FULL);
    assert_true(s->table.columns[0].identity);
}

/* Without a primary key the server takes a unique one, which the catalogue tells; NOBLOB keeps what is small.
 */
static void test_image_keys(void **state) {
    static const char keyless[] =
        "010000000000 " D_T "03 0303fc 01 02 07 010100 02013f 0406 0161 0162 0163"; /* two INTs, a BLOB */
    static const char keyed[] =
        "010000000000 " D_T "03 0303fc 01 02 06 010100 02013f 0406 0161 0162 0163 0801 00";
    static struct catalog_column b[] = {{"b", "int", "", 1}};
    static const struct {
        enum row_image image;
        const char *map;
        bool unique;
        enum identity identity;
        bool held[3];
    } cases[] = {
        {ROW_IMAGE_MINIMAL, keyless, false, IDENTITY_FULL, {true, true, true}},
        {ROW_IMAGE_MINIMAL, keyless, true, IDENTITY_INDEX, {false, true, false}},
        {ROW_IMAGE_MINIMAL, keyed, false, IDENTITY_DEFAULT, {true, false, false}},
        {ROW_IMAGE_NOBLOB, keyless, false, IDENTITY_FULL, {true, true, true}},
        {ROW_IMAGE_NOBLOB, keyless, true, IDENTITY_INDEX, {false, true, false}},
        {ROW_IMAGE_NOBLOB, keyed, false, IDENTITY_DEFAULT, {true, true, false}},
        {ROW_IMAGE_FULL, keyless, true, IDENTITY_FULL, {true, true, true}},
        {ROW_IMAGE_FULL, keyed, false, IDENTITY_FULL, {true, true, true}},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct catalog_table t = {"d", "t", true, cases[i].unique, b};
        buf_clear(&f->catalog, 4096);
        catalog_put_image(cases[i].image, &f->catalog);
        catalog_put_table(&t, &f->catalog);
        assert_int_equal(shapes_catalog(f->shapes, f->catalog.data, f->catalog.len, &f->e), 0);
        const struct table *got = &taken(f, cases[i].map)->table;
        assert_int_equal(got->identity, cases[i].identity);
        for (size_t k = 0; k < 3; k++) assert_int_equal(got->columns[k].identity, cases[i].held[k]);
    }
}

/* A server without names; and a change of what was told makes the shape anew. */
static void test_nameless(void **state) {
    struct fixture *f = *state;
    const struct text d = {"d", 1}, t = {"t", 1};
    const struct telling_mark at = {.file = 1, .offset = 500};
    buf_clear(&f->catalog, 4096);
    catalog_put_image(ROW_IMAGE_FULL, &f->catalog);
    assert_int_equal(shapes_catalog(f->shapes, f->catalog.data, f->catalog.len, &f->e), 0);
    assert_false(shapes_nameless(f->shapes));
    catalog_put_nameless(&f->catalog);
    assert_int_equal(shapes_catalog(f->shapes, f->catalog.data, f->catalog.len, &f->e), 0);
    assert_true(shapes_nameless(f->shapes));
    told(f, columns, 4);
    struct shape *s = taken(f, bare);
    assert_int_equal(tellings_change(shapes_tellings(f->shapes), d, t, &at, false, &f->e), 0);
    refused(f, bare, "does not say its columns' names");
    struct catalog_column renamed[4];
    memcpy(renamed, columns, sizeof(renamed));
    renamed[1].name = "other";
    told(f, renamed, 4);
    assert_ptr_not_equal(taken(f, bare), s);
    assert_ptr_equal(f->replaced, s);
    assert_string_equal(taken(f, bare)->table.columns[1].name, "other");
}

static void test_catalog_malformed(void **state) {
    struct fixture *f = *state;
    told(f, columns, 4);
    const struct catalog_table t = {"d", "t", false, 1, &(struct catalog_column){"a", "int", "", 1}};
    buf_clear(&f->catalog, 4096);
    catalog_put_table(&t, &f->catalog);
    for (size_t len = 1; len < f->catalog.len; len++)
        assert_int_equal(shapes_catalog(f->shapes, f->catalog.data, len, &f->e), -1);
    assert_int_equal(shapes_catalog(f->shapes, "x", 1, &f->e), -1);
    assert_int_equal(shapes_catalog(f->shapes, "i\3", 2, &f->e), -1);
    assert_int_equal(shapes_catalog(f->shapes, "tdb\0t\0\xff\xff", 8, &f->e), -1);
    assert_int_equal(f->e.code, ERR_DATA);
    assert_int_equal(shapes_catalog(f->shapes, "", 0, &f->e), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_full),     TEST(test_same),       TEST(test_changed),         TEST(test_ids),
        TEST(test_missing),  TEST(test_catalog),    TEST(test_catalog_differs), TEST(test_hints),
        TEST(test_image),    TEST(test_image_keys), TEST(test_only_hints),      TEST(test_catalog_malformed),
        TEST(test_nameless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
