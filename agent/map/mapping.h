/*
 * mapping: one entry of an entity's `from:`, compiled and checked against the entity's schema.
 */
#ifndef TAILRACE_AGENT_MAP_MAPPING_H
#define TAILRACE_AGENT_MAP_MAPPING_H

#include "agent/config/config.h"
#include "agent/event/event.h"
#include "agent/map/condition.h"
#include "agent/map/template.h"
#include "decoders/arena.h"

/* Systems in order of trust. */
struct truth {
    const char *const *systems;
    size_t count;
};

struct mapping_field {
    const char *name;
    const char *column;    /* NULL: a constant */
    struct value constant; /* PRESENT, TEXT */
    struct truth truth;
};

struct mapping {
    const struct config_entity *entity;
    const struct config_mapping *config;
    const char *table; /* "schema.table" (MySQL: "database.table"), a tail of config->table */
    const struct entity_part *part;
    struct template *key;
    struct template *item;  /* NULL: single part */
    struct condition *when; /* NULL: always */
    struct mapping_field *fields;
    size_t nfields;
    struct truth truth;
    char *broken; /* why it is quarantined; NULL: it is not */
};

/* The schema of an entity in a list closed by NULL (which may be NULL). ERR_CONFIG: unknown, with the nearest
 * name. */
int mapping_schema(const struct config_entity *entity, const struct entity_schema *const *schemas,
                   const struct entity_schema **out, struct err *e);

/* Checks that what `truth:` of an entity names exists. */
int mapping_check_truth(const struct config_entity *entity, const struct entity_schema *schema,
                        struct err *e);

/*
 * Compiles one entry for the source whose name is the first `prefix` bytes of its table. Small things come
 * from `arena`; release with mapping_release(), also after an error. ERR_CONFIG begins with the entry's
 * place.
 */
int mapping_init(struct mapping *m, const struct config_entity *entity, const struct config_mapping *config,
                 size_t prefix, const struct entity_schema *schema, struct arena *arena, struct err *e);
void mapping_release(struct mapping *m);

/* Puts "place: entity.part from table" in front of an error. Returns -1. */
int mapping_prefix(const struct config_entity *entity, const struct config_mapping *config, struct err *e);

#endif
