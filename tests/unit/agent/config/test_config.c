/* What good configurations become. */
#include "tests/unit/agent/config/fixture.h"

static void assert_strings(const struct config_strings *s, const char *expected) {
    char text[500] = "";
    for (size_t i = 0; i < s->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "", s->items[i]);
    assert_string_equal(text, expected);
}

static void assert_no_warnings(const struct config *c) {
    if (c->warnings.count > 0) fail_msg("%s", c->warnings.items[0]);
}

/* One line, nothing else: the first thing a user tries. */
static void test_one_line(void **state) {
    (void)state;
    struct config *c = fixture_load(NULL, "--source postgresql://cdc@127.0.0.1/shop --tables 'public.*'");
    assert_int_equal(c->nsources, 1);
    const struct config_source *s = &c->sources[0];
    assert_string_equal(s->name, "shop");
    assert_string_equal(s->scheme, "postgresql");
    assert_string_equal(s->url, "postgresql://cdc@127.0.0.1/shop");
    assert_string_equal(s->host, "127.0.0.1");
    assert_string_equal(s->database, "shop");
    assert_null(s->secret.from_url);
    assert_int_equal(s->tls, TLS_AUTO);
    assert_null(s->tls_ca);
    assert_strings(&s->tables, "public.*");
    assert_true(pattern_list_match(s->table_patterns, "public.x", NULL));
    assert_false(pattern_list_match(s->table_patterns, "other.x", NULL));
    assert_int_equal(s->snapshot, SNAPSHOT_INITIAL);
    assert_int_equal(s->snapshot_connections, 2);
    assert_int_equal(s->snapshot_rate, 0);
    assert_int_equal(s->chunk_bytes, 2 << 20);
    assert_string_equal(s->slot, "tailrace_shop");
    assert_string_equal(s->publication, "tailrace_shop");
    assert_true(s->create && !s->failover && !s->messages);
    assert_int_equal(s->discover_ms, 10000);
    assert_string_equal(s->place.text, "--source");
    assert_int_equal(c->sink.type, SINK_STDOUT);
    assert_false(c->sink.delimited);
    assert_true(c->sink.create_topics && !c->sink.tombstones);
    assert_string_equal(c->sink.path, "");
    assert_int_equal(c->sink.partitions, -1);
    assert_int_equal(c->sink.replication, -1);
    assert_string_equal(c->topics, "{source}.{schema}.{table}");
    assert_int_equal(c->encoding, ENCODING_JSON);
    assert_null(c->state);
    assert_int_equal(c->memory, 64 << 20);
    assert_int_equal(c->ring_bytes, 8 << 20);
    assert_int_equal(c->sink.queue_bytes, (64 << 20) / 3);
    assert_int_equal(c->checkpoint_ms, 200);
    assert_int_equal(c->grace_ms, 30000);
    assert_int_equal(c->oversize, OVERSIZE_STOP);
    assert_true(c->until == NULL && c->from == NULL && c->file == NULL && !c->accept_gap);
    assert_int_equal(c->log_level, LOG_INFO);
    assert_int_equal(c->log_format, LOG_TEXT);
    assert_no_warnings(c);
    config_free(c);
}

static const char example[] =
    "sources:\n"
    "  shop:                                  # the tag on every event\n"
    "    url: postgresql://cdc@127.0.0.1:5432/shop\n"
    "    password_file: /run/secrets/shop\n"
    "    tables: [\"public.*\", \"!public.audit_*\"]\n"
    "    snapshot: never\n"
    "  erp-1:\n"
    "    url: postgresql://cdc@erp.example/erp\n"
    "    password_env: ERP\n"
    "    tls: require\n"
    "    messages: yes\n"
    "sink:\n"
    "  type: kafka\n"
    "  brokers: [\"127.0.0.1:9092\"]\n"
    "  kafka: { compression.type: lz4, sasl.password_file: /run/secrets/kafka, ssl.key.password_env: KEY }\n"
    "  partitions: 6\n"
    "  replication: 3\n"
    "  topic_config: { retention.ms: -1 }\n"
    "topics: \"{source}.{schema}.{table}\"\n"
    "encoding: change\n"
    "delivery: at-least-once\n"
    "state: /var/lib/tailrace\n"
    "memory: 128MiB\n"
    "overrides:\n"
    "  - { table: \"shop.public.orders*\", columns: [a, b], mask: iban, key: [a], topic: orders }\n"
    "  - { table: [\"*.*.*\", \"!shop.*\"], exclude: [secret] }\n"
    "entities:\n"
    "  customer:\n"
    "    from:\n"
    "      - { table: shop.public.customers, key: customer_no, part: profile,\n"
    "          fields: { name: full_name, country: { const: DE } }, rows: true }\n"
    "      - { table: erp-1.erp.KNB1, key: \"{A}-{B}\", part: purchase, item: NO, when: \"x = '1'\",\n"
    "          fields: { total: SUM } }\n"
    "    truth: { profile: [erp-1, shop], profile.email: shop }\n";

