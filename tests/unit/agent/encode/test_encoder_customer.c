/* encoder_customer: read back with the generated code, and packed by it to the same bytes. */
#include "tests/unit/agent/encode/fixture.h"

#include "agent/encode/customer_schema.h"
#include "tailrace/customer/v1/customer.pb-c.h"

typedef Tailrace__Customer__V1__CustomerEvent Customer;

struct sample {
    struct fixture f;
    struct entity_event entity;
    struct entity_field fields[16];
    struct value values[16];
};

static void sample_init(struct sample *s, const char *part) {
    fixture_init(&s->f, 1);
    s->entity = (struct entity_event){.entity = "customer",
                                      .topic = "customer",
                                      .action = ENTITY_SET,
                                      .key = text_of("1001"),
                                      .part = part,
                                      .fields = s->fields};
    s->f.event.kind = EVENT_ENTITY;
    s->f.event.selection = NULL;
    s->f.event.entity = &s->entity;
}

static struct entity_field *add(struct sample *s, const char *name, struct value v) {
    size_t i = s->entity.nfields++;
    s->values[i] = v;
    s->fields[i] = (struct entity_field){.name = name, .value = &s->values[i]};
    return &s->fields[i];
}

static Customer *encode(const struct sample *s, bool expect_key) {
    struct encoder *en = encoder_customer.create();
    struct buf key, value, again = {0};
    bool has_key;
    fixture_encode(en, &s->f.event, &key, &has_key, &value);
    assert_int_equal(has_key, expect_key);
    if (has_key) assert_string_equal(buf_cstr(&key), "1001");
    Customer *c = tailrace__customer__v1__customer_event__unpack(NULL, value.len, value.data);
    assert_non_null(c);
    assert_true(buf_reserve(&again, tailrace__customer__v1__customer_event__get_packed_size(c)));
    again.len = tailrace__customer__v1__customer_event__pack(c, again.data);
    assert_int_equal(again.len, value.len);
    assert_memory_equal(again.data, value.data, value.len);
    buf_release(&again);
    buf_release(&key);
    buf_release(&value);
    en->ops->destroy(en);
    return c;
}

static void drop(Customer *c) {
    tailrace__customer__v1__customer_event__free_unpacked(c, NULL);
}

static void profile(void **state) {
    (void)state;
    static const char *const truth[] = {"crm", "shop"};
    struct sample s;
    sample_init(&s, "profile");
    add(&s, "phone", value_in(VALUE_NULL));
    struct entity_field *email = add(&s, "email", value_of(VALUE_TEXT, "a@b.example"));
    add(&s, "name", value_of(VALUE_TEXT, ""))->known_changed = true;
    add(&s, "birth_date", value_of_int(VALUE_DATE, 20780));
    add(&s, "note", value_in(VALUE_UNCHANGED));
    add(&s, "vat_id", value_in(VALUE_MASKED));
    add(&s, "tax_id", value_in(VALUE_OMITTED));
    add(&s, "title", value_invalid("\xff\0x", 3));
    add(&s, "created_at", value_of_int(VALUE_TIMESTAMPTZ, 1795435200000000));
    add(&s, "segment", value_of_int(VALUE_INT, -3));
    add(&s, "website", value_of(VALUE_BYTES, "\x01\x02"));
    email->known_changed = email->changed = true;
    email->truth = truth + 1;
    email->ntruth = 1;
    s.entity.truth = truth;
    s.entity.ntruth = 2;
    s.f.event.sub = 3;
    Customer *c = encode(&s, true);
    assert_string_equal(c->id, "1:1A2B3C:1A2B:5.3");
    assert_int_equal(c->version, 1);
    assert_int_equal(c->ord.len, 24);
    assert_int_equal(c->ord.data[23], 3);
    assert_string_equal(c->source, "shop");
    assert_string_equal(c->table, "public.orders");
    assert_string_equal(c->pos, "0/1A2B3C");
    assert_true(c->commit_us == 1795435200123456);
    assert_int_equal(c->operation, TAILRACE__CUSTOMER__V1__OPERATION__OPERATION_SET);
    assert_string_equal(c->customer_key, "1001");
    assert_string_equal(c->item_id, "");
    assert_int_equal(c->part_case, TAILRACE__CUSTOMER__V1__CUSTOMER_EVENT__PART_PROFILE);
    assert_string_equal(c->profile->email, "a@b.example");
    assert_int_equal(c->profile->_name_case, TAILRACE__CUSTOMER__V1__PROFILE___NAME_NAME);
    assert_string_equal(c->profile->name, "");
    assert_string_equal(c->profile->birth_date, "2026-11-23");
    assert_string_equal(c->profile->created_at, "2026-11-23T12:00:00Z");
    assert_string_equal(c->profile->segment, "-3");
    assert_int_equal(c->profile->_phone_case, 0);
    assert_int_equal(c->n_changed_fields, 1);
    assert_string_equal(c->changed_fields[0], "email");
    assert_false(c->changes_known);
    assert_int_equal(c->n_null_fields, 1);
    assert_string_equal(c->null_fields[0], "phone");
    assert_string_equal(c->unchanged_fields[0], "note");
    assert_string_equal(c->masked_fields[0], "vat_id");
    assert_string_equal(c->omitted_fields[0], "tax_id");
    assert_int_equal(c->n_invalid_fields, 2);
    assert_string_equal(c->invalid_fields[0]->key, "title");
    assert_int_equal(c->invalid_fields[0]->value.len, 3);
    assert_string_equal(c->invalid_fields[1]->key, "website");
    assert_int_equal(c->n_truth, 2);
    assert_string_equal(c->field_truth[0]->key, "email");
    assert_string_equal(c->field_truth[0]->value->tags[0], "shop");
    drop(c);
}

