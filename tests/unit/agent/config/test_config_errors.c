/* What bad configurations are told: exact texts, with file, line and column. */
#include "tests/unit/agent/config/fixture.h"

struct bad {
    const char *yaml; /* NULL: no file */
    const char *flags;
    const char *text;
};

#define SHOP "sources:\n  shop:\n    url: postgresql://h/db\n"
#define ENTITY SHOP "entities:\n  customer:\n"
#define FROM ENTITY "    from:\n      - "
#define MAPPING "{ table: shop.public.c, key: k, part: profile, fields: { a: b } }"

static const struct bad structure[] = {
    {NULL, "",
     "no database is given: add --source postgresql://USER@HOST/DATABASE (or mysql://USER@HOST), or name a "
     "configuration file "
     "with a section \"sources\""},
    {"state: x\n", "",
     "tailrace.yaml: no database is given: add --source postgresql://USER@HOST/DATABASE (or "
     "mysql://USER@HOST), or name "
     "a configuration file with a section \"sources\""},
    {"sources: {}\n", "",
     "tailrace.yaml: no database is given: add --source postgresql://USER@HOST/DATABASE (or "
     "mysql://USER@HOST), or "
     "name a configuration file with a section \"sources\""},
    {"", "", "tailrace.yaml: there is nothing in it"},
    {SHOP "    tabels: [x.y]\n", "",
     "tailrace.yaml:4:5: unknown option \"tabels\" in sources.shop; did you mean \"tables\"?"},
    {SHOP "    xyzzy: 1\n", "", "tailrace.yaml:4:5: unknown option \"xyzzy\" in sources.shop"},
    {SHOP "snik: {}\n", "", "tailrace.yaml:4:1: unknown option \"snik\"; did you mean \"sink\"?"},
    {SHOP "sink: { borkers: [a] }\n", "",
     "tailrace.yaml:4:9: unknown option \"borkers\" in sink; did you mean \"brokers\"?"},
    {SHOP "password-file: x\n", "", "tailrace.yaml:4:1: unknown option \"password-file\""},
    {SHOP "    password-file: x\n", "",
     "tailrace.yaml:4:5: unknown option \"password-file\" in sources.shop; did you mean \"password_file\"?"},
    {SHOP "until: end\n", "", "tailrace.yaml:4:1: \"until\" belongs on the command line only"},
    {SHOP "accept_gap: true\n", "", "tailrace.yaml:4:1: \"accept_gap\" belongs on the command line only"},
    {SHOP "name: x\n", "", "tailrace.yaml:4:1: \"name\" belongs on the command line only"},
    {"sources: [a]\n", "", "tailrace.yaml:1:10: sources: names with settings below them are expected"},
    {"sources: { shop: postgresql://h/db }\n", "",
     "tailrace.yaml:1:18: sources.shop: a section is expected: lines of the form \"name: value\""},
    {"sources: { shop: { tables: [a.b] } }\n", "", "tailrace.yaml:1:18: sources.shop needs \"url\""},
    {SHOP "sink: kafka\n", "",
     "tailrace.yaml:4:7: sink: a section is expected: lines of the form \"name: value\""},
    {SHOP "sink: { kafka: lz4 }\n", "",
     "tailrace.yaml:4:16: sink.kafka: names and values are expected: { NAME: VALUE }"},
    {SHOP "sink: { kafka: { a: { b: 1 } } }\n", "",
     "tailrace.yaml:4:21: sink.kafka: a: a single value is expected"},
    {SHOP "sink: { brokers: { a: b } }\n", "",
     "tailrace.yaml:4:18: sink.brokers: a list is expected: [ HOST:PORT, "
     "... ]"},
    {SHOP "sink: { brokers: [[a]] }\n", "", "tailrace.yaml:4:19: sink.brokers: a single value is expected"},
    {SHOP "sink: { brokers: [] }\n", "", "tailrace.yaml:4:18: sink.brokers: the list is empty"},
    {SHOP "sink: { brokers: [\"\"] }\n", "",
     "tailrace.yaml:4:19: sink.brokers: an empty value is no use in a list"},
    {SHOP "state: [a]\n", "", "tailrace.yaml:4:8: state: a single value is expected"},
    {SHOP "state: \"\"\n", "", "tailrace.yaml:4:8: state: the value is empty"},
    {SHOP "state:\n", "",
     "tailrace.yaml:4:7: the value is missing (take the line out, or write \"\" for an empty "
     "text)"},
    {SHOP "state: ~\n", "", "tailrace.yaml:4:8: state: the value is missing; a text \"~\" needs quotes"},
    {SHOP "encoding: null\n", "",
     "tailrace.yaml:4:11: encoding: the value is missing; a text \"null\" needs quotes"},
    {SHOP "    tables: [null]\n", "",
     "tailrace.yaml:4:14: sources.shop.tables: the value is missing; a text \"null\" needs quotes"},
    {SHOP "sink: { kafka: { a: Null } }\n", "",
     "tailrace.yaml:4:21: sink.kafka: the value is missing; a text \"Null\" needs quotes"},
    {SHOP "overrides: {}\n", "", "tailrace.yaml:4:12: overrides: a list of entries is expected"},
    {SHOP "  shop:\n    url: x\n", "",
     "tailrace.yaml:4:3: \"shop\" is given twice, first at tailrace.yaml:2:3"},
};

