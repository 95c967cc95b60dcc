#include "agent/source/my_conn.h"

#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "agent/config/secret.h"
#include "agent/source/my_params.h"

#define PINS "SET NAMES utf8mb4, SESSION time_zone = '+00:00', SESSION sql_mode = ''"

static int try_one(struct my_params *p, size_t i, const struct config_source *s, struct my_client **out,
                   struct err *e) {
    p->options.host = p->servers[i].host;
    p->options.port = p->servers[i].port;
    if (my_client_open(&p->options, out, e)) return err_prefix(e, "%s", s->url);
    if (my_client_exec(*out, "setting up the session", PINS, e) == 0) return 0;
    my_client_close(*out);
    *out = NULL;
    return -1;
}

int my_conn_open(const struct config_source *s, unsigned read_s, struct my_client **out, struct err *e) {
    struct my_params params;
    struct buf password = {0};
    int rc = -1;

    *out = NULL;
    if (my_params_init(&params, s, e) || secret_read(&s->secret, &password, e)) goto out;
    params.options.read_s = read_s;
    if (password.len > 0) params.options.password = buf_cstr(&password);
    if (buf_failed(&password)) {
        err_memory(e, "reading the password");
        goto out;
    }
    for (size_t i = 0; rc && i < params.nservers; i++) {
        rc = try_one(&params, i, s, out, e);
        if (rc && e->code != ERR_IO) break; /* trying the others would not change it */
    }
out:
    secret_wipe(&password);
    my_params_release(&params);
    return rc;
}

uint32_t my_conn_server_id(const struct config_source *s) {
    char text[320] = {0};
    size_t n = strnlen(s->name, 64);
    uint32_t hash;

    if (s->server_id) return s->server_id;
    memcpy(text, s->name, n);
    if (gethostname(text + n + 1, sizeof text - n - 2)) text[n + 1] = '\0';
    hash = (uint32_t)XXH64(text, n + 1 + strlen(text + n + 1), 0);
    return (hash | 0x80000000U) == UINT32_MAX ? 0x80000000U : hash | 0x80000000U;
}
