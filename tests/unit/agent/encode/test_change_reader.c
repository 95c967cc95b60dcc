/* change_reader: what the encoder wrote comes back the same; anything else is refused. */
#include "tests/unit/agent/encode/reader.h"

#include "agent/encode/change_plan.h"
#include "agent/encode/change_reader.h"

/* What comes back gives the same bytes and the same JSON line. */
static void round_trip(const struct event *ev) {
    struct buf line, line_again;
    reader_round_trip(&encoder_change, change_read, ev, &line_again);
    reader_encode(&encoder_json, ev, &line);
    assert_string_equal(buf_cstr(&line_again), buf_cstr(&line));
    buf_release(&line);
    buf_release(&line_again);
}

static void random_row(uint64_t *seed) {
    static struct value_array arrays[2 * FIXTURE_COLUMNS];
    static struct value room[2 * FIXTURE_COLUMNS][64];
    struct fixture f;
    fixture_init(&f, 2 + fixture_random(seed) % (FIXTURE_COLUMNS - 2));
    if (fixture_random(seed) % 4 == 0) f.change.statement = text_of("UPDATE t");
    f.change.statement_length = fixture_random(seed) % 2 ? f.change.statement.len : 70000;
    f.event.sub = fixture_random(seed) % 4 ? 0 : (uint16_t)fixture_random(seed);
    for (size_t i = 0; i < f.table.ncolumns; i++) {
        f.before[i] = fixture_value(seed, &arrays[2 * i], room[2 * i]);
        f.after[i] = fixture_value(seed, &arrays[2 * i + 1], room[2 * i + 1]);
        f.use[i] = fixture_random(seed) % 8 ? COLUMN_SHOWN : (uint8_t)(fixture_random(seed) % 3);
    }
    f.use[0] = COLUMN_SHOWN;
    f.before[0] = fixture_present(seed);
    f.after[0] = fixture_random(seed) % 4 ? fixture_present(seed) : value_invalid("\xff", 1);
    size_t op = fixture_random(seed) % 3;
    fixture_op(&f, "cud"[op],
               op == 0   ? IMAGE_NONE
               : op == 2 ? IMAGE_FULL
                         : (enum image)(fixture_random(seed) % 3));
    round_trip(&f.event);
}

static void random_rows(void **state) {
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 2000; i++) random_row(&seed);
}

static void other_events(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.event.op = 't';
    f.change.op = CHANGE_TRUNCATE;
    f.change.after = NULL;
    f.change.after_image = IMAGE_NONE;
    round_trip(&f.event);
    f.event.selection = NULL;
    f.event.kind = EVENT_MESSAGE;
    f.event.op = 'm';
    f.change.message.prefix = text_of("outbox");
    f.change.message.content = (struct text){.ptr = "\0\xff", .len = 2};
    f.change.message.transactional = true;
    round_trip(&f.event);
    f.event.kind = EVENT_GAP;
    f.event.op = 'g';
    f.change.tx = NULL;
    f.change.message.content = text_of("lost");
    round_trip(&f.event);
    f.event.kind = EVENT_DDL;
    f.event.op = 'q';
    f.change.message.content = (struct text){.ptr = "DROP TABLE \xff", .len = 12};
    round_trip(&f.event);
    f.change.table = NULL;
    round_trip(&f.event);
}

/* A key column that is in no image still makes the key, and stays out of the images. */
static void hidden_keys(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.use[0] = COLUMN_HIDDEN;
    f.after[0] = value_of_int(VALUE_INT, 7);
    f.after[1] = value_of(VALUE_TEXT, "x");
    round_trip(&f.event);
    fixture_op(&f, 'd', IMAGE_KEY);
    f.before[0] = value_of_int(VALUE_INT, 7);
    round_trip(&f.event);
}

static void refuse(const struct buf *bytes, const char *because) {
    reader_refuses(change_read, bytes, because);
}

static void minimal(struct buf *out) {
    buf_clear(out, SIZE_MAX);
    wire_add_varint(out, CHANGE_FIELD_OP, 1);
    wire_add_bytes(out, CHANGE_FIELD_ID, "1", 1);
    wire_add_bytes(out, CHANGE_FIELD_ORD, "012345678901234567890123", 24);
}

static void add_column(struct buf *out, uint32_t field, const char *name, const void *value, size_t len) {
    struct buf column = {0};
    wire_add_bytes(&column, 1, name, strlen(name));
    if (value) wire_add_bytes(&column, 3, value, len);
    wire_add_bytes(out, field, column.data, column.len);
    buf_release(&column);
}

