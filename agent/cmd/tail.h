/*
 * tail: `tailrace tail`, which shows what is in topics and files.
 */
#ifndef TAILRACE_AGENT_CMD_TAIL_H
#define TAILRACE_AGENT_CMD_TAIL_H

int cmd_tail(int argc, char **argv);

#endif
