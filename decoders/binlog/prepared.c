#include "decoders/binlog/prepared.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct prepared_xa {
    struct hold hold;
    struct binlog_place before;
    UT_hash_handle hh;
    char xid[];
};

static void free_one(struct prepared_xa *xa) {
    hold_release(&xa->hold);
    gtid_set_free(xa->before.gtids);
    free(xa);
}

void prepared_drop(struct prepared *p, struct prepared_xa *xa) {
    HASH_DEL(p->by_xid, xa);
    free_one(xa);
}

void prepared_release(struct prepared *p) {
    struct prepared_xa *xa, *next;
    HASH_ITER(hh, p->by_xid, xa, next) prepared_drop(p, xa);
}

struct prepared_xa *prepared_find(const struct prepared *p, struct text xid) {
    struct prepared_xa *xa;
    HASH_FIND(hh, p->by_xid, xid.ptr, xid.len, xa);
    return xa;
}

struct hold *prepared_hold(struct prepared_xa *xa) {
    return &xa->hold;
}

static struct prepared_xa *new_one(struct text xid, const struct binlog_place *before, struct err *e) {
    struct prepared_xa *xa = calloc(1, sizeof(*xa) + xid.len + 1);
    if (!xa) {
        err_memory(e, "keeping an XA transaction");
        return NULL;
    }
    memcpy(xa->xid, xid.ptr, xid.len);
    hold_init(&xa->hold);
    xa->before.gtids = gtid_set_new(FLAVOUR_MYSQL);
    if (!xa->before.gtids) {
        err_memory(e, "keeping an XA transaction");
    } else if (binlog_place_copy(&xa->before, before, e) == 0) {
        return xa;
    }
    free_one(xa);
    return NULL;
}

int prepared_put(struct prepared *p, struct text xid, struct hold *h, const struct binlog_place *before,
                 struct err *e) {
    struct prepared_xa *was = prepared_find(p, xid);
    if (was)
        return err_set(e, ERR_DATA, "the XA transaction %.*s is prepared, but was already", (int)xid.len,
                       xid.ptr);
    struct prepared_xa *xa = new_one(xid, before, e);
    if (!xa) return -1;
    HASH_ADD_KEYPTR(hh, p->by_xid, xa->xid, xid.len, xa);
    if (!xa->hh.tbl) {
        free_one(xa);
        return err_memory(e, "keeping an XA transaction");
    }
    xa->hold = *h;
    hold_init(h);
    return 0;
}

const struct binlog_place *prepared_before(const struct prepared *p) {
    return p->by_xid ? &p->by_xid->before : NULL;
}
