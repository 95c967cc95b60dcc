/*
 * command: what a word after `tailrace` means. The table of commands is in agent/registry.c.
 */
#ifndef TAILRACE_AGENT_CMD_COMMAND_H
#define TAILRACE_AGENT_CMD_COMMAND_H

struct command {
    const char *name;
    const char *usage;   /* "run [CONFIG.yaml] [OPTION...]" */
    const char *summary; /* one line for --help */
    /* Runs it; argv[0] is the command's name. Returns the process's exit code (agent/cmd/exit.h). */
    int (*run)(int argc, char **argv);
};

#endif
