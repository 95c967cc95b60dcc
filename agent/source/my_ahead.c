#include "agent/source/my_ahead.h"

#include <poll.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/source/my_same.h"
#include "agent/source/my_stream.h"

#define LOOK_BYTES ((size_t)1 << 20)  /* read between two looks at stop_fd */
#define SAY_BYTES ((uint64_t)1 << 28) /* so much is worth a word */

int my_ahead_init(struct my_ahead *a, const struct config_source *config, int stop_fd, struct err *e) {
    *a = (struct my_ahead){.config = config, .stop_fd = stop_fd, .index = ddl_index_new()};
    return a->index ? 0 : err_memory(e, "reading the log ahead");
}

void my_ahead_release(struct my_ahead *a) {
    ddl_index_free(a->index);
    a->index = NULL;
}

static bool reached(const struct my_ahead *a, const struct binlog_place *to) {
    return binlog_place_compare(ddl_index_end(a->index), to) >= 0;
}

static bool is_told_to_stop(const struct my_ahead *a) {
    struct pollfd fd = {.fd = a->stop_fd, .events = POLLIN};

    return a->stop_fd > 0 && poll(&fd, 1, 0) > 0;
}

static int feed_all(struct my_ahead *a, struct my_client *c, const struct binlog_place *to, struct err *e) {
    const uint8_t *event;
    size_t len, since = LOOK_BYTES;
    uint64_t all = 0;
    int rc = 1;

    while (rc == 1 && !reached(a, to)) {
        if (since >= LOOK_BYTES && is_told_to_stop(a)) return err_set(e, ERR_STOPPED, "stopped");
        since = since >= LOOK_BYTES ? 0 : since;
        rc = my_client_fetch(c, &event, &len, e);
        if (rc == 1 && ddl_index_feed(a->index, event, len, e)) return -1;
        if (rc == 1) since += len;
        if (rc == 1 && all < SAY_BYTES && (all += len) >= SAY_BYTES)
            log_msg(LOG_INFO, a->config->name,
                    "reading the log ahead: whether what the tables are now is what they were");
    }
    if (rc == 0 && !reached(a, to)) return err_set(e, ERR_IO, "the server's log ended before its end");
    return rc < 0 ? -1 : 0;
}

int my_ahead_read(struct my_ahead *a, const struct my_server *server, const struct binlog_position *from,
                  const struct binlog_place *to, struct err *e) {
    struct binlog_position begin = *from; /* a copy that owns nothing */
    struct my_client *c;
    int rc;

    if (ddl_index_covers(a->index, &from->from)) {
        begin.from = *ddl_index_end(a->index);
        begin.from.gtids = from->from.gtids;
    } else {
        ddl_index_clear(a->index, &from->from);
    }
    if (begin.from.file[0] && reached(a, to)) return 0;
    if (my_same_open(a->config, server, &c, e)) return -1;
    ddl_index_connect(a->index);
    rc = my_stream_look(c, server, &begin, e);
    if (!rc) rc = feed_all(a, c, to, e);
    my_client_close(c);
    if (rc) err_prefix(e, "reading the log ahead");
    return rc;
}
