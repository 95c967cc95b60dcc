/* What is kept of a snapshot is what was delivered, never more; and no bytes of a file can harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "agent/pipeline/backfill_state.h"

static struct backfill_state *new_state(enum config_snapshot mode) {
    struct backfill_state *s;
    struct err e;

    assert_int_equal(backfill_state_new(mode, &s, &e), 0);
    return s;
}

static void sent(struct backfill_state *s, struct backfill_table *t, uint64_t seq, enum backfill_stage stage,
                 const char *after, uint64_t rows) {
    struct err e;
    struct position p = {(const uint8_t *)after, strlen(after)};

    assert_int_equal(backfill_state_sent(s, t, seq, stage, p, rows, &e), 0);
}

/* The state as a process that starts now would find it. */
static struct backfill_state *kept(const struct backfill_state *s) {
    struct backfill_state *again;
    struct buf section = {0};
    struct err e;

    backfill_state_store(s, &section);
    assert_false(buf_failed(&section));
    assert_int_equal(backfill_state_load(section.data, section.len, &again, &e), 0);
    buf_release(&section);
    return again;
}

static void assert_table(const struct backfill_state *s, const char *space, const char *name,
                         enum backfill_stage stage, const char *after, uint64_t rows) {
    const struct backfill_table *t = backfill_state_find(s, space, name);

    assert_non_null(t);
    assert_int_equal(t->stage, stage);
    assert_int_equal(t->durable_stage, stage);
    assert_int_equal(t->after.len, strlen(after));
    if (t->after.len) assert_memory_equal(t->after.data, after, t->after.len);
    assert_int_equal(t->rows, rows);
}

static void only_what_is_delivered_is_kept(void **unused) {
    struct backfill_state *s = new_state(SNAPSHOT_INITIAL);
    struct backfill_table *a = backfill_state_add(s, "public", "a");
    struct backfill_table *b = backfill_state_add(s, "public", "b");
    struct backfill_state *again;

    (void)unused;
    assert_ptr_equal(backfill_state_add(s, "public", "a"), a);
    assert_int_equal(backfill_state_count(s), 2);
    sent(s, a, 10, BACKFILL_PENDING, "ten", 10);
    sent(s, b, 15, BACKFILL_DONE, "", 5);
    sent(s, a, 20, BACKFILL_PENDING, "twenty", 10);
    assert_int_equal(a->rows, 20);
    backfill_state_reached(s, 9);
    again = kept(s);
    assert_table(again, "public", "a", BACKFILL_PENDING, "", 0);
    assert_false(backfill_state_complete(again));
    backfill_state_free(again);

    backfill_state_reached(s, 19);
    again = kept(s);
    assert_table(again, "public", "a", BACKFILL_PENDING, "ten", 10);
    assert_table(again, "public", "b", BACKFILL_DONE, "", 5);
    assert_int_equal(backfill_state_mode(again), SNAPSHOT_INITIAL);
    backfill_state_free(again);

    sent(s, a, 21, BACKFILL_DONE, "twenty-one", 1);
    assert_false(backfill_state_complete(s));
    backfill_state_reached(s, 21);
    assert_true(backfill_state_complete(s));
    backfill_state_free(s);
}

static void a_restart_forgets_what_is_not_durable(void **unused) {
    struct backfill_state *s = new_state(SNAPSHOT_INITIAL);
    struct backfill_table *a = backfill_state_add(s, "public", "a");

    (void)unused;
    sent(s, a, 10, BACKFILL_PENDING, "ten", 10);
    backfill_state_reached(s, 10);
    sent(s, a, 20, BACKFILL_DONE, "twenty", 10);
    a->busy = true;
    backfill_state_restart(s);
    assert_table(s, "public", "a", BACKFILL_PENDING, "ten", 10);
    assert_false(a->busy);
    backfill_state_reached(s, 1000); /* of another ledger: what was sent on the old one counts no more */
    assert_table(s, "public", "a", BACKFILL_PENDING, "ten", 10);
    backfill_state_free(s);
}

