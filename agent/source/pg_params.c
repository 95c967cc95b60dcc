#include "agent/source/pg_params.h"

#include <stdlib.h>
#include <string.h>

#include "agent/source/tls.h"

#define CONNECT_TIMEOUT_S 10
#define TIMEOUT_MAX_S 3600

/* What changes how a value is written, and what a role's own settings could do to a long-lived session. */
#define PINS                                                                                                 \
    "-c datestyle=ISO -c intervalstyle=iso_8601 -c timezone=UTC -c extra_float_digits=1 "                    \
    "-c bytea_output=hex -c lc_monetary=C -c xmlbinary=base64 -c search_path=pg_catalog "                    \
    "-c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0"
#define PINS_SQL " -c statement_timeout=30s -c lock_timeout=10s"
#define PINS_REPLICATION " -c statement_timeout=0 -c lock_timeout=0"

/* ---- The list of keywords ---- */

int pg_params_add(struct pg_params *p, const char *keyword, const char *value, struct err *e) {
    if (p->count == PG_PARAMS_MAX) return err_set(e, ERR_CONFIG, "too many connection parameters");
    p->keywords[p->count] = keyword;
    p->values[p->count++] = value;
    p->keywords[p->count] = NULL;
    p->values[p->count] = NULL;
    return 0;
}

/* Joins two texts in the arena. */
static const char *join(struct pg_params *p, const char *a, const char *b, struct err *e) {
    size_t la = strlen(a), lb = strlen(b);
    char *out = arena_alloc(&p->arena, la + lb + 1);

    if (!out) {
        err_memory(e, "connection parameters");
        return NULL;
    }
    memcpy(out, a, la);
    memcpy(out + la, b, lb + 1);
    return out;
}

/* What the URL says about a keyword, NULL when nothing. */
static const char *given(const PQconninfoOption *url, const char *keyword) {
    for (; url->keyword; url++)
        if (strcmp(url->keyword, keyword) == 0) return url->val && *url->val ? url->val : NULL;
    return NULL;
}

/* ---- Where the server is ---- */

/* The value libpq itself would find for a keyword once service file and environment are read. */
static bool resolve(const struct pg_params *p, const char *keyword, char *out, size_t size) {
    PGconn *conn = PQconnectStartParams(p->keywords, p->values, 1);
    PQconninfoOption *options = conn ? PQconninfo(conn) : NULL;
    const char *value = options ? given(options, keyword) : NULL;
    bool fits = value && strlen(value) < size;

    if (fits) memcpy(out, value, strlen(value) + 1);
    PQconninfoFree(options);
    PQfinish(conn);
    return fits;
}

/* A service file may name any host, so libpq is asked what is in it; the rest is in the URL or the
 * environment. */
static bool server_is_local(const struct pg_params *p, const PQconninfoOption *url, bool service) {
    const char *address = given(url, "hostaddr");
    const char *host = given(url, "host");
    char found[1024];

    if (!address) address = getenv("PGHOSTADDR");
    if (address && *address) return tls_local(address);
    if (host) return tls_local(host);
    if (service) return resolve(p, "host", found, sizeof found) && tls_local(found);
    host = getenv("PGHOST");
    return !host || tls_local(host);
}

/* ---- TLS ---- */

static const char *mode_name(enum config_tls tls) {
    switch (tls) {
    case TLS_OFF: return "disable";
    case TLS_REQUIRE: return "require";
    case TLS_VERIFY_CA: return "verify-ca";
    case TLS_VERIFY_FULL: return "verify-full";
    case TLS_AUTO: break;
    }
    return NULL;
}

static bool merely_prefers(const char *mode) {
    return strcmp(mode, "allow") == 0 || strcmp(mode, "prefer") == 0;
}

int pg_params_sslmode(enum config_tls tls, const char *url_mode, bool local, const char **out,
                      struct err *e) {
    const char *wanted = mode_name(tls);

    if (url_mode && wanted && strcmp(url_mode, wanted) != 0)
        return err_set(
            e, ERR_CONFIG,
            "sslmode=%s in the URL contradicts the option tls, which means sslmode=%s: leave one out",
            url_mode, wanted);
    if (url_mode && !wanted && !local && merely_prefers(url_mode))
        return err_set(
            e, ERR_CONFIG,
            "sslmode=%s in the URL would let anybody on the way read and change the stream: leave it "
            "out (the server's certificate is then verified), or say tls: off or tls: require",
            url_mode);
    *out = wanted ? wanted : url_mode;
    if (!*out) *out = local ? "prefer" : "verify-full";
    return 0;
}

static int add_bundle(struct pg_params *p, const struct config_source *s, const char *url_bundle,
                      struct err *e) {
    const char *bundle = s->tls_ca ? s->tls_ca : url_bundle;

    if ((!bundle || strcmp(bundle, "system") != 0) && tls_bundle(bundle, &bundle, e)) return -1;
    bundle = join(p, bundle, "", e);
    return bundle ? pg_params_add(p, "sslrootcert", bundle, e) : -1;
}

