#include "agent/source/my_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/source/my_auth.h"
#include "agent/source/my_client_inside.h"

#define EVENT_MAX 0x40000000UL /* the largest packet a server sends */

struct my_result {
    MYSQL_RES *res;
    MYSQL_ROW row;
};

/* ---- What a failure means ---- */

/* Numbers of the server (1000 to 1999, 3000 and up) and of the library (2000 to 2999). */
static const unsigned short for_people[] = {
    1044, 1045, 1698,       /* access denied */
    1049,                   /* unknown database */
    1130, 1129,             /* host is not allowed, is blocked */
    1142, 1143, 1227, 1370, /* grants */
    1064, 1193, 1231, 1238, /* a statement the server does not know: a version we were not made for */
    1251, 1275, 2049, 2058, 2059, 2061, /* authentication method: plug-in missing, not allowed */
    1820, 1862, 4151,                   /* password expired, account locked */
    3118, 3159,                         /* account locked; TLS required */
    1373, 1381,                         /* no binary log */
};

static const char *const tls_trouble[] = {"certificate",     "self-signed",      "self signed",
                                          "SSL is required", "does not support", "doesn't support",
                                          "host name",       "hostname"};

static void classify(unsigned number, const char *text, struct err *e) {
    e->code = ERR_IO;
    e->retriable = true;
    for (size_t i = 0; i < sizeof for_people / sizeof for_people[0]; i++)
        if (for_people[i] == number) e->code = ERR_CONFIG;
    for (size_t i = 0; number == 2026 && i < sizeof tls_trouble / sizeof tls_trouble[0]; i++)
        if (strstr(text, tls_trouble[i])) e->code = ERR_CONFIG;
    if (e->code == ERR_CONFIG) e->retriable = false;
}

#ifdef CONNECTOR_C
#define PLUGINS_HELP                                                                                         \
    "install the client library's plug-ins (package libmariadb3), or name their folder in "                  \
    "MARIADB_PLUGIN_DIR"
#else
#define PLUGINS_HELP "name the folder of the client library's plug-ins in LIBMYSQL_PLUGIN_DIR"
#endif

static const char *note(unsigned number) {
    switch (number) {
    case 2058:
    case 2059: return "; " PLUGINS_HELP;
    case 2013: return " (the connection broke, or nothing was heard for too long)";
    default: return "";
    }
}

/* Connector/C 3.3 cannot send a password over a bare connection to caching_sha2_password, MySQL's default:
 * only a user that the server remembers gets in. */
static bool refused_without_tls(const MYSQL *my, unsigned number, enum my_tls tls) {
#ifdef CONNECTOR_C
    return number == 1045 && (tls == MY_TLS_OFF || !(my->server_capabilities & CLIENT_SSL));
#else
    (void)my;
    (void)number;
    (void)tls;
    return false;
#endif
}

int my_client_fail(const struct my_client *c, const char *what, struct err *e) {
    unsigned number = mysql_errno(c->my);
    const char *text = mysql_error(c->my);

    err_set(e, ERR_IO, "%s: %s (error %u)%s", what, *text ? text : "the connection was lost", number,
            note(number));
    if (e) classify(number, text, e);
    return -1;
}

/* ---- Connecting ---- */

static void begin_library(void) {
    mysql_library_init(0, NULL, NULL);
    my_auth_begin();
}

#ifdef CONNECTOR_C
/*
 * "Prefer" is what Connector/C does when TLS is enabled and nothing is verified: it goes on without where the
 * server has none, silently; so `require` looks again behind it. With a CA the chain is verified in any
 * case, with VERIFY_SERVER_CERT the host's name too.
 */
static void set_tls(MYSQL *my, const struct my_client_options *o) {
    my_bool on = o->tls != MY_TLS_OFF, verify = o->tls == MY_TLS_VERIFY_FULL;

    mysql_optionsv(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (!on) return;
    if (o->ca) mysql_optionsv(my, MYSQL_OPT_SSL_CA, o->ca);
    if (o->cert) mysql_optionsv(my, MYSQL_OPT_SSL_CERT, o->cert);
    if (o->key) mysql_optionsv(my, MYSQL_OPT_SSL_KEY, o->key);
    mysql_optionsv(my, MYSQL_OPT_SSL_ENFORCE, &on);
}

#else
static void set_tls(MYSQL *my, const struct my_client_options *o) {
    static const unsigned modes[] = {SSL_MODE_DISABLED, SSL_MODE_PREFERRED, SSL_MODE_REQUIRED,
                                     SSL_MODE_VERIFY_CA, SSL_MODE_VERIFY_IDENTITY};
    bool get_key = true;

    mysql_options(my, MYSQL_OPT_SSL_MODE, &modes[o->tls]);
    if (o->ca) mysql_options(my, MYSQL_OPT_SSL_CA, o->ca);
    if (o->cert) mysql_options(my, MYSQL_OPT_SSL_CERT, o->cert);
    if (o->key) mysql_options(my, MYSQL_OPT_SSL_KEY, o->key);
    mysql_options(my, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &get_key);
}
#endif

static void set_options(MYSQL *my, const struct my_client_options *o) {
    unsigned long largest = EVENT_MAX;
    unsigned protocol = o->host ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET, local_infile = 0;

    mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &o->connect_s);
    mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &o->read_s);
    mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &o->connect_s);
    mysql_options(my, MYSQL_OPT_MAX_ALLOWED_PACKET, &largest);
    mysql_options(my, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &local_infile);
    mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (o->compress) mysql_options(my, MYSQL_OPT_COMPRESS, NULL);
    set_tls(my, o);
}