static void what_is_to_be_kept_is_known(void **unused) {
    struct backfill_state *s = new_state(SNAPSHOT_INITIAL);
    struct backfill_table *a;

    (void)unused;
    assert_true(backfill_state_unsaved(s, 0));
    backfill_state_saved(s, true);
    a = backfill_state_add(s, "public", "a");
    assert_true(backfill_state_unsaved(s, 0));
    backfill_state_saved(s, true);
    sent(s, a, 3, BACKFILL_DONE, "", 0);
    assert_false(backfill_state_unsaved(s, 2));
    assert_true(backfill_state_unsaved(s, 3));
    backfill_state_reached(s, 2);
    assert_false(backfill_state_unsaved(s, 2));
    backfill_state_reached(s, 3);
    assert_true(backfill_state_unsaved(s, 0));
    backfill_state_saved(s, true);
    backfill_state_set(s, a, BACKFILL_PASSED_OVER);
    assert_true(backfill_state_unsaved(s, 0));
    backfill_state_free(s);
}

static void a_stamp_never_comes_twice(void **unused) {
    struct backfill_state *s = new_state(SNAPSHOT_INITIAL);

    (void)unused;
    assert_int_equal(backfill_state_stamp(s, 1000), 1000);
    assert_int_equal(backfill_state_stamp(s, 1000), 1001);
    assert_int_equal(backfill_state_stamp(s, 500), 1002); /* the clock was set back */
    assert_int_equal(backfill_state_stamp(s, -5), 1003);
    assert_int_equal(backfill_state_stamp(s, 2000), 2000);
    backfill_state_free(s);
}

static void figures_do_not_count_what_is_passed_over(void **unused) {
    struct backfill_state *s = new_state(SNAPSHOT_INITIAL);
    struct backfill_table *a = backfill_state_add(s, "", "a"), *b = backfill_state_add(s, "", "b");
    struct backfill_figures f;

    (void)unused;
    backfill_state_set(s, backfill_state_add(s, "", "c"), BACKFILL_PASSED_OVER);
    a->estimate = 100;
    b->estimate = 50;
    sent(s, a, 1, BACKFILL_PENDING, "x", 10);
    sent(s, b, 2, BACKFILL_DONE, "x", 70);
    backfill_state_figures(s, &f);
    assert_int_equal(f.tables, 2);
    assert_int_equal(f.done, 1);
    assert_int_equal(f.rows, 80);
    assert_int_equal(f.total, 170);
    sent(s, a, 3, BACKFILL_PENDING, "x", 200); /* more than was estimated */
    backfill_state_figures(s, &f);
    assert_int_equal(f.total, 280);
    a->estimate = UINT64_MAX;
    backfill_state_figures(s, &f);
    assert_int_equal(f.total, UINT64_MAX);
    backfill_state_free(s);
}

/* ---- Bytes ---- */

static void never_of_earlier_versions_stays_never(void **unused) {
    struct backfill_state *s;
    struct buf section = {0};
    struct err e;

    (void)unused;
    assert_int_equal(backfill_state_load("never", 5, &s, &e), 0);
    assert_int_equal(backfill_state_mode(s), SNAPSHOT_NEVER);
    assert_int_equal(backfill_state_count(s), 0);
    assert_true(backfill_state_complete(s));
    backfill_state_store(s, &section);
    assert_int_equal(section.len, 5);
    assert_memory_equal(section.data, "never", 5);
    buf_release(&section);
    backfill_state_free(s);
}

static struct buf a_section(void) {
    struct backfill_state *s = new_state(SNAPSHOT_WHEN_NEEDED);
    struct backfill_table *a = backfill_state_add(s, "public", "orders");
    struct buf section = {0};

    sent(s, a, 1, BACKFILL_PENDING, "key", 7);
    backfill_state_reached(s, 1);
    backfill_state_set(s, backfill_state_add(s, "", "b"), BACKFILL_PASSED_OVER);
    backfill_state_store(s, &section);
    backfill_state_free(s);
    return section;
}

