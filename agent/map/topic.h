/*
 * topic: names of Kafka topics: what is legal, how a table gets one, and who has it.
 *
 * Kafka takes 1 to 249 of the characters a-z A-Z 0-9 . _ - but neither "." nor "..", and no two topics that
 * differ in '.' and '_' only. The placeholders of a template are {source}, {database}, {schema} and {table};
 * in the names put there, each byte that Kafka does not take becomes '_'. For a table without schema (MySQL)
 * {schema} stands for its database; where the template names {database} too, it is left out with the '.', '-'
 * or '_' beside it.
 */
#ifndef TAILRACE_AGENT_MAP_TOPIC_H
#define TAILRACE_AGENT_MAP_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/map/template.h"
#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/err.h"

/* Compiles a topic template: only the placeholders above, only legal text between them. Free with
 * template_free(). */
int topic_template(const char *text, struct template **out, struct err *e);

/* Appends the topic of table `t`. *replaced tells that a character had to go. ERR_CONFIG: too long, or no
 * name. */
int topic_render(const struct template *tpl, const char *source, const char *database, const struct table *t,
                 struct buf *out, bool *replaced, struct err *e);

/* ERR_CONFIG when `name` is no legal topic. */
int topic_check(const char *name, struct err *e);

/* Which topic belongs to whom. Empty when zeroed. */
struct topics {
    struct topic_claim *items; /* sorted by name, '.' as '_' */
    size_t count;
    size_t cap;
};

/*
 * Gives `topic` to `owner` ("table shop.public.orders"); the same owner may claim it again, and releases it
 * as often. *fresh (may be NULL): nobody had it. ERR_CONFIG when another owner has it, or one that Kafka
 * takes for the same: names both, and what to write.
 */
int topics_claim(struct topics *all, const char *topic, const char *owner, bool *fresh, struct err *e);

/* Gives one claim back. Harmless for a topic that nobody has. */
void topics_release_claim(struct topics *all, const char *topic);

/* Frees all claims. */
void topics_release(struct topics *all);

#endif
