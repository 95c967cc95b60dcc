/*
 * overlay: flags laid over the tree of a file.
 */
#ifndef TAILRACE_AGENT_CONFIG_OVERLAY_H
#define TAILRACE_AGENT_CONFIG_OVERLAY_H

#include "agent/config/args.h"
#include "agent/config/tree.h"
#include "decoders/err.h"

/*
 * Puts the flags into the tree, where they win over what a file said: a single value is replaced, so is a
 * list as a whole (its flags gather), and a map name by name. Plain flags of a source go to the only source
 * there is; without one, to a new source named by --name, else after the database of --source.
 */
int overlay_flags(const struct args *args, struct node *root, struct arena *a, struct err *e);

#endif