static const struct bad values[] = {
    {SHOP "    create: maybe\n", "",
     "tailrace.yaml:4:13: sources.shop.create: \"maybe\" is neither true nor false"},
    {SHOP "    create: 1\n", "", "tailrace.yaml:4:13: sources.shop.create: \"1\" is neither true nor false"},
    {SHOP "    tls: yes\n", "",
     "tailrace.yaml:4:10: sources.shop.tls: \"yes\" is not one of auto, off, require, verify-ca, "
     "verify-full"},
    {SHOP "    tls: verify_full\n", "",
     "tailrace.yaml:4:10: sources.shop.tls: \"verify_full\" is not one of auto, off, require, verify-ca, "
     "verify-full; "
     "did you mean \"verify-full\"?"},
    {SHOP "    snapshot: allways\n", "",
     "tailrace.yaml:4:15: sources.shop.snapshot: \"allways\" is not one of initial, never, only, "
     "when-needed"},
    {SHOP "    snapshot_connections: 17\n", "",
     "tailrace.yaml:4:27: sources.shop.snapshot_connections: \"17\" is not a whole number between 1 and 16"},
    {SHOP "encoding: typed\n", "",
     "tailrace.yaml:4:11: encoding: \"typed\" is not one of json, change; typed and "
     "debezium-json are not in this version"},
    {SHOP "delivery: exactly-once\n", "",
     "tailrace.yaml:4:11: delivery: \"exactly-once\" is not at-least-once; "
     "exactly-once is not in this version"},
    {SHOP "memory: 64\n", "", "tailrace.yaml:4:9: memory: \"64\" is out of range: 8MiB to 1024GiB"},
    {SHOP "memory: lots\n", "",
     "tailrace.yaml:4:9: memory: \"lots\" is not a size such as 64MiB, 512KiB or 1GiB"},
    {SHOP "grace: 30\n", "", "tailrace.yaml:4:8: grace: \"30\" is not a time such as 500ms, 5s, 2m or 1h"},
    {SHOP "checkpoint_interval: 2h\n", "",
     "tailrace.yaml:4:22: checkpoint_interval: \"2h\" is out of range: 10ms to 1h"},
    {SHOP "sink: { partitions: 0 }\n", "",
     "tailrace.yaml:4:21: sink.partitions: \"0\" is not a whole number between 1 and 100000"},
    {SHOP "sink: { type: kafak }\n", "",
     "tailrace.yaml:4:15: sink.type: \"kafak\" is not one of kafka, stdout, file, "
     "null; did you mean \"kafka\"?"},
    {SHOP, "--sink.type kafak",
     "--sink.type: \"kafak\" is not one of kafka, stdout, file, null; did you mean \"kafka\"?"},
    {SHOP, "--snapshot=when_needed",
     "--snapshot: \"when_needed\" is not one of initial, never, only, when-needed; did you mean "
     "\"when-needed\"?"},
    {SHOP, "--until idle:5", "--until: idle: \"5\" is not a time such as 500ms, 5s, 2m or 1h"},
    {SHOP, "--log-level loud", "--log-level: \"loud\" is not one of error, warn, info, debug"},
};

