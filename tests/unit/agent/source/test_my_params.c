#include "agent/source/my_params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void read_ok(struct my_params *p, const char *url) {
    struct config_source s = {.name = "s", .url = url, .tls = TLS_OFF};
    struct err e = {0};

    if (my_params_init(p, &s, &e)) fail_msg("%s: %s", url, e.text);
}

static void takes_a_url_apart(void **state) {
    struct my_params p;

    (void)state;
    read_ok(&p, "mysql://c%40dc@db.example:3307,[::1]:3308,other/shop?connect_timeout=3&compress=true");
    assert_string_equal(p.options.user, "c@dc");
    assert_int_equal(p.nservers, 3);
    assert_string_equal(p.servers[0].host, "db.example");
    assert_int_equal(p.servers[0].port, 3307);
    assert_string_equal(p.servers[1].host, "::1");
    assert_int_equal(p.servers[1].port, 3308);
    assert_string_equal(p.servers[2].host, "other");
    assert_int_equal(p.servers[2].port, 3306);
    assert_int_equal(p.options.connect_s, 3);
    assert_true(p.options.compress);
    my_params_release(&p);
}

static void finds_sockets(void **state) {
    struct my_params p;

    (void)state;
    read_ok(&p, "mariadb://cdc@%2Frun%2Fmysqld%2Fmysqld.sock");
    assert_null(p.servers[0].host);
    assert_string_equal(p.options.socket, "/run/mysqld/mysqld.sock");
    my_params_release(&p);
    read_ok(&p, "mysql://cdc@localhost/?socket=/tmp/s");
    assert_null(p.servers[0].host);
    assert_string_equal(p.options.socket, "/tmp/s");
    my_params_release(&p);
}

static void chooses_tls(void **state) {
    static const struct {
        const char *url;
        enum config_tls given;
        enum my_tls used;
    } cases[] = {
        {"mysql://127.0.0.1", TLS_AUTO, MY_TLS_PREFER},
        {"mysql://localhost,[::1]", TLS_AUTO, MY_TLS_PREFER},
        {"mysql://%2Ftmp%2Fs", TLS_AUTO, MY_TLS_PREFER},
        {"mysql://db.example", TLS_AUTO, MY_TLS_VERIFY_FULL},
        {"mysql://127.0.0.1,db.example", TLS_AUTO, MY_TLS_VERIFY_FULL},
        {"mysql://db.example", TLS_OFF, MY_TLS_OFF},
        {"mysql://db.example", TLS_REQUIRE, MY_TLS_REQUIRE},
        {"mysql://127.0.0.1", TLS_VERIFY_CA, MY_TLS_VERIFY_CA},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config_source s = {
            .name = "s", .url = cases[i].url, .tls = cases[i].given, .tls_ca = "/dev/null"};
        struct my_params p;
        struct err e = {0};
        if (my_params_init(&p, &s, &e)) fail_msg("%s: %s", cases[i].url, e.text);
        assert_int_equal(p.options.tls, cases[i].used);
        assert_int_equal(p.options.ca != NULL, cases[i].used >= MY_TLS_VERIFY_CA);
        my_params_release(&p);
    }
}

static void refuses_what_it_does_not_know(void **state) {
    static const char *const bad[][2] = {
        {"mysql://h/?charset=latin1", "charset is not one of"},
        {"mysql://h/?compress=1", "compress is not one of"},
        {"mysql://h/?connect_timeout=0", "1 to 3600 seconds"},
        {"mysql://h/?connect_timeout=5s", "1 to 3600 seconds"},
        {"mysql://h:0/", "a port that does not exist"},
        {"mysql://h:70000/", "a port that does not exist"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct config_source s = {.name = "s", .url = bad[i][0], .tls = TLS_OFF};
        struct my_params p;
        struct err e = {0};
        assert_int_equal(my_params_init(&p, &s, &e), -1);
        assert_int_equal(e.code, ERR_CONFIG);
        if (!strstr(e.text, bad[i][1])) fail_msg("%s: %s", bad[i][0], e.text);
        my_params_release(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_url_apart),
        cmocka_unit_test(finds_sockets),
        cmocka_unit_test(chooses_tls),
        cmocka_unit_test(refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
