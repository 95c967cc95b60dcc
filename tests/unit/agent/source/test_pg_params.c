#include "agent/source/pg_params.h"
#include "agent/source/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void knows_local_hosts(void **state) {
    static const char *const local[] = {
        "",    "localhost", "LOCALHOST", "127.0.0.1",           "127.9.9.9",
        "::1", "/var/run",  "@abstract", "localhost,127.0.0.1",
    };
    static const char *const remote[] = {
        "db.example",           "10.0.0.1",        "127.0.0.1.example", "localhost.example", "::2",
        "localhost,db.example", "db.example,/tmp", "::ffff:10.0.0.1",   "0.0.0.0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) assert_true(tls_local(local[i]));
    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++) assert_false(tls_local(remote[i]));
}

static void chooses_sslmode(void **state) {
    static const struct {
        enum config_tls tls;
        const char *url;
        bool local;
        const char *mode; /* NULL: refused */
    } cases[] = {
        {TLS_AUTO, NULL, true, "prefer"},
        {TLS_AUTO, NULL, false, "verify-full"},
        {TLS_AUTO, "require", false, "require"},
        {TLS_AUTO, "disable", false, "disable"},
        {TLS_AUTO, "prefer", false, NULL},
        {TLS_AUTO, "allow", false, NULL},
        {TLS_AUTO, "prefer", true, "prefer"},
        {TLS_OFF, NULL, false, "disable"},
        {TLS_OFF, "disable", false, "disable"},
        {TLS_OFF, "require", false, NULL},
        {TLS_REQUIRE, NULL, true, "require"},
        {TLS_VERIFY_CA, "verify-full", false, NULL},
        {TLS_VERIFY_FULL, "verify-full", true, "verify-full"},
        {TLS_VERIFY_FULL, "disable", true, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};
        const char *mode = NULL;
        int rc = pg_params_sslmode(cases[i].tls, cases[i].url, cases[i].local, &mode, &e);
        if (cases[i].mode) {
            assert_int_equal(rc, 0);
            assert_string_equal(mode, cases[i].mode);
        } else {
            assert_int_equal(rc, -1);
            assert_int_equal(e.code, ERR_CONFIG);
        }
    }
}

/* The value that libpq takes: the last one given. */
static const char *value(const struct pg_params *p, const char *keyword) {
    const char *found = NULL;

    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->keywords[i], keyword) == 0) found = p->values[i];
    return found;
}

static struct config_source source(const char *url) {
    return (struct config_source){.name = "shop", .scheme = "postgresql", .url = url};
}

static void verifies_remote_servers(void **state) {
    struct config_source s =
        source("postgresql://cdc@db.example/shop?options=-c%20work_mem%3D8MB&connect_timeout=3");
    struct pg_params p;
    struct err e = {0};

    (void)state;
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    assert_int_equal(pg_params_init(&p, &s, PG_CONN_REPLICATION, &e), 0);
    assert_string_equal(value(&p, "sslmode"), "verify-full");
    assert_string_equal(value(&p, "sslrootcert"), "/dev/null");
    assert_string_equal(value(&p, "gssencmode"), "disable");
    assert_string_equal(value(&p, "replication"), "database");
    assert_string_equal(value(&p, "client_encoding"), "UTF8");
    assert_non_null(strstr(value(&p, "options"), "-c work_mem=8MB -c datestyle=ISO"));
    assert_non_null(strstr(value(&p, "options"), "-c statement_timeout=0"));
    assert_int_equal(p.timeout_ms, 3000);
    assert_null(p.keywords[p.count]);
    pg_params_release(&p);
    unsetenv("SSL_CERT_FILE");
}

static void prefers_on_loopback(void **state) {
    struct config_source s = source("postgresql://cdc@127.0.0.1:5433/shop");
    struct pg_params p;
    struct err e = {0};

    (void)state;
    assert_int_equal(pg_params_init(&p, &s, PG_CONN_SQL, &e), 0);
    assert_string_equal(value(&p, "sslmode"), "prefer");
    assert_null(value(&p, "sslrootcert"));
    assert_null(value(&p, "replication"));
    assert_string_equal(value(&p, "fallback_application_name"), "tailrace/shop");
    assert_non_null(strstr(value(&p, "options"), "-c statement_timeout=30s"));
    pg_params_release(&p);
}

/* hostaddr is where libpq connects, whatever the host is called. */
static void looks_at_the_address(void **state) {
    struct config_source s = source("postgresql://localhost/shop?hostaddr=10.0.0.1");
    struct pg_params p;
    struct err e = {0};

    (void)state;
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    assert_int_equal(pg_params_init(&p, &s, PG_CONN_SQL, &e), 0);
    assert_string_equal(value(&p, "sslmode"), "verify-full");
    pg_params_release(&p);
    unsetenv("SSL_CERT_FILE");
}

static void refuses_what_cannot_work(void **state) {
    struct config_source bad = source("postgresql://db.example/shop?no_such=1");
    struct config_source missing = source("postgresql://db.example/shop");
    struct pg_params p;
    struct err e = {0};

    (void)state;
    assert_int_equal(pg_params_init(&p, &bad, PG_CONN_SQL, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    pg_params_release(&p);
    missing.tls_ca = "/no/such/ca.pem";
    assert_int_equal(pg_params_init(&p, &missing, PG_CONN_SQL, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "/no/such/ca.pem"));
    pg_params_release(&p);
}

static void takes_servers_one_by_one(void **state) {
    struct config_source s = source("postgresql://cdc@127.0.0.1:5433,localhost:5434,[::1]/shop");
    struct pg_params p;
    struct err e = {0};

    (void)state;
    assert_int_equal(pg_params_init(&p, &s, PG_CONN_SQL, &e), 0);
    assert_int_equal(p.nservers, 3);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(pg_params_select(&p, 0, &e), 0);
        assert_string_equal(value(&p, "host"), "127.0.0.1");
        assert_string_equal(value(&p, "port"), "5433");
        assert_int_equal(pg_params_select(&p, 1, &e), 0);
        assert_string_equal(value(&p, "host"), "localhost");
        assert_string_equal(value(&p, "port"), "5434");
        assert_int_equal(pg_params_select(&p, 2, &e), 0);
        assert_string_equal(value(&p, "host"), "::1");
        assert_string_equal(value(&p, "port"), "");
        assert_null(p.keywords[p.count]);
    }
    pg_params_release(&p);
}

static void one_port_stands_for_all_servers(void **state) {
    struct config_source s = source("postgresql:///shop?host=127.0.0.1,localhost&port=5433");
    struct pg_params p;
    struct err e = {0};

    (void)state;
    assert_int_equal(pg_params_init(&p, &s, PG_CONN_SQL, &e), 0);
    assert_int_equal(p.nservers, 2);
    assert_int_equal(pg_params_select(&p, 1, &e), 0);
    assert_string_equal(value(&p, "host"), "localhost");
    assert_string_equal(value(&p, "port"), "5433");
    pg_params_release(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_local_hosts),        cmocka_unit_test(chooses_sslmode),
        cmocka_unit_test(verifies_remote_servers),  cmocka_unit_test(prefers_on_loopback),
        cmocka_unit_test(looks_at_the_address),     cmocka_unit_test(refuses_what_cannot_work),
        cmocka_unit_test(takes_servers_one_by_one), cmocka_unit_test(one_port_stands_for_all_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
