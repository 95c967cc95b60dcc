#include "agent/source/my_same.h"

#include <string.h>

#include "agent/source/my_conn.h"
#include "agent/source/my_identity.h"

int my_same_open(const struct config_source *config, const struct my_server *server, struct my_client **out,
                 struct err *e) {
    struct my_server there;
    struct my_identity id = {.flavour = server->flavour, .server_id = server->server_id};

    memcpy(id.uuid, server->uuid, sizeof id.uuid);
    if (my_conn_open(config, MY_CONN_SQL_S, out, e)) return -1;
    if (my_server_read(*out, config, &there, e) == 0) {
        if (my_identity_same(&id, &there)) return 0;
        err_set(e, ERR_IO, "another server answers than a moment ago");
    }
    my_client_close(*out);
    *out = NULL;
    return -1;
}
