#include "agent/cmd/exit.h"

#include "agent/base/log.h"

int exit_code(const struct err *e) {
    switch (e->code) {
    case ERR_NONE:
    case ERR_STOPPED: return EXIT_DONE;
    case ERR_CONFIG: return EXIT_USAGE;
    case ERR_GAP: return EXIT_GAP;
    case ERR_FENCED: return EXIT_FENCED;
    case ERR_DATA: return EXIT_DATA;
    case ERR_MEMORY:
    case ERR_IO:
    case ERR_CLOSED: break;
    }
    return EXIT_ERROR;
}

int exit_report(const struct err *e) {
    if (e->code != ERR_CLOSED && e->code != ERR_STOPPED) log_plain(e->text);
    return exit_code(e);
}
