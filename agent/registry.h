/*
 * registry: the const tables of everything that plugs in. A new source, encoder, sink or command is one row
 * here.
 */
#ifndef TAILRACE_AGENT_REGISTRY_H
#define TAILRACE_AGENT_REGISTRY_H

#include <stddef.h>

#include "agent/cmd/command.h"
#include "agent/config/config.h"
#include "agent/encode/encoder.h"
#include "agent/sink/sink.h"
#include "agent/source/source.h"

/* The source for the scheme of a URL ("postgresql"), NULL when there is none. */
const struct source_ops *registry_source(const char *scheme);

/* The encoder of row topics, and that of entity events: text where the sink holds lines, protobuf elsewhere.
 */
const struct encoder_ops *registry_encoder(enum config_encoding encoding);
const struct encoder_ops *registry_entity_encoder(enum config_encoding encoding, enum config_sink_type sink);

/* Entities that a mapping may feed, closed by NULL. */
const struct entity_schema *const *registry_schemas(void);

/* The sink of a type. */
const struct sink_ops *registry_sink(enum config_sink_type type);

/* The command of that name, NULL when there is none; and the i-th one, NULL behind the last. */
const struct command *registry_command(const char *name);
const struct command *registry_command_at(size_t i);

#endif
