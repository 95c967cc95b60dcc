/*
 * fold: an entity's current state out of its events. Pure.
 *
 * Feed the JSON lines of entity events in the order of each partition; everything about other keys is passed
 * over. The rules are those of customer.proto: replays are dropped by `ord` per source, what each table said
 * about a part (or item) is kept apart until that table removes or clears it, and where several speak about a
 * field the order of truth decides.
 */
#ifndef TAILRACE_AGENT_CMD_FOLD_H
#define TAILRACE_AGENT_CMD_FOLD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "decoders/err.h"

struct fold;

/* What is known about a field. */
enum fold_state {
    FOLD_VALUE,
    FOLD_NULL,
    FOLD_UNCHANGED, /* its value was not seen: it came before the first event */
    FOLD_MASKED,
    FOLD_OMITTED,
    FOLD_INVALID, /* `value` is the raw text, or {"base64":...} */
};

/* A field as it is now, who says so, and who says otherwise. */
struct fold_field {
    const char *part;
    const char *item; /* "" where the part is no list */
    const char *name;
    enum fold_state state;
    const char *value; /* JSON text, of VALUE and INVALID */
    const char *source;
    const char *table;
    const char *ts; /* "2026-11-23T12:00:00.000000Z", "" unknown */
    /* Values of others who are not believed, where they differ; ordered by source and table. */
    const struct fold_field *others;
    size_t nothers;
};

struct fold_stats {
    size_t events;  /* that had something to say about this key */
    size_t replays; /* dropped */
};

/* An empty state for one key, which is copied. NULL when memory runs out. */
struct fold *fold_new(const char *key);
void fold_free(struct fold *f);

/*
 * Takes one event. `stream` numbers the partition it came from (0 for files): a CLEAR speaks only for its
 * own, and order is known only within one. Lines that are no entity events, or of other keys, change nothing.
 * ERR_DATA for an entity event that lacks what every one has; ERR_MEMORY.
 */
int fold_apply(struct fold *f, unsigned stream, json_object *line, struct err *e);

/* Calls `fn` for every field in order of part, item and name; one field each, however many speak about it.
 * Stops when `fn` returns non-zero, and returns that. */
int fold_each(const struct fold *f, int (*fn)(void *ctx, const struct fold_field *field), void *ctx);

/* The entity's name as the events have it ("customer"); "" when nothing was seen. */
const char *fold_entity(const struct fold *f);

/* Counts since fold_new(). */
void fold_stats(const struct fold *f, struct fold_stats *out);

#endif
