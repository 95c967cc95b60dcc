/* Every row of the option table: documented, and reachable from the file and from the command line alike. */
#include "tests/unit/agent/config/fixture.h"

#include "agent/config/loader.h"
#include "agent/config/option.h"

/* What may be given to an option that does not take any text. */
static const char *sample(const struct option *o) {
    static const struct {
        enum option_scope scope;
        const char *key, *value;
    } special[] = {
        {SCOPE_SOURCE, "url", "postgresql://other/db"},
        {SCOPE_TABLE, "table", "shop.public.x"},
        {SCOPE_MAPPING, "table", "shop.public.x"},
        {SCOPE_MAPPING, "part", "financial"},
        {SCOPE_SOURCE, "tables", "public.*"},
        {SCOPE_GLOBAL, "encoding", "json"},
        {SCOPE_GLOBAL, "sources", "{shop: {url: 'postgresql://other/db'}}"},
        {SCOPE_GLOBAL, "sink", "{path: other}"},
        {SCOPE_GLOBAL, "overrides", "[{table: shop.public.y, mask: [m]}]"},
        {SCOPE_GLOBAL, "entities",
         "{customer: {topic: t, from: [{table: shop.public.d, key: k, part: profile, fields: {a: b}}]}}"},
        {SCOPE_ENTITY, "from", "[{table: shop.public.d, key: k, part: profile, fields: {a: b}}]"},
        {SCOPE_ENTITY, "truth", "{profile: crm}"},
    };
    for (size_t i = 0; i < COUNT(special); i++)
        if (special[i].scope == o->scope && strcmp(special[i].key, o->key) == 0) return special[i].value;
    if (o->choices != NULL) return o->choices[o->choices[1].word != NULL ? 1 : 0].word;
    switch (o->type) {
    case OPTION_BOOL: return strcmp(o->value, "true") == 0 ? "no" : "yes";
    case OPTION_INT: return "7";
    case OPTION_SIZE: return "77MiB";
    case OPTION_DURATION: return "777ms";
    case OPTION_MAP: return "{some.name: 5}";
    case OPTION_FIELDS: return "{email: mail}";
    default: return "sample";
    }
}

/* The file of all tests: one of everything, with what each needs. */
static const struct {
    enum option_scope scope;
    const char *key, *value;
} basis[] = {
    {SCOPE_SOURCE, "tls_cert", "c"},
    {SCOPE_SOURCE, "tls_key", "k"},
    {SCOPE_SOURCE, "url", "'postgresql://h/db'"},
    {SCOPE_SINK, "brokers", "b"},
    {SCOPE_TABLE, "table", "'shop.public.*'"},
    {SCOPE_MAPPING, "table", "shop.public.c"},
    {SCOPE_MAPPING, "key", "id"},
    {SCOPE_MAPPING, "part", "profile"},
    {SCOPE_MAPPING, "fields", "{name: n}"},
};

/* An option of MySQL sources needs one. */
static bool on_mysql;

/* The members of one scope in flow style, `o` with `value` among them or in the place of another. */
static void put_scope(enum option_scope s, const struct option *o, const char *value, struct buf *out) {
    bool given = o != NULL && o->scope == s;
    for (size_t i = 0; i < COUNT(basis); i++)
        if (basis[i].scope == s && !(given && strcmp(o->key, basis[i].key) == 0))
            buf_printf(out, "%s: %s, ", basis[i].key,
                       on_mysql && strcmp(basis[i].key, "url") == 0 ? "'mysql://h'" : basis[i].value);
    if (given) buf_printf(out, o->type >= OPTION_MAP ? "%s: %s" : "%s: \"%s\"", o->key, value);
}

/* A section around a scope, unless `o` is that section. */
static void put_section(const char *key, const char *open, enum option_scope s, const char *close,
                        const struct option *o, const char *value, struct buf *out) {
    if (o != NULL && o->scope < SCOPE_TABLE && strcmp(o->key, key) == 0) return;
    buf_printf(out, "%s: %s", key, open);
    put_scope(s, o, value, out);
    buf_puts(out, close);
}

