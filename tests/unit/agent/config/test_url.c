#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/url.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct good {
    const char *given, *text, *host, *server, *database, *password, *sslmode;
};

static const struct good good[] = {
    {"postgresql://cdc@127.0.0.1:5432/shop", "postgresql://cdc@127.0.0.1:5432/shop", "127.0.0.1",
     "127.0.0.1:5432", "shop", NULL, NULL},
    {"postgres://h/shop", "postgresql://h/shop", "h", "h:5432", "shop", NULL, NULL},
    {"postgresql:///shop", "postgresql:///shop", "", ":5432", "shop", NULL, NULL},
    {"postgresql://cdc:geheim@h/shop", "postgresql://cdc@h/shop", "h", "h:5432", "shop", "geheim", NULL},
    {"postgresql://cdc:@h/shop", "postgresql://cdc@h/shop", "h", "h:5432", "shop", NULL, NULL},
    {"postgresql://:geheim@h/shop", "postgresql://h/shop", "h", "h:5432", "shop", "geheim", NULL},
    {"postgresql://c:a%40b%2Fc%25@h/s%20p", "postgresql://c@h/s%20p", "h", "h:5432", "s p", "a@b/c%", NULL},
    {"postgresql://c:a?b@h/shop", "postgresql://c@h/shop", "h", "h:5432", "shop", "a?b", NULL},
    {"postgresql://c:a:b@h:1/shop", "postgresql://c@h:1/shop", "h", "h:1", "shop", "a:b", NULL},
    {"postgresql://a:1,b:2,c/shop", "postgresql://a:1,b:2,c/shop", "a,b,c", "a:1,b:2,c:5432", "shop", NULL,
     NULL},
    {"postgresql://[::1]:6543/shop", "postgresql://[::1]:6543/shop", "::1", "::1:6543", "shop", NULL, NULL},
    {"postgresql://[2001:db8::7]/shop", "postgresql://[2001:db8::7]/shop", "2001:db8::7", "2001:db8::7:5432",
     "shop", NULL, NULL},
    {"postgresql://%2Frun%2Fpg/shop", "postgresql://%2Frun%2Fpg/shop", "", "/run/pg:5432", "shop", NULL,
     NULL},
    {"postgresql:///shop?host=/run/pg&port=7", "postgresql:///shop?host=/run/pg&port=7", "", "/run/pg:7",
     "shop", NULL, NULL},
    {"postgresql://h?dbname=shop", "postgresql://h?dbname=shop", "h", "h:5432", "shop", NULL, NULL},
    {"postgresql://h/shop?sslmode=require&connect_timeout=3&password=g%26h",
     "postgresql://h/shop?connect_timeout=3", "h", "h:5432", "shop", "g&h", "require"},
    {"postgresql://h/shop?&sslmode=", "postgresql://h/shop", "h", "h:5432", "shop", NULL, NULL},
};

static void assert_text(const char *a, const char *b) {
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void test_mysql(void **state) {
    struct arena a;
    struct url u;
    struct err e = {0};

    (void)state;
    arena_init(&a, 0);
    assert_int_equal(url_parse("mysql://cdc:se%20cret@h1,h2:3307/?compress=true", &a, &u, &e), 0);
    assert_string_equal(u.scheme, "mysql");
    assert_string_equal(u.text, "mysql://cdc@h1,h2:3307/?compress=true");
    assert_string_equal(u.server, "h1:3306,h2:3307");
    assert_string_equal(u.database, "");
    assert_string_equal(u.password, "se cret");
    assert_int_equal(url_parse("mariadb://h/erp", &a, &u, &e), 0);
    assert_string_equal(u.scheme, "mysql");
    assert_string_equal(u.text, "mariadb://h/erp");
    assert_string_equal(url_default_name("mysql://h", &a), "mysql");
    assert_string_equal(url_default_name("mariadb://h/ERP", &a), "erp");
    arena_release(&a);
}

static void test_good(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct arena a;
        struct url u;
        struct err e = {0};
        arena_init(&a, 0);
        if (url_parse(good[i].given, &a, &u, &e) != 0) fail_msg("%s: %s", good[i].given, e.text);
        assert_text(u.scheme, "postgresql");
        assert_text(u.text, good[i].text);
        assert_text(u.host, good[i].host);
        assert_text(u.server, good[i].server);
        assert_text(u.database, good[i].database);
        assert_text(u.password, good[i].password);
        assert_text(u.sslmode, good[i].sslmode);
        arena_release(&a);
    }
}

static const char *const bad[][2] = {
    {"", "the URL must begin with postgresql://, mysql:// or mariadb://"},
    {"shop", "the URL must begin with postgresql://, mysql:// or mariadb://"},
    {"http://h/shop", "the URL must begin with postgresql://, mysql:// or mariadb://"},
    {"postgresql:/h/shop", "the URL must begin with postgresql://, mysql:// or mariadb://"},
    {"postgresql://h",
     "the URL names no database; it stands behind the host: postgresql://USER@HOST/DATABASE"},
    {"postgresql://h/",
     "the URL names no database; it stands behind the host: postgresql://USER@HOST/DATABASE"},
    {"postgresql://c:se@cret@h/shop",
     "the URL holds an @ too many; in a user's name or password it is written %40"},
    {"postgresql://c:se/cret@h/shop",
     "the URL holds an @ or a slash where the database's name is expected; in a "
     "password they are written %40 and %2F"},
    {"postgresql://c:se%cret@h/shop",
     "the URL holds a % that is not followed by two hexadecimal digits; a plain "
     "% is written %25"},
    {"postgresql://c:a%00b@h/shop",
     "the URL holds a % that is not followed by two hexadecimal digits; a plain % "
     "is written %25"},
    {"postgresql://h/shop%4",
     "the URL holds a % that is not followed by two hexadecimal digits; a plain % is "
     "written %25"},
    {"postgresql://h:port/shop",
     "the URL has a port that is no number (an @ or a slash in a password is written "
     "%40 or %2F)"},
    {"postgresql://[::1/shop", "the URL has a [ without its ]"},
    {"postgresql://h/shop?x", "the URL has a parameter without a value"},
    {"postgresql://h/shop?replication=database", "the URL's parameter replication is set by Tailrace itself"},
    {"postgresql://h/shop?sslpassword=x",
     "the URL's parameter sslpassword is not supported; use a key without a pass phrase"},
};

static void test_bad(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct arena a;
        struct url u;
        struct err e = {0};
        arena_init(&a, 0);
        assert_int_equal(url_parse(bad[i][0], &a, &u, &e), -1);
        assert_string_equal(e.text, bad[i][1]);
        assert_int_equal(e.code, ERR_CONFIG);
        assert_null(strstr(e.text, "cret"));
        arena_release(&a);
    }
}

static void test_default_name(void **state) {
    (void)state;
    const char *const names[][2] = {
        {"postgresql://h/shop", "shop"},
        {"postgresql://h/Shop%20DE.2-x", "shop_de_2-x"},
        {"postgresql://h/", "postgresql"},
        {"nonsense", "postgresql"},
        {"postgresql://h/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
         "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"},
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct arena a;
        arena_init(&a, 0);
        assert_string_equal(url_default_name(names[i][0], &a), names[i][1]);
        arena_release(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_mysql),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_default_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
