/*
 * saver: checkpoints written by a thread of their own, so that no row waits for the disk.
 *
 * One save at a time: begin it, go on, take its result when `saver_fd()` is readable. Nothing may be
 * acknowledged before that. Used by one thread.
 */
#ifndef TAILRACE_AGENT_ACK_SAVER_H
#define TAILRACE_AGENT_ACK_SAVER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ack/checkpoint.h"
#include "agent/base/clock.h"

struct saver;

/* Starts the thread. `store` and `clock` outlive it; only the saver writes to the store meanwhile. NULL with
 * `e`. */
struct saver *saver_new(struct checkpoint_store *store, const struct clock *clock, struct err *e);

/* Waits until what is being written is. NULL is nothing. */
void saver_free(struct saver *s);

/* Readable when a result is there to be taken. */
int saver_fd(const struct saver *s);

/* Begins to write a checkpoint, of which it keeps a copy; not before the result of the last one is taken. */
int saver_begin(struct saver *s, const struct checkpoint *c, struct err *e);

enum saver_result { SAVER_NOTHING, SAVER_SAVED, SAVER_FAILED };

/*
 * The result of what was begun, once: SAVED, how long that took in *took_us; FAILED with `e`: the checkpoint
 * before is still whole. NOTHING: it is not there yet (never, when `wait` is set) or nothing was begun.
 */
enum saver_result saver_take(struct saver *s, bool wait, int64_t *took_us, struct err *e);

#endif