/* The whole file, with one option more, or another value of it. */
static void put_yaml(const struct option *o, const char *value, struct buf *out) {
    put_section("sources", "{shop: {", SCOPE_SOURCE, "}}\n", o, value, out);
    put_section("sink", "{", SCOPE_SINK, "}\n", o, value, out);
    put_section("overrides", "[{", SCOPE_TABLE, "}]\n", o, value, out);
    if (o == NULL || o->scope != SCOPE_GLOBAL || strcmp(o->key, "entities") != 0) {
        buf_puts(out, "entities: {customer: {");
        if (o == NULL || o->scope != SCOPE_ENTITY || strcmp(o->key, "from") != 0) {
            buf_puts(out, "from: [{");
            put_scope(SCOPE_MAPPING, o, value, out);
            buf_puts(out, "}], ");
        }
        put_scope(SCOPE_ENTITY, o, value, out);
        buf_puts(out, "}}\n");
    }
    put_scope(SCOPE_GLOBAL, o, value, out);
    buf_putc(out, '\n');
}

/* The flag of the option's full path. */
static void write_path(const struct option *o, char *out, size_t size) {
    static const char *const prefixes[SCOPES] = {
        [SCOPE_GLOBAL] = "",
        [SCOPE_COMMAND] = "",
        [SCOPE_SOURCE] = "sources.shop.",
        [SCOPE_SINK] = "sink.",
        [SCOPE_TABLE] = "overrides.0.",
        [SCOPE_ENTITY] = "entities.customer.",
        [SCOPE_MAPPING] = "entities.customer.from.0.",
    };
    snprintf(out, size, "--%s%s", prefixes[o->scope], o->key);
}

static void *base_of(struct config *c, enum option_scope s) {
    switch (s) {
    case SCOPE_SOURCE: return &c->sources[0];
    case SCOPE_SINK: return &c->sink;
    case SCOPE_TABLE: return &c->tables[0];
    case SCOPE_ENTITY: return &c->entities[0];
    case SCOPE_MAPPING: return &c->entities[0].from[0];
    default: return c;
    }
}

static void show_strings(const struct config_strings *s, char *out, size_t size) {
    for (size_t i = 0; i < s->count; i++) snprintf(out + strlen(out), size - strlen(out), "%s,", s->items[i]);
}

/* The value of an option as text, whatever its type. */
static void show(struct config *c, const struct option *o, char *out, size_t size) {
    const char *at = (const char *)base_of(c, o->scope) + o->offset;
    const char *text;
    struct config_pair *pairs;
    struct config_field *fields;
    uint32_t number = 0;
    out[0] = '\0';
    if (o->type == OPTION_LIST) {
        show_strings((const struct config_strings *)at, out, size);
    } else if (o->type == OPTION_STRING) {
        memcpy(&text, at, sizeof text);
        snprintf(out, size, "%s", text != NULL ? text : "(null)");
    } else if (o->type == OPTION_MAP) {
        memcpy(&pairs, at, sizeof pairs);
        snprintf(out, size, "%s=%s", pairs ? pairs[0].name : "", pairs ? pairs[0].value : "");
    } else if (o->type == OPTION_FIELDS) {
        memcpy(&fields, at, sizeof fields);
        snprintf(out, size, "%s=%s", fields[0].field, fields[0].column);
    } else if (o->type >= OPTION_SECTION) {
        snprintf(out, size, "%s %s %zu %zu", c->sources[0].url, c->sink.path, c->tables[0].mask.count,
                 strlen(c->entities[0].from[0].key));
    } else {
        memcpy(&number, at, o->type == OPTION_BOOL ? 1 : o->width < sizeof number ? o->width : sizeof number);
        snprintf(out, size, "%u", number);
    }
}

