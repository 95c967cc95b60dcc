/*
 * checkpoint: what must survive kill -9, one small file per source: STATE/NAME.checkpoint.
 *
 * Layout (big-endian): magic "TRCK" u32, version u16, count of sections u16; per section tag u16, length u32,
 * bytes; then CRC-32C of everything before it, u32. Each tag at most once; a version or tag that this build
 * does not know is refused, and so is a torn or foreign file: there is no falling back to an older copy,
 * because that would be a false gap or a silent repeat.
 *
 * Writing: temporary file in the same directory, fsync, rename, fsync of the directory.
 */
#ifndef TAILRACE_AGENT_ACK_CHECKPOINT_H
#define TAILRACE_AGENT_ACK_CHECKPOINT_H

#include "decoders/buf.h"
#include "decoders/err.h"

enum checkpoint_section {
    CHECKPOINT_SOURCE = 1,   /* kind of source, text: "postgresql" */
    CHECKPOINT_IDENTITY = 2, /* who the positions were taken from (opaque) */
    CHECKPOINT_POSITION = 3, /* where to go on (opaque) */
    CHECKPOINT_POSITION_TEXT = 4,
    CHECKPOINT_PROGRESS = 5,    /* last delivered change inside the open transaction (opaque); empty: none */
    CHECKPOINT_FINGERPRINT = 6, /* of what shapes the stream: progress is valid only with the same */
    CHECKPOINT_EPOCH = 7,       /* u64 */
    CHECKPOINT_SNAPSHOT = 8,    /* "never", or how far each table is (agent/pipeline/backfill_state.h) */
    CHECKPOINT_SHAPES = 9,      /* table shapes (sources whose log does not describe them) */
    CHECKPOINT_PREPARED = 10,   /* open or prepared transactions */
    CHECKPOINT_WRITTEN_US = 11, /* wall clock of the write, u64 */
    CHECKPOINT_OUTPUT = 12,     /* sink's own mark: file length at the checkpoint, u64 */
    CHECKPOINT_SECTIONS = 13,
};

struct checkpoint {
    struct buf sections[CHECKPOINT_SECTIONS]; /* by tag; empty = absent */
};

/* Frees the sections. */
void checkpoint_release(struct checkpoint *c);

/* Sets a section to these bytes, or to a big-endian integer; -1 when memory runs out. */
int checkpoint_set(struct checkpoint *c, enum checkpoint_section s, const void *data, size_t len,
                   struct err *e);
int checkpoint_set_u64(struct checkpoint *c, enum checkpoint_section s, uint64_t v, struct err *e);

/* The integer in a section, or `missing` when the section is absent or not 8 bytes long. */
uint64_t checkpoint_u64(const struct checkpoint *c, enum checkpoint_section s, uint64_t missing);

/* The byte layout above, without files: for tests, `checkpoint show`, other stores. */
int checkpoint_encode(const struct checkpoint *c, struct buf *out, struct err *e);
int checkpoint_decode(const void *data, size_t len, struct checkpoint *out, struct err *e);

struct checkpoint_store;

/* Makes the directory with mode 0700, durably, unless it is there; its parent must be. */
int checkpoint_make_directory(const char *dir, struct err *e);

/*
 * Opens the store of one source in the directory `dir` (made with mode 0700 when missing, its parent must
 * exist) and takes its lock file NAME.lock. ERR_FENCED names the pid that holds the lock.
 */
int checkpoint_store_open(const char *dir, const char *source, struct checkpoint_store **out, struct err *e);
void checkpoint_store_close(struct checkpoint_store *s);

/* Reads it: 0 and *found; -1 for a file that cannot be read or trusted (ERR_DATA; the text names it and the
 * remedy). */
int checkpoint_load(struct checkpoint_store *s, struct checkpoint *out, bool *found, struct err *e);

/* Durably replaces it. After -1 the old one is still whole. */
int checkpoint_save(struct checkpoint_store *s, const struct checkpoint *c, struct err *e);

/* The same with the bytes of checkpoint_encode(). From another thread too, but one call at a time. */
int checkpoint_write(struct checkpoint_store *s, const struct buf *bytes, struct err *e);

/* Removes the checkpoint file (durably) and the lock file; close the store next. 0 also when there was none.
 */
int checkpoint_remove(struct checkpoint_store *s, struct err *e);

/* Reads one without taking the lock, for `checkpoint show`. */
int checkpoint_peek(const char *dir, const char *source, struct checkpoint *out, bool *found, struct err *e);

#endif
