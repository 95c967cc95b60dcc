/* The files of checkpoint.h: NAME.checkpoint and NAME.lock in the state directory. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ack/checkpoint.h"

#define FILE_MAX (64u << 20) /* nothing of ours is that large */
#define READ_STEP 4096u
#define NAME_MAX_LEN 200u

struct checkpoint_store {
    int dir;
    int lock;
    char *path; /* of the directory, for messages */
    char name[NAME_MAX_LEN + 1];
    struct buf scratch;
};

/* File names in the directory: NAME and one of the endings. */
struct file_name {
    char text[NAME_MAX_LEN + 32];
};

static struct file_name file_name(const char *name, const char *ending) {
    struct file_name f;

    snprintf(f.text, sizeof f.text, "%s.%s", name, ending);
    return f;
}

static int check_name(const char *name, struct err *e) {
    if (*name && *name != '.' && !strchr(name, '/') && strlen(name) <= NAME_MAX_LEN) return 0;
    return err_set(e, ERR_CONFIG, "\"%s\" cannot be the name of a checkpoint file", name);
}

/* ---- The directory ---- */

static int cannot_open_directory(const char *dir, int error, struct err *e) {
    if (error == ENOENT)
        return err_set(e, ERR_CONFIG, "state: %s does not exist and neither does its parent: create it", dir);
    if (error == EACCES || error == EPERM)
        return err_set(e, ERR_CONFIG, "state: no permission for %s: give it to the user that runs tailrace",
                       dir);
    if (error == ENOTDIR || error == EEXIST)
        return err_set(e, ERR_CONFIG, "state: %s is not a directory", dir);
    return err_set(e, ERR_IO, "state: cannot open %s: %s", dir, strerror(error));
}

static int sync_directory(int fd, const char *path, struct err *e) {
    if (fsync(fd) == 0) return 0;
    return err_set(e, ERR_IO, "state: cannot sync the directory %s: %s", path, strerror(errno));
}

int checkpoint_make_directory(const char *dir, struct err *e) {
    char *copy;
    int rc;

    if (mkdir(dir, 0700) < 0) return errno == EEXIST ? 0 : cannot_open_directory(dir, errno, e);
    copy = strdup(dir);
    if (!copy) return err_memory(e, "opening the state directory");
    int parent = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = parent < 0 ? cannot_open_directory(dir, errno, e) : sync_directory(parent, dir, e);
    if (parent >= 0) close(parent);
    free(copy);
    return rc;
}

/* The directory's descriptor, or -1. */
static int open_directory(const char *dir, bool make, struct err *e) {
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT && make) {
        if (checkpoint_make_directory(dir, e) < 0) return -1;
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return fd < 0 ? cannot_open_directory(dir, errno, e) : fd;
}

/* ---- The lock ---- */

/* "pid 123 on host", as the holder wrote it; never more than one short line. */
static void read_holder(int fd, char *to, size_t size) {
    ssize_t n = pread(fd, to, size - 1, 0);

    to[n > 0 ? n : 0] = '\0';
    to[strcspn(to, "\n")] = '\0';
    if (!*to) snprintf(to, size, "another process");
}

static int write_holder(int fd, const char *path, struct err *e) {
    char host[HOST_NAME_MAX + 1] = "";
    char text[HOST_NAME_MAX + 64];

    gethostname(host, sizeof host - 1);
    int len = snprintf(text, sizeof text, "pid %ld on %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len) return 0;
    return err_set(e, ERR_IO, "state: cannot write the lock file in %s: %s", path, strerror(errno));
}

/* 0 locked, 1 the file was removed under us: open it anew, -1. */
static int try_lock(struct checkpoint_store *s, const char *name, struct err *e) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat st;
    char holder[128];

    s->lock = openat(s->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock < 0) return cannot_open_directory(s->path, errno, e);
    if (fcntl(s->lock, F_OFD_SETLK, &whole) == 0) {
        if (fstat(s->lock, &st) == 0 && st.st_nlink == 0) return 1;
        return write_holder(s->lock, s->path, e);
    }
    if (errno != EAGAIN && errno != EACCES)
        return err_set(e, ERR_IO, "state: cannot lock %s/%s: %s", s->path, name, strerror(errno));
    read_holder(s->lock, holder, sizeof holder);
    return err_set(e, ERR_FENCED,
                   "source %s is being run by %s (it holds %s/%s): stop that one, or give this one another "
                   "state directory and slot",
                   s->name, holder, s->path, name);
}

static int take_lock(struct checkpoint_store *s, struct err *e) {
    struct file_name name = file_name(s->name, "lock");
    int rc;

    while ((rc = try_lock(s, name.text, e)) == 1) close(s->lock);
    return rc;
}

/* ---- Life ---- */

