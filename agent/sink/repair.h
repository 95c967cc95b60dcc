/*
 * repair: an output file that ends in the middle of a record, because its writer was killed or the disk was
 * full. What is torn was never reported as delivered, so it comes again.
 */
#ifndef TAILRACE_AGENT_SINK_REPAIR_H
#define TAILRACE_AGENT_SINK_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/err.h"

/*
 * Finds where the last whole record of the regular file `fd` ends: behind its last '\n', or, `delimited`,
 * behind the last record that is all there (reads the file's lengths from the start). ERR_DATA when it cannot
 * be a file of delimited records at all.
 */
int repair_find_end(int fd, bool delimited, uint64_t *end, uint64_t *size, struct err *e);

#endif
