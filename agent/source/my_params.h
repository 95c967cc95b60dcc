/*
 * my_params: a source's URL and options as what my_client connects with.
 *
 * mysql://USER@HOST:PORT,HOST:PORT/DATABASE?PARAMETERS. Unless every host is a loopback address or a socket,
 * the server's certificate is verified in full against the system's CA bundle; on loopback TLS is used where
 * the server offers it. Parameters: connect_timeout (seconds), compress (true or false), socket (a path, in
 * place of the host). Pure, but for a look whether the CA bundle is there.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_PARAMS_H
#define TAILRACE_AGENT_SOURCE_MY_PARAMS_H

#include "agent/config/config.h"
#include "agent/source/my_client.h"
#include "decoders/arena.h"

#define MY_SERVERS_MAX 16

struct my_params {
    struct my_client_options options; /* host, port, password and read_s excepted */
    struct {
        const char *host; /* NULL: the socket */
        unsigned port;
    } servers[MY_SERVERS_MAX]; /* tried in turn */
    size_t nservers;
    struct arena arena; /* owns the texts */
};

/* ERR_CONFIG for a parameter that does not exist, or a missing CA bundle. Release also after a failure. */
int my_params_init(struct my_params *p, const struct config_source *s, struct err *e);
void my_params_release(struct my_params *p);

#endif
