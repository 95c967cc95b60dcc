/* Whether a snapshot shows everything that was delivered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agent/source/pg_visible.h"

#define TABLE 100
#define LATER 200

static struct pg_visible *v;

static int start(void **state) {
    struct err e = {0};
    uint32_t tables[] = {7, TABLE};
    (void)state;
    v = pg_visible_new(&e);
    assert_non_null(v);
    return pg_visible_cover(v, tables, 2, &e);
}

static int stop(void **state) {
    (void)state;
    pg_visible_free(v);
    return 0;
}

static struct pg_verdict verdict(uint32_t table, const char *text, uint64_t next, bool in_recovery) {
    struct pg_snapshot s;
    struct pg_verdict out;
    struct err e = {0};
    assert_int_equal(pg_snapshot_parse(text, &s, &e), 0);
    s.next = next;
    s.in_recovery = in_recovery;
    assert_int_equal(pg_visible_judge(v, table, &s, &out, &e), 0);
    pg_snapshot_release(&s);
    return out;
}

static enum pg_sight judge(uint32_t table, const char *text, uint64_t next) {
    pg_visible_look(v);
    return verdict(table, text, next, false).sight;
}

static void test_parse(void **state) {
    struct pg_snapshot s;
    struct err e = {0};
    const char *bad[] = {"", "1", "1:", "1:2", "a:2:", "1:2:x", "1:9:3,2", "1:9:3,3", "1:9:3;4", "-1:2:"};
    (void)state;
    assert_int_equal(pg_snapshot_parse("10:20:10,14,19", &s, &e), 0);
    assert_int_equal(s.xmin, 10);
    assert_int_equal(s.xmax, 20);
    assert_int_equal(s.nxip, 3);
    assert_true(pg_snapshot_sees(&s, 9) && pg_snapshot_sees(&s, 11) && pg_snapshot_sees(&s, 18));
    assert_false(pg_snapshot_sees(&s, 10) || pg_snapshot_sees(&s, 14) || pg_snapshot_sees(&s, 20));
    pg_snapshot_release(&s);
    assert_int_equal(pg_snapshot_parse("18446744073709551615:18446744073709551615:", &s, &e), 0);
    assert_int_equal(s.nxip, 0);
    pg_snapshot_release(&s);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int rc = pg_snapshot_parse(bad[i], &s, &e);
        pg_snapshot_release(&s);
        if (rc == 0) fail_msg("\"%s\" was read", bad[i]);
    }
}

static void test_widen(void **state) {
    (void)state;
    assert_int_equal(pg_xid_widen(5, 10), 5);
    assert_int_equal(pg_xid_widen(15, 10), 15);
    assert_int_equal(pg_xid_widen(3, (UINT64_C(1) << 32) - 2), (UINT64_C(1) << 32) + 3);
    assert_int_equal(pg_xid_widen(UINT32_MAX, UINT64_C(1) << 32), UINT32_MAX);
    assert_int_equal(pg_xid_widen(UINT32_MAX, (UINT64_C(7) << 32) + 4), (UINT64_C(7) << 32) - 1);
}

/* Everything that ran when the reading began must have ended, listed in the snapshot or not. */
static void test_writers(void **state) {
    (void)state;
    assert_int_equal(judge(TABLE, "101:101:", 103),
                     PG_SIGHT_WRITERS); /* 101 and 102 run: xmax says nothing of them */
    assert_int_equal(judge(TABLE, "101:103:101", 110), PG_SIGHT_WRITERS);
    assert_int_equal(judge(TABLE, "102:109:102", 110), PG_SIGHT_WRITERS);
    assert_int_equal(judge(TABLE, "105:109:105,107", 110), PG_SIGHT_GOOD);
    assert_int_equal(judge(7, "105:109:105,107", 110), PG_SIGHT_GOOD);
}

/* A table that comes later waits for the writers of then. */
static void test_later_table(void **state) {
    (void)state;
    assert_int_equal(judge(TABLE, "101:101:", 101), PG_SIGHT_GOOD);
    assert_int_equal(judge(LATER, "150:160:150", 160), PG_SIGHT_WRITERS);
    assert_int_equal(judge(TABLE, "150:160:150", 160), PG_SIGHT_GOOD);
    assert_int_equal(judge(LATER, "159:161:159", 170), PG_SIGHT_WRITERS);
    assert_int_equal(judge(LATER, "160:171:160", 180), PG_SIGHT_GOOD);
    assert_int_equal(judge(LATER, "165:171:165", 190), PG_SIGHT_GOOD);
}

