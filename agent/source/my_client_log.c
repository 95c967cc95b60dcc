#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "agent/source/my_client_inside.h"

#ifdef CONNECTOR_C
#include <ma_pvio.h>
#include <mariadb_com.h>
#endif

#define COMMAND_REGISTER 21  /* COM_REGISTER_SLAVE */
#define COMMAND_DUMP 18      /* COM_BINLOG_DUMP */
#define COMMAND_DUMP_GTID 30 /* COM_BINLOG_DUMP_GTID */
#define DUMP_NON_BLOCK 0x01
#define DUMP_ANNOTATE_ROWS 0x02
#define DUMP_THROUGH_GTID 0x04
#define COMMAND_MAX 512

static bool socket_has_data(const struct my_client *c) {
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};

    return poll(&fd, 1, 0) > 0;
}

/* Offsets have four bytes where a file is asked for. */
static int check_dump(const struct my_dump *d, struct err *e) {
    if (strlen(d->file) > COMMAND_MAX / 2) return err_set(e, ERR_DATA, "the name of a log file is too long");
    if (d->by_gtid || d->offset <= UINT32_MAX) return 0;
    return err_set(e, ERR_CONFIG,
                   "the position in %s lies beyond 4 GiB, where a server without GTIDs cannot be told to "
                   "begin: turn GTIDs on, or set max_binlog_size to 1 GiB",
                   d->file);
}

static unsigned dump_flags(const struct my_dump *d) {
    return (d->ends ? DUMP_NON_BLOCK : 0u) | (d->statements ? DUMP_ANNOTATE_ROWS : 0u);
}

/* A packet of the log: 0 and the event. */
static int open_packet(const uint8_t *data, size_t n, const uint8_t **event, size_t *len, struct err *e) {
    if (data[0] != 0) return err_set(e, ERR_DATA, "a packet of the log begins with byte 0x%02x", data[0]);
    *event = data + 1;
    *len = n - 1;
    return 1;
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
        return my_client_fail(c, "asking for the log", e);
    return 0;
}

bool my_client_can_set_patience(void) {
    return true;
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
    put(&to, dump_flags(d), 2);
    put(&to, d->server_id, 4);
    put_bytes(&to, d->file, strlen(d->file));
    return send_command(c, COMMAND_DUMP, bytes, &to, false, e);
}

static int dump_gtid(struct my_client *c, const struct my_dump *d, struct err *e) {
    uint8_t *bytes = malloc(COMMAND_MAX + d->gtids_len);
    struct command to = {bytes};
    int rc;

    if (!bytes) return err_memory(e, "asking for the log");
    put(&to, (d->by_gtid ? DUMP_THROUGH_GTID : 0u) | dump_flags(d), 2);
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
    if (check_dump(d, e)) return -1;
    return d->by_gtid ? dump_gtid(c, d, e) : dump_file(c, d, e);
}

int my_client_fetch(struct my_client *c, const uint8_t **event, size_t *len, struct err *e) {
    unsigned long n = mysql_net_read_packet(c->my);
    const uint8_t *data = c->my->net.read_pos;

    if (n == packet_error) return my_client_fail(c, "reading the log", e);
    if (n == 0 || (data[0] == 0xFE && n < 9)) return 0;
    return open_packet(data, n, event, len, e);
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

bool my_client_can_set_patience(void) {
    return false;
}

void my_client_set_patience(struct my_client *c, unsigned seconds) {
    (void)c;
    (void)seconds;
}

static void encode_gtids(MYSQL_RPL *rpl, unsigned char *out) {
    memcpy(out, rpl->gtid_set_arg, rpl->gtid_set_encoded_size);
}

int my_client_dump(struct my_client *c, const struct my_dump *d, struct err *e) {
    if (check_dump(d, e)) return -1;
    c->rpl = (MYSQL_RPL){.file_name = d->file,
                         .file_name_length = strlen(d->file),
                         .start_position = d->offset,
                         .server_id = d->server_id,
                         .flags = dump_flags(d)};
    if (d->by_gtid) {
        c->gtids = malloc(d->gtids_len + 1);
        if (!c->gtids) return err_memory(e, "asking for the log");
        memcpy(c->gtids, d->gtids, d->gtids_len);
        c->rpl.flags |= MYSQL_RPL_GTID;
        c->rpl.gtid_set_encoded_size = d->gtids_len;
        c->rpl.fix_gtid_set = encode_gtids;
        c->rpl.gtid_set_arg = c->gtids;
    }
    if (mysql_binlog_open(c->my, &c->rpl)) return my_client_fail(c, "asking for the log", e);
    c->dumping = true;
    return 0;
}

int my_client_fetch(struct my_client *c, const uint8_t **event, size_t *len, struct err *e) {
    if (mysql_binlog_fetch(c->my, &c->rpl)) return my_client_fail(c, "reading the log", e);
    return c->rpl.size == 0 ? 0 : open_packet(c->rpl.buffer, c->rpl.size, event, len, e);
}

int my_client_register(struct my_client *c, uint32_t server_id, const char *name, struct err *e) {
    (void)c;
    (void)server_id;
    (void)name;
    (void)e;
    return 0;
}

#endif
