/*
 * pg_params: a source's configuration as the keywords libpq connects with.
 *
 * Here is decided how a connection is protected. Unless every host of the URL is a loopback address or a
 * socket, the server's certificate is verified in full against the system's CA bundle; `tls:` or the URL's
 * sslmode may say otherwise, but not contradict each other, and a sslmode that merely prefers TLS is
 * refused for a remote host. Here too are the session settings that are pinned for every connection.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_PARAMS_H
#define TAILRACE_AGENT_SOURCE_PG_PARAMS_H

#include <libpq-fe.h>

#include "agent/config/config.h"
#include "agent/source/pg_conn.h"
#include "decoders/arena.h"
#include "decoders/err.h"

#define PG_PARAMS_MAX 32

/* For PQconnectStartParams(keywords, values, 1); the arrays end with NULL. */
struct pg_params {
    const char *keywords[PG_PARAMS_MAX + 1];
    const char *values[PG_PARAMS_MAX + 1];
    size_t count;
    int timeout_ms;       /* connect_timeout, for one host */
    const char *lists[3]; /* host, hostaddr and port of the URL, when it names several servers; else NULL */
    size_t nservers;
    size_t common;      /* keywords that are the same for all of them */
    struct arena arena; /* owns the texts */
};

/*
 * Works out all keywords but the password. ERR_CONFIG for a URL that libpq does not understand, TLS that
 * contradicts itself, or a missing CA bundle. Release with pg_params_release() also after a failure.
 */
int pg_params_init(struct pg_params *p, const struct config_source *s, enum pg_conn_kind kind, struct err *e);
void pg_params_release(struct pg_params *p);

/*
 * Narrows the keywords to the i-th of `nservers` servers. libpq itself would try them in turn too, but a
 * server that does not answer would hold it up for ever when it is driven by PQconnectPoll(). No-op with one
 * server.
 */
int pg_params_select(struct pg_params *p, size_t i, struct err *e);

/* Adds one keyword; the last one given wins. The value is not copied. */
int pg_params_add(struct pg_params *p, const char *keyword, const char *value, struct err *e);

/* The sslmode that follows from `tls:`, the URL's sslmode (NULL: none) and where the server is. */
int pg_params_sslmode(enum config_tls tls, const char *url_mode, bool local, const char **out, struct err *e);

#endif
