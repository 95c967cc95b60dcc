#include "tests/unit/agent/map/fixture.h"

/* Each of these changes one thing that shapes the stream. */

static struct config_strings two(struct fixture *f) {
    return fixture_strings(f, "id,name");
}

static void nothing(struct fixture *f) {
    (void)f;
}
static void source_name(struct fixture *f) {
    f->sources[0].name = "shop3";
    f->mappings[0].table = "shop3.public.t";
}
static void database(struct fixture *f) {
    f->sources[0].database = "other";
}
static void publication(struct fixture *f) {
    f->sources[0].publication = "other";
}
static void messages(struct fixture *f) {
    f->sources[0].messages = true;
}
static void patterns(struct fixture *f) {
    f->sources[0].tables = fixture_strings(f, "public.*,public.b");
}
static void patterns_joined(struct fixture *f) {
    f->sources[0].tables = (struct config_strings){arena_calloc(&f->arena, 1, sizeof(char *)), 1};
    f->sources[0].tables.items[0] = "public.*,public.b";
}
static void topics(struct fixture *f) {
    f->config.topics = "{table}";
}
static void encoding(struct fixture *f) {
    f->config.encoding = ENCODING_CHANGE;
}
static void no_split(struct fixture *f) {
    f->options.split_key_change = false;
}
static void no_tombstones(struct fixture *f) {
    f->options.tombstones = false;
}
static void override(struct fixture *f) {
    fixture_override(f, "shop.public.x");
}
static void override_columns(struct fixture *f) {
    fixture_override(f, "shop.public.x")->columns = two(f);
}
static void override_exclude(struct fixture *f) {
    fixture_override(f, "shop.public.x")->exclude = two(f);
}
static void override_mask(struct fixture *f) {
    fixture_override(f, "shop.public.x")->mask = two(f);
}
static void override_key(struct fixture *f) {
    fixture_override(f, "shop.public.x")->key = two(f);
}
static void override_key_reversed(struct fixture *f) {
    fixture_override(f, "shop.public.x")->key = fixture_strings(f, "name,id");
}
static void override_topic(struct fixture *f) {
    fixture_override(f, "shop.public.x")->topic = "x";
}
static void override_convert(struct fixture *f) {
    fixture_convert(f, fixture_override(f, "shop.public.x"), "a", "trim");
}
static void override_convert_more(struct fixture *f) {
    override_convert(f);
    fixture_convert(f, &f->tables[0], "b", "trim");
}
static void override_convert_other(struct fixture *f) {
    fixture_convert(f, fixture_override(f, "shop.public.x"), "a", "zero=null");
}
static void override_pattern(struct fixture *f) {
    fixture_override(f, "shop.public.y")->topic = "x";
}
static void no_mapping(struct fixture *f) {
    f->entity.nfrom = 0;
}
static void second_mapping(struct fixture *f) {
    fixture_mapping(f, "shop.public.t", "attributes", "k", NULL, NULL, "a=b");
}
static void mapping_table(struct fixture *f) {
    f->mappings[0].table = "shop.public.u";
}
static void mapping_key(struct fixture *f) {
    f->mappings[0].key = "l";
}
static void mapping_item(struct fixture *f) {
    f->mappings[0].item = "j";
}
static void mapping_when(struct fixture *f) {
    f->mappings[0].when = "a = 2";
}
static void mapping_always(struct fixture *f) {
    f->mappings[0].when = NULL;
}
static void mapping_rows(struct fixture *f) {
    f->mappings[0].rows_too = true;
}
static void mapping_field(struct fixture *f) {
    f->mappings[0].fields[0].field = "kind";
}
static void mapping_column(struct fixture *f) {
    f->mappings[0].fields[0].column = "d";
}
static void mapping_constant(struct fixture *f) {
    f->mappings[0].fields[0] = (struct config_field){.field = "city", .constant = "c"};
}
static void entity_topic(struct fixture *f) {
    f->entity.topic = "clients";
}
static void truth(struct fixture *f) {
    static struct config_pair pair = {.name = "location", .value = "erp"};
    f->entity.truth = &pair;
    f->entity.ntruth = 1;
}

static uint64_t fingerprint_with(void (*change)(struct fixture *)) {
    struct fixture f;
    fixture_init(&f);
    fixture_mapping(&f, "shop.public.t", "location", "k", "i", "a = 1", "city=c");
    change(&f);
    fixture_start(&f);
    uint64_t n = map_fingerprint(f.map);
    fixture_release(&f);
    return n;
}

static void (*const changes[])(struct fixture *) = {
    nothing,
    source_name,
    database,
    publication,
    messages,
    patterns,
    patterns_joined,
    topics,
    encoding,
    no_split,
    no_tombstones,
    override,
    override_columns,
    override_exclude,
    override_mask,
    override_key,
    override_topic,
    override_convert,
    override_convert_more,
    override_convert_other,
    override_pattern,
    no_mapping,
    second_mapping,
    mapping_table,
    mapping_key,
    mapping_item,
    mapping_when,
    mapping_always,
    mapping_rows,
    mapping_field,
    mapping_column,
    mapping_constant,
    entity_topic,
    override_key_reversed,
    truth,
};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static void test_all_differ(void **state) {
    uint64_t seen[CHANGES];
    (void)state;
    for (size_t i = 0; i < CHANGES; i++) {
        seen[i] = fingerprint_with(changes[i]);
        assert_true(seen[i] != 0);
        for (size_t j = 0; j < i; j++)
            if (seen[i] == seen[j]) fail_msg("changes %zu and %zu give the same", j, i);
    }
}

static void places(struct fixture *f) {
    f->mappings[0].place.text = "elsewhere.yaml:1:1";
    f->sources[0].place.text = "elsewhere.yaml:1:1";
    f->sources[0].slot = "other";
    f->config.memory = 1;
}

/* The same after a restart, and whatever does not shape the stream. It is kept in checkpoints: a new value
 * means that they all start their transaction again. */
static void test_stable(void **state) {
    (void)state;
    assert_true(fingerprint_with(nothing) == fingerprint_with(nothing));
    assert_true(fingerprint_with(nothing) == fingerprint_with(places));
    assert_int_equal(fingerprint_with(nothing), 0x51ca5920c0f1e2cc);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_differ), cmocka_unit_test(test_stable)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
