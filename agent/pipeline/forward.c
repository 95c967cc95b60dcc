#include "agent/pipeline/forward.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"

#define TOPIC_CACHE 64
#define BUFFER_KEEP ((size_t)1 << 20) /* larger buffers go back after a record */

struct topic {
    struct topic *next;
    char *name;
    uint32_t handle;
};

struct forward {
    struct forward_parts parts;
    struct map *map;
    struct encoder *rows;
    struct encoder *entities;
    struct topic *topics;
    /* Handles by the address of the name, forgotten at every change of shape. */
    struct {
        const char *name;
        const struct topic *topic;
    } cache[TOPIC_CACHE];
    struct buf key;
    struct buf value;
    uint64_t seq; /* entry of the change at hand */
    struct forward_counts counts;
};

/* Whether an update of the table may leave a value out: a large one that did not change and no old row to
 * take it from. */
static bool updates_can_be_partial(const struct table *t) {
    if (t->identity == IDENTITY_FULL) return false;
    if (t->database) return true; /* MySQL: any value, with a row image other than FULL */
    for (size_t i = 0; i < t->ncolumns; i++) {
        switch (t->columns[i].kind) {
        case VALUE_DECIMAL:
        case VALUE_TEXT:
        case VALUE_BYTES:
        case VALUE_JSON:
        case VALUE_ARRAY:
        case VALUE_OTHER: return true;
        default: break;
        }
    }
    return false;
}

/* Why the topic of an event must not be compacted; NULL: it may be. */
static const char *why_not_compacted(const struct event *ev) {
    switch (ev->kind) {
    case EVENT_ENTITY: return "its records are changes of parts, and compaction would throw parts away";
    case EVENT_MESSAGE:
    case EVENT_GAP: return "its records have no key";
    case EVENT_DDL:
        if (!ev->selection) return "its records have no key";
        break;
    case EVENT_ROW:
    case EVENT_TOMBSTONE: break;
    }
    if (!ev->selection->nkeys) return "its table has no key";
    if (ev->selection->hashed) return "its keys are hashes of rows, and the same row may be there twice";
    if (!updates_can_be_partial(ev->selection->table)) return NULL;
    if (ev->selection->table->database)
        return "an update may leave out values that did not change, and compaction would keep only that "
               "update "
               "(SET GLOBAL binlog_row_image = FULL makes every record whole)";
    return "an update leaves out large values that did not change, and compaction would keep only that "
           "update "
           "(ALTER TABLE ... REPLICA IDENTITY FULL makes every record whole)";
}

static int declare(struct forward *f, const char *name, const char *not_compacted, const struct topic **out,
                   struct err *e) {
    const struct sink_ops *sink = f->parts.sink->ops;
    struct sink_topic spec = {
        .name = name,
        .keep_forever = true,
        .compacted_ok = !not_compacted,
        .why_not_compacted = not_compacted,
    };
    struct topic *t;

    for (t = f->topics; t; t = t->next)
        if (strcmp(t->name, name) == 0) break;
    if (!t) {
        t = calloc(1, sizeof *t);
        if (!t || !(t->name = strdup(name))) {
            free(t);
            return err_memory(e, "declaring a topic");
        }
        if (sink->topic(f->parts.sink, &spec, f->parts.keep_going, f->parts.ctx, &t->handle, e)) {
            free(t->name);
            free(t);
            return -1;
        }
        t->next = f->topics;
        f->topics = t;
    }
    *out = t;
    return 0;
}

static int find_topic(struct forward *f, const struct event *ev, const struct topic **out, struct err *e) {
    size_t slot = ((uintptr_t)ev->topic >> 4) % TOPIC_CACHE;

    if (f->cache[slot].name == ev->topic) {
        *out = f->cache[slot].topic;
        return 0;
    }
    if (declare(f, ev->topic, why_not_compacted(ev), out, e)) return -1;
    f->cache[slot].name = ev->topic;
    f->cache[slot].topic = *out;
    return 0;
}

static int too_large(struct forward *f, const struct event *ev, const struct topic *t, struct err *e) {
    const struct table *table = ev->change->table;

    return err_set(
        e, ERR_CONFIG,
        "a change of %s%s%s makes a record of %zu bytes, more than topic %s takes (key %.*s, id %.*s): raise "
        "the "
        "topic's max.message.bytes (and the broker's message.max.bytes), set 'oversize: strip' to leave the "
        "largest columns out, or pass this one change over with --skip %.*s",
        table ? table_space(table) : "", table && table_space(table)[0] ? "." : "",
        table ? table->name : ev->topic, f->key.len + f->value.len, t->name,
        (int)(f->key.len < 200 ? f->key.len : 200), f->key.data ? (const char *)f->key.data : "",
        (int)ev->change->id.len, ev->change->id.ptr, (int)ev->change->id.len, ev->change->id.ptr);
}

