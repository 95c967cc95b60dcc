/*
 * gtid: global transaction ids and sets of them, MySQL's and MariaDB's behind one face.
 *
 * MySQL: uuid[:tag]:number, a set holds intervals per uuid and tag. MariaDB: domain-server-sequence, a "set"
 * is the last one of each domain and holds all before it. A set only grows along a log, and so does
 * gtid_set_rank(): that is what makes it fit to order transactions by.
 */
#ifndef TAILRACE_DECODERS_BINLOG_GTID_H
#define TAILRACE_DECODERS_BINLOG_GTID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/buf.h"
#include "decoders/cursor.h"
#include "decoders/err.h"

enum binlog_flavour { FLAVOUR_MYSQL = 1, FLAVOUR_MARIADB = 2 };

#define GTID_TAG_MAX 32
#define GTID_TEXT 96 /* room for one as text, NUL included */

struct gtid {
    enum binlog_flavour flavour;
    uint8_t uuid[16];           /* MySQL */
    char tag[GTID_TAG_MAX + 1]; /* MySQL 8.3+; "" none */
    uint32_t domain, server;    /* MariaDB */
    uint64_t number;            /* GNO, or sequence number; never 0 */
};

/* "3e11fa47-…:23", "3e11fa47-…:tag:23", "0-1-23". Returns its length. */
size_t gtid_text(const struct gtid *g, char out[GTID_TEXT]);

struct gtid_set; /* grows by itself; embedded nowhere */

/* An empty set, NULL when memory runs out; frees it; empties it and keeps its memory. */
struct gtid_set *gtid_set_new(enum binlog_flavour flavour);
void gtid_set_free(struct gtid_set *s);
void gtid_set_clear(struct gtid_set *s);
/* 0, or -1 when memory runs out. */
int gtid_set_copy(struct gtid_set *to, const struct gtid_set *from);

/* Adds what `text` lists, as the server prints it (line breaks and spaces allowed). ERR_DATA names the place.
 */
int gtid_set_parse(struct gtid_set *s, const char *text, size_t len, struct err *e);
/* Appends it as the server prints it, sorted, without line breaks; "" when empty. */
void gtid_set_format(const struct gtid_set *s, struct buf *out);

/* Adds one. ERR_DATA: of the other flavour. */
int gtid_set_add(struct gtid_set *s, const struct gtid *g, struct err *e);
/* Adds all of another set of the same flavour. */
int gtid_set_add_all(struct gtid_set *to, const struct gtid_set *from, struct err *e);
bool gtid_set_has(const struct gtid_set *s, const struct gtid *g);
bool gtid_set_empty(const struct gtid_set *s);
/* Everything in `a` is in `b` too. MariaDB: domain by domain. */
bool gtid_set_within(const struct gtid_set *a, const struct gtid_set *b);
/* Takes all of `b` out of `a` (MySQL only): what a server has and a checkpoint lacks. */
int gtid_set_subtract(struct gtid_set *a, const struct gtid_set *b, struct err *e);

/* How many transactions are in it (MariaDB: the sum of the sequence numbers): grows with every transaction.
 */
uint64_t gtid_set_rank(const struct gtid_set *s);
/* The rank that the set would have with `g` in it. */
uint64_t gtid_set_rank_with(const struct gtid_set *s, const struct gtid *g);

/* Reads the body of PREVIOUS_GTIDS (both encodings, with and without tags) or MariaDB's GTID_LIST. Adds. */
int gtid_set_read(struct gtid_set *s, struct cursor *body, struct err *e);
/* Appends MySQL's binary form for COM_BINLOG_DUMP_GTID: the tagged encoding only where a tag is in it. */
void gtid_set_encode(const struct gtid_set *s, struct buf *out);

#endif
