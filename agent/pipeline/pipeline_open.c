#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/base/spill_file.h"
#include "agent/pipeline/backfill_tables.h"
#include "agent/pipeline/pipeline_inside.h"

#define LEDGER_ENTRIES ((size_t)1 << 18)

static const char *name_of(const struct pipeline *p) {
    return p->parts.source->name;
}

/* A snapshot that is all there is to be leaves nothing behind. */
static bool keeps_state(const struct pipeline *p) {
    return p->parts.config->state && p->parts.source->snapshot != SNAPSHOT_ONLY;
}

static int open_store(struct pipeline *p, struct err *e) {
    if (!keeps_state(p) || p->store) return 0;
    return checkpoint_store_open(p->parts.config->state, name_of(p), &p->store, e);
}

static int load_checkpoint(struct pipeline *p, struct err *e) {
    const struct buf *kind = &p->checkpoint.sections[CHECKPOINT_SOURCE];
    const char *scheme = p->parts.source->scheme;

    checkpoint_release(&p->checkpoint);
    p->has_checkpoint = false;
    if (!p->store) return 0;
    if (checkpoint_load(p->store, &p->checkpoint, &p->has_checkpoint, e)) return -1;
    if (p->has_checkpoint && (kind->len != strlen(scheme) || memcmp(kind->data, scheme, kind->len) != 0))
        return err_set(
            e, ERR_GAP,
            "the checkpoint of %s was taken from a %.*s source, not %s: give this source another name, or "
            "remove the old one with 'tailrace drop'",
            name_of(p), (int)kind->len, (const char *)kind->data, scheme);
    return 0;
}

static struct position section(const struct pipeline *p, enum checkpoint_section s) {
    const struct buf *b = &p->checkpoint.sections[s];

    return (struct position){b->data, b->len};
}

static int prepare_source(struct pipeline *p, struct err *e) {
    const struct source_ops *ops = p->parts.source_ops;
    const struct config *config = p->parts.config;
    struct source_resume r = {
        .identity = section(p, CHECKPOINT_IDENTITY),
        .position = section(p, CHECKPOINT_POSITION),
        .epoch = (uint32_t)checkpoint_u64(&p->checkpoint, CHECKPOINT_EPOCH, 0),
        .first_run = !p->has_checkpoint,
        .durable = keeps_state(p),
        .accept_gap = config->accept_gap && !p->gap_used,
        .from = config->from,
        .stop_fd = p->stop_fd,
    };

    if (ops->prepare(p->source, &r, &p->start, e)) return -1;
    p->gap_used = p->gap_used || p->start.gap;
    return 0;
}

/* ---- Rows that are there ---- */

/* Which tables are to be read: known with the first checkpoint. */
static int choose_tables(struct pipeline *p, struct err *e) {
    struct backfill_choice c = {
        .source = p->parts.source,
        .can_read = p->parts.source_ops->readable != NULL,
        .has_checkpoint = p->has_checkpoint,
        .section = &p->checkpoint.sections[CHECKPOINT_SNAPSHOT],
        .gap = p->start.gap,
    };
    size_t added;

    if (p->snapshot && !p->start.gap) {
        backfill_state_restart(p->snapshot);
    } else {
        backfill_state_free(p->snapshot);
        p->snapshot = NULL;
        if (backfill_tables_choose(&c, &p->snapshot, &p->reading, e)) return -1;
    }
    /* Begun under another configuration: it waits. What a person asked for under this one goes on. */
    if (!p->reading && backfill_state_mode(p->snapshot) != SNAPSHOT_NEVER) backfill_state_pause(p->snapshot);
    if (!p->reading) return 0;
    return backfill_tables_look(p->snapshot, p->source, name_of(p), true, &added, e);
}

/*
 * Parts of a transaction that were delivered before the start do not come again: rows are read when it has
 * come to its end, which is before the log's end as it is now.
 */
static int find_first(struct pipeline *p, struct buf *first, struct err *e) {
    if (!p->parts.source_ops->readable || p->checkpoint.sections[CHECKPOINT_PROGRESS].len == 0) return 0;
    return p->parts.source_ops->end_position(p->source, first, e);
}

static int make_backfill(struct pipeline *p, const struct buf *first, struct err *e) {
    struct backfill_parts parts = {
        .config = p->parts.config,
        .source_config = p->parts.source,
        .clock = p->parts.clock,
        .source = p->source,
        .epoch = p->start.epoch,
        .ledger = p->ledger,
        .state = p->snapshot,
        .forward = pipeline_take_read,
        .ctx = p,
        .joining = p->reading,
        .at = {p->start.position.data, p->start.position.len},
        .first = {first->data, first->len},
    };

    return p->parts.source_ops->readable ? backfill_new(&parts, &p->backfill, e) : 0;
}

/* ---- The decoder ---- */

/* A place for what a decoder cannot keep in memory. */
static struct spill *make_spill(void *ctx, struct err *e) {
    const struct pipeline *p = ctx;

    return spill_file_new(p->parts.config->state, e);
}

/* A question of the decoder's, for the source. */
static int ask_columns(void *ctx, const char *space, const char *name, struct position at, struct buf *out,
                       struct err *e) {
    struct pipeline *p = ctx;

    return p->parts.source_ops->columns(p->source, backward_identity(p->backward), space, name, at, out, e);
}

/* What is known of tables where streaming begins: kept with the checkpoint, else as they are now. */
static int teach_decoder(struct pipeline *p, struct err *e) {
    const struct decoder_ops *ops = p->decoder->ops;
    const struct buf *known = &p->checkpoint.sections[CHECKPOINT_SHAPES], *now = &p->start.columns;
    struct position at = {p->start.position.data, p->start.position.len};

    if (p->has_checkpoint && !p->start.gap && known->len > 0 && ops->recall &&
        ops->recall(p->decoder, at, known->data, known->len, e))
        return -1;
    return now->len > 0 && ops->learn ? ops->learn(p->decoder, now->data, now->len, e) : 0;
}

