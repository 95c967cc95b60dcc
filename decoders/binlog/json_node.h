/*
 * json_node: the values in one of MySQL's binary JSON documents, read one at a time.
 *
 * Layout (MySQL: sql-common/json_binary.h), little-endian; "offset" is 2 bytes in small, 4 in large objects
 * and arrays, and counts from their start:
 *
 *      document   type 1, value
 *      object     count (offset), size in bytes (offset), per member: offset of the key, its length 2;
 *                 then per member: type 1, offset of the value or the value itself; then keys and values
 *      array      the same without keys
 *      string     length, bytes
 *      opaque     enum field_type 1, length, bytes
 *
 * In objects and arrays literals and 16-bit numbers stand in the place of the offset, in large ones 32-bit
 * numbers too. Lengths have 7 bits a byte, lowest first, the high bit says that more follow.
 *
 * A document may lie: each byte of it is worth being read once. Values that overlap use that up, so no
 * document costs more than its length.
 */
#ifndef TAILRACE_DECODERS_BINLOG_JSON_NODE_H
#define TAILRACE_DECODERS_BINLOG_JSON_NODE_H

#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/err.h"

enum json_kind {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_INT,    /* v.i */
    JSON_UINT,   /* v.u */
    JSON_DOUBLE, /* v.d */
    JSON_STRING, /* `data`: UTF-8 */
    JSON_OPAQUE, /* `data`: of a column of `type` */
};

struct json_doc {
    const uint8_t *start;
    size_t unread; /* bytes not paid for yet */
};

struct json_node {
    struct json_doc *doc;
    uint8_t kind; /* enum json_kind */
    uint8_t type; /* JSON_OPAQUE: enum field_type */
    bool large;
    uint32_t count; /* of members or elements */
    union {
        int64_t i;
        uint64_t u;
        double d;
    } v;
    const uint8_t *data; /* objects and arrays: all of it */
    size_t len;
};

/* Reads the document's own value. Empty is null: an INSERT IGNORE leaves that behind. `d` lives as long as
 * its nodes. ERR_DATA names the offset of what is malformed, here and below. */
int json_root(struct json_doc *d, const void *doc, size_t len, struct json_node *out, struct err *e);

/* Reads member or element i (below `count`) of an object or array. `key` is set for objects. */
int json_item(const struct json_node *parent, uint32_t i, struct text *key, struct json_node *out,
              struct err *e);

/* Only the key of member i, which may be looked at any number of times. It need not be UTF-8. */
int json_key(const struct json_node *parent, uint32_t i, struct text *key, struct err *e);

/* Reports what is wrong with the document at `at`. */
int json_malformed(const struct json_doc *d, const uint8_t *at, const char *what, struct err *e);

/* Appends a node with all below it; `depth` is how many objects and arrays it is in. */
int json_put(const struct json_node *n, unsigned depth, struct buf *out, struct err *e);

/* Appends a string in quotes, escaped as the server does. */
void json_put_string(const void *s, size_t len, struct buf *out);

/* Appends anything but an object or an array; ERR_DATA when it has no text. */
int json_put_scalar(const struct json_node *n, struct buf *out, struct err *e);

#endif
