/* docs/reference.md, written from the option table. */
#include <string.h>

#include "agent/config/config.h"
#include "agent/config/kafka_properties.h"
#include "agent/config/option.h"
#include "agent/config/scalar.h"
#include "decoders/buf.h"

static const char preface[] =
    "# Reference: every option\n"
    "\n"
    "`make docs` writes this page from the program's own table of options; a test compares the two.\n"
    "\n"
    "An option stands in the YAML file (`tailrace run CONFIG.yaml`), on the command line, or in both; the\n"
    "command line wins. Every option of the file has a flag of the same path, as `--x VALUE` or "
    "`--x=VALUE`:\n"
    "`--sink.kafka.linger.ms 5`, `--sources.shop.slot s`, `--overrides.0.mask iban` (entries count from 0).\n"
    "In flags `-` and `_` are the same. The flag of a list may be given several times; together they "
    "replace\n"
    "the file's list. A flag may also carry a piece of YAML: `--overrides '[{ table: shop.*, mask: iban "
    "}]'`.\n"
    "\n"
    "A run with one source needs no file: its options are plain flags (`--source URL --tables 'public.*'`).\n"
    "\n"
    "Values: a size is `64MiB`, `512KiB`, `1GiB`, `10MB` or a number of bytes; a time is `500ms`, `5s`, `2m` "
    "or\n"
    "`1h`; a yes-or-no option takes `true`, `yes`, `on`, `false`, `no`, `off` (elsewhere these words are "
    "texts).\n"
    "What begins with one of `* ! & { [ % @` needs quotes in YAML. A key given twice, an option that does "
    "not\n"
    "exist and a value out of range are errors with line and column, and exit code 2.\n";

static const char example[] =
    "\n"
    "```yaml\n"
    "sources:\n"
    "  shop:                                # the name that tags every event\n"
    "    url: postgresql://cdc@127.0.0.1:5432/shop\n"
    "    password_file: /run/secrets/shop\n"
    "    tables: [\"public.*\", \"!public.audit_*\"]\n"
    "  crm:\n"
    "    url: postgresql://cdc@crm.example/crm\n"
    "    password_env: CRM_PASSWORD\n"
    "sink:\n"
    "  brokers: [\"127.0.0.1:9092\"]\n"
    "  kafka: { compression.type: lz4, security.protocol: sasl_ssl, sasl.mechanism: SCRAM-SHA-512,\n"
    "           sasl.username: tailrace, sasl.password_file: /run/secrets/kafka }\n"
    "  partitions: 6\n"
    "state: /var/lib/tailrace\n"
    "overrides:\n"
    "  - { table: \"shop.public.payments\", mask: [iban], exclude: [note] }\n"
    "  - { table: \"crm.*\", topic: \"crm.{table}\" }\n"
    "entities:\n"
    "  customer:\n"
    "    from:\n"
    "      - { table: shop.public.customers, key: customer_no, part: profile, rows: true,\n"
    "          fields: { name: full_name, email: email, phone: phone } }\n"
    "      - { table: crm.public.credit, key: \"{country}-{number}\", part: financial, when: \"status = "
    "'A'\",\n"
    "          fields: { credit_limit: credit_limit, currency: { const: EUR } } }\n"
    "    truth: { profile: [crm, shop], profile.email: [shop] }\n"
    "```\n";

static const char patterns[] =
    "\n"
    "### Patterns\n"
    "\n"
    "`*` stands for any characters, `?` for one. Neither crosses a dot, except behind the pattern's last "
    "dot:\n"
    "`public.*` is every table of the schema `public`, `*.orders` the table `orders` of every schema. A "
    "regular\n"
    "expression stands between slashes and is searched for in the whole name: `/^public\\.ord/` (PCRE2; "
    "begin\n"
    "it with `(?i)` to ignore case). `!` in front leaves out what matches; order does not matter. Names are\n"
    "compared as they are, letter case included.\n";

static const char secrets[] =
    "\n"
    "### Passwords\n"
    "\n"
    "At most one of `password_file`, `password_env`, `passfile` and `service`. The first line of a password\n"
    "file counts. A password in the URL works, but is warned about and overwritten in the process's title.\n"
    "`sslmode`, `sslrootcert`, `sslcert` and `sslkey` in a URL count where `tls`, `tls_ca`, `tls_cert` and\n"
    "`tls_key` are not given.\n";

static const char kafka[] =
    "\n"
    "### Kafka properties\n"
    "\n"
    "`sink.kafka` passes any property on to librdkafka. A secret is better not written down here: with "
    "`_file`\n"
    "or `_env` behind a property's name the value is the name of a file, whose first line counts, or of an\n"
    "environment variable: `sasl.password_file: /run/secrets/kafka`. Without `linger.ms` records are sent "
    "at\n"
    "once while few come, and in full batches while many do, or every 20 ms (100 while the queue is full); "
    "with\n"
    "it, it holds always.\n"
    "\n"
    "These properties are refused, because they would break a promise:\n"
    "\n"
    "| Property | May be | Why |\n"
    "|---|---|---|\n";