static void test_sources_of_a_file(void **state) {
    (void)state;
    struct config *c = fixture_load(example, "");
    assert_int_equal(c->nsources, 2);
    assert_string_equal(c->file, FILE_NAME);
    const struct config_source *shop = &c->sources[0];
    assert_string_equal(shop->name, "shop");
    assert_string_equal(shop->place.text, "tailrace.yaml:3:5");
    assert_string_equal(shop->secret.file, "/run/secrets/shop");
    assert_true(pattern_list_match(shop->table_patterns, "public.orders", NULL));
    assert_false(pattern_list_match(shop->table_patterns, "public.audit_log", NULL));
    const struct config_source *erp = &c->sources[1];
    assert_string_equal(erp->name, "erp-1");
    assert_string_equal(erp->slot, "tailrace_erp_1");
    assert_string_equal(erp->secret.env, "ERP");
    assert_int_equal(erp->tls, TLS_REQUIRE);
    assert_true(erp->messages);
    assert_strings(&erp->tables, "*.*");
    assert_true(pattern_list_is_all(erp->table_patterns));
    assert_int_equal(c->memory, 128 << 20);
    assert_int_equal(c->ring_bytes, 8 << 20);
    assert_int_equal(c->sink.queue_bytes, (64 << 20) / 3);
    assert_no_warnings(c);
    config_free(c);
}

static void test_sink_of_a_file(void **state) {
    (void)state;
    struct config *c = fixture_load(example, "");
    const struct config_sink *s = &c->sink;
    assert_int_equal(s->type, SINK_KAFKA);
    assert_strings(&s->brokers, "127.0.0.1:9092");
    assert_int_equal(s->nkafka, 3);
    assert_string_equal(s->kafka[0].name, "compression.type");
    assert_string_equal(s->kafka[0].value, "lz4");
    assert_null(s->kafka[0].secret);
    assert_string_equal(s->kafka[1].name, "sasl.password");
    assert_string_equal(s->kafka[1].value, "");
    assert_string_equal(s->kafka[1].secret->file, "/run/secrets/kafka");
    assert_string_equal(s->kafka[2].name, "ssl.key.password");
    assert_string_equal(s->kafka[2].secret->env, "KEY");
    assert_int_equal(s->partitions, 6);
    assert_int_equal(s->replication, 3);
    assert_string_equal(s->topic_config[0].value, "-1");
    assert_int_equal(c->encoding, ENCODING_CHANGE);
    assert_false(s->delimited);
    config_free(c);
}

static void test_mapping_of_a_file(void **state) {
    (void)state;
    struct config *c = fixture_load(example, "");
    assert_int_equal(c->ntables, 2);
    assert_string_equal(c->tables[0].pattern_text, "shop.public.orders*");
    assert_string_equal(c->tables[0].place.text, "tailrace.yaml:25:5");
    assert_strings(&c->tables[0].columns, "a b");
    assert_strings(&c->tables[0].mask, "iban");
    assert_strings(&c->tables[0].key, "a");
    assert_string_equal(c->tables[0].topic, "orders");
    assert_null(c->tables[1].topic);
    assert_string_equal(c->tables[1].pattern_text, "*.*.* !shop.*");
    assert_true(pattern_list_match(c->tables[1].pattern, "erp-1.x.y", NULL));
    assert_false(pattern_list_match(c->tables[1].pattern, "shop.x.y", NULL));
    const struct config_entity *e = &c->entities[0];
    assert_string_equal(e->name, "customer");
    assert_string_equal(e->topic, "customer");
    assert_int_equal(e->nfrom, 2);
    assert_string_equal(e->from[0].key, "customer_no");
    assert_true(e->from[0].rows_too && e->from[0].item == NULL && e->from[0].when == NULL);
    assert_string_equal(e->from[0].fields[0].field, "name");
    assert_string_equal(e->from[0].fields[0].column, "full_name");
    assert_null(e->from[0].fields[0].constant);
    assert_string_equal(e->from[0].fields[1].constant, "DE");
    assert_null(e->from[0].fields[1].column);
    assert_string_equal(e->from[1].item, "NO");
    assert_string_equal(e->from[1].when, "x = '1'");
    assert_false(e->from[1].rows_too);
    assert_string_equal(e->truth[0].value, "erp-1,shop");
    assert_string_equal(e->truth[1].name, "profile.email");
    assert_string_equal(e->truth[1].value, "shop");
    config_free(c);
}

