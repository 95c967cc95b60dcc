/*
 * file: records appended to a file that this agent alone writes (locked), made durable before each
 * checkpoint.
 * "{source}" in the path stands for the source's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/sink/repair.h"
#include "agent/sink/stream.h"
#include "agent/sink/topicless.h"

#define SOURCE_PLACE "{source}"

static void make_path(struct buf *out, const char *path, const char *source) {
    const char *place;

    while ((place = strstr(path, SOURCE_PLACE))) {
        buf_put(out, path, (size_t)(place - path));
        buf_puts(out, source);
        path = place + strlen(SOURCE_PLACE);
    }
    buf_puts(out, path);
}

/* Makes the file's name durable. */
static int sync_directory(const char *path, struct err *e) {
    char *copy = strdup(path);
    int rc = 0;

    if (!copy) return err_memory(e, "opening the output file");
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        rc = err_set(e, ERR_IO, "%s: cannot sync its directory: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    free(copy);
    return rc;
}

static int take_lock(int fd, const char *path, struct err *e) {
    struct stat st;

    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(e, ERR_CONFIG,
                       "%s is not a regular file: for pipes and devices use `sink.type: stdout`", path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno == EWOULDBLOCK)
        return err_set(e, ERR_FENCED,
                       "%s is being written by another agent or source: give each its own file, with %s in "
                       "sink.path",
                       path, SOURCE_PLACE);
    return err_set(e, ERR_IO, "%s: cannot lock: %s", path, strerror(errno));
}

static int repair(int fd, const char *path, const char *source, bool delimited, struct err *e) {
    uint64_t end;
    uint64_t size;

    if (repair_find_end(fd, delimited, &end, &size, e) < 0) return err_prefix(e, "%s", path);
    if (end == size) return 0;
    if (ftruncate(fd, (off_t)end) < 0 || fsync(fd) < 0)
        return err_set(e, ERR_IO, "%s: cannot remove the torn record at its end: %s", path, strerror(errno));
    log_msg(LOG_WARN, source, "%s: removed a torn record of %llu bytes from its end", path,
            (unsigned long long)(size - end));
    return 0;
}

/* Opens, locks and repairs; the descriptor, or -1. */
static int open_output(const char *path, const char *source, bool delimited, struct err *e) {
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

    if (fd < 0) {
        bool passing = errno == ENOSPC || errno == EDQUOT || errno == EMFILE || errno == ENFILE;
        return err_set(e, passing ? ERR_IO : ERR_CONFIG, "sink.path: cannot open %s: %s", path,
                       strerror(errno));
    }
    if (take_lock(fd, path, e) < 0 || repair(fd, path, source, delimited, e) < 0 ||
        sync_directory(path, e) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int file_open(const struct config_sink *c, const char *source, sink_result_fn fn, void *ctx,
                     struct sink **out, struct err *e) {
    struct stream *s = calloc(1, sizeof *s);
    struct buf path = {0};
    int fd = -1;
    int rc = -1;

    make_path(&path, c->path, source);
    if (!s || buf_failed(&path)) {
        err_memory(e, "opening the output file");
        goto out;
    }
    fd = open_output(buf_cstr(&path), source, c->delimited, e);
    if (fd < 0 || stream_init(s, &sink_file, fd, buf_cstr(&path), c, source, fn, ctx, e) < 0) goto out;
    *out = &s->sink;
    rc = 0;
out:
    if (rc < 0 && fd >= 0) close(fd);
    if (rc < 0) free(s);
    buf_release(&path);
    return rc;
}

static void file_close(struct sink *sink) {
    struct stream *s = (struct stream *)sink;

    stream_release(s);
    close(s->fd);
    free(s);
}

const struct sink_ops sink_file = {
    .name = "file",
    .open = file_open,
    .topic = topicless_topic,
    .partitions = topicless_partitions,
    .max_record = topicless_max_record,
    .send = stream_send,
    .poll = stream_poll,
    .fd = stream_fd,
    .sync = stream_sync,
    .flush = stream_flush,
    .close = file_close,
};