static const char memory[] =
    "\n"
    "### Memory\n"
    "\n"
    "`memory` is shared equally by the sources, at least 8MiB for each. Of its share a source may use an\n"
    "eighth to read ahead (at most 256MiB) and a third for what waits to be sent; the rest is for what lies\n"
    "between and for the client libraries.\n";

static void put_kafka(struct buf *out) {
    const struct kafka_rule *r;
    buf_puts(out, kafka);
    for (size_t i = 0; (r = kafka_rule_at(i)) != NULL; i++)
        buf_printf(out, "| `%s` | %s%.*s%s | %s |\n", r->name, r->allowed != NULL ? "`" : "",
                   r->allowed != NULL ? (int)strcspn(r->allowed, " ") : 0,
                   r->allowed != NULL ? r->allowed : "", r->allowed != NULL ? "`" : "", r->reason);
}

static void put_patterns(struct buf *out) {
    buf_puts(out, patterns);
    buf_puts(out, secrets);
}

static void put_memory(struct buf *out) {
    buf_puts(out, memory);
}

/* The parts of the page, each with what is to be said behind its table. */
static const struct {
    enum option_scope scope;
    const char *title;
    void (*more)(struct buf *out);
} parts[] = {
    {SCOPE_GLOBAL, "The whole run", put_memory},
    {SCOPE_SOURCE, "A source: `sources.NAME`", put_patterns},
    {SCOPE_SINK, "The sink: `sink`", put_kafka},
    {SCOPE_TABLE, "Overrides: a list of entries", NULL},
    {SCOPE_ENTITY, "An entity: `entities.customer`", NULL},
    {SCOPE_MAPPING, "A mapping: an entry of `entities.customer.from`", NULL},
    {SCOPE_COMMAND, "On the command line only", NULL},
};

static void put_range(const struct option *o, struct buf *out) {
    const uint64_t ends[] = {o->min, o->max};
    for (size_t i = 0; i < 2; i++) {
        if (i > 0) buf_puts(out, " to ");
        if (o->type == OPTION_SIZE)
            scalar_size_text(ends[i], out);
        else if (o->type == OPTION_DURATION)
            scalar_duration_text(ends[i], out);
        else
            buf_put_u64(out, ends[i]);
    }
}

static void put_value(const struct option *o, struct buf *out) {
    switch (o->type) {
    case OPTION_BOOL: buf_puts(out, "yes or no"); break;
    case OPTION_INT:
    case OPTION_SIZE:
    case OPTION_DURATION: put_range(o, out); break;
    case OPTION_LIST: buf_printf(out, "list of %s", o->placeholder); break;
    case OPTION_MAP: buf_printf(out, "NAME: %s", o->placeholder); break;
    case OPTION_FIELDS: buf_puts(out, "FIELD: COLUMN"); break;
    case OPTION_SECTION:
    case OPTION_SECTIONS: buf_puts(out, "section, see below"); break;
    case OPTION_ENTRIES: buf_puts(out, "list, see below"); break;
    default:
        for (const struct option_choice *c = o->choices; c != NULL && c->word != NULL; c++)
            buf_printf(out, "%s`%s`", c == o->choices ? "" : ", ", c->word);
        if (o->choices == NULL) buf_puts(out, o->placeholder);
    }
}

static void put_default(const struct option *o, struct buf *out) {
    if (o->traits & OPTION_REQUIRED)
        buf_puts(out, "required");
    else if (o->value_text != NULL)
        buf_puts(out, o->value_text);
    else if (o->type == OPTION_BOOL)
        buf_puts(out, strcmp(o->value, "true") == 0 ? "yes" : "no");
    else if (o->value != NULL && o->value[0] != '\0')
        buf_printf(out, "`%s`", o->value);
}

static void put_row(const struct option *o, struct buf *out) {
    buf_puts(out, "| `");
    if (o->scope == SCOPE_COMMAND)
        option_flag(o, out);
    else
        buf_puts(out, o->key);
    buf_puts(out, "` | ");
    if (o->scope == SCOPE_SOURCE) {
        buf_putc(out, '`');
        option_flag(o, out);
        buf_puts(out, "` | ");
    }
    put_value(o, out);
    buf_puts(out, " | ");
    put_default(o, out);
    buf_printf(out, " | %s |\n", o->help);
}

void config_reference(struct buf *out) {
    buf_puts(out, preface);
    buf_puts(out, example);
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        bool flags = parts[p].scope == SCOPE_SOURCE;
        buf_printf(out, "\n## %s\n\n| Option | %sValue | Default | Meaning |\n|---|%s---|---|---|\n",
                   parts[p].title, flags ? "Plain flag | " : "", flags ? "---|" : "");
        for (size_t i = 0; i < option_count; i++)
            if (option_table[i].scope == parts[p].scope) put_row(&option_table[i], out);
        if (parts[p].more != NULL) parts[p].more(out);
    }
}
