/*
 * tail_input: records out of a file or standard input: JSON lines, or messages behind their length as a
 * varint.
 */
#ifndef TAILRACE_AGENT_CMD_TAIL_INPUT_H
#define TAILRACE_AGENT_CMD_TAIL_INPUT_H

#include "agent/cmd/tail_record.h"
#include "decoders/buf.h"
#include "decoders/err.h"

struct tail_input {
    const char *name; /* for messages */
    int fd;
    bool known; /* which of the two it is */
    bool lines;
    bool ended;
    uint64_t offset; /* of window[at] in the file */
    size_t at;       /* what is consumed of `window` */
    struct buf window;
};

/* Opens a file, or standard input for "-". ERR_CONFIG when it cannot be opened. */
int tail_input_open(struct tail_input *in, const char *name, enum tail_form form, struct err *e);

/*
 * The next record, valid until the next call: 1, or 0 at the end, or -1 (ERR_IO; ERR_DATA when the file ends
 * inside a message, or one claims to be larger than 1 GiB).
 */
int tail_input_next(struct tail_input *in, const uint8_t **data, size_t *len, struct err *e);

/* Bytes that were read ahead: 0 means that the next call may wait for more to come. */
size_t tail_input_ahead(const struct tail_input *in);

/* Closes the file and frees the memory. */
void tail_input_close(struct tail_input *in);

#endif
