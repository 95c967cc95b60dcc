/*
 * gtid_set: the insides of a set, for gtid.c, gtid_text.c and gtid_binary.c alone.
 */
#ifndef TAILRACE_DECODERS_BINLOG_GTID_SET_H
#define TAILRACE_DECODERS_BINLOG_GTID_SET_H

#include "decoders/binlog/gtid.h"

#define GTID_MAX INT64_MAX /* the largest number of a transaction */

struct gtid_interval {
    uint64_t first, last; /* both in it */
};

/* Transactions of one origin. MySQL: intervals in order, not touching. MariaDB: the last of a domain. */
struct gtid_lane {
    uint8_t uuid[16];
    char tag[GTID_TAG_MAX + 1];
    uint32_t domain, server;
    uint64_t number; /* MariaDB */
    struct gtid_interval *intervals;
    size_t count, room;
};

struct gtid_set {
    enum binlog_flavour flavour;
    struct gtid_lane *lanes; /* sorted: uuid and tag, or domain */
    size_t count, room;      /* lanes beyond `count` keep their memory */
    uint64_t rank;
};

/* Adds the transactions `first` to `last` of the origin of `g` (its number is not read). */
int gtid_set_add_range(struct gtid_set *s, const struct gtid *g, uint64_t first, uint64_t last,
                       struct err *e);

/* "3e11fa47-71ca-…", 36 characters and a NUL. */
void gtid_uuid_text(const uint8_t uuid[16], char out[37]);

/* Lower-cases `len` bytes into `out`; false when they are no tag. */
bool gtid_tag_read(const void *text, size_t len, char out[GTID_TAG_MAX + 1]);

#endif
