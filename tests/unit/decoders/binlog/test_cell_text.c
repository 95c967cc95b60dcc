#include "tests/unit/decoders/binlog/cells.h"

#define COLLATION_LATIN1 8
#define COLLATION_UTF8MB4 255
#define COLLATION_BINARY 63

static void check(struct cells *t, uint8_t type, uint16_t length, uint32_t collation, const char *hex,
                  const char *want) {
    const struct field f = {.type = type, .length = length, .charset = charset_of_collation(collation)};
    bool compressed = type == FIELD_VARCHAR_COMPRESSED || type == FIELD_BLOB_COMPRESSED;
    cells_read(t, compressed ? cell_compressed : cell_string, &f, hex);
    cells_assert(t, want);
}

static void test_strings(void **state) {
    struct cells *t = *state;
    check(t, FIELD_STRING, 10, COLLATION_LATIN1, "03 61e962",
          "text a\xc3\xa9"
          "b");
    check(t, FIELD_STRING, 255, COLLATION_UTF8MB4, "03 61c3a9", "text a\xc3\xa9");
    check(t, FIELD_STRING, 256, COLLATION_UTF8MB4, "0300 61c3a9", "text a\xc3\xa9");
    check(t, FIELD_VARCHAR, 255, COLLATION_UTF8MB4, "00", "text ");
    check(t, FIELD_VARCHAR, 1200, COLLATION_UTF8MB4, "0100 78", "text x");
    check(t, FIELD_BLOB, 1, COLLATION_UTF8MB4, "01 78", "text x");
    check(t, FIELD_BLOB, 4, COLLATION_LATIN1, "01000000 78", "text x");
    check(t, FIELD_LONG_BLOB, 4, COLLATION_BINARY, "02000000 00ff", "bytes \\x00ff");
    check(t, FIELD_VARCHAR, 40, COLLATION_UTF8MB4, "02 61e9", "invalid a\xe9");
}

/* The log leaves out the zeros at the end of BINARY, never those of VARBINARY. */
static void test_binary(void **state) {
    struct cells *t = *state;
    check(t, FIELD_STRING, 5, COLLATION_BINARY, "02 0102", "bytes \\x0102000000");
    check(t, FIELD_STRING, 3, COLLATION_BINARY, "00", "bytes \\x000000");
    check(t, FIELD_STRING, 0, COLLATION_BINARY, "00", "bytes \\x");
    check(t, FIELD_VARCHAR, 5, COLLATION_BINARY, "02 0300", "bytes \\x0300");
    check(t, FIELD_VARCHAR, 5, COLLATION_BINARY, "00", "bytes \\x");
}

static void test_no_charset(void **state) {
    struct cells *t = *state;
    const struct field f = {.type = FIELD_VARCHAR, .length = 10};
    struct cursor c = cursor_of("\1x", 2);
    assert_int_equal(cell_string(&t->reader, &c, &f, &t->v, &t->e), -1);
    assert_int_equal(t->e.code, ERR_DATA);
}

/* As MariaDB wrote them. */
static void test_compressed(void **state) {
    struct cells *t = *state;
    struct buf want = {0};
    buf_puts(&want, "text ");
    for (int i = 0; i < 100; i++) buf_puts(&want, "abc");
    check(t, FIELD_BLOB_COMPRESSED, 2, COLLATION_LATIN1, "0c00 8a012c4b4c4a4e1c45c42100", buf_cstr(&want));
    buf_release(&want);
    check(t, FIELD_VARCHAR_COMPRESSED, 41, COLLATION_UTF8MB4, "05 0070707070", "text pppp");
    check(t, FIELD_BLOB_COMPRESSED, 2, COLLATION_BINARY, "0000", "bytes \\x");
    check(t, FIELD_BLOB_COMPRESSED, 2, COLLATION_BINARY, "0100 00", "bytes \\x");
}

static void test_compressed_hostile(void **state) {
    struct cells *t = *state;
    static const char *const bad[] = {
        "0100 90",                         /* another method */
        "0200 8801",                       /* a length of no bytes */
        "0200 8d01",                       /* of five */
        "0200 8a01",                       /* cut short */
        "0c00 8a012b4b4c4a4e1c45c42100",   /* more comes out than is said */
        "0c00 8a012d4b4c4a4e1c45c42100",   /* less does */
        "0b00 8a012c4b4c4a4e1c45c421",     /* damaged */
        "0d00 8a012c4b4c4a4e1c45c4210000", /* something follows */
        "0c00 82012c4b4c4a4e1c45c42100",   /* no zlib header */
        "0600 8cffffffff4b",               /* four gigabytes out of one byte */
    };
    const struct field f = {
        .type = FIELD_BLOB_COMPRESSED, .length = 2, .charset = charset_of_collation(COLLATION_LATIN1)};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bytes b = bytes_of(bad[i]);
        struct cursor c = cursor_of(b.data, b.len);
        if (!cell_compressed(&t->reader, &c, &f, &t->v, &t->e)) fail_msg("%s is taken", bad[i]);
        assert_int_equal(t->e.code, ERR_DATA);
        free(b.data);
    }
    assert_true(t->arena.held < 1 << 20);
}