/* Loads and shows one option. `flag` NULL: from the file. */
static void load_one(const struct option *o, const char *flag, const char *value, char *out, size_t size) {
    struct buf yaml = {0};
    char flags[1000] = "";
    on_mysql = strcmp(o->key, "server_id") == 0 || strcmp(o->key, "statements") == 0;
    put_yaml(flag != NULL ? NULL : o, value, &yaml);
    if (flag != NULL) {
        char quoted[500];
        snprintf(quoted, sizeof quoted, "%s", value);
        for (char *p = quoted; *p != '\0'; p++)
            if (*p == '\'') *p = '"';
        snprintf(flags, sizeof flags, "%s '%s'", flag, quoted);
    }
    struct config *c = fixture_load(buf_cstr(&yaml), flags);
    if (o->traits & OPTION_UNSTORED)
        out[0] = '\0';
    else
        show(c, o, out, size);
    config_free(c);
    buf_release(&yaml);
}

static void test_reachable(void **state) {
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        char path[100], plain[100], before[500], by_file[500], by_path[500], by_flag[500];
        struct buf flag = {0};
        if (o->scope == SCOPE_COMMAND && strcmp(o->key, "name") == 0) continue; /* see test_config.c */
        const char *value = sample(o);
        option_flag(o, &flag);
        write_path(o, path, sizeof path);
        snprintf(plain, sizeof plain, "%s", strstr(buf_cstr(&flag), ".N") == NULL ? buf_cstr(&flag) : path);
        load_one(o, "--sink.brokers", "b", before, sizeof before);
        load_one(o, path, value, by_path, sizeof by_path);
        load_one(o, plain, value, by_flag, sizeof by_flag);
        if (o->scope != SCOPE_COMMAND) load_one(o, NULL, value, by_file, sizeof by_file);
        assert_string_equal(by_path, by_flag);
        if (o->scope != SCOPE_COMMAND) assert_string_equal(by_file, by_path);
        bool one_choice = o->choices != NULL && o->choices[1].word == NULL;
        if (!(o->traits & OPTION_UNSTORED) && !one_choice && strcmp(before, by_flag) == 0)
            fail_msg("%s changes nothing: %s", plain, before);
        buf_release(&flag);
    }
}

static void test_documented(void **state) {
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        size_t len = o->help != NULL ? strlen(o->help) : 0;
        if (len < 10 || o->help[len - 1] != '.' || strchr(o->help, '\n') != NULL || len > 100)
            fail_msg("%s%s: help is one sentence on one line", option_prefix(o->scope), o->key);
        bool has_placeholder = o->placeholder != NULL;
        bool needs = o->type == OPTION_STRING || o->type == OPTION_LIST || o->type == OPTION_MAP;
        if (needs && !has_placeholder && o->choices == NULL)
            fail_msg("%s%s has no placeholder", option_prefix(o->scope), o->key);
        if ((o->type == OPTION_ENUM) != (o->choices != NULL) && o->type != OPTION_STRING)
            fail_msg("%s%s: choices belong to enums", option_prefix(o->scope), o->key);
    }
}

static void test_names(void **state) {
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        assert_int_equal(strspn(o->key, "abcdefghijklmnopqrstuvwxyz_"), strlen(o->key));
        assert_ptr_equal(option_find(o->scope, o->key, false), o);
        struct arena a;
        struct option_path p;
        struct buf flag = {0};
        struct err e;
        arena_init(&a, 0);
        option_flag(o, &flag);
        if (option_resolve(buf_cstr(&flag) + 2, &a, &p, &e) != 0) fail_msg("%s: %s", buf_cstr(&flag), e.text);
        assert_ptr_equal(p.option, o);
        buf_release(&flag);
        arena_release(&a);
    }
}

static void test_help_shows_every_option(void **state) {
    (void)state;
    struct buf help = {0};
    config_help(&help);
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        struct buf flag = {0};
        if (o->scope >= SCOPE_TABLE || o->type >= OPTION_SECTION) continue;
        option_flag(o, &flag);
        if (strstr(buf_cstr(&help), buf_cstr(&flag)) == NULL || strstr(buf_cstr(&help), o->help) == NULL)
            fail_msg("%s is not in the help", buf_cstr(&flag));
        buf_release(&flag);
    }
    for (const char *line = buf_cstr(&help); *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 0, 120);
    buf_release(&help);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reachable),
        cmocka_unit_test(test_documented),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_help_shows_every_option),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
