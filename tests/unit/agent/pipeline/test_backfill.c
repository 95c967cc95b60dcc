/* Rounds of chunks beside a stream: when they are asked for, and what becomes of each outcome. */
#include "tests/unit/agent/pipeline/chunks.c"

/* ---- Order ---- */

static void no_chunk_is_asked_for_inside_a_transaction(void **unused) {
    (void)unused;
    table("a", 10, true);
    begin();
    note(CHANGE_BEGIN, "");
    turn(true);
    assert_null(asked("a"));
    assert_false(backfill_holds(b)); /* its rest is let through, */
    note(CHANGE_COMMIT, "p1");
    assert_true(backfill_holds(b)); /* and nothing behind it */
    turn(true);
    assert_non_null(asked("a"));
    assert_string_equal(asked("a")->at, "p1");
    assert_int_equal(t.handled, 1);
}

static void the_stream_stands_until_all_chunks_have_ended(void **unused) {
    struct connection *a, *c;

    (void)unused;
    config_source.snapshot_connections = 2;
    table("a", 10, true);
    table("c", 20, true);
    begin();
    turn(true);
    assert_non_null(a = asked("a"));
    assert_non_null(c = asked("c"));
    t.now_us += 60 * MS; /* too late to ask for more in this round */
    rows(a, "xy");
    end(a, CHUNK_LAST, 2, "y");
    turn(true);
    assert_true(backfill_holds(b));
    assert_string_equal(t.sent, "xy");
    rows(c, "z");
    end(c, CHUNK_MORE, 1, "z");
    assert_true(turn(true)); /* the stream may go on at once */
    assert_false(backfill_holds(b));
    assert_int_equal(state_of("a")->stage, BACKFILL_DONE);
    assert_int_equal(state_of("c")->stage, BACKFILL_PENDING);
    assert_int_equal(state_of("c")->rows, 1);
    assert_false(backfill_done(b, NULL));
}

static void chunks_are_sent_on_in_the_order_of_their_stamps(void **unused) {
    struct connection *a, *c;

    (void)unused;
    config_source.snapshot_connections = 2;
    table("a", 10, true);
    table("c", 20, true);
    begin();
    turn(true);
    a = asked("a");
    c = asked("c");
    assert_true(a->stamp < c->stamp);
    rows(c, "12");
    end(c, CHUNK_LAST, 2, "k");
    turn(true);
    assert_string_equal(t.sent, "");
    rows(a, "x");
    pass(14 * SECOND);
    rows(a, "y");
    turn(true);
    pass(14 * SECOND); /* the other one waits for its turn: it is not silent */
    end(a, CHUNK_LAST, 2, "k");
    turn(true);
    assert_string_equal(t.sent, "xy12");
    assert_true(backfill_done(b, NULL));
}

static void a_chunk_goes_on_behind_the_one_before(void **unused) {
    (void)unused;
    table("a", 10, true);
    begin();
    turn(false);
    assert_string_equal(asked("a")->after, "");
    rows(asked("a"), "x");
    end(asked("a"), CHUNK_MORE, 1, "key");
    turn(false); /* in the same round: it is young */
    assert_string_equal(asked("a")->after, "key");
    assert_true(backfill_holds(b));
    end(asked("a"), CHUNK_LAST, 0, "");
    turn(false);
    assert_int_equal(state_of("a")->stage, BACKFILL_DONE);
    assert_true(backfill_done(b, NULL));
    turn(false);
    assert_int_equal(t.nopen, 0); /* nothing is left to do for the connection */
}

static void small_tables_come_first(void **unused) {
    (void)unused;
    table("big", 1000, true);
    table("unknown", UINT64_MAX, true);
    table("small", 3, true);
    table("heap", 1, false);
    begin();
    assert_int_equal(state_of("heap")->stage, BACKFILL_PASSED_OVER);
    for (size_t i = 0; i < 3; i++) {
        static const char *const order[] = {"small", "big", "unknown"};
        turn(false);
        assert_non_null(asked(order[i]));
        end(asked(order[i]), CHUNK_LAST, 0, "");
    }
    turn(false);
    assert_true(backfill_done(b, NULL));
}

static void nothing_is_read_before_the_transaction_that_was_cut_off(void **unused) {
    (void)unused;
    table("a", 10, true);
    begin_first("p5");
    turn(false);
    assert_null(asked("a"));
    note(CHANGE_HEARTBEAT, "p3");
    turn(false);
    assert_null(asked("a"));
    note(CHANGE_HEARTBEAT, "p5");
    turn(false);
    assert_non_null(asked("a"));
}

/* ---- Time ---- */

static void the_stream_gets_as_long_as_a_round_took_and_more_when_it_stays_behind(void **unused) {
    (void)unused;
    table("a", 10, true);
    begin();
    for (int64_t share = 2; share <= 4; share += 2) {
        turn(true);
        assert_non_null(asked("a"));
        t.now_us += 100 * MS;
        end(asked("a"), CHUNK_MORE, 0, "k");
        turn(true);
        t.now_us += share * 100 * MS - 1;
        turn(true);
        assert_null(asked("a"));
        t.now_us += 1;
    }
    turn(true);
    t.now_us += 100 * MS;
    end(asked("a"), CHUNK_MORE, 0, "k");
    turn(true);
    turn(true);
    assert_null(asked("a"));
    turn(false); /* it has nothing to do */
    assert_non_null(asked("a"));
}

