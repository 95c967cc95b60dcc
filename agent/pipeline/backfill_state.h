/*
 * backfill_state: which tables were read, and how far. Pure; kept in the checkpoint (CHECKPOINT_SNAPSHOT).
 *
 * A checkpoint of a version without snapshots holds the text "never": no table is read on account of it.
 *
 * Layout of the section (big-endian): u8 0x01, u8 mode (enum config_snapshot it was begun with), u32 count;
 * per table u16 length and bytes of the schema, u16 length and bytes of the name, u8 enum backfill_stage, u64
 * rows delivered, u32 length and bytes of the key delivered last. (No text begins with 0x01.)
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKFILL_STATE_H
#define TAILRACE_AGENT_PIPELINE_BACKFILL_STATE_H

#include "agent/config/config.h"
#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/err.h"

enum backfill_stage {
    BACKFILL_PENDING = 1, /* not begun, or begun and not ended: `after` tells */
    BACKFILL_DONE,
    BACKFILL_PASSED_OVER, /* cannot be read: no key, gone */
    BACKFILL_CANCELLED,   /* read in part or not at all, as a person wants it */
};

/* One table. Two truths: what has been sent, and (the `durable_` ones) what is known to be delivered. */
struct backfill_table {
    char *space;
    char *name;
    enum backfill_stage stage, durable_stage;
    struct buf after, durable_after;
    uint64_t rows, durable_rows;
    /* Not kept: */
    uint64_t estimate;     /* of rows; UINT64_MAX: unknown */
    bool busy;             /* a worker has it */
    bool left;             /* given up until the next start */
    bool paused;           /* by a person */
    bool cancelled;        /* ends with the chunk that is under way */
    unsigned failures;     /* in a row */
    int64_t not_before_us; /* monotonic: not asked for again until then */
};

/* "public.orders" */
void backfill_table_name(const struct backfill_table *t, char *out, size_t len);

struct backfill_state;

/* An empty one of a mode. SNAPSHOT_NEVER is kept as that text. */
int backfill_state_new(enum config_snapshot mode, struct backfill_state **out, struct err *e);
void backfill_state_free(struct backfill_state *s);

/* The section as above, of what is durable; and back from it: everything that is not durable is forgotten.
 * "never" gives an empty one of SNAPSHOT_NEVER. ERR_DATA for other bytes. */
void backfill_state_store(const struct backfill_state *s, struct buf *out);
int backfill_state_load(const void *data, size_t len, struct backfill_state **out, struct err *e);

/* For people: "initial: 3 of 5 tables read, 1,234,567 rows; public.orders behind …" */
void backfill_state_text(const struct backfill_state *s, struct buf *out);

/* The one it was begun with. */
enum config_snapshot backfill_state_mode(const struct backfill_state *s);

/* Adds a table as PENDING unless it is there. NULL: memory. What is handed out stays where it is. */
struct backfill_table *backfill_state_add(struct backfill_state *s, const char *space, const char *name);
/* Likewise, as CANCELLED: for a person to ask for. */
struct backfill_table *backfill_state_add_idle(struct backfill_state *s, const char *space, const char *name);
/* NULL: not there. */
struct backfill_table *backfill_state_find(const struct backfill_state *s, const char *space,
                                           const char *name);
/* All of them, in the order they were added. */
size_t backfill_state_count(const struct backfill_state *s);
struct backfill_table *backfill_state_at(struct backfill_state *s, size_t i);

/*
 * A chunk was sent on up to the ledger's entry `seq`: when the watermark reaches it, this is durable. In the
 * order of `seq`; `after` is copied.
 */
int backfill_state_sent(struct backfill_state *s, struct backfill_table *t, uint64_t seq,
                        enum backfill_stage stage, struct position after, uint64_t rows, struct err *e);
void backfill_state_reached(struct backfill_state *s, uint64_t watermark);
/* The stream begins again from the checkpoint: what was sent and is not durable will be read again. */
void backfill_state_restart(struct backfill_state *s);

/* There is something to be kept that backfill_state_saved() was not told of, or will be as soon as the
 * watermark is there. */
bool backfill_state_unsaved(const struct backfill_state *s, uint64_t watermark);
void backfill_state_saved(struct backfill_state *s, bool saved);
/* A table's stage was set outright, durable or not: it is to be kept. */
void backfill_state_set(struct backfill_state *s, struct backfill_table *t, enum backfill_stage stage);

/* A chunk's stamp: `now_us` (wall clock), or more: never the same twice. */
uint64_t backfill_state_stamp(struct backfill_state *s, int64_t now_us);

/* To be read, now or later: neither given up nor paused. */
bool backfill_table_is_left(const struct backfill_table *t);

/* No table is left to be read: they were sent on, passed over, given up until the next start (*given_up of
 * them), or paused (*paused). Both may be NULL. */
bool backfill_state_done(const struct backfill_state *s, size_t *given_up, size_t *paused);

/* What was begun and is not complete waits until a person resumes it. */
void backfill_state_pause(struct backfill_state *s);

/* Everything is read and delivered, or passed over. */
bool backfill_state_complete(const struct backfill_state *s);

struct backfill_figures {
    size_t tables; /* without those passed over */
    size_t done;
    uint64_t rows;  /* sent on */
    uint64_t total; /* estimate: rows there are, of all tables; UINT64_MAX: unknown */
};

/* Of what has been sent on, durable or not. */
void backfill_state_figures(const struct backfill_state *s, struct backfill_figures *out);

#endif
