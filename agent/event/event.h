/*
 * event: one record that shall be published, before it is bytes.
 *
 *     change --map--> event --encode--> record --sink-->
 *
 * The map decides what becomes of a change (which topic, columns, key, entity parts); an encoder turns that
 * into key and value bytes. Both know only this vocabulary, not each other. An event is valid until the
 * callback that received it returns.
 */
#ifndef TAILRACE_AGENT_EVENT_EVENT_H
#define TAILRACE_AGENT_EVENT_EVENT_H

#include "decoders/change.h"

enum event_kind {
    EVENT_ROW,       /* a row change or truncate for a row topic */
    EVENT_TOMBSTONE, /* null value under the old key, for compacted row topics */
    EVENT_ENTITY,    /* one part of one entity */
    EVENT_MESSAGE,   /* a logical message */
    EVENT_GAP,       /* an accepted gap */
};

enum column_use { COLUMN_SHOWN = 0, COLUMN_HIDDEN, COLUMN_MASKED };

/* How one table is published: made by the map once per table description, the same pointer as long as that
 * lives. */
struct selection {
    const struct table *table;
    uint64_t serial;    /* unique within the process: encoders key caches on it */
    const char *source; /* tag */
    const char *database;
    const char *topic;    /* row topic */
    const uint8_t *use;   /* table->ncolumns of enum column_use */
    const uint16_t *keys; /* key columns in order; none: no key, records spread over partitions */
    size_t nkeys;
};

enum entity_action {
    ENTITY_SET,    /* the part has these fields now (fields not listed, or unchanged, keep their value) */
    ENTITY_REMOVE, /* the part (or item) no longer exists */
    ENTITY_CLEAR, /* the part no longer exists for any key fed by this table: truncate; no key, all partitions
                   */
};

struct entity_field {
    const char *name;            /* field of the part, or attribute name */
    const struct column *column; /* where it came from; NULL: a constant */
    const struct value *value;   /* PRESENT, NULL, UNCHANGED, MASKED, INVALID */
    bool changed;                /* differs from the before image, as far as that is known */
    bool known_changed;          /* `changed` could be told */
};

struct entity_event {
    const char *entity; /* "customer" */
    const char *topic;
    enum entity_action action;
    struct text key;  /* empty for CLEAR */
    const char *part; /* "profile" */
    struct text item; /* of list-like parts, else empty */
    const struct entity_field *fields;
    size_t nfields;
    const char *const *truth; /* systems in order of trust for this part; may be empty */
    size_t ntruth;
};

struct event {
    enum event_kind kind;
    char op;                           /* c u d r t m g; halves of a key change are d and c */
    bool key_from_before;              /* the key is read from the before image */
    uint16_t sub;                      /* 0 for the first record of a change */
    bool every_partition;              /* truncate, clear */
    const struct change *change;       /* id, position, transaction, values */
    const struct selection *selection; /* rows, tombstones; NULL otherwise */
    const struct entity_event *entity; /* entities */
    const char *source;
    const char *database;
    const char *topic;
};

#endif
