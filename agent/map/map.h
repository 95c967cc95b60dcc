/*
 * map: what becomes of a change. Pure: it knows neither wire formats nor which database it was.
 *
 * For each table description it works out once (and caches) whether the table is wanted, its topic, its
 * columns and key, and the entity parts it feeds; map_change() then turns a change into zero or more events.
 */
#ifndef TAILRACE_AGENT_MAP_MAP_H
#define TAILRACE_AGENT_MAP_MAP_H

#include "agent/base/log.h"
#include "agent/config/config.h"
#include "agent/event/event.h"
#include "decoders/change.h"
#include "decoders/err.h"

struct map;

struct map_options {
    bool split_key_change; /* an update of the key becomes delete(old) + create(new): row topics; not for JSON
                              lines */
    bool tombstones;       /* a delete is followed by a null value under the same key */
    const struct entity_schema *const *schemas; /* entities a mapping may feed, closed by NULL; NULL: none */
    /*
     * Asked before a table goes to a topic, `by_name` when `overrides` says so: -1 with the error when it
     * belongs to a table of another source. NULL: there is nobody to ask.
     */
    int (*claim)(void *ctx, const char *topic, const char *owner, bool by_name, struct err *e);
    void *claim_ctx;
};

/*
 * Compiles what `config` says about one source. ERR_CONFIG names the place of a bad template, condition,
 * pattern or mapping. `config` outlives the map.
 */
int map_new(const struct config *config, const struct config_source *source, const struct map_options *o,
            struct map **out, struct err *e);
void map_free(struct map *m);

/* Receives each event; non-zero stops, and map_change() returns -1 with the error given here. */
typedef int (*event_fn)(void *ctx, const struct event *ev, struct err *e);

/*
 * Calls `fn` for every record the change shall become; never for BEGIN, COMMIT, HEARTBEAT. For CHANGE_SCHEMA:
 * works out the new table (topic legality and collisions, key override, entity mappings against the identity
 * that the log carries), forgets the old one. A mapping that cannot be right is quarantined: its events stop
 * (with a notice) until the table has a shape that it fits; see map_check() for the start. Anything else that
 * is wrong is ERR_CONFIG. A value that a key needs and the log does not have is ERR_DATA.
 *
 * The records of one change are numbered (`sub`) in this order: row (delete, tombstone, create), entity
 * removals, entity sets; within these in the order of the configuration. A DDL text goes to the row topic of
 * its table, to every partition; without a table, one that has no row topic, or with `tombstones` (a
 * compacted topic takes no record without a key), to "SOURCE.ddl". A key value that the new image lacks
 * because it is large and did not change is put there (c->after) from the old image, and values of columns
 * that have a conversion are replaced by what comes out: a change is mapped once.
 */
int map_change(struct map *m, const struct change *c, event_fn fn, void *ctx, struct err *e);

/* True for a table the configuration selects ("schema.table", in MySQL "database.table"); decides before any
 * row is seen. Also where that cannot be told: map_change() of its description then says why. */
bool map_wants(const struct map *m, const char *space, const char *name);

/*
 * Checks a table as it is in the catalogue at start, before the first row: everything that map_change() would
 * find out at its CHANGE_SCHEMA, as ERR_CONFIG with the remedy (the ALTER TABLE to run). `t` is only read
 * during the call.
 */
int map_check(struct map *m, const struct table *t, struct err *e);

/* Number of mappings that are quarantined now, and why one of them is ("" none). */
size_t map_quarantined(const struct map *m, const char **text);

/*
 * What people should be told, oldest first, each once: the map cannot log. NULL: nothing (more). The text is
 * valid until the next call. Ask after map_new(), map_check(), a map_change() of a CHANGE_SCHEMA, and behind
 * each transaction; any other time does no harm.
 */
const char *map_take_notice(struct map *m, enum log_level *level);

/* Counts since map_new(). */
struct map_stats {
    uint64_t keyless;     /* entity rows whose key or item is NULL or empty: they belong to nobody */
    uint64_t quarantined; /* changes that a quarantined mapping did not get */
    uint64_t unconverted; /* values that a conversion could not read: published as invalid */
};
void map_stats(const struct map *m, struct map_stats *out);

/* Names of entity topics of this source's mappings: i-th, NULL behind the last. Never compacted, kept for
 * ever. */
const char *map_entity_topic(const struct map *m, size_t i);

/* Changes with everything that shapes the stream: patterns, templates, keys, columns, mappings, version of
 * the rules. */
uint64_t map_fingerprint(const struct map *m);

#endif