static void the_layout_is_as_written_down(void **unused) {
    static const char expected[] = "\x01\x03\0\0\0\x02"
                                   "\0\x06public\0\x06orders\x01\0\0\0\0\0\0\0\x07\0\0\0\x03key"
                                   "\0\0\0\x01"
                                   "b\x03\0\0\0\0\0\0\0\0\0\0\0";
    struct buf section = a_section();

    (void)unused;
    assert_int_equal(section.len, sizeof expected); /* its NUL is the last byte */
    assert_memory_equal(section.data, expected, sizeof expected);
    buf_release(&section);
}

static void assert_refused(const void *data, size_t len) {
    struct backfill_state *s;
    struct err e = {0};

    assert_int_equal(backfill_state_load(data, len, &s, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
}

static void other_bytes_are_refused(void **unused) {
    struct buf section = a_section();

    (void)unused;
    for (size_t len = 0; len < section.len; len++) assert_refused(section.data, len);
    buf_putc(&section, 0);
    assert_refused(section.data, section.len);
    assert_refused("nevermore", 9);
    assert_refused("\x02\x01\0\0\0\0", 6);         /* layout */
    assert_refused("\x01\x04\0\0\0\0", 6);         /* mode */
    assert_refused("\x01\x01\xff\xff\xff\xff", 6); /* count */
    assert_refused("\x01\x01\0\0\0\x01\xff\xff"
                   "a",
                   9); /* a name longer than there is */
    section.len--;
    section.data[22] = 5; /* a stage that there is not */
    assert_refused(section.data, section.len);
    section.data[22] = 1;
    section.data[10] = 0; /* a NUL in a name */
    assert_refused(section.data, section.len);
    buf_release(&section);
}

/* Flipped bits: refused, or read as something that can be stored again. */
static void no_bytes_can_harm(void **unused) {
    struct buf section = a_section();

    (void)unused;
    for (size_t i = 0; i < section.len; i++) {
        for (unsigned v = 0; v < 256; v++) {
            struct backfill_state *s;
            struct buf again = {0};
            struct err e = {0};
            uint8_t old = section.data[i];

            section.data[i] = (uint8_t)v;
            if (backfill_state_load(section.data, section.len, &s, &e) == 0) {
                backfill_state_store(s, &again);
                backfill_state_text(s, &again);
                assert_false(buf_failed(&again));
                backfill_state_free(s);
            }
            buf_release(&again);
            section.data[i] = old;
        }
    }
    buf_release(&section);
}

static void people_can_read_it(void **unused) {
    struct backfill_state *s = new_state(SNAPSHOT_INITIAL);
    struct backfill_table *a = backfill_state_add(s, "public", "a"),
                          *b = backfill_state_add(s, "public", "b");
    struct buf text = {0};

    (void)unused;
    backfill_state_set(s, backfill_state_add(s, "public", "c"), BACKFILL_PASSED_OVER);
    sent(s, a, 1, BACKFILL_DONE, "", 1234567);
    sent(s, b, 2, BACKFILL_PENDING, "x", 12);
    backfill_state_reached(s, 2);
    backfill_state_text(s, &text);
    assert_string_equal(buf_cstr(&text), "initial: 1 of 2 tables read, 1,234,579 rows; being read: public.b "
                                         "(12 rows); passed over: public.c");
    buf_release(&text);
    backfill_state_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_delivered_is_kept),
        cmocka_unit_test(a_restart_forgets_what_is_not_durable),
        cmocka_unit_test(what_is_to_be_kept_is_known),
        cmocka_unit_test(a_stamp_never_comes_twice),
        cmocka_unit_test(figures_do_not_count_what_is_passed_over),
        cmocka_unit_test(never_of_earlier_versions_stays_never),
        cmocka_unit_test(the_layout_is_as_written_down),
        cmocka_unit_test(other_bytes_are_refused),
        cmocka_unit_test(no_bytes_can_harm),
        cmocka_unit_test(people_can_read_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
