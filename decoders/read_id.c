#include "decoders/read_id.h"

#include <inttypes.h>
#include <stdio.h>

#define READ_RECORD (UINT64_C(1) << 63)

static void put_be(uint8_t *to, uint64_t v, size_t n) {
    while (n--) {
        to[n] = (uint8_t)v;
        v >>= 8;
    }
}

void read_id_begin(struct read_id *r, uint16_t epoch, uint64_t rank, uint64_t stamp) {
    int n = snprintf(r->id, sizeof r->id, "%u:r:%" PRIu64 ":", (unsigned)epoch, stamp);

    r->epoch = epoch;
    r->rank = rank;
    r->stamp = stamp;
    r->row = 0;
    r->prefix = (size_t)n;
}

/* For every row: printf would take longer than the rest of it. */
static size_t put_decimal(char *to, uint32_t v) {
    char digits[10];
    size_t n = 0;

    do digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    for (size_t i = 0; i < n; i++) to[i] = digits[n - 1 - i];
    return n;
}

int read_id_next(struct read_id *r, struct change *c, struct err *e) {

    if (r->row == UINT32_MAX) return err_set(e, ERR_DATA, "too many rows in one chunk");
    c->id = (struct text){r->id, r->prefix + put_decimal(r->id + r->prefix, r->row)};
    put_be(c->ord, r->epoch, 2);
    put_be(c->ord + 2, r->rank, 8);
    put_be(c->ord + 10, READ_RECORD | r->stamp, 8);
    put_be(c->ord + 18, r->row, 4);
    r->row++;
    return 0;
}
