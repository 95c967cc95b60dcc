#include "agent/source/pg_gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A world in which all is well; each case spoils one thing. */
struct world {
    struct pg_identity ours;
    struct pg_server server;
    struct pg_history history;
    struct pg_slot slot;
    struct pg_identity_publication publications[2];
    uint64_t position, end;
};

static struct world good(void) {
    return (struct world){
        .ours = {.system_id = 1,
                 .timeline = 2,
                 .database_oid = 16384,
                 .database = "shop",
                 .slot = "s",
                 .npublications = 2,
                 .publications = {{.oid = 7, .name = "p"}, {.oid = 8, .name = "p_insert"}}},
        .server = {.system_id = 1, .timeline = 2, .database_oid = 16384, .database = "shop"},
        .slot = {.exists = true, .name = "s", .plugin = "pgoutput", .confirmed = 0x1000, .restart = 0x800},
        .publications = {{.oid = 7, .name = "p"}, {.oid = 8, .name = "p_insert"}},
        .position = 0x1000,
        .end = 0x2000,
    };
}

static struct pg_gap judge(const struct world *w) {
    struct pg_gap_facts f = {
        .ours = &w->ours,
        .position = w->position,
        .server = &w->server,
        .server_end = w->end,
        .history = &w->history,
        .slot = &w->slot,
        .publications = w->publications,
        .npublications = 2,
    };
    struct pg_gap out;

    pg_gap_find(&f, &out);
    return out;
}

static void all_is_well(struct world *w) {
    (void)w;
}
static void behind_position(struct world *w) {
    w->slot.confirmed = 0x900;
}
static void renamed_database(struct world *w) {
    memcpy(w->server.database, "store", 6);
}
static void other_cluster(struct world *w) {
    w->server.system_id = 9;
}
static void other_database(struct world *w) {
    w->server.database_oid = 5;
    memcpy(w->server.database, "store", 6);
}
static void database_recreated(struct world *w) {
    w->server.database_oid = 5;
}
static void promoted(struct world *w) {
    w->server.timeline = 3;
    w->history = (struct pg_history){.count = 2, .entries = {{1, 0x100}, {2, 0x1000}}};
}
static void forked(struct world *w) {
    w->server.timeline = 3;
    w->history = (struct pg_history){.count = 2, .entries = {{1, 0x100}, {2, 0xFFF}}};
}
static void foreign_timeline(struct world *w) {
    w->server.timeline = 3;
    w->history = (struct pg_history){.count = 1, .entries = {{1, 0x5000}}};
}
static void older_timeline(struct world *w) {
    w->server.timeline = 1;
}
static void restored(struct world *w) {
    w->end = 0xFFF;
}
static void at_the_end(struct world *w) {
    w->end = 0x1000;
}
static void publication_missing(struct world *w) {
    w->publications[0] = (struct pg_identity_publication){.oid = 99, .name = "x"};
}
static void publication_recreated(struct world *w) {
    w->publications[1].oid = 99;
}
static void slot_missing(struct world *w) {
    w->slot = (struct pg_slot){.name = "s"};
}
static void slot_lost(struct world *w) {
    memcpy(w->slot.invalid, "wal_removed", 12);
}
static void slot_recreated(struct world *w) {
    w->slot.confirmed = 0x1800;
    w->slot.restart = 0x1700;
}
static void slot_moved(struct world *w) {
    w->slot.confirmed = 0x1001;
}
static void both_cluster_and_slot(struct world *w) {
    other_cluster(w);
    slot_missing(w);
}

