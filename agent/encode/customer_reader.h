/*
 * customer_reader: a tailrace.customer.v1.CustomerEvent back into the event it was made from.
 *
 * Bounded and strict like change_reader. Values of typed fields come back as what the schema calls them:
 * text, whole numbers, booleans; attributes with their own types.
 */
#ifndef TAILRACE_AGENT_ENCODE_CUSTOMER_READER_H
#define TAILRACE_AGENT_ENCODE_CUSTOMER_READER_H

#include "agent/event/event.h"
#include "decoders/arena.h"
#include "decoders/err.h"

#define CUSTOMER_READER_MAX_FIELDS 4096

/* Reads one record; *out lives in `a` and in `data`. ERR_DATA: not a CustomerEvent, or a newer one.
 * ERR_MEMORY. */
int customer_read(const void *data, size_t len, struct arena *a, const struct event **out, struct err *e);

#endif