static void typed_fields(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s, "financial");
    add(&s, "blocked", value_of(VALUE_TEXT, "N"))->known_changed = true;
    add(&s, "dunning_level", value_of(VALUE_DECIMAL, "-2.00"))->known_changed = true;
    add(&s, "credit_limit", value_of(VALUE_DECIMAL, "12345678901234567890.10"))->known_changed = true;
    Customer *c = encode(&s, true);
    assert_int_equal(c->financial->_blocked_case, 17);
    assert_false(c->financial->blocked);
    assert_int_equal(c->financial->dunning_level, -2);
    assert_string_equal(c->financial->credit_limit, "12345678901234567890.10");
    assert_true(c->changes_known);
    drop(c);

    s.values[0] = value_of(VALUE_TEXT, "maybe");
    s.values[1] = value_of(VALUE_DECIMAL, "2.5");
    c = encode(&s, true);
    assert_int_equal(c->financial->_blocked_case, 0);
    assert_int_equal(c->financial->_dunning_level_case, 0);
    assert_int_equal(c->n_invalid_fields, 2);
    assert_string_equal(c->invalid_fields[0]->key, "dunning_level");
    assert_memory_equal(c->invalid_fields[0]->value.data, "2.5", 3);
    drop(c);
}

static void attributes(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s, "attributes");
    add(&s, "zeta", value_of_int(VALUE_INT, -5));
    add(&s, "alpha", value_of(VALUE_JSON, "{}"));
    add(&s, "none", value_in(VALUE_NULL));
    Customer *c = encode(&s, true);
    assert_int_equal(c->attributes->n_values, 2);
    assert_string_equal(c->attributes->values[0]->key, "zeta");
    assert_int_equal(c->attributes->values[0]->value->int_value, -5);
    assert_int_equal(c->attributes->values[1]->value->kind_case, TAILRACE__V1__VALUE__KIND_JSON);
    assert_string_equal(c->null_fields[0], "none");
    drop(c);
}

