#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/binlog/charset.h"
#include "decoders/binlog/table_map.h"
#include "tests/unit/decoders/binlog/bytes.h"

/* As the servers wrote them, with binlog_row_metadata=FULL. */
static const char mysql_chars[] = /* MySQL 9.7 */
    "6c0000000000 0100 01 6400 05 636861727300 10 03fe0ffefcfcfe0ffefef5fcfcf20303 14 fe0a b004 cefc 02 02 "
    "fe05 "
    "0a00 f701 f801 04 01 04 04 feff 010100 0310 08 fcff00 fcff00 08 3f3f3f fcff00 3f3f 0d0103 "
    "0424 026964 0161 0162 0163 0164 0165 0166 0167 0168 0169 016d 016e 016f 0176 03696e76 026767 "
    "0b04 fcff00 08 0505 02 0178 0179 0606 02 0161 026227 080100 0c02 fffd";
static const char mysql_default[] = /* MySQL 9.7: most character columns are latin1 */
    "700000000000 0100 01 6400 02 677800 0b ff0f03fcff0f0f0f0f0f0f 11 04 0300 02 04 0300 0300 0300 0300 0c00 "
    "0c00 "
    "ff07 010100 0209 08 01 07 06 fcff00 07 2e 07 02 01 00 0416 0161 0162 016e 0163 0167 0164 0165 0166 0168 "
    "0169 "
    "016b 0c02 ffe0";
static const char mariadb_geometry[] = /* the same table in MariaDB 10.11 */
    "1e0000000000 0100 01 6400 02 677800 0b ff0f03fcff0f0f0f0f0f0f 11 04 0300 02 04 0300 0300 0300 0300 0c00 "
    "0c00 "
    "ff07 010100 030a 3f08073f080808082d2e 07 02 01 00 0416 0161 0162 016e 0163 0167 0164 0165 0166 0168 "
    "0169 016b";
static const char nums[] = /* either server */
    "120000000000 0100 01 6400 04 6e756d7300 0a 010d021009f604050308 06 0301 0c02 04 08 fe03 0102 ef80 "
    "0414 0161 0179 0162 0163 0164 0165 0166 0167 0168 0169 080100";
static const char prefixed[] = "180000000000 0100 01 6400 02 706b00 03 0f03fc 03 1400 02 02 010100 020108 "
                               "0406 0161 0162 0163 0904 02050000";
static const char labels[] =
    "1d0000000000 0100 01 6400 01 6500 02 fefe 04 f701 f801 03 0404 0161 0162 0a0108 "
    "0505 02 0170 0171 0605 02 0178 0179";

struct fixture {
    struct arena arena;
    struct bytes bytes;
    struct table_map m;
    struct err e;
};

static int read_map(struct fixture *f, const char *hex, const struct binlog_format *format) {
    free(f->bytes.data);
    arena_clear(&f->arena);
    f->bytes = bytes_of(hex);
    struct binlog_event ev = event_of(BINLOG_TABLE_MAP, f->bytes);
    return table_map_read(&ev, format, &f->arena, &f->m, &f->e);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 4096);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    free(f->bytes.data);
    free(f);
    return 0;
}

static void assert_text(struct text t, const char *want) {
    assert_int_equal(t.len, strlen(want));
    assert_memory_equal(t.ptr, want, t.len);
}

static void test_mysql(void **state) {
    struct fixture *f = *state;
    assert_int_equal(read_map(f, mysql_chars, &mysql_format), 0);
    const struct field *c = f->m.fields;
    assert_int_equal(f->m.table_id, 0x6c);
    assert_text(f->m.database, "d");
    assert_text(f->m.table, "chars");
    assert_int_equal(f->m.ncolumns, 16);
    assert_true(f->m.has_names && f->m.has_signs);
    assert_text(c[14].name, "inv");
    assert_false(c[14].visible);
    assert_true(c[15].visible && c[0].visible);
    assert_int_equal(f->m.nkeys, 1);
    assert_int_equal(f->m.keys[0].column, 0);
    assert_false(c[0].nullable);
    assert_true(c[1].nullable);
    assert_int_equal(c[1].type, FIELD_STRING);
    assert_int_equal(c[1].length, 10);
    assert_string_equal(charset_name(c[1].charset), "latin1");
    assert_int_equal(c[2].length, 1200);
    assert_int_equal(c[2].collation, 255);
    assert_int_equal(c[3].length, 1020); /* CHAR(255) of four bytes each */
    assert_true(charset_is_binary(c[6].charset));
    assert_int_equal(c[8].type, FIELD_ENUM);
    assert_int_equal(c[8].nlabels, 2);
    assert_text(c[8].labels[1], "b'");
    assert_int_equal(c[8].collation, 255);
    assert_int_equal(c[9].type, FIELD_SET);
    assert_int_equal(c[9].collation, 8);
    assert_text(c[9].labels[0], "x");
    assert_int_equal(c[10].type, FIELD_JSON);
    assert_int_equal(c[10].collation, 0);
    assert_int_equal(c[11].collation, 255);
    assert_int_equal(c[13].dimensions, 3);
}

