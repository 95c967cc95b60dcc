#include "tests/unit/decoders/binlog/cells.h"

static void check(struct cells *t, struct field f, const char *hex, const char *want) {
    cells_read(t, cell_read, &f, hex);
    cells_assert(t, want);
    assert_true(t->v.state != VALUE_PRESENT || t->v.kind == cell_kind(&f));
}

static struct field number(uint8_t type, bool is_unsigned) {
    return (struct field){.type = type, .is_unsigned = is_unsigned};
}

static void test_integers(void **state) {
    struct cells *t = *state;
    static const struct {
        uint8_t type;
        const char *hex, *is_signed, *is_unsigned;
    } all[] = {
        {FIELD_TINY, "00", "int 0", "uint 0"},
        {FIELD_TINY, "80", "int -128", "uint 128"},
        {FIELD_TINY, "7f", "int 127", "uint 127"},
        {FIELD_SHORT, "0080", "int -32768", "uint 32768"},
        {FIELD_SHORT, "feff", "int -2", "uint 65534"},
        {FIELD_INT24, "000080", "int -8388608", "uint 8388608"},
        {FIELD_INT24, "ffff7f", "int 8388607", "uint 8388607"},
        {FIELD_LONG, "00000080", "int -2147483648", "uint 2147483648"},
        {FIELD_LONG, "ffffffff", "int -1", "uint 4294967295"},
        {FIELD_LONGLONG, "0000000000000080", "int -9223372036854775808", "uint 9223372036854775808"},
        {FIELD_LONGLONG, "ffffffffffffffff", "int -1", "uint 18446744073709551615"},
        {FIELD_LONGLONG, "ffffffffffffff7f", "int 9223372036854775807", "uint 9223372036854775807"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        check(t, number(all[i].type, false), all[i].hex, all[i].is_signed);
        check(t, number(all[i].type, true), all[i].hex, all[i].is_unsigned);
    }
}

static void test_floats(void **state) {
    struct cells *t = *state;
    check(t, number(FIELD_FLOAT, false), "0000c03f", "float 1.5");
    check(t, number(FIELD_FLOAT, false), "cdcccc3d", "float 0.1");
    check(t, number(FIELD_FLOAT, true), "00000080", "float -0");
    check(t, number(FIELD_FLOAT, false), "0000c07f", "float NaN");
    check(t, number(FIELD_DOUBLE, false), "9a9999999999b93f", "double 0.1");
    check(t, number(FIELD_DOUBLE, false), "ffffffffffffefff", "double -1.7976931348623157e+308");
}

static void test_year_and_bits(void **state) {
    struct cells *t = *state;
    check(t, number(FIELD_YEAR, true), "00", "uint 0");
    check(t, number(FIELD_YEAR, true), "01", "uint 1901");
    check(t, number(FIELD_YEAR, true), "ff", "uint 2155");
    check(t, (struct field){.type = FIELD_BIT, .bits = 1}, "01", "uint 1");
    check(t, (struct field){.type = FIELD_BIT, .bits = 11}, "0555", "uint 1365");
    check(t, (struct field){.type = FIELD_BIT, .bits = 64}, "ffffffffffffffff", "uint 18446744073709551615");
}

static void test_geometry(void **state) {
    struct cells *t = *state;
    struct field f = {.type = FIELD_GEOMETRY, .length = 4};
    cells_read(t, cell_read, &f, "19000000 e6100000 0101000000 0000000000000040 000000000000f03f");
    assert_int_equal(t->v.kind, VALUE_GEOMETRY);
    assert_int_equal(t->v.v.u, 4326);
    assert_int_equal(t->v.len, 21);
    check(t, f, "03000000 616263", "invalid abc");
}

static void test_vector(void **state) {
    struct cells *t = *state;
    struct field f = {.type = FIELD_VECTOR, .length = 4};
    check(t, f, "0c000000 0000803f 00000040 0000c0bf", "array {1,2,-1.5}");
    check(t, f, "03000000 616263", "invalid abc");
    check(t, f, "00000000", "invalid ");
}

static void test_json(void **state) {
    struct cells *t = *state;
    struct field f = {.type = FIELD_JSON, .length = 4};
    check(t, f, "03000000 050100", "json 1");
    check(t, f, "00000000", "json null"); /* of a row older than its column */
    check(t, f, "02000000 ff41",
          "invalid \xff"
          "A");
}

/* Every type number, known or not, on bytes that may fit: an error or a value, never a crash. */
static void test_unknown(void **state) {
    struct cells *t = *state;
    for (unsigned type = 0; type < 256; type++) {
        struct field f = {.type = (uint8_t)type, .length = 1, .precision = 1, .bits = 1};
        struct cursor c = cursor_of("\0\0\0\0\0\0\0\0", 8);
        int rc = cell_read(&t->reader, &c, &f, &t->v, &t->e);
        if (rc && cell_kind(&f) == 0) assert_non_null(strstr(t->e.text, "is not known"));
        if (!rc) assert_true(cell_kind(&f) != 0);
    }
}

static void name(struct cells *t, struct field f, const char *want) {
    buf_clear(&t->text, 4096);
    cell_type_name(&f, &t->text);
    assert_string_equal(buf_cstr(&t->text), want);
}

static void test_names(void **state) {
    struct cells *t = *state;
    const struct charset *utf8 = charset_named("utf8mb4"), *binary = charset_named("binary");
    struct text labels[] = {{"a", 1}, {"it's", 4}};
    name(t, number(FIELD_LONG, true), "int unsigned");
    name(t, number(FIELD_YEAR, true), "year");
    name(t, (struct field){.type = FIELD_NEWDECIMAL, .precision = 12, .scale = 2, .is_unsigned = true},
         "decimal(12,2) unsigned");
    name(t, (struct field){.type = FIELD_DATETIME2, .precision = 6}, "datetime(6)");
    name(t, (struct field){.type = FIELD_TIMESTAMP2}, "timestamp");
    name(t, (struct field){.type = FIELD_VARCHAR, .length = 160, .charset = utf8}, "varchar(40)");
    name(t, (struct field){.type = FIELD_VARCHAR_COMPRESSED, .length = 41, .charset = utf8}, "varchar(10)");
    name(t, (struct field){.type = FIELD_STRING, .length = 5, .charset = binary}, "binary(5)");
    name(t, (struct field){.type = FIELD_VARCHAR, .length = 5, .charset = binary}, "varbinary(5)");
    name(t, (struct field){.type = FIELD_BLOB, .length = 3, .charset = utf8}, "mediumtext");
    name(t, (struct field){.type = FIELD_BLOB, .length = 2, .charset = binary}, "blob");
    name(t, (struct field){.type = FIELD_BIT, .bits = 11}, "bit(11)");
    name(t, (struct field){.type = FIELD_ENUM, .labels = labels, .nlabels = 2}, "enum('a','it''s')");
    name(t, (struct field){.type = FIELD_SET, .labels = labels, .nlabels = 1}, "set('a')");
    name(t, (struct field){.type = FIELD_JSON}, "json");
    name(t, (struct field){.type = FIELD_GEOMETRY, .geometry = 6}, "multipolygon");
    name(t, (struct field){.type = FIELD_GEOMETRY, .geometry = 99}, "geometry");
    name(t, (struct field){.type = FIELD_VECTOR, .dimensions = 3}, "vector(3)");
    name(t, (struct field){.type = FIELD_STRING, .length = 16, .hint = HINT_INET6}, "inet6");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CELL_TEST(test_integers), CELL_TEST(test_floats), CELL_TEST(test_year_and_bits),
        CELL_TEST(test_geometry), CELL_TEST(test_vector), CELL_TEST(test_json),
        CELL_TEST(test_unknown),  CELL_TEST(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
