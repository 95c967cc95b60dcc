#include "agent/source/pg_gap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What to do about each ---- */

static const char *const remedies[PG_GAP_KINDS] = {
    [PG_GAP_OTHER_CLUSTER] = "check the URL; after a move to a new cluster nothing connects the two logs",
    [PG_GAP_OTHER_DATABASE] = "check the URL, or give this database a source name of its own",
    [PG_GAP_DATABASE_RECREATED] = "what was in it before is gone, and so is its log",
    [PG_GAP_FORKED] = "connect to the server that went on from our position, if it is still there",
    [PG_GAP_OLDER_TIMELINE] = "connect to the promoted server; this one is an old primary or a restored copy",
    [PG_GAP_RESTORED] =
        "check the URL; what was committed after the copy was taken is no longer in this server",
    [PG_GAP_PUBLICATION_MISSING] = "changes made while it was missing cannot be streamed",
    [PG_GAP_PUBLICATION_RECREATED] = "changes made in between cannot be streamed",
    [PG_GAP_SLOT_MISSING] = "find out who dropped it: the log since then is not kept for us",
    [PG_GAP_SLOT_LOST] =
        "see max_slot_wal_keep_size, idle_replication_slot_timeout and wal_level on the server",
    [PG_GAP_SLOT_RECREATED] = "find out who did it, and give that reader a slot of its own",
    [PG_GAP_SLOT_MOVED] = "find out who did it, and give that reader a slot of its own",
};

/* True when the slot, if it is there and good, is where to go on after this kind of gap. */
static bool slot_is_good(enum pg_gap_kind kind, const struct pg_slot *slot) {
    if (kind == PG_GAP_PUBLICATION_MISSING || kind == PG_GAP_PUBLICATION_RECREATED) return false;
    return slot->exists && !slot->invalid[0];
}

static bool found(struct pg_gap *out, const struct pg_gap_facts *f, enum pg_gap_kind kind, const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));

static bool found(struct pg_gap *out, const struct pg_gap_facts *f, enum pg_gap_kind kind, const char *fmt,
                  ...) {
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(out->what, sizeof out->what, fmt, ap);
    va_end(ap);
    out->kind = kind;
    out->remedy = remedies[kind];
    out->keep_slot = slot_is_good(kind, f->slot);
    return true;
}

/* ---- The server ---- */

static bool other_cluster(const struct pg_gap_facts *f, struct pg_gap *out) {
    if (f->ours->system_id == f->server->system_id) return false;
    return found(out, f, PG_GAP_OTHER_CLUSTER,
                 "the checkpoint was taken from another cluster (system identifier %" PRIu64
                 ", this server's is "
                 "%" PRIu64 ")",
                 f->ours->system_id, f->server->system_id);
}

/* A database that was renamed keeps its OID and is still the same. */
static bool other_database(const struct pg_gap_facts *f, struct pg_gap *out) {
    if (f->ours->database_oid == f->server->database_oid) return false;
    if (strcmp(f->ours->database, f->server->database) != 0)
        return found(out, f, PG_GAP_OTHER_DATABASE,
                     "the checkpoint was taken from database \"%s\", this is \"%s\"", f->ours->database,
                     f->server->database);
    return found(out, f, PG_GAP_DATABASE_RECREATED,
                 "database \"%s\" was dropped and created anew since the checkpoint (OID %u, now %u)",
                 f->ours->database, f->ours->database_oid, f->server->database_oid);
}

static bool forked(const struct pg_gap_facts *f, struct pg_gap *out) {
    uint32_t mine = f->ours->timeline, theirs = f->server->timeline;
    char at[PG_LSN_TEXT], end[PG_LSN_TEXT];

    if (mine == theirs) return false;
    pg_lsn_format(f->position, at);
    if (theirs < mine)
        return found(out, f, PG_GAP_OLDER_TIMELINE,
                     "the server is on timeline %u, the checkpoint was taken on the later timeline %u",
                     theirs, mine);
    for (size_t i = 0; f->history && i < f->history->count; i++) {
        if (f->history->entries[i].timeline != mine) continue;
        if (f->history->entries[i].end >= f->position) return false; /* a promotion after our position */
        return found(
            out, f, PG_GAP_FORKED,
            "the server's history left ours before our position: it went from timeline %u to %u at %s, "
            "we were at %s",
            mine, theirs, pg_lsn_format(f->history->entries[i].end, end), at);
    }
    return found(out, f, PG_GAP_FORKED,
                 "the server is on timeline %u, which does not come from timeline %u of the checkpoint",
                 theirs, mine);
}

