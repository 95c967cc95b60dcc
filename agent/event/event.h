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
    EVENT_DDL,       /* a statement that changed tables; change->table may be NULL */
};

enum column_use { COLUMN_SHOWN = 0, COLUMN_HIDDEN, COLUMN_MASKED };

/* How one table is published: made by the map once per table description, the same pointer as long as that
 * lives. */
struct selection {
    const struct table *table;
    uint64_t serial;      /* the table's, unique within its source: encoders key caches on it */
    const char *source;   /* tag */
    const char *database; /* the table's, else the source's */
    const char *topic;    /* row topic */
    const uint8_t *use;   /* table->ncolumns of enum column_use */
    const uint16_t *keys; /* key columns in order; none: no key, records spread over partitions */
    size_t nkeys;
    bool hashed; /* the key columns are all that is shown, and records are keyed by their hash */
};

/*
 * What a mapping may name: the parts of an entity and their fields. The encoder that knows the published
 * schema provides one (made from it, so that the two cannot differ); the map checks the configuration against
 * it.
 */
struct entity_part {
    const char *name;          /* "profile" */
    bool list;                 /* holds items: a mapping needs `item`; a single part refuses it */
    bool open;                 /* takes any field name: attributes */
    const char *const *fields; /* nfields names; none when open */
    size_t nfields;
};

struct entity_schema {
    const char *entity; /* "customer" */
    const struct entity_part *parts;
    size_t nparts;
};

/*
 * Each action speaks for one table only: what several tables feed into one part is several contributions,
 * told apart by event.source and change->table.
 */
enum entity_action {
    ENTITY_SET,    /* the part (or item) has these fields now; an UNCHANGED one keeps the value it had */
    ENTITY_REMOVE, /* this table no longer has the part (or item) for this key */
    ENTITY_CLEAR,  /* this table no longer has the part for any key: truncate; no key, all partitions */
};

struct entity_field {
    const char *name;            /* field of the part, or attribute name */
    const struct column *column; /* where it came from; NULL: a constant */
    const struct value *value;   /* PRESENT, NULL, UNCHANGED, MASKED, INVALID; of a constant: PRESENT, TEXT */
    bool changed;                /* differs from the before image; false unless known_changed */
    bool known_changed;          /* the log told: only where the part was there before, under the same key */
    const char *const *truth;    /* systems in order of trust for this field; none: as for the part */
    size_t ntruth;
};

struct entity_event {
    const char *entity; /* "customer" */
    const char *topic;
    enum entity_action action;
    struct text key;                   /* never empty, but for CLEAR */
    const char *part;                  /* "profile" */
    struct text item;                  /* of list-like parts (never empty there, but for CLEAR), else empty */
    const struct entity_field *fields; /* SET only */
    size_t nfields;
    const char *const *truth; /* systems in order of trust for this part; may be empty */
    size_t ntruth;
};

struct event {
    enum event_kind kind;
    char op; /* c u d r t m g q; halves of a key change are d and c; entities: SET c, u or r, REMOVE d, CLEAR
                t */
    bool key_from_before;              /* the key is read from the before image */
    uint16_t sub;                      /* 0 for the first record of a change */
    bool every_partition;              /* truncate, clear, ddl of a table */
    const struct change *change;       /* id, position, transaction, values */
    const struct selection *selection; /* rows, tombstones, ddl of a table with a row topic; else NULL */
    const struct entity_event *entity; /* entities */
    const char *source;
    const char *database;
    const char *topic;
};

#endif
