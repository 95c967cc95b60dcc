/*
 * version: `tailrace version`.
 */
#ifndef TAILRACE_AGENT_CMD_VERSION_H
#define TAILRACE_AGENT_CMD_VERSION_H

/* Prints name and version. */
int cmd_version(int argc, char **argv);

#endif
