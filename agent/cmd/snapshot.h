/*
 * snapshot: `tailrace snapshot`: asks a running agent to read rows that are there, and about what it reads.
 *
 * The request, in words of agent/base/control.h: "snapshot", a verb (read, list, pause, resume, cancel), then
 * tables as SCHEMA.TABLE.
 */
#ifndef TAILRACE_AGENT_CMD_SNAPSHOT_H
#define TAILRACE_AGENT_CMD_SNAPSHOT_H

/* Runs it; the exit code. */
int cmd_snapshot(int argc, char **argv);

#endif
