/*
 * version: `tailrace version`.
 */
#ifndef TAILRACE_AGENT_CMD_VERSION_H
#define TAILRACE_AGENT_CMD_VERSION_H

/* Prints name, version, and those of the libraries in use. */
int cmd_version(int argc, char **argv);

#endif
