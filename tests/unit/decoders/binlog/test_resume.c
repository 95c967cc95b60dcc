/*
 * Connections that break and processes that die, at every place of captured logs: every change comes, and
 * none comes twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "agent/base/spill_file.h"
#include "tests/golden/dump.h"
#include "tests/unit/decoders/binlog/server.h"

static const char *const captures[] = {
    "transactions-mariadb-10.11",
    "transactions-mysql-9.7",
    "xa-mariadb-11.4",
    "xa-mysql-9.7",
    "gtid_domains-mariadb-10.11",
    "gtid_off-mysql-9.7",
    "gtid_tagged-mysql-9.7",
    "compressed-mariadb-11.4",
    "compressed-mysql-9.7",
    "ddl-mysql-9.7",
};
enum { NCAPTURES = sizeof(captures) / sizeof(captures[0]) };

static struct spill *new_spill(void *ctx, struct err *e) {
    (void)ctx;
    return spill_file_new(NULL, e);
}

static struct decoder *new_decoder(void) {
    const struct decoder_options options = {.epoch = 1, .spill = new_spill};
    struct decoder *d = decoder_binlog.create(&options);
    assert_non_null(d);
    return d;
}

/* Everything that came, and from where one would go on. */
struct heard {
    struct buf text;
    struct buf resume;   /* of the last COMMIT */
    struct buf earlier;  /* of the one before */
    struct buf progress; /* of the last row behind it */
    size_t changes, limit;
    bool rows_only;
    uint8_t ord[CHANGE_ORD_LEN];
};

static void set(struct buf *b, const void *data, size_t len) {
    buf_clear(b, SIZE_MAX);
    buf_put(b, data, len);
}

static int hear(void *ctx, const struct change *c, struct err *e) {
    struct heard *h = ctx;
    if (h->changes == h->limit) return err_set(e, ERR_STOPPED, "enough");
    h->changes++;
    if (c->id.len) {
        if (memcmp(c->ord, h->ord, sizeof(h->ord)) <= 0)
            fail_msg("%.*s does not sort behind:\n%s", (int)c->id.len, c->id.ptr, buf_cstr(&h->text));
        memcpy(h->ord, c->ord, sizeof(h->ord));
        set(&h->progress, c->position.bytes, c->position.len);
    }
    if (c->op == CHANGE_COMMIT || c->op == CHANGE_HEARTBEAT) {
        set(&h->earlier, h->resume.data, h->resume.len);
        set(&h->resume, c->position.bytes, c->position.len);
        buf_clear(&h->progress, SIZE_MAX);
    }
    if (!h->rows_only || c->id.len) dump_change(c, &h->text);
    return 0;
}

static void heard_release(struct heard *h) {
    buf_release(&h->text);
    buf_release(&h->resume);
    buf_release(&h->earlier);
    buf_release(&h->progress);
}

static struct position blob(const struct buf *b) {
    return (struct position){b->data, b->len};
}

/* GTIDs that can be put in order. */
static bool has_gtids(size_t capture) {
    return !strstr(captures[capture], "gtid_off") && !strstr(captures[capture], "gtid_domains");
}

static void load(size_t capture, struct server *s) {
    char path[256];
    snprintf(path, sizeof(path), "tests/golden/binlog/%s.events", captures[capture]);
    server_load(s, path);
}

/* All of it in one go. */
static struct heard straight(const struct server *s, bool by_gtid, bool rows_only) {
    struct heard h = {.limit = SIZE_MAX, .rows_only = rows_only};
    struct decoder *d = new_decoder();
    struct err e = {0};
    server_beginning(s, by_gtid, &h.resume);
    if (server_send(s, d, blob(&h.resume), SIZE_MAX, hear, &h, &e)) fail_msg("%s", e.text);
    d->ops->destroy(d);
    return h;
}

