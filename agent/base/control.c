#include "agent/base/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/base/log.h"

#define ENDING ".control"
#define SERVE_S 1
#define ANSWER_S 30

struct control {
    int fd;
    int dir; /* of the folder: its path may be too long for a socket's address */
    char *name;
};

/* ---- The socket's address ---- */

/* Through the folder's descriptor, so that 108 bytes are enough wherever the folder is. */
static int address_of(int dir, const char *name, struct sockaddr_un *out, struct err *e) {
    int n = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s" ENDING, dir, name);

    out->sun_family = AF_UNIX;
    if (n < 0 || (size_t)n >= sizeof out->sun_path)
        return err_set(e, ERR_CONFIG, "the name %s is too long for a control socket", name);
    return 0;
}

static int open_folder(const char *path, struct err *e) {
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) err_set(e, ERR_CONFIG, "cannot open the state directory %s: %s", path, strerror(errno));
    return fd;
}

static int new_socket(int seconds, struct err *e) {
    struct timeval limit = {.tv_sec = seconds};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        err_set(e, ERR_IO, "cannot make a socket: %s", strerror(errno));
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return fd;
}

/* Only the same user and root have anything to say to each other. */
static bool is_trusted(int fd) {
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) return false;
    return peer.uid == geteuid() || peer.uid == 0;
}

/* ---- Whole messages ---- */

static bool send_all(int fd, const void *data, size_t len) {
    const uint8_t *p = data;

    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool receive_all(int fd, void *data, size_t len) {
    uint8_t *p = data;

    while (len > 0) {
        ssize_t n = recv(fd, p, len, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* ---- The agent's side ---- */

static bool somebody_listens(const struct sockaddr_un *address) {
    int fd = new_socket(SERVE_S, NULL);
    bool yes = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

    if (fd >= 0) close(fd);
    return yes;
}

/* Linux makes the file with the mode that the socket has: the owner's alone from the first moment on. */
static int bind_and_listen(const struct control *c, const struct sockaddr_un *address) {
    if (fchmod(c->fd, 0600) || bind(c->fd, (const struct sockaddr *)address, sizeof *address)) return -1;
    return listen(c->fd, 8);
}

int control_open(const char *dir, const char *name, struct control **out, struct err *e) {
    struct control *c = calloc(1, sizeof *c);
    struct sockaddr_un address = {0};

    if (!c) return err_memory(e, "making a control socket");
    c->fd = c->dir = -1;
    if ((c->dir = open_folder(dir, e)) < 0 || address_of(c->dir, name, &address, e)) goto fail;
    if (somebody_listens(&address)) {
        err_set(e, ERR_FENCED, "another agent listens on %s/%s" ENDING, dir, name);
        goto fail;
    }
    unlink(address.sun_path);
    if ((c->fd = new_socket(SERVE_S, e)) < 0) goto fail;
    if (bind_and_listen(c, &address)) {
        err_set(e, ERR_IO, "cannot listen on %s/%s" ENDING ": %s", dir, name, strerror(errno));
        goto fail;
    }
    if (!(c->name = strdup(name))) {
        err_memory(e, "making a control socket");
        goto fail;
    }
    *out = c;
    return 0;
fail:
    control_close(c);
    return -1;
}

void control_close(struct control *c) {
    struct sockaddr_un address = {0};

    if (!c) return;
    if (c->name && !address_of(c->dir, c->name, &address, NULL)) unlink(address.sun_path);
    if (c->fd >= 0) close(c->fd);
    if (c->dir >= 0) close(c->dir);
    free(c->name);
    free(c);
}

int control_fd(const struct control *c) {
    return c->fd;
}

/* How many words there are; -1: not a request. */
static int split_words(char *text, size_t len, char **words) {
    int n = 0;

    if (len == 0 || text[len - 1] != '\0') return -1;
    for (char *p = text; p < text + len; p += strlen(p) + 1) {
        if (n == CONTROL_WORDS_MAX) return -1;
        words[n++] = p;
    }
    return n;
}

static char *receive_request(int fd, size_t *len) {
    uint8_t head[4];
    char *text;

    if (!receive_all(fd, head, sizeof head)) return NULL;
    *len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (*len == 0 || *len > CONTROL_REQUEST_MAX || !(text = malloc(*len))) return NULL;
    if (receive_all(fd, text, *len)) return text;
    free(text);
    return NULL;
}

static void answer(int fd, control_fn fn, void *ctx) {
    char *words[CONTROL_WORDS_MAX];
    struct buf out = {0};
    size_t len = 0;
    char *text = receive_request(fd, &len);
    int n = text ? split_words(text, len, words) : -1;
    uint8_t code;

    if (n > 0) {
        code = (uint8_t)fn(ctx, n, words, &out);
        if (send_all(fd, &code, 1) && !buf_failed(&out)) send_all(fd, out.data, out.len);
    }
    buf_release(&out);
    free(text);
}

void control_serve(struct control *c, control_fn fn, void *ctx) {
    struct timeval limit = {.tv_sec = SERVE_S};
    int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) return;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (is_trusted(fd))
        answer(fd, fn, ctx);
    else
        log_msg(LOG_WARN, c->name, "another user tried to use the control socket");
    close(fd);
}

/* ---- The other side ---- */

static int connect_to(const char *dir, const char *name, struct err *e) {
    struct sockaddr_un address = {0};
    int folder = open_folder(dir, e);
    int fd = -1;

    if (folder < 0) return -1;
    if (!address_of(folder, name, &address, e) && (fd = new_socket(ANSWER_S, e)) >= 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof address)) {
        err_set(e, ERR_CONFIG,
                errno == EACCES ? "the agent of %s in %s runs as another user: ask as that user, or as root"
                                : "no agent of %s runs with the state directory %s",
                name, dir);
        close(fd);
        fd = -1;
    }
    close(folder);
    if (fd < 0 || is_trusted(fd)) return fd;
    close(fd);
    err_set(e, ERR_CONFIG, "who listens as %s in %s is another user", name, dir);
    return -1;
}

static int send_request(int fd, int nwords, const char *const *words, struct err *e) {
    struct buf b = {0};
    uint8_t head[4];
    bool sent;

    for (int i = 0; i < nwords; i++) buf_put(&b, words[i], strlen(words[i]) + 1);
    head[0] = (uint8_t)(b.len >> 24);
    head[1] = (uint8_t)(b.len >> 16);
    head[2] = (uint8_t)(b.len >> 8);
    head[3] = (uint8_t)b.len;
    if (b.len > CONTROL_REQUEST_MAX || nwords > CONTROL_WORDS_MAX) {
        buf_release(&b);
        return err_set(e, ERR_CONFIG, "too much for one request: name fewer tables at a time");
    }
    sent = !buf_failed(&b) && send_all(fd, head, sizeof head) && send_all(fd, b.data, b.len);
    buf_release(&b);
    return sent ? 0 : err_set(e, ERR_IO, "the agent does not take the request");
}

int control_ask(const char *dir, const char *name, int nwords, const char *const *words, struct buf *answer,
                struct err *e) {
    char part[4096];
    uint8_t code;
    ssize_t n;
    int fd = connect_to(dir, name, e);

    if (fd < 0) return -1;
    if (send_request(fd, nwords, words, e)) goto fail;
    if (!receive_all(fd, &code, 1)) {
        err_set(e, ERR_IO, "the agent does not answer");
        goto fail;
    }
    while ((n = recv(fd, part, sizeof part, 0)) > 0) buf_put(answer, part, (size_t)n);
    close(fd);
    return code;
fail:
    close(fd);
    return -1;
}
