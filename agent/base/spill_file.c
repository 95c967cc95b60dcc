#include "agent/base/spill_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decoders/buf.h"

/* What the buffer keeps from one record to the next. */
#define KEEP ((size_t)512 * 1024)

struct spill_file {
    struct spill base;
    int fd;
    off_t end;      /* records lie in front of it: length (8, as in memory), bytes */
    off_t at;       /* of the next record to read */
    struct buf buf; /* the record read last */
    char *dir;      /* for messages */
};

static int failed(struct spill_file *s, const char *what, int error, struct err *e) {
    return err_set(e, ERR_IO,
                   "%s a temporary file in %s: %s; a transaction is kept there until it is decided", what,
                   s->dir, strerror(error));
}

static int write_all(struct spill_file *s, const void *data, size_t len, struct err *e) {
    const char *p = data;
    while (len) {
        ssize_t n = pwrite(s->fd, p, len, s->end);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(s, "writing", errno, e);
        p += n;
        len -= (size_t)n;
        s->end += n;
    }
    return 0;
}

static int read_all(struct spill_file *s, void *data, size_t len, struct err *e) {
    char *p = data;
    while (len) {
        ssize_t n = pread(s->fd, p, len, s->at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed(s, "reading", n < 0 ? errno : EIO, e);
        p += n;
        len -= (size_t)n;
        s->at += n;
    }
    return 0;
}

static int put(struct spill *base, const void *data, size_t len, struct err *e) {
    struct spill_file *s = (struct spill_file *)base;
    uint64_t size = len;
    return write_all(s, &size, sizeof(size), e) || write_all(s, data, len, e) ? -1 : 0;
}

static int rewind_file(struct spill *base, struct err *e) {
    (void)e;
    ((struct spill_file *)base)->at = 0;
    return 0;
}

static int next(struct spill *base, const void **data, size_t *len, struct err *e) {
    struct spill_file *s = (struct spill_file *)base;
    uint64_t size;
    *len = 0;
    if (s->at >= s->end) return 0;
    if (read_all(s, &size, sizeof(size), e)) return -1;
    if (size > (uint64_t)(s->end - s->at)) return failed(s, "reading", EIO, e);
    buf_clear(&s->buf, KEEP);
    if (!buf_reserve(&s->buf, (size_t)size)) return err_memory(e, "reading what was put away");
    if (read_all(s, s->buf.data, (size_t)size, e)) return -1;
    *data = s->buf.data;
    *len = (size_t)size;
    return 0;
}

static void free_file(struct spill *base) {
    struct spill_file *s = (struct spill_file *)base;
    if (s->fd >= 0) close(s->fd);
    buf_release(&s->buf);
    free(s->dir);
    free(s);
}

static const struct spill_ops ops = {put, rewind_file, next, free_file};

/* Without a name from the beginning where the file system can do that. */
static int open_nameless(const char *dir) {
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/spill.XXXXXX", dir) >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) unlink(path);
    return fd;
}

struct spill *spill_file_new(const char *dir, struct err *e) {
    struct spill_file *s = calloc(1, sizeof(*s));
    if (!s || !(s->dir = strdup(dir ? dir : P_tmpdir))) {
        free(s);
        err_memory(e, "making a temporary file");
        return NULL;
    }
    s->base.ops = &ops;
    s->fd = open_nameless(s->dir);
    if (s->fd >= 0) return &s->base;
    failed(s, "making", errno, e);
    free_file(&s->base);
    return NULL;
}