/* Decoded before it is visible. */
static void test_commit(void **state) {
    struct pg_verdict out;
    (void)state;
    pg_visible_handled(v, 90); /* before the first look: its limit covers it */
    assert_int_equal(judge(TABLE, "101:101:", 101), PG_SIGHT_GOOD);
    pg_visible_handled(v, 105);
    pg_visible_handled(v, 103);
    pg_visible_look(v);
    out = verdict(TABLE, "103:106:103,105", 107, false);
    assert_int_equal(out.sight, PG_SIGHT_COMMIT);
    assert_int_equal(out.xid, 103);
    assert_int_equal(judge(TABLE, "105:106:105", 107), PG_SIGHT_COMMIT);
    assert_int_equal(judge(TABLE, "106:106:", 107), PG_SIGHT_GOOD);
    pg_visible_handled(v, 106);
    assert_int_equal(judge(TABLE, "106:106:", 107), PG_SIGHT_COMMIT); /* at xmax */
    assert_int_equal(judge(TABLE, "107:107:", 107), PG_SIGHT_GOOD);
}

static void test_wraparound(void **state) {
    uint64_t turn = UINT64_C(3) << 32;
    char text[64];
    (void)state;
    snprintf(text, sizeof text, "%llu:%llu:", (unsigned long long)(turn - 5), (unsigned long long)(turn - 5));
    assert_int_equal(judge(TABLE, text, turn - 5), PG_SIGHT_GOOD);
    pg_visible_handled(v, UINT32_MAX);
    pg_visible_handled(v, 4);
    snprintf(text, sizeof text, "%llu:%llu:%llu,%llu", (unsigned long long)(turn - 1),
             (unsigned long long)(turn + 5), (unsigned long long)(turn - 1), (unsigned long long)(turn + 4));
    assert_int_equal(judge(TABLE, text, turn + 5), PG_SIGHT_COMMIT);
    snprintf(text, sizeof text, "%llu:%llu:", (unsigned long long)(turn + 4), (unsigned long long)(turn + 4));
    assert_int_equal(judge(TABLE, text, turn + 5), PG_SIGHT_COMMIT);
    snprintf(text, sizeof text, "%llu:%llu:", (unsigned long long)(turn + 5), (unsigned long long)(turn + 5));
    assert_int_equal(judge(TABLE, text, turn + 5), PG_SIGHT_GOOD);
}

/* Another thread holds a snapshot from before: what a newer one shows is not forgotten over it. */
static void test_two_lookers(void **state) {
    (void)state;
    assert_int_equal(judge(TABLE, "101:101:", 101), PG_SIGHT_GOOD);
    pg_visible_handled(v, 105);
    pg_visible_look(v);
    pg_visible_look(v);
    assert_int_equal(verdict(TABLE, "106:106:", 106, false).sight, PG_SIGHT_GOOD);
    assert_int_equal(verdict(TABLE, "105:106:105", 106, false).sight, PG_SIGHT_COMMIT);
    assert_int_equal(judge(TABLE, "106:106:", 106), PG_SIGHT_GOOD);
    pg_visible_look(v);
    pg_visible_leave(v);
    assert_int_equal(judge(TABLE, "105:106:105", 106),
                     PG_SIGHT_GOOD); /* forgotten: nobody can hold such a one now */
}

/* A standby's snapshot lists nobody. What it has decoded is visible there; writers are waited for. */
static void test_standby(void **state) {
    (void)state;
    pg_visible_look(v);
    assert_int_equal(verdict(TABLE, "100:101:", 103, true).sight, PG_SIGHT_WRITERS);
    pg_visible_handled(v, 110);
    pg_visible_look(v);
    assert_int_equal(verdict(TABLE, "103:105:", 111, true).sight, PG_SIGHT_GOOD);
}

/* More than can be kept: a new limit takes their place. */
static void test_overflow(void **state) {
    (void)state;
    assert_int_equal(judge(TABLE, "101:101:", 101), PG_SIGHT_GOOD);
    for (uint32_t i = 0; i <= 1 << 18; i++) pg_visible_handled(v, 1000 + i);
    assert_int_equal(judge(TABLE, "1000:500000:1000", 500000), PG_SIGHT_WRITERS);
    assert_int_equal(judge(TABLE, "500000:500001:500000", 500001), PG_SIGHT_GOOD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_widen),
        cmocka_unit_test_setup_teardown(test_writers, start, stop),
        cmocka_unit_test_setup_teardown(test_later_table, start, stop),
        cmocka_unit_test_setup_teardown(test_commit, start, stop),
        cmocka_unit_test_setup_teardown(test_wraparound, start, stop),
        cmocka_unit_test_setup_teardown(test_two_lookers, start, stop),
        cmocka_unit_test_setup_teardown(test_standby, start, stop),
        cmocka_unit_test_setup_teardown(test_overflow, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
