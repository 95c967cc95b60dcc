/*
 * claims: which table goes to which topic, over all sources of the process.
 *
 * Each source's map keeps its own tables apart; here two sources meet that a template without {source} sends
 * to the same topic, where their keys would be taken for each other's. Sharing a topic on purpose is
 * possible: when each of the tables has it by a `topic` under `overrides`. A claim lasts as long as the
 * process: it is about the configuration.
 */
#ifndef TAILRACE_AGENT_PIPELINE_CLAIMS_H
#define TAILRACE_AGENT_PIPELINE_CLAIMS_H

#include <stdbool.h>

#include "decoders/err.h"

struct claims;

/* Nobody has claimed anything. NULL with `e` when memory runs out. */
struct claims *claims_new(struct err *e);
void claims_free(struct claims *c);

/*
 * Gives `topic` to `owner` ("table shop.public.orders"), who may ask again; `by_name`: an override says so.
 * ERR_CONFIG names both owners when the topic, or one that Kafka takes for the same, is another's. `ctx` is
 * the struct claims. Any thread.
 */
int claims_take(void *ctx, const char *topic, const char *owner, bool by_name, struct err *e);

#endif
