/*
 * pg_streamed: the publications that a stream names, for those who read beside it.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_STREAMED_H
#define TAILRACE_AGENT_SOURCE_PG_STREAMED_H

#include "agent/source/pg_text.h"

#define PG_STREAMED_MAX 2

struct pg_streamed {
    char publication[PG_NAME_MAX]; /* the main one, named or not */
    char names[PG_STREAMED_MAX][PG_NAME_MAX];
    size_t count;
};

#endif
