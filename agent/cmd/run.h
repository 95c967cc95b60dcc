/*
 * run: `tailrace run`, one pipeline thread per source under one signal handler.
 */
#ifndef TAILRACE_AGENT_CMD_RUN_H
#define TAILRACE_AGENT_CMD_RUN_H

/* Streams until told to stop. The worst exit code of the sources is the process's. */
int cmd_run(int argc, char **argv);

#endif
