/*
 * position: the blobs by which the rest of Tailrace carries binlog positions without reading them.
 *
 * A resume position has two places. Everything up to and including `through` was delivered; `from` is where
 * to ask the server to begin: the same place, unless XA transactions are prepared and not decided, whose rows
 * must be read again: then `from` lies before the oldest of them. What lies between is read silently.
 *
 *     resume    u8 4 | u8 flavour | u8 by_gtid | place from | place through
 *     place     u16 length, file name | u32 server | u32 begun | u64 offset | u32 length, GTID set as text
 *     progress  u8 2 | u64 rank of the transaction | u64 event | u32 row | u64 name of the transaction
 *
 * All integers big-endian. A resume position of kind 3 is the same without `begun`.
 */
#ifndef TAILRACE_DECODERS_BINLOG_POSITION_H
#define TAILRACE_DECODERS_BINLOG_POSITION_H

#include "decoders/binlog/gtid.h"
#include "decoders/change.h"

#define BINLOG_FILE_MAX 255

struct binlog_place {
    char file[BINLOG_FILE_MAX + 1]; /* "binlog.000003"; "" unknown */
    uint32_t server;                /* the id of the server whose file that is; 0 unknown */
    uint32_t begun; /* when that file was, as its FORMAT_DESCRIPTION says: a log that was reset has files of
                       the same names again; seconds since 1970, 0 unknown */
    uint64_t offset;
    struct gtid_set *gtids; /* executed up to here, never NULL after init; may be empty */
};

struct binlog_position {
    enum binlog_flavour flavour;
    bool by_gtid; /* transactions are told apart and ordered by GTID; else by file and offset */
    struct binlog_place from, through;
};

/* With empty sets of that flavour; frees them. */
int binlog_position_init(struct binlog_position *p, enum binlog_flavour flavour, struct err *e);
void binlog_position_release(struct binlog_position *p);

/* Both fill or append; `p` of read() was initialised (its flavour is overwritten). ERR_DATA: not such a blob.
 */
int binlog_position_read(struct position blob, struct binlog_position *p, struct err *e);
void binlog_position_write(const struct binlog_position *p, struct buf *out);

/* `to` was initialised; keeps its capacity. */
int binlog_place_copy(struct binlog_place *to, const struct binlog_place *from, struct err *e);
/* By file number and offset alone: negative, 0, positive. */
int binlog_place_compare(const struct binlog_place *a, const struct binlog_place *b);

/* The number at the end of a log's name, which orders files: "binlog.000003" is 3. False: there is none. */
bool binlog_file_number(const char *file, uint64_t *number);

/* One row in the log. */
struct binlog_point {
    uint64_t rank;  /* of its transaction: what `ord` holds; 0: no point */
    uint64_t event; /* ordinal of its event in the transaction, from 1 */
    uint32_t row;   /* in the event, from 0 */
    uint64_t name;  /* of its transaction, hashed: after a failover another one may have the same rank */
};
#define BINLOG_PROGRESS_LEN 29
void binlog_point_store(const struct binlog_point *p, uint8_t out[BINLOG_PROGRESS_LEN]);
bool binlog_point_load(struct position blob, struct binlog_point *out);

/*
 * The position functions of struct decoder_ops. Text: "binlog.000003:1234", "binlog.000003:1234 GTIDSET", or
 * a GTID set alone (then file is ""). by_gtid is true where GTIDs are given; without them the flavour cannot
 * be told and is MySQL's. Two positions by GTID with the same GTIDs are equal, wherever in a file they are.
 */
void binlog_position_text(struct position p, struct buf *out);
int binlog_position_parse(const char *text, struct buf *out, struct err *e);
int binlog_position_compare(struct position a, struct position b);

#endif