static bool restored(const struct pg_gap_facts *f, struct pg_gap *out) {
    char at[PG_LSN_TEXT], end[PG_LSN_TEXT];

    if (f->server_end >= f->position) return false;
    pg_lsn_format(f->position, at);
    pg_lsn_format(f->server_end, end);
    if (!f->server->in_recovery)
        return found(
            out, f, PG_GAP_RESTORED,
            "the server's log ends at %s, before our position %s: it was restored from an older copy", end,
            at);
    out->wait = true;
    snprintf(out->what, sizeof out->what, "the standby has replayed up to %s only, our position is %s", end,
             at);
    return true;
}

/* ---- Publications ---- */

static bool other_publication(const struct pg_gap_facts *f, const struct pg_identity_publication *ours,
                              struct pg_gap *out) {
    const struct pg_identity_publication *namesake = NULL;

    for (size_t i = 0; i < f->npublications; i++) {
        if (f->publications[i].oid == ours->oid) return false;
        if (strcmp(f->publications[i].name, ours->name) == 0) namesake = &f->publications[i];
    }
    if (!namesake)
        return found(
            out, f, PG_GAP_PUBLICATION_MISSING,
            "the checkpoint was taken with the publication \"%s\", which is gone or no longer configured",
            ours->name);
    return found(out, f, PG_GAP_PUBLICATION_RECREATED,
                 "the publication \"%s\" was dropped and created anew since the checkpoint (OID %u, now %u)",
                 ours->name, ours->oid, namesake->oid);
}

static bool publications(const struct pg_gap_facts *f, struct pg_gap *out) {
    for (size_t i = 0; i < f->ours->npublications; i++)
        if (other_publication(f, &f->ours->publications[i], out)) return true;
    return false;
}

/* ---- The slot ---- */

static bool slot(const struct pg_gap_facts *f, struct pg_gap *out) {
    const struct pg_slot *s = f->slot;
    char at[PG_LSN_TEXT], confirmed[PG_LSN_TEXT], restart[PG_LSN_TEXT];

    pg_lsn_format(f->position, at);
    pg_lsn_format(s->confirmed, confirmed);
    pg_lsn_format(s->restart, restart);
    if (!s->exists) return found(out, f, PG_GAP_SLOT_MISSING, "the slot \"%s\" is gone", s->name);
    if (s->invalid[0])
        return found(out, f, PG_GAP_SLOT_LOST, "the server has invalidated the slot \"%s\" (%s)", s->name,
                     s->invalid);
    if (s->confirmed <= f->position) return false;
    if (s->restart > f->position)
        return found(
            out, f, PG_GAP_SLOT_RECREATED,
            "the slot \"%s\" was created anew or advanced: its log begins at %s and it is confirmed up to "
            "%s, our position is %s",
            s->name, restart, confirmed, at);
    return found(
        out, f, PG_GAP_SLOT_MOVED,
        "the slot \"%s\" was moved ahead by another reader: it is confirmed up to %s, our position is %s",
        s->name, confirmed, at);
}

void pg_gap_find(const struct pg_gap_facts *f, struct pg_gap *out) {
    memset(out, 0, sizeof *out);
    if (f->ours && (other_cluster(f, out) || other_database(f, out) || forked(f, out) || restored(f, out) ||
                    publications(f, out)))
        return;
    slot(f, out);
}

/* ---- Timeline history ---- */

/* "3\t0/5000160\tno recovery target specified"; comments and empty lines are allowed. */
static bool parse_line(const char *line, size_t len, struct pg_history *out) {
    char text[64], *end;
    unsigned long timeline;
    uint64_t lsn;

    if (len == 0 || line[0] == '#') return true;
    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    timeline = strtoul(text, &end, 10);
    if (end == text || (*end != '\t' && *end != ' ') || timeline == 0 || timeline > UINT32_MAX) return false;
    end += strspn(end, " \t");
    end[strcspn(end, " \t")] = '\0';
    if (!pg_lsn_parse(end, &lsn)) return false;
    if (out->count == PG_HISTORY_MAX)
        memmove(&out->entries[0], &out->entries[1], --out->count * sizeof out->entries[0]);
    out->entries[out->count].timeline = (uint32_t)timeline;
    out->entries[out->count++].end = lsn;
    return true;
}

bool pg_history_parse(const char *text, struct pg_history *out) {
    memset(out, 0, sizeof *out);
    while (*text) {
        size_t len = strcspn(text, "\n");
        if (!parse_line(text, len, out)) return false;
        text += len + (text[len] == '\n');
    }
    return true;
}
