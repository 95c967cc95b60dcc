/*
 * my_chunk: one chunk, on the connection that my_chunks.c has: the transaction, the SELECT, and the frames.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_CHUNK_H
#define TAILRACE_AGENT_SOURCE_MY_CHUNK_H

#include <stdatomic.h>

#include "agent/source/my_table.h"
#include "agent/source/my_visible.h"
#include "agent/source/source.h"

/* Pushes a frame, however long the ring takes to have room. ERR_STOPPED. */
typedef int (*my_chunk_push_fn)(void *ctx, const struct frame *f, struct err *e);

struct my_chunk_parts {
    const struct config_source *config;
    const struct clock *clock;
    struct my_client *sql; /* its session set up: my_chunk_session() */
    const struct my_server *server;
    const struct my_collations *collations;
    struct my_visible *visible;
    const struct source_chunk *ask;
    const atomic_bool *cut;
    my_chunk_push_fn push;
    void *ctx;
};

struct my_chunk_end {
    enum source_chunk_outcome outcome;
    uint64_t rows;
    struct buf after;
    bool hang_up; /* the connection is of no use any more */
};

/* Reads a chunk up to its FRAME_CHUNK_END, which is the caller's. `out` was zeroed; `e` as the outcome has
 * it. */
void my_chunk_read(const struct my_chunk_parts *p, struct my_chunk_end *out, struct err *e);

/* Sets up a new connection to read by. */
int my_chunk_session(struct my_client *c, const struct my_server *s, struct err *e);

#endif
