#include "agent/source/my_begun.h"

#include <string.h>

#include "agent/source/my_same.h"
#include "agent/source/my_stream.h"
#include "decoders/binlog/event.h"

/* A ROTATE that names the file, then its FORMAT_DESCRIPTION. */
static int read_begun(struct my_client *c, uint32_t *begun, struct err *e) {
    const uint8_t *event;
    size_t len;
    int rc;

    while ((rc = my_client_fetch(c, &event, &len, e)) == 1) {
        struct cursor at = cursor_of(event, len);
        uint32_t time;
        uint8_t type;
        if (!cursor_u32le(&at, &time) || !cursor_u8(&at, &type)) break;
        if (type == BINLOG_FORMAT_DESCRIPTION) {
            *begun = time;
            return 0;
        }
        if (type != BINLOG_ROTATE) break;
    }
    return rc < 0 ? -1 : err_set(e, ERR_DATA, "it does not begin with a FORMAT_DESCRIPTION event");
}

int my_begun(const struct config_source *config, const struct my_server *server, const char *file,
             uint32_t *begun, struct err *e) {
    struct binlog_position p = {.flavour = server->flavour, .from.offset = 4};
    struct my_client *c;
    int rc;

    *begun = 0;
    memcpy(p.from.file, file, strlen(file) + 1);
    if (my_same_open(config, server, &c, e)) return -1;
    rc = my_stream_look(c, server, &p, e) || read_begun(c, begun, e) ? my_stream_explain(c, config, e) : 0;
    my_client_close(c);
    if (!rc) return 0;
    if (e->code == ERR_GAP) {
        err_clear(e);
        return 0;
    }
    return err_prefix(e, "reading the beginning of %s", file);
}

int my_begun_note(const struct config_source *config, const struct my_server *server,
                  struct binlog_position *p, struct err *e) {
    struct binlog_place *const places[] = {&p->through, &p->from};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct binlog_place *at = places[i];
        if (!at->file[0] || at->begun || at->server != server->server_id) continue;
        if (i > 0 && at->server == places[0]->server && strcmp(at->file, places[0]->file) == 0)
            at->begun = places[0]->begun;
        else if (my_begun(config, server, at->file, &at->begun, e))
            return -1;
    }
    return 0;
}