static void finds_each_gap(void **state) {
    static const struct {
        void (*spoil)(struct world *w);
        enum pg_gap_kind kind;
        bool keep_slot;
    } cases[] = {
        {all_is_well, PG_GAP_NONE, false},
        {behind_position, PG_GAP_NONE, false},
        {renamed_database, PG_GAP_NONE, false},
        {promoted, PG_GAP_NONE, false},
        {at_the_end, PG_GAP_NONE, false},
        {other_cluster, PG_GAP_OTHER_CLUSTER, true},
        {other_database, PG_GAP_OTHER_DATABASE, true},
        {database_recreated, PG_GAP_DATABASE_RECREATED, true},
        {forked, PG_GAP_FORKED, true},
        {foreign_timeline, PG_GAP_FORKED, true},
        {older_timeline, PG_GAP_OLDER_TIMELINE, true},
        {restored, PG_GAP_RESTORED, true},
        {publication_missing, PG_GAP_PUBLICATION_MISSING, false},
        {publication_recreated, PG_GAP_PUBLICATION_RECREATED, false},
        {slot_missing, PG_GAP_SLOT_MISSING, false},
        {slot_lost, PG_GAP_SLOT_LOST, false},
        {slot_recreated, PG_GAP_SLOT_RECREATED, true},
        {slot_moved, PG_GAP_SLOT_MOVED, true},
        {both_cluster_and_slot, PG_GAP_OTHER_CLUSTER, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = good();
        struct pg_gap gap;
        cases[i].spoil(&w);
        gap = judge(&w);
        assert_int_equal(gap.kind, cases[i].kind);
        if (gap.kind == PG_GAP_NONE) continue;
        assert_int_equal(gap.keep_slot, cases[i].keep_slot);
        assert_true(gap.what[0] != '\0');
        assert_non_null(gap.remedy);
    }
}

/* A standby that lags is no gap: it will come. */
static void waits_for_a_standby(void **state) {
    struct world w = good();
    struct pg_gap gap;

    (void)state;
    w.end = 0xFFF;
    w.server.in_recovery = true;
    gap = judge(&w);
    assert_int_equal(gap.kind, PG_GAP_NONE);
    assert_true(gap.wait);
}

static void without_checkpoint_only_the_slot_counts(void **state) {
    struct world w = good();
    struct pg_gap_facts f = {.position = 0x1000, .server = &w.server, .slot = &w.slot};
    struct pg_gap gap;

    (void)state;
    pg_gap_find(&f, &gap);
    assert_int_equal(gap.kind, PG_GAP_NONE);
    slot_lost(&w);
    pg_gap_find(&f, &gap);
    assert_int_equal(gap.kind, PG_GAP_SLOT_LOST);
}

static void reads_history(void **state) {
    struct pg_history h;

    (void)state;
    assert_true(pg_history_parse("", &h));
    assert_int_equal(h.count, 0);
    assert_true(pg_history_parse("# note\n\n1\t0/3000150\tno recovery target specified\n\n2\t1/0\tx\n", &h));
    assert_int_equal(h.count, 2);
    assert_int_equal(h.entries[0].timeline, 1);
    assert_true(h.entries[0].end == 0x3000150);
    assert_int_equal(h.entries[1].timeline, 2);
    assert_true(h.entries[1].end == UINT64_C(0x100000000));
    assert_true(pg_history_parse("7\t0/1", &h));
    assert_false(pg_history_parse("one\t0/1\tx\n", &h));
    assert_false(pg_history_parse("1 nonsense\n", &h));
    assert_false(pg_history_parse("0\t0/1\tx\n", &h));
}

/* A cluster that was promoted very often: the latest forks are the ones that matter. */
static void keeps_the_newest_history(void **state) {
    struct buf text = {0};
    struct pg_history h;

    (void)state;
    for (unsigned i = 1; i <= PG_HISTORY_MAX + 10; i++) buf_printf(&text, "%u\t0/%X\tpromoted\n", i, i * 16);
    assert_true(pg_history_parse(buf_cstr(&text), &h));
    assert_int_equal(h.count, PG_HISTORY_MAX);
    assert_int_equal(h.entries[0].timeline, 11);
    assert_int_equal(h.entries[PG_HISTORY_MAX - 1].timeline, PG_HISTORY_MAX + 10);
    buf_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each_gap),
        cmocka_unit_test(waits_for_a_standby),
        cmocka_unit_test(without_checkpoint_only_the_slot_counts),
        cmocka_unit_test(reads_history),
        cmocka_unit_test(keeps_the_newest_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