static void a_long_chunk_is_cut(void **unused) {
    (void)unused;
    table("a", 10, true);
    begin();
    turn(false);
    pass(SECOND - 1);
    assert_int_equal(asked("a")->cuts, 0);
    assert_true(backfill_due_ms(b) <= 1);
    pass(1);
    pass(5 * SECOND);
    assert_int_equal(asked("a")->cuts, 1);
    rows(asked("a"), "x");
    end(asked("a"), CHUNK_MORE, 1, "k");
    turn(false);
    turn(false);
    assert_true(asked("a")->rows <= 500); /* the next one is smaller */
    assert_string_equal(asked("a")->after, "k");
}

static void a_chunk_that_needs_long_for_its_first_row_gets_longer(void **unused) {
    (void)unused;
    table("a", 10, true);
    begin();
    turn(false);
    pass(SECOND);
    assert_int_equal(asked("a")->cuts, 1);
    end(asked("a"), CHUNK_MORE, 0, "");
    turn(false);
    turn(false);
    pass(2 * SECOND - 1);
    assert_int_equal(asked("a")->cuts, 1);
    pass(1);
    assert_int_equal(asked("a")->cuts, 2);
}

static void a_silent_connection_is_given_up(void **unused) {
    (void)unused;
    table("a", 10, true);
    begin();
    turn(false);
    pass(SECOND);
    pass(20 * SECOND);
    assert_false(backfill_holds(b));
    assert_int_equal(t.nopen, 0);
    pass(10 * SECOND);
    assert_non_null(asked("a"));
    assert_int_equal(t.opened, 2);
}

static void no_more_rows_than_the_rate(void **unused) {
    int64_t begun = t.now_us;
    uint64_t got = 0;

    (void)unused;
    config_source.snapshot_rate = 2000;
    table("a", 10, true);
    begin();
    while (t.now_us < begun + 10 * SECOND) {
        turn(false);
        if (asked("a")) {
            got += asked("a")->rows;
            end(asked("a"), CHUNK_MORE, asked("a")->rows, "k");
        }
        t.now_us += 7 * MS;
    }
    assert_in_range(got, 19000, 20600);
}

/* ---- What may happen ---- */

static void what_is_not_visible_is_asked_for_again(void **unused) {
    struct err why = {.code = ERR_IO, .text = "a standby"};
    unsigned tries = 0;

    (void)unused;
    table("a", 10, true);
    begin();
    turn(false);
    while (backfill_holds(b) && tries < 100) {
        assert_non_null(asked("a"));
        tries++;
        end_with(asked("a"), CHUNK_LATER, 0, "", &why);
        turn(false);
        for (int i = 0; i < 1000 && !asked("a") && backfill_holds(b); i++) pass(MS);
    }
    assert_in_range(tries, 3, 10);         /* while the stream stood, at the same place; */
    assert_true(t.now_us < 1001 * SECOND); /* that was short */
    assert_false(backfill_holds(b));
    note(CHANGE_HEARTBEAT, "p1");
    pass(100 * MS);
    assert_null(asked("a"));
    pass(SECOND);
    assert_string_equal(asked("a")->at, "p1");
    rows(asked("a"), "x");
    end(asked("a"), CHUNK_LAST, 1, "k");
    turn(false);
    assert_true(backfill_done(b, NULL));
    assert_string_equal(t.sent, "x");
}

static void a_table_that_is_gone_is_passed_over(void **unused) {
    (void)unused;
    table("a", 10, true);
    begin();
    turn(false);
    end(asked("a"), CHUNK_GONE, 0, "");
    turn(false);
    assert_int_equal(state_of("a")->stage, BACKFILL_PASSED_OVER);
    assert_true(backfill_done(b, NULL));
}

static void a_table_that_fails_does_not_keep_others(void **unused) {
    struct err why = {.code = ERR_CONFIG, .text = "permission denied"};
    unsigned tries = 0;
    size_t left;

    (void)unused;
    table("a", 10, true);
    table("b", 20, true);
    begin();
    for (int i = 0; i < 1000 && !backfill_done(b, NULL); i++) {
        turn(false);
        if (asked("b")) end(asked("b"), CHUNK_LAST, 0, "");
        if (asked("a")) {
            tries++;
            end_with(asked("a"), CHUNK_FAILED, 0, "", &why);
        }
        turn(false);
        assert_false(backfill_holds(b) && !asked("a") && !asked("b"));
        t.now_us += 200 * MS;
    }
    assert_int_equal(tries, 5);
    assert_int_equal(state_of("b")->stage, BACKFILL_DONE);
    assert_int_equal(state_of("a")->stage, BACKFILL_PENDING); /* for the next start */
    assert_true(backfill_done(b, &left));
    assert_int_equal(left, 1);
}

