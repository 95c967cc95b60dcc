/* bytes: event bodies for tests, written as hexadecimal digits. */
#ifndef TAILRACE_TESTS_BINLOG_BYTES_H
#define TAILRACE_TESTS_BINLOG_BYTES_H

#include <stdlib.h>

#include "decoders/binlog/cell.h"
#include "decoders/binlog/event.h"

static const struct binlog_format mysql_format = {
    .known = true, .ntypes = 42, .post_header = {[BINLOG_TABLE_MAP] = 8, [BINLOG_WRITE_ROWS] = 10}};
static const struct binlog_format mariadb_format = {
    .known = true, .mariadb = true, .ntypes = 171, .post_header = {[BINLOG_TABLE_MAP] = 8}};

struct bytes {
    uint8_t *data;
    size_t len;
};

static inline int hex_value(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* "0a ff" → two bytes, in memory of exactly that size: reading beyond is seen. Free `data`. */
static inline struct bytes bytes_of(const char *hex) {
    struct bytes b = {malloc(strlen(hex) / 2 + 1), 0};
    for (; *hex; hex++) {
        if (*hex == ' ') continue;
        b.data[b.len++] = (uint8_t)(hex_value(hex[0]) << 4 | hex_value(hex[1]));
        hex++;
    }
    b.data = realloc(b.data, b.len ? b.len : 1);
    return b;
}

static inline struct binlog_event event_of(uint8_t type, struct bytes b) {
    return (struct binlog_event){.type = type, .body = cursor_of(b.data, b.len)};
}

#endif