static int add_tls(struct pg_params *p, const struct config_source *s, const PQconninfoOption *url,
                   bool service, struct err *e) {
    const char *mode;
    bool local = server_is_local(p, url, service);

    if (pg_params_sslmode(s->tls, given(url, "sslmode"), local, &mode, e)) return -1;
    mode = join(p, mode, "", e);
    if (!mode || pg_params_add(p, "sslmode", mode, e)) return -1;
    if (strncmp(mode, "verify-", 7) == 0 && add_bundle(p, s, given(url, "sslrootcert"), e)) return -1;
    if (s->tls_cert && pg_params_add(p, "sslcert", s->tls_cert, e)) return -1;
    if (s->tls_key && pg_params_add(p, "sslkey", s->tls_key, e)) return -1;
    /* Or Kerberos encryption would take the place of the TLS that was asked for. */
    return strcmp(mode, "prefer") == 0 ? 0 : pg_params_add(p, "gssencmode", "disable", e);
}

/* ---- Several servers ---- */

static const char *const list_names[3] = {"host", "hostaddr", "port"};

static size_t list_length(const char *list) {
    size_t n = 1;

    for (; list && *list; list++) n += *list == ',';
    return n;
}

/* The i-th entry; a list of one stands for all. */
static const char *list_entry(struct pg_params *p, const char *list, size_t i) {
    size_t n = list_length(list);

    for (size_t k = 0; n > 1 && k < i; k++) list += strcspn(list, ",") + 1;
    return arena_strndup(&p->arena, list, strcspn(list, ","));
}

/* prefer-standby weighs the servers against each other: that stays libpq's. */
static int note_servers(struct pg_params *p, const PQconninfoOption *url, struct err *e) {
    const char *attributes = given(url, "target_session_attrs");

    p->nservers = 1;
    if (attributes && strcmp(attributes, "prefer-standby") == 0) return 0;
    for (size_t i = 0; i < 3; i++) {
        const char *list = given(url, list_names[i]);
        p->lists[i] = list ? join(p, list, "", e) : NULL;
        if (list && !p->lists[i]) return -1;
        if (i < 2 && list_length(list) > p->nservers) p->nservers = list_length(list);
    }
    return 0;
}

int pg_params_select(struct pg_params *p, size_t i, struct err *e) {
    if (p->nservers < 2) return 0;
    p->count = p->common;
    for (size_t k = 0; k < 3; k++) {
        const char *entry = p->lists[k] ? list_entry(p, p->lists[k], i) : NULL;
        if (p->lists[k] && !entry) return err_memory(e, "connection parameters");
        if (entry && pg_params_add(p, list_names[k], entry, e)) return -1;
    }
    return 0;
}

/* ---- All together ---- */

/* What the URL may override. */
static int add_defaults(struct pg_params *p, const struct config_source *s, struct err *e) {
    const char *name = join(p, "tailrace/", s->name, e);

    if (!name || pg_params_add(p, "fallback_application_name", name, e)) return -1;
    if (pg_params_add(p, "keepalives_idle", "30", e) || pg_params_add(p, "keepalives_interval", "10", e) ||
        pg_params_add(p, "keepalives_count", "3", e) || pg_params_add(p, "tcp_user_timeout", "60000", e))
        return -1;
    if (s->secret.service && pg_params_add(p, "service", s->secret.service, e)) return -1;
    return 0;
}

static int add_session(struct pg_params *p, const char *url_options, enum pg_conn_kind kind, struct err *e) {
    const char *options = kind == PG_CONN_SQL ? PINS PINS_SQL : PINS PINS_REPLICATION;

    if (url_options) {
        const char *first = join(p, url_options, " ", e);
        options = first ? join(p, first, options, e) : NULL;
        if (!options) return -1;
    }
    if (kind == PG_CONN_REPLICATION && pg_params_add(p, "replication", "database", e)) return -1;
    return pg_params_add(p, "client_encoding", "UTF8", e) || pg_params_add(p, "options", options, e) ? -1 : 0;
}

static void read_timeout(struct pg_params *p, const char *text) {
    long s = text ? strtol(text, NULL, 10) : 0;

    if (s <= 0) s = CONNECT_TIMEOUT_S;
    p->timeout_ms = (int)(s > TIMEOUT_MAX_S ? TIMEOUT_MAX_S : s) * 1000;
}

int pg_params_init(struct pg_params *p, const struct config_source *s, enum pg_conn_kind kind,
                   struct err *e) {
    PQconninfoOption *url;
    char *complaint = NULL;
    const char *service = getenv("PGSERVICE");
    int rc = -1;

    memset(p, 0, sizeof *p);
    arena_init(&p->arena, 0);
    url = PQconninfoParse(s->url, &complaint);
    if (!url) {
        err_set(e, ERR_CONFIG, "the URL of source %s is not understood: %s", s->name,
                complaint ? complaint : "out of memory");
        PQfreemem(complaint);
        return -1;
    }
    if (add_defaults(p, s, e) || pg_params_add(p, "dbname", s->url, e)) goto out;
    if (s->secret.passfile && pg_params_add(p, "passfile", s->secret.passfile, e)) goto out;
    read_timeout(p, given(url, "connect_timeout"));
    if (add_session(p, given(url, "options"), kind, e)) goto out;
    if (add_tls(p, s, url, s->secret.service || given(url, "service") || (service && *service), e)) goto out;
    rc = note_servers(p, url, e);
    p->common = p->count;
out:
    PQconninfoFree(url);
    return rc;
}

void pg_params_release(struct pg_params *p) {
    arena_release(&p->arena);
    memset(p, 0, sizeof *p);
}
