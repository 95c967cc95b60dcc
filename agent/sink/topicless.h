/*
 * topicless: the operations of sinks that put every record in one place.
 */
#ifndef TAILRACE_AGENT_SINK_TOPICLESS_H
#define TAILRACE_AGENT_SINK_TOPICLESS_H

#include "agent/sink/sink.h"

/* See struct sink_ops: every topic has the handle 0, one partition, and takes records of any size. */
int topicless_topic(struct sink *s, const struct sink_topic *t, bool (*keep_going)(void *ctx), void *ctx,
                    uint32_t *handle, struct err *e);
int32_t topicless_partitions(struct sink *s, uint32_t topic);
size_t topicless_max_record(struct sink *s, uint32_t topic);

#endif
