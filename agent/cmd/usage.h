/*
 * usage: what `tailrace COMMAND --help` says.
 */
#ifndef TAILRACE_AGENT_CMD_USAGE_H
#define TAILRACE_AGENT_CMD_USAGE_H

#include <stdbool.h>

/* True when --help or -h stands among the arguments; argv[0] is the command's name. */
bool usage_asked(int argc, char **argv);

/*
 * Prints the usage line and summary that the registry has for this command, then `more`, or, when that is
 * NULL, every option of the configuration. Returns the exit code.
 */
int usage_print(const char *command, const char *more);

#endif
