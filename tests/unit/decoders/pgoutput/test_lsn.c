#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "decoders/pgoutput/lsn.h"

static void test_text(void **state) {
    (void)state;
    static const struct {
        uint64_t lsn;
        const char *text;
    } cases[] = {{0, "0/0"},
                 {1, "0/1"},
                 {0x16b3748, "0/16B3748"},
                 {UINT64_C(0x100000000), "1/0"},
                 {UINT64_C(0xabcdef0123456789), "ABCDEF01/23456789"},
                 {UINT64_MAX, "FFFFFFFF/FFFFFFFF"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[LSN_TEXT];
        uint64_t lsn;
        assert_int_equal(lsn_text(cases[i].lsn, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
        assert_true(lsn_parse(text, &lsn));
        assert_int_equal(lsn, cases[i].lsn);
    }
}

static void test_parse(void **state) {
    (void)state;
    static const char *const bad[] = {"",     "/",    "0/",   "/0",   "0",           "0/g",         "0/1 ",
                                      " 0/1", "0//1", "0x/1", "-1/0", "123456789/0", "0/123456789", "0/1/2"};
    uint64_t lsn;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (lsn_parse(bad[i], &lsn)) fail_msg("taken: %s", bad[i]);
    assert_true(lsn_parse("16/b374d848", &lsn));
    assert_int_equal(lsn, UINT64_C(0x16b374d848));
    assert_true(lsn_parse("00000000/0000000A", &lsn));
    assert_int_equal(lsn, 10);
}

static void test_hex(void **state) {
    (void)state;
    char out[16];
    for (unsigned bits = 0; bits < 64; bits++) {
        uint64_t n = UINT64_C(1) << bits;
        assert_int_equal(lsn_hex(n, out), bits / 4 + 1);
        assert_int_equal(out[0], '0' + (1 << bits % 4));
        assert_int_equal(lsn_hex(n - 1, out), bits ? (bits - 1) / 4 + 1 : 1);
    }
}

static void test_stored(void **state) {
    (void)state;
    uint8_t bytes[8];
    lsn_store(UINT64_C(0x0102030405060708), bytes);
    for (int i = 0; i < 8; i++) assert_int_equal(bytes[i], i + 1);
    assert_int_equal(lsn_load(bytes), UINT64_C(0x0102030405060708));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
