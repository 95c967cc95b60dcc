/*
 * binlog: what reading a binary log costs by itself. Takes the events of one file off the network with the
 * client library that the agent uses, and drops them.
 *
 *     build/bench/binlog HOST PORT USER PASSWORD FILE BEGIN END
 *
 * From offset BEGIN until an event ends at END. Prints the number of events and bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/source/my_client.h"

#define SERVER_ID 77002
#define NEXT_AT 13 /* in an event's header: where the next one begins, four bytes */

static void check(int failed, const struct err *e) {
    if (!failed) return;
    fprintf(stderr, "binlog: %s\n", e->text);
    exit(1);
}

static uint32_t next_of(const uint8_t *event) {
    const uint8_t *p = event + NEXT_AT;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void drain(struct my_client *c, uint64_t end) {
    struct err e = {0};
    const uint8_t *event;
    size_t len;
    uint64_t events = 0, bytes = 0;
    uint32_t next = 0;

    while (next < end) {
        int got = my_client_fetch(c, &event, &len, &e);
        check(got < 0, &e);
        if (got == 0 || len < NEXT_AT + 4) break;
        events++;
        bytes += len;
        next = next_of(event);
    }
    printf("%" PRIu64 " events, %" PRIu64 " bytes\n", events, bytes);
    if (next < end) exit(1);
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: binlog HOST PORT USER PASSWORD FILE BEGIN END\n");
        return 2;
    }
    struct err e = {0};
    struct my_client *c;
    struct my_client_options o = {.host = argv[1],
                                  .port = (unsigned)strtoul(argv[2], NULL, 10),
                                  .user = argv[3],
                                  .password = argv[4],
                                  .tls = MY_TLS_OFF,
                                  .connect_s = 10,
                                  .read_s = 60};
    struct my_dump dump = {.server_id = SERVER_ID, .file = argv[5], .offset = strtoull(argv[6], NULL, 10)};

    check(my_client_open(&o, &c, &e), &e);
    check(my_client_exec(c, "preparing",
                         "SET @master_binlog_checksum = @@GLOBAL.binlog_checksum,"
                         " @source_binlog_checksum = @@GLOBAL.binlog_checksum, @mariadb_slave_capability = 4",
                         &e),
          &e);
    check(my_client_dump(c, &dump, &e), &e);
    drain(c, strtoull(argv[7], NULL, 10));
    my_client_close(c);
    return 0;
}
