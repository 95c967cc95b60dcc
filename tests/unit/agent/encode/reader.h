/*
 * reader: what the tests of all readers of records do: write and read back, refuse, survive damage.
 */
#ifndef TAILRACE_TESTS_UNIT_AGENT_ENCODE_READER_H
#define TAILRACE_TESTS_UNIT_AGENT_ENCODE_READER_H

#include "tests/unit/agent/encode/fixture.h"

#include <stdlib.h>

#include "decoders/arena.h"

typedef int (*reader_fn)(const void *data, size_t len, struct arena *a, const struct event **out,
                         struct err *e);

/* The value of an event's record, by an encoder of its own. */
static inline void reader_encode(const struct encoder_ops *ops, const struct event *ev, struct buf *value) {
    struct encoder *en = ops->create();
    struct buf key;
    bool has_key;
    assert_non_null(en);
    fixture_encode(en, ev, &key, &has_key, value);
    buf_release(&key);
    en->ops->destroy(en);
}

/* The event, written and read back, gives the same bytes; `line` is the JSON of what was read. */
static inline void reader_round_trip(const struct encoder_ops *ops, reader_fn read, const struct event *ev,
                                     struct buf *line) {
    struct buf value, again;
    struct arena a;
    struct err e = {0};
    const struct event *back;
    arena_init(&a, 0);
    reader_encode(ops, ev, &value);
    if (read(value.data, value.len, &a, &back, &e)) fail_msg("%s", e.text);
    reader_encode(ops, back, &again);
    assert_int_equal(again.len, value.len);
    assert_memory_equal(again.data, value.data, value.len);
    reader_encode(&encoder_json, back, line);
    buf_release(&value);
    buf_release(&again);
    arena_release(&a);
}

static inline void reader_refuses(reader_fn read, const struct buf *bytes, const char *because) {
    struct arena a;
    struct err e = {0};
    const struct event *back;
    arena_init(&a, 0);
    assert_int_equal(read(bytes->data, bytes->len, &a, &back, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    if (!strstr(e.text, because)) fail_msg("'%s' does not say '%s'", e.text, because);
    arena_release(&a);
}

/* Reads a damaged record that ends where its memory ends, and makes a line of it where that succeeds. */
static inline void reader_takes(reader_fn read, const void *data, size_t len) {
    struct encoder *json = encoder_json.create();
    struct arena a;
    struct err e = {0};
    struct buf key = {0}, line = {0};
    const struct event *back;
    bool has_key;
    assert_non_null(json);
    arena_init(&a, 0);
    if (read(data, len, &a, &back, &e) == 0) json->ops->encode(json, back, &key, &has_key, &line, &e);
    json->ops->destroy(json);
    buf_release(&key);
    buf_release(&line);
    arena_release(&a);
}

/* Damaged records are refused or read, but never outside their bounds (the address sanitizer watches). */
static inline void reader_survives_damage(reader_fn read, const struct buf *value, uint64_t seed,
                                          int rounds) {
    for (int round = 0; round < rounds; round++) {
        size_t len = fixture_random(&seed) % 4 ? value->len : fixture_random(&seed) % value->len;
        uint8_t *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, value->data, len);
        for (int i = 0; i < 2 && len; i++) copy[fixture_random(&seed) % len] = (uint8_t)fixture_random(&seed);
        reader_takes(read, copy, len);
        free(copy);
    }
}

#endif
