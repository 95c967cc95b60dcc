/*
 * tail: `tailrace tail`, which shows what is in topics and files.
 */
#ifndef TAILRACE_AGENT_CMD_TAIL_H
#define TAILRACE_AGENT_CMD_TAIL_H

/* Runs it; returns the exit code: EXIT_DATA when a record was not understood (it is said, and passed over).
 */
int cmd_tail(int argc, char **argv);

#endif