static void test_default_charset(void **state) {
    struct fixture *f = *state;
    static const uint32_t collations[] = {0, 8, 0, 7, 0, 8, 8, 8, 8, 255, 46};
    assert_int_equal(read_map(f, mysql_default, &mysql_format), 0);
    for (size_t i = 0; i < 11; i++) assert_int_equal(f->m.fields[i].collation, collations[i]);
    assert_int_equal(f->m.fields[0].geometry, 1);
    assert_int_equal(f->m.fields[4].geometry, 0);
}

/* MariaDB has GEOMETRY among the character columns. */
static void test_mariadb(void **state) {
    struct fixture *f = *state;
    static const uint32_t collations[] = {63, 8, 0, 7, 63, 8, 8, 8, 8, 45, 46};
    assert_int_equal(read_map(f, mariadb_geometry, &mariadb_format), 0);
    for (size_t i = 0; i < 11; i++) assert_int_equal(f->m.fields[i].collation, collations[i]);
    assert_int_equal(read_map(f, mariadb_geometry, &mysql_format), -1);
    assert_int_equal(f->e.code, ERR_DATA);
}

static void test_signs(void **state) {
    struct fixture *f = *state;
    static const bool is_unsigned[] = {1, 1, 1, 0, 0, 1, 1, 1, 1, 1};
    assert_int_equal(read_map(f, nums, &mariadb_format), 0);
    for (size_t i = 0; i < 10; i++) assert_int_equal(f->m.fields[i].is_unsigned, is_unsigned[i]);
    assert_int_equal(f->m.fields[3].bits, 11);
    assert_int_equal(f->m.fields[5].precision, 12);
    assert_int_equal(f->m.fields[5].scale, 2);
}

static void test_prefixed_key(void **state) {
    struct fixture *f = *state;
    assert_int_equal(read_map(f, prefixed, &mysql_format), 0);
    assert_int_equal(f->m.nkeys, 2);
    assert_int_equal(f->m.keys[0].column, 2);
    assert_int_equal(f->m.keys[0].prefix, 5);
    assert_int_equal(f->m.keys[1].column, 0);
    assert_int_equal(f->m.keys[1].prefix, 0);
}

static void test_labels(void **state) {
    struct fixture *f = *state;
    assert_int_equal(read_map(f, labels, &mysql_format), 0);
    assert_int_equal(f->m.fields[0].collation, 8);
    assert_int_equal(f->m.fields[1].collation, 8);
    assert_text(f->m.fields[1].labels[1], "q");
    assert_text(f->m.fields[0].labels[0], "x");
}

static void test_peek(void **state) {
    struct fixture *f = *state;
    struct binlog_format old = mysql_format;
    old.post_header[BINLOG_TABLE_MAP] = 6;
    f->bytes = bytes_of("6c000000 0100 01 6400 02 677800 0103 00 00");
    struct binlog_event ev = event_of(BINLOG_TABLE_MAP, f->bytes);
    assert_int_equal(table_map_peek(&ev, &old, &f->m, &f->e), 0);
    assert_int_equal(f->m.table_id, 0x6c);
    assert_text(f->m.table, "gx");
    assert_int_equal(f->m.description.len, 4);
    assert_int_equal(table_map_read(&ev, &old, &f->arena, &f->m, &f->e), 0);
    assert_false(f->m.has_names);
}

/* Cut anywhere, a table is an error, or one that lacks whole lists of metadata. */
static void test_cut(void **state) {
    struct fixture *f = *state;
    static const char *const all[] = {mysql_chars, mysql_default, nums, prefixed, labels};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct bytes whole = bytes_of(all[i]);
        for (size_t len = 0; len < whole.len; len++) {
            uint8_t *part = malloc(len + !len);
            memcpy(part, whole.data, len);
            struct binlog_event ev = event_of(BINLOG_TABLE_MAP, (struct bytes){part, len});
            arena_clear(&f->arena);
            if (table_map_read(&ev, &mysql_format, &f->arena, &f->m, &f->e) == 0)
                assert_true(f->m.description.len < whole.len);
            else
                assert_int_equal(f->e.code, ERR_DATA);
            free(part);
        }
        free(whole.data);
    }
}