static const char small[] = "sources:\n  shop:\n    url: postgresql://h/db\n    tables: [a.b]\n    slot: s\n"
                            "sink: { brokers: [\"k:1\"], kafka: { linger.ms: 5, batch.size: 9 } }\n"
                            "state: d\n";

static void test_flags_win(void **state) {
    (void)state;
    struct config *c = fixture_load(
        small,
        "--tables c.d --tables e.f --slot t --sink.kafka.linger.ms 7 --sink.type stdout --memory 16MiB "
        "--sources.shop.publication p --encoding=change --accept-gap --skip 1 --skip 2 --log json "
        "--log-level=debug --until idle:5s --from now");
    assert_int_equal(c->nsources, 1);
    assert_string_equal(c->sources[0].name, "shop");
    assert_strings(&c->sources[0].tables, "c.d e.f");
    assert_string_equal(c->sources[0].slot, "t");
    assert_string_equal(c->sources[0].publication, "p");
    assert_string_equal(c->sources[0].url, "postgresql://h/db");
    assert_int_equal(c->sink.type, SINK_STDOUT);
    assert_true(c->sink.delimited);
    assert_int_equal(c->sink.nkafka, 2);
    assert_string_equal(c->sink.kafka[0].name, "linger.ms");
    assert_string_equal(c->sink.kafka[0].value, "7");
    assert_string_equal(c->sink.kafka[1].value, "9");
    assert_int_equal(c->memory, 16 << 20);
    assert_true(c->accept_gap);
    assert_strings(&c->skip, "1 2");
    assert_int_equal(c->log_format, LOG_JSON);
    assert_int_equal(c->log_level, LOG_DEBUG);
    assert_string_equal(c->until, "idle:5s");
    assert_string_equal(c->from, "now");
    config_free(c);
}

static void test_source_beside_a_file(void **state) {
    (void)state;
    struct config *c = fixture_load("memory: 32MiB\n", "--source postgresql://h/db --name mine");
    assert_string_equal(c->sources[0].name, "mine");
    assert_int_equal(c->memory, 32 << 20);
    config_free(c);
    c = fixture_load(small, "--source postgresql://other/db2");
    assert_string_equal(c->sources[0].name, "shop");
    assert_string_equal(c->sources[0].url, "postgresql://other/db2");
    config_free(c);
    c = fixture_load(small, "--sources.crm.url postgresql://h/crm --sources.crm.tables x.y");
    assert_int_equal(c->nsources, 2);
    assert_string_equal(c->sources[1].name, "crm");
    config_free(c);
}

static void test_entries_by_flag(void **state) {
    (void)state;
    struct config *c =
        fixture_load(small, "--overrides.0.table shop.a.b --overrides.0.mask m --overrides.0.mask n "
                            "--overrides.1.table 'shop.*.*' --overrides.1.exclude x "
                            "--entities.customer.from.0.table shop.a.b "
                            "--entities.customer.from.0.key k "
                            "--entities.customer.from.0.part profile "
                            "--entities.customer.from.0.fields.name n "
                            "--entities.customer.from.0.fields.country '{const: DE}'");
    assert_int_equal(c->ntables, 2);
    assert_strings(&c->tables[0].mask, "m n");
    assert_strings(&c->tables[1].exclude, "x");
    assert_int_equal(c->entities[0].nfrom, 1);
    assert_string_equal(c->entities[0].from[0].fields[1].constant, "DE");
    config_free(c);
}