static void refusals(void **state) {
    (void)state;
    struct buf b = {0};
    struct arena a;
    const struct event *back;
    arena_init(&a, 0);
    minimal(&b);
    wire_add_varint(&b, 9999, 1); /* of a newer version: passed over */
    assert_int_equal(change_read(b.data, b.len, &a, &back, NULL), 0);
    arena_release(&a);
    buf_clear(&b, 0);
    refuse(&b, "not a RowChange");
    wire_add_varint(&b, CHANGE_FIELD_VERSION, 2);
    refuse(&b, "layout version 2");
    minimal(&b);
    wire_add_varint(&b, CHANGE_FIELD_OP, 99);
    refuse(&b, "operation");
    minimal(&b);
    wire_add_bytes(&b, CHANGE_FIELD_ORD, "short", 5);
    refuse(&b, "ord of 5 bytes");
    minimal(&b);
    wire_add_bytes(&b, CHANGE_FIELD_TABLE, "\xff", 1);
    refuse(&b, "no text");
    minimal(&b);
    wire_add_bytes(&b, CHANGE_FIELD_TABLE, "a\0b", 3);
    refuse(&b, "no text");
    minimal(&b);
    wire_add_bytes(&b, CHANGE_FIELD_COMMIT_US, "", 0);
    refuse(&b, "wire type");
    minimal(&b);
    add_column(&b, CHANGE_FIELD_AFTER, "c", NULL, 0);
    refuse(&b, "column c has no value");
    minimal(&b);
    add_column(&b, CHANGE_FIELD_AFTER, "c", "", 0);
    refuse(&b, "nothing in it");
    minimal(&b);
    add_column(&b, CHANGE_FIELD_AFTER, "c", "\x10\x01", 2);
    add_column(&b, CHANGE_FIELD_AFTER, "c", "\x10\x01", 2);
    refuse(&b, "twice");
    minimal(&b);
    add_column(&b, CHANGE_FIELD_AFTER, "c", "\xfa\x01\x00", 3);
    refuse(&b, "kind of value (31)");
    minimal(&b);
    add_column(&b, CHANGE_FIELD_AFTER, "c", "\x08\x09", 2);
    refuse(&b, "reason (9)");
    minimal(&b);
    add_column(&b, CHANGE_FIELD_AFTER, "c", "\x72\x02hi", 4);
    refuse(&b, "UUID of 2 bytes");
    minimal(&b);
    add_column(&b, CHANGE_FIELD_AFTER, "c", "\xda\x01\x02\x0a\x00", 5);
    refuse(&b, "wire type");
    minimal(&b);
    add_column(&b, CHANGE_FIELD_AFTER, "c", "\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    refuse(&b, "a date of");
    buf_release(&b);
}

static void arrays_are_bounded(void **state) {
    (void)state;
    struct buf value = {0}, outer = {0};
    wire_add_varint(&value, 2, 1);
    for (int i = 0; i < 40; i++) {
        struct buf array = {0};
        wire_add_bytes(&array, 1, value.data, value.len);
        buf_clear(&value, SIZE_MAX);
        wire_add_bytes(&value, 20, array.data, array.len);
        buf_release(&array);
    }
    minimal(&outer);
    add_column(&outer, CHANGE_FIELD_AFTER, "c", value.data, value.len);
    refuse(&outer, "nested deeper");
    buf_release(&value);
    buf_release(&outer);
}

static void damage(void **state) {
    (void)state;
    struct fixture f;
    struct buf value;
    fixture_init(&f, 4);
    f.after[1] = value_of(VALUE_TEXT, "some text");
    f.after[2] = value_of(VALUE_UUID, "00112233-4455-6677-8899-aabbccddeeff");
    f.after[3] = value_of_double(VALUE_DOUBLE, 1.5);
    f.change.statement = (struct text){"DELETE", 6};
    f.change.statement_length = 70000;
    reader_encode(&encoder_change, &f.event, &value);
    reader_survives_damage(change_read, &value, 99, 20000);
    buf_release(&value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rows), cmocka_unit_test(other_events),       cmocka_unit_test(hidden_keys),
        cmocka_unit_test(refusals),    cmocka_unit_test(arrays_are_bounded), cmocka_unit_test(damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
