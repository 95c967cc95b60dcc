/*
 * args: a command line, taken apart.
 *
 * Both `--x value` and `--x=value`; a flag of a bool may stand alone. `--` ends the flags. One argument may
 * be the name of a file. What looks like a secret is overwritten in argv before anything else is done with
 * it.
 */
#ifndef TAILRACE_AGENT_CONFIG_ARGS_H
#define TAILRACE_AGENT_CONFIG_ARGS_H

#include "agent/config/option.h"
#include "decoders/err.h"

struct arg {
    struct option_path path;
    const char *place; /* "--tables" */
    const char *value;
    struct arg *next;
};

struct args {
    const char *file; /* NULL: none */
    struct arg *first;
    struct arg *last;
};

/* Reads argv[1] onwards; argv[0] is the command's name. Copies what it needs into the arena. */
int args_read(int argc, char **argv, struct arena *a, struct args *out, struct err *e);

#endif