static void what_heals_is_tried_for_ever_and_goes_on_behind_what_came(void **unused) {
    struct err why = {.code = ERR_IO, .retriable = true, .text = "connection lost"};

    (void)unused;
    table("a", 10, true);
    begin();
    for (unsigned tries = 0; tries < 20; tries++) {
        for (int i = 0; i < 1000 && !asked("a"); i++) pass(100 * MS);
        rows(asked("a"), "x");
        end_with(asked("a"), CHUNK_FAILED, 1, "k", &why);
        turn(false);
        assert_false(backfill_holds(b)); /* the stream does not wait for it */
        assert_null(asked("a"));
    }
    for (int i = 0; i < 1000 && !asked("a"); i++) pass(100 * MS);
    assert_string_equal(asked("a")->after, "k");
}

static void a_row_that_is_not_understood_fails_its_table_only(void **unused) {
    size_t left;

    (void)unused;
    table("a", 10, true);
    table("b", 20, true);
    begin();
    turn(false);
    rows(asked("a"), "x?y");
    push(asked("a"), FRAME_DATA, "z", 1);
    end(asked("a"), CHUNK_LAST, 3, "z");
    turn(false);
    pass(10 * SECOND);
    assert_string_equal(t.sent, "x");
    rows(asked("b"), "v");
    end(asked("b"), CHUNK_LAST, 1, "v");
    turn(false);
    assert_string_equal(t.sent, "xv");
    assert_true(backfill_done(b, &left));
    assert_int_equal(left, 1);
    assert_int_equal(state_of("a")->after.len, 0);
}

static void a_row_that_cannot_be_sent_is_the_pipelines(void **unused) {
    struct err e = {0};
    bool more;

    (void)unused;
    table("a", 10, true);
    begin();
    turn(false);
    t.refuse_rows = true;
    rows(asked("a"), "x");
    assert_int_equal(backfill_turn(b, false, &more, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
}

static void a_thread_that_ended_is_made_again(void **unused) {
    struct frame_end why = {.err = {.code = ERR_IO, .retriable = true, .text = "no memory"}};

    (void)unused;
    table("a", 10, true);
    begin();
    turn(false);
    push(asked("a"), FRAME_END, &why, sizeof why);
    turn(false);
    assert_int_equal(t.nopen, 0);
    assert_false(backfill_holds(b));
    pass(30 * SECOND);
    assert_non_null(asked("a"));
}

static void a_table_that_joins_is_read(void **unused) {
    struct table named = {.schema = "p", .name = "new"};
    struct change c = {.op = CHANGE_SCHEMA, .table = &named};
    struct err e;

    (void)unused;
    begin();
    turn(false);
    assert_true(backfill_done(b, NULL));
    table("new", 1, true);
    assert_int_equal(backfill_note(b, &c, &e), 0);
    pass(10 * SECOND);
    turn(false);
    assert_non_null(asked("new"));
    end(asked("new"), CHUNK_LAST, 0, "");
    turn(false);
    table("silent", 1, true);
    pass(10 * SECOND);
    assert_null(asked("silent"));
    t.joined++;
    pass(10 * SECOND);
    turn(false);
    assert_non_null(asked("silent"));
}

static void a_table_that_joins_is_not_read_where_only_what_is_asked_for_is(void **unused) {
    struct table named = {.schema = "p", .name = "new"};
    struct change c = {.op = CHANGE_SCHEMA, .table = &named};
    struct err e;

    (void)unused;
    t.only_asked_for = true;
    begin();
    table("new", 1, true);
    t.joined++;
    assert_int_equal(backfill_note(b, &c, &e), 0);
    for (int i = 0; i < 3; i++) pass(10 * SECOND);
    assert_null(asked("new"));
    assert_true(backfill_done(b, NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(no_chunk_is_asked_for_inside_a_transaction),
        TEST(the_stream_stands_until_all_chunks_have_ended),
        TEST(chunks_are_sent_on_in_the_order_of_their_stamps),
        TEST(a_chunk_goes_on_behind_the_one_before),
        TEST(small_tables_come_first),
        TEST(nothing_is_read_before_the_transaction_that_was_cut_off),
        TEST(the_stream_gets_as_long_as_a_round_took_and_more_when_it_stays_behind),
        TEST(a_long_chunk_is_cut),
        TEST(a_chunk_that_needs_long_for_its_first_row_gets_longer),
        TEST(a_silent_connection_is_given_up),
        TEST(no_more_rows_than_the_rate),
        TEST(what_is_not_visible_is_asked_for_again),
        TEST(a_table_that_is_gone_is_passed_over),
        TEST(a_table_that_fails_does_not_keep_others),
        TEST(what_heals_is_tried_for_ever_and_goes_on_behind_what_came),
        TEST(a_row_that_is_not_understood_fails_its_table_only),
        TEST(a_row_that_cannot_be_sent_is_the_pipelines),
        TEST(a_thread_that_ended_is_made_again),
        TEST(a_table_that_joins_is_read),
        TEST(a_table_that_joins_is_not_read_where_only_what_is_asked_for_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
