#include "agent/cmd/usage.h"

#include <stdio.h>
#include <string.h>

#include "agent/cmd/exit.h"
#include "agent/config/config.h"
#include "agent/registry.h"
#include "decoders/buf.h"

bool usage_asked(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) return false;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    }
    return false;
}

int usage_print(const char *command, const char *more) {
    const struct command *c = registry_command(command);
    struct buf options = {0};
    int rc = EXIT_DONE;
    if (c != NULL) printf("tailrace %s: %s\n\nUsage: tailrace %s\n\n", c->name, c->summary, c->usage);
    if (more == NULL) config_help(&options);
    if (buf_failed(&options) || fputs(more != NULL ? more : buf_cstr(&options), stdout) == EOF ||
        fflush(stdout) != 0)
        rc = EXIT_ERROR;
    buf_release(&options);
    return rc;
}
