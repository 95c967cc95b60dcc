#include "agent/sink/repair.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 16384u
#define VARINT_MAX 10u
#define RECORD_MAX (UINT64_C(1) << 31) /* protobuf's own limit is 2 GiB */

/* A window on the file: `len` bytes from `start`. */
struct window {
    int fd;
    uint64_t start;
    size_t len;
    uint8_t bytes[BLOCK];
};

/* Fills the window with `len` bytes from `start`, fewer only at the end of the file. */
static int window_read(struct window *w, uint64_t start, size_t len, struct err *e) {
    w->start = start;
    w->len = 0;
    while (w->len < len) {
        ssize_t n = pread(w->fd, w->bytes + w->len, len - w->len, (off_t)(start + w->len));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_set(e, ERR_IO, "cannot read: %s", strerror(errno));
        if (n == 0) break;
        w->len += (size_t)n;
    }
    return 0;
}

/* Backwards to the last newline. */
static int last_line(struct window *w, uint64_t size, uint64_t *end, struct err *e) {
    for (*end = size; *end > 0; *end = w->start) {
        size_t n = *end < BLOCK ? (size_t)*end : BLOCK;
        if (window_read(w, *end - n, n, e) < 0) return -1;
        const uint8_t *newline = memrchr(w->bytes, '\n', w->len);
        if (newline) {
            *end = w->start + (uint64_t)(newline - w->bytes) + 1;
            return 0;
        }
    }
    return 0;
}

/* The varint at `at`: its length in bytes and *value; 0 when the file ends in it, -1 when it is none. */
static int read_varint(const struct window *w, uint64_t at, uint64_t *value) {
    const uint8_t *p = w->bytes + (at - w->start);
    size_t left = w->len - (size_t)(at - w->start);

    *value = 0;
    for (unsigned i = 0; i < VARINT_MAX; i++) {
        if (i == left) return 0;
        *value |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (p[i] < 0x80) return *value < RECORD_MAX ? (int)i + 1 : -1;
    }
    return -1;
}

/* Forwards from length to length. */
static int last_delimited(struct window *w, uint64_t size, uint64_t *end, struct err *e) {
    uint64_t value;

    for (*end = 0; *end < size;) {
        bool inside = *end >= w->start && *end - w->start + VARINT_MAX <= w->len;
        if (!inside && window_read(w, *end, BLOCK, e) < 0) return -1;
        int n = read_varint(w, *end, &value);
        if (n < 0)
            return err_set(e, ERR_DATA, "no record length at offset %llu: not a file of delimited records",
                           (unsigned long long)*end);
        if (n == 0 || value > size - *end - (uint64_t)n) return 0;
        *end += (uint64_t)n + value;
    }
    return 0;
}

int repair_find_end(int fd, bool delimited, uint64_t *end, uint64_t *size, struct err *e) {
    struct window w = {.fd = fd};
    struct stat st;

    if (fstat(fd, &st) < 0) return err_set(e, ERR_IO, "cannot stat: %s", strerror(errno));
    *size = (uint64_t)st.st_size;
    return delimited ? last_delimited(&w, *size, end, e) : last_line(&w, *size, end, e);
}
