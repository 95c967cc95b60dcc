/*
 * bare: the most that an agent can reach on this machine. Drains a logical slot by libpq and hands each row
 * to librdkafka as the server sent it, keyed by its first column: no decoding, no mapping, no checkpoint.
 *
 *     build/bench/bare URL SLOT PUBLICATION END_LSN BROKERS TOPIC
 *
 * Knows inserts only, and ends behind END_LSN when Kafka has acknowledged everything.
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "decoders/cursor.h"

#define LOW_WATER 16384 /* the socket gathers this much before it wakes us */
#define WAIT_MS 10      /* unless it is all there is */

struct bare {
    PGconn *conn;
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    uint64_t end; /* LSN */
    uint64_t rows;
    uint64_t failed;
    time_t answered; /* last status sent to the server */
    bool done;
};

static void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    exit(1);
}

/* ---- Kafka ---- */

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *m, void *opaque) {
    (void)producer;
    if (m->err) ((struct bare *)opaque)->failed++;
}

static void open_topic(struct bare *b, const char *brokers, const char *topic) {
    const char *const properties[][2] = {
        {"bootstrap.servers", brokers},
        {"enable.idempotence", "true"},
        {"compression.type", "lz4"},
        {"linger.ms", "5"},
        {"batch.num.messages", "100000"},
        {"queue.buffering.max.messages", "200000"},
        {"queue.buffering.max.kbytes", "65536"},
    };
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], why, sizeof(why))) die("%s", why);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, b);
    b->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    if (!b->producer) die("%s", why);
    b->topic = rd_kafka_topic_new(b->producer, topic, NULL);
}

static void produce(struct bare *b, const void *row, size_t len, const void *key, size_t key_len) {
    while (rd_kafka_produce(b->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)row, len,
                            key, key_len, NULL)) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            die("%s", rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(b->producer, 2);
    }
    if (++b->rows % 256 == 0) rd_kafka_poll(b->producer, 0);
}

/* ---- PostgreSQL ---- */

static void open_slot(struct bare *b, const char *url, const char *slot, const char *publication) {
    const char *const names[] = {"dbname", "replication", NULL};
    const char *const values[] = {url, "database", NULL};
    const int low_water = LOW_WATER;
    char command[512];
    b->conn = PQconnectdbParams(names, values, 1);
    if (PQstatus(b->conn) != CONNECTION_OK) die("%s", PQerrorMessage(b->conn));
    snprintf(command, sizeof(command),
             "START_REPLICATION SLOT %s LOGICAL 0/0 (proto_version '1', publication_names '%s')", slot,
             publication);
    PGresult *result = PQexec(b->conn, command);
    if (PQresultStatus(result) != PGRES_COPY_BOTH) die("%s", PQerrorMessage(b->conn));
    PQclear(result);
    if (setsockopt(PQsocket(b->conn), SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof(low_water)))
        die("SO_RCVLOWAT: not taken");
}

/* Byte1('r') and zeros: nothing written or flushed yet, but alive. */
static void answer(struct bare *b) {
    char status[34] = {'r'};
    if (PQputCopyData(b->conn, status, sizeof(status)) != 1 || PQflush(b->conn) < 0)
        die("%s", PQerrorMessage(b->conn));
    b->answered = time(NULL);
}

static void wait_for_data(struct bare *b) {
    struct pollfd fd = {.fd = PQsocket(b->conn), .events = POLLIN};
    poll(&fd, 1, WAIT_MS);
    if (!PQconsumeInput(b->conn)) die("%s", PQerrorMessage(b->conn));
    if (time(NULL) != b->answered) answer(b);
}

/* Byte1('I') Int32(relation) Byte1('N') Int16(columns), then of the first: Byte1('t') Int32(length) text */
static void take_row(struct bare *b, struct cursor row) {
    struct cursor c = row;
    const uint8_t *head, *key;
    uint32_t key_len;
    if (cursor_bytes(&c, 1 + 4 + 1 + 2 + 1, &head) && cursor_u32(&c, &key_len) &&
        cursor_bytes(&c, key_len, &key))
        produce(b, row.at, cursor_left(&row), key, key_len);
    else
        die("an Insert without a first column");
}

/* Byte1('w') Int64(start) Int64(end) Int64(time) message, or Byte1('k') Int64(end) Int64(time) Byte1(reply)
 */
static void take(struct bare *b, const char *data, size_t len) {
    struct cursor c = cursor_of(data, len);
    const uint8_t *times;
    uint8_t kind, message = 0;
    uint64_t lsn;
    if (!cursor_u8(&c, &kind) || !cursor_u64(&c, &lsn) || !cursor_bytes(&c, kind == 'w' ? 16 : 9, &times))
        die("a message that is too short");
    struct cursor row = c;
    if (kind == 'w' && cursor_u8(&c, &message) && message == 'I') take_row(b, row);
    if (message == 'U' || message == 'D') die("bare knows inserts only");
    if (kind == 'k' || message == 'C') b->done = lsn >= b->end;
}

static void drain(struct bare *b) {
    char *data;
    while (!b->done) {
        int len = PQgetCopyData(b->conn, &data, 1);
        if (len < 0) die("%s", PQerrorMessage(b->conn));
        if (len == 0) wait_for_data(b);
        if (len > 0) take(b, data, (size_t)len);
        if (len > 0) PQfreemem(data);
    }
}

int main(int argc, char **argv) {
    struct bare b = {0};
    uint32_t high, low;
    if (argc != 7 || sscanf(argv[4], "%" SCNx32 "/%" SCNx32, &high, &low) != 2)
        die("usage: bare URL SLOT PUBLICATION END_LSN BROKERS TOPIC");
    b.end = (uint64_t)high << 32 | low;
    open_topic(&b, argv[5], argv[6]);
    open_slot(&b, argv[1], argv[2], argv[3]);
    drain(&b);
    if (rd_kafka_flush(b.producer, 60000) || b.failed) die("%" PRIu64 " rows failed, or more", b.failed);
    fprintf(stderr, "%" PRIu64 " rows\n", b.rows);
    rd_kafka_topic_destroy(b.topic);
    rd_kafka_destroy(b.producer);
    PQfinish(b.conn);
    return 0;
}