static void for_each(void (*check)(const struct server *s, bool by_gtid)) {
    for (size_t i = 0; i < NCAPTURES; i++) {
        struct server s;
        load(i, &s);
        for (int by_gtid = 0; by_gtid <= has_gtids(i); by_gtid++) check(&s, by_gtid);
        server_release(&s);
    }
}

/* The connection breaks after each event of the log; `older`: the source knows an older position only. */
static void check_reconnect(const struct server *s, bool by_gtid, bool older) {
    struct heard whole = straight(s, by_gtid, false);
    for (size_t cut = 0; cut <= s->count; cut++) {
        struct heard h = {.limit = SIZE_MAX};
        struct decoder *d = new_decoder();
        struct err e = {0};
        server_beginning(s, by_gtid, &h.resume);
        set(&h.earlier, h.resume.data, h.resume.len);
        if (server_send(s, d, blob(&h.resume), cut, hear, &h, &e)) fail_msg("%s", e.text);
        struct buf from = {0};
        const struct buf *known = older && h.earlier.len ? &h.earlier : &h.resume;
        buf_put(&from, known->data, known->len);
        if (server_send(s, d, blob(&from), SIZE_MAX, hear, &h, &e)) fail_msg("cut at %zu: %s", cut, e.text);
        assert_string_equal(buf_cstr(&h.text), buf_cstr(&whole.text));
        buf_release(&from);
        heard_release(&h);
        d->ops->destroy(d);
    }
    heard_release(&whole);
}

static void reconnect(const struct server *s, bool by_gtid) {
    check_reconnect(s, by_gtid, false);
    check_reconnect(s, by_gtid, true);
}

static void test_reconnect(void **state) {
    (void)state;
    for_each(reconnect);
}

/* The process dies after each change; the next one knows the last position and how far it came behind it. */
static void restart(const struct server *s, bool by_gtid) {
    struct heard whole = straight(s, by_gtid, true);
    size_t changes = whole.changes;
    for (size_t n = 0; n < changes; n++) {
        struct heard h = {.limit = n, .rows_only = true};
        struct decoder *d = new_decoder();
        struct err e = {0};
        server_beginning(s, by_gtid, &h.resume);
        assert_int_equal(server_send(s, d, blob(&h.resume), SIZE_MAX, hear, &h, &e), -1);
        assert_int_equal(e.code, ERR_STOPPED);
        d->ops->destroy(d);

        h.limit = SIZE_MAX;
        d = new_decoder();
        struct buf from = {0};
        buf_put(&from, h.resume.data, h.resume.len);
        assert_int_equal(d->ops->resume(d, blob(&h.progress), &e), 0);
        if (server_send(s, d, blob(&from), SIZE_MAX, hear, &h, &e)) fail_msg("after %zu: %s", n, e.text);
        assert_string_equal(buf_cstr(&h.text), buf_cstr(&whole.text));
        buf_release(&from);
        heard_release(&h);
        d->ops->destroy(d);
    }
    heard_release(&whole);
}

static void test_restart(void **state) {
    (void)state;
    for_each(restart);
}

/* Positions only advance, and their texts are read back as what they were. */
static int advances(void *ctx, const struct change *c, struct err *e) {
    struct buf *last = ctx;
    (void)e;
    if (c->op != CHANGE_COMMIT) return 0;
    if (last->len) assert_true(binlog_position_compare(blob(last), c->position) < 0);
    set(last, c->position.bytes, c->position.len);
    return 0;
}

static void positions(const struct server *s, bool by_gtid) {
    struct decoder *d = new_decoder();
    struct buf from = {0}, last = {0};
    server_beginning(s, by_gtid, &from);
    assert_int_equal(server_send(s, d, blob(&from), SIZE_MAX, advances, &last, NULL), 0);
    assert_true(binlog_position_compare(blob(&from), blob(&last)) < 0);
    d->ops->destroy(d);
    buf_release(&from);
    buf_release(&last);
}

static void test_positions(void **state) {
    (void)state;
    for_each(positions);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reconnect),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
