#include "agent/source/pg_lowat.h"

/* Bytes in a wait's time that make gathering worth its delay, and those below which it is not any more. */
#define ENTER_BYTES 4096
#define LEAVE_BYTES 2048

void pg_lowat_init(struct pg_lowat *l) {
    l->gather = false;
    l->bytes = 0;
    l->since_us = 0;
}

bool pg_lowat_read(struct pg_lowat *l, size_t bytes, int64_t now_us) {
    bool before = l->gather;
    bool over = now_us - l->since_us >= PG_LOWAT_WAIT_US;

    if (over && l->gather && l->bytes + bytes < LEAVE_BYTES) l->gather = false;
    if (over) {
        l->since_us = now_us;
        l->bytes = 0;
    }
    l->bytes += bytes;
    if (l->bytes >= ENTER_BYTES) l->gather = true;
    return l->gather != before;
}
