#include "agent/source/my_client.h"

#include <mysql.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifdef MARIADB_PACKAGE_VERSION_ID
#include <ma_pvio.h>
#include <mariadb_com.h>
#define CONNECTOR_C 1
#endif

#define EVENT_MAX 0x40000000UL /* the largest packet a server sends */
#define COMMAND_REGISTER 21    /* COM_REGISTER_SLAVE */
#define COMMAND_DUMP 18        /* COM_BINLOG_DUMP */
#define COMMAND_DUMP_GTID 30   /* COM_BINLOG_DUMP_GTID */
#define DUMP_NON_BLOCK 0x01
#define DUMP_THROUGH_GTID 0x04
#define COMMAND_MAX 512

struct my_client {
    MYSQL *my;
    int fd; /* the socket once more: the library closes its own when it likes; -1: not connected */
#ifndef CONNECTOR_C
    MYSQL_RPL rpl;
    bool dumping;
    uint8_t *gtids;
#endif
};

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

static const char *note(unsigned number) {
    switch (number) {
    case 2058:
    case 2059:
        return "; install the client library's plug-ins (package libmariadb3), or name their folder in "
               "MARIADB_PLUGIN_DIR";
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

static int fail(const struct my_client *c, const char *what, struct err *e) {
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

static int establish(struct my_client *c, const struct my_client_options *o, struct err *e) {
    set_options(c->my, o);
    if (!mysql_real_connect(c->my, o->host, o->user, o->password, NULL, o->port, o->socket, 0)) {
        fail(c, "cannot connect", e);
        if (e && refused_without_tls(c->my, mysql_errno(c->my), o->tls)) {
            size_t len = strlen(e->text);
            snprintf(e->text + len, sizeof e->text - len,
                     "; a user of caching_sha2_password needs TLS with this client library");
        }
        return -1;
    }
    if (o->tls >= MY_TLS_REQUIRE && !mysql_get_ssl_cipher(c->my))
        return err_set(
            e, ERR_CONFIG,
            "the server offers no TLS: turn it on there, or say tls: off if everybody on the way may "
            "read and change the stream");
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
    return mysql_query(c->my, sql) ? fail(c, what, e) : 0;
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
    fail(c, what, e);
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

/* ---- The log ---- */

static bool socket_has_data(const struct my_client *c) {
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};

    return poll(&fd, 1, 0) > 0;
}

#ifdef CONNECTOR_C

bool my_client_pending(const struct my_client *c) {
    const MARIADB_PVIO *io = c->my->net.pvio;

    return (io && io->cache && io->cache_pos < io->cache + io->cache_size) || socket_has_data(c);
}

/* A command while it is put together, little-endian. */
struct command {
    uint8_t *at;
};

static void put(struct command *c, uint64_t v, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) *c->at++ = (uint8_t)(v >> (8 * i));
}

static void put_bytes(struct command *c, const void *data, size_t len) {
    if (len) memcpy(c->at, data, len);
    c->at += len;
}

static int send_command(struct my_client *c, int number, const uint8_t *from, const struct command *to,
                        bool answer, struct err *e) {
    size_t len = (size_t)(to->at - from);

    if (c->my->methods->db_command(c->my, (enum enum_server_command)number, (const char *)from, len, !answer,
                                   NULL))
        return fail(c, "asking for the log", e);
    return 0;
}

/* Reads of a plain connection look at the first, reads below TLS at the others. */
void my_client_set_patience(struct my_client *c, unsigned seconds) {
    struct timeval until = {.tv_sec = seconds};

    mysql_options(c->my, MYSQL_OPT_READ_TIMEOUT, &seconds);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &until, sizeof until);
    if (c->my->net.pvio) c->my->net.pvio->timeout[PVIO_READ_TIMEOUT] = (int)seconds * 1000;
}

static int dump_file(struct my_client *c, const struct my_dump *d, struct err *e) {
    uint8_t bytes[COMMAND_MAX];
    struct command to = {bytes};

    put(&to, d->offset, 4);
    put(&to, d->ends ? DUMP_NON_BLOCK : 0, 2);
    put(&to, d->server_id, 4);
    put_bytes(&to, d->file, strlen(d->file));
    return send_command(c, COMMAND_DUMP, bytes, &to, false, e);
}

static int dump_gtid(struct my_client *c, const struct my_dump *d, struct err *e) {
    uint8_t *bytes = malloc(COMMAND_MAX + d->gtids_len);
    struct command to = {bytes};
    int rc;

    if (!bytes) return err_memory(e, "asking for the log");
    put(&to, (d->by_gtid ? DUMP_THROUGH_GTID : 0u) | (d->ends ? DUMP_NON_BLOCK : 0u), 2);
    put(&to, d->server_id, 4);
    put(&to, strlen(d->file), 4);
    put_bytes(&to, d->file, strlen(d->file));
    put(&to, d->offset, 8);
    put(&to, d->gtids_len, 4);
    put_bytes(&to, d->gtids, d->gtids_len);
    rc = send_command(c, COMMAND_DUMP_GTID, bytes, &to, false, e);
    free(bytes);
    return rc;
}

int my_client_dump(struct my_client *c, const struct my_dump *d, struct err *e) {
    if (strlen(d->file) > COMMAND_MAX / 2) return err_set(e, ERR_DATA, "the name of a log file is too long");
    if (d->by_gtid) return dump_gtid(c, d, e);
    if (d->offset > UINT32_MAX)
        return err_set(e, ERR_CONFIG,
                       "the position in %s lies beyond 4 GiB, where a server without GTIDs cannot be told to "
                       "begin: turn GTIDs on, or set max_binlog_size to 1 GiB",
                       d->file);
    return dump_file(c, d, e);
}

int my_client_fetch(struct my_client *c, const uint8_t **event, size_t *len, struct err *e) {
    unsigned long n = mysql_net_read_packet(c->my);
    const uint8_t *data = c->my->net.read_pos;

    if (n == packet_error) return fail(c, "reading the log", e);
    if (n == 0 || (data[0] == 0xFE && n < 9)) return 0;
    if (data[0] != 0) return err_set(e, ERR_DATA, "a packet of the log begins with byte 0x%02x", data[0]);
    *event = data + 1;
    *len = n - 1;
    return 1;
}

int my_client_register(struct my_client *c, uint32_t server_id, const char *name, struct err *e) {
    uint8_t bytes[COMMAND_MAX];
    struct command to = {bytes};
    size_t len = strnlen(name, 60); /* what the server takes */

    put(&to, server_id, 4);
    put(&to, len, 1);
    put_bytes(&to, name, len);
    put(&to, 0, 1); /* user */
    put(&to, 0, 1); /* password */
    put(&to, 0, 2); /* port */
    put(&to, 0, 4); /* rank */
    put(&to, 0, 4); /* source's id */
    return send_command(c, COMMAND_REGISTER, bytes, &to, true, e);
}

#else

bool my_client_pending(const struct my_client *c) {
    return socket_has_data(c);
}

void my_client_set_patience(struct my_client *c, unsigned seconds) {
    (void)c;
    (void)seconds;
}

static void encode_gtids(MYSQL_RPL *rpl, unsigned char *out) {
    memcpy(out, rpl->gtid_set_arg, rpl->gtid_set_encoded_size);
}

int my_client_dump(struct my_client *c, const struct my_dump *d, struct err *e) {
    c->rpl = (MYSQL_RPL){.file_name = d->file,
                         .file_name_length = strlen(d->file),
                         .start_position = d->offset,
                         .server_id = d->server_id,
                         .flags = d->ends ? DUMP_NON_BLOCK : 0};
    if (d->by_gtid) {
        c->gtids = malloc(d->gtids_len + 1);
        if (!c->gtids) return err_memory(e, "asking for the log");
        memcpy(c->gtids, d->gtids, d->gtids_len);
        c->rpl.flags |= MYSQL_RPL_GTID;
        c->rpl.gtid_set_encoded_size = d->gtids_len;
        c->rpl.fix_gtid_set = encode_gtids;
        c->rpl.gtid_set_arg = c->gtids;
    }
    if (mysql_binlog_open(c->my, &c->rpl)) return fail(c, "asking for the log", e);
    c->dumping = true;
    return 0;
}

int my_client_fetch(struct my_client *c, const uint8_t **event, size_t *len, struct err *e) {
    if (mysql_binlog_fetch(c->my, &c->rpl)) return fail(c, "reading the log", e);
    if (c->rpl.size == 0) return 0;
    *event = c->rpl.buffer + 1;
    *len = c->rpl.size - 1;
    return 1;
}

int my_client_register(struct my_client *c, uint32_t server_id, const char *name, struct err *e) {
    (void)c;
    (void)server_id;
    (void)name;
    (void)e;
    return 0;
}

#endif
