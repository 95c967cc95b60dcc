#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/decoders/pgoutput/text_cases.h"

static const struct text_type int2 = {text_int2, VALUE_INT, ',', NULL};
static const struct text_type int4 = {text_int4, VALUE_INT, ',', NULL};
static const struct text_type int8 = {text_int8, VALUE_INT, ',', NULL};
static const struct text_type uint4 = {text_uint4, VALUE_UINT, ',', NULL};
static const struct text_type uint8 = {text_uint8, VALUE_UINT, ',', NULL};
static const struct text_type boolean = {text_bool, VALUE_BOOL, ',', NULL};
static const struct text_type numeric = {text_numeric, VALUE_DECIMAL, ',', NULL};
static const struct text_type uuid = {text_uuid, VALUE_UUID, ',', NULL};
static const struct text_type bytea = {text_bytea, VALUE_BYTES, ',', NULL};
static const struct text_type plain = {text_plain, VALUE_TEXT, ',', NULL};
static const struct text_type other = {text_plain, VALUE_OTHER, ',', NULL};

static void test_integers(void **state) {
    (void)state;
    ROUND_TRIP(&int2, "0", "-1", "32767", "-32768");
    REFUSED(&int2, "32768", "-32769", "65536");
    ROUND_TRIP(&int4, "2147483647", "-2147483648");
    REFUSED(&int4, "2147483648", "-2147483649");
    ROUND_TRIP(&int8, "9223372036854775807", "-9223372036854775808", "1234567890123456789");
    REFUSED(&int8, "9223372036854775808", "-9223372036854775809", "99999999999999999999",
            "123456789012345678901", "18446744073709551616", "18446744073709551617");
    ROUND_TRIP(&uint4, "0", "4294967295");
    REFUSED(&uint4, "4294967296", "-1");
    ROUND_TRIP(&uint8, "18446744073709551615", "9999999999999999999", "10000000000000000000");
    REFUSED(&uint8, "18446744073709551616", "20000000000000000000", "99999999999999999999");
    REFUSED(&int8, "", "-", "--1", "+1", "01", "-0", "00", "1.0", "1e3", " 1", "1 ", "1a", "a", "0x1", "/",
            ":");
    refused(&int8, "1\0", 2);
}

static void test_bool(void **state) {
    (void)state;
    ROUND_TRIP(&boolean, "t", "f");
    REFUSED(&boolean, "", "T", "true", "1", "tf");
}

static void test_numeric(void **state) {
    (void)state;
    ROUND_TRIP(&numeric, "0", "-0.01", "1.500", "12345678901234567890123456789.0123456789", "NaN", "Infinity",
               "-Infinity", "0.000000000000000000000000000000000000001");
    REFUSED(&numeric, "", "-", ".", "1.", ".5", "-.5", "1e5", "1,5", "+1", "nan", "Inf", "--1", "1.2.3", " 1",
            "-NaN", "Infinity ");
}

static void test_uuid(void **state) {
    (void)state;
    ROUND_TRIP(&uuid, "00000000-0000-4000-8000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
               "ffffffff-ffff-ffff-ffff-ffffffffffff");
    REFUSED(&uuid, "", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
            "a0eebc99-9c0b-4ef8-bb6d6-bb9bd380a11", "{0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1}");
}

/* Every byte at every place: only lower case digits, and dashes where they belong. */
static void test_uuid_bytes(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 4096);
    for (size_t place = 0; place < 36; place++) {
        for (int c = 0; c < 256; c++) {
            char text[] = "01234567-89ab-cdef-0123-456789abcdef";
            bool dash = text[place] == '-';
            text[place] = (char)c;
            bool want = dash ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            struct value v = {.state = VALUE_PRESENT, .text = text, .len = 36};
            if ((text_uuid(&uuid, &v, &a) == TEXT_OK) != want) fail_msg("%02x at %zu", c, place);
        }
    }
    arena_release(&a);
}

static void test_plain(void **state) {
    (void)state;
    ROUND_TRIP(&plain, "", "a", "é", "tab\t newline\n");
    ROUND_TRIP(&other, "(1,2)", "");
    struct arena a;
    struct value v;
    arena_init(&a, 0);
    assert_int_equal(parse_text(&plain, "caf\xe9", 4, &v, &a), TEXT_OK);
    assert_int_equal(v.state, VALUE_INVALID);
    assert_int_equal(v.kind, 0);
    assert_int_equal(v.len, 4);
    assert_memory_equal(v.text, "caf\xe9", 4);
    arena_release(&a);
}

static void test_bytea(void **state) {
    (void)state;
    ROUND_TRIP(&bytea, "\\x", "\\x00", "\\x00ff10deadbeef");
    REFUSED(&bytea, "\\x0", "\\xg0", "\\x0G", "\\xFF", "\\x 0");
    round_trips(&bytea, "", "\\x");
    round_trips(&bytea, "abc", "\\x616263");
    round_trips(&bytea, "a\\\\b", "\\x615c62");
    round_trips(&bytea, "\\000\\001\\377", "\\x0001ff");
    round_trips(&bytea, "\\\\x41", "\\x5c783431");
    REFUSED(&bytea, "\\", "a\\", "\\1", "\\12", "\\400", "\\8ab", "\\y");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers), cmocka_unit_test(test_bool),       cmocka_unit_test(test_numeric),
        cmocka_unit_test(test_uuid),     cmocka_unit_test(test_uuid_bytes), cmocka_unit_test(test_plain),
        cmocka_unit_test(test_bytea),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