static const struct bad flags[] = {
    {SHOP, "--tabels x", "unknown option --tabels; did you mean --tables?"},
    {SHOP, "--slot a --slot b", "--slot is given twice"},
    {SHOP, "--sources.shop.slot a --slot b", "--slot is given twice"},
    {SHOP, "--sink.kafka.a 1 --sink.kafka.a 2", "--sink.kafka.a is given twice"},
    {SHOP, "--name x", "--name: the source has a name already: shop"},
    {NULL, "--source postgresql://h/a --name x --name y", "--name is given twice"},
    {NULL, "--tables a.b", "--tables: --source is missing"},
    {NULL, "--source postgresql://h/a --name Shop",
     "--source: a source's name is 1 to 40 characters of a-z, 0-9, _ and -, which \"Shop\" is not"},
    {SHOP "  crm:\n    url: postgresql://h/crm\n", "--tables a.b",
     "--tables: there are several sources; write --sources.NAME.tables"},
    {SHOP "  crm:\n    url: postgresql://h/crm\n", "--name a",
     "--name: there are several sources, and each has a name already"},
    {SHOP "  crm:\n    url: postgresql://h/crm\n", "--until 0/16B3740",
     "--until: with several sources it is end or idle:TIME; a position belongs to one of them"},
    {SHOP "  crm:\n    url: postgresql://h/crm\n", "--from 0/16B3740",
     "--from: with several sources it is now; a position belongs to one of them"},
    {SHOP, "--overrides.1.table x",
     "--overrides.1.table: \"1\" is no entry; they count from 0, and the next free is 0"},
    {SHOP, "--overrides.x.table x",
     "--overrides.x.table: \"x\" is no entry; they count from 0, and the next free is 0"},
    {SHOP, "--overrides.0.mask x", "--overrides.0.mask: --overrides.N.table is missing"},
    {SHOP "sink: x\n", "--sink.path y",
     "tailrace.yaml:4:7: sink, which --sink.path goes into, is no section"},
    {SHOP, "--sink '{type: file'",
     "--sink: did not find expected ',' or '}' while parsing a flow mapping (a value "
     "that begins with one of * ! & { [ % @ ` needs quotes)"},
    {SHOP, "--sink '{tpye: file}'", "--sink: unknown option \"tpye\" in sink; did you mean \"type\"?"},
    {SHOP, "--sink '{type: nul}'",
     "--sink: \"nul\" is not one of kafka, stdout, file, null; did you mean \"null\"?"},
};