static void test_conversions(void **state) {
    (void)state;
    struct config *c = fixture_load(
        "sources: {a: {url: postgresql://h/a}}\n"
        "overrides:\n"
        "  - table: a.x.y\n"
        "    convert:\n"
        "      BUDAT: { date: yyyymmdd, zero: null }\n"
        "      NAME1: [trim, { empty: null }]\n"
        "      FLAG: { bool: X }\n"
        "      KUNNR: trim\n",
        "--overrides.0.convert.AMT '{zoned: true, decimal: implied(2)}' --overrides.0.convert.Z trim");
    static const char *const all[][2] = {{"BUDAT", "date=yyyymmdd,zero=null"},
                                         {"NAME1", "trim,empty=null"},
                                         {"FLAG", "bool=X"},
                                         {"KUNNR", "trim"},
                                         {"AMT", "zoned=true,decimal=implied(2)"},
                                         {"Z", "trim"}};
    assert_int_equal(c->tables[0].nconvert, COUNT(all));
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_string_equal(c->tables[0].convert[i].name, all[i][0]);
        assert_string_equal(c->tables[0].convert[i].value, all[i][1]);
    }
    config_free(c);
}

static void test_sink_types(void **state) {
    (void)state;
    static const struct {
        const char *flags;
        enum config_sink_type type;
        enum config_encoding encoding;
        bool delimited;
    } sinks[] = {
        {"", SINK_STDOUT, ENCODING_JSON, false},
        {"--encoding change", SINK_STDOUT, ENCODING_CHANGE, true},
        {"--sink.path x", SINK_FILE, ENCODING_JSON, false},
        {"--sink.path x --encoding change", SINK_FILE, ENCODING_CHANGE, true},
        {"--sink.type null", SINK_NULL, ENCODING_CHANGE, false},
        {"--sink.brokers a,b", SINK_KAFKA, ENCODING_CHANGE, false},
        {"--sink.brokers a --encoding json", SINK_KAFKA, ENCODING_JSON, false},
        {"--sink.brokers a --sink.type null", SINK_NULL, ENCODING_CHANGE, false},
    };
    for (size_t i = 0; i < COUNT(sinks); i++) {
        char flags[200];
        snprintf(flags, sizeof flags, "--source postgresql://h/d %s", sinks[i].flags);
        struct config *c = fixture_load(NULL, flags);
        assert_int_equal(c->sink.type, sinks[i].type);
        assert_int_equal(c->encoding, sinks[i].encoding);
        assert_int_equal(c->sink.delimited, sinks[i].delimited);
        config_free(c);
    }
}

/* The one option whose word YAML takes for nothing. */
static void test_null_sink_without_quotes(void **state) {
    (void)state;
    struct config *c = fixture_load("sources: {a: {url: postgresql://h/a}}\nsink: {type: null}\n", "");
    assert_int_equal(c->sink.type, SINK_NULL);
    config_free(c);
}

static void test_booleans(void **state) {
    (void)state;
    struct config *c = fixture_load("sources: {no: {url: postgresql://h/off, create: off, failover: Yes}}\n"
                                    "topics: on\nsink: {tombstones: true}\n",
                                    "--sink.create-topics=no");
    assert_string_equal(c->sources[0].name, "no");
    assert_string_equal(c->sources[0].database, "off");
    assert_true(!c->sources[0].create && c->sources[0].failover);
    assert_string_equal(c->topics, "on");
    assert_true(c->sink.tombstones && !c->sink.create_topics);
    config_free(c);
}

static void test_anchors(void **state) {
    (void)state;
    struct config *c = fixture_load("sources:\n  a: {url: postgresql://h/a, tables: &t [x.y, z.*]}\n"
                                    "  b: {url: postgresql://h/b, tables: *t}\n",
                                    "");
    assert_strings(&c->sources[1].tables, "x.y z.*");
    config_free(c);
}

static void test_memory_of_many_sources(void **state) {
    (void)state;
    struct config *c =
        fixture_load("sources: {a: {url: postgresql://h/a}, b: {url: postgresql://h/b}}\n", "");
    assert_int_equal(c->ring_bytes, 4 << 20);
    assert_int_equal(c->sink.queue_bytes, (32 << 20) / 3);
    config_free(c);
    c = fixture_load("sources: {a: {url: postgresql://h/a}}\nmemory: 64GiB\n", "");
    assert_int_equal(c->ring_bytes, 256 << 20);
    assert_int_equal(c->sink.queue_bytes, ((size_t)64 << 30) / 3);
    config_free(c);
}

