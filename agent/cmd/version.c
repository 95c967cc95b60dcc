#include "agent/cmd/version.h"

#include <stdio.h>

#include "agent/cmd/exit.h"

int cmd_version(int argc, char **argv) {
    (void)argc;
    (void)argv;
    printf("tailrace %s\n", TAILRACE_VERSION);
    return EXIT_DONE;
}
