#include "agent/source/pg_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void reads_positions(void **state) {
    static const struct {
        const char *text;
        bool good;
        uint64_t lsn;
    } cases[] = {
        {"0/0", true, 0},
        {"0/1A2B3C", true, 0x1A2B3C},
        {"16/B374D848", true, UINT64_C(0x16B374D848)},
        {"ffffffff/FFFFFFFF", true, UINT64_MAX},
        {"", false, 0},
        {"/", false, 0},
        {"0", false, 0},
        {"0/", false, 0},
        {"/1", false, 0},
        {"0/1 ", false, 0},
        {" 0/1", false, 0},
        {"0/123456789", false, 0},
        {"0/-1", false, 0},
        {"0x1/1", false, 0},
        {"0/1/2", false, 0},
    };
    uint64_t lsn;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lsn = 7;
        assert_int_equal(pg_lsn_parse(cases[i].text, &lsn), cases[i].good);
        if (cases[i].good) assert_true(lsn == cases[i].lsn);
    }
}

static void writes_positions(void **state) {
    char text[PG_LSN_TEXT];

    (void)state;
    assert_string_equal(pg_lsn_format(0, text), "0/0");
    assert_string_equal(pg_lsn_format(UINT64_C(0x16B374D848), text), "16/B374D848");
    assert_string_equal(pg_lsn_format(UINT64_MAX, text), "FFFFFFFF/FFFFFFFF");
}

static void quotes(void **state) {
    struct buf b = {0};

    (void)state;
    pg_put_ident(&b, "order \"x\"");
    assert_string_equal(buf_cstr(&b), "\"order \"\"x\"\"\"");
    buf_clear(&b, SIZE_MAX);
    pg_put_table(&b, "a.b", "c");
    assert_string_equal(buf_cstr(&b), "\"a.b\".\"c\"");
    buf_clear(&b, SIZE_MAX);
    pg_put_literal(&b, "it's");
    assert_string_equal(buf_cstr(&b), "'it''s'");
    buf_clear(&b, SIZE_MAX);
    pg_put_literal(&b, "\\'; --");
    assert_string_equal(buf_cstr(&b), "E'\\\\''; --'");
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_positions),
        cmocka_unit_test(writes_positions),
        cmocka_unit_test(quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
