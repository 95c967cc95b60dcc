/* customer_reader: what the encoder wrote comes back the same; anything else is refused. */
#include "tests/unit/agent/encode/reader.h"

#include "agent/encode/customer_reader.h"
#include "agent/encode/customer_schema.h"
#include "agent/encode/wire.h"

static const char *const truth[] = {"crm", "shop"};

/* A SET of a profile with a field in every state. */
struct sample {
    struct fixture f;
    struct value values[8];
    struct entity_field fields[8];
    struct entity_event entity;
};

static void sample_init(struct sample *s) {
    static const char *const names[] = {"email",  "phone", "name", "note",
                                        "vat_id", "title", "kind", "tax_id"};
    fixture_init(&s->f, 1);
    s->values[0] = value_of(VALUE_TEXT, "a@b.example");
    s->values[1] = value_in(VALUE_NULL);
    s->values[2] = value_of(VALUE_TEXT, "");
    s->values[3] = value_in(VALUE_UNCHANGED);
    s->values[4] = value_in(VALUE_MASKED);
    s->values[5] = value_invalid("\xff\0", 2);
    s->values[6] = value_of(VALUE_TEXT, "person");
    s->values[7] = value_in(VALUE_OMITTED);
    for (size_t i = 0; i < 8; i++)
        s->fields[i] = (struct entity_field){
            .name = names[i], .value = &s->values[i], .changed = i % 2, .known_changed = true};
    s->fields[2].truth = truth + 1;
    s->fields[2].ntruth = 1;
    s->entity = (struct entity_event){.entity = "customer",
                                      .topic = "customer",
                                      .action = ENTITY_SET,
                                      .key = text_of("1001"),
                                      .part = "profile",
                                      .fields = s->fields,
                                      .nfields = 8,
                                      .truth = truth,
                                      .ntruth = 2};
    s->f.event.kind = EVENT_ENTITY;
    s->f.event.selection = NULL;
    s->f.event.entity = &s->entity;
    s->f.event.sub = 2;
}

static void round_trip(const struct event *ev, const char *json) {
    struct buf line;
    reader_round_trip(&encoder_customer, customer_read, ev, &line);
    if (json) assert_string_equal(buf_cstr(&line), json);
    buf_release(&line);
}

#define TAIL                                                                                                 \
    "\"source\":\"shop\",\"table\":\"public.orders\",\"id\":\"1:1A2B3C:1A2B:5.2\","                          \
    "\"ord\":\"000100000000001a2b3c0000000000001a2b000000050002\",\"pos\":\"0/1A2B3C\","                     \
    "\"ts\":\"2026-11-23T12:00:00.123456Z\"}"

static void every_state(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    round_trip(
        &s.f.event,
        "{\"v\":1,\"entity\":\"customer\",\"action\":\"set\",\"key\":\"1001\",\"part\":\"profile\","
        "\"fields\":{\"name\":\"\",\"email\":\"a@b.example\",\"kind\":\"person\"},\"null\":[\"phone\"],"
        "\"unchanged\":[\"note\"],\"omitted\":[\"tax_id\"],\"invalid\":{\"title\":{\"base64\":\"/wA=\"}},"
        "\"masked\":[\"vat_id\"],\"changed\":[\"title\",\"phone\",\"tax_id\",\"note\"],\"changes_known\":"
        "true,"
        "\"truth\":[\"crm\",\"shop\"],\"field_truth\":{\"name\":[\"shop\"]}," TAIL);
    s.fields[0].known_changed = false;
    round_trip(&s.f.event, NULL);
}

static void other_operations(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.entity.nfields = s.entity.ntruth = 0;
    s.entity.action = ENTITY_REMOVE;
    s.entity.part = "purchase";
    s.entity.item = text_of("A-7");
    round_trip(&s.f.event, "{\"v\":1,\"entity\":\"customer\",\"action\":\"remove\",\"key\":\"1001\","
                           "\"part\":\"purchase\",\"item\":\"A-7\"," TAIL);
    s.entity.action = ENTITY_CLEAR;
    s.entity.key = s.entity.item = (struct text){0};
    round_trip(&s.f.event,
               "{\"v\":1,\"entity\":\"customer\",\"action\":\"clear\",\"part\":\"purchase\"," TAIL);
}

static void attributes(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    s.entity.part = "attributes";
    s.values[0] = value_of_int(VALUE_DATE, 20780);
    s.values[1] = value_of(VALUE_JSON, "{\"a\":1}");
    s.values[2] = value_of(VALUE_DECIMAL, "1.50");
    s.entity.nfields = 3;
    s.entity.ntruth = s.fields[2].ntruth = 0;
    round_trip(&s.f.event, "{\"v\":1,\"entity\":\"customer\",\"action\":\"set\",\"key\":\"1001\","
                           "\"part\":\"attributes\",\"fields\":{\"email\":\"2026-11-23\",\"phone\":{\"a\":1},"
                           "\"name\":\"1.50\"},\"changed\":[\"phone\"],\"changes_known\":true," TAIL);
}

static void refuse(const struct buf *bytes, const char *because) {
    reader_refuses(customer_read, bytes, because);
}

static void minimal(struct buf *out) {
    buf_clear(out, SIZE_MAX);
    wire_add_bytes(out, CUSTOMER_ID, "1", 1);
    wire_add_bytes(out, CUSTOMER_ORD, "012345678901234567890123", 24);
    wire_add_varint(out, CUSTOMER_OPERATION, 1);
    wire_add_bytes(out, 11, "\x12\x01x", 3);
}

static void refusals(void **state) {
    (void)state;
    struct buf b = {0};
    struct arena a;
    const struct event *back;
    arena_init(&a, 0);
    minimal(&b);
    wire_add_bytes(&b, 9999, "new", 3);
    assert_int_equal(customer_read(b.data, b.len, &a, &back, NULL), 0);
    arena_release(&a);
    wire_add_bytes(&b, 12, "", 0);
    refuse(&b, "two parts");
    minimal(&b);
    wire_add_varint(&b, CUSTOMER_OPERATION, 4);
    refuse(&b, "operation (4)");
    minimal(&b);
    wire_add_varint(&b, CUSTOMER_VERSION, 7);
    refuse(&b, "layout version 7");
    minimal(&b);
    wire_add_bytes(&b, CUSTOMER_NULL, "salutation", 10);
    refuse(&b, "salutation is there twice");
    buf_clear(&b, 0);
    refuse(&b, "not a CustomerEvent");
    minimal(&b);
    b.data[b.len - 1] = 0xff;
    refuse(&b, "no text");
    buf_release(&b);
}

static void damage(void **state) {
    (void)state;
    struct sample s;
    struct buf value;
    sample_init(&s);
    reader_encode(&encoder_customer, &s.f.event, &value);
    reader_survives_damage(customer_read, &value, 5, 10000);
    buf_release(&value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state), cmocka_unit_test(other_operations), cmocka_unit_test(attributes),
        cmocka_unit_test(refusals),    cmocka_unit_test(damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