/* What a huge row took is given back at once, not by the next row: that may be hours away. */
static void clear_buffers(struct forward *f) {
    buf_clear(&f->key, BUFFER_KEEP);
    buf_clear(&f->value, BUFFER_KEEP);
}

static int strip(struct forward *f, const struct event *ev, const struct topic *t, bool *has_key,
                 struct err *e) {
    size_t max = f->parts.sink->ops->max_record(f->parts.sink, t->handle);
    size_t stripped = 0;

    if (f->parts.config->oversize != OVERSIZE_STRIP || ev->kind != EVENT_ROW || max == 0)
        return too_large(f, ev, t, e);
    clear_buffers(f);
    if (encoder_fit(f->rows, ev, max, &f->key, has_key, &f->value, &stripped, e)) return -1;
    log_msg(LOG_WARN, f->parts.source->name,
            "change %.*s of %s.%s was too large: %zu column(s) left out as omitted", (int)ev->change->id.len,
            ev->change->id.ptr, table_space(ev->change->table), ev->change->table->name, stripped);
    return 0;
}

/* Sends what is in the buffers; waits as long as the sink is full. */
static int send_record(struct forward *f, const struct event *ev, const struct topic *t, bool has_key,
                       int32_t partition, struct err *e) {
    struct sink *sink = f->parts.sink;
    struct sink_record r = {
        .topic = t->handle,
        .partition = partition,
        .key = {has_key ? (const char *)f->key.data : NULL, f->key.len},
        .value = {ev->kind == EVENT_TOMBSTONE ? NULL : (const char *)f->value.data, f->value.len},
        .ts_us = ev->change->tx ? ev->change->tx->commit_us : 0,
        .seq = f->seq,
    };

    ledger_add(f->parts.ledger, f->seq);
    for (;;) {
        switch (sink->ops->send(sink, &r, e)) {
        case SINK_SENT:
            f->counts.records++;
            f->counts.bytes += r.key.len + r.value.len;
            return 0;
        case SINK_FULL:
            if (f->parts.wait(f->parts.ctx, e)) return -1;
            break;
        case SINK_TOO_LARGE: return too_large(f, ev, t, e);
        case SINK_ERROR: return -1;
        }
    }
}

/* A compacted topic takes no record without a key, so a truncate gets one there that no row has: the last one
 * says what those before it said. */
static void key_of_truncate(struct forward *f, const struct event *ev, bool *has_key) {
    if (*has_key || ev->kind != EVENT_ROW || ev->op != 't' || !f->parts.config->sink.tombstones) return;
    buf_puts(&f->key, "{}");
    *has_key = true;
}

/* Encodes one event and sends its record, to one partition or to each. */
static int publish_record(struct forward *f, const struct event *ev, struct err *e) {
    struct sink *sink = f->parts.sink;
    struct encoder *en = ev->kind == EVENT_ENTITY ? f->entities : f->rows;
    const struct topic *t;
    bool has_key = false;
    size_t max;

    if (find_topic(f, ev, &t, e)) return -1;
    if (en->ops->encode(en, ev, &f->key, &has_key, &f->value, e)) return -1;
    key_of_truncate(f, ev, &has_key);
    if (buf_failed(&f->key) || buf_failed(&f->value)) return err_memory(e, "encoding a record");
    max = sink->ops->max_record(sink, t->handle);
    if (max > 0 && f->key.len + f->value.len > max && strip(f, ev, t, &has_key, e)) return -1;
    if (!ev->every_partition) return send_record(f, ev, t, has_key, SINK_PARTITION_BY_KEY, e);
    for (int32_t p = 0, n = sink->ops->partitions(sink, t->handle); p < n; p++)
        if (send_record(f, ev, t, has_key, p, e)) return -1;
    return 0;
}

/* An event_fn. */
static int publish(void *ctx, const struct event *ev, struct err *e) {
    struct forward *f = ctx;
    int rc = publish_record(f, ev, e);

    clear_buffers(f);
    return rc;
}

static int open_entry(struct forward *f, enum ledger_mark mark, const struct change *c, struct err *e) {
    while (!(f->seq = ledger_open(f->parts.ledger, mark, c->position, e))) {
        if (!e->retriable) return -1;
        if (f->parts.wait(f->parts.ctx, e)) return -1;
    }
    return 0;
}

bool forward_wants(void *ctx, const char *space, const char *name) {
    const struct forward *f = ctx;

    return map_wants(f->map, space, name);
}

bool forward_passes_over(void *ctx, const char *id) {
    const struct forward *f = ctx;
    const struct config_strings *skip = &f->parts.config->skip;

    for (size_t i = 0; i < skip->count; i++)
        if (strcmp(skip->items[i], id) == 0) return true;
    return false;
}

