#include "agent/cmd/tail.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/cmd/exit.h"
#include "agent/cmd/tail_input.h"
#include "agent/cmd/tail_options.h"
#include "agent/cmd/tail_print.h"
#include "agent/cmd/usage.h"
#include "agent/encode/json_check.h"
#include "agent/sink/kafka_consumer.h"

#define OPEN_TIMEOUT_MS 10000
#define PATIENCE_MS 60000
#define WAIT_MS 500
#define OUT_BYTES ((size_t)1 << 16)

struct tail {
    struct tail_options o;
    struct tail_style style;
    bool terminal;
    struct tail_record record;
    json_tokener *tokener;
    struct fold *fold;
    struct buf out;
    uint64_t shown;
    int code; /* EXIT_DATA once a record was not understood */
};

/* ---- Output ---- */

static int flush(struct tail *t, struct err *e) {
    size_t done = 0;
    if (buf_failed(&t->out)) return err_memory(e, "output");
    while (done < t->out.len) {
        ssize_t n = write(STDOUT_FILENO, t->out.data + done, t->out.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return err_set(e, errno == EPIPE ? ERR_CLOSED : ERR_IO, "cannot write: %s", strerror(errno));
        done += (size_t)n;
    }
    buf_clear(&t->out, OUT_BYTES);
    return 0;
}

/* ---- Records ---- */

static int with_object(struct tail *t, unsigned stream, struct err *e) {
    const struct buf *line = &t->record.line;
    if (line->len > INT_MAX) return err_set(e, ERR_DATA, "larger than 2 GiB as JSON");
    json_tokener_reset(t->tokener);
    json_object *o = json_tokener_parse_ex(t->tokener, (const char *)line->data, (int)line->len);
    int rc = 0;
    if (!o || !json_object_is_type(o, json_type_object)) {
        rc = err_set(e, ERR_DATA, "not a JSON object");
    } else if (t->fold) {
        rc = fold_apply(t->fold, stream, o, e);
    } else {
        tail_print_event(&t->style, o, &t->out);
    }
    json_object_put(o);
    return rc;
}

static int show(struct tail *t, unsigned stream, const void *data, size_t len, struct err *e) {
    const struct buf *line = &t->record.line;
    if (tail_record_read(&t->record, t->o.form, data, len, e)) return -1;
    if (!t->o.json || t->fold) return with_object(t, stream, e);
    if (t->terminal) {
        tail_print_json(&t->out, (const char *)line->data, line->len);
    } else {
        buf_put(&t->out, line->data, line->len);
    }
    buf_putc(&t->out, '\n');
    return 0;
}

/* A record that is not understood is said, and the next one looked at; the exit code remembers it. */
static int take(struct tail *t, unsigned stream, const void *data, size_t len, const char *where,
                struct err *e) {
    if (show(t, stream, data, len, e)) {
        if (e->code != ERR_DATA || flush(t, e)) return -1;
        fprintf(stderr, "tailrace: %s: %s\n", where, e->text);
        err_clear(e);
        t->code = EXIT_DATA;
    }
    t->shown++;
    return t->out.len >= OUT_BYTES ? flush(t, e) : 0;
}

static bool enough(const struct tail *t) {
    return t->o.count && t->shown >= t->o.count;
}

/* ---- Topics ---- */

/* A number for each partition of each topic, the same for the same one. */
static unsigned stream_of(const struct tail *t, const struct kafka_record *r) {
    unsigned topic = 0;
    while (topic + 1 < t->o.nnames && strcmp(t->o.names[topic], r->topic) != 0) topic++;
    return (unsigned)r->partition * (unsigned)t->o.nnames + topic;
}

/* Records of other keys need not be decoded for a fold; those without a key may speak about all. */
static bool concerns(const struct tail *t, const struct kafka_record *r) {
    size_t len = t->o.fold ? strlen(t->o.fold) : 0;
    return !t->o.fold || !r->key || (r->key_len == len && memcmp(r->key, t->o.fold, len) == 0);
}

static int take_record(struct tail *t, const struct kafka_record *r, struct err *e) {
    char where[400];
    if (!concerns(t, r)) return 0;
    if (r->value) {
        snprintf(where, sizeof(where), "%s, partition %d, offset %lld", r->topic, r->partition,
                 (long long)r->offset);
        return take(t, stream_of(t, r), r->value, r->value_len, where, e);
    }
    if (!t->o.json && !t->fold) tail_print_tombstone(&t->style, r->topic, r->key, r->key_len, &t->out);
    return 0;
}

static int read_topics(struct tail *t, struct err *e) {
    const struct kafka_consumer_options o = {
        .brokers = t->o.brokers,
        .properties = t->o.properties,
        .nproperties = t->o.nproperties,
        .topics = t->o.names,
        .ntopics = t->o.nnames,
        .from = t->o.from,
        .stop_at_end = t->o.until_end,
        .patience_ms = PATIENCE_MS,
    };
    struct kafka_consumer *c = NULL;
    struct kafka_record r;
    enum kafka_next next = KAFKA_NEXT_NOTHING;
    int rc = kafka_consumer_open(&o, OPEN_TIMEOUT_MS, &c, e);
    while (rc == 0 && next != KAFKA_NEXT_END && !enough(t)) {
        /* Before waiting, people see what there is. */
        next = kafka_consumer_next(c, t->out.len ? 0 : WAIT_MS, &r, e);
        if (next == KAFKA_NEXT_ERROR) rc = -1;
        if (next == KAFKA_NEXT_NOTHING) rc = flush(t, e);
        if (next == KAFKA_NEXT_RECORD) rc = take_record(t, &r, e);
    }
    kafka_consumer_close(c);
    return rc;
}

/* ---- Files ---- */

static int read_file(struct tail *t, const char *name, struct err *e) {
    struct tail_input in;
    const uint8_t *data;
    size_t len;
    char where[400];
    int rc = 0;
    if (tail_input_open(&in, name, t->o.form, e)) return -1;
    for (uint64_t n = 1; !enough(t) && (rc = tail_input_next(&in, &data, &len, e)) == 1; n++) {
        snprintf(where, sizeof(where), "%s, record %llu", in.name, (unsigned long long)n);
        rc = take(t, 0, data, len, where, e);
        if (rc == 0 && tail_input_ahead(&in) == 0) rc = flush(t, e);
        if (rc) break;
    }
    tail_input_close(&in);
    return rc < 0 ? -1 : 0;
}

static int read_files(struct tail *t, struct err *e) {
    for (size_t i = 0; i < t->o.nnames && !enough(t); i++)
        if (read_file(t, t->o.names[i], e)) return -1;
    return 0;
}

/* ---- The command ---- */

static int print_fold(struct tail *t, struct err *e) {
    struct fold_stats stats;
    fold_stats(t->fold, &stats);
    if (stats.events == 0)
        return err_set(e, ERR_IO, "no event of %s is in %s", t->o.fold,
                       t->o.brokers ? "these topics" : "there");
    int rc = t->o.json ? tail_print_fold_json(t->fold, t->o.fold, &t->out)
                       : tail_print_fold(&t->style, t->fold, t->o.fold, &t->out);
    return rc ? err_memory(e, "output") : 0;
}

static int prepare(struct tail *t, struct err *e) {
    t->terminal = isatty(STDOUT_FILENO);
    t->style.colour = t->terminal && !getenv("NO_COLOR");
    t->style.full = t->o.full;
    t->tokener = json_tokener_new_ex(JSON_MAX_DEPTH + 16);
    t->fold = t->o.fold ? fold_new(t->o.fold) : NULL;
    signal(SIGPIPE, SIG_IGN);
    if (!t->tokener || (t->o.fold && !t->fold)) return err_memory(e, "starting");
    return tail_record_init(&t->record, e);
}

static void release(struct tail *t) {
    tail_record_release(&t->record);
    if (t->tokener) json_tokener_free(t->tokener);
    fold_free(t->fold);
    buf_release(&t->out);
    tail_options_release(&t->o);
}

int cmd_tail(int argc, char **argv) {
    struct tail t = {.code = EXIT_DONE};
    struct err e = {0};
    if (usage_asked(argc, argv)) return usage_print("tail", tail_options_help);
    int rc = tail_options_parse(argc, argv, &t.o, &e);
    if (rc == 0) rc = prepare(&t, &e);
    if (rc == 0) rc = t.o.brokers ? read_topics(&t, &e) : read_files(&t, &e);
    if (rc == 0 && t.fold) rc = print_fold(&t, &e);
    struct err ignored = {0};
    if (flush(&t, rc ? &ignored : &e)) rc = -1;
    int code = rc ? exit_report(&e) : t.code;
    release(&t);
    return code;
}
