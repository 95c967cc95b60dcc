/*
 * exit: the process's exit codes, documented and stable. 2 to 5 do not heal by restarting.
 */
#ifndef TAILRACE_AGENT_CMD_EXIT_H
#define TAILRACE_AGENT_CMD_EXIT_H

#include "decoders/err.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_ERROR = 1,  /* retry may help */
    EXIT_USAGE = 2,  /* usage or configuration */
    EXIT_GAP = 3,    /* the source can no longer give what follows our position */
    EXIT_FENCED = 4, /* another agent is at work */
    EXIT_DATA = 5,   /* data that is not understood */
};

/* The exit code for an error. */
int exit_code(const struct err *e);

/* Prints "tailrace: TEXT" on stderr, unless the reader of our output just went away, and returns the exit
 * code. */
int exit_report(const struct err *e);

#endif