static bool is_skipped(const struct forward *f, const struct change *c) {
    const struct config_strings *skip = &f->parts.config->skip;

    for (size_t i = 0; i < skip->count; i++) {
        if (strlen(skip->items[i]) != c->id.len || memcmp(skip->items[i], c->id.ptr, c->id.len) != 0)
            continue;
        log_kv(LOG_WARN, f->parts.source->name, "change passed over as told by --skip", "id", skip->items[i],
               "table", c->table ? c->table->name : "", NULL);
        return true;
    }
    return false;
}

static void say_notices(struct forward *f) {
    enum log_level level;
    const char *notice;

    while ((notice = map_take_notice(f->map, &level))) log_msg(level, f->parts.source->name, "%s", notice);
}

static int change_shape(struct forward *f, const struct change *c, struct err *e) {
    int rc = map_change(f->map, c, publish, f, e);

    memset(f->cache, 0, sizeof f->cache);
    if (c->replaced) {
        f->rows->ops->forget(f->rows, c->replaced);
        f->entities->ops->forget(f->entities, c->replaced);
    }
    say_notices(f);
    return rc;
}

static int change_rows(struct forward *f, const struct change *c, struct err *e) {
    /* A gap stands between transactions: its position is one to resume from. */
    enum ledger_mark mark = c->op == CHANGE_GAP ? LEDGER_BOUNDARY : LEDGER_PROGRESS;

    f->counts.rows++;
    if (open_entry(f, mark, c, e)) return -1;
    if (!(f->parts.config->skip.count > 0 && is_skipped(f, c)) && map_change(f->map, c, publish, f, e))
        return -1;
    ledger_close(f->parts.ledger, f->seq);
    return 0;
}

int forward_change(void *ctx, const struct change *c, struct err *e) {
    struct forward *f = ctx;

    switch (c->op) {
    case CHANGE_BEGIN: return 0;
    case CHANGE_SCHEMA: return change_shape(f, c, e);
    case CHANGE_COMMIT:
        f->counts.transactions++;
        if (c->tx) f->counts.commit_us = c->tx->commit_us;
        say_notices(f);
        break;
    case CHANGE_HEARTBEAT: break;
    case CHANGE_INSERT:
    case CHANGE_READ:
    case CHANGE_UPDATE:
    case CHANGE_DELETE:
    case CHANGE_TRUNCATE:
    case CHANGE_MESSAGE:
    case CHANGE_DDL:
    case CHANGE_GAP: return change_rows(f, c, e);
    }
    if (open_entry(f, LEDGER_BOUNDARY, c, e)) return -1;
    ledger_close(f->parts.ledger, f->seq);
    return 0;
}

int forward_check(void *ctx, const struct table *t, struct err *e) {
    struct forward *f = ctx;
    int rc = map_check(f->map, t, e);

    say_notices(f);
    return rc;
}

int forward_declare_topics(struct forward *f, struct err *e) {
    const struct event entity = {.kind = EVENT_ENTITY};
    const struct topic *t;
    const char *name;

    for (size_t i = 0; (name = map_entity_topic(f->map, i)); i++)
        if (declare(f, name, why_not_compacted(&entity), &t, e)) return -1;
    return 0;
}

uint64_t forward_fingerprint(const struct forward *f) {
    return map_fingerprint(f->map);
}

const struct forward_counts *forward_counts(const struct forward *f) {
    return &f->counts;
}

uint64_t forward_unconverted(const struct forward *f) {
    struct map_stats s;

    map_stats(f->map, &s);
    return s.unconverted;
}

int forward_new(const struct forward_parts *parts, struct forward **out, struct err *e) {
    struct map_options o = {
        .split_key_change = parts->encoder_ops->splits_key_change,
        .tombstones = parts->config->sink.tombstones && parts->config->sink.type == SINK_KAFKA,
        .schemas = parts->schemas,
        .claim = parts->claims ? claims_take : NULL,
        .claim_ctx = parts->claims,
    };
    struct forward *f = calloc(1, sizeof *f);

    if (!f) return err_memory(e, "making a pipeline");
    f->parts = *parts;
    if (map_new(parts->config, parts->source, &o, &f->map, e)) goto fail;
    say_notices(f);
    f->rows = parts->encoder_ops->create();
    f->entities = parts->entity_ops->create();
    if (!f->rows || !f->entities) {
        err_memory(e, "making an encoder");
        goto fail;
    }
    *out = f;
    return 0;
fail:
    forward_free(f);
    return -1;
}

void forward_free(struct forward *f) {
    struct topic *t;

    if (!f) return;
    while ((t = f->topics)) {
        f->topics = t->next;
        free(t->name);
        free(t);
    }
    if (f->rows) f->rows->ops->destroy(f->rows);
    if (f->entities) f->entities->ops->destroy(f->entities);
    map_free(f->map);
    buf_release(&f->key);
    buf_release(&f->value);
    free(f);
}
