/*
 * tellings: what the catalogue said of tables whose columns the log does not name, and from which place in
 * the log on it is true.
 *
 * A telling is true until a statement changes the table; from there on nothing is known until somebody asks
 * again. Tellings go into the checkpoint, which lies behind what was read already: what was true there is
 * kept until a checkpoint has passed the place where it ceased to be, and what became true later is there
 * again when that place is read again. So a restart in the middle of the log uses what was true then.
 *
 * Layout of what is kept (integers big-endian): version u8 = 1, by_gtid u8, then per telling u64 file, u64
 * offset, u64 rank, and a table of catalog.h.
 */
#ifndef TAILRACE_DECODERS_BINLOG_TELLINGS_H
#define TAILRACE_DECODERS_BINLOG_TELLINGS_H

#include "decoders/binlog/catalog.h"
#include "decoders/change.h"

/* A place in the log, in both ways of counting; all 0 lies before everything. */
struct telling_mark {
    uint64_t file, offset; /* number of the file */
    uint64_t rank;         /* gtid_set_rank() there; 0 where GTIDs do not count */
};

/* What is known of one table. Lives as long as the tellings. */
struct told {
    const struct catalog_table *table; /* NULL: nothing */
    uint64_t serial;                   /* another one whenever `table` is another one */
};

struct tellings;

/* Nothing is known (NULL: memory), and the end of it. */
struct tellings *tellings_new(void);
void tellings_free(struct tellings *t);
bool tellings_empty(const struct tellings *t);

/* NULL: never heard of it. */
const struct told *tellings_find(const struct tellings *t, struct text database, struct text table);

/* It is `c` since its last change, or since ever when none was seen. Copied. */
int tellings_learn(struct tellings *t, const struct catalog_table *c, struct err *e);

/*
 * A statement that ends at `at` changed a table, or (no name) every table of a database, or (no database)
 * every table there is. A server may take two names for the same that differ in letter case, so such names
 * count as the same here. `by_gtid`: which of the two ways of counting is used.
 */
int tellings_change(struct tellings *t, struct text database, struct text table,
                    const struct telling_mark *at, bool by_gtid, struct err *e);

/* Appends what must be kept to go on from `from`, and forgets what was true before it only. */
void tellings_save(struct tellings *t, const struct telling_mark *from, bool by_gtid, struct buf *out);
/* Takes it up again where the log is read from `from`. ERR_DATA: not what tellings_save() wrote. */
int tellings_load(struct tellings *t, const struct telling_mark *from, bool by_gtid, const void *data,
                  size_t len, struct err *e);

/* A name with all letter cases taken for one: ASCII in small letters, each run of other letters a single
 * byte. Names that may be the same are the same then. `out` has room for as many bytes; returns how many it
 * got. */
size_t tellings_fold(struct text name, char *out);

#endif
