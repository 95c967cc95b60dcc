/*
 * image: the value of a column before and after a change, as far as the log tells.
 *
 * A log may leave values out: an old image that holds only identity columns, or none because they did not
 * change; a large value that did not change. What one image lacks, the other may know.
 */
#ifndef TAILRACE_AGENT_MAP_IMAGE_H
#define TAILRACE_AGENT_MAP_IMAGE_H

#include <stdbool.h>

#include "decoders/change.h"

/* True when the log carries the old value of this column for every UPDATE and DELETE. */
bool image_has_old(const struct table *t, size_t column);

/* True when the log carries UPDATE and DELETE of this table at all: it has a replica identity. */
bool image_has_identity(const struct table *t);

/* The value in the row as it was (UPDATE, DELETE) and as it became (INSERT, UPDATE); NULL: the log does not
 * tell. */
const struct value *image_old(const struct change *c, size_t column);
const struct value *image_new(const struct change *c, size_t column);

#endif
