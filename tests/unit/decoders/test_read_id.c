/* Ids and order of rows that were read: behind everything before, before everything behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "decoders/read_id.h"

static void assert_next(struct read_id *r, const char *id, const char *ord) {
    struct change c = {0};
    struct err e;

    assert_int_equal(read_id_next(r, &c, &e), 0);
    assert_int_equal(c.id.len, strlen(id));
    assert_memory_equal(c.id.ptr, id, c.id.len);
    assert_memory_equal(c.ord, ord, CHANGE_ORD_LEN);
}

static void rows_count_from_zero(void **unused) {
    struct read_id r;

    (void)unused;
    read_id_begin(&r, 2, 0x0102030405060708, 1795481674541384);
    assert_next(&r, "2:r:1795481674541384:0",
                "\0\x02\x01\x02\x03\x04\x05\x06\x07\x08\x80\x06\x60\xfb\x27\x69\x69\x48\0\0\0\0");
    assert_next(&r, "2:r:1795481674541384:1",
                "\0\x02\x01\x02\x03\x04\x05\x06\x07\x08\x80\x06\x60\xfb\x27\x69\x69\x48\0\0\0\x01");
    r.row = 10;
    assert_next(&r, "2:r:1795481674541384:10",
                "\0\x02\x01\x02\x03\x04\x05\x06\x07\x08\x80\x06\x60\xfb\x27\x69\x69\x48\0\0\0\x0a");
}

static void the_longest_id_fits_and_the_last_row_is_the_last(void **unused) {
    struct read_id r;
    struct change c = {0};
    struct err e = {0};

    (void)unused;
    read_id_begin(&r, UINT16_MAX, UINT64_MAX, UINT64_MAX >> 1);
    r.row = UINT32_MAX - 1;
    assert_int_equal(read_id_next(&r, &c, &e), 0);
    assert_int_equal(c.id.len, strlen("65535:r:9223372036854775807:4294967294"));
    assert_memory_equal(c.id.ptr, "65535:r:9223372036854775807:4294967294", c.id.len);
    assert_int_equal(read_id_next(&r, &c, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_count_from_zero),
        cmocka_unit_test(the_longest_id_fits_and_the_last_row_is_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
