#include "agent/config/url.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "agent/config/tree.h"
#include "decoders/buf.h"

#define NAME_MAX_LEN 40

/* What a URL may begin with. MariaDB and MySQL are one kind of source: the server says which it is. */
struct kind {
    const char *word;
    const char *scheme;
    const char *text; /* as it is written in messages */
    const char *port;
    bool needs_database;
};

static const struct kind kinds[] = {
    {"postgresql", "postgresql", "postgresql://", "5432", true},
    {"postgres", "postgresql", "postgresql://", "5432", true},
    {"mysql", "mysql", "mysql://", "3306", false},
    {"mariadb", "mysql", "mariadb://", "3306", false},
};

/* A URL while it is being read. */
struct reading {
    struct arena *a;
    struct url *url;
    struct err *e;
    const struct kind *kind;
    const char *hosts; /* as written, not decoded, or decoded from the query */
    const char *ports; /* from the query */
    struct buf query;  /* parameters that stay */
};

static int refuse(struct reading *r, const char *why) {
    return err_set(r->e, ERR_CONFIG, "the URL %s", why);
}

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Copies with %XX decoded; %00 is refused. NULL with the error set. */
static const char *decode(struct reading *r, const char *s, size_t len) {
    char *out = arena_strndup(r->a, s, len);
    size_t n = 0;
    if (out == NULL) {
        err_memory(r->e, "reading a URL");
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '%') {
            out[n++] = s[i];
            continue;
        }
        int high = i + 2 < len ? hex(s[i + 1]) : -1;
        int low = high < 0 ? -1 : hex(s[i + 2]);
        if (low < 0 || (high == 0 && low == 0)) {
            refuse(r, "holds a % that is not followed by two hexadecimal digits; a plain % is written %25");
            return NULL;
        }
        out[n++] = (char)(high * 16 + low);
        i += 2;
    }
    out[n] = '\0';
    return out;
}

static int read_scheme(struct reading *r, const char *text, const char **rest) {
    const char *end = strstr(text, "://");
    size_t len = end != NULL ? (size_t)(end - text) : 0;
    if (end != NULL) *rest = end + 3;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (len != strlen(kinds[i].word) || memcmp(text, kinds[i].word, len) != 0) continue;
        r->kind = &kinds[i];
        r->url->scheme = kinds[i].scheme;
        return 0;
    }
    return refuse(r, "must begin with postgresql://, mysql:// or mariadb://");
}

/* user:password@ in front of the hosts. What stays of it goes into `clean`. */
static int read_user(struct reading *r, const char **rest, struct buf *clean) {
    const char *slash = *rest + strcspn(*rest, "/");
    const char *at = memchr(*rest, '@', (size_t)(slash - *rest));
    if (at == NULL) return 0;
    const char *colon = memchr(*rest, ':', (size_t)(at - *rest));
    const char *end = colon != NULL ? colon : at;
    if (decode(r, *rest, (size_t)(end - *rest)) == NULL) return -1;
    buf_put(clean, *rest, (size_t)(end - *rest));
    if (end > *rest) buf_putc(clean, '@');
    if (colon != NULL && at - colon > 1) {
        r->url->password = decode(r, colon + 1, (size_t)(at - colon) - 1);
        if (r->url->password == NULL) return -1;
    }
    *rest = at + 1;
    return 0;
}

static int read_hosts_and_database(struct reading *r, const char **rest, struct buf *clean) {
    size_t hosts = strcspn(*rest, "/?");
    if (memchr(*rest, '@', hosts) != NULL)
        return refuse(r, "holds an @ too many; in a user's name or password it is written %40");
    r->hosts = arena_strndup(r->a, *rest, hosts);
    if (r->hosts == NULL) return err_memory(r->e, "reading a URL");
    const char *database = *rest + hosts;
    if (*database == '/') database++;
    size_t len = strcspn(database, "?");
    if (memchr(database, '@', len) != NULL || memchr(database, '/', len) != NULL)
        return refuse(r,
                      "holds an @ or a slash where the database's name is expected; in a password they are "
                      "written %40 and %2F");
    r->url->database = decode(r, database, len);
    if (r->url->database == NULL) return -1;
    buf_put(clean, *rest, (size_t)(database + len - *rest));
    *rest = database + len;
    return 0;
}

/* A parameter that has a place in struct url, or NULL. */
static const char **slot_of(struct reading *r, const char *name) {
    const struct {
        const char *name;
        const char **slot;
    } known[] = {
        {"password", &r->url->password}, {"sslmode", &r->url->sslmode}, {"sslrootcert", &r->url->sslrootcert},
        {"sslcert", &r->url->sslcert},   {"sslkey", &r->url->sslkey},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, name) == 0) return known[i].slot;
    return NULL;
}

