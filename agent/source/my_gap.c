#include "agent/source/my_gap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIME_TEXT 40
#define SHOWN 200 /* characters of a GTID set in a message */

static const char *const remedies[MY_GAP_KINDS] = {
    [MY_GAP_OTHER_FLAVOUR] = "check the URL, or give this server a source name of its own",
    [MY_GAP_OTHER_SERVER] = "connect to the server the checkpoint comes from; only with GTIDs can a source "
                            "move to another server",
    [MY_GAP_RESTORED] = "check the URL; the server was restored from a backup, its log was reset, or it is a "
                        "replica that has not caught up",
    [MY_GAP_RESET] = "what was written before and not read is gone: find out who reset the log, and read the "
                     "tables anew",
    [MY_GAP_PURGED] = "keep the log longer (binlog_expire_logs_seconds, expire_logs_days)",
};

static void found(struct my_gap *out, enum my_gap_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void found(struct my_gap *out, enum my_gap_kind kind, const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(out->what, sizeof out->what, fmt, ap);
    va_end(ap);
    out->kind = kind;
    out->remedy = remedies[kind];
    out->from_oldest = kind == MY_GAP_PURGED;
}

/* What is in `a` and not in `b`, for people; of MariaDB's, all of `a`. */
static int show_missing(const struct gtid_set *a, const struct gtid_set *b, enum binlog_flavour flavour,
                        struct buf *out, struct err *e) {
    struct gtid_set *rest = gtid_set_new(flavour);
    int rc = -1;

    if (!rest || gtid_set_copy(rest, a)) {
        err_memory(e, "comparing GTIDs");
        goto out;
    }
    if (flavour == FLAVOUR_MYSQL && gtid_set_subtract(rest, b, e)) goto out;
    gtid_set_format(rest, out);
    if (out->len > SHOWN) {
        out->len = SHOWN;
        buf_puts(out, "…");
    }
    rc = buf_failed(out) ? err_memory(e, "comparing GTIDs") : 0;
out:
    gtid_set_free(rest);
    return rc;
}

bool my_gap_by_gtid(const struct my_gap_facts *f) {
    return f->position->by_gtid && f->server->gtids;
}

/* The place is in a file of this very server. Behind a failover the file may still be the other server's. */
static bool is_of_server(const struct my_gap_facts *f, const struct binlog_place *p) {
    if (!my_identity_same(f->ours, f->server) || !p->file[0]) return false;
    return !my_gap_by_gtid(f) || p->server == f->server->server_id;
}

static const struct binlog_place *place_of(const struct my_gap_facts *f) {
    return my_gap_by_gtid(f) ? &f->position->through : &f->position->from;
}

const struct binlog_place *my_gap_place(const struct my_gap_facts *f) {
    const struct binlog_place *p = place_of(f);

    return is_of_server(f, p) && my_log_find(f->log, p->file) ? p : NULL;
}

/* The file has the name of ours, but is another one. */
static bool is_another_file(const struct my_gap_facts *f) {
    const struct binlog_place *p = my_gap_place(f);

    return p && p->begun && f->begun && p->begun != f->begun;
}

static void put_time(char out[TIME_TEXT], uint32_t seconds) {
    const time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || !strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm)) out[0] = '\0';
}

static void found_another_file(const struct my_gap_facts *f, struct my_gap *out) {
    const struct binlog_place *p = place_of(f);
    char then[TIME_TEXT], now[TIME_TEXT];

    put_time(then, p->begun);
    put_time(now, f->begun);
    found(out, MY_GAP_RESET,
          "the log was reset since the checkpoint: that lies in a file %s that was begun at %s, the server's "
          "was begun at %s",
          p->file, then, now);
    out->from_oldest = true;
}

/* It was not purged, for then all files would have higher numbers: somebody began anew. */
static bool lacks_our_file(const struct my_gap_facts *f) {
    const struct binlog_place *p = place_of(f);
    uint64_t ours, oldest;

    return is_of_server(f, p) && !my_log_find(f->log, p->file) && binlog_file_number(p->file, &ours) &&
           binlog_file_number(f->log->files[0].name, &oldest) && ours >= oldest;
}

static bool other_gtids_there(const struct my_gap_facts *f) {
    const struct gtid_set *there = f->at_position;

    return there && (!gtid_set_within(there, f->position->through.gtids) ||
                     !gtid_set_within(f->position->through.gtids, there));
}

static int find_by_gtid(const struct my_gap_facts *f, struct my_gap *out, struct err *e) {
    const struct binlog_position *p = f->position;
    struct buf text = {0};
    int rc = 0;

    if (is_another_file(f)) {
        found_another_file(f, out);
    } else if (!gtid_set_within(p->through.gtids, f->log->end.through.gtids)) {
        rc = show_missing(p->through.gtids, f->log->end.through.gtids, f->server->flavour, &text, e);
        found(out, MY_GAP_RESTORED, "the server lacks transactions that were delivered already: %s",
              buf_cstr(&text));
        out->wait = f->server->read_only && !my_identity_same(f->ours, f->server);
    } else if (lacks_our_file(f) || other_gtids_there(f)) {
        found(out, MY_GAP_RESET, "the log was reset since the checkpoint, which lies at %s:%" PRIu64,
              p->through.file, p->through.offset);
    } else if (!gtid_set_within(f->log->purged, p->from.gtids)) {
        rc = show_missing(f->log->purged, p->from.gtids, f->server->flavour, &text, e);
        found(out, MY_GAP_PURGED, "the server has purged transactions that were not delivered: %s%s",
              f->server->flavour == FLAVOUR_MARIADB ? "its log begins behind " : "", buf_cstr(&text));
    }
    buf_release(&text);
    return rc;
}

static void find_by_file(const struct my_gap_facts *f, struct my_gap *out) {
    const struct binlog_place *from = &f->position->from;
    const struct my_log_file *file = my_log_find(f->log, from->file);
    uint64_t ours, oldest;

    if (!my_identity_same(f->ours, f->server) || !from->file[0])
        found(out, MY_GAP_OTHER_SERVER, "the checkpoint was taken from another server (%s, this is %s)",
              f->ours->uuid[0] ? f->ours->uuid : "unknown", f->server->uuid);
    else if (!file && binlog_file_number(from->file, &ours) &&
             binlog_file_number(f->log->files[0].name, &oldest) && ours < oldest)
        found(out, MY_GAP_PURGED, "the server has purged the log from %s to before %s, which we had not read",
              from->file, f->log->files[0].name);
    else if (!file)
        found(out, MY_GAP_RESET, "the server's log has no file %s (it ends with %s)", from->file,
              f->log->files[f->log->count - 1].name);
    else if (is_another_file(f))
        found_another_file(f, out);
    else if (from->offset > file->size)
        found(out, MY_GAP_RESET, "the file %s ends at %" PRIu64 ", before our position %" PRIu64, from->file,
              file->size, from->offset);
}

int my_gap_find(const struct my_gap_facts *f, struct my_gap *out, struct err *e) {
    memset(out, 0, sizeof *out);
    if (f->ours->flavour != f->server->flavour) {
        found(out, MY_GAP_OTHER_FLAVOUR, "the checkpoint was taken from %s, this is %s %s",
              f->ours->flavour == FLAVOUR_MYSQL ? "MySQL" : "MariaDB",
              f->server->flavour == FLAVOUR_MYSQL ? "MySQL" : "MariaDB", f->server->version_text);
        return 0;
    }
    if (my_gap_by_gtid(f)) return find_by_gtid(f, out, e);
    find_by_file(f, out);
    return 0;
}
