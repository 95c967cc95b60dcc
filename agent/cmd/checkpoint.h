/*
 * checkpoint: `tailrace checkpoint show`, what a state directory knows, for people and programs.
 */
#ifndef TAILRACE_AGENT_CMD_CHECKPOINT_H
#define TAILRACE_AGENT_CMD_CHECKPOINT_H

/* checkpoint show --state DIR [--json] [NAME...]. Reads without taking the lock; changes nothing. */
int cmd_checkpoint(int argc, char **argv);

#endif
