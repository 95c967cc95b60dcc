/*
 * map: what becomes of a change. Pure: it knows neither wire formats nor which database it was.
 *
 * For each table description it works out once (and caches) whether the table is wanted, its topic, its
 * columns and key, and the entity parts it feeds; map_change() then turns a change into zero or more events.
 */
#ifndef TAILRACE_AGENT_MAP_MAP_H
#define TAILRACE_AGENT_MAP_MAP_H

#include "agent/config/config.h"
#include "agent/event/event.h"
#include "decoders/change.h"
#include "decoders/err.h"

struct map;

struct map_options {
    bool split_key_change; /* an update of the key becomes delete(old) + create(new): row topics; not for JSON
                              lines */
    bool tombstones;       /* a delete is followed by a null value under the same key */
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
 * that the log carries), forgets the old one. A mapping that cannot be right is ERR_CONFIG with the ALTER
 * TABLE to run when `map_strict()` is on (start), and is quarantined with a loud log text otherwise: see
 * map_quarantined().
 */
int map_change(struct map *m, const struct change *c, event_fn fn, void *ctx, struct err *e);

/* True for a table the configuration selects ("schema.table"); decides before any row is seen. */
bool map_wants(const struct map *m, const char *schema, const char *name);

/*
 * Checks a table as it is in the catalogue at start, before the first row: everything that map_change() would
 * find out at its CHANGE_SCHEMA, as ERR_CONFIG. `t` is only read during the call.
 */
int map_check(struct map *m, const struct table *t, struct err *e);

/* Number of mappings that stopped being right while running, and the text of the last one ("" none). */
size_t map_quarantined(const struct map *m, const char **text);

/* Names of entity topics of this source's mappings: i-th, NULL behind the last. Never compacted, kept for
 * ever. */
const char *map_entity_topic(const struct map *m, size_t i);

/* Changes with everything that shapes the stream: patterns, templates, keys, columns, mappings, version of
 * the rules. */
uint64_t map_fingerprint(const struct map *m);

#endif
