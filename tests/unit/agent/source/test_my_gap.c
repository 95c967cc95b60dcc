#include "agent/source/my_gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

/* A checkpoint at binlog.000003:500, a log of binlog.000002 to 4: no gap. Each test changes something. */
struct world {
    struct my_identity ours;
    struct my_server server;
    struct binlog_position position;
    struct my_log_file files[3];
    struct my_log log;
    struct gtid_set *there;
    struct my_gap_facts facts;
    struct my_gap gap;
};

static void set_gtids(struct gtid_set *s, const char *text) {
    struct err e = {0};

    gtid_set_clear(s);
    if (gtid_set_parse(s, text, strlen(text), &e)) fail_msg("%s: %s", text, e.text);
}

static void set_position(struct world *w, const char *gtids) {
    w->position.by_gtid = w->server.gtids;
    snprintf(w->position.from.file, sizeof w->position.from.file, "binlog.000003");
    snprintf(w->position.through.file, sizeof w->position.through.file, "binlog.000003");
    w->position.from.server = w->position.through.server = 7;
    w->position.from.offset = w->position.through.offset = 500;
    set_gtids(w->position.from.gtids, gtids);
    set_gtids(w->position.through.gtids, gtids);
}

static void set_up(struct world *w, enum binlog_flavour flavour, bool gtids) {
    memset(w, 0, sizeof *w);
    w->server = (struct my_server){.flavour = flavour, .gtids = gtids, .server_id = 7, .version_text = "x"};
    if (flavour == FLAVOUR_MYSQL) memcpy(w->server.uuid, UUID, sizeof UUID);
    w->ours = (struct my_identity){.flavour = flavour, .by_gtid = gtids, .server_id = 7};
    memcpy(w->ours.uuid, w->server.uuid, sizeof w->ours.uuid);
    for (size_t i = 0; i < 3; i++) {
        snprintf(w->files[i].name, sizeof w->files[i].name, "binlog.00000%zu", i + 2);
        w->files[i].size = 1000;
    }
    w->log.files = w->files;
    w->log.count = 3;
    assert_int_equal(binlog_position_init(&w->position, flavour, NULL), 0);
    assert_int_equal(binlog_position_init(&w->log.end, flavour, NULL), 0);
    w->log.purged = gtid_set_new(flavour);
    w->there = gtid_set_new(flavour);
    w->facts = (struct my_gap_facts){
        .ours = &w->ours, .position = &w->position, .server = &w->server, .log = &w->log};
    set_position(w, !gtids ? "" : flavour == FLAVOUR_MYSQL ? UUID ":1-20" : "0-7-20");
    set_gtids(w->log.end.through.gtids, !gtids ? "" : flavour == FLAVOUR_MYSQL ? UUID ":1-30" : "0-7-30");
    set_gtids(w->log.purged, !gtids ? "" : flavour == FLAVOUR_MYSQL ? UUID ":1-10" : "0-7-10");
}

static void tear_down(struct world *w) {
    binlog_position_release(&w->position);
    binlog_position_release(&w->log.end);
    gtid_set_free(w->log.purged);
    gtid_set_free(w->there);
}

static void assert_gap(struct world *w, enum my_gap_kind kind, const char *words) {
    struct err e = {0};

    if (my_gap_find(&w->facts, &w->gap, &e)) fail_msg("%s", e.text);
    if (w->gap.kind != kind) fail_msg("kind %d, not %d: %s", (int)w->gap.kind, (int)kind, w->gap.what);
    if (words && !strstr(w->gap.what, words)) fail_msg("\"%s\" does not say \"%s\"", w->gap.what, words);
    assert_int_equal(kind != MY_GAP_NONE, w->gap.remedy != NULL);
}

static void sees_none_where_there_is_none(void **state) {
    struct world w;

    (void)state;
    set_up(&w, FLAVOUR_MYSQL, true);
    assert_gap(&w, MY_GAP_NONE, NULL);
    tear_down(&w);
    set_up(&w, FLAVOUR_MARIADB, true);
    w.facts.at_position = w.there;
    set_gtids(w.there, "0-7-20");
    assert_gap(&w, MY_GAP_NONE, NULL);
    tear_down(&w);
    set_up(&w, FLAVOUR_MYSQL, false);
    assert_gap(&w, MY_GAP_NONE, NULL);
    tear_down(&w);
}

