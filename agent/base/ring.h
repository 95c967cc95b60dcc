/*
 * ring: the bounded road from one reader thread to one pipeline thread.
 *
 * Records (a small header and bytes) are packed into blocks; a block changes hands as a whole, so that the
 * threads meet once per block and not once per row. The producer never blocks: when the budget is used up
 * ring_reserve() says no and the producer waits for ring_space_fd() in its own poll, beside its socket and
 * timers. A record larger than the budget is let through when the ring is otherwise empty (its memory is
 * given back afterwards), so that a huge row passes.
 *
 * Exactly one thread produces and one consumes. Both fds are eventfds, level-triggered until the matching
 * call.
 */
#ifndef TAILRACE_AGENT_BASE_RING_H
#define TAILRACE_AGENT_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/err.h"

struct ring;

/* A ring that holds at most `budget` bytes. NULL and `e` on failure. */
struct ring *ring_new(size_t budget, struct err *e);
void ring_free(struct ring *r);

/*
 * Producer: room for a record of `len` bytes, aligned to 8, or NULL: no room now (*full) or no memory
 * (!*full). The record counts only after ring_commit(); a second reserve without commit forgets the first.
 */
void *ring_reserve(struct ring *r, size_t len, bool *full);
void ring_commit(struct ring *r);

/* Producer: hands over the block under construction; call before going to sleep, or records wait in it
 * unseen. */
void ring_flush(struct ring *r);

/* Producer: readable when room may have come free after ring_reserve() said no. Reset by ring_space_clear().
 */
int ring_space_fd(const struct ring *r);
void ring_space_clear(struct ring *r);

/*
 * Consumer: the next record, or NULL when there is none now. It stays valid until the next call. The previous
 * record's block goes back to the producer when its last record was consumed.
 */
const void *ring_next(struct ring *r, size_t *len);

/* Consumer: readable when blocks may be waiting. Reset by ring_data_clear(); then look with ring_next()
 * again. */
int ring_data_fd(const struct ring *r);
void ring_data_clear(struct ring *r);

/* Bytes held now and at most so far, any thread. */
size_t ring_held(const struct ring *r);
size_t ring_peak(const struct ring *r);

#endif
