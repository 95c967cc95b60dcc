#include "agent/source/my_from.h"

#include <string.h>

/* A set of GTIDs: neither beyond what there is, nor before what is still there. */
static int check_gtids(const struct my_from_parts *parts, const char *from, const struct gtid_set *set,
                       struct err *e) {
    if (!parts->server->gtids)
        return err_set(e, ERR_CONFIG, "--from %.200s: the server has no GTIDs (gtid_mode): name FILE:OFFSET",
                       from);
    if (!gtid_set_within(set, parts->log->end.through.gtids))
        return err_set(e, ERR_CONFIG, "--from %.200s: the server does not have all of these GTIDs", from);
    if (!gtid_set_within(parts->log->purged, set))
        return err_set(
            e, ERR_CONFIG,
            "--from %.200s: the server has purged transactions behind that (its log begins with %s)", from,
            parts->log->files[0].name);
    return 0;
}

static int check_file(const struct my_from_parts *parts, const char *from, const struct binlog_place *at,
                      struct err *e) {
    const struct my_log_file *f = my_log_find(parts->log, at->file);

    if (!f)
        return err_set(e, ERR_CONFIG, "--from %.200s: the server's log has the files %s to %s", from,
                       parts->log->files[0].name, parts->log->files[parts->log->count - 1].name);
    if (at->offset < 4 || at->offset > f->size)
        return err_set(e, ERR_CONFIG, "--from %.200s: that file holds offsets 4 to %llu", from,
                       (unsigned long long)f->size);
    return 0;
}

/* File and offset alone. MariaDB knows which GTIDs lie before it; for MySQL they stay unknown. */
static int settle_file(const struct my_from_parts *parts, const char *from, struct binlog_position *p,
                       bool *complete, struct err *e) {
    bool known = false;

    if (check_file(parts, from, &p->through, e)) return -1;
    if (parts->server->flavour == FLAVOUR_MYSQL) {
        p->by_gtid = false;
        *complete = false;
        return 0;
    }
    if (my_log_gtids_at(parts->sql, p->through.file, p->through.offset, p->through.gtids, &known, e))
        return -1;
    if (!known)
        return err_set(e, ERR_CONFIG, "--from %.200s: no event begins there (see SHOW BINLOG EVENTS)", from);
    p->by_gtid = true;
    return 0;
}

/* A file and an offset look alike in both kinds of server; the empty sets of GTIDs beside them do not. */
static int become(struct binlog_position *p, enum binlog_flavour flavour, struct err *e) {
    struct binlog_position other;

    if (binlog_position_init(&other, flavour, e)) return -1;
    memcpy(other.through.file, p->through.file, sizeof other.through.file);
    other.through.offset = p->through.offset;
    binlog_position_release(p);
    *p = other;
    return 0;
}

static int settle(const struct my_from_parts *parts, const char *from, struct binlog_position *p,
                  bool *complete, struct err *e) {
    if (gtid_set_empty(p->through.gtids)) {
        if (settle_file(parts, from, p, complete, e)) return -1;
    } else {
        if (check_gtids(parts, from, p->through.gtids, e)) return -1;
        p->by_gtid = true;
    }
    p->through.server = parts->server->server_id;
    return binlog_place_copy(&p->from, &p->through, e);
}

int my_from(const struct my_from_parts *parts, const char *from, struct binlog_position *position,
            bool *complete, struct err *e) {
    struct buf blob = {0};
    int rc = -1;

    if (!from || strcmp(from, "now") == 0) return 0;
    if (binlog_position_parse(from, &blob, e)) {
        err_prefix(e, "--from %.200s", from);
        goto out;
    }
    if (binlog_position_read((struct position){blob.data, blob.len}, position, e)) goto out;
    if (position->flavour != parts->server->flavour && !gtid_set_empty(position->through.gtids)) {
        err_set(e, ERR_CONFIG, "--from %.200s: these are not GTIDs of this kind of server", from);
        goto out;
    }
    if (position->flavour != parts->server->flavour && become(position, parts->server->flavour, e)) goto out;
    rc = settle(parts, from, position, complete, e);
out:
    buf_release(&blob);
    if (rc && e && e->code == ERR_DATA) e->code = ERR_CONFIG;
    return rc;
}