static int make_decoder(struct pipeline *p, struct err *e) {
    struct decoder_options o = {
        .epoch = p->start.epoch,
        .wanted = forward_wants,
        .wanted_ctx = p->forward,
        .statements = p->parts.source->statements,
        .spill = make_spill,
        .spill_ctx = p,
        .passed_over = forward_passes_over,
        .passed_over_ctx = p->forward,
        .columns = p->parts.source_ops->columns ? ask_columns : NULL,
        .columns_ctx = p,
    };

    p->decoder = p->parts.source_ops->decoder->create(&o);
    return p->decoder ? teach_decoder(p, e) : err_memory(e, "making a decoder");
}

/* Checks the mapping against the tables as they are, before anything is made in the database. */
static int make_forward(struct pipeline *p, struct err *e) {
    struct forward_parts parts = {
        .config = p->parts.config,
        .source = p->parts.source,
        .encoder_ops = p->parts.encoder_ops,
        .entity_ops = p->parts.entity_ops,
        .schemas = p->parts.schemas,
        .claims = p->parts.claims,
        .sink = p->sink,
        .ledger = p->ledger,
        .wait = pipeline_wait,
        .keep_going = pipeline_keep_going,
        .ctx = p,
    };

    if (forward_new(&parts, &p->forward, e)) return -1;
    return p->parts.source_ops->describe(p->source, forward_check, p->forward, e);
}

static int make_backward(struct pipeline *p, struct err *e) {
    struct backward_parts parts = {
        .config = p->parts.config,
        .source = p->parts.source,
        .start = &p->start,
        .running = p->source,
        .sink = p->sink,
        .ledger = p->ledger,
        .decoder = p->decoder,
        .store = p->store,
        .clock = p->parts.clock,
        .snapshot = p->snapshot,
        .fingerprint = forward_fingerprint(p->forward),
    };
    bool same = checkpoint_u64(&p->checkpoint, CHECKPOINT_FINGERPRINT, 0) == parts.fingerprint;

    if (p->has_checkpoint && same && !p->start.gap) parts.progress = section(p, CHECKPOINT_PROGRESS);
    if (parts.progress.len > 0 && p->decoder->ops->resume(p->decoder, parts.progress, e)) return -1;
    return backward_new(&parts, &p->backward, e);
}

/* An accepted gap is an event of the new epoch, before any row of it. */
static int publish_gap(struct pipeline *p, struct err *e) {
    char id[32];
    struct change c = {
        .op = CHANGE_GAP,
        .position = {p->start.position.data, p->start.position.len},
        .message.content = {(const char *)p->start.gap_text.data, p->start.gap_text.len},
    };
    int n = snprintf(id, sizeof id, "%u:gap", p->start.epoch);

    if (!p->start.gap) return 0;
    c.id = (struct text){id, (size_t)n};
    c.ord[0] = (uint8_t)(p->start.epoch >> 8);
    c.ord[1] = (uint8_t)p->start.epoch;
    log_msg(LOG_WARN, name_of(p), "gap accepted, epoch %u begins: %s", p->start.epoch,
            buf_cstr(&p->start.gap_text));
    return forward_change(p->forward, &c, e);
}

int pipeline_open(struct pipeline *p, struct err *e) {
    const struct config *config = p->parts.config;
    struct buf first = {0};
    struct position from;

    if (open_store(p, e) || load_checkpoint(p, e)) return -1;
    if (p->parts.source_ops->open(p->parts.source, p->parts.clock, &p->source, e)) return -1;
    if (!(p->ledger = ledger_new(LEDGER_ENTRIES, e))) return -1;
    if (p->parts.sink_ops->open(&config->sink, name_of(p), pipeline_result, p, &p->sink, e)) return -1;
    if (make_forward(p, e) || prepare_source(p, e) || choose_tables(p, e) || make_decoder(p, e)) return -1;
    if (forward_declare_topics(p->forward, e) || make_backward(p, e) || publish_gap(p, e)) return -1;
    from = (struct position){p->start.position.data, p->start.position.len};
    if (p->streamed)
        until_restart(&p->until);
    else if (until_init(&p->until, config->until, p->source, from, p->parts.clock, e))
        return -1;
    if (!(p->ring = ring_new(config->ring_bytes, e))) return -1;
    if (find_first(p, &first, e) || p->parts.source_ops->start(p->source, p->ring, e) ||
        make_backfill(p, &first, e)) {
        buf_release(&first);
        return -1;
    }
    buf_release(&first);
    p->streamed = true;
    return 0;
}

void pipeline_close(struct pipeline *p) {
    backfill_stop(p->backfill);
    if (p->source) p->parts.source_ops->stop(p->source);
    if (p->source) p->parts.source_ops->destroy(p->source);
    forward_free(p->forward);
    backward_free(p->backward);
    backfill_free(p->backfill);
    if (p->sink) p->sink->ops->close(p->sink);
    if (p->decoder) p->decoder->ops->destroy(p->decoder);
    ledger_free(p->ledger);
    ring_free(p->ring);
    source_start_release(&p->start);
    p->source = NULL;
    p->forward = NULL;
    p->backward = NULL;
    p->backfill = NULL;
    p->sink = NULL;
    p->decoder = NULL;
    p->ledger = NULL;
    p->ring = NULL;
    memset(&p->start, 0, sizeof p->start);
    err_clear(&p->failure);
}
