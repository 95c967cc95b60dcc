/*
 * spill_file: a struct spill in a file without a name: nothing of it outlives the process.
 */
#ifndef TAILRACE_AGENT_BASE_SPILL_FILE_H
#define TAILRACE_AGENT_BASE_SPILL_FILE_H

#include "decoders/spill.h"

/*
 * An empty one in directory `dir` (NULL: where the system keeps temporary files). It is made readable for
 * nobody else. NULL with ERR_IO that names the directory. Freed by its ops.
 */
struct spill *spill_file_new(const char *dir, struct err *e);

#endif