static void test_labels(void **state) {
    struct cells *t = *state;
    struct text labels[64] = {{"a", 1}, {"b'", 2}, {"", 0}};
    for (size_t i = 3; i < 64; i++) labels[i] = (struct text){"z", 1};
    struct field f = {.type = FIELD_ENUM, .length = 1, .labels = labels, .nlabels = 3};
    static const struct {
        uint8_t type;
        uint16_t length;
        size_t nlabels;
        const char *hex, *want;
    } all[] = {
        {FIELD_ENUM, 1, 3, "01", "enum a"},
        {FIELD_ENUM, 2, 3, "0200", "enum b'"},
        {FIELD_ENUM, 1, 3, "03", "enum "},
        {FIELD_ENUM, 1, 3, "00", "enum "},
        {FIELD_ENUM, 1, 3, "04", "invalid 4"},
        {FIELD_ENUM, 2, 0, "ffff", "invalid 65535"},
        {FIELD_SET, 1, 2, "00", "set "},
        {FIELD_SET, 1, 2, "01", "set a"},
        {FIELD_SET, 1, 2, "03", "set a,b'"},
        {FIELD_SET, 1, 2, "04", "invalid 4"},
        {FIELD_SET, 8, 64, "0300000000000080", "set a,b',z"},
        {FIELD_SET, 8, 63, "0300000000000080", "invalid 9223372036854775811"},
        {FIELD_SET, 8, 0, "0000000000000000", "set "},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        f.type = all[i].type;
        f.length = all[i].length;
        f.nlabels = all[i].nlabels;
        cells_read(t, cell_label, &f, all[i].hex);
        cells_assert(t, all[i].want);
    }
}

/* What the catalogue says about bytes. */
static void test_hints(void **state) {
    struct cells *t = *state;
    static const struct {
        enum field_hint hint;
        const char *hex, *want;
    } all[] = {
        {HINT_UUID, "10 1234567812345678 9abcdef012345678", "uuid 12345678-1234-5678-9abc-def012345678"},
        {HINT_UUID, "00", "uuid 00000000-0000-0000-0000-000000000000"},
        {HINT_INET6, "10 20010db8000000000000000000000001", "other 2001:db8::1"},
        {HINT_INET6, "00", "other ::"},
        {HINT_INET6, "10 00000000000000000000000000000001", "other ::1"},
        {HINT_INET6, "10 00000000000000000000000000020003", "other ::0.2.0.3"},
        {HINT_INET6, "10 00000000000000000000ffff01020304", "other ::ffff:1.2.3.4"},
        {HINT_INET6, "02 0001", "other 1::"},
        {HINT_INET6, "10 00010000000200030004000500060007", "other 1::2:3:4:5:6:7"},
        {HINT_INET6, "10 0000000000010000000000000000abcd", "other 0:0:1::abcd"},
        {HINT_INET6, "10 00010002000300040005000600070008", "other 1:2:3:4:5:6:7:8"},
        {HINT_INET6, "10 00010002000300040005000600070000", "other 1:2:3:4:5:6:7::"},
    };
    struct field f = {.type = FIELD_STRING, .length = 16, .charset = charset_of_collation(COLLATION_BINARY)};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        f.hint = (uint8_t)all[i].hint;
        cells_read(t, cell_string, &f, all[i].hex);
        cells_assert(t, all[i].want);
    }
    f.hint = HINT_INET4;
    f.length = 4;
    cells_read(t, cell_string, &f, "01 0a");
    cells_assert(t, "other 10.0.0.0");
    f.hint = HINT_UUID; /* not as long as one: it stays bytes */
    cells_read(t, cell_string, &f, "01 0a");
    cells_assert(t, "bytes \\x0a000000");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CELL_TEST(test_strings),
        CELL_TEST(test_binary),
        CELL_TEST(test_no_charset),
        CELL_TEST(test_compressed),
        CELL_TEST(test_compressed_hostile),
        CELL_TEST(test_labels),
        CELL_TEST(test_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
