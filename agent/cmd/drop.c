#include "agent/cmd/drop.h"

#include "agent/ack/checkpoint.h"
#include "agent/base/log.h"
#include "agent/cmd/exit.h"
#include "agent/cmd/usage.h"
#include "agent/config/config.h"
#include "agent/registry.h"

/* Under the lock, so that nothing is taken from a running agent; the checkpoint goes last. */
static int drop_source(const struct config *c, const struct config_source *s, struct err *e) {
    const struct source_ops *ops = registry_source(s->scheme);
    struct checkpoint_store *store = NULL;
    int rc;

    if (!ops)
        return err_set(e, ERR_CONFIG, "source %s: there is no source for %s:// URLs", s->name, s->scheme);
    if (c->state && checkpoint_store_open(c->state, s->name, &store, e)) return -1;
    rc = ops->drop(s, e);
    if (!rc && store) rc = checkpoint_remove(store, e);
    checkpoint_store_close(store);
    return rc;
}

int cmd_drop(int argc, char **argv) {
    struct config *c;
    struct err e = {0};
    int rc = 0;

    if (usage_asked(argc, argv)) return usage_print("drop", NULL);
    if (config_load(argc, argv, &c, &e)) return exit_report(&e);
    log_setup(c->log_level, c->log_format);
    for (size_t i = 0; i < c->nsources && !rc; i++) rc = drop_source(c, &c->sources[i], &e);
    config_free(c);
    return rc ? exit_report(&e) : EXIT_DONE;
}
