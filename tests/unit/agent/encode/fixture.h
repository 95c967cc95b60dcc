/*
 * fixture: tables, selections and rows for the tests of the encoders; random ones from a seed.
 */
#ifndef TAILRACE_TESTS_UNIT_AGENT_ENCODE_FIXTURE_H
#define TAILRACE_TESTS_UNIT_AGENT_ENCODE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/encode/encoder.h"

#define FIXTURE_COLUMNS 24

struct fixture {
    struct column columns[FIXTURE_COLUMNS];
    uint16_t keys[2];
    uint8_t use[FIXTURE_COLUMNS];
    struct table table;
    struct selection selection;
    struct tx tx;
    struct value before[FIXTURE_COLUMNS];
    struct value after[FIXTURE_COLUMNS];
    struct change change;
    struct event event;
    char names[FIXTURE_COLUMNS][8];
};

static inline struct text text_of(const char *s) {
    return (struct text){.ptr = s, .len = strlen(s)};
}

static inline struct value value_of(enum value_kind kind, const char *text) {
    return (struct value){.state = VALUE_PRESENT, .kind = (uint8_t)kind, .text = text, .len = strlen(text)};
}

static inline struct value value_as_text(enum value_kind kind, const char *text) {
    struct value v = value_of(kind, text);
    v.is_text = true;
    return v;
}

static inline struct value value_of_int(enum value_kind kind, int64_t i) {
    return (struct value){.state = VALUE_PRESENT, .kind = (uint8_t)kind, .v.i = i};
}

static inline struct value value_of_uint(uint64_t u) {
    return (struct value){.state = VALUE_PRESENT, .kind = VALUE_UINT, .v.u = u};
}

static inline struct value value_of_double(enum value_kind kind, double d) {
    return (struct value){.state = VALUE_PRESENT, .kind = (uint8_t)kind, .v.d = d};
}

static inline struct value value_in(enum value_state state) {
    return (struct value){.state = (uint8_t)state};
}

static inline struct value value_invalid(const char *raw, size_t len) {
    return (struct value){.state = VALUE_INVALID, .text = raw, .len = len};
}

/* A table public.orders of `ncolumns` columns c0, c1 ... keyed by the first, and an insert into it. */
static inline void fixture_init(struct fixture *f, size_t ncolumns) {
    static const uint8_t ord[CHANGE_ORD_LEN] = {0, 1, 0, 0, 0, 0,    0,    0x1a, 0x2b, 0x3c, 0,
                                                0, 0, 0, 0, 0, 0x1a, 0x2b, 0,    0,    0,    5};
    static uint64_t serial = 1;
    memset(f, 0, sizeof(*f));
    for (size_t i = 0; i < ncolumns; i++) {
        snprintf(f->names[i], sizeof(f->names[i]), "c%zu", i);
        f->columns[i] = (struct column){.name = f->names[i], .type = "text", .kind = VALUE_TEXT};
        f->after[i] = value_in(VALUE_NULL);
    }
    f->table =
        (struct table){.schema = "public", .name = "orders", .ncolumns = ncolumns, .columns = f->columns};
    f->selection = (struct selection){.table = &f->table,
                                      .serial = serial++,
                                      .source = "shop",
                                      .database = "db",
                                      .topic = "shop.public.orders",
                                      .use = f->use,
                                      .keys = f->keys,
                                      .nkeys = 1};
    f->tx = (struct tx){.xid = text_of("734"), .commit_us = 1795435200123456};
    f->change = (struct change){.op = CHANGE_INSERT,
                                .table = &f->table,
                                .tx = &f->tx,
                                .after = f->after,
                                .after_image = IMAGE_FULL,
                                .id = text_of("1:1A2B3C:1A2B:5"),
                                .pos = text_of("0/1A2B3C")};
    memcpy(f->change.ord, ord, sizeof(ord));
    f->event = (struct event){.kind = EVENT_ROW,
                              .op = 'c',
                              .change = &f->change,
                              .selection = &f->selection,
                              .source = "shop",
                              .database = "db",
                              .topic = "shop.public.orders"};
}

/* Turns it into an update or delete with an old image. */
static inline void fixture_op(struct fixture *f, char op, enum image before) {
    f->event.op = op;
    f->change.op = op == 'd' ? CHANGE_DELETE : op == 'u' ? CHANGE_UPDATE : CHANGE_INSERT;
    f->change.before_image = before;
    f->change.before = before == IMAGE_NONE ? NULL : f->before;
    f->event.key_from_before = op == 'd';
    if (op != 'd') return;
    f->change.after_image = IMAGE_NONE;
    f->change.after = NULL;
}