/* A peer that is gone is found by the kernel too, whatever the library waits for. */
static void keep_alive(int fd) {
    int on = 1, idle = 5, interval = 2, count = 3;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static int socket_of(MYSQL *my) {
#ifdef CONNECTOR_C
    return (int)mysql_get_socket(my);
#else
    return (int)my->net.fd;
#endif
}

static const char no_tls[] =
    "the server offers no TLS: turn it on there, or say tls: off if everybody on the way "
    "may read and change the stream";

static int explain_refusal(const struct my_client *c, const struct my_client_options *o, struct err *e) {
    unsigned number = mysql_errno(c->my);
    bool without = number == 2026 && strstr(mysql_error(c->my), "SSL is required");

    if (without) return err_set(e, ERR_CONFIG, "%s", no_tls);
    my_client_fail(c, "cannot connect", e);
    if (e && refused_without_tls(c->my, number, o->tls)) {
        size_t len = strlen(e->text);
        snprintf(e->text + len, sizeof e->text - len,
                 "; a user of caching_sha2_password needs TLS with this client library");
    }
    return -1;
}

static int establish(struct my_client *c, const struct my_client_options *o, struct err *e) {
    set_options(c->my, o);
    if (my_auth_guard(c->my, o, e)) return -1;
    if (!mysql_real_connect(c->my, o->host, o->user, o->password, NULL, o->port, o->socket, 0))
        return my_auth_without_tls(o) ? err_set(e, ERR_CONFIG, "%s", no_tls) : explain_refusal(c, o, e);
    if (o->tls >= MY_TLS_REQUIRE && !mysql_get_ssl_cipher(c->my)) return err_set(e, ERR_CONFIG, "%s", no_tls);
    c->fd = dup(socket_of(c->my));
    if (c->fd < 0) return err_set(e, ERR_IO, "cannot connect: too many open files");
    keep_alive(c->fd);
    return 0;
}

int my_client_open(const struct my_client_options *o, struct my_client **out, struct err *e) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct my_client *c = calloc(1, sizeof *c);

    pthread_once(&once, begin_library);
    if (c) c->fd = -1;
    if (c) c->my = mysql_init(NULL);
    if (!c || !c->my) {
        free(c);
        return err_memory(e, "connecting");
    }
    if (establish(c, o, e)) {
        my_client_close(c);
        return -1;
    }
    *out = c;
    return 0;
}

void my_client_close(struct my_client *c) {
    if (!c) return;
#ifndef CONNECTOR_C
    if (c->dumping) mysql_binlog_close(c->my, &c->rpl);
    free(c->gtids);
#endif
    mysql_close(c->my);
    if (c->fd >= 0) close(c->fd);
    free(c);
}

void my_client_abort(struct my_client *c) {
    shutdown(c->fd, SHUT_RDWR);
}

const char *my_client_version(const struct my_client *c) {
    return mysql_get_server_info(c->my);
}

unsigned my_client_errno(const struct my_client *c) {
    return mysql_errno(c->my);
}

/* ---- SQL ---- */

int my_client_exec(struct my_client *c, const char *what, const char *sql, struct err *e) {
    return mysql_query(c->my, sql) ? my_client_fail(c, what, e) : 0;
}

struct my_result *my_client_query(struct my_client *c, const char *what, const char *sql, struct err *e) {
    struct my_result *r;

    if (my_client_exec(c, what, sql, e)) return NULL;
    r = calloc(1, sizeof *r);
    if (!r) {
        err_memory(e, what);
        return NULL;
    }
    r->res = mysql_store_result(c->my);
    if (r->res) return r;
    my_client_fail(c, what, e);
    free(r);
    return NULL;
}

bool my_result_next(struct my_result *r) {
    r->row = mysql_fetch_row(r->res);
    return r->row != NULL;
}

const char *my_result_at(const struct my_result *r, unsigned column) {
    return column < mysql_num_fields(r->res) ? r->row[column] : NULL;
}

const char *my_result_get(const struct my_result *r, const char *name) {
    MYSQL_FIELD *fields = mysql_fetch_fields(r->res);

    for (unsigned i = 0; i < mysql_num_fields(r->res); i++)
        if (strcasecmp(fields[i].name, name) == 0) return r->row[i];
    return NULL;
}

void my_result_free(struct my_result *r) {
    if (!r) return;
    mysql_free_result(r->res);
    free(r);
}
