/*
 * url: a database URL, taken apart: postgresql://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?KEY=VALUE&...
 * mysql:// and mariadb:// URLs look the same; their database may be left out.
 *
 * As libpq reads it, but stricter: what is ambiguous there (a `@` or `/` in a password that should have been
 * percent-encoded) is an error here. Messages never repeat the URL.
 */
#ifndef TAILRACE_AGENT_CONFIG_URL_H
#define TAILRACE_AGENT_CONFIG_URL_H

#include "decoders/arena.h"
#include "decoders/err.h"

struct url {
    const char *scheme;   /* "postgresql", also for postgres://; "mysql", also for mariadb:// */
    const char *text;     /* without password and without the parameters below */
    const char *host;     /* names only, commas between them; "" for a local socket */
    const char *server;   /* hosts with ports, to tell servers apart; for a socket its directory */
    const char *database; /* "" only for MySQL: all databases */
    const char *password; /* NULL: none */
    /* Parameters that have an option of their own; NULL where absent. */
    const char *sslmode;
    const char *sslrootcert;
    const char *sslcert;
    const char *sslkey;
};

/* Takes a URL apart. Everything lives in the arena. */
int url_parse(const char *text, struct arena *a, struct url *out, struct err *e);

/*
 * A name for the source of a URL: its database's name, in lower case and with `_` for what a source's name
 * may not hold; the kind of database when there is none. NULL when memory runs out.
 */
const char *url_default_name(const char *text, struct arena *a);

#endif
