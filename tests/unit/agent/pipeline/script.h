/*
 * script: a source, a log and a sink that do what a test says, so that the pipeline between them can be
 * looked at.
 *
 * The log is a string. 'B' begins a transaction, 'i' is a row of it, 'C' commits, 'k' is a keepalive; each
 * letter is one frame, and its index + 1 its position. The source sends the letters behind the position it is
 * told to resume from, and remembers what was acknowledged. The sink takes records and answers when the
 * test's script lets it.
 */
#ifndef TAILRACE_TESTS_PIPELINE_SCRIPT_H
#define TAILRACE_TESTS_PIPELINE_SCRIPT_H

#include "agent/sink/sink.h"
#include "agent/source/source.h"

struct script {
    const char *log;
    size_t end; /* --until end: this position */
    /* What the sink does. */
    uint64_t fail_record;  /* this record's delivery fails for good (1: the first); 0: none */
    uint64_t fatal_record; /* the sink breaks down at this record, once; 0: never */
    uint64_t silent_from;  /* no answers from this record on; 0: always answers */
    unsigned full_every;   /* every n-th send is refused once; 0: never */
    bool sync_fails;
    /* What was seen. */
    size_t sent;
    size_t rows_sent[64];  /* by position: how often that row was sent */
    uint8_t order[512];    /* the rows as they were sent, */
    char ops[512];         /* and what happened to each: "op" of its JSON */
    size_t opened;         /* lives of the sink */
    uint64_t acknowledged; /* last position */
    uint64_t starts[8];    /* positions the source was started from */
    size_t nstarts;
    bool went_back; /* an acknowledgement was below the one before */
    bool ahead;     /* an acknowledgement covered a row that no answer had come for */
    bool delivered[64];
};

extern struct script script;
extern const struct source_ops script_source;
extern const struct sink_ops script_sink;

#endif