/* What does not fit is refused with its place. */
static void test_hostile(void **state) {
    struct fixture *f = *state;
#define HEAD "010000000000 0100 01 6400 01 7400 "
    static const struct {
        const char *hex, *says;
    } bad[] = {
        {HEAD "00 00", "0 columns"},
        {HEAD "fd001000 03", "4096 columns in 1 bytes"},
        {HEAD "feffffffffffffffff 03", "columns in"},
        {HEAD "01 14 00 00", "column 1, type metadata at 0: the type 20 is not known"},
        {HEAD "01 fd 02 fd03 00", "the type 253 is not known"},
        {HEAD "01 04 01 08 00", "cannot have the metadata"},      /* FLOAT of 8 bytes */
        {HEAD "01 10 02 0008 00", "NULL"},                        /* taken: BIT(64) */
        {HEAD "01 10 02 0108 00 00", "cannot have the metadata"}, /* BIT(65) */
        {HEAD "01 f6 02 4200 00", "cannot have the metadata"},    /* DECIMAL(66) */
        {HEAD "01 f6 02 0203 00", "cannot have the metadata"},    /* DECIMAL(2,3) */
        {HEAD "01 fe 02 f803 00", "NULL"},                        /* taken: SET of three bytes */
        {HEAD "01 fe 02 f805 00", "cannot have the metadata"},
        {HEAD "01 fe 02 f703 00", "cannot have the metadata"},
        {HEAD "01 fc 01 05 00", "cannot have the metadata"},
        {HEAD "01 12 01 07 00", "cannot have the metadata"}, /* DATETIME(7) */
        {HEAD "01 03 01 00 00", "1 bytes of type metadata belong to no column"},
        {HEAD "01 0f 01 00 00", "type metadata ends too early"},
        {HEAD "01 03 05 00 00", "type metadata at offset"},
        {HEAD "01 03 00 00 0102 8000", "kind 1 at offset 18: 1 bytes belong to no column"},
        {HEAD "01 0a 00 00 0101 80", "belong to no column"}, /* a DATE has no sign */
        {HEAD "01 03 00 00 0100", "signedness"},
        {HEAD "01 03 00 00 0101 80 0101 80", "comes twice"},
        {HEAD "01 03 00 00 0301 08", "belong to no column"}, /* an INT has no charset */
        {HEAD "01 03 00 00 0203 08 00 08", "default charset"},
        {HEAD "02 fcfc 02 0202 00 0205 08 01 08 00 08", "default charset"}, /* indexes fall */
        {HEAD "01 03 00 00 0401 00", "column names"},
        {HEAD "01 03 00 00 0402 0261", "column names"},
        {HEAD "01 03 00 00 0801 01", "primary key"},
        {HEAD "01 03 00 00 0802 0000", "primary key"}, /* the same column twice */
        {HEAD "01 03 00 00 0800", "primary key"},
        {HEAD "01 03 00 00 0801 00 0902 0000", "two primary keys"},
        {HEAD "01 fe 02 f701 00 0603 fcffff", "ENUM or SET strings"},
        {HEAD "01 fe 02 f801 00 0542 41", "cut short"},
        {HEAD "01 03 00 00 0e00", "kind 14 at offset 18: not known"},
        {HEAD "01 03 00 00 ff00", "kind 255 at offset 18: not known"},
        {HEAD "01 03 00 00 04", "cut short"},
        {HEAD "01 03 00 00 04fb", "cut short"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        f->e.text[0] = '\0';
        int rc = read_map(f, bad[i].hex, &mysql_format);
        if (strcmp(bad[i].says, "NULL") == 0) {
            assert_int_equal(rc, 0);
            continue;
        }
        assert_int_equal(rc, -1);
        assert_int_equal(f->e.code, ERR_DATA);
        if (!strstr(f->e.text, bad[i].says)) fail_msg("%zu: %s", i, f->e.text);
        assert_non_null(strstr(f->e.text, "d.t"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mysql, setup, teardown),
        cmocka_unit_test_setup_teardown(test_default_charset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mariadb, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prefixed_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_labels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_peek, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