static int read_parameter(struct reading *r, const char *text, size_t len) {
    const char *equals = memchr(text, '=', len);
    if (equals == NULL) return refuse(r, "has a parameter without a value");
    const char *name = decode(r, text, (size_t)(equals - text));
    const char *value = name != NULL ? decode(r, equals + 1, len - (size_t)(equals + 1 - text)) : NULL;
    if (value == NULL) return -1;
    if (strcmp(name, "replication") == 0 || strcmp(name, "client_encoding") == 0 ||
        strcmp(name, "sslpassword") == 0)
        return err_set(r->e, ERR_CONFIG, "the URL's parameter %s %s", name,
                       name[0] == 's' ? "is not supported; use a key without a pass phrase"
                                      : "is set by Tailrace itself");
    const char **slot = slot_of(r, name);
    if (slot != NULL) {
        if (value[0] != '\0') *slot = value;
        return 0;
    }
    if (strcmp(name, "host") == 0) r->hosts = value;
    if (strcmp(name, "port") == 0) r->ports = value;
    if (strcmp(name, "dbname") == 0) r->url->database = value;
    buf_putc(&r->query, r->query.len > 0 ? '&' : '?');
    buf_put(&r->query, text, len);
    return 0;
}

static int read_query(struct reading *r, const char *text) {
    if (*text == '?') text++;
    while (*text != '\0') {
        size_t len = strcspn(text, "&");
        if (len > 0 && read_parameter(r, text, len) != 0) return -1;
        text += len;
        if (*text == '&') text++;
    }
    return 0;
}

/* One host, decoded, without port and brackets; *port points behind its colon, or to "". */
static const char *read_host(struct reading *r, const char *text, size_t len, const char **port,
                             size_t *port_len) {
    const char *end = text + len;
    const char *name_end = end;
    *port = end;
    if (len > 0 && text[0] == '[') {
        name_end = memchr(text, ']', len);
        if (name_end == NULL) {
            refuse(r, "has a [ without its ]");
            return NULL;
        }
        text++;
        if (name_end + 1 < end) *port = name_end + 2;
    } else {
        const char *colon = memrchr(text, ':', len);
        if (colon != NULL) {
            name_end = colon;
            *port = colon + 1;
        }
    }
    *port_len = (size_t)(end - *port);
    if (strspn(*port, "0123456789") < *port_len) {
        refuse(r, "has a port that is no number (an @ or a slash in a password is written %40 or %2F)");
        return NULL;
    }
    return decode(r, text, (size_t)(name_end - text));
}

/* Fills host and server from what was written. */
static int read_hosts(struct reading *r, struct buf *names, struct buf *servers) {
    const char *text = r->hosts;
    for (;;) {
        size_t len = strcspn(text, ",");
        const char *port;
        size_t port_len;
        const char *host = read_host(r, text, len, &port, &port_len);
        if (host == NULL) return -1;
        if (names->len > 0) buf_putc(names, ',');
        if (host[0] != '/') buf_puts(names, host);
        buf_printf(servers, "%s%s:", servers->len > 0 ? "," : "", host);
        if (port_len > 0)
            buf_put(servers, port, port_len);
        else
            buf_puts(servers, r->ports != NULL ? r->ports : r->kind->port);
        text += len;
        if (*text == '\0') return 0;
        text++;
    }
}

static int finish(struct reading *r, struct buf *clean) {
    struct buf names = {0};
    struct buf servers = {0};
    int rc = read_hosts(r, &names, &servers);
    if (rc == 0) {
        buf_put(clean, r->query.data, r->query.len);
        r->url->text = tree_printf(r->a, "%s", buf_cstr(clean));
        r->url->host = tree_printf(r->a, "%s", buf_cstr(&names));
        r->url->server = tree_printf(r->a, "%s", buf_cstr(&servers));
        if (buf_failed(clean) || buf_failed(&names) || buf_failed(&servers) || buf_failed(&r->query) ||
            r->url->text == NULL || r->url->host == NULL || r->url->server == NULL)
            rc = err_memory(r->e, "reading a URL");
    }
    buf_release(&names);
    buf_release(&servers);
    return rc;
}

int url_parse(const char *text, struct arena *a, struct url *out, struct err *e) {
    struct reading r = {.a = a, .url = out, .e = e};
    struct buf clean = {0};
    const char *rest = text;
    *out = (struct url){0};
    int rc = read_scheme(&r, text, &rest);
    if (rc == 0) buf_puts(&clean, r.kind->text);
    if (rc == 0) rc = read_user(&r, &rest, &clean);
    if (rc == 0) rc = read_hosts_and_database(&r, &rest, &clean);
    if (rc == 0) rc = read_query(&r, rest);
    if (rc == 0 && r.kind->needs_database && out->database[0] == '\0')
        rc = refuse(&r, "names no database; it stands behind the host: postgresql://USER@HOST/DATABASE");
    if (rc == 0) rc = finish(&r, &clean);
    buf_release(&r.query);
    buf_release(&clean);
    return rc;
}

const char *url_default_name(const char *text, struct arena *a) {
    struct url url;
    struct err ignored;
    const char *from = url_parse(text, a, &url, &ignored) == 0 ? url.database : "postgresql";
    if (*from == '\0') from = url.scheme;
    char *name = arena_strndup(a, from, strnlen(from, NAME_MAX_LEN));
    for (char *p = name; p != NULL && *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '_' && *p != '-') *p = '_';
    }
    return name;
}
