/*
 * drop: `tailrace drop`, removes what a source left behind: its slot, its publications, its checkpoint.
 */
#ifndef TAILRACE_AGENT_CMD_DROP_H
#define TAILRACE_AGENT_CMD_DROP_H

/* Takes the same configuration as run. Removes the checkpoint last, so that a failed drop can be repeated. */
int cmd_drop(int argc, char **argv);

#endif