/* ---- Random rows ---- */

static inline uint64_t fixture_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* A random number of a random magnitude. */
static inline int64_t fixture_number(uint64_t *seed) {
    uint64_t bits = fixture_random(seed);
    return (int64_t)(bits >> fixture_random(seed) % 64) * (bits & 1 ? 1 : -1);
}

/* Text of 0 to 15, and now and then up to 60,000 bytes, out of a constant; it stays valid for ever. */
static inline struct value fixture_text(enum value_kind kind, uint64_t *seed) {
    static char pool[60000];
    if (!pool[0])
        for (size_t i = 0; i < sizeof(pool); i++) pool[i] = (char)(' ' + i * 7 % 95);
    uint64_t r = fixture_random(seed);
    size_t max = r % 16 == 0 ? 60000 : r % 4 == 0 ? 300 : 16;
    size_t len = (r >> 8) % max;
    return (struct value){
        .state = VALUE_PRESENT, .kind = (uint8_t)kind, .text = pool + (sizeof(pool) - len) / 3, .len = len};
}

/* Any present value but an array. */
static inline struct value fixture_present(uint64_t *seed) {
    static const double doubles[] = {0.0, -0.0, 1.5, -2.25, 1e300 * 1e300, 3.0e10};
    enum value_kind kind =
        (enum value_kind)(VALUE_BOOL + fixture_random(seed) % (VALUE_OTHER - VALUE_BOOL + 1));
    struct value v = fixture_text(kind, seed);
    bool text = fixture_random(seed) % 4 == 0;
    switch (kind) {
    case VALUE_BOOL: v.v.b = fixture_random(seed) & 1; break;
    case VALUE_INT:
    case VALUE_TIME: v.v.i = fixture_number(seed); break;
    case VALUE_UINT: v.v.u = (uint64_t)fixture_number(seed); break;
    case VALUE_FLOAT:
    case VALUE_DOUBLE: v.v.d = doubles[fixture_random(seed) % 6]; break;
    case VALUE_DATE:
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ:
        v.is_text = text;
        if (!text) v.v.i = kind == VALUE_DATE ? fixture_number(seed) >> 32 : fixture_number(seed);
        break;
    case VALUE_UUID:
        if (!text) v = value_of(VALUE_UUID, "00112233-4455-6677-8899-aabbccddeeff");
        break;
    case VALUE_GEOMETRY: v.v.u = text ? 0 : (uint32_t)fixture_number(seed); break;
    case VALUE_ARRAY: v.is_text = true; break;
    default: break;
    }
    return v;
}

/* Any value in any state; arrays are made in `room` (64 items). */
static inline struct value fixture_value(uint64_t *seed, struct value_array *array, struct value *room) {
    uint64_t r = fixture_random(seed);
    if (r % 4 == 0) {
        struct value v = fixture_text(VALUE_TEXT, seed);
        v.state = (uint8_t)((r >> 8) % (VALUE_INVALID + 1));
        return v;
    }
    if (r % 16 != 1) return fixture_present(seed);
    memset(array, 0, sizeof(*array));
    array->ndims = (uint8_t)((r >> 8) % 4);
    array->count = array->ndims ? 1 : 0;
    for (unsigned d = 0; d < array->ndims; d++) {
        array->dims[d] = (uint32_t)(1 + (r >> (16 + 4 * d)) % 4);
        array->count *= array->dims[d];
    }
    array->items = room;
    for (size_t i = 0; i < array->count; i++)
        room[i] = fixture_random(seed) % 4 ? fixture_present(seed) : value_in(VALUE_NULL);
    return (struct value){.state = VALUE_PRESENT, .kind = VALUE_ARRAY, .v.array = array};
}

/* ---- Encoding ---- */

/* Encodes an event with `en`; fails the test when that fails. The caller releases both. */
static inline void fixture_encode(struct encoder *en, const struct event *ev, struct buf *key, bool *has_key,
                                  struct buf *value) {
    struct err e = {0};
    buf_init(key);
    buf_init(value);
    if (en->ops->encode(en, ev, key, has_key, value, &e)) fail_msg("%s", e.text);
}

#endif
