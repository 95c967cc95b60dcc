#include "agent/source/my_describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/binlog/cell.h"

/* What the catalogue calls a column of this field has the kind that the log's reader gives its values. */
static void compare(const struct field *f) {
    struct buf type = {0};
    char word[64];
    cell_type_name(f, &type);
    snprintf(word, sizeof word, "%.*s", (int)strcspn(buf_cstr(&type), "( "), buf_cstr(&type));
    enum value_kind described = my_describe_kind(word, buf_cstr(&type));
    if (!described || described != cell_kind(f))
        fail_msg("%s (type %u): described as %d, read as %d", buf_cstr(&type), f->type, described,
                 cell_kind(f));
    buf_release(&type);
}

static void numbers_and_times(void **state) {
    static const uint8_t types[] = {FIELD_TINY,      FIELD_SHORT,      FIELD_INT24,     FIELD_LONG,
                                    FIELD_LONGLONG,  FIELD_FLOAT,      FIELD_DOUBLE,    FIELD_YEAR,
                                    FIELD_DATE,      FIELD_NEWDATE,    FIELD_TIME,      FIELD_DATETIME,
                                    FIELD_TIMESTAMP, FIELD_TIME2,      FIELD_DATETIME2, FIELD_TIMESTAMP2,
                                    FIELD_JSON,      FIELD_NEWDECIMAL, FIELD_VECTOR};
    (void)state;
    for (size_t i = 0; i < sizeof types; i++)
        for (int is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
            struct field f = {.type = types[i], .is_unsigned = is_unsigned};
            compare(&f);
            f.precision = 6;
            compare(&f);
        }
    compare(&(struct field){.type = FIELD_BIT, .bits = 64});
    for (uint32_t geometry = 0; geometry < 8; geometry++)
        compare(&(struct field){.type = FIELD_GEOMETRY, .length = 4, .geometry = geometry});
}

static void texts_and_bytes(void **state) {
    static const char *const charsets[] = {"utf8mb4", "latin1", "binary"};
    static const uint8_t strings[] = {FIELD_STRING, FIELD_VARCHAR, FIELD_VARCHAR_COMPRESSED};
    static const uint8_t hints[] = {HINT_UUID, HINT_INET4, HINT_INET6, HINT_VECTOR};
    struct text label = {"a", 1};
    (void)state;
    for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++) {
        const struct charset *cs = charset_named(charsets[i]);
        assert_non_null(cs);
        for (size_t j = 0; j < sizeof strings; j++)
            compare(&(struct field){.type = strings[j], .length = 40, .charset = cs});
        for (uint16_t length = 1; length <= 4; length++) {
            compare(&(struct field){.type = FIELD_BLOB, .length = length, .charset = cs});
            compare(&(struct field){.type = FIELD_BLOB_COMPRESSED, .length = length, .charset = cs});
        }
    }
    for (size_t i = 0; i < sizeof hints; i++) {
        uint8_t type = hints[i] == HINT_VECTOR ? FIELD_VARCHAR : FIELD_STRING;
        compare(&(struct field){.type = type,
                                .length = 16,
                                .hint = hints[i],
                                .dimensions = 4,
                                .charset = charset_named("binary")});
    }
    compare(&(struct field){.type = FIELD_ENUM, .length = 1, .labels = &label, .nlabels = 1});
    compare(&(struct field){.type = FIELD_SET, .length = 1, .labels = &label, .nlabels = 1});
}

/* What only the catalogue says. */
static void words(void **state) {
    (void)state;
    assert_int_equal(my_describe_kind("geomcollection", "geomcollection"), VALUE_GEOMETRY);
    assert_int_equal(my_describe_kind("bigint", "bigint(20) unsigned zerofill"), VALUE_UINT);
    assert_int_equal(my_describe_kind("decimal", "decimal(10,2) unsigned"), VALUE_DECIMAL);
    assert_int_equal(my_describe_kind("enum", "enum('unsigned')"), VALUE_ENUM);
    assert_int_equal(my_describe_kind("xmltype", "xmltype"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_times),
        cmocka_unit_test(texts_and_bytes),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
