/*
 * spill: bytes put away in order and read back in order: what does not fit into memory for as long as it must
 * be kept. The decoders know only this face; agent/base/spill_file.c keeps it in an unlinked file of the
 * state directory, so nothing outlives the process (it can always be read from the log again).
 */
#ifndef TAILRACE_DECODERS_SPILL_H
#define TAILRACE_DECODERS_SPILL_H

#include <stddef.h>

#include "decoders/err.h"

struct spill_ops;

struct spill {
    const struct spill_ops *ops;
};

struct spill_ops {
    /* Appends a record; ERR_IO when the disk is full. */
    int (*put)(struct spill *s, const void *data, size_t len, struct err *e);
    /* Begins reading at the first record. */
    int (*rewind)(struct spill *s, struct err *e);
    /* The next record, valid until the next call; *len 0: the end. */
    int (*next)(struct spill *s, const void **data, size_t *len, struct err *e);
    void (*free)(struct spill *s);
};

#endif
