#include "agent/pipeline/claims.h"

#include <pthread.h>
#include <stdlib.h>

#include "agent/map/topic.h"

struct claims {
    pthread_mutex_t lock;
    struct topics all;    /* with who came first */
    struct topics shared; /* those that somebody has by name, all with the same owner */
};

struct claims *claims_new(struct err *e) {
    struct claims *c = calloc(1, sizeof *c);

    if (c && pthread_mutex_init(&c->lock, NULL) == 0) return c;
    free(c);
    err_memory(e, "starting");
    return NULL;
}

void claims_free(struct claims *c) {
    if (!c) return;
    pthread_mutex_destroy(&c->lock);
    topics_release(&c->all);
    topics_release(&c->shared);
    free(c);
}

/* Whether the first to come has exactly this topic by name, too. */
static bool is_shared(struct claims *c, const char *topic) {
    bool fresh;

    if (topics_claim(&c->shared, topic, "", &fresh, NULL) < 0) return false;
    topics_release_claim(&c->shared, topic);
    return !fresh;
}

static int take(struct claims *c, const char *topic, const char *owner, bool by_name, struct err *e) {
    bool fresh;

    if (by_name && is_shared(c, topic)) return 0;
    if (topics_claim(&c->all, topic, owner, &fresh, e) < 0) return -1;
    return by_name && fresh ? topics_claim(&c->shared, topic, "", NULL, e) : 0;
}

int claims_take(void *ctx, const char *topic, const char *owner, bool by_name, struct err *e) {
    struct claims *c = ctx;
    int rc;

    pthread_mutex_lock(&c->lock);
    rc = take(c, topic, owner, by_name, e);
    pthread_mutex_unlock(&c->lock);
    return rc;
}
