#include "agent/source/my_params.h"

#include <stdlib.h>
#include <string.h>

#include "agent/source/tls.h"

#define PORT 3306
#define CONNECT_TIMEOUT_S 10
#define TIMEOUT_MAX_S 3600

/* ---- Reading the URL, whose form agent/config/url.c has checked ---- */

static unsigned hex(char c) {
    return c <= '9' ? (unsigned)(c - '0') : ((unsigned)(c | 0x20) - 'a' + 10);
}

static char *decode(struct my_params *p, const char *text, size_t len, struct err *e) {
    char *out = arena_strndup(&p->arena, text, len);
    size_t n = 0;

    if (!out) {
        err_memory(e, "connection parameters");
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        bool coded = text[i] == '%' && i + 2 < len;
        out[n++] = coded ? (char)(hex(text[i + 1]) << 4 | hex(text[i + 2])) : text[i];
        if (coded) i += 2;
    }
    out[n] = '\0';
    return out;
}

/* One of "host", "host:port", "[::1]:port", "", "/run/mysqld/mysqld.sock". */
static int add_server(struct my_params *p, const char *text, size_t len, struct err *e) {
    const char *end = text + len, *name = text, *name_end = end, *colon;
    char *host;
    unsigned long port = PORT;

    if (p->nservers == MY_SERVERS_MAX)
        return err_set(e, ERR_CONFIG, "the URL names more than %d servers", MY_SERVERS_MAX);
    if (len > 0 && *text == '[') {
        name = text + 1;
        name_end = memchr(name, ']', len - 1);
        if (!name_end) name_end = end;
    }
    colon =
        memchr(name_end == end ? name : name_end, ':', (size_t)(end - (name_end == end ? name : name_end)));
    if (colon && name == text) name_end = colon;
    if (colon && colon + 1 < end) port = strtoul(colon + 1, NULL, 10);
    if (port == 0 || port > 65535) return err_set(e, ERR_CONFIG, "the URL has a port that does not exist");
    host = decode(p, name, (size_t)(name_end - name), e);
    if (!host) return -1;
    if (*host == '/') p->options.socket = host;
    p->servers[p->nservers].host = *host && *host != '/' ? host : NULL;
    p->servers[p->nservers++].port = (unsigned)port;
    return 0;
}

static int add_servers(struct my_params *p, const char *hosts, size_t len, struct err *e) {
    const char *end = hosts + len;

    for (;;) {
        const char *comma = memchr(hosts, ',', (size_t)(end - hosts));
        if (add_server(p, hosts, (size_t)((comma ? comma : end) - hosts), e)) return -1;
        if (!comma) return 0;
        hosts = comma + 1;
    }
}

static int set_parameter(struct my_params *p, const char *name, const char *value, struct err *e) {
    if (strcmp(name, "socket") == 0) {
        p->options.socket = value;
        p->servers[0].host = NULL;
        p->nservers = 1;
        return 0;
    }
    if (strcmp(name, "connect_timeout") == 0) {
        char *end;
        unsigned long s = strtoul(value, &end, 10);
        if (*end || s == 0 || s > TIMEOUT_MAX_S)
            return err_set(e, ERR_CONFIG, "the URL's parameter connect_timeout is 1 to %d seconds",
                           TIMEOUT_MAX_S);
        p->options.connect_s = (unsigned)s;
        return 0;
    }
    if (strcmp(name, "compress") == 0 && (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)) {
        p->options.compress = *value == 't';
        return 0;
    }
    return err_set(e, ERR_CONFIG,
                   "the URL's parameter %.40s is not one of connect_timeout=SECONDS, compress=true or false, "
                   "socket=PATH",
                   name);
}

static int read_query(struct my_params *p, const char *text, struct err *e) {
    while (*text) {
        size_t len = strcspn(text, "&"), name_len = strcspn(text, "=&");
        const char *name = decode(p, text, name_len, e);
        const char *value = name_len < len ? decode(p, text + name_len + 1, len - name_len - 1, e) : "";
        if (!name || !value || set_parameter(p, name, value, e)) return -1;
        text += len;
        if (*text) text++;
    }
    return 0;
}

static int read_url(struct my_params *p, const char *url, struct err *e) {
    const char *text = strstr(url, "://") + 3;
    size_t len = strcspn(text, "/?");
    const char *at = memchr(text, '@', len);

    if (at) {
        p->options.user = decode(p, text, (size_t)(at - text), e);
        if (!p->options.user) return -1;
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    if (add_servers(p, text, len, e)) return -1;
    text = strchr(text + len, '?');
    return text ? read_query(p, text + 1, e) : 0;
}

/* ---- TLS ---- */

static bool is_local(const struct my_params *p) {
    for (size_t i = 0; i < p->nservers; i++)
        if (p->servers[i].host && !tls_local(p->servers[i].host)) return false;
    return true;
}

static int set_tls(struct my_params *p, const struct config_source *s, struct err *e) {
    static const enum my_tls modes[] = {
        [TLS_OFF] = MY_TLS_OFF,
        [TLS_REQUIRE] = MY_TLS_REQUIRE,
        [TLS_VERIFY_CA] = MY_TLS_VERIFY_CA,
        [TLS_VERIFY_FULL] = MY_TLS_VERIFY_FULL,
    };

    p->options.cert = s->tls_cert;
    p->options.key = s->tls_key;
    if (s->tls == TLS_AUTO)
        p->options.tls = is_local(p) ? MY_TLS_PREFER : MY_TLS_VERIFY_FULL;
    else
        p->options.tls = modes[s->tls];
    return p->options.tls >= MY_TLS_VERIFY_CA ? tls_bundle(s->tls_ca, &p->options.ca, e) : 0;
}

int my_params_init(struct my_params *p, const struct config_source *s, struct err *e) {
    memset(p, 0, sizeof *p);
    arena_init(&p->arena, 0);
    p->options.connect_s = CONNECT_TIMEOUT_S;
    if (read_url(p, s->url, e)) return -1;
    return set_tls(p, s, e);
}

void my_params_release(struct my_params *p) {
    arena_release(&p->arena);
    memset(p, 0, sizeof *p);
}