int checkpoint_store_open(const char *dir, const char *source, struct checkpoint_store **out, struct err *e) {
    struct checkpoint_store *s;

    if (check_name(source, e) < 0) return -1;
    s = calloc(1, sizeof *s);
    if (!s) return err_memory(e, "opening the state directory");
    s->lock = -1;
    memcpy(s->name, source, strlen(source) + 1);
    s->path = strdup(dir);
    if (!s->path) err_memory(e, "opening the state directory");
    s->dir = s->path ? open_directory(dir, true, e) : -1;
    if (s->dir < 0 || take_lock(s, e) < 0) {
        checkpoint_store_close(s);
        return -1;
    }
    *out = s;
    return 0;
}

void checkpoint_store_close(struct checkpoint_store *s) {
    if (!s) return;
    if (s->lock >= 0) close(s->lock);
    if (s->dir >= 0) close(s->dir);
    buf_release(&s->scratch);
    free(s->path);
    free(s);
}

/* ---- Reading ---- */

static int read_all(int fd, struct buf *out, struct err *e) {
    for (;;) {
        if (out->len > FILE_MAX) return err_set(e, ERR_DATA, "too large for a checkpoint");
        if (!buf_reserve(out, READ_STEP)) return err_memory(e, "reading a checkpoint");
        ssize_t n = read(fd, out->data + out->len, READ_STEP);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_set(e, ERR_IO, "cannot read it: %s", strerror(errno));
        if (n == 0) return 0;
        out->len += (size_t)n;
    }
}

static int load(int dir, const char *path, const char *source, struct checkpoint *out, bool *found,
                struct err *e) {
    struct file_name name = file_name(source, "checkpoint");
    struct buf bytes = {0};
    struct err why = {0};
    int fd = openat(dir, name.text, O_RDONLY | O_CLOEXEC);
    int rc;

    *found = fd >= 0;
    if (fd < 0 && errno == ENOENT) return 0;
    if (fd < 0) return err_set(e, ERR_IO, "%s/%s: cannot open: %s", path, name.text, strerror(errno));
    rc = read_all(fd, &bytes, &why);
    if (rc == 0) rc = checkpoint_decode(bytes.data, bytes.len, out, &why);
    if (rc < 0 && why.code == ERR_DATA)
        err_set(e, ERR_DATA,
                "%s/%s: %s. Restore it from a backup or use the version that wrote it; or move it away, and "
                "tailrace goes on where the source itself has noted that everything was delivered",
                path, name.text, why.text);
    else if (rc < 0)
        err_set(e, why.code, "%s/%s: %s", path, name.text, why.text);
    close(fd);
    buf_release(&bytes);
    return rc;
}

int checkpoint_load(struct checkpoint_store *s, struct checkpoint *out, bool *found, struct err *e) {
    return load(s->dir, s->path, s->name, out, found, e);
}

int checkpoint_peek(const char *dir, const char *source, struct checkpoint *out, bool *found, struct err *e) {
    int fd;
    int rc;

    if (check_name(source, e) < 0) return -1;
    fd = open_directory(dir, false, e);
    if (fd < 0) return -1;
    rc = load(fd, dir, source, out, found, e);
    close(fd);
    return rc;
}

/* ---- Writing ---- */

/* 0, or the errno. */
static int write_all(int fd, const uint8_t *data, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        data += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* The bytes durably under the temporary name: 0, or the errno. */
static int write_temporary(const struct checkpoint_store *s, const char *name, const struct buf *bytes) {
    int fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int error;

    if (fd < 0) return errno;
    error = write_all(fd, bytes->data, bytes->len);
    if (close(fd) < 0 && error == 0) error = errno;
    return error;
}

int checkpoint_write(struct checkpoint_store *s, const struct buf *bytes, struct err *e) {
    struct file_name temporary = file_name(s->name, "checkpoint.tmp");
    struct file_name final = file_name(s->name, "checkpoint");
    int error = write_temporary(s, temporary.text, bytes);

    if (error == 0 && renameat(s->dir, temporary.text, s->dir, final.text) < 0) error = errno;
    if (error) {
        unlinkat(s->dir, temporary.text, 0);
        return err_set(e, ERR_IO, "cannot write the checkpoint %s/%s: %s", s->path, final.text,
                       strerror(error));
    }
    return sync_directory(s->dir, s->path, e);
}

int checkpoint_save(struct checkpoint_store *s, const struct checkpoint *c, struct err *e) {
    buf_clear(&s->scratch, READ_STEP);
    if (checkpoint_encode(c, &s->scratch, e) < 0) return -1;
    return checkpoint_write(s, &s->scratch, e);
}

static int remove_file(const struct checkpoint_store *s, const char *ending, struct err *e) {
    struct file_name name = file_name(s->name, ending);

    if (unlinkat(s->dir, name.text, 0) == 0 || errno == ENOENT) return 0;
    return err_set(e, ERR_IO, "cannot remove %s/%s: %s", s->path, name.text, strerror(errno));
}

int checkpoint_remove(struct checkpoint_store *s, struct err *e) {
    if (remove_file(s, "checkpoint", e) || sync_directory(s->dir, s->path, e)) return -1;
    return remove_file(s, "lock", e); /* whoever waits for it sees that it has gone: take_lock() */
}
