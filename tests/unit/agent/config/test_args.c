#include "tests/unit/agent/config/fixture.h"

#include "agent/config/args.h"

/* The arguments as the process title shows them afterwards. */
static void assert_left(const struct command_line *line, const char *expected) {
    char shown[2000] = "";
    for (int i = 1; i < line->argc; i++)
        snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s%s", i > 1 ? " " : "",
                 line->argv[i]);
    assert_string_equal(shown, expected);
}

static int read_line(const char *flags, struct command_line *line, struct arena *a, struct args *args,
                     struct err *e) {
    fixture_words(line, NULL, flags);
    arena_init(a, 0);
    *e = (struct err){0};
    return args_read(line->argc, line->argv, a, args, e);
}

/* "path=value" of each flag, with blanks between them, and the file. */
static void assert_read(const char *flags, const char *expected) {
    struct command_line line;
    struct arena a;
    struct args args;
    struct err e;
    char text[2000] = "";
    if (read_line(flags, &line, &a, &args, &e) != 0) fail_msg("%s: %s", flags, e.text);
    for (const struct arg *arg = args.first; arg != NULL; arg = arg->next) {
        for (size_t i = 0; i < arg->path.nsteps; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? "/" : "",
                     arg->path.steps[i]);
        snprintf(text + strlen(text), sizeof text - strlen(text), "=%s ", arg->value);
    }
    if (args.file != NULL) snprintf(text + strlen(text), sizeof text - strlen(text), "file %s", args.file);
    assert_string_equal(text, expected);
    arena_release(&a);
}

static void test_forms(void **state) {
    (void)state;
    assert_read("", "");
    assert_read("a.yaml", "file a.yaml");
    assert_read("--tables a.* a.yaml --tables=b.*", "tables=a.* tables=b.* file a.yaml");
    assert_read("--tls-ca x --tls_cert y", "tls_ca=x tls_cert=y ");
    assert_read("--accept-gap a.yaml", "accept_gap=true file a.yaml");
    assert_read("--accept-gap no a.yaml", "accept_gap=no file a.yaml");
    assert_read("--accept-gap=maybe", "accept_gap=maybe ");
    assert_read("--slot=a=b", "slot=a=b ");
    assert_read("--slot=", "slot= ");
    assert_read("--skip -1", "skip=-1 ");
    assert_read("-- --file", "file --file");
    assert_read("-", "file -");
    assert_read("--sink.kafka.compression.type lz4", "sink/kafka/compression.type=lz4 ");
    assert_read("--sink.create-topics=off", "sink/create_topics=off ");
    assert_read("--sources.my-shop.url x", "sources/my-shop/url=x ");
    assert_read("--overrides.0.mask x", "overrides/0/mask=x ");
    assert_read("--entities.customer.from.1.fields.name x", "entities/customer/from/1/fields/name=x ");
    assert_read("--entities.customer.truth.profile.email a", "entities/customer/truth/profile.email=a ");
    assert_read("--sink '{type: file}'", "sink={type: file} ");
}

static const char *const bad[][2] = {
    {"--tabels x", "unknown option --tabels; did you mean --tables?"},
    {"--passwordfile x", "unknown option --passwordfile; did you mean --password-file?"},
    {"--xyzzy", "unknown option --xyzzy; `tailrace run --help` lists them"},
    {"--", "(none)"},
    {"--=x", "unknown option --; `tailrace run --help` lists them"},
    {"--sink.tpye x", "unknown option --sink.tpye; did you mean --sink.type?"},
    {"--sink.xyzzy x", "unknown option --sink.xyzzy; `tailrace run --help` lists them"},
    {"--sink. x", "unknown option --sink.; `tailrace run --help` lists them"},
    {"--sources.shop.tabels x", "unknown option --sources.shop.tabels; did you mean --sources.shop.tables?"},
    {"--sources.shop x", "--sources.shop names no option; put one behind it, as in --sources.shop.url"},
    {"--overrides.0 x", "--overrides.0 names no option; put one behind it, as in --overrides.0.topic"},
    {"--sources..url x", "unknown option --sources..url"},
    {"--tables.x y", "unknown option --tables.x: tables has no options of its own"},
    {"--sink.kafka. y", "unknown option --sink.kafka."},
    {"--slot", "--slot needs a value"},
    {"--slot --tables x", "--slot needs a value"},
    {"-v", "unknown option -v; options begin with two dashes"},
    {"a.yaml b.yaml", "one configuration file at most: b.yaml is a second one behind a.yaml"},
    {"postgresql://a:geheim@h/b", "a URL stands where the name of a file is expected; write --source URL"},
};

static void test_bad(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct command_line line;
        struct arena a;
        struct args args;
        struct err e;
        int rc = read_line(bad[i][0], &line, &a, &args, &e);
        assert_string_equal(rc == 0 ? "(none)" : e.text, bad[i][1]);
        arena_release(&a);
    }
}

static const char *const wiped[][2] = {
    {"--source postgresql://c:geheim@h/d", "--source postgresql://c:xxxxxx@h/d"},
    {"--source=postgresql://c:geheim@h/d", "--source=postgresql://c:xxxxxx@h/d"},
    {"--sources.a.url postgresql://c:geheim@h/d", "--sources.a.url postgresql://c:xxxxxx@h/d"},
    {"--sorce postgresql://c:geheim@h/d", "--sorce postgresql://c:xxxxxx@h/d"},
    {"postgresql://c:geheim@h/d", "postgresql://c:xxxxxx@h/d"},
    {"--sink.kafka.sasl.password geheim --slot s", "--sink.kafka.sasl.password xxxxxx --slot s"},
    {"--sink.kafka.sasl.password=geheim", "--sink.kafka.sasl.password=xxxxxx"},
    {"--sink.kafka.sasl.password_file geheim", "--sink.kafka.sasl.password_file geheim"},
    {"--sink.kafka.sasl.username me", "--sink.kafka.sasl.username me"},
    {"--sink.kafka '{sasl.password: g}'", "--sink.kafka xxxxxxxxxxxxxxxxxx"},
    {"--sources '{a: {url: x}}'", "--sources xxxxxxxxxxxxx"},
};

static void test_wiping(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(wiped); i++) {
        struct command_line line;
        struct arena a;
        struct args args;
        struct err e;
        bool ok = read_line(wiped[i][0], &line, &a, &args, &e) == 0;
        assert_left(&line, wiped[i][1]);
        assert_null(strstr(e.text, "geheim"));
        if (ok && strstr(wiped[i][0], "geheim") != NULL && strstr(wiped[i][0], "user") == NULL)
            assert_non_null(strstr(args.first->value, "geheim"));
        arena_release(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_wiping),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
