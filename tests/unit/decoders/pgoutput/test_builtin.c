#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "decoders/pgoutput/builtin.h"
#include "decoders/value.h"

static void test_lookup(void **state) {
    (void)state;
    bool is_array;
    const struct builtin_type *t = builtin_by_oid(20, &is_array);
    assert_string_equal(t->name, "int8");
    assert_false(is_array);
    t = builtin_by_oid(1016, &is_array);
    assert_string_equal(t->name, "int8");
    assert_true(is_array);
    assert_null(builtin_by_oid(0, &is_array)); /* some types have no array type */
    assert_null(builtin_by_oid(99999, &is_array));
    assert_int_equal(builtin_by_name("numeric")->oid, 1700);
    assert_null(builtin_by_name("hstore"));
}

static void test_kinds(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum value_kind kind;
    } want[] = {
        {"bool", VALUE_BOOL},
        {"int2", VALUE_INT},
        {"oid", VALUE_UINT},
        {"xid8", VALUE_UINT},
        {"float4", VALUE_FLOAT},
        {"float8", VALUE_DOUBLE},
        {"numeric", VALUE_DECIMAL},
        {"bpchar", VALUE_TEXT},
        {"xml", VALUE_TEXT},
        {"bytea", VALUE_BYTES},
        {"jsonb", VALUE_JSON},
        {"uuid", VALUE_UUID},
        {"timestamptz", VALUE_TIMESTAMPTZ},
        {"interval", VALUE_INTERVAL},
        {"timetz", VALUE_TIMETZ},
        {"money", VALUE_OTHER},
        {"bit", VALUE_OTHER},
        {"pg_lsn", VALUE_OTHER},
        {"inet", VALUE_OTHER},
    };
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        assert_int_equal(builtin_by_name(want[i].name)->type.kind, want[i].kind);
    assert_int_equal(builtin_by_name("box")->type.delim, ';');
}

/* As format_type() of a server prints it. */
static void test_format(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int32_t type_mod;
        const char *want;
    } cases[] = {
        {"int4", -1, "integer"},
        {"char", -1, "\"char\""},
        {"varchar", 44, "character varying(40)"},
        {"varchar", -1, "character varying"},
        {"bpchar", 9, "character(5)"},
        {"bpchar", -1, "bpchar"},
        {"bit", 4, "bit(4)"},
        {"bit", -1, "\"bit\""},
        {"varbit", 8, "bit varying(8)"},
        {"numeric", -1, "numeric"},
        {"numeric", 786438, "numeric(12,2)"},
        {"numeric", 65540, "numeric(1,0)"},
        {"numeric", 198657, "numeric(3,-3)"},
        {"numeric", 132076, "numeric(2,1000)"},
        {"numeric", 65536004, "numeric(1000,0)"},
        {"time", 3, "time(3) without time zone"},
        {"timetz", 0, "time(0) with time zone"},
        {"timestamp", 6, "timestamp(6) without time zone"},
        {"timestamptz", -1, "timestamp with time zone"},
        {"interval", -1, "interval"},
        {"interval", 0x7fff0003, "interval(3)"},
        {"interval", 0x0006ffff, "interval year to month"},
        {"interval", 0x1c080002, "interval day to second(2)"},
        {"interval", 0x0004ffff, "interval year"},
        {"interval", 0x0c00ffff, "interval hour to minute"},
        {"interval", 0x18000006, "interval minute to second(6)"},
        {"interval", 0x10000000, "interval second(0)"},
    };
    struct buf b = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_clear(&b, SIZE_MAX);
        builtin_format(builtin_by_name(cases[i].name), cases[i].type_mod, &b);
        assert_string_equal(buf_cstr(&b), cases[i].want);
    }
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
