/* The ledger against a naive model that keeps every entry for ever and searches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/ack/ledger.h"

#define MODEL_MAX 600
#define POSITION_MAX 80

static uint64_t random_state;

static uint32_t random_below(uint32_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* ---- The model ---- */

struct model_entry {
    enum ledger_mark mark;
    uint8_t position[POSITION_MAX];
    size_t len;
    bool open;
    bool failed;
    uint32_t out;
};

struct model {
    struct model_entry entries[MODEL_MAX + 1]; /* by sequence number */
    uint64_t last;
};

static struct model model;

static uint64_t model_watermark(void) {
    uint64_t seq = 0;
    while (seq < model.last) {
        const struct model_entry *m = &model.entries[seq + 1];
        if (m->open || m->failed || m->out > 0) break;
        seq++;
    }
    return seq;
}

/* The last entry with this mark and a position, from the watermark back to `after`, exclusive; 0 none. */
static uint64_t model_last(enum ledger_mark mark, uint64_t after) {
    for (uint64_t seq = model_watermark(); seq > after; seq--)
        if (model.entries[seq].mark == mark && model.entries[seq].len > 0) return seq;
    return 0;
}

static void assert_position(struct position p, uint64_t seq) {
    assert_int_equal(p.len, model.entries[seq].len);
    if (p.len > 0) assert_memory_equal(p.bytes, model.entries[seq].position, p.len);
}

static void assert_same(const struct ledger *l) {
    uint64_t boundary = model_last(LEDGER_BOUNDARY, 0);
    assert_int_equal(ledger_watermark(l), model_watermark());
    assert_int_equal(ledger_last(l), model.last);
    assert_int_equal(ledger_in_flight(l), model.last - model_watermark());
    assert_position(ledger_boundary(l), boundary);
    assert_position(ledger_progress(l), model_last(LEDGER_PROGRESS, boundary));
}

/* ---- Random runs ---- */

static void step_open(struct ledger *l, size_t max_entries) {
    struct model_entry m = {.mark = random_below(4) ? LEDGER_PROGRESS : LEDGER_BOUNDARY, .open = true};
    struct err e = {0};

    m.len = random_below(8) ? 1 + random_below(40) : random_below(POSITION_MAX + 1);
    for (size_t i = 0; i < m.len; i++) m.position[i] = (uint8_t)random_below(256);
    uint64_t seq = ledger_open(l, m.mark, (struct position){m.position, m.len}, &e);
    if (model.last - model_watermark() >= max_entries) {
        assert_int_equal(seq, 0);
        assert_int_equal(e.code, ERR_MEMORY);
        assert_true(e.retriable);
        return;
    }
    assert_int_equal(seq, model.last + 1);
    model.entries[++model.last] = m;
}

/* Something happens to one entry, chosen among all there ever were: mostly to those that may still change. */
static void step_entry(struct ledger *l, uint32_t fail_odds) {
    uint64_t seq = 1 + random_below((uint32_t)model.last);
    struct model_entry *m = &model.entries[seq];

    switch (random_below(3)) {
    case 0:
        if (!m->open) return;
        ledger_add(l, seq);
        m->out++;
        return;
    case 1:
        ledger_close(l, seq); /* once more does nothing */
        m->open = false;
        return;
    default:
        if (m->out == 0) return;
        m->out--;
        if (fail_odds > 0 && random_below(fail_odds) == 0) {
            ledger_fail(l, seq);
            m->failed = true;
        } else {
            ledger_done(l, seq);
        }
    }
}

static void finish(struct ledger *l) {
    for (uint64_t seq = 1; seq <= model.last; seq++) {
        struct model_entry *m = &model.entries[seq];
        ledger_close(l, seq);
        m->open = false;
        for (; m->out > 0; m->out--) ledger_done(l, seq);
        assert_same(l);
    }
}

static void random_run(uint64_t seed, uint32_t steps, uint32_t fail_odds) {
    random_state = seed;
    model.last = 0;
    size_t max_entries = 1 + random_below(500);
    struct ledger *l = ledger_new(max_entries, NULL);

    assert_non_null(l);
    uint32_t open_odds = 2 + random_below(12);
    for (uint32_t i = 0; i < steps; i++) {
        if (model.last == 0 || (model.last < MODEL_MAX && random_below(open_odds) == 0))
            step_open(l, max_entries);
        else
            step_entry(l, fail_odds);
        if (i % 7 == 0) assert_same(l);
    }
    assert_same(l);
    finish(l);
    ledger_free(l);
}

static void matches_the_model(void **state) {
    (void)state;
    for (uint32_t seed = 0; seed < 3000; seed++) random_run(seed, 40 + seed % 300, 0);
    random_run(99, 4000, 0);
}

static void matches_the_model_with_failures(void **state) {
    (void)state;
    for (uint32_t seed = 10000; seed < 13000; seed++) random_run(seed, 40 + seed % 300, 5 + seed % 50);
}

/* ---- Single properties, readable ---- */

static uint64_t open_text(struct ledger *l, enum ledger_mark mark, const char *text) {
    return ledger_open(l, mark, (struct position){(const uint8_t *)text, strlen(text)}, NULL);
}