static void finds_what_was_purged(void **state) {
    struct world w;

    (void)state;
    set_up(&w, FLAVOUR_MYSQL, true);
    set_gtids(w.log.purged, UUID ":1-25");
    assert_gap(&w, MY_GAP_PURGED, UUID ":21-25");
    assert_true(w.gap.from_oldest);
    tear_down(&w);
    set_up(&w, FLAVOUR_MARIADB, true);
    set_gtids(w.log.purged, "0-7-25");
    assert_gap(&w, MY_GAP_PURGED, "begins behind 0-7-25");
    tear_down(&w);
    set_up(&w, FLAVOUR_MYSQL, false);
    memcpy(w.position.from.file, "binlog.000001", 14);
    assert_gap(&w, MY_GAP_PURGED, "binlog.000001");
    assert_true(w.gap.from_oldest);
    tear_down(&w);
}

/* Prepared XA transactions are read again from before: that part must still be there, too. */
static void looks_at_where_reading_begins(void **state) {
    struct world w;

    (void)state;
    set_up(&w, FLAVOUR_MYSQL, true);
    set_gtids(w.position.from.gtids, UUID ":1-5");
    assert_gap(&w, MY_GAP_PURGED, UUID ":6-10");
    tear_down(&w);
}

static void finds_a_server_that_lacks_what_we_saw(void **state) {
    struct world w;

    (void)state;
    set_up(&w, FLAVOUR_MYSQL, true);
    set_gtids(w.log.end.through.gtids, UUID ":1-18");
    assert_gap(&w, MY_GAP_RESTORED, UUID ":19-20");
    assert_false(w.gap.from_oldest);
    tear_down(&w);
    set_up(&w, FLAVOUR_MARIADB, true);
    set_gtids(w.log.end.through.gtids, "0-7-18");
    assert_gap(&w, MY_GAP_RESTORED, "0-7-20");
    tear_down(&w);
}

static void waits_for_a_replica(void **state) {
    struct world w;

    (void)state;
    set_up(&w, FLAVOUR_MYSQL, true);
    set_gtids(w.log.end.through.gtids, UUID ":1-18");
    w.server.read_only = true;
    assert_gap(&w, MY_GAP_RESTORED, NULL);
    assert_false(w.gap.wait); /* the very server of the checkpoint does not catch up with itself */
    w.server.uuid[0] = 'a';
    assert_gap(&w, MY_GAP_RESTORED, NULL);
    assert_true(w.gap.wait);
    tear_down(&w);
}

static void finds_a_log_that_was_reset(void **state) {
    struct world w;

    (void)state;
    set_up(&w, FLAVOUR_MYSQL, true); /* the same GTIDs again, in files that are numbered from 1 */
    w.log.count = 1;
    memcpy(w.files[0].name, "binlog.000001", 14);
    assert_gap(&w, MY_GAP_RESET, "binlog.000003:500");
    tear_down(&w);
    set_up(&w, FLAVOUR_MARIADB, true); /* the file is there, but holds something else */
    w.facts.at_position = w.there;
    set_gtids(w.there, "0-7-19");
    assert_gap(&w, MY_GAP_RESET, NULL);
    tear_down(&w);
    set_up(&w, FLAVOUR_MYSQL, false);
    w.files[1].size = 499;
    assert_gap(&w, MY_GAP_RESET, "ends at 499");
    memcpy(w.position.from.file, "binlog.000009", 14);
    assert_gap(&w, MY_GAP_RESET, "no file binlog.000009");
    tear_down(&w);
}

static void dates_position(struct world *w, uint32_t begun) {
    w->position.from.begun = w->position.through.begun = begun;
    w->facts.begun = 1800000000;
}