static const struct bad sources[] = {
    {"sources: { Shop: { url: postgresql://h/db } }\n", "",
     "tailrace.yaml:1:12: a source's name is 1 to 40 characters of a-z, 0-9, _ and -, which \"Shop\" is not"},
    {"sources: { a23456789b123456789c123456789d123456789e1: { url: postgresql://h/db } }\n", "",
     "tailrace.yaml:1:12: a source's name is 1 to 40 characters of a-z, 0-9, _ and -, which "
     "\"a23456789b123456789c123456789d123456789e1\" is not"},
    {"sources: { a: { url: \"mysql://h/db\", slot: x } }\n", "",
     "tailrace.yaml:1:44: sources.a.slot: is an option of PostgreSQL sources, this is a MySQL or MariaDB "
     "URL"},
    {"sources: { a: { url: \"postgresql://h/db\", server_id: 5 } }\n", "",
     "tailrace.yaml:1:54: sources.a.server_id: is an option of MySQL and MariaDB sources"},
    {"sources: { a: { url: \"postgresql://h/db\", statements: true } }\n", "",
     "tailrace.yaml:1:55: sources.a.statements: is an option of MySQL and MariaDB sources"},
    {"sources: { a: { url: \"mysql://h\", server_id: 5 }, b: { url: \"mysql://u@h:3306/x\", server_id: 5 } "
     "}\n",
     "",
     "tailrace.yaml:1:94: sources.b.server_id: the source a registers with the same server_id on the same "
     "server; give each its own"},
    {"sources: { a: { url: \"mysql://h\", tables: [t] } }\n", "",
     "tailrace.yaml:1:44: sources.a.tables: pattern \"t\" names no database; write \"shop.t\" or \"*.t\""},
    {"sources: { a: { url: shop } }\n", "",
     "tailrace.yaml:1:22: sources.a.url: the URL must begin with postgresql://, mysql:// or mariadb://"},
    {SHOP "    password_file: a\n    password_env: b\n", "",
     "tailrace.yaml:3:5: sources.shop: only one of password_file, password_env, passfile and service can be "
     "given"},
    {"sources: { a: { url: \"postgresql://u:geheim@h/d\", passfile: x } }\n", "",
     "tailrace.yaml:1:22: sources.a.url: a password stands in the URL, and another one is named beside it"},
    {"sources: { a: { url: \"postgresql://h/d?sslmode=require\", tls: off } }\n", "",
     "tailrace.yaml:1:63: sources.a.tls: the URL's parameter sslmode says something else"},
    {"sources: { a: { url: \"postgresql://h/d?sslmode=on\" } }\n", "",
     "tailrace.yaml:1:22: sources.a.url: the URL's parameter sslmode has a value that does not exist"},
    {"sources: { a: { url: \"postgresql://h/d?sslkey=k\", tls_key: l } }\n", "",
     "tailrace.yaml:1:60: sources.a.tls_key: the URL's parameter sslkey says something else"},
    {SHOP "    tls_cert: x\n", "", "tailrace.yaml:3:5: sources.shop: tls_cert and tls_key belong together"},
    {SHOP "    tables: [\"a.*\", \"/x(/\"]\n", "",
     "tailrace.yaml:4:21: sources.shop.tables: pattern \"/x(/\": missing closing parenthesis (offset 3)"},
    {SHOP "    tables: [a.b, orders]\n", "",
     "tailrace.yaml:4:19: sources.shop.tables: pattern \"orders\" names no schema; write \"public.orders\" "
     "or "
     "\"*.orders\""},
    {SHOP "    tables: a.\n", "",
     "tailrace.yaml:4:13: sources.shop.tables: pattern \"a.\": there is nothing behind the dot (offset 1)"},
    {SHOP "    slot: Shop\n", "",
     "tailrace.yaml:4:11: sources.shop.slot: a slot's name is up to 63 characters of a-z, 0-9 and _"},
    {SHOP "  s2:\n    url: postgresql://h/other\n    slot: tailrace_shop\n", "",
     "tailrace.yaml:6:11: sources.s2: the slot tailrace_shop on the same server is that of the source shop; "
     "give one "
     "of them another slot"},
    {"sources:\n  a-b:\n    url: postgresql://h:5432/db\n  a_b:\n    url: postgresql://h/db\n", "",
     "tailrace.yaml:5:5: sources.a_b: the slot tailrace_a_b on the same server is that of the source a-b; "
     "give one "
     "of them another slot"},
    {SHOP "memory: 8MiB\n  \n", "--sources.a.url postgresql://h/x",
     "tailrace.yaml:4:9: memory: 2 sources need at least 16MiB, 8MiB for each"},
};

static const struct bad sinks[] = {
    {SHOP "sink: { type: kafka }\n", "",
     "tailrace.yaml:4:15: sink.type: Kafka needs brokers: add sink.brokers, as in "
     "[\"127.0.0.1:9092\"]"},
    {SHOP, "--sink.type file", "--sink.type: the file sink needs the name of its file: add sink.path"},
    {SHOP "sink: { kafka: { acks: 1 } }\n", "",
     "tailrace.yaml:4:24: sink.kafka: acks can only be all: a change counts as delivered only when every "
     "in-sync "
     "replica has it"},
    {SHOP, "--sink.kafka.enable.idempotence no",
     "--sink.kafka.enable.idempotence: enable.idempotence can only be true: without it a retry may lose, "
     "repeat or "
     "reorder changes"},
    {SHOP "sink: { kafka: { acks_file: x } }\n", "",
     "tailrace.yaml:4:29: sink.kafka: acks can only be all: a change counts as delivered only when every "
     "in-sync "
     "replica has it"},
    {SHOP "sink: { kafka: { sasl.password: a, sasl.password_env: B } }\n", "",
     "tailrace.yaml:4:36: sink.kafka: sasl.password is given twice"},
};