static void assert_text(struct position p, const char *text) {
    assert_int_equal(p.len, strlen(text));
    if (p.len > 0) assert_memory_equal(p.bytes, text, p.len);
}

static void starts_empty(void **state) {
    (void)state;
    struct ledger *l = ledger_new(10, NULL);
    assert_int_equal(ledger_watermark(l), 0);
    assert_int_equal(ledger_last(l), 0);
    assert_int_equal(ledger_in_flight(l), 0);
    assert_text(ledger_boundary(l), "");
    assert_text(ledger_progress(l), "");
    ledger_free(l);
}

static void an_entry_without_records_is_done_when_closed(void **state) {
    (void)state;
    struct ledger *l = ledger_new(10, NULL);
    uint64_t seq = open_text(l, LEDGER_BOUNDARY, "idle");
    assert_int_equal(ledger_watermark(l), 0);
    ledger_close(l, seq);
    assert_int_equal(ledger_watermark(l), 1);
    assert_text(ledger_boundary(l), "idle");
    ledger_free(l);
}

static void an_open_entry_is_not_done_by_its_records(void **state) {
    (void)state;
    struct ledger *l = ledger_new(10, NULL);
    uint64_t seq = open_text(l, LEDGER_BOUNDARY, "a");
    ledger_add(l, seq);
    ledger_done(l, seq);
    assert_int_equal(ledger_watermark(l), 0);
    ledger_add(l, seq);
    ledger_close(l, seq);
    ledger_close(l, seq); /* must not stand for the record that is still out */
    assert_int_equal(ledger_watermark(l), 0);
    ledger_done(l, seq);
    assert_int_equal(ledger_watermark(l), 1);
    ledger_free(l);
}

static void nothing_passes_a_failure(void **state) {
    (void)state;
    struct ledger *l = ledger_new(10, NULL);
    for (int i = 0; i < 3; i++) {
        uint64_t seq = open_text(l, LEDGER_BOUNDARY, i == 0 ? "first" : "later");
        ledger_add(l, seq);
        ledger_close(l, seq);
    }
    ledger_done(l, 1);
    ledger_fail(l, 2);
    ledger_done(l, 3);
    ledger_done(l, 2); /* a failed record never becomes done */
    assert_int_equal(ledger_watermark(l), 1);
    assert_text(ledger_boundary(l), "first");
    assert_int_equal(ledger_in_flight(l), 2);
    ledger_free(l);
}

static void progress_belongs_to_the_open_transaction(void **state) {
    (void)state;
    struct ledger *l = ledger_new(10, NULL);
    ledger_close(l, open_text(l, LEDGER_PROGRESS, "row 1"));
    assert_text(ledger_progress(l), "row 1");
    ledger_close(l, open_text(l, LEDGER_BOUNDARY, "commit"));
    assert_text(ledger_boundary(l), "commit");
    assert_text(ledger_progress(l), "");
    ledger_close(l, open_text(l, LEDGER_PROGRESS, "row 2"));
    assert_text(ledger_boundary(l), "commit");
    assert_text(ledger_progress(l), "row 2");
    ledger_free(l);
}

static void grows_and_keeps_every_entry(void **state) {
    (void)state;
    struct ledger *l = ledger_new(5000, NULL);
    char text[64];
    for (int i = 1; i <= 5000; i++) {
        snprintf(text, sizeof text, "%0*d", i % 2 ? 4 : 40, i);
        uint64_t seq = open_text(l, LEDGER_BOUNDARY, text);
        assert_int_equal(seq, i);
        ledger_add(l, seq);
        ledger_close(l, seq);
    }
    assert_int_equal(open_text(l, LEDGER_BOUNDARY, "one too many"), 0);
    for (uint64_t seq = 5000; seq > 2500; seq--) ledger_done(l, seq);
    assert_int_equal(ledger_watermark(l), 0);
    for (uint64_t seq = 1; seq <= 2500; seq++) {
        ledger_done(l, seq);
        snprintf(text, sizeof text, "%0*d", seq % 2 ? 4 : 40, (int)(seq < 2500 ? seq : 5000));
        assert_text(ledger_boundary(l), text);
    }
    assert_int_equal(ledger_watermark(l), 5000);
    ledger_free(l);
}

static void results_of_unknown_entries_are_harmless(void **state) {
    (void)state;
    struct ledger *l = ledger_new(10, NULL);
    ledger_done(l, 0);
    ledger_done(l, 1);
    ledger_fail(l, 99);
    ledger_close(l, open_text(l, LEDGER_BOUNDARY, "a"));
    ledger_done(l, 1);
    assert_int_equal(ledger_watermark(l), 1);
    ledger_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(an_entry_without_records_is_done_when_closed),
        cmocka_unit_test(an_open_entry_is_not_done_by_its_records),
        cmocka_unit_test(nothing_passes_a_failure),
        cmocka_unit_test(progress_belongs_to_the_open_transaction),
        cmocka_unit_test(grows_and_keeps_every_entry),
        cmocka_unit_test(results_of_unknown_entries_are_harmless),
        cmocka_unit_test(matches_the_model),
        cmocka_unit_test(matches_the_model_with_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