/* Everything looks the same, but the file was begun at another time. */
static void finds_another_file_of_the_same_name(void **state) {
    struct world w;

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        set_up(&w, kind == 2 ? FLAVOUR_MARIADB : FLAVOUR_MYSQL, kind > 0);
        dates_position(&w, 1800000000);
        assert_ptr_equal(my_gap_place(&w.facts), kind > 0 ? &w.position.through : &w.position.from);
        assert_gap(&w, MY_GAP_NONE, NULL);
        dates_position(&w, 0);
        assert_gap(&w, MY_GAP_NONE, NULL);
        dates_position(&w, 1799999999);
        assert_gap(&w, MY_GAP_RESET,
                   "begun at 2027-01-15T07:59:59Z, the server's was begun at 2027-01-15T08:00:00Z");
        assert_true(w.gap.from_oldest);
        w.facts.begun = 0;
        assert_gap(&w, MY_GAP_NONE, NULL);
        tear_down(&w);
    }
    set_up(&w, FLAVOUR_MYSQL, true); /* also where fewer GTIDs than ours have come again */
    dates_position(&w, 1);
    set_gtids(w.log.end.through.gtids, UUID ":1-18");
    assert_gap(&w, MY_GAP_RESET, "was begun at");
    tear_down(&w);
}

/* Files of another server, and purged ones, have other names or none: nothing to compare. */
static void compares_no_files_of_others(void **state) {
    struct world w;

    (void)state;
    set_up(&w, FLAVOUR_MYSQL, true);
    dates_position(&w, 1);
    w.server.uuid[0] = 'a';
    assert_null(my_gap_place(&w.facts));
    assert_gap(&w, MY_GAP_NONE, NULL);
    w.ours.uuid[0] = 'a';
    assert_non_null(my_gap_place(&w.facts));
    w.position.through.server = 8;
    assert_null(my_gap_place(&w.facts));
    assert_gap(&w, MY_GAP_NONE, NULL);
    w.position.through.server = 7;
    memcpy(w.position.through.file, "binlog.000001", 14);
    assert_null(my_gap_place(&w.facts));
    assert_gap(&w, MY_GAP_NONE, NULL);
    memcpy(w.position.through.file, "former.000003", 14);
    assert_gap(&w, MY_GAP_RESET, "former.000003:500");
    tear_down(&w);
}

static void follows_gtids_to_another_server(void **state) {
    struct world w;

    (void)state;
    set_up(&w, FLAVOUR_MYSQL, true);
    w.server.uuid[0] = 'a';
    w.log.count = 1; /* its files have numbers of their own */
    memcpy(w.files[0].name, "other.000001", 13);
    assert_gap(&w, MY_GAP_NONE, NULL);
    assert_true(my_gap_by_gtid(&w.facts));
    memcpy(w.ours.uuid, w.server.uuid,
           sizeof w.ours.uuid); /* went on there, and delivered nothing of it yet */
    w.position.through.server = 8;
    assert_gap(&w, MY_GAP_NONE, NULL);
    memcpy(w.ours.uuid, UUID, sizeof UUID);
    w.server.gtids = false;
    assert_gap(&w, MY_GAP_OTHER_SERVER, UUID);
    assert_false(my_gap_by_gtid(&w.facts));
    tear_down(&w);
    set_up(&w, FLAVOUR_MYSQL, true);
    w.server.flavour = FLAVOUR_MARIADB;
    assert_gap(&w, MY_GAP_OTHER_FLAVOUR, "from MySQL, this is MariaDB");
    tear_down(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_none_where_there_is_none),
        cmocka_unit_test(finds_what_was_purged),
        cmocka_unit_test(looks_at_where_reading_begins),
        cmocka_unit_test(finds_a_server_that_lacks_what_we_saw),
        cmocka_unit_test(waits_for_a_replica),
        cmocka_unit_test(finds_a_log_that_was_reset),
        cmocka_unit_test(finds_another_file_of_the_same_name),
        cmocka_unit_test(compares_no_files_of_others),
        cmocka_unit_test(follows_gtids_to_another_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
