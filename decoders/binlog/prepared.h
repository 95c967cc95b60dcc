/*
 * prepared: XA transactions that were prepared and are not decided, with their rows.
 */
#ifndef TAILRACE_DECODERS_BINLOG_PREPARED_H
#define TAILRACE_DECODERS_BINLOG_PREPARED_H

#include "decoders/binlog/hold.h"
#include "decoders/binlog/position.h"

struct prepared {
    struct prepared_xa *by_xid; /* in order of the log */
};

struct prepared_xa; /* one */

/* Forgets them all. */
void prepared_release(struct prepared *p);

/* Takes over what `h` holds, which is empty then; `before` is copied: the place in front of it. */
int prepared_put(struct prepared *p, struct text xid, struct hold *h, const struct binlog_place *before,
                 struct err *e);
/* NULL: there is none. */
struct prepared_xa *prepared_find(const struct prepared *p, struct text xid);
struct hold *prepared_hold(struct prepared_xa *xa);
void prepared_drop(struct prepared *p, struct prepared_xa *xa);

/* In front of the oldest; NULL: there is none. */
const struct binlog_place *prepared_before(const struct prepared *p);

#endif