static const struct bad mappings[] = {
    {SHOP "overrides: [ { mask: [a] } ]\n", "", "tailrace.yaml:4:14: overrides[0] needs \"table\""},
    {SHOP "overrides: [ { table: orders } ]\n", "",
     "tailrace.yaml:4:23: overrides[0].table: pattern \"orders\": SOURCE.SCHEMA.TABLE is expected"},
    {SHOP "overrides: [ { table: \"*.orders\" } ]\n", "",
     "tailrace.yaml:4:23: overrides[0].table: pattern \"*.orders\": SOURCE.SCHEMA.TABLE is expected"},
    {SHOP "overrides: [ { table: shpo.public.x } ]\n", "",
     "tailrace.yaml:4:23: overrides[0].table: there is no source \"shpo\" in front of shpo.public.x; did you "
     "mean "
     "\"shop\"?"},
    {SHOP "overrides: [ { table: [\"shop.*\", \"/(/\"] } ]\n", "",
     "tailrace.yaml:4:34: overrides[0].table: pattern \"/(/\": missing closing parenthesis (offset 2)"},
    {SHOP "overrides:\n  - { table: \"shop.*\" }\n  - { table: \"*\", columns: [a], exclude: [b] }\n", "",
     "tailrace.yaml:6:5: overrides[1].table: columns and exclude contradict each other; give one of them"},
    {SHOP "overrides: [ { table: \"shop.*\", convert: { a: { b: [c] } } } ]\n", "",
     "tailrace.yaml:4:47: overrides[0].convert: a: steps are expected: { date: yyyymmdd, zero: null } or "
     "trim"},
    {SHOP "overrides: [ { table: \"shop.*\", convert: { a: [] } } ]\n", "",
     "tailrace.yaml:4:47: overrides[0].convert: a: steps are expected: { date: yyyymmdd, zero: null } or "
     "trim"},
    {SHOP "overrides: [ { table: \"shop.*\", convert: { a: {} } } ]\n", "",
     "tailrace.yaml:4:47: overrides[0].convert: a: steps are expected: { date: yyyymmdd, zero: null } or "
     "trim"},
    {SHOP "overrides: [ { table: \"shop.*\", convert: { a: } } ]\n", "",
     "tailrace.yaml:4:47: the value is missing (take the line out, or write \"\" for an empty text)"},
    {SHOP "overrides: [ { table: \"shop.*\", convert: [a] } ]\n", "",
     "tailrace.yaml:4:42: overrides[0].convert: names and values are expected: { NAME: CONVERSION }"},
    {SHOP "overrides:\n  - { table: \"shop.*\", colums: [a] }\n", "",
     "tailrace.yaml:5:24: unknown option \"colums\" in overrides[0]; did you mean \"columns\"?"},
    {SHOP "entities: { supplier: { from: [" MAPPING "] } }\n", "",
     "tailrace.yaml:4:13: \"supplier\": customer is the only entity in this version"},
    {ENTITY "    topic: x\n", "", "tailrace.yaml:6:5: entities.customer needs \"from\""},
    {ENTITY "    from: []\n", "", "tailrace.yaml:6:11: entities.customer.from is empty"},
    {FROM "{ key: k, part: profile, fields: { a: b } }\n", "",
     "tailrace.yaml:7:9: entities.customer.from[0] needs \"table\""},
    {FROM "{ table: shop.public.c, key: k, part: profil, fields: { a: b } }\n", "",
     "tailrace.yaml:7:47: entities.customer.from[0].part: \"profil\" is not one of profile, financial, "
     "location, "
     "participation, purchase, attributes; did you mean \"profile\"?"},
    {FROM "{ table: public.c, key: k, part: profile, fields: { a: b } }\n", "",
     "tailrace.yaml:7:18: entities.customer.from[0].table: \"public.c\": SOURCE.SCHEMA.TABLE is expected"},
    {FROM "{ table: crm.public.c, key: k, part: profile, fields: { a: b } }\n", "",
     "tailrace.yaml:7:18: entities.customer.from[0].table: there is no source \"crm\" in front of "
     "crm.public.c"},
    {FROM "{ table: \"shop.public.*\", key: k, part: profile, fields: { a: b } }\n", "",
     "tailrace.yaml:7:18: entities.customer.from[0].table: \"shop.public.*\": one table is expected, not a "
     "pattern"},
    {FROM MAPPING "\n", "--tables other.*",
     "tailrace.yaml:7:18: entities.customer.from[0].table: sources.shop.tables does not select public.c"},
    {FROM "{ table: shop.public.c, key: k, part: profile, fields: {} }\n", "",
     "tailrace.yaml:7:64: entities.customer.from[0].fields: fields and columns are expected: { FIELD: COLUMN "
     "}"},
    {FROM "{ table: shop.public.c, key: k, part: profile, fields: { a: { constant: x } } }\n", "",
     "tailrace.yaml:7:69: entities.customer.from[0].fields: a: a column or { const: VALUE } is expected"},
    {FROM "{ table: shop.public.c, key: k, part: profile, fields: { a: \"\" } }\n", "",
     "tailrace.yaml:7:69: entities.customer.from[0].fields: a: a column is expected"},
    {FROM MAPPING "\n    truth: { profil: [shop] }\n", "",
     "tailrace.yaml:8:14: entities.customer.truth: \"profil\" is not one of profile, financial, location, "
     "participation, purchase, attributes; did you mean \"profile\"?"},
    {FROM MAPPING "\n    truth: { profile: [\"my shop\"] }\n", "",
     "tailrace.yaml:8:23: entities.customer.truth: profile: names of sources are expected, [crm, shop]"},
    {FROM MAPPING "\n    truth: { profile: [shop, crm, shop] }\n", "",
     "tailrace.yaml:8:23: entities.customer.truth: profile: \"shop\" is given twice"},
    {FROM MAPPING "\n    truth: { profile: [] }\n", "",
     "tailrace.yaml:8:23: entities.customer.truth: profile: a single value is expected"},
};