static const char url_warning[] = "a password in a URL is seen by whoever sees the command line or the file; "
                                  "put it into a file of its own and "
                                  "name that with password_file";

static void assert_warned(const struct config *c, const char *place, const char *text) {
    char expected[500];
    snprintf(expected, sizeof expected, "%s%s", place, text);
    assert_int_equal(c->warnings.count, 1);
    assert_string_equal(c->warnings.items[0], expected);
}

static void test_password_in_url(void **state) {
    (void)state;
    struct command_line line;
    struct config *c;
    struct err e = {0};
    fixture_words(&line, NULL, "--source postgresql://cdc:geheim@h/shop");
    assert_int_equal(config_load(line.argc, line.argv, &c, &e), 0);
    assert_string_equal(line.argv[2], "postgresql://cdc:xxxxxx@h/shop");
    assert_string_equal(c->sources[0].url, "postgresql://cdc@h/shop");
    assert_string_equal(c->sources[0].secret.from_url, "geheim");
    assert_warned(c, "--source: ", url_warning);
    config_free(c);
    c = fixture_load("sources:\n  a:\n    url: postgresql://cdc:geheim@h/shop\n", "");
    assert_string_equal(c->sources[0].secret.from_url, "geheim");
    assert_string_equal(c->sources[0].url, "postgresql://cdc@h/shop");
    assert_warned(c, "tailrace.yaml:3:10: sources.a.url: ", url_warning);
    config_free(c);
}

static void test_open_kafka_secret(void **state) {
    (void)state;
    struct config *c = fixture_load(small, "--sink.kafka.sasl.password geheim");
    assert_int_equal(c->sink.nkafka, 3);
    assert_string_equal(c->sink.kafka[2].value, "");
    assert_string_equal(c->sink.kafka[2].secret->from_url, "geheim");
    assert_warned(
        c, "--sink.kafka.sasl.password: ",
        "sasl.password is seen by whoever sees the command line or the file; put it into a file of its "
        "own and name that with sasl.password_file");
    config_free(c);
}

static void test_kafka_without_state(void **state) {
    (void)state;
    struct config *c =
        fixture_load("sources: {a: {url: postgresql://h/a}}\nsink: {type: kafka, brokers: [k]}\n", "");
    assert_warned(c, "",
                  "without a state directory nothing survives a restart: what is committed meanwhile is not "
                  "published; give one with --state DIR");
    config_free(c);
}

static void test_tls_in_url(void **state) {
    (void)state;
    struct config *c = fixture_load(
        NULL,
        "--source postgresql://h/a?sslmode=verify-ca&sslrootcert=r&sslcert=c&sslkey=k&application_name=x");
    assert_int_equal(c->sources[0].tls, TLS_VERIFY_CA);
    assert_string_equal(c->sources[0].tls_ca, "r");
    assert_string_equal(c->sources[0].tls_cert, "c");
    assert_string_equal(c->sources[0].tls_key, "k");
    assert_string_equal(c->sources[0].url, "postgresql://h/a?application_name=x");
    config_free(c);
    c = fixture_load(NULL, "--source postgresql://h/a?sslmode=prefer");
    assert_int_equal(c->sources[0].tls, TLS_AUTO);
    config_free(c);
    c = fixture_load(NULL, "--source postgresql://h/a?sslmode=disable --tls off");
    assert_int_equal(c->sources[0].tls, TLS_OFF);
    config_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_sources_of_a_file),
        cmocka_unit_test(test_sink_of_a_file),
        cmocka_unit_test(test_mapping_of_a_file),
        cmocka_unit_test(test_flags_win),
        cmocka_unit_test(test_source_beside_a_file),
        cmocka_unit_test(test_entries_by_flag),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_sink_types),
        cmocka_unit_test(test_null_sink_without_quotes),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_anchors),
        cmocka_unit_test(test_memory_of_many_sources),
        cmocka_unit_test(test_password_in_url),
        cmocka_unit_test(test_open_kafka_secret),
        cmocka_unit_test(test_kafka_without_state),
        cmocka_unit_test(test_tls_in_url),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
