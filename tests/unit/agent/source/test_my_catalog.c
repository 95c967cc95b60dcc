#include "agent/source/my_catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/binlog/event.h"

static bool grows(uint8_t type, const char *text, enum binlog_flavour flavour, bool full) {
    const struct my_server server = {.flavour = flavour, .row_full = full};
    uint8_t event[200] = {0};

    event[4] = type;
    memcpy(event + 19, text, strlen(text));
    return my_catalog_grows(event, 19 + strlen(text), &server);
}

static void statements(void **state) {
    static const struct {
        const char *text;
        bool mariadb, mysql_minimal;
    } cases[] = {
        {"CREATE TABLE t (id int, u UUID)", true, false},
        {"alter table t add a inet6", true, false},
        {"RENAME TABLE a TO b", true, true},
        {"CREATE TABLE a LIKE b", true, true},
        {"CREATE TABLE t (id int NOT NULL UNIQUE)", false, true},
        {"ALTER TABLE t DROP PRIMARY KEY", false, true},
        {"BEGIN", false, false},
        {"", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(grows(BINLOG_QUERY, cases[i].text, FLAVOUR_MARIADB, true), cases[i].mariadb);
        assert_int_equal(grows(BINLOG_QUERY, cases[i].text, FLAVOUR_MYSQL, false), cases[i].mysql_minimal);
        assert_false(grows(BINLOG_QUERY, cases[i].text, FLAVOUR_MYSQL, true));
        assert_false(grows(BINLOG_WRITE_ROWS, cases[i].text, FLAVOUR_MARIADB, false));
    }
    assert_true(grows(MARIADB_QUERY_COMPRESSED, "?", FLAVOUR_MARIADB, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(statements)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
