#include "agent/source/my_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void reads_versions(void **state) {
    (void)state;
    assert_int_equal(my_server_version("9.7.4"), 90704);
    assert_int_equal(my_server_version("8.0.36-0ubuntu0.22.04.1"), 80036);
    assert_int_equal(my_server_version("10.11.19-MariaDB-0+deb12u1-log"), 101119);
    assert_int_equal(my_server_version("5.5.5-10.6.7-MariaDB"), 100607);
    assert_int_equal(my_server_version("banana"), 0);
    assert_int_equal(my_server_version(""), 0);
}

static void reads_grants(void **state) {
    static const char grants[] = "GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `cdc`@`%`\n"
                                 "GRANT REPLICATION CLIENT ON `x`.* TO `cdc`@`%`\n"
                                 "GRANT SUPER, FILE ON *.* TO `cdc`@`%`\n";

    (void)state;
    assert_true(my_server_granted(grants, "REPLICATION SLAVE"));
    assert_true(my_server_granted(grants, "BINLOG MONITOR"));
    assert_true(my_server_granted(grants, "FILE"));
    assert_false(my_server_granted(grants, "REPLICATION CLIENT")); /* not on everything */
    assert_false(my_server_granted("GRANT REPLICATION SLAVE ADMIN ON *.* TO x\n", "REPLICATION SLAVE"));
    assert_false(my_server_granted("", "SUPER"));
    assert_true(my_server_granted("GRANT ALL PRIVILEGES ON *.* TO `root`@`%`", "SUPER"));
    assert_false(my_server_granted("GRANT ALL PRIVILEGES ON `x`.* TO `root`@`%`", "SUPER"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_versions),
        cmocka_unit_test(reads_grants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