static void remove_and_clear(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s, "location");
    s.entity.action = ENTITY_REMOVE;
    s.entity.item = text_of("7");
    Customer *c = encode(&s, true);
    assert_int_equal(c->operation, TAILRACE__CUSTOMER__V1__OPERATION__OPERATION_REMOVE);
    assert_int_equal(c->part_case, TAILRACE__CUSTOMER__V1__CUSTOMER_EVENT__PART_LOCATION);
    assert_string_equal(c->item_id, "7");
    assert_false(c->changes_known);
    drop(c);
    s.entity.action = ENTITY_CLEAR;
    s.entity.key = s.entity.item = (struct text){0};
    s.f.change.tx = NULL;
    c = encode(&s, false);
    assert_int_equal(c->operation, TAILRACE__CUSTOMER__V1__OPERATION__OPERATION_CLEAR);
    assert_int_equal(c->part_case, TAILRACE__CUSTOMER__V1__CUSTOMER_EVENT__PART_LOCATION);
    assert_int_equal(c->_commit_us_case, 0);
    drop(c);
}

static void unknown_names_are_refused(void **state) {
    (void)state;
    struct encoder *en = encoder_customer.create();
    struct sample s;
    struct buf key = {0}, value = {0};
    struct err e = {0};
    bool has_key;
    sample_init(&s, "profile");
    add(&s, "shoe_size", value_of_int(VALUE_INT, 44));
    assert_int_equal(en->ops->encode(en, &s.f.event, &key, &has_key, &value, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "shoe_size"));
    s.entity.part = "wardrobe";
    assert_int_equal(en->ops->encode(en, &s.f.event, &key, &has_key, &value, &e), -1);
    s.entity.entity = "supplier";
    assert_int_equal(en->ops->encode(en, &s.f.event, &key, &has_key, &value, &e), -1);
    buf_release(&key);
    buf_release(&value);
    en->ops->destroy(en);
}

static unsigned number_of(const char *name) {
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(
        &tailrace__customer__v1__customer_event__descriptor, name);
    if (!f) fail_msg("no field %s", name);
    return f->id;
}

/* The constants, the parts and the types that the encoder relies on are those of the schema. */
static void schema_holds(void **state) {
    (void)state;
    const struct entity_schema *schema = encoder_customer_schema();
    assert_int_equal(number_of("id"), CUSTOMER_ID);
    assert_int_equal(number_of("item_id"), CUSTOMER_ITEM);
    assert_int_equal(number_of("changed_fields"), CUSTOMER_CHANGED);
    assert_int_equal(number_of("changes_known"), CUSTOMER_CHANGES_KNOWN);
    assert_int_equal(number_of("omitted_fields"), CUSTOMER_OMITTED);
    assert_int_equal(number_of("field_truth"), CUSTOMER_FIELD_TRUTH);
    assert_int_equal(tailrace__customer__v1__customer_event__descriptor.n_fields, 25);
    assert_string_equal(schema->entity, "customer");
    assert_int_equal(schema->nparts, CUSTOMER_PARTS);
    for (size_t i = 0; i < schema->nparts; i++) {
        const struct entity_part *p = &schema->parts[i];
        const struct customer_part *part = customer_part_by_name(p->name);
        assert_ptr_equal(part, customer_part_by_number(part->field->id));
        assert_int_equal(p->open, strcmp(p->name, "attributes") == 0);
        assert_int_equal(p->nfields, p->open ? 0 : part->message->n_fields);
        for (size_t k = 0; k < p->nfields; k++) {
            const ProtobufCFieldDescriptor *f =
                protobuf_c_message_descriptor_get_field_by_name(part->message, p->fields[k]);
            assert_non_null(f);
            assert_true(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF || f->label == PROTOBUF_C_LABEL_OPTIONAL);
            assert_true(f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_INT64 ||
                        f->type == PROTOBUF_C_TYPE_BOOL);
        }
    }
    assert_true(schema->parts[2].list && schema->parts[3].list && schema->parts[4].list);
    assert_false(schema->parts[0].list || schema->parts[1].list || schema->parts[5].list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile),      cmocka_unit_test(typed_fields),
        cmocka_unit_test(attributes),   cmocka_unit_test(remove_and_clear),
        cmocka_unit_test(schema_holds), cmocka_unit_test(unknown_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