static void check(const struct bad *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char *text = fixture_error(b[i].yaml, b[i].flags);
        if (strcmp(text, b[i].text) != 0) print_error("case %zu: %s %s\n", i, b[i].yaml, b[i].flags);
        assert_string_equal(text, b[i].text);
    }
}

static void test_structure(void **state) {
    (void)state;
    check(structure, COUNT(structure));
}

static void test_values(void **state) {
    (void)state;
    check(values, COUNT(values));
}

static void test_flags(void **state) {
    (void)state;
    check(flags, COUNT(flags));
}

static void test_sources(void **state) {
    (void)state;
    check(sources, COUNT(sources));
}

static void test_sinks(void **state) {
    (void)state;
    check(sinks, COUNT(sinks));
}

static void test_mappings(void **state) {
    (void)state;
    check(mappings, COUNT(mappings));
}

static void test_missing_file(void **state) {
    (void)state;
    char run[] = "run";
    char name[] = "missing.yaml";
    char *argv[] = {run, name, NULL};
    struct config *c;
    struct err e = {0};
    assert_int_equal(config_load(2, argv, &c, &e), -1);
    assert_string_equal(e.text, "cannot open missing.yaml: No such file or directory");
    assert_int_equal(e.code, ERR_CONFIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),    cmocka_unit_test(test_values), cmocka_unit_test(test_flags),
        cmocka_unit_test(test_sources),      cmocka_unit_test(test_sinks),  cmocka_unit_test(test_mappings),
        cmocka_unit_test(test_missing_file),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
